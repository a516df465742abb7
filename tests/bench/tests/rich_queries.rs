//! A contract of ours, as a service, makes rich queries at the mock peer.

#![expect(clippy::tests_outside_test_module, clippy::unwrap_used, reason = "all of this is test")]

use std::sync::Arc;
use std::time::Duration;

use pervade_bench::{Announces, Database, Frame, Kind, Queried, Stream, dial};
use pervade_chaincode::{
    Chaincode, Json, LedgerError, Query, ReadTransaction, Refusal, Transaction, contract,
};
use pervade_shim::{StreamOptions, serve};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tonic::transport::Endpoint;

#[tokio::test]
async fn all_results_are_read_in_three_batches() {
    let mut world = World::with_things().await;
    let found: Vec<String> = world.find("all", &[LARGE]).await;
    let expected: Vec<_> = (50..THINGS).map(key).collect();
    assert_eq!(found, expected, "in the order of their keys");
    assert_eq!(world.stream.queried(), Queried { batches: 3, read: 1, closed: 0, left: 0 });

    let none: Vec<String> = world.find("all", &[r#"{"selector":{"size":-1}}"#]).await;
    assert_eq!(none, Vec::<String>::new());
}

#[tokio::test]
async fn a_query_that_is_stopped_early_is_closed_before_anything_else_is_asked() {
    let mut world = World::with_things().await;
    assert_eq!(world.find::<u32>("first", &[LARGE]).await, 50);
    assert_eq!(world.stream.queried(), Queried { batches: 1, read: 0, closed: 1, left: 0 });
}

/// It costs no message: the peer closes what an ended transaction has open.
#[tokio::test]
async fn a_query_that_is_stopped_last_ends_with_its_transaction() {
    let mut world = World::with_things().await;
    assert!(world.find::<bool>("any", &[LARGE]).await);
    assert_eq!(world.stream.queried(), Queried { batches: 1, read: 0, closed: 0, left: 1 });
}

#[tokio::test]
async fn a_bookmark_leads_from_page_to_page() {
    let mut world = World::with_things().await;
    let largest = r#"{"selector":{"size":{"$gte":295}},"sort":[{"size":"desc"}]}"#;
    let (keys, bookmark): Page = world.find("page", &[largest, ""]).await;
    assert_eq!(keys, [key(299), key(298), key(297)]);
    let (keys, bookmark): Page = world.find("page", &[largest, &bookmark]).await;
    assert_eq!(keys, [key(296), key(295)]);
    let (keys, _): Page = world.find("page", &[largest, &bookmark]).await;
    assert_eq!(keys, Vec::<String>::new());
    assert_eq!(world.stream.queried(), Queried::default(), "a page leaves nothing open");
}

#[tokio::test]
async fn private_values_are_found_in_their_collection_alone() {
    let mut world = World::with_things().await;
    world.call("hide", &["secrets", "gem", r#"{"size":1000}"#]).await.unwrap();
    let gem = r#"{"selector":{"size":1000}}"#;
    let found: Vec<String> = world.find("private", &["secrets", gem]).await;
    assert_eq!(found, ["gem"]);
    let found: Vec<String> = world.find("private", &["others", gem]).await;
    assert_eq!(found, Vec::<String>::new());
    let found: Vec<String> = world.find("all", &[gem]).await;
    assert_eq!(found, Vec::<String>::new());
}

#[tokio::test]
async fn a_peer_with_leveldb_refuses_and_the_contract_sees_the_kind() {
    let mut world = World::with_things().await;
    assert!(!world.find::<bool>("unsupported", &[LARGE]).await);
    world.stream.move_to(Database::LevelDb);
    assert!(world.find::<bool>("unsupported", &[LARGE]).await);

    for (function, arguments, words) in [
        ("all", vec![LARGE], "ExecuteQuery not supported for leveldb"),
        ("private", vec!["secrets", LARGE], "ExecuteQuery not supported for leveldb"),
        ("page", vec![LARGE, ""], "ExecuteQueryWithMetadata not supported for leveldb"),
    ] {
        let failure = world.call(function, &arguments).await.unwrap_err();
        assert!(failure.contains(words), "{function}: {failure}");
    }
    world.call("put", &["other", "{}"]).await.unwrap();
}

/// Finds all but the fifty smallest things: two batches of a hundred, and half of a third.
const LARGE: &str = r#"{"selector":{"size":{"$gte":50}}}"#;

/// How many things there are.
const THINGS: u32 = 300;

/// Results of a page.
const PAGE: u32 = 3;

/// Keys, and where the next page begins.
type Page = (Vec<String>, String);

/// The sizes of things order as their keys.
fn key(size: u32) -> String {
    format!("thing-{size:03}")
}

#[derive(Serialize, Deserialize)]
struct Thing {
    size: u32,
}

struct Things;

#[contract(name = "things", default)]
impl Things {
    #[submit]
    async fn fill(&self, tx: &mut Transaction) -> Result<(), LedgerError> {
        for size in 0..THINGS {
            tx.put_json(key(size), &Thing { size }).await?;
        }
        Ok(())
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
    #[submit]
    async fn hide(
        &self,
        tx: &mut Transaction,
        collection: String,
        key: String,
        value: String,
    ) -> Result<(), LedgerError> {
        tx.private(&collection).put(key, value.into_bytes()).await
    }

    #[external]
    #[evaluate]
    async fn all(
        &self,
        tx: &ReadTransaction,
        query: String,
    ) -> Result<Json<Vec<String>>, LedgerError> {
        keys(tx.query(query)).await
    }

    /// The size of the first thing, which is read again by its key.
    #[external]
    #[evaluate]
    async fn first(
        &self,
        tx: &ReadTransaction,
        query: String,
    ) -> Result<Json<Option<u32>>, LedgerError> {
        let Some(first) = tx.query(query).next().await? else { return Ok(Json(None)) };
        let thing: Option<Thing> = tx.get_json(&first.key).await?;
        Ok(Json(thing.map(|thing| thing.size)))
    }

    #[external]
    #[evaluate]
    async fn any(&self, tx: &ReadTransaction, query: String) -> Result<bool, LedgerError> {
        Ok(tx.query(query).next().await?.is_some())
    }

    #[external]
    #[evaluate]
    async fn page(
        &self,
        tx: &mut ReadTransaction,
        query: String,
        bookmark: String,
    ) -> Result<Json<Page>, LedgerError> {
        let page = tx.query_page(query, PAGE, &bookmark).await?;
        Ok(Json((page.entries.into_iter().map(|entry| entry.key).collect(), page.bookmark)))
    }

    #[external]
    #[evaluate]
    async fn private(
        &self,
        tx: &mut ReadTransaction,
        collection: String,
        query: String,
    ) -> Result<Json<Vec<String>>, LedgerError> {
        keys(tx.private_queries(&collection).query(query)?).await
    }

    /// Whether the peer's database does not offer the query.
    #[external]
    #[evaluate]
    async fn unsupported(&self, tx: &ReadTransaction, query: String) -> Result<bool, LedgerError> {
        match tx.query(query).next().await {
            Ok(_) => Ok(false),
            Err(error) if error.refusal() == Some(Refusal::Unsupported) => Ok(true),
            Err(error) => Err(error),
        }
    }
}

async fn keys(mut found: Query) -> Result<Json<Vec<String>>, LedgerError> {
    let mut keys = Vec::new();
    while let Some(entry) = found.next().await? {
        keys.push(entry.key);
    }
    Ok(Json(keys))
}

/// The contract's service, and the stream of the peer that has dialled it.
struct World {
    stream: Stream,
    calls: usize,
    serving: JoinHandle<()>,
}

impl World {
    async fn with_things() -> Self {
        let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = socket.local_addr().unwrap();
        let chaincode = Arc::new(Chaincode::new("bench".parse().unwrap()).with(Things));
        let serving = tokio::spawn(async move {
            let options = StreamOptions::new("bench:1");
            serve(chaincode, options, socket, None, std::future::pending()).await.unwrap();
        });
        let endpoint = Endpoint::from_shared(format!("http://{address}")).unwrap();
        let ends = dial(endpoint, MESSAGES, PATIENCE).await.unwrap();
        let stream = Stream::open(ends, Kind::Chaincode, Announces::Batches).await.unwrap();
        let mut world = Self { stream, calls: 0, serving };
        world.call("fill", &[]).await.unwrap();
        world
    }

    /// Calls a function; an error is what the chaincode says of its failure.
    async fn call(&mut self, function: &str, arguments: &[&str]) -> Result<Vec<u8>, String> {
        self.calls += 1;
        let arguments = arguments.iter().map(|argument| argument.as_bytes().to_vec()).collect();
        let call = Frame::transaction(function, arguments, self.calls);
        self.stream.call(call).await.unwrap().map(|returned| returned.to_vec())
    }

    /// What a call returns, as JSON.
    async fn find<T: DeserializeOwned>(&mut self, function: &str, arguments: &[&str]) -> T {
        let returned = self.call(function, arguments).await.unwrap();
        serde_json::from_slice(&returned).unwrap()
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// Messages that may wait.
const MESSAGES: usize = 16;

const PATIENCE: Duration = Duration::from_secs(30);
