//! Ways to break a transaction's form.

#![expect(clippy::wildcard_enum_match_arm, reason = "each place knows its own twists")]

use fabric_protos::{
    Message,
    common::{ChannelHeader, Envelope, Header, HeaderType, Payload, SignatureHeader},
    protos::{
        ChaincodeAction, ChaincodeActionPayload, ChaincodeEvent, ChaincodeHeaderExtension,
        ChaincodeId, Endorsement, Proposal, ProposalResponsePayload, Response, Transaction,
    },
};
use libtest_mimic::Failed;
use pervade_tests::random::Random;

/// What is wrong with a transaction's form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Twist {
    /// Nothing.
    Straight,
    // The proposal's headers.
    OtherTxId,
    Epoch,
    HeaderVersion,
    MessageType,
    UnknownType,
    NoTimestamp,
    OldTimestamp,
    NoExtension,
    BrokenExtension,
    UnknownChaincode,
    SystemChaincode,
    // What was executed.
    Unguarded,
    Event,
    EventOfAnother,
    BrokenEvent,
    NoChaincodeId,
    NoVersion,
    OtherVersion,
    OtherChaincode,
    NoResponse,
    StatusError,
    NoResults,
    BrokenResults,
    // What was endorsed.
    OtherProposalHash,
    NoAction,
    BrokenAction,
    BadEndorsement,
    EmptyEndorsement,
    NobodyEndorsed,
    // The transaction.
    NoActions,
    TwoActions,
    NoEndorsements,
    SameEndorsementTwice,
    NoCall,
    OtherActionHeader,
    EmptyData,
    BrokenData,
}

use Twist::{
    BadEndorsement, BrokenAction, BrokenData, BrokenEvent, BrokenExtension, BrokenResults,
    EmptyData, EmptyEndorsement, Epoch, Event, EventOfAnother, HeaderVersion, MessageType,
    NoAction, NoActions, NoCall, NoChaincodeId, NoEndorsements, NoExtension, NoResponse, NoResults,
    NoTimestamp, NoVersion, NobodyEndorsed, OldTimestamp, OtherActionHeader, OtherChaincode,
    OtherProposalHash, OtherTxId, OtherVersion, SameEndorsementTwice, StatusError, Straight,
    SystemChaincode, TwoActions, Unguarded, UnknownChaincode, UnknownType,
};

const ALL: &[Twist] = &[
    OtherTxId,
    Epoch,
    HeaderVersion,
    MessageType,
    UnknownType,
    NoTimestamp,
    OldTimestamp,
    NoExtension,
    BrokenExtension,
    UnknownChaincode,
    SystemChaincode,
    Event,
    EventOfAnother,
    BrokenEvent,
    NoChaincodeId,
    NoVersion,
    OtherVersion,
    OtherChaincode,
    NoResponse,
    StatusError,
    NoResults,
    BrokenResults,
    OtherProposalHash,
    NoAction,
    BrokenAction,
    BadEndorsement,
    EmptyEndorsement,
    NoActions,
    TwoActions,
    NoEndorsements,
    SameEndorsementTwice,
    NoCall,
    OtherActionHeader,
    EmptyData,
    BrokenData,
    Unguarded,
    Unguarded,
    NobodyEndorsed,
];

/// Bytes that are no message.
const BROKEN: &[u8] = &[0x0a, 0xff, 0xff];

impl Twist {
    /// Mostly none.
    pub(super) fn any(random: &mut Random) -> Self {
        if random.happens(75) { Straight } else { *random.one_of(ALL).unwrap_or(&Straight) }
    }

    /// Whether no other transaction may share the block: Fabric's peers wait for ever, or stop, where
    /// a later transaction of the block writes anything.
    pub(super) fn is_alone(self) -> bool {
        matches!(self, BrokenAction | NoActions | EmptyData | BrokenData)
    }

    /// Whether nobody guards what the transaction is about, so that it must break no other rule.
    pub(super) fn is_unguarded(self) -> bool {
        matches!(self, Unguarded | UnknownChaincode | SystemChaincode)
    }

