//! A peer in memory with the real rules, for tests of contracts.
//!
//! A [`Simulator`] is a channel with one peer for each organisation. A call is proposed and
//! signed, run by the very session that serves chaincode in production, recorded by the
//! simulation that peers record with, endorsed, ordered into a block and judged by the rules that
//! peers commit by. There is no runtime, no socket and no file, so that a test of a contract is a
//! plain `#[test]`.
//!
//! ```
//! use pervade_chaincode::{Chaincode, LedgerError, ReadTransaction, Transaction, contract};
//! use pervade_simulator::Simulator;
//!
//! struct Counter;
//!
//! #[contract(name = "counter", default)]
//! impl Counter {
//!     #[submit]
//!     async fn count(&self, tx: &mut Transaction) -> Result<u64, LedgerError> {
//!         let next = tx.get_json::<u64>("count").await?.unwrap_or_default() + 1;
//!         tx.put_json("count", &next).await?;
//!         Ok(next)
//!     }
//!
//!     #[evaluate]
//!     async fn read(&self, tx: &ReadTransaction) -> Result<u64, LedgerError> {
//!         Ok(tx.get_json("count").await?.unwrap_or_default())
//!     }
//! }
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let mut simulator = Simulator::new()?;
//! simulator.deploy(Chaincode::new("counter".parse()?).with(Counter))?;
//! let alice = simulator.client("Org1MSP", "alice")?;
//! assert_eq!(simulator.as_(&alice).submit("count", ())?.result, b"1");
//!
//! // Two transactions that were endorsed on the same state: the first one wins.
//! let one = simulator.as_(&alice).endorse("count", ())?;
//! let other = simulator.as_(&alice).endorse("count", ())?;
//! let verdicts = simulator.commit([other, one])?;
//! assert!(verdicts[0].is_ok());
//! let rejected = verdicts[1].as_ref().unwrap_err();
//! assert_eq!(rejected.code.as_str_name(), "MVCC_READ_CONFLICT");
//! assert_eq!(simulator.as_(&alice).evaluate("read", ())?, b"2");
//! # Ok(())
//! # }
//! ```
//!
//! **The rules that surprise** hold here as they do on a network: a transaction does not see its
//! own writes; ranges come in batches and what was pulled of them is validated again; a called
//! chaincode writes into its own namespace in the same transaction, sees the client's proposal and
//! transient data, and its event is lost; what a failed nested call wrote stays. Private values
//! leave their hashes on the ledger, and peers of other organisations do not have them. JSON queries
//! are those of [`pervade_ledger::query`]; nothing checks at commit that nothing else was found.
//! Chaincodes on [another channel](Simulator::join) can be called and read, and not written.
//!
//! **Determinism.** Each proposal runs twice at the first endorser and once at each other, in
//! sessions of their own. Runs that differ are a [`Divergence`] that names what differs.
//!
//! **Repeatable.** Keys, certificates and nonces follow from names and counts, and time is what
//! the test says it is. Such keys are no secrets.
//!
//! **Not simulated**: time. A call ends by the number of its requests, not by the peer's clock, and
//! of two calls one runs after the other. Discovery and the dissemination of private data between
//! peers are left out: the peers of all members have a value once its transaction is committed.

mod client;
mod deploy;
mod endorse;
mod ledger;
mod members;
mod outcome;
mod peer;
mod simulator;

pub use client::{Answered, Arguments, Client};
pub use deploy::{Collection, Deployment};
pub use endorse::Endorsed;
pub use ledger::CommitError;
pub use members::{Member, MemberError};
pub use outcome::{Committed, Difference, Divergence, Failure, Fault, Refused, Rejected};
pub use simulator::Simulator;

/// The guide's examples, run as tests.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/chaincode.md")]
struct Guide;
