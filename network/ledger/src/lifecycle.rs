//! The chaincode `_lifecycle`: organisations approve a definition of a chaincode, each in a private
//! collection of its own, and any of them commits it for all.
//!
//! Records are written byte for byte as Fabric writes them, because the approvals of other
//! organisations are known by their hashes only: an approval counts if it has the hash of what
//! this peer would have written.
//!
//! The functions are pure over [`LedgerAccess`]; [`invoke`] is their door for a proposal's
//! arguments. Whether the caller may call is the peer's question, by the access rule
//! `_lifecycle/<function>`. What needs no ledger (installing, listing what is installed) belongs
//! to the peer as well.

mod definition;
mod functions;
mod input;
mod policy;
mod record;

use fabric_protos::{
    Message,
    id::{ChannelId, MspId},
};
use pervade_channel_config::ChannelConfig;
use thiserror::Error;

pub use definition::{
    ChaincodeDefinition, ParameterMismatch, defined_chaincode, definition, implicit_collection,
    implicit_collection_config, implicit_collection_owner,
};
pub use functions::{
    SequenceError, approve, check_commit_readiness, commit, query_approved, query_approved_all,
    query_definition, query_definitions,
};
pub use input::{CollectionError, CollectionUpgradeError, InputError};
pub(crate) use policy::implicit_collection_policy;
pub use policy::{EndorsementPolicy, EndorsementPolicyError, NoSuchCollection, lifecycle_policy};
pub use record::RecordError;

/// The namespace in which definitions are kept, which is the chaincode's name.
pub const NAMESPACE: &str = "_lifecycle";

/// Most definitions that one query returns.
pub const DEFINITIONS_MAX: usize = 10_000;

/// Why the ledger could not be read or written.
pub type AccessError = Box<dyn std::error::Error + Send + Sync>;

/// What the functions ask of a transaction's simulation, always in [`NAMESPACE`].
///
/// Reads see the committed state, never the transaction's own writes.
pub trait LedgerAccess {
    /// The value of a public key.
    fn get(&mut self, key: &str) -> Result<Option<Vec<u8>>, AccessError>;

    /// Public keys with their values, from `start` up to but not including `end`, in key order,
    /// at most `limit`.
    fn range(
        &mut self,
        start: &str,
        end: &str,
        limit: usize,
    ) -> Result<Vec<(String, Vec<u8>)>, AccessError>;

    /// Writes a public key.
    fn put(&mut self, key: &str, value: Vec<u8>) -> Result<(), AccessError>;

    /// Deletes a public key.
    fn delete(&mut self, key: &str) -> Result<(), AccessError>;

    /// The value of a private key, as far as this peer holds it.
    fn get_private(&mut self, collection: &str, key: &str) -> Result<Option<Vec<u8>>, AccessError>;

    /// The SHA-256 of the value of a private key, whoever holds it.
    fn get_private_hash(
        &mut self,
        collection: &str,
        key: &str,
    ) -> Result<Option<Vec<u8>>, AccessError>;

    /// Private keys with their values; otherwise as [`range`](Self::range).
    fn range_private(
        &mut self,
        collection: &str,
        bounds: (&str, &str),
        limit: usize,
    ) -> Result<Vec<(String, Vec<u8>)>, AccessError>;

    /// Writes a private key.
    fn put_private(
        &mut self,
        collection: &str,
        key: &str,
        value: Vec<u8>,
    ) -> Result<(), AccessError>;

    /// Deletes a private key.
    fn delete_private(&mut self, collection: &str, key: &str) -> Result<(), AccessError>;
}

/// Where a function is called.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// The configuration in force.
    pub config: &'a ChannelConfig,
    /// The organisation whose peer is called.
    pub organization: &'a MspId,
}

