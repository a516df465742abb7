//! A call as a client would propose it.

use std::collections::BTreeMap;

use fabric_protos::common::{ChannelHeader, Header, SignatureHeader};
use fabric_protos::id::ChaincodeName;
use fabric_protos::msp::SerializedIdentity;
use fabric_protos::protos::{
    ChaincodeHeaderExtension, ChaincodeId, ChaincodeInput, ChaincodeInvocationSpec,
    ChaincodeProposalPayload, ChaincodeSpec, Proposal, SignedProposal,
};
use fabric_protos::{Message, Timestamp};
use sha2::{Digest, Sha256};

use crate::{ClaimedTime, Invocation, InvocationError};

/// A call of a chaincode, with everything a proposal carries.
///
/// Its transaction identifier is derived from the creator and a nonce; give calls that must
/// differ different nonces.
#[derive(Clone, Debug)]
pub struct TestCall {
    pub(super) chaincode: ChaincodeName,
    pub(super) arguments: Vec<Vec<u8>>,
    msp_id: String,
    certificate_pem: Vec<u8>,
    transient: BTreeMap<String, Vec<u8>>,
    nonce: Vec<u8>,
    claimed_seconds: i64,
    arrival_seconds: Option<i64>,
    channel: String,
    is_init: bool,
    decorations: BTreeMap<String, Vec<u8>>,
    specified: Option<ChaincodeName>,
}

impl TestCall {
    /// A call of a function, by a nameless client of `Org1MSP` on `mychannel`.
    ///
    /// # Panics
    /// If the name is no chaincode's.
    #[must_use]
    #[expect(clippy::expect_used, reason = "a test names a chaincode in its source")]
    pub fn new(chaincode: &str, function: &str) -> Self {
        Self {
            chaincode: chaincode.parse().expect("a chaincode's name"),
            arguments: vec![function.as_bytes().to_vec()],
            msp_id: "Org1MSP".to_owned(),
            certificate_pem: Vec::new(),
            transient: BTreeMap::new(),
            nonce: Vec::new(),
            claimed_seconds: 0,
            arrival_seconds: None,
            channel: "mychannel".to_owned(),
            is_init: false,
            decorations: BTreeMap::new(),
            specified: None,
        }
    }

    /// Adds an argument.
    #[must_use]
    pub fn arg(mut self, argument: impl Into<Vec<u8>>) -> Self {
        self.arguments.push(argument.into());
        self
    }

    /// Adds transient data.
    #[must_use]
    pub fn transient(mut self, name: &str, value: impl Into<Vec<u8>>) -> Self {
        self.transient.insert(name.to_owned(), value.into());
        self
    }

    /// Signs as another client.
    #[must_use]
    pub fn creator(mut self, msp_id: &str, certificate_pem: impl Into<Vec<u8>>) -> Self {
        msp_id.clone_into(&mut self.msp_id);
        self.certificate_pem = certificate_pem.into();
        self
    }

    /// Sets the nonce, and with it the transaction's identifier.
    #[must_use]
    pub fn nonce(mut self, nonce: impl Into<Vec<u8>>) -> Self {
        self.nonce = nonce.into();
        self
    }

    /// Proposes on another channel.
    #[must_use]
    pub fn on_channel(mut self, channel: &str) -> Self {
        channel.clone_into(&mut self.channel);
        self
    }

    /// Makes it the call that initialises the chaincode.
    #[must_use]
    pub fn init(mut self) -> Self {
        self.is_init = true;
        self
    }

    /// Names another chaincode in the proposal's specification, as a client may do by hand: the
    /// endorser runs what the header names, and compares the two as little as the validator does.
    ///
    /// # Panics
    /// If the name is no chaincode's.
    #[must_use]
    #[expect(clippy::expect_used, reason = "a test names a chaincode in its source")]
    pub fn specifying(mut self, chaincode: &str) -> Self {
        self.specified = Some(chaincode.parse().expect("a chaincode's name"));
        self
    }

    /// Adds what a peer's decorator would.
    #[must_use]
    pub fn decoration(mut self, name: &str, value: impl Into<Vec<u8>>) -> Self {
        self.decorations.insert(name.to_owned(), value.into());
        self
    }

    /// Claims a time.
    #[must_use]
    pub fn claimed_seconds(mut self, seconds: i64) -> Self {
        self.claimed_seconds = seconds;
        self
    }

    /// Sets the ledger's clock at the call's arrival; it shows the claimed time otherwise.
    #[must_use]
    pub fn arriving_at(mut self, seconds: i64) -> Self {
        self.arrival_seconds = Some(seconds);
        self
    }

    /// The transaction's identifier: SHA-256 of nonce and creator.
    #[must_use]
    pub fn tx_id(&self) -> String {
        let digest = Sha256::new().chain_update(&self.nonce).chain_update(self.identity());
        hex::encode(digest.finalize())
    }

    /// The function's name and its arguments.
    #[must_use]
    pub fn arguments(&self) -> &[Vec<u8>] {
        &self.arguments
    }

    /// The proposal, with an empty signature.
    #[must_use]
    pub fn proposal(&self) -> SignedProposal {
        let id = |name: &ChaincodeName| {
            Some(ChaincodeId { name: name.as_str().to_owned(), ..Default::default() })
        };
        let extension = ChaincodeHeaderExtension { chaincode_id: id(&self.chaincode) };
        let channel_header = ChannelHeader {
            r#type: 3,
            channel_id: self.channel.clone(),
            tx_id: self.tx_id(),
            timestamp: Some(Timestamp { seconds: self.claimed_seconds, nanos: 0 }),
            extension: extension.encode_to_vec(),
            ..Default::default()
        };
        let signature_header =
            SignatureHeader { creator: self.identity(), nonce: self.nonce.clone() };
        let header = Header {
            channel_header: channel_header.encode_to_vec(),
            signature_header: signature_header.encode_to_vec(),
        };
        let input = ChaincodeInput { args: self.arguments.clone(), ..Default::default() };
        let chaincode_id = id(self.specified.as_ref().unwrap_or(&self.chaincode));
        let specification =
            ChaincodeSpec { chaincode_id, input: Some(input), ..Default::default() };
        let input = ChaincodeInvocationSpec { chaincode_spec: Some(specification) };
        let payload = ChaincodeProposalPayload {
            input: input.encode_to_vec(),
            transient_map: self.transient.clone(),
        };
        let proposal = Proposal {
            header: header.encode_to_vec(),
            payload: payload.encode_to_vec(),
            extension: Vec::new(),
        };
        SignedProposal { proposal_bytes: proposal.encode_to_vec(), signature: Vec::new() }
    }

    /// The call of the chaincode, or of one that it calls with other arguments.
    pub(super) fn invocation(
        &self,
        arguments: Vec<Vec<u8>>,
    ) -> Result<Invocation, InvocationError> {
        let input = ChaincodeInput {
            args: arguments,
            decorations: self.decorations.clone(),
            is_init: self.is_init,
        };
        let seconds = self.arrival_seconds.unwrap_or(self.claimed_seconds);
        let invocation = Invocation::read(&self.channel, &self.tx_id(), input, self.proposal())?;
        Ok(invocation.arrived_at(Timestamp { seconds, nanos: 0 }))
    }

    pub(super) fn claimed_time(&self) -> ClaimedTime {
        ClaimedTime { seconds: self.claimed_seconds, nanos: 0 }
    }

    fn identity(&self) -> Vec<u8> {
        SerializedIdentity { mspid: self.msp_id.clone(), id_bytes: self.certificate_pem.clone() }
            .encode_to_vec()
    }
}
