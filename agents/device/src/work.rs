//! From a task to a signed result.

use bytes::Bytes;
use fabric_protos::id::{ChaincodeName, ChannelId};
use pervade_chaincode::canonical;
use pervade_content::{ContentStore, StoreError, address};
use pervade_identity::{SignError, Signer};
use pervade_ports::Rng;
use pervade_sealing::{
    InvalidTask, NoRandomness, PublicKeyError, ReaderPublic, SealContext, SealError, TaskKey, seal,
};
use pervade_tasks::record::{ResultObject, Statement, Task};
use sha2::{Digest as _, Sha256};
use thiserror::Error;

use crate::handler::Product;
use crate::journal::SealedProduct;

/// Where tasks come from: a manager of tasks on a channel.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "complete by definition")]
pub struct Origin {
    /// The channel.
    pub channel: ChannelId,
    /// The name of the manager of tasks there.
    pub contract: ChaincodeName,
}

impl Origin {
    /// Seals what came of a task, by a key of its own, and stores it. What it was is written
    /// nowhere.
    pub(crate) async fn seal(
        &self,
        task: &Task,
        product: &Product,
        store: &dyn ContentStore,
        rng: &dyn Rng,
    ) -> Result<SealedProduct, SealingError> {
        let reader: ReaderPublic = task.encryption_key.parse()?;
        let context =
            SealContext::new(self.channel.clone(), self.contract.clone(), task.id.as_str())?;
        let task_key = TaskKey::generate(rng)?;
        let sealed = seal(&product.file, &reader, &task_key, &context, rng)?.into_bytes();
        let cid = address(&sealed).to_string();
        let sealed_product = SealedProduct {
            cid: cid.clone(),
            ciphertext_sha256: hex::encode(Sha256::digest(&sealed)),
            readings: product.readings.clone(),
            size: u64::try_from(sealed.len()).unwrap_or(u64::MAX),
            task_key: task_key.public().to_string(),
        };
        // What is signed is where the file must be, not where a store says that it is.
        let stored = store.put(Bytes::from(sealed)).await?.to_string();
        if stored == cid { Ok(sealed_product) } else { Err(SealingError::Misplaced { stored }) }
    }

    /// Signs the result of a task by the device's key.
    pub(crate) fn sign(
        &self,
        task: &Task,
        sealed: SealedProduct,
        signer: &dyn Signer,
    ) -> Result<ResultObject, SigningError> {
        let SealedProduct { cid, ciphertext_sha256, readings, size, task_key } = sealed;
        let signature = String::new();
        let mut result =
            ResultObject { cid, ciphertext_sha256, readings, signature, size, task_key };
        let (channel, contract) = (self.channel.as_str(), self.contract.as_str());
        let statement = Statement::of(channel, contract, task, &result);
        let statement = canonical::to_vec(&statement)?;
        result.signature = hex::encode(signer.sign(&statement)?);
        Ok(result)
    }
}

/// Why what came of a task is not stored.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SealingError {
    /// The creator's key is none.
    #[error(transparent)]
    Reader(#[from] PublicKeyError),
    /// The task has no name to seal for.
    #[error(transparent)]
    Task(#[from] InvalidTask),
    /// The source of randomness did not answer.
    #[error(transparent)]
    Randomness(#[from] NoRandomness),
    /// It cannot be sealed.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// The store did not keep it.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The store keeps it under the name of another file.
    #[error("the store keeps the file as {stored}, which is another file's name")]
    Misplaced {
        /// That name.
        stored: String,
    },
}

/// Why a result is not signed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SigningError {
    /// The statement has no JSON.
    #[error("the statement cannot be written: {0}")]
    Statement(#[from] serde_json::Error),
    /// The key did not sign.
    #[error(transparent)]
    Sign(#[from] SignError),
}
