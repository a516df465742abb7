//! Any bytes, as each kind of argument.

#![no_main]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;

use libfuzzer_sys::fuzz_target;
use pervade_chaincode::{Argument, canonical};
use serde::{Deserialize, Serialize};
use serde_json::Value;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Argument)]
#[serde(rename_all = "camelCase")]
struct Order {
    order_id: String,
    amount: u64,
    price: i128,
    lines: Vec<Line>,
    note: Option<String>,
    tags: BTreeSet<String>,
    counts: BTreeMap<String, i64>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Argument)]
struct Line {
    kind: Kind,
    urgent: bool,
    letter: char,
    pair: (u8, String),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Argument)]
enum Kind {
    Goods,
    Service,
}

fuzz_target!(|bytes: &[u8]| {
    alone::<String>(bytes);
    alone::<bool>(bytes);
    alone::<char>(bytes);
    alone::<u8>(bytes);
    alone::<i16>(bytes);
    alone::<u32>(bytes);
    alone::<i64>(bytes);
    alone::<u128>(bytes);
    alone::<i128>(bytes);
    alone::<Vec<u8>>(bytes);
    alone::<Option<String>>(bytes);
    alone::<Option<u64>>(bytes);
    alone::<Kind>(bytes);
    json::<Vec<String>>(bytes);
    json::<Vec<Option<i32>>>(bytes);
    json::<BTreeSet<u16>>(bytes);
    json::<BTreeMap<String, Vec<bool>>>(bytes);
    json::<(u64, String, Option<bool>)>(bytes);
    json::<Order>(bytes);
    json::<Value>(bytes);
});

/// A value is written in one form, and read from it again it is the same.
fn alone<T: Argument + PartialEq + Debug>(bytes: &[u8]) -> Option<Vec<u8>> {
    let value = T::decode(bytes).ok()?;
    let Ok(written) = value.encode() else { return None };
    let again = T::decode(&written).expect("what was written can be read");
    assert_eq!(again, value, "it is the same");
    assert_eq!(again.encode().expect("written"), written, "there is one form");
    Some(written)
}

/// Where the form is JSON, it is canonical, and reading it as any JSON loses nothing.
fn json<T: Argument + PartialEq + Debug>(bytes: &[u8]) {
    let Some(written) = alone::<T>(bytes) else { return };
    let any: Value = serde_json::from_slice(&written).expect("JSON");
    assert_eq!(canonical::to_vec(&any).expect("canonical"), written, "it is canonical");
}
