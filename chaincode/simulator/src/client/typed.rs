//! Typed clients of contracts, calling into the simulator.

use pervade_chaincode::{Caller, ClientCall, Occasion, Outside, Submitter};

use super::Client;
use crate::outcome::{Committed, Failure};

/// The clients that `#[contract]` generates call as this client does. Nothing in the simulator
/// waits, so any executor runs a call to its end at once.
///
/// ```
/// use futures::executor::block_on;
/// use pervade_chaincode::{Chaincode, LedgerError, Transaction, contract};
/// use pervade_simulator::Simulator;
///
/// struct Counter;
///
/// #[contract(name = "counter", default)]
/// impl Counter {
///     #[submit]
///     async fn add(&self, tx: &mut Transaction, number: u64) -> Result<u64, LedgerError> {
///         let sum = tx.get_json::<u64>("sum").await?.unwrap_or_default() + number;
///         tx.put_json("sum", &sum).await?;
///         Ok(sum)
///     }
/// }
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let mut simulator = Simulator::new()?;
/// simulator.deploy(Chaincode::named("counter").with(Counter))?;
/// let alice = simulator.client("Org1MSP", "alice")?;
/// let mut client = simulator.as_(&alice);
/// let mut counter = CounterClient::new(&mut client, "counter".parse()?);
/// block_on(counter.add(2))?;
/// assert_eq!(block_on(counter.add(3))?.value, 5);
/// # Ok(())
/// # }
/// ```
impl Caller for Client<'_> {
    type Error = Failure;

    async fn evaluate(&mut self, call: ClientCall) -> Result<Vec<u8>, Failure> {
        let (function, arguments) = (call.function, call.arguments.clone());
        self.about(call).evaluate(function, arguments)
    }
}

impl Submitter for Client<'_> {
    type Submitted<T> = Answered<T>;

    async fn submit(&mut self, call: ClientCall) -> Result<Answered<Vec<u8>>, Failure> {
        let (function, arguments) = (call.function, call.arguments.clone());
        let committed = self.about(call).submit(function, arguments)?;
        Ok(Answered { value: committed.result.clone(), committed })
    }

    fn read<T, E>(
        submitted: Answered<Vec<u8>>,
        read: impl FnOnce(Vec<u8>) -> Result<T, E>,
    ) -> Result<Answered<T>, E> {
        let Answered { committed, value } = submitted;
        Ok(Answered { committed, value: read(value)? })
    }
}

impl Outside for Client<'_> {}

impl Client<'_> {
    /// The same client, about to make this call.
    fn about(&mut self, call: ClientCall) -> Client<'_> {
        let mut client = Client {
            simulator: &mut *self.simulator,
            member: self.member.clone(),
            chaincode: Some(call.chaincode.to_string()),
            transient: self.transient.clone(),
            endorsers: self.endorsers.clone(),
            occasion: self.occasion,
        };
        for (name, value) in call.transient {
            client = client.transient(name, value.into_exposed());
        }
        match call.occasion {
            Occasion::Call => client,
            Occasion::Initialisation => client.init(),
        }
    }
}

/// A typed answer whose transaction took effect.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "complete by definition")]
pub struct Answered<T> {
    /// The transaction.
    pub committed: Committed,
    /// What the function returned.
    pub value: T,
}
