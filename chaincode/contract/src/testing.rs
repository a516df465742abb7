//! An in-memory ledger for contract tests.
//!
//! It runs contracts through the same [`Execution`] as a peer's
//! stream does, and keeps the rules that surprise: a transaction never sees its own writes, a
//! failed one leaves nothing behind, a called chaincode writes into its own namespace and sees
//! the client's proposal, and who pages or searches private data may not write. It is one
//! organisation's view, a member of every collection. It checks no signatures, endorsement policies or versions.

use std::collections::BTreeMap;
use std::sync::Arc;

use fabric_protos::id::ChaincodeName;
use sha2::{Digest, Sha256};

use crate::Chaincode;
use crate::host::{
    Changes, Execution, Outcome, Page, Reply, Request, Step, Terms, Write, WriteChange,
};
use crate::transaction::{Change, Entry, EntryPage};

pub use call::TestCall;

mod call;

/// Committed state and the chaincodes that work on it.
#[derive(Debug, Default)]
pub struct TestLedger {
    chaincodes: BTreeMap<ChaincodeName, Arc<Chaincode>>,
    state: BTreeMap<String, BTreeMap<String, Vec<u8>>>,
    metadata: BTreeMap<(String, String), BTreeMap<String, Vec<u8>>>,
    /// Every change of every key, oldest first.
    changes: BTreeMap<(String, String), Vec<Change>>,
    terms: Terms,
}

impl TestLedger {
    /// An empty ledger.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Deploys a chaincode under its own name.
    #[must_use]
    pub fn with(mut self, chaincode: Chaincode) -> Self {
        self.chaincodes.insert(chaincode.name().clone(), Arc::new(chaincode));
        self
    }

    /// Takes batches and several keys at a time as announced; [`Terms::SINGLE`] at first.
    #[must_use]
    pub fn announcing(mut self, terms: Terms) -> Self {
        self.terms = terms;
        self
    }

    /// Runs a call and, if it succeeds, commits its writes.
    pub fn submit(&mut self, call: &TestCall) -> Outcome {
        let mut run = Run::new(self, call);
        let outcome = run.execute(&call.chaincode, call.arguments.clone());
        let Run { writes, metadata, .. } = run;
        if outcome.is_success() {
            for (place, value) in writes {
                self.commit(place, value, call);
            }
            for (place, metadata) in metadata {
                // What is said of a key that does not exist is lost.
                if self.value(&place.0, &place.1).is_some() {
                    self.metadata.insert(place, metadata);
                }
            }
        }
        outcome
    }

    fn commit(&mut self, place: (String, String), value: Option<Vec<u8>>, call: &TestCall) {
        let (namespace, key) = place.clone();
        let entries = self.state.entry(namespace).or_default();
        match value.clone() {
            Some(value) => entries.insert(key, value),
            None => {
                self.metadata.remove(&place);
                entries.remove(&key)
            }
        };
        let change = Change { tx_id: call.tx_id(), value, claimed_time: call.claimed_time() };
        self.changes.entry(place).or_default().push(change);
    }

    /// Runs a call and commits nothing.
    #[must_use]
    pub fn evaluate(&self, call: &TestCall) -> Outcome {
        Run::new(self, call).execute(&call.chaincode, call.arguments.clone())
    }

    /// The keys, with their namespaces, that a call would write.
    #[must_use]
    pub fn writes_of(&self, call: &TestCall) -> Vec<(String, String)> {
        let mut run = Run::new(self, call);
        let _outcome = run.execute(&call.chaincode, call.arguments.clone());
        run.writes.into_keys().collect()
    }

    /// A committed value.
    #[must_use]
    pub fn value(&self, chaincode: &str, key: &str) -> Option<&[u8]> {
        self.state.get(chaincode)?.get(key).map(Vec::as_slice)
    }

    /// A committed value of a private collection.
    #[must_use]
    pub fn private_value(&self, chaincode: &str, collection: &str, key: &str) -> Option<&[u8]> {
        self.value(&space(chaincode, collection), key)
    }

    /// The committed keys of a chaincode, in order.
    #[must_use]
    pub fn keys(&self, chaincode: &str) -> Vec<&str> {
        let entries = self.state.get(chaincode);
        entries.into_iter().flat_map(BTreeMap::keys).map(String::as_str).collect()
    }
}

/// Most chaincodes that may call one another in a row.
const DEPTH_MAX: usize = 16;

/// Entries in a page; a peer sends 100.
const PAGE_ENTRIES: usize = 3;

