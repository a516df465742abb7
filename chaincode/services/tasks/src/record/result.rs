//! Results, and what is found about them.

use std::collections::BTreeMap;

use pervade_chaincode::{Argument, State};
use pervade_devices::record::DeviceId;
use pervade_platform::{AccountId, PublicKey};
use serde::{Deserialize, Serialize};

use super::Task;

/// A result: where the encrypted file is, what reads it, and who vouches for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Argument)]
#[serde(deny_unknown_fields)]
#[expect(clippy::exhaustive_structs, reason = "a wire format")]
pub struct ResultObject {
    /// The encrypted file's content identifier: CID version 1 in base32, of SHA-256.
    pub cid: String,
    /// SHA-256 of the encrypted file, in hexadecimal.
    pub ciphertext_sha256: String,
    /// What was measured, by metric, in the type's units.
    pub readings: BTreeMap<String, i64>,
    /// The device's signature over the [`Statement`]: ECDSA with SHA-256 over its canonical JSON,
    /// DER, low S, in hexadecimal.
    pub signature: String,
    /// Bytes of the encrypted file.
    pub size: u64,
    /// The device's public key for this task alone: X25519, 64 hexadecimal digits.
    pub task_key: String,
}

impl ResultObject {
    /// Most bytes of an encrypted file: 1 TiB.
    pub const SIZE_MAX: u64 = 1 << 40;
}

/// What a device signs: the result, and for which task it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::exhaustive_structs, reason = "a wire format")]
pub struct Statement {
    /// The channel.
    pub channel: String,
    /// [`ResultObject::cid`].
    pub cid: String,
    /// [`ResultObject::ciphertext_sha256`].
    pub ciphertext_sha256: String,
    /// The name of the manager of tasks there.
    pub contract: String,
    /// The creator's public key for the task.
    pub creator_key: String,
    /// [`ResultObject::readings`].
    pub readings: BTreeMap<String, i64>,
    /// [`ResultObject::size`].
    pub size: u64,
    /// The task.
    pub task: String,
    /// [`ResultObject::task_key`].
    pub task_key: String,
}

impl Statement {
    /// That a result is one of a task, at a manager of tasks on a channel.
    #[must_use]
    pub fn of(channel: &str, contract: &str, task: &Task, result: &ResultObject) -> Self {
        Self {
            channel: channel.to_owned(),
            cid: result.cid.clone(),
            ciphertext_sha256: result.ciphertext_sha256.clone(),
            contract: contract.to_owned(),
            creator_key: task.encryption_key.clone(),
            readings: result.readings.clone(),
            size: result.size,
            task: task.id.clone(),
            task_key: result.task_key.clone(),
        }
    }
}

/// A result that is valid as far as the contract can tell, and that others still judge.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Argument)]
#[serde(deny_unknown_fields)]
#[expect(clippy::exhaustive_structs, reason = "a record format")]
pub struct Pending {
    /// The last epoch in which they may.
    pub closes: u64,
    /// The key that signed it.
    pub device_key: PublicKey,
    /// The result.
    pub result: ResultObject,
    /// SHA-256 of the [`Statement`] as it was signed, in hexadecimal.
    pub statement_sha256: String,
    /// The epoch in which it came.
    pub submitted: u64,
}

/// What was found about a result, kept for ever.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, State)]
#[state(type = "verdict", key(task, epoch, tx_id))]
#[serde(deny_unknown_fields)]
#[expect(clippy::exhaustive_structs, reason = "a record format")]
pub struct Verdict {
    /// What decided, or is to decide.
    pub check: Check,
    /// Whether the result confirms that the task is done; none while others still judge it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmed: Option<bool>,
    /// The epoch.
    pub epoch: u64,
    /// The metric whose reading cannot be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metric: Option<String>,
    /// SHA-256 of the [`Statement`] as it was signed, in hexadecimal.
    pub statement_sha256: String,
    /// The task.
    pub task: String,
    /// The transaction that found it.
    pub tx_id: String,
}

/// What judges results, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Argument)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Check {
    /// Form and signature, by which a result is refused before there is a verdict.
    Signature,
    /// Limits of readings.
    Limits,
    /// Averages of readings.
    Averages,
    /// Votes of oracles.
    Votes,
    /// The creator, or the creator's silence.
    Acceptance,
}

/// A result of a task that has ended, with what is needed to check its signature. Kept for ever.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, State)]
#[state(type = "result", key(task))]
#[serde(deny_unknown_fields)]
#[expect(clippy::exhaustive_structs, reason = "a record format")]
pub struct SavedResult {
    /// The creator's public key for the task.
    pub creator_key: String,
    /// The device.
    pub device: DeviceId,
    /// The key that signed it.
    pub device_key: PublicKey,
    /// The epoch in which the result came.
    pub epoch: u64,
    /// The result.
    pub result: ResultObject,
    /// The task.
    pub task: String,
}

/// An oracle's vote on a result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, State)]
#[state(type = "vote", key(task, oracle))]
#[serde(deny_unknown_fields)]
#[expect(clippy::exhaustive_structs, reason = "a record format")]
pub struct Vote {
    /// Whether the oracle confirms it.
    pub confirmed: bool,
    /// The address of the oracle's key.
    pub oracle: AccountId,
    /// SHA-256 of the [`Statement`] as it was signed, in hexadecimal.
    pub statement_sha256: String,
    /// The task.
    pub task: String,
}

/// The moving average of a device's readings of a metric, in thousandths.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, State)]
#[state(type = "mean", key(device, metric))]
#[serde(deny_unknown_fields)]
#[expect(clippy::exhaustive_structs, reason = "a record format")]
pub struct Mean {
    /// How many readings it is of; no more are counted than the type waits for.
    pub count: u32,
    /// The average distance of readings from it.
    pub deviation_milli: u64,
    /// The device.
    pub device: DeviceId,
    /// The average.
    pub mean_milli: i64,
    /// The metric.
    pub metric: String,
}
