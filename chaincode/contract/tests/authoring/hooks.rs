//! Hooks around functions, the contract's context, initialisation, unknown names.

use expect_test::expect;
use pervade_chaincode::testing::{TestCall, TestLedger};
use pervade_chaincode::{
    Chaincode, Context, ContractError, Function, Intent, LedgerError, ReadTransaction, Status,
    Transaction, contract,
};

use crate::support::{call, check, ledger};

#[derive(Debug)]
struct Guarded;

/// The caller's organisation, and what was seen so far.
#[derive(Debug)]
struct Session {
    organisation: String,
    seen: Vec<&'static str>,
}

impl Context for Session {
    type Error = ContractError;

    async fn open(tx: &ReadTransaction) -> Result<Self, ContractError> {
        if tx.creator().msp_id().as_str() == "NobodyMSP" {
            return Err(ContractError::new(Status::FORBIDDEN, "NOBODY", "who are you?"));
        }
        let organisation = tx.creator().msp_id().as_str().to_owned();
        Ok(Self { organisation, seen: Vec::new() })
    }
}

#[contract(name = "guarded", default, context = Session)]
impl Guarded {
    #[before]
    async fn guard(
        &self,
        tx: &ReadTransaction,
        session: &mut Session,
        function: &Function,
    ) -> Result<(), ContractError> {
        session.seen.push(function.name);
        if tx.get("locked").await.map_err(|error| ContractError::of(&error))?.is_some()
            && function.intent == Intent::Submit
        {
            return Err(ContractError::new(Status::FORBIDDEN, "LOCKED", function.name));
        }
        Ok(())
    }

    #[after]
    async fn count(&self, tx: &mut Transaction, answer: &[u8]) -> Result<(), LedgerError> {
        tx.put("answered", answer.to_vec()).await
    }

    #[submit]
    async fn write(
        &self,
        tx: &mut Transaction,
        session: &mut Session,
        key: String,
    ) -> Result<String, LedgerError> {
        tx.put(key, session.organisation.clone().into_bytes()).await?;
        Ok(session.seen.join(" "))
    }

    #[submit]
    async fn lock(&self, tx: &mut Transaction) -> Result<Vec<u8>, LedgerError> {
        tx.put("locked", b"yes".to_vec()).await?;
        Ok(b"locked".to_vec())
    }

    #[evaluate]
    async fn read(&self, tx: &ReadTransaction, key: String) -> Result<Vec<u8>, LedgerError> {
        Ok(tx.get(key).await?.unwrap_or_default())
    }

    #[submit]
    fn nothing(&self, _tx: &mut Transaction) {}
}

#[test]
fn hooks_run_around_functions_with_what_the_context_holds() {
    let mut ledger = ledger(Guarded);
    check(&ledger.submit(&call("write k")), expect!["200 write"]);
    assert_eq!(ledger.value("own", "k"), Some(b"Org1MSP".as_slice()));
    assert_eq!(ledger.value("own", "answered"), Some(b"write".as_slice()));
}

#[test]
fn a_hook_that_writes_leaves_evaluate_functions_alone() {
    let ledger = ledger(Guarded);
    check(&ledger.evaluate(&call("read k")), expect!["200 "]);
    assert_eq!(ledger.writes_of(&call("read k")).len(), 0);
}

#[test]
fn a_hook_refuses_for_the_function() {
    let mut ledger = ledger(Guarded);
    check(&ledger.submit(&call("lock")), expect!["200 locked"]);
    check(&ledger.submit(&call("write k")), expect!["403 LOCKED: write"]);
    check(&ledger.evaluate(&call("read locked")), expect!["200 yes"]);
    assert_eq!(ledger.value("own", "k"), None);
}

