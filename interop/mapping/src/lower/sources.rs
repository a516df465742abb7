use pervade_rdf::{Position, Term};

use super::Lowering;
use super::graph::{Found, key};
use super::maps::is_rml;
use super::scope::Scope;
use crate::path::PathUse;
use crate::plan::{Rows, Table};
use crate::problem::ProblemCode;
use crate::source::{
    Compression, Dialect, Formulation, LogicalSource, QueryPart, RecordQuery, TextEncoding,
};
use crate::vocabulary::{CSVW, FORMATS, PERVADE};

/// A logical source that is not a view.
pub(super) struct Described {
    pub(super) source: LogicalSource,
    pub(super) iterator: Option<String>,
    pub(super) iterator_at: Position,
    /// Where the source is named.
    pub(super) at: Position,
}

impl<'g> Lowering<'g> {
    /// What the triples map `map` is run over.
    pub(super) fn rows_of(&mut self, map: &str) -> Option<Rows> {
        let Some(found) = self.at_most_one(map, "logicalSource") else {
            let at = self.graph.written_at(map);
            self.report(at, ProblemCode::Missing, "the triples map has no rml:logicalSource");
            return None;
        };
        let node = self.node(found, "a logical source")?;
        if self.on_ledger() {
            return self.payload_rows(&node, found.at);
        }
        if !self.found(&node, "viewOn").is_empty() {
            return self.view(&node, found.at).map(Rows::Table);
        }
        let described = self.described(&node, found.at)?;
        if described.source.formulation == Formulation::JsonPath {
            let iterator = described.iterator.as_deref().unwrap_or("$");
            let path = self.path(iterator, described.iterator_at, PathUse::Iterator)?;
            return Some(Rows::Document(self.document(described), path));
        }
        self.check_iterator(&described)?;
        Some(Rows::Table(self.source_table(described)))
    }

    /// On the ledger the only source is the payload.
    fn payload_rows(&mut self, node: &str, at: Position) -> Option<Rows> {
        let payload = match self.at_most_one(node, "source") {
            None => {
                self.report(at, ProblemCode::Missing, "the logical source has no rml:source");
                None
            }
            Some(found) if is_payload(found.term) => Some(()),
            Some(found) => {
                let message = "the ledger's only source is pv:Payload";
                self.report(found.at, ProblemCode::NotOnLedger, message);
                None
            }
        };
        match self.at_most_one(node, "referenceFormulation") {
            None => self.report_no_formulation(at),
            Some(found) if is_rml(found.term, "JSONPath") => {}
            Some(found) => {
                self.report(found.at, ProblemCode::NotOnLedger, "only rml:JSONPath is read");
            }
        }
        let iterator = match self.at_most_one(node, "iterator") {
            Some(found) => {
                let text = self.text(found, "an iterator")?;
                self.path(text, found.at, PathUse::Iterator)
            }
            None => self.path("$", at, PathUse::Iterator),
        };
        payload.and(iterator).map(Rows::Payload)
    }

    fn report_no_formulation(&mut self, at: Position) {
        let message = "the logical source has no rml:referenceFormulation";
        self.report(at, ProblemCode::Missing, message);
    }

    fn document(&mut self, described: Described) -> usize {
        let Described { source, at, .. } = described;
        let known = self.documents.iter().position(|(_, known)| *known == source);
        known.unwrap_or_else(|| {
            self.documents.push((at, source));
            self.documents.len() - 1
        })
    }

    /// The table of a source; maps over the same one share it.
    fn source_table(&mut self, described: Described) -> usize {
        let Described { source, iterator, at, .. } = described;
        let same = |(_, table): &(Position, Table)| {
            matches!(table, Table::Source { source: known, query }
                if *known == source && query.iterator == iterator)
        };
        self.tables.iter().position(same).unwrap_or_else(|| {
            let formulation = source.formulation.clone();
            let references = Vec::new();
            let query = RecordQuery { formulation, iterator, references, nested: Vec::new() };
            self.tables.push((at, Table::Source { source, query }));
            self.tables.len() - 1
        })
    }

