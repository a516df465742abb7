//! Things, and whose they are.
//!
//! A transaction is endorsed by several peers, each of which runs it by itself, and all must
//! come to the same result. So a contract reads the ledger, the proposal and its arguments, and
//! nothing else: no clock, no random numbers, no network.

use pervade_chaincode::{
    Chaincode, ChaincodeName, ReadTransaction, State, StateError, Transaction, contract,
};
use serde::{Deserialize, Serialize};

/// Lies on the ledger under its key, as JSON.
#[derive(Clone, Debug, Serialize, Deserialize, State)]
#[state(type = "thing", key(id))]
pub struct Thing {
    /// Tells things apart.
    pub id: String,
    /// Whose it is.
    pub owner: String,
}

/// The contract.
pub struct Things;

#[contract(name = "things", default)]
impl Things {
    /// A submit function writes; clients have it endorsed, ordered and committed.
    #[submit]
    async fn create(&self, tx: &mut Transaction, thing: Thing) -> Result<(), StateError> {
        tx.create(&thing).await
    }

    #[submit]
    async fn transfer(
        &self,
        tx: &mut Transaction,
        id: String,
        owner: String,
    ) -> Result<(), StateError> {
        let mut thing: Thing = tx.load(&id).await?;
        thing.owner = owner;
        tx.save(&thing).await
    }

    /// An evaluate function reads; one that tried to write would not compile.
    #[evaluate]
    async fn read(&self, tx: &ReadTransaction, id: String) -> Result<Thing, StateError> {
        tx.load(&id).await
    }
}

/// The chaincode; the channel defines it under the name of this crate.
pub fn chaincode() -> Chaincode {
    Chaincode::new(ChaincodeName::new(env!("CARGO_PKG_NAME")).expect("a name")).with(Things)
}

#[cfg(test)]
mod tests {
    use pervade_simulator::{Failure, Simulator};

    #[test]
    fn a_thing_changes_hands() -> Result<(), Failure> {
        let mut simulator = Simulator::new()?;
        simulator.deploy(super::chaincode())?;
        let alice = simulator.client("Org1MSP", "alice")?;
        simulator.as_(&alice).submit("create", [r#"{"id":"t1","owner":"Tom"}"#])?;
        simulator.as_(&alice).submit("transfer", ["t1", "Ann"])?;
        let thing = simulator.as_(&alice).evaluate("read", ["t1"])?;
        assert_eq!(String::from_utf8_lossy(&thing), r#"{"id":"t1","owner":"Ann"}"#);
        Ok(())
    }

    #[test]
    fn a_thing_that_is_missing_is_told() -> Result<(), Failure> {
        let mut simulator = Simulator::new()?;
        simulator.deploy(super::chaincode())?;
        let alice = simulator.client("Org1MSP", "alice")?;
        let Err(Failure::Refused(refused)) = simulator.as_(&alice).evaluate("read", ["t1"]) else {
            panic!("nobody created it");
        };
        assert!(refused.message.starts_with("THING_MISSING"), "{refused}");
        Ok(())
    }
}
