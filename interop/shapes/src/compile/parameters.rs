use std::collections::BTreeSet;

use regex::RegexBuilder;

use super::document::Stated;
use super::{Compiling, is_sh, is_true};
use crate::node::Key;
use crate::problem::ProblemCode;
use crate::shape::{Bound, Constraint, Logical, NodeKind, Qualified, Single, Together};

/// Largest compiled pattern, in bytes.
const PATTERN_BYTES_MAX: usize = 1 << 20;

/// Properties of shapes that are read, or that say something for people alone.
pub(super) const KNOWN: &[&str] = &[
    "path",
    "property",
    "targetClass",
    "targetNode",
    "targetSubjectsOf",
    "targetObjectsOf",
    "severity",
    "message",
    "deactivated",
    "class",
    "datatype",
    "nodeKind",
    "minCount",
    "maxCount",
    "minExclusive",
    "minInclusive",
    "maxExclusive",
    "maxInclusive",
    "minLength",
    "maxLength",
    "pattern",
    "flags",
    "languageIn",
    "uniqueLang",
    "equals",
    "disjoint",
    "lessThan",
    "lessThanOrEquals",
    "not",
    "and",
    "or",
    "xone",
    "node",
    "qualifiedValueShape",
    "qualifiedMinCount",
    "qualifiedMaxCount",
    "qualifiedValueShapesDisjoint",
    "closed",
    "ignoredProperties",
    "hasValue",
    "in",
    "name",
    "description",
    "order",
    "group",
    "defaultValue",
    "declare",
    "suggestedShapesGraph",
    "shapesGraph",
];

/// What would change what a graph must be, but is not run here.
pub(super) const UNSUPPORTED: &[(&str, &str)] = &[
    ("sparql", "SPARQL has no bound on what it takes"),
    ("js", "a script has no bound on what it takes"),
    ("jsFunctionName", "a script has no bound on what it takes"),
    ("target", "targets are classes, nodes and properties"),
    ("rule", "a graph is checked, not added to"),
    ("entailment", "a graph is what it says, and no more"),
    ("select", "SPARQL has no bound on what it takes"),
    ("ask", "SPARQL has no bound on what it takes"),
    ("validator", "constraint components are those of SHACL Core"),
    ("nodeValidator", "constraint components are those of SHACL Core"),
    ("propertyValidator", "constraint components are those of SHACL Core"),
    ("expression", "node expressions are beyond SHACL Core"),
];

impl<'d> Compiling<'d> {
    /// The constraints of a shape, in the order of the text.
    pub(super) fn constraints(&mut self, node: Key<'d>) -> Vec<Constraint> {
        let document = self.document;
        for name in AT_MOST_ONE {
            self.at_most_one(node, name);
        }
        let mut constraints = Vec::new();
        for stated in document.of(node) {
            let Some(name) = stated.predicate.strip_prefix(super::SH) else { continue };
            let read = self.single(name, stated).map(Constraint::Single);
            let read = read.or_else(|| self.together(name, stated).map(Constraint::Together));
            let read = read.or_else(|| self.logical(name, stated).map(Constraint::Logical));
            constraints.extend(read.or_else(|| self.of_shape(name, stated, node)));
        }
        constraints
    }

    fn wrong(&mut self, stated: &Stated<'_>, message: &str) {
        self.report(stated.at, ProblemCode::WrongValue, message);
    }

    fn count(&mut self, stated: &Stated<'_>) -> Option<usize> {
        let count = match stated.object {
            Key::Literal { value, .. } => value.trim_start_matches('+').parse().ok(),
            Key::Iri(_) | Key::Blank(_) => None,
        };
        if count.is_none() {
            self.wrong(stated, "a whole number, not below zero, is expected");
        }
        count
    }

    fn iri(&mut self, stated: &Stated<'_>) -> Option<String> {
        if let Key::Iri(iri) = stated.object {
            return Some(iri.to_owned());
        }
        self.wrong(stated, "an IRI is expected");
        None
    }

    fn list(&mut self, stated: &Stated<'d>) -> Option<Vec<&'d Stated<'d>>> {
        let list = self.document.list(stated.object);
        if list.is_none() {
            self.wrong(stated, "a list is expected");
        }
        list
    }