    pub(super) fn check_iterator(&mut self, described: &Described) -> Option<()> {
        let Some(iterator) = &described.iterator else { return Some(()) };
        let formulation = &described.source.formulation;
        self.check_part(formulation, QueryPart::Iterator, iterator, described.iterator_at)
    }

    /// Reads a logical source off the ledger.
    pub(super) fn described(&mut self, node: &str, at: Position) -> Option<Described> {
        let formulation = match self.at_most_one(node, "referenceFormulation") {
            None => {
                self.report_no_formulation(at);
                None
            }
            Some(found) => self.formulation(found),
        };
        let (iterator, iterator_at) = self.iterator(node, at)?;
        let Some(found) = self.at_most_one(node, "source") else {
            self.report(at, ProblemCode::Missing, "the logical source has no rml:source");
            return None;
        };
        let access = self.node(found, "a source")?;
        let path = self.file(&access, found);
        let encoding = self.encoding(&access)?;
        let compression = self.compression(&access)?;
        let mut nulls = Vec::new();
        for found in self.found(&access, "null") {
            nulls.push(self.text(found, "a null value")?.to_owned());
        }
        let mut formulation = formulation?;
        if let (Formulation::Csv(dialect), Some(stated)) =
            (&mut formulation, self.objects(&access, &csvw("dialect")).first())
        {
            *dialect = self.dialect(*stated)?;
        }
        let source = LogicalSource { path: path?, encoding, compression, nulls, formulation };
        Some(Described { source, iterator, iterator_at, at: found.at })
    }

    pub(super) fn iterator(
        &mut self,
        node: &str,
        at: Position,
    ) -> Option<(Option<String>, Position)> {
        let Some(found) = self.at_most_one(node, "iterator") else { return Some((None, at)) };
        let text = self.text(found, "an iterator")?;
        Some((Some(text.to_owned()), found.at))
    }

    /// The path that a source or target node gives; `rml:root` is the folder of the run, or a
    /// folder inside it.
    pub(super) fn file(&mut self, node: &str, at: Found<'g>) -> Option<String> {
        let path = match self.at_most_one(node, "path") {
            Some(found) => self.text(found, "a path")?,
            None => match self.objects(node, &csvw("url")).first().copied() {
                Some(found) => match found.term {
                    Term::NamedNode(url) => {
                        url.as_str().strip_prefix(&self.folder).unwrap_or(url.as_str())
                    }
                    Term::Literal(url) => url.value(),
                    Term::BlankNode(_) => "",
                },
                None => {
                    let message = "no file is named (rml:path): only files are read";
                    self.report(at.at, ProblemCode::Missing, message);
                    return None;
                }
            },
        };
        let Some(root) = self.at_most_one(node, "root") else { return Some(path.to_owned()) };
        let known = ["MappingDirectory", "CurrentWorkingDirectory"];
        if known.iter().any(|local| is_rml(root.term, local)) {
            return Some(path.to_owned());
        }
        let folder = self.text(root, "a root folder")?;
        Some(format!("{folder}/{path}"))
    }

    pub(super) fn encoding(&mut self, node: &str) -> Option<TextEncoding> {
        let Some(found) = self.at_most_one(node, "encoding") else {
            return Some(TextEncoding::Utf8);
        };
        let known = [("UTF-8", TextEncoding::Utf8), ("UTF-16", TextEncoding::Utf16)];
        self.choice(found, &known, "encoding")
    }

    pub(super) fn compression(&mut self, node: &str) -> Option<Compression> {
        let Some(found) = self.at_most_one(node, "compression") else {
            return Some(Compression::None);
        };
        let known = [
            ("none", Compression::None),
            ("gzip", Compression::Gzip),
            ("zip", Compression::Zip),
            ("targz", Compression::TarGzip),
            ("tarxz", Compression::TarXz),
        ];
        self.choice(found, &known, "compression")
    }

    /// One of the RML terms that are listed.
    pub(super) fn choice<T: Copy>(
        &mut self,
        found: Found<'g>,
        known: &[(&str, T)],
        what: &str,
    ) -> Option<T> {
        let chosen = known.iter().find(|(local, _)| is_rml(found.term, local));
        if chosen.is_none() {
            let names: Vec<String> = known.iter().map(|(name, _)| format!("rml:{name}")).collect();
            let message = format!("no {what} that is read: {}", names.join(", "));
            self.report(found.at, ProblemCode::WrongValue, message);
        }
        chosen.map(|(_, value)| *value)
    }

