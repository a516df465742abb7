use pervade_chaincode::{LedgerError, State, StateError, StatePage, Transaction, contract};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, State)]
#[state(type = "asset", key(id))]
struct Asset {
    id: String,
}

struct Assets;

#[contract(name = "assets")]
impl Assets {
    #[submit]
    async fn list(&self, tx: &mut Transaction) -> Result<(), LedgerError> {
        tx.range_page("", "", 10, "").await.map(drop)
    }

    #[submit]
    async fn assets(&self, tx: &mut Transaction) -> Result<StatePage<Asset>, StateError> {
        tx.list_page::<Asset>((), 10, "").await
    }
}

fn main() {}
