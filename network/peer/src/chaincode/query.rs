//! Queries with more than one result: batches, pages and iterators.
//!
//! How many results an iterator has pulled goes into the transaction's read set, so it depends on
//! the chaincode's requests alone: one result more than the batches that were sent, because only
//! that one tells whether there is more.

use std::collections::{BTreeMap, VecDeque};

use fabric_protos::Message;
use fabric_protos::protos::{
    GetStateByRange, QueryMetadata, QueryResponse, QueryResponseMetadata, QueryResultBytes,
};
use fabric_protos::queryresult::{KeyModification, Kv};
use thiserror::Error;

use super::requests::{RequestError, decode};
use crate::channel::Channel;
use crate::limits::{OPEN_ITERATORS_MAX, QUERY_BATCH, QUERY_RESULTS_MAX};
use crate::simulation::{Simulation, SimulationError};
use pervade_ledger::simulate::RangeCursor;

/// The iterators that one transaction holds open in one chaincode.
#[derive(Default)]
pub(crate) struct Iterators {
    open: BTreeMap<String, Iterator>,
    made: u64,
}

struct Iterator {
    source: Source,
    /// Pulled, but not sent yet.
    pending: Option<Vec<u8>>,
    returned: usize,
}

enum Source {
    Range {
        namespace: String,
        cursor: RangeCursor,
    },
    /// What is left, newest first.
    History(VecDeque<KeyModification>),
}

/// Opens a range query and returns its first batch, or the whole page of a paged one.
pub(crate) fn open(
    iterators: &mut Iterators,
    simulation: &Simulation,
    namespace: &str,
    asked: &GetStateByRange,
) -> Result<Vec<u8>, RequestError> {
    let page: QueryMetadata = decode(&asked.metadata)?;
    if page.page_size != 0 || !page.bookmark.is_empty() {
        return one_page(iterators, simulation, namespace, (asked, &page));
    }
    let cursor = simulation.range(namespace, &asked.start_key, &asked.end_key)?;
    let id = iterators.add(Source::Range { namespace: namespace.to_owned(), cursor })?;
    next(iterators, simulation, &id)
}

/// Opens a query of a key's past and returns its first batch.
pub(crate) fn history(
    iterators: &mut Iterators,
    simulation: &Simulation,
    channel: &Channel,
    (namespace, key): (&str, &str),
) -> Result<Vec<u8>, RequestError> {
    let changes = channel.key_history(namespace, key, QUERY_RESULTS_MAX)?;
    let id = iterators.add(Source::History(changes.into()))?;
    next(iterators, simulation, &id)
}

/// Returns an iterator's next batch; the last one closes it.
pub(crate) fn next(
    iterators: &mut Iterators,
    simulation: &Simulation,
    id: &str,
) -> Result<Vec<u8>, RequestError> {
    let iterator = iterators.open.get_mut(id).ok_or(QueryError::NoIterator)?;
    let batch = iterator.batch(simulation);
    if !matches!(&batch, Ok((_, true))) {
        iterators.open.remove(id);
    }
    let (results, has_more) = batch?;
    let response = QueryResponse { results, has_more, id: id.to_owned(), metadata: Vec::new() };
    Ok(response.encode_to_vec())
}

/// Closes an iterator, if it is open.
pub(crate) fn close(iterators: &mut Iterators, id: &str) -> Vec<u8> {
    iterators.open.remove(id);
    QueryResponse { id: id.to_owned(), ..Default::default() }.encode_to_vec()
}

fn one_page(
    iterators: &mut Iterators,
    simulation: &Simulation,
    namespace: &str,
    (asked, page): (&GetStateByRange, &QueryMetadata),
) -> Result<Vec<u8>, RequestError> {
    let start = if page.bookmark.is_empty() { &asked.start_key } else { &page.bookmark };
    let size = match usize::try_from(page.page_size) {
        Ok(0) | Err(_) => QUERY_RESULTS_MAX,
        Ok(size) => size.min(QUERY_RESULTS_MAX),
    };
    let page = simulation.page(namespace, (start, &asked.end_key), size)?;
    let metadata = QueryResponseMetadata {
        fetched_records_count: i32::try_from(page.entries.len()).unwrap_or(i32::MAX),
        bookmark: page.bookmark,
    };
    let entries = page.entries.into_iter();
    let results = entries.map(|(key, value)| result(namespace, key, value));
    let results = results.map(|result_bytes| QueryResultBytes { result_bytes });
    let response = QueryResponse {
        results: results.collect(),
        has_more: false,
        id: iterators.new_id(),
        metadata: metadata.encode_to_vec(),
    };
    Ok(response.encode_to_vec())
}

fn result(namespace: &str, key: String, value: Vec<u8>) -> Vec<u8> {
    Kv { namespace: namespace.to_owned(), key, value }.encode_to_vec()
}

impl Iterators {
    fn add(&mut self, source: Source) -> Result<String, QueryError> {
        if self.open.len() >= OPEN_ITERATORS_MAX {
            return Err(QueryError::TooMany);
        }
        let id = self.new_id();
        self.open.insert(id.clone(), Iterator { source, pending: None, returned: 0 });
        Ok(id)
    }

    fn new_id(&mut self) -> String {
        self.made = self.made.saturating_add(1);
        self.made.to_string()
    }
}

impl Iterator {
    /// The next results, and whether there are more after them.
    fn batch(
        &mut self,
        simulation: &Simulation,
    ) -> Result<(Vec<QueryResultBytes>, bool), SimulationError> {
        let mut batch: Vec<_> = self.pending.take().into_iter().collect();
        let mut has_more = false;
        while self.returned < QUERY_RESULTS_MAX {
            let Some(result) = self.source.next(simulation)? else { break };
            self.returned = self.returned.saturating_add(1);
            if batch.len() == QUERY_BATCH {
                self.pending = Some(result);
                has_more = true;
                break;
            }
            batch.push(result);
        }
        let batch = batch.into_iter().map(|result_bytes| QueryResultBytes { result_bytes });
        Ok((batch.collect(), has_more))
    }
}

impl Source {
    fn next(&mut self, simulation: &Simulation) -> Result<Option<Vec<u8>>, SimulationError> {
        match self {
            Self::Range { namespace, cursor } => {
                let found = simulation.next(*cursor)?;
                Ok(found.map(|(key, value)| result(namespace, key, value)))
            }
            Self::History(changes) => Ok(changes.pop_front().map(|change| change.encode_to_vec())),
        }
    }
}

/// Why a query was refused.
#[derive(Debug, Error)]
pub(crate) enum QueryError {
    #[error("query iterator not found")]
    NoIterator,
    #[error("more than {OPEN_ITERATORS_MAX} iterators are open")]
    TooMany,
}
