//! From one quad back to the signatures under it, from bytes alone.
//!
//! A proof carries the quad, the whole normalised graph it belongs to, the block, and the
//! configuration block that was in force. Following it needs no network and no ledger: only a
//! configuration that the verifier trusts, such as the channel's genesis block.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use fabric_protos::Message as _;
use fabric_protos::common::Block;
use fabric_protos::id::{ChannelId, TxId};
use fabric_protos::proposal::endorsed_bytes;
use fabric_protos::protos::TxValidationCode;
use pervade_channel_config::{ChannelConfig, ConfigError};
use pervade_identity::policy::{PolicyUnmet, SignedData};
use pervade_ledger::block::{self, BlockError, MetadataError};
use pervade_ledger::transaction::{EndorserTransaction, Unpacked, unpack};
use pervade_rdf::{NQuadsError, digest, nquads, parse_nquads};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::Salted;
use crate::records::{self, RecordError};

/// Everything an outsider needs to follow one quad back to the ledger.
///
/// As JSON it is one object; binary parts are base64.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proof {
    format: u32,
    channel: ChannelId,
    quad: String,
    graph: String,
    /// What else the digest of a private record was made of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    salted: Option<Salted>,
    transaction: usize,
    block: String,
    configuration: String,
}

/// What a proof has shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Proven {
    /// The quad, as N-Quads.
    pub quad: String,
    /// The transaction that recorded it.
    pub tx_id: TxId,
    /// The block.
    pub block: u64,
    /// What was followed, in order.
    pub steps: Vec<Step>,
}

/// One link of the chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Step {
    /// What was checked.
    pub link: &'static str,
    /// What was found.
    pub found: String,
}

impl Proof {
    /// Puts a proof together.
    ///
    /// `graph` is the payload's whole graph as N-Quads, `transaction` the index of its transaction in
    /// `block`, and `configuration` the block that the block's metadata names as its configuration.
    pub fn new(
        quad: &str,
        graph: &str,
        transaction: usize,
        block: &Block,
        configuration: &Block,
    ) -> Result<Self, ProveError> {
        let channel =
            ChannelConfig::from_block(configuration).map_err(ProveError::Configuration)?;
        Ok(Self {
            format: FORMAT,
            channel: channel.channel_id().clone(),
            quad: canonical(quad).map_err(ProveError::Quads)?,
            graph: canonical(graph).map_err(ProveError::Quads)?,
            salted: None,
            transaction,
            block: BASE64.encode(block.encode_to_vec()),
            configuration: BASE64.encode(configuration.encode_to_vec()),
        })
    }

    /// As a proof of a private payload's quad, whose record has a salted digest. Whoever gets the
    /// proof sees all quads of that payload.
    #[must_use]
    pub fn of_private(self, salted: Salted) -> Self {
        Self { salted: Some(salted), ..self }
    }

    /// The channel it speaks of.
    #[must_use]
    pub fn channel(&self) -> &ChannelId {
        &self.channel
    }

    /// Follows the chain: quad → digest of the normalised graph → write set → transaction →
    /// endorsements → block → orderer's signature → configuration → `trusted`.
    pub fn verify(&self, trusted: &ChannelConfig) -> Result<Proven, ProofError> {
        if self.format != FORMAT || self.channel != *trusted.channel_id() {
            return Err(ProofError::NotThisChannel);
        }
        let block = decode_block(&self.block, "block")?;
        let configuration = decode_block(&self.configuration, "configuration")?;
        let transaction = self.transaction(&block)?;
        let mut steps = vec![self.graph_digest(&transaction)?];
        steps.push(write_set(&transaction));
        let in_force = in_force(&block, &configuration, trusted)?;
        steps.push(endorsements(&transaction, &in_force)?);
        steps.push(block_hash(&block, self.transaction)?);
        steps.push(orderer(&block, &in_force)?);
        steps.push(anchor(&configuration, trusted)?);
        Ok(Proven {
            quad: self.quad.clone(),
            tx_id: transaction.tx_id,
            block: block::number(&block),
            steps,
        })
    }