/// A call that fails. The texts are those that users of Fabric's tools know.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum LifecycleError {
    /// There is no such function, or it needs no channel and is the peer's.
    #[error("there is no function {name:?}")]
    Function {
        /// Its name.
        name: String,
    },
    /// The argument is not the message that the function takes.
    #[error("could not decode input arg: {0}")]
    Argument(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A record cannot be read or written.
    #[error("{0}")]
    Record(#[from] RecordError),
    /// The definition is not one that can be approved or committed.
    #[error("error validating chaincode definition: {0}")]
    Input(#[from] InputError),
    /// The sequence number is not one that can be defined now.
    #[error("{0}")]
    Sequence(#[from] SequenceError),
    /// The definition names no policy, and the channel has no default.
    #[error(
        "could not set defaults for chaincode definition in channel {channel}: policy '{policy}' \
         must be defined for channel '{channel}' before chaincode operations can be attempted"
    )]
    DefaultPolicy {
        /// The channel.
        channel: ChannelId,
        /// The policy that would be the default.
        policy: &'static str,
    },
    /// The peer's own organisation has not approved this definition.
    #[error("chaincode definition not agreed to by this org ({organization})")]
    NotAgreed {
        /// The organisation.
        organization: MspId,
    },
    /// The peer's own organisation does not take part in the channel.
    #[error("this peer's org ({organization}) is not a member of the channel")]
    NotMember {
        /// The organisation.
        organization: MspId,
    },
    /// No definition has been committed under this name.
    #[error("namespace {name} is not defined")]
    NotDefined {
        /// The name.
        name: String,
    },
    /// The peer's own organisation has approved no such definition.
    #[error(
        "could not fetch approved chaincode definition (name: '{name}', sequence: '{sequence}') \
         on channel '{channel}'"
    )]
    NotApproved {
        /// The chaincode's name.
        name: String,
        /// The sequence number.
        sequence: i64,
        /// The channel.
        channel: ChannelId,
    },
}

/// How a failed call is answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The response's status: 404 if a chaincode is not defined, 500 otherwise.
    pub status: i32,
    /// The response's message.
    pub message: String,
}

/// Calls a function by its name with its marshalled argument, and returns its marshalled result.
///
/// # Errors
/// If the function fails; what was written until then must not be endorsed.
pub fn invoke(
    function: &str,
    argument: &[u8],
    context: &Context<'_>,
    ledger: &mut dyn LedgerAccess,
) -> Result<Vec<u8>, Refusal> {
    dispatch(function, argument, context, ledger).map_err(|error| {
        if matches!(error, LifecycleError::NotDefined { .. }) {
            return Refusal { status: 404, message: error.to_string() };
        }
        let message = format!("failed to invoke backing implementation of '{function}': {error}");
        Refusal { status: 500, message }
    })
}

fn dispatch(
    function: &str,
    argument: &[u8],
    context: &Context<'_>,
    ledger: &mut dyn LedgerAccess,
) -> Result<Vec<u8>, LifecycleError> {
    let result = match function {
        "ApproveChaincodeDefinitionForMyOrg" => {
            approve(&decode(argument)?, context, ledger)?.encode_to_vec()
        }
        "CommitChaincodeDefinition" => commit(&decode(argument)?, context, ledger)?.encode_to_vec(),
        "CheckCommitReadiness" => {
            check_commit_readiness(&decode(argument)?, context, ledger)?.encode_to_vec()
        }
        "QueryChaincodeDefinition" => {
            query_definition(&decode(argument)?, context, ledger)?.encode_to_vec()
        }
        "QueryChaincodeDefinitions" => {
            query_definitions(&decode(argument)?, ledger)?.encode_to_vec()
        }
        "QueryApprovedChaincodeDefinition" => {
            query_approved(&decode(argument)?, context, ledger)?.encode_to_vec()
        }
        "QueryApprovedChaincodeDefinitions" => {
            query_approved_all(&decode(argument)?, context, ledger)?.encode_to_vec()
        }
        name => return Err(LifecycleError::Function { name: name.to_owned() }),
    };
    Ok(result)
}

fn decode<M: Message + Default>(argument: &[u8]) -> Result<M, LifecycleError> {
    M::decode(argument).map_err(|source| LifecycleError::Argument(source.into()))
}

#[cfg(test)]
#[expect(clippy::panic_in_result_fn, reason = "a test that is wrong stops at once")]
mod tests;
