//! One call as the peer delivers it: what was asked, by whom, in which transaction.

use std::collections::BTreeMap;
use std::fmt;

use fabric_protos::common::{ChannelHeader, Header, SignatureHeader};
use fabric_protos::id::{ChaincodeName, ChannelId, InvalidId, TxId};
use fabric_protos::protos::{
    ChaincodeHeaderExtension, ChaincodeInput, ChaincodeProposalPayload, Proposal, SignedProposal,
};
use fabric_protos::{DecodeError, Message, Timestamp};
use sha2::{Digest, Sha256};

use crate::{Fault, Status};

pub use client::{ClientIdentity, IdentityError};
pub use creator::Creator;
pub use secret::Secret;

mod client;
mod creator;
mod secret;

/// One call of a chaincode.
///
/// The peer has checked the proposal's signature and creator before it calls a chaincode, so
/// this type only reads them.
#[derive(Clone)]
pub struct Invocation {
    channel: ChannelId,
    tx_id: TxId,
    arguments: Vec<Vec<u8>>,
    outermost: Outermost,
    creator: Creator,
    claimed_time: ClaimedTime,
    transient: BTreeMap<String, Secret>,
    decorations: BTreeMap<String, Vec<u8>>,
    is_init: bool,
    nonce: Vec<u8>,
    epoch: u64,
    proposal: SignedProposal,
    /// The host's clock when the call came. Not for contracts to see.
    host_time: Option<ClaimedTime>,
}

impl Invocation {
    /// Most arguments of a call, the function's name included.
    pub const ARGUMENTS_MAX: usize = 64;

    /// Reads a call from the parts of a stream message.
    ///
    /// # Errors
    /// If a part is malformed or the proposal is another transaction's.
    pub fn read(
        channel: &str,
        tx_id: &str,
        input: ChaincodeInput,
        signed: SignedProposal,
    ) -> Result<Self, InvocationError> {
        if input.args.len() > Self::ARGUMENTS_MAX {
            return Err(InvocationError::TooManyArguments { given: input.args.len() });
        }
        let proposal: Proposal = decode(&signed.proposal_bytes, "Proposal")?;
        let header: Header = decode(&proposal.header, "Header")?;
        let channel_header: ChannelHeader = decode(&header.channel_header, "ChannelHeader")?;
        let signer: SignatureHeader = decode(&header.signature_header, "SignatureHeader")?;
        let payload: ChaincodeProposalPayload =
            decode(&proposal.payload, "ChaincodeProposalPayload")?;
        if channel_header.tx_id != tx_id {
            return Err(InvocationError::OtherTransaction);
        }
        Ok(Self {
            channel: ChannelId::new(channel)?,
            tx_id: TxId::new(tx_id)?,
            arguments: input.args,
            creator: Creator::read(signer.creator)?,
            claimed_time: ClaimedTime::new(channel_header.timestamp.unwrap_or_default()),
            outermost: Outermost::read(&channel_header)?,
            transient: payload
                .transient_map
                .into_iter()
                .map(|(name, value)| (name, Secret::new(value)))
                .collect(),
            decorations: input.decorations,
            is_init: input.is_init,
            nonce: signer.nonce,
            epoch: channel_header.epoch,
            proposal: signed,
            host_time: None,
        })
    }

    /// Gives the call the reading of the host's clock at its arrival, with which
    /// [`require_client_time_within`](crate::ReadTransaction::require_client_time_within)
    /// compares. A contract has no other way to it.
    #[must_use]
    pub fn arrived_at(mut self, host_time: Timestamp) -> Self {
        self.host_time = Some(ClaimedTime::new(host_time));
        self
    }

    /// Nanoseconds from the host's time to the one that the client claims; negative if that is
    /// earlier. `None` if the host has told none.
    pub(crate) fn client_time_offset(&self) -> Option<i128> {
        let host_time = self.host_time?.total_nanos();
        Some(self.claimed_time.total_nanos().saturating_sub(host_time))
    }

    /// The channel whose ledger the call reads and writes.
    #[must_use]
    pub fn channel(&self) -> &ChannelId {
        &self.channel
    }

    /// The transaction's identifier.
    #[must_use]
    pub fn tx_id(&self) -> &TxId {
        &self.tx_id
    }

    /// Arguments as they came, the function's name first.
    #[must_use]
    pub fn arguments(&self) -> &[Vec<u8>] {
        &self.arguments
    }

    /// Who signed the proposal. In a nested call this is the client still, never the chaincode
    /// that calls.
    #[must_use]
    pub fn creator(&self) -> &Creator {
        &self.creator
    }

    /// The time that the client wrote into its proposal; see [`ClaimedTime`].
    #[must_use]
    pub fn client_claimed_time(&self) -> ClaimedTime {
        self.claimed_time
    }

    /// The chaincode that the client called, by the name in the channel header's extension:
    /// the one that the endorser executes and the validator checks.
    #[must_use]
    pub fn outermost_chaincode(&self) -> &ChaincodeName {
        &self.outermost.chaincode
    }

