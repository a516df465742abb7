use pervade_rdf::Position;
use pervade_units::{NumberError, check_number};
use serde_json::{Map, Number, Value};

/// Longest document read, in bytes.
pub const DOCUMENT_BYTES_MAX: usize = 256 * 1024;

/// Most arrays and objects inside one another.
pub const DOCUMENT_DEPTH_MAX: usize = 64;

/// Most values in one document.
pub const DOCUMENT_NODES_MAX: usize = 50_000;

/// Longest document read off the ledger, in bytes.
pub const OPEN_DOCUMENT_BYTES_MAX: usize = 256 * 1024 * 1024;

/// Most values in one document off the ledger.
pub const OPEN_DOCUMENT_NODES_MAX: usize = 50_000_000;

/// The library gives this key a meaning of its own when it reads numbers.
const RESERVED_KEY: &str = "$serde_json::private::Number";

/// A JSON document ([RFC 8259](https://www.rfc-editor.org/rfc/rfc8259)) whose numbers keep the
/// text they were written in.
///
/// Invariant: no object had a key twice; within the limits of this module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    root: Value,
}

impl Document {
    /// Reads one JSON text.
    ///
    /// # Errors
    /// Not JSON, a duplicate key, or beyond a limit; with its position.
    pub fn parse(bytes: &[u8]) -> Result<Self, DocumentError> {
        Self::parse_within(bytes, DOCUMENT_BYTES_MAX, DOCUMENT_NODES_MAX)
    }

    /// Reads one JSON text off the ledger, where it may be longer
    /// ([`OPEN_DOCUMENT_BYTES_MAX`], [`OPEN_DOCUMENT_NODES_MAX`]).
    ///
    /// # Errors
    /// As [`Document::parse`].
    pub fn parse_open(bytes: &[u8]) -> Result<Self, DocumentError> {
        Self::parse_within(bytes, OPEN_DOCUMENT_BYTES_MAX, OPEN_DOCUMENT_NODES_MAX)
    }

    fn parse_within(
        bytes: &[u8],
        bytes_max: usize,
        nodes_max: usize,
    ) -> Result<Self, DocumentError> {
        let refuse = |position, reason| DocumentError { position, reason };
        if bytes.len() > bytes_max {
            let reason = DocumentReason::TooLong { limit: bytes_max };
            return Err(refuse(Position::START, reason));
        }
        let text = std::str::from_utf8(bytes)
            .map_err(|_| refuse(Position::START, DocumentReason::Encoding))?;
        let mut reader = Reader { text, at: 0, depth: 0, nodes: 0, nodes_max };
        reader
            .document()
            .map(|root| Self { root })
            .map_err(|reason| refuse(position_of(text, reader.at), reason))
    }

    /// A document of a value that another reader made.
    ///
    /// # Errors
    /// Beyond a limit of this module, or a key or number that [`Document::parse`] would refuse.
    pub fn from_value(root: Value) -> Result<Self, DocumentReason> {
        let mut nodes = 0;
        check_value(&root, 0, &mut nodes)?;
        Ok(Self { root })
    }

    /// The value itself.
    #[must_use]
    pub fn into_value(self) -> Value {
        self.root
    }

    /// The value read. Its numbers are compared and printed by their text.
    #[must_use]
    pub const fn value(&self) -> &Value {
        &self.root
    }

    /// The document with `null` for every text that is one of `nulls`.
    #[must_use]
    pub fn without(mut self, nulls: &[String]) -> Self {
        if !nulls.is_empty() {
            remove(&mut self.root, nulls);
        }
        self
    }

    pub(crate) const fn of(root: Value) -> Self {
        Self { root }
    }
}

/// Why a text is no document.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{position}: {reason}")]
pub struct DocumentError {
    /// Where reading stopped.
    pub position: Position,
    /// What is wrong there.
    pub reason: DocumentReason,
}