/// One transaction being simulated.
struct Run<'a> {
    ledger: &'a TestLedger,
    call: &'a TestCall,
    writes: BTreeMap<(String, String), Option<Vec<u8>>>,
    metadata: BTreeMap<(String, String), BTreeMap<String, Vec<u8>>>,
    has_written: bool,
    /// Whether a query ran that only transactions without writes may make.
    is_read_only: bool,
    depth: usize,
}

/// What a chaincode has not read yet of the queries it has opened.
#[derive(Default)]
struct Iterators {
    entries: BTreeMap<String, Vec<Entry>>,
    changes: BTreeMap<String, Vec<Change>>,
    made: usize,
}

impl<'a> Run<'a> {
    fn new(ledger: &'a TestLedger, call: &'a TestCall) -> Self {
        Self {
            ledger,
            call,
            writes: BTreeMap::new(),
            metadata: BTreeMap::new(),
            has_written: false,
            is_read_only: false,
            depth: 0,
        }
    }

    fn execute(&mut self, name: &ChaincodeName, arguments: Vec<Vec<u8>>) -> Outcome {
        let Some(chaincode) = self.ledger.chaincodes.get(name) else {
            return failure(500, format!("chaincode {name} not found"));
        };
        if self.depth >= DEPTH_MAX {
            return failure(500, "too many nested calls".to_owned());
        }
        let invocation = match self.call.invocation(arguments) {
            Ok(invocation) => invocation,
            Err(error) => return failure(400, error.to_string()),
        };
        let mut iterators = Iterators::default();
        let (mut execution, mut step) = Execution::start(chaincode, invocation, self.ledger.terms);
        loop {
            match step {
                Step::Done(outcome) => return outcome,
                Step::Ask(request) => {
                    step = execution.resume(self.answer(name, request, &mut iterators));
                }
            }
        }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "the rest are queries")]
    fn answer(
        &mut self,
        name: &ChaincodeName,
        request: Request,
        iterators: &mut Iterators,
    ) -> Reply {
        let namespace = name.as_str();
        match request {
            Request::Get { collection, key } => {
                let space = space(namespace, &collection);
                Reply::Value(self.ledger.value(&space, &key).map(<[u8]>::to_vec))
            }
            Request::GetMany { collection, keys } => {
                let space = space(namespace, &collection);
                let values = keys.iter().map(|key| self.ledger.value(&space, key));
                Reply::Values(values.map(|value| value.map(<[u8]>::to_vec)).collect())
            }
            Request::Hash { collection, key } => {
                let value = self.ledger.private_value(namespace, &collection, &key);
                Reply::Value(value.map(|value| Sha256::digest(value).to_vec()))
            }
            Request::Put { collection, key, value } => {
                let change = WriteChange::Put(value);
                self.write(namespace, Write { collection, key, change })
            }
            Request::Delete { collection, key } => {
                self.write(namespace, Write { collection, key, change: WriteChange::Delete })
            }
            Request::Purge { collection, key } => {
                self.write(namespace, Write { collection, key, change: WriteChange::Purge })
            }
            Request::PutMetadata { collection, key, name, value } => {
                let change = WriteChange::Metadata { name, value };
                self.write(namespace, Write { collection, key, change })
            }
            Request::Batch(writes) => self.write_all(namespace, writes),
            Request::Metadata { collection, key } => {
                let metadata = self.ledger.metadata.get(&(space(namespace, &collection), key));
                Reply::Metadata(metadata.cloned().unwrap_or_default())
            }
            Request::Call { channel: Some(channel), .. } => {
                let reason = format!("failed to find ledger for channel: {channel}");
                Reply::Refused { reason }
            }
            Request::Call { chaincode, channel: None, arguments } => {
                self.depth = self.depth.saturating_add(1);
                let outcome = self.execute(&chaincode, arguments);
                self.depth = self.depth.saturating_sub(1);
                Reply::Called(outcome)
            }
            query => self.answer_query(namespace, query, iterators),
        }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "the rest are queries that it lacks")]
    fn answer_query(
        &mut self,
        namespace: &str,
        request: Request,
        iterators: &mut Iterators,
    ) -> Reply {
        match request {
            Request::Range { collection, start, end } if !collection.is_empty() => {
                let space = space(namespace, &collection);
                self.query(|ledger| iterators.page(ledger.range(&space, &start, &end)))
            }
            Request::Range { start, end, .. } => {
                iterators.page(self.ledger.range(namespace, &start, &end))
            }
            Request::RangePage { start, end, size, bookmark } => {
                let start = if bookmark.is_empty() { start } else { bookmark };
                self.query(|ledger| entry_page(ledger.range(namespace, &start, &end), size))
            }
            Request::History { key } => {
                let changes = self.ledger.changes.get(&(namespace.to_owned(), key));
                iterators.changes(changes.into_iter().flatten().rev().cloned().collect())
            }
            Request::NextPage { iterator } => match iterators.entries.remove(&iterator) {
                Some(rest) => iterators.page(rest),
                None => Reply::Refused { reason: format!("no iterator {iterator}") },
            },
            Request::NextChanges { iterator } => match iterators.changes.remove(&iterator) {
                Some(rest) => iterators.changes(rest),
                None => Reply::Refused { reason: format!("no iterator {iterator}") },
            },
            Request::CloseIterator { iterator } => {
                iterators.entries.remove(&iterator);
                iterators.changes.remove(&iterator);
                Reply::Accepted
            }
            _ => Reply::Refused { reason: "ExecuteQuery not supported for leveldb".to_owned() },
        }
    }

    /// Makes changes in their order, up to the first that is refused.
    fn write_all(&mut self, namespace: &str, writes: Vec<Write>) -> Reply {
        for write in writes {
            let reply = self.write(namespace, write);
            if reply != Reply::Accepted {
                return reply;
            }
        }
        Reply::Accepted
    }

    fn write(&mut self, namespace: &str, write: Write) -> Reply {
        if self.is_read_only {
            let reason = "a transaction that made a paginated or private query may not write";
            return Reply::Refused { reason: reason.to_owned() };
        }
        self.has_written = true;
        let place = (space(namespace, &write.collection), write.key);
        match write.change {
            WriteChange::Put(value) => {
                self.writes.insert(place, Some(value));
            }
            WriteChange::Delete | WriteChange::Purge => {
                self.writes.insert(place, None);
            }
            WriteChange::Metadata { name, value } => {
                self.metadata.insert(place, BTreeMap::from([(name, value)]));
            }
        }
        Reply::Accepted
    }

    /// Answers a query that only transactions without writes may make.
    fn query(&mut self, answer: impl FnOnce(&TestLedger) -> Reply) -> Reply {
        if self.has_written {
            let reason = "a transaction that has written may not make this query".to_owned();
            return Reply::Refused { reason };
        }
        self.is_read_only = true;
        answer(self.ledger)
    }
}

