//! What a value must be like to be found.

use std::cmp::Ordering;

use regex::{Regex, RegexBuilder};
use serde_json::{Map, Value};

use super::collation::{compare, equal};
use super::number::Decimal;
use super::path::Path;
use super::{
    PATTERN_BYTES_MAX, PATTERN_PROGRAM_BYTES_MAX, QueryError, SELECTOR_DEPTH_MAX,
    SELECTOR_NODES_MAX,
};

/// A condition on a whole value.
#[derive(Clone, Debug)]
pub(super) enum Selector {
    /// Every one holds.
    All(Vec<Self>),
    /// At least one holds.
    Any(Vec<Self>),
    /// A field is there and passes a test, or fails it where `negated`.
    Field { path: Path, test: Test, negated: bool },
    /// A field is there, or is not.
    Exists { path: Path, wanted: bool },
}

/// A condition on one field that is there.
#[derive(Clone, Debug)]
pub(super) enum Test {
    Compare(Relation, Value),
    /// `$in`: the value, or an element of it, is one of these.
    OneOf(Vec<Value>),
    Type(JsonType),
    Size(u64),
    Remainder {
        divisor: i64,
        remainder: i64,
    },
    Pattern(Regex),
    /// `$all`: an array that holds each of these.
    Holds(Vec<Value>),
    /// `$elemMatch`: an array with an element like this.
    SomeElement(Box<Selector>),
    /// `$allMatch`: an array with elements, all like this.
    EachElement(Box<Selector>),
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Relation {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum JsonType {
    Null,
    Boolean,
    Number,
    String,
    Array,
    Object,
}

impl Selector {
    pub(super) fn parse(written: &Map<String, Value>) -> Result<Self, QueryError> {
        let place = Place { path: Path::default(), negated: false, depth: 0 };
        Parser { nodes: 0 }.object(written, &place)
    }

    /// Recursion ends with the selector, which is at most [`SELECTOR_DEPTH_MAX`] deep.
    pub(super) fn matches(&self, value: &Value) -> bool {
        match self {
            Self::All(all) => all.iter().all(|one| one.matches(value)),
            Self::Any(any) => any.iter().any(|one| one.matches(value)),
            Self::Exists { path, wanted } => path.find(value).is_some() == *wanted,
            Self::Field { path, test, negated } => {
                path.find(value).is_some_and(|found| test.passes(found) != *negated)
            }
        }
    }
}

impl Test {
    fn passes(&self, value: &Value) -> bool {
        match self {
            Self::Compare(relation, other) => relation.holds(compare(value, other)),
            Self::OneOf(wanted) => {
                let is_wanted = |one: &Value| wanted.iter().any(|other| equal(one, other));
                value.as_array().map_or_else(|| is_wanted(value), |all| all.iter().any(is_wanted))
            }
            Self::Type(wanted) => JsonType::of(value) == *wanted,
            Self::Size(wanted) => {
                let size = value.as_array().and_then(|elements| u64::try_from(elements.len()).ok());
                size == Some(*wanted)
            }
            Self::Remainder { divisor, remainder } => match value {
                Value::Number(number) => {
                    Decimal::of(number).remainder(*divisor) == Some(*remainder)
                }
                Value::Null | Value::Bool(_) | Value::String(_) => false,
                Value::Array(_) | Value::Object(_) => false,
            },
            Self::Pattern(pattern) => value.as_str().is_some_and(|text| pattern.is_match(text)),
            Self::Holds(wanted) => value.as_array().is_some_and(|elements| holds(elements, wanted)),
            Self::SomeElement(like) => {
                let elements = value.as_array().map(Vec::as_slice).unwrap_or_default();
                elements.iter().any(|element| like.matches(element))
            }
            Self::EachElement(like) => {
                let elements = value.as_array().map(Vec::as_slice).unwrap_or_default();
                !elements.is_empty() && elements.iter().all(|element| like.matches(element))
            }
        }
    }
}

/// Whether an array holds each wanted value, or is the one array that is wanted.
fn holds(elements: &[Value], wanted: &[Value]) -> bool {
    let held = |one: &Value| elements.iter().any(|element| equal(element, one));
    match wanted {
        [] => false,
        [Value::Array(whole)]
            if whole.len() == elements.len()
                && whole.iter().zip(elements).all(|(one, other)| equal(one, other)) =>
        {
            true
        }
        wanted => wanted.iter().all(held),
    }
}

impl Relation {
    fn holds(self, ordering: Ordering) -> bool {
        match self {
            Self::Equal => ordering.is_eq(),
            Self::NotEqual => ordering.is_ne(),
            Self::Less => ordering.is_lt(),
            Self::LessOrEqual => ordering.is_le(),
            Self::Greater => ordering.is_gt(),
            Self::GreaterOrEqual => ordering.is_ge(),
        }
    }
}

impl JsonType {
    fn of(value: &Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(_) => Self::Boolean,
            Value::Number(_) => Self::Number,
            Value::String(_) => Self::String,
            Value::Array(_) => Self::Array,
            Value::Object(_) => Self::Object,
        }
    }

    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "null" => Self::Null,
            "boolean" => Self::Boolean,
            "number" => Self::Number,
            "string" => Self::String,
            "array" => Self::Array,
            "object" => Self::Object,
            _ => return None,
        })
    }
}

