//! What typed clients call through.

use std::error::Error;
use std::future::Future;

use fabric_protos::id::ChaincodeName;

use crate::{ArgumentError, CallError, Intent, Transaction};

/// Something that can call a chaincode: a client's gateway, or a running transaction.
///
/// The clients that [`#[contract]`](macro@crate::contract) generates are generic over it.
pub trait Caller {
    /// Why a call may fail.
    type Error: Error;

    /// Calls `function` and waits for its answer; for [`Intent::Submit`] until it is committed,
    /// if the caller is one that commits.
    fn call(
        &mut self,
        chaincode: &ChaincodeName,
        function: &str,
        arguments: Vec<Vec<u8>>,
        intent: Intent,
    ) -> impl Future<Output = Result<Vec<u8>, Self::Error>> + Send;
}

impl Caller for Transaction {
    type Error = CallError;

    async fn call(
        &mut self,
        chaincode: &ChaincodeName,
        function: &str,
        arguments: Vec<Vec<u8>>,
        _intent: Intent,
    ) -> Result<Vec<u8>, CallError> {
        Self::call(self, chaincode, function, arguments).await
    }
}

/// Why a typed client's call failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError<E: Error> {
    /// The call failed.
    #[error(transparent)]
    Call(E),
    /// An argument has no wire form.
    #[error("argument {name}: {source}")]
    Argument {
        /// The argument's name.
        name: &'static str,
        /// Why.
        #[source]
        source: ArgumentError,
    },
    /// The answer is not what the function returns.
    #[error("the answer: {0}")]
    Answer(#[source] ArgumentError),
}
