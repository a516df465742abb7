use std::collections::BTreeMap;

use oxrdf::{BlankNode, NamedOrBlankNode, Term, Triple};
use oxttl::TurtleParser;

use crate::positions::{Position, TriplePlace, triple_places};

/// Longest Turtle document read, in bytes.
pub const TURTLE_BYTES_MAX: usize = 1 << 20;

/// Most triples of a Turtle document; what people write has fewer, however long its text is.
pub const TURTLE_TRIPLES_MAX: usize = 10_000;

/// Most brackets inside one another.
pub const TURTLE_DEPTH_MAX: usize = 256;

/// Whether more brackets are open at once than may be. The parser gives nothing before they close.
/// Brackets in texts, IRIs and comments count too, but hardly ever so many of one kind.
fn nests_too_deeply(text: &str) -> bool {
    let mut open = [0_usize; 2];
    text.bytes().any(|byte| {
        let [square, round] = &mut open;
        match byte {
            b'[' => *square = square.saturating_add(1),
            b']' => *square = square.saturating_sub(1),
            b'(' => *round = round.saturating_add(1),
            b')' => *round = round.saturating_sub(1),
            _ => {}
        }
        open.iter().any(|open| *open > TURTLE_DEPTH_MAX)
    })
}

/// One triple and where it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PositionedTriple {
    /// The triple; blank nodes are named `b0`, `b1`, … in order of first appearance.
    pub triple: Triple,
    /// Where the subject's token starts.
    pub subject: Position,
    /// Where the predicate's token starts.
    pub predicate: Position,
    /// Where the object's token starts.
    pub object: Position,
}

/// Reads a Turtle document; relative IRIs need `base` or the document's own `@base`.
///
/// # Errors
/// The first syntax error with its position, or the document is longer than
/// [`TURTLE_BYTES_MAX`] or has more than [`TURTLE_TRIPLES_MAX`].
pub fn parse_turtle(text: &str, base: Option<&str>) -> Result<Vec<PositionedTriple>, TurtleError> {
    parse_turtle_document(text, base).map(|document| document.triples)
}

/// A Turtle document: its triples and the base that holds at its end.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "readers take it apart")]
pub struct TurtleDocument {
    /// The triples, in the order the parser gives them.
    pub triples: Vec<PositionedTriple>,
    /// The document's last `@base`, or the base it was read with.
    pub base: Option<String>,
}

/// Reads a Turtle document as [`parse_turtle`] does, and tells its base.
///
/// # Errors
/// As [`parse_turtle`].
pub fn parse_turtle_document(
    text: &str,
    base: Option<&str>,
) -> Result<TurtleDocument, TurtleError> {
    if text.len() > TURTLE_BYTES_MAX {
        return Err(TurtleError::TooLong { limit: TURTLE_BYTES_MAX });
    }
    let mut parser = TurtleParser::new();
    if let Some(base) = base {
        parser =
            parser.with_base_iri(base).map_err(|_| TurtleError::Base { base: base.to_owned() })?;
    }
    if nests_too_deeply(text) {
        return Err(TurtleError::TooDeep { limit: TURTLE_DEPTH_MAX });
    }
    let mut names = BlankNames::default();
    let mut triples = Vec::new();
    let mut parser = parser.for_slice(text);
    for triple in parser.by_ref() {
        let triple = triple.map_err(|error| TurtleError::Syntax {
            position: Position::of(&error.location().start),
            detail: error.message().to_owned(),
        })?;
        if triples.len() >= TURTLE_TRIPLES_MAX {
            return Err(TurtleError::TooManyTriples { limit: TURTLE_TRIPLES_MAX });
        }
        triples.push(names.rename(triple));
    }
    let mut places = triple_places(text).unwrap_or_default();
    places.reverse();
    let triples = triples.into_iter().map(|triple| placed(triple, &mut places)).collect();
    Ok(TurtleDocument { triples, base: parser.base_iri().map(str::to_owned) })
}

/// How far out of the text's order the parser reports a triple.
const REORDERING_MAX: usize = 8;

