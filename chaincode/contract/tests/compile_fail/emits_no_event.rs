use pervade_chaincode::{LedgerError, Transaction, contract};

struct Assets;

#[contract(name = "assets")]
impl Assets {
    #[submit]
    async fn create(&self, tx: &mut Transaction, id: String) -> Result<(), LedgerError> {
        tx.emit(&id)
    }
}

fn main() {}
