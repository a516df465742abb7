use std::collections::BTreeMap;

use oxrdf::{GraphName, NamedOrBlankNode, Quad, Term};
use oxttl::NQuadsParser;
use sha2::{Digest, Sha256};

use crate::line::nquads_line;
use crate::positions::Position;

/// Most quads one dataset may hold.
pub const DATASET_QUADS_MAX: usize = 100_000;

/// A set of quads without blank nodes, in canonical order.
///
/// Invariant: the keys are the canonical N-Quads lines of the values.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Dataset {
    quads: BTreeMap<String, Quad>,
}

impl Dataset {
    /// The empty dataset.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds `quad`; `false` if it was there already.
    ///
    /// # Errors
    /// The quad names a blank node, or the dataset is full ([`DATASET_QUADS_MAX`]).
    pub fn insert(&mut self, quad: Quad) -> Result<bool, DatasetError> {
        let line = nquads_line(&quad);
        if has_blank_node(&quad) {
            return Err(DatasetError::BlankNode { line });
        }
        if self.quads.contains_key(&line) {
            return Ok(false);
        }
        if self.quads.len() >= DATASET_QUADS_MAX {
            return Err(DatasetError::TooManyQuads { limit: DATASET_QUADS_MAX });
        }
        self.quads.insert(line, quad);
        Ok(true)
    }

    /// Number of quads.
    #[must_use]
    pub fn len(&self) -> usize {
        self.quads.len()
    }

    /// Whether there is no quad.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.quads.is_empty()
    }

    /// Whether `quad` is in the set.
    #[must_use]
    pub fn contains(&self, quad: &Quad) -> bool {
        self.quads.contains_key(&nquads_line(quad))
    }

    /// The quads in canonical order.
    pub fn iter(&self) -> impl Iterator<Item = &Quad> {
        self.quads.values()
    }

    /// The canonical N-Quads lines, sorted, without line ends.
    pub fn lines(&self) -> impl Iterator<Item = &str> {
        self.quads.keys().map(String::as_str)
    }

    /// The lines of `self` that `other` lacks, in canonical order.
    pub fn lines_missing_in<'a>(&'a self, other: &'a Self) -> impl Iterator<Item = &'a str> {
        self.lines().filter(|line| !other.quads.contains_key(*line))
    }
}

/// Why a quad cannot enter a [`Dataset`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DatasetError {
    /// Blank nodes have no canonical name, so they are refused.
    #[error("blank nodes are refused: {line}")]
    BlankNode {
        /// The quad as an N-Quads line.
        line: String,
    },
    /// The dataset is full.
    #[error("more than {limit} quads")]
    TooManyQuads {
        /// [`DATASET_QUADS_MAX`].
        limit: usize,
    },
}

/// Canonical text: every quad's line in byte order, each ended by a line feed.
#[must_use]
pub fn nquads(dataset: &Dataset) -> String {
    let mut text = String::new();
    for line in dataset.lines() {
        text.push_str(line);
        text.push('\n');
    }
    text
}

/// SHA-256 of [`nquads`].
#[must_use]
pub fn digest(dataset: &Dataset) -> [u8; 32] {
    let mut hash = Sha256::new();
    for line in dataset.lines() {
        hash.update(line.as_bytes());
        hash.update(b"\n");
    }
    hash.finalize().into()
}

/// Reads N-Quads in any order and layout into a dataset.
///
/// # Errors
/// The text is not N-Quads, or a quad cannot enter a [`Dataset`]; with its position.
pub fn parse_nquads(text: &str) -> Result<Dataset, NQuadsError> {
    let mut dataset = Dataset::new();
    for quad in NQuadsParser::new().for_slice(text) {
        let quad = quad.map_err(|error| NQuadsError {
            position: Position::of(&error.location().start),
            reason: NQuadsReason::Syntax { detail: error.message().to_owned() },
        })?;
        dataset.insert(quad).map_err(|error| NQuadsError {
            position: Position::START,
            reason: NQuadsReason::Refused(error),
        })?;
    }
    Ok(dataset)
}

/// Why a text is not a canonical dataset.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{position}: {reason}")]
pub struct NQuadsError {
    /// Where the offending token starts; the start of the text for a refused quad.
    pub position: Position,
    /// What is wrong.
    pub reason: NQuadsReason,
}

/// See [`NQuadsError`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NQuadsReason {
    /// Not N-Quads.
    #[error("{detail}")]
    Syntax {
        /// The parser's words.
        detail: String,
    },
    /// Good N-Quads, but no canonical dataset.
    #[error(transparent)]
    Refused(DatasetError),
}

fn has_blank_node(quad: &Quad) -> bool {
    matches!(quad.subject, NamedOrBlankNode::BlankNode(_))
        || matches!(quad.object, Term::BlankNode(_))
        || matches!(quad.graph_name, GraphName::BlankNode(_))
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn check(text: &str, expected: Expect) {
        match parse_nquads(text) {
            Ok(dataset) => expected.assert_eq(&nquads(&dataset)),
            Err(error) => expected.assert_eq(&error.to_string()),
        }
    }

    #[test]
    fn lines_are_sorted_and_deduplicated() {
        check(
            "<urn:b> <urn:p> \"1\" <urn:g> .\n\n<urn:a>   <urn:p> \"x\"^^<http://www.w3.org/2001/XMLSchema#string> . # note\n<urn:b> <urn:p> \"1\" <urn:g> .",
            expect![[r#"
                <urn:a> <urn:p> "x" .
                <urn:b> <urn:p> "1" <urn:g> .
            "#]],
        );
    }

    #[test]
    fn escapes_are_canonical() {
        check(
            r#"<urn:a> <urn:p> "\u0009tab \u00e9 \"q\" \\ \u0001\n\u007F" ."#,
            expect![[r#"
                <urn:a> <urn:p> "\ttab é \"q\" \\ \u0001\n\u007F" .
            "#]],
        );
    }

    #[test]
    fn language_tags_are_lower_case() {
        check(
            "<urn:a> <urn:p> \"x\"@en-GB .",
            expect![[r#"
                <urn:a> <urn:p> "x"@en-gb .
            "#]],
        );
    }

    #[test]
    fn blank_nodes_are_refused() {
        check(
            "_:b <urn:p> <urn:o> .",
            expect![[r#"1:1: blank nodes are refused: _:b <urn:p> <urn:o> ."#]],
        );
    }

    #[test]
    fn syntax_error_has_its_position() {
        check(
            "<urn:a> <urn:p> .\n",
            expect!["1:17: The object of a triple must be an IRI, a blank node or a literal"],
        );
    }

    #[test]
    fn digest_is_of_the_canonical_text() {
        let dataset = parse_nquads("<urn:b> <urn:p> 'x' .").unwrap_or_default();
        assert!(dataset.is_empty(), "single quotes are no N-Quads");
        let one = parse_nquads("<urn:b> <urn:p> \"x\" .\n<urn:a> <urn:p> \"x\" .").expect("good");
        let two = parse_nquads("<urn:a> <urn:p> \"x\" .\n<urn:b> <urn:p> \"x\" .").expect("good");
        assert_eq!(digest(&one), digest(&two), "order does not matter");
        assert_eq!(
            hex::encode(digest(&one)),
            hex::encode(Sha256::digest(nquads(&one).as_bytes())),
            "the digest is of the text"
        );
    }
}
