//! Why a transaction has no effect.

use fabric_protos::protos::TxValidationCode;
use pervade_channel_config::NextConfigError;
use pervade_identity::{IdentityError, SignatureError};
use thiserror::Error;

use crate::lifecycle::{EndorsementPolicyError, RecordError};
use crate::state::Version;
use crate::transaction::Malformed;

/// Why a transaction has no effect.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Rejection {
    /// Its form is wrong.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// Its creator may not be heard on this channel.
    #[error("the creator is refused")]
    Creator(#[from] CreatorFault),
    /// Another transaction has its identifier.
    #[error("the transaction's identifier is taken")]
    DuplicateTxId {
        /// Index of the earlier transaction in the same block; `None` if it is in an earlier block.
        of: Option<usize>,
    },
    /// It writes in a namespace that is no chaincode's.
    #[error("{namespace:?} is no chaincode of this channel")]
    NoChaincode {
        /// The namespace.
        namespace: String,
    },
    /// It writes in a namespace whose definition cannot be read.
    #[error("the definition of chaincode {namespace:?} cannot be read")]
    BadDefinition {
        /// The namespace.
        namespace: String,
        /// What is wrong with it.
        #[source]
        source: RecordError,
    },
    /// It writes in a namespace that asks for a way of validation that is not known.
    #[error("chaincode {namespace:?} asks for validation by {plugin:?}")]
    UnknownPlugin {
        /// The namespace.
        namespace: String,
        /// The way of validation that its definition names.
        plugin: String,
    },
    /// Its endorsements are not enough for what it writes.
    #[error("the endorsement for {namespace:?} is not enough")]
    Endorsement {
        /// The namespace written to.
        namespace: String,
        /// What is missing.
        #[source]
        fault: Box<EndorsementFault>,
    },
    /// Its configuration cannot follow the one in force.
    #[error("the configuration is refused")]
    Config(#[source] Box<ConfigFault>),
    /// It read a version of a key that is not the current one.
    #[error("the version read of a key is not the current one")]
    StaleRead {
        /// The key.
        key: KeyPlace,
        /// The version read; `None` if the key was absent.
        read: Option<Version>,
    },
    /// A range that it read has other entries now.
    #[error("the range from {start:?} to {end:?} of {namespace:?} has other entries now")]
    Phantom {
        /// The namespace.
        namespace: String,
        /// The first key of the range.
        start: String,
        /// Where the range ends.
        end: String,
    },
}

impl Rejection {
    /// The verdict that the block holds.
    #[must_use]
    pub fn code(&self) -> TxValidationCode {
        match self {
            Self::Malformed(malformed) => malformed.code(),
            Self::Creator(_) => TxValidationCode::BadCreatorSignature,
            Self::DuplicateTxId { .. } => TxValidationCode::DuplicateTxid,
            Self::NoChaincode { .. } | Self::BadDefinition { .. } => {
                TxValidationCode::InvalidChaincode
            }
            Self::UnknownPlugin { .. } => TxValidationCode::InvalidOtherReason,
            Self::Endorsement { .. } => TxValidationCode::EndorsementPolicyFailure,
            Self::Config(_) => TxValidationCode::InvalidConfigTransaction,
            Self::StaleRead { .. } => TxValidationCode::MvccReadConflict,
            Self::Phantom { .. } => TxValidationCode::PhantomReadConflict,
        }
    }
}

/// Where a value lies: a public key, or the hash of a private one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct KeyPlace {
    /// The namespace.
    pub namespace: String,
    /// The private collection; `None` for a public key.
    pub collection: Option<String>,
    /// The key; in a collection its SHA-256.
    pub key: Vec<u8>,
}

/// Why a creator may not be heard.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CreatorFault {
    /// The transaction is made for another channel.
    #[error("the transaction is for channel {channel:?}")]
    OtherChannel {
        /// The channel that it names.
        channel: String,
    },
    /// No organisation of the channel vouches for the creator.
    #[error("the creator's identity does not hold")]
    Identity(#[from] IdentityError),
    /// The creator did not sign this.
    #[error("the creator's signature does not hold")]
    Signature(#[from] SignatureError),
}

/// What endorsements are missing.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum EndorsementFault {
    /// The chaincode's policy is not met.
    #[error("the chaincode's policy is not met")]
    Chaincode(#[source] EndorsementPolicyError),
    /// A collection's policy is not met.
    #[error("the policy of collection {collection:?} is not met")]
    Collection {
        /// The collection.
        collection: String,
        /// Why not.
        #[source]
        fault: EndorsementPolicyError,
    },
    /// A key's own policy is not met.
    #[error("the policy of a key is not met")]
    Key {
        /// The key.
        key: KeyPlace,
        /// Why not.
        #[source]
        fault: EndorsementPolicyError,
    },
    /// The policy of a key that is written was changed earlier in the block.
    #[error("the policy of a key was changed earlier in the block")]
    KeyPolicyChanged {
        /// The key.
        key: KeyPlace,
    },
    /// It writes to a collection that the chaincode does not define.
    #[error("there is no collection {collection:?}")]
    NoCollection {
        /// The collection.
        collection: String,
    },
}

/// Why a configuration is refused.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ConfigFault {
    /// It cannot be read.
    #[error("the configuration cannot be read")]
    Unreadable,
    /// It does not follow from the one in force.
    #[error(transparent)]
    Refused(#[from] NextConfigError),
}
