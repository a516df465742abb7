//! Contracts in the simulator: the rules that surprise, and the shipped contracts.

#![expect(
    clippy::missing_assert_message,
    clippy::panic,
    clippy::tests_outside_test_module,
    clippy::unwrap_used,
    reason = "all of this is test"
)]

use std::sync::atomic::{AtomicU64, Ordering};

use expect_test::{Expect, expect};
use pervade_chaincode::{
    CallError, Chaincode, LedgerError, ReadTransaction, Transaction, contract,
};
use pervade_package::{DevicePackage, shipped};
use pervade_recording::record::Record;
use pervade_simulator::{Client, Deployment, Difference, Failure, Member, Refused, Simulator};

/// T-06: a contract test is a plain function, and the transaction went through every stage.
#[test]
fn a_submission_commits_with_result_and_event() {
    let mut world = World::new();
    let committed = world.alice().submit("put", ["k", "v"]).unwrap();
    assert_eq!(committed.result, b"was nothing");
    assert_eq!(committed.event.unwrap().name, "put");
    assert_eq!(world.simulator.value("store", "k"), Some(b"v".as_slice()));
    assert_eq!(world.simulator.height(), committed.block + 1);
}

#[test]
fn a_transaction_does_not_see_its_own_writes() {
    let mut world = World::new();
    world.alice().submit("put", ["k", "old"]).unwrap();
    let committed = world.alice().submit("put_and_get", ["k", "new"]).unwrap();
    assert_eq!(committed.result, b"old");
    assert_eq!(world.simulator.value("store", "k"), Some(b"new".as_slice()));
}

#[test]
fn evaluating_writes_nothing() {
    let mut world = World::new();
    let height = world.simulator.height();
    assert_eq!(world.alice().evaluate("put", ["k", "v"]).unwrap(), b"was nothing");
    assert_eq!(world.simulator.keys("store"), [""; 0]);
    assert_eq!(world.simulator.height(), height);
}

#[test]
fn of_two_that_read_and_write_a_key_the_first_in_the_block_wins() {
    let mut world = World::new();
    let one = world.alice().endorse("put", ["k", "one"]).unwrap();
    let other = world.alice().endorse("put", ["k", "other"]).unwrap();
    let verdicts = world.simulator.commit([other, one]).unwrap();
    assert!(verdicts[0].is_ok());
    let rejected = verdicts[1].as_ref().unwrap_err();
    assert_eq!(rejected.code.as_str_name(), "MVCC_READ_CONFLICT");
    assert_eq!(world.simulator.value("store", "k"), Some(b"other".as_slice()));
}

#[test]
fn a_key_that_appears_in_a_range_that_was_read_rejects() {
    let mut world = World::new();
    world.alice().submit("put", ["a1", "v"]).unwrap();
    let count = world.alice().endorse("keep_count", ["a"]).unwrap();
    world.alice().submit("put", ["a2", "v"]).unwrap();
    let verdicts = world.simulator.commit([count]).unwrap();
    assert_eq!(verdicts[0].as_ref().unwrap_err().code.as_str_name(), "PHANTOM_READ_CONFLICT");
    assert_eq!(world.simulator.value("store", "count"), None);
    assert_eq!(world.alice().submit("keep_count", ["a"]).unwrap().result, b"2");
}

#[test]
fn a_transaction_counts_once() {
    let mut world = World::new();
    let endorsed = world.alice().endorse("put", ["k", "v"]).unwrap();
    world.simulator.commit([endorsed.clone()]).unwrap();
    let verdicts = world.simulator.commit([endorsed]).unwrap();
    assert_eq!(verdicts[0].as_ref().unwrap_err().code.as_str_name(), "DUPLICATE_TXID");
}

