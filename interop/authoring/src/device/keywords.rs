use crate::device::places::Places;
use crate::nearest::nearest;
use crate::node::{Node, Value};
use crate::problem::{Problem, ProblemCode};

/// The annotation keywords, by what they say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Keyword {
    Observes,
    Kind,
    Unit,
    UnitFrom,
    UnitScheme,
    Decimal,
    Plausible,
    Statistic,
    Value,
    Boolean,
    Codes,
    Actuates,
    Commanded,
    CommandedBy,
    States,
    Event,
    Identifier,
    Time,
    TimeFrom,
    Ignored,
}

impl Keyword {
    pub(crate) const ALL: &[Self] = &[
        Self::Observes,
        Self::Kind,
        Self::Unit,
        Self::UnitFrom,
        Self::UnitScheme,
        Self::Decimal,
        Self::Plausible,
        Self::Statistic,
        Self::Value,
        Self::Boolean,
        Self::Codes,
        Self::Actuates,
        Self::Commanded,
        Self::CommandedBy,
        Self::States,
        Self::Event,
        Self::Identifier,
        Self::Time,
        Self::TimeFrom,
        Self::Ignored,
    ];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Observes => "x-observes",
            Self::Kind => "x-kind",
            Self::Unit => "x-unit",
            Self::UnitFrom => "x-unit-from",
            Self::UnitScheme => "x-unit-scheme",
            Self::Decimal => "x-decimal",
            Self::Plausible => "x-plausible",
            Self::Statistic => "x-statistic",
            Self::Value => "x-value",
            Self::Boolean => "x-boolean",
            Self::Codes => "x-codes",
            Self::Actuates => "x-actuates",
            Self::Commanded => "x-commanded",
            Self::CommandedBy => "x-commanded-by",
            Self::States => "x-states",
            Self::Event => "x-event",
            Self::Identifier => "x-identifier",
            Self::Time => "x-time",
            Self::TimeFrom => "x-time-from",
            Self::Ignored => "x-ignored",
        }
    }

    pub(crate) fn find(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|keyword| keyword.name() == name)
    }

    /// The keywords that this one says more about; none for one that stands alone.
    const fn completes(self) -> &'static [Self] {
        match self {
            Self::Kind
            | Self::Unit
            | Self::UnitFrom
            | Self::UnitScheme
            | Self::Decimal
            | Self::Plausible
            | Self::Statistic => &[Self::Observes],
            Self::Value | Self::Boolean => &[Self::Observes, Self::Actuates],
            Self::Codes => &[Self::States],
            Self::Commanded | Self::CommandedBy => &[Self::Actuates],
            Self::TimeFrom => &[Self::Observes, Self::Actuates, Self::Event],
            Self::Time => &[Self::States],
            Self::Observes
            | Self::Actuates
            | Self::States
            | Self::Event
            | Self::Identifier
            | Self::Ignored => &[],
        }
    }

    /// Whether this stands beside the meaning `first`.
    pub(crate) fn goes_with(self, first: Option<Self>) -> bool {
        first == Some(self) || first.is_some_and(|first| self.completes().contains(&first))
    }

    pub(crate) fn partners(self) -> String {
        self.completes().iter().map(|keyword| keyword.name()).collect::<Vec<_>>().join(" or ")
    }
}

/// Of the whole file, beside the schema.
pub(crate) const DEVICE: &str = "x-device";

/// Keywords of JSON Schema, drafts 2020-12 and 07.
const STANDARD: &[&str] = &[
    "$comment",
    "$defs",
    "$id",
    "$ref",
    "$schema",
    "additionalItems",
    "additionalProperties",
    "allOf",
    "anyOf",
    "const",
    "contains",
    "contentEncoding",
    "contentMediaType",
    "contentSchema",
    "default",
    "definitions",
    "dependencies",
    "dependentRequired",
    "dependentSchemas",
    "deprecated",
    "description",
    "else",
    "enum",
    "examples",
    "exclusiveMaximum",
    "exclusiveMinimum",
    "format",
    "if",
    "items",
    "maxContains",
    "maxItems",
    "maxLength",
    "maxProperties",
    "maximum",
    "minContains",
    "minItems",
    "minLength",
    "minProperties",
    "minimum",
    "multipleOf",
    "not",
    "oneOf",
    "pattern",
    "patternProperties",
    "prefixItems",
    "properties",
    "propertyNames",
    "readOnly",
    "required",
    "then",
    "title",
    "type",
    "unevaluatedItems",
    "unevaluatedProperties",
    "uniqueItems",
    "writeOnly",
];

/// Names that are no keyword of a schema at a place.
pub(crate) fn unknown_keywords(places: &Places<'_>) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (index, place) in places.all.iter().enumerate() {
        for schema in &place.schemas {
            problems.extend(unknown_of(schema, index == 0));
            problems.extend(missing_properties(schema));
        }
    }
    problems
}

fn unknown_of(schema: &Node, is_root: bool) -> Vec<Problem> {
    let known = |name: &str| {
        Keyword::find(name).is_some() || STANDARD.contains(&name) || (is_root && name == DEVICE)
    };
    let candidates = || {
        let ours = Keyword::ALL.iter().map(|keyword| keyword.name());
        STANDARD.iter().copied().chain(ours)
    };
    let unknown = schema.members().iter().filter(|member| !known(&member.name));
    unknown
        .map(|member| {
            let message = format!("{} is no keyword", member.name);
            let problem = Problem::at(member.at, ProblemCode::UnknownKeyword, message);
            match nearest(&member.name, candidates()) {
                Some(near) => problem.near(Some(near)),
                None if matches!(member.value.value, Value::Object(_)) => {
                    problem.suggesting("fields stand under properties")
                }
                None => problem,
            }
        })
        .collect()
}

/// A required field that no schema describes is a slip of the pen more often than not.
fn missing_properties(schema: &Node) -> Vec<Problem> {
    let Some(properties) = schema.get("properties") else { return Vec::new() };
    let names = || properties.members().iter().map(|member| member.name.as_str());
    let required = schema.get("required").map(Node::items).unwrap_or_default();
    required
        .iter()
        .filter(|item| item.text().is_some_and(|name| !names().any(|known| known == name)))
        .filter_map(|item| {
            let name = item.text()?;
            // A field may be described elsewhere; only a likely slip is told.
            let near = nearest(name, names())?;
            let message = format!("the required field {name} is not described");
            Some(Problem::at(item.at, ProblemCode::UnknownField, message).near(Some(near)))
        })
        .collect()
}
