//! Proposals: how their bytes are built and read, and the identifiers that are hashed from them.
//!
//! Clients, endorsers and committers must agree on these bytes exactly, because endorsements
//! sign hashes of them.

use std::collections::BTreeMap;
use std::fmt;

use prost::Message;
use prost_types::Timestamp;
use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::common::{ChannelHeader, Header, HeaderType, SignatureHeader};
use crate::id::{ChannelId, TxId};
use crate::protos::{
    ChaincodeHeaderExtension, ChaincodeId, ChaincodeInput, ChaincodeInvocationSpec,
    ChaincodeProposalPayload, ChaincodeSpec, Proposal, ProposalResponsePayload, SignedProposal,
};

/// The identifier of a transaction: lower-case hexadecimal SHA-256 of nonce and creator.
///
/// `creator` is an encoded `msp.SerializedIdentity`.
#[must_use]
#[expect(clippy::missing_panics_doc, reason = "64 hexadecimal digits always fit")]
#[expect(clippy::expect_used, reason = "64 hexadecimal digits always fit")]
pub fn tx_id(nonce: &[u8], creator: &[u8]) -> TxId {
    let digest = Sha256::new().chain_update(nonce).chain_update(creator).finalize();
    let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    TxId::new(hex).expect("a SHA-256 in lower-case hexadecimal is a transaction identifier")
}

/// What a proposal asks for.
#[derive(Clone)]
pub struct ProposalSpec<'a> {
    /// Where the chaincode runs; `None` for calls that concern the peer as a whole.
    pub channel: Option<&'a ChannelId>,
    /// Name of the chaincode, which may be a system chaincode.
    pub chaincode: &'a str,
    /// The call: function name first.
    pub args: Vec<Vec<u8>>,
    /// Data for the endorsers only, which never reaches the ledger.
    pub transient: BTreeMap<String, Vec<u8>>,
    /// Who asks: an encoded `msp.SerializedIdentity`.
    pub creator: &'a [u8],
    /// Random bytes that make the transaction unique; Fabric's clients use 24.
    pub nonce: &'a [u8],
    /// When it was asked, as the client claims.
    pub timestamp: Timestamp,
}

/// Shows neither arguments nor transient data, which may be confidential.
impl fmt::Debug for ProposalSpec<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProposalSpec")
            .field("channel", &self.channel)
            .field("chaincode", &self.chaincode)
            .finish_non_exhaustive()
    }
}

/// Builds the proposal, still unsigned, and names its transaction.
#[must_use]
pub fn build(spec: ProposalSpec<'_>) -> (Proposal, TxId) {
    assemble(spec, false)
}

/// As [`build`], for the call that a chaincode's definition may require before all others.
#[must_use]
pub fn build_initialisation(spec: ProposalSpec<'_>) -> (Proposal, TxId) {
    assemble(spec, true)
}

fn assemble(spec: ProposalSpec<'_>, is_init: bool) -> (Proposal, TxId) {
    let tx_id = tx_id(spec.nonce, spec.creator);
    let chaincode_id =
        Some(ChaincodeId { name: spec.chaincode.to_owned(), ..ChaincodeId::default() });
    let channel_header = ChannelHeader {
        r#type: HeaderType::EndorserTransaction.into(),
        timestamp: Some(spec.timestamp),
        channel_id: spec.channel.map(ToString::to_string).unwrap_or_default(),
        tx_id: tx_id.to_string(),
        extension: ChaincodeHeaderExtension { chaincode_id: chaincode_id.clone() }.encode_to_vec(),
        ..ChannelHeader::default()
    };
    let signature_header =
        SignatureHeader { creator: spec.creator.to_vec(), nonce: spec.nonce.to_vec() };
    let header = Header {
        channel_header: channel_header.encode_to_vec(),
        signature_header: signature_header.encode_to_vec(),
    };
    let invocation = ChaincodeInvocationSpec {
        chaincode_spec: Some(ChaincodeSpec {
            chaincode_id,
            input: Some(ChaincodeInput { args: spec.args, is_init, ..ChaincodeInput::default() }),
            ..ChaincodeSpec::default()
        }),
    };
    let payload = ChaincodeProposalPayload {
        input: invocation.encode_to_vec(),
        transient_map: spec.transient,
    };
    let proposal = Proposal {
        header: header.encode_to_vec(),
        payload: payload.encode_to_vec(),
        extension: Vec::new(),
    };
    (proposal, tx_id)
}

/// The bytes of a `ChaincodeProposalPayload` as they go into a transaction: without transient data.
///
/// # Errors
/// If `payload` is no `ChaincodeProposalPayload`.
pub fn without_transient(payload: &[u8]) -> Result<Vec<u8>, prost::DecodeError> {
    let payload = ChaincodeProposalPayload::decode(payload)?;
    Ok(ChaincodeProposalPayload { input: payload.input, transient_map: BTreeMap::new() }
        .encode_to_vec())
}