/// See [`DocumentError`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DocumentReason {
    /// Not UTF-8.
    #[error("not UTF-8")]
    Encoding,
    /// Longer than may be.
    #[error("longer than {limit} bytes")]
    TooLong {
        /// The limit.
        limit: usize,
    },
    /// Deeper than [`DOCUMENT_DEPTH_MAX`].
    #[error("deeper than {limit} levels")]
    TooDeep {
        /// The limit.
        limit: usize,
    },
    /// More values than may be.
    #[error("more than {limit} values")]
    TooManyValues {
        /// The limit.
        limit: usize,
    },
    /// The grammar needs something else here.
    #[error("expected {what}")]
    Expected {
        /// What was expected.
        what: &'static str,
    },
    /// An object has this key twice.
    #[error("the key {key:?} is there twice")]
    DuplicateKey {
        /// The key.
        key: String,
    },
    /// A number too long or too large to be read exactly.
    #[error(transparent)]
    Number(#[from] NumberError),
    /// A key that has a meaning inside the JSON library.
    #[error("a reserved key")]
    ReservedKey,
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
    nodes: usize,
    nodes_max: usize,
}

type Read<T> = Result<T, DocumentReason>;

const fn expected(what: &'static str) -> DocumentReason {
    DocumentReason::Expected { what }
}

impl<'a> Reader<'a> {
    fn document(&mut self) -> Read<Value> {
        let root = self.value()?;
        self.skip_blank();
        if self.at < self.text.len() { Err(expected("the end of the text")) } else { Ok(root) }
    }

    fn value(&mut self) -> Read<Value> {
        self.skip_blank();
        self.nodes += 1;
        if self.nodes > self.nodes_max {
            return Err(DocumentReason::TooManyValues { limit: self.nodes_max });
        }
        match self.peek() {
            Some(b'{') => self.nested(Self::object),
            Some(b'[') => self.nested(Self::array),
            Some(b'"') => self.string().map(Value::String),
            Some(b't') => self.word("true", Value::Bool(true)),
            Some(b'f') => self.word("false", Value::Bool(false)),
            Some(b'n') => self.word("null", Value::Null),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ => Err(expected("a value")),
        }
    }

    fn nested(&mut self, read: fn(&mut Self) -> Read<Value>) -> Read<Value> {
        if self.depth >= DOCUMENT_DEPTH_MAX {
            return Err(DocumentReason::TooDeep { limit: DOCUMENT_DEPTH_MAX });
        }
        self.depth += 1;
        self.at += 1;
        let value = read(self);
        self.depth -= 1;
        value
    }

    fn object(&mut self) -> Read<Value> {
        let mut members = Map::new();
        self.skip_blank();
        if self.eat(b'}') {
            return Ok(Value::Object(members));
        }
        loop {
            self.skip_blank();
            let start = self.at;
            if self.peek() != Some(b'"') {
                return Err(expected("a key"));
            }
            let key = self.string()?;
            if let Some(reason) = refused_key(&key, &members) {
                self.at = start;
                return Err(reason);
            }
            self.skip_blank();
            if !self.eat(b':') {
                return Err(expected("':'"));
            }
            let value = self.value()?;
            members.insert(key, value);
            self.skip_blank();
            if self.eat(b'}') {
                return Ok(Value::Object(members));
            }
            if !self.eat(b',') {
                return Err(expected("',' or '}'"));
            }
        }
    }

    fn array(&mut self) -> Read<Value> {
        let mut items = Vec::new();
        self.skip_blank();
        if self.eat(b']') {
            return Ok(Value::Array(items));
        }
        loop {
            items.push(self.value()?);
            self.skip_blank();
            if self.eat(b']') {
                return Ok(Value::Array(items));
            }
            if !self.eat(b',') {
                return Err(expected("',' or ']'"));
            }
        }
    }

