//! How a call may end.

use fabric_protos::id::{InvalidId, TxId};
use fabric_protos::proposal::ProposalError;
use fabric_protos::protos::TxValidationCode;
use pervade_chaincode::host::Event;
use pervade_identity::SignError;
use pervade_identity::policy::PolicyTextError;
use pervade_ledger::lifecycle::LifecycleError;
use pervade_ledger::transaction::AssembleError;
use pervade_ledger::validate::Rejection;
use thiserror::Error;

use crate::ledger::CommitError;
use crate::members::MemberError;

/// A transaction that took effect.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Committed {
    /// The transaction.
    pub tx_id: TxId,
    /// The number of its block.
    pub block: u64,
    /// What the function returned.
    pub result: Vec<u8>,
    /// The event of the chaincode that was called, if it set one.
    pub event: Option<Event>,
}

/// A call that no peer endorsed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("refused with status {status}: {message}")]
#[non_exhaustive]
pub struct Refused {
    /// 400 and above; 500 also for a call that never reached a function.
    pub status: i32,
    /// The contract's words, or the peer's.
    pub message: String,
}

/// A transaction in a block that has no effect.
#[derive(Debug, Error)]
#[error("transaction {tx_id} has no effect: {}", code.as_str_name())]
#[non_exhaustive]
pub struct Rejected {
    /// The transaction.
    pub tx_id: TxId,
    /// The verdict in the block.
    pub code: TxValidationCode,
    /// Why.
    #[source]
    pub reason: Rejection,
}

/// Two runs of one proposal on one state that did not come to the same.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("two runs of transaction {tx_id} differ in {difference}")]
#[non_exhaustive]
pub struct Divergence {
    /// The transaction.
    pub tx_id: TxId,
    /// The first thing in which they differ.
    pub difference: Difference,
}

/// In what two runs differ.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Difference {
    /// One succeeded and the other did not, or they answered differently.
    #[error("their answers")]
    Answer,
    /// Their events.
    #[error("their events")]
    Event,
    /// What they write to a public key.
    #[error("what they write to {key:?} of {namespace:?}")]
    Write {
        /// The chaincode whose key it is.
        namespace: String,
        /// The key.
        key: String,
    },
    /// What they read, or what they write to metadata or private keys.
    #[error("what was recorded of reads, metadata or private data")]
    Recorded,
}

/// Why a call did not take effect.
#[derive(Debug, Error)]
#[expect(clippy::exhaustive_enums, reason = "complete by definition")]
pub enum Failure {
    /// It was not endorsed.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// Its contract is not deterministic.
    #[error(transparent)]
    Diverged(#[from] Divergence),
    /// It was endorsed and ordered, and has no effect.
    #[error(transparent)]
    Rejected(Box<Rejected>),
    /// The test asks for what is not there.
    #[error(transparent)]
    Fault(Box<Fault>),
}

impl<F: Into<Fault>> From<F> for Failure {
    fn from(fault: F) -> Self {
        Self::Fault(Box::new(fault.into()))
    }
}

/// What is wrong with a test, or with the simulator; never with a transaction.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Fault {
    /// Members or organisations that do not exist or cannot be made.
    #[error(transparent)]
    Member(#[from] MemberError),
    /// A name that breaks the rule of its kind.
    #[error(transparent)]
    Name(#[from] InvalidId),
    /// No chaincode is deployed that could be called.
    #[error("no chaincode is deployed")]
    NothingDeployed,
    /// A channel needs an organisation.
    #[error("there is no organisation")]
    NoOrganizations,
    /// A block of one transaction was judged, and that one was not.
    #[error("the transaction was not judged")]
    NoVerdict,
    /// An endorsement policy that cannot be read.
    #[error("the endorsement policy cannot be read")]
    Policy(#[from] PolicyTextError),
    /// A chaincode that cannot be deployed so.
    #[error("the chaincode cannot be deployed")]
    Deploy(#[from] LifecycleError),
    /// The proposal cannot be read back.
    #[error("the proposal cannot be read")]
    Proposal(#[from] ProposalError),
    /// A signature cannot be made.
    #[error("a signature cannot be made")]
    Sign(#[from] SignError),
    /// No transaction can be put together from the endorsements.
    #[error("the endorsements make no transaction")]
    Assemble(#[from] AssembleError),
    /// The block cannot be committed.
    #[error(transparent)]
    Commit(#[from] CommitError),
    /// The state cannot be read, or an endorser's record of it.
    #[error("a simulation cannot be read")]
    Simulation(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl Fault {
    pub(crate) fn simulation(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Simulation(source.into())
    }
}