/// The hash that ties an endorsement to its proposal: SHA-256 over both headers as they came and
/// the payload [without its transient part](without_transient).
#[must_use]
pub fn proposal_hash(channel_header: &[u8], signature_header: &[u8], payload: &[u8]) -> [u8; 32] {
    Sha256::new()
        .chain_update(channel_header)
        .chain_update(signature_header)
        .chain_update(payload)
        .finalize()
        .into()
}

/// The bytes of a `ProposalResponsePayload`, which endorsers sign together with their identity.
///
/// `action` is an encoded `ChaincodeAction`.
#[must_use]
pub fn response_payload(proposal_hash: &[u8; 32], action: Vec<u8>) -> Vec<u8> {
    ProposalResponsePayload { proposal_hash: proposal_hash.to_vec(), extension: action }
        .encode_to_vec()
}

/// The bytes that an endorser signs: response payload, then the endorser's serialised identity.
#[must_use]
pub fn endorsed_bytes(response_payload: &[u8], endorser: &[u8]) -> Vec<u8> {
    [response_payload, endorser].concat()
}

/// A proposal taken apart, with the original bytes of every part that is hashed.
///
/// Reading is not judging: header type, epoch, nonce, creator, identifier and signature are still
/// to be checked.
#[derive(Clone)]
pub struct ParsedProposal {
    /// The channel header.
    pub channel_header: ChannelHeader,
    /// The channel header's original bytes.
    pub channel_header_bytes: Vec<u8>,
    /// Creator and nonce.
    pub signature_header: SignatureHeader,
    /// The signature header's original bytes.
    pub signature_header_bytes: Vec<u8>,
    /// Name of the chaincode, as the header's extension gives it; not empty.
    pub chaincode: String,
    /// Arguments of the call.
    pub input: ChaincodeInput,
    /// Data for the endorsers only.
    pub transient: BTreeMap<String, Vec<u8>>,
    /// The payload's bytes as they go into a transaction, without transient data.
    pub payload_without_transient: Vec<u8>,
}

impl ParsedProposal {
    /// The hash that an endorsement of this proposal carries.
    #[must_use]
    pub fn hash(&self) -> [u8; 32] {
        proposal_hash(
            &self.channel_header_bytes,
            &self.signature_header_bytes,
            &self.payload_without_transient,
        )
    }

    /// The identifier that nonce and creator give; the header may claim another.
    #[must_use]
    pub fn computed_tx_id(&self) -> TxId {
        tx_id(&self.signature_header.nonce, &self.signature_header.creator)
    }
}

/// Shows neither arguments nor transient data, which may be confidential.
impl fmt::Debug for ParsedProposal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ParsedProposal")
            .field("channel", &self.channel_header.channel_id)
            .field("tx_id", &self.channel_header.tx_id)
            .field("chaincode", &self.chaincode)
            .finish_non_exhaustive()
    }
}

/// Why a proposal cannot be taken apart.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ProposalError {
    /// A part is no message of its kind.
    #[error("the proposal's {part} cannot be read")]
    Unreadable {
        /// Which part.
        part: ProposalPart,
        /// What the decoder says.
        #[source]
        source: prost::DecodeError,
    },
    /// A part that must be there is not.
    #[error("the proposal has no {part}")]
    Missing {
        /// Which part.
        part: ProposalPart,
    },
}

/// A part of a proposal, from the outside in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProposalPart {
    /// The `Proposal` itself.
    Proposal,
    /// The `common.Header`.
    Header,
    /// The `common.ChannelHeader`.
    ChannelHeader,
    /// The `common.SignatureHeader`.
    SignatureHeader,
    /// The `ChaincodeHeaderExtension`.
    HeaderExtension,
    /// The chaincode's name in the header's extension.
    ChaincodeName,
    /// The `ChaincodeProposalPayload`.
    Payload,
    /// The `ChaincodeInvocationSpec` or the specification inside it.
    Invocation,
    /// The call's arguments.
    Input,
}

impl fmt::Display for ProposalPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Proposal => "outermost message",
            Self::Header => "header",
            Self::ChannelHeader => "channel header",
            Self::SignatureHeader => "signature header",
            Self::HeaderExtension => "header extension",
            Self::ChaincodeName => "chaincode name",
            Self::Payload => "payload",
            Self::Invocation => "invocation",
            Self::Input => "arguments",
        })
    }
}

