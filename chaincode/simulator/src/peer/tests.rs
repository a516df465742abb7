//! Requests that go beyond public values, as a chaincode sends them.

use expect_test::{Expect, expect};
use fabric_protos::Message;
use fabric_protos::protos::chaincode_message::Type;
use fabric_protos::protos::{
    ChaincodeMessage, GetHistoryForKey, GetQueryResult, GetState, GetStateByRange,
    GetStateMetadata, GetStateMultiple, GetStateMultipleResult, PurgePrivateState, PutState,
    PutStateMetadata, QueryMetadata, QueryResponse, QueryResponseMetadata, Response, StateMetadata,
    StateMetadataResult, WriteBatchState, WriteRecord, write_record,
};
use fabric_protos::queryresult::{KeyModification, Kv};
use pervade_chaincode::Chaincode;
use pervade_chaincode::host::SUCCESS;

use pervade_ledger::answer::{Iterators, Occasion};
use pervade_ledger::rwset::ReadWriteSet;

use super::{Call, Peer, Proposed, RequestError, Simulated};
use crate::{Deployment, Simulator};

#[test]
fn a_private_value_is_with_its_members_and_its_hash_with_all() {
    let mut world = World::new();
    world.commit("Org1MSP", &[put("secrets", "k", "word")]);
    let read = [get("secrets", "k")];
    assert_eq!(world.ask("Org1MSP", "Org1MSP", &read), "word");
    check(
        world.ask("Org1MSP", "Org2MSP", &read),
        expect![
            "private data matching public hash version is not available. Public hash version = {BlockNum: 3, TxNum: 0}, Private data version = <nil>"
        ],
    );
    check(
        world.ask("Org2MSP", "Org1MSP", &read),
        expect![
            "tx creator does not have read access permission on privatedata in chaincodeName:store collectionName: secrets"
        ],
    );
    let hash = [(Type::GetPrivateDataHash, get("secrets", "k").1)];
    assert_eq!(world.ask("Org2MSP", "Org2MSP", &hash).chars().count(), 32);
    assert_eq!(world.simulator.keys("store"), [""; 0]);
    check(
        world.ask("Org1MSP", "Org1MSP", &[get("others", "k")]),
        expect!["collection mychannel/store/others could not be found"],
    );
}

#[test]
fn a_purged_value_is_gone() {
    let mut world = World::new();
    world.commit("Org1MSP", &[put("secrets", "k", "word")]);
    let purge = PurgePrivateState { key: "k".to_owned(), collection: "secrets".to_owned() };
    world.commit("Org1MSP", &[(Type::PurgePrivateData, purge.encode_to_vec())]);
    assert_eq!(world.ask("Org1MSP", "Org1MSP", &[get("secrets", "k")]), "");
}

#[test]
fn an_implicit_collection_is_its_organisations() {
    let mut world = World::new();
    world.commit("Org1MSP", &[put("_implicit_org_Org1MSP", "k", "word")]);
    let read = [get("_implicit_org_Org1MSP", "k")];
    assert_eq!(world.ask("Org2MSP", "Org1MSP", &read), "word");
    check(
        world.ask("Org1MSP", "Org2MSP", &read),
        expect![
            "private data matching public hash version is not available. Public hash version = {BlockNum: 3, TxNum: 0}, Private data version = <nil>"
        ],
    );
}

#[test]
fn metadata_is_kept_with_its_key() {
    let mut world = World::new();
    let metadata = StateMetadata { metakey: "colour".to_owned(), value: b"red".to_vec() };
    let mark = PutStateMetadata {
        key: "k".to_owned(),
        collection: String::new(),
        metadata: Some(metadata.clone()),
    };
    let mark = (Type::PutStateMetadata, mark.encode_to_vec());
    world.commit("Org1MSP", &[put("", "k", "v"), mark]);
    let read = GetStateMetadata { key: "k".to_owned(), collection: String::new() };
    let read = [(Type::GetStateMetadata, read.encode_to_vec())];
    let found = world.run("Org1MSP", "Org1MSP", &read).unwrap().1;
    assert_eq!(StateMetadataResult::decode(found.as_slice()).unwrap().entries, [metadata]);
}

#[test]
fn the_history_of_a_key_begins_with_the_last_change() {
    let mut world = World::new();
    for value in ["one", "two"] {
        world.commit("Org1MSP", &[put("", "k", value)]);
    }
    let asked = GetHistoryForKey { key: "k".to_owned() };
    let asked = [(Type::GetHistoryForKey, asked.encode_to_vec())];
    let found = world.run("Org1MSP", "Org1MSP", &asked).unwrap().1;
    let found = QueryResponse::decode(found.as_slice()).unwrap().results;
    let value = |bytes: &[u8]| KeyModification::decode(bytes).unwrap().value;
    let values: Vec<_> = found.iter().map(|found| value(&found.result_bytes)).collect();
    assert_eq!(values, [b"two", b"one"]);
}

