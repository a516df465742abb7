//! The graph of one channel in Oxigraph, block by block.

use std::collections::BTreeMap;

use fabric_protos::common::Block;
use fabric_protos::id::{ChannelId, TxId};
use fabric_protos::rwset::TxPvtReadWriteSet;
use oxigraph::model::{GraphName, NamedNode, Quad};
use oxigraph::sparql::QueryEvaluationError;
use oxigraph::store::{StorageError, Store};
use pervade_interop_ledger::{ApplyError, BlockGraph, LedgerGraph, Salted};
use pervade_rdf::{Dataset, DatasetError, NQuadsError, nquads, nquads_line, parse_nquads};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use thiserror::Error;

use crate::Answer;
use crate::door::Admitted;

/// The graph of one channel, as far as its blocks have been applied.
pub struct Graph {
    store: Store,
    ledger: LedgerGraph,
    sources: BTreeMap<NamedNode, Source>,
}

/// Where a payload's graph comes from.
#[derive(Clone, Debug)]
struct Source {
    block: u64,
    transaction: usize,
    tx_id: TxId,
    /// The payload's quads as they were normalised: the store keeps a literal's value, not always
    /// its datatype and form.
    text: String,
    salted: Option<Salted>,
}

/// A quad's place on the ledger, and the normalised graph it belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Located {
    /// The block.
    pub block: u64,
    /// The transaction's index in the block, from 0.
    pub transaction: usize,
    /// The transaction's id.
    pub tx_id: TxId,
    /// All quads of the payload, as sorted N-Quads.
    pub graph: String,
    /// What else the digest on the ledger was made of, if the payload is private.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub salted: Option<Salted>,
}

impl Graph {
    /// An empty graph of a channel, in memory.
    pub fn new(channel: ChannelId) -> Result<Self, GraphError> {
        let store = Store::new().map_err(GraphError::Store)?;
        Ok(Self { store, ledger: LedgerGraph::new(channel), sources: BTreeMap::new() })
    }

    /// An empty graph of a channel whose quads lie in a folder, in RocksDB.
    ///
    /// Whatever graph the folder held is dropped: the ledger alone is kept for good.
    #[cfg(feature = "rocksdb")]
    pub fn on_disk(channel: ChannelId, folder: &std::path::Path) -> Result<Self, GraphError> {
        let store = Store::open(folder).map_err(GraphError::Store)?;
        store.clear().map_err(GraphError::Store)?;
        Ok(Self { store, ledger: LedgerGraph::new(channel), sources: BTreeMap::new() })
    }

    /// How many blocks the graph holds.
    #[must_use]
    pub fn height(&self) -> u64 {
        self.ledger.height()
    }

    /// Adds what the next block says. On an error the graph is as before.
    pub fn apply(&mut self, block: &Block) -> Result<(), GraphError> {
        self.apply_with(block, &BTreeMap::new())
    }

    /// As [`apply`](Self::apply), with the private data of the block that its reader may see.
    pub fn apply_with(
        &mut self,
        block: &Block,
        private: &BTreeMap<u64, TxPvtReadWriteSet>,
    ) -> Result<(), GraphError> {
        let added = self.ledger.apply_with(block, private).map_err(GraphError::Apply)?;
        let mut texts = texts(&added)?;
        self.store.extend(added.quads).map_err(GraphError::Store)?;
        for payload in added.payloads {
            let source = Source {
                block: added.number,
                transaction: payload.transaction,
                tx_id: payload.tx_id,
                text: texts.remove(&payload.graph).unwrap_or_default(),
                salted: payload.salted,
            };
            self.sources.insert(payload.graph, source);
        }
        Ok(())
    }

    /// Answers a query; its default graph is all graphs together, unless it says otherwise.
    pub fn query(&self, admitted: Admitted) -> Result<Answer, GraphError> {
        let results = admitted.query.on_store(&self.store).execute().map_err(GraphError::Query)?;
        Answer::collect(self.height(), results).map_err(GraphError::Query)
    }

    /// Where a payload's quad comes from; `None` if no payload holds it.
    pub fn locate(&self, quad: &str) -> Result<Option<Located>, GraphError> {
        let quads = parse_nquads(quad).map_err(GraphError::Quad)?;
        let Some(quad) = quads.iter().next() else { return Ok(None) };
        let GraphName::NamedNode(graph) = &quad.graph_name else { return Ok(None) };
        let line = nquads_line(quad);
        let holds = |located: &Located| located.graph.lines().any(|held| held == line);
        Ok(self.payload(graph.as_str()).filter(holds))
    }

