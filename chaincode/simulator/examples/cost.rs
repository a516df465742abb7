//! What one call in the simulator costs: `cargo run --release -p pervade-simulator --example cost`.

#![expect(clippy::print_stdout, reason = "telling is what it is for")]

use std::error::Error;
use std::time::Instant;

use pervade_chaincode::{Chaincode, LedgerError, ReadTransaction, Transaction, contract};
use pervade_simulator::Simulator;

/// Calls of each kind.
const CALLS: u32 = 300;

fn main() -> Result<(), Box<dyn Error>> {
    let mut simulator = Simulator::new()?;
    simulator.deploy(Chaincode::new("shelf".parse()?).with(Shelf))?;
    let alice = simulator.client("Org1MSP", "alice")?;
    let mut measure = |what: &str, call: &mut dyn FnMut(&mut Simulator) -> bool| {
        let start = Instant::now();
        let done = (0..CALLS).filter(|_| call(&mut simulator)).count();
        println!("{what}: {:.1?} each, {done} of {CALLS}", start.elapsed() / CALLS);
    };
    measure("submit, endorsed by two and committed", &mut |simulator| {
        simulator.as_(&alice).submit("put", ["k", "v"]).is_ok()
    });
    measure("evaluate", &mut |simulator| simulator.as_(&alice).evaluate("get", ["k"]).is_ok());
    Ok(())
}

struct Shelf;

#[contract(name = "shelf", default)]
impl Shelf {
    #[submit]
    async fn put(
        &self,
        tx: &mut Transaction,
        key: String,
        value: String,
    ) -> Result<(), LedgerError> {
        tx.get(&key).await?;
        tx.put(key, value.into_bytes()).await
    }

    #[evaluate]
    async fn get(&self, tx: &ReadTransaction, key: String) -> Result<Vec<u8>, LedgerError> {
        Ok(tx.get(key).await?.unwrap_or_default())
    }
}
