//! The metadata that a chaincode publishes of itself.

use std::collections::BTreeMap;

use expect_test::expect;
use pervade_chaincode::testing::{TestCall, TestLedger};
use pervade_chaincode::{
    Argument, Chaincode, Fault, Json, LedgerError, ReadTransaction, Secret, State, Transaction,
    contract,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

#[derive(Serialize, Deserialize, State)]
#[state(type = "lot", key(id))]
#[serde(deny_unknown_fields)]
struct Lot {
    id: String,
    /// Of the smallest unit.
    price: u64,
    kind: Kind,
    part_of: Option<Box<Self>>,
}

#[derive(Serialize, Deserialize, Argument)]
enum Kind {
    Goods,
    Service,
}

#[derive(Serialize, Deserialize, Argument)]
enum Shape {
    Point,
    Line(u8, u8),
    Named { name: Option<String> },
}

#[derive(Debug, thiserror::Error, Fault)]
enum SaleError {
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

struct Sales;

/// Sells lots.
#[contract(name = "sales", title = "Sales", version = "2.1")]
impl Sales {
    /// Offers a lot.
    #[external]
    #[submit(name = "Offer")]
    async fn offer(
        &self,
        tx: &mut Transaction,
        lot: Lot,
        #[transient] least: Option<Secret<u64>>,
    ) -> Result<Option<Lot>, SaleError> {
        tx.put("offered", vec![u8::from(least.is_some())]).await?;
        Ok(Some(lot))
    }

    #[init]
    fn begin(&self, _tx: &mut Transaction) {}

    #[evaluate]
    fn shapes(&self, _tx: &ReadTransaction, shape: Shape) -> BTreeMap<String, Shape> {
        BTreeMap::from([("shape".to_owned(), shape)])
    }

    #[evaluate]
    fn any(&self, _tx: &ReadTransaction, any: Json<Value>, raw: Vec<u8>) -> (bool, Vec<u8>) {
        (any.0.is_null(), raw)
    }

    #[unknown]
    fn other(&self, _tx: &ReadTransaction) {}
}

#[test]
fn a_function_is_published_with_what_its_author_wrote() {
    let metadata = sales().metadata();
    let offer = &metadata["contracts"]["sales"]["transactions"][0];
    expect![[r##"
        {
          "description": "Offers a lot.",
          "name": "Offer",
          "parameters": [
            {
              "name": "lot",
              "schema": {
                "$ref": "#/components/schemas/Lot"
              }
            }
          ],
          "returns": {
            "$ref": "#/components/schemas/Lot"
          },
          "tag": [
            "submit",
            "SUBMIT",
            "external"
          ],
          "transient": [
            {
              "name": "least",
              "schema": {
                "maximum": 18446744073709551615,
                "minimum": 0,
                "type": "integer"
              }
            }
          ]
        }"##]]
    .assert_eq(&serde_json::to_string_pretty(offer).unwrap());
    expect![[
        r#"{"info":{"description":"Sells lots.","title":"Sales","version":"2.1"},"name":"sales"}"#
    ]]
    .assert_eq(&subset(&metadata["contracts"]["sales"], &["info", "name"]));
    expect![[r#"{"$id":"Lot","additionalProperties":false,"properties":{"id":{"type":"string"},"kind":{"enum":["Goods","Service"],"type":"string"},"part_of":{"$ref":"OptionalLot"},"price":{"description":"Of the smallest unit.","maximum":18446744073709551615,"minimum":0,"type":"integer"}},"required":["id","price","kind"],"type":"object"}"#]]
        .assert_eq(&metadata["components"]["schemas"]["Lot"].to_string());
    expect![[r#"{"description":"Of a market.","title":"Market","version":"0.9"}"#]]
        .assert_eq(&metadata["info"].to_string());
}

/// The rules of Fabric's schema of contracts, in our own words and no wider: where a schema
/// stands inline, only some keywords may be in it; what is named has its name as its identifier,
/// and may have any.
#[test]
fn metadata_keeps_fabrics_rules() {
    let rules = serde_json::from_str(include_str!("metadata_rules.json")).unwrap();
    let rules = jsonschema::draft7::new(&rules).unwrap();
    let metadata = sales().metadata();
    let errors: Vec<String> = rules.iter_errors(&metadata).map(|error| error.to_string()).collect();
    assert_eq!(errors, [""; 0]);
}

#[test]
fn every_call_for_it_gets_the_same_text() {
    let ledger = TestLedger::new().with(sales());
    let ask = || ledger.evaluate(&TestCall::new("market", Chaincode::METADATA_FUNCTION)).payload;
    assert_eq!(serde_json::from_slice::<Value>(&ask()).unwrap(), sales().metadata());
    assert_eq!(ask(), ask());
}

fn sales() -> Chaincode {
    let chaincode = Chaincode::named("market").with(Sales);
    chaincode.titled("Market").versioned("0.9").described("Of a market.")
}

fn subset(of: &Value, names: &[&str]) -> String {
    let members = names.iter().map(|name| ((*name).to_owned(), of[name].clone()));
    Value::Object(members.collect()).to_string()
}