    fn number(&mut self) -> Read<Value> {
        let start = self.at;
        self.eat(b'-');
        if !self.eat(b'0') {
            self.digits()?;
        }
        if self.eat(b'.') {
            self.digits()?;
        }
        if self.eat(b'e') || self.eat(b'E') {
            if !self.eat(b'+') {
                self.eat(b'-');
            }
            self.digits()?;
        }
        let text = self.text.get(start..self.at).unwrap_or_default();
        // Whoever computes with the number later may trust its size.
        if let Err(error) = check_number(text) {
            self.at = start;
            return Err(error.into());
        }
        Ok(Value::Number(Number::from_string_unchecked(text.to_owned())))
    }

    fn digits(&mut self) -> Read<()> {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        if self.at == start { Err(expected("a digit")) } else { Ok(()) }
    }

    fn string(&mut self) -> Read<String> {
        self.at += 1;
        let mut text = String::new();
        loop {
            let rest = self.text.get(self.at..).unwrap_or_default();
            let plain = rest.find(|c: char| matches!(c, '"' | '\\') || c < ' ');
            let Some(plain) = plain else {
                self.at = self.text.len();
                return Err(expected("the end of the string"));
            };
            text.push_str(rest.get(..plain).unwrap_or_default());
            self.at += plain;
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(text);
                }
                Some(b'\\') => text.push(self.escape()?),
                _ => return Err(expected("no control character in a string")),
            }
        }
    }

    fn escape(&mut self) -> Read<char> {
        self.at += 1;
        let simple = match self.peek() {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.unicode(),
            _ => return Err(expected("an escape")),
        };
        self.at += 1;
        Ok(simple)
    }

    /// `\uD83D\uDE00`: a code unit, or two that make one character.
    fn unicode(&mut self) -> Read<char> {
        let first = self.code_unit()?;
        let code = if (0xd800..0xdc00).contains(&first) {
            let second = if self.eat(b'\\') { self.code_unit()? } else { 0 };
            if !(0xdc00..0xe000).contains(&second) {
                return Err(expected("the second half of a surrogate pair"));
            }
            0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00)
        } else {
            first
        };
        char::from_u32(code).ok_or(expected("a character"))
    }

    fn code_unit(&mut self) -> Read<u32> {
        let digits = self.text.get(self.at + 1..self.at + 5).filter(|_| self.peek() == Some(b'u'));
        let unit = digits
            .filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()))
            .and_then(|digits| u32::from_str_radix(digits, 16).ok())
            .ok_or(expected("four hexadecimal digits"))?;
        self.at += 5;
        Ok(unit)
    }

    fn word(&mut self, word: &'static str, value: Value) -> Read<Value> {
        if !self.text.get(self.at..).is_some_and(|rest| rest.starts_with(word)) {
            return Err(expected(word));
        }
        self.at += word.len();
        Ok(value)
    }

    fn skip_blank(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn eat(&mut self, byte: u8) -> bool {
        let there = self.peek() == Some(byte);
        self.at += usize::from(there);
        there
    }
}

/// Goes no deeper than [`DOCUMENT_DEPTH_MAX`].
fn check_value(value: &Value, depth: usize, nodes: &mut usize) -> Result<(), DocumentReason> {
    *nodes += 1;
    if *nodes > DOCUMENT_NODES_MAX {
        return Err(DocumentReason::TooManyValues { limit: DOCUMENT_NODES_MAX });
    }
    let is_nest = value.is_array() || value.is_object();
    if is_nest && depth >= DOCUMENT_DEPTH_MAX {
        return Err(DocumentReason::TooDeep { limit: DOCUMENT_DEPTH_MAX });
    }
    match value {
        Value::Number(number) => Ok(check_number(number.as_str())?),
        Value::Array(items) => {
            items.iter().try_for_each(|item| check_value(item, depth + 1, nodes))
        }
        Value::Object(members) if members.contains_key(RESERVED_KEY) => {
            Err(DocumentReason::ReservedKey)
        }
        Value::Object(members) => {
            members.values().try_for_each(|member| check_value(member, depth + 1, nodes))
        }
        Value::Null | Value::Bool(_) | Value::String(_) => Ok(()),
    }
}

