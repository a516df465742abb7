//! The contract programming model: contracts, transactions, state, errors.
//!
//! A contract is a type with an `impl` block under [`contract`]. Its functions are marked
//! `#[submit]` or `#[evaluate]`; an evaluate function is handed a [`ReadTransaction`], which has
//! no method that writes, so that a write in it does not compile. A function that other
//! chaincode may call is marked `#[external]` as well.
//!
//! ```
//! use pervade_chaincode::{Chaincode, LedgerError, ReadTransaction, Transaction, contract};
//!
//! struct Greetings;
//!
//! #[contract(name = "greetings", default)]
//! impl Greetings {
//!     #[submit]
//!     async fn greet(&self, tx: &mut Transaction, whom: String) -> Result<(), LedgerError> {
//!         tx.put("last", whom.into_bytes()).await
//!     }
//!
//!     #[evaluate]
//!     async fn last(&self, tx: &ReadTransaction) -> Result<Vec<u8>, LedgerError> {
//!         Ok(tx.get("last").await?.unwrap_or_default())
//!     }
//! }
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let chaincode = Chaincode::new("greetings".parse()?).with(Greetings);
//! # drop(chaincode);
//! # Ok(())
//! # }
//! ```
//!
//! On the wire a string argument is its bytes, a number or a Boolean is its text, `Vec<u8>` is
//! raw and a structure is canonical JSON, as other languages' contract libraries have it. The
//! function is `contract:function`, or `function` of the default contract.
//!
//! **Invariants.** This crate reads no clock and no random number, holds no socket and no
//! runtime, and iterates over ordered collections only: two endorsers that run the same call on
//! the same state produce the same bytes. A contract awaits nothing but the ledger: [`host`] is
//! the whole boundary, and whoever drives an [`host::Execution`] decides how requests travel.

mod argument;
mod caller;
pub mod canonical;
mod chaincode;
mod composite;
mod fault;
pub mod host;
mod interface;
mod invocation;
mod policy;
#[cfg(feature = "testing")]
pub mod testing;
mod transaction;

pub use argument::{Answer, Argument, ArgumentError, Json, JsonSchema, Output, titled_schema};
pub use caller::{Caller, ClientError};
pub use chaincode::{Call, Chaincode, Contract, Running};
pub use composite::{CompositeKey, CompositeKeyError};
pub use fabric_protos::id::{ChaincodeName, MspId};
pub use fault::{ContractError, Fault, Status};
pub use interface::{Function, Intent, Interface, Parameter, Reach};
pub use invocation::{
    ClaimedTime, ClientIdentity, Creator, IdentityError, Invocation, InvocationError, Secret,
    SignedBytes,
};
pub use pervade_chaincode_macros::{Argument, contract};
pub use policy::{KeyPolicy, KeyPolicyError, Role};
pub use transaction::{
    CallError, Change, Entry, EntryPage, History, LedgerError, Private, PrivateQueries,
    PrivateReader, Range, ReadTransaction, Transaction,
};