    fn transaction(&self, block: &Block) -> Result<EndorserTransaction, ProofError> {
        let index = self.transaction;
        let envelope = block::envelopes(block).get(index);
        match envelope.map(|envelope| unpack(envelope)) {
            Some(Ok(Unpacked::Endorser(transaction))) => {
                let verdict = block::verdicts(block).get(index).copied();
                if verdict != Some(TxValidationCode::Valid) {
                    return Err(ProofError::Rejected { tx_id: transaction.tx_id });
                }
                Ok(*transaction)
            }
            _ => Err(ProofError::NoTransaction { index }),
        }
    }

    /// The quad is in the graph, and the graph's digest is in the transaction's write set.
    fn graph_digest(&self, transaction: &EndorserTransaction) -> Result<Step, ProofError> {
        let graph = parse_nquads(&self.graph).map_err(ProofError::Quads)?;
        let quad = parse_nquads(&self.quad).map_err(ProofError::Quads)?;
        if quad.len() != 1 || !quad.iter().all(|quad| graph.contains(quad)) {
            return Err(ProofError::NotInGraph);
        }
        let digest = digest(&graph);
        let found = match &self.salted {
            None => Some(digest),
            Some(salted) => salted.digest(&digest),
        };
        let found = found.ok_or(ProofError::Unreadable { part: "salt" }).map(hex::encode)?;
        let recorded = records::recordings(transaction).map_err(ProofError::Record)?;
        let expected: Vec<&str> = recorded.iter().map(|record| record.digest.as_str()).collect();
        if !expected.contains(&found.as_str()) {
            return Err(ProofError::GraphDigest { found });
        }
        let quads = graph.len();
        let kind = if self.salted.is_some() { "salted SHA-256" } else { "SHA-256" };
        Ok(Step {
            link: "quad → graph",
            found: format!("one of {quads} quads with {kind} {found}"),
        })
    }
}