#[test]
fn a_page_names_where_the_next_one_begins() {
    let mut world = World::new();
    world.commit("Org1MSP", &["a", "b", "c"].map(|key| put("", key, "v")));
    assert_eq!(world.page(""), (vec!["a".to_owned(), "b".to_owned()], "c".to_owned()));
    assert_eq!(world.page("c"), (vec!["c".to_owned()], String::new()));
    check(
        world.ask("Org1MSP", "Org1MSP", &[put("", "d", "v"), page("")]),
        expect!["Paginated queries are supported only in a read-only transaction"],
    );
}

#[test]
fn json_values_are_queried_and_every_result_is_read() {
    let mut world = World::new();
    let cars = [("a", r#"{"size":5}"#), ("b", r#"{"size":7}"#), ("c", "no JSON")];
    world.commit("Org1MSP", &cars.map(|(key, value)| put("", key, value)));
    let big = query("", r#"{"selector":{"size":{"$gt":5}}}"#);
    let (simulated, answer) = world.run("Org1MSP", "Org1MSP", &[big]).unwrap();
    assert_eq!(keys(&answer), ["b"]);
    let set = ReadWriteSet::decode(&simulated.result.public).unwrap();
    check(
        set.to_string(),
        expect![[r#"
        store: read b@3.0
    "#]],
    );
    check(
        world.ask("Org1MSP", "Org1MSP", &[query("", r#"{"selector":{"$text":1}}"#)]),
        expect!["operator $text is not supported in a selector"],
    );
}

/// Neither checked at commit, and so for transactions that write nothing.
#[test]
fn private_ranges_and_queries_are_for_members_that_write_nothing() {
    let mut world = World::new();
    let cars = [("a", r#"{"size":5}"#), ("b", r#"{"size":7}"#), ("d", r#"{"size":9}"#)];
    world.commit("Org1MSP", &cars.map(|(key, value)| put("secrets", key, value)));
    let range = GetStateByRange {
        start_key: "a".to_owned(),
        end_key: "c".to_owned(),
        collection: "secrets".to_owned(),
        ..GetStateByRange::default()
    };
    let range = (Type::GetStateByRange, range.encode_to_vec());
    let search = query("secrets", r#"{"selector":{"size":{"$gt":5}}}"#);
    let mut found = |at: &str, asked: &Request| {
        keys(&world.run("Org1MSP", at, std::slice::from_ref(asked)).unwrap().1)
    };
    assert_eq!(found("Org1MSP", &range), ["a", "b"]);
    assert_eq!(found("Org1MSP", &search), ["b", "d"]);
    assert_eq!(found("Org2MSP", &range), [""; 0], "its peer does not have them");
    assert_eq!(found("Org2MSP", &search), [""; 0]);
    check(
        world.ask("Org1MSP", "Org1MSP", &[put("", "k", "v"), range.clone()]),
        expect!["Queries on pvt data is supported only in a read-only transaction"],
    );
    check(
        world.ask("Org1MSP", "Org1MSP", &[range.clone(), put("", "k", "v")]),
        expect!["Transaction has already performed queries on pvt data. Writes are not allowed"],
    );
    check(
        world.ask("Org2MSP", "Org1MSP", &[range]),
        expect![
            "tx creator does not have read access permission on privatedata in chaincodeName:store collectionName: secrets"
        ],
    );
}

#[test]
fn several_keys_and_several_writes_come_in_one_request() {
    let mut world = World::new();
    let record = |key: &str, value: &str, kind: write_record::Type| WriteRecord {
        key: key.to_owned(),
        value: value.as_bytes().to_vec(),
        r#type: kind.into(),
        ..WriteRecord::default()
    };
    let batch =
        |rec: Vec<WriteRecord>| (Type::WriteBatchState, WriteBatchState { rec }.encode_to_vec());
    world.commit(
        "Org1MSP",
        &[batch(vec![
            record("a", "1", write_record::Type::PutState),
            record("b", "2", write_record::Type::PutState),
            record("b", "", write_record::Type::DelState),
        ])],
    );
    let keys = ["b", "a"].map(str::to_owned).to_vec();
    let asked = GetStateMultiple { keys, collection: String::new() };
    let asked = [(Type::GetStateMultiple, asked.encode_to_vec())];
    let found = world.run("Org1MSP", "Org1MSP", &asked).unwrap().1;
    let found = GetStateMultipleResult::decode(found.as_slice()).unwrap().values;
    assert_eq!(found, [b"".as_slice(), b"1"]);
    let bad = [batch(vec![record("a", "1", write_record::Type::Undefined)])];
    check(world.ask("Org1MSP", "Org1MSP", &bad), expect!["unknown operation type"]);
    check(world.ask("Org1MSP", "Org1MSP", &[put("", "", "v")]), expect!["key must not be empty"]);
}

#[track_caller]
fn check(answer: String, expected: Expect) {
    expected.assert_eq(&answer);
}

type Request = (Type, Vec<u8>);

fn put(collection: &str, key: &str, value: &str) -> Request {
    let put = PutState {
        key: key.to_owned(),
        value: value.as_bytes().to_vec(),
        collection: collection.to_owned(),
    };
    (Type::PutState, put.encode_to_vec())
}

fn get(collection: &str, key: &str) -> Request {
    let get = GetState { key: key.to_owned(), collection: collection.to_owned() };
    (Type::GetState, get.encode_to_vec())
}

fn query(collection: &str, query: &str) -> Request {
    let query = GetQueryResult {
        query: query.to_owned(),
        collection: collection.to_owned(),
        ..GetQueryResult::default()
    };
    (Type::GetQueryResult, query.encode_to_vec())
}

/// The keys that a query found.
fn keys(answer: &[u8]) -> Vec<String> {
    let found = QueryResponse::decode(answer).unwrap().results;
    let key = |bytes: &[u8]| Kv::decode(bytes).unwrap().key;
    found.iter().map(|found| key(&found.result_bytes)).collect()
}

fn page(bookmark: &str) -> Request {
    let metadata = QueryMetadata { page_size: 2, bookmark: bookmark.to_owned() };
    let range = GetStateByRange { metadata: metadata.encode_to_vec(), ..Default::default() };
    (Type::GetStateByRange, range.encode_to_vec())
}

/// A chaincode without functions, for which a test speaks.
struct World {
    simulator: Simulator,
}

impl World {
    fn new() -> Self {
        let mut simulator = Simulator::new().unwrap();
        let chaincode = Chaincode::new("store".parse().unwrap());
        let deployment = Deployment::new(chaincode).collection("secrets", &["Org1MSP"]);
        simulator.deploy(deployment).unwrap();
        Self { simulator }
    }

    /// The last answer of a client's transaction at a peer, as text.
    fn ask(&mut self, client: &str, at: &str, requests: &[Request]) -> String {
        match self.run(client, at, requests) {
            Ok((_, answer)) => answer.into_iter().map(char::from).collect(),
            Err(error) => error.to_string(),
        }
    }

    fn page(&mut self, bookmark: &str) -> (Vec<String>, String) {
        let found = self.run("Org1MSP", "Org1MSP", &[page(bookmark)]).unwrap().1;
        let found = QueryResponse::decode(found.as_slice()).unwrap();
        let metadata = QueryResponseMetadata::decode(found.metadata.as_slice()).unwrap();
        let results = QueryResponse { metadata: Vec::new(), ..found };
        (keys(&results.encode_to_vec()), metadata.bookmark)
    }

    fn commit(&mut self, client: &str, requests: &[Request]) {
        let (simulated, _) = self.run(client, client, requests).unwrap();
        let member = self.simulator.client(client, "client").unwrap();
        let args = vec![b"commit".to_vec()];
        let proposed = self.simulator.propose(&member, "store", args, Default::default()).unwrap();
        let organizations: Vec<_> = self.simulator.members().organizations().cloned().collect();
        let endorsed = self.simulator.endorse(&proposed, simulated, &organizations, "1.0").unwrap();
        self.simulator.commit_one(endorsed).unwrap();
    }

    fn run(
        &mut self,
        client: &str,
        at: &str,
        requests: &[Request],
    ) -> Result<(Simulated, Vec<u8>), RequestError> {
        let member = self.simulator.client(client, "client").unwrap();
        let args = vec![b"run".to_vec()];
        let proposed = self.simulator.propose(&member, "store", args, Default::default()).unwrap();
        let at = at.parse().unwrap();
        let membership = self.simulator.ledger().config().membership();
        let creator = membership.deserialize(member.identity()).unwrap();
        let seen = Proposed {
            signed: &proposed.signed,
            tx_id: &proposed.tx_id,
            creator: &creator,
            arrival: Default::default(),
        };
        let mut peer = Peer::new(self.simulator.seat(&at), seen);
        let name = "store".parse().unwrap();
        let (depth, occasion) = (0, Occasion::Transaction);
        let mut call = Call { name, depth, occasion, iterators: Iterators::default() };
        let mut last = Vec::new();
        for (kind, payload) in requests {
            let message = ChaincodeMessage {
                r#type: (*kind).into(),
                payload: payload.clone(),
                ..ChaincodeMessage::default()
            };
            last = peer.answer(&mut call, &message)?;
        }
        let response = Response { status: SUCCESS, ..Response::default() };
        Ok((Simulated { response, event: None, result: peer.simulator.finish() }, last))
    }
}
