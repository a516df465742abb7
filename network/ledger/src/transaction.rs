//! Transactions: what an envelope must look like, and how one is put together from endorsements.
//!
//! Reading keeps the original bytes of everything that is hashed or signed; nothing is encoded
//! again. The checks come in the order in which a committer makes them, so that two committers
//! give the same code to an envelope that breaks several rules.

use std::collections::BTreeSet;

use fabric_protos::common::{
    ChannelHeader, Envelope, Header, HeaderType, Payload, SignatureHeader,
};
use fabric_protos::id::TxId;
use fabric_protos::proposal;
use fabric_protos::protos::{
    ChaincodeAction, ChaincodeActionPayload, ChaincodeEndorsedAction, ChaincodeEvent,
    ChaincodeHeaderExtension, Endorsement, ProposalResponsePayload, Response, Transaction,
    TransactionAction, TxValidationCode,
};
use fabric_protos::{DecodeError, Message, protos};
use thiserror::Error;

use crate::rwset::{ReadWriteSet, RwsetError};

/// An envelope taken apart.
#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "complete by definition")]
pub enum Unpacked {
    /// A configuration transaction: the bytes of its `ConfigEnvelope`.
    Config(Vec<u8>),
    /// An endorsed transaction.
    Endorser(Box<EndorserTransaction>),
}

/// An endorsed transaction taken apart.
#[derive(Debug, Clone, PartialEq)]
pub struct EndorserTransaction {
    /// Its identifier, which nonce and creator give.
    pub tx_id: TxId,
    /// The channel it names.
    pub channel: String,
    /// Who proposed and submitted it: an encoded `msp.SerializedIdentity`.
    pub creator: Vec<u8>,
    /// When it was proposed, as the creator claims.
    pub timestamp: Option<fabric_protos::Timestamp>,
    /// The chaincode that was called.
    pub chaincode: String,
    /// The call: an encoded `ChaincodeProposalPayload` without transient data.
    pub proposal_payload: Vec<u8>,
    /// The hash that ties the endorsements to the proposal.
    pub proposal_hash: Vec<u8>,
    /// The endorsed bytes: an encoded `ProposalResponsePayload`.
    pub response_payload: Vec<u8>,
    /// The chaincode's answer.
    pub response: Option<Response>,
    /// The chaincode's event, if it set one.
    pub event: Option<ChaincodeEvent>,
    /// What it read and writes.
    pub rwset: ReadWriteSet,
    /// Who endorsed it.
    pub endorsements: Vec<Endorsement>,
}

/// Takes an envelope apart and checks its form. Signatures, policies and state are not looked at.
///
/// # Errors
/// The rule that is broken; [`Malformed::code`] is the verdict that follows from it.
pub fn unpack(envelope: &[u8]) -> Result<Unpacked, Malformed> {
    let opened = Opened::open(envelope)?;
    match opened.kind {
        Kind::Config => Ok(Unpacked::Config(opened.config()?)),
        Kind::ConfigUpdate => Err(Malformed::BareConfigUpdate),
        Kind::Endorser => {
            let bound = opened.bound()?;
            Ok(Unpacked::Endorser(Box::new(bound.transaction()?)))
        }
    }
}

/// The channel header of an envelope, read without any check. For indexes and filtered views,
/// which also name transactions that are malformed inside.
#[must_use]
pub fn channel_header(envelope: &[u8]) -> Option<ChannelHeader> {
    let envelope = Envelope::decode(envelope).ok()?;
    let header = Payload::decode(envelope.payload.as_slice()).ok()?.header?;
    ChannelHeader::decode(header.channel_header.as_slice()).ok()
}

/// The identifier under which an envelope is found: the one its header claims or, if it claims
/// none, the one that nonce and creator give. `None` if it has no such form.
#[must_use]
pub fn indexed_tx_id(envelope: &[u8]) -> Option<TxId> {
    let envelope = Envelope::decode(envelope).ok()?;
    let header = Payload::decode(envelope.payload.as_slice()).ok()?.header?;
    let channel_header = ChannelHeader::decode(header.channel_header.as_slice()).ok()?;
    if !channel_header.tx_id.is_empty() {
        return TxId::new(channel_header.tx_id).ok();
    }
    let signature_header = SignatureHeader::decode(header.signature_header.as_slice()).ok()?;
    Some(proposal::tx_id(&signature_header.nonce, &signature_header.creator))
}

