//! What the manager of tasks keeps, takes and tells.

use std::fmt;

use pervade_chaincode::{Argument, KeyPart, State};
use pervade_devices::record::DeviceId;
use pervade_platform::{AccountId, Amount, Outcome, PublicKey};
use serde::{Deserialize, Serialize};

pub use events::{TaskAdded, TaskAwarded, TaskChange, TaskChanged, TaskDestroyed};
pub use result::{Check, Mean, Pending, ResultObject, SavedResult, Statement, Verdict, Vote};
pub use task_type::{Average, Limit, TaskType, Votes};

mod events;
mod result;
mod task_type;

/// How the manager runs, bound once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Argument)]
#[serde(deny_unknown_fields)]
#[expect(clippy::exhaustive_structs, reason = "a record format")]
pub struct TaskTerms {
    /// How much of its stake a respondent forfeits who declines an accepted task, in thousandths.
    pub decline_forfeit_permille: u32,
    /// How many epochs after the one of acceptance a respondent may decline.
    pub decline_window: u64,
    /// What a task costs its creator. It never comes back.
    pub fee: Amount,
    /// What whoever brings an overdue task to its end gets; the creator's, if nobody has to.
    pub keeper_fee: Amount,
    /// Most epochs that a task may last, at most [`LIMIT_MAX`](Self::LIMIT_MAX).
    pub limit_max: u64,
    /// Least reward of a task, but for those that creators give to themselves. Not nothing.
    pub reward_min: Amount,
    /// Least epochs that a task that is accepted has left.
    pub window_min: u64,
}

impl TaskTerms {
    /// Most epochs that any terms may let a task last: two weeks and a half.
    pub const LIMIT_MAX: u64 = 100_000;
}

/// Who may perform a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Argument)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Kind {
    /// The named device of the named respondent, who accepts it first.
    Assigned,
    /// The named device of the named respondent, at the price its owner published: nobody accepts.
    Instant,
    /// The device of whoever accepts it first.
    Public,
}

/// A task, as its creator describes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Argument)]
#[serde(deny_unknown_fields)]
#[expect(clippy::exhaustive_structs, reason = "a wire format")]
pub struct NewTask {
    /// The device that is to perform it, unless anyone may.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<DeviceId>,
    /// The creator's public key for this task alone: X25519, 64 hexadecimal digits.
    pub encryption_key: String,
    /// Who may perform it.
    pub kind: Kind,
    /// How many epochs it lasts after the present one.
    pub limit: u64,
    /// Least reputation of its respondent.
    pub minimum_reputation: u64,
    /// What the device is to do, in words that devices of the type know.
    pub parameters: String,
    /// The device's owner, unless anyone may.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub respondent: Option<AccountId>,
    /// What the respondent earns.
    pub reward: Amount,
    /// The type: how results are judged.
    pub type_name: String,
}

impl NewTask {
    /// Most bytes of the parameters.
    pub const PARAMETERS_BYTES_MAX: usize = 4_096;
}

/// A task that has not ended. In its escrow lie the reward, the stake and the keeper's fee.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, State)]
#[state(type = "task", key(id))]
#[serde(deny_unknown_fields)]
#[expect(clippy::exhaustive_structs, reason = "a record format")]
pub struct Task {
    /// The epoch in which it was accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted: Option<u64>,
    /// The epoch in which it was created.
    pub created: u64,
    /// Who created it.
    pub creator: AccountId,
    /// The device that is named for it, or accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<DeviceId>,
    /// The account that the device had when it got the task.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device_account: Option<AccountId>,
    /// The key that the device had when it got the task.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device_key: Option<PublicKey>,
    /// The creator's public key for this task alone: X25519, 64 hexadecimal digits.
    pub encryption_key: String,
    /// The last epoch in which a result may come.
    pub expires: u64,
    /// The transaction that created it.
    pub id: String,
    /// What whoever brings it to its end after a deadline gets.
    pub keeper_fee: Amount,
    /// Who may perform it.
    pub kind: Kind,
    /// Whether somebody has accepted it.
    pub locked: bool,
    /// Least reputation of its respondent.
    pub minimum_reputation: u64,
    /// What the device is to do.
    pub parameters: String,
    /// A valid result that others still judge.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pending: Option<Pending>,
    /// What its completion is worth.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub points: Option<Points>,
    /// The owner of the device that is named for it, or accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub respondent: Option<AccountId>,
    /// What the respondent earns.
    pub reward: Amount,
    /// Its place in the device's backlog.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slot: Option<u32>,
    /// What the respondent has staked: nothing before it is accepted.
    pub stake: Amount,
    /// The type: how results are judged.
    pub type_name: String,
}

