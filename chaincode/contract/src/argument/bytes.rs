//! Bytes inside structures.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::json;

use super::{Argument, ArgumentError};
use crate::{JsonSchema, Schemas};

/// Bytes that are Base64 inside a structure, as Go's `[]byte` is; a `Vec<u8>` is a list of
/// numbers there. Alone, either is the bytes themselves.
///
/// ```
/// use pervade_chaincode::{Argument, Bytes};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// assert_eq!(Bytes(vec![1, 2]).encode()?, [1, 2]);
/// assert_eq!(vec![Bytes(vec![1, 2])].encode()?, br#"["AQI="]"#);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_structs, reason = "a wrapper to be taken apart")]
pub struct Bytes(pub Vec<u8>);

impl Argument for Bytes {
    fn schema(_schemas: &mut Schemas) -> JsonSchema {
        json!({"type": "string", "format": "byte"})
    }

    fn schema_alone(schemas: &mut Schemas) -> JsonSchema {
        Vec::<u8>::schema_alone(schemas)
    }

    fn decode(bytes: &[u8]) -> Result<Self, ArgumentError> {
        Ok(Self(bytes.to_vec()))
    }

    fn encode(&self) -> Result<Vec<u8>, ArgumentError> {
        Ok(self.0.clone())
    }
}

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        STANDARD.decode(text).map(Self).map_err(serde::de::Error::custom)
    }
}