    pub(super) fn proposal(self, proposal: &mut Proposal) -> Result<(), Failed> {
        let mut header = Header::decode(proposal.header.as_slice())?;
        let mut channel = ChannelHeader::decode(header.channel_header.as_slice())?;
        let name = |name: &str| {
            let chaincode_id = ChaincodeId { name: name.to_owned(), ..ChaincodeId::default() };
            ChaincodeHeaderExtension { chaincode_id: Some(chaincode_id) }.encode_to_vec()
        };
        match self {
            OtherTxId => channel.tx_id = "f".repeat(64),
            Epoch => channel.epoch = 1,
            HeaderVersion => channel.version = 7,
            MessageType => channel.r#type = HeaderType::Message.into(),
            UnknownType => channel.r#type = 77,
            NoTimestamp => channel.timestamp = None,
            OldTimestamp => {
                channel.timestamp = Some(fabric_protos::Timestamp { seconds: 1, nanos: 0 });
            }
            NoExtension => channel.extension = Vec::new(),
            BrokenExtension => channel.extension = BROKEN.to_vec(),
            UnknownChaincode => channel.extension = name("nowhere"),
            SystemChaincode => channel.extension = name("qscc"),
            _ => return Ok(()),
        }
        header.channel_header = channel.encode_to_vec();
        proposal.header = header.encode_to_vec();
        Ok(())
    }

    pub(super) fn action(self, action: &mut ChaincodeAction) -> Result<(), Failed> {
        let id = action.chaincode_id.clone().ok_or("no chaincode id")?;
        let event = |chaincode: &str| {
            ChaincodeEvent {
                chaincode_id: chaincode.to_owned(),
                event_name: "forged".to_owned(),
                ..ChaincodeEvent::default()
            }
            .encode_to_vec()
        };
        match self {
            Event => action.events = event(&id.name),
            EventOfAnother => action.events = event("another"),
            BrokenEvent => action.events = BROKEN.to_vec(),
            NoChaincodeId => action.chaincode_id = None,
            NoVersion => action.chaincode_id = Some(ChaincodeId { version: String::new(), ..id }),
            OtherVersion => {
                action.chaincode_id = Some(ChaincodeId { version: "77".to_owned(), ..id });
            }
            OtherChaincode => {
                action.chaincode_id = Some(ChaincodeId { name: "another".to_owned(), ..id });
            }
            UnknownChaincode => {
                action.chaincode_id = Some(ChaincodeId { name: "nowhere".to_owned(), ..id });
            }
            SystemChaincode => {
                action.chaincode_id = Some(ChaincodeId { name: "qscc".to_owned(), ..id });
            }
            NoResponse => action.response = None,
            StatusError => action.response = Some(Response { status: 500, ..Response::default() }),
            NoResults => action.results = Vec::new(),
            BrokenResults => action.results = BROKEN.to_vec(),
            _ => {}
        }
        Ok(())
    }

    /// Changes the bytes that endorsers sign.
    pub(super) fn response(self, payload: Vec<u8>) -> Result<Vec<u8>, Failed> {
        let mut response = ProposalResponsePayload::decode(payload.as_slice())?;
        match self {
            OtherProposalHash => response.proposal_hash = vec![7; 32],
            NoAction => response.extension = Vec::new(),
            BrokenAction => response.extension = BROKEN.to_vec(),
            _ => {}
        }
        Ok(response.encode_to_vec())
    }

    pub(super) fn endorsement(self, Endorsement { endorser, signature }: &mut Endorsement) {
        match self {
            NobodyEndorsed => *endorser = BROKEN.to_vec(),
            BadEndorsement => signature.iter_mut().rev().take(1).for_each(|byte| *byte ^= 1),
            EmptyEndorsement => signature.clear(),
            _ => {}
        }
    }

    pub(super) fn envelope(self, envelope: &mut Envelope) -> Result<(), Failed> {
        let mut payload = Payload::decode(envelope.payload.as_slice())?;
        let mut transaction = Transaction::decode(payload.data.as_slice())?;
        let only = transaction.actions.first_mut().ok_or("no action")?;
        let mut inner = ChaincodeActionPayload::decode(only.payload.as_slice())?;
        let endorsed = inner.action.as_mut().ok_or("nothing endorsed")?;
        match self {
            NoEndorsements => endorsed.endorsements.clear(),
            SameEndorsementTwice => {
                endorsed.endorsements.extend(endorsed.endorsements.first().cloned());
            }
            NoCall => inner.chaincode_proposal_payload.clear(),
            OtherActionHeader => {
                let header = SignatureHeader { creator: vec![1], nonce: vec![1] };
                only.header = header.encode_to_vec();
            }
            _ => {}
        }
        only.payload = inner.encode_to_vec();
        let again = only.clone();
        match self {
            NoActions => transaction.actions.clear(),
            TwoActions => transaction.actions.push(again),
            _ => {}
        }
        payload.data = match self {
            EmptyData => Vec::new(),
            BrokenData => BROKEN.to_vec(),
            _ => transaction.encode_to_vec(),
        };
        envelope.payload = payload.encode_to_vec();
        Ok(())
    }
}
