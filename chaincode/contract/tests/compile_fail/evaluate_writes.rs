use pervade_chaincode::{LedgerError, ReadTransaction, contract};

struct Assets;

#[contract(name = "assets")]
impl Assets {
    #[evaluate]
    async fn touch(&self, tx: &mut ReadTransaction) -> Result<(), LedgerError> {
        tx.put("k", vec![1]).await
    }
}

fn main() {}
