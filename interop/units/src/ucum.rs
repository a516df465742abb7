//! Expressions of the [Unified Code for Units of Measure](https://ucum.org/ucum): what they are
//! worth, exactly, and of which dimension.

mod atoms;

use crate::dimension::{Dimension, NONE};
use crate::kind::Mark;
use crate::number::Number;
use atoms::{Atom, atom};

/// Longest expression read, in bytes.
pub const UCUM_BYTES_MAX: usize = 64;

/// Most parentheses open at once.
const DEPTH_MAX: usize = 8;

/// Largest exponent, either way.
const EXPONENT_MAX: i8 = 24;

/// What an expression comes to: `si = value * factor`, in degrees where there are angles.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Expression {
    pub(crate) factor: Number,
    pub(crate) dimension: Dimension,
    /// The marks of its atoms, sorted, each once.
    pub(crate) marks: Vec<Mark>,
}

impl Expression {
    fn number(factor: Number) -> Self {
        Self { factor, dimension: NONE, marks: Vec::new() }
    }

    fn by(mut self, other: Self) -> Self {
        self.marks.extend(other.marks);
        self.marks.sort_unstable();
        self.marks.dedup();
        Self {
            factor: self.factor.times(&other.factor),
            dimension: self.dimension.by(other.dimension),
            marks: self.marks,
        }
    }

    fn pow(self, exponent: i8) -> Option<Self> {
        let factor = self.factor.pow(exponent.into())?;
        Some(Self { factor, dimension: self.dimension.pow(exponent), marks: self.marks })
    }
}

/// Reads an expression.
///
/// # Errors
/// The text is no expression, is beyond the limits, or uses a unit on a scale that is not
/// proportional, such as `Cel` or `[pH]`: those stand alone, and are in the table.
pub(crate) fn parse(text: &str) -> Result<Expression, UcumError> {
    let fault = |at: usize, reason| UcumError { column: at.saturating_add(1), reason };
    if text.len() > UCUM_BYTES_MAX {
        return Err(fault(0, UcumReason::TooLong { limit: UCUM_BYTES_MAX }));
    }
    if text.is_empty() {
        return Err(fault(0, UcumReason::Empty));
    }
    let mut reading = Reading { text, at: 0, depth: 0 };
    let expression = reading.main().map_err(|reason| fault(reading.column(), reason))?;
    if reading.at < text.len() {
        return Err(fault(reading.column(), UcumReason::Unexpected));
    }
    Ok(expression)
}

/// Why a text is no UCUM expression.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("column {column}: {reason}")]
#[expect(clippy::exhaustive_structs, reason = "a place and a reason")]
pub struct UcumError {
    /// Where it goes wrong, in characters from 1.
    pub column: usize,
    /// Why.
    pub reason: UcumReason,
}

/// See [`UcumError`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UcumReason {
    /// The text is too long.
    #[error("longer than {limit} bytes")]
    TooLong {
        /// [`UCUM_BYTES_MAX`].
        limit: usize,
    },
    /// There is no text.
    #[error("a unit is expected")]
    Empty,
    /// Something that does not belong here.
    #[error("this belongs to no unit")]
    Unexpected,
    /// A bracket, brace or parenthesis that is not closed.
    #[error("{open} is not closed")]
    Unclosed {
        /// The bracket.
        open: char,
    },
    /// Too many parentheses open at once.
    #[error("more than {limit} parentheses are open")]
    TooDeep {
        /// The limit.
        limit: usize,
    },
    /// Neither an atom nor a prefix and a metric atom.
    #[error("{text:?} is no unit")]
    Unknown {
        /// The text.
        text: String,
    },
    /// A number or an exponent beyond what is read.
    #[error("a number beyond what is read")]
    Number,
    /// A unit on a scale that is not proportional, with others or with a prefix.
    #[error("{atom} stands alone or not at all: its scale is not proportional")]
    Special {
        /// The atom.
        atom: &'static str,
    },
}

struct Reading<'t> {
    text: &'t str,
    /// In bytes.
    at: usize,
    depth: usize,
}

