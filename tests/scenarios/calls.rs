//! Calling contracts: addresses, receipts, verdicts, calls between contracts.

use std::time::Duration;

use expect_test::expect;
use fabric_protos::Message as _;
use fabric_protos::protos::{ChaincodeAction, ProposalResponsePayload, TxValidationCode};
use pervade_chaincode::Chaincode;
use pervade_ledger::block;
use pervade_ledger::rwset::ReadWriteSet;
use pervade_ledger::transaction::{Unpacked, unpack};
use pervade_peer_client::{Contract, Outcome, SignedTransaction, Start, Submitted};
use pervade_simulator::Simulator;
use serde_json::Value;

use crate::contracts::{RELAY, SHELF, VAULT, Vault};
use crate::world::{BOTH, ORG1, World, chaincode, committed, endorsed, msp, propose, refused};

/// T-06: a contract is reached by the address that its deployment gave it, every organisation's
/// peer runs it with the transaction's input, and all find the same read-write set.
#[tokio::test(flavor = "multi_thread")]
async fn every_endorser_computes_the_same_read_write_set() {
    let world = World::start().await;
    let address = world.deploy(SHELF).await;
    assert!(address.starts_with("shelf:"), "{address}");
    let user = world.network.user(&msp(ORG1), "User1").unwrap();
    let proposal = propose(&user, Some(&world.channel), SHELF, &[b"add", b"apples", b"3"]);
    let mut answers = Vec::new();
    for org in BOTH {
        let answer = world.ask_peer(org, &proposal).await;
        let endorsement = answer.endorsement.clone().unwrap();
        let peer = String::from_utf8_lossy(&endorsement.endorser).into_owned();
        assert!(peer.contains(org), "each organisation's own peer endorses");
        answers.push(answer);
    }
    assert_eq!(answers[0].payload, answers[1].payload, "what both signed is the same bytes");
    let (result, sets) = endorsed(&answers[0]);
    assert_eq!(result, b"3");
    let write = &sets[SHELF].writes[0];
    assert_eq!((write.key.as_str(), write.value.as_slice()), ("apples", b"3".as_slice()));
}

/// T-13: calling a deployed contract by name changes the state, and gives a receipt that leads to
/// the transaction in its block.
#[tokio::test(flavor = "multi_thread")]
async fn a_call_changes_the_state_and_returns_a_receipt() {
    let world = World::with(&[SHELF]).await;
    let shelf = world.contract(SHELF).await;
    let (tx_id, number, result) = committed(add(&shelf, "pears", "5").await);
    assert_eq!(result, b"5");
    assert_eq!(number_of(&shelf, "pears").await, 5);
    let block = world.block(number).await;
    let found = block::envelopes(&block).iter().any(|envelope| {
        matches!(unpack(envelope), Ok(Unpacked::Endorser(found)) if found.tx_id == tx_id)
    });
    assert!(found, "the receipt names the block that holds the transaction");
    let events = world.user(ORG1).await;
    let start = Start::Block(number);
    let mut events = events.chaincode_events(&chaincode(SHELF), &start).await.unwrap();
    let batch = events.next().await.unwrap().unwrap();
    assert_eq!((batch.block, batch.events[0].payload.as_slice()), (number, b"pears".as_slice()));
}

