use crate::device::lookup::Lookup;
use crate::device::meaning::{Meaning, Quantity, ResultForm, TimeForm, Unit, Zone};

/// A field of the payload and what becomes of it, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a place and words")]
pub struct Field {
    /// Names from the root, joined by slashes; `*` is any item or any name.
    pub path: String,
    /// Line in the authored file, from 1.
    pub line: u64,
    /// What it becomes; empty for a field that only others use.
    pub meaning: String,
    /// What other fields use it for.
    pub uses: Vec<String>,
    /// Why it is left out.
    pub ignored: Option<String>,
}

/// Every field that has a meaning or a use.
pub(crate) fn fields(lookup: &Lookup<'_, '_>) -> Vec<Field> {
    let mut fields = Vec::new();
    for (index, place) in lookup.places.all.iter().enumerate() {
        let meaning = lookup.meanings.get(&index);
        let uses: Vec<String> = lookup.used.get(&index).into_iter().flatten().cloned().collect();
        if meaning.is_none() && uses.is_empty() {
            continue;
        }
        let ignored = match meaning {
            Some(Meaning::Ignored(reason)) => Some(reason.clone()),
            _ => None,
        };
        fields.push(Field {
            path: lookup.places.name(index),
            line: place.at.line,
            meaning: meaning.map_or_else(String::new, words),
            uses,
            ignored,
        });
    }
    fields
}

fn words(meaning: &Meaning) -> String {
    match meaning {
        Meaning::Observes(observation) => {
            let property = shortened(&observation.property);
            match &observation.result {
                ResultForm::State => format!("an observation of {property}, as it comes"),
                ResultForm::Boolean => format!("an observation of {property}, yes or no"),
                ResultForm::Quantity(quantity) => {
                    format!("an observation of {property}{}", quantity_words(quantity))
                }
            }
        }
        Meaning::Actuates(actuation) => {
            format!("what an actuator made of {}", shortened(&actuation.property))
        }
        Meaning::Time(time) => match &time.form {
            TimeForm::Epoch(unit) => format!("the time, read as {unit} since 1970 in UTC"),
            TimeForm::Pattern(pattern, _) => format!("the time, read as {pattern}"),
            TimeForm::Senml => "the time of a SenML record".to_owned(),
            TimeForm::Iso => {
                "the time, read as ISO 8601; without a zone it is kept as local time and flagged"
                    .to_owned()
            }
            TimeForm::Local(Zone::Fixed(zone)) => format!("the time, local, {zone} from UTC"),
            TimeForm::Local(Zone::Field(field)) => {
                format!("the time, local, with its offset from UTC in {field}")
            }
        },
        Meaning::Identifier(identifier) => {
            format!("a name of the device, {}", identifier.predicate)
        }
        Meaning::States(statement) => {
            format!("a statement about the device, {}", shortened(&statement.predicate))
        }
        Meaning::Event(event) => format!("a {} event", event.kind.name),
        Meaning::Ignored(_) => "nothing".to_owned(),
    }
}

fn quantity_words(quantity: &Quantity) -> String {
    let stated = pervade_units::QuantityKind::find(&quantity.kind)
        .map_or("", pervade_units::QuantityKind::stated_in);
    let from = match &quantity.unit {
        Unit::Fixed(code) if matches!(code.as_str(), "" | "1") => String::new(),
        Unit::Fixed(code) => format!(", sent in {code}"),
        Unit::Field(field) => format!(", sent in the unit that {field} names"),
    };
    let limits = match &quantity.plausible {
        Some((least, most)) => format!(", flagged outside {least} to {most}"),
        None => String::new(),
    };
    format!("{from}, stated in {stated}{limits}")
}

fn shortened(iri: &str) -> &str {
    iri.strip_prefix(crate::device::vocabulary::PV).unwrap_or(iri)
}
