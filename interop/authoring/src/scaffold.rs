pub(crate) mod guess;
mod shape;

use std::fmt::Write as _;

use pervade_units::{Scheme, resolve};
use serde_json::Value;

use crate::device::places::is_plain;
use crate::scaffold::guess::{Suggested, is_ignored, kind_of, suggested, telling, words};
use crate::scaffold::shape::Shape;

/// What is known of a device type before its file is drafted.
#[derive(Debug, Clone, Copy)]
#[expect(clippy::exhaustive_structs, reason = "what a draft needs")]
pub struct Drafted<'a> {
    /// The maker, as packages name it.
    pub vendor: &'a str,
    /// The model, as packages name it.
    pub model: &'a str,
    /// The payload language, as packages name it.
    pub payload: &'a str,
    /// The dialect as JSON, where it is not the usual one.
    pub dialect: Option<&'a str>,
}

/// A drafted device file.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a text and what was guessed")]
pub struct Draft {
    /// The file, in YAML; what was guessed is marked in comments.
    pub text: String,
    /// What was guessed, in the order of the file.
    pub guesses: Vec<Guess>,
}

/// A field of the samples and what it may be.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a place and words")]
pub struct Guess {
    /// Names from the root, joined by slashes; `*` is any item.
    pub path: String,
    /// The annotations; none where nothing was guessed.
    pub annotations: Vec<String>,
    /// Why.
    pub why: String,
    /// Whether the samples leave little doubt.
    pub is_sure: bool,
}

/// Drafts a device file from samples, as they were read.
#[must_use]
pub fn scaffold(drafted: Drafted<'_>, samples: &[&Value]) -> Draft {
    let mut shape = Shape::default();
    samples.iter().for_each(|sample| shape.add(sample));
    let Drafted { vendor, model, payload, dialect } = drafted;
    let count = samples.len();
    let plural = if count == 1 { "" } else { "s" };
    let is_lorawan = payload == "lorawan+json";
    let mut writer =
        Writer { is_lorawan, is_xml: payload == "xml", text: String::new(), guesses: Vec::new() };
    let head = format!(
        "# Drafted from {count} sample{plural}. Read every line that is marked \"guessed\", and say of every\n\
         # field marked \"?\" what it is. docs/device-types.md has all keywords.\n\
         $schema: https://json-schema.org/draft/2020-12/schema\n\
         x-device:\n  vendor: {vendor}\n  model: {model}\n  version: 1.0.0\n  \
         title: {vendor} {model} # guessed: a name for people\n  \
         description: \"\"\n  payload: {payload}\n"
    );
    writer.text.push_str(&head);
    if let Some(dialect) = dialect {
        writer.line(1, &format!("dialect: {dialect} # guessed: from the first lines"));
    }
    writer.shape(&shape, &Around { indent: 0, path: Vec::new(), is_quantity: false });
    Draft { text: writer.text, guesses: writer.guesses }
}

struct Writer {
    /// Whether the payloads are uplinks as a network server hands them on.
    is_lorawan: bool,
    is_xml: bool,
    text: String,
    guesses: Vec<Guess>,
}

/// Where a shape stands.
struct Around<'s> {
    indent: usize,
    path: Vec<&'s str>,
    /// Whether it is a number with a unit, which may have a fraction another time.
    is_quantity: bool,
}

impl Writer {
    fn line(&mut self, indent: usize, line: &str) {
        // Writing to a String cannot fail.
        let _infallible = writeln!(self.text, "{:1$}{line}", "", indent * 2);
    }

    /// The keywords of a value, one a line.
    fn shape(&mut self, shape: &Shape, around: &Around<'_>) {
        let mut types = shape.types();
        if around.is_quantity {
            types.iter_mut().filter(|kind| **kind == "integer").for_each(|kind| *kind = "number");
        }
        match types.as_slice() {
            [] => {}
            [one] => self.line(around.indent, &format!("type: {}", plain(one))),
            several => {
                let several: Vec<String> = several.iter().map(|kind| plain(kind)).collect();
                self.line(around.indent, &format!("type: [{}]", several.join(", ")));
            }
        }
        if !shape.names.is_empty() {
            self.members(shape, around);
        }
        if let Some(items) = shape.items.as_ref().filter(|items| !items.is_empty()) {
            // Elements of XML are lists, also those that there is one of.
            if self.is_xml && shape.most_items == 1 {
                self.line(around.indent, "maxItems: 1 # guessed: there is one in every sample");
            }
            self.line(around.indent, "items:");
            let mut path = around.path.clone();
            path.push("*");
            let inside = Around { indent: around.indent + 1, path, is_quantity: false };
            self.value("*", items, &inside, None);
        }
    }