impl<'t> Reading<'t> {
    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or("")
    }

    fn column(&self) -> usize {
        self.text.get(..self.at).map_or(0, |before| before.chars().count())
    }

    fn takes(&mut self, character: char) -> bool {
        let found = self.rest().starts_with(character);
        if found {
            self.at += character.len_utf8();
        }
        found
    }

    /// `/term` or `term`
    fn main(&mut self) -> Result<Expression, UcumReason> {
        if self.takes('/') {
            return inverse(self.term()?);
        }
        self.term()
    }

    /// Components joined by `.` and `/`, from the left; a `/` turns one component alone.
    fn term(&mut self) -> Result<Expression, UcumReason> {
        let mut product = self.component()?;
        loop {
            if self.takes('.') {
                product = product.by(self.component()?);
            } else if self.takes('/') {
                product = product.by(inverse(self.component()?)?);
            } else {
                return Ok(product);
            }
        }
    }

    fn component(&mut self) -> Result<Expression, UcumReason> {
        if self.takes('(') {
            return self.in_parentheses();
        }
        if self.rest().starts_with('{') {
            self.annotation()?;
            return one();
        }
        let simple = self.simple()?;
        if self.rest().starts_with('{') {
            self.annotation()?;
        }
        Ok(simple)
    }

    fn in_parentheses(&mut self) -> Result<Expression, UcumReason> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(UcumReason::TooDeep { limit: DEPTH_MAX });
        }
        let inside = self.main()?;
        if !self.takes(')') {
            return Err(UcumReason::Unclosed { open: '(' });
        }
        self.depth -= 1;
        Ok(inside)
    }

    /// `{…}`, which says nothing that counts.
    fn annotation(&mut self) -> Result<(), UcumReason> {
        let inside = self.rest().find('}').ok_or(UcumReason::Unclosed { open: '{' })?;
        self.at += inside + 1;
        Ok(())
    }

    /// A number, or an atom with its prefix and exponent.
    fn simple(&mut self) -> Result<Expression, UcumReason> {
        let token = self.token()?;
        if token.is_empty() {
            return Err(UcumReason::Unexpected);
        }
        let read = read_token(token)?;
        self.at += token.len();
        Ok(read)
    }

    /// What comes before the next operator; brackets may hold operators.
    fn token(&self) -> Result<&'t str, UcumReason> {
        let rest = self.rest();
        let mut is_inside = false;
        for (at, character) in rest.char_indices() {
            match character {
                '[' => is_inside = true,
                ']' => is_inside = false,
                '.' | '/' | '(' | ')' | '{' | '}' if !is_inside => {
                    return Ok(rest.get(..at).unwrap_or(""));
                }
                _ => {}
            }
        }
        if is_inside { Err(UcumReason::Unclosed { open: '[' }) } else { Ok(rest) }
    }
}

fn one() -> Result<Expression, UcumReason> {
    Number::ratio(1, 1).map(Expression::number).ok_or(UcumReason::Number)
}

fn inverse(expression: Expression) -> Result<Expression, UcumReason> {
    expression.pow(-1).ok_or(UcumReason::Number)
}

fn read_token(token: &str) -> Result<Expression, UcumReason> {
    if token.bytes().all(|b| b.is_ascii_digit()) {
        let number = token.parse().ok().and_then(|number| Number::ratio(number, 1));
        return number.map(Expression::number).ok_or(UcumReason::Number);
    }
    for ten in ["10*", "10^"] {
        if let Some(exponent) = token.strip_prefix(ten) {
            return power(Number::ratio(10, 1).map(Expression::number), exponent);
        }
    }
    let (symbol, exponent) = split_exponent(token);
    power(Some(read_symbol(symbol)?), exponent)
}

/// An atom and the exponent after it.
fn split_exponent(token: &str) -> (&str, &str) {
    let digits = token.trim_end_matches(|c: char| c.is_ascii_digit());
    if digits.len() == token.len() {
        return (token, "");
    }
    let symbol = digits.strip_suffix(['+', '-']).unwrap_or(digits);
    token.split_at_checked(symbol.len()).unwrap_or((token, ""))
}

fn power(base: Option<Expression>, exponent: &str) -> Result<Expression, UcumReason> {
    let base = base.ok_or(UcumReason::Number)?;
    if exponent.is_empty() {
        return Ok(base);
    }
    let exponent: i8 = exponent.parse().map_err(|_| UcumReason::Number)?;
    if exponent.unsigned_abs() > EXPONENT_MAX.unsigned_abs() {
        return Err(UcumReason::Number);
    }
    base.pow(exponent).ok_or(UcumReason::Number)
}

/// Prefixes: symbol, and its power of ten.
const PREFIXES: &[(&str, i32)] = &[
    ("da", 1),
    ("Y", 24),
    ("Z", 21),
    ("E", 18),
    ("P", 15),
    ("T", 12),
    ("G", 9),
    ("M", 6),
    ("k", 3),
    ("h", 2),
    ("d", -1),
    ("c", -2),
    ("m", -3),
    ("u", -6),
    ("n", -9),
    ("p", -12),
    ("f", -15),
    ("a", -18),
    ("z", -21),
    ("y", -24),
];

/// Binary prefixes: symbol, and its power of 1024.
const BINARY_PREFIXES: &[(&str, i32)] = &[("Ki", 1), ("Mi", 2), ("Gi", 3), ("Ti", 4)];

