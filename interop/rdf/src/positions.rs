use std::fmt;

use oxrdf::{Term, Triple};
use oxttl::TextPosition;

use crate::vocabulary::rdf;

/// A place in a text; lines and columns count from 1, columns in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// Line, from 1.
    pub line: u64,
    /// Column in characters, from 1.
    pub column: u64,
}

impl Position {
    /// The first character of a text.
    pub const START: Self = Self { line: 1, column: 1 };

    pub(crate) fn of(position: &TextPosition) -> Self {
        Self { line: position.line.saturating_add(1), column: position.column.saturating_add(1) }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// Where one triple of a Turtle document is written, and with which tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TriplePlace<'a> {
    pub(crate) subject: Position,
    pub(crate) predicate: Position,
    pub(crate) object: Position,
    predicate_token: &'a str,
    object_token: &'a str,
}

impl TriplePlace<'_> {
    /// Whether `triple` may be the one written here.
    pub(crate) fn fits(&self, triple: &Triple) -> bool {
        let object = match &triple.object {
            Term::NamedNode(node) if self.object_token == "(" => node.as_str() == rdf::NIL,
            Term::NamedNode(node) => names(self.object_token, node.as_str()),
            Term::BlankNode(_) => self.object_token.starts_with(['[', '_', '(']),
            Term::Literal(literal) => match self.object_token.trim_matches(['"', '\'']) {
                plain if plain.len() == self.object_token.len() => plain == literal.value(),
                quoted => {
                    quoted.contains('\\') || quoted == literal.value().trim_matches(['"', '\''])
                }
            },
        };
        object && names(self.predicate_token, triple.predicate.as_str())
    }
}

/// Whether a token can be how `iri` is written.
fn names(token: &str, iri: &str) -> bool {
    if token == "a" {
        return iri == rdf::TYPE;
    }
    let end = match token.strip_prefix('<') {
        Some(reference) => reference.trim_end_matches('>'),
        None => token.split_once(':').map_or("\u{0}", |(_, local)| local),
    };
    end.contains('\\') || iri.ends_with(end)
}

/// Most brackets open at once that the scan follows.
const NESTING_MAX: usize = 256;

/// A light scan of well-formed Turtle: where each triple stands, a bracketed object or a
/// collection after the triples inside it. Of a collection, the triples of its members are
/// placed; those that link its cells are not written anywhere.
///
/// The scan judges nothing. It gives up (`None`) on what it does not follow, such as deep
/// nesting.
pub(crate) fn triple_places(text: &str) -> Option<Vec<TriplePlace<'_>>> {
    let mut scan = Scan { tokens: Tokens::new(text), places: Vec::new(), open: Vec::new() };
    scan.document()?;
    Some(scan.places)
}

struct Scan<'a> {
    tokens: Tokens<'a>,
    places: Vec<TriplePlace<'a>>,
    /// Statements whose bracketed object is still open, with where that object began.
    open: Vec<(Statement<'a>, Position)>,
}

/// What is known of the statement being read.
#[derive(Clone, Copy)]
struct Statement<'a> {
    subject: Position,
    predicate: Option<(Position, &'a str)>,
    /// An object was read and only a suffix or a separator may follow.
    complete: bool,
    /// These are the members of a collection.
    members: bool,
}

impl Statement<'_> {
    const fn of(subject: Position) -> Self {
        Self { subject, predicate: None, complete: false, members: false }
    }

    const fn members(collection: Position) -> Self {
        Self { subject: collection, predicate: None, complete: false, members: true }
    }
}

/// How the predicate of a collection's members would be written.
const FIRST: &str = "rdf:first";