#[test]
fn what_the_hook_after_refuses_is_not_committed() {
    let mut ledger = ledger(Guarded);
    // The answer is empty, and empty values are not written.
    check(
        &ledger.submit(&call("nothing")),
        expect![[r#"500 LEDGER: the value of "answered" is empty, which would delete the key"#]],
    );
}

#[test]
fn a_context_that_cannot_be_made_fails_the_call() {
    let call = call("read k").creator("NobodyMSP", "pem");
    check(&ledger(Guarded).evaluate(&call), expect!["403 NOBODY: who are you?"]);
}

#[derive(Debug)]
struct Open;

#[contract(name = "open")]
impl Open {
    #[init]
    async fn begin(&self, tx: &mut Transaction, owner: String) -> Result<(), LedgerError> {
        tx.put("owner", owner.into_bytes()).await
    }

    #[evaluate]
    fn known(&self, _tx: &ReadTransaction) -> String {
        "known".to_owned()
    }

    #[external]
    #[unknown]
    fn other(&self, tx: &ReadTransaction, name: &str, arguments: &[Vec<u8>]) -> String {
        format!("{name} with {} on {}", arguments.len(), tx.channel())
    }
}

/// Names that the macros use as well, and one that Rust keeps for itself.
#[derive(Debug)]
struct Named;

#[contract(name = "named")]
impl Named {
    #[evaluate]
    fn r#move(&self, _tx: &ReadTransaction, r#type: String, call: u8, transaction: u8) -> String {
        format!("{type} {call} {transaction}")
    }
}

#[test]
fn parameters_may_have_any_name() {
    let named = Chaincode::named("own").with(Named);
    let parameter = &named.metadata()["contracts"]["named"]["transactions"][0]["parameters"][0];
    assert_eq!(parameter["name"], "type");
    check(&ledger(Named).evaluate(&call("move a 1 2")), expect!["200 a 1 2"]);
}

#[test]
fn one_function_answers_for_all_that_do_not_exist() {
    let ledger = ledger(Open);
    check(&ledger.evaluate(&call("known")), expect!["200 known"]);
    check(&ledger.evaluate(&call("open:Known a")), expect!["200 Known with 1 on mychannel"]);
    check(&ledger.evaluate(&call("other")), expect!["200 other with 0 on mychannel"]);
    check(
        &ledger.evaluate(&call("closed:known")),
        expect![[r#"404 UNKNOWN_CONTRACT: there is no contract "closed""#]],
    );
}

#[test]
fn an_initialisation_reaches_what_is_marked_for_it() {
    let mut ledger = ledger(Open);
    check(
        &ledger.submit(&call("known").init()),
        expect![
            "400 NOT_INITIALISATION: known does not initialise: call it without the mark for that"
        ],
    );
    check(
        &ledger.submit(&call("begin ann")),
        expect![
            "400 ONLY_INITIALISATION: begin runs only as the initialisation that the chaincode's definition requires"
        ],
    );
    check(
        &ledger.submit(&call("").init()),
        expect!["400 ARGUMENT_COUNT: begin takes 1 arguments, 0 came"],
    );
    check(&ledger.submit(&call("begin ann").init()), expect!["200 "]);
    check(&ledger.submit(&TestCall::new("own", "").arg("bob").init()), expect!["200 "]);
    assert_eq!(ledger.value("own", "owner"), Some(b"bob".as_slice()));
}

#[test]
fn without_a_mark_any_function_initialises_or_none() {
    let mut ledger = ledger(Guarded);
    check(&ledger.submit(&call("lock").init()), expect!["200 locked"]);
    check(&ledger.submit(&call("").init()), expect!["200 "]);
    check(
        &ledger.submit(&TestCall::new("own", "").arg("bob").init()),
        expect![
            "400 NOTHING_TO_INITIALISE: the default contract has no function that initialises, and takes no arguments for it"
        ],
    );
    check(
        &ledger.evaluate(&call("")),
        expect![[r#"404 UNKNOWN_FUNCTION: there is no function """#]],
    );
}

#[test]
fn contracts_that_cannot_be_told_apart_answer_nothing() {
    let chaincode = Chaincode::named("own").with(Open).with(Open);
    assert_eq!(chaincode.check().unwrap_err().to_string(), r#"two contracts are named "open""#);
    let ledger = TestLedger::new().with(chaincode);
    check(
        &ledger.evaluate(&call("known")),
        expect![[r#"500 CHAINCODE_FLAW: two contracts are named "open""#]],
    );
    assert_eq!(Chaincode::named("own").with(Open).with(Guarded).check(), Ok(()));
    let unnamed = Chaincode::named("not a name").with(Open);
    assert_eq!(unnamed.check().unwrap_err().to_string(), r#""not a name" is no chaincode's name"#);
}
