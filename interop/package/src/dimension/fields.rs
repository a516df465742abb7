//! What a schema lets the value at a `JSONPath` be, as far as it lists values.

use serde_json::{Map, Value};

use crate::unknown::{Descriptions, of_item};

/// Most steps of a path that are followed.
const STEPS_MAX: usize = 64;

/// Most schemas followed at one step.
const SCHEMAS_MAX: usize = 512;

/// Values that a schema lists.
#[derive(Debug, Default)]
pub(super) struct Values<'s> {
    pub(super) values: Vec<&'s Value>,
    /// Whether a filter picks among the places, so that not every value is met.
    pub(super) are_filtered: bool,
}

/// What is listed for the values at `path`, from the places that `iterator` selects.
pub(super) fn values_at<'s>(
    schema: &'s Descriptions,
    iterator: Option<&str>,
    path: &str,
) -> Values<'s> {
    let Some(way) = iterator.and_then(steps) else { return Values::default() };
    let Some(on) = steps(path) else { return Values::default() };
    let are_filtered = way.iter().chain(&on).any(|step| matches!(step, Step::Filter));
    let from = follow(schema, vec![schema.root()], &way);
    let reached = follow(schema, from, &on);
    Values { values: listed(schema, &reached), are_filtered }
}

/// What is listed for the values at `path`, from the nearest place around the iterations that
/// has it.
pub(super) fn values_around<'s>(
    schema: &'s Descriptions,
    iterator: Option<&str>,
    path: &str,
) -> Values<'s> {
    let Some(way) = iterator.and_then(steps) else { return Values::default() };
    let Some(on) = steps(path) else { return Values::default() };
    for length in (0..=way.len()).rev() {
        let way = way.get(..length).unwrap_or_default();
        let reached = follow(schema, follow(schema, vec![schema.root()], way), &on);
        if !reached.is_empty() {
            let are_filtered = way.iter().any(|step| matches!(step, Step::Filter));
            return Values { values: listed(schema, &reached), are_filtered };
        }
    }
    Values::default()
}

fn listed<'s>(schema: &'s Descriptions, reached: &[&'s Value]) -> Vec<&'s Value> {
    let mut values = Vec::new();
    for applied in schema.in_place(reached) {
        values.extend(applied.get("const"));
        values.extend(applied.get("enum").and_then(Value::as_array).into_iter().flatten());
    }
    values
}

/// One step of a path, as far as a schema can follow it.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Names(Vec<String>),
    Index(usize),
    /// Every value inside.
    Any,
    /// Some of the values inside.
    Filter,
    /// The values inside at any depth, themselves included.
    Descend,
}

/// The steps of a path that the mapping's reader took; `None` if there are too many.
fn steps(path: &str) -> Option<Vec<Step>> {
    let mut rest = path.strip_prefix('$')?;
    let mut steps = Vec::new();
    for _ in 0..STEPS_MAX {
        if rest.is_empty() {
            return Some(steps);
        }
        if let Some(after) = rest.strip_prefix("..") {
            steps.push(Step::Descend);
            rest = after;
        } else if let Some(after) = rest.strip_prefix('.') {
            rest = after;
        }
        let (step, after) = if rest.starts_with('[') { bracket(rest)? } else { named(rest)? };
        steps.push(step);
        rest = after;
    }
    None
}

fn named(text: &str) -> Option<(Step, &str)> {
    let end = text.find(['.', '[']).unwrap_or(text.len());
    let (name, rest) = text.split_at_checked(end)?;
    let step = if name == "*" { Step::Any } else { Step::Names(vec![name.to_owned()]) };
    Some((step, rest))
}

/// `['a','b']`, `[0]`, `[*]`, `[?…]`, and what else may stand in brackets.
fn bracket(text: &str) -> Option<(Step, &str)> {
    let end = bracket_end(text)?;
    let inside = text.get(1..end)?.trim();
    let rest = text.get(end + 1..)?;
    let step = match inside.chars().next()? {
        '*' => Step::Any,
        '\'' | '"' => Step::Names(quoted(inside)),
        '?' => Step::Filter,
        _ => inside.parse().map_or(Step::Any, Step::Index),
    };
    Some((step, rest))
}

/// Where the bracket that opens the text closes.
fn bracket_end(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    let mut quote = None;
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        match (quote, character) {
            (Some(_), '\\') => drop(characters.next()),
            (Some(open), _) if open == character => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(character),
            (None, '[') => depth += 1,
            (None, ']') if depth == 1 => return Some(at),
            (None, ']') => depth = depth.saturating_sub(1),
            (None, _) => {}
        }
    }
    None
}

/// The names in `'a','b'`.
fn quoted(inside: &str) -> Vec<String> {
    let names = inside.split(',').map(str::trim);
    names.map(|name| name.trim_matches(['\'', '"']).replace('\\', "")).collect()
}

fn follow<'s>(schema: &'s Descriptions, from: Vec<&'s Value>, steps: &[Step]) -> Vec<&'s Value> {
    let mut here = from;
    for step in steps {
        here = match step {
            Step::Names(names) => {
                let applied = schema.in_place(&here);
                names.iter().flat_map(|name| schema.of_member(&applied, name)).collect()
            }
            Step::Index(index) => of_item(&schema.in_place(&here), *index),
            Step::Any | Step::Filter => inside(schema, &here),
            Step::Descend => descend(schema, here),
        };
        here.truncate(SCHEMAS_MAX);
    }
    here
}

/// The schemas of everything inside.
fn inside<'s>(schema: &'s Descriptions, here: &[&'s Value]) -> Vec<&'s Value> {
    let applied = schema.in_place(here);
    let mut found = of_item(&applied, 0);
    for schema in applied {
        let named = ["properties", "patternProperties"].into_iter();
        let named = named.filter_map(|keyword| schema.get(keyword)?.as_object());
        found.extend(named.flat_map(Map::values));
        found.extend(schema.get("additionalProperties").filter(|schema| schema.is_object()));
    }
    found
}

fn descend<'s>(schema: &'s Descriptions, here: Vec<&'s Value>) -> Vec<&'s Value> {
    let mut found = here;
    let mut at = 0;
    while let Some(value) = found.get(at).copied().filter(|_| found.len() < SCHEMAS_MAX) {
        for value in inside(schema, &[value]) {
            if !found.iter().any(|known| std::ptr::eq(*known, value)) {
                found.push(value);
            }
        }
        at += 1;
    }
    found
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn check(path: &str, expected: Expect) {
        expected.assert_eq(&format!("{:?}", steps(path)));
    }

    #[test]
    fn steps_of_paths() {
        check("$", expect!["Some([])"]);
        check("$.a['b','c'][0]", expect![[r#"Some([Names(["a"]), Names(["b", "c"]), Index(0)])"#]]);
        check("$..decoded.*", expect![[r#"Some([Descend, Names(["decoded"]), Any])"#]]);
        check(
            "$[?@.type=='a]' || @.x[0]]['value']",
            expect![[r#"Some([Filter, Names(["value"])])"#]],
        );
        check(
            "$['em:0'][\"x.y\"][1:3]",
            expect![[r#"Some([Names(["em:0"]), Names(["x.y"]), Any])"#]],
        );
    }
}
