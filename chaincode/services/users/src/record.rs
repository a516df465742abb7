//! What the manager of users writes, and what it is asked and answers.

use pervade_chaincode::{Argument, KeyPart, State, TypedEvent};
use pervade_platform::{AccountId, Outcome};
use serde::{Deserialize, Serialize};

pub use anchor::{Anchor, Anchored, BadEntryDigest, BadLogName, EntryDigest, LogName};

mod anchor;

/// What the manager of users is bound to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Argument)]
#[serde(deny_unknown_fields)]
#[expect(clippy::exhaustive_structs, reason = "a record format")]
pub struct UserTerms {
    /// How many tasks of one creator and one respondent earn reputation each; of those that follow
    /// only the 16th, 32nd, 64th and so on do. At least 1.
    pub full_reward_tasks: u32,
    /// The reputation that a user begins with.
    pub initial_reputation: u64,
    /// Whether every completed task earns the same: also one's own, one within a group of one owner,
    /// and the thousandth between the same two.
    pub literal_reputation: bool,
}

impl UserTerms {
    /// One point to begin with; eight tasks of the same two at full reward; nothing for one's own.
    pub const USUAL: Self =
        Self { full_reward_tasks: 8, initial_reputation: 1, literal_reputation: false };
}

/// A user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, State)]
#[state(type = "user", key(account))]
#[serde(deny_unknown_fields)]
#[expect(clippy::exhaustive_structs, reason = "a record format")]
pub struct User {
    /// The account: the address of the key that the user registered with.
    pub account: AccountId,
    /// The address of the present key.
    pub address: AccountId,
    /// How often the key was replaced because it was lost or somebody else had it. What was set up
    /// under an earlier generation is not to be trusted.
    pub generation: u32,
    /// The owner to whom the user belongs, as an administrator of the organisation declared.
    pub group: Option<GroupName>,
    /// How many keys the user has had before the present one.
    pub keys: u32,
    /// The organisation that vouches for the user.
    pub msp: String,
}

/// The name of an owner with several users.
///
/// Invariant: 1 to [`LENGTH_MAX`](Self::LENGTH_MAX) small letters, digits, dots and hyphens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Argument)]
#[serde(try_from = "String", into = "String")]
pub struct GroupName(String);

