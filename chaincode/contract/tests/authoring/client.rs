//! A contract that calls another through its typed client.

use expect_test::expect;
use pervade_chaincode::testing::{TestCall, TestLedger};
use pervade_chaincode::{
    Argument, CallError, Chaincode, ChaincodeName, ClientError, Fault, LedgerError,
    ReadTransaction, Transaction, contract,
};
use serde::{Deserialize, Serialize};

use crate::support::check;

#[derive(Debug, Serialize, Deserialize, Argument)]
struct Sum {
    total: u64,
    note: Option<String>,
}

#[derive(Debug, thiserror::Error, Fault)]
enum CountError {
    #[error("nothing to add")]
    #[fault(status = UNPROCESSABLE)]
    Zero,
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

#[derive(Debug)]
struct Counter;

#[contract(name = "counter", default)]
impl Counter {
    /// Adds, and returns the sum.
    #[external]
    #[submit(name = "Add")]
    async fn add(
        &self,
        tx: &mut Transaction,
        number: u64,
        note: Option<String>,
    ) -> Result<Sum, CountError> {
        if number == 0 {
            return Err(CountError::Zero);
        }
        let total = tx.get_json::<u64>("total").await?.unwrap_or_default() + number;
        tx.put_json("total", &total).await?;
        Ok(Sum { total, note })
    }

    #[external]
    #[evaluate]
    async fn total(&self, tx: &ReadTransaction) -> Result<Option<u64>, LedgerError> {
        tx.get_json("total").await
    }
}

#[derive(Debug)]
struct Cashier;

#[contract(name = "cashier", default)]
impl Cashier {
    #[submit]
    async fn pay(
        &self,
        tx: &mut Transaction,
        number: u64,
        note: Option<String>,
    ) -> Result<String, ClientError<CallError>> {
        let mut counter = CounterClient::new(tx, name("counter"));
        let before = counter.total().await?;
        let sum = counter.add(number, note).await?;
        Ok(format!("{before:?} then {} {:?}", sum.total, sum.note))
    }

    #[evaluate]
    async fn paid(&self, tx: &mut ReadTransaction) -> Result<u64, ClientError<CallError>> {
        Ok(CounterClient::new(tx, name("counter")).total().await?.unwrap_or_default())
    }
}

#[test]
fn an_evaluate_function_asks_another() {
    let mut ledger = ledger();
    check(
        &ledger.submit(&TestCall::new("counter", "Add").arg("5").arg("")),
        expect![[r#"200 {"note":null,"total":5}"#]],
    );
    check(&ledger.evaluate(&TestCall::new("cashier", "paid")), expect!["200 5"]);
}

#[test]
fn arguments_and_answers_keep_their_types_on_the_way() {
    let mut ledger = ledger();
    let pay = TestCall::new("cashier", "pay").arg("5");
    check(&ledger.submit(&pay.clone().arg("")), expect!["200 None then 5 None"]);
    check(&ledger.submit(&pay.clone().arg("tip")), expect![[r#"200 Some(5) then 10 Some("tip")"#]]);
    check(
        &ledger.submit(&TestCall::new("cashier", "pay").arg("5").arg([0xff])),
        expect!["400 ARGUMENT: argument note of pay: not UTF-8"],
    );
}

#[test]
fn a_failure_keeps_its_status_and_code() {
    let pay = TestCall::new("cashier", "pay").arg("0").arg("");
    check(&ledger().submit(&pay), expect!["422 ZERO: counter: nothing to add"]);
}

fn ledger() -> TestLedger {
    TestLedger::new()
        .with(Chaincode::new(name("counter")).with(Counter))
        .with(Chaincode::new(name("cashier")).with(Cashier))
}

fn name(text: &str) -> ChaincodeName {
    text.parse().unwrap()
}
