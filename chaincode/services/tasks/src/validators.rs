//! What judges results: a closed set, [version](crate::record::TaskType::VERSION) 1, chosen by
//! the task's type.
//!
//! Form and signature refuse a result outright: whoever sent it learns why, and nothing is
//! recorded. Limits and averages judge readings that a device has signed: what they find is
//! recorded, as a fault of the device. Then oracles may vote, or the creator may accept. All of it
//! is arithmetic of whole numbers, the same at every endorser.

use std::collections::BTreeMap;

use pervade_platform::PublicKey;

use crate::ResultError;
use crate::record::{Check, Mean, ResultObject, Statement, Task, TaskType};

pub(crate) use votes::{Count, count};

pub(crate) mod averages;
mod cid;
mod form;
mod limits;
mod signature;
mod votes;

/// A result whose form and signature are in order.
#[derive(Debug)]
pub(crate) struct Signed {
    /// The key that signed it.
    pub(crate) device_key: PublicKey,
    /// The result.
    pub(crate) result: ResultObject,
    /// SHA-256 of the statement as it was signed, in hexadecimal.
    pub(crate) statement_sha256: String,
}

/// Checks the form and the signature of a result.
pub(crate) fn admit(
    (channel, contract): (&str, &str),
    (task, task_type): (&Task, &TaskType),
    device_key: &PublicKey,
    result: ResultObject,
) -> Result<Signed, ResultError> {
    form::check(task, task_type, &result)?;
    let statement = Statement::of(channel, contract, task, &result);
    let statement_sha256 = signature::check(device_key, &statement, &result.signature)?;
    Ok(Signed { device_key: device_key.clone(), result, statement_sha256 })
}

/// A reading that cannot be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    /// What found it.
    pub(crate) check: Check,
    /// The metric.
    pub(crate) metric: String,
}

/// The first reading that cannot be: by its limits, then by the device's averages.
pub(crate) fn fault(
    task_type: &TaskType,
    means: &BTreeMap<String, Mean>,
    readings: &BTreeMap<String, i64>,
) -> Option<Fault> {
    let fault = |check, metric: &str| Fault { check, metric: metric.to_owned() };
    if let Some(metric) = limits::outside(&task_type.limits, readings) {
        return Some(fault(Check::Limits, metric));
    }
    let metric = averages::far(&task_type.averages, means, readings)?;
    Some(fault(Check::Averages, metric))
}