/// An atom, or a prefix and a metric atom; the atom alone comes first.
fn read_symbol(symbol: &str) -> Result<Expression, UcumReason> {
    if let Some(found) = atom(symbol) {
        return worth(found);
    }
    let scales = [(PREFIXES, 10), (BINARY_PREFIXES, 1024)];
    for (prefixes, base) in scales {
        for (prefix, exponent) in prefixes {
            let metric = symbol.strip_prefix(prefix).and_then(atom).filter(|atom| atom.is_metric);
            let Some(metric) = metric else { continue };
            let scale = Number::ratio(base, 1).and_then(|base| base.pow(*exponent));
            let scale = scale.map(Expression::number).ok_or(UcumReason::Number)?;
            return Ok(scale.by(worth(metric)?));
        }
    }
    Err(UcumReason::Unknown { text: symbol.to_owned() })
}

fn worth(atom: &'static Atom) -> Result<Expression, UcumReason> {
    if atom.is_special {
        return Err(UcumReason::Special { atom: atom.code });
    }
    let factor = atom.factor().ok_or(UcumReason::Number)?;
    Ok(Expression { factor, dimension: atom.dimension, marks: atom.mark.into_iter().collect() })
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use proptest::prelude::*;

    use super::*;

    fn check(text: &str, expected: Expect) {
        expected.assert_eq(&match parse(text) {
            Ok(Expression { factor, dimension, marks }) => {
                let marks = if marks.is_empty() { String::new() } else { format!(" {marks:?}") };
                format!("{factor} [{dimension}]{marks}")
            }
            Err(error) => error.to_string(),
        });
    }

    #[test]
    fn expressions() {
        check("m/s", expect!["1 [L T-1]"]);
        check("kg.m/s2", expect!["1 [L M T-2]"]);
        check("m.s-1", expect!["1 [L T-1]"]);
        check("10*3.m", expect!["1000 [L]"]);
        check("10^-2.m", expect!["0.01 [L]"]);
        check("/min", expect!["0.016666666666666667 [T-1]"]);
        check("{beats}/min", expect!["0.016666666666666667 [T-1]"]);
        check("kW.h/(100.km)", expect!["36 [L M T-2] [Energy]"]);
        check("mm[Hg]", expect!["133.322 [L-1 M T-2]"]);
        check("[in_i]2", expect!["0.00064516 [L2]"]);
        check("KiBy/s", expect!["8192 [T-1 bit]"]);
        check("dam2", expect!["100 [L2]"]);
        check("uS/cm", expect!["0.0001 [L-3 M-1 T3 I2]"]);
        check("rad/s", expect!["57.295779513082320877 [T-1 angle]"]);
        check("[HP]", expect!["745.69987158227022 [L2 M T-3] [Energy]"]);
    }

    #[test]
    fn what_is_no_expression() {
        check("", expect!["column 1: a unit is expected"]);
        check("m/", expect!["column 3: this belongs to no unit"]);
        check("m//s", expect!["column 3: this belongs to no unit"]);
        check("(m", expect!["column 3: ( is not closed"]);
        check("m)", expect!["column 2: this belongs to no unit"]);
        check("[in_i", expect!["column 1: [ is not closed"]);
        check("m{x", expect!["column 2: { is not closed"]);
        check("kmin", expect![[r#"column 1: "kmin" is no unit"#]]);
        check("furlong", expect![[r#"column 1: "furlong" is no unit"#]]);
        check(
            "Cel/min",
            expect!["column 1: Cel stands alone or not at all: its scale is not proportional"],
        );
        check("m99", expect!["column 1: a number beyond what is read"]);
        check("99999999999999999999.m", expect!["column 1: a number beyond what is read"]);
        check("((((((((((m))))))))))", expect!["column 10: more than 8 parentheses are open"]);
        check(&"m.".repeat(40), expect!["column 1: longer than 64 bytes"]);
        check("m µ", expect![[r#"column 1: "m µ" is no unit"#]]);
    }

    #[test]
    fn every_atom_has_a_value() {
        for atom in atoms::ATOMS.iter().filter(|atom| !atom.is_special) {
            assert!(atom.factor().is_some(), "{} has a factor", atom.code);
            assert!(parse(atom.code).is_ok(), "{} reads", atom.code);
        }
    }

    proptest! {
        /// Whatever comes in, an answer comes out.
        #[test]
        fn any_text_is_answered(text in "[a-zA-Z0-9./(){}\\[\\]*^+%'µ -]{0,70}") {
            let _answer = parse(&text);
        }

        /// What is multiplied can be divided away again, exactly.
        #[test]
        fn a_unit_over_itself_is_one(
            parts in proptest::collection::vec(("[kmunMG]?", "m|s|g|Pa|V|Ohm|l|J|bit", -4_i8..=4), 1..4)
        ) {
            let parts: Vec<String> = parts
                .into_iter()
                .map(|(prefix, atom, exponent)| format!("{prefix}{atom}{exponent}"))
                .collect();
            let unit = parts.join(".");
            let ratio = parse(&format!("{unit}/({unit})")).unwrap();
            prop_assert_eq!(ratio.dimension, NONE);
            prop_assert_eq!(ratio.factor, Number::ratio(1, 1).unwrap());
        }
    }
}
