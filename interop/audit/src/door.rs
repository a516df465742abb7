//! Which queries are let in: reading only, nothing from elsewhere, and of a bearable shape.
//!
//! Oxigraph's parser and planner recurse over the query, so its nesting is bounded here, on the
//! text, before they see it. What remains (a costly but well-formed query) is the kill timer's.

use std::fmt;

use oxigraph::sparql::{PreparedSparqlQuery, SparqlEvaluator, SparqlSyntaxError};
use thiserror::Error;

/// Longest query, in bytes.
pub const QUERY_BYTES_MAX: usize = 16 * 1024;
/// Deepest nesting of brackets of any kind.
pub const QUERY_NESTING_MAX: usize = 32;
/// Most keywords that chain graph patterns (`UNION`, `OPTIONAL`, `MINUS`), and path steps.
pub const QUERY_CHAIN_MAX: usize = 64;

/// A query that passed the door.
#[derive(Clone)]
pub struct Admitted {
    pub(crate) query: PreparedSparqlQuery,
}

impl fmt::Debug for Admitted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Admitted").finish_non_exhaustive()
    }
}

/// Why a query was not let in.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Refused {
    /// Longer than [`QUERY_BYTES_MAX`].
    #[error("the query has {bytes} bytes; {QUERY_BYTES_MAX} are allowed")]
    TooLong {
        /// Its length.
        bytes: usize,
    },
    /// Nested deeper than [`QUERY_NESTING_MAX`].
    #[error("the query nests deeper than {QUERY_NESTING_MAX} brackets")]
    TooDeep,
    /// More chained patterns or path steps than [`QUERY_CHAIN_MAX`].
    #[error("the query chains more than {QUERY_CHAIN_MAX} patterns or path steps")]
    TooManyParts,
    /// It asks another service, or loads or changes data.
    #[error("{keyword} is not allowed: the graph is read only, and nothing is fetched")]
    NotReadOnly {
        /// The keyword, in capitals.
        keyword: &'static str,
    },
    /// It is not SPARQL.
    #[error("the query is not SPARQL")]
    Syntax(#[source] SparqlSyntaxError),
}

/// Lets a query in, or says why not.
pub fn admit(text: &str) -> Result<Admitted, Refused> {
    if text.len() > QUERY_BYTES_MAX {
        return Err(Refused::TooLong { bytes: text.len() });
    }
    scan(text)?;
    // The library is built without its HTTP client: even what slips through follows no SERVICE.
    let mut query = SparqlEvaluator::new().parse_query(text).map_err(Refused::Syntax)?;
    if query.dataset().is_default_dataset() {
        query.dataset_mut().set_default_graph_as_union();
    }
    Ok(Admitted { query })
}

/// Words that may not stand outside texts, IRIs and names.
const FORBIDDEN: &[&str] =
    &["SERVICE", "LOAD", "INSERT", "DELETE", "CLEAR", "DROP", "CREATE", "ADD", "MOVE", "COPY"];

/// Words that chain graph patterns.
const CHAINING: &[&str] = &["UNION", "OPTIONAL", "MINUS", "EXISTS", "GRAPH"];

fn scan(text: &str) -> Result<(), Refused> {
    let (mut depth, mut chained) = (0_usize, 0_usize);
    for token in Tokens::new(text) {
        match token {
            Token::Open => depth += 1,
            Token::Close => depth = depth.saturating_sub(1),
            Token::Step => chained += 1,
            Token::Word(word) => {
                let is = |keyword: &&&str| keyword.eq_ignore_ascii_case(word);
                if let Some(keyword) = FORBIDDEN.iter().find(is) {
                    return Err(Refused::NotReadOnly { keyword });
                }
                chained += usize::from(CHAINING.iter().any(|keyword| is(&keyword)));
            }
        }
        if depth > QUERY_NESTING_MAX {
            return Err(Refused::TooDeep);
        }
        if chained > QUERY_CHAIN_MAX {
            return Err(Refused::TooManyParts);
        }
    }
    Ok(())
}

