//! Numbers, times and places in the forms in which devices write them.

use pervade_units::{Number, NumberError, TimeError, canonical_decimal};

use super::{Call, Called, FunctionError, Output, Outputs, Parameter, cut};
use crate::term::Value;
use crate::vocabulary::PERVADE;

/// Texts that say there is no value, in small letters.
const NO_VALUE: &[&str] = &["", "-", "--", "---", "nan", "n/a", "na", "null", "none"];

impl Call<'_> {
    pub(super) fn read_number(&self) -> Called {
        let text = self.one(Parameter::Text)?.trim();
        if NO_VALUE.contains(&text.to_ascii_lowercase().as_str()) {
            return Ok(Outputs::new());
        }
        let malformed = || NumberError::Malformed { text: text.chars().take(64).collect() };
        let (number, unit) = number_before(text, self.decimal()?).ok_or_else(malformed)?;
        let mut outputs =
            Outputs::from([(Output::Number, Value::Number(canonical_decimal(&number)?))]);
        if !unit.is_empty() {
            outputs.insert(Output::UnitText, Value::Text(unit.to_owned()));
        }
        Ok(outputs)
    }

    pub(super) fn read_boolean(&self) -> Called {
        let text = self.one(Parameter::Text)?.trim().to_ascii_lowercase();
        if NO_VALUE.contains(&text.as_str()) {
            return Ok(Outputs::new());
        }
        let boolean = match text.as_str() {
            "true" | "on" | "yes" => true,
            "false" | "off" | "no" => false,
            number => canonical_decimal(number)? != "0",
        };
        Ok(Outputs::from([(Output::Boolean, Value::Boolean(boolean))]))
    }

    fn decimal(&self) -> Result<char, FunctionError> {
        match self.optional(Parameter::Decimal)? {
            None | Some(".") => Ok('.'),
            Some(",") => Ok(','),
            Some(other) => Err(FunctionError::NoSuch { what: "decimal sign", text: cut(other) }),
        }
    }

    pub(super) fn read_time(&self) -> Called {
        let (text, pattern) = (self.one(Parameter::Text)?, self.one(Parameter::Pattern)?);
        let malformed = || TimeError::Malformed { text: text.chars().take(48).collect() };
        let iso = Written::read(text.trim(), pattern)?.ok_or_else(malformed)?.iso();
        self.time(&iso)
    }

    pub(super) fn read_angle(&self) -> Called {
        let text = self.one(Parameter::Text)?.trim();
        if NO_VALUE.contains(&text.to_ascii_lowercase().as_str()) {
            return Ok(Outputs::new());
        }
        let degrees = degrees(text, self.decimal()?)
            .ok_or_else(|| FunctionError::NoSuch { what: "angle", text: cut(text) })?;
        Ok(Outputs::from([(Output::Number, Value::Number(degrees.to_decimal()))]))
    }

    pub(super) fn place_flag(&self) -> Called {
        let latitude = Number::parse(self.one(Parameter::Latitude)?)?;
        let longitude = Number::parse(self.one(Parameter::Longitude)?)?;
        let code = self.one(Parameter::Code)?;
        let entries = self.arguments.get(&Parameter::Entry).map(Vec::as_slice).unwrap_or_default();
        let found = entries
            .iter()
            .find_map(|entry| entry.split_once('=').filter(|(key, _)| *key == code))
            .map(|(_, place)| place);
        let Some(place) = found else { return Ok(Outputs::new()) };
        let edges: Vec<Number> =
            place.split_whitespace().map(Number::parse).collect::<Result<_, _>>()?;
        let [south, north, west, east] = edges.as_slice() else {
            return Err(FunctionError::NoSuch { what: "box of a place", text: cut(place) });
        };
        let inside = |latitude: &Number, longitude: &Number| {
            (south..=north).contains(&latitude) && (west..=east).contains(&longitude)
        };
        let flag = match (inside(&latitude, &longitude), inside(&longitude, &latitude)) {
            (true, _) => return Ok(Outputs::new()),
            (false, true) => "AxesSwapped",
            (false, false) => "Implausible",
        };
        Ok(Outputs::from([(Output::Flag, Value::Iri(format!("{PERVADE}{flag}")))]))
    }
}