impl<'a> Scan<'a> {
    fn document(&mut self) -> Option<()> {
        let mut statement: Option<Statement<'a>> = None;
        while let Some(Token { kind, text, position }) = self.tokens.next() {
            statement = match (kind, statement) {
                (TokenKind::Directive, None) => {
                    self.skip_directive(text);
                    None
                }
                (TokenKind::Open, None) => Some(Statement::of(position)),
                (TokenKind::OpenList, None) => Some(Statement::members(position)),
                (TokenKind::Other, None) => return None,
                (TokenKind::Open, Some(current)) => Some(self.open_object(current, position)?),
                (TokenKind::OpenList, Some(current)) => {
                    self.open_object(current, position)?;
                    Some(Statement::members(position))
                }
                (TokenKind::Close, Some(current)) => Some(self.close_object(current, "[")),
                (TokenKind::CloseList, Some(current)) => Some(self.close_object(current, "(")),
                (TokenKind::Semicolon, Some(current)) => Some(Statement::of(current.subject)),
                (TokenKind::Comma, Some(current)) => Some(Statement { complete: false, ..current }),
                (TokenKind::Dot | TokenKind::Close | TokenKind::CloseList, _) => None,
                (TokenKind::Term, None) => Some(Statement::of(position)),
                (TokenKind::Term | TokenKind::Directive, Some(current)) => {
                    Some(self.term(current, position, text))
                }
                (TokenKind::Suffix | TokenKind::Semicolon | TokenKind::Comma, current) => current,
                (TokenKind::Other, Some(_)) => return None,
            };
        }
        Some(())
    }

    /// `@prefix p: <i> .` ends with a dot, `PREFIX p: <i>` does not.
    fn skip_directive(&mut self, keyword: &str) {
        let terms =
            if keyword.trim_start_matches('@').eq_ignore_ascii_case("prefix") { 2 } else { 1 };
        for _ in 0..terms {
            self.tokens.next();
        }
        if keyword.starts_with('@') {
            self.tokens.next();
        }
    }

    fn open_object(&mut self, current: Statement<'a>, position: Position) -> Option<Statement<'a>> {
        if self.open.len() >= NESTING_MAX {
            return None;
        }
        self.open.push((current, position));
        Some(Statement::of(position))
    }

    fn close_object(&mut self, current: Statement<'a>, token: &'a str) -> Statement<'a> {
        match self.open.pop() {
            Some((outer, began)) => self.term(outer, began, token),
            // The bracket was the subject; its predicates may follow.
            None => Statement::of(current.subject),
        }
    }

    fn term(
        &mut self,
        current: Statement<'a>,
        position: Position,
        token: &'a str,
    ) -> Statement<'a> {
        if current.members {
            self.places.push(TriplePlace {
                subject: position,
                predicate: position,
                object: position,
                predicate_token: FIRST,
                object_token: token,
            });
            return current;
        }
        match current.predicate {
            None => Statement { predicate: Some((position, token)), ..current },
            Some(_) if current.complete => current,
            Some((predicate, predicate_token)) => {
                let subject = current.subject;
                let object = position;
                let object_token = token;
                self.places.push(TriplePlace {
                    subject,
                    predicate,
                    object,
                    predicate_token,
                    object_token,
                });
                Statement { complete: true, ..current }
            }
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum TokenKind {
    Term,
    /// Part of the literal before it: `@en`, or `^^` and its datatype.
    Suffix,
    Directive,
    Open,
    Close,
    OpenList,
    CloseList,
    Semicolon,
    Comma,
    Dot,
    Other,
}

struct Token<'a> {
    kind: TokenKind,
    text: &'a str,
    position: Position,
}

struct Tokens<'a> {
    rest: &'a str,
    position: Position,
    after_string: bool,
    after_carets: bool,
}

impl<'a> Tokens<'a> {
    const fn new(text: &'a str) -> Self {
        Self { rest: text, position: Position::START, after_string: false, after_carets: false }
    }

