use pervade_chaincode::{LedgerError, ReadTransaction, State, StateError, contract};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, State)]
#[state(type = "asset", key(id))]
struct Asset {
    id: String,
}

struct Assets;

#[contract(name = "assets")]
impl Assets {
    #[evaluate]
    async fn touch(&self, tx: &ReadTransaction) -> Result<(), LedgerError> {
        tx.put("k", vec![1]).await
    }

    #[evaluate]
    async fn touch_exclusively(&self, tx: &mut ReadTransaction) -> Result<(), LedgerError> {
        tx.delete("k").await
    }

    #[evaluate]
    async fn keep(&self, tx: &ReadTransaction, asset: Asset) -> Result<(), StateError> {
        tx.save(&asset).await?;
        tx.remove::<Asset>("a").await?;
        Ok(())
    }

    #[evaluate]
    fn tell(&self, tx: &ReadTransaction) -> Result<(), LedgerError> {
        tx.set_event("told", vec![1])
    }
}

fn main() {}