enum Token<'a> {
    Open,
    Close,
    Step,
    Word(&'a str),
}

/// Splits a query as far as the door needs: texts, IRIs, comments and prefixed names are skipped.
struct Tokens<'a> {
    rest: &'a str,
}

impl<'a> Tokens<'a> {
    fn new(text: &'a str) -> Self {
        Self { rest: text }
    }

    fn skip(&mut self, bytes: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at_checked(bytes).unwrap_or((self.rest, ""));
        self.rest = rest;
        taken
    }

    fn skip_text(&mut self, quote: char) {
        let long: String = [quote; 3].iter().collect();
        let end = if self.rest.starts_with(&long) { long } else { quote.to_string() };
        let mut escaped = false;
        let body = self.rest.get(end.len()..).unwrap_or_default();
        for (at, c) in body.char_indices() {
            if !escaped && body.get(at..).is_some_and(|rest| rest.starts_with(&end)) {
                self.skip(end.len() + at + end.len());
                return;
            }
            escaped = c == '\\' && !escaped;
        }
        self.rest = "";
    }

    /// An IRI ends at `>` with nothing in between that no IRI may hold; anything else is a
    /// comparison. ([SPARQL, `IRIREF`](https://www.w3.org/TR/sparql11-query/#rIRIREF))
    fn skip_iri(&mut self) {
        let never =
            |c: char| matches!(c, '<' | '"' | '{' | '}' | '|' | '^' | '`' | '\\') || c <= ' ';
        let body = self.rest.get(1..).unwrap_or_default();
        let end = body.find(|c: char| c == '>' || never(c)).map(|at| at + 1);
        match end {
            Some(at) if self.rest.get(at..).is_some_and(|rest| rest.starts_with('>')) => {
                self.skip(at + 1);
            }
            _ => {
                self.skip(1);
            }
        }
    }

    /// A keyword, or nothing if it turns out to be a prefixed name.
    fn word(&mut self) -> Option<&'a str> {
        let end = self.rest.find(|c| !is_name(c)).unwrap_or(self.rest.len());
        if self.rest.get(end..).is_some_and(|rest| rest.starts_with(':')) {
            // Neither prefix nor local part is a keyword.
            self.skip(end + 1);
            self.skip_while(is_name);
            return None;
        }
        // Only names have dots and dashes inside: here they end the word, and the next may follow.
        let end = self.rest.find(|c| !is_variable(c)).unwrap_or(self.rest.len());
        Some(self.skip(end))
    }

    fn skip_while(&mut self, is_part: fn(char) -> bool) {
        let end = self.rest.find(|c| !is_part(c)).unwrap_or(self.rest.len());
        self.skip(end);
    }
}

