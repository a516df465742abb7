//! The three functions that the bench measures, on our own library.
//!
//! Started as any chaincode is: see `--help`.

use std::process::ExitCode;

use fabric_protos::id::InvalidId;
use pervade_chaincode::{Chaincode, LedgerError, Transaction, contract};
use pervade_shim::Program;

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

fn main() -> ExitCode {
    Program::new("The functions that the bench measures")
        .run(|_chosen| Ok::<_, InvalidId>(Chaincode::new("bench".parse()?).with(Measured)))
}
