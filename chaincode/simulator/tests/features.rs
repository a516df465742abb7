//! What a contract does beyond public values, through every stage of a transaction.

#![expect(clippy::tests_outside_test_module, clippy::unwrap_used, reason = "all of this is test")]

use pervade_chaincode::{
    Chaincode, KeyPolicy, LedgerError, ReadTransaction, Role, Transaction, contract,
};
use pervade_simulator::{Deployment, Failure, Member, Simulator};

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
