//! A manager with nothing of its own, what stands in for others, and a world with them.

use pervade_chaincode::{
    CallError, Chaincode, ChaincodeName, ClientError, Fault, ReadTransaction, Transaction, contract,
};
use pervade_platform::{
    Amount, BindError, Bound, BoundError, ContractSet, EpochError, Epochs, MAY_BIND, Manager,
    Tally, TallyError, bind, bound,
};
use pervade_simulator::Deployment;
use serde_json::json;

use crate::world::World;

/// Offers what managers share as functions.
struct Shared;

#[derive(Debug, thiserror::Error, Fault)]
enum SharedError {
    #[error(transparent)]
    Bind(#[from] BindError),
    #[error(transparent)]
    Bound(#[from] BoundError),
    #[error(transparent)]
    Epoch(#[from] EpochError),
    #[error(transparent)]
    Tally(#[from] TallyError),
}

#[contract(name = "shared", default)]
impl Shared {
    #[init]
    async fn bind(
        &self,
        tx: &mut Transaction,
        set: ContractSet,
        terms: u64,
    ) -> Result<bool, SharedError> {
        Ok(bind(tx, &Bound { set, terms }).await?)
    }

    /// Which manager asks.
    #[external]
    #[submit]
    async fn asked_by(
        &self,
        tx: &mut Transaction,
        may_devices: bool,
    ) -> Result<String, SharedError> {
        let allowed: &[Manager] =
            if may_devices { &[Manager::Devices, Manager::Tasks] } else { &[Manager::Tasks] };
        let manager = bound::<u64>(tx).await?.require_manager(tx, allowed)?;
        Ok(format!("{manager:?}"))
    }

    #[submit]
    async fn begin(&self, tx: &mut Transaction, amount: Amount) -> Result<(), SharedError> {
        Ok(SUM.begin(tx, amount).await?)
    }

    #[submit]
    async fn add(&self, tx: &mut Transaction, amount: Amount) -> Result<(), SharedError> {
        Ok(SUM.add(tx, amount).await?)
    }

    #[submit]
    async fn take(&self, tx: &mut Transaction, amount: Amount) -> Result<(), SharedError> {
        Ok(SUM.take(tx, amount).await?)
    }

    #[submit]
    async fn take_at_most(
        &self,
        tx: &mut Transaction,
        amount: Amount,
    ) -> Result<Amount, SharedError> {
        Ok(SUM.take_at_most(tx, amount).await?)
    }

    #[submit]
    async fn gather(&self, tx: &mut Transaction) -> Result<(), SharedError> {
        Ok(SUM.gather(tx).await?)
    }

    #[evaluate]
    async fn total(&self, tx: &ReadTransaction) -> Result<Amount, SharedError> {
        Ok(SUM.total(tx).await?)
    }

    #[evaluate]
    async fn is_at_least(&self, tx: &ReadTransaction, amount: Amount) -> Result<bool, SharedError> {
        Ok(SUM.is_at_least(tx, amount).await?)
    }

    #[submit]
    async fn require_present(&self, tx: &mut Transaction, epoch: u64) -> Result<(), SharedError> {
        let epochs = Epochs::new(bound::<u64>(tx).await?.clock()?);
        Ok(epochs.require_present(tx, epoch).await?)
    }

    #[submit]
    async fn is_over(&self, tx: &mut Transaction, epoch: u64) -> Result<bool, SharedError> {
        let epochs = Epochs::new(bound::<u64>(tx).await?.clock()?);
        Ok(epochs.is_over(tx, epoch).await?)
    }
}

const SUM: Tally<'static> = Tally::new("sum", "ann");

/// Asks the manager, whoever it is deployed as.
struct StandIn;

#[contract(name = "stand-in", default)]
impl StandIn {
    #[submit]
    async fn ask(
        &self,
        tx: &mut Transaction,
        may_devices: bool,
    ) -> Result<String, ClientError<CallError>> {
        SharedClient::new(tx, named("tokens")).asked_by(may_devices).await
    }
}

/// The manager as `tokens`, and those who ask it: the managers of its set, and others.
pub(crate) fn deployed() -> World {
    let mut deployments =
        vec![Deployment::new(Chaincode::new(named("tokens")).with(Shared)).init_required()];
    for name in ["tasks", "devices", "users", "stranger"] {
        deployments.push(Deployment::new(Chaincode::new(named(name)).with(StandIn)));
    }
    deployments.push(Deployment::new(pervade_clock::chaincode(named("clock"))).init_required());
    World::new(deployments)
}

/// The same, bound.
pub(crate) fn bound_world() -> World {
    let mut world = deployed();
    let founder = world.client("Org1MSP", "founder", &[MAY_BIND]);
    let told = world.submit(&founder, "tokens:bind", json!([ContractSet::with_ending(""), 7]));
    assert!(told.starts_with("true"), "{told}");
    world
}

pub(crate) fn shared() -> Chaincode {
    Chaincode::new(named("tokens")).with(Shared)
}

pub(crate) fn named(name: &str) -> ChaincodeName {
    name.parse().unwrap()
}
