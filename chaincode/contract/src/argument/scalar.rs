//! Text, numbers and Booleans.

use serde_json::json;

use super::{Argument, ArgumentError, List, text};
use crate::{JsonSchema, Schemas};

impl Argument for String {
    fn schema(_schemas: &mut Schemas) -> JsonSchema {
        json!({"type": "string"})
    }

    fn decode(bytes: &[u8]) -> Result<Self, ArgumentError> {
        text(bytes).map(str::to_owned)
    }

    fn encode(&self) -> Result<Vec<u8>, ArgumentError> {
        Ok(self.as_bytes().to_vec())
    }
}

impl Argument for char {
    fn schema(_schemas: &mut Schemas) -> JsonSchema {
        json!({"type": "string", "minLength": 1, "maxLength": 1})
    }

    fn decode(bytes: &[u8]) -> Result<Self, ArgumentError> {
        text(bytes)?.parse().map_err(|_other| ArgumentError::NotA { expected: "a character" })
    }

    fn encode(&self) -> Result<Vec<u8>, ArgumentError> {
        Ok(self.to_string().into_bytes())
    }
}

impl Argument for bool {
    fn schema(_schemas: &mut Schemas) -> JsonSchema {
        json!({"type": "boolean"})
    }

    fn decode(bytes: &[u8]) -> Result<Self, ArgumentError> {
        match bytes {
            b"true" => Ok(true),
            b"false" => Ok(false),
            _ => Err(ArgumentError::NotA { expected: "a Boolean" }),
        }
    }

    fn encode(&self) -> Result<Vec<u8>, ArgumentError> {
        Ok(self.to_string().into_bytes())
    }
}

macro_rules! integer_arguments {
    ($($integer:ty => $expected:literal $(, $list:ident)?;)*) => {$(
        impl Argument for $integer {
            fn schema(_schemas: &mut Schemas) -> JsonSchema {
                json!({"type": "integer", "minimum": <$integer>::MIN, "maximum": <$integer>::MAX})
            }

            fn decode(bytes: &[u8]) -> Result<Self, ArgumentError> {
                let refused = ArgumentError::NotA { expected: $expected };
                text(bytes)?.parse().map_err(|_not_a_number| refused)
            }

            fn encode(&self) -> Result<Vec<u8>, ArgumentError> {
                Ok(self.to_string().into_bytes())
            }

            $(fn list() -> List<Self> {
                $list()
            })?
        }
    )*};
}

integer_arguments!(
    u8 => "a number of 8 bits", bytes;
    u16 => "a number of 16 bits";
    u32 => "a number of 32 bits";
    u64 => "a number of 64 bits";
    u128 => "a number of 128 bits";
    i8 => "a signed number of 8 bits";
    i16 => "a signed number of 16 bits";
    i32 => "a signed number of 32 bits";
    i64 => "a signed number of 64 bits";
    i128 => "a signed number of 128 bits";
);

/// A list of bytes that stands alone is those bytes.
fn bytes() -> List<u8> {
    List {
        schema: Some(|| json!({"type": "string", "format": "binary"})),
        decode: |bytes| Ok(bytes.to_vec()),
        encode: |list| Ok(list.to_vec()),
    }
}
