//! Types of tasks: how results are judged.

use std::collections::BTreeMap;

use pervade_chaincode::{Argument, State};
use pervade_platform::AccountId;
use serde::{Deserialize, Serialize};

/// A type of task, defined once: which readings come with a result, and how the result is judged.
///
/// The form and the signature of every result are checked. Limits and averages judge its readings,
/// which are those that either of them names, and no others. Then others may judge: oracles or
/// the creator, not both.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, State)]
#[state(type = "type", key(name))]
#[serde(deny_unknown_fields)]
#[expect(clippy::exhaustive_structs, reason = "a record format")]
pub struct TaskType {
    /// For how many epochs after the one in which it came the creator may reject a result.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acceptance: Option<u64>,
    /// How far a reading may be from the device's average, by metric.
    pub averages: BTreeMap<String, Average>,
    /// Between what a reading must be, by metric.
    pub limits: BTreeMap<String, Limit>,
    /// What it is called: 1 to 64 small letters, digits, `.` and `-`.
    pub name: String,
    /// [`VERSION`](Self::VERSION): which rules the type is written for.
    pub version: u32,
    /// Who votes on a result.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub votes: Option<Votes>,
}

impl TaskType {
    /// The version of the rules by which results are judged.
    pub const VERSION: u32 = 1;

    /// Most metrics of a type.
    pub const METRICS_MAX: usize = 16;

    /// Most epochs of a window for votes or acceptance.
    pub const WINDOW_MAX: u64 = 10_000;
}

/// Between what a reading must be, both ends included. Readings are whole numbers of a unit that
/// the type's devices know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Argument)]
#[serde(deny_unknown_fields)]
#[expect(clippy::exhaustive_structs, reason = "a record format")]
pub struct Limit {
    /// The least.
    pub min: i64,
    /// The most.
    pub max: i64,
}

/// How far a reading may be from the moving average of a device's readings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Argument)]
#[serde(deny_unknown_fields)]
#[expect(clippy::exhaustive_structs, reason = "a record format")]
pub struct Average {
    /// A distance that is never too far.
    pub floor: u64,
    /// How far a reading may be, in thousandths of the average deviation.
    pub tolerance_permille: u32,
    /// How many readings come before any is refused.
    pub warmup: u32,
    /// How much a reading moves the average, in thousandths: 1 to 1000.
    pub weight_permille: u32,
}

impl Average {
    /// The most that a reading may be, and its negative the least: what follows from such
    /// readings, in thousandths, every JSON reader holds exactly.
    pub const READING_MAX: i64 = 1_000_000_000_000;

    /// Most thousandths of the average deviation.
    pub const TOLERANCE_PERMILLE_MAX: u32 = 1_000_000;
}

/// Who votes on a result, and how many of them must confirm it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Argument)]
#[serde(deny_unknown_fields)]
#[expect(clippy::exhaustive_structs, reason = "a record format")]
pub struct Votes {
    /// How many must confirm a result.
    pub needed: u32,
    /// The addresses of the oracles' keys.
    pub oracles: Vec<AccountId>,
    /// For how many epochs after the one in which the result came they may vote.
    pub window: u64,
}

impl Votes {
    /// Most oracles of a type.
    pub const ORACLES_MAX: usize = 16;
}