#[test]
fn ranges_come_page_after_page_to_their_end() {
    let mut world = World::new();
    world.alice().submit("fill", ["250"]).unwrap();
    assert_eq!(world.simulator.keys("store").len(), 250);
    assert_eq!(world.alice().evaluate("count", ["key"]).unwrap(), b"250");
    // A range that is left in its middle is as good as one that is read.
    assert_eq!(world.alice().evaluate("first", ["key"]).unwrap(), b"key000");
}

#[test]
fn a_failed_nested_call_fails_its_transaction_unless_asked_otherwise() {
    let mut world = World::new();
    let height = world.simulator.height();
    let mut call = |function: &str| world.alice().to("caller").submit(function, ["store"]);
    let Err(Failure::Refused(refused)) = call("call_fails") else { panic!("not refused") };
    assert!(refused.message.contains("on purpose"), "{refused}");
    let committed = call("try_fails").unwrap();
    assert_eq!(committed.result, b"went on");
    assert_eq!(committed.event, None);
    assert_eq!(world.simulator.height(), height + 1);
    // What a failed function wrote has not been sent yet, and never is.
    assert_eq!(world.simulator.value("store", "before"), None);
    assert_eq!(world.simulator.value("caller", "after"), Some(b"the fall".as_slice()));
}

#[test]
fn a_nested_call_of_what_is_not_deployed_fails() {
    let mut world = World::new();
    let failure = world.alice().to("caller").submit("call_fails", ["nothing"]).unwrap_err();
    assert!(failure.to_string().contains("chaincode nothing not found"), "{failure}");
}

