//! What the manager of devices keeps, takes and tells.

use std::collections::BTreeMap;
use std::fmt;

use pervade_chaincode::{Argument, KeyPart, State, TypedEvent};
use pervade_platform::{AccountId, Amount, KeyProof, Outcome, PublicKey};
use serde::{Deserialize, Serialize};

/// How the manager runs, bound once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Argument)]
#[serde(deny_unknown_fields)]
#[expect(clippy::exhaustive_structs, reason = "a record format")]
pub struct DeviceTerms {
    /// How many tasks a device may have at a time, at most [`BACKLOG_MAX`](Self::BACKLOG_MAX).
    pub backlog: u32,
    /// What the owner deposits for each device, in tokens.
    pub deposit: Amount,
    /// How many faults within the window make a device suspect, at most
    /// [`FAULTS_MAX`](Self::FAULTS_MAX).
    pub fault_limit: u32,
    /// How many epochs a fault counts.
    pub fault_window: u64,
    /// How much of its deposit a device loses when it becomes suspect.
    pub slash: Amount,
}

impl DeviceTerms {
    /// Most tasks of a device at a time.
    pub const BACKLOG_MAX: u32 = 8;

    /// Most faults that are remembered.
    pub const FAULTS_MAX: u32 = 16;
}

/// The name of a device: text that nobody used before.
///
/// A device makes it when it starts for the first time, as the SHA-256 of its serial number and a
/// random salt in hexadecimal; any other text will do. Invariant: 8 to 64 letters, digits, `.`, `_` and `-`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, Argument)]
#[serde(try_from = "String", into = "String")]
pub struct DeviceId(String);

impl DeviceId {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for DeviceId {
    type Error = BadDeviceId;

    fn try_from(text: String) -> Result<Self, BadDeviceId> {
        let fits = (8..=64).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'));
        if fits { Ok(Self(text)) } else { Err(BadDeviceId) }
    }
}

impl std::str::FromStr for DeviceId {
    type Err = BadDeviceId;

    fn from_str(text: &str) -> Result<Self, BadDeviceId> {
        Self::try_from(text.to_owned())
    }
}

impl From<DeviceId> for String {
    fn from(id: DeviceId) -> Self {
        id.0
    }
}

impl fmt::Display for DeviceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl KeyPart for DeviceId {
    fn part(&self) -> String {
        self.0.clone()
    }
}

/// Not the name of a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a device's id is 8 to 64 letters, digits, '.', '_' and '-'")]
#[expect(clippy::exhaustive_structs, reason = "there is nothing to tell")]
pub struct BadDeviceId;

/// A device, as its owner registers it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Argument)]
#[serde(deny_unknown_fields)]
#[expect(clippy::exhaustive_structs, reason = "a wire format")]
pub struct NewDevice {
    /// What it is called.
    pub id: DeviceId,
    /// The device's own key, which signed an [`InstallStatement`].
    pub key: KeyProof,
}

/// What a device's key signs when the device is installed: whose it is from now on, and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::exhaustive_structs, reason = "a wire format")]
pub struct InstallStatement {
    /// The channel.
    pub channel: String,
    /// The name of the manager of devices there.
    pub contract: String,
    /// The device.
    pub device: DeviceId,
    /// How often it was installed before.
    pub installs: u32,
    /// Its owner.
    pub owner: AccountId,
    /// [`PURPOSE`](Self::PURPOSE).
    pub purpose: String,
}

impl InstallStatement {
    /// Sets the statement apart from others that the key may sign.
    pub const PURPOSE: &str = "install";
}

/// A device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, State)]
#[state(type = "device", key(id))]
#[serde(deny_unknown_fields)]
#[expect(clippy::exhaustive_structs, reason = "a record format")]
pub struct Device {
    /// The account that the device signs for with its own key.
    pub account: AccountId,
    /// Whether its owner lets it have tasks.
    pub active: bool,
    /// What lies in its deposit.
    pub deposit: Amount,
    /// Whether it is found by its attributes.
    pub discoverable: bool,
    /// What it is called.
    pub id: DeviceId,
    /// How often it was installed.
    pub installs: u32,
    /// The organisation of its owner.
    pub msp: String,
    /// Hexadecimal SHA-256 of a salt and the name that its owner gave it, which stays off the ledger.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name_commitment: Option<String>,
    /// Its owner.
    pub owner: AccountId,
    /// Which of the owner's keys it was installed under.
    pub owner_generation: u32,
    /// What a task costs that is given to it at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<Amount>,
    /// Its own key.
    pub public_key: PublicKey,
    /// Whether it gave too many results that cannot be, and gets no new tasks.
    pub suspect: bool,
}

/// Which device a key belongs or belonged to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, State)]
#[state(type = "device-key", key(account))]
#[serde(deny_unknown_fields)]
#[expect(clippy::exhaustive_structs, reason = "a record format")]
pub struct DeviceKey {
    /// The key's address.
    pub account: AccountId,
    /// The device.
    pub device: DeviceId,
    /// Whether the key was replaced, or the device removed.
    pub retired: bool,
}

/// An entry in an owner's collection of devices.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, State)]
#[state(type = "owned", key(owner, device))]
#[serde(deny_unknown_fields)]
#[expect(clippy::exhaustive_structs, reason = "a record format")]
pub struct Owned {
    /// The owner.
    pub owner: AccountId,
    /// The device.
    pub device: DeviceId,
}

/// A place in a device's backlog that is taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, State)]
#[state(type = "slot", key(device, slot))]
#[serde(deny_unknown_fields)]
#[expect(clippy::exhaustive_structs, reason = "a record format")]
pub struct Slot {
    /// The device.
    pub device: DeviceId,
    /// The number of the place.
    pub slot: u32,
    /// The task in it.
    pub task: String,
}

/// What a device has done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, State)]
#[state(type = "standing", key(device))]
#[serde(deny_unknown_fields)]
#[expect(clippy::exhaustive_structs, reason = "a record format")]
pub struct Standing {
    /// How many of its tasks ended with a valid result.
    pub completed: u64,
    /// How many its owner stepped back from.
    pub declined: u64,
    /// The device.
    pub device: DeviceId,
    /// How many ended without a result.
    pub expired: u64,
    /// How many ended with one that was not valid or not accepted.
    pub failed: u64,
    /// The epochs of its latest faults.
    pub faults: Vec<u64>,
}

impl Standing {
    /// That of a device that has done nothing.
    #[must_use]
    pub fn new(device: DeviceId) -> Self {
        Self { completed: 0, declined: 0, device, expired: 0, failed: 0, faults: Vec::new() }
    }
}

/// An attribute of a device that can be found by it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, State)]
#[state(type = "attribute", key(name, value, device))]
#[serde(deny_unknown_fields)]
#[expect(clippy::exhaustive_structs, reason = "a record format")]
pub struct Attribute {
    /// The attribute.
    pub name: String,
    /// Its value.
    pub value: String,
    /// The device.
    pub device: DeviceId,
}

/// All attributes of a device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, State)]
#[state(type = "attributes", key(device))]
#[serde(deny_unknown_fields)]
#[expect(clippy::exhaustive_structs, reason = "a record format")]
pub struct Attributes {
    /// The device.
    pub device: DeviceId,
    /// Value by name.
    pub attributes: BTreeMap<String, String>,
}

/// An event in a device's life.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, State)]
#[state(type = "life", key(device, installs, tx_id))]
#[serde(deny_unknown_fields)]
#[expect(clippy::exhaustive_structs, reason = "a record format")]
pub struct LifeEntry {
    /// The device.
    pub device: DeviceId,
    /// What happened.
    pub event: LifeEvent,
    /// How often it had been installed.
    pub installs: u32,
    /// Who had it happen, by the address of the key.
    pub signer: AccountId,
    /// The transaction.
    pub tx_id: String,
}

/// What happens in a device's life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Argument)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum LifeEvent {
    /// Its owner lets it have tasks.
    Activated,
    /// Its owner gives it none.
    Deactivated,
    /// It was registered with a key of its own.
    Installed,
    /// It was given another key.
    Reinstalled,
    /// It was removed.
    Removed,
    /// It gave too many results that cannot be.
    Suspect,
}

