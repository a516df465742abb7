use pervade_units::{QuantityKind, Scheme, UnitError, resolve};

use super::{Actuation, Observation, Quantity, Reading, ResultForm, Unit};
use crate::device::keywords::Keyword;
use crate::device::vocabulary::{PV, Vocabulary, expanded};
use crate::nearest::nearest;
use crate::node::Node;
use crate::problem::{Problem, ProblemCode};
use crate::read::is_json_number;

/// Code lists in the order they are tried, with their names.
pub(crate) const SCHEMES: &[(&str, Scheme)] = &[
    ("symbol", Scheme::Symbol),
    ("ucum", Scheme::Ucum),
    ("senml", Scheme::Senml),
    ("unece", Scheme::Unece),
];

/// Most units that a suggestion lists.
const UNITS_SHOWN_MAX: usize = 8;

impl Reading<'_, '_> {
    pub(super) fn observation(&mut self, note: &Node) -> Option<Observation> {
        let Some((property, kind)) = self.property(note) else {
            self.check_unit_alone();
            return None;
        };
        let is_number = self.has_type(&["number", "integer"]);
        let has_unit =
            self.notes.contains_key(&Keyword::Unit) || self.notes.contains_key(&Keyword::UnitFrom);
        let is_foreign = !property.starts_with(PV);
        let has_kind = kind.is_some() || self.notes.contains_key(&Keyword::Kind);
        let result = if has_kind || has_unit || (is_foreign && is_number) {
            ResultForm::Quantity(self.quantity(kind, note)?)
        } else if self.is_boolean() {
            ResultForm::Boolean
        } else {
            ResultForm::State
        };
        Some(Observation {
            property,
            result,
            statistic: self.statistic(),
            value: self.value_member(),
            time_from: self.name(Keyword::TimeFrom),
        })
    }

    pub(super) fn actuation(&mut self, note: &Node) -> Option<Actuation> {
        let (property, _) = self.property(note)?;
        Some(Actuation {
            property,
            is_boolean: self.is_boolean(),
            value: self.value_member(),
            commanded: self.name(Keyword::Commanded),
            commanded_by: self.name(Keyword::CommandedBy),
            time_from: self.name(Keyword::TimeFrom),
        })
    }

    fn is_boolean(&mut self) -> bool {
        let Some(note) = self.notes.get(&Keyword::Boolean).copied() else { return false };
        let is_set = matches!(note.value, crate::node::Value::Bool(true));
        if !is_set {
            self.report(note.at, ProblemCode::WrongValue, "x-boolean is true, or not there");
        }
        is_set
    }

    /// The member that holds the value, of an object.
    fn value_member(&mut self) -> Option<String> {
        let is_object = self.has_type(&["object"]) || self.has_members();
        self.name(Keyword::Value).or_else(|| is_object.then(|| "value".to_owned()))
    }

