//! What a contract function is handed: the ledger, and the call it serves.

use std::ops::Deref;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::host::{Ledger, Reply, Request, Write, WriteChange};
use crate::{CompositeKey, Invocation, canonical};

pub use context::{ClientTimeError, TimeWindow};
pub use error::{CallError, InvalidRequest, LedgerError, Refusal};
pub use history::{Change, History};
pub use overlay::Overlay;
pub use page::EntryPage;
pub use private::{Private, PrivateQueries, PrivateReader};
pub use query::Query;
pub use range::{Entry, Range};

mod call;
mod context;
mod error;
mod event;
mod history;
mod many;
mod metadata;
pub(crate) mod misplaced;
mod overlay;
mod page;
mod private;
mod query;
mod range;

/// A transaction that may only read.
///
/// Reads see the committed state alone, never this transaction's own writes.
#[derive(Debug)]
pub struct ReadTransaction {
    invocation: Arc<Invocation>,
    ledger: Ledger,
}

impl ReadTransaction {
    pub(crate) fn new(invocation: Arc<Invocation>, ledger: Ledger) -> Self {
        Self { invocation, ledger }
    }

    /// The committed value of a key; `None` if it was never written or is deleted.
    ///
    /// # Errors
    /// If the key is empty or the ledger refuses.
    pub async fn get(&self, key: impl AsRef<str>) -> Result<Option<Vec<u8>>, LedgerError> {
        self.get_in(PUBLIC, checked(key.as_ref())?).await
    }

    /// The committed value of a key, read as JSON.
    ///
    /// # Errors
    /// As [`get`](Self::get), or if the value is not JSON of that type.
    pub async fn get_json<T: DeserializeOwned>(
        &self,
        key: impl AsRef<str>,
    ) -> Result<Option<T>, LedgerError> {
        let key = key.as_ref();
        from_json(key, self.get(key).await?)
    }

    /// The entries from `start` on and before `end`; empty bounds are open. Composite keys are
    /// not among them.
    ///
    /// The ledger is asked page by page, as far as the range is read. What was read counts as
    /// read at commit: a key that appears in between invalidates the transaction.
    ///
    /// # Errors
    /// If a bound begins with U+0000, which is the space of composite keys.
    pub fn range(&self, start: &str, end: &str) -> Result<Range, LedgerError> {
        Range::simple(self.ledger.clone(), PUBLIC, start, end)
    }

    /// The entries whose keys begin with `prefix`.
    ///
    /// # Errors
    /// If the prefix is empty or begins with U+0000.
    pub fn prefix(&self, prefix: &str) -> Result<Range, LedgerError> {
        Range::prefix(self.ledger.clone(), PUBLIC, prefix)
    }

    /// The entries whose composite keys begin with the parts of `prefix`.
    #[must_use]
    pub fn composite(&self, prefix: &CompositeKey) -> Range {
        Range::composite(self.ledger.clone(), PUBLIC, prefix)
    }

    /// What a key was before, newest change first, as far back as the peer's history reaches.
    ///
    /// Only committed changes are in it, and nothing checks at commit that there was no further
    /// one: do not decide a write on it alone. A peer whose history is turned off refuses.
    ///
    /// # Errors
    /// If the key is empty.
    pub fn history(&self, key: impl AsRef<str>) -> Result<History, LedgerError> {
        Ok(History::new(self.ledger.clone(), checked(key.as_ref())?))
    }

    async fn get_in(&self, collection: &str, key: String) -> Result<Option<Vec<u8>>, LedgerError> {
        self.value(Request::Get { collection: collection.to_owned(), key }).await
    }

    async fn value(&self, request: Request) -> Result<Option<Vec<u8>>, LedgerError> {
        let name = request.name();
        let Reply::Value(value) = self.ask(request).await? else {
            return Err(LedgerError::UnexpectedReply { request: name });
        };
        Ok(value)
    }

    async fn ask(&self, request: Request) -> Result<Reply, LedgerError> {
        self.ledger.request(request).await
    }
}

/// A transaction that may write.
///
/// It reads as [`ReadTransaction`] does. Writes take effect when the transaction commits, all
/// or none.
///
/// A write returns at once and travels later, together with others if the peer takes them so: in
/// the contract's order, before a call of another chaincode, and at the latest when the function
/// has ended. If the peer refuses one, the transaction fails with the peer's words; the contract
/// is not asked, and runs no further. A function that fails sends no more of its writes.
#[derive(Debug)]
pub struct Transaction(ReadTransaction);

impl Transaction {
    pub(crate) fn new(invocation: Arc<Invocation>, ledger: Ledger) -> Self {
        Self(ReadTransaction::new(invocation, ledger))
    }

    /// Writes a value.
    ///
    /// # Errors
    /// If the key is empty, if the value is (on the ledger that would be a deletion), or if the
    /// ledger refuses.
    pub async fn put(&mut self, key: impl AsRef<str>, value: Vec<u8>) -> Result<(), LedgerError> {
        self.put_in(String::new(), key.as_ref(), value).await
    }

    /// Writes a value as canonical JSON.
    ///
    /// # Errors
    /// As [`put`](Self::put), or if the value has no JSON form.
    pub async fn put_json<T: Serialize>(
        &mut self,
        key: impl AsRef<str>,
        value: &T,
    ) -> Result<(), LedgerError> {
        let key = key.as_ref();
        self.put(key, to_json(key, value)?).await
    }

    /// Deletes a key; one that does not exist may be deleted as well.
    ///
    /// # Errors
    /// If the key is empty or the ledger refuses.
    pub async fn delete(&mut self, key: impl AsRef<str>) -> Result<(), LedgerError> {
        let key = checked(key.as_ref())?;
        self.write(PUBLIC.to_owned(), key, WriteChange::Delete).await
    }

    async fn put_in(
        &mut self,
        collection: String,
        key: &str,
        value: Vec<u8>,
    ) -> Result<(), LedgerError> {
        let key = checked(key)?;
        if value.is_empty() {
            return Err(InvalidRequest::EmptyValue { key }.into());
        }
        self.write(collection, key, WriteChange::Put(value)).await
    }

    async fn write(
        &mut self,
        collection: String,
        key: String,
        change: WriteChange,
    ) -> Result<(), LedgerError> {
        self.0.ledger.write(Write { collection, key, change }).await
    }
}

impl Deref for Transaction {
    type Target = ReadTransaction;

    fn deref(&self) -> &ReadTransaction {
        &self.0
    }
}

/// The name that stands for public state where a private collection's would be.
const PUBLIC: &str = "";

fn checked(key: &str) -> Result<String, InvalidRequest> {
    if key.is_empty() { Err(InvalidRequest::EmptyKey) } else { Ok(key.to_owned()) }
}

fn from_json<T: DeserializeOwned>(
    key: &str,
    value: Option<Vec<u8>>,
) -> Result<Option<T>, LedgerError> {
    let value = value.map(|value| serde_json::from_slice(&value)).transpose();
    value.map_err(|source| LedgerError::Json { key: key.to_owned(), source })
}

fn to_json<T: Serialize>(key: &str, value: &T) -> Result<Vec<u8>, LedgerError> {
    canonical::to_vec(value).map_err(|source| LedgerError::Json { key: key.to_owned(), source })
}
