//! Small values for tests of rules.

use std::collections::BTreeMap;

use pervade_platform::{AccountId, Amount, PublicKey};

use crate::record::{Kind, Limit, NewTask, Points, ResultObject, Task, TaskTerms, TaskType};
use crate::rules::create::{Creation, created};
use crate::rules::decision::Next;
use crate::rules::life::{Taken, accept};
use crate::validators::Signed;
use pervade_devices::record::DeviceId;
use pervade_tokens::record::{Move, Purse};

pub(crate) fn account(number: u8) -> AccountId {
    format!("{number:02x}").repeat(32).parse().unwrap()
}

pub(crate) fn amount(units: u64) -> Amount {
    Amount::new(units).unwrap()
}

pub(crate) fn device(name: &str) -> DeviceId {
    name.parse().unwrap()
}

/// The base point of P-256.
pub(crate) fn key() -> PublicKey {
    let point = "046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296\
                 4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5";
    PublicKey::try_from(point.to_owned()).unwrap()
}

pub(crate) fn terms() -> TaskTerms {
    TaskTerms {
        decline_forfeit_permille: 100,
        decline_window: 3,
        fee: amount(1_000_000),
        keeper_fee: amount(100_000),
        limit_max: 100_000,
        reward_min: amount(1_000_000),
        window_min: 2,
    }
}

/// Readings of `celsius` between -40 and 85.
pub(crate) fn task_type() -> TaskType {
    TaskType {
        acceptance: None,
        averages: BTreeMap::new(),
        limits: BTreeMap::from([("celsius".to_owned(), Limit { min: -40, max: 85 })]),
        name: "temperature".to_owned(),
        version: 1,
        votes: None,
    }
}

/// For anyone, 20 epochs, 4 tokens.
pub(crate) fn new_task() -> NewTask {
    NewTask {
        device: None,
        encryption_key: "c1".repeat(32),
        kind: Kind::Public,
        limit: 20,
        minimum_reputation: 0,
        parameters: "{}".to_owned(),
        respondent: None,
        reward: amount(4_000_000),
        type_name: "temperature".to_owned(),
    }
}

/// Of account 1, since epoch 7.
pub(crate) fn task() -> Task {
    let creation = Creation { creator: &account(1), epoch: 7, tx_id: "task", terms: &terms() };
    created(new_task(), &creation).unwrap()
}

pub(crate) fn taken_by(respondent: u8) -> Taken {
    Taken {
        account: key().address(),
        device: device("thermometer"),
        key: key(),
        points: Points { creator: 1, respondent: 2 },
        respondent: account(respondent),
        slot: 0,
    }
}

/// Accepted by account 2, in epoch 10.
pub(crate) fn locked() -> Task {
    let Next::GoesOn { task, .. } = accept(task(), taken_by(2), 10).next else {
        panic!("it goes on")
    };
    *task
}

pub(crate) fn result() -> ResultObject {
    ResultObject {
        cid: "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku".to_owned(),
        ciphertext_sha256: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
            .to_owned(),
        readings: BTreeMap::from([("celsius".to_owned(), 21)]),
        signature: String::new(),
        size: 7,
        task_key: "d1".repeat(32),
    }
}

pub(crate) fn signed() -> Signed {
    Signed { device_key: key(), result: result(), statement_sha256: "57".repeat(32) }
}

/// `from amount to`, accounts by their first byte.
pub(crate) fn told(moves: &[Move]) -> String {
    let told = |purse: &Purse| match purse {
        Purse::Account(account) => account.as_str()[..2].to_owned(),
        Purse::Deposit(_) => "deposit".to_owned(),
        Purse::Escrow(_) => "escrow".to_owned(),
        Purse::Fee => "fee".to_owned(),
        Purse::Stock => "stock".to_owned(),
    };
    let moves = moves
        .iter()
        .map(|moved| format!("{} {} {}", told(&moved.from), moved.amount, told(&moved.to)));
    moves.collect::<Vec<_>>().join(", ")
}