    fn statistic(&mut self) -> Option<&'static str> {
        const STATISTICS: &[&str] = &["SingleValue", "Minimum", "Maximum", "Mean"];
        let note = *self.notes.get(&Keyword::Statistic)?;
        let name = note.text().unwrap_or_default();
        let found = STATISTICS.iter().copied().find(|known| *known == name);
        if found.is_none() {
            let message = format!("{name:?} is no statistic");
            let problem = Problem::at(note.at, ProblemCode::WrongValue, message);
            self.problems.push(problem.suggesting(format!("one of {}", STATISTICS.join(", "))));
        }
        found
    }

    fn has_members(&self) -> bool {
        self.schemas.iter().any(|schema| schema.get("properties").is_some())
    }

    /// The property's IRI and the quantity kind that the vocabulary has for it.
    fn property(&mut self, note: &Node) -> Option<(String, Option<String>)> {
        let Some(name) = note.text() else {
            let message = format!("a property is named, not {}", note.kind());
            self.report(note.at, ProblemCode::WrongValue, message);
            return None;
        };
        let iri = expanded(name).unwrap_or_else(|| format!("{PV}{name}"));
        let Some(ours) = iri.strip_prefix(PV) else {
            return self.valid_iri(iri, note).map(|iri| (iri, None));
        };
        let vocabulary = Vocabulary::own();
        if let Some(entry) = vocabulary.observable(ours) {
            let kind = entry.kind.clone();
            return Some((iri, kind));
        }
        let message = format!("{name:?} is no property that devices observe");
        let problem = Problem::at(note.at, ProblemCode::UnknownProperty, message);
        self.problems.push(match vocabulary.nearest_observable(ours) {
            Some(near) => problem.near(Some(near)),
            None => problem.suggesting(
                "`pervade vocabulary` lists them; a property of your own is a full IRI, with x-kind",
            ),
        });
        None
    }

    pub(super) fn valid_iri(&mut self, iri: String, note: &Node) -> Option<String> {
        if pervade_rdf::NamedNode::new(&iri).is_ok() {
            return Some(iri);
        }
        self.report(note.at, ProblemCode::WrongValue, format!("{iri:?} is no IRI"));
        None
    }

    fn quantity(&mut self, kind: Option<String>, note: &Node) -> Option<Quantity> {
        let kind = self.kind(kind, note)?;
        let stated_scheme = self.scheme();
        let (unit, found_scheme) = self.unit(kind)?;
        Some(Quantity {
            kind: kind.name().to_owned(),
            text: self.decimal_text(),
            unit,
            scheme: stated_scheme.or(found_scheme).filter(|scheme| *scheme != "symbol"),
            plausible: self.plausible(),
        })
    }

    fn kind(&mut self, known: Option<String>, note: &Node) -> Option<QuantityKind> {
        let stated = self.notes.get(&Keyword::Kind).copied();
        let Some(stated) = stated else {
            let kind = known.as_deref().and_then(QuantityKind::find);
            if kind.is_none() {
                let message = "the quantity kind of this property is not known";
                let problem = Problem::at(note.at, ProblemCode::Missing, message);
                self.problems
                    .push(problem.suggesting("say it with x-kind, such as x-kind: Length"));
            }
            return kind;
        };
        let name = stated.text().unwrap_or_default();
        let kind = QuantityKind::find(name);
        if kind.is_none() {
            let near = nearest(name, QuantityKind::ALL.iter().map(|kind| kind.name()));
            let message = format!("{name:?} is no quantity kind");
            self.problems
                .push(Problem::at(stated.at, ProblemCode::UnknownKind, message).near(near));
        }
        kind
    }

    fn scheme(&mut self) -> Option<&'static str> {
        let note = *self.notes.get(&Keyword::UnitScheme)?;
        let name = note.text().unwrap_or_default();
        let found = SCHEMES.iter().map(|(known, _)| *known).find(|known| *known == name);
        if found.is_none() {
            let message = format!("{name:?} is no list of unit codes");
            let problem = Problem::at(note.at, ProblemCode::WrongValue, message);
            self.problems.push(problem.suggesting("symbol, ucum, senml or unece"));
        }
        found
    }

    fn unit(&mut self, kind: QuantityKind) -> Option<(Unit, Option<&'static str>)> {
        let fixed = self.notes.get(&Keyword::Unit).copied();
        let field = self.notes.get(&Keyword::UnitFrom).copied();
        match (fixed, field) {
            (Some(_), Some(field)) => {
                let message = "the unit is stated by x-unit and by x-unit-from";
                self.report(field.at, ProblemCode::Conflict, message);
                None
            }
            (None, Some(_)) => self.name(Keyword::UnitFrom).map(|name| (Unit::Field(name), None)),
            (Some(fixed), None) => {
                let code = fixed.scalar().unwrap_or_default().to_owned();
                let scheme = self.code_list(&code, kind, fixed)?;
                Some((Unit::Fixed(code), Some(scheme)))
            }
            (None, None) => {
                let problem = Problem::at(self.at, ProblemCode::NoUnit, "the number has no unit");
                let hint = format!("add x-unit, one of {}; or x-unit-from", units_of(kind));
                self.problems.push(problem.suggesting(hint));
                None
            }
        }
    }

    /// The first code list that has the code for this kind.
    fn code_list(&mut self, code: &str, kind: QuantityKind, note: &Node) -> Option<&'static str> {
        let stated = self.notes.get(&Keyword::UnitScheme).and_then(|node| node.text());
        let tried = || SCHEMES.iter().filter(|(name, _)| stated.is_none_or(|only| only == *name));
        let found = tried().find(|(_, scheme)| resolve(code, *scheme, Some(kind)).is_ok());
        if let Some((name, _)) = found {
            return Some(name);
        }
        let elsewhere = tried().any(|(_, scheme)| is_known(code, *scheme));
        let (rule, message) = if elsewhere {
            (ProblemCode::WrongUnit, format!("{code:?} is no unit of {}", kind.name()))
        } else {
            (ProblemCode::UnknownUnit, format!("{code:?} is no unit that is known"))
        };
        let hint = format!("units of {} are {}", kind.name(), units_of(kind));
        self.problems.push(Problem::at(note.at, rule, message).suggesting(hint));
        None
    }

    /// The decimal sign of numbers that are sent as text.
    fn decimal_text(&mut self) -> Option<&'static str> {
        let is_text = self.has_type(&["string"]) && !self.has_type(&["number", "integer"]);
        let Some(note) = self.notes.get(&Keyword::Decimal).copied() else {
            return is_text.then_some(".");
        };
        match note.text() {
            Some(",") => Some(","),
            Some(".") => Some("."),
            _ => {
                let message = "x-decimal is \".\" or \",\"";
                self.report(note.at, ProblemCode::WrongValue, message);
                None
            }
        }
    }

    /// A unit is told to be unknown even if nobody can say what it would be a unit of.
    fn check_unit_alone(&mut self) {
        let Some(note) = self.notes.get(&Keyword::Unit).copied() else { return };
        let code = note.scalar().unwrap_or_default();
        if !SCHEMES.iter().any(|(_, scheme)| is_known(code, *scheme)) {
            let message = format!("{code:?} is no unit that is known");
            let near = nearest(code, COMMON_UNITS.iter().chain(WORDS).copied());
            self.problems.push(Problem::at(note.at, ProblemCode::UnknownUnit, message).near(near));
        }
    }

    fn plausible(&mut self) -> Option<(String, String)> {
        let note = *self.notes.get(&Keyword::Plausible)?;
        let numbers: Vec<&str> = note
            .items()
            .iter()
            .filter_map(Node::scalar)
            .filter(|text| is_json_number(text))
            .collect();
        match numbers.as_slice() {
            [least, most] if note.items().len() == 2 => {
                Some(((*least).to_owned(), (*most).to_owned()))
            }
            _ => {
                let problem = Problem::at(
                    note.at,
                    ProblemCode::WrongValue,
                    "x-plausible is the least and the greatest number",
                );
                self.problems.push(problem.suggesting("for example [-40, 85]"));
                None
            }
        }
    }
}

