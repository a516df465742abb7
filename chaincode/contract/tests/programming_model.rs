//! Contracts as their authors write them, on the in-memory ledger.

#![expect(
    missing_docs,
    clippy::exhaustive_enums,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::missing_assert_message,
    clippy::panic,
    clippy::tests_outside_test_module,
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    reason = "all of this is test, contracts included"
)]

use expect_test::{Expect, expect};
use futures::join;
use pervade_chaincode::host::Outcome;
use pervade_chaincode::testing::{TestCall, TestLedger};
use pervade_chaincode::{
    Argument, CallError, Chaincode, ChaincodeName, ClientError, CompositeKey, ContractError, Fault,
    LedgerError, ReadTransaction, Status, Transaction, contract,
};
use serde::{Deserialize, Serialize};

#[derive(Debug)]
pub struct Assets;

#[derive(Debug, Serialize, Deserialize, Argument)]
#[serde(deny_unknown_fields)]
pub struct Parcel {
    weight: u32,
    from: String,
}

#[derive(Debug, thiserror::Error)]
pub enum AssetError {
    #[error("asset {id} exists")]
    Exists { id: String },
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

impl Fault for AssetError {
    fn status(&self) -> Status {
        match self {
            Self::Exists { .. } => Status::CONFLICT,
            Self::Ledger(error) => error.status(),
        }
    }

    fn code(&self) -> &str {
        match self {
            Self::Exists { .. } => "ASSET_EXISTS",
            Self::Ledger(error) => error.code(),
        }
    }
}

#[contract(name = "assets", default)]
impl Assets {
    #[submit]
    async fn create(&self, tx: &mut Transaction, id: String, value: u64) -> Result<(), AssetError> {
        if tx.get(&id).await?.is_some() {
            return Err(AssetError::Exists { id });
        }
        tx.put(&id, value.to_string().into_bytes()).await?;
        tx.set_event("created", id.into_bytes())?;
        Ok(())
    }

    #[submit]
    async fn remove(&self, tx: &mut Transaction, id: String) -> Result<(), LedgerError> {
        tx.delete(id).await
    }

    #[external]
    #[evaluate]
    async fn value(&self, tx: &ReadTransaction, id: String) -> Result<String, LedgerError> {
        Ok(text(tx.get(id).await?))
    }

    #[submit]
    async fn write_then_read(&self, tx: &mut Transaction) -> Result<String, LedgerError> {
        tx.put("k", b"own".to_vec()).await?;
        Ok(text(tx.get("k").await?))
    }

    #[evaluate(name = "List")]
    async fn list(
        &self,
        tx: &mut ReadTransaction,
        start: String,
        end: String,
        most: u32,
    ) -> Result<String, LedgerError> {
        let mut range = tx.range(&start, &end)?;
        let mut keys = Vec::new();
        for _ in 0..most {
            let Some(entry) = range.next().await? else { break };
            keys.push(entry.key);
        }
        drop(range);
        Ok(format!("{}; then {}", keys.join(" "), text(tx.get("a").await?)))
    }

    #[submit]
    async fn index(
        &self,
        tx: &mut Transaction,
        owner: String,
        id: String,
    ) -> Result<(), AssetError> {
        let key = CompositeKey::new("owner", [&owner, &id]).expect("plain text");
        tx.put(key, vec![1]).await?;
        Ok(())
    }

    #[evaluate]
    async fn owned(&self, tx: &ReadTransaction, owner: String) -> Result<String, LedgerError> {
        let prefix = CompositeKey::new("owner", [&owner]).expect("plain text");
        let mut range = tx.composite(&prefix);
        let mut ids = Vec::new();
        while let Some(entry) = range.next().await? {
            let (_, parts) = CompositeKey::split(&entry.key).expect("composite");
            ids.push(parts[1].to_owned());
        }
        Ok(ids.join(" "))
    }

    #[evaluate]
    async fn at_once(&self, tx: &ReadTransaction) -> Result<String, LedgerError> {
        let (a, b, c) = join!(tx.get("a"), tx.get("b"), tx.get("c"));
        Ok(format!("{} {} {}", text(a?), text(b?), text(c?)))
    }

    #[evaluate]
    async fn forever(&self, _tx: &ReadTransaction) {
        std::future::pending::<()>().await;
    }

    #[submit]
    async fn panics(&self, tx: &mut Transaction) -> Result<(), LedgerError> {
        tx.put("a", vec![1]).await?;
        panic!("a contract gone wrong");
    }

    #[evaluate]
    fn salt_is_secret(&self, tx: &ReadTransaction) -> String {
        format!("{:?} {:?}", tx.transient("salt"), tx.transient("pepper"))
    }

    #[evaluate]
    fn context(&self, tx: &ReadTransaction) -> String {
        let creator = tx.creator();
        let certificate = String::from_utf8_lossy(creator.certificate_pem());
        let seconds = tx.client_claimed_time().seconds;
        let caller = tx.outermost_chaincode();
        format!("{} {certificate} {} {seconds} {caller}", creator.msp_id(), tx.channel())
    }

