//! Values with a type and a key of their own.

use expect_test::expect;
use pervade_chaincode::testing::TestLedger;
use pervade_chaincode::{ReadTransaction, State, StateError, StatePage, Transaction, contract};
use serde::{Deserialize, Serialize};

use crate::support::{call, check, ledger};

#[derive(Debug, PartialEq, Serialize, Deserialize, State)]
#[state(type = "asset", key(id))]
#[serde(deny_unknown_fields)]
struct Asset {
    owner: String,
    id: String,
    value: u64,
}

#[derive(Debug, Serialize, Deserialize, State)]
#[state(type = "saleOffer", key(asset, round))]
struct Offer {
    asset: String,
    round: u32,
    price: u64,
}

#[derive(Debug)]
struct Assets;

#[contract(name = "assets", default)]
impl Assets {
    #[submit]
    async fn create(&self, tx: &mut Transaction, id: String, value: u64) -> Result<(), StateError> {
        tx.create(&Asset { id, owner: "ann".to_owned(), value }).await
    }

    #[submit]
    async fn give(&self, tx: &mut Transaction, id: String, to: String) -> Result<(), StateError> {
        let mut asset: Asset = tx.load(&id).await?;
        asset.owner = to;
        tx.save(&asset).await
    }

    #[submit]
    async fn remove(&self, tx: &mut Transaction, id: String) -> Result<(), StateError> {
        tx.remove::<Asset>(&id).await
    }

    #[evaluate]
    async fn find(&self, tx: &ReadTransaction, id: String) -> Result<Option<Asset>, StateError> {
        tx.find(&id).await
    }

    #[evaluate]
    async fn exists(&self, tx: &ReadTransaction, id: String) -> Result<bool, StateError> {
        tx.exists::<Asset>(&id).await
    }

    #[submit]
    async fn offer(
        &self,
        tx: &mut Transaction,
        asset: String,
        round: u32,
        price: u64,
    ) -> Result<(), StateError> {
        tx.create(&Offer { asset, round, price }).await
    }

    #[evaluate]
    async fn price(
        &self,
        tx: &ReadTransaction,
        asset: String,
        round: u32,
    ) -> Result<u64, StateError> {
        let offer = tx.load::<Offer>((&asset, round)).await?;
        Ok(offer.price)
    }

    #[evaluate]
    async fn offers(&self, tx: &ReadTransaction, asset: String) -> Result<Vec<u64>, StateError> {
        let mut offers = tx.list::<Offer>((&asset,))?;
        let mut prices = Vec::new();
        while let Some(offer) = offers.next().await? {
            prices.push(offer.price);
        }
        Ok(prices)
    }

    #[evaluate]
    async fn all(&self, tx: &ReadTransaction, most: u32) -> Result<Vec<Offer>, StateError> {
        tx.list(())?.at_most(most as usize).await
    }

    #[evaluate]
    async fn page(
        &self,
        tx: &mut ReadTransaction,
        bookmark: String,
    ) -> Result<StatePage<Asset>, StateError> {
        tx.list_page((), 2, &bookmark).await
    }

    #[submit]
    async fn hide(&self, tx: &mut Transaction, id: String) -> Result<(), StateError> {
        let asset: Asset = tx.load(&id).await?;
        tx.private("vault").save(&asset).await?;
        tx.remove::<Asset>(&id).await
    }

    #[submit]
    async fn show(&self, tx: &mut Transaction, id: String) -> Result<(), StateError> {
        let asset: Asset = tx.private("vault").load(&id).await?;
        tx.private("vault").remove::<Asset>(&id).await?;
        tx.save(&asset).await
    }
}

#[test]
fn a_value_lies_under_its_key_as_canonical_json() {
    let mut ledger = ledger(Assets);
    check(&ledger.submit(&call("create a 7")), expect!["200 "]);
    assert_eq!(ledger.keys("own"), ["\0asset\0a\0"]);
    check(&ledger.submit(&call("give a bob")), expect!["200 "]);
    let value = ledger.value("own", "\0asset\0a\0").unwrap();
    assert_eq!(value, br#"{"id":"a","owner":"bob","value":7}"#);
    check(
        &ledger.evaluate(&call("find a")),
        expect![[r#"200 {"id":"a","owner":"bob","value":7}"#]],
    );
    check(&ledger.evaluate(&call("exists a")), expect!["200 true"]);
    check(&ledger.submit(&call("remove a")), expect!["200 "]);
    check(&ledger.evaluate(&call("find a")), expect!["200 "]);
    check(&ledger.evaluate(&call("exists a")), expect!["200 false"]);
}

#[test]
fn errors_name_what_is_missing_or_there() {
    let mut ledger = ledger(Assets);
    check(&ledger.submit(&call("create a 7")), expect!["200 "]);
    check(&ledger.submit(&call("create a 8")), expect![[r#"409 ASSET_EXISTS: asset "a" exists"#]]);
    check(
        &ledger.submit(&call("give b bob")),
        expect![[r#"404 ASSET_MISSING: asset "b" does not exist"#]],
    );
    check(
        &ledger.evaluate(&call("price a 1")),
        expect![[r#"404 SALE_OFFER_MISSING: saleOffer "a/0000000001" does not exist"#]],
    );
    check(
        &ledger.evaluate(&call("find a\0b")),
        expect!["400 KEY: the key of asset: part 1 of a composite key holds U+0000 or U+10FFFF"],
    );
}

#[test]
fn values_are_listed_by_the_first_parts_of_their_keys_in_their_order() {
    let mut ledger = ledger(Assets);
    for offer in ["offer a 10 3", "offer a 9 2", "offer aa 1 5", "offer b 1 1"] {
        check(&ledger.submit(&call(offer)), expect!["200 "]);
    }
    check(&ledger.evaluate(&call("price a 10")), expect!["200 3"]);
    check(&ledger.evaluate(&call("offers a")), expect!["200 [2,3]"]);
    check(&ledger.evaluate(&call("offers c")), expect!["200 []"]);
    check(
        &ledger.evaluate(&call("all 1")),
        expect![[r#"200 [{"asset":"a","price":2,"round":9}]"#]],
    );
}

#[test]
fn values_come_in_pages() {
    let mut ledger = ledger(Assets);
    for asset in ["create a 1", "create b 2", "create c 3"] {
        check(&ledger.submit(&call(asset)), expect!["200 "]);
    }
    let page = ledger.evaluate(&call("page "));
    let page: StatePage<Asset> = serde_json::from_slice(&page.payload).unwrap();
    assert_eq!(page.values.len(), 2);
    let rest = ledger.evaluate(&call("page").arg(page.bookmark));
    let rest: StatePage<Asset> = serde_json::from_slice(&rest.payload).unwrap();
    assert_eq!((rest.values[0].id.as_str(), rest.bookmark.as_str()), ("c", ""));
}

#[test]
fn a_value_may_lie_in_a_private_collection() {
    let mut ledger = ledger(Assets);
    check(&ledger.submit(&call("create a 7")), expect!["200 "]);
    check(&ledger.submit(&call("hide a")), expect!["200 "]);
    assert_eq!(ledger.keys("own"), [""; 0]);
    assert!(private(&ledger).is_some());
    check(&ledger.submit(&call("show a")), expect!["200 "]);
    assert_eq!(private(&ledger), None);
    check(
        &ledger.submit(&call("show a")),
        expect![[r#"404 ASSET_MISSING: asset "a" does not exist"#]],
    );
}

fn private(ledger: &TestLedger) -> Option<&[u8]> {
    ledger.private_value("own", "vault", "\0asset\0a\0")
}
