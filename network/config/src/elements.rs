//! A configuration as a flat map from path to element, and back.
//!
//! Every group, value and policy is an element with a version and a `mod_policy` of its own; an
//! update speaks about elements, not about trees.

use std::{collections::BTreeMap, fmt};

use fabric_protos::common::{ConfigGroup, ConfigPolicy, ConfigValue};
use thiserror::Error;

use crate::names;

/// Most groups that may lie on the way from the root to an element, the root included.
/// Fabric's own configurations need three.
pub const GROUP_DEPTH_MAX: usize = 16;

/// Most elements of one configuration.
pub const ELEMENTS_MAX: usize = 100_000;

/// Most bytes of the name of a group, value or policy.
const NAME_LENGTH_MAX: usize = 249;

/// Where an element is, for example `[Value]  /Channel/Orderer/BatchSize`.
///
/// Paths order by kind, then by name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ElementPath {
    kind: ElementKind,
    names: Vec<String>,
}

/// What an element is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[expect(clippy::exhaustive_enums, reason = "complete by definition")]
pub enum ElementKind {
    /// A group of further elements.
    Group,
    /// A value, whose content its name defines.
    Value,
    /// A policy.
    Policy,
}

impl ElementPath {
    /// What the element is.
    #[must_use]
    pub fn kind(&self) -> ElementKind {
        self.kind
    }

    /// The names from the root group, which is `Channel`, to the element itself.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }

    pub(crate) fn new(kind: ElementKind, group: &[String], name: &str) -> Self {
        let mut names = group.to_vec();
        names.push(name.to_owned());
        Self { kind, names }
    }

    /// The groups from below the root in which a relative `mod_policy` of the element is looked
    /// up: the element's own for a group, the one it is in otherwise.
    pub(crate) fn policy_group(&self) -> &[String] {
        let end = match self.kind {
            ElementKind::Group => self.names.len(),
            ElementKind::Value | ElementKind::Policy => self.names.len().saturating_sub(1),
        };
        self.names.get(1..end).unwrap_or_default()
    }
}

impl fmt::Display for ElementPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            ElementKind::Group => "[Group]  ",
            ElementKind::Value => "[Value]  ",
            ElementKind::Policy => "[Policy] ",
        })?;
        self.names.iter().try_for_each(|name| write!(f, "/{name}"))
    }
}

/// A configuration that cannot be read as a tree of named elements.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ElementError {
    /// A name is empty, too long, `.` or `..`, or has characters other than letters, digits, `.`
    /// and `-`.
    #[error("{name:?} in /{group} is not allowed as a name")]
    Name {
        /// The group it was found in.
        group: String,
        /// The name.
        name: String,
    },
    /// Groups are nested deeper than [`GROUP_DEPTH_MAX`].
    #[error("/{group} is nested too deeply")]
    Depth {
        /// The first group that is too deep.
        group: String,
    },
    /// There are more than [`ELEMENTS_MAX`] elements.
    #[error("more than {ELEMENTS_MAX} elements")]
    TooMany,
}

/// One group, value or policy of a configuration.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Element<'a> {
    Group(&'a ConfigGroup),
    Value(&'a ConfigValue),
    Policy(&'a ConfigPolicy),
}

impl<'a> Element<'a> {
    pub(crate) fn version(&self) -> u64 {
        match self {
            Self::Group(group) => group.version,
            Self::Value(value) => value.version,
            Self::Policy(policy) => policy.version,
        }
    }

    pub(crate) fn mod_policy(&self) -> &'a str {
        match self {
            Self::Group(group) => &group.mod_policy,
            Self::Value(value) => &value.mod_policy,
            Self::Policy(policy) => &policy.mod_policy,
        }
    }
}

pub(crate) type Elements<'a> = BTreeMap<ElementPath, Element<'a>>;

/// All elements of a tree; none if there is no tree.
pub(crate) fn flatten(root: Option<&ConfigGroup>) -> Result<Elements<'_>, ElementError> {
    let mut elements = Elements::new();
    if let Some(root) = root {
        add_group(&mut elements, &[], names::CHANNEL, root)?;
    }
    Ok(elements)
}

