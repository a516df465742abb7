mod events;
mod observations;
mod values;

use std::collections::BTreeMap;

use pervade_rdf::Position;

use crate::device::keywords::Keyword;
use crate::device::places::Places;
use crate::node::{Node, Value};
use crate::problem::{Problem, ProblemCode};

pub(crate) use events::{EventKind, FieldValue, Role, RoleForm, RoleValue};
pub use observations::symbol;

/// What a field means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// A property is observed.
    Observes(Observation),
    /// A property is acted on.
    Actuates(Actuation),
    /// The time of what is observed beside it.
    Time(Time),
    /// Who the device is.
    Identifier(Identifier),
    /// Something else is said about the device.
    States(Statement),
    /// Something happened.
    Event(Event),
    /// Nothing that a graph needs, and why.
    Ignored(String),
}

/// An observation; fields of objects are named beside it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Observation {
    /// The observed property's IRI.
    pub(crate) property: String,
    pub(crate) result: ResultForm,
    /// Local name of the statistic that the value is.
    pub(crate) statistic: Option<&'static str>,
    /// The member that holds the value, of an object.
    pub(crate) value: Option<String>,
    /// The field that holds the time, where one is named.
    pub(crate) time_from: Option<String>,
}

/// What an observation's value is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum ResultForm {
    Quantity(Quantity),
    /// A state: true or false, a whole number or a word, as it comes.
    State,
    /// Yes or no, in whatever way the device writes it.
    Boolean,
}

/// A number with a unit.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Quantity {
    /// Local name of the QUDT quantity kind.
    pub(crate) kind: String,
    pub(crate) unit: Unit,
    /// The decimal sign, of a number that is sent as text.
    pub(crate) text: Option<&'static str>,
    /// The code list that units are from; `symbol` unless stated.
    pub(crate) scheme: Option<&'static str>,
    /// Least and greatest plausible value.
    pub(crate) plausible: Option<(String, String)>,
}

/// Where a unit is stated.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Unit {
    Fixed(String),
    Field(String),
}

/// Code to IRI; `*` is any other code.
pub(crate) type Codes = BTreeMap<String, String>;

/// A property is acted on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Actuation {
    pub(crate) property: String,
    /// Whether the values are yes and no in whatever way the device writes it.
    pub(crate) is_boolean: bool,
    pub(crate) value: Option<String>,
    /// The field that holds the value that was asked for.
    pub(crate) commanded: Option<String>,
    /// The field that holds who asked.
    pub(crate) commanded_by: Option<String>,
    pub(crate) time_from: Option<String>,
}

/// A time: how it is written, and whose clock it is from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Time {
    pub(crate) form: TimeForm,
    /// Local name of the clock; the device's own unless stated.
    pub(crate) clock: Option<&'static str>,
}

/// How a time is written.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum TimeForm {
    /// Units since 1970: the symbol of the unit, `s` for seconds.
    Epoch(&'static str),
    Senml,
    Iso,
    Local(Zone),
    /// As a pattern says, with a zone or without.
    Pattern(String, Option<Zone>),
}

/// Where a local time's offset from UTC is stated.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Zone {
    Fixed(String),
    Field(String),
}

/// Who the device is, or a part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Identifier {
    /// As `x-identifier` names it.
    pub(crate) scheme: &'static str,
    /// Local name of the predicate.
    pub(crate) predicate: &'static str,
    pub(crate) form: IdentifierForm,
}

/// How an identifier's text becomes canonical.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum IdentifierForm {
    AsItIs,
    Eui64,
    Eui48,
    Iri,
    /// A name of a sensor, said of every observation beside it.
    SensorName,
}

/// Something said about the device.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Statement {
    /// The predicate's IRI.
    pub(crate) predicate: String,
    pub(crate) codes: Option<Codes>,
    pub(crate) time: Option<Time>,
}

/// Something happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Event {
    pub(crate) kind: &'static EventKind,
    pub(crate) roles: Vec<(&'static Role, RoleValue)>,
    pub(crate) time_from: Option<String>,
}

/// The meanings of all places that have one.
pub(crate) type Meanings = BTreeMap<usize, Meaning>;

/// Reads what every place means.
pub(crate) fn meanings(places: &Places<'_>) -> (Meanings, Vec<Problem>) {
    let mut meanings = Meanings::new();
    let mut problems = Vec::new();
    for (index, place) in places.all.iter().enumerate() {
        let mut reading = Reading {
            notes: Notes::new(),
            schemas: &place.schemas,
            at: place.at,
            problems: Vec::new(),
        };
        reading.collect();
        if let Some(meaning) = reading.meaning() {
            meanings.insert(index, meaning);
        }
        problems.append(&mut reading.problems);
    }
    (meanings, problems)
}

/// Annotations of one place.
type Notes<'n> = BTreeMap<Keyword, &'n Node>;