    /// Constraints that each value meets by itself.
    fn single(&mut self, name: &str, stated: &Stated<'d>) -> Option<Single> {
        Some(match name {
            "class" => Single::Class(self.iri(stated)?),
            "datatype" => Single::Datatype(self.iri(stated)?),
            "nodeKind" => Single::NodeKind(self.node_kind(stated)?),
            "minLength" => Single::MinLength(self.count(stated)?),
            "maxLength" => Single::MaxLength(self.count(stated)?),
            "minExclusive" => self.bound(Bound::MinExclusive, stated)?,
            "minInclusive" => self.bound(Bound::MinInclusive, stated)?,
            "maxExclusive" => self.bound(Bound::MaxExclusive, stated)?,
            "maxInclusive" => self.bound(Bound::MaxInclusive, stated)?,
            "in" => {
                let members = self.list(stated)?;
                Single::In(members.iter().map(|member| member.object.to_node()).collect())
            }
            "languageIn" => Single::LanguageIn(self.languages(stated)?),
            _ => return None,
        })
    }

    /// Constraints that values meet together.
    fn together(&mut self, name: &str, stated: &Stated<'d>) -> Option<Together> {
        Some(match name {
            "minCount" => Together::MinCount(self.count(stated)?),
            "maxCount" => Together::MaxCount(self.count(stated)?),
            "equals" => Together::Equals(self.iri(stated)?),
            "disjoint" => Together::Disjoint(self.iri(stated)?),
            "lessThan" => Together::LessThan(self.iri(stated)?),
            "lessThanOrEquals" => Together::LessThanOrEquals(self.iri(stated)?),
            "uniqueLang" if is_true(stated.object) => Together::UniqueLang,
            "hasValue" => Together::HasValue(stated.object.to_node()),
            _ => return None,
        })
    }

    fn bound(&mut self, bound: Bound, stated: &Stated<'_>) -> Option<Single> {
        if matches!(stated.object, Key::Literal { .. }) {
            return Some(Single::Bound(bound, stated.object.to_node()));
        }
        self.wrong(stated, "a literal is expected");
        None
    }

    fn node_kind(&mut self, stated: &Stated<'_>) -> Option<NodeKind> {
        let is = |name| is_sh(stated.object, name);
        let kind = NodeKind {
            allows_iri: is("IRI") || is("BlankNodeOrIRI") || is("IRIOrLiteral"),
            allows_blank: is("BlankNode") || is("BlankNodeOrIRI") || is("BlankNodeOrLiteral"),
            allows_literal: is("Literal") || is("BlankNodeOrLiteral") || is("IRIOrLiteral"),
        };
        if kind.allows_iri || kind.allows_blank || kind.allows_literal {
            return Some(kind);
        }
        self.wrong(stated, "not a kind of node that SHACL names");
        None
    }