impl GroupName {
    /// The most characters.
    pub const LENGTH_MAX: usize = 64;

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for GroupName {
    type Error = BadGroupName;

    fn try_from(text: String) -> Result<Self, BadGroupName> {
        let is_allowed = |b: u8| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-');
        let is_long = text.len() > Self::LENGTH_MAX;
        if text.is_empty() || is_long || !text.bytes().all(is_allowed) {
            return Err(BadGroupName);
        }
        Ok(Self(text))
    }
}

impl From<GroupName> for String {
    fn from(name: GroupName) -> Self {
        name.0
    }
}

/// Not the name of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a group's name is 1 to 64 small letters, digits, dots and hyphens")]
#[expect(clippy::exhaustive_structs, reason = "there is nothing to tell")]
pub struct BadGroupName;

/// Whose key has an address, for ever: a key is never a second user's, nor the same user's again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, State)]
#[state(type = "key", key(address))]
#[serde(deny_unknown_fields)]
#[expect(clippy::exhaustive_structs, reason = "a record format")]
pub struct Key {
    /// The key's address.
    pub address: AccountId,
    /// The account that it controls or controlled.
    pub account: AccountId,
    /// Whether another key has taken its place.
    pub retired: bool,
}

/// One of the keys that a user has had, in their order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, State)]
#[state(type = "key-change", key(account, number))]
#[serde(deny_unknown_fields)]
#[expect(clippy::exhaustive_structs, reason = "a record format")]
pub struct KeyChange {
    /// The account.
    pub account: AccountId,
    /// Which of its keys, from 0.
    pub number: u32,
    /// The key's address.
    pub address: AccountId,
    /// Why the key became the user's.
    pub cause: KeyCause,
    /// The user's generation since then.
    pub generation: u32,
    /// The transaction.
    pub tx_id: String,
}

/// Why a key became a user's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Argument)]
#[serde(rename_all = "lowercase")]
#[expect(clippy::exhaustive_enums, reason = "a record format")]
pub enum KeyCause {
    /// The user registered with it.
    Registered,
    /// The user changed the key.
    Rotated,
    /// An administrator replaced a key that was lost, or that somebody else had.
    Replaced,
}

/// What a new key signs, as canonical JSON, so that nobody names a key that they do not hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::exhaustive_structs, reason = "a signed format")]
pub struct KeyStatement {
    /// The account that the key is to control.
    pub account: AccountId,
    /// The channel.
    pub channel: String,
    /// The name of the manager of users.
    pub contract: String,
    /// The address of the key whose place it takes.
    pub old: AccountId,
    /// `rotate` or `replace`.
    pub purpose: KeyPurpose,
}

/// What a new key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(clippy::exhaustive_enums, reason = "a signed format")]
pub enum KeyPurpose {
    /// Changing the key.
    Rotate,
    /// Replacing a key that was lost, or that somebody else has.
    Replace,
}

/// Part in a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, Argument)]
#[serde(rename_all = "lowercase")]
#[expect(clippy::exhaustive_enums, reason = "a record format")]
pub enum Role {
    /// Who wants it done.
    Creator,
    /// Whose device does it.
    Respondent,
}

impl KeyPart for Role {
    fn part(&self) -> String {
        let word = match self {
            Self::Creator => "creator",
            Self::Respondent => "respondent",
        };
        word.to_owned()
    }
}

/// Two users who are about to have a task with each other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Argument)]
#[serde(deny_unknown_fields)]
#[expect(clippy::exhaustive_structs, reason = "a wire format")]
pub struct Engagement {
    /// Who wants the task done.
    pub creator: AccountId,
    /// Whose device is to do it.
    pub respondent: AccountId,
    /// The least reputation that the creator asks of the respondent.
    pub minimum: u64,
}

/// What comes of an [`Engagement`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Argument)]
#[serde(deny_unknown_fields)]
#[expect(clippy::exhaustive_structs, reason = "a wire format")]
pub struct Engaged {
    /// The reputation that the creator earns when the task is completed.
    pub creator_points: u64,
    /// The respondent.
    pub respondent: User,
    /// The reputation that the respondent earns when the task is completed.
    pub respondent_points: u64,
}

/// How many tasks two users have engaged in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, State)]
#[state(type = "pair", key(creator, respondent))]
#[serde(deny_unknown_fields)]
#[expect(clippy::exhaustive_structs, reason = "a record format")]
pub struct Pair {
    /// Who wanted the tasks done.
    pub creator: AccountId,
    /// Whose devices were to do them.
    pub respondent: AccountId,
    /// How many there were.
    pub tasks: u32,
}

/// What the end of a task means for its parties.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Argument)]
#[serde(deny_unknown_fields)]
#[expect(clippy::exhaustive_structs, reason = "a wire format")]
pub struct Settlement {
    /// At most [`ENTRIES_MAX`](Self::ENTRIES_MAX).
    pub entries: Vec<Entry>,
    /// The epoch in which the task ended.
    pub epoch: u64,
    /// The task.
    pub task: String,
}

impl Settlement {
    /// Most entries of one settlement.
    pub const ENTRIES_MAX: usize = 4;
}

/// What the end of a task means for one of its parties.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Argument)]
#[serde(deny_unknown_fields)]
#[expect(clippy::exhaustive_structs, reason = "a wire format")]
pub struct Entry {
    /// Whose account.
    pub account: AccountId,
    /// Whether to leave a notification.
    pub notify: bool,
    /// How the task ended.
    pub outcome: Outcome,
    /// The reputation that it earns.
    pub points: u64,
    /// The party's part.
    pub role: Role,
}

/// A task in which a user had a part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, State)]
#[state(type = "history", key(account, epoch, task, role, outcome))]
#[serde(deny_unknown_fields)]
#[expect(clippy::exhaustive_structs, reason = "a record format")]
pub struct History {
    /// The user.
    pub account: AccountId,
    /// The epoch in which the task ended.
    pub epoch: u64,
    /// The task.
    pub task: String,
    /// The user's part.
    pub role: Role,
    /// How the task ended.
    pub outcome: Outcome,
    /// The reputation that it earned.
    pub points: u64,
}

/// Tells a user of a task's end, for ever: it outlives the task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, State)]
#[state(type = "notification", key(account, epoch, task, outcome))]
#[serde(deny_unknown_fields)]
#[expect(clippy::exhaustive_structs, reason = "a record format")]
pub struct Notification {
    /// The user.
    pub account: AccountId,
    /// The epoch in which the task ended.
    pub epoch: u64,
    /// The task.
    pub task: String,
    /// How it ended.
    pub outcome: Outcome,
}

/// Emitted with every [`Notification`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::exhaustive_structs, reason = "an event format")]
pub struct Notified {
    /// The user.
    pub account: AccountId,
    /// How the task ended.
    pub outcome: Outcome,
    /// The task.
    pub task: String,
}

impl TypedEvent for Notified {
    const TYPE: &'static str = "notified";
}
