//! Reading several keys at a time.

use super::{PUBLIC, checked};
use crate::host::{Reply, Request};
use crate::{ContractError, LedgerError, PrivateReader, ReadTransaction};

impl ReadTransaction {
    /// The committed values of several keys, in their order; `None` for each that was never
    /// written or is deleted.
    ///
    /// Peers that take several keys at a time are asked so, others key by key; what counts as
    /// read is the same. The values of a thousand keys may come in one message, which has its
    /// limit: ask for large values in parts.
    ///
    /// ```
    /// # use pervade_chaincode::{LedgerError, ReadTransaction};
    /// # async fn both(tx: &ReadTransaction) -> Result<(), LedgerError> {
    /// let values = tx.get_many(["a", "b"]).await?;
    /// assert_eq!(values.len(), 2);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// If a key is empty or the ledger refuses.
    pub async fn get_many<K: AsRef<str>>(
        &self,
        keys: impl IntoIterator<Item = K>,
    ) -> Result<Vec<Option<Vec<u8>>>, LedgerError> {
        let keys = keys.into_iter().map(|key| checked(key.as_ref()));
        let keys = keys.collect::<Result<Vec<String>, _>>()?;
        let most = self.ledger.terms().get_many_max;
        let mut values = Vec::with_capacity(keys.len());
        if most == 0 {
            for key in keys {
                values.push(self.get_in(PUBLIC, key).await?);
            }
            return Ok(values);
        }
        for keys in keys.chunks(most) {
            values.append(&mut self.get_at_once(keys.to_vec()).await?);
        }
        Ok(values)
    }

    async fn get_at_once(&self, keys: Vec<String>) -> Result<Vec<Option<Vec<u8>>>, LedgerError> {
        let asked = keys.len();
        let request = Request::GetMany { collection: PUBLIC.to_owned(), keys };
        let Reply::Values(values) = self.ask(request).await? else {
            return Err(LedgerError::UnexpectedReply { request: "get many" });
        };
        if values.len() == asked {
            return Ok(values);
        }
        // Fabric 3.1 answers so when its state database fails, and keeps no record of the reads:
        // a transaction that went on could not be validated.
        let error = LedgerError::ValueCount { asked, came: values.len() };
        self.ledger.fail(ContractError::of(&error));
        Err(error)
    }
}

impl PrivateReader<'_> {
    /// The committed values of several keys; see [`ReadTransaction::get_many`].
    ///
    /// The keys are asked for one by one. Peers answer a request for several private keys
    /// without comparing the values with their public hashes: one that has not arrived yet
    /// would look like one that does not exist.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub async fn get_many<K: AsRef<str>>(
        &self,
        keys: impl IntoIterator<Item = K>,
    ) -> Result<Vec<Option<Vec<u8>>>, LedgerError> {
        let mut values = Vec::new();
        for key in keys {
            values.push(self.get(key).await?);
        }
        Ok(values)
    }
}
