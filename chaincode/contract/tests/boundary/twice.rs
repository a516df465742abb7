//! Calls that are run twice.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use expect_test::{Expect, expect};
use pervade_chaincode::host::{Execution, Reply, Step, Terms};
use pervade_chaincode::testing::TestCall;
use pervade_chaincode::{Chaincode, LedgerError, Transaction, contract};

use crate::program::Created;
use crate::script::{empty_ledger, invocation, said};

/// A contract that remembers its calls, as none may.
#[derive(Debug, Default)]
struct Forgetless {
    calls: AtomicU64,
}

#[contract(name = "forgetless", default)]
impl Forgetless {
    #[submit]
    async fn vary(&self, tx: &mut Transaction, what: String) -> Result<u64, LedgerError> {
        let call = self.calls.fetch_add(1, Ordering::Relaxed);
        let varied = call.to_string();
        tx.get("a").await?;
        match what.as_str() {
            "nothing" => tx.put("b", b"1".to_vec()).await?,
            "key read" => drop(tx.get(&varied).await?),
            "key written" => tx.put(&varied, b"1".to_vec()).await?,
            "value" => tx.private("offers").put("b", varied.into_bytes()).await?,
            "kind" if call == 0 => drop(tx.get("b").await?),
            "kind" => drop(tx.private("offers").hash("b").await?),
            "second write" => {
                tx.put("b", b"1".to_vec()).await?;
                tx.put("c", varied.into_bytes()).await?;
            }
            "number" => {
                for key in 0..=call + 1 {
                    tx.put(key.to_string(), b"1".to_vec()).await?;
                }
            }
            "end" if call == 0 => drop(tx.get("b").await?),
            "event" => tx.emit(&Created { id: varied })?,
            "answer" => return Ok(call),
            "status" if call == 0 => tx.put("", Vec::new()).await?,
            "panic" if call == 0 => panic!("once"),
            _ => {}
        }
        Ok(0)
    }
}

#[test]
fn two_runs_that_agree_are_one_call() {
    check("nothing", expect!["get a, put b: 200 0"]);
}

#[test]
fn the_first_difference_is_told_without_values() {
    check(
        "key read",
        expect![[
            r#"get a: 500 NONDETERMINISTIC: two runs of this call differ at step 2: one asks for get of "0", one for get of "1""#
        ]],
    );
    check(
        "key written",
        expect![[
            r#"get a: 500 NONDETERMINISTIC: two runs of this call differ at step 2: one asks for put of "0", one for put of "1""#
        ]],
    );
    check(
        "value",
        expect![[
            r#"get a: 500 NONDETERMINISTIC: two runs of this call differ at step 2: both ask for put of offers/"b", with different content"#
        ]],
    );
    check(
        "kind",
        expect![[
            r#"get a: 500 NONDETERMINISTIC: two runs of this call differ at step 2: one asks for get of "b", one for hash of offers/"b""#
        ]],
    );
    check(
        "second write",
        expect![[
            r#"get a: 500 NONDETERMINISTIC: two runs of this call differ at step 2: both ask for put of "c", with different content"#
        ]],
    );
    check(
        "number",
        expect![
            "get a: 500 NONDETERMINISTIC: two runs of this call differ at step 2: one writes 2 keys, one 3"
        ],
    );
    check(
        "end",
        expect![[
            r#"get a: 500 NONDETERMINISTIC: two runs of this call differ at step 2: one asks for get of "b", one has ended"#
        ]],
    );
    check(
        "event",
        expect![
            "get a: 500 NONDETERMINISTIC: two runs of this call differ at step 2: their events"
        ],
    );
    check(
        "answer",
        expect![
            "get a: 500 NONDETERMINISTIC: two runs of this call differ at step 2: their answers"
        ],
    );
    check(
        "status",
        expect![
            "get a: 500 NONDETERMINISTIC: two runs of this call differ at step 2: one ends with status 500, one with 200"
        ],
    );
    check(
        "panic",
        expect![
            "get a: 500 NONDETERMINISTIC: two runs of this call differ at step 2: one ends with status 500, one with 200"
        ],
    );
}

#[test]
fn a_call_that_differed_has_ended() {
    let (mut execution, step) = start("answer");
    let Step::Ask(_) = step else { panic!("{step:?}") };
    let Step::Done(_) = execution.resume(Reply::Value(None)) else { panic!("no difference") };
    let Step::Done(outcome) = execution.resume(Reply::Value(None)) else { panic!("goes on") };
    assert_eq!(outcome.message, "ENDED: the call has ended");
}

fn start(what: &str) -> (Execution, Step) {
    let chaincode = Chaincode::new("forgetless".parse().unwrap()).with(Forgetless::default());
    let call = invocation(&TestCall::new("forgetless", "vary").arg(what));
    let terms = Terms { write_batch_max: 100, get_many_max: 100 };
    Execution::start_twice(&Arc::new(chaincode), call, terms)
}

#[track_caller]
fn check(what: &str, expected: Expect) {
    let (mut execution, mut step) = start(what);
    let mut asked = Vec::new();
    let outcome = loop {
        match step {
            Step::Done(outcome) => break outcome,
            Step::Ask(request) => {
                asked.push(crate::script::asked(&request).replace("=1", ""));
                step = execution.resume(empty_ledger(&request));
            }
        }
    };
    expected.assert_eq(&format!("{}: {}", asked.join(", "), said(&outcome)));
}