struct Reading<'p, 'n> {
    notes: Notes<'n>,
    schemas: &'p [&'n Node],
    at: Position,
    problems: Vec<Problem>,
}

impl<'n> Reading<'_, 'n> {
    fn report(&mut self, at: Position, code: ProblemCode, message: impl Into<String>) {
        self.problems.push(Problem::at(at, code, message));
    }

    fn collect(&mut self) {
        for schema in self.schemas {
            for member in schema.members() {
                let Some(keyword) = Keyword::find(&member.name) else { continue };
                match self.notes.get(&keyword) {
                    None => {
                        self.notes.insert(keyword, &member.value);
                    }
                    Some(other) if other.value == member.value.value => {}
                    Some(_) => self.problems.push(Problem::at(
                        member.at,
                        ProblemCode::Conflict,
                        format!("{} is said twice of this field, and not alike", member.name),
                    )),
                }
            }
        }
    }

    /// The one meaning that the annotations come to.
    fn meaning(&mut self) -> Option<Meaning> {
        use Keyword as K;
        let mut stated: Vec<K> =
            [K::Observes, K::Actuates, K::States, K::Event, K::Identifier, K::Time, K::Ignored]
                .into_iter()
                .filter(|keyword| self.notes.contains_key(keyword))
                .collect();
        if stated.contains(&K::States) {
            stated.retain(|keyword| *keyword != K::Time);
        }
        if let [first, second, ..] = stated.as_slice() {
            let at = self.notes.get(second).map_or(self.at, |node| node.at);
            let message = format!("{} and {} do not go together", first.name(), second.name());
            let problem = Problem::at(at, ProblemCode::Conflict, message);
            self.problems.push(problem.suggesting("a field has one meaning"));
            return None;
        }
        let first = stated.first().copied();
        self.refuse_strays(first);
        let stated = first?;
        let note = *self.notes.get(&stated)?;
        if stated == K::Observes {
            return self.observation(note).map(Meaning::Observes);
        }
        if stated == K::Actuates {
            return self.actuation(note).map(Meaning::Actuates);
        }
        if stated == K::States {
            return self.statement(note).map(Meaning::States);
        }
        if stated == K::Event {
            return self.event(note).map(Meaning::Event);
        }
        if stated == K::Identifier {
            return self.identifier(note).map(Meaning::Identifier);
        }
        if stated == K::Time {
            return self.time(note).map(Meaning::Time);
        }
        self.ignored(note).map(Meaning::Ignored)
    }

    /// Annotations that say more about a meaning that is not there.
    fn refuse_strays(&mut self, first: Option<Keyword>) {
        let strays: Vec<(Keyword, Position)> = self
            .notes
            .iter()
            .filter(|(keyword, _)| !keyword.goes_with(first))
            .map(|(keyword, node)| (*keyword, node.at))
            .collect();
        for (keyword, at) in strays {
            let message = format!("{} says nothing here", keyword.name());
            let problem = Problem::at(at, ProblemCode::UnknownKeyword, message);
            self.problems.push(problem.suggesting(format!("it goes with {}", keyword.partners())));
        }
    }

    fn ignored(&mut self, note: &Node) -> Option<String> {
        match note.text().map(str::trim) {
            Some(reason) if !reason.is_empty() => Some(reason.to_owned()),
            _ => {
                let problem = Problem::at(
                    note.at,
                    ProblemCode::WrongValue,
                    "x-ignored gives the reason in words",
                );
                self.problems
                    .push(problem.suggesting("for example x-ignored: \"radio diagnostics\""));
                None
            }
        }
    }

    /// The types that the schemas allow here; empty if they do not say.
    fn types(&self) -> Vec<&'n str> {
        let mut types = Vec::new();
        for schema in self.schemas {
            for keyword in ["type"] {
                let Some(stated) = schema.get(keyword) else { continue };
                types.extend(stated.text());
                types.extend(stated.items().iter().filter_map(Node::text));
            }
            let constants = schema.get("const").into_iter();
            let listed = schema.get("enum").map(Node::items).unwrap_or_default();
            types.extend(constants.chain(listed).filter_map(|value| match value.value {
                Value::Text(_) => Some("string"),
                Value::Bool(_) => Some("boolean"),
                Value::Number(_) => Some("number"),
                Value::Null | Value::List(_) | Value::Object(_) => None,
            }));
        }
        types
    }

    fn has_type(&self, types: &[&str]) -> bool {
        self.types().iter().any(|stated| types.contains(stated))
    }

    /// The texts of a member that is a name.
    fn name(&mut self, keyword: Keyword) -> Option<String> {
        let note = *self.notes.get(&keyword)?;
        match note.scalar() {
            Some(name) if !name.is_empty() => Some(name.to_owned()),
            _ => {
                let message = format!("{} names a field, not {}", keyword.name(), note.kind());
                self.report(note.at, ProblemCode::WrongValue, message);
                None
            }
        }
    }
}
