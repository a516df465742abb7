//! Proposals that no client library makes, and what only happens at an upgrade.

use pervade_chaincode::testing::{TestCall, TestLedger};
use pervade_platform::{Amount, ContractSet, MAY_BIND};
use pervade_simulator::Member;
use pervade_tokens::record::TokenTerms;
use serde_json::{Value, json};

use crate::stand_in::{deployed, escrow, moving, named, purse, tasks, terms};

/// F-2, W-16, W-50: the header says which chaincode a client addresses. What the rest of the proposal says
/// is the client's own word, and moves nothing.
#[test]
fn a_proposal_with_two_names_moves_nothing() {
    let mut world = ByHand::new();
    assert!(world.ledger.submit(&world.bind(&terms())).is_success());
    let ann = purse(&world.founder);
    let moves = json!([[moving(0, &ann, &escrow("t"))]]);
    for manager in ["tasks", "devices"] {
        let forged = world.call("tokens", "apply", moves.clone()).specifying(manager);
        let refused = world.ledger.submit(&forged);
        let expected = "PERMISSION_DENIED: only managers of the set may ask for this";
        assert_eq!(refused.message, expected, "addressed to tokens, said to be for {manager}");
    }
    let honest = world.call("tasks", "apply", moves).specifying("tokens");
    assert!(world.ledger.submit(&honest).is_success(), "addressed to tasks");
}

/// W-15, W-53, D-05: a later version of the definition begins with the same binding or not at all,
/// and never with another stock.
#[test]
fn the_binding_outlives_an_upgrade() {
    let mut world = ByHand::new();
    let bind = world.bind(&terms());
    assert!(world.ledger.submit(&bind).is_success());
    assert_eq!(world.ledger.writes_of(&bind), [], "the same binding changes nothing");
    let other = world.bind(&TokenTerms { price: Amount::new(1).unwrap(), ..terms() });
    let refused = world.ledger.submit(&other);
    assert_eq!(refused.message, "ALREADY_INITIALIZED: the manager is bound already");
}

/// A ledger that takes any proposal.
struct ByHand {
    founder: Member,
    ledger: TestLedger,
}

impl ByHand {
    fn new() -> Self {
        let founder = deployed().client("Org1MSP", "founder", &[MAY_BIND]);
        let tokens = pervade_tokens::chaincode(named("tokens"));
        Self { founder, ledger: TestLedger::new().with(tokens).with(tasks()) }
    }

    fn bind(&self, terms: &TokenTerms) -> TestCall {
        self.call("tokens", "bind", json!([ContractSet::with_ending(""), terms])).init()
    }

    fn call(&self, chaincode: &str, function: &str, arguments: Value) -> TestCall {
        let call = TestCall::new(chaincode, function).nonce(function);
        let call = call.creator("Org1MSP", self.founder.certificate().pem());
        let arguments = arguments.as_array().unwrap().iter();
        arguments.fold(call, |call, argument| call.arg(argument.to_string()))
    }
}
