use oxrdf::{Dataset, Term};
use oxrdfio::{RdfFormat, RdfParser};
use pervade_mapping::{Record, RecordQuery, SourceError, Value};
use spareval::{QueryEvaluator, QueryResults, QuerySolution};
use spargebra::SparqlParser;

/// Most solutions of one query.
pub const SPARQL_RESULTS_MAX: usize = 10_000_000;

/// The solutions of a SPARQL query over a file of RDF, in the format that its name says.
///
/// The results are as a table in [CSV](https://www.w3.org/TR/sparql11-results-csv-tsv/#csv) gives
/// them: a literal is its text, and a text that is written as a number is one. `SERVICE` finds
/// nothing: the evaluator has no client.
pub(crate) fn records(
    text: &str,
    path: &str,
    query: &RecordQuery,
) -> Result<Vec<Record>, SourceError> {
    let dataset = dataset(text, path)?;
    let written = query.iterator.as_deref().unwrap_or_default();
    let parsed = parsed(written)?;
    let results = QueryEvaluator::new().prepare(&parsed).execute(&dataset).map_err(unanswered)?;
    let QueryResults::Solutions(solutions) = results else {
        return Err(unanswered("the query is no SELECT"));
    };
    for name in &query.references {
        if !solutions.variables().iter().any(|variable| variable.as_str() == name) {
            return Err(SourceError::NoSuch { what: "variable", name: name.clone() });
        }
    }
    let mut records = Vec::new();
    for solution in solutions {
        if records.len() >= SPARQL_RESULTS_MAX {
            let limit = u64::try_from(SPARQL_RESULTS_MAX).unwrap_or(u64::MAX);
            return Err(SourceError::Limit { what: "solutions", limit });
        }
        records.push(record(&solution.map_err(unanswered)?, query));
    }
    Ok(records)
}

/// Reads a query, for those who only want to know whether it is one.
pub(crate) fn parsed(query: &str) -> Result<spargebra::Query, SourceError> {
    SparqlParser::new().parse_query(query).map_err(unanswered)
}

fn dataset(text: &str, path: &str) -> Result<Dataset, SourceError> {
    let extension = path.rsplit('.').next().unwrap_or_default();
    let format = RdfFormat::from_extension(extension).ok_or_else(|| SourceError::Syntax {
        line: 0,
        reason: format!("{extension:?} is no extension of an RDF format"),
    })?;
    let quads = RdfParser::from_format(format).for_slice(text.as_bytes());
    quads
        .map(|quad| {
            quad.map_err(|error| {
                let line = error.location().map_or(0, |place| place.start.line.saturating_add(1));
                SourceError::Syntax { line, reason: error.to_string() }
            })
        })
        .collect()
}

fn record(solution: &QuerySolution, query: &RecordQuery) -> Record {
    let values = |name: &String| solution.get(name.as_str()).map(value).into_iter().collect();
    Record { values: query.references.iter().map(values).collect(), nested: Vec::new() }
}

fn value(term: &Term) -> Value {
    match term {
        Term::NamedNode(node) => Value::Iri(node.as_str().to_owned()),
        Term::BlankNode(node) => Value::Text(node.as_str().to_owned()),
        Term::Literal(literal) if is_number(literal.value()) => {
            Value::Number(literal.value().to_owned())
        }
        Term::Literal(literal) => Value::Text(literal.value().to_owned()),
    }
}

fn is_number(text: &str) -> bool {
    serde_json::from_str::<serde_json::Number>(text).is_ok()
}

fn unanswered(error: impl std::fmt::Display) -> SourceError {
    SourceError::Syntax { line: 0, reason: error.to_string() }
}