    /// Data that came with the proposal and stays off the ledger.
    #[must_use]
    pub fn transient(&self, name: &str) -> Option<&Secret> {
        self.transient.get(name)
    }

    /// Whether the call initialises the chaincode, whose definition demands it.
    #[must_use]
    pub fn is_init(&self) -> bool {
        self.is_init
    }

    /// What binds the call to its proposal: the SHA-256 of nonce, creator and epoch, the epoch
    /// in eight bytes, the least significant first.
    #[must_use]
    pub fn binding(&self) -> [u8; 32] {
        let digest = Sha256::new()
            .chain_update(&self.nonce)
            .chain_update(self.creator.serialized())
            .chain_update(self.epoch.to_le_bytes());
        digest.finalize().into()
    }

    /// What the peer's decorators added to the call. Peers may differ in it.
    #[must_use]
    pub fn decoration(&self, name: &str) -> Option<&[u8]> {
        self.decorations.get(name).map(Vec::as_slice)
    }

    /// The proposal as the client signed it.
    #[must_use]
    pub fn signed_proposal(&self) -> SignedBytes<'_> {
        let SignedProposal { proposal_bytes, signature } = &self.proposal;
        SignedBytes { bytes: proposal_bytes, signature }
    }

    /// Whether another chaincode made this call to the chaincode of the given name.
    pub(crate) fn is_nested_in(&self, name: &ChaincodeName) -> bool {
        self.outermost.chaincode != *name || self.outermost.channel != self.channel.as_str()
    }

    /// The arguments, taken out.
    pub(crate) fn take_arguments(&mut self) -> Vec<Vec<u8>> {
        std::mem::take(&mut self.arguments)
    }
}

impl fmt::Debug for Invocation {
    // The proposal and the arguments may hold what is not for logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Invocation")
            .field("channel", &self.channel)
            .field("tx_id", &self.tx_id)
            .field("arguments", &self.arguments.len())
            .finish_non_exhaustive()
    }
}

/// A proposal and its signature, as the client sent them.
#[derive(Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "complete by definition")]
pub struct SignedBytes<'a> {
    /// An encoded `protos.Proposal`. It holds the transient data as well: it is not to be
    /// written anywhere.
    pub bytes: &'a [u8],
    /// The creator's signature of the bytes, which the peer has checked.
    pub signature: &'a [u8],
}

impl fmt::Debug for SignedBytes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SignedBytes(..)")
    }
}

/// Seconds and nanoseconds since 1970, UTC, as the client claims them.
///
/// Endorsers compare it with their own clocks only within minutes, and a transaction may be
/// submitted long after its endorsement: this is no deadline and no evidence of when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ClaimedTime {
    /// Whole seconds.
    pub seconds: i64,
    /// The rest, 0 to 999 999 999.
    pub nanos: u32,
}

impl ClaimedTime {
    /// A time as messages carry it. Nanoseconds outside their range are cut to it.
    #[must_use]
    pub fn new(timestamp: Timestamp) -> Self {
        let nanos = u32::try_from(timestamp.nanos).unwrap_or_default().min(999_999_999);
        Self { seconds: timestamp.seconds, nanos }
    }

    fn total_nanos(self) -> i128 {
        const NANOS_A_SECOND: i128 = 1_000_000_000;
        let seconds = i128::from(self.seconds).saturating_mul(NANOS_A_SECOND);
        seconds.saturating_add(i128::from(self.nanos))
    }
}

/// Why a call could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InvocationError {
    /// Bytes that are not the message they should be.
    #[error("the proposal's {part} is malformed")]
    Malformed {
        /// The message's name.
        part: &'static str,
        /// What the decoder found.
        #[source]
        source: DecodeError,
    },
    /// A name that breaks the rule of its kind.
    #[error(transparent)]
    Name(#[from] InvalidId),
    /// The proposal carries another transaction's identifier than the call.
    #[error("the proposal belongs to another transaction")]
    OtherTransaction,
    /// More arguments than [`Invocation::ARGUMENTS_MAX`].
    #[error("{given} arguments; at most {max} are taken", max = Invocation::ARGUMENTS_MAX)]
    TooManyArguments {
        /// How many came.
        given: usize,
    },
}

impl Fault for InvocationError {
    fn status(&self) -> Status {
        Status::BAD_REQUEST
    }

    fn code(&self) -> &'static str {
        "INVOCATION"
    }
}

/// What the client called.
#[derive(Clone, Debug)]
struct Outermost {
    chaincode: ChaincodeName,
    channel: String,
}

impl Outermost {
    fn read(header: &ChannelHeader) -> Result<Self, InvocationError> {
        let extension: ChaincodeHeaderExtension =
            decode(&header.extension, "ChaincodeHeaderExtension")?;
        let name = extension.chaincode_id.unwrap_or_default().name;
        Ok(Self { chaincode: ChaincodeName::new(name)?, channel: header.channel_id.clone() })
    }
}

fn decode<M: Message + Default>(bytes: &[u8], part: &'static str) -> Result<M, InvocationError> {
    M::decode(bytes).map_err(|source| InvocationError::Malformed { part, source })
}

#[cfg(test)]
mod tests;
