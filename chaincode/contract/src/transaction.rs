//! What a contract function is handed: the ledger, and the call it serves.

use std::ops::Deref;
use std::sync::Arc;

use fabric_protos::id::{ChaincodeName, ChannelId, TxId};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::host::{Event, Ledger, Reply, Request, SUCCESS, Write, WriteChange};
use crate::{ClaimedTime, CompositeKey, ContractError, Creator, Invocation, Secret, canonical};

pub use error::{CallError, LedgerError};
pub use history::{Change, History};
pub use page::EntryPage;
pub use private::{Private, PrivateQueries, PrivateReader};
pub use range::{Entry, Range};

mod error;
mod history;
mod many;
mod metadata;
mod page;
mod private;
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
        let Some(value) = self.get(key).await? else { return Ok(None) };
        serde_json::from_slice(&value)
            .map(Some)
            .map_err(|source| LedgerError::Json { key: key.to_owned(), source })
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

    /// Who signed the proposal; see [`Invocation::creator`].
    #[must_use]
    pub fn creator(&self) -> &Creator {
        self.invocation.creator()
    }

    /// The transaction's identifier.
    #[must_use]
    pub fn tx_id(&self) -> &TxId {
        self.invocation.tx_id()
    }

    /// The channel.
    #[must_use]
    pub fn channel(&self) -> &ChannelId {
        self.invocation.channel()
    }

    /// The time that the client claims; see [`ClaimedTime`] before deciding anything on it.
    #[must_use]
    pub fn client_claimed_time(&self) -> ClaimedTime {
        self.invocation.client_claimed_time()
    }

    /// The chaincode that the client called; see [`Invocation::outermost_chaincode`].
    #[must_use]
    pub fn outermost_chaincode(&self) -> &ChaincodeName {
        self.invocation.outermost_chaincode()
    }

    /// Data that came with the proposal and stays off the ledger.
    #[must_use]
    pub fn transient(&self, name: &str) -> Option<&Secret> {
        self.invocation.transient(name)
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
        let bytes = canonical::to_vec(value)
            .map_err(|source| LedgerError::Json { key: key.to_owned(), source })?;
        self.put(key, bytes).await
    }

    /// Deletes a key; one that does not exist may be deleted as well.
    ///
    /// # Errors
    /// If the key is empty or the ledger refuses.
    pub async fn delete(&mut self, key: impl AsRef<str>) -> Result<(), LedgerError> {
        let key = checked(key.as_ref())?;
        self.write(PUBLIC.to_owned(), key, WriteChange::Delete).await
    }

    /// Emits an event with the transaction. Only one counts: the last of the chaincode that the
    /// client called.
    ///
    /// # Errors
    /// If the name is empty.
    pub fn set_event(
        &mut self,
        name: impl Into<String>,
        payload: Vec<u8>,
    ) -> Result<(), LedgerError> {
        let name = name.into();
        if name.is_empty() {
            return Err(LedgerError::NamelessEvent);
        }
        self.0.ledger.set_event(Event { name, payload });
        Ok(())
    }

    /// Calls a function of another chaincode on this channel, in this transaction.
    ///
    /// The ledger does not undo what a failed call wrote, so a failure here fails this
    /// transaction, even if the error is swallowed. [`try_call`](Self::try_call) does not.
    ///
    /// Never call a chaincode whose name comes from the input: functions that trust the
    /// outermost chaincode's name would trust this one for its caller's sake.
    ///
    /// # Errors
    /// If the called chaincode fails or the ledger refuses.
    pub async fn call(
        &mut self,
        chaincode: &ChaincodeName,
        function: &str,
        arguments: impl IntoIterator<Item = Vec<u8>>,
    ) -> Result<Vec<u8>, CallError> {
        let result = self.try_call(chaincode, function, arguments).await;
        if let Err(error) = &result {
            self.0.ledger.fail(ContractError::of(error));
        }
        result
    }

    /// As [`call`](Self::call), except that this transaction survives a failure, and with it
    /// what the failed call had sent: other languages' libraries send each write at once, this
    /// one nothing before it must.
    ///
    /// # Errors
    /// If the called chaincode fails or the ledger refuses.
    pub async fn try_call(
        &mut self,
        chaincode: &ChaincodeName,
        function: &str,
        arguments: impl IntoIterator<Item = Vec<u8>>,
    ) -> Result<Vec<u8>, CallError> {
        let arguments = std::iter::once(function.as_bytes().to_vec()).chain(arguments).collect();
        let request = Request::Call { chaincode: chaincode.clone(), channel: None, arguments };
        let Reply::Called(outcome) = self.0.ask(request).await? else {
            return Err(LedgerError::UnexpectedReply { request: "call" }.into());
        };
        // Peers endorse every status below 400, but a called chaincode says only with 200 that
        // it did what it was asked.
        if outcome.status == SUCCESS {
            Ok(outcome.payload)
        } else {
            Err(CallError::refused(chaincode, &outcome))
        }
    }

    async fn put_in(
        &mut self,
        collection: String,
        key: &str,
        value: Vec<u8>,
    ) -> Result<(), LedgerError> {
        let key = checked(key)?;
        if value.is_empty() {
            return Err(LedgerError::EmptyValue { key });
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

fn checked(key: &str) -> Result<String, LedgerError> {
    if key.is_empty() { Err(LedgerError::EmptyKey) } else { Ok(key.to_owned()) }
}
