//! What a field's name, type and values suggest.

use pervade_units::{Instant, Number, QuantityKind, Scheme, resolve};

use crate::device::vocabulary::Vocabulary;
use crate::scaffold::shape::Shape;

mod names;

use names::{IGNORED, PROPERTIES, Property, UNITS};

/// What a field may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Suggested {
    /// Lines of annotations, each with why it was guessed.
    pub(crate) lines: Vec<(String, String)>,
    pub(crate) is_sure: bool,
}

impl Suggested {
    fn one(line: impl Into<String>, why: impl Into<String>, is_sure: bool) -> Self {
        Self { lines: vec![(line.into(), why.into())], is_sure }
    }
}

/// An annotation for a field of this name, where the name alone suggests one.
pub(crate) fn annotation(name: &str) -> Option<String> {
    let words = words(name);
    if let Some(reason) = ignored(&words) {
        return Some(format!("x-ignored: \"{reason}\""));
    }
    let property = property(&words)?;
    Some(format!("x-observes: {}", property.name))
}

/// What a leaf of the samples may be; `around` is the names of the objects it is in.
pub(crate) fn suggested(name: &str, shape: &Shape, around: &[&str]) -> Option<Suggested> {
    let own = words(name);
    if let Some(found) = time(&own, shape).or_else(|| identifier(&own, shape)) {
        return Some(found);
    }
    if let Some(reason) = ignored(&own) {
        let why = format!("{name} is rarely of use to others");
        return Some(Suggested::one(format!("x-ignored: {reason}"), why, true));
    }
    if let Some(found) = version(&own).filter(|_| shape.is_text()) {
        return Some(found);
    }
    if shape.is_boolean() {
        return state(&own, name);
    }
    if !shape.is_number() {
        return None;
    }
    if let Some(found) = state(&own, name).filter(|_| is_zero_or_one(shape)) {
        let mut lines = found.lines;
        lines.push(("x-boolean: true".to_owned(), "the values are 0 and 1".to_owned()));
        return Some(Suggested { lines, ..found });
    }
    let named = words(telling(name, around));
    let outer: Vec<String> = around.iter().flat_map(|name| words(name)).collect();
    let property = property(&named).or_else(|| {
        property(&outer.into_iter().chain(named.iter().cloned()).collect::<Vec<_>>())
    })?;
    Some(quantity(property, &named, shape, name))
}

