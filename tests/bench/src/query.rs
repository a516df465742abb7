//! Rich queries over the peer's state, and the iterators they leave open.

use std::collections::{BTreeMap, HashMap, VecDeque};

use bytes::Bytes;
use fabric_protos::Message as _;
use fabric_protos::protos::{
    QueryMetadata, QueryResponse, QueryResponseMetadata, QueryResultBytes,
};
use fabric_protos::queryresult::Kv;
use pervade_ledger::answer::{OPEN_ITERATORS_MAX, QUERY_BATCH, QUERY_RESULTS_MAX};
use pervade_ledger::query::{Found, Query, QueryError, QueryRun};
use pervade_ledger::state::{Version, Versioned};

use crate::peer::Space;

/// What the peer keeps its state in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "the two databases of Fabric's peers")]
pub enum Database {
    /// Searches values that are JSON.
    #[default]
    CouchDb,
    /// Understands keys alone, and refuses every rich query.
    LevelDb,
}

/// What has become of the iterators that rich queries opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "figures")]
pub struct Queried {
    /// Batches sent of all of them.
    pub batches: u64,
    /// Read to the end.
    pub read: u64,
    /// Closed by the chaincode before that.
    pub closed: u64,
    /// Left open to the end of their transaction, which closes them.
    pub left: u64,
}

/// The rich queries of all transactions.
#[derive(Debug, Default)]
pub(crate) struct Queries {
    pub(crate) database: Database,
    pub(crate) queried: Queried,
    open: HashMap<String, Open>,
    made: u64,
}

/// Results that the chaincode has not read.
#[derive(Debug)]
struct Open {
    tx_id: Bytes,
    rest: VecDeque<QueryResultBytes>,
}

impl Queries {
    /// Opens an iterator and returns its first batch. It sees the state as it is now.
    pub(crate) fn open(
        &mut self,
        tx_id: &Bytes,
        space: &Space,
        query: &str,
    ) -> Result<QueryResponse, Refusal> {
        if self.database == Database::LevelDb {
            return Err(Refusal::Query);
        }
        if self.open.len() >= OPEN_ITERATORS_MAX {
            return Err(Refusal::TooManyIterators);
        }
        let mut run = QueryRun::new(Query::parse(query)?, "")?;
        let rest = found(&mut run, space, QUERY_RESULTS_MAX)?.into_iter().map(result).collect();
        self.made = self.made.saturating_add(1);
        let id = self.made.to_string();
        self.open.insert(id.clone(), Open { tx_id: tx_id.clone(), rest });
        self.next(tx_id, &id)
    }

    /// A whole page, and where the next begins. It leaves nothing open.
    pub(crate) fn page(
        &self,
        space: &Space,
        query: &str,
        page: &QueryMetadata,
    ) -> Result<QueryResponse, Refusal> {
        if self.database == Database::LevelDb {
            return Err(Refusal::Page);
        }
        let size = match usize::try_from(page.page_size) {
            Ok(0) | Err(_) => QUERY_RESULTS_MAX,
            Ok(size) => size.min(QUERY_RESULTS_MAX),
        };
        let mut run = QueryRun::new(Query::parse(query)?, &page.bookmark)?;
        let found = found(&mut run, space, size)?;
        let metadata = QueryResponseMetadata {
            fetched_records_count: i32::try_from(found.len()).unwrap_or(i32::MAX),
            bookmark: run.bookmark(found.last()),
        };
        let results = found.into_iter().map(result).collect();
        let metadata = metadata.encode_to_vec();
        Ok(QueryResponse { results, metadata, ..QueryResponse::default() })
    }

    /// An iterator's next batch. The last one closes it.
    pub(crate) fn next(&mut self, tx_id: &Bytes, id: &str) -> Result<QueryResponse, Refusal> {
        let open = self.open.get_mut(id).filter(|open| open.tx_id == *tx_id);
        let rest = &mut open.ok_or(Refusal::NoIterator)?.rest;
        let results = rest.drain(..rest.len().min(QUERY_BATCH)).collect();
        let has_more = !rest.is_empty();
        self.queried.batches = self.queried.batches.saturating_add(1);
        if !has_more {
            self.open.remove(id);
            self.queried.read = self.queried.read.saturating_add(1);
        }
        Ok(QueryResponse { results, has_more, id: id.to_owned(), metadata: Vec::new() })
    }

    /// Closes an iterator, if the transaction has it open.
    pub(crate) fn close(&mut self, tx_id: &Bytes, id: String) -> QueryResponse {
        if self.open.get(&id).is_some_and(|open| open.tx_id == *tx_id) {
            self.open.remove(&id);
            self.queried.closed = self.queried.closed.saturating_add(1);
        }
        QueryResponse { id, ..QueryResponse::default() }
    }

    /// Closes what an ended transaction has left open.
    pub(crate) fn end(&mut self, tx_id: &Bytes) {
        if self.open.is_empty() {
            return;
        }
        let left = self.open.extract_if(|_id, open| open.tx_id == *tx_id).count();
        let left = u64::try_from(left).unwrap_or(u64::MAX);
        self.queried.left = self.queried.left.saturating_add(left);
    }
}

/// The next results, at most `limit` of them.
fn found(run: &mut QueryRun, space: &Space, limit: usize) -> Result<Vec<Found>, QueryError> {
    let entries: BTreeMap<_, _> = space.iter().filter_map(entry).collect();
    let read = |start: &str| {
        let from = entries.range(start.to_owned()..);
        Ok((from.map(|(key, value)| (key.clone(), value.clone())).collect(), None))
    };
    let mut found = Vec::new();
    while found.len() < limit
        && let Some(one) = run.next::<QueryError>(read)?
    {
        found.push(one);
    }
    Ok(found)
}

/// This peer has no versions, and a query shows none. Keys are text on the wire.
fn entry((key, value): (&Bytes, &Bytes)) -> Option<(String, Versioned)> {
    let key = std::str::from_utf8(key).ok()?.to_owned();
    let version = Version { block: 0, transaction: 0 };
    Some((key, Versioned { value: value.to_vec(), metadata: None, version }))
}

fn result(Found { key, value, .. }: Found) -> QueryResultBytes {
    let entry = Kv { namespace: "bench".to_owned(), key, value };
    QueryResultBytes { result_bytes: entry.encode_to_vec() }
}

/// Why a query is refused. The texts are Fabric's where Fabric has one.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refusal {
    /// The database understands keys alone.
    #[error("ExecuteQuery not supported for leveldb")]
    Query,
    /// The database understands keys alone, and a page was asked for.
    #[error("ExecuteQueryWithMetadata not supported for leveldb")]
    Page,
    /// The query itself is at fault.
    #[error(transparent)]
    Invalid(#[from] QueryError),
    /// The iterator was never opened, is used up, or is another transaction's.
    #[error("query iterator not found")]
    NoIterator,
    /// More than [`OPEN_ITERATORS_MAX`] iterators.
    #[error("more than {OPEN_ITERATORS_MAX} iterators are open")]
    TooManyIterators,
}
