//! Private data: values that only the members of a collection hold, and their hashes on the
//! ledger of all.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use super::{checked, page, range};
use crate::host::{Request, WriteChange};
use crate::{
    CompositeKey, EntryPage, InvalidRequest, KeyPolicy, LedgerError, Query, Range, ReadTransaction,
    Transaction,
};

impl ReadTransaction {
    /// The values and hashes of a private collection.
    #[must_use]
    pub fn private<'t>(&'t self, collection: &'t str) -> PrivateReader<'t> {
        PrivateReader { transaction: self, collection }
    }

    /// Ranges and queries over a private collection.
    ///
    /// Peers refuse them in a transaction that writes, before or after: this function takes the
    /// transaction as `&mut ReadTransaction`, which a [`Transaction`] does not give away.
    #[must_use]
    pub fn private_queries<'t>(&'t mut self, collection: &'t str) -> PrivateQueries<'t> {
        PrivateQueries { transaction: self, collection }
    }
}

impl Transaction {
    /// The values and hashes of a private collection, to read and to write.
    #[must_use]
    pub fn private<'t>(&'t mut self, collection: &'t str) -> Private<'t> {
        Private { transaction: self, collection }
    }
}

/// Reads a private collection, key by key.
#[derive(Clone, Copy, Debug)]
pub struct PrivateReader<'t> {
    transaction: &'t ReadTransaction,
    collection: &'t str,
}

impl PrivateReader<'_> {
    /// The committed value of a key; `None` if it was never written or is deleted.
    ///
    /// # Errors
    /// If the collection or the key is empty, or the ledger refuses: peers of organisations
    /// outside the collection do, and those that have not received the value yet.
    pub async fn get(&self, key: impl AsRef<str>) -> Result<Option<Vec<u8>>, LedgerError> {
        let (collection, key) = (named(self.collection)?, checked(key.as_ref())?);
        self.transaction.value(Request::Get { collection, key }).await
    }

    /// The SHA-256 of a key's committed value, which every peer of the channel has; `None` if
    /// the key was never written or is deleted.
    ///
    /// # Errors
    /// If the collection or the key is empty, or the ledger refuses.
    pub async fn hash(&self, key: impl AsRef<str>) -> Result<Option<Vec<u8>>, LedgerError> {
        let (collection, key) = (named(self.collection)?, checked(key.as_ref())?);
        self.transaction.value(Request::Hash { collection, key }).await
    }

    /// Whether a key's committed value is this one, by its hash: so a member of the channel can
    /// check what a member of the collection shows.
    ///
    /// # Errors
    /// As [`hash`](Self::hash).
    pub async fn holds(&self, key: impl AsRef<str>, value: &[u8]) -> Result<bool, LedgerError> {
        let hash = self.hash(key).await?;
        Ok(hash.is_some_and(|hash| hash == Sha256::digest(value).as_slice()))
    }

    /// The committed policy of a key; see [`ReadTransaction::key_policy`].
    ///
    /// # Errors
    /// As there, or if the collection is empty.
    pub async fn key_policy(&self, key: impl AsRef<str>) -> Result<Option<KeyPolicy>, LedgerError> {
        self.transaction.key_policy_in(&named(self.collection)?, key.as_ref()).await
    }

    /// The committed metadata of a key by name.
    ///
    /// # Errors
    /// If the collection or the key is empty, or the ledger refuses.
    pub async fn metadata(
        &self,
        key: impl AsRef<str>,
    ) -> Result<BTreeMap<String, Vec<u8>>, LedgerError> {
        self.transaction.metadata_in(&named(self.collection)?, key.as_ref()).await
    }
}

/// Reads and writes a private collection.
#[derive(Debug)]
pub struct Private<'t> {
    transaction: &'t mut Transaction,
    collection: &'t str,
}