/// The name that says what a value is: `value` and the text of an element say nothing, the object
/// around them does.
pub(crate) fn telling<'n>(name: &'n str, around: &[&'n str]) -> &'n str {
    const BARE: &[&str] = &["value", "val", "v", "reading", "text"];
    let is_bare = words(name).iter().all(|word| BARE.contains(&word.as_str()));
    let outer = around.iter().rev().find(|name| **name != "*");
    outer.copied().filter(|_| is_bare).unwrap_or(name)
}

/// The kind that a name suggests, for finding a unit beside it.
pub(crate) fn kind_of(name: &str) -> Option<QuantityKind> {
    let property = property(&words(name))?;
    let kind = Vocabulary::own().observable(property.name)?.kind.as_deref()?;
    QuantityKind::find(kind)
}

fn quantity(property: &Property, words: &[String], shape: &Shape, name: &str) -> Suggested {
    let observes = (format!("x-observes: {}", property.name), format!("from the name {name}"));
    let kind = Vocabulary::own()
        .observable(property.name)
        .and_then(|entry| entry.kind.as_deref())
        .and_then(QuantityKind::find);
    let Some(kind) = kind else {
        return Suggested { lines: vec![observes], is_sure: property.is_sure };
    };
    let fits = |code: &str| resolve(code, Scheme::Symbol, Some(kind)).is_ok();
    let by_name = words.iter().rev().find_map(|word| {
        UNITS.iter().find(|(known, code)| known == word && fits(code)).map(|(_, code)| *code)
    });
    let by_size = property.units.iter().find(|(_, least, most)| {
        let inside = |limit: &str, ordering| {
            Number::parse(limit).is_ok_and(|limit| {
                shape.extremes().is_some_and(|(low, high)| match ordering {
                    Limit::Least => *low >= limit,
                    Limit::Most => *high <= limit,
                })
            })
        };
        inside(least, Limit::Least) && inside(most, Limit::Most)
    });
    let usual = property.units.first();
    let (unit, why, is_sure) = match (by_name, by_size, usual) {
        (Some(unit), _, _) => (unit, "from the name".to_owned(), true),
        (None, Some((unit, least, most)), _) => {
            (*unit, format!("the values are between {least} and {most}"), property.is_sure)
        }
        (None, None, Some((unit, ..))) => (*unit, "the usual unit".to_owned(), false),
        (None, None, None) => (kind.stated_in(), "the usual unit".to_owned(), false),
    };
    let mut lines = vec![observes, (format!("x-unit: \"{unit}\""), why)];
    let limits = property.units.iter().find(|(known, ..)| *known == unit);
    if let Some((_, least, most)) = limits.filter(|_| property.has_limits) {
        let why = "values outside are kept and flagged".to_owned();
        lines.push((format!("x-plausible: [{least}, {most}]"), why));
    }
    Suggested { lines, is_sure: is_sure && property.is_sure }
}

enum Limit {
    Least,
    Most,
}

/// Seconds and milliseconds since 1970, from 2001 to 2100.
const EPOCH_SECONDS: (i64, i64) = (1_000_000_000, 4_102_444_800);

fn time(words: &[String], shape: &Shape) -> Option<Suggested> {
    const WORDS: &[&str] = &[
        "time",
        "ts",
        "timestamp",
        "epoch",
        "unixtime",
        "date",
        "datetime",
        "at",
        "utc",
        "t",
        "when",
        "clock",
    ];
    let is_named = words.iter().any(|word| WORDS.contains(&word.as_str()));
    let may_count = shape.is_integer() || shape.is_text();
    if let Some((low, high)) = shape.extremes().filter(|_| may_count) {
        let within = |scale: i64| {
            let limit = |edge: i64| Number::ratio(edge.saturating_mul(scale), 1);
            limit(EPOCH_SECONDS.0).is_some_and(|least| *low >= least)
                && limit(EPOCH_SECONDS.1).is_some_and(|most| *high <= most)
        };
        let form = [(1, "epoch-seconds"), (1_000, "epoch-milliseconds")]
            .into_iter()
            .find(|(scale, _)| within(*scale));
        if let Some((scale, form)) = form.filter(|_| is_named) {
            let seconds = Number::ratio(1, scale).map(|scale| low.times(&scale));
            let instant = seconds.and_then(|seconds| Instant::from_epoch(&seconds).ok());
            let why = instant.map_or_else(String::new, |instant| format!("{low} is {instant}"));
            return Some(Suggested::one(format!("x-time: {form}"), why, true));
        }
    }
    let texts = shape.texts();
    if texts.is_empty() || shape.is_number() {
        return None;
    }
    let read = texts.iter().map(|text| pervade_units::DeviceTime::parse(text, None));
    let read: Vec<_> = read.collect::<Result<_, _>>().ok()?;
    let zoned = read.iter().all(|time| matches!(time, pervade_units::DeviceTime::Zoned(_)));
    let why = if zoned { "ISO 8601 with a zone" } else { "ISO 8601; without a zone it is flagged" };
    Some(Suggested::one("x-time: iso-8601", why, zoned))
}

fn identifier(words: &[String], shape: &Shape) -> Option<Suggested> {
    let has = |wanted: &[&str]| words.iter().any(|word| wanted.contains(&word.as_str()));
    let texts = shape.texts();
    let all =
        |test: &dyn Fn(&str) -> bool| !texts.is_empty() && texts.iter().all(|text| test(text));
    let is_eui = |text: &str| pervade_units::eui64(text).is_ok();
    let is_mac = |text: &str| pervade_units::eui48(text).is_ok();
    let named = |scheme: &str, why: &str, is_sure| {
        Some(Suggested::one(format!("x-identifier: {scheme}"), why, is_sure))
    };
    if all(&is_eui) && has(&["eui", "deveui", "dev", "id", "device"]) {
        return named("eui64", "16 hexadecimal digits", true);
    }
    if all(&is_mac) && has(&["mac", "address", "addr", "id", "device", "bssid"]) {
        return named("mac", "12 hexadecimal digits", true);
    }
    if has(&["imei"]) {
        return named("imei", "from the name", true);
    }
    if has(&["iccid"]) {
        return named("iccid", "from the name", true);
    }
    if has(&["serial", "sn", "serialnumber", "serialno"]) {
        return named("serial", "from the name", true);
    }
    let is_name = shape.is_text() && has(&["id", "device", "deviceid", "name", "sensor", "node"]);
    if is_name { named("name", "a text that names the device", false) } else { None }
}

fn is_zero_or_one(shape: &Shape) -> bool {
    let inside = |number: &Number| {
        [0, 1].iter().any(|wanted| Number::ratio(*wanted, 1).as_ref() == Some(number))
    };
    shape.is_integer() && shape.extremes().is_some_and(|(low, high)| inside(low) && inside(high))
}

fn version(words: &[String]) -> Option<Suggested> {
    let has = |wanted: &[&str]| words.iter().any(|word| wanted.contains(&word.as_str()));
    let predicate = if has(&["hw", "hardware"]) {
        "hardwareVersion"
    } else if has(&["fw", "firmware", "sw", "software", "ver", "version"]) {
        "firmwareVersion"
    } else {
        return None;
    };
    Some(Suggested::one(format!("x-states: {predicate}"), "from the name", true))
}

fn state(words: &[String], name: &str) -> Option<Suggested> {
    const STATES: &[(&[&str], &str, &str)] = &[
        (&["relay", "switch", "output", "valve"], "x-actuates", "SwitchState"),
        (&["door", "window", "contact", "open", "lid", "opened"], "x-observes", "ContactState"),
        (&["motion", "pir", "movement"], "x-observes", "Motion"),
        (&["occupancy", "occupied", "presence"], "x-observes", "Occupancy"),
        (&["leak", "leakage", "flood"], "x-observes", "WaterLeak"),
        (&["smoke"], "x-observes", "Smoke"),
        (&["tamper", "tampered"], "x-observes", "Tamper"),
        (&["alarm", "alert", "fault"], "x-observes", "Alarm"),
    ];
    let found = STATES.iter().find(|(wanted, _, property)| {
        words.iter().any(|word| wanted.contains(&word.as_str()))
            && Vocabulary::own().observable(property).is_some()
    });
    let (_, keyword, property) = found?;
    let why = format!("from the name {name}");
    Some(Suggested::one(format!("{keyword}: {property}"), why, *keyword == "x-observes"))
}

/// Whether a field of this name is rarely of use.
pub(crate) fn is_ignored(name: &str) -> bool {
    ignored(&words(name)).is_some()
}

fn ignored(words: &[String]) -> Option<&'static str> {
    let fits = |wanted: &&[&str]| words.iter().any(|word| wanted.contains(&word.as_str()));
    IGNORED.iter().find(|(wanted, _)| fits(wanted)).map(|(_, reason)| *reason)
}

