//! The three functions that the bench measures, on our own library.
//!
//! Serves one address, named by `CHAINCODE_SERVER_ADDRESS`, in plain text.

use std::sync::Arc;

use pervade_chaincode::{Chaincode, LedgerError, Transaction, contract};
use tokio::net::TcpListener;

/// Writes of one call of `hundred-puts`.
const PUTS: usize = 100;

struct Measured;

#[contract(name = "measured", default)]
impl Measured {
    #[submit]
    async fn noop(&self, _tx: &mut Transaction) -> Result<(), LedgerError> {
        Ok(())
    }

    #[submit]
    async fn get_put(
        &self,
        tx: &mut Transaction,
        key: String,
        value: Vec<u8>,
    ) -> Result<(), LedgerError> {
        tx.get(&key).await?;
        tx.put(&key, value).await
    }

    #[submit]
    async fn hundred_puts(
        &self,
        tx: &mut Transaction,
        prefix: String,
        value: Vec<u8>,
    ) -> Result<(), LedgerError> {
        for number in 0..PUTS {
            tx.put(format!("{prefix}{number}"), value.clone()).await?;
        }
        Ok(())
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let address = std::env::var("CHAINCODE_SERVER_ADDRESS")?;
    let listener = TcpListener::bind(address).await?;
    let chaincode = Arc::new(Chaincode::new("bench".parse()?).with(Measured));
    Ok(pervade_shim::serve(chaincode, "bench:1", listener, None, std::future::pending()).await?)
}
