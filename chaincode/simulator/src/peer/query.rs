//! Queries with more than one result: batches, pages and iterators.
//!
//! An iterator pulls one result more than the batches that were sent, because only that one
//! tells whether there is more. What was pulled goes into the read set.

use std::collections::{BTreeMap, VecDeque};

use fabric_protos::Message;
use fabric_protos::protos::{
    GetStateByRange, QueryMetadata, QueryResponse, QueryResponseMetadata, QueryResultBytes,
};
use fabric_protos::queryresult::{KeyModification, Kv};
use pervade_ledger::simulate::{RangeCursor, SimulateError, Simulator};

use super::request::{RequestError, decode};
use crate::ledger::State;

/// Iterators that one call may hold open.
const OPEN_ITERATORS_MAX: usize = 1_000;

/// Results that travel to the chaincode in one message.
const QUERY_BATCH: usize = 100;

/// Results of one query; the rest is cut off silently, as peers do.
const QUERY_RESULTS_MAX: usize = 100_000;

/// The iterators that one call holds open.
#[derive(Default)]
pub(super) struct Iterators {
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
pub(super) fn open(
    iterators: &mut Iterators,
    simulator: &mut Simulator<&State>,
    namespace: &str,
    asked: &GetStateByRange,
) -> Result<Vec<u8>, RequestError> {
    let page: QueryMetadata = decode(&asked.metadata)?;
    if page.page_size != 0 || !page.bookmark.is_empty() {
        return one_page(iterators, simulator, namespace, (asked, &page));
    }
    let cursor = simulator.range(namespace, &asked.start_key, &asked.end_key)?;
    let id = iterators.add(Source::Range { namespace: namespace.to_owned(), cursor })?;
    next(iterators, simulator, &id)
}

/// Opens a query of a key's past, given oldest first, and returns its first batch.
pub(super) fn history(
    iterators: &mut Iterators,
    simulator: &mut Simulator<&State>,
    changes: &[KeyModification],
) -> Result<Vec<u8>, RequestError> {
    let id = iterators.add(Source::History(changes.iter().rev().cloned().collect()))?;
    next(iterators, simulator, &id)
}

/// Returns an iterator's next batch; the last one closes it.
pub(super) fn next(
    iterators: &mut Iterators,
    simulator: &mut Simulator<&State>,
    id: &str,
) -> Result<Vec<u8>, RequestError> {
    let iterator = iterators.open.get_mut(id).ok_or(RequestError::NoIterator)?;
    let (results, has_more) = iterator.batch(simulator)?;
    if !has_more {
        iterators.open.remove(id);
    }
    let response = QueryResponse { results, has_more, id: id.to_owned(), metadata: Vec::new() };
    Ok(response.encode_to_vec())
}

/// Closes an iterator, if it is open.
pub(super) fn close(iterators: &mut Iterators, id: &str) -> Vec<u8> {
    iterators.open.remove(id);
    QueryResponse { id: id.to_owned(), ..QueryResponse::default() }.encode_to_vec()
}

fn one_page(
    iterators: &mut Iterators,
    simulator: &mut Simulator<&State>,
    namespace: &str,
    (asked, page): (&GetStateByRange, &QueryMetadata),
) -> Result<Vec<u8>, RequestError> {
    let start = if page.bookmark.is_empty() { &asked.start_key } else { &page.bookmark };
    let size = match usize::try_from(page.page_size) {
        Ok(0) | Err(_) => QUERY_RESULTS_MAX,
        Ok(size) => size.min(QUERY_RESULTS_MAX),
    };
    let page = simulator.page(namespace, (start, &asked.end_key), size)?;
    let metadata = QueryResponseMetadata {
        fetched_records_count: i32::try_from(page.entries.len()).unwrap_or(i32::MAX),
        bookmark: page.bookmark,
    };
    let results = page.entries.into_iter().map(|(key, value)| result(namespace, key, value));
    let response = QueryResponse {
        results: results.map(|result_bytes| QueryResultBytes { result_bytes }).collect(),
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
    fn add(&mut self, source: Source) -> Result<String, RequestError> {
        if self.open.len() >= OPEN_ITERATORS_MAX {
            return Err(RequestError::TooManyIterators { max: OPEN_ITERATORS_MAX });
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
        simulator: &mut Simulator<&State>,
    ) -> Result<(Vec<QueryResultBytes>, bool), SimulateError> {
        let mut batch: Vec<_> = self.pending.take().into_iter().collect();
        while self.returned < QUERY_RESULTS_MAX {
            let Some(result) = self.source.next(simulator)? else { break };
            self.returned = self.returned.saturating_add(1);
            if batch.len() == QUERY_BATCH {
                self.pending = Some(result);
                break;
            }
            batch.push(result);
        }
        let batch = batch.into_iter().map(|result_bytes| QueryResultBytes { result_bytes });
        Ok((batch.collect(), self.pending.is_some()))
    }
}

impl Source {
    fn next(
        &mut self,
        simulator: &mut Simulator<&State>,
    ) -> Result<Option<Vec<u8>>, SimulateError> {
        match self {
            Self::Range { namespace, cursor } => {
                let found = simulator.next(*cursor)?;
                Ok(found.map(|(key, value)| result(namespace, key, value)))
            }
            Self::History(changes) => Ok(changes.pop_front().map(|change| change.encode_to_vec())),
        }
    }
}
