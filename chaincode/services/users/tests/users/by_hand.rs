//! Proposals that no client library makes, and what only happens at an upgrade.

use pervade_chaincode::testing::{TestCall, TestLedger};
use pervade_platform::{ContractSet, MAY_BIND};
use pervade_simulator::Member;
use pervade_users::record::UserTerms;
use serde_json::{Value, json};

use crate::stand_in::{deployed, named, tasks};
use crate::world::account;

/// F-2, W-16: the header says which chaincode a client addresses. What the rest of the proposal says is
/// the client's own word, and fools nobody.
#[test]
fn a_proposal_with_two_names_fools_nobody() {
    let mut world = ByHand::new();
    assert!(world.ledger.submit(&world.bind(&UserTerms::USUAL)).is_success());
    assert!(world.ledger.submit(&world.call("users", "register", json!([]))).is_success());
    let ann = account(&world.founder);
    let engagement = json!([{"creator": ann, "respondent": ann, "minimum": 0}]);
    let forged = world.call("users", "engage", engagement.clone()).specifying("tasks");
    let refused = world.ledger.submit(&forged);
    let expected = "PERMISSION_DENIED: only managers of the set may ask for this";
    assert_eq!(refused.message, expected, "addressed to users, said to be for tasks");
    let honest = world.call("tasks", "engage", engagement).specifying("users");
    assert!(world.ledger.submit(&honest).is_success(), "addressed to tasks");
}

/// W-15, D-05: a later version of the definition begins with the same binding or not at all.
#[test]
fn the_binding_outlives_an_upgrade() {
    let mut world = ByHand::new();
    let bind = world.bind(&UserTerms::USUAL);
    assert!(world.ledger.submit(&bind).is_success());
    assert_eq!(world.ledger.writes_of(&bind), [], "the same binding changes nothing");
    let other = world.bind(&UserTerms { literal_reputation: true, ..UserTerms::USUAL });
    let refused = world.ledger.submit(&other);
    assert_eq!(refused.message, "ALREADY_INITIALIZED: the manager is bound already");
}

/// W-19: a certificate of another organisation for a user's key is not the user's.
#[test]
fn a_user_is_vouched_for_by_one_organisation() {
    let mut world = ByHand::new();
    assert!(world.ledger.submit(&world.bind(&UserTerms::USUAL)).is_success());
    assert!(world.ledger.submit(&world.call("users", "register", json!([]))).is_success());
    let caller = world.call("users", "caller", json!([]));
    assert_eq!(world.ledger.evaluate(&caller).status, 200, "of the user's organisation");
    let other = caller.creator("Org2MSP", world.founder.certificate().pem());
    assert_eq!(world.ledger.evaluate(&other).status, 404, "of another one");
}

/// A ledger that takes any proposal.
struct ByHand {
    founder: Member,
    ledger: TestLedger,
}

impl ByHand {
    fn new() -> Self {
        let founder = deployed().client("Org1MSP", "founder", &[MAY_BIND]);
        let users = pervade_users::chaincode(named("users"));
        Self { founder, ledger: TestLedger::new().with(users).with(tasks()) }
    }

    fn bind(&self, terms: &UserTerms) -> TestCall {
        self.call("users", "bind", json!([ContractSet::with_ending(""), terms])).init()
    }

    fn call(&self, chaincode: &str, function: &str, arguments: Value) -> TestCall {
        let call = TestCall::new(chaincode, function).nonce(function);
        let call = call.creator("Org1MSP", self.founder.certificate().pem());
        let arguments = arguments.as_array().unwrap().iter();
        arguments.fold(call, |call, argument| call.arg(argument.to_string()))
    }
}
