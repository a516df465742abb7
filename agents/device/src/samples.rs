//! Small values for tests.

use std::collections::BTreeMap;

use pervade_devices::record::DeviceId;
use pervade_platform::{AccountId, Amount};
use pervade_tasks::record::{Kind, ResultObject, Task};

pub(crate) fn device() -> DeviceId {
    "dddddddd".parse().unwrap()
}

/// A task that this device's owner accepted, in the epoch of its number.
pub(crate) fn task(number: u64) -> Task {
    Task {
        accepted: Some(number),
        created: 0,
        creator: account('c'),
        device: Some(device()),
        device_account: Some(account('d')),
        device_key: None,
        encryption_key: "22".repeat(32),
        expires: number + 10,
        id: format!("{number:064x}"),
        keeper_fee: Amount::ZERO,
        kind: Kind::Public,
        locked: true,
        minimum_reputation: 0,
        parameters: "{}".to_owned(),
        pending: None,
        points: None,
        respondent: Some(account('b')),
        reward: Amount::ZERO,
        slot: Some(0),
        stake: Amount::ZERO,
        type_name: "measure".to_owned(),
    }
}

pub(crate) fn account(letter: char) -> AccountId {
    letter.to_string().repeat(64).parse().unwrap()
}

pub(crate) fn result() -> ResultObject {
    ResultObject {
        cid: "bafy".to_owned(),
        ciphertext_sha256: "00".to_owned(),
        readings: BTreeMap::from([("celsius".to_owned(), 21)]),
        signature: "30".to_owned(),
        size: 3,
        task_key: "11".to_owned(),
    }
}
