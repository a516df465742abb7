//! The contract programming model: contracts, transactions, state, errors.
//!
//! A contract is a type with an `impl` block under [`contract`]. Its functions are marked
//! `#[submit]` or `#[evaluate]`; an evaluate function is handed a [`ReadTransaction`], which has
//! no method that writes, so that a write in it does not compile.
//!
//! ```
//! use pervade_chaincode::{
//!     Chaincode, Fault, ReadTransaction, State, StateError, Transaction, contract,
//! };
//! use serde::{Deserialize, Serialize};
//!
//! /// Lies on the ledger under the key `("asset", id)`, as canonical JSON.
//! #[derive(Serialize, Deserialize, State)]
//! #[state(type = "asset", key(id))]
//! struct Asset {
//!     id: String,
//!     owner: String,
//!     value: u64,
//! }
//!
//! /// Clients are told a status and a code: `403 NOT_OWNER: …`, `404 ASSET_MISSING: …`.
//! #[derive(Debug, thiserror::Error, Fault)]
//! enum AssetError {
//!     #[error("{caller} does not own asset {id}")]
//!     #[fault(status = FORBIDDEN)]
//!     NotOwner { caller: String, id: String },
//!     #[error(transparent)]
//!     State(#[from] StateError),
//! }
//!
//! struct Assets;
//!
//! #[contract(name = "assets", default)]
//! impl Assets {
//!     #[submit]
//!     async fn create(
//!         &self,
//!         tx: &mut Transaction,
//!         id: String,
//!         value: u64,
//!     ) -> Result<(), AssetError> {
//!         let owner = tx.creator().msp_id().to_string();
//!         Ok(tx.create(&Asset { id, owner, value }).await?)
//!     }
//!
//!     #[submit]
//!     async fn transfer(
//!         &self,
//!         tx: &mut Transaction,
//!         id: String,
//!         to: String,
//!     ) -> Result<Asset, AssetError> {
//!         let mut asset: Asset = tx.load(&id).await?;
//!         let caller = tx.creator().msp_id().to_string();
//!         if asset.owner != caller {
//!             return Err(AssetError::NotOwner { caller, id });
//!         }
//!         asset.owner = to;
//!         tx.save(&asset).await?;
//!         Ok(asset)
//!     }
//!
//!     #[evaluate]
//!     async fn read(&self, tx: &ReadTransaction, id: String) -> Result<Asset, AssetError> {
//!         Ok(tx.load(&id).await?)
//!     }
//! }
//!
//! let chaincode = Chaincode::named("assets").with(Assets);
//! # assert!(chaincode.check().is_ok());
//! ```
//!
//! | To | write |
//! |---|---|
//! | take or return a type of your own | `#[derive(Serialize, Deserialize, Argument)]`, see [`Argument`] |
//! | keep one on the ledger | `#[derive(Serialize, Deserialize, State)]`, see [`State`] |
//! | give errors a status and a code | `#[derive(Fault)]`, see [`Fault`] |
//! | take what must stay off the ledger | `#[transient] price: Secret<u64>`, see [`Transient`] |
//! | let other chaincode call a function | `#[external]` beside its mark |
//! | call one of another contract | the generated `AssetsClient::new(tx, name)`, see [`Caller`] |
//! | run something around every function | `#[before]`, `#[after]`, see [`contract`] |
//! | prepare something for each call | `#[contract(…, context = Session)]`, see [`Context`] |
//! | answer for names that do not exist | `#[unknown]` |
//! | begin a chaincode whose definition requires it | `#[init]` |
//! | tell clients what happened | `tx.emit(&event)?`, see [`TypedEvent`] |
//! | find entries by what is in them | `tx.query(selector)`, see [`ReadTransaction::query`] |
//! | keep what only some organisations may see | `tx.private("offers")`, see [`Private`] |
//! | decide who must endorse a key's changes | `tx.set_key_policy(key, &policy).await?`, see [`KeyPolicy`] |
//! | read what this transaction wrote | `tx.overlay()?.get(key).await?`, see [`Overlay`] |
//! | refuse proposals that claim a wrong time | `tx.require_client_time_within(window)?`, see [`TimeWindow`] |
//! | deploy several contracts together | `Chaincode::named(…).with(Assets).with(Sales)` |
//!
//! On the wire a string argument is its bytes, a number or a Boolean is its text, `Vec<u8>` is
//! raw and a structure is canonical JSON, as other languages' contract libraries have it. The
//! function is `contract:function`, divided at the last colon, or `function` of the default
//! contract; names are matched letter by letter, capital or small.
//!
//! **Invariants.** This crate reads no clock and no random number, holds no socket and no
//! runtime, and iterates over ordered collections only: two endorsers that run the same call on
//! the same state produce the same bytes. A contract awaits nothing but the ledger: [`host`] is
//! the whole boundary, and whoever drives an [`host::Execution`] decides how requests travel.

// The macros name this crate as their users do.
extern crate self as pervade_chaincode;

mod argument;
mod caller;
pub mod canonical;
mod chaincode;
mod composite;
mod context;
#[doc(hidden)]
pub mod derive;
mod event;
mod fault;
pub mod host;
mod interface;
mod invocation;
mod policy;
mod schema;
mod state;
#[cfg(feature = "testing")]
pub mod testing;
mod transaction;
mod transient;

pub use argument::{Answer, Argument, ArgumentError, Bytes, Json, MapKey, Output, Timestamp};
pub use caller::{Caller, ClientCall, ClientError, Outside, Submitter};
pub use chaincode::{Call, Chaincode, ChaincodeFlaw, Contract, Running};
pub use composite::{CompositeKey, CompositeKeyError};
pub use context::Context;
pub use event::{EmittedEvent, EventEnvelope, EventError, TypedEvent};
pub use fabric_protos::id::{ChaincodeName, MspId};
pub use fault::{ContractError, Fault, Status};
pub use interface::{Function, Intent, Interface, Occasion, Parameter, Reach};
pub use invocation::{
    ClaimedTime, ClientIdentity, Creator, IdentityError, Invocation, InvocationError, Secret,
    SignedBytes,
};
pub use pervade_chaincode_macros::{Argument, Fault, State, contract};
pub use policy::{KeyPolicy, KeyPolicyError, Role};
pub use schema::{JsonSchema, Schemas};
pub use state::{KeyOf, KeyPart, KeyPrefix, PartOf, State, StateError, StatePage, States};
pub use transaction::{
    CallError, Change, ClientTimeError, Entry, EntryPage, History, InvalidRequest, LedgerError,
    Overlay, Private, PrivateQueries, PrivateReader, Query, Range, ReadTransaction, Refusal,
    TimeWindow, Transaction,
};
pub use transient::{Transient, TransientError};