    #[evaluate]
    async fn echo(&self, _tx: &ReadTransaction, parcel: Parcel) -> Result<Parcel, LedgerError> {
        Ok(parcel)
    }

    /// Not on the ledger.
    #[expect(clippy::unused_self, dead_code, reason = "an unmarked function is left alone")]
    fn helper(&self) {}
}

#[derive(Debug)]
pub struct Outer;

#[contract(name = "outer")]
impl Outer {
    #[submit]
    async fn ask(&self, tx: &mut Transaction, id: String) -> Result<String, ContractError> {
        let mut assets = AssetsClient::new(tx, name("assets"));
        assets.value(id).await.map_err(|error| match error {
            ClientError::Call(error) => ContractError::of(&error),
            other => ContractError::new(Status::INTERNAL, "CLIENT", other.to_string()),
        })
    }

    #[submit]
    async fn swallow(&self, tx: &mut Transaction, function: String) -> String {
        match tx.call(&name("assets"), &function, [b"b".to_vec()]).await {
            Ok(_) => "fine".to_owned(),
            Err(error) => error.to_string(),
        }
    }

    #[submit]
    async fn tolerate(
        &self,
        tx: &mut Transaction,
        function: String,
    ) -> Result<String, LedgerError> {
        tx.put("tried", vec![1]).await?;
        match tx.try_call(&name("assets"), &function, [b"b".to_vec()]).await {
            Ok(_) => Ok("fine".to_owned()),
            Err(CallError::Refused { code, .. }) => Ok(code.unwrap_or_default()),
            Err(other) => Ok(other.to_string()),
        }
    }
}

/// T-06: the function runs with the call's input wherever the call is run, and to the same end.
#[test]
fn a_call_runs_the_function_that_it_names() {
    let mut ledger = ledger();
    check(&ledger.submit(&call("assets:create").arg("a").arg("7")), expect!["200  [created(a)]"]);
    check(
        &ledger.submit(&call("create").arg("a").arg("7")),
        expect!["409 ASSET_EXISTS: asset a exists"],
    );
    check(&ledger.evaluate(&call("value").arg("a")), expect!["200 7"]);
    assert_eq!(ledger.keys("assets"), ["a"]);
    check(&ledger.submit(&call("remove").arg("a")), expect!["200 "]);
    assert_eq!(ledger.keys("assets"), [""; 0]);
}

#[test]
fn a_wrong_call_says_what_is_wrong() {
    let ledger = ledger();
    let cases = [
        (call("nothing"), expect![[r#"404 UNKNOWN_FUNCTION: there is no function "nothing""#]]),
        (call("helper"), expect![[r#"404 UNKNOWN_FUNCTION: there is no function "helper""#]]),
        (call("list"), expect![[r#"404 UNKNOWN_FUNCTION: there is no function "list""#]]),
        (call("none:create"), expect![[r#"404 UNKNOWN_CONTRACT: there is no contract "none""#]]),
        (call("create").arg("a"), expect!["400 ARGUMENT_COUNT: create takes 2 arguments, 1 came"]),
        (
            call("create").arg("a").arg("-7"),
            expect!["400 ARGUMENT: argument value of create: not a number of 64 bits"],
        ),
        (
            call("create").arg([0xff]).arg("7"),
            expect!["400 ARGUMENT: argument id of create: not UTF-8"],
        ),
        (call("value").arg(""), expect!["500 LEDGER: a key may not be empty"]),
    ];
    for (call, outcome) in cases {
        check(&ledger.evaluate(&call), outcome);
    }
}

#[test]
fn a_transaction_does_not_see_its_own_writes() {
    check(&ledger().submit(&call("write_then_read")), expect!["200 -"]);
}

#[test]
fn structures_travel_as_canonical_json() {
    let ledger = ledger();
    let echo = |json: &str| ledger.evaluate(&call("echo").arg(json));
    check(&echo(r#"{ "weight": 5, "from": "A" }"#), expect![[r#"200 {"from":"A","weight":5}"#]]);
    check(
        &echo(r#"{"weight":-5,"from":"A"}"#),
        expect![
            "400 ARGUMENT: argument parcel of echo: JSON: invalid value: integer `-5`, expected u32 at line 1 column 12"
        ],
    );
}

#[test]
fn ranges_are_read_page_by_page_and_may_be_left_early() {
    let ledger = five_assets();
    let list = |start: &str, end: &str, most: &str| {
        ledger.evaluate(&call("List").arg(start).arg(end).arg(most))
    };
    check(&list("", "", "9"), expect!["200 a b c d e; then 1"]);
    check(&list("b", "e", "9"), expect!["200 b c d; then 1"]);
    check(&list("", "", "1"), expect!["200 a; then 1"]);
    check(
        &list("\0", "", "1"),
        expect![[r#"500 LEDGER: the bound "\0" lies among the composite keys"#]],
    );
}

#[test]
fn composite_keys_are_found_by_their_first_parts() {
    let mut ledger = five_assets();
    for (owner, id) in [("ann", "2"), ("ann", "1"), ("anna", "3")] {
        check(&ledger.submit(&call("index").arg(owner).arg(id)), expect!["200 "]);
    }
    check(&ledger.evaluate(&call("owned").arg("ann")), expect!["200 1 2"]);
    check(
        &ledger.evaluate(&call("List").arg("").arg("").arg("9")),
        expect!["200 a b c d e; then 1"],
    );
}

#[test]
fn requests_made_at_once_wait_in_line() {
    check(&five_assets().evaluate(&call("at_once")), expect!["200 1 2 3"]);
}

#[test]
fn a_contract_gone_wrong_fails_its_call_alone() {
    let mut ledger = ledger();
    check(
        &ledger.evaluate(&call("forever")),
        expect!["500 STALLED: the contract awaits something that is not the ledger"],
    );
    check(&ledger.submit(&call("panics")), expect!["500 PANIC: the contract function panicked"]);
    assert_eq!(ledger.keys("assets"), [""; 0]);
    check(&ledger.evaluate(&call("value").arg("a")), expect!["200 -"]);
}

#[test]
fn transient_data_does_not_print() {
    check(
        &ledger().evaluate(&call("salt_is_secret").transient("salt", "abc")),
        expect!["200 Some(Secret(..)) None"],
    );
}

#[test]
fn a_function_knows_its_call() {
    let call = call("context").creator("Org2MSP", "pem").claimed_seconds(9);
    check(&ledger().evaluate(&call), expect!["200 Org2MSP pem mychannel 9 assets"]);
}

/// T-14: only functions declared external are callable from other chaincode.
#[test]
fn other_chaincode_reaches_external_functions_only() {
    let mut ledger = five_assets();
    check(&ledger.submit(&outer("ask").arg("b")), expect!["200 2"]);
    check(
        &ledger.submit(&outer("swallow").arg("remove")),
        expect!["403 NOT_EXTERNAL: assets: remove is not external: outer may not call it"],
    );
    assert_eq!(ledger.keys("assets").len(), 5);
    check(&ledger.submit(&call("remove").arg("b")), expect!["200 "]);
}

#[test]
fn a_failed_nested_call_fails_the_whole_unless_asked_by_name() {
    let mut ledger = five_assets();
    check(
        &ledger.submit(&outer("swallow").arg("nothing")),
        expect![[r#"404 UNKNOWN_FUNCTION: assets: there is no function "nothing""#]],
    );
    check(&ledger.submit(&outer("tolerate").arg("nothing")), expect!["200 UNKNOWN_FUNCTION"]);
    assert_eq!(ledger.keys("outer"), ["tried"]);
}

/// T-15 in part: the interface is published, with the names that parameters have in the source.
#[test]
fn metadata_is_published() {
    let outcome = ledger().evaluate(&call(Chaincode::METADATA_FUNCTION));
    let metadata: serde_json::Value = serde_json::from_slice(&outcome.payload).unwrap();
    expect![[r#"
        {
          "name": "create",
          "parameters": [
            {
              "name": "id",
              "schema": {
                "type": "string"
              }
            },
            {
              "name": "value",
              "schema": {
                "maximum": 18446744073709551615,
                "minimum": 0,
                "type": "integer"
              }
            }
          ],
          "tag": [
            "submit",
            "SUBMIT"
          ]
        }"#]]
    .assert_eq(
        &serde_json::to_string_pretty(&metadata["contracts"]["assets"]["transactions"][0]).unwrap(),
    );
    let value = &metadata["contracts"]["assets"]["transactions"][2];
    assert_eq!(value["tag"], serde_json::json!(["evaluate", "EVALUATE", "external"]));
    assert_eq!(value["returns"], serde_json::json!({"type": "string"}));
    assert_eq!(metadata["contracts"]["assets"]["default"], true);
    assert_eq!(metadata["contracts"].get("outer"), None);
}

#[track_caller]
fn check(outcome: &Outcome, expected: Expect) {
    let said = if outcome.is_success() {
        String::from_utf8_lossy(&outcome.payload).into_owned()
    } else {
        outcome.message.clone()
    };
    let event = outcome.event.as_ref().map(|event| format!(" [{event:?}]")).unwrap_or_default();
    expected.assert_eq(&format!("{} {said}{event}", outcome.status));
}

fn ledger() -> TestLedger {
    TestLedger::new()
        .with(Chaincode::new(name("assets")).with(Assets))
        .with(Chaincode::new(name("outer")).with(Outer))
}

fn five_assets() -> TestLedger {
    let mut ledger = ledger();
    for (id, value) in [("a", "1"), ("b", "2"), ("c", "3"), ("d", "4"), ("e", "5")] {
        assert!(ledger.submit(&call("create").arg(id).arg(value)).is_success());
    }
    ledger
}

fn call(function: &str) -> TestCall {
    TestCall::new("assets", function)
}

fn outer(function: &str) -> TestCall {
    TestCall::new("outer", function)
}

fn name(text: &str) -> ChaincodeName {
    text.parse().unwrap()
}

fn text(value: Option<Vec<u8>>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| String::from_utf8_lossy(&value).into_owned())
}
