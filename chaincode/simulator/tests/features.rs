//! What a contract does beyond public values, through every stage of a transaction.

#![expect(clippy::tests_outside_test_module, clippy::unwrap_used, reason = "all of this is test")]

use std::time::Duration;

use pervade_chaincode::{
    CallError, Chaincode, ClientTimeError, EventEnvelope, KeyPolicy, LedgerError, ReadTransaction,
    Role, TimeWindow, Transaction, TypedEvent, contract,
};
use pervade_simulator::{Deployment, Failure, Member, Simulator};
use serde::Serialize;

#[test]
fn a_private_value_is_read_where_it_is_kept() {
    let (mut simulator, alice) = world();
    simulator.as_(&alice).transient("value", "word").submit("hide", ["k"]).unwrap();
    assert_eq!(simulator.as_(&alice).evaluate("reveal", ["k"]).unwrap(), b"word");
    let elsewhere = simulator.as_(&alice).endorsed_by(&["Org2MSP"]).evaluate("reveal", ["k"]);
    let Err(Failure::Refused(refused)) = elsewhere else { panic!("not refused") };
    assert!(refused.message.contains("private data matching public hash"), "{refused}");
}

#[test]
fn a_keys_own_policy_takes_the_place_of_the_chaincodes() {
    let (mut simulator, alice) = world();
    let one = ["Org1MSP"];
    simulator.as_(&alice).submit("put", ["k", "one"]).unwrap();
    let early = simulator.as_(&alice).endorsed_by(&one).submit("put", ["k", "early"]);
    let Err(Failure::Rejected(rejected)) = early else { panic!("not rejected") };
    assert_eq!(rejected.code.as_str_name(), "ENDORSEMENT_POLICY_FAILURE");
    simulator.as_(&alice).submit("own", ["k"]).unwrap();
    simulator.as_(&alice).endorsed_by(&one).submit("put", ["k", "two"]).unwrap();
    assert_eq!(simulator.as_(&alice).evaluate("past", ["k"]).unwrap(), b"two one");
}

#[test]
fn a_proposal_is_held_against_the_peers_clocks() {
    let (mut simulator, alice) = world();
    simulator.set_time(1_800_000_000);
    simulator.as_(&alice).submit("hurry", ()).unwrap();
    simulator.set_peers_time(1_800_000_061);
    let late = simulator.as_(&alice).submit("hurry", ());
    let Err(Failure::Refused(refused)) = late else { panic!("not refused") };
    assert_eq!(refused.message, "CLIENT_TIME: the proposal's time is too far from the peer's");
}

#[test]
fn what_a_called_chaincode_emits_is_among_the_callers_events() {
    let (mut simulator, alice) = world();
    let outer = Chaincode::new("outer".parse().unwrap()).with(Outer);
    simulator.deploy(outer).unwrap();
    let committed = simulator.as_(&alice).to("outer").submit("relay", ()).unwrap();
    let envelope = EventEnvelope::decode(&committed.event.unwrap().payload).unwrap();
    let told = envelope.events().iter().map(|event| {
        let by = event.chaincode().map_or("itself", |chaincode| chaincode.as_str());
        format!("{} by {by}", event.payload())
    });
    assert_eq!(told.collect::<Vec<_>>(), [r#""before" by itself"#, r#""inside" by keeper"#]);
}

struct Outer;

#[contract(name = "outer")]
impl Outer {
    #[submit]
    async fn relay(&self, tx: &mut Transaction) -> Result<(), CallError> {
        tx.emit(&Said("before".to_owned()))?;
        tx.call(&"keeper".parse().unwrap(), "say", [b"inside".to_vec()]).await?;
        Ok(())
    }
}

#[derive(Serialize)]
struct Said(String);

impl TypedEvent for Said {
    const TYPE: &'static str = "said";
}

fn world() -> (Simulator, Member) {
    let mut simulator = Simulator::new().unwrap();
    let chaincode = Chaincode::new("keeper".parse().unwrap()).with(Keeper);
    let deployment = Deployment::new(chaincode).collection("secrets", &["Org1MSP"]);
    simulator.deploy(deployment).unwrap();
    let alice = simulator.client("Org1MSP", "alice").unwrap();
    (simulator, alice)
}

struct Keeper;

#[contract(name = "keeper", default)]
impl Keeper {
    #[submit]
    async fn hide(&self, tx: &mut Transaction, key: String) -> Result<(), LedgerError> {
        let value = tx.transient("value").unwrap().expose().to_vec();
        tx.private("secrets").put(key, value).await
    }

    #[external]
    #[submit]
    async fn say(&self, tx: &mut Transaction, what: String) -> Result<(), LedgerError> {
        tx.emit(&Said(what))
    }

    #[submit]
    async fn hurry(&self, tx: &mut Transaction) -> Result<(), ClientTimeError> {
        let minute = Duration::from_secs(60);
        tx.require_client_time_within(TimeWindow { past: minute, future: minute })
    }

    #[evaluate]
    async fn reveal(&self, tx: &ReadTransaction, key: String) -> Result<Vec<u8>, LedgerError> {
        Ok(tx.private("secrets").get(key).await?.unwrap_or_default())
    }

    #[submit]
    async fn put(
        &self,
        tx: &mut Transaction,
        key: String,
        value: String,
    ) -> Result<(), LedgerError> {
        tx.put(key, value.into_bytes()).await
    }

    #[submit]
    async fn own(&self, tx: &mut Transaction, key: String) -> Result<(), LedgerError> {
        let owner = KeyPolicy::signed_by("Org1MSP".parse().unwrap(), Role::Peer);
        tx.set_key_policy(key, &owner).await
    }

    #[evaluate]
    async fn past(&self, tx: &ReadTransaction, key: String) -> Result<String, LedgerError> {
        let mut past = tx.history(key)?;
        let mut values = Vec::new();
        while let Some(change) = past.next().await? {
            values.push(String::from_utf8(change.value.unwrap_or_default()).unwrap());
        }
        Ok(values.join(" "))
    }
}
