//! Reading what a transaction has written itself.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{PUBLIC, checked, from_json};
use crate::state::Place;
use crate::{InvalidRequest, KeyOf, LedgerError, State, StateError, Transaction};

impl Transaction {
    /// The public state as it will be: single keys are read with this transaction's own writes.
    ///
    /// It begins before the first write and lasts to the transaction's end; ask for it again as
    /// often as it is convenient. From then on a copy of each public value that is written is
    /// kept, up to 64 MiB.
    ///
    /// **What it does not see**: what a called chaincode writes, should it write here; private
    /// collections, which have no overlay. And it is for single keys: ranges, queries, histories
    /// and [`get_many`](crate::ReadTransaction::get_many) are the transaction's own and read the
    /// committed state alone, as [`get`](crate::ReadTransaction::get) does.
    ///
    /// A key that this transaction has written is answered without asking the ledger, and does
    /// not count as read.
    ///
    /// ```
    /// # use pervade_chaincode::{LedgerError, Transaction};
    /// # async fn credit(tx: &mut Transaction, account: &str) -> Result<(), LedgerError> {
    /// tx.overlay()?.put(account, b"5".to_vec()).await?;
    /// assert_eq!(tx.overlay()?.get(account).await?, Some(b"5".to_vec()));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// If the transaction has written before it first asks for its overlay.
    pub fn overlay(&mut self) -> Result<Overlay<'_>, LedgerError> {
        if self.0.ledger.begin_overlay() {
            Ok(Overlay { transaction: self })
        } else {
            Err(InvalidRequest::LateOverlay.into())
        }
    }
}

/// Public state with a transaction's own writes; see [`Transaction::overlay`].
#[derive(Debug)]
pub struct Overlay<'t> {
    transaction: &'t mut Transaction,
}

impl Overlay<'_> {
    /// The value of a key: the one written last, or else the committed one.
    ///
    /// # Errors
    /// If the key is empty or the ledger refuses.
    pub async fn get(&self, key: impl AsRef<str>) -> Result<Option<Vec<u8>>, LedgerError> {
        let key = checked(key.as_ref())?;
        match self.transaction.0.ledger.written(&key) {
            Some(value) => Ok(value),
            None => self.transaction.get_in(PUBLIC, key).await,
        }
    }

    /// The value of a key, read as JSON.
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

    /// As [`Transaction::put_json`].
    ///
    /// # Errors
    /// As there.
    pub async fn put_json<T: Serialize>(
        &mut self,
        key: impl AsRef<str>,
        value: &T,
    ) -> Result<(), LedgerError> {
        self.transaction.put_json(key, value).await
    }

    /// As [`Transaction::put`].
    ///
    /// # Errors
    /// As there.
    pub async fn put(&mut self, key: impl AsRef<str>, value: Vec<u8>) -> Result<(), LedgerError> {
        self.transaction.put(key, value).await
    }

    /// As [`Transaction::delete`].
    ///
    /// # Errors
    /// As there.
    pub async fn delete(&mut self, key: impl AsRef<str>) -> Result<(), LedgerError> {
        self.transaction.delete(key).await
    }
}

/// State types, as [`Transaction`] has them.
impl Overlay<'_> {
    /// The value of a key; `None` if there is none.
    ///
    /// # Errors
    /// If the key cannot be built, the value is not of this type, or the ledger refuses.
    pub async fn find<T: State>(&self, key: impl KeyOf<T>) -> Result<Option<T>, StateError> {
        let key = Place::of::<T>(key.parts())?;
        key.found(self.get(&key.key).await?)
    }

    /// The value of a key, which is to be there.
    ///
    /// # Errors
    /// If there is none, and as [`find`](Self::find).
    pub async fn load<T: State>(&self, key: impl KeyOf<T>) -> Result<T, StateError> {
        let key = Place::of::<T>(key.parts())?;
        key.loaded(self.get(&key.key).await?)
    }

    /// As [`Transaction::save`].
    ///
    /// # Errors
    /// As there.
    pub async fn save<T: State>(&mut self, value: &T) -> Result<(), StateError> {
        self.transaction.save(value).await
    }

    /// Writes a value under its key, where there is none: neither a committed one nor one that
    /// this transaction has written.
    ///
    /// # Errors
    /// If there is one, and as [`save`](Self::save).
    pub async fn create<T: State>(&mut self, value: &T) -> Result<(), StateError> {
        let key = Place::of::<T>(value.key_parts())?;
        if self.get(&key.key).await?.is_some() {
            return Err(key.exists::<T>());
        }
        self.save(value).await
    }

    /// As [`Transaction::remove`].
    ///
    /// # Errors
    /// As there.
    pub async fn remove<T: State>(&mut self, key: impl KeyOf<T>) -> Result<(), StateError> {
        self.transaction.remove(key).await
    }
}
