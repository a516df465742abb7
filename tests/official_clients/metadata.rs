//! The metadata that a contract publishes, read by Fabric's own Node libraries: valid against
//! their schema of contracts, and true of the arguments as they travel. Part of `T-15`.

use std::collections::{BTreeMap, BTreeSet};

use libtest_mimic::{Failed, Trial};
use pervade_chaincode::{
    Argument, Chaincode, ChaincodeName, ReadTransaction, Secret, State, Transaction, contract,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::node;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        node::trial("metadata::what_we_publish_is_valid", published_is_valid),
        node::trial("metadata::what_we_send_is_as_published", sent_is_as_published),
        node::trial("metadata::what_is_not_so_is_found", other_is_found),
    ]
}

/// A contract with every kind of parameter.
struct Everything;

/// What lies on the ledger.
#[derive(Serialize, Deserialize, State)]
#[state(type = "parcel", key(id))]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Parcel {
    /// Its name.
    id: String,
    gross_weight: u32,
    marks: BTreeSet<Mark>,
    inside: Option<Box<Self>>,
    customs: BTreeMap<String, u64>,
    state: Whereabouts,
}

#[derive(PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, Argument)]
enum Mark {
    Up,
    Fragile,
}

#[derive(Serialize, Deserialize, Argument)]
#[serde(tag = "at")]
enum Whereabouts {
    Home,
    Carrier { name: String },
}

/// Knows all types.
#[contract(name = "everything", version = "0.3.1")]
impl Everything {
    #[init]
    fn begin(&self, _tx: &mut Transaction, _owner: String) {}

    /// Takes what is written as text.
    #[evaluate]
    fn text(&self, _tx: &ReadTransaction, _a: String, _b: i64, _c: bool) -> u128 {
        0
    }

    #[evaluate]
    fn lists(&self, _tx: &ReadTransaction, _a: Vec<u16>, _b: (u8, String)) {}

    #[external]
    #[submit]
    fn keep(&self, _tx: &mut Transaction, parcel: Parcel, #[transient] _p: Secret<u64>) -> Parcel {
        parcel
    }

    #[evaluate]
    fn find(&self, _tx: &ReadTransaction, _id: Option<String>) -> Option<Parcel> {
        None
    }

    #[evaluate]
    fn all(&self, _tx: &ReadTransaction) -> Vec<Parcel> {
        Vec::new()
    }
}

const PARCEL: &str = r#"{"id": "a", "grossWeight": 5, "marks": ["Up"], "customs": {"k": 1},
    "state": {"at": "Carrier", "name": "c"},
    "inside": {"id": "b", "grossWeight": 1, "marks": [], "customs": {}, "state": {"at": "Home"}}}"#;

fn published_is_valid() -> Result<(), Failed> {
    none(&wrong(&[])?)
}

fn sent_is_as_published() -> Result<(), Failed> {
    none(&wrong(&[
        ("begin", &["ann"]),
        ("text", &["a \"b\"", "-5", "true"]),
        ("lists", &["[1,2]", r#"[5,"a"]"#]),
        ("keep", &[PARCEL]),
        ("find", &["a"]),
        ("all", &[]),
    ])?)
}

/// The library does refuse what the metadata does not say.
fn other_is_found() -> Result<(), Failed> {
    let without_weight = PARCEL.replace("grossWeight", "weight");
    let calls: [(&str, &[&str]); 5] = [
        ("begin", &[]),
        ("text", &["a", "1.5", "true"]),
        ("lists", &["[-1]", r#"[5,"a"]"#]),
        ("lists", &["[]", "[5]"]),
        ("keep", &[&without_weight]),
    ];
    let wrong = wrong(&calls)?;
    if wrong.len() == calls.len() { Ok(()) } else { Err(format!("only {wrong:?}").into()) }
}

fn wrong(calls: &[(&str, &[&str])]) -> Result<Vec<String>, Failed> {
    let metadata = Chaincode::new(ChaincodeName::new("own")?).with(Everything).metadata();
    let calls: Vec<Value> = calls
        .iter()
        .map(|(function, arguments)| {
            json!({"contract": "everything", "function": function, "arguments": arguments})
        })
        .collect();
    let input = json!({"metadata": metadata, "calls": calls}).to_string();
    let answer = node::answer("metadata.mjs", input.as_bytes())?;
    let last = answer.rsplit(|byte| *byte == b'\n').next().unwrap_or_default();
    Ok(serde_json::from_slice(last)?)
}

fn none(wrong: &[String]) -> Result<(), Failed> {
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n").into()) }
}
