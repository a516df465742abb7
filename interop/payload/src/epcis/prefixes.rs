//! Prefixes of the contexts that a document carries itself.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::error::{PayloadError, PayloadReason};

pub(super) const EPCIS: &str = "https://ref.gs1.org/epcis/";

/// Longest IRI of a prefix, in bytes. Every name that uses the prefix repeats it.
const IRI_BYTES_MAX: usize = 256;

/// Most prefixes.
const PREFIXES_MAX: usize = 64;

/// Prefixes of the EPCIS context that events use, as GS1 publishes it.
const USUAL: &[(&str, &str)] = &[
    ("cbv", "https://ref.gs1.org/cbv/"),
    ("cbvmda", "urn:epcglobal:cbv:mda:"),
    ("epcis", EPCIS),
    ("gs1", "https://gs1.org/voc/"),
];

/// Prefix → what it stands for.
#[derive(Debug, Clone)]
pub(super) struct Prefixes(BTreeMap<String, String>);

impl Prefixes {
    pub(super) fn usual() -> Self {
        Self(USUAL.iter().map(|(prefix, iri)| ((*prefix).to_owned(), (*iri).to_owned())).collect())
    }

    /// With those of a context: an object, an address (which is not fetched), or several of both.
    pub(super) fn with(
        mut self,
        context: Option<Value>,
        pointer: &str,
    ) -> Result<Self, PayloadError> {
        match context {
            Some(Value::Array(contexts)) => {
                for (index, context) in contexts.into_iter().enumerate() {
                    self.add(context, &format!("{pointer}/{index}"))?;
                }
            }
            Some(context) => self.add(context, pointer)?,
            None => {}
        }
        Ok(self)
    }

    fn add(&mut self, context: Value, pointer: &str) -> Result<(), PayloadError> {
        let members = match context {
            Value::Object(members) => members,
            Value::String(_) | Value::Null => return Ok(()),
            Value::Bool(_) | Value::Number(_) | Value::Array(_) => {
                return Err(PayloadError::shape(pointer, "a context"));
            }
        };
        for (prefix, value) in members {
            // Keywords such as @version say nothing about names.
            if prefix.starts_with('@') {
                continue;
            }
            let iri = value.as_str().or_else(|| value.get("@id").and_then(Value::as_str));
            let usual = USUAL.iter().find(|(known, _)| *known == prefix).map(|(_, iri)| *iri);
            let fits = |iri: &&str| {
                iri.contains(':')
                    && iri.len() <= IRI_BYTES_MAX
                    && usual.is_none_or(|usual| usual == *iri)
            };
            let iri = iri.filter(fits).filter(|_| self.0.len() < PREFIXES_MAX);
            let Some(iri) = iri else {
                return Err(PayloadError::pointer(
                    &format!("{pointer}/{prefix}"),
                    PayloadReason::Prefix,
                ));
            };
            self.0.insert(prefix, iri.to_owned());
        }
        Ok(())
    }

    /// The IRI of a shortened name.
    pub(super) fn expanded(&self, name: &str) -> Option<String> {
        let (prefix, local) = name.split_once(':').filter(|(_, local)| !local.starts_with("//"))?;
        self.0.get(prefix).map(|iri| format!("{iri}{local}"))
    }
}
