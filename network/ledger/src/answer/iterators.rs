//! Queries with more than one result: batches, pages and iterators.
//!
//! How many results an iterator has pulled goes into the transaction's read set, so it depends on
//! the chaincode's requests alone: one result more than the batches that were sent, because only
//! that one tells whether there is more.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;

use fabric_protos::Message;
use fabric_protos::protos::{
    GetQueryResult, GetStateByRange, QueryMetadata, QueryResponse, QueryResponseMetadata,
    QueryResultBytes,
};
use fabric_protos::queryresult::{KeyModification, Kv};

use super::{AnswerError, Call, decode};
use crate::simulate::{Page, PrivateRange, RangeCursor, Search, SimulateError, Simulator};
use crate::state::{PrivateView, StateView};

/// Iterators that one call may hold open.
pub const OPEN_ITERATORS_MAX: usize = 1_000;

/// Results that travel to the chaincode in one message of an unpaged query.
pub const QUERY_BATCH: usize = 100;

/// Results of one query; the rest is cut off silently, as peers do.
pub const QUERY_RESULTS_MAX: usize = 100_000;

/// The iterators that one call holds open.
#[derive(Default)]
pub struct Iterators {
    open: BTreeMap<String, Iterator>,
    made: u64,
}

impl fmt::Debug for Iterators {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Iterators").field("open", &self.open.len()).finish_non_exhaustive()
    }
}

struct Iterator {
    namespace: String,
    source: Source,
    /// Pulled, but not sent yet.
    pending: Option<Vec<u8>>,
    returned: usize,
}

enum Source {
    Range(RangeCursor),
    PrivateRange(Box<PrivateRange>),
    Search(Box<Search>),
    /// What is left, newest first.
    History(VecDeque<KeyModification>),
}

impl Iterators {
    /// Opens a range query and returns its first batch, or the whole page of a paged one.
    pub(super) fn range<S: StateView + PrivateView>(
        &mut self,
        simulator: &mut Simulator<S>,
        call: &Call<'_>,
        asked: &GetStateByRange,
    ) -> Result<Vec<u8>, AnswerError> {
        let bounds = (asked.start_key.as_str(), asked.end_key.as_str());
        let namespace = call.chaincode;
        let paging = Paging::of(&asked.metadata)?;
        if !asked.collection.is_empty() {
            let place = (namespace, asked.collection.as_str());
            let range = simulator.private_range(call.organization, place, bounds)?;
            return self.first(simulator, namespace, Source::PrivateRange(Box::new(range)));
        }
        if let Some(Paging { size, bookmark }) = paging {
            let start = if bookmark.is_empty() { bounds.0 } else { bookmark.as_str() };
            let page = simulator.page(namespace, (start, bounds.1), size)?;
            return Ok(self.page(namespace, page));
        }
        let cursor = simulator.range(namespace, bounds.0, bounds.1)?;
        self.first(simulator, namespace, Source::Range(cursor))
    }

    /// Opens a JSON query and returns its first batch, or the whole page of a paged one.
    pub(super) fn query<S: StateView + PrivateView>(
        &mut self,
        simulator: &mut Simulator<S>,
        call: &Call<'_>,
        asked: &GetQueryResult,
    ) -> Result<Vec<u8>, AnswerError> {
        let GetQueryResult { query, collection, metadata } = asked;
        let namespace = call.chaincode;
        let paging = Paging::of(metadata)?;
        if !collection.is_empty() {
            let place = (namespace, collection.as_str());
            let search = simulator.search_private(call.organization, place, query)?;
            return self.first(simulator, namespace, Source::Search(Box::new(search)));
        }
        if let Some(Paging { size, bookmark }) = paging {
            let page = simulator.search_page(namespace, query, (size, &bookmark))?;
            return Ok(self.page(namespace, page));
        }
        let search = simulator.search(namespace, query)?;
        self.first(simulator, namespace, Source::Search(Box::new(search)))
    }

    /// Opens a query of a key's past, newest first, and returns its first batch.
    pub(super) fn history<S: StateView + PrivateView>(
        &mut self,
        simulator: &mut Simulator<S>,
        changes: Vec<KeyModification>,
    ) -> Result<Vec<u8>, AnswerError> {
        self.first(simulator, "", Source::History(changes.into()))
    }