impl Private<'_> {
    /// The values and hashes, to read.
    #[must_use]
    pub fn reader(&self) -> PrivateReader<'_> {
        PrivateReader { transaction: self.transaction, collection: self.collection }
    }

    /// As [`PrivateReader::get`].
    ///
    /// # Errors
    /// As there.
    pub async fn get(&self, key: impl AsRef<str>) -> Result<Option<Vec<u8>>, LedgerError> {
        self.reader().get(key).await
    }

    /// As [`PrivateReader::hash`].
    ///
    /// # Errors
    /// As there.
    pub async fn hash(&self, key: impl AsRef<str>) -> Result<Option<Vec<u8>>, LedgerError> {
        self.reader().hash(key).await
    }

    /// Writes a value. All peers record its hash, the collection's members its bytes.
    ///
    /// A value that can be guessed can be found by its hash: add something secret to it.
    ///
    /// # Errors
    /// If the collection, the key or the value is empty, or the ledger refuses.
    pub async fn put(&mut self, key: impl AsRef<str>, value: Vec<u8>) -> Result<(), LedgerError> {
        self.transaction.put_in(named(self.collection)?, key.as_ref(), value).await
    }

    /// Deletes a key. Peers keep its earlier values until their collection lets them go.
    ///
    /// # Errors
    /// If the collection or the key is empty, or the ledger refuses.
    pub async fn delete(&mut self, key: impl AsRef<str>) -> Result<(), LedgerError> {
        let (collection, key) = (named(self.collection)?, checked(key.as_ref())?);
        self.transaction.write(collection, key, WriteChange::Delete).await
    }

    /// Deletes a key and every value that it ever had, as soon as the peers commit this
    /// transaction. Its hashes stay.
    ///
    /// # Errors
    /// If the collection or the key is empty, or the ledger refuses: channels do that are not
    /// set to Fabric 2.5 or later.
    pub async fn purge(&mut self, key: impl AsRef<str>) -> Result<(), LedgerError> {
        let (collection, key) = (named(self.collection)?, checked(key.as_ref())?);
        self.transaction.write(collection, key, WriteChange::Purge).await
    }

    /// Decides who must endorse later changes of a key; see [`Transaction::set_key_policy`].
    ///
    /// # Errors
    /// If the collection or the key is empty, or the ledger refuses.
    pub async fn set_key_policy(
        &mut self,
        key: impl AsRef<str>,
        policy: &KeyPolicy,
    ) -> Result<(), LedgerError> {
        let collection = named(self.collection)?;
        self.transaction.set_key_policy_in(&collection, key.as_ref(), policy.to_bytes()).await
    }

    /// Leaves later changes of a key to the policy of the collection, or of the chaincode, again.
    ///
    /// # Errors
    /// As [`set_key_policy`](Self::set_key_policy).
    pub async fn clear_key_policy(&mut self, key: impl AsRef<str>) -> Result<(), LedgerError> {
        let collection = named(self.collection)?;
        self.transaction.set_key_policy_in(&collection, key.as_ref(), Vec::new()).await
    }

    /// Replaces a key's metadata by one entry; see [`Transaction::set_metadata`].
    ///
    /// # Errors
    /// As [`set_key_policy`](Self::set_key_policy).
    pub async fn set_metadata(
        &mut self,
        key: impl AsRef<str>,
        name: &str,
        value: Vec<u8>,
    ) -> Result<(), LedgerError> {
        let (collection, key) = (named(self.collection)?, checked(key.as_ref())?);
        let change = WriteChange::Metadata { name: name.to_owned(), value };
        self.transaction.write(collection, key, change).await
    }
}

/// Ranges and queries over a private collection.
///
/// Peers have no pages of private data. A page is the first part of a range here, and its
/// bookmark the key at which the next one begins.
#[derive(Debug)]
pub struct PrivateQueries<'t> {
    transaction: &'t mut ReadTransaction,
    collection: &'t str,
}

impl PrivateQueries<'_> {
    /// The entries from `start` on and before `end`; see [`ReadTransaction::range`].
    ///
    /// # Errors
    /// If the collection is empty, or a bound begins with U+0000.
    pub fn range(&mut self, start: &str, end: &str) -> Result<Range, LedgerError> {
        Range::simple(self.transaction.ledger.clone(), &named(self.collection)?, start, end)
    }

    /// The entries whose keys begin with `prefix`.
    ///
    /// # Errors
    /// If the collection or the prefix is empty, or the prefix begins with U+0000.
    pub fn prefix(&mut self, prefix: &str) -> Result<Range, LedgerError> {
        Range::prefix(self.transaction.ledger.clone(), &named(self.collection)?, prefix)
    }

    /// The entries whose composite keys begin with the parts of `prefix`.
    ///
    /// # Errors
    /// If the collection is empty.
    pub fn composite(&mut self, prefix: &CompositeKey) -> Result<Range, LedgerError> {
        let collection = named(self.collection)?;
        Ok(Range::composite(self.transaction.ledger.clone(), &collection, prefix))
    }

    /// The entries that a query selects; see [`ReadTransaction::query`].
    ///
    /// # Errors
    /// If the collection is empty.
    pub fn query(&mut self, query: impl Into<String>) -> Result<Query, LedgerError> {
        let collection = named(self.collection)?;
        let ledger = self.transaction.ledger.clone();
        Ok(Query::new(Range::query(ledger, &collection, query.into())))
    }

    /// At most `size` entries from `start` on and before `end`, beginning at a bookmark; the
    /// empty one is the range's start.
    ///
    /// # Errors
    /// If the collection is empty, a bound begins with U+0000, the size is 0, the bookmark lies
    /// outside the range, or the ledger refuses.
    pub async fn range_page(
        &mut self,
        start: &str,
        end: &str,
        size: u32,
        bookmark: &str,
    ) -> Result<EntryPage, LedgerError> {
        self.page(range::plain_bounds(start, end)?, size, bookmark).await
    }

    /// At most `size` entries whose composite keys begin with the parts of `prefix`.
    ///
    /// # Errors
    /// If the collection is empty, the size is 0, the bookmark lies outside the range, or the
    /// ledger refuses.
    pub async fn composite_page(
        &mut self,
        prefix: &CompositeKey,
        size: u32,
        bookmark: &str,
    ) -> Result<EntryPage, LedgerError> {
        self.page((prefix.as_str().to_owned(), prefix.range_end()), size, bookmark).await
    }

    async fn page(
        &mut self,
        (start, end): (String, String),
        size: u32,
        bookmark: &str,
    ) -> Result<EntryPage, LedgerError> {
        let collection = named(self.collection)?;
        page::not_empty(size)?;
        page::inside((&start, &end), bookmark)?;
        let start = if bookmark.is_empty() { start } else { bookmark.to_owned() };
        Range::new(self.transaction.ledger.clone(), &collection, start, end).page(size).await
    }
}

/// A collection's name. The empty one would be public state.
fn named(collection: &str) -> Result<String, InvalidRequest> {
    if collection.is_empty() {
        Err(InvalidRequest::NamelessCollection)
    } else {
        Ok(collection.to_owned())
    }
}
