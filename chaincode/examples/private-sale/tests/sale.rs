//! A sale, from the offer on.

#![expect(
    clippy::panic_in_result_fn,
    clippy::tests_outside_test_module,
    reason = "all of this is test"
)]

use pervade_simulator::{Deployment, Failure, Simulator};

#[test]
fn an_item_is_sold_when_both_agree() -> Result<(), Failure> {
    let mut simulator = Simulator::new()?;
    let policy = "OR('Org1MSP.peer', 'Org2MSP.peer')";
    simulator.deploy(Deployment::new(pervade_private_sale::chaincode()).policy(policy))?;
    let seller = simulator.client("Org1MSP", "seller")?;
    let buyer = simulator.client("Org2MSP", "buyer")?;
    let price = |price: u64| format!(r#"{{"item":"i1","price":{price},"secret":"5f1c"}}"#);
    simulator.as_(&seller).endorsed_by(&["Org1MSP"]).submit("offer", ["i1", "a boat"])?;

    let ask = simulator.as_(&seller).transient("agreement", price(900));
    ask.endorsed_by(&["Org1MSP"]).submit("agree", ())?;
    let bid = simulator.as_(&buyer).transient("agreement", price(800));
    bid.endorsed_by(&["Org2MSP"]).submit("agree", ())?;
    let early = simulator.as_(&seller).submit("sell", ["i1", "Org2MSP"]).unwrap_err();
    assert!(early.to_string().contains("409: NO_AGREEMENT"), "{early}");

    let bid = simulator.as_(&buyer).transient("agreement", price(900));
    bid.endorsed_by(&["Org2MSP"]).submit("agree", ())?;
    let theirs = simulator.as_(&buyer).submit("sell", ["i1", "Org2MSP"]).unwrap_err();
    assert!(theirs.to_string().contains("403: NOT_OWNER"), "{theirs}");
    simulator.as_(&seller).submit("sell", ["i1", "Org2MSP"])?;
    let item = simulator.as_(&buyer).evaluate("item", ["i1"])?;
    assert_eq!(item, br#"{"description":"a boat","id":"i1","owner":"Org2MSP"}"#);
    Ok(())
}