/// Where a written condition stands. Negations are pushed down to single fields, because a field
/// that is not there fails `$ne`, `$nin` and `$not` as well.
struct Place {
    path: Path,
    negated: bool,
    depth: usize,
}

impl Place {
    fn below(&self, path: Path, negated: bool) -> Self {
        Self { path, negated, depth: self.depth.saturating_add(1) }
    }

    fn inside(&self, negated: bool) -> Self {
        self.below(self.path.clone(), negated)
    }
}

/// Counts conditions while they are read.
struct Parser {
    nodes: usize,
}

impl Parser {
    fn value(&mut self, written: &Value, place: &Place) -> Result<Selector, QueryError> {
        match written.as_object() {
            Some(conditions) => self.object(conditions, place),
            None => self.compared(Relation::Equal, written, place),
        }
    }

    fn object(
        &mut self,
        written: &Map<String, Value>,
        place: &Place,
    ) -> Result<Selector, QueryError> {
        self.count(place)?;
        if written.is_empty() && !place.path.is_empty() {
            let nothing = Value::Object(Map::new());
            return self.compared(Relation::Equal, &nothing, place);
        }
        let parts = written.iter().map(|(name, argument)| {
            if name.starts_with('$') {
                self.operator(name, argument, place)
            } else {
                let path = place.path.join(Path::parse(name)?);
                self.value(argument, &place.below(path, place.negated))
            }
        });
        let mut parts = parts.collect::<Result<Vec<_>, _>>()?;
        match (parts.len(), place.negated) {
            (1, _) => Ok(parts.remove(0)),
            (_, false) => Ok(Selector::All(parts)),
            (_, true) => Ok(Selector::Any(parts)),
        }
    }

    fn operator(
        &mut self,
        name: &str,
        argument: &Value,
        place: &Place,
    ) -> Result<Selector, QueryError> {
        self.count(place)?;
        match name {
            "$and" | "$or" | "$nor" => self.combination(name, argument, place),
            "$not" => self.value(argument, &place.inside(!place.negated)),
            "$exists" => {
                let wanted = argument.as_bool().ok_or_else(|| wrong(name, "true or false"))?;
                let path = place.path.clone();
                Ok(Selector::Exists { path, wanted: wanted != place.negated })
            }
            "$eq" => self.compared(Relation::Equal, argument, place),
            "$ne" => self.compared(Relation::NotEqual, argument, place),
            "$lt" => self.compared(Relation::Less, argument, place),
            "$lte" => self.compared(Relation::LessOrEqual, argument, place),
            "$gt" => self.compared(Relation::Greater, argument, place),
            "$gte" => self.compared(Relation::GreaterOrEqual, argument, place),
            "$in" => Ok(field(Test::OneOf(list(name, argument)?), place, false)),
            "$nin" => Ok(field(Test::OneOf(list(name, argument)?), place, true)),
            "$all" => Ok(field(Test::Holds(list(name, argument)?), place, false)),
            "$elemMatch" => {
                let like = self.element(name, argument, place)?;
                Ok(field(Test::SomeElement(Box::new(like)), place, false))
            }
            "$allMatch" => {
                let like = self.element(name, argument, place)?;
                Ok(field(Test::EachElement(Box::new(like)), place, false))
            }
            name => Ok(field(simple(name, argument)?, place, false)),
        }
    }

