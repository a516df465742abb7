//! Items sold at a price that only seller and buyer know.
//!
//! Each side writes what it has agreed to into its own organisation's collection, which no other
//! organisation sees. Every peer sees the hashes: the item changes hands when they are the same.
//! While it has an owner, only that owner's peers can endorse a change of it.

use pervade_chaincode::{
    Chaincode, Fault, KeyPolicy, MspId, ReadTransaction, Role, Secret, State, StateError,
    Transaction, contract,
};
use serde::{Deserialize, Serialize};

/// Something for sale, known to all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, State)]
#[state(type = "item", key(id))]
#[expect(clippy::exhaustive_structs, reason = "clients read it")]
pub struct Item {
    /// Tells items apart.
    pub id: String,
    /// The organisation whose it is.
    pub owner: String,
    /// What it is.
    pub description: String,
}

/// What one side has agreed to. The hash of its text must not be guessed: `secret` is something
/// long that seller and buyer told each other and nobody else.
#[derive(Clone, Serialize, Deserialize, State)]
#[state(type = "agreement", key(item))]
struct Agreement {
    item: String,
    price: u64,
    secret: String,
}

#[derive(Debug, thiserror::Error, Fault)]
enum SaleError {
    #[error("{caller} does not own item {item:?}")]
    #[fault(status = FORBIDDEN)]
    NotOwner { caller: MspId, item: String },
    #[error("{owner} and {buyer} have not agreed on the same price for item {item:?}")]
    #[fault(status = CONFLICT)]
    NoAgreement { owner: MspId, buyer: MspId, item: String },
    #[error("{name:?} is no organisation's name")]
    #[fault(status = BAD_REQUEST)]
    Name { name: String },
    #[error(transparent)]
    State(#[from] StateError),
}

type Answer<T> = Result<T, SaleError>;

/// The contract.
#[derive(Clone, Copy, Debug, Default)]
pub struct PrivateSale;

#[contract(name = "sale", default)]
impl PrivateSale {
    /// Brings an item that belongs to the client's organisation.
    #[submit]
    async fn offer(&self, tx: &mut Transaction, id: String, description: String) -> Answer<()> {
        let owner = tx.creator().msp_id().clone();
        tx.create(&Item { id: id.clone(), owner: owner.to_string(), description }).await?;
        hand_to(tx, id, owner).await
    }

    #[evaluate]
    async fn item(&self, tx: &ReadTransaction, id: String) -> Answer<Item> {
        Ok(tx.load(&id).await?)
    }

    /// Agrees to a price, as seller or as buyer. To be endorsed by the client's organisation.
    #[submit]
    async fn agree(
        &self,
        tx: &mut Transaction,
        #[transient] agreement: Secret<Agreement>,
    ) -> Answer<()> {
        let own = collection(tx.creator().msp_id());
        Ok(tx.private(&own).save(agreement.expose()).await?)
    }

    /// Hands the item to the buyer, if both sides have agreed to the same.
    #[submit]
    async fn sell(&self, tx: &mut Transaction, id: String, buyer: String) -> Answer<()> {
        let owner = tx.creator().msp_id().clone();
        let buyer = buyer.parse::<MspId>().map_err(|_invalid| SaleError::Name { name: buyer })?;
        let mut item: Item = tx.load(&id).await?;
        if item.owner != owner.as_str() {
            return Err(SaleError::NotOwner { caller: owner, item: id });
        }
        let (ours, theirs) = (collection(&owner), collection(&buyer));
        let agreed = tx.private(&ours).hash_of::<Agreement>(&id).await?;
        if agreed.is_none() || agreed != tx.private(&theirs).hash_of::<Agreement>(&id).await? {
            return Err(SaleError::NoAgreement { owner, buyer, item: id });
        }
        for side in [ours, theirs] {
            tx.private(&side).remove::<Agreement>(&id).await?;
        }
        item.owner = buyer.to_string();
        tx.save(&item).await?;
        hand_to(tx, id, buyer).await
    }
}

/// Lets only this organisation's peers endorse the next change of an item.
async fn hand_to(tx: &mut Transaction, id: String, owner: MspId) -> Answer<()> {
    let policy = KeyPolicy::signed_by(owner, Role::Peer);
    Ok(tx.set_policy_of::<Item>(&id, &policy).await?)
}

/// The collection that every organisation has by itself.
fn collection(organization: &MspId) -> String {
    format!("_implicit_org_{organization}")
}

/// The chaincode, as the channel knows it.
#[must_use]
pub fn chaincode() -> Chaincode {
    Chaincode::named("private-sale").with(PrivateSale)
}
