use pervade_mapping::{
    Document, Formulation, LogicalSource, Outside, QueryPart, Record, RecordQuery, SourceError,
    Unreadable, Value, json_records,
};

use crate::folder::Folder;
use crate::xpath::XPath;
use crate::{packing, rdf, table, text, xml};

/// Reads the sources of a mapping from a folder.
#[derive(Debug)]
pub struct Reader<'a> {
    folder: &'a Folder,
}

impl<'a> Reader<'a> {
    /// A reader of the files of `folder`.
    #[must_use]
    pub const fn new(folder: &'a Folder) -> Self {
        Self { folder }
    }

    fn text(&self, source: &LogicalSource) -> Result<String, SourceError> {
        let bytes = self.folder.read(&source.path).map_err(|error| SourceError::File {
            path: source.path.clone(),
            reason: error.reason(),
        })?;
        text::decoded(&packing::unpacked(bytes, source.compression)?, source.encoding)
    }

    fn records_in(
        &self,
        text: &str,
        path: &str,
        query: &RecordQuery,
    ) -> Result<Vec<Record>, SourceError> {
        match &query.formulation {
            Formulation::JsonPath => {
                json_records(&Document::parse_open(text.as_bytes())?, query, self)
            }
            Formulation::Csv(dialect) => table::records(text, dialect, query, self),
            Formulation::XPath { namespaces } => xml::records(text, namespaces, query, self),
            Formulation::SparqlResults => rdf::records(text, path, query),
            other => Err(SourceError::Syntax { line: 0, reason: format!("{other:?} is not read") }),
        }
    }
}

impl Outside for Reader<'_> {
    fn check(
        &self,
        formulation: &Formulation,
        part: QueryPart,
        text: &str,
    ) -> Result<(), Unreadable> {
        match (formulation, part) {
            (Formulation::XPath { namespaces }, _) => {
                XPath::parse(text, namespaces).map(drop).map_err(|e| Unreadable::new(e.to_string()))
            }
            (Formulation::SparqlResults, QueryPart::Iterator) => {
                rdf::parsed(text).map(drop).map_err(|e| Unreadable::new(e.to_string()))
            }
            // Names of columns and variables may be any text.
            _ => Ok(()),
        }
    }

    fn document(&self, source: &LogicalSource) -> Result<Document, SourceError> {
        let document = Document::parse_open(self.text(source)?.as_bytes())?;
        Ok(document.without(&source.nulls))
    }

    fn records(
        &self,
        source: &LogicalSource,
        query: &RecordQuery,
    ) -> Result<Vec<Record>, SourceError> {
        let mut records = self.records_in(&self.text(source)?, &source.path, query)?;
        if !source.nulls.is_empty() {
            records.iter_mut().for_each(|record| remove_nulls(record, &source.nulls));
        }
        Ok(records)
    }

    fn parse(&self, text: &str, query: &RecordQuery) -> Result<Vec<Record>, SourceError> {
        self.records_in(text, "", query)
    }
}

/// Takes values away that stand for none ([RML-IO](https://w3id.org/rml/io/spec), null values).
fn remove_nulls(record: &mut Record, nulls: &[String]) {
    let is_null = |value: &Value| match value {
        Value::Text(text) | Value::Number(text) | Value::Iri(text) => nulls.contains(text),
        Value::Boolean(_) | _ => false,
    };
    record.values.iter_mut().for_each(|values| values.retain(|value| !is_null(value)));
    let inner = record.nested.iter_mut().flatten().flatten();
    inner.for_each(|record| remove_nulls(record, nulls));
}
