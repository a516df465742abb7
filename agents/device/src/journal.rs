//! What the device has done, so that it goes on where it stopped.

use std::collections::BTreeMap;

use pervade_link::Receipt;
use pervade_tasks::record::{ResultObject, Task};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::folder::{Folder, FolderError, Lock};

/// One file for each task that the device has taken, in a folder.
///
/// Each step is on disk before the next one begins. What a step made is part of its entry, so that
/// nothing is made twice: a result that was signed is submitted as it is, however often.
#[derive(Debug)]
pub struct Journal {
    folder: Folder,
    _lock: Lock,
}

/// A task, and how far the device has come with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Entry {
    /// The task as the ledger had it when the device took it.
    pub task: Task,
    /// How far the device has come.
    pub step: Step,
}

/// How far a device has come with a task. Each step follows the one before it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "lowercase", deny_unknown_fields)]
#[non_exhaustive]
pub enum Step {
    /// The task is known and this device's.
    Seen,
    /// The handler has been given the task, and may have done anything from nothing to all of it.
    Begun,
    /// The task is done, and what came of it is sealed and stored.
    Processed {
        /// What came of it.
        sealed: SealedProduct,
    },
    /// The result is signed.
    Signed {
        /// The result.
        result: ResultObject,
    },
    /// A gateway says that the result is on the ledger.
    Delivered {
        /// The result.
        result: ResultObject,
        /// What the gateway says.
        receipt: Receipt,
    },
    /// There is nothing left to do.
    Done {
        /// Why.
        end: End,
    },
}

/// What came of a task, as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct SealedProduct {
    /// Where the sealed file is.
    pub cid: String,
    /// SHA-256 of the sealed file, in hexadecimal.
    pub ciphertext_sha256: String,
    /// What was measured.
    pub readings: BTreeMap<String, i64>,
    /// Bytes of the sealed file.
    pub size: u64,
    /// The public half of the key that sealed it.
    pub task_key: String,
}

/// How a task ended for the device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "end", rename_all = "lowercase", deny_unknown_fields)]
#[non_exhaustive]
pub enum End {
    /// The result is on the ledger.
    Committed {
        /// Where; none if the device learnt of it only by asking for the result.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        receipt: Option<Receipt>,
    },
    /// The ledger judged the result, and holds that it cannot be.
    Refused {
        /// The metric that was too far off.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        metric: Option<String>,
        /// Where that is on the ledger.
        receipt: Receipt,
    },
    /// The task ended, or is another's, and no result of this device is on the ledger.
    Lost,
}

impl Entry {
    /// A task that the device has just taken.
    #[must_use]
    pub fn new(task: Task) -> Self {
        Self { task, step: Step::Seen }
    }

    /// Whether something is left to do.
    #[must_use]
    pub fn is_open(&self) -> bool {
        !matches!(self.step, Step::Done { .. })
    }
}

impl Journal {
    /// How many tasks that are done are remembered. Gateways that lag behind still tell of them.
    pub const DONE_KEPT: usize = 256;

    /// Uses a folder, which is to hold nothing else, and which no other process may use meanwhile:
    /// two would do each task twice.
    ///
    /// # Errors
    /// Another process uses it, or it cannot be used.
    pub fn open(folder: Folder) -> Result<Self, JournalError> {
        let lock = folder.lock()?;
        Ok(Self { folder, _lock: lock })
    }

    /// The entry of a task.
    ///
    /// # Errors
    /// The folder cannot be used, or the name is none of a task.
    pub fn find(&self, task: &str) -> Result<Option<Entry>, JournalError> {
        Ok(self.folder.read_json(&file_name(task)?)?)
    }

    /// Writes an entry; returns once it is durable. Of entries with nothing left to do the oldest
    /// are removed, if there are too many.
    ///
    /// # Errors
    /// The folder cannot be used, or the name is none of a task.
    pub fn record(&self, entry: &Entry) -> Result<(), JournalError> {
        self.folder.write_json(&file_name(&entry.task.id)?, entry)?;
        if entry.is_open() { Ok(()) } else { self.prune() }
    }

    /// The entries with something left to do, the task that was accepted first before the others.
    ///
    /// # Errors
    /// The folder cannot be used.
    pub fn open_entries(&self) -> Result<Vec<Entry>, JournalError> {
        let mut entries = self.entries()?;
        entries.retain(Entry::is_open);
        Ok(entries)
    }

    /// All entries, the task that was accepted first before the others. One that is damaged is left
    /// where it is and keeps no other from being done; the log names it.
    ///
    /// # Errors
    /// The folder cannot be used.
    pub fn entries(&self) -> Result<Vec<Entry>, JournalError> {
        let mut entries = Vec::new();
        for name in self.folder.names()? {
            match self.folder.read_json::<Entry>(&name) {
                Err(error @ FolderError::Json { .. }) => tracing::error!(%error, "left alone"),
                read => entries.extend(read?),
            }
        }
        entries.sort_by_key(|entry| entry.task.accepted);
        Ok(entries)
    }