/// Codes that vendors commonly print for units of a kind.
pub(crate) fn units_of(kind: QuantityKind) -> String {
    let fits = |code: &&&str| resolve(code, Scheme::Symbol, Some(kind)).is_ok();
    let codes: Vec<String> = COMMON_UNITS
        .iter()
        .filter(fits)
        .take(UNITS_SHOWN_MAX)
        .map(|code| format!("{code:?}"))
        .collect();
    if codes.is_empty() {
        return format!("those of {}", kind.stated_in());
    }
    codes.join(", ")
}

/// Units that are written out, for telling what is meant.
const WORDS: &[&str] = &["Celsius", "Fahrenheit", "percent", "lux"];

/// Whether a list has a code, for whatever kind.
fn is_known(code: &str, scheme: Scheme) -> bool {
    let found = resolve(code, scheme, None);
    !matches!(found, Err(UnitError::Unknown { .. } | UnitError::Ucum { .. }))
}

/// The symbol that people read for a QUDT unit of a quantity kind, both by their local names.
#[must_use]
pub fn symbol(kind: &str, unit: &str) -> Option<&'static str> {
    let kind = QuantityKind::find(kind)?;
    COMMON_UNITS.iter().copied().find(|code| {
        resolve(code, Scheme::Symbol, Some(kind)).is_ok_and(|found| found.name() == Some(unit))
    })
}

/// Symbols offered to authors, the commonest first.
pub(crate) const COMMON_UNITS: &[&str] = &[
    "°C", "°F", "K", "%RH", "%", "1", "hPa", "Pa", "kPa", "bar", "mbar", "V", "mV", "A", "mA", "W",
    "kW", "VA", "var", "Wh", "kWh", "J", "Hz", "lx", "m³/m³", "ppm", "m/s", "km/h", "m", "km",
    "cm", "mm", "kg", "g", "t", "m³", "l", "L", "m³/h", "L/min", "l/h", "s", "ms", "min", "h", "°",
    "m/s²", "g/m³", "C", "F", "#", "dBm", "dB",
];
