use std::collections::{BTreeMap, BTreeSet};

use pervade_mapping::Document;
use pervade_rdf::Position;
use saphyr_parser::{Event, Marker, Parser, ScalarStyle, Span};

use crate::node::{Member, Node, Value};
use crate::problem::{Problem, ProblemCode};

/// Longest file read, in bytes.
pub(crate) const FILE_BYTES_MAX: usize = 256 * 1024;

/// Most values of a file, those of aliases counted at every use.
pub(crate) const NODES_MAX: usize = 20_000;

/// Most lists and objects inside one another.
pub(crate) const DEPTH_MAX: usize = 64;

/// What a file is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Notation {
    Json,
    Yaml,
}

impl Notation {
    /// By the ending of the file's name; what does not end in `.json` is YAML, which JSON is
    /// nearly a part of.
    pub(crate) fn of(file: &str) -> Self {
        if file.ends_with(".json") { Self::Json } else { Self::Yaml }
    }
}

/// Reads one document. Scalars are read by the
/// [core schema](https://yaml.org/spec/1.2.2/#103-core-schema) of YAML 1.2; a file that goes on
/// after a problem gives both.
pub(crate) fn read(text: &str, notation: Notation) -> (Option<Node>, Vec<Problem>) {
    if text.len() > FILE_BYTES_MAX {
        let message = format!("the file is longer than {FILE_BYTES_MAX} bytes");
        return (None, vec![Problem::at(Position::START, ProblemCode::TooLarge, message)]);
    }
    let prepared = match notation {
        Notation::Yaml => text.to_owned(),
        Notation::Json => match Document::parse(text.as_bytes()) {
            Ok(_) => json_as_yaml(text),
            Err(error) => {
                let problem =
                    Problem::at(error.position, ProblemCode::Syntax, error.reason.to_string());
                return (None, vec![problem]);
            }
        },
    };
    let mut reader = Reader { nodes: 0, anchors: BTreeMap::new(), problems: Vec::new() };
    let mut events = Parser::new_from_str(&prepared);
    match reader.document(&mut events) {
        Ok(node) => (node, reader.problems),
        Err(problem) => {
            reader.problems.push(problem);
            (None, reader.problems)
        }
    }
}

/// JSON that YAML reads alike: a tab is a blank, and the two halves of a character beyond
/// `U+FFFF` are one.
fn json_as_yaml(text: &str) -> String {
    let mut yaml = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("\\u") {
        let (before, escape) = rest.split_at_checked(at).unwrap_or((rest, ""));
        yaml.push_str(before);
        let is_escaped = before.chars().rev().take_while(|c| *c == '\\').count() % 2 == 1;
        let unit = |from: usize| {
            escape.get(from..from + 4).and_then(|hex| u32::from_str_radix(hex, 16).ok())
        };
        let pair = match (unit(2), escape.get(6..8), unit(8)) {
            (Some(high @ 0xd800..=0xdbff), Some("\\u"), Some(low @ 0xdc00..=0xdfff)) => {
                char::from_u32(0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00))
            }
            _ => None,
        };
        match pair.filter(|_| !is_escaped) {
            Some(character) => {
                yaml.push(character);
                rest = escape.get(12..).unwrap_or_default();
            }
            None => {
                yaml.push_str("\\u");
                rest = escape.get(2..).unwrap_or_default();
            }
        }
    }
    yaml.push_str(rest);
    yaml.replace('\t', " ")
}

type Events<'t> = dyn Iterator<Item = Result<(Event<'t>, Span), saphyr_parser::ScanError>> + 't;

struct Reader {
    nodes: usize,
    anchors: BTreeMap<usize, (Node, usize)>,
    problems: Vec<Problem>,
}

impl Reader {
    fn document(&mut self, events: &mut Events<'_>) -> Result<Option<Node>, Problem> {
        let mut root = None;
        while let Some((event, span)) = next(events)? {
            let is_frame = matches!(
                event,
                Event::StreamStart
                    | Event::StreamEnd
                    | Event::DocumentStart(_)
                    | Event::DocumentEnd
                    | Event::Nothing
            );
            if is_frame {
                continue;
            }
            if root.is_some() {
                let message = "the file holds more than one document";
                return Err(Problem::at(place(span.start), ProblemCode::NotPlain, message));
            }
            root = Some(self.node(event, span, events, 0)?);
        }
        if root.is_none() {
            self.problems.push(Problem::at(
                Position::START,
                ProblemCode::Syntax,
                "the file is empty",
            ));
        }
        Ok(root)
    }

