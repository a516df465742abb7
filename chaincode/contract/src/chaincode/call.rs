//! A call on its way into a function.

use std::sync::Arc;

use super::error::DispatchError;
use crate::host::Ledger;
use crate::{
    ArgumentError, Context, ContractError, Function, Invocation, ReadTransaction, Transaction,
    TransientError,
};

/// A call that has found its function. The number of arguments is the function's.
#[derive(Debug)]
pub struct Call {
    pub(super) function: &'static Function,
    pub(super) unknown: Option<String>,
    pub(super) arguments: Vec<Vec<u8>>,
    pub(super) invocation: Arc<Invocation>,
    pub(super) ledger: Ledger,
}

impl Call {
    /// The function in the interface.
    #[must_use]
    pub fn function(&self) -> &'static Function {
        self.function
    }

    /// The name of the function that does not exist and was asked for, if that is so.
    #[must_use]
    pub fn unknown(&self) -> Option<&str> {
        self.unknown.as_deref()
    }

    /// The arguments as they came, behind the function's name.
    #[must_use]
    pub fn arguments(&self) -> &[Vec<u8>] {
        &self.arguments
    }

    /// Decodes an argument.
    ///
    /// # Errors
    /// If its bytes are not what `decode` reads.
    pub fn argument<T>(
        &self,
        position: usize,
        name: &'static str,
        decode: impl FnOnce(&[u8]) -> Result<T, ArgumentError>,
    ) -> Result<T, ContractError> {
        let function = self.function.name;
        let bytes = self.arguments.get(position).map(Vec::as_slice).unwrap_or_default();
        decode(bytes).map_err(|source| DispatchError::Argument { function, name, source }.into())
    }

    /// Decodes a value of the proposal's transient map.
    ///
    /// # Errors
    /// If it is missing and must not be, or its bytes are not what `take` reads.
    pub fn transient<T>(
        &self,
        name: &'static str,
        take: impl FnOnce(Option<&[u8]>) -> Result<T, TransientError>,
    ) -> Result<T, ContractError> {
        let function = self.function.name;
        let found = self.invocation.transient(name).map(|secret| secret.expose().as_slice());
        take(found).map_err(|source| DispatchError::Transient { function, name, source }.into())
    }

    /// The transaction of an evaluate function.
    #[must_use]
    pub fn into_read_transaction(self) -> ReadTransaction {
        ReadTransaction::new(self.invocation, self.ledger)
    }

    /// The transaction of a submit function.
    #[must_use]
    pub fn into_transaction(self) -> Transaction {
        Transaction::new(self.invocation, self.ledger)
    }

    /// Opens the contract's context.
    ///
    /// # Errors
    /// If the context refuses.
    #[doc(hidden)]
    pub async fn open<C: Context>(tx: &ReadTransaction) -> Result<C, ContractError> {
        C::open(tx).await.map_err(|error| ContractError::of(&error))
    }

    /// Ends a call of a function that the contract's interface does not have.
    ///
    /// # Errors
    /// Always.
    #[doc(hidden)]
    pub fn refuse(&self) -> Result<Vec<u8>, ContractError> {
        Err(DispatchError::UnknownFunction { name: self.function.name.to_owned() }.into())
    }
}
