//! Blocks in, quads out, in ledger order.

use std::collections::BTreeMap;
use std::sync::Arc;

use fabric_protos::common::Block;
use fabric_protos::id::{ChannelId, TxId};
use fabric_protos::protos::TxValidationCode;
use fabric_protos::rwset::TxPvtReadWriteSet;
use pervade_ledger::block;
use pervade_ledger::rwset::sha256;
use pervade_ledger::transaction::{EndorserTransaction, Unpacked, unpack};
use pervade_package::{CheckedPackage, Context, ContextError, NormaliseError};
use pervade_rdf::{NamedNode, Quad};
use pervade_recording::record::{SALT_LEN, salted_digest};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::provenance::{Origin, Told};
use crate::records::{self, RecordError, Recorded};

/// The graph of one channel as far as its blocks have been read.
#[derive(Debug)]
pub struct LedgerGraph {
    channel: ChannelId,
    height: u64,
    packages: BTreeMap<String, Arc<CheckedPackage>>,
}

/// What one block adds to the graph.
#[derive(Debug)]
#[non_exhaustive]
pub struct BlockGraph {
    /// The block's number.
    pub number: u64,
    /// All its quads: payloads and provenance.
    pub quads: Vec<Quad>,
    /// The payloads among them.
    pub payloads: Vec<PayloadGraph>,
}

/// One normalised payload.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct PayloadGraph {
    /// Name of the graph that holds its quads.
    pub graph: NamedNode,
    /// The transaction's index in the block, from 0.
    pub transaction: usize,
    /// The transaction's id.
    pub tx_id: TxId,
    /// How many quads it has.
    pub quads: usize,
    /// What else its digest was made of, if the payload is private.
    pub salted: Option<Salted>,
}

/// What a private record's digest was made of besides its graph. It tells nothing of the payload
/// to who does not know it, but lets likely ones be tried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Salted {
    /// The salt, in hexadecimal.
    pub salt: String,
    /// SHA-256 of the payload, in hexadecimal.
    pub payload_sha256: String,
}

impl Salted {
    /// The digest in the record of a graph; `None` if this is no salt, or no digest.
    pub(crate) fn digest(&self, graph: &[u8; 32]) -> Option<[u8; 32]> {
        let (mut salt, mut payload) = ([0; SALT_LEN], [0; 32]);
        hex::decode_to_slice(&self.salt, &mut salt).ok()?;
        hex::decode_to_slice(&self.payload_sha256, &mut payload).ok()?;
        Some(salted_digest(&salt, &payload, graph))
    }
}

impl LedgerGraph {
    /// The graph of a channel before its first block.
    #[must_use]
    pub fn new(channel: ChannelId) -> Self {
        Self { channel, height: 0, packages: BTreeMap::new() }
    }

    /// How many blocks have been read.
    #[must_use]
    pub fn height(&self) -> u64 {
        self.height
    }

    /// Reads the next block. On an error nothing has changed.
    ///
    /// The block's verdicts are believed: they are for [`crate::Replay`] to check. A payload's
    /// graph is computed again, and must have the digest that the endorsers signed.
    pub fn apply(&mut self, block: &Block) -> Result<BlockGraph, ApplyError> {
        self.apply_with(block, &BTreeMap::new())
    }

    /// As [`apply`](Self::apply), with the private data of the block that the reader may see, by
    /// the transaction's index. It is compared with the hashes in the block, and its payloads join
    /// the graph; the others stay marked as hidden.
    pub fn apply_with(
        &mut self,
        block: &Block,
        private: &BTreeMap<u64, TxPvtReadWriteSet>,
    ) -> Result<BlockGraph, ApplyError> {
        let number = block::number(block);
        if number != self.height {
            return Err(ApplyError::OutOfOrder { expected: self.height, found: number });
        }
        let mut reading = Reading::new(self, (number, private));
        let verdicts = block::verdicts(block);
        for (index, envelope) in block::envelopes(block).iter().enumerate() {
            let verdict = verdicts.get(index).copied().unwrap_or(TxValidationCode::NotValidated);
            reading.transaction(index, envelope, verdict)?;
        }
        let Reading { told, payloads, packages, .. } = reading;
        let quads = told.with_block(block);
        self.packages.extend(packages);
        self.height += 1;
        Ok(BlockGraph { number, quads, payloads })
    }
}

/// One block being read.
struct Reading<'a> {
    ledger: &'a LedgerGraph,
    number: u64,
    private: &'a BTreeMap<u64, TxPvtReadWriteSet>,
    told: Told,
    payloads: Vec<PayloadGraph>,
    packages: BTreeMap<String, Arc<CheckedPackage>>,
}