fn add_group<'a>(
    elements: &mut Elements<'a>,
    parent: &[String],
    name: &str,
    group: &'a ConfigGroup,
) -> Result<(), ElementError> {
    let path = ElementPath::new(ElementKind::Group, parent, name);
    if path.names.len() > GROUP_DEPTH_MAX {
        return Err(ElementError::Depth { group: path.names.join("/") });
    }
    add(elements, path.clone(), Element::Group(group))?;
    for (name, value) in &group.values {
        let path = ElementPath::new(ElementKind::Value, &path.names, name);
        add(elements, path, Element::Value(value))?;
    }
    for (name, policy) in &group.policies {
        let path = ElementPath::new(ElementKind::Policy, &path.names, name);
        add(elements, path, Element::Policy(policy))?;
    }
    for (name, inner) in &group.groups {
        add_group(elements, &path.names, name, inner)?;
    }
    Ok(())
}

fn add<'a>(
    elements: &mut Elements<'a>,
    path: ElementPath,
    element: Element<'a>,
) -> Result<(), ElementError> {
    if let [group @ .., name] = path.names.as_slice()
        && !is_name(name)
    {
        return Err(ElementError::Name { group: group.join("/"), name: name.clone() });
    }
    if elements.len() >= ELEMENTS_MAX {
        return Err(ElementError::TooMany);
    }
    elements.insert(path, element);
    Ok(())
}

/// Whether a group, value or policy may have this name.
pub(crate) fn is_name(name: &str) -> bool {
    (1..=NAME_LENGTH_MAX).contains(&name.len())
        && !matches!(name, "." | "..")
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-'))
}

/// The tree whose groups list what the map's groups list, with each listed element as the map has
/// it. An element that no group lists is left out; `None` if one that is listed is missing.
pub(crate) fn assemble(elements: &Elements<'_>) -> Option<ConfigGroup> {
    // Channels made by Fabric 1.0 lack some policies' names; once the orderer has capabilities
    // they count as the administrators'.
    let orderer = [names::CHANNEL.to_owned(), names::ORDERER.to_owned()];
    let capabilities = ElementPath::new(ElementKind::Value, &orderer, names::CAPABILITIES);
    let default = if elements.contains_key(&capabilities) { names::ADMINS } else { "" };
    assemble_group(elements, &ElementPath::new(ElementKind::Group, &[], names::CHANNEL), default)
}

fn assemble_group(
    elements: &Elements<'_>,
    path: &ElementPath,
    default: &str,
) -> Option<ConfigGroup> {
    let Element::Group(listed) = elements.get(path)? else { return None };
    let mut group = ConfigGroup {
        version: listed.version,
        mod_policy: or_default(&listed.mod_policy, default),
        ..ConfigGroup::default()
    };
    for name in listed.groups.keys() {
        let inner = ElementPath::new(ElementKind::Group, &path.names, name);
        group.groups.insert(name.clone(), assemble_group(elements, &inner, default)?);
    }
    for name in listed.values.keys() {
        let inner = ElementPath::new(ElementKind::Value, &path.names, name);
        let Element::Value(value) = elements.get(&inner)? else { return None };
        let mod_policy = or_default(&value.mod_policy, default);
        group.values.insert(name.clone(), ConfigValue { mod_policy, ..(*value).clone() });
    }
    for name in listed.policies.keys() {
        let inner = ElementPath::new(ElementKind::Policy, &path.names, name);
        let Element::Policy(policy) = elements.get(&inner)? else { return None };
        let mod_policy = or_default(&policy.mod_policy, default);
        group.policies.insert(name.clone(), ConfigPolicy { mod_policy, ..(*policy).clone() });
    }
    Some(group)
}

fn or_default(mod_policy: &str, default: &str) -> String {
    if mod_policy.is_empty() { default.to_owned() } else { mod_policy.to_owned() }
}
