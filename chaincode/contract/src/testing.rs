//! An in-memory ledger for contract tests.
//!
//! It runs contracts through the same [`Execution`] as a peer's
//! stream does, and keeps the rules that surprise: a transaction never sees its own writes, a
//! failed one leaves nothing behind, a called chaincode writes into its own namespace and sees
//! the client's proposal. It checks no signatures, endorsement policies or versions.

use std::collections::BTreeMap;
use std::sync::Arc;

use fabric_protos::id::ChaincodeName;

use crate::Chaincode;
use crate::host::{Execution, Outcome, Page, Reply, Request, Step};
use crate::transaction::Entry;

pub use call::TestCall;

mod call;

/// Committed state and the chaincodes that work on it.
#[derive(Debug, Default)]
pub struct TestLedger {
    chaincodes: BTreeMap<ChaincodeName, Arc<Chaincode>>,
    state: BTreeMap<String, BTreeMap<String, Vec<u8>>>,
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

    /// Runs a call and, if it succeeds, commits its writes.
    pub fn submit(&mut self, call: &TestCall) -> Outcome {
        let mut run = Run { ledger: self, call, writes: BTreeMap::new(), depth: 0 };
        let outcome = run.execute(&call.chaincode, call.arguments.clone());
        let writes = run.writes;
        if outcome.is_success() {
            for ((namespace, key), value) in writes {
                let entries = self.state.entry(namespace).or_default();
                match value {
                    Some(value) => entries.insert(key, value),
                    None => entries.remove(&key),
                };
            }
        }
        outcome
    }

    /// Runs a call and commits nothing.
    #[must_use]
    pub fn evaluate(&self, call: &TestCall) -> Outcome {
        let mut run = Run { ledger: self, call, writes: BTreeMap::new(), depth: 0 };
        run.execute(&call.chaincode, call.arguments.clone())
    }

    /// The keys, with their namespaces, that a call would write.
    #[must_use]
    pub fn writes_of(&self, call: &TestCall) -> Vec<(String, String)> {
        let mut run = Run { ledger: self, call, writes: BTreeMap::new(), depth: 0 };
        let _outcome = run.execute(&call.chaincode, call.arguments.clone());
        run.writes.into_keys().collect()
    }

    /// A committed value.
    #[must_use]
    pub fn value(&self, chaincode: &str, key: &str) -> Option<&[u8]> {
        self.state.get(chaincode)?.get(key).map(Vec::as_slice)
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
    depth: usize,
}

impl Run<'_> {
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
        let mut iterators = BTreeMap::new();
        let (mut execution, mut step) = Execution::start(chaincode, invocation);
        loop {
            match step {
                Step::Done(outcome) => return outcome,
                Step::Ask(request) => {
                    step = execution.resume(self.answer(name, request, &mut iterators));
                }
            }
        }
    }

    fn answer(
        &mut self,
        name: &ChaincodeName,
        request: Request,
        iterators: &mut BTreeMap<String, Vec<Entry>>,
    ) -> Reply {
        let namespace = name.as_str().to_owned();
        match request {
            Request::Get { key } => {
                Reply::Value(self.ledger.value(&namespace, &key).map(<[u8]>::to_vec))
            }
            Request::Put { key, value } => {
                self.writes.insert((namespace, key), Some(value));
                Reply::Accepted
            }
            Request::Delete { key } => {
                self.writes.insert((namespace, key), None);
                Reply::Accepted
            }
            Request::Range { start, end } => {
                page(iterators, self.ledger.range(&namespace, &start, &end))
            }
            Request::NextPage { iterator } => match iterators.remove(&iterator) {
                Some(rest) => page(iterators, rest),
                None => Reply::Refused { reason: format!("no iterator {iterator}") },
            },
            Request::CloseIterator { iterator } => {
                iterators.remove(&iterator);
                Reply::Accepted
            }
            Request::Call { chaincode, arguments } => {
                self.depth = self.depth.saturating_add(1);
                let outcome = self.execute(&chaincode, arguments);
                self.depth = self.depth.saturating_sub(1);
                Reply::Called(outcome)
            }
        }
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

fn page(iterators: &mut BTreeMap<String, Vec<Entry>>, mut entries: Vec<Entry>) -> Reply {
    let rest = entries.split_off(entries.len().min(PAGE_ENTRIES));
    let more = (!rest.is_empty()).then(|| {
        let iterator = format!("iterator {}", iterators.len());
        iterators.insert(iterator.clone(), rest);
        iterator
    });
    Reply::Page(Page { entries, more })
}

fn failure(status: i32, message: String) -> Outcome {
    Outcome { status, message, payload: Vec::new(), event: None }
}
