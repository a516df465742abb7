//! A range of public keys as it is read and recorded.

use std::collections::VecDeque;

use fabric_protos::kvrwset::{KvRead, RangeQueryInfo};

use super::{Page, RANGE_CHUNK, SimulateError};
use crate::rwset::RangeReads;
use crate::state::{StateView, Versioned};

/// A range being read and what it has shown so far.
#[derive(Debug)]
pub(super) struct Range {
    pub(super) namespace: String,
    start: String,
    end: String,
    /// Where the next chunk begins; `None` after the last one.
    resume: Option<String>,
    ready: VecDeque<(String, Versioned)>,
    reads: RangeReads,
    last: Option<String>,
    exhausted: bool,
}

impl Range {
    pub(super) fn new(namespace: &str, start: &str, end: &str) -> Self {
        Self {
            namespace: namespace.to_owned(),
            start: start.to_owned(),
            end: end.to_owned(),
            resume: Some(start.to_owned()),
            ready: VecDeque::new(),
            reads: RangeReads::new(),
            last: None,
            exhausted: false,
        }
    }

    pub(super) fn next(
        &mut self,
        state: &impl StateView,
    ) -> Result<Option<(String, Vec<u8>)>, SimulateError> {
        if self.ready.is_empty() {
            self.fill(state)?;
        }
        let Some((key, versioned)) = self.ready.pop_front() else {
            self.exhausted = true;
            return Ok(None);
        };
        Ok(Some(self.show(key, versioned)))
    }

    fn fill(&mut self, state: &impl StateView) -> Result<(), SimulateError> {
        let Some(start) = self.resume.take() else { return Ok(()) };
        let chunk = state.range(&self.namespace, &start, &self.end, RANGE_CHUNK)?;
        if chunk.len() >= RANGE_CHUNK {
            self.resume = chunk.last().map(|(key, _)| after(key));
        }
        self.ready = chunk.into();
        Ok(())
    }

    pub(super) fn page(
        &mut self,
        state: &impl StateView,
        size: usize,
    ) -> Result<Page, SimulateError> {
        let limit = size.saturating_add(1);
        let mut found = state.range(&self.namespace, &self.start, &self.end, limit)?;
        let next = if found.len() > size { found.pop() } else { None };
        let entries = found.into_iter().map(|(key, value)| self.show(key, value)).collect();
        self.exhausted = true;
        Ok(Page { entries, bookmark: next.map(|(key, _)| key).unwrap_or_default() })
    }

    fn show(&mut self, key: String, versioned: Versioned) -> (String, Vec<u8>) {
        let version = Some(versioned.version.into());
        self.reads.add(KvRead { key: key.clone(), version });
        self.last = Some(key.clone());
        (key, versioned.value)
    }

    /// What validation compares: up to the last key seen, or up to the end if that was seen.
    pub(super) fn info(self) -> RangeQueryInfo {
        let end_key = if self.exhausted { self.end } else { self.last.unwrap_or_default() };
        RangeQueryInfo {
            start_key: self.start,
            end_key,
            itr_exhausted: self.exhausted,
            reads_info: self.reads.finish(),
        }
    }
}

/// The least key above `key`.
pub(super) fn after(key: &str) -> String {
    let mut after = key.to_owned();
    after.push('\0');
    after
}
