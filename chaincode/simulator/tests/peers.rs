//! What peers do for a contract: private data with its end, queries, several requests in one,
//! initialisation, other channels.

#![expect(
    clippy::panic,
    clippy::tests_outside_test_module,
    clippy::unwrap_used,
    reason = "all of this is test"
)]

use expect_test::{Expect, expect};
use pervade_chaincode::host::Terms;
use pervade_chaincode::{
    CallError, Chaincode, Json, KeyPolicy, LedgerError, ReadTransaction, Role, Transaction,
    contract,
};
use pervade_simulator::{Collection, Committed, Deployment, Failure, Member, Simulator};

#[test]
fn a_letterbox_takes_what_its_owner_alone_reads() {
    let mut world = World::new();
    let bob = world.simulator.client("Org2MSP", "bob").unwrap();
    world.hide(&bob, "letterbox", "k", "word");
    let mut reveal = |who: &Member, at: &str| {
        let client = world.simulator.as_(who).endorsed_by(&[at]);
        text(client.evaluate("reveal", ["letterbox", "k"]))
    };
    assert_eq!(reveal(&bob, "Org1MSP"), "word", "whoever asks there");
    let missing = "private data matching public hash version is not available";
    assert!(reveal(&bob, "Org2MSP").contains(missing));
}

