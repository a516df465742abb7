//! Parameters that come in the transient map.

use expect_test::expect;
use pervade_chaincode::{
    Argument, Chaincode, LedgerError, ReadTransaction, Secret, Transaction, contract,
};
use serde::{Deserialize, Serialize};

use crate::support::{call, check, ledger};

#[derive(Debug, Serialize, Deserialize, Argument)]
struct Price {
    amount: u64,
    salt: String,
}

#[derive(Debug)]
struct Sales;

#[contract(name = "sales", default)]
impl Sales {
    #[submit]
    async fn offer(
        &self,
        tx: &mut Transaction,
        asset: String,
        #[transient] price: Secret<Price>,
        round: u32,
    ) -> Result<String, LedgerError> {
        let Price { amount, salt } = price.expose();
        tx.private("offers").put(&asset, format!("{amount} {salt}").into_bytes()).await?;
        Ok(format!("{asset} {round} {price:?}"))
    }

    #[evaluate]
    fn noted(&self, _tx: &ReadTransaction, #[transient] note: Option<Secret<String>>) -> bool {
        note.is_some()
    }
}

#[test]
fn transient_values_come_beside_the_arguments() {
    let mut ledger = ledger(Sales);
    let offer = call("offer a 3").transient("price", r#"{"amount":7,"salt":"s"}"#);
    check(&ledger.submit(&offer), expect!["200 a 3 Secret(..)"]);
    assert_eq!(ledger.private_value("own", "offers", "a"), Some(b"7 s".as_slice()));
}

#[test]
fn one_may_be_left_out() {
    let ledger = ledger(Sales);
    check(&ledger.evaluate(&call("noted")), expect!["200 false"]);
    check(&ledger.evaluate(&call("noted").transient("note", "some")), expect!["200 true"]);
}

#[test]
fn what_is_wrong_with_one_is_told_without_it() {
    let ledger = ledger(Sales);
    check(
        &ledger.evaluate(&call("offer a 3")),
        expect![
            "400 TRANSIENT_ARGUMENT: transient argument price of offer: the transient map does not hold it"
        ],
    );
    check(
        &ledger.evaluate(&call("offer a 3").transient("price", "a secret")),
        expect![
            "400 TRANSIENT_ARGUMENT: transient argument price of offer: its bytes are not what the parameter takes"
        ],
    );
    check(
        &ledger.evaluate(&call("offer a").transient("price", "a secret")),
        expect!["400 ARGUMENT_COUNT: offer takes 2 arguments, 1 came"],
    );
}

#[test]
fn metadata_tells_them_from_arguments() {
    let metadata = Chaincode::named("own").with(Sales).metadata();
    let offer = &metadata["contracts"]["sales"]["transactions"][0];
    let names = |list: &str| -> Vec<String> {
        let list = offer[list].as_array().unwrap().iter();
        list.map(|parameter| parameter["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names("parameters"), ["asset", "round"]);
    assert_eq!(names("transient"), ["price"]);
}
