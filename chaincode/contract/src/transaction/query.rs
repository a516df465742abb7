//! Rich queries, for peers whose state database understands JSON.

use crate::host::{Reply, Request};
use crate::{Entry, EntryPage, LedgerError, Range, ReadTransaction};

use super::PUBLIC;

impl ReadTransaction {
    /// The entries that a query selects, in the language of the peer's state database: a JSON
    /// object with a `selector`, and perhaps `sort`, `fields` and `limit`. Peers whose database
    /// knows keys alone refuse.
    ///
    /// Nothing checks at commit that the query would still select the same: do not decide a
    /// write on it alone, or read again by [`get`](Self::get) what the decision rests on.
    ///
    /// ```
    /// # use pervade_chaincode::{LedgerError, ReadTransaction};
    /// # async fn list(tx: &ReadTransaction) -> Result<(), LedgerError> {
    /// let mut owned = tx.query(r#"{"selector":{"owner":"ann"}}"#);
    /// while let Some(entry) = owned.next().await? {
    ///     println!("{}", entry.key);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn query(&self, query: impl Into<String>) -> Query {
        Query::new(Range::query(self.ledger.clone(), PUBLIC, query.into()))
    }

    /// At most `size` entries that a query selects, as [`query`](Self::query) has them, beginning
    /// at a bookmark; the empty one is the start.
    ///
    /// Peers refuse it in a transaction that writes; see [`range_page`](Self::range_page).
    ///
    /// # Errors
    /// If the size is 0 or the ledger refuses.
    pub async fn query_page(
        &mut self,
        query: impl Into<String>,
        size: u32,
        bookmark: &str,
    ) -> Result<EntryPage, LedgerError> {
        super::page::not_empty(size)?;
        let (query, bookmark) = (query.into(), bookmark.to_owned());
        let request = Request::QueryPage { query, size, bookmark };
        let Reply::EntryPage(page) = self.ask(request).await? else {
            return Err(LedgerError::UnexpectedReply { request: "query page" });
        };
        Ok(page)
    }
}

/// What a query selects, being read. Dropped before its end, it is closed at the peer.
#[derive(Debug)]
pub struct Query(Range);

impl Query {
    pub(super) fn new(entries: Range) -> Self {
        Self(entries)
    }

    /// The next entry in the query's order, or `None` after the last.
    ///
    /// # Errors
    /// If the ledger refuses; the query then yields nothing more.
    pub async fn next(&mut self) -> Result<Option<Entry>, LedgerError> {
        self.0.next().await
    }
}
