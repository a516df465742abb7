//! Transactions that are right in everything but what a test changes.

use fabric_protos::Message;
use fabric_protos::common::{
    ChannelHeader, Envelope, Header, HeaderType, Payload, SignatureHeader,
};
use fabric_protos::proposal;
use fabric_protos::protos::{
    ChaincodeAction, ChaincodeActionPayload, ChaincodeEndorsedAction, ChaincodeHeaderExtension,
    ChaincodeId, Endorsement, ProposalResponsePayload, Transaction, TransactionAction,
};
use pervade_identity::Signer;

use super::members::{CHANNEL, Members};
use crate::rwset::ReadWriteSet;

/// The chaincode that is called.
pub(crate) const CHAINCODE: &str = "basic";

/// A transaction being written. What hashes and identifiers follow from other parts is computed
/// when it is [sealed](Draft::seal), unless a test sets it.
#[derive(Debug, Clone)]
pub(crate) struct Draft {
    pub(crate) header: ChannelHeader,
    /// The called chaincode in the header's extension.
    pub(crate) called: Option<ChaincodeId>,
    pub(crate) nonce: Vec<u8>,
    /// Who creates it, and whose key signs it.
    pub(crate) creator: &'static str,
    pub(crate) signer: &'static str,
    /// The call, as the transaction carries it.
    pub(crate) call: Vec<u8>,
    pub(crate) rwset: ReadWriteSet,
    pub(crate) action: ChaincodeAction,
    /// Bytes in the place of the action.
    pub(crate) action_bytes: Option<Vec<u8>>,
    pub(crate) proposal_hash: Option<Vec<u8>>,
    /// Who endorses.
    pub(crate) endorsers: &'static str,
    /// Who endorsed something else, which is passed off as this.
    pub(crate) forged: &'static str,
    /// Whether the transaction carries what they endorsed.
    pub(crate) endorsed: bool,
    /// How many times the action is there.
    pub(crate) actions: usize,
    /// Bytes in the place of the transaction.
    pub(crate) data: Option<Vec<u8>>,
}

impl Draft {
    pub(crate) fn new() -> Self {
        let id = ChaincodeId { name: CHAINCODE.to_owned(), ..ChaincodeId::default() };
        Self {
            header: ChannelHeader {
                r#type: HeaderType::EndorserTransaction.into(),
                channel_id: CHANNEL.to_owned(),
                ..ChannelHeader::default()
            },
            called: Some(id.clone()),
            nonce: b"nonce".to_vec(),
            creator: "Org1.client",
            signer: "Org1.client",
            call: b"call".to_vec(),
            rwset: ReadWriteSet::default(),
            action: ChaincodeAction {
                chaincode_id: Some(ChaincodeId { version: "1.0".to_owned(), ..id }),
                ..ChaincodeAction::default()
            },
            action_bytes: None,
            proposal_hash: None,
            endorsers: "Org1.peer Org2.peer",
            forged: "",
            endorsed: true,
            actions: 1,
            data: None,
        }
    }

    /// Another chaincode that is called and executed.
    pub(crate) fn call_instead(&mut self, chaincode: &str) {
        let executed = &mut self.action.chaincode_id;
        for id in [&mut self.called, executed].into_iter().flatten() {
            chaincode.clone_into(&mut id.name);
        }
    }

    /// The signed envelope.
    pub(crate) fn seal(&self, members: &Members) -> Vec<u8> {
        let payload = self.payload(members);
        let signature = members.signer(self.signer).sign(&payload).unwrap();
        Envelope { payload, signature }.encode_to_vec()
    }

    fn payload(&self, members: &Members) -> Vec<u8> {
        let creator = match self.creator {
            "" => Vec::new(),
            name => members.signer(name).identity().to_vec(),
        };
        let mut header = self.header.clone();
        if header.tx_id.is_empty() {
            header.tx_id = proposal::tx_id(&self.nonce, &creator).to_string();
        }
        if header.extension.is_empty() {
            let chaincode_id = self.called.clone();
            header.extension = ChaincodeHeaderExtension { chaincode_id }.encode_to_vec();
        }
        let signature_header = SignatureHeader { creator, nonce: self.nonce.clone() };
        let header = Header {
            channel_header: header.encode_to_vec(),
            signature_header: signature_header.encode_to_vec(),
        };
        let data = self.data.clone().unwrap_or_else(|| self.transaction(&header, members));
        Payload { header: Some(header), data }.encode_to_vec()
    }

    fn transaction(&self, header: &Header, members: &Members) -> Vec<u8> {
        let hash =
            proposal::proposal_hash(&header.channel_header, &header.signature_header, &self.call);
        let action = ChaincodeAction {
            results: if self.action.results.is_empty() {
                self.rwset.encode()
            } else {
                self.action.results.clone()
            },
            ..self.action.clone()
        };
        let response = ProposalResponsePayload {
            proposal_hash: self.proposal_hash.clone().unwrap_or_else(|| hash.to_vec()),
            extension: self.action_bytes.clone().unwrap_or_else(|| action.encode_to_vec()),
        };
        let response = response.encode_to_vec();
        let by = |names: &'static str, bytes: &[u8]| {
            let names = names.split_whitespace();
            names.map(|name| endorse(bytes, members.signer(name))).collect::<Vec<_>>()
        };
        let endorsements = [by(self.endorsers, &response), by(self.forged, b"other")].concat();
        let payload = ChaincodeActionPayload {
            chaincode_proposal_payload: self.call.clone(),
            action: self.endorsed.then(|| ChaincodeEndorsedAction {
                proposal_response_payload: response.clone(),
                endorsements,
            }),
        };
        let action = TransactionAction {
            header: header.signature_header.clone(),
            payload: payload.encode_to_vec(),
        };
        Transaction { actions: vec![action; self.actions] }.encode_to_vec()
    }
}

fn endorse(response: &[u8], endorser: &dyn Signer) -> Endorsement {
    let endorsed = proposal::endorsed_bytes(response, endorser.identity());
    let signature = endorser.sign(&endorsed).unwrap();
    Endorsement { endorser: endorser.identity().to_vec(), signature }
}