    fn next(&mut self) -> Option<Token<'a>> {
        self.skip_blank();
        let position = self.position;
        let (kind, length) = self.measure()?;
        let text = self.take(length);
        let kind =
            if self.after_carets && kind == TokenKind::Term { TokenKind::Suffix } else { kind };
        self.after_carets = text == "^^";
        self.after_string = text.starts_with(['"', '\'']);
        Some(Token { kind, text, position })
    }

    fn skip_blank(&mut self) {
        loop {
            let blank = self.rest.len() - self.rest.trim_start().len();
            self.take(blank);
            if !self.rest.starts_with('#') {
                return;
            }
            let comment = self.rest.find('\n').unwrap_or(self.rest.len());
            self.take(comment);
        }
    }

    /// Kind and byte length of the token that `rest` starts with.
    fn measure(&self) -> Option<(TokenKind, usize)> {
        let first = self.rest.chars().next()?;
        Some(match first {
            '<' => (TokenKind::Term, self.rest.find('>').map_or(self.rest.len(), |at| at + 1)),
            '"' | '\'' => (TokenKind::Term, string_length(self.rest, first)),
            '[' => (TokenKind::Open, 1),
            ']' => (TokenKind::Close, 1),
            ';' => (TokenKind::Semicolon, 1),
            ',' => (TokenKind::Comma, 1),
            '^' => (TokenKind::Suffix, if self.rest.starts_with("^^") { 2 } else { 1 }),
            '@' if self.after_string => (TokenKind::Suffix, word_length(self.rest)),
            '@' => (TokenKind::Directive, word_length(self.rest)),
            '.' if !self.rest[1..].starts_with(|c: char| c.is_ascii_digit()) => (TokenKind::Dot, 1),
            '(' => (TokenKind::OpenList, 1),
            ')' => (TokenKind::CloseList, 1),
            '{' | '}' => (TokenKind::Other, 1),
            _ => {
                let length = word_length(self.rest).max(first.len_utf8());
                let word = self.rest.get(..length).unwrap_or_default();
                let directive =
                    word.eq_ignore_ascii_case("prefix") || word.eq_ignore_ascii_case("base");
                (if directive { TokenKind::Directive } else { TokenKind::Term }, length)
            }
        })
    }

    fn take(&mut self, length: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at_checked(length).unwrap_or((self.rest, ""));
        for character in taken.chars() {
            if character == '\n' {
                self.position = Position { line: self.position.line + 1, column: 1 };
            } else {
                self.position.column += 1;
            }
        }
        self.rest = rest;
        taken
    }
}

fn string_length(rest: &str, quote: char) -> usize {
    let long: String = std::iter::repeat_n(quote, 3).collect();
    let (mark, start) = if rest.starts_with(&long) { (long.as_str(), 3) } else { (&long[..1], 1) };
    let mut escaped = false;
    for (at, character) in rest.char_indices().skip(start) {
        if escaped {
            escaped = false;
        } else if character == '\\' {
            escaped = true;
        } else if rest.get(at..).is_some_and(|tail| tail.starts_with(mark)) {
            // A long string may end in quotes of its own: the last three close it.
            let extra = if start == 3 {
                rest.get(at + 3..)
                    .map_or(0, |tail| tail.len() - tail.trim_start_matches(quote).len())
            } else {
                0
            };
            return at + mark.len() + extra;
        }
    }
    rest.len()
}

/// Length of a name, number or keyword: up to a blank or a delimiter. A dot belongs to the
/// word only when a word character follows it.
fn word_length(rest: &str) -> usize {
    let mut escaped = false;
    for (at, character) in rest.char_indices() {
        if escaped {
            escaped = false;
            continue;
        }
        escaped = character == '\\';
        let dot_inside = character == '.' && rest.get(at + 1..).is_some_and(starts_word);
        let delimiter = matches!(
            character,
            '.' | ';'
                | ','
                | '['
                | ']'
                | '('
                | ')'
                | '{'
                | '}'
                | '"'
                | '\''
                | '<'
                | '>'
                | '#'
                | '^'
        );
        if character.is_whitespace() || (delimiter && !dot_inside) {
            return at;
        }
    }
    rest.len()
}

fn starts_word(tail: &str) -> bool {
    tail.starts_with(|c: char| {
        c.is_alphanumeric() || matches!(c, '_' | ':' | '%' | '\\' | '-' | '.')
    })
}