    fn node<'t>(
        &mut self,
        event: Event<'t>,
        span: Span,
        events: &mut Events<'t>,
        depth: usize,
    ) -> Result<Node, Problem> {
        let at = place(span.start);
        self.count(1, at)?;
        if depth > DEPTH_MAX {
            let message = format!("deeper than {DEPTH_MAX} levels");
            return Err(Problem::at(at, ProblemCode::TooLarge, message));
        }
        let before = self.nodes;
        let (anchor, value) = match event {
            Event::Alias(anchor) => return self.alias(anchor, at),
            Event::Scalar(text, style, anchor, tag) => {
                self.refuse_tag(tag.as_deref(), at);
                (anchor, self.scalar(&text, style, at))
            }
            Event::SequenceStart(anchor, tag) => {
                self.refuse_tag(tag.as_deref(), at);
                (anchor, self.list(events, depth)?)
            }
            Event::MappingStart(anchor, tag) => {
                self.refuse_tag(tag.as_deref(), at);
                (anchor, self.object(events, depth)?)
            }
            Event::Nothing
            | Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentStart(_)
            | Event::DocumentEnd
            | Event::SequenceEnd
            | Event::MappingEnd => {
                return Err(Problem::at(at, ProblemCode::Syntax, "a value is expected"));
            }
        };
        let node = Node { at, value };
        if anchor > 0 {
            self.anchors.insert(anchor, (node.clone(), self.nodes - before + 1));
        }
        Ok(node)
    }

    /// The node of an alias, as if it stood there; what it holds counts again.
    fn alias(&mut self, anchor: usize, at: Position) -> Result<Node, Problem> {
        let Some((node, size)) = self.anchors.get(&anchor) else {
            return Err(Problem::at(at, ProblemCode::Reference, "the alias holds itself"));
        };
        let (node, size) = (node.clone(), *size);
        self.count(size, at)?;
        Ok(node)
    }

    fn count(&mut self, nodes: usize, at: Position) -> Result<(), Problem> {
        self.nodes += nodes;
        if self.nodes > NODES_MAX {
            let message = format!("more than {NODES_MAX} values, those of aliases included");
            return Err(Problem::at(at, ProblemCode::TooLarge, message));
        }
        Ok(())
    }

    fn list<'t>(&mut self, events: &mut Events<'t>, depth: usize) -> Result<Value, Problem> {
        let mut items = Vec::new();
        while let Some((event, span)) = next(events)? {
            if matches!(event, Event::SequenceEnd) {
                break;
            }
            items.push(self.node(event, span, events, depth + 1)?);
        }
        Ok(Value::List(items))
    }

    fn object<'t>(&mut self, events: &mut Events<'t>, depth: usize) -> Result<Value, Problem> {
        let mut members: Vec<Member> = Vec::new();
        let mut names = BTreeSet::new();
        while let Some((event, span)) = next(events)? {
            if matches!(event, Event::MappingEnd) {
                break;
            }
            let at = place(span.start);
            let key = self.node(event, span, events, depth + 1)?;
            let Some(name) = key.scalar().map(str::to_owned) else {
                return Err(Problem::at(at, ProblemCode::NotPlain, "a name is text"));
            };
            let Some((event, span)) = next(events)? else { break };
            let value = self.node(event, span, events, depth + 1)?;
            if !names.insert(name.clone()) {
                let message = format!("{name:?} is given twice");
                self.problems.push(Problem::at(at, ProblemCode::DuplicateKey, message));
                continue;
            }
            members.push(Member { at, name, value });
        }
        Ok(Value::Object(members))
    }

    fn refuse_tag(&mut self, tag: Option<&saphyr_parser::Tag>, at: Position) {
        if let Some(tag) = tag {
            let message = format!("the tag {tag} has no meaning here");
            self.problems.push(Problem::at(at, ProblemCode::NotPlain, message));
        }
    }

    fn scalar(&mut self, text: &str, style: ScalarStyle, at: Position) -> Value {
        if style != ScalarStyle::Plain {
            return Value::Text(text.to_owned());
        }
        match text {
            "" | "~" | "null" | "Null" | "NULL" => Value::Null,
            "true" | "True" | "TRUE" => Value::Bool(true),
            "false" | "False" | "FALSE" => Value::Bool(false),
            _ if is_json_number(text) => Value::Number(text.to_owned()),
            _ if is_other_number(text) => {
                let message = format!("{text} is a number to YAML that JSON does not have");
                let problem = Problem::at(at, ProblemCode::NotPlain, message);
                let hint = "write a decimal number, or put it in quotes";
                self.problems.push(problem.suggesting(hint));
                Value::Text(text.to_owned())
            }
            _ => Value::Text(text.to_owned()),
        }
    }
}

fn next<'t>(events: &mut Events<'t>) -> Result<Option<(Event<'t>, Span)>, Problem> {
    let syntax = |error: saphyr_parser::ScanError| {
        Problem::at(place(*error.marker()), ProblemCode::Syntax, error.info())
    };
    events.next().transpose().map_err(syntax)
}

fn place(marker: Marker) -> Position {
    let number = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
    Position { line: number(marker.line()).max(1), column: number(marker.col()).saturating_add(1) }
}

/// [RFC 8259, 6](https://www.rfc-editor.org/rfc/rfc8259#section-6)
pub(crate) fn is_json_number(text: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    digits(whole)
        && (whole == "0" || !whole.starts_with('0'))
        && fraction.is_none_or(digits)
        && exponent.is_none_or(|text| digits(text.strip_prefix(['+', '-']).unwrap_or(text)))
}