    fn combination(
        &mut self,
        name: &str,
        argument: &Value,
        place: &Place,
    ) -> Result<Selector, QueryError> {
        let parts = argument.as_array().ok_or_else(|| wrong(name, "an array of selectors"))?;
        let place = place.inside(place.negated != (name == "$nor"));
        let parts = parts.iter().map(|part| match (part, place.path.is_empty()) {
            (Value::Object(_), _) | (_, false) => self.value(part, &place),
            (_, true) => Err(wrong(name, "an array of selectors")),
        });
        let parts = parts.collect::<Result<_, _>>()?;
        // That not both hold means that one does not.
        Ok(match (name == "$and", place.negated) {
            (true, false) | (false, true) => Selector::All(parts),
            (true, true) | (false, false) => Selector::Any(parts),
        })
    }

    fn element(
        &mut self,
        name: &str,
        argument: &Value,
        place: &Place,
    ) -> Result<Selector, QueryError> {
        let conditions = argument.as_object().ok_or_else(|| wrong(name, "a selector"))?;
        self.object(conditions, &place.below(Path::default(), false))
    }

    fn compared(
        &mut self,
        relation: Relation,
        value: &Value,
        place: &Place,
    ) -> Result<Selector, QueryError> {
        self.count(place)?;
        Ok(field(Test::Compare(relation, value.clone()), place, false))
    }

    fn count(&mut self, place: &Place) -> Result<(), QueryError> {
        self.nodes = self.nodes.saturating_add(1);
        if place.depth > SELECTOR_DEPTH_MAX {
            return Err(QueryError::TooDeep);
        }
        if self.nodes > SELECTOR_NODES_MAX {
            return Err(QueryError::TooMany);
        }
        Ok(())
    }
}

/// The tests that need nothing but their argument.
fn simple(name: &str, argument: &Value) -> Result<Test, QueryError> {
    match name {
        "$type" => {
            let named = argument.as_str().and_then(JsonType::named);
            Ok(Test::Type(named.ok_or_else(|| wrong(name, "the name of a JSON type"))?))
        }
        "$size" => {
            let size = argument.as_u64().ok_or_else(|| wrong(name, "a count"))?;
            Ok(Test::Size(size))
        }
        "$mod" => {
            let numbers = argument.as_array().map(Vec::as_slice).unwrap_or_default();
            let numbers: Vec<_> = numbers.iter().map(Value::as_i64).collect();
            match numbers.as_slice() {
                [Some(divisor), Some(remainder)] if *divisor != 0 => {
                    Ok(Test::Remainder { divisor: *divisor, remainder: *remainder })
                }
                _ => Err(wrong(name, "[divisor, remainder], two whole numbers")),
            }
        }
        "$regex" => {
            let text = argument.as_str().ok_or_else(|| wrong(name, "a pattern"))?;
            pattern(text).map(Test::Pattern)
        }
        name => Err(QueryError::Operator { name: name.to_owned() }),
    }
}

fn pattern(text: &str) -> Result<Regex, QueryError> {
    if text.len() > PATTERN_BYTES_MAX {
        return Err(QueryError::PatternTooLong);
    }
    let mut builder = RegexBuilder::new(text);
    builder.size_limit(PATTERN_PROGRAM_BYTES_MAX).dfa_size_limit(PATTERN_PROGRAM_BYTES_MAX);
    builder.build().map_err(|source| QueryError::Pattern { source: Box::new(source) })
}

fn field(test: Test, place: &Place, negated: bool) -> Selector {
    Selector::Field { path: place.path.clone(), test, negated: place.negated != negated }
}

fn list(name: &str, argument: &Value) -> Result<Vec<Value>, QueryError> {
    argument.as_array().cloned().ok_or_else(|| wrong(name, "an array"))
}

fn wrong(operator: &str, expected: &'static str) -> QueryError {
    QueryError::Argument { operator: operator.to_owned(), expected }
}