/// The first property whose words are all among these.
fn property(words: &[String]) -> Option<&'static Property> {
    PROPERTIES.iter().find(|property| {
        Vocabulary::own().observable(property.name).is_some()
            && property
                .words
                .iter()
                .all(|any| words.iter().any(|word| any.contains(&word.as_str())))
    })
}

/// A name's words in small letters: at `_`, `-`, blanks and points, between small and large
/// letters, and before digits.
pub(crate) fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut last = ' ';
    for character in name.chars() {
        let starts = !last.is_alphanumeric()
            || (last.is_lowercase() && character.is_uppercase())
            || (last.is_ascii_digit() && character.is_alphabetic() && character.is_uppercase());
        if character.is_alphanumeric() {
            if starts {
                words.push(String::new());
            }
            if let Some(word) = words.last_mut() {
                word.extend(character.to_lowercase());
            }
        }
        last = character;
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_words() {
        assert_eq!(words("batteryVoltage_mV"), ["battery", "voltage", "m", "v"]);
        assert_eq!(words("temp_c"), ["temp", "c"]);
        assert_eq!(words("TempUnit"), ["temp", "unit"]);
        assert_eq!(words("co2ppm"), ["co2ppm"]);
    }

    #[test]
    fn every_property_guessed_exists() {
        for property in PROPERTIES {
            let entry = Vocabulary::own().observable(property.name);
            let entry = entry.unwrap_or_else(|| panic!("{} is in the vocabulary", property.name));
            let kind = entry.kind.as_deref().and_then(QuantityKind::find);
            for (unit, ..) in property.units {
                let kind = kind.unwrap_or_else(|| panic!("{} has a kind", property.name));
                let found = resolve(unit, Scheme::Symbol, Some(kind));
                assert!(found.is_ok(), "{unit} of {}: {found:?}", property.name);
            }
        }
    }
}