#[test]
fn calls_that_reach_no_function_are_refused() {
    let mut world = World::new();
    check(
        world.alice().submit("nothing", ()),
        expect![[r#"404 UNKNOWN_FUNCTION: there is no function "nothing""#]],
    );
    check(
        world.alice().to("nothing").submit("put", ["k", "v"]),
        expect![
            "500 error in simulation: failed to execute transaction 61abac217265727cc89ca1d4d73c877bc658820c58f82b4d1339dfd4afc077de: chaincode nothing not found"
        ],
    );
}

#[test]
fn an_endorsement_that_the_policy_asks_for_must_be_there() {
    let mut world = World::new();
    let one = world.alice().endorsed_by(&["Org1MSP"]).submit("put", ["k", "v"]);
    let Err(Failure::Rejected(rejected)) = one else { panic!("not rejected") };
    assert_eq!(rejected.code.as_str_name(), "ENDORSEMENT_POLICY_FAILURE");
    let mut simulator = Simulator::new().unwrap();
    let either = Deployment::new(store()).policy("OR('Org1MSP.peer', 'Org2MSP.peer')");
    simulator.deploy(either).unwrap();
    let alice = simulator.client("Org1MSP", "alice").unwrap();
    simulator.as_(&alice).endorsed_by(&["Org2MSP"]).submit("put", ["k", "v"]).unwrap();
}

#[test]
fn a_contract_that_is_not_deterministic_is_found_out() {
    let mut world = World::new();
    let Err(Failure::Diverged(found)) = world.alice().submit("put_counter", ()) else {
        panic!("not found out")
    };
    let (namespace, key) = ("store".to_owned(), "counter".to_owned());
    assert_eq!(found.difference, Difference::Write { namespace, key });
    let Err(Failure::Diverged(found)) = world.alice().evaluate("counter", ()) else {
        panic!("not found out")
    };
    assert_eq!(found.difference, Difference::Answer);
    assert_eq!(world.simulator.keys("store"), [""; 0]);
}

#[test]
fn a_stranger_may_not_propose() {
    let stranger = Simulator::with_organizations(&["Org3MSP"]).unwrap();
    let stranger = stranger.client("Org3MSP", "mallory").unwrap();
    let mut world = World::new();
    let failure = world.simulator.as_(&stranger).submit("put", ["k", "v"]).unwrap_err();
    assert_eq!(failure.to_string(), "refused with status 500: access denied: creator org unknown");
}

#[test]
fn identities_and_transactions_are_the_same_in_every_run() {
    let tx_id = || {
        let mut world = World::new();
        world.alice().submit("put", ["k", "v"]).unwrap().tx_id
    };
    assert_eq!(tx_id(), tx_id());
}

#[test]
fn transient_data_and_claimed_time_reach_the_contract_and_not_the_ledger() {
    let mut world = World::new();
    world.simulator.set_time(1_800_000_000);
    let endorsed = world.alice().transient("secret", "word").endorse("whisper", ()).unwrap();
    assert_eq!(endorsed.result(), b"4 bytes at 1800000000");
    assert!(!format!("{:?}", endorsed.read_write_set()).contains("word"));
}

/// The registry publishes what the product ships, and recording calls it.
#[test]
fn the_shipped_contracts_run() {
    let mut simulator = Simulator::new().unwrap();
    let registry = "registry".parse().unwrap();
    simulator.deploy(pervade_registry::chaincode(registry)).unwrap();
    let registry = "registry".parse().unwrap();
    let recording = "recording".parse().unwrap();
    simulator.deploy(pervade_recording::chaincode(recording, registry)).unwrap();
    let admin = simulator.admin("Org1MSP", "admin").unwrap();
    let device = simulator.client("Org1MSP", "device").unwrap();
    let package = shipped().into_iter().next().unwrap();
    let published = simulator.as_(&admin).submit("publish", [package.canonical()]).unwrap();
    assert_eq!(published.result, package.id().as_str().as_bytes());
    assert_eq!(published.event.unwrap().name, "published");
    record(&mut simulator, (&admin, &device), &package);
}

fn record(simulator: &mut Simulator, (admin, device): (&Member, &Member), package: &DevicePackage) {
    let id = package.id();
    let payload = package.examples.first().unwrap().payload.as_str();
    let unknown = simulator.as_(device).to("recording").submit("record", [id.as_str(), payload]);
    let Err(Failure::Refused(Refused { status, .. })) = unknown else { panic!("not refused") };
    assert_eq!(status, 403);
    let address = device.certificate().address();
    let manifest = &package.manifest;
    let (vendor, model) = (manifest.vendor.as_str(), manifest.model.as_str());
    let enrollment = [address.as_str(), vendor, model, manifest.version.as_str()];
    simulator.as_(admin).to("recording").submit("enroll_device", enrollment).unwrap();
    let recorded = simulator.as_(device).to("recording").submit("record", [id.as_str(), payload]);
    let recorded = recorded.unwrap();
    assert_eq!(recorded.event.unwrap().name, pervade_recording::EVENT);
    let tx_id = recorded.tx_id.as_str();
    let read = simulator.as_(device).to("recording").evaluate("get", [tx_id]).unwrap();
    let read: Record = serde_json::from_slice(&read).unwrap();
    assert_eq!(read.device.address, address);
}

#[track_caller]
fn check<T: std::fmt::Debug>(answer: Result<T, Failure>, expected: Expect) {
    match answer {
        Err(Failure::Refused(Refused { status, message, .. })) => {
            expected.assert_eq(&format!("{status} {message}"));
        }
        other => panic!("not refused: {other:?}"),
    }
}

/// Two organisations, a store and a chaincode that calls it.
struct World {
    simulator: Simulator,
    alice: Member,
}

impl World {
    fn new() -> Self {
        let mut simulator = Simulator::new().unwrap();
        simulator.deploy(store()).unwrap();
        let caller = Chaincode::new("caller".parse().unwrap()).with(Calling);
        simulator.deploy(caller).unwrap();
        let alice = simulator.client("Org1MSP", "alice").unwrap();
        Self { simulator, alice }
    }

    fn alice(&mut self) -> Client<'_> {
        self.simulator.as_(&self.alice)
    }
}

fn store() -> Chaincode {
    Chaincode::new("store".parse().unwrap()).with(Store::default())
}

/// A contract whose counter should not be there.
#[derive(Default)]
struct Store {
    calls: AtomicU64,
}

#[contract(name = "store", default)]
impl Store {
    #[submit]
    async fn put(
        &self,
        tx: &mut Transaction,
        key: String,
        value: String,
    ) -> Result<String, LedgerError> {
        let old = tx.get(&key).await?;
        tx.put(&key, value.into_bytes()).await?;
        tx.set_event("put", key.into_bytes())?;
        let old = old.map(|old| String::from_utf8_lossy(&old).into_owned());
        Ok(format!("was {}", old.unwrap_or_else(|| "nothing".to_owned())))
    }

    #[submit]
    async fn put_and_get(
        &self,
        tx: &mut Transaction,
        key: String,
        value: String,
    ) -> Result<Vec<u8>, LedgerError> {
        tx.put(&key, value.into_bytes()).await?;
        Ok(tx.get(&key).await?.unwrap_or_default())
    }

    #[submit]
    async fn fill(&self, tx: &mut Transaction, count: u64) -> Result<(), LedgerError> {
        for index in 0..count {
            tx.put(format!("key{index:03}"), b"value".to_vec()).await?;
        }
        Ok(())
    }

    #[submit]
    async fn keep_count(&self, tx: &mut Transaction, prefix: String) -> Result<u64, LedgerError> {
        let count = count(tx, &prefix).await?;
        tx.put_json("count", &count).await?;
        Ok(count)
    }

    #[evaluate]
    async fn count(&self, tx: &ReadTransaction, prefix: String) -> Result<u64, LedgerError> {
        count(tx, &prefix).await
    }

    #[evaluate]
    async fn first(&self, tx: &ReadTransaction, prefix: String) -> Result<String, LedgerError> {
        let first = tx.prefix(&prefix)?.next().await?;
        Ok(first.map(|entry| entry.key).unwrap_or_default())
    }

    #[evaluate]
    async fn whisper(&self, tx: &ReadTransaction) -> Result<String, LedgerError> {
        let bytes = tx.transient("secret").map_or(0, |secret| secret.expose().len());
        Ok(format!("{bytes} bytes at {}", tx.client_claimed_time().seconds))
    }

    #[submit]
    async fn put_counter(&self, tx: &mut Transaction) -> Result<(), LedgerError> {
        let calls = self.calls.fetch_add(1, Ordering::Relaxed);
        tx.put_json("counter", &calls).await
    }

    #[evaluate]
    async fn counter(&self, _tx: &ReadTransaction) -> Result<u64, LedgerError> {
        Ok(self.calls.fetch_add(1, Ordering::Relaxed))
    }

    #[submit]
    #[external]
    async fn fail(&self, tx: &mut Transaction) -> Result<(), LedgerError> {
        tx.put("before", b"the fall".to_vec()).await?;
        tx.set_event("lost", Vec::new())?;
        Err(LedgerError::Refused { request: "fail", reason: "on purpose".to_owned() })
    }
}

async fn count(tx: &ReadTransaction, prefix: &str) -> Result<u64, LedgerError> {
    let mut range = tx.prefix(prefix)?;
    let mut count = 0;
    while range.next().await?.is_some() {
        count += 1;
    }
    Ok(count)
}

/// A contract that calls another one.
struct Calling;

#[contract(name = "calling", default)]
impl Calling {
    #[submit]
    async fn call_fails(&self, tx: &mut Transaction, whom: String) -> Result<String, CallError> {
        // The error is swallowed, and the transaction fails all the same.
        let _swallowed = tx.call(&whom.parse().unwrap(), "fail", []).await;
        Ok("went on".to_owned())
    }

    #[submit]
    async fn try_fails(&self, tx: &mut Transaction, whom: String) -> Result<String, CallError> {
        let _failed = tx.try_call(&whom.parse().unwrap(), "fail", []).await;
        tx.put("after", b"the fall".to_vec()).await?;
        Ok("went on".to_owned())
    }
}