/// Numbers of YAML's core schema that are none of JSON's, such as `0x1f`, `.5` or `.inf`.
fn is_other_number(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let lower = unsigned.to_ascii_lowercase();
    let based = |prefix: &str, radix: u32| {
        text.strip_prefix(prefix).is_some_and(|digits| {
            !digits.is_empty() && digits.chars().all(|digit| digit.is_digit(radix))
        })
    };
    if lower == ".inf" || text == ".nan" || text == ".NaN" || text == ".NAN" {
        return true;
    }
    if based("0x", 16) || based("0o", 8) {
        return true;
    }
    // What is left are signs, leading zeros and bare points.
    let mut digits = unsigned.trim_start_matches('0').to_owned();
    if digits.is_empty() || digits.starts_with(['.', 'e', 'E']) {
        digits.insert(0, '0');
    }
    let digits = digits.strip_suffix('.').unwrap_or(&digits);
    unsigned.starts_with(|c: char| c.is_ascii_digit() || c == '.') && is_json_number(digits)
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn shown(text: &str, notation: Notation) -> String {
        let (node, problems) = read(text, notation);
        let mut shown = node.map(|node| node.to_json()).unwrap_or_default();
        for problem in problems {
            shown.push_str(&format!("\n{problem}"));
        }
        shown
    }

    fn check(text: &str, expected: Expect) {
        expected.assert_eq(&shown(text, Notation::Yaml));
    }

    #[test]
    fn scalars_by_the_core_schema() {
        check(
            "[yes, true, ~, 1.50, -3e2, '1', \"a\\tb\", 01:30, 1.0.0, 2026-03-14]",
            expect![[r#"
                [
                  "yes",
                  true,
                  null,
                  1.50,
                  -3e2,
                  "1",
                  "a\tb",
                  "01:30",
                  "1.0.0",
                  "2026-03-14"
                ]"#]],
        );
        check(
            "[0x1F, .5, +1, 007, .inf]",
            expect![[r#"
                ["0x1F", ".5", "+1", "007", ".inf"]
                :1:2: 0x1F is a number to YAML that JSON does not have; write a decimal number, or put it in quotes [not-plain]
                :1:8: .5 is a number to YAML that JSON does not have; write a decimal number, or put it in quotes [not-plain]
                :1:12: +1 is a number to YAML that JSON does not have; write a decimal number, or put it in quotes [not-plain]
                :1:16: 007 is a number to YAML that JSON does not have; write a decimal number, or put it in quotes [not-plain]
                :1:21: .inf is a number to YAML that JSON does not have; write a decimal number, or put it in quotes [not-plain]"#]],
        );
    }

    #[test]
    fn aliases_are_what_they_stand_for() {
        check(
            "a: &u {x-unit: Cel}\nb: *u",
            expect![[r#"
                {
                  "a": {
                    "x-unit": "Cel"
                  },
                  "b": {
                    "x-unit": "Cel"
                  }
                }"#]],
        );
        check(
            "a: &a [*a]",
            expect![[r#"

            :1:8: the alias holds itself [reference]"#]],
        );
    }

    #[test]
    fn aliases_do_not_multiply() {
        let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
        for level in 1..12 {
            let items = vec![format!("*a{}", level - 1); 9].join(", ");
            bomb.push_str(&format!("a{level}: &a{level} [{items}]\n"));
        }
        check(
            &bomb,
            expect![[r#"

                :5:15: more than 20000 values, those of aliases included [too-large]"#]],
        );
        check(
            &"[".repeat(200),
            expect![[r#"

            :1:66: deeper than 64 levels [too-large]"#]],
        );
    }

    #[test]
    fn what_is_no_plain_document() {
        check(
            "a: 1\na: 2",
            expect![[r#"
            {
              "a": 1
            }
            :2:1: "a" is given twice [duplicate-key]"#]],
        );
        check(
            "a: !!binary x",
            expect![[r#"
                {
                  "a": "x"
                }
                :1:4: the tag tag:yaml.org,2002:!binary has no meaning here [not-plain]"#]],
        );
        check(
            "a\n---\nb",
            expect![[r#"

            :3:1: the file holds more than one document [not-plain]"#]],
        );
        check(
            "",
            expect![[r#"

            :1:1: the file is empty [syntax]"#]],
        );
        check(
            "a: [1,\nb: }",
            expect![[r#"

            :2:1: invalid indentation in flow construct [syntax]"#]],
        );
        check(
            "? [1]\n: 2",
            expect![[r#"

            :1:3: a name is text [not-plain]"#]],
        );
    }

    #[test]
    fn json_is_read_as_json() {
        let json = |text: &str, expected: Expect| {
            expected.assert_eq(&shown(text, Notation::Json));
        };
        json(
            "{\n\t\"a\":\t\"\\ud83c\\udf21 \\\\ud83c \\/ \\u00e9\",\"b\": 1.50}",
            expect![[r#"
            {
              "a": "🌡 \\ud83c / é",
              "b": 1.50
            }"#]],
        );
        json(
            "{\"a\": 1,\n \"a\": 2}",
            expect![[r#"

            :2:2: the key "a" is there twice [syntax]"#]],
        );
        json(
            "a: 1",
            expect![[r#"

            :1:1: expected a value [syntax]"#]],
        );
    }
}