impl TestLedger {
    fn range(&self, namespace: &str, start: &str, end: &str) -> Vec<Entry> {
        let entries = self.state.get(namespace);
        entries
            .into_iter()
            .flatten()
            .filter(|(key, _)| key.as_str() >= start && (end.is_empty() || key.as_str() < end))
            .map(|(key, value)| Entry { key: key.clone(), value: value.clone() })
            .collect()
    }
}

impl Iterators {
    fn page(&mut self, mut entries: Vec<Entry>) -> Reply {
        let rest = entries.split_off(entries.len().min(PAGE_ENTRIES));
        let more = (!rest.is_empty()).then(|| self.name());
        if let Some(iterator) = &more {
            self.entries.insert(iterator.clone(), rest);
        }
        Reply::Page(Page { entries, more })
    }

    fn changes(&mut self, mut changes: Vec<Change>) -> Reply {
        let rest = changes.split_off(changes.len().min(PAGE_ENTRIES));
        let more = (!rest.is_empty()).then(|| self.name());
        if let Some(iterator) = &more {
            self.changes.insert(iterator.clone(), rest);
        }
        Reply::Changes(Changes { changes, more })
    }

    fn name(&mut self) -> String {
        self.made = self.made.saturating_add(1);
        format!("iterator {}", self.made)
    }
}

/// Where a collection's keys lie: public state under the chaincode's name, a private collection
/// under a name that no chaincode has.
fn space(namespace: &str, collection: &str) -> String {
    if collection.is_empty() { namespace.to_owned() } else { format!("{namespace}$${collection}") }
}

fn entry_page(mut entries: Vec<Entry>, size: u32) -> Reply {
    let size = usize::try_from(size).unwrap_or(usize::MAX);
    let rest = entries.split_off(entries.len().min(size));
    let bookmark = rest.into_iter().next().map(|entry| entry.key).unwrap_or_default();
    Reply::EntryPage(EntryPage { entries, bookmark })
}

fn failure(status: i32, message: String) -> Outcome {
    Outcome { status, message, payload: Vec::new(), event: None }
}