    /// Returns an iterator's next batch; the last one closes it, and so does a failure.
    pub(super) fn next<S: StateView + PrivateView>(
        &mut self,
        simulator: &mut Simulator<S>,
        id: &str,
    ) -> Result<Vec<u8>, AnswerError> {
        let iterator = self.open.get_mut(id).ok_or(AnswerError::NoIterator)?;
        let batch = iterator.batch(simulator);
        if !matches!(&batch, Ok((_, true))) {
            self.open.remove(id);
        }
        let (results, has_more) = batch?;
        let response = QueryResponse { results, has_more, id: id.to_owned(), metadata: Vec::new() };
        Ok(response.encode_to_vec())
    }

    /// Closes an iterator, if it is open.
    pub(super) fn close(&mut self, id: &str) -> Vec<u8> {
        self.open.remove(id);
        QueryResponse { id: id.to_owned(), ..QueryResponse::default() }.encode_to_vec()
    }

    fn first<S: StateView + PrivateView>(
        &mut self,
        simulator: &mut Simulator<S>,
        namespace: &str,
        source: Source,
    ) -> Result<Vec<u8>, AnswerError> {
        if self.open.len() >= OPEN_ITERATORS_MAX {
            return Err(AnswerError::TooManyIterators);
        }
        let id = self.new_id();
        let namespace = namespace.to_owned();
        let iterator = Iterator { namespace, source, pending: None, returned: 0 };
        self.open.insert(id.clone(), iterator);
        self.next(simulator, &id)
    }

    fn page(&mut self, namespace: &str, page: Page) -> Vec<u8> {
        let metadata = QueryResponseMetadata {
            fetched_records_count: i32::try_from(page.entries.len()).unwrap_or(i32::MAX),
            bookmark: page.bookmark,
        };
        let results = page.entries.into_iter().map(|(key, value)| result(namespace, key, value));
        let response = QueryResponse {
            results: results.map(|result_bytes| QueryResultBytes { result_bytes }).collect(),
            has_more: false,
            id: self.new_id(),
            metadata: metadata.encode_to_vec(),
        };
        response.encode_to_vec()
    }

    fn new_id(&mut self) -> String {
        self.made = self.made.saturating_add(1);
        self.made.to_string()
    }
}

/// Which page is asked for.
struct Paging {
    size: usize,
    bookmark: String,
}

impl Paging {
    /// `None` if the query is not paged.
    fn of(metadata: &[u8]) -> Result<Option<Self>, AnswerError> {
        let QueryMetadata { page_size, bookmark } = decode(metadata)?;
        if page_size == 0 && bookmark.is_empty() {
            return Ok(None);
        }
        let size = match usize::try_from(page_size) {
            Ok(0) | Err(_) => QUERY_RESULTS_MAX,
            Ok(size) => size.min(QUERY_RESULTS_MAX),
        };
        Ok(Some(Self { size, bookmark }))
    }
}

impl Iterator {
    /// The next results, and whether there are more after them.
    fn batch<S: StateView + PrivateView>(
        &mut self,
        simulator: &mut Simulator<S>,
    ) -> Result<(Vec<QueryResultBytes>, bool), SimulateError> {
        let mut batch: Vec<_> = self.pending.take().into_iter().collect();
        while self.returned < QUERY_RESULTS_MAX {
            let Some(result) = self.pull(simulator)? else { break };
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

    fn pull<S: StateView + PrivateView>(
        &mut self,
        simulator: &mut Simulator<S>,
    ) -> Result<Option<Vec<u8>>, SimulateError> {
        let found = match &mut self.source {
            Source::Range(cursor) => simulator.next(*cursor)?,
            Source::PrivateRange(range) => simulator.next_private(range)?,
            Source::Search(search) => simulator.next_found(search)?,
            Source::History(changes) => {
                return Ok(changes.pop_front().map(|change| change.encode_to_vec()));
            }
        };
        Ok(found.map(|(key, value)| result(&self.namespace, key, value)))
    }
}

fn result(namespace: &str, key: String, value: Vec<u8>) -> Vec<u8> {
    Kv { namespace: namespace.to_owned(), key, value }.encode_to_vec()
}
