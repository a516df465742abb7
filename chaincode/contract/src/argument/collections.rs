//! Lists, maps, tuples and what may be absent.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;

use super::{Argument, ArgumentError};
use crate::{JsonSchema, Schemas};

impl<T: Argument> Argument for Vec<T> {
    fn schema(schemas: &mut Schemas) -> JsonSchema {
        json!({"type": "array", "items": T::schema(schemas)})
    }

    fn schema_alone(schemas: &mut Schemas) -> JsonSchema {
        T::list().schema.map_or_else(|| Self::schema(schemas), |schema| schema())
    }

    fn decode(bytes: &[u8]) -> Result<Self, ArgumentError> {
        (T::list().decode)(bytes)
    }

    fn encode(&self) -> Result<Vec<u8>, ArgumentError> {
        (T::list().encode)(self)
    }
}

impl<T: Argument + Ord> Argument for BTreeSet<T> {
    fn schema(schemas: &mut Schemas) -> JsonSchema {
        json!({"type": "array", "items": T::schema(schemas), "uniqueItems": true})
    }
}

impl<K: MapKey, T: Argument> Argument for BTreeMap<K, T> {
    fn schema(schemas: &mut Schemas) -> JsonSchema {
        json!({"type": "object", "additionalProperties": T::schema(schemas)})
    }
}

/// A key of a map, which in JSON is text.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the key of a map on the ledger",
    note = "in JSON a key is text: take `String` or an integer"
)]
pub trait MapKey: Serialize + DeserializeOwned + Ord + Send + 'static {}

macro_rules! map_keys {
    ($($key:ty),*) => {$(impl MapKey for $key {})*};
}

map_keys!(String, char, u8, u16, u32, u64, i8, i16, i32, i64);

/// Alone, `None` is nothing at all and `Some` is its value, as Go's contracts write a pointer.
/// A value whose own form is empty is refused: the reader would take it for `None`.
impl<T: Argument> Argument for Option<T> {
    fn schema(schemas: &mut Schemas) -> JsonSchema {
        let schema = T::schema(schemas);
        schemas.or_null(schema)
    }

    fn schema_alone(schemas: &mut Schemas) -> JsonSchema {
        T::schema_alone(schemas)
    }

    fn decode(bytes: &[u8]) -> Result<Self, ArgumentError> {
        if bytes.is_empty() { Ok(None) } else { T::decode(bytes).map(Some) }
    }

    fn encode(&self) -> Result<Vec<u8>, ArgumentError> {
        let Some(value) = self else { return Ok(Vec::new()) };
        let bytes = value.encode()?;
        if bytes.is_empty() { Err(ArgumentError::EmptySome) } else { Ok(bytes) }
    }
}

impl<T: Argument> Argument for Box<T> {
    fn schema(schemas: &mut Schemas) -> JsonSchema {
        T::schema(schemas)
    }

    fn schema_alone(schemas: &mut Schemas) -> JsonSchema {
        T::schema_alone(schemas)
    }

    fn decode(bytes: &[u8]) -> Result<Self, ArgumentError> {
        T::decode(bytes).map(Self::new)
    }

    fn encode(&self) -> Result<Vec<u8>, ArgumentError> {
        T::encode(self)
    }
}

macro_rules! tuples {
    ($(($($part:ident),*) of $count:literal;)*) => {$(
        impl<$($part: Argument),*> Argument for ($($part,)*) {
            fn schema(schemas: &mut Schemas) -> JsonSchema {
                json!({
                    "type": "array",
                    "items": [$($part::schema(schemas)),*],
                    "minItems": $count,
                    "maxItems": $count,
                })
            }
        }
    )*};
}

tuples! {
    (A) of 1;
    (A, B) of 2;
    (A, B, C) of 3;
    (A, B, C, D) of 4;
}