/// Whether a character may stand in a variable's name or a keyword.
fn is_variable(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Whether a character may stand in a prefixed name.
fn is_name(c: char) -> bool {
    is_variable(c) || matches!(c, '-' | '.')
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        loop {
            let c = self.rest.chars().next()?;
            match c {
                '"' | '\'' => self.skip_text(c),
                '<' => self.skip_iri(),
                '#' => {
                    let end = self.rest.find('\n').unwrap_or(self.rest.len());
                    self.skip(end);
                }
                '{' | '(' | '[' => {
                    self.skip(1);
                    return Some(Token::Open);
                }
                '}' | ')' | ']' => {
                    self.skip(1);
                    return Some(Token::Close);
                }
                '/' | '|' | '^' | '!' => {
                    self.skip(1);
                    return Some(Token::Step);
                }
                '?' | '$' | '@' => {
                    self.skip(1);
                    self.skip_while(is_variable);
                }
                ':' => {
                    self.skip(1);
                    self.skip_while(is_name);
                }
                _ if c.is_alphabetic() || c == '_' => {
                    if let Some(word) = self.word() {
                        return Some(Token::Word(word));
                    }
                }
                _ => {
                    self.skip(c.len_utf8());
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::{QUERY_BYTES_MAX, Refused, admit};

    #[test]
    fn reading_is_let_in() {
        check("SELECT * WHERE { ?s ?p ?o }", expect!["in"]);
        check("ASK { ?s <urn:SERVICE> 'SERVICE { }' } # SERVICE", expect!["in"]);
        check("PREFIX insert: <urn:x:> SELECT ?load { ?load insert:delete 1 }", expect!["in"]);
        check("SELECT ?s { ?s ?p ?o FILTER(?o < 3 && ?o > 1) }", expect!["in"]);
    }

    #[test]
    fn other_services_and_changes_are_refused() {
        check(
            "SELECT * { SERVICE <http://169.254.169.254/> { ?s ?p ?o } }",
            expect!["SERVICE is not allowed: the graph is read only, and nothing is fetched"],
        );
        check(
            "select * { service silent ?x { ?s ?p ?o } }",
            expect!["SERVICE is not allowed: the graph is read only, and nothing is fetched"],
        );
        check(
            "INSERT DATA { <urn:a> <urn:b> <urn:c> }",
            expect!["INSERT is not allowed: the graph is read only, and nothing is fetched"],
        );
        check(
            "LOAD <file:///etc/passwd>",
            expect!["LOAD is not allowed: the graph is read only, and nothing is fetched"],
        );
    }

    #[test]
    fn a_keyword_is_found_wherever_it_hides() {
        for query in [
            "SELECT * { ?s ?p ?o.SERVICE <http://a/> { ?s ?p ?o } }",
            "SELECT * { ?s ?p true.SERVICE <http://a/> { ?s ?p ?o } }",
            "SELECT * { ?s ?p 'a'@en.SERVICE <http://a/> { ?s ?p ?o } }",
            "SELECT * { ?s ?p ?a,?b FILTER(?a<?b)SERVICE<http://a/>{ ?s ?p ?o } }",
        ] {
            let refused = admit(query).unwrap_err();
            assert!(matches!(refused, Refused::NotReadOnly { keyword: "SERVICE" }), "{query}");
        }
        check("SELECT * { ?s <urn:a>|<urn:b> ?o FILTER(?o<3) }", expect!["in"]);
        check("PREFIX a.b: <urn:> SELECT * { ?s a.b:c.SERVICE ?o }", expect!["in"]);
    }

    #[test]
    fn queries_that_would_overflow_the_parser_are_refused() {
        let deep = |open: &str, close: &str| {
            format!("SELECT * WHERE {}{}", open.repeat(1_000), close.repeat(1_000))
        };
        check(&deep("{", "}"), expect!["the query nests deeper than 32 brackets"]);
        check(&deep("(", ")"), expect!["the query nests deeper than 32 brackets"]);
        check(&deep("[", "]"), expect!["the query nests deeper than 32 brackets"]);
        let union = format!("SELECT * {{ {{}} {} }}", "UNION {} ".repeat(1_600));
        check(&union, expect!["the query chains more than 64 patterns or path steps"]);
        let path = format!("SELECT * {{ ?s <urn:p>{} ?o }}", "/<urn:p>".repeat(1_600));
        check(&path, expect!["the query chains more than 64 patterns or path steps"]);
    }

    #[test]
    fn what_is_too_long_or_no_sparql_is_refused() {
        let long = format!("ASK {{}} #{}", "x".repeat(QUERY_BYTES_MAX));
        check(&long, expect!["the query has 16392 bytes; 16384 are allowed"]);
        check("SELECT WHERE", expect!["the query is not SPARQL"]);
        check("'never closed", expect!["the query is not SPARQL"]);
    }

    #[track_caller]
    fn check(query: &str, outcome: Expect) {
        let said = admit(query).map_or_else(|refused| refused.to_string(), |_| "in".to_owned());
        outcome.assert_eq(&said);
    }
}
