//! From a function call to endorsements.

use std::collections::BTreeMap;

use fabric_protos::id::TxId;
use fabric_protos::proposal::{ProposalSpec, build, build_initialisation};
use fabric_protos::{Message as _, Timestamp, gateway as wire, protos};
use pervade_identity::SignError;
use pervade_ports::RngError;
use thiserror::Error;

use crate::endorsed::{Proposed, Transaction};
use crate::{Contract, EnvelopeMismatch, Refusal};

/// A function call about to become a [`Proposal`].
#[derive(Clone, Debug)]
pub struct ProposalBuilder {
    contract: Contract,
    args: Vec<Vec<u8>>,
    transient: BTreeMap<String, Vec<u8>>,
    organizations: Vec<String>,
    initialises: bool,
}

impl ProposalBuilder {
    pub(crate) fn new(contract: Contract, function: &str) -> Self {
        Self {
            contract,
            args: vec![function.as_bytes().to_vec()],
            transient: BTreeMap::new(),
            organizations: Vec::new(),
            initialises: false,
        }
    }

    /// One more argument, as the bytes the contract will see.
    #[must_use]
    pub fn arg(mut self, arg: impl Into<Vec<u8>>) -> Self {
        self.args.push(arg.into());
        self
    }

    /// A value that endorsers see and the ledger does not.
    #[must_use]
    pub fn transient(mut self, name: &str, value: impl Into<Vec<u8>>) -> Self {
        self.transient.insert(name.to_owned(), value.into());
        self
    }

    /// Asks exactly these organisations, by MSP id, instead of what the gateway plans.
    #[must_use]
    pub fn organizations<T: Into<String>>(mut self, msp_ids: impl IntoIterator<Item = T>) -> Self {
        self.organizations = msp_ids.into_iter().map(Into::into).collect();
        self
    }

    /// Makes it the call that the chaincode's definition requires before all others.
    #[must_use]
    pub fn initialising(mut self) -> Self {
        self.initialises = true;
        self
    }

    /// Fixes time, nonce and transaction id.
    pub fn build(self) -> Result<Proposal, ProposeError> {
        let gateway = &self.contract.network().gateway;
        let mut nonce = [0; NONCE_LEN];
        gateway.ports.rng.fill(&mut nonce).map_err(ProposeError::Nonce)?;
        let now = gateway.ports.clock.now();
        let spec = ProposalSpec {
            channel: Some(&self.contract.network().channel),
            chaincode: self.contract.chaincode().as_str(),
            args: self.args,
            transient: self.transient,
            creator: gateway.signer.identity(),
            nonce: &nonce,
            timestamp: Timestamp {
                seconds: now.seconds(),
                nanos: i32::try_from(now.nanos()).unwrap_or_default(),
            },
        };
        let (proposal, tx_id) =
            if self.initialises { build_initialisation(spec) } else { build(spec) };
        Ok(Proposal { contract: self.contract, proposal, tx_id, organizations: self.organizations })
    }
}

/// A proposal nobody has signed.
#[derive(Clone, Debug)]
pub struct Proposal {
    contract: Contract,
    proposal: protos::Proposal,
    tx_id: TxId,
    organizations: Vec<String>,
}

impl Proposal {
    /// The id its transaction will have.
    #[must_use]
    pub fn tx_id(&self) -> &TxId {
        &self.tx_id
    }

    /// Signs with the gateway's own identity.
    pub fn sign(self) -> Result<SignedProposal, ProposeError> {
        let bytes = self.proposal.encode_to_vec();
        let signer = &self.contract.network().gateway.signer;
        let signature = signer.sign(&bytes).map_err(ProposeError::Sign)?;
        let signed = protos::SignedProposal { proposal_bytes: bytes, signature };
        Ok(SignedProposal {
            contract: self.contract,
            proposal: self.proposal,
            signed,
            tx_id: self.tx_id,
            organizations: self.organizations,
        })
    }
}

/// A proposal could not be made.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ProposeError {
    /// No random bytes for the nonce.
    #[error("the proposal has no nonce")]
    Nonce(#[source] RngError),
    /// The signer refused.
    #[error("the proposal could not be signed")]
    Sign(#[source] SignError),
}

/// A proposal its creator has signed.
#[derive(Clone, Debug)]
pub struct SignedProposal {
    contract: Contract,
    proposal: protos::Proposal,
    signed: protos::SignedProposal,
    tx_id: TxId,
    organizations: Vec<String>,
}

impl SignedProposal {
    /// The id its transaction will have.
    #[must_use]
    pub fn tx_id(&self) -> &TxId {
        &self.tx_id
    }

    /// Runs the function on one peer; nothing is recorded.
    pub async fn evaluate(self) -> Result<Vec<u8>, EvaluateError> {
        let network = self.contract.network();
        let mut request = tonic::Request::new(wire::EvaluateRequest {
            transaction_id: self.tx_id.as_str().to_owned(),
            channel_id: network.channel.as_str().to_owned(),
            proposed_transaction: Some(self.signed),
            target_organizations: self.organizations,
        });
        request.set_timeout(network.gateway.patience.evaluate);
        let mut client = network.gateway.gateway.clone();
        let response = client.evaluate(request).await;
        let response =
            response.map_err(|status| EvaluateError::Refused(Refusal::from_status(&status)))?;
        Ok(response.into_inner().result.ok_or(EvaluateError::NoResult)?.payload)
    }

    /// Collects endorsements, and compares what comes back with what was proposed.
    pub async fn endorse(self) -> Result<Transaction, EndorseError> {
        let network = self.contract.network();
        let mut request = tonic::Request::new(wire::EndorseRequest {
            transaction_id: self.tx_id.as_str().to_owned(),
            channel_id: network.channel.as_str().to_owned(),
            proposed_transaction: Some(self.signed),
            endorsing_organizations: self.organizations,
        });
        request.set_timeout(network.gateway.patience.endorse);
        let mut client = network.gateway.gateway.clone();
        let response = client.endorse(request).await;
        let response =
            response.map_err(|status| EndorseError::Refused(Refusal::from_status(&status)))?;
        let envelope =
            response.into_inner().prepared_transaction.ok_or(EndorseError::NoTransaction)?;
        let proposed =
            Proposed { proposal: self.proposal, chaincode: self.contract.chaincode().clone() };
        Transaction::check(network.clone(), self.tx_id, &proposed, &envelope)
            .map_err(EndorseError::NotAsProposed)
    }
}

/// An evaluation gave no result.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum EvaluateError {
    /// The gateway or a peer refused.
    #[error("evaluation refused: {0}")]
    Refused(Refusal),
    /// The gateway answered without a result.
    #[error("the gateway answered without a result")]
    NoResult,
}

/// A proposal was not endorsed as it should be.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum EndorseError {
    /// The gateway or a peer refused.
    #[error("endorsement refused: {0}")]
    Refused(Refusal),
    /// The gateway answered without a transaction.
    #[error("the gateway answered without a transaction")]
    NoTransaction,
    /// The gateway returned something else than was proposed. It gets no signature.
    #[error("the gateway returned what was not proposed")]
    NotAsProposed(#[source] EnvelopeMismatch),
}

/// Length of a nonce in bytes, as Fabric's own clients choose it.
const NONCE_LEN: usize = 24;
