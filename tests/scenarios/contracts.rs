//! The contracts that scenarios call, small enough to see through.

use pervade_chaincode::{
    CallError, Chaincode, ChaincodeName, Json, LedgerError, ReadTransaction, Transaction, contract,
};
use pervade_embedded::InProcess;
use sha2::{Digest as _, Sha256};
use std::sync::Arc;

use crate::typed::{AUCTION, Auction, BIDS, Bids};

/// Numbers under names.
#[derive(Debug)]
pub struct Shelf {
    /// What this release of the code adds to every number: honest code adds nothing.
    bonus: u64,
}

impl Shelf {
    /// The shelf as its code was approved.
    #[must_use]
    pub fn honest() -> Self {
        Self { bonus: 0 }
    }
}

#[contract(name = "shelf", default)]
impl Shelf {
    /// Puts a number under a name.
    #[submit]
    async fn put(&self, tx: &mut Transaction, key: String, number: u64) -> Result<(), LedgerError> {
        tx.put(&key, (number + self.bonus).to_string().into_bytes()).await?;
        tx.set_event("put", key.into_bytes())
    }

    /// Adds to the number under a name, and returns the sum.
    #[submit]
    async fn add(
        &self,
        tx: &mut Transaction,
        key: String,
        number: u64,
    ) -> Result<u64, LedgerError> {
        let sum = self.get(tx, key.clone()).await? + number;
        self.put(tx, key, sum).await?;
        Ok(sum)
    }

    /// The number under a name, 0 if there is none.
    #[external]
    #[evaluate]
    async fn get(&self, tx: &ReadTransaction, key: String) -> Result<u64, LedgerError> {
        Ok(tx.get_json(&key).await?.unwrap_or_default())
    }
}

/// Passes calls on to other chaincode.
#[derive(Debug)]
pub struct Relay;

#[contract(name = "relay", default)]
impl Relay {
    /// Calls a function and returns its answer.
    #[submit]
    async fn call(
        &self,
        tx: &mut Transaction,
        chaincode: String,
        function: String,
        arguments: Json<Vec<String>>,
    ) -> Result<Vec<u8>, CallError> {
        let name = ChaincodeName::new(chaincode).expect("the tests name chaincodes");
        tx.call(&name, &function, arguments.0.into_iter().map(String::into_bytes)).await
    }

    /// Calls a function on another channel and returns its answer.
    #[expect(clippy::too_many_arguments, reason = "the call's arguments, each as plain text")]
    #[submit]
    async fn call_on(
        &self,
        tx: &mut Transaction,
        channel: String,
        chaincode: String,
        function: String,
        arguments: Json<Vec<String>>,
    ) -> Result<Vec<u8>, CallError> {
        let channel = channel.parse().expect("the tests name channels");
        let name = ChaincodeName::new(chaincode).expect("the tests name chaincodes");
        let arguments = arguments.0.into_iter().map(String::into_bytes);
        tx.call_on(&channel, &name, &function, arguments).await
    }
}

/// Keeps private values, and JSON values that are found by what is in them.
#[derive(Debug)]
pub struct Vault;

#[contract(name = "vault", default)]
impl Vault {
    /// Puts the transient `value` under a key of a collection.
    #[submit]
    async fn hide(
        &self,
        tx: &mut Transaction,
        collection: String,
        key: String,
    ) -> Result<(), LedgerError> {
        let value = tx.transient("value").expect("the tests give one").expose().to_vec();
        tx.private(&collection).put(key, value).await
    }

    /// Forgets a private value with its past.
    #[submit]
    async fn purge(
        &self,
        tx: &mut Transaction,
        collection: String,
        key: String,
    ) -> Result<(), LedgerError> {
        tx.private(&collection).purge(key).await
    }

    /// A private value, empty if there is none.
    #[evaluate]
    async fn reveal(
        &self,
        tx: &ReadTransaction,
        collection: String,
        key: String,
    ) -> Result<Vec<u8>, LedgerError> {
        Ok(tx.private(&collection).get(key).await?.unwrap_or_default())
    }

    /// The keys of a collection.
    #[evaluate]
    async fn keys(
        &self,
        tx: &mut ReadTransaction,
        collection: String,
    ) -> Result<Json<Vec<String>>, LedgerError> {
        let mut range = tx.private_queries(&collection).range("", "")?;
        let mut keys = Vec::new();
        while let Some(entry) = range.next().await? {
            keys.push(entry.key);
        }
        Ok(Json(keys))
    }

    /// Puts a public value under a key.
    #[external]
    #[submit]
    async fn put(
        &self,
        tx: &mut Transaction,
        key: String,
        value: String,
    ) -> Result<(), LedgerError> {
        tx.put(&key, value.into_bytes()).await
    }

    /// The keys of the public values that a query selects.
    #[evaluate]
    async fn find(
        &self,
        tx: &ReadTransaction,
        query: String,
    ) -> Result<Json<Vec<String>>, LedgerError> {
        let mut found = tx.query(query);
        let mut keys = Vec::new();
        while let Some(entry) = found.next().await? {
            keys.push(entry.key);
        }
        Ok(Json(keys))
    }
}

/// Names under which the network is given code; the last two are the same contract, once with
/// code that somebody has tampered with.
pub const RELAY: &str = "relay";
/// See [`RELAY`].
pub const SHELF: &str = "shelf";
/// See [`RELAY`].
pub const TAMPERED_SHELF: &str = "tampered-shelf";

/// See [`Vault`].
pub const VAULT: &str = "vault";

/// The test contracts as a network takes them.
#[must_use]
pub fn in_process() -> Vec<(&'static str, InProcess)> {
    let name = |name| ChaincodeName::new(name).expect("a constant");
    let shelf = |bonus| Chaincode::new(name(SHELF)).with(Shelf { bonus });
    vec![
        (RELAY, code("", Chaincode::new(name(RELAY)).with(Relay))),
        (SHELF, code("", shelf(0))),
        (VAULT, code("", Chaincode::new(name(VAULT)).with(Vault))),
        (TAMPERED_SHELF, code("a bonus of one", shelf(1))),
        (BIDS, code("", Chaincode::new(name(BIDS)).with(Bids))),
        (AUCTION, code("", Chaincode::new(name(AUCTION)).with(Auction))),
    ]
}

/// A chaincode whose release is the hash of its source, with whatever was changed in it.
fn code(change: &str, chaincode: Chaincode) -> InProcess {
    let source = Sha256::new().chain_update(include_str!("contracts.rs")).chain_update(change);
    InProcess { version: hex::encode(source.finalize()), chaincode: Arc::new(chaincode) }
}