/// What kind of transaction a header names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Endorser,
    Config,
    ConfigUpdate,
}

/// An envelope with readable headers: enough to check its creator's signature.
#[derive(Debug, Clone)]
pub(crate) struct Opened {
    pub(crate) kind: Kind,
    pub(crate) channel_header: ChannelHeader,
    channel_header_bytes: Vec<u8>,
    pub(crate) signature_header: SignatureHeader,
    /// The signed bytes.
    pub(crate) payload: Vec<u8>,
    pub(crate) signature: Vec<u8>,
    data: Vec<u8>,
}

impl Opened {
    pub(crate) fn open(envelope: &[u8]) -> Result<Self, Malformed> {
        let envelope = Envelope::decode(envelope).map_err(Malformed::Envelope)?;
        let payload = Payload::decode(envelope.payload.as_slice()).map_err(Malformed::Payload)?;
        let header = payload.header.ok_or(HeaderFault::Missing)?;
        let channel_header = ChannelHeader::decode(header.channel_header.as_slice())
            .map_err(|_| HeaderFault::Unreadable)?;
        let kind = kind_of(&channel_header)?;
        let signature_header = read_signature_header(&header.signature_header)?;
        Ok(Self {
            kind,
            channel_header,
            channel_header_bytes: header.channel_header,
            signature_header,
            payload: envelope.payload,
            signature: envelope.signature,
            data: payload.data,
        })
    }

    /// The bytes of the `ConfigEnvelope`.
    pub(crate) fn config(self) -> Result<Vec<u8>, Malformed> {
        if self.data.is_empty() { Err(Malformed::NoConfig) } else { Ok(self.data) }
    }

    /// Checks what ties proposal, endorsements and envelope to each other.
    pub(crate) fn bound(self) -> Result<Bound, Malformed> {
        let SignatureHeader { creator, nonce } = &self.signature_header;
        let tx_id = proposal::tx_id(nonce, creator);
        if tx_id.as_str() != self.channel_header.tx_id {
            return Err(Malformed::TxId { computed: tx_id });
        }
        let action = single_action(&self.data)?;
        read_signature_header(&action.header).map_err(ActionFault::Header)?;
        let payload: ChaincodeActionPayload = read_action(&action.payload)?;
        let endorsed = payload.action.ok_or(ActionFault::NotEndorsed)?;
        let response: ProposalResponsePayload = read_action(&endorsed.proposal_response_payload)?;
        let call = payload.chaincode_proposal_payload;
        let hash = proposal::proposal_hash(&self.channel_header_bytes, &action.header, &call);
        if call.is_empty() || response.proposal_hash != hash {
            return Err(ActionFault::ProposalHash.into());
        }
        Ok(Bound { tx_id, opened: self, call, endorsed, response })
    }
}