/// As deep as the document, which is bounded.
fn remove(value: &mut Value, nulls: &[String]) {
    match value {
        Value::String(text) if nulls.contains(text) => *value = Value::Null,
        Value::Array(items) => items.iter_mut().for_each(|item| remove(item, nulls)),
        Value::Object(members) => {
            members.values_mut().for_each(|member| remove(member, nulls));
        }
        Value::String(_) | Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn refused_key(key: &str, members: &Map<String, Value>) -> Option<DocumentReason> {
    if key == RESERVED_KEY {
        Some(DocumentReason::ReservedKey)
    } else if members.contains_key(key) {
        Some(DocumentReason::DuplicateKey { key: key.to_owned() })
    } else {
        None
    }
}

fn position_of(text: &str, at: usize) -> Position {
    let before = text.get(..at).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let count = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
    Position {
        line: count(before.matches('\n').count() + 1),
        column: count(before.get(line_start..).unwrap_or_default().chars().count() + 1),
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use proptest::prelude::*;

    use super::*;

    fn check(text: &str, expected: Expect) {
        match Document::parse(text.as_bytes()) {
            Ok(document) => expected.assert_eq(&document.value().to_string()),
            Err(error) => expected.assert_eq(&error.to_string()),
        }
    }

    #[test]
    fn numbers_keep_their_text() {
        check(
            r#"{"b": 1.10, "a": [1e+09, -0, 12345678901234567890.10]}"#,
            expect![[r#"{"a":[1e+09,-0,12345678901234567890.10],"b":1.10}"#]],
        );
    }

    #[test]
    fn duplicate_keys_are_refused() {
        check("{\"a\": 1,\n \"\\u0061\": 2}", expect![[r#"2:2: the key "a" is there twice"#]]);
    }

    #[test]
    fn what_is_not_json() {
        check("", expect!["1:1: expected a value"]);
        check("[1,]", expect!["1:4: expected a value"]);
        check("{\"a\":01}", expect!["1:7: expected ',' or '}'"]);
        check("[1.]", expect!["1:4: expected a digit"]);
        check("\"\\ud800\"", expect!["1:8: expected the second half of a surrogate pair"]);
        check("\"a\nb\"", expect!["1:3: expected no control character in a string"]);
        check("nul", expect!["1:1: expected null"]);
        check("{} x", expect!["1:4: expected the end of the text"]);
        check("\"abc", expect!["1:5: expected the end of the string"]);
        check(r#"{"$serde_json::private::Number":"1"}"#, expect!["1:2: a reserved key"]);
    }

    #[test]
    fn limits_hold() {
        check("[1e65]", expect!["1:2: an exponent beyond 64"]);
        check(&"[".repeat(DOCUMENT_DEPTH_MAX + 1), expect!["1:65: deeper than 64 levels"]);
        check(
            &format!("[{}0]", "0,".repeat(DOCUMENT_NODES_MAX)),
            expect!["1:100000: more than 50000 values"],
        );
        check(
            &format!("[{}]", "1".repeat(65)),
            expect!["1:2: a number of more than 64 characters"],
        );
        check(&" ".repeat(DOCUMENT_BYTES_MAX + 1), expect!["1:1: longer than 262144 bytes"]);
    }

    proptest! {
        /// A second reader agrees on what is JSON and on what it says.
        #[test]
        fn agrees_with_another_reader(text in r#"([\[\]{},:\-0-9.eE+ "\\u]|true|null|"a"){0,12}"#) {
            let ours = Document::parse(text.as_bytes()).ok();
            let theirs = serde_json::from_str::<Value>(&text).ok();
            let stricter = matches!(
                Document::parse(text.as_bytes()).map_err(|error| error.reason),
                Err(DocumentReason::DuplicateKey { .. } | DocumentReason::Number(_))
            );
            prop_assert!(stricter || ours.map(|document| document.root) == theirs, "{}", text);
        }
    }
}