/// Takes the place of `triple` from `places`, which are in reverse order.
fn placed(triple: Triple, places: &mut Vec<TriplePlace<'_>>) -> PositionedTriple {
    let found = (0..places.len())
        .rev()
        .take(REORDERING_MAX)
        .find(|at| places.get(*at).is_some_and(|place| place.fits(&triple)));
    match found.map(|at| places.remove(at)) {
        Some(TriplePlace { subject, predicate, object, .. }) => {
            PositionedTriple { triple, subject, predicate, object }
        }
        None => PositionedTriple {
            triple,
            subject: Position::START,
            predicate: Position::START,
            object: Position::START,
        },
    }
}

/// Why a text is not Turtle.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TurtleError {
    /// The grammar is broken here.
    #[error("{position}: {detail}")]
    Syntax {
        /// Where the offending token starts.
        position: Position,
        /// The parser's words.
        detail: String,
    },
    /// The base is not an absolute IRI.
    #[error("{base} is not an absolute IRI")]
    Base {
        /// The base as given.
        base: String,
    },
    /// The document is too long.
    #[error("longer than {limit} bytes")]
    TooLong {
        /// [`TURTLE_BYTES_MAX`].
        limit: usize,
    },
    /// Too many brackets are open at once.
    #[error("more than {limit} brackets inside one another")]
    TooDeep {
        /// [`TURTLE_DEPTH_MAX`].
        limit: usize,
    },
    /// The document has too many triples.
    #[error("more than {limit} triples")]
    TooManyTriples {
        /// [`TURTLE_TRIPLES_MAX`].
        limit: usize,
    },
}

impl TurtleError {
    /// Where the problem stands; the start of the text if it is about the whole.
    #[must_use]
    pub const fn position(&self) -> Position {
        match self {
            Self::Syntax { position, .. } => *position,
            Self::Base { .. }
            | Self::TooLong { .. }
            | Self::TooDeep { .. }
            | Self::TooManyTriples { .. } => Position::START,
        }
    }
}

/// The parser names anonymous nodes at random; here every blank node gets a number.
#[derive(Default)]
struct BlankNames {
    names: BTreeMap<String, BlankNode>,
}

impl BlankNames {
    fn rename(&mut self, mut triple: Triple) -> Triple {
        if let NamedOrBlankNode::BlankNode(node) = &triple.subject {
            triple.subject = self.name(node).into();
        }
        if let Term::BlankNode(node) = &triple.object {
            triple.object = self.name(node).into();
        }
        triple
    }