    fn members(&mut self, shape: &Shape, around: &Around<'_>) {
        let always = |name: &&String| {
            shape
                .members
                .get(*name)
                .is_some_and(|member| member.seen >= shape.seen && !is_ignored(name))
        };
        let required: Vec<String> =
            shape.names.iter().filter(always).map(|name| plain(name)).collect();
        if !required.is_empty() {
            self.line(around.indent, &format!("required: [{}]", required.join(", ")));
        }
        self.line(around.indent, "properties:");
        for name in &shape.names {
            let Some(member) = shape.members.get(name) else { continue };
            self.line(around.indent + 1, &format!("{}:", plain(name)));
            let mut path = around.path.clone();
            path.push(name);
            let inside = Around { indent: around.indent + 2, path, is_quantity: false };
            self.value(name, member, &inside, Some(shape));
        }
    }

    fn value(&mut self, name: &str, shape: &Shape, around: &Around<'_>, beside: Option<&Shape>) {
        if self.is_lorawan && around.path == ["network"] {
            self.line(around.indent, "type: object");
            self.line(around.indent, "x-ignored: what the network server says of the uplink");
            return;
        }
        if shape.has_parts() {
            self.shape(shape, around);
            return;
        }
        let outer = around.path.split_last().map_or(&[] as &[&str], |(_, outer)| outer);
        let telling = telling(name, outer);
        let found =
            suggested(name, shape, outer).map(|found| with_unit_beside(found, telling, beside));
        let is_quantity = found
            .as_ref()
            .is_some_and(|found| found.lines.iter().any(|(line, _)| line.starts_with("x-unit")));
        let itself = Around { indent: around.indent, path: Vec::new(), is_quantity };
        self.shape(shape, &itself);
        if beside.is_some_and(|beside| is_unit_of_other(name, shape, beside)) {
            self.line(around.indent, "# names the unit of its neighbour");
            return;
        }
        self.meaning(found, around);
    }

    fn meaning(&mut self, found: Option<Suggested>, around: &Around<'_>) {
        let path = around.path.join("/");
        let Some(found) = found else {
            let note = "# ? what is it: x-observes, x-states, x-time, x-identifier, x-ignored …";
            self.line(around.indent, note);
            let why = "nothing suggests what it is".to_owned();
            self.guesses.push(Guess { path, annotations: Vec::new(), why, is_sure: false });
            return;
        };
        for (line, why) in &found.lines {
            let line = if self.is_lorawan && around.path == ["received"] {
                line.replace("iso-8601", "{form: iso-8601, clock: server}")
            } else {
                line.clone()
            };
            self.line(around.indent, &format!("{line} # guessed: {why}"));
        }
        let annotations = found.lines.iter().map(|(line, _)| line.clone()).collect();
        let why = found.lines.first().map(|(_, why)| why.clone()).unwrap_or_default();
        self.guesses.push(Guess { path, annotations, why, is_sure: found.is_sure });
    }
}

/// Whether a field names the unit of a neighbour.
fn is_unit_of_other(name: &str, shape: &Shape, beside: &Shape) -> bool {
    shape.is_text()
        && words(name).iter().any(|word| ["unit", "units", "uom"].contains(&word.as_str()))
        && beside.members.values().any(Shape::is_number)
}

/// The unit comes from a neighbour that names one, where there is such a neighbour.
fn with_unit_beside(found: Suggested, name: &str, beside: Option<&Shape>) -> Suggested {
    let Some(beside) = beside else { return found };
    let observes = found.lines.iter().any(|(line, _)| line.starts_with("x-observes"));
    let unit = beside.names.iter().find(|other| {
        let Some(shape) = beside.members.get(*other) else { return false };
        let own = words(other);
        let is_unit = own.iter().any(|word| ["unit", "units", "uom"].contains(&word.as_str()));
        let near = own.iter().any(|word| words(name).contains(word)) || own.len() == 1;
        let fits = kind_of(name).is_none_or(|kind| {
            shape.texts().iter().all(|text| resolve(text, Scheme::Symbol, Some(kind)).is_ok())
        });
        is_unit && near && fits && shape.is_text()
    });
    let Some(unit) = unit.filter(|_| observes) else { return found };
    let kept = found
        .lines
        .into_iter()
        .filter(|(line, _)| !line.starts_with("x-unit") && !line.starts_with("x-plausible"));
    let mut lines: Vec<(String, String)> = kept.collect();
    lines.push((format!("x-unit-from: {}", plain(unit)), format!("{unit} names it")));
    Suggested { lines, ..found }
}

