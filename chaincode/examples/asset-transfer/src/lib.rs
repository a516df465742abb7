//! Assets that are created, read, changed, handed on and deleted.
//!
//! The least that a contract with state is: a type with a key, and the functions over it. What is
//! missing or exists already is refused by the state functions themselves.

use pervade_chaincode::{Chaincode, ReadTransaction, State, StateError, Transaction, contract};
use serde::{Deserialize, Serialize};

/// Lies on the ledger under `("asset", id)`, as canonical JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, State)]
#[serde(rename_all = "camelCase")]
#[state(type = "asset", key(id))]
#[expect(clippy::exhaustive_structs, reason = "clients write it out")]
pub struct Asset {
    /// Tells assets apart.
    pub id: String,
    /// What it looks like.
    pub color: String,
    /// How large it is.
    pub size: u32,
    /// Whose it is.
    pub owner: String,
    /// What it is worth.
    pub appraised_value: u64,
}

/// Most assets that one listing names.
pub const LISTED_MAX: usize = 1_000;

/// The contract.
#[derive(Clone, Copy, Debug, Default)]
pub struct AssetTransfer;

#[contract(name = "assets", default)]
impl AssetTransfer {
    #[submit]
    async fn create(&self, tx: &mut Transaction, asset: Asset) -> Result<(), StateError> {
        tx.create(&asset).await
    }

    #[evaluate]
    async fn read(&self, tx: &ReadTransaction, id: String) -> Result<Asset, StateError> {
        tx.load(&id).await
    }

    #[submit]
    async fn update(&self, tx: &mut Transaction, asset: Asset) -> Result<(), StateError> {
        tx.load::<Asset>(&asset.id).await?;
        tx.save(&asset).await
    }

    #[submit]
    async fn delete(&self, tx: &mut Transaction, id: String) -> Result<(), StateError> {
        tx.load::<Asset>(&id).await?;
        tx.remove::<Asset>(&id).await
    }

    /// Returns the owner before.
    #[submit]
    async fn transfer(
        &self,
        tx: &mut Transaction,
        id: String,
        owner: String,
    ) -> Result<String, StateError> {
        let mut asset: Asset = tx.load(&id).await?;
        let before = std::mem::replace(&mut asset.owner, owner);
        tx.save(&asset).await?;
        Ok(before)
    }

    #[evaluate]
    async fn exists(&self, tx: &ReadTransaction, id: String) -> Result<bool, StateError> {
        tx.exists::<Asset>(&id).await
    }

    #[evaluate]
    async fn list(&self, tx: &ReadTransaction) -> Result<Vec<Asset>, StateError> {
        tx.list::<Asset>(())?.at_most(LISTED_MAX).await
    }
}

/// The chaincode, as the channel knows it.
#[must_use]
pub fn chaincode() -> Chaincode {
    Chaincode::named("asset-transfer").with(AssetTransfer)
}

#[cfg(test)]
#[expect(clippy::panic_in_result_fn, reason = "a test fails either way")]
mod tests {
    use pervade_simulator::{Failure, Simulator};

    const ASSET: &str = r#"{"appraisedValue":300,"color":"blue","id":"a1","owner":"Tom","size":5}"#;

    #[test]
    fn an_asset_changes_hands_until_it_is_deleted() -> Result<(), Failure> {
        let mut simulator = Simulator::new()?;
        simulator.deploy(super::chaincode())?;
        let alice = simulator.client("Org1MSP", "alice")?;
        simulator.as_(&alice).submit("create", [ASSET])?;
        assert_eq!(simulator.as_(&alice).evaluate("read", ["a1"])?, ASSET.as_bytes());
        assert_eq!(simulator.as_(&alice).submit("transfer", ["a1", "Ann"])?.result, b"Tom");
        let listed = simulator.as_(&alice).evaluate("list", ())?;
        assert_eq!(listed, format!("[{}]", ASSET.replace("Tom", "Ann")).into_bytes());
        simulator.as_(&alice).submit("delete", ["a1"])?;
        assert_eq!(simulator.as_(&alice).evaluate("exists", ["a1"])?, b"false");
        Ok(())
    }

    #[test]
    fn what_is_missing_or_exists_is_told() -> Result<(), Failure> {
        let mut simulator = Simulator::new()?;
        simulator.deploy(super::chaincode())?;
        let alice = simulator.client("Org1MSP", "alice")?;
        let mut refused =
            |function, argument| match simulator.as_(&alice).submit(function, [argument]) {
                Err(Failure::Refused(refused)) => refused.to_string(),
                other => format!("not refused: {other:?}"),
            };
        let missing = "refused with status 404: ASSET_MISSING: asset \"a1\" does not exist";
        assert_eq!(refused("delete", "a1"), missing);
        assert_eq!(refused("update", ASSET), missing);
        simulator.as_(&alice).submit("create", [ASSET])?;
        let again = simulator.as_(&alice).submit("create", [ASSET]).unwrap_err().to_string();
        assert_eq!(again, "refused with status 409: ASSET_EXISTS: asset \"a1\" exists");
        Ok(())
    }
}