    fn name(&mut self, node: &BlankNode) -> BlankNode {
        let next = self.names.len();
        self.names
            .entry(node.as_str().to_owned())
            .or_insert_with(|| BlankNode::new_unchecked(format!("b{next}")))
            .clone()
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn check(text: &str, expected: Expect) {
        match parse_turtle(text, Some("http://base/")) {
            Ok(triples) => {
                let lines: String = triples
                    .iter()
                    .map(|t| format!("{} {} {} | {}\n", t.subject, t.predicate, t.object, t.triple))
                    .collect();
                expected.assert_eq(&lines);
            }
            Err(error) => expected.assert_eq(&error.to_string()),
        }
    }

    #[test]
    fn positions_of_nested_objects() {
        check(
            "@prefix e: <http://e/> . # a comment with [ ; \" in it\nPREFIX f: <http://f/>\n<a> a e:T ;\n  e:p [ f:q \"x;y\"@en, 1.5 ; ] , e:o.o .\n[] e:p '''long ''' .\n[ e:r true ] e:s \"1\"^^e:dt ;; .",
            expect![[r#"
                3:1 3:5 3:7 | <http://base/a> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <http://e/T>
                4:7 4:9 4:13 | _:b0 <http://f/q> "x;y"@en
                4:7 4:9 4:23 | _:b0 <http://f/q> "1.5"^^<http://www.w3.org/2001/XMLSchema#decimal>
                3:1 4:3 4:7 | <http://base/a> <http://e/p> _:b0
                3:1 4:3 4:33 | <http://base/a> <http://e/p> <http://e/o.o>
                5:1 5:4 5:8 | _:b1 <http://e/p> "long "
                6:1 6:3 6:7 | _:b2 <http://e/r> "true"^^<http://www.w3.org/2001/XMLSchema#boolean>
                6:1 6:14 6:18 | _:b2 <http://e/s> "1"^^<http://e/dt>
            "#]],
        );
    }

    #[test]
    fn a_literal_before_a_bracket_keeps_its_place() {
        check(
            "<#m> <u:l> [ <u:s> <f> ; <u:i> \"$[\" ] ;\n <u:k> [ <u:t> [ <u:v> \"x\" ] ] .",
            expect![[r#"
                1:12 1:14 1:20 | _:b0 <u:s> <http://base/f>
                1:1 1:6 1:12 | <http://base/#m> <u:l> _:b0
                1:12 1:26 1:32 | _:b0 <u:i> "$["
                2:8 2:10 2:16 | _:b1 <u:t> _:b2
                2:16 2:18 2:24 | _:b2 <u:v> "x"
                1:1 2:2 2:8 | <http://base/#m> <u:k> _:b1
            "#]],
        );
    }

    #[test]
    fn positions_in_collections() {
        check(
            "<#m> <u:g> ( <a>\n [ <u:r> \"x\" ] ( \"y\" 2 ) () ) ; <u:k> <z> .\n( <a> ) <u:p> 1 .",
            expect![[r#"
                1:14 1:14 1:14 | _:b0 <http://www.w3.org/1999/02/22-rdf-syntax-ns#first> <http://base/a>
                1:1 1:6 1:12 | <http://base/#m> <u:g> _:b0
                1:1 1:1 1:1 | _:b0 <http://www.w3.org/1999/02/22-rdf-syntax-ns#rest> _:b1
                2:2 2:2 2:2 | _:b1 <http://www.w3.org/1999/02/22-rdf-syntax-ns#first> _:b2
                2:2 2:4 2:10 | _:b2 <u:r> "x"
                1:1 1:1 1:1 | _:b1 <http://www.w3.org/1999/02/22-rdf-syntax-ns#rest> _:b3
                2:16 2:16 2:16 | _:b3 <http://www.w3.org/1999/02/22-rdf-syntax-ns#first> _:b4
                2:22 2:22 2:22 | _:b5 <http://www.w3.org/1999/02/22-rdf-syntax-ns#first> "2"^^<http://www.w3.org/2001/XMLSchema#integer>
                1:1 1:1 1:1 | _:b4 <http://www.w3.org/1999/02/22-rdf-syntax-ns#rest> _:b5
                2:18 2:18 2:18 | _:b4 <http://www.w3.org/1999/02/22-rdf-syntax-ns#first> "y"
                1:1 1:1 1:1 | _:b5 <http://www.w3.org/1999/02/22-rdf-syntax-ns#rest> <http://www.w3.org/1999/02/22-rdf-syntax-ns#nil>
                1:1 1:1 1:1 | _:b3 <http://www.w3.org/1999/02/22-rdf-syntax-ns#rest> _:b6
                2:26 2:26 2:26 | _:b6 <http://www.w3.org/1999/02/22-rdf-syntax-ns#first> <http://www.w3.org/1999/02/22-rdf-syntax-ns#nil>
                1:1 1:1 1:1 | _:b6 <http://www.w3.org/1999/02/22-rdf-syntax-ns#rest> <http://www.w3.org/1999/02/22-rdf-syntax-ns#nil>
                1:1 2:33 2:39 | <http://base/#m> <u:k> <http://base/z>
                3:3 3:3 3:3 | _:b7 <http://www.w3.org/1999/02/22-rdf-syntax-ns#first> <http://base/a>
                1:1 1:1 1:1 | _:b7 <http://www.w3.org/1999/02/22-rdf-syntax-ns#rest> <http://www.w3.org/1999/02/22-rdf-syntax-ns#nil>
                3:1 3:9 3:15 | _:b7 <u:p> "1"^^<http://www.w3.org/2001/XMLSchema#integer>
            "#]],
        );
    }

    #[test]
    fn syntax_error_has_its_position() {
        check(
            "@prefix e: <http://e/> .\ne:a e:b e:c e:d .",
            expect!["2:13: A dot is expected at the end of statements"],
        );
    }
}
