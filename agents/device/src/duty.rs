//! Whether a task is this device's to do.

use pervade_devices::record::DeviceId;
use pervade_platform::AccountId;
use pervade_tasks::record::Task;
use serde::Serialize;
use thiserror::Error;

/// What a device knows about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Oneself {
    /// The address of its key.
    pub account: AccountId,
    /// Its id.
    pub device: DeviceId,
    /// How many epochs it wants to have from the present one to a task's last.
    pub least_epochs: u64,
}

impl Oneself {
    /// A device that takes any task that has not expired.
    #[must_use]
    pub fn new(device: DeviceId, account: AccountId) -> Self {
        Self { account, device, least_epochs: 0 }
    }

    /// Whether a task, as the ledger has it, is this device's to do in an epoch.
    ///
    /// # Errors
    /// If not.
    pub fn check(&self, task: &Task, epoch: u64) -> Result<(), NotOurs> {
        if task.device.as_ref() != Some(&self.device) {
            return Err(NotOurs::OtherDevice);
        }
        if !task.locked {
            return Err(NotOurs::NotAccepted);
        }
        if task.device_account.as_ref() != Some(&self.account) {
            return Err(NotOurs::OtherKey);
        }
        if task.pending.is_some() {
            return Err(NotOurs::Delivered);
        }
        let left = task.expires.checked_sub(epoch);
        match left {
            Some(left) if left >= self.least_epochs => Ok(()),
            _ => Err(NotOurs::TooShort { expires: task.expires, epoch }),
        }
    }
}

/// Why a task is not to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Error, Serialize)]
#[serde(tag = "why", rename_all = "snake_case")]
#[non_exhaustive]
pub enum NotOurs {
    /// A result is there already, and others judge it.
    #[error("it has a result")]
    Delivered,
    /// Nobody has accepted it.
    #[error("nobody has accepted it")]
    NotAccepted,
    /// It is no task of a type that the device has a handler for.
    #[error("the device has no handler for its type")]
    NoHandler,
    /// It is another device's.
    #[error("it is another device's")]
    OtherDevice,
    /// It was given to the device under another key.
    #[error("the device has it under another key")]
    OtherKey,
    /// Too little time is left. Its owner may step back from it.
    #[error("its last epoch is {expires}, and this is epoch {epoch}")]
    TooShort {
        /// Its last epoch.
        expires: u64,
        /// The present one.
        epoch: u64,
    },
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use pervade_tasks::record::Task;

    use super::Oneself;
    use crate::samples::{account, device, task};

    #[track_caller]
    fn check(change: impl FnOnce(&mut Task), epoch: u64, expected: Expect) {
        let oneself = Oneself { least_epochs: 2, ..Oneself::new(device(), account('d')) };
        let mut task = task(1);
        change(&mut task);
        let found = oneself.check(&task, epoch);
        expected.assert_eq(&found.map_or_else(|why| why.to_string(), |()| "ours".to_owned()));
    }

    /// W-05, W-70: a device does what the ledger gives to it, under the key that it has.
    #[test]
    fn a_task_is_ours_when_the_ledger_says_so() {
        check(|_| (), 5, expect!["ours"]);
        check(|task| task.device = None, 5, expect!["it is another device's"]);
        check(|task| task.device = "eeeeeeee".parse().ok(), 5, expect!["it is another device's"]);
        check(
            |task| task.device_account = Some(account('e')),
            5,
            expect!["the device has it under another key"],
        );
        check(|task| task.locked = false, 5, expect!["nobody has accepted it"]);
    }

    /// D-23: a task with too little time left is not begun.
    #[test]
    fn a_task_needs_time() {
        check(|_| (), 9, expect!["ours"]);
        check(|_| (), 10, expect!["its last epoch is 11, and this is epoch 10"]);
        check(|_| (), 12, expect!["its last epoch is 11, and this is epoch 12"]);
        check(
            |_| (),
            u64::MAX,
            expect!["its last epoch is 11, and this is epoch 18446744073709551615"],
        );
    }
}