/// A task for a device, as the manager of tasks gives it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Argument)]
#[serde(deny_unknown_fields)]
#[expect(clippy::exhaustive_structs, reason = "a wire format")]
pub struct Assignment {
    /// The device.
    pub device: DeviceId,
    /// Whose keys count: the respondent's, as users have it.
    pub owner_generation: u32,
    /// The account the device must belong to.
    pub respondent: AccountId,
    /// The task.
    pub task: String,
}

/// What becomes of an [`Assignment`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Argument)]
#[serde(deny_unknown_fields)]
#[expect(clippy::exhaustive_structs, reason = "a wire format")]
pub struct Assigned {
    /// The device.
    pub device: Device,
    /// The place in its backlog.
    pub slot: u32,
}

/// What a device did with a task, as the manager of tasks tells it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Argument)]
#[serde(deny_unknown_fields)]
#[expect(clippy::exhaustive_structs, reason = "a wire format")]
pub struct Report {
    /// The device.
    pub device: DeviceId,
    /// The present epoch.
    pub epoch: u64,
    /// Whether it gave a result that cannot be.
    pub faulty: bool,
    /// How the task ended, if it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// The task's place in the backlog.
    pub slot: u32,
    /// The task.
    pub task: String,
}

/// What follows from a [`Report`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Argument)]
#[serde(deny_unknown_fields)]
#[expect(clippy::exhaustive_structs, reason = "a wire format")]
pub struct Reported {
    /// How much of the device's deposit is lost by it.
    pub slash: Amount,
    /// Whether the device is suspect.
    pub suspect: bool,
}

/// A device's name and the salt of its commitment, kept for the owner's organisation alone.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Argument)]
#[serde(deny_unknown_fields)]
#[expect(missing_debug_implementations, reason = "names are not for logs")]
#[expect(clippy::exhaustive_structs, reason = "a record format")]
pub struct Nickname {
    /// The name.
    pub name: String,
    /// At least 16 characters that nobody guesses.
    pub salt: String,
}

/// Emitted when a device gets a task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::exhaustive_structs, reason = "an event format")]
pub struct DeviceAssigned {
    /// The account that the device listens as.
    pub account: AccountId,
    /// The device.
    pub device: DeviceId,
    /// The task.
    pub task: String,
}

impl TypedEvent for DeviceAssigned {
    const TYPE: &'static str = "assigned";
}

/// A page of devices.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Argument)]
#[expect(clippy::exhaustive_structs, reason = "a wire format")]
pub struct DevicePage {
    /// The devices.
    pub devices: Vec<Device>,
    /// Where the next page begins; empty at the end.
    pub bookmark: String,
}

/// A page of a device's life.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Argument)]
#[expect(clippy::exhaustive_structs, reason = "a wire format")]
pub struct LifePage {
    /// The entries, those of an earlier installation first.
    pub entries: Vec<LifeEntry>,
    /// Where the next page begins; empty at the end.
    pub bookmark: String,
}
