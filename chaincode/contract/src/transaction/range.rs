//! Reading a range of keys, page by page.

use std::collections::VecDeque;
use std::fmt;

use crate::composite::{DELIMITER, LAST};
use crate::host::{Ledger, Reply, Request};
use crate::{CompositeKey, EntryPage, InvalidRequest, LedgerError};

/// A key and its value.
#[derive(Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "complete by definition")]
pub struct Entry {
    /// The key.
    pub key: String,
    /// Its committed value.
    pub value: Vec<u8>,
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}={:?}", self.key, String::from_utf8_lossy(&self.value))
    }
}

/// A range of keys being read. Dropped before its end, it is closed at the peer.
///
/// A page is asked for when an entry of it is wanted, never ahead: the peer records as read what
/// it handed out, and endorsers must record the same.
#[derive(Debug)]
pub struct Range {
    ledger: Ledger,
    position: Position,
    entries: VecDeque<Entry>,
}

impl Range {
    /// The next entry in key order, or `None` after the last.
    ///
    /// # Errors
    /// If the ledger refuses; the range then yields nothing more.
    pub async fn next(&mut self) -> Result<Option<Entry>, LedgerError> {
        loop {
            if let Some(entry) = self.entries.pop_front() {
                return Ok(Some(entry));
            }
            let request = match std::mem::replace(&mut self.position, Position::End) {
                Position::Start { collection, start, end } => {
                    Request::Range { collection, start, end }
                }
                Position::Select { collection, query } => Request::Query { collection, query },
                Position::Open { iterator } => Request::NextPage { iterator },
                Position::End => return Ok(None),
            };
            self.read(request).await?;
        }
    }

    /// At most `size` entries, and the key at which to go on.
    pub(super) async fn page(mut self, size: u32) -> Result<EntryPage, LedgerError> {
        let mut page = EntryPage { entries: Vec::new(), bookmark: String::new() };
        while let Some(entry) = self.next().await? {
            if u32::try_from(page.entries.len()).is_ok_and(|read| read >= size) {
                page.bookmark = entry.key;
                break;
            }
            page.entries.push(entry);
        }
        Ok(page)
    }

    pub(super) fn simple(
        ledger: Ledger,
        collection: &str,
        start: &str,
        end: &str,
    ) -> Result<Self, LedgerError> {
        let (start, end) = plain_bounds(start, end)?;
        Ok(Self::new(ledger, collection, start, end))
    }

    pub(super) fn prefix(
        ledger: Ledger,
        collection: &str,
        prefix: &str,
    ) -> Result<Self, LedgerError> {
        if prefix.is_empty() {
            return Err(InvalidRequest::EmptyKey.into());
        }
        Self::simple(ledger, collection, prefix, &format!("{prefix}{LAST}"))
    }

    pub(super) fn composite(ledger: Ledger, collection: &str, prefix: &CompositeKey) -> Self {
        Self::new(ledger, collection, prefix.as_str().to_owned(), prefix.range_end())
    }

    pub(super) fn query(ledger: Ledger, collection: &str, query: String) -> Self {
        let position = Position::Select { collection: collection.to_owned(), query };
        Self { ledger, position, entries: VecDeque::new() }
    }

    pub(super) fn new(ledger: Ledger, collection: &str, start: String, end: String) -> Self {
        let position = Position::Start { collection: collection.to_owned(), start, end };
        Self { ledger, position, entries: VecDeque::new() }
    }

    async fn read(&mut self, request: Request) -> Result<(), LedgerError> {
        let name = request.name();
        let Reply::Page(page) = self.ledger.request(request).await? else {
            return Err(LedgerError::UnexpectedReply { request: name });
        };
        self.entries = page.entries.into();
        if let Some(iterator) = page.more {
            self.position = Position::Open { iterator };
        }
        Ok(())
    }
}

impl Drop for Range {
    fn drop(&mut self) {
        if let Position::Open { iterator } = std::mem::replace(&mut self.position, Position::End) {
            self.ledger.tell(Request::CloseIterator { iterator });
        }
    }
}

/// The bounds of a range of plain keys.
pub(super) fn plain_bounds(start: &str, end: &str) -> Result<(String, String), InvalidRequest> {
    for bound in [start, end] {
        if bound.starts_with(DELIMITER) {
            return Err(InvalidRequest::CompositeBound { bound: bound.to_owned() });
        }
    }
    let start = if start.is_empty() { AFTER_COMPOSITE } else { start };
    Ok((start.to_owned(), end.to_owned()))
}

/// The bounds of the range of all composite keys.
pub(super) fn composite_bounds() -> (String, String) {
    (DELIMITER.to_string(), AFTER_COMPOSITE.to_owned())
}

/// Where a plain range without a start begins: behind the composite keys.
const AFTER_COMPOSITE: &str = "\u{1}";

#[derive(Debug)]
enum Position {
    Start { collection: String, start: String, end: String },
    Select { collection: String, query: String },
    Open { iterator: String },
    End,
}
