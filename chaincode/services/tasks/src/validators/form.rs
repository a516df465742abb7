//! The form of a result.

use crate::ResultError;
use crate::record::{Average, ResultObject, Task, TaskType};
use crate::rules::{encryption_key, is_sha256};
use crate::validators::cid::{self, Codec};

/// Checks everything about a result that can be seen without its device.
pub(crate) fn check(
    task: &Task,
    task_type: &TaskType,
    result: &ResultObject,
) -> Result<(), ResultError> {
    let address = cid::parse(&result.cid)?;
    if !encryption_key(&result.task_key) || result.task_key == task.encryption_key {
        return Err(ResultError::BadKey);
    }
    let invalid = |what| Err(ResultError::ResultInvalid { what });
    if !is_sha256(&result.ciphertext_sha256) {
        return invalid("digest");
    }
    // The file itself is what a raw address is the digest of.
    if address.codec == Codec::Raw && hex::encode(address.digest) != result.ciphertext_sha256 {
        return Err(ResultError::BadCid);
    }
    if result.size == 0 || result.size > ResultObject::SIZE_MAX {
        return invalid("size");
    }
    if !result.readings.keys().eq(task_type.metrics()) || !are_countable(result) {
        return invalid("readings");
    }
    Ok(())
}

fn are_countable(result: &ResultObject) -> bool {
    let most = Average::READING_MAX;
    result.readings.values().all(|reading| (-most..=most).contains(reading))
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;
    use crate::testing::{result, task, task_type};

    #[track_caller]
    fn refused(change: fn(&mut ResultObject), expected: Expect) {
        let mut changed = result();
        change(&mut changed);
        let found = check(&task(), &task_type(), &changed);
        expected.assert_eq(&found.map_or_else(|error| error.to_string(), |()| "fine".to_owned()));
    }

    /// W-89, D-24 (a), attack 5: an empty or malformed result claims nothing.
    #[test]
    fn every_part_has_a_form() {
        refused(|_| (), expect!["fine"]);
        refused(
            |result| result.cid.clear(),
            expect![
                "the content identifier is not of version 1, base32 and SHA-256, or not the file's"
            ],
        );
        refused(
            |result| result.ciphertext_sha256 = "ab".repeat(32),
            expect![
                "the content identifier is not of version 1, base32 and SHA-256, or not the file's"
            ],
        );
        refused(
            |result| result.ciphertext_sha256.clear(),
            expect!["the result's digest cannot be"],
        );
        refused(|result| result.size = 0, expect!["the result's size cannot be"]);
        refused(|result| result.size = (1 << 40) + 1, expect!["the result's size cannot be"]);
        refused(
            |result| result.task_key.clear(),
            expect!["the task key is no key of X25519 of its own"],
        );
        refused(
            |result| result.task_key = "00".repeat(32),
            expect!["the task key is no key of X25519 of its own"],
        );
    }

    /// W-92: the device's key of a task is not the creator's.
    #[test]
    fn the_keys_of_a_task_differ() {
        refused(
            |result| result.task_key = task().encryption_key,
            expect!["the task key is no key of X25519 of its own"],
        );
    }

    /// D-24: the readings are those of the type, no fewer and no more, and can be counted with.
    #[test]
    fn readings_are_those_of_the_type() {
        let read = |readings: &[(&str, i64)]| {
            let readings = readings.iter().map(|(metric, value)| ((*metric).to_owned(), *value));
            let read = ResultObject { readings: readings.collect(), ..result() };
            check(&task(), &task_type(), &read).is_ok()
        };
        let most = Average::READING_MAX;
        for fine in [0, -most, most] {
            assert!(read(&[("celsius", fine)]), "{fine}");
        }
        for wrong in [i64::MIN, -most - 1, most + 1] {
            assert!(!read(&[("celsius", wrong)]), "{wrong}");
        }
        assert!(!read(&[]), "one is missing");
        assert!(!read(&[("kelvin", 0)]), "it is another");
        assert!(!read(&[("celsius", 0), ("kelvin", 0)]), "one is too many");
    }

    /// D-24: a tree's root is another digest than the file's.
    #[test]
    fn a_tree_is_addressed_by_its_root() {
        refused(
            |result| {
                "bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi"
                    .clone_into(&mut result.cid);
            },
            expect!["fine"],
        );
    }
}
