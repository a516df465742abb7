//! Values that are JSON even where they stand alone.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Argument, ArgumentError};
use crate::{JsonSchema, Schemas, canonical};

/// A value that is JSON where it stands alone as well: `Json("a")` is `"a"` with its quotes,
/// `Json(Vec<u8>)` a list of numbers, `Json(None)` is `null`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
#[expect(clippy::exhaustive_structs, reason = "a wrapper to be taken apart")]
pub struct Json<T>(pub T);

impl<T: Argument> Argument for Json<T> {
    fn schema(schemas: &mut Schemas) -> JsonSchema {
        T::schema(schemas)
    }

    fn decode(bytes: &[u8]) -> Result<Self, ArgumentError> {
        serde_json::from_slice(bytes).map(Self).map_err(ArgumentError::Json)
    }

    fn encode(&self) -> Result<Vec<u8>, ArgumentError> {
        canonical::to_vec(&self.0).map_err(ArgumentError::Json)
    }
}

/// Any JSON. Its numbers keep the text that they came with, so that none is rounded.
impl Argument for Value {
    fn schema(_schemas: &mut Schemas) -> JsonSchema {
        json!({})
    }
}
