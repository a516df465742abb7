//! What clients are told as it happens.

use pervade_chaincode::{Argument, TypedEvent};
use pervade_platform::{AccountId, Amount, Outcome};
use serde::{Deserialize, Serialize};

use super::Kind;

/// Emitted when a task is created.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::exhaustive_structs, reason = "an event format")]
pub struct TaskAdded {
    /// Who created it.
    pub creator: AccountId,
    /// Who may perform it.
    pub kind: Kind,
    /// The task.
    pub task: String,
    /// The type.
    pub type_name: String,
}

impl TypedEvent for TaskAdded {
    const TYPE: &'static str = "added";
}

/// Emitted when something happens to a task and it goes on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::exhaustive_structs, reason = "an event format")]
pub struct TaskChanged {
    /// What happened.
    pub change: TaskChange,
    /// The task.
    pub task: String,
}

impl TypedEvent for TaskChanged {
    const TYPE: &'static str = "changed";
}

/// What happens to a task that goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Argument)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum TaskChange {
    /// A respondent accepted it.
    Accepted,
    /// The respondent stepped back: it is open again.
    Declined,
    /// A result is not valid: another may come.
    Refused,
    /// A result came that others judge.
    Submitted,
    /// An oracle voted on the result.
    Voted,
}

/// Emitted when a task ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::exhaustive_structs, reason = "an event format")]
pub struct TaskDestroyed {
    /// How.
    pub outcome: Outcome,
    /// The task.
    pub task: String,
}

impl TypedEvent for TaskDestroyed {
    const TYPE: &'static str = "destroyed";
}

/// Emitted when a respondent earns a task's reward.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::exhaustive_structs, reason = "an event format")]
pub struct TaskAwarded {
    /// Who earned it.
    pub account: AccountId,
    /// The points of reputation that came with it.
    pub points: u64,
    /// The reward.
    pub reward: Amount,
    /// The task.
    pub task: String,
}

impl TypedEvent for TaskAwarded {
    const TYPE: &'static str = "awarded";
}