#[test]
fn a_collection_is_read_in_ranges_and_by_queries() {
    let mut world = World::new();
    let alice = world.alice.clone();
    for (key, size) in [("a", 5), ("b", 7), ("c", 9)] {
        world.hide(&alice, "secrets", key, &format!(r#"{{"size":{size}}}"#));
    }
    let mut ask = |function: &str, arguments: [&str; 2]| {
        text(world.simulator.as_(&alice).evaluate(function, arguments))
    };
    assert_eq!(ask("keys", ["secrets", "b"]), r#"["b","c"]"#);
    let big = r#"{"selector":{"size":{"$gt":5}},"sort":[{"size":"desc"}]}"#;
    assert_eq!(ask("find_private", ["secrets", big]), r#"["c","b"]"#);
}

#[test]
fn a_purged_value_is_gone_with_its_hash() {
    let mut world = World::new();
    let alice = world.alice.clone();
    world.hide(&alice, "secrets", "k", "word");
    world.submit("purge", ["secrets", "k"]);
    assert_eq!(text(world.simulator.as_(&alice).evaluate("reveal", ["secrets", "k"])), "");
    assert_eq!(text(world.simulator.as_(&alice).evaluate("hash", ["secrets", "k"])), "");
}

#[test]
fn a_value_is_gone_when_its_blocks_have_passed() {
    let mut world = World::new();
    let alice = world.alice.clone();
    world.hide(&alice, "brief", "k", "word");
    for expected in ["word", "word", ""] {
        world.submit("put", ["k", "v"]);
        let found = text(world.simulator.as_(&alice).evaluate("reveal", ["brief", "k"]));
        assert_eq!(found, expected, "at height {}", world.simulator.height());
    }
}

/// What is endorsed for a collection is judged by the collection's policy, and a key's own policy
/// takes its place.
#[test]
fn private_writes_fall_under_the_policies_of_collection_and_key() {
    let mut world = World::new();
    let alice = world.alice.clone();
    let mut hide_by = |organizations: &[&str]| {
        let client = world.simulator.as_(&alice).endorsed_by(organizations);
        code(client.transient("value", "word").submit("hide", ["ruled", "k"]))
    };
    assert_eq!(hide_by(&["Org1MSP"]), "ENDORSEMENT_POLICY_FAILURE");
    assert_eq!(hide_by(&["Org2MSP"]), "VALID");
    let client = world.simulator.as_(&alice).endorsed_by(&["Org2MSP"]);
    client.submit("own", ["ruled", "k"]).unwrap();
    let mut hide_by = |organizations: &[&str]| {
        let client = world.simulator.as_(&alice).endorsed_by(organizations);
        code(client.transient("value", "word").submit("hide", ["ruled", "k"]))
    };
    assert_eq!(hide_by(&["Org2MSP"]), "ENDORSEMENT_POLICY_FAILURE");
    assert_eq!(hide_by(&["Org1MSP"]), "VALID");
}

#[test]
fn json_values_are_found_page_after_page() {
    let mut world = World::new();
    for (key, value) in [("a", r#"{"size":5}"#), ("b", r#"{"size":7}"#), ("c", r#"{"size":1}"#)] {
        world.submit("put", [key, value]);
    }
    let alice = world.alice.clone();
    let mut find = |function: &str, arguments: &[&str]| {
        text(world.simulator.as_(&alice).evaluate(function, arguments.to_vec()))
    };
    let all = r#"{"selector":{"size":{"$gt":0}},"sort":["size"]}"#;
    assert_eq!(find("find", &[all]), r#"["c","a","b"]"#);
    let page: (Vec<String>, String) = serde_json::from_str(&find("find_page", &[all, ""])).unwrap();
    assert_eq!(page.0, ["c", "a"]);
    let page: (Vec<String>, String) =
        serde_json::from_str(&find("find_page", &[all, &page.1])).unwrap();
    assert_eq!(page.0, ["b"]);
}

/// A peer that takes several requests in one gets the same read-write set.
#[test]
fn what_peers_announce_changes_nothing_on_the_ledger() {
    let mut world = World::new();
    let alice = world.alice.clone();
    let mut shown = |terms: Terms| {
        world.simulator.announce(terms);
        let endorsed = world.simulator.as_(&alice).endorse("swap", ["a", "b"]).unwrap();
        (endorsed.results().to_vec(), endorsed.read_write_set().to_string())
    };
    let single = shown(Terms::SINGLE);
    assert_eq!(shown(Terms { write_batch_max: 2, get_many_max: 1 }), single);
    assert_eq!(shown(Terms { write_batch_max: 1_000, get_many_max: 1_000 }), single);
    check(
        &single.1,
        expect![[r#"
        _lifecycle: read namespaces/fields/keeper/Sequence@2.0
        keeper: read a@-, read b@-, write a=nothing, write b=nothing, delete third
    "#]],
    );
}

#[test]
fn using_a_collection_reads_the_definition() {
    let mut world = World::new();
    let alice = world.alice.clone();
    let client = world.simulator.as_(&alice).transient("value", "word");
    let endorsed = client.endorse("hide", ["secrets", "k"]).unwrap();
    check(
        &endorsed.read_write_set().to_string(),
        expect![[r#"
            _lifecycle: read namespaces/fields/keeper/Collections@2.0, read namespaces/fields/keeper/EndorsementInfo@2.0, read namespaces/fields/keeper/Sequence@2.0, read namespaces/fields/keeper/ValidationInfo@2.0, read namespaces/metadata/keeper@2.0
            keeper/secrets: write 8254c329a92850f6d539dd376f4816ee2764517da5e0235514af433164480d7a=98c1eb4ee93476743763878fcb96a25fbc9a175074d64004779ecb5242f645e6
        "#]],
    );
    assert!(endorsed.private_writes().is_some());
}

#[test]
fn a_chaincode_is_initialised_once_and_before_all_else() {
    let mut simulator = Simulator::new().unwrap();
    let keeper = Chaincode::new("keeper".parse().unwrap()).with(Keeper);
    simulator.deploy(Deployment::new(keeper).init_required()).unwrap();
    let alice = simulator.client("Org1MSP", "alice").unwrap();
    let early = text(simulator.as_(&alice).submit("put", ["k", "v"]).map(|done| done.result));
    assert!(early.contains("must call as init first"), "{early}");
    simulator.as_(&alice).init().submit("begin", ["one"]).unwrap();
    assert_eq!(simulator.value("keeper", "begun"), Some(b"one".as_slice()));
    let again = simulator.as_(&alice).init().submit("begin", ["two"]);
    let again = text(again.map(|done| done.result));
    assert!(again.contains("already initialized but called as init"), "{again}");
    simulator.as_(&alice).submit("put", ["k", "v"]).unwrap();
}

/// What is read there is not checked here, and what is written there is lost.
#[test]
fn a_chaincode_of_another_channel_is_read_and_not_written() {
    let mut world = World::new();
    let mut elsewhere = World::new();
    elsewhere.submit("put", ["k", "far away"]);
    world.simulator.join("elsewhere", elsewhere.simulator).unwrap();
    let alice = world.alice.clone();
    let mut peek = |function: &str| {
        let endorsed = world.simulator.as_(&alice).endorse("on_channel", [function, "k", "v"]);
        let endorsed = endorsed.unwrap();
        (text(Ok(endorsed.result().to_vec())), endorsed.read_write_set().to_string())
    };
    let (found, set) = peek("get");
    assert_eq!(found, "far away");
    check(
        &set,
        expect![[r#"
        _lifecycle: read namespaces/fields/keeper/Sequence@2.0
    "#]],
    );
    let (_, written) = peek("put");
    assert_eq!(written, set, "neither read nor written here");
    assert_eq!(peek("get").0, "far away");
}

/// Two organisations, and a keeper with collections.
struct World {
    simulator: Simulator,
    alice: Member,
}

impl World {
    fn new() -> Self {
        let mut simulator = Simulator::new().unwrap();
        let keeper = Chaincode::new("keeper".parse().unwrap()).with(Keeper);
        let letterbox = Collection::new("letterbox", &["Org1MSP"]).read_by_all().written_by_all();
        let ruled = Collection::new("ruled", &["Org1MSP", "Org2MSP"]).policy("OR('Org2MSP.peer')");
        let deployment = Deployment::new(keeper)
            .collection("secrets", &["Org1MSP"])
            .with_collection(letterbox)
            .with_collection(ruled)
            .with_collection(Collection::new("brief", &["Org1MSP"]).block_to_live(2));
        simulator.deploy(deployment).unwrap();
        let alice = simulator.client("Org1MSP", "alice").unwrap();
        Self { simulator, alice }
    }

    fn submit<const N: usize>(&mut self, function: &str, arguments: [&str; N]) -> Committed {
        self.simulator.as_(&self.alice).submit(function, arguments).unwrap()
    }

    fn hide(&mut self, who: &Member, collection: &str, key: &str, value: &str) {
        let client = self.simulator.as_(who).transient("value", value);
        client.submit("hide", [collection, key]).unwrap();
    }
}

/// What a call returned, or why it was refused.
fn text(answer: Result<Vec<u8>, Failure>) -> String {
    match answer {
        Ok(value) => String::from_utf8(value).unwrap(),
        Err(refused) => refused.to_string(),
    }
}

/// The verdict on a submission.
fn code(outcome: Result<Committed, Failure>) -> &'static str {
    match outcome {
        Ok(_) => "VALID",
        Err(Failure::Rejected(rejected)) => rejected.code.as_str_name(),
        Err(other) => panic!("{other}"),
    }
}

#[track_caller]
fn check(found: &str, expected: Expect) {
    expected.assert_eq(found);
}

struct Keeper;

#[contract(name = "keeper", default)]
impl Keeper {
    #[init]
    async fn begin(&self, tx: &mut Transaction, word: String) -> Result<(), LedgerError> {
        tx.put("begun", word.into_bytes()).await
    }

    #[submit]
    async fn hide(
        &self,
        tx: &mut Transaction,
        collection: String,
        key: String,
    ) -> Result<(), LedgerError> {
        let value = tx.transient("value").unwrap().expose().to_vec();
        tx.private(&collection).put(key, value).await
    }

    #[submit]
    async fn purge(
        &self,
        tx: &mut Transaction,
        collection: String,
        key: String,
    ) -> Result<(), LedgerError> {
        tx.private(&collection).purge(key).await
    }

    /// Has peers of the first organisation alone decide about a private key.
    #[submit]
    async fn own(
        &self,
        tx: &mut Transaction,
        collection: String,
        key: String,
    ) -> Result<(), LedgerError> {
        let owner = KeyPolicy::signed_by("Org1MSP".parse().unwrap(), Role::Peer);
        tx.private(&collection).set_key_policy(key, &owner).await
    }

    #[evaluate]
    async fn reveal(
        &self,
        tx: &ReadTransaction,
        collection: String,
        key: String,
    ) -> Result<Vec<u8>, LedgerError> {
        Ok(tx.private(&collection).get(key).await?.unwrap_or_default())
    }

    #[evaluate]
    async fn hash(
        &self,
        tx: &ReadTransaction,
        collection: String,
        key: String,
    ) -> Result<Vec<u8>, LedgerError> {
        Ok(tx.private(&collection).hash(key).await?.unwrap_or_default())
    }

    #[evaluate]
    async fn keys(
        &self,
        tx: &mut ReadTransaction,
        collection: String,
        start: String,
    ) -> Result<Json<Vec<String>>, LedgerError> {
        let mut range = tx.private_queries(&collection).range(&start, "")?;
        let mut keys = Vec::new();
        while let Some(entry) = range.next().await? {
            keys.push(entry.key);
        }
        Ok(Json(keys))
    }

    #[evaluate]
    async fn find_private(
        &self,
        tx: &mut ReadTransaction,
        collection: String,
        query: String,
    ) -> Result<Json<Vec<String>>, LedgerError> {
        let mut found = tx.private_queries(&collection).query(query)?;
        let mut keys = Vec::new();
        while let Some(entry) = found.next().await? {
            keys.push(entry.key);
        }
        Ok(Json(keys))
    }

    #[evaluate]
    async fn find(
        &self,
        tx: &ReadTransaction,
        query: String,
    ) -> Result<Json<Vec<String>>, LedgerError> {
        let mut found = tx.query(query);
        let mut keys = Vec::new();
        while let Some(entry) = found.next().await? {
            keys.push(entry.key);
        }
        Ok(Json(keys))
    }

    #[evaluate]
    async fn find_page(
        &self,
        tx: &mut ReadTransaction,
        query: String,
        bookmark: String,
    ) -> Result<Json<(Vec<String>, String)>, LedgerError> {
        let page = tx.query_page(query, 2, &bookmark).await?;
        Ok(Json((page.entries.into_iter().map(|entry| entry.key).collect(), page.bookmark)))
    }

    #[external]
    #[submit]
    async fn put(
        &self,
        tx: &mut Transaction,
        key: String,
        value: String,
    ) -> Result<(), LedgerError> {
        tx.put(key, value.into_bytes()).await
    }

    #[external]
    #[evaluate]
    async fn get(
        &self,
        tx: &ReadTransaction,
        key: String,
        _value: String,
    ) -> Result<Vec<u8>, LedgerError> {
        Ok(tx.get(key).await?.unwrap_or_default())
    }

    /// Reads several keys and writes several.
    #[submit]
    async fn swap(
        &self,
        tx: &mut Transaction,
        one: String,
        other: String,
    ) -> Result<(), LedgerError> {
        let found = tx.get_many([&one, &other]).await?;
        for (key, value) in [&other, &one].into_iter().zip(found) {
            tx.put(key, value.unwrap_or_else(|| b"nothing".to_vec())).await?;
        }
        tx.delete("third").await
    }

    /// Calls a function of the keeper on another channel.
    #[submit]
    async fn on_channel(
        &self,
        tx: &mut Transaction,
        function: String,
        key: String,
        value: String,
    ) -> Result<Vec<u8>, CallError> {
        let (channel, keeper) = ("elsewhere".parse().unwrap(), "keeper".parse().unwrap());
        let arguments = [key.into_bytes(), value.into_bytes()];
        tx.call_on(&channel, &keeper, &function, arguments).await
    }
}
