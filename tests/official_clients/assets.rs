//! The Rust contract that the official clients and chaincode call.

use pervade_chaincode::{
    Chaincode, ChaincodeName, Fault, LedgerError, ReadTransaction, Status, Transaction, contract,
};
use sha2::{Digest as _, Sha256};

/// The name under which the contract is deployed.
pub(crate) const ASSETS: &str = "assets";

pub(crate) fn chaincode(name: ChaincodeName) -> Chaincode {
    Chaincode::new(name).with(Assets)
}

struct Assets;

#[contract(name = "assets", default)]
impl Assets {
    /// Tells of it in an event.
    #[external]
    #[submit]
    async fn create(&self, tx: &mut Transaction, id: String, value: u64) -> Result<(), AssetError> {
        if tx.get(&id).await?.is_some() {
            return Err(AssetError::Exists { id });
        }
        tx.put(&id, value.to_string().into_bytes()).await?;
        Ok(tx.set_event("created", id.into_bytes())?)
    }

    #[external]
    #[submit]
    async fn add(&self, tx: &mut Transaction, id: String, more: u64) -> Result<u64, AssetError> {
        let value =
            number(tx.get(&id).await?).ok_or_else(|| AssetError::Missing { id: id.clone() })?;
        let sum = value.saturating_add(more);
        tx.put(&id, sum.to_string().into_bytes()).await?;
        Ok(sum)
    }

    #[external]
    #[evaluate]
    async fn value(&self, tx: &ReadTransaction, id: String) -> Result<Vec<u8>, AssetError> {
        tx.get(&id).await?.ok_or(AssetError::Missing { id })
    }

    /// Writes the digest of what came as transient data.
    #[submit]
    async fn seal(&self, tx: &mut Transaction, id: String) -> Result<String, AssetError> {
        let secret = tx.transient("value").ok_or_else(|| AssetError::Missing { id: id.clone() })?;
        let digest = hex::encode(Sha256::digest(secret.expose()));
        tx.put(&id, digest.clone().into_bytes()).await?;
        Ok(digest)
    }
}

fn number(value: Option<Vec<u8>>) -> Option<u64> {
    String::from_utf8(value?).ok()?.parse().ok()
}

#[derive(Debug, thiserror::Error)]
enum AssetError {
    #[error("asset {id} exists")]
    Exists { id: String },
    #[error("asset {id} is missing")]
    Missing { id: String },
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

impl Fault for AssetError {
    fn status(&self) -> Status {
        match self {
            Self::Exists { .. } => Status::CONFLICT,
            Self::Missing { .. } => Status::NOT_FOUND,
            Self::Ledger(error) => error.status(),
        }
    }

    fn code(&self) -> &str {
        match self {
            Self::Exists { .. } => "EXISTS",
            Self::Missing { .. } => "MISSING",
            Self::Ledger(error) => error.code(),
        }
    }
}