/// The quad cannot be proven.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ProveError {
    /// Quad or graph is not N-Quads without blank nodes.
    #[error("the quad or its graph is not N-Quads")]
    Quads(#[source] NQuadsError),
    /// The configuration block holds none.
    #[error("the configuration block cannot be read")]
    Configuration(#[source] ConfigError),
}

/// A proof does not hold; the variant names the link that breaks.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ProofError {
    /// Another channel, or a format this version does not know.
    #[error("the proof is of another channel or format")]
    NotThisChannel,
    /// A part is no base64 or no block.
    #[error("the proof's {part} cannot be read")]
    Unreadable {
        /// Which part.
        part: &'static str,
    },
    /// Quad or graph is not N-Quads.
    #[error("the quad or its graph is not N-Quads")]
    Quads(#[source] NQuadsError),
    /// The quad is not in the graph.
    #[error("the quad is not in the graph")]
    NotInGraph,
    /// No endorsed transaction recorded a graph of this digest.
    #[error("the transaction did not record a graph with SHA-256 {found}")]
    GraphDigest {
        /// The graph's digest.
        found: String,
    },
    /// The transaction's records cannot be read.
    #[error("the transaction's records cannot be read")]
    Record(#[source] RecordError),
    /// No endorsed transaction at this place.
    #[error("the block has no endorsed transaction at index {index}")]
    NoTransaction {
        /// The place.
        index: usize,
    },
    /// The transaction took no effect.
    #[error("transaction {tx_id} was rejected")]
    Rejected {
        /// The transaction.
        tx_id: TxId,
    },
    /// The endorsements do not satisfy the channel's endorsement policy.
    #[error("the endorsements do not hold")]
    Endorsements(#[source] PolicyUnmet),
    /// The block's header does not cover its data.
    #[error("the block's header does not cover its data")]
    Block(#[source] BlockError),
    /// The block's metadata cannot be read, or name another configuration.
    #[error("the block's metadata do not name this configuration")]
    Metadata(#[source] Option<MetadataError>),
    /// The orderer's signature does not hold, on the block or on its configuration.
    #[error("the orderer's signature on block {block} does not hold")]
    Orderer {
        /// The block.
        block: u64,
        /// Why.
        #[source]
        source: PolicyUnmet,
    },
}

/// Version of the proof's form.
const FORMAT: u32 = 1;

const BLOCK_VALIDATION: &str = "/Channel/Orderer/BlockValidation";
const ENDORSEMENT: &str = "/Channel/Application/Endorsement";

fn canonical(text: &str) -> Result<String, NQuadsError> {
    Ok(nquads(&parse_nquads(text)?))
}

fn decode_block(text: &str, part: &'static str) -> Result<Block, ProofError> {
    let bytes = BASE64.decode(text).map_err(|_| ProofError::Unreadable { part })?;
    Block::decode(bytes.as_slice()).map_err(|_| ProofError::Unreadable { part })
}

fn write_set(transaction: &EndorserTransaction) -> Step {
    let keys: Vec<String> = transaction
        .rwset
        .namespaces
        .iter()
        .flat_map(|set| set.public.writes.iter().map(|write| format!("{}/{}", set.name, write.key)))
        .collect();
    Step {
        link: "graph → write set → transaction",
        found: format!("{} in the write set of {}", keys.join(", "), transaction.tx_id),
    }
}

/// The configuration that the block names, once it is known to be the channel's.
fn in_force(
    block: &Block,
    configuration: &Block,
    trusted: &ChannelConfig,
) -> Result<ChannelConfig, ProofError> {
    let named = block::last_config_index(block);
    let named = named.map_err(|error| ProofError::Metadata(Some(error)))?;
    if named != Some(block::number(configuration)) {
        return Err(ProofError::Metadata(None));
    }
    anchor(configuration, trusted)?;
    ChannelConfig::from_block(configuration)
        .map_err(|_| ProofError::Unreadable { part: "configuration" })
}

fn endorsements(
    transaction: &EndorserTransaction,
    config: &ChannelConfig,
) -> Result<Step, ProofError> {
    let answer = &transaction.response_payload;
    let signed: Vec<Vec<u8>> = transaction
        .endorsements
        .iter()
        .map(|endorsement| endorsed_bytes(answer, &endorsement.endorser))
        .collect();
    let data: Vec<SignedData<'_>> = signed
        .iter()
        .zip(&transaction.endorsements)
        .map(|(data, endorsement)| SignedData {
            data,
            identity: &endorsement.endorser,
            signature: &endorsement.signature,
        })
        .collect();
    config.evaluate(ENDORSEMENT, &data).map_err(ProofError::Endorsements)?;
    let names: Vec<String> = transaction
        .endorsements
        .iter()
        .filter_map(|endorsement| config.membership().deserialize(&endorsement.endorser).ok())
        .map(|endorser| {
            let name = endorser.certificate().common_name().unwrap_or_default().to_owned();
            format!("{name} ({})", endorser.msp_id())
        })
        .collect();
    Ok(Step {
        link: "transaction → endorsements",
        found: format!("signed by {}", names.join(", ")),
    })
}

fn block_hash(block: &Block, transaction: usize) -> Result<Step, ProofError> {
    let header = block.header.clone().unwrap_or_default();
    block::check_structure(block, header.number, &header.previous_hash)
        .map_err(ProofError::Block)?;
    let hash = hex::encode(block::header_hash(&header));
    Ok(Step {
        link: "transaction → block",
        found: format!("transaction {transaction} of block {} with hash {hash}", header.number),
    })
}

fn orderer(block: &Block, config: &ChannelConfig) -> Result<Step, ProofError> {
    let number = block::number(block);
    let signatures =
        block::orderer_signatures(block).map_err(|error| ProofError::Metadata(Some(error)))?;
    let data: Vec<SignedData<'_>> =
        signatures.iter().map(|signature| signature.signed_data()).collect();
    config
        .evaluate(BLOCK_VALIDATION, &data)
        .map_err(|source| ProofError::Orderer { block: number, source })?;
    let names: Vec<String> = data
        .iter()
        .filter_map(|signed| config.membership().deserialize(signed.identity).ok())
        .map(|who| {
            let name = who.certificate().common_name().unwrap_or_default().to_owned();
            format!("{name} ({})", who.msp_id())
        })
        .collect();
    Ok(Step { link: "block → orderer", found: format!("signed by {}", names.join(", ")) })
}

/// The configuration is the trusted one, or a later one signed under it.
fn anchor(configuration: &Block, trusted: &ChannelConfig) -> Result<Step, ProofError> {
    let number = block::number(configuration);
    let same = ChannelConfig::from_block(configuration)
        .is_ok_and(|config| config.config() == trusted.config());
    if same {
        let found = format!("configuration of block {number} is the trusted one");
        return Ok(Step { link: "configuration", found });
    }
    block_hash(configuration, 0)?;
    orderer(configuration, trusted)?;
    let found = format!("configuration of block {number}, signed under the trusted one");
    Ok(Step { link: "configuration", found })
}
