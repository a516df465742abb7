//! Pages of a range, for clients that come back for the next one.

use super::range;
use crate::host::{Reply, Request};
use crate::{CompositeKey, Entry, InvalidRequest, LedgerError, ReadTransaction};

/// A page of a range of keys, or of what a query selects.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "complete by definition")]
pub struct EntryPage {
    /// The entries, in key order, or in the query's.
    pub entries: Vec<Entry>,
    /// What to ask for the next page with; empty after the last.
    pub bookmark: String,
}

/// Pages. Peers refuse them in a transaction that writes, before or after: these functions take
/// the transaction as `&mut ReadTransaction`, which a [`Transaction`](crate::Transaction) does
/// not give away.
impl ReadTransaction {
    /// At most `size` entries from `start` on and before `end`, as [`range`](Self::range) has
    /// them, beginning at a bookmark; the empty one is the range's start.
    ///
    /// # Errors
    /// If a bound begins with U+0000, the size is 0, the bookmark lies outside the range, or the
    /// ledger refuses.
    pub async fn range_page(
        &mut self,
        start: &str,
        end: &str,
        size: u32,
        bookmark: &str,
    ) -> Result<EntryPage, LedgerError> {
        self.page(range::plain_bounds(start, end)?, size, bookmark).await
    }

    /// At most `size` entries whose composite keys begin with the parts of `prefix`; with an
    /// object type alone, of all keys of that type.
    ///
    /// # Errors
    /// If the size is 0, the bookmark lies outside the range, or the ledger refuses.
    pub async fn composite_page(
        &mut self,
        prefix: &CompositeKey,
        size: u32,
        bookmark: &str,
    ) -> Result<EntryPage, LedgerError> {
        self.page((prefix.as_str().to_owned(), prefix.range_end()), size, bookmark).await
    }

    /// At most `size` entries of composite keys, whatever their type.
    ///
    /// # Errors
    /// If the size is 0, the bookmark is no composite key, or the ledger refuses.
    pub async fn all_composite_page(
        &mut self,
        size: u32,
        bookmark: &str,
    ) -> Result<EntryPage, LedgerError> {
        self.page(range::composite_bounds(), size, bookmark).await
    }

    async fn page(
        &mut self,
        (start, end): (String, String),
        size: u32,
        bookmark: &str,
    ) -> Result<EntryPage, LedgerError> {
        not_empty(size)?;
        // The peer would begin wherever the bookmark says, outside the range as well.
        inside((&start, &end), bookmark)?;
        let request = Request::RangePage { start, end, size, bookmark: bookmark.to_owned() };
        let Reply::EntryPage(page) = self.ask(request).await? else {
            return Err(LedgerError::UnexpectedReply { request: "range page" });
        };
        Ok(page)
    }
}

pub(super) fn not_empty(size: u32) -> Result<(), InvalidRequest> {
    if size == 0 { Err(InvalidRequest::PageSize) } else { Ok(()) }
}

/// Refuses a bookmark outside the range.
pub(super) fn inside((start, end): (&str, &str), bookmark: &str) -> Result<(), InvalidRequest> {
    let is_inside = bookmark >= start && (end.is_empty() || bookmark < end);
    if bookmark.is_empty() || is_inside {
        return Ok(());
    }
    Err(InvalidRequest::Bookmark { bookmark: bookmark.to_owned() })
}
