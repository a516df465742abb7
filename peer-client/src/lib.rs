//! What an application links: proposals, endorsements, commits, events and blocks.
//!
//! The way of a transaction, one type per stage, so that no stage can be left out:
//! [`Proposal`] → sign → [`SignedProposal`] → endorse → [`Transaction`] → sign →
//! [`SignedTransaction`] → submit → [`Commit`] → [`Outcome`].
//!
//! A gateway is asked for help, not trusted: before [`Transaction::sign`] can be called, what the
//! gateway returned has been compared, byte for byte, with what was proposed, and each endorsement
//! has been verified ([`EnvelopeMismatch`] names what differed). A lying gateway gets no signature.
//!
//! A contract written with [`pervade_chaincode`] has a typed client, which calls through a
//! [`Network`]: see its [`Caller`](pervade_chaincode::Caller).

mod blocks;
mod commit;
mod contract;
mod endorsed;
mod events;
mod gateway;
mod lifecycle;
mod proposal;
mod refusal;
mod seek;
mod typed;

pub use blocks::{BlockStream, BlocksError, PrivateBlockStream};
pub use commit::{Commit, CommitError, Outcome, SubmitError, Submitted};
pub use contract::{CallError, Contract};
pub use endorsed::{DecodeError, EndorserFault, EnvelopeMismatch, SignedTransaction, Transaction};
pub use events::{ChaincodeEvents, EventBatch, EventsError};
pub use gateway::{Gateway, Network, Patience, Ports};
pub use lifecycle::{
    Approval, ChaincodePolicy, Definition, Lifecycle, LifecycleError, Readiness,
    UnreadableDefinition,
};
pub use proposal::{
    EndorseError, EvaluateError, Proposal, ProposalBuilder, ProposeError, SignedProposal,
};
pub use refusal::{PeerDetail, Refusal, StatusCode};
pub use seek::Start;
pub use typed::{Committed, ContractRefusal, TypedCallError};
