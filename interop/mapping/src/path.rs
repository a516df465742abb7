use serde_json::Value;
use serde_json_path::{JsonPath, PathElement};

use crate::plan::Profile;
use crate::source::Unreadable;

/// Longest path read, in bytes.
const PATH_BYTES_MAX: usize = 1024;

/// Most ways one path may select the same value: the product, over the segments, of the
/// selectors in their brackets.
const SELECTORS_MAX: usize = 64;

/// Most brackets and parentheses inside one another.
const NESTING_MAX: usize = 16;

/// Most filters in one path. Reading one filter inside another takes the parser twice as long
/// at every level, so this is checked before it reads.
const FILTERS_MAX: usize = 4;

/// A query into a document ([RFC 9535](https://www.rfc-editor.org/rfc/rfc9535)).
#[derive(Debug, Clone)]
pub struct Path {
    text: String,
    query: JsonPath,
    /// The steps of a path that selects at most one value, by its name or place alone.
    direct: Option<Vec<Step>>,
}

/// One step from a value to a value inside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    Name(String),
    Index(usize),
}

/// What a path is used for; iterators may do more than references.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PathUse {
    Iterator,
    Reference,
    /// Looked up in every value around the current one.
    Enclosing,
}

impl Path {
    /// Reads a path off the ledger.
    ///
    /// # Errors
    /// Not a path, or one that takes its reader too long.
    pub fn open(text: &str) -> Result<Self, Unreadable> {
        Self::parse(text, PathUse::Iterator, Profile::Open).map_err(Unreadable::new)
    }

    /// Reads a path; on the ledger only one whose cost is bounded by the document's size.
    pub(crate) fn parse(text: &str, path_use: PathUse, profile: Profile) -> Result<Self, String> {
        if text.len() > PATH_BYTES_MAX {
            return Err(format!("a JSONPath of more than {PATH_BYTES_MAX} bytes"));
        }
        let shape = Shape::of(text);
        if shape.nesting > NESTING_MAX || shape.filters > FILTERS_MAX {
            return Err(format!(
                "more than {NESTING_MAX} brackets inside one another or {FILTERS_MAX} filters"
            ));
        }
        let query = JsonPath::parse(text).map_err(|error| {
            format!("not a JSONPath at character {}: {}", error.position() + 1, error.message())
        })?;
        if profile == Profile::Ledger {
            bounded(&shape, path_use)?;
        }
        Ok(Self { text: text.to_owned(), query, direct: direct(text) })
    }

    /// The path as it is written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What the path selects; members of an object in the order of their names' characters.
    #[must_use]
    pub fn select<'v>(&self, value: &'v Value) -> Vec<&'v Value> {
        match &self.direct {
            Some(steps) => follow(value, steps).into_iter().collect(),
            None => self.query.query(value).all(),
        }
    }

    /// What a path selects that is known to select one value at most; `None` for another path.
    pub(crate) fn direct<'v>(&self, value: &'v Value) -> Option<Option<&'v Value>> {
        self.direct.as_ref().map(|steps| follow(value, steps))
    }

    pub(crate) fn locate<'v>(&self, value: &'v Value) -> Vec<(Vec<Step>, &'v Value)> {
        if let Some(steps) = &self.direct {
            let found = follow(value, steps).map(|value| (steps.clone(), value));
            return found.into_iter().collect();
        }
        self.query
            .query_located(value)
            .iter()
            .map(|located| (located.location().iter().map(step).collect(), located.node()))
            .collect()
    }
}

/// The value that `steps` lead to.
pub(crate) fn follow<'v>(root: &'v Value, steps: &[Step]) -> Option<&'v Value> {
    steps.iter().try_fold(root, |value, step| match step {
        Step::Name(name) => value.get(name),
        Step::Index(index) => value.get(*index),
    })
}

fn step(element: &PathElement<'_>) -> Step {
    match element {
        PathElement::Name(name) => Step::Name((*name).to_owned()),
        PathElement::Index(index) => Step::Index(*index),
    }
}

/// The steps of a well-formed path like `$.a['b'][0]`; `None` for any that is written otherwise.
fn direct(text: &str) -> Option<Vec<Step>> {
    let mut rest = text.strip_prefix('$')?;
    let mut steps = Vec::new();
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix('.') {
            let end = after.find(['.', '[']).unwrap_or(after.len());
            let (name, left) = after.split_at_checked(end)?;
            if name.is_empty() || !name.chars().all(is_name) {
                return None;
            }
            steps.push(Step::Name(name.to_owned()));
            rest = left;
            continue;
        }
        let (inside, left) = rest.strip_prefix('[')?.split_once(']')?;
        let quote = inside.chars().next()?;
        let quoted = matches!(quote, '\'' | '"').then(|| inside.strip_prefix(quote)).flatten();
        let quoted = quoted.and_then(|name| name.strip_suffix(quote));
        steps.push(match quoted {
            Some(name) if !name.contains([quote, '\\']) => Step::Name(name.to_owned()),
            Some(_) => return None,
            None => Step::Index(inside.parse().ok().filter(|_| quote.is_ascii_digit())?),
        });
        rest = left;
    }
    Some(steps)
}