    fn languages(&mut self, stated: &Stated<'d>) -> Option<Vec<String>> {
        let members = self.list(stated)?;
        let tag = |member: &&Stated<'_>| match member.object {
            Key::Literal { value, .. } => Some(value.to_ascii_lowercase()),
            Key::Iri(_) | Key::Blank(_) => None,
        };
        let tags: Option<Vec<String>> = members.iter().map(tag).collect();
        if tags.is_none() {
            self.wrong(stated, "a list of language tags is expected");
        }
        tags
    }

    /// Constraints made of other shapes.
    fn logical(&mut self, name: &str, stated: &Stated<'d>) -> Option<Logical> {
        Some(match name {
            "not" => Logical::Not(self.shape(stated.object, stated.at)?),
            "node" => Logical::Node(self.shape(stated.object, stated.at)?),
            "and" => Logical::And(self.shapes_of(stated)?),
            "or" => Logical::Or(self.shapes_of(stated)?),
            "xone" => Logical::Xone(self.shapes_of(stated)?),
            _ => return None,
        })
    }

    fn shapes_of(&mut self, stated: &Stated<'d>) -> Option<Vec<usize>> {
        let members = self.list(stated)?;
        members.into_iter().map(|member| self.shape(member.object, member.at)).collect()
    }

    /// Constraints of several properties of the shape.
    fn of_shape(&mut self, name: &str, stated: &Stated<'d>, node: Key<'d>) -> Option<Constraint> {
        match name {
            "property" => {
                let has_path = self.needs_path(stated.object, stated.at);
                let place = has_path.then(|| self.shape(stated.object, stated.at));
                place.flatten().map(Constraint::Property)
            }
            "pattern" => self.pattern(stated, node).map(Constraint::Single),
            "closed" if is_true(stated.object) => self.closed(node),
            "qualifiedValueShape" => self.qualified(stated, node),
            _ => None,
        }
    }

    /// A pattern of [XPath](https://www.w3.org/TR/xpath-functions/#regex-syntax), as far as it
    /// runs in linear time; the flags `i`, `s`, `m` and `x`.
    fn pattern(&mut self, stated: &Stated<'d>, node: Key<'d>) -> Option<Single> {
        let Key::Literal { value: pattern, .. } = stated.object else {
            self.wrong(stated, "a text is expected");
            return None;
        };
        let flags = match self.document.values(node, "flags").next().map(|flags| flags.object) {
            Some(Key::Literal { value, .. }) => value,
            _ => "",
        };
        let compiled = RegexBuilder::new(pattern)
            .case_insensitive(flags.contains('i'))
            .dot_matches_new_line(flags.contains('s'))
            .multi_line(flags.contains('m'))
            .ignore_whitespace(flags.contains('x'))
            .size_limit(PATTERN_BYTES_MAX)
            .dfa_size_limit(PATTERN_BYTES_MAX)
            .build();
        match compiled {
            Ok(pattern) => Some(Single::Pattern(pattern)),
            Err(_) => {
                let message = "not a pattern that runs in linear time and bounded space";
                self.report(stated.at, ProblemCode::Pattern, message);
                None
            }
        }
    }

    /// The predicates that the property shapes of a node name, and those it ignores.
    fn closed(&mut self, node: Key<'d>) -> Option<Constraint> {
        let document = self.document;
        let mut allowed = BTreeSet::new();
        for property in document.values(node, "property") {
            let paths = document.values(property.object, "path").map(|path| path.object);
            allowed.extend(paths.filter_map(|path| match path {
                Key::Iri(iri) => Some(iri.to_owned()),
                Key::Blank(_) | Key::Literal { .. } => None,
            }));
        }
        if let Some(ignored) = self.at_most_one(node, "ignoredProperties") {
            for member in self.list(ignored)? {
                allowed.extend(self.iri(member));
            }
        }
        Some(Constraint::Closed(allowed))
    }

    fn qualified(&mut self, stated: &Stated<'d>, node: Key<'d>) -> Option<Constraint> {
        let shape = self.shape(stated.object, stated.at)?;
        let least = self.at_most_one(node, "qualifiedMinCount");
        let least = least.and_then(|stated| self.count(stated));
        let most = self.at_most_one(node, "qualifiedMaxCount");
        let most = most.and_then(|stated| self.count(stated));
        let is_disjoint = self
            .document
            .values(node, "qualifiedValueShapesDisjoint")
            .any(|stated| is_true(stated.object));
        let siblings = if is_disjoint { self.siblings(stated.object, node) } else { Vec::new() };
        Some(Constraint::Qualified(Qualified { shape, least, most, siblings }))
    }

    /// The other qualified value shapes beside this one
    /// ([sibling shapes](https://www.w3.org/TR/shacl/#dfn-sibling-shapes)).
    fn siblings(&mut self, own: Key<'d>, node: Key<'d>) -> Vec<usize> {
        let document = self.document;
        let mut siblings = BTreeSet::new();
        for (parent, _) in document.subjects() {
            let properties = || document.values(parent, "property").map(|stated| stated.object);
            if !properties().any(|property| property == node) {
                continue;
            }
            let shapes = properties().flat_map(|p| document.values(p, "qualifiedValueShape"));
            for stated in shapes.filter(|stated| stated.object != own) {
                siblings.extend(self.shape(stated.object, stated.at));
            }
        }
        siblings.into_iter().collect()
    }
}

/// Parameters that a shape may have once.
const AT_MOST_ONE: &[&str] = &[
    "datatype",
    "nodeKind",
    "minCount",
    "maxCount",
    "minExclusive",
    "minInclusive",
    "maxExclusive",
    "maxInclusive",
    "minLength",
    "maxLength",
    "pattern",
    "flags",
    "languageIn",
    "uniqueLang",
    "in",
    "closed",
];