impl<'a> Reading<'a> {
    fn new(
        ledger: &'a LedgerGraph,
        (number, private): (u64, &'a BTreeMap<u64, TxPvtReadWriteSet>),
    ) -> Self {
        Self {
            ledger,
            number,
            private,
            told: Told::new(ledger.channel.clone(), number),
            payloads: Vec::new(),
            packages: BTreeMap::new(),
        }
    }

    fn transaction(
        &mut self,
        index: usize,
        envelope: &[u8],
        verdict: TxValidationCode,
    ) -> Result<(), ApplyError> {
        let Ok(Unpacked::Endorser(transaction)) = unpack(envelope) else {
            self.told.other(index, envelope, verdict);
            return Ok(());
        };
        let origin = Origin { index, verdict, transaction: &transaction };
        self.told.transaction(&origin);
        if verdict == TxValidationCode::Valid {
            self.packages(&transaction)?;
            self.recordings(&origin)?;
        }
        Ok(())
    }

    fn packages(&mut self, transaction: &EndorserTransaction) -> Result<(), ApplyError> {
        let published = records::packages(transaction).map_err(|source| self.bad(source))?;
        for package in published {
            let compiled = CheckedPackage::compile(&package);
            let compiled =
                compiled.map_err(|problems| ApplyError::Package { problems: problems.len() })?;
            self.packages.insert(compiled.id().to_string(), Arc::new(compiled));
        }
        Ok(())
    }

    fn recordings(&mut self, origin: &Origin<'_>) -> Result<(), ApplyError> {
        let place = u64::try_from(origin.index).unwrap_or(u64::MAX);
        let recorded = records::recordings_with(origin.transaction, self.private.get(&place))
            .map_err(|source| self.bad(source))?;
        for record in recorded {
            let package = self.package(&record.package)?;
            let graph = self.payload(origin, &record, &package)?;
            self.told.recording(origin, &record, package.manifest(), graph.as_ref());
        }
        Ok(())
    }

    /// Normalises a payload and compares its digest; one that is not given stays hidden.
    fn payload(
        &mut self,
        origin: &Origin<'_>,
        record: &Recorded,
        package: &CheckedPackage,
    ) -> Result<Option<NamedNode>, ApplyError> {
        let tx_id = &origin.transaction.tx_id;
        let context = Context::new(self.ledger.channel.as_str(), tx_id.as_str(), &record.address)
            .map_err(ApplyError::Context)?;
        let Some(payload) = &record.payload else { return Ok(None) };
        let normalised = package.normalise_again(payload, &context).map_err(|source| {
            ApplyError::Payload { tx_id: tx_id.clone(), source: Box::new(source) }
        })?;
        let salted = record.salt.map(|salt| Salted {
            salt: hex::encode(salt),
            payload_sha256: hex::encode(sha256(payload)),
        });
        let digest = match &salted {
            None => Some(normalised.digest),
            Some(salted) => salted.digest(&normalised.digest),
        };
        if digest.map(hex::encode).as_ref() != Some(&record.digest) {
            return Err(ApplyError::Digest { block: self.number, tx_id: tx_id.clone() });
        }
        let graph = NamedNode::new_unchecked(context.graph_iri());
        self.payloads.push(PayloadGraph {
            graph: graph.clone(),
            transaction: origin.index,
            tx_id: tx_id.clone(),
            quads: normalised.quads.len(),
            salted,
        });
        self.told.quads.extend(normalised.quads.iter().cloned());
        Ok(Some(graph))
    }

    fn package(&self, id: &str) -> Result<Arc<CheckedPackage>, ApplyError> {
        let found = self.packages.get(id).or_else(|| self.ledger.packages.get(id));
        found.cloned().ok_or_else(|| ApplyError::UnknownPackage { id: id.to_owned() })
    }

    fn bad(&self, source: RecordError) -> ApplyError {
        ApplyError::Record { block: self.number, source }
    }
}

/// A block does not fit the graph.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ApplyError {
    /// Not the next block.
    #[error("block {found} came where block {expected} should")]
    OutOfOrder {
        /// The next block's number.
        expected: u64,
        /// The number that came.
        found: u64,
    },
    /// A record or package on the ledger cannot be read.
    #[error("block {block} holds a record that cannot be read")]
    Record {
        /// The block.
        block: u64,
        /// Why.
        #[source]
        source: RecordError,
    },
    /// A published package does not compile.
    #[error("a published package has {problems} problems")]
    Package {
        /// How many.
        problems: usize,
    },
    /// A record names a package nobody published.
    #[error("package {id} has not been published")]
    UnknownPackage {
        /// Its id.
        id: String,
    },
    /// A recorded payload no longer normalises.
    #[error("the payload of transaction {tx_id} cannot be normalised")]
    Payload {
        /// The transaction.
        tx_id: TxId,
        /// Why.
        #[source]
        source: Box<NormaliseError>,
    },
    /// A payload's graph has another digest than the endorsers signed.
    #[error("the graph of transaction {tx_id} in block {block} is not the one that was endorsed")]
    Digest {
        /// The block.
        block: u64,
        /// The transaction.
        tx_id: TxId,
    },
    /// A name cannot stand in an IRI.
    #[error("a name cannot stand in an IRI")]
    Context(#[source] ContextError),
}
