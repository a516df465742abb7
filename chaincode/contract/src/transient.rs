//! Parameters that come in the proposal's transient map.

use crate::{Argument, ArgumentError, JsonSchema, Schemas, Secret};

/// The type of a `#[transient]` parameter: [`Secret`], or an `Option` of one for what may be
/// left out.
///
/// Such values come beside the arguments, under the parameter's name. Endorsers see them and
/// the ledger does not.
///
/// ```
/// use pervade_chaincode::{LedgerError, Secret, Transaction, contract};
///
/// struct Sales;
///
/// #[contract(name = "sales", default)]
/// impl Sales {
///     #[submit]
///     async fn offer(
///         &self,
///         tx: &mut Transaction,
///         asset: String,
///         #[transient] price: Secret<u64>,
///     ) -> Result<(), LedgerError> {
///         assert_eq!(format!("{price:?}"), "Secret(..)");
///         tx.private("offers").put(asset, price.expose().to_be_bytes().to_vec()).await
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a transient parameter",
    note = "what is transient is not to be printed or returned by accident: take `Secret<T>`, or `Option<Secret<T>>` if it may be absent"
)]
pub trait Transient: Sized + Send {
    /// Reads what the map holds under the parameter's name.
    ///
    /// # Errors
    /// If it is missing or not the wire form of its type.
    fn take(found: Option<&[u8]>) -> Result<Self, TransientError>;

    /// Writes what the map is to hold; `None` for nothing.
    ///
    /// # Errors
    /// If the value has no wire form.
    fn give(&self) -> Result<Option<Secret>, ArgumentError>;

    /// JSON Schema of the value.
    fn schema(schemas: &mut Schemas) -> JsonSchema;
}

impl<T: Argument> Transient for Secret<T> {
    fn take(found: Option<&[u8]>) -> Result<Self, TransientError> {
        let bytes = found.ok_or(TransientError::Missing)?;
        T::decode(bytes).map(Self::new).map_err(|_error| TransientError::Malformed)
    }

    fn give(&self) -> Result<Option<Secret>, ArgumentError> {
        self.expose().encode().map(Secret::new).map(Some)
    }

    fn schema(schemas: &mut Schemas) -> JsonSchema {
        T::schema_alone(schemas)
    }
}

impl<T: Argument> Transient for Option<Secret<T>> {
    fn take(found: Option<&[u8]>) -> Result<Self, TransientError> {
        found.map(|bytes| Secret::take(Some(bytes))).transpose()
    }

    fn give(&self) -> Result<Option<Secret>, ArgumentError> {
        self.as_ref().map_or(Ok(None), Secret::give)
    }

    fn schema(schemas: &mut Schemas) -> JsonSchema {
        T::schema_alone(schemas)
    }
}

/// Why a transient parameter could not be read. It repeats nothing of the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TransientError {
    /// The map has nothing under the parameter's name.
    #[error("the transient map does not hold it")]
    Missing,
    /// The bytes are not the wire form of the parameter's type.
    #[error("its bytes are not what the parameter takes")]
    Malformed,
}