/// Takes a proposal apart, keeping the original bytes of what is hashed.
///
/// # Errors
/// If a part cannot be read, or the chaincode's name or the arguments are missing.
pub fn parse_proposal(signed: &SignedProposal) -> Result<ParsedProposal, ProposalError> {
    let proposal: Proposal = read(ProposalPart::Proposal, &signed.proposal_bytes)?;
    let header: Header = read(ProposalPart::Header, &proposal.header)?;
    let channel_header: ChannelHeader = read(ProposalPart::ChannelHeader, &header.channel_header)?;
    let signature_header = read(ProposalPart::SignatureHeader, &header.signature_header)?;
    let extension: ChaincodeHeaderExtension =
        read(ProposalPart::HeaderExtension, &channel_header.extension)?;
    let chaincode = extension.chaincode_id.map(|id| id.name).filter(|name| !name.is_empty());
    let payload: ChaincodeProposalPayload = read(ProposalPart::Payload, &proposal.payload)?;
    let invocation: ChaincodeInvocationSpec = read(ProposalPart::Invocation, &payload.input)?;
    let spec = invocation.chaincode_spec.ok_or(missing(ProposalPart::Invocation))?;
    Ok(ParsedProposal {
        chaincode: chaincode.ok_or(missing(ProposalPart::ChaincodeName))?,
        input: spec.input.ok_or(missing(ProposalPart::Input))?,
        payload_without_transient: ChaincodeProposalPayload {
            input: payload.input,
            transient_map: BTreeMap::new(),
        }
        .encode_to_vec(),
        transient: payload.transient_map,
        channel_header,
        channel_header_bytes: header.channel_header,
        signature_header,
        signature_header_bytes: header.signature_header,
    })
}

fn read<M: Message + Default>(part: ProposalPart, bytes: &[u8]) -> Result<M, ProposalError> {
    M::decode(bytes).map_err(|source| ProposalError::Unreadable { part, source })
}

fn missing(part: ProposalPart) -> ProposalError {
    ProposalError::Missing { part }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use prost::Message;
    use prost_types::Timestamp;

    use super::{
        ProposalError, ProposalPart, ProposalSpec, build, parse_proposal, tx_id, without_transient,
    };
    use crate::id::ChannelId;
    use crate::protos::{Proposal, SignedProposal};

    #[test]
    fn a_transaction_is_named_by_nonce_and_creator() {
        // SHA-256 of "abc", the first example of FIPS 180-2.
        let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(tx_id(b"a", b"bc").as_str(), expected);
        assert_eq!(tx_id(b"ab", b"c").as_str(), expected);
    }

    #[test]
    fn a_proposal_reads_back_as_it_was_built() {
        let (proposal, id) = example();
        let parsed = parse(&proposal).unwrap();
        assert_eq!(parsed.chaincode, "registry");
        assert_eq!(parsed.input.args, [b"publish".to_vec(), b"x".to_vec()]);
        assert_eq!(parsed.channel_header.channel_id, "mychannel");
        assert_eq!(parsed.channel_header.tx_id, id.as_str());
        assert_eq!(parsed.computed_tx_id(), id);
        assert_eq!(parsed.transient["secret"], b"s");
    }

    #[test]
    fn transient_data_is_neither_hashed_nor_carried_on() {
        let (with, _) = example();
        let (without, _) = build(ProposalSpec { transient: BTreeMap::new(), ..spec(&channel()) });
        assert_ne!(with.payload, without.payload);
        assert_eq!(parse(&with).unwrap().hash(), parse(&without).unwrap().hash());
        assert_eq!(without_transient(&with.payload).unwrap(), without.payload);
    }

    #[test]
    fn what_is_missing_is_named() {
        let (mut proposal, _) = example();
        proposal.payload.clear();
        let error = parse(&proposal).unwrap_err();
        assert!(matches!(error, ProposalError::Missing { part: ProposalPart::Invocation }));
        proposal.header = vec![0xff];
        let error = parse(&proposal).unwrap_err();
        assert!(matches!(error, ProposalError::Unreadable { part: ProposalPart::Header, .. }));
    }

    fn example() -> (Proposal, crate::id::TxId) {
        build(spec(&channel()))
    }

    fn channel() -> ChannelId {
        ChannelId::new("mychannel").unwrap()
    }

    fn spec(channel: &ChannelId) -> ProposalSpec<'_> {
        ProposalSpec {
            channel: Some(channel),
            chaincode: "registry",
            args: vec![b"publish".to_vec(), b"x".to_vec()],
            transient: BTreeMap::from([("secret".to_owned(), b"s".to_vec())]),
            creator: b"creator",
            nonce: b"nonce",
            timestamp: Timestamp { seconds: 1, nanos: 2 },
        }
    }

    fn parse(proposal: &Proposal) -> Result<super::ParsedProposal, ProposalError> {
        let proposal_bytes = proposal.encode_to_vec();
        parse_proposal(&SignedProposal { proposal_bytes, signature: Vec::new() })
    }
}
