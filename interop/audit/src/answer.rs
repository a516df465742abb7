//! Answers in the shape of [SPARQL 1.1 Query Results JSON][json], with the height they hold at.
//!
//! [json]: https://www.w3.org/TR/sparql11-results-json/

use std::collections::BTreeMap;

use oxigraph::model;
use oxigraph::sparql::{QueryEvaluationError, QueryResults};
use pervade_rdf::nquads_line;
use serde::{Deserialize, Serialize};

/// Most rows of one answer; more are counted as cut.
pub(crate) const ROWS_MAX: usize = 10_000;

/// The answer to one query.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Answer {
    /// How many blocks the graph held when it answered.
    pub height: u64,
    /// Names of the columns.
    pub columns: Vec<String>,
    /// One map a row, from column to term; a column without a value is absent.
    pub rows: Vec<BTreeMap<String, Term>>,
    /// Whether rows beyond the ten thousand that an answer may have were left out.
    pub cut: bool,
}

/// One RDF term of an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
#[expect(clippy::exhaustive_enums, reason = "complete by definition: the graph has no blank node")]
pub enum Term {
    /// An IRI.
    Uri {
        /// The IRI.
        value: String,
    },
    /// A literal.
    Literal {
        /// Its lexical form.
        value: String,
        /// Its datatype's IRI, unless it is a plain text.
        #[serde(skip_serializing_if = "Option::is_none")]
        datatype: Option<String>,
        /// Its language, if it has one.
        #[serde(rename = "xml:lang", skip_serializing_if = "Option::is_none")]
        language: Option<String>,
    },
    /// A blank node, which only a query's own `CONSTRUCT` or `BNODE()` makes.
    Bnode {
        /// Its label within this answer.
        value: String,
    },
}

impl Term {
    /// What a person reads: the IRI or the literal's text.
    #[must_use]
    pub fn text(&self) -> &str {
        match self {
            Self::Uri { value } | Self::Literal { value, .. } | Self::Bnode { value } => value,
        }
    }
}

impl Answer {
    /// The row's value in a column, as a person reads it; empty if it has none.
    #[must_use]
    pub fn text(&self, row: usize, column: &str) -> &str {
        self.rows.get(row).and_then(|row| row.get(column)).map_or("", Term::text)
    }

    /// The payload quad that a row states, as one line of N-Quads.
    ///
    /// A row states one if it has the columns `observation`, `value` and `graph`: the observation has
    /// the value as its simple result, in that graph.
    #[must_use]
    pub fn quad(&self, row: usize) -> Option<String> {
        let row = self.rows.get(row)?;
        let (Term::Uri { value: subject }, Term::Uri { value: graph }) =
            (row.get("observation")?, row.get("graph")?)
        else {
            return None;
        };
        let Term::Literal { value, datatype: Some(datatype), .. } = row.get("value")? else {
            return None;
        };
        let object = model::Literal::new_typed_literal(value, named(datatype));
        let graph = model::GraphName::NamedNode(named(graph));
        let quad = model::Quad::new(named(subject), named(HAS_SIMPLE_RESULT), object, graph);
        Some(nquads_line(&quad))
    }

    pub(crate) fn collect(
        height: u64,
        results: QueryResults<'_>,
    ) -> Result<Self, QueryEvaluationError> {
        let mut answer = Self { height, ..Self::default() };
        match results {
            QueryResults::Boolean(value) => answer.boolean(value),
            QueryResults::Solutions(solutions) => {
                answer.columns =
                    solutions.variables().iter().map(|name| name.as_str().to_owned()).collect();
                for solution in solutions {
                    let solution = solution?;
                    let row = solution
                        .iter()
                        .map(|(name, value)| (name.as_str().to_owned(), Term::from(value)));
                    if !answer.push(row.collect()) {
                        break;
                    }
                }
            }
            QueryResults::Graph(triples) => {
                answer.columns = ["subject", "predicate", "object"].map(str::to_owned).to_vec();
                for triple in triples {
                    if !answer.push(triple_row(&triple?)) {
                        break;
                    }
                }
            }
        }
        Ok(answer)
    }

    fn boolean(&mut self, value: bool) {
        self.columns = vec!["boolean".to_owned()];
        let term = Term::Literal {
            value: value.to_string(),
            datatype: Some(XSD_BOOLEAN.to_owned()),
            language: None,
        };
        self.rows = vec![BTreeMap::from([("boolean".to_owned(), term)])];
    }

    fn push(&mut self, row: BTreeMap<String, Term>) -> bool {
        self.cut = self.rows.len() >= ROWS_MAX;
        if !self.cut {
            self.rows.push(row);
        }
        !self.cut
    }
}

/// [`sosa:hasSimpleResult`](https://www.w3.org/TR/vocab-ssn/#SOSAhasSimpleResult)
const HAS_SIMPLE_RESULT: &str = "http://www.w3.org/ns/sosa/hasSimpleResult";

/// IRIs of an answer come from the store, which checked them.
fn named(iri: &str) -> model::NamedNode {
    model::NamedNode::new_unchecked(iri)
}

const XSD_BOOLEAN: &str = "http://www.w3.org/2001/XMLSchema#boolean";
const XSD_STRING: &str = "http://www.w3.org/2001/XMLSchema#string";

fn triple_row(triple: &model::Triple) -> BTreeMap<String, Term> {
    let subject = Term::from(&model::Term::from(triple.subject.clone()));
    let predicate = Term::Uri { value: triple.predicate.as_str().to_owned() };
    let object = Term::from(&triple.object);
    BTreeMap::from([
        ("subject".to_owned(), subject),
        ("predicate".to_owned(), predicate),
        ("object".to_owned(), object),
    ])
}

impl From<&model::Term> for Term {
    fn from(term: &model::Term) -> Self {
        match term {
            model::Term::NamedNode(node) => Self::Uri { value: node.as_str().to_owned() },
            model::Term::BlankNode(node) => Self::Bnode { value: node.as_str().to_owned() },
            model::Term::Literal(literal) => Self::Literal {
                value: literal.value().to_owned(),
                datatype: Some(literal.datatype().as_str().to_owned())
                    .filter(|iri| iri != XSD_STRING && literal.language().is_none()),
                language: literal.language().map(str::to_owned),
            },
        }
    }
}
