//! What stands in for the manager of tasks, and a world with it.

use pervade_chaincode::{CallError, Chaincode, ChaincodeName, ClientError, Transaction, contract};
use pervade_simulator::{Deployment, Member};
use pervade_users::UsersClient;
use pervade_users::record::{Engaged, Engagement, Settlement, UserTerms};
use serde_json::json;

use crate::world::World;

/// Passes on what the client says, as the manager of tasks never would.
struct StandIn {
    users: ChaincodeName,
}

#[contract(name = "tasks", default)]
impl StandIn {
    #[submit]
    async fn engage(
        &self,
        tx: &mut Transaction,
        engagement: Engagement,
    ) -> Result<Engaged, ClientError<CallError>> {
        UsersClient::new(tx, self.users.clone()).engage(engagement).await
    }

    #[submit]
    async fn settle(
        &self,
        tx: &mut Transaction,
        settlement: Settlement,
    ) -> Result<(), ClientError<CallError>> {
        UsersClient::new(tx, self.users.clone()).settle(settlement).await
    }
}

/// The stand-in under the name of the manager of tasks.
pub(crate) fn tasks() -> Chaincode {
    Chaincode::new(named("tasks")).with(StandIn { users: named("users") })
}

/// The set without an ending to its names, the one that ends in `-2`, and `stranger`, which is
/// nobody's manager and calls `users` all the same.
pub(crate) fn deployed() -> World {
    let users = |name: &str| Deployment::new(pervade_users::chaincode(named(name))).init_required();
    let stand_in = |name: &str, users: &str| {
        Deployment::new(Chaincode::new(named(name)).with(StandIn { users: named(users) }))
    };
    World::new(vec![
        users("users"),
        users("users-2"),
        stand_in("tasks", "users"),
        stand_in("tasks-2", "users-2"),
        stand_in("stranger", "users"),
    ])
}

/// The first set with its terms.
pub(crate) fn bound(terms: &UserTerms) -> World {
    let mut world = deployed();
    let bound = bind(&mut world, "", terms);
    assert!(bound.starts_with("\nbound"), "{bound}");
    world
}

/// Binds the set whose names end so.
pub(crate) fn bind(world: &mut World, ending: &str, terms: &UserTerms) -> String {
    let founder = world.client("Org1MSP", "founder", &[pervade_platform::MAY_BIND]);
    let set = pervade_platform::ContractSet::with_ending(ending);
    world.submit(&founder, &format!("users{ending}:bind"), json!([set, terms]))
}

/// Somebody who has registered.
pub(crate) fn user(world: &mut World, msp: &str, name: &str) -> Member {
    let member = world.client(msp, name, &[]);
    let told = world.submit(&member, "users:register", json!([]));
    assert!(told.starts_with('{'), "{told}");
    member
}

pub(crate) fn named(name: &str) -> ChaincodeName {
    name.parse().unwrap()
}
