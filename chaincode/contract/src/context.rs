//! What a contract prepares once for each transaction.

use std::future::Future;

use crate::{Fault, ReadTransaction};

/// What a contract prepares once for each transaction, before its hooks and its function run:
/// `#[contract(name = "…", context = Session)]` makes a `Session` for each call, and functions
/// and hooks that take `&Session` or `&mut Session` after the transaction are handed it.
///
/// ```
/// use pervade_chaincode::{Context, IdentityError, ReadTransaction};
///
/// /// Who calls.
/// struct Session {
///     caller: String,
/// }
///
/// impl Context for Session {
///     type Error = IdentityError;
///
///     async fn open(tx: &ReadTransaction) -> Result<Self, IdentityError> {
///         Ok(Self { caller: tx.creator().client_identity()?.id() })
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the context of a contract",
    note = "implement `Context` for it: how it is made at the start of a transaction"
)]
pub trait Context: Sized + Send + Sync {
    /// Why there is none, which fails the call.
    type Error: Fault;

    /// Makes the context of a transaction. What is read here counts as read by the transaction.
    fn open(tx: &ReadTransaction) -> impl Future<Output = Result<Self, Self::Error>> + Send;
}
