//! What the ledger keeps beside a key: who must endorse its next change.

use std::collections::BTreeMap;

use super::{PUBLIC, checked};
use crate::host::{Reply, Request, WriteChange};
use crate::{KeyPolicy, LedgerError, ReadTransaction, Transaction};

impl ReadTransaction {
    /// The committed policy of a key; `None` if the chaincode's own policy decides.
    ///
    /// # Errors
    /// If the key is empty, the ledger refuses, or the policy is of a form that [`KeyPolicy`]
    /// does not have; its bytes are then still among the [`metadata`](Self::metadata), under
    /// [`KeyPolicy::METADATA_NAME`].
    pub async fn key_policy(&self, key: impl AsRef<str>) -> Result<Option<KeyPolicy>, LedgerError> {
        self.key_policy_in(PUBLIC, key.as_ref()).await
    }

    /// The committed metadata of a key by name.
    ///
    /// # Errors
    /// If the key is empty or the ledger refuses.
    pub async fn metadata(
        &self,
        key: impl AsRef<str>,
    ) -> Result<BTreeMap<String, Vec<u8>>, LedgerError> {
        self.metadata_in(PUBLIC, key.as_ref()).await
    }

    pub(super) async fn key_policy_in(
        &self,
        collection: &str,
        key: &str,
    ) -> Result<Option<KeyPolicy>, LedgerError> {
        let metadata = self.metadata_in(collection, key).await?;
        let policy = metadata.get(KeyPolicy::METADATA_NAME).filter(|policy| !policy.is_empty());
        let policy = policy.map(|policy| KeyPolicy::from_bytes(policy)).transpose();
        policy.map_err(|source| LedgerError::Policy { key: key.to_owned(), source })
    }

    pub(super) async fn metadata_in(
        &self,
        collection: &str,
        key: &str,
    ) -> Result<BTreeMap<String, Vec<u8>>, LedgerError> {
        let request = Request::Metadata { collection: collection.to_owned(), key: checked(key)? };
        let Reply::Metadata(metadata) = self.ask(request).await? else {
            return Err(LedgerError::UnexpectedReply { request: "metadata" });
        };
        Ok(metadata)
    }
}

impl Transaction {
    /// Decides who must endorse later changes of a key, in place of the chaincode's own policy.
    /// The change itself is under the policy that the key has now.
    ///
    /// It takes effect on a key that exists, or that this transaction writes; deleting the key
    /// deletes its policy.
    ///
    /// # Errors
    /// If the key is empty or the ledger refuses.
    pub async fn set_key_policy(
        &mut self,
        key: impl AsRef<str>,
        policy: &KeyPolicy,
    ) -> Result<(), LedgerError> {
        self.set_key_policy_in(PUBLIC, key.as_ref(), policy.to_bytes()).await
    }

    /// Leaves later changes of a key to the chaincode's own policy again.
    ///
    /// # Errors
    /// If the key is empty or the ledger refuses.
    pub async fn clear_key_policy(&mut self, key: impl AsRef<str>) -> Result<(), LedgerError> {
        self.set_key_policy_in(PUBLIC, key.as_ref(), Vec::new()).await
    }

    /// Replaces a key's metadata by one entry. The key's policy is such an entry,
    /// [`KeyPolicy::METADATA_NAME`]: an entry of another name takes its place.
    ///
    /// # Errors
    /// If the key is empty or the ledger refuses.
    pub async fn set_metadata(
        &mut self,
        key: impl AsRef<str>,
        name: &str,
        value: Vec<u8>,
    ) -> Result<(), LedgerError> {
        let (key, name) = (checked(key.as_ref())?, name.to_owned());
        self.write(PUBLIC.to_owned(), key, WriteChange::Metadata { name, value }).await
    }

    pub(super) async fn set_key_policy_in(
        &mut self,
        collection: &str,
        key: &str,
        value: Vec<u8>,
    ) -> Result<(), LedgerError> {
        let (collection, key) = (collection.to_owned(), checked(key)?);
        let name = KeyPolicy::METADATA_NAME.to_owned();
        self.write(collection, key, WriteChange::Metadata { name, value }).await
    }
}
