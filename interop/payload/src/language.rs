use pervade_mapping::{DOCUMENT_BYTES_MAX, Document, DocumentReason, resolve_senml};
use serde::{Deserialize, Serialize};

use crate::dialect::Dialect;
use crate::error::{PayloadError, PayloadReason, Place};
use crate::{cbor, csv, epcis, json, lorawan, ngsi, text, xml};

/// How payloads are written. What each is read to is on the crate's page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[non_exhaustive]
pub enum PayloadLanguage {
    /// JSON as it comes.
    #[serde(rename = "json")]
    Json,
    /// JSON texts, one a line.
    #[serde(rename = "jsonl")]
    JsonLines,
    /// CBOR.
    #[serde(rename = "cbor")]
    Cbor,
    /// A SenML pack in JSON: base fields are resolved.
    #[serde(rename = "senml+json")]
    SenmlJson,
    /// A SenML pack in CBOR: labels are named, base fields are resolved.
    #[serde(rename = "senml+cbor")]
    SenmlCbor,
    /// A table.
    #[serde(rename = "csv")]
    Csv,
    /// XML.
    #[serde(rename = "xml")]
    Xml,
    /// EPCIS 2.0 in JSON-LD: its spellings are one.
    #[serde(rename = "epcis+json")]
    EpcisJson,
    /// NGSI-LD: its representations are one.
    #[serde(rename = "ngsi-ld+json")]
    NgsiLdJson,
    /// An uplink as a LoRaWAN network server hands it on, decoded.
    #[serde(rename = "lorawan+json")]
    LorawanJson,
}

impl PayloadLanguage {
    /// Every language there is.
    pub const ALL: &[Self] = &[
        Self::Json,
        Self::JsonLines,
        Self::Cbor,
        Self::SenmlJson,
        Self::SenmlCbor,
        Self::Csv,
        Self::Xml,
        Self::EpcisJson,
        Self::NgsiLdJson,
        Self::LorawanJson,
    ];

    /// Its name, as packages write it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::JsonLines => "jsonl",
            Self::Cbor => "cbor",
            Self::SenmlJson => "senml+json",
            Self::SenmlCbor => "senml+cbor",
            Self::Csv => "csv",
            Self::Xml => "xml",
            Self::EpcisJson => "epcis+json",
            Self::NgsiLdJson => "ngsi-ld+json",
            Self::LorawanJson => "lorawan+json",
        }
    }

    /// How names of files with such payloads end.
    #[must_use]
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Json
            | Self::SenmlJson
            | Self::EpcisJson
            | Self::NgsiLdJson
            | Self::LorawanJson => "json",
            Self::JsonLines => "jsonl",
            Self::Cbor | Self::SenmlCbor => "cbor",
            Self::Csv => "csv",
            Self::Xml => "xml",
        }
    }

    /// Whether payloads are bytes and no text.
    #[must_use]
    pub const fn is_binary(self) -> bool {
        matches!(self, Self::Cbor | Self::SenmlCbor)
    }

    /// Reads one payload.
    ///
    /// # Errors
    /// The payload is not in this language, or beyond a limit; with its place.
    pub fn read(self, payload: &[u8], dialect: &Dialect) -> Result<Document, PayloadError> {
        if payload.len() > DOCUMENT_BYTES_MAX {
            let reason = DocumentReason::TooLong { limit: DOCUMENT_BYTES_MAX };
            return Err(PayloadError::at(Place::Whole, PayloadReason::Document(reason)));
        }
        let text = || text::decoded(payload, dialect.encoding);
        let value = match self {
            Self::Json => return json::document(&text()?),
            Self::SenmlJson => return senml(&json::document(&text()?)?),
            Self::SenmlCbor => return senml(&built(cbor::read(payload, cbor::Keys::Senml)?)?),
            Self::JsonLines => json::lines(&text()?)?,
            Self::Cbor => cbor::read(payload, cbor::Keys::Text)?,
            Self::Csv => csv::read(&text()?, dialect)?,
            Self::Xml => xml::read(&text()?)?,
            Self::EpcisJson => epcis::read(json::document(&text()?)?.into_value())?,
            Self::NgsiLdJson => ngsi::read(json::document(&text()?)?.into_value())?,
            Self::LorawanJson => lorawan::read(json::document(&text()?)?.into_value())?,
        };
        built(value)
    }
}

fn built(value: serde_json::Value) -> Result<Document, PayloadError> {
    Document::from_value(value)
        .map_err(|reason| PayloadError::at(Place::Whole, PayloadReason::Document(reason)))
}

fn senml(pack: &Document) -> Result<Document, PayloadError> {
    resolve_senml(pack).map_err(|error| PayloadError::at(Place::Whole, PayloadReason::Senml(error)))
}