/// The number at the beginning of a text, with a point, and the unit after it.
fn number_before(text: &str, decimal: char) -> Option<(String, &str)> {
    let (sign, rest) = match text.strip_prefix(['-', '\u{2212}']) {
        Some(rest) => ("-", rest),
        None => ("", text.strip_prefix('+').unwrap_or(text)),
    };
    let (whole, mut rest) = digits(rest);
    let mut number = format!("{sign}{whole}");
    if let Some(after) = rest.strip_prefix(decimal) {
        let (fraction, after) = digits(after);
        if whole.len() + fraction.len() == 0 {
            return None;
        }
        number.push('.');
        number.push_str(fraction);
        rest = after;
    } else if whole.is_empty() {
        return None;
    }
    if let Some((exponent, after)) = exponent(rest) {
        number.push_str(exponent);
        rest = after;
    }
    // What goes on like a number is another notation, such as digits in groups.
    let goes_on = |c: char| c.is_ascii_digit() || matches!(c, '.' | ',' | '\'' | '-' | '+');
    let unit = rest.trim();
    (!unit.starts_with(goes_on)).then_some((number, unit))
}

/// The digits at the beginning, and the rest.
fn digits(text: &str) -> (&str, &str) {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    text.split_at(end)
}

fn exponent(text: &str) -> Option<(&str, &str)> {
    let after = text.strip_prefix(['e', 'E'])?;
    let (found, rest) = digits(after.strip_prefix(['+', '-']).unwrap_or(after));
    if found.is_empty() { None } else { Some((text.strip_suffix(rest)?, rest)) }
}

/// A time as its parts, each as it is written.
#[derive(Default)]
struct Written<'t> {
    year: &'t str,
    month: &'t str,
    day: &'t str,
    hour: &'t str,
    minute: &'t str,
    second: &'t str,
    fraction: &'t str,
    zone: &'t str,
}

impl<'t> Written<'t> {
    /// Reads a text after its pattern; `None` if it does not follow it.
    fn read(text: &'t str, pattern: &str) -> Result<Option<Self>, FunctionError> {
        let mut written = Self::default();
        let (mut text, mut pattern) = (text, pattern);
        while let Some(sign) = pattern.chars().next() {
            let run = pattern.len() - pattern.trim_start_matches(sign).len();
            let (taken, rest) = match (sign, run) {
                ('f', 1) => digits(text),
                ('Z', 1) => text.split_at(text.len()),
                ('Y', 4) | ('M' | 'D' | 'h' | 'm' | 's', 2) => match text.split_at_checked(run) {
                    Some(parts) => parts,
                    None => return Ok(None),
                },
                ('A'..='Z' | 'a'..='z', _) if !matches!(sign, 'T') => {
                    return Err(FunctionError::NoSuch {
                        what: "pattern of a time",
                        text: cut(pattern),
                    });
                }
                _ => match text.strip_prefix(sign) {
                    Some(rest) => {
                        text = rest;
                        pattern = pattern.get(sign.len_utf8()..).unwrap_or_default();
                        continue;
                    }
                    None => return Ok(None),
                },
            };
            *written.part(sign) = taken;
            text = rest;
            pattern = pattern.get(run..).unwrap_or_default();
        }
        Ok(text.is_empty().then_some(written))
    }

    const fn part(&mut self, sign: char) -> &mut &'t str {
        match sign {
            'Y' => &mut self.year,
            'M' => &mut self.month,
            'D' => &mut self.day,
            'h' => &mut self.hour,
            'm' => &mut self.minute,
            's' => &mut self.second,
            'f' => &mut self.fraction,
            _ => &mut self.zone,
        }
    }

    /// In ISO 8601, whose reader judges the parts; a part of the day that is not written is zero.
    fn iso(&self) -> String {
        let Self { year, month, day, hour, minute, second, fraction, zone } = self;
        let of_day = |part: &'t str| if part.is_empty() { "00" } else { part };
        let point = if fraction.is_empty() { "" } else { "." };
        let (hour, minute, second) = (of_day(hour), of_day(minute), of_day(second));
        format!("{year}-{month}-{day}T{hour}:{minute}:{second}{point}{fraction}{}", zone.trim())
    }
}