/// T-14, T-09: a contract calls another by name, but only what that one declares external; what it
/// does not works for clients and from within.
#[tokio::test(flavor = "multi_thread")]
async fn only_external_functions_answer_other_contracts() {
    let world = World::with(&[SHELF, RELAY]).await;
    let (shelf, relay) = (world.contract(SHELF).await, world.contract(RELAY).await);
    committed(shelf.submit("put", &[b"plums", b"8"]).await.unwrap());
    let call = |function: &'static str, args: &'static str| {
        let relay = relay.clone();
        async move {
            relay.submit("call", &[SHELF.as_bytes(), function.as_bytes(), args.as_bytes()]).await
        }
    };
    let (_, number, result) = committed(call("get", r#"["plums"]"#).await.unwrap());
    assert_eq!(result, b"8", "an external function answers another contract");
    let block = world.block(number).await;
    let Ok(Unpacked::Endorser(transaction)) = unpack(&block::envelopes(&block)[0]) else {
        panic!("no transaction")
    };
    let names: Vec<_> = transaction.rwset.namespaces.iter().map(|set| set.name.as_str()).collect();
    assert!(names.contains(&SHELF), "what the called contract read is in the caller's: {names:?}");
    let said = refused(call("put", r#"["plums","9"]"#).await);
    assert!(said.contains("NOT_EXTERNAL: "), "{said}");
    assert_eq!(number_of(&shelf, "plums").await, 8, "nothing was written");
    committed(add(&shelf, "plums", "1").await);
    assert_eq!(number_of(&shelf, "plums").await, 9, "`add` calls `put` within the contract");
}

/// A contract on another channel is called and read; what it writes there is lost, and what it reads
/// is not checked here.
#[tokio::test(flavor = "multi_thread")]
async fn a_contract_on_another_channel_is_read_and_not_written() {
    let mut world = World::of_two_channels("elsewhere").await;
    let own = world.turn_to("elsewhere");
    for contract in [SHELF, VAULT] {
        world.deploy(contract).await;
    }
    let far = world.contract(SHELF).await;
    committed(add(&far, "plums", "8").await);
    let height = world.height();
    world.turn_to(own.as_str());
    world.deploy(RELAY).await;
    let relay = world.contract(RELAY).await;
    let call = async |contract: &str, function: &str, args: &str| {
        let args = ["elsewhere", contract, function, args].map(str::as_bytes);
        committed(relay.submit("call_on", &args).await.unwrap())
    };
    assert_eq!(call(SHELF, "get", r#"["plums"]"#).await.2, b"8");
    let (_, number, _) = call(VAULT, "put", r#"["k","v"]"#).await;
    let block = world.block(number).await;
    let Ok(Unpacked::Endorser(transaction)) = unpack(&block::envelopes(&block)[0]) else {
        panic!("no transaction")
    };
    let names: Vec<_> = transaction.rwset.namespaces.iter().map(|set| set.name.as_str()).collect();
    assert_eq!(names, ["_lifecycle"], "nothing of the other channel is here");
    world.turn_to("elsewhere");
    assert_eq!(world.height(), height, "and nothing of this one is there");
}

/// For equal inputs a peer of the network and one of the simulator find the same read-write set, but
/// for the blocks in which definitions were committed.
#[tokio::test(flavor = "multi_thread")]
async fn the_simulator_finds_the_same_read_write_sets() {
    let world = World::with(&[VAULT]).await;
    let mut simulator = Simulator::new().unwrap();
    simulator.deploy(Chaincode::new(chaincode(VAULT)).with(Vault)).unwrap();
    let alice = simulator.client(ORG1, "alice").unwrap();
    let user = world.network.user(&msp(ORG1), "User1").unwrap();
    let own = "_implicit_org_Org1MSP";
    for args in [
        vec!["put", "k", "v"],
        vec!["find", r#"{"selector":{"a":1}}"#],
        vec!["purge", own, "k"],
        vec!["reveal", own, "k"],
        vec!["keys", own],
    ] {
        let simulated =
            simulator.as_(&alice).endorsed_by(&[ORG1]).endorse(args[0], args[1..].to_vec());
        let bytes: Vec<_> = args.iter().map(|arg| arg.as_bytes()).collect();
        let proposal = propose(&user, Some(&world.channel), VAULT, &bytes);
        let answer = world.ask_peer(ORG1, &proposal).await;
        let payload = ProposalResponsePayload::decode(answer.payload.as_slice()).unwrap();
        let action = ChaincodeAction::decode(payload.extension.as_slice()).unwrap();
        let found = ReadWriteSet::decode(&action.results).unwrap().to_string();
        let defined = found.replace("@3.0", "@2.0");
        assert_eq!(defined, simulated.unwrap().read_write_set().to_string(), "{args:?}");
    }
}

/// T-02: a transaction that one organisation of three has endorsed is recorded and takes no effect;
/// two of three are enough.
#[tokio::test(flavor = "multi_thread")]
async fn one_organisation_of_three_changes_nothing() {
    let world = World::of_three().await;
    world.deploy(SHELF).await;
    let shelf = world.contract(SHELF).await;
    let proposal = || shelf.proposal("add").arg("figs").arg("1");
    let outcome = shelf.submit_proposal(proposal().organizations([ORG1])).await.unwrap();
    let Outcome::Rejected { block: number, code, .. } = outcome else { panic!("{outcome:?}") };
    assert_eq!(code, TxValidationCode::EndorsementPolicyFailure);
    assert_eq!(block::verdicts(&*world.block(number).await), [code], "it is on the ledger");
    assert_eq!(number_of(&shelf, "figs").await, 0);
    committed(shelf.submit_proposal(proposal().organizations(BOTH)).await.unwrap());
    assert_eq!(number_of(&shelf, "figs").await, 1);
}

/// Two transactions that read the same number: the second is stale.
#[tokio::test(flavor = "multi_thread")]
async fn the_second_writer_of_a_number_is_rejected() {
    let world = World::with(&[SHELF]).await;
    let shelf = world.contract(SHELF).await;
    let (first, second) = (endorse(&shelf, "nuts").await, endorse(&shelf, "nuts").await);
    committed(outcome(&first).await);
    let outcome = outcome(&second).await;
    let Outcome::Rejected { code, .. } = outcome else { panic!("{outcome:?}") };
    assert_eq!(code, TxValidationCode::MvccReadConflict);
    assert_eq!(number_of(&shelf, "nuts").await, 1, "one of both counts");
}

/// The same envelope twice takes effect once.
#[tokio::test(flavor = "multi_thread")]
async fn an_envelope_sent_twice_takes_effect_once() {
    let world = World::with(&[SHELF]).await;
    let shelf = world.contract(SHELF).await;
    let transaction = endorse(&shelf, "dates").await;
    let (_, first, _) = committed(outcome(&transaction).await);
    let (_, again, _) = committed(outcome(&transaction).await);
    assert_eq!(again, first, "the receipt is the first one's");
    let duplicate = world.block(world.height() - 1).await;
    assert_eq!(block::number(&duplicate), first + 1);
    assert_eq!(block::verdicts(&duplicate), [TxValidationCode::DuplicateTxid]);
    assert_eq!(number_of(&shelf, "dates").await, 1);
}

/// T-15: a contract's interface can be asked for by its name, and arguments of other types are
/// refused.
#[tokio::test(flavor = "multi_thread")]
async fn a_contract_publishes_its_interface() {
    let world = World::with(&[SHELF]).await;
    let shelf = world.contract(SHELF).await;
    let text = shelf.evaluate("org.hyperledger.fabric:GetMetadata", &[]).await.unwrap();
    let metadata: Value = serde_json::from_slice(&text).unwrap();
    let functions = metadata["contracts"]["shelf"]["transactions"].as_array().unwrap();
    let described = functions.iter().map(describe).collect::<Vec<_>>().join("\n");
    expect![[r#"
        put(key: "string", number: "integer") ["submit","SUBMIT"]
        add(key: "string", number: "integer") ["submit","SUBMIT"]
        get(key: "string") ["evaluate","EVALUATE","external"]"#]]
    .assert_eq(&described);
    let said = refused(shelf.submit("add", &[b"apples", b"many"]).await);
    assert!(said.contains("ARGUMENT: "), "{said}");
    let said = refused(shelf.submit("add", &[b"apples"]).await);
    assert!(said.contains("ARGUMENT_COUNT: "), "{said}");
}

fn describe(function: &Value) -> String {
    let parameter = |parameter: &Value| {
        format!("{}: {}", parameter["name"].as_str().unwrap(), parameter["schema"]["type"])
    };
    let parameters = function["parameters"].as_array().unwrap().iter().map(parameter);
    format!(
        "{}({}) {}",
        function["name"].as_str().unwrap(),
        parameters.collect::<Vec<_>>().join(", "),
        function["tag"]
    )
}

async fn add(shelf: &Contract, key: &str, number: &str) -> Outcome {
    shelf.submit("add", &[key.as_bytes(), number.as_bytes()]).await.unwrap()
}

async fn number_of(shelf: &Contract, key: &str) -> u64 {
    let text = shelf.evaluate("get", &[key.as_bytes()]).await.unwrap();
    String::from_utf8(text).unwrap().parse().unwrap()
}

/// A transaction that adds one, endorsed and signed but not submitted.
async fn endorse(shelf: &Contract, key: &str) -> SignedTransaction {
    let proposal = shelf.proposal("add").arg(key).arg("1").build().unwrap();
    proposal.sign().unwrap().endorse().await.unwrap().sign().unwrap()
}

async fn outcome(transaction: &SignedTransaction) -> Outcome {
    let Submitted::Ordered(commit) = transaction.submit().await.unwrap() else {
        panic!("no answer")
    };
    tokio::time::timeout(Duration::from_secs(20), commit.outcome()).await.unwrap().unwrap()
}
