use pervade_chaincode::{LedgerError, Transaction, contract};

struct Assets;

#[contract(name = "assets")]
impl Assets {
    #[submit]
    async fn list(&self, tx: &mut Transaction) -> Result<(), LedgerError> {
        tx.private_queries("offers").range("", "").map(drop)
    }
}

fn main() {}