/// What the ledger asks of a well-formed path.
fn bounded(shape: &Shape, path_use: PathUse) -> Result<(), String> {
    if shape.selectors > SELECTORS_MAX {
        return Err(format!("more than {SELECTORS_MAX} combinations of selectors"));
    }
    let refused = match path_use {
        PathUse::Iterator if shape.descendants > 1 => Some("'..' more than once"),
        PathUse::Iterator if shape.filters > 1 => Some("more than one filter"),
        PathUse::Iterator if shape.filters > 0 && shape.descendants > 0 => {
            Some("'..' beside a filter")
        }
        PathUse::Iterator if shape.numeric => Some("a filter that compares numbers"),
        PathUse::Iterator if shape.calls => Some("a filter that calls functions"),
        PathUse::Iterator => None,
        _ if shape.descendants > 0 => Some("'..' in a reference"),
        _ if shape.filters > 0 => Some("a filter in a reference"),
        PathUse::Enclosing if shape.wild => Some("'*' or ':' in an enclosing path"),
        PathUse::Enclosing | PathUse::Reference => None,
    };
    refused.map_or(Ok(()), |what| Err(format!("the ledger does not run {what}")))
}

/// What a path is made of; a light scan before the parser's, which alone judges the syntax.
#[derive(Default)]
#[expect(clippy::struct_excessive_bools, reason = "four independent findings of one scan")]
struct Shape {
    descendants: usize,
    filters: usize,
    selectors: usize,
    nesting: usize,
    wild: bool,
    numeric: bool,
    calls: bool,
    in_filter: bool,
}

impl Shape {
    fn of(text: &str) -> Self {
        let mut shape = Self { selectors: 1, ..Self::default() };
        let mut quote = None;
        let mut escaped = false;
        let mut commas = 0;
        let mut depth = 0_usize;
        let mut parentheses = 0_usize;
        let mut filter_depth = 0;
        let mut previous = ' ';
        for character in text.chars() {
            if let Some(mark) = quote {
                if !escaped && character == mark {
                    quote = None;
                }
                escaped = !escaped && character == '\\';
                continue;
            }
            match character {
                '\'' | '"' => quote = Some(character),
                '[' => {
                    depth += 1;
                    shape.nesting = shape.nesting.max(depth + parentheses);
                }
                '(' => {
                    parentheses += 1;
                    shape.nesting = shape.nesting.max(depth + parentheses);
                    shape.calls |= shape.in_filter && is_name(previous);
                }
                ')' => parentheses = parentheses.saturating_sub(1),
                ']' => {
                    depth = depth.saturating_sub(1);
                    shape.in_filter = shape.in_filter && depth >= filter_depth;
                    shape.selectors = shape.selectors.saturating_mul(commas + 1);
                    commas = 0;
                }
                ',' => commas += 1,
                '?' => {
                    shape.filters += 1;
                    shape.in_filter = true;
                    filter_depth = depth;
                }
                _ => shape.note(previous, character),
            }
            if !character.is_whitespace() {
                previous = character;
            }
        }
        shape
    }

    fn note(&mut self, previous: char, character: char) {
        match character {
            '.' if previous == '.' => self.descendants += 1,
            '*' | ':' => self.wild = true,
            '<' | '>' => self.numeric |= self.in_filter,
            // Two places may both hold numbers.
            '@' | '$' if previous == '=' => self.numeric = true,
            '0'..='9' => self.numeric |= self.in_filter && !is_name(previous),
            _ => {}
        }
    }
}

fn is_name(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn check(text: &str, path_use: PathUse, expected: Expect) {
        let outcome = Path::parse(text, path_use, Profile::Ledger);
        expected.assert_eq(&outcome.map_or_else(|problem| problem, |_| "runs".to_owned()));
    }

    #[test]
    fn what_the_ledger_runs() {
        check("$.a['b c'][0].*", PathUse::Iterator, expect!["runs"]);
        check("$[?@.u=='Cel' || @.u==\"K\"]", PathUse::Iterator, expect!["runs"]);
        check("$..sensorReport[*]", PathUse::Iterator, expect!["runs"]);
        check("$['em:0']['a_voltage','b_voltage']", PathUse::Iterator, expect!["runs"]);
        check("$.a[*]", PathUse::Reference, expect!["runs"]);
        check("$.a.b", PathUse::Enclosing, expect!["runs"]);
    }

    #[test]
    fn what_the_ledger_does_not_run() {
        check("$..a..b", PathUse::Iterator, expect!["the ledger does not run '..' more than once"]);
        check(
            "$[?@.v > 3]",
            PathUse::Iterator,
            expect!["the ledger does not run a filter that compares numbers"],
        );
        check(
            "$[?@.v == 3]",
            PathUse::Iterator,
            expect!["the ledger does not run a filter that compares numbers"],
        );
        check(
            "$[?match(@.v,'a')]",
            PathUse::Iterator,
            expect!["the ledger does not run a filter that calls functions"],
        );
        check(
            "$..[?@.v]",
            PathUse::Iterator,
            expect!["the ledger does not run '..' beside a filter"],
        );
        check(
            "$[?@.a][?@.b]",
            PathUse::Iterator,
            expect!["the ledger does not run more than one filter"],
        );
        check("$..a", PathUse::Reference, expect!["the ledger does not run '..' in a reference"]);
        check(
            "$.a[*]",
            PathUse::Enclosing,
            expect!["the ledger does not run '*' or ':' in an enclosing path"],
        );
        check(
            &format!("${}", "[*,*]".repeat(7)),
            PathUse::Iterator,
            expect!["more than 64 combinations of selectors"],
        );
        check(
            &format!("$[?{}@.a{}]", "(".repeat(20), ")".repeat(20)),
            PathUse::Iterator,
            expect!["more than 16 brackets inside one another or 4 filters"],
        );
        check(
            &format!("$[?{}@.a{}]", "@[?".repeat(10), "]".repeat(10)),
            PathUse::Iterator,
            expect!["more than 16 brackets inside one another or 4 filters"],
        );
        check(
            "$[?@.v == @.w]",
            PathUse::Iterator,
            expect!["the ledger does not run a filter that compares numbers"],
        );
        check("a.b", PathUse::Reference, expect!["not a JSONPath at character 1: parser error"]);
    }
}