/// Points of reputation for a completed task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Argument)]
#[serde(deny_unknown_fields)]
#[expect(clippy::exhaustive_structs, reason = "a record format")]
pub struct Points {
    /// For the creator.
    pub creator: u64,
    /// For the respondent.
    pub respondent: u64,
}

/// An entry in the public list of tasks that may be accepted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, State)]
#[state(type = "open", key(type_name, id))]
#[serde(deny_unknown_fields)]
#[expect(clippy::exhaustive_structs, reason = "a record format")]
pub struct Open {
    /// The last epoch in which the task may be accepted.
    pub acceptable: u64,
    /// The last epoch in which a result may come.
    pub expires: u64,
    /// The task.
    pub id: String,
    /// Least reputation of its respondent.
    pub minimum_reputation: u64,
    /// What the respondent earns.
    pub reward: Amount,
    /// The type.
    pub type_name: String,
}

/// What is to be done about a task from an epoch on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, State)]
#[state(type = "due", key(epoch, id))]
#[serde(deny_unknown_fields)]
#[expect(clippy::exhaustive_structs, reason = "a record format")]
pub struct Due {
    /// What.
    pub action: Action,
    /// The first epoch in which it can be done.
    pub epoch: u64,
    /// The task.
    pub id: String,
}

/// The functions that anyone may call when a deadline has passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Argument)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Action {
    /// `expire`.
    Expire,
    /// `settle`.
    Settle,
}

/// A task that has ended. It is kept for ever.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, State)]
#[state(type = "summary", key(id))]
#[serde(deny_unknown_fields)]
#[expect(clippy::exhaustive_structs, reason = "a record format")]
pub struct Summary {
    /// The epoch in which it was created.
    pub created: u64,
    /// Who created it.
    pub creator: AccountId,
    /// The device that had it, or was named for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<DeviceId>,
    /// The epoch in which it ended.
    pub ended: u64,
    /// The transaction that created it.
    pub id: String,
    /// Who might perform it.
    pub kind: Kind,
    /// How it ended.
    pub outcome: Outcome,
    /// The owner of that device.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub respondent: Option<AccountId>,
    /// What the respondent was to earn.
    pub reward: Amount,
    /// The type.
    pub type_name: String,
}

/// A party's entry for a task, kept for ever.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, State)]
#[state(type = "part", key(part, of, created, id))]
#[serde(deny_unknown_fields)]
#[expect(clippy::exhaustive_structs, reason = "a record format")]
pub struct PartEntry {
    /// The epoch in which the task was created.
    pub created: u64,
    /// The task.
    pub id: String,
    /// Whose entry it is: an account, or a device.
    pub of: String,
    /// How it ended for that party; none while it goes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// The part that the party has in it.
    pub part: Part,
    /// The type.
    pub type_name: String,
}

/// The part that somebody has in a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Argument)]
#[serde(rename_all = "lowercase")]
#[expect(clippy::exhaustive_enums, reason = "complete by definition")]
pub enum Part {
    /// Whoever wants it done.
    Creator,
    /// What does it.
    Device,
    /// Whoever has it done.
    Respondent,
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Creator => "creator",
            Self::Device => "device",
            Self::Respondent => "respondent",
        })
    }
}

impl KeyPart for Part {
    fn part(&self) -> String {
        self.to_string()
    }
}