    pub(super) fn formulation(&mut self, found: Found<'g>) -> Option<Formulation> {
        let known = match found.term {
            term if is_rml(term, "JSONPath") => Some(Formulation::JsonPath),
            term if is_rml(term, "CSV") => Some(Formulation::Csv(Dialect::default())),
            term if is_rml(term, "XPath") => Some(Formulation::XPath { namespaces: Vec::new() }),
            Term::NamedNode(node) if node.as_str().starts_with(FORMATS) => {
                let local = node.as_str().trim_start_matches(FORMATS);
                local.starts_with("SPARQL_Results_").then_some(Formulation::SparqlResults)
            }
            Term::NamedNode(_) | Term::BlankNode(_) | Term::Literal(_) => None,
        };
        if known.is_some() {
            return known;
        }
        let namespaces = key(found.term).map(|node| self.found(&node, "namespace"));
        let Some(namespaces) = namespaces.filter(|found| !found.is_empty()) else {
            let message = "no reference formulation that is read: rml:JSONPath, rml:CSV, rml:XPath";
            self.report(found.at, ProblemCode::Unsupported, message);
            return None;
        };
        let mut pairs = Vec::new();
        for found in namespaces {
            let node = self.node(found, "a namespace")?;
            let prefix = self.required_text(&node, "namespacePrefix", found)?;
            pairs.push((prefix, self.required_text(&node, "namespaceURL", found)?));
        }
        Some(Formulation::XPath { namespaces: pairs })
    }

    pub(super) fn required_text(
        &mut self,
        node: &str,
        property: &str,
        at: Found<'g>,
    ) -> Option<String> {
        let Some(found) = self.at_most_one(node, property) else {
            self.report(at.at, ProblemCode::Missing, format!("there is no rml:{property}"));
            return None;
        };
        match found.term {
            Term::NamedNode(iri) => Some(iri.as_str().to_owned()),
            Term::Literal(_) | Term::BlankNode(_) => self.text(found, "a value").map(str::to_owned),
        }
    }

    /// A CSVW dialect.
    fn dialect(&mut self, found: Found<'g>) -> Option<Dialect> {
        let node = self.node(found, "a dialect")?;
        let mut dialect = Dialect::default();
        if let Some(byte) = self.dialect_byte(&node, "delimiter")? {
            dialect.delimiter = byte;
        }
        if let Some(byte) = self.dialect_byte(&node, "quoteChar")? {
            dialect.quote = byte;
        }
        dialect.comment = self.dialect_byte(&node, "commentPrefix")?;
        let is = |found: &Found<'_>, text: &str| matches!(found.term, Term::Literal(literal) if literal.value() == text);
        dialect.header = !self.objects(&node, &csvw("header")).iter().any(|f| is(f, "false"));
        dialect.trim = self.objects(&node, &csvw("trim")).iter().any(|f| is(f, "true"));
        Some(dialect)
    }

    fn dialect_byte(&mut self, node: &str, property: &str) -> Option<Option<u8>> {
        let Some(found) = self.objects(node, &csvw(property)).first().copied() else {
            return Some(None);
        };
        let text = self.text(found, "a character")?;
        let text = if text == "\\t" { "\t" } else { text };
        if let [byte] = text.as_bytes() {
            return Some(Some(*byte));
        }
        let message = format!("csvw:{property} is one ASCII character");
        self.report(found.at, ProblemCode::WrongValue, message);
        None
    }

    fn objects(&self, node: &str, property: &str) -> Vec<Found<'g>> {
        self.graph.objects(node, property)
    }

    /// A scope for the query of a source.
    pub(super) fn query_scope(described: &Described) -> Scope {
        Scope::query(described.source.formulation.clone())
    }
}

fn csvw(local: &str) -> String {
    format!("{CSVW}{local}")
}

fn is_payload(term: &Term) -> bool {
    matches!(term, Term::NamedNode(node) if node.as_str() == format!("{PERVADE}Payload"))
}