    /// Where the payload with a graph of this name comes from, and its quads; `None` if there is none.
    #[must_use]
    pub fn payload(&self, graph: &str) -> Option<Located> {
        let source = self.sources.get(&NamedNode::new(graph).ok()?)?;
        Some(Located {
            block: source.block,
            transaction: source.transaction,
            tx_id: source.tx_id.clone(),
            graph: source.text.clone(),
            salted: source.salted.clone(),
        })
    }

    /// SHA-256 of all quads as sorted N-Quads, and how many they are.
    pub fn digest(&self) -> Result<(u64, [u8; 32]), GraphError> {
        let lines = self.lines()?;
        let mut hasher = Sha256::new();
        for line in &lines {
            hasher.update(line.as_bytes());
        }
        Ok((u64::try_from(lines.len()).unwrap_or(u64::MAX), hasher.finalize().into()))
    }

    /// Lines of N-Quads in order, each with its end.
    fn lines(&self) -> Result<Vec<String>, GraphError> {
        let quads: Vec<Quad> =
            self.store.iter().collect::<Result<_, _>>().map_err(GraphError::Store)?;
        let mut lines: Vec<String> = quads.iter().map(nquads_line).collect();
        lines.sort_unstable();
        lines.iter_mut().for_each(|line| line.push('\n'));
        Ok(lines)
    }
}

impl std::fmt::Debug for Graph {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Graph").field("height", &self.height()).finish_non_exhaustive()
    }
}

/// The quads of each payload of a block as sorted N-Quads, by graph.
fn texts(added: &BlockGraph) -> Result<BTreeMap<NamedNode, String>, GraphError> {
    let graphs = added.payloads.iter().map(|payload| (payload.graph.clone(), Dataset::new()));
    let mut datasets: BTreeMap<NamedNode, Dataset> = graphs.collect();
    for quad in &added.quads {
        let GraphName::NamedNode(graph) = &quad.graph_name else { continue };
        if let Some(dataset) = datasets.get_mut(graph) {
            dataset.insert(quad.clone()).map_err(GraphError::Payload)?;
        }
    }
    Ok(datasets.into_iter().map(|(graph, dataset)| (graph, nquads(&dataset))).collect())
}

/// The graph could not be changed or asked.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum GraphError {
    /// The store failed.
    #[error("the graph's store failed")]
    Store(#[source] StorageError),
    /// The block does not follow, or does not say what its records claim.
    #[error("the block cannot be added to the graph")]
    Apply(#[source] ApplyError),
    /// The query failed while it ran.
    #[error("the query failed")]
    Query(#[source] QueryEvaluationError),
    /// A payload's quads are no dataset.
    #[error("a payload's quads are no dataset")]
    Payload(#[source] DatasetError),
    /// The quad is not N-Quads.
    #[error("the quad is not one line of N-Quads")]
    Quad(#[source] NQuadsError),
}

#[cfg(test)]
mod tests {
    use fabric_protos::common::{Block, BlockData, BlockHeader};
    use fabric_protos::id::ChannelId;

    use super::Graph;

    #[test]
    fn a_graph_in_memory_follows_its_blocks() {
        follow(Graph::new(channel()).unwrap());
    }

    #[cfg(feature = "rocksdb")]
    #[test]
    fn a_graph_on_disk_follows_its_blocks_and_begins_anew() {
        let folder = tempfile::tempdir().unwrap();
        follow(Graph::on_disk(channel(), folder.path()).unwrap());
        follow(Graph::on_disk(channel(), folder.path()).unwrap());
    }

    /// A graph begins empty, takes the next block and no other, and says what it holds.
    fn follow(mut graph: Graph) {
        assert_eq!((graph.height(), graph.digest().unwrap().0), (0, 0));
        graph.apply(&block(0)).unwrap();
        let (quads, digest) = graph.digest().unwrap();
        assert!(quads > 0, "a block tells of itself");
        assert!(graph.apply(&block(2)).is_err(), "block 1 is missing");
        assert_eq!((graph.height(), graph.digest().unwrap()), (1, (quads, digest)));
    }

    fn block(number: u64) -> Block {
        let header = BlockHeader { number, ..BlockHeader::default() };
        Block { header: Some(header), data: Some(BlockData::default()), metadata: None }
    }

    fn channel() -> ChannelId {
        ChannelId::new("mychannel").unwrap()
    }
}
