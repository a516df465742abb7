//! What literals are worth: whether a lexical form is of its datatype, and which of two is less.

use std::cmp::Ordering;

use pervade_rdf::vocabulary::xsd;
use pervade_units::{DeviceTime, Number};

use crate::node::Key;

const XSD: &str = "http://www.w3.org/2001/XMLSchema#";

/// Integer types and the least and greatest value of each, as text; empty where there is none.
const INTEGERS: &[(&str, &str, &str)] = &[
    ("integer", "", ""),
    ("nonPositiveInteger", "", "0"),
    ("negativeInteger", "", "-1"),
    ("nonNegativeInteger", "0", ""),
    ("positiveInteger", "1", ""),
    ("long", "-9223372036854775808", "9223372036854775807"),
    ("int", "-2147483648", "2147483647"),
    ("short", "-32768", "32767"),
    ("byte", "-128", "127"),
    ("unsignedLong", "0", "18446744073709551615"),
    ("unsignedInt", "0", "4294967295"),
    ("unsignedShort", "0", "65535"),
    ("unsignedByte", "0", "255"),
];

/// Whether a lexical form is one of the datatype's
/// ([XML Schema 1.1, part 2](https://www.w3.org/TR/xmlschema11-2/)). Of datatypes that are not
/// looked into, every form is.
pub(crate) fn is_well_formed(value: &str, datatype: &str) -> bool {
    let Some(local) = datatype.strip_prefix(XSD) else { return true };
    if let Some((_, least, most)) = INTEGERS.iter().find(|(name, _, _)| *name == local) {
        return is_integer(value) && is_between(value, least, most);
    }
    match local {
        "boolean" => matches!(value, "true" | "false" | "1" | "0"),
        "decimal" => is_decimal(value),
        "double" | "float" => is_double(value),
        "dateTime" => is_date_time(value, false),
        "dateTimeStamp" => is_date_time(value, true),
        "date" => date(value).is_some(),
        "time" => is_date_time(&format!("2000-01-01T{value}"), false),
        "hexBinary" => {
            value.len().is_multiple_of(2) && value.bytes().all(|b| b.is_ascii_hexdigit())
        }
        "anyURI" => !value.contains(char::is_whitespace),
        "language" => is_language(value),
        _ => true,
    }
}

fn digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

fn unsigned(text: &str) -> &str {
    text.strip_prefix(['+', '-']).unwrap_or(text)
}

fn is_integer(text: &str) -> bool {
    digits(unsigned(text))
}

fn is_decimal(text: &str) -> bool {
    match unsigned(text).split_once('.') {
        Some((whole, "")) => digits(whole),
        Some(("", fraction)) => digits(fraction),
        Some((whole, fraction)) => digits(whole) && digits(fraction),
        None => digits(unsigned(text)),
    }
}

fn is_double(text: &str) -> bool {
    if matches!(text, "INF" | "+INF" | "-INF" | "NaN") {
        return true;
    }
    match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => is_decimal(mantissa) && is_integer(exponent),
        None => is_decimal(text),
    }
}

fn is_between(value: &str, least: &str, most: &str) -> bool {
    let number = |text: &str| Number::parse(text.trim_start_matches('+')).ok();
    // A number too long to be read is beyond every bound but none.
    let Some(value) = number(value) else { return least.is_empty() && most.is_empty() };
    let above = least.is_empty() || number(least).is_some_and(|least| least <= value);
    let below = most.is_empty() || number(most).is_some_and(|most| value <= most);
    above && below
}

fn is_date_time(text: &str, needs_zone: bool) -> bool {
    match instant(text) {
        Some(DeviceTime::Zoned(_)) => true,
        Some(DeviceTime::Local(_)) => !needs_zone,
        None => false,
    }
}

/// A date and time; hour 24 and years beyond 1 to 9999 are not read.
fn instant(text: &str) -> Option<DeviceTime> {
    if !text.contains('T') || text.contains(['z', ' ']) {
        return None;
    }
    DeviceTime::parse(text, None).ok()
}

/// A date as the time it begins.
fn date(text: &str) -> Option<DeviceTime> {
    let (day, zone) = text.split_at_checked(10)?;
    instant(&format!("{day}T00:00:00{zone}"))
}

fn is_language(text: &str) -> bool {
    text.split('-').all(|part| {
        (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric())
    })
}

/// What values are compared as.
#[derive(Debug, PartialEq)]
enum Worth {
    Number(Number),
    MinusInfinity,
    Infinity,
    Text(String),
    Truth(bool),
    Time(DeviceTime),
    Date(DeviceTime),
}

