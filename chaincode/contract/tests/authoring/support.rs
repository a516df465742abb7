//! Calls, and what they answer.

use expect_test::Expect;
use pervade_chaincode::host::Outcome;
use pervade_chaincode::testing::{TestCall, TestLedger};
use pervade_chaincode::{Chaincode, Contract};

/// A ledger with one contract under the name `own`.
pub(crate) fn ledger(contract: impl Contract) -> TestLedger {
    TestLedger::new().with(Chaincode::named("own").with(contract))
}

/// A call of the contract, its arguments divided by spaces.
pub(crate) fn call(text: &str) -> TestCall {
    let mut words = text.split(' ');
    let function = words.next().unwrap();
    words.fold(TestCall::new("own", function), |call, word| call.arg(word))
}

#[track_caller]
pub(crate) fn check(outcome: &Outcome, expected: Expect) {
    let said = if outcome.is_success() {
        String::from_utf8_lossy(&outcome.payload).into_owned()
    } else {
        outcome.message.clone()
    };
    expected.assert_eq(&format!("{} {said}", outcome.status));
}