/// `48°13'30.5"N`, `-48.225`, `16 22 30 E`: whole degrees and minutes before the last part.
fn degrees(text: &str, decimal: char) -> Option<Number> {
    let hemisphere = |c: char| matches!(c.to_ascii_uppercase(), 'N' | 'S' | 'E' | 'W');
    let (letter, rest) = match (text.chars().next(), text.chars().next_back()) {
        (Some(first), _) if hemisphere(first) => (Some(first), text.get(1..)?),
        (_, Some(last)) if hemisphere(last) => (Some(last), text.get(..text.len() - 1)?),
        _ => (None, text),
    };
    let (minus, unsigned) = match rest.trim().strip_prefix(['-', '\u{2212}']) {
        Some(rest) => (true, rest),
        None => (false, rest.trim().strip_prefix('+').unwrap_or(rest.trim())),
    };
    if letter.is_some() && minus {
        return None;
    }
    let between = |c: char| matches!(c, ' ' | ':' | '°' | 'º' | '\'' | '′' | '’' | '"' | '″' | '”');
    let parts: Vec<&str> = unsigned.split(between).filter(|part| !part.is_empty()).collect();
    let (last, before) = parts.split_last()?;
    let is_whole = |part: &&str| part.bytes().all(|b| b.is_ascii_digit());
    if before.len() > 2 || !before.iter().all(is_whole) {
        return None;
    }
    let (last, unit) = number_before(last, decimal)?;
    let mut sum = Number::ratio(0, 1)?;
    let mut scale = 1;
    for part in before.iter().copied().chain([last.as_str()]) {
        let part = Number::parse(part).ok()?;
        if scale > 1 && part >= Number::ratio(60, 1)? {
            return None;
        }
        sum = sum.plus(&part.over(&Number::ratio(scale, 1)?)?);
        scale *= 60;
    }
    let negative = minus || letter.is_some_and(|c| matches!(c.to_ascii_uppercase(), 'S' | 'W'));
    let signed = if negative { Number::ratio(0, 1)?.minus(&sum) } else { sum.clone() };
    (unit.is_empty() && sum <= Number::ratio(360, 1)?).then_some(signed)
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;
    use crate::functions::{Arguments, Function, Surroundings, local};

    fn check(function: Function, inputs: &[(Parameter, &str)], expected: Expect) {
        let mut arguments = Arguments::new();
        for (parameter, text) in inputs {
            arguments.entry(*parameter).or_default().push((*text).to_owned());
        }
        let around = Surroundings { base: "", record: "", device: "", path: &[], enclosing: None };
        let shown = match function.call(&arguments, &around) {
            Ok(outputs) => {
                let shown = outputs.iter().map(|(output, value)| {
                    let text = match value {
                        Value::Text(text) | Value::Number(text) | Value::Iri(text) => text.clone(),
                        Value::Boolean(boolean) => boolean.to_string(),
                    };
                    format!("{}={text}", local(output))
                });
                shown.collect::<Vec<_>>().join(" ")
            }
            Err(error) => error.to_string(),
        };
        expected.assert_eq(&shown);
    }

    fn number(text: &str, decimal: &str, expected: Expect) {
        check(
            Function::ReadNumber,
            &[(Parameter::Text, text), (Parameter::Decimal, decimal)],
            expected,
        );
    }

    #[test]
    fn numbers_as_devices_write_them() {
        number("21.50", ".", expect!["number=21.5"]);
        number(" +21,5 °C ", ",", expect!["number=21.5 unitText=°C"]);
        number("\u{2212}4", ".", expect!["number=-4"]);
        number("1.2E-3A", ".", expect!["number=0.0012 unitText=A"]);
        number("5e", ".", expect!["number=5 unitText=e"]);
        number("58%", ".", expect!["number=58 unitText=%"]);
        number(",5", ",", expect!["number=0.5"]);
        for nothing in ["", " ", "NaN", "--", "n/a", "NULL"] {
            number(nothing, ".", expect![""]);
        }
    }

    #[test]
    fn what_is_no_number() {
        number("1,5", ".", expect![[r#""1,5" is not a number"#]]);
        number("1.234,5", ",", expect![[r#""1.234,5" is not a number"#]]);
        number("1 234", ".", expect![[r#""1 234" is not a number"#]]);
        number("inf", ".", expect![[r#""inf" is not a number"#]]);
        number(".", ".", expect![[r#""." is not a number"#]]);
        number("1", ";", expect![[r#"";" is no decimal sign"#]]);
        number(&"1".repeat(65), ".", expect!["a number of more than 64 characters"]);
    }

    #[test]
    fn yes_and_no() {
        let boolean =
            |text, expected| check(Function::ReadBoolean, &[(Parameter::Text, text)], expected);
        boolean("1", expect!["boolean=true"]);
        boolean("0.0", expect!["boolean=false"]);
        boolean("ON", expect!["boolean=true"]);
        boolean("no", expect!["boolean=false"]);
        boolean("--", expect![""]);
        boolean("open", expect![[r#""open" is not a number"#]]);
    }

    fn time(text: &str, pattern: &str, expected: Expect) {
        check(
            Function::ReadTime,
            &[(Parameter::Text, text), (Parameter::Pattern, pattern)],
            expected,
        );
    }

    #[test]
    fn times_after_a_pattern() {
        time(
            "14.03.2026 07:12",
            "DD.MM.YYYY hh:mm",
            expect!["localTime=2026-03-14T07:12:00 timeFlag=urn:pervade:vocab#ZoneUnknown"],
        );
        time("20260314T071240Z", "YYYYMMDDThhmmssZ", expect!["instant=2026-03-14T07:12:40Z"]);
        time(
            "03/14/2026 07:12:40.250 +01:00",
            "MM/DD/YYYY hh:mm:ss.f Z",
            expect!["instant=2026-03-14T06:12:40.25Z"],
        );
        time("31.02.2026", "DD.MM.YYYY", expect![[r#""2026-02-31T00:00:00" is not a time"#]]);
        time("1.3.2026", "DD.MM.YYYY", expect![[r#""1.3.2026" is not a time"#]]);
        time("14.03.2026 x", "DD.MM.YYYY", expect![[r#""14.03.2026 x" is not a time"#]]);
        time("2026", "YY", expect![[r#""YY" is no pattern of a time"#]]);
        time("€€€€", "YYYY", expect![[r#""€€€€" is not a time"#]]);
        check(
            Function::ReadTime,
            &[
                (Parameter::Text, "14.03.2026 07:12"),
                (Parameter::Pattern, "DD.MM.YYYY hh:mm"),
                (Parameter::Zone, "+01:00"),
            ],
            expect!["instant=2026-03-14T06:12:00Z"],
        );
    }

    fn angle(text: &str, expected: Expect) {
        check(Function::ReadAngle, &[(Parameter::Text, text)], expected);
    }

    #[test]
    fn angles_in_degrees() {
        angle("48°13'30\"N", expect!["number=48.225"]);
        angle("S 33 51.6", expect!["number=-33.86"]);
        angle("16:22:30 e", expect!["number=16.375"]);
        angle("-0.5", expect!["number=-0.5"]);
        angle("--", expect![""]);
        angle("48°60'N", expect![[r#""48°60'N" is no angle"#]]);
        angle("-48 N", expect![[r#""-48 N" is no angle"#]]);
        angle("48.5°13'", expect![[r#""48.5°13'" is no angle"#]]);
        angle("1 2 3 4", expect![[r#""1 2 3 4" is no angle"#]]);
        angle("N", expect![[r#""N" is no angle"#]]);
        angle("361", expect![[r#""361" is no angle"#]]);
        angle("é", expect![[r#""é" is no angle"#]]);
    }

    #[test]
    fn positions_outside_their_place() {
        let flag = |latitude, longitude, country, expected| {
            check(
                Function::PlaceFlag,
                &[
                    (Parameter::Latitude, latitude),
                    (Parameter::Longitude, longitude),
                    (Parameter::Code, country),
                    (Parameter::Entry, "Finland=59 71 19 32"),
                ],
                expected,
            );
        };
        flag("60.17", "24.94", "Finland", expect![""]);
        flag("24.94", "60.17", "Finland", expect!["flag=urn:pervade:vocab#AxesSwapped"]);
        flag("48.2", "16.4", "Finland", expect!["flag=urn:pervade:vocab#Implausible"]);
        flag("48.2", "16.4", "Austria", expect![""]);
    }
}