fn kind_of(header: &ChannelHeader) -> Result<Kind, HeaderFault> {
    let kind = match HeaderType::try_from(header.r#type) {
        Ok(HeaderType::EndorserTransaction) => Kind::Endorser,
        Ok(HeaderType::Config) => Kind::Config,
        Ok(HeaderType::ConfigUpdate) => Kind::ConfigUpdate,
        _ => return Err(HeaderFault::Type { number: header.r#type }),
    };
    if header.epoch == 0 { Ok(kind) } else { Err(HeaderFault::Epoch { epoch: header.epoch }) }
}

fn read_signature_header(bytes: &[u8]) -> Result<SignatureHeader, HeaderFault> {
    let header = SignatureHeader::decode(bytes).map_err(|_| HeaderFault::Unreadable)?;
    if header.nonce.is_empty() {
        return Err(HeaderFault::NoNonce);
    }
    if header.creator.is_empty() {
        return Err(HeaderFault::NoCreator);
    }
    Ok(header)
}

fn single_action(data: &[u8]) -> Result<TransactionAction, ActionFault> {
    let actions = read_action::<Transaction>(data)?.actions;
    let count = actions.len();
    let [action] = <[TransactionAction; 1]>::try_from(actions)
        .map_err(|_| ActionFault::Count { actions: count })?;
    Ok(action)
}

fn read_action<M: Message + Default>(bytes: &[u8]) -> Result<M, ActionFault> {
    M::decode(bytes).map_err(ActionFault::Unreadable)
}

/// A transaction of which proposal, endorsements and envelope belong to each other.
#[derive(Debug, Clone)]
pub(crate) struct Bound {
    pub(crate) tx_id: TxId,
    opened: Opened,
    call: Vec<u8>,
    endorsed: ChaincodeEndorsedAction,
    response: ProposalResponsePayload,
}

impl Bound {
    /// Checks what the endorsers signed.
    pub(crate) fn transaction(self) -> Result<EndorserTransaction, Malformed> {
        let header = self.opened.channel_header;
        let extension = ChaincodeHeaderExtension::decode(header.extension.as_slice())
            .map_err(Malformed::HeaderExtension)?;
        if self.response.extension.is_empty() {
            return Err(Malformed::ResponsePayload(None));
        }
        let action = ChaincodeAction::decode(self.response.extension.as_slice())
            .map_err(|source| Malformed::ResponsePayload(Some(source)))?;
        let rwset = ReadWriteSet::decode(&action.results)?;
        let chaincode = chaincode_of(extension.chaincode_id, action.chaincode_id)?;
        let event = read_event(&action.events, &chaincode)?;
        check_namespaces(&rwset)?;
        Ok(EndorserTransaction {
            tx_id: self.tx_id,
            channel: header.channel_id,
            creator: self.opened.signature_header.creator,
            timestamp: header.timestamp,
            chaincode,
            proposal_payload: self.call,
            proposal_hash: self.response.proposal_hash,
            response_payload: self.endorsed.proposal_response_payload,
            response: action.response,
            event,
            rwset,
            endorsements: self.endorsed.endorsements,
        })
    }
}

/// The one name that header and endorsed action agree on. The version must be there, and is not
/// compared to anything.
fn chaincode_of(
    called: Option<protos::ChaincodeId>,
    executed: Option<protos::ChaincodeId>,
) -> Result<String, ChaincodeFault> {
    let called = called.ok_or(ChaincodeFault::NotInHeader)?.name;
    let executed = executed.ok_or(ChaincodeFault::NotInAction)?;
    if called.is_empty() {
        return Err(ChaincodeFault::NoName);
    }
    if called != executed.name {
        return Err(ChaincodeFault::Other { called, executed: executed.name });
    }
    if executed.version.is_empty() {
        return Err(ChaincodeFault::NoVersion);
    }
    Ok(called)
}

fn read_event(bytes: &[u8], chaincode: &str) -> Result<Option<ChaincodeEvent>, ChaincodeFault> {
    if bytes.is_empty() {
        return Ok(None);
    }
    let event = ChaincodeEvent::decode(bytes).map_err(|_| ChaincodeFault::Event)?;
    if event.chaincode_id != chaincode {
        return Err(ChaincodeFault::EventOfAnother { chaincode: event.chaincode_id });
    }
    Ok(Some(event))
}

fn check_namespaces(rwset: &ReadWriteSet) -> Result<(), Malformed> {
    let mut seen = BTreeSet::new();
    for namespace in &rwset.namespaces {
        if !seen.insert(namespace.name.as_str()) {
            return Err(Malformed::DuplicateNamespace { name: namespace.name.clone() });
        }
    }
    Ok(())
}

/// How an envelope breaks the form of a transaction.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum Malformed {
    /// It is no envelope.
    #[error("the envelope cannot be read")]
    Envelope(#[source] DecodeError),
    /// Its payload is none.
    #[error("the payload cannot be read")]
    Payload(#[source] DecodeError),
    /// A header is wrong.
    #[error("the header is wrong")]
    Header(#[from] HeaderFault),
    /// A configuration update that the orderer did not turn into a configuration.
    #[error("a configuration update is no transaction")]
    BareConfigUpdate,
    /// A configuration transaction without configuration.
    #[error("there is no configuration")]
    NoConfig,
    /// The identifier is not what nonce and creator give.
    #[error("the transaction's identifier should be {computed}")]
    TxId {
        /// What nonce and creator give.
        computed: TxId,
    },
    /// What ties the endorsements to the proposal is wrong.
    #[error("the endorsed action is wrong")]
    Action(#[from] ActionFault),
    /// The header's extension cannot be read.
    #[error("the header extension cannot be read")]
    HeaderExtension(#[source] DecodeError),
    /// What was endorsed is missing or cannot be read.
    #[error("the endorsed response cannot be read")]
    ResponsePayload(#[source] Option<DecodeError>),
    /// The read-write set cannot be read.
    #[error(transparent)]
    Rwset(#[from] RwsetError),
    /// Names of chaincodes are missing or disagree.
    #[error("the chaincode is wrong")]
    Chaincode(#[from] ChaincodeFault),
    /// A namespace stands in the read-write set twice.
    #[error("namespace {name:?} stands twice in the read-write set")]
    DuplicateNamespace {
        /// The namespace.
        name: String,
    },
}

impl Malformed {
    /// The verdict that follows.
    #[must_use]
    pub fn code(&self) -> TxValidationCode {
        match self {
            Self::Envelope(_) => TxValidationCode::InvalidOtherReason,
            Self::Payload(_) => TxValidationCode::BadPayload,
            Self::Header(_) => TxValidationCode::BadCommonHeader,
            Self::BareConfigUpdate => TxValidationCode::UnsupportedTxPayload,
            Self::NoConfig => TxValidationCode::InvalidConfigTransaction,
            Self::TxId { .. } => TxValidationCode::BadProposalTxid,
            Self::Action(_) => TxValidationCode::InvalidEndorserTransaction,
            Self::HeaderExtension(_) => TxValidationCode::BadHeaderExtension,
            Self::ResponsePayload(_) => TxValidationCode::BadResponsePayload,
            Self::Rwset(_) => TxValidationCode::BadRwset,
            Self::Chaincode(fault) => fault.code(),
            Self::DuplicateNamespace { .. } => TxValidationCode::IllegalWriteset,
        }
    }
}

/// What is wrong with a header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum HeaderFault {
    /// There is none.
    #[error("there is no header")]
    Missing,
    /// It, or a header in it, cannot be read.
    #[error("the header cannot be read")]
    Unreadable,
    /// It names a type that is never a transaction.
    #[error("header type {number} is no transaction")]
    Type {
        /// The type's number.
        number: i32,
    },
    /// It names an epoch; there is only epoch 0.
    #[error("epoch {epoch} is not 0")]
    Epoch {
        /// The epoch.
        epoch: u64,
    },
    /// There is no nonce.
    #[error("there is no nonce")]
    NoNonce,
    /// There is no creator.
    #[error("there is no creator")]
    NoCreator,
}

/// What is wrong with the endorsed action.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum ActionFault {
    /// A message in it cannot be read.
    #[error("the action cannot be read")]
    Unreadable(#[source] DecodeError),
    /// A transaction has exactly one action.
    #[error("there are {actions} actions")]
    Count {
        /// How many there are.
        actions: usize,
    },
    /// Its header is wrong.
    #[error("the action's header is wrong")]
    Header(#[source] HeaderFault),
    /// There is nothing that was endorsed.
    #[error("there is no endorsed response")]
    NotEndorsed,
    /// The endorsers answered another proposal.
    #[error("the endorsers answered another proposal")]
    ProposalHash,
}

/// How names of chaincodes disagree.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ChaincodeFault {
    /// The header's extension names none.
    #[error("the header names no chaincode")]
    NotInHeader,
    /// The endorsed action names none.
    #[error("the endorsed action names no chaincode")]
    NotInAction,
    /// The name is empty.
    #[error("the chaincode's name is empty")]
    NoName,
    /// Another chaincode was executed than was called.
    #[error("{called:?} was called, {executed:?} was executed")]
    Other {
        /// As the header says.
        called: String,
        /// As the endorsers say.
        executed: String,
    },
    /// The version is empty.
    #[error("the chaincode's version is empty")]
    NoVersion,
    /// The event cannot be read.
    #[error("the event cannot be read")]
    Event,
    /// The event claims to be of another chaincode.
    #[error("the event is of chaincode {chaincode:?}")]
    EventOfAnother {
        /// The chaincode that the event names.
        chaincode: String,
    },
}

impl ChaincodeFault {
    fn code(&self) -> TxValidationCode {
        match self {
            Self::NotInHeader | Self::NotInAction | Self::Event | Self::EventOfAnother { .. } => {
                TxValidationCode::InvalidOtherReason
            }
            Self::NoName | Self::Other { .. } | Self::NoVersion => {
                TxValidationCode::InvalidChaincode
            }
        }
    }
}

/// Puts a transaction together from a proposal and the responses of its endorsers.
///
/// The envelope is still to be signed, by the proposal's creator over its payload. Endorsers that
/// answered twice are taken once; transient data is left behind.
///
/// # Errors
/// If a response reports failure, the responses differ, or nobody endorsed.
pub fn assemble(
    proposal: &protos::Proposal,
    responses: &[protos::ProposalResponse],
) -> Result<Envelope, AssembleError> {
    let header = Header::decode(proposal.header.as_slice())?;
    let call = proposal::without_transient(&proposal.payload)?;
    let first = responses.first().ok_or(AssembleError::NoResponses)?;
    let mut endorsements: Vec<Endorsement> = Vec::with_capacity(responses.len());
    for (index, response) in responses.iter().enumerate() {
        check_response(index, response, first)?;
        let Some(endorsement) = &response.endorsement else { continue };
        if !endorsements.iter().any(|known| known.endorser == endorsement.endorser) {
            endorsements.push(endorsement.clone());
        }
    }
    if endorsements.is_empty() {
        return Err(AssembleError::NoEndorsements);
    }
    let payload = ChaincodeActionPayload {
        chaincode_proposal_payload: call,
        action: Some(ChaincodeEndorsedAction {
            proposal_response_payload: first.payload.clone(),
            endorsements,
        }),
    };
    let action = TransactionAction {
        header: header.signature_header.clone(),
        payload: payload.encode_to_vec(),
    };
    let data = Transaction { actions: vec![action] }.encode_to_vec();
    let payload = Payload { header: Some(header), data }.encode_to_vec();
    Ok(Envelope { payload, signature: Vec::new() })
}

fn check_response(
    index: usize,
    response: &protos::ProposalResponse,
    first: &protos::ProposalResponse,
) -> Result<(), AssembleError> {
    let status = response.response.as_ref().map_or(0, |response| response.status);
    if !(STATUS_OK_MIN..STATUS_ERROR_MIN).contains(&status) {
        return Err(AssembleError::Unsuccessful { index, status });
    }
    if response.payload != first.payload {
        return Err(AssembleError::Disagreement { index });
    }
    Ok(())
}

/// Least status of a response that reports success.
const STATUS_OK_MIN: i32 = 200;

/// Least status of a response that reports an error.
const STATUS_ERROR_MIN: i32 = 400;

/// Why no transaction can be put together.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum AssembleError {
    /// There are no responses.
    #[error("there are no responses")]
    NoResponses,
    /// The proposal cannot be read.
    #[error("the proposal cannot be read")]
    Proposal(#[from] DecodeError),
    /// A response reports failure.
    #[error("response {index} has status {status}")]
    Unsuccessful {
        /// Which response, from 0.
        index: usize,
        /// Its status; 0 if it has none.
        status: i32,
    },
    /// A response differs from the first one.
    #[error("response {index} differs from the first")]
    Disagreement {
        /// Which response, from 0.
        index: usize,
    },
    /// No response carries an endorsement.
    #[error("nobody endorsed")]
    NoEndorsements,
}

#[cfg(test)]
mod tests {
    use fabric_protos::common::{Envelope, HeaderType};
    use fabric_protos::id::ChannelId;
    use fabric_protos::proposal::{self, ProposalSpec};
    use fabric_protos::protos::{
        ChaincodeAction, ChaincodeId, Endorsement, Proposal, ProposalResponse, Response,
    };
    use fabric_protos::{Message, Timestamp};

    use super::{AssembleError, Malformed, Unpacked, assemble, indexed_tx_id, unpack};
    use crate::testing::draft::Draft;
    use crate::testing::members::Members;

    #[test]
    fn what_was_assembled_unpacks_to_what_was_endorsed() {
        let proposal = proposal();
        let responses = [response(&proposal, "a"), response(&proposal, "b")];
        let envelope = assemble(&proposal, &responses).unwrap();
        assert!(envelope.signature.is_empty(), "the creator signs later");
        let bytes = envelope.encode_to_vec();
        let Unpacked::Endorser(transaction) = unpack(&bytes).unwrap() else { panic!("a call") };
        assert_eq!(transaction.chaincode, "basic");
        assert_eq!(transaction.response_payload, responses[0].payload);
        assert_eq!(transaction.endorsements.len(), 2);
        assert_eq!(indexed_tx_id(&bytes), Some(transaction.tx_id));
        let secret = |bytes: &[u8]| bytes.windows(6).any(|window| window == b"secret");
        assert!(secret(&proposal.payload), "endorsers see transient data");
        assert!(!secret(&envelope.payload), "the ledger does not");
    }

    #[test]
    fn an_endorser_counts_once() {
        let proposal = proposal();
        let responses = [response(&proposal, "a"), response(&proposal, "a")];
        let envelope = assemble(&proposal, &responses).unwrap();
        let Unpacked::Endorser(transaction) = unpack(&envelope.encode_to_vec()).unwrap() else {
            panic!("a call")
        };
        assert_eq!(transaction.endorsements.len(), 1);
    }

    #[test]
    fn responses_must_agree_and_succeed() {
        let proposal = proposal();
        let good = response(&proposal, "a");
        let check = |change: fn(&mut ProposalResponse), expected| {
            let mut other = response(&proposal, "b");
            change(&mut other);
            assert_eq!(assemble(&proposal, &[good.clone(), other]), Err(expected));
        };
        check(|other| other.payload.push(0), AssembleError::Disagreement { index: 1 });
        check(|other| other.response = None, AssembleError::Unsuccessful { index: 1, status: 0 });
        let fail = |other: &mut ProposalResponse| other.response.as_mut().unwrap().status = 400;
        check(fail, AssembleError::Unsuccessful { index: 1, status: 400 });
        assert_eq!(assemble(&proposal, &[]), Err(AssembleError::NoResponses));
        let unendorsed = ProposalResponse { endorsement: None, ..good };
        assert_eq!(assemble(&proposal, &[unendorsed]), Err(AssembleError::NoEndorsements));
    }

    #[test]
    fn configurations_and_updates_are_told_apart() {
        let members = Members::new();
        let of_type = |kind: HeaderType, data: &[u8]| {
            let mut draft = Draft { data: Some(data.to_vec()), ..Draft::new() };
            draft.header.r#type = kind.into();
            unpack(&draft.seal(&members))
        };
        assert_eq!(of_type(HeaderType::Config, b"c"), Ok(Unpacked::Config(b"c".to_vec())));
        assert_eq!(of_type(HeaderType::Config, b""), Err(Malformed::NoConfig));
        assert_eq!(of_type(HeaderType::ConfigUpdate, b"c"), Err(Malformed::BareConfigUpdate));
    }

    #[test]
    fn an_envelope_without_identifier_is_found_under_the_computed_one() {
        let members = Members::new();
        let bytes = Draft::new().seal(&members);
        let claimed = indexed_tx_id(&bytes).unwrap();
        let mut envelope = Envelope::decode(bytes.as_slice()).unwrap();
        let mut payload = super::Payload::decode(envelope.payload.as_slice()).unwrap();
        let header = payload.header.as_mut().unwrap();
        let mut channel_header = super::channel_header(&bytes).unwrap();
        channel_header.tx_id.clear();
        header.channel_header = channel_header.encode_to_vec();
        envelope.payload = payload.encode_to_vec();
        assert_eq!(indexed_tx_id(&envelope.encode_to_vec()), Some(claimed));
    }

    fn proposal() -> Proposal {
        let spec = ProposalSpec {
            channel: Some(&ChannelId::new("mychannel").unwrap()),
            chaincode: "basic",
            args: vec![b"f".to_vec()],
            transient: [("t".to_owned(), b"secret".to_vec())].into(),
            creator: b"creator",
            nonce: b"nonce",
            timestamp: Timestamp::default(),
        };
        proposal::build(spec).0
    }

    fn response(proposal: &Proposal, endorser: &str) -> ProposalResponse {
        let proposal_bytes = proposal.encode_to_vec();
        let signed = super::protos::SignedProposal { proposal_bytes, signature: Vec::new() };
        let hash = proposal::parse_proposal(&signed).unwrap().hash();
        let id = ChaincodeId {
            name: "basic".to_owned(),
            version: "1".to_owned(),
            ..ChaincodeId::default()
        };
        let action = ChaincodeAction { chaincode_id: Some(id), ..ChaincodeAction::default() };
        let endorser = endorser.as_bytes().to_vec();
        ProposalResponse {
            response: Some(Response { status: 200, ..Response::default() }),
            payload: proposal::response_payload(&hash, action.encode_to_vec()),
            endorsement: Some(Endorsement { endorser, signature: b"s".to_vec() }),
            ..ProposalResponse::default()
        }
    }
}
