use pervade_chaincode::{CallError, ClientError, ReadTransaction, Secret, Transaction, contract};

struct Inner;

#[contract(name = "inner")]
impl Inner {
    #[submit]
    fn own(&self, _tx: &mut Transaction) {}

    #[external]
    #[submit]
    fn secret(&self, _tx: &mut Transaction, #[transient] price: Secret<u64>) {
        drop(price);
    }

    #[external]
    #[submit]
    fn open(&self, _tx: &mut Transaction) {}
}

async fn outer(tx: &mut Transaction) -> Result<(), ClientError<CallError>> {
    let mut inner = InnerClient::new(tx, "inner".parse().unwrap());
    inner.open().await?;
    inner.secret(Secret::new(1)).await?;
    inner.own().await
}

async fn reader(tx: &mut ReadTransaction) -> Result<(), ClientError<CallError>> {
    InnerClient::new(tx, "inner".parse().unwrap()).open().await
}

fn main() {}
