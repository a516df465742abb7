//! Coins that are made, paid and paid on.

#![expect(
    clippy::panic_in_result_fn,
    clippy::tests_outside_test_module,
    reason = "all of this is test"
)]

use pervade_simulator::{Failure, Member, Simulator};

#[test]
fn what_is_paid_leaves_one_account_and_reaches_another() -> Result<(), Failure> {
    let mut world = World::new()?;
    let coin = world.mint("100")?;
    let change = world.pay(&coin, "30")?;
    assert_eq!(world.balances()?, ["70", "30"]);
    let too_much = world.pay(&change, "71").unwrap_err().to_string();
    assert_eq!(too_much, "refused with status 409: TOO_MUCH: 71 is more than 70");
    let spent = world.pay(&coin, "1").unwrap_err().to_string();
    assert!(spent.contains("404: COIN_MISSING"), "{spent}");
    Ok(())
}

#[test]
fn payments_to_one_account_do_not_conflict() -> Result<(), Failure> {
    let mut world = World::new()?;
    let coins = [world.mint("1")?, world.mint("2")?, world.mint("3")?];
    let mut endorsed = Vec::new();
    for coin in &coins {
        let call = world.simulator.as_(&world.ann);
        endorsed.push(call.endorse("transfer", [payment(coin, &world.accounts[1], "1")])?);
    }
    for verdict in world.simulator.commit(endorsed)? {
        assert!(verdict.is_ok(), "{verdict:?}");
    }
    assert_eq!(world.balances()?, ["3", "3"]);
    Ok(())
}

#[test]
fn an_allowance_is_used_up() -> Result<(), Failure> {
    let mut world = World::new()?;
    let coin = world.mint("100")?;
    let [ann, bob] = world.accounts.clone();
    world.simulator.as_(&world.ann).submit("approve", [&bob, "40"])?;
    let arguments = [ann, payment(&coin, &bob, "30")];
    world.simulator.as_(&world.bob).submit("transfer_from", arguments.clone())?;
    assert_eq!(world.balances()?, ["70", "30"]);
    let again = world.simulator.as_(&world.bob).submit("transfer_from", arguments).unwrap_err();
    assert!(again.to_string().contains("30 is more than 10"), "{again}");
    Ok(())
}

struct World {
    simulator: Simulator,
    ann: Member,
    bob: Member,
    accounts: [String; 2],
}

impl World {
    fn new() -> Result<Self, Failure> {
        let mut simulator = Simulator::new()?;
        simulator.deploy(pervade_token_ledger::chaincode())?;
        let (ann, bob) = (simulator.client("Org1MSP", "ann")?, simulator.client("Org2MSP", "bob")?);
        let mut account = |who| Ok::<_, Failure>(text(simulator.as_(who).evaluate("account", ())?));
        let accounts = [account(&ann)?, account(&bob)?];
        Ok(Self { simulator, ann, bob, accounts })
    }

    /// A new coin of Ann's; its id.
    fn mint(&mut self, amount: &str) -> Result<String, Failure> {
        let committed = self.simulator.as_(&self.ann).submit("mint", [amount])?;
        Ok(format!("{}-minted", committed.tx_id))
    }

    /// Ann pays Bob from a coin; the id of what comes back.
    fn pay(&mut self, coin: &str, amount: &str) -> Result<String, Failure> {
        let call = self.simulator.as_(&self.ann);
        let committed = call.submit("transfer", [payment(coin, &self.accounts[1], amount)])?;
        Ok(format!("{}-change", committed.tx_id))
    }

    fn balances(&mut self) -> Result<[String; 2], Failure> {
        let [ann, bob] = self.accounts.clone();
        let mut of = |account: String| self.simulator.as_(&self.ann).evaluate("balance", [account]);
        Ok([text(of(ann)?), text(of(bob)?)])
    }
}

fn payment(coin: &str, to: &str, amount: &str) -> String {
    format!(r#"{{"amount":{amount},"coins":["{coin}"],"to":"{to}"}}"#)
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8_lossy(&bytes).into_owned()
}