    fn prune(&self) -> Result<(), JournalError> {
        let mut done = self.entries()?;
        done.retain(|entry| !entry.is_open());
        let surplus = done.len().saturating_sub(Self::DONE_KEPT);
        for entry in done.iter().take(surplus) {
            self.folder.remove(&file_name(&entry.task.id)?)?;
        }
        Ok(())
    }
}

/// The name of a task's file. A task is named by a transaction, so that a name is never a path.
fn file_name(task: &str) -> Result<String, JournalError> {
    let is_name = task.len() == 64 && task.bytes().all(|b| b.is_ascii_hexdigit());
    if is_name { Ok(format!("{task}.json")) } else { Err(JournalError::NotATask) }
}

/// Why a step could not be written or read.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum JournalError {
    /// The folder cannot be used.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// Not the id of a transaction.
    #[error("a task is named by a transaction: 64 hexadecimal digits")]
    NotATask,
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use expect_test::{Expect, expect};
    use pervade_link::Receipt;
    use pervade_ports::system::SystemFiles;

    use super::{End, Entry, Journal, Step};
    use crate::folder::Folder;
    use crate::samples::{result, task};

    fn journal() -> (tempfile::TempDir, Journal) {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::open(Arc::new(SystemFiles), place.path().to_owned()).unwrap();
        (place, Journal::open(folder).unwrap())
    }

    fn receipt() -> Receipt {
        Receipt { block: 7, tx_id: "t".to_owned() }
    }

    /// N-08: every step is found again as it was written.
    #[test]
    fn steps_are_found_again() {
        #[track_caller]
        fn check(step: Step, expected: Expect) {
            let (_place, journal) = journal();
            let entry = Entry { task: task(1), step };
            journal.record(&entry).unwrap();
            assert_eq!(journal.find(&entry.task.id).unwrap(), Some(entry.clone()));
            expected.assert_eq(&serde_json::to_string(&entry.step).unwrap());
        }
        check(Step::Seen, expect![[r#"{"step":"seen"}"#]]);
        check(Step::Begun, expect![[r#"{"step":"begun"}"#]]);
        let signed = Step::Signed { result: result() };
        check(
            signed,
            expect![[
                r#"{"step":"signed","result":{"cid":"bafy","ciphertext_sha256":"00","readings":{"celsius":21},"signature":"30","size":3,"task_key":"11"}}"#
            ]],
        );
        check(
            Step::Done { end: End::Committed { receipt: Some(receipt()) } },
            expect![[
                r#"{"step":"done","end":{"end":"committed","receipt":{"block":7,"tx_id":"t"}}}"#
            ]],
        );
        check(Step::Done { end: End::Lost }, expect![[r#"{"step":"done","end":{"end":"lost"}}"#]]);
    }

    /// N-08: what has no receipt is never removed, however much is done after it.
    #[test]
    fn only_what_is_done_is_forgotten() {
        let (_place, journal) = journal();
        let waiting = Entry { task: task(0), step: Step::Signed { result: result() } };
        journal.record(&waiting).unwrap();
        for number in 1..=Journal::DONE_KEPT + 2 {
            let end = End::Committed { receipt: Some(receipt()) };
            let task = task(u64::try_from(number).unwrap());
            journal.record(&Entry { task, step: Step::Done { end } }).unwrap();
        }
        let kept = journal.entries().unwrap();
        assert_eq!(kept.len(), 1 + Journal::DONE_KEPT);
        assert_eq!(kept[0], waiting);
        assert_eq!(kept[1].task.id, task(3).id, "the oldest went first");
        assert_eq!(journal.open_entries().unwrap(), [waiting]);
    }

    /// A damaged entry keeps no other from being found, and stays what it is.
    #[test]
    fn a_damaged_entry_is_left_alone() {
        let (_place, journal) = journal();
        let entry = Entry::new(task(2));
        journal.record(&entry).unwrap();
        let damaged = task(1).id;
        journal.folder.write(&format!("{damaged}.json"), b"{").unwrap();
        assert_eq!(journal.open_entries().unwrap(), [entry]);
        assert!(journal.find(&damaged).is_err(), "it is not taken for none");
    }

    /// N-08: two processes on one folder would do each task twice.
    #[test]
    fn a_journal_is_one_processs() {
        let (_place, first) = journal();
        let second = Journal::open(first.folder.clone()).unwrap_err();
        assert!(second.to_string().starts_with("another process uses "), "{second}");
        let folder = first.folder.clone();
        drop(first);
        assert!(Journal::open(folder).is_ok(), "it is free again");
    }

    #[test]
    fn a_task_is_no_path() {
        let (_place, journal) = journal();
        for name in ["../../etc/passwd", "", &"a".repeat(63), &format!("{}/", "a".repeat(63))] {
            let found = journal.find(name).unwrap_err();
            assert_eq!(
                found.to_string(),
                "a task is named by a transaction: 64 hexadecimal digits"
            );
        }
    }
}
