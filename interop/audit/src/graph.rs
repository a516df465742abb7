//! The graph of one channel in Oxigraph, block by block.

use std::collections::BTreeMap;

use fabric_protos::common::Block;
use fabric_protos::id::{ChannelId, TxId};
use oxigraph::model::{GraphName, GraphNameRef, NamedNode, Quad};
use oxigraph::sparql::QueryEvaluationError;
use oxigraph::store::{StorageError, Store};
use pervade_interop_ledger::{ApplyError, LedgerGraph};
use pervade_rdf::{NQuadsError, nquads_line, parse_nquads};
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
}

impl Graph {
    /// An empty graph of a channel.
    pub fn new(channel: ChannelId) -> Result<Self, GraphError> {
        let store = Store::new().map_err(GraphError::Store)?;
        Ok(Self { store, ledger: LedgerGraph::new(channel), sources: BTreeMap::new() })
    }

    /// How many blocks the graph holds.
    #[must_use]
    pub fn height(&self) -> u64 {
        self.ledger.height()
    }

    /// Adds what the next block says. On an error the graph is as before.
    pub fn apply(&mut self, block: &Block) -> Result<(), GraphError> {
        let added = self.ledger.apply(block).map_err(GraphError::Apply)?;
        self.store.extend(added.quads).map_err(GraphError::Store)?;
        for payload in added.payloads {
            let source = Source {
                block: added.number,
                transaction: payload.transaction,
                tx_id: payload.tx_id,
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
        let Some(quad) = quads.iter().next().cloned() else { return Ok(None) };
        let held = self.store.contains(&quad).map_err(GraphError::Store)?;
        let GraphName::NamedNode(graph) = &quad.graph_name else { return Ok(None) };
        let Some(source) = self.sources.get(graph).filter(|_| held) else { return Ok(None) };
        Ok(Some(Located {
            block: source.block,
            transaction: source.transaction,
            tx_id: source.tx_id.clone(),
            graph: self.lines(Some(graph))?.concat(),
        }))
    }

    /// SHA-256 of all quads as sorted N-Quads, and how many they are.
    pub fn digest(&self) -> Result<(u64, [u8; 32]), GraphError> {
        let lines = self.lines(None)?;
        let mut hasher = Sha256::new();
        for line in &lines {
            hasher.update(line.as_bytes());
        }
        Ok((u64::try_from(lines.len()).unwrap_or(u64::MAX), hasher.finalize().into()))
    }

    fn lines(&self, graph: Option<&NamedNode>) -> Result<Vec<String>, GraphError> {
        let graph = graph.map(|node| GraphNameRef::from(node.as_ref()));
        let quads = self.store.quads_for_pattern(None, None, None, graph);
        let quads: Vec<Quad> = quads.collect::<Result<_, _>>().map_err(GraphError::Store)?;
        let mut lines: Vec<String> = quads.iter().map(nquads_line).collect();
        lines.sort_unstable();
        Ok(lines)
    }
}

impl std::fmt::Debug for Graph {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Graph").field("height", &self.height()).finish_non_exhaustive()
    }
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
    /// The quad is not N-Quads.
    #[error("the quad is not one line of N-Quads")]
    Quad(#[source] NQuadsError),
}
