//! What stands in for the managers of tasks and devices, and a world with them.

use pervade_chaincode::{CallError, Chaincode, ChaincodeName, ClientError, Transaction, contract};
use pervade_platform::{Amount, ContractSet, MAY_BIND};
use pervade_simulator::{Deployment, Member};
use pervade_tokens::record::{FeeTo, Move, TokenTerms};
use pervade_tokens::{MAY_ISSUE, TokensClient};
use pervade_users::record::UserTerms;
use serde_json::{Value, json};

use crate::world::{World, account};

/// Passes on what the client says, as no manager ever would.
struct StandIn {
    tokens: ChaincodeName,
}

#[contract(name = "stand-in", default)]
impl StandIn {
    #[submit]
    async fn apply(
        &self,
        tx: &mut Transaction,
        moves: Vec<Move>,
    ) -> Result<(), ClientError<CallError>> {
        TokensClient::new(tx, self.tokens.clone()).apply(moves).await
    }
}

/// The stand-in under the name of the manager of tasks.
pub(crate) fn tasks() -> Chaincode {
    Chaincode::new(named("tasks")).with(StandIn { tokens: named("tokens") })
}

/// 100 tokens, called PERV, at 2.50 each.
pub(crate) fn terms() -> TokenTerms {
    TokenTerms {
        bank: "Org3MSP".to_owned(),
        cap: Amount::whole(100).unwrap(),
        fee_to: FeeTo::Stock,
        price: Amount::new(2_500_000).unwrap(),
        symbol: "PERV".to_owned(),
    }
}

/// The set without an ending to its names, the one that ends in `-2`, and `stranger`, which is
/// nobody's manager and calls `tokens` all the same.
pub(crate) fn deployed() -> World {
    let stand_in = |name: &str, tokens: &str| {
        Deployment::new(Chaincode::new(named(name)).with(StandIn { tokens: named(tokens) }))
    };
    let mut deployments = vec![stand_in("stranger", "tokens")];
    for ending in ["", "-2"] {
        let name = |word: &str| format!("{word}{ending}");
        let (users, tokens) = (named(&name("users")), named(&name("tokens")));
        deployments.push(Deployment::new(pervade_users::chaincode(users)).init_required());
        deployments.push(Deployment::new(pervade_tokens::chaincode(tokens)).init_required());
        deployments.push(stand_in(&name("tasks"), &name("tokens")));
        deployments.push(stand_in(&name("devices"), &name("tokens")));
    }
    World::new(deployments)
}

/// The first set with its terms.
pub(crate) fn bound(terms: &TokenTerms) -> World {
    let mut world = deployed();
    let told = bind(&mut world, "", terms);
    assert!(told.starts_with("\nbound"), "{told}");
    world
}

/// Binds the set whose names end so.
pub(crate) fn bind(world: &mut World, ending: &str, terms: &TokenTerms) -> String {
    let founder = world.client("Org1MSP", "founder", &[MAY_BIND]);
    let set = ContractSet::with_ending(ending);
    world.submit(&founder, &format!("users{ending}:bind"), json!([set, UserTerms::USUAL]));
    world.submit(&founder, &format!("tokens{ending}:bind"), json!([set, terms]))
}

/// Somebody who has registered and has so much money, in base units.
pub(crate) fn user(world: &mut World, name: &str, money: u64) -> Member {
    let member = world.client("Org1MSP", name, &[]);
    let told = world.submit(&member, "users:register", json!([]));
    assert!(told.starts_with('{'), "{told}");
    if money > 0 {
        let issued = issue(world, &member, money);
        assert!(issued.contains("issued"), "{issued}");
    }
    member
}

/// Somebody with so many tokens, in base units, and no money.
pub(crate) fn holder(world: &mut World, name: &str, tokens: u64) -> Member {
    let payment = tokens / 2 * 5;
    let member = user(world, name, payment);
    assert_eq!(world.submit(&member, "tokens:purchase", json!([tokens, payment])), "", "{name}");
    member
}

/// Has the bank issue money.
pub(crate) fn issue(world: &mut World, to: &Member, money: u64) -> String {
    let issuer = world.client("Org3MSP", "issuer", &[MAY_ISSUE]);
    world.submit(&issuer, "tokens:issue", json!([account(to), money]))
}

/// What somebody has.
pub(crate) fn balance(world: &mut World, who: &Member) -> String {
    world.evaluate(who, "tokens:balance", json!([account(who)]))
}

/// A move, as a manager orders it.
pub(crate) fn moving(amount: u64, from: &Value, to: &Value) -> Value {
    json!({"amount": amount, "from": from, "to": to})
}

/// A user's account as a purse.
pub(crate) fn purse(who: &Member) -> Value {
    json!({"account": account(who)})
}

/// A task's escrow as a purse.
pub(crate) fn escrow(task: &str) -> Value {
    json!({"escrow": task})
}

/// A device's deposit as a purse.
pub(crate) fn deposit(device: &str) -> Value {
    json!({"deposit": device})
}

pub(crate) fn named(name: &str) -> ChaincodeName {
    name.parse().unwrap()
}