/// Which of two literals is less, as SPARQL's operators tell; `None` if they cannot be compared.
pub(crate) fn compare(a: Key<'_>, b: Key<'_>) -> Option<Ordering> {
    match (worth(a)?, worth(b)?) {
        (Worth::Number(a), Worth::Number(b)) => Some(a.cmp(&b)),
        (Worth::MinusInfinity, Worth::MinusInfinity) | (Worth::Infinity, Worth::Infinity) => {
            Some(Ordering::Equal)
        }
        (Worth::MinusInfinity, Worth::Number(_) | Worth::Infinity)
        | (Worth::Number(_), Worth::Infinity) => Some(Ordering::Less),
        (Worth::Infinity, Worth::Number(_) | Worth::MinusInfinity)
        | (Worth::Number(_), Worth::MinusInfinity) => Some(Ordering::Greater),
        (Worth::Text(a), Worth::Text(b)) => Some(a.cmp(&b)),
        (Worth::Truth(a), Worth::Truth(b)) => Some(a.cmp(&b)),
        (Worth::Time(a), Worth::Time(b)) | (Worth::Date(a), Worth::Date(b)) => match (a, b) {
            (DeviceTime::Zoned(a), DeviceTime::Zoned(b)) => Some(a.cmp(&b)),
            (DeviceTime::Local(a), DeviceTime::Local(b)) => Some(a.cmp(&b)),
            // A zone apart, which is earlier is not told.
            _ => None,
        },
        _ => None,
    }
}

fn worth(key: Key<'_>) -> Option<Worth> {
    let Key::Literal { value, datatype, language: None } = key else { return None };
    if !is_well_formed(value, datatype) {
        return None;
    }
    let local = datatype.strip_prefix(XSD)?;
    if INTEGERS.iter().any(|(name, _, _)| *name == local) {
        return number(value);
    }
    match local {
        "decimal" => number(value),
        "double" | "float" => match value {
            "INF" | "+INF" => Some(Worth::Infinity),
            "-INF" => Some(Worth::MinusInfinity),
            _ => number(value),
        },
        "boolean" => Some(Worth::Truth(matches!(value, "true" | "1"))),
        "dateTime" | "dateTimeStamp" => instant(value).map(Worth::Time),
        "date" => date(value).map(Worth::Date),
        _ if datatype == xsd::STRING => Some(Worth::Text(value.to_owned())),
        _ => None,
    }
}

fn number(text: &str) -> Option<Worth> {
    Number::parse(text.trim_start_matches('+')).ok().map(Worth::Number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn literal<'a>(value: &'a str, datatype: &'a str) -> Key<'a> {
        Key::Literal { value, datatype, language: None }
    }

    fn xsd(local: &str) -> String {
        format!("{XSD}{local}")
    }

    #[test]
    fn forms_of_datatypes() {
        for (value, datatype, expected) in [
            ("300", "byte", false),
            ("-128", "byte", true),
            ("1.", "decimal", true),
            ("1e3", "decimal", false),
            ("1e3", "double", true),
            ("INF", "float", true),
            ("yes", "boolean", false),
            ("2020-02-30T00:00:00Z", "dateTime", false),
            ("2020-02-29T00:00:00", "dateTime", true),
            ("2020-02-29T00:00:00", "dateTimeStamp", false),
            ("2020-02-29", "date", true),
            ("12:00:00Z", "time", true),
            ("0aF", "hexBinary", false),
            ("anything", "normalizedString", true),
        ] {
            assert_eq!(is_well_formed(value, &xsd(datatype)), expected, "{value} {datatype}");
        }
    }

    #[test]
    fn which_is_less() {
        for (a, b, expected) in [
            (("2", "integer"), ("2.0", "decimal"), Some(Ordering::Equal)),
            (("1.5e1", "double"), ("16", "byte"), Some(Ordering::Less)),
            (("INF", "double"), ("9", "integer"), Some(Ordering::Greater)),
            (("NaN", "double"), ("9", "integer"), None),
            (("a", "string"), ("b", "string"), Some(Ordering::Less)),
            (("1", "integer"), ("b", "string"), None),
            (
                ("2020-01-01T00:00:00Z", "dateTime"),
                ("2020-01-01T00:30:00+01:00", "dateTime"),
                Some(Ordering::Greater),
            ),
            (("2020-01-01T00:00:00", "dateTime"), ("2020-01-01T00:00:00Z", "dateTime"), None),
            (("2020-01-01", "date"), ("2020-01-02", "date"), Some(Ordering::Less)),
            (("x", "integer"), ("1", "integer"), None),
        ] {
            let (left, right) = (xsd(a.1), xsd(b.1));
            let found = compare(literal(a.0, &left), literal(b.0, &right));
            assert_eq!(found, expected, "{a:?} {b:?}");
        }
    }
}