/// A text as a YAML scalar that is read as text.
fn plain(text: &str) -> String {
    const WORDS: &[&str] = &["null", "true", "false", "yes", "no", "on", "off", "y", "n"];
    let is_word = WORDS.contains(&text.to_lowercase().as_str());
    let dashed = text.replace('-', "_");
    if is_plain(&dashed) && !is_word && !text.starts_with('-') {
        return text.to_owned();
    }
    serde_json::to_string(text).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;
    use crate::compile;

    fn check(samples: &[&str], text: Expect, problems: Expect) {
        let values: Vec<Value> =
            samples.iter().map(|text| serde_json::from_str(text).expect("JSON")).collect();
        let samples: Vec<&Value> = values.iter().collect();
        let drafted = Drafted { vendor: "acme", model: "m-1", payload: "json", dialect: None };
        let draft = scaffold(drafted, &samples);
        text.assert_eq(&draft.text);
        let compiled = compile("device.yaml", &draft.text);
        let lines: String = compiled.problems.iter().map(|p| format!("{p}\n")).collect();
        problems.assert_eq(&lines);
    }

    #[test]
    fn a_draft_says_what_it_guessed() {
        check(
            &[
                r#"{"ts": 1773468612, "devEui": "70b3d57ba0001f2c", "temp_c": 4.2, "humidity": 81, "vbat": 3012, "door": false, "rssi": -97, "fw": "1.4.2"}"#,
                r#"{"ts": 1773469512, "devEui": "70b3d57ba0001f2c", "temp_c": -18, "vbat": 3009, "door": true, "rssi": -99, "fw": "1.4.2", "flags": 3}"#,
            ],
            expect![[r##"
                # Drafted from 2 samples. Read every line that is marked "guessed", and say of every
                # field marked "?" what it is. docs/device-types.md has all keywords.
                $schema: https://json-schema.org/draft/2020-12/schema
                x-device:
                  vendor: acme
                  model: m-1
                  version: 1.0.0
                  title: acme m-1 # guessed: a name for people
                  description: ""
                  payload: json
                type: object
                required: [devEui, door, fw, temp_c, ts, vbat]
                properties:
                  devEui:
                    type: string
                    x-identifier: eui64 # guessed: 16 hexadecimal digits
                  door:
                    type: boolean
                    x-observes: ContactState # guessed: from the name door
                  fw:
                    type: string
                    x-states: firmwareVersion # guessed: from the name
                  humidity:
                    type: number
                    x-observes: RelativeHumidity # guessed: from the name humidity
                    x-unit: "%" # guessed: the values are between 0 and 100
                    x-plausible: [0, 100] # guessed: values outside are kept and flagged
                  rssi:
                    type: integer
                    x-ignored: radio diagnostics # guessed: rssi is rarely of use to others
                  temp_c:
                    type: number
                    x-observes: Temperature # guessed: from the name temp_c
                    x-unit: "°C" # guessed: from the name
                    x-plausible: [-40, 85] # guessed: values outside are kept and flagged
                  ts:
                    type: integer
                    x-time: epoch-seconds # guessed: 1773468612 is 2026-03-14T06:10:12Z
                  vbat:
                    type: number
                    x-observes: BatteryVoltage # guessed: from the name vbat
                    x-unit: "mV" # guessed: the values are between 1000 and 15000
                  flags:
                    type: integer
                    # ? what is it: x-observes, x-states, x-time, x-identifier, x-ignored …
            "##]],
            expect![[r#"
                device.yaml:43:3: flags has no meaning; say what it is (x-observes, x-states, x-time, x-identifier …), or x-ignored with the reason [no-meaning]
            "#]],
        );
    }

    #[test]
    fn units_beside_and_items() {
        check(
            &[
                r#"{"time": "2026-03-14T06:10:12Z", "readings": [{"temperature": {"value": 21.5, "unit": "°C"}, "pressure": 1013, "pressure_unit": "hPa", "on": null}], "2x": "1"}"#,
            ],
            expect![[r##"
                # Drafted from 1 sample. Read every line that is marked "guessed", and say of every
                # field marked "?" what it is. docs/device-types.md has all keywords.
                $schema: https://json-schema.org/draft/2020-12/schema
                x-device:
                  vendor: acme
                  model: m-1
                  version: 1.0.0
                  title: acme m-1 # guessed: a name for people
                  description: ""
                  payload: json
                type: object
                required: ["2x", readings, time]
                properties:
                  "2x":
                    type: string
                    # ? what is it: x-observes, x-states, x-time, x-identifier, x-ignored …
                  readings:
                    type: array
                    items:
                      type: object
                      required: [pressure, pressure_unit, temperature]
                      properties:
                        "on":
                          type: "null"
                          # ? what is it: x-observes, x-states, x-time, x-identifier, x-ignored …
                        pressure:
                          type: number
                          x-observes: AirPressure # guessed: from the name pressure
                          x-unit-from: pressure_unit # guessed: pressure_unit names it
                        pressure_unit:
                          type: string
                          # names the unit of its neighbour
                        temperature:
                          type: object
                          required: [unit, value]
                          properties:
                            unit:
                              type: string
                              # names the unit of its neighbour
                            value:
                              type: number
                              x-observes: Temperature # guessed: from the name value
                              x-unit-from: unit # guessed: unit names it
                  time:
                    type: string
                    x-time: iso-8601 # guessed: ISO 8601 with a zone
            "##]],
            expect![[r#"
                device.yaml:14:3: 2x has no meaning; say what it is (x-observes, x-states, x-time, x-identifier …), or x-ignored with the reason [no-meaning]
                device.yaml:23:9: readings/*/on has no meaning; say what it is (x-observes, x-states, x-time, x-identifier …), or x-ignored with the reason [no-meaning]
            "#]],
        );
    }
}
