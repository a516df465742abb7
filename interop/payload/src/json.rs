//! JSON, one text or one a line.

use pervade_mapping::{DOCUMENT_NODES_MAX, Document, DocumentReason};
use pervade_rdf::Position;
use serde_json::Value;

use crate::error::{PayloadError, PayloadReason, Place};

pub(crate) fn document(text: &str) -> Result<Document, PayloadError> {
    Ok(Document::parse(text.as_bytes())?)
}

/// The texts of all lines that are not blank.
pub(crate) fn lines(text: &str) -> Result<Value, PayloadError> {
    let mut records = Vec::new();
    for (number, line) in (1_u64..).zip(text.lines()) {
        if line.trim().is_empty() {
            continue;
        }
        if records.len() >= DOCUMENT_NODES_MAX {
            let reason = DocumentReason::TooManyValues { limit: DOCUMENT_NODES_MAX };
            return Err(PayloadError::at(Place::Whole, PayloadReason::Document(reason)));
        }
        let record = Document::parse(line.as_bytes()).map_err(|mut error| {
            error.position = Position { line: number, ..error.position };
            error
        })?;
        records.push(record.into_value());
    }
    Ok(Value::Array(records))
}
