//! Scripts: `<-` is what the peer sends, `->` what the session answers.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use expect_test::{Expect, expect};
use fabric_protos::protos::chaincode_message::Type;
use fabric_protos::protos::{
    ChaincodeAdditionalParams, ChaincodeId, ChaincodeInput, ChaincodeMessage, ChaincodeSpec,
    DelState, GetHistoryForKey, GetState, GetStateByRange, GetStateMetadata, PurgePrivateState,
    PutState, PutStateMetadata, QueryMetadata, QueryResponse, QueryResponseMetadata,
    QueryResultBytes, QueryStateClose, QueryStateNext, Response, StateMetadata,
    StateMetadataResult, WriteBatchState,
};
use fabric_protos::queryresult::{KeyModification, Kv};
use fabric_protos::{Message, Timestamp};
use pervade_chaincode::host::Terms;
use pervade_chaincode::testing::TestCall;
use pervade_chaincode::{
    CallError, Chaincode, ContractError, KeyPolicy, LedgerError, ReadTransaction, Role,
    Transaction, contract,
};
use proptest::prelude::*;

use super::{Next, Session, SessionError};
use crate::{Limits, Runs};

use script::{Peer, call, input};

mod script;

#[derive(Default)]
struct Store {
    calls: AtomicU64,
}

#[contract(name = "store", default)]
impl Store {
    #[submit]
    async fn put(
        &self,
        tx: &mut Transaction,
        key: String,
        value: String,
    ) -> Result<(), LedgerError> {
        tx.put(&key, value.into_bytes()).await?;
        tx.set_event("put", key.into_bytes())
    }

    #[submit]
    async fn delete(&self, tx: &mut Transaction, key: String) -> Result<(), LedgerError> {
        tx.delete(key).await
    }

    #[external]
    #[evaluate]
    async fn get(&self, tx: &ReadTransaction, key: String) -> Result<String, LedgerError> {
        let value = tx.get(key).await?;
        Ok(value.map_or("none".to_owned(), |value| String::from_utf8_lossy(&value).into_owned()))
    }

    /// What no contract may do: its answer depends on the calls before.
    #[evaluate]
    async fn count(&self, _tx: &ReadTransaction) -> Result<u64, LedgerError> {
        Ok(self.calls.fetch_add(1, Ordering::Relaxed))
    }

    #[evaluate]
    async fn keys(&self, tx: &ReadTransaction, most: u32) -> Result<String, LedgerError> {
        let mut range = tx.range("", "")?;
        let mut keys = Vec::new();
        for _ in 0..most {
            let Some(entry) = range.next().await? else { break };
            keys.push(entry.key);
        }
        drop(range);
        tx.get("after").await?;
        Ok(keys.join(" "))
    }

    #[submit]
    async fn guard(&self, tx: &mut Transaction, key: String) -> Result<String, LedgerError> {
        let before = tx.metadata(&key).await?.remove(KeyPolicy::METADATA_NAME).unwrap_or_default();
        let policy = KeyPolicy::signed_by("OrgMSP".parse().unwrap(), Role::Peer);
        tx.set_key_policy(&key, &policy).await?;
        tx.clear_key_policy(&key).await?;
        Ok(String::from_utf8_lossy(&before).into_owned())
    }

    #[submit]
    async fn keep(&self, tx: &mut Transaction, key: String) -> Result<String, LedgerError> {
        let mut offers = tx.private("offers");
        let value = offers.get(&key).await?;
        let hash = offers.hash(&key).await?;
        offers.put(&key, b"v".to_vec()).await?;
        offers.delete(&key).await?;
        offers.purge(&key).await?;
        Ok(format!("{value:?} {hash:?}"))
    }

    #[evaluate]
    async fn offers(&self, tx: &mut ReadTransaction) -> Result<String, LedgerError> {
        let mut range = tx.private_queries("offers").range("", "")?;
        let mut keys = Vec::new();
        while let Some(entry) = range.next().await? {
            keys.push(entry.key);
        }
        Ok(keys.join(" "))
    }

    #[evaluate]
    async fn history(
        &self,
        tx: &ReadTransaction,
        key: String,
        most: u32,
    ) -> Result<String, LedgerError> {
        let mut history = tx.history(key)?;
        let mut changes = Vec::new();
        for _ in 0..most {
            let Some(change) = history.next().await? else { break };
            changes.push(format!("{change:?}"));
        }
        drop(history);
        tx.get("after").await?;
        Ok(changes.join("; "))
    }

    #[evaluate]
    async fn page(
        &self,
        tx: &mut ReadTransaction,
        size: u32,
        bookmark: String,
    ) -> Result<String, LedgerError> {
        let page = tx.range_page("", "z", size, &bookmark).await?;
        Ok(format!("{:?} {}", page.entries, page.bookmark))
    }

    #[submit]
    async fn call(&self, tx: &mut Transaction, function: String) -> Result<Vec<u8>, ContractError> {
        let name = "other".parse().unwrap();
        tx.call(&name, &function, [b"k".to_vec()]).await.map_err(|error| ContractError::of(&error))
    }

    #[external]
    #[evaluate]
    async fn find(&self, tx: &ReadTransaction, key: String) -> Result<String, LedgerError> {
        let value = self.get(tx, key).await?;
        Ok(format!("{value} on {}", tx.channel()))
    }

    /// Reads here and has this same chaincode read on another channel meanwhile.
    #[submit]
    async fn find_both(&self, tx: &mut Transaction, other: String) -> Result<String, CallError> {
        let (channel, itself) = (other.parse().unwrap(), "store".parse().unwrap());
        let there = tx.call_on(&channel, &itself, "find", [b"k".to_vec()]).await?;
        let here = self.find(tx, "k".to_owned()).await.unwrap();
        Ok(format!("{}, {here}", String::from_utf8_lossy(&there)))
    }

    /// Goes on whatever becomes of a call to this same chaincode on its own channel.
    #[submit]
    async fn find_itself(&self, tx: &mut Transaction) -> Result<String, LedgerError> {
        let found = tx.try_call(&"store".parse().unwrap(), "find", [b"k".to_vec()]).await;
        self.put(tx, "found".to_owned(), found.is_ok().to_string()).await?;
        Ok(found.unwrap_err().to_string())
    }

    /// Succeeds if it may, whatever becomes of its writes and of a call that must follow them.
    #[submit]
    async fn put_regardless(&self, tx: &mut Transaction, function: String) {
        for key in ["a", "b"] {
            drop(tx.put(key, b"v".to_vec()).await);
        }
        if function != "none" {
            drop(tx.try_call(&"other".parse().unwrap(), &function, [b"k".to_vec()]).await);
        }
    }
}

const READY: &str = "<- REGISTERED\n<- READY\n";

#[test]
fn registration_comes_first_and_once() {
    check("", expect!["-> REGISTER store:1"]);
    check(READY, expect!["-> REGISTER store:1"]);
    check(
        "<- READY",
        expect![[r#"
        -> REGISTER store:1
        closed: READY has no place in a stream that is created"#]],
    );
    check(
        "<- REGISTERED\n<- REGISTERED",
        expect![[r#"
        -> REGISTER store:1
        closed: REGISTERED has no place in a stream that is established"#]],
    );
    check(
        "<- TRANSACTION ch/a get k",
        expect![[r#"
        -> REGISTER store:1
        closed: TRANSACTION has no place in a stream that is created"#]],
    );
    check(
        "<- REGISTERED\n<- TRANSACTION ch/a get k",
        expect![[r#"
        -> REGISTER store:1
        closed: TRANSACTION has no place in a stream that is established"#]],
    );
    check(
        &format!("{READY}<- REGISTERED"),
        expect![[r#"
        -> REGISTER store:1
        closed: REGISTERED has no place in a stream that is ready"#]],
    );
}

#[test]
fn a_transaction_asks_one_thing_at_a_time() {
    ready(
        "<- TRANSACTION ch/a get k
         <- RESPONSE ch/a v",
        expect![[r#"
            -> GET_STATE ch/a k
            -> COMPLETED ch/a 200 v"#]],
    );
    ready(
        "<- TRANSACTION ch/a get k
         <- RESPONSE ch/a",
        expect![[r#"
            -> GET_STATE ch/a k
            -> COMPLETED ch/a 200 none"#]],
    );
    ready(
        "<- TRANSACTION ch/a put k v
         <- RESPONSE ch/a",
        expect![[r#"
            -> PUT_STATE ch/a k=v
            -> COMPLETED ch/a 200  event put(k) of a"#]],
    );
    ready(
        "<- TRANSACTION ch/a delete k
         <- RESPONSE ch/a",
        expect![[r#"
            -> DEL_STATE ch/a k
            -> COMPLETED ch/a 200"#]],
    );
}

#[test]
fn transactions_do_not_wait_for_one_another() {
    ready(
        "<- TRANSACTION ch/a get k
         <- TRANSACTION ch/b get k
         <- RESPONSE ch/b second
         <- RESPONSE ch/a first",
        expect![[r#"
            -> GET_STATE ch/a k
            -> GET_STATE ch/b k
            -> COMPLETED ch/b 200 second
            -> COMPLETED ch/a 200 first"#]],
    );
}

#[test]
fn the_same_transaction_runs_nested_on_another_channel() {
    ready(
        "<- TRANSACTION ch/a find_both ch2
         <- TRANSACTION ch2/a find k
         <- RESPONSE ch2/a two
         <- CALLED ch/a 200 two on ch2
         <- RESPONSE ch/a one",
        expect![[r#"
            -> INVOKE_CHAINCODE ch/a store/ch2 findk
            -> GET_STATE ch2/a k
            -> COMPLETED ch2/a 200 two on ch2
            -> GET_STATE ch/a k
            -> COMPLETED ch/a 200 two on ch2, one on ch"#]],
    );
    ready(
        "<- TRANSACTION ch/a find_both ch2
         <- TRANSACTION ch2/a find k
         <- ERROR ch2/a no such key
         <- CALLED ch/a 500 LEDGER: no such key",
        expect![[r#"
            -> INVOKE_CHAINCODE ch/a store/ch2 findk
            -> GET_STATE ch2/a k
            -> COMPLETED ch2/a 500 LEDGER: the ledger refused this get: no such key
            -> COMPLETED ch/a 500 LEDGER: store: no such key"#]],
    );
}

/// A peer never runs the same transaction twice on one channel, and says so in an `ERROR`.
#[test]
fn a_call_to_itself_on_the_same_channel_is_refused_as_any_other() {
    let mut peer = Peer::ready();
    let exists = peer.message("TRANSACTION ch/a").txid + "(ch) exists";
    peer.run(&format!(
        "<- TRANSACTION ch/a find_itself
         <- ERROR ch/a INVOKE_CHAINCODE failed: execute failed: error sending: txid: {exists}
         <- RESPONSE ch/a"
    ));
    peer.check(expect![[r#"
        -> INVOKE_CHAINCODE ch/a store findk
        -> PUT_STATE ch/a found=false
        -> COMPLETED ch/a 200 the ledger refused this call: INVOKE_CHAINCODE failed: execute failed: error sending: txid: a(ch) exists event put(found) of a"#]]);
    assert_eq!(peer.session.in_flight(), 0, "nothing is left of it");
}

#[test]
fn a_refused_batch_fails_the_whole_transaction_even_if_the_contract_goes_on() {
    for function in ["none", "get"] {
        let mut peer = Peer::new();
        peer.run("<- REGISTERED\n<- ANNOUNCES / 1000 no");
        peer.transcript.clear();
        peer.run(&format!(
            "<- TRANSACTION ch/a put_regardless {function}
             <- ERROR ch/a WRITE_BATCH_STATE failed: the ledger is read-only
             <- TRANSACTION ch/a get k
             <- RESPONSE ch/a v"
        ));
        peer.check(expect![[r#"
            -> WRITE_BATCH_STATE ch/a a=v b=v
            -> COMPLETED ch/a 500 LEDGER: the ledger refused this batch of writes: WRITE_BATCH_STATE failed: the ledger is read-only
            -> GET_STATE ch/a k
            -> COMPLETED ch/a 200 v"#]]);
    }
}

#[test]
fn a_transaction_that_begins_again_was_given_up_and_begins_when_its_reply_has_come() {
    ready(
        "<- TRANSACTION ch/a get k
         <- TRANSACTION ch/a get l
         <- RESPONSE ch/a old
         <- RESPONSE ch/a new",
        expect![[r#"
            -> GET_STATE ch/a k
            -> GET_STATE ch/a l
            -> COMPLETED ch/a 200 new"#]],
    );
    ready(
        "<- TRANSACTION ch/a get k
         <- TRANSACTION ch/a get l
         <- TRANSACTION ch/a get m
         <- ERROR ch/a GET_STATE failed: transaction ID: a: no ledger context
         <- RESPONSE ch/a v",
        expect![[r#"
            -> GET_STATE ch/a k
            -> GET_STATE ch/a m
            -> COMPLETED ch/a 200 v"#]],
    );
}

#[test]
fn a_transaction_that_the_peer_has_ended_is_dropped_without_a_word() {
    ready(
        "<- TRANSACTION ch/a get k
         <- ERROR ch/a GET_STATE failed: transaction ID: a: no ledger context
         <- TRANSACTION ch/a get k
         <- RESPONSE ch/a v",
        expect![[r#"
            -> GET_STATE ch/a k
            -> GET_STATE ch/a k
            -> COMPLETED ch/a 200 v"#]],
    );
}

#[test]
fn a_transaction_takes_no_longer_than_its_deadline() {
    let mut peer = Peer::ready();
    peer.run("<- TRANSACTION ch/a get k");
    peer.expire(28);
    peer.run("<- TRANSACTION ch/b get k");
    peer.expire(29);
    // The peer still owes a reply, which belongs to nobody.
    peer.run("<- RESPONSE ch/a v\n<- RESPONSE ch/b v");
    peer.check(expect![[r#"
        -> GET_STATE ch/a k
        -> GET_STATE ch/b k
        -> COMPLETED ch/a 504 DEADLINE: the call took longer than 29 s
        -> COMPLETED ch/b 200 v"#]]);
    assert_eq!(peer.session.in_flight(), 0, "nothing is left of either");
}

#[test]
fn a_stream_that_drains_ends_what_runs_and_begins_only_what_that_calls() {
    let mut peer = Peer::ready();
    peer.run("<- TRANSACTION ch/a call get");
    peer.session.drain();
    peer.run(
        "<- TRANSACTION ch/b get k
         <- TRANSACTION ch2/a get k
         <- RESPONSE ch2/a v
         <- CALLED ch/a 200 v",
    );
    peer.check(expect![[r#"
        -> INVOKE_CHAINCODE ch/a other getk
        -> ERROR ch/b DRAINING: the chaincode is about to end and takes no new transactions
        -> GET_STATE ch2/a k
        -> COMPLETED ch2/a 200 v
        -> COMPLETED ch/a 200 v"#]]);
}

#[test]
fn work_that_was_given_up_meanwhile_has_no_result() {
    let mut peer = Peer::ready();
    let message = peer.message("TRANSACTION ch/a get k");
    let begun = |session: &mut Session| match session.accept(message.clone(), Duration::ZERO) {
        Ok(Next::Run(work)) => work,
        other => panic!("{other:?}"),
    };
    let (first, second) = (begun(&mut peer.session), begun(&mut peer.session));
    assert_eq!(peer.session.settle(first.run()), None, "it was begun again");
    assert!(peer.session.settle(second.run()).is_some(), "this one is the peer's");
    assert_eq!(peer.session.in_flight(), 1, "and is the only one");
}

#[test]
fn a_refusal_reaches_the_contract() {
    ready(
        "<- TRANSACTION ch/a put k v
         <- ERROR ch/a the ledger is read-only",
        expect![[r#"
            -> PUT_STATE ch/a k=v
            -> COMPLETED ch/a 500 LEDGER: the ledger refused this put: the ledger is read-only"#]],
    );
    ready(
        "<- TRANSACTION ch/a call get
         <- CALLED ch/a 404 GONE: nobody knows",
        expect![[r#"
            -> INVOKE_CHAINCODE ch/a other getk
            -> COMPLETED ch/a 404 GONE: other: nobody knows"#]],
    );
    ready(
        "<- TRANSACTION ch/a call get
         <- UNCALLED ch/a chaincode other not found",
        expect![[r#"
            -> INVOKE_CHAINCODE ch/a other getk
            -> COMPLETED ch/a 500 LEDGER: the ledger refused this call: chaincode other not found"#]],
    );
}

#[test]
fn ranges_are_pulled_as_far_as_they_are_read_and_closed_when_left() {
    ready(
        "<- TRANSACTION ch/a keys 9
         <- PAGE ch/a more=i1 a b
         <- PAGE ch/a c
         <- RESPONSE ch/a",
        expect![[r#"
            -> GET_STATE_BY_RANGE ch/a "\u{1}"..""
            -> QUERY_STATE_NEXT ch/a i1
            -> GET_STATE ch/a after
            -> COMPLETED ch/a 200 a b c"#]],
    );
    ready(
        "<- TRANSACTION ch/a keys 2
         <- PAGE ch/a more=i1 a b
         <- RESPONSE ch/a
         <- RESPONSE ch/a",
        expect![[r#"
            -> GET_STATE_BY_RANGE ch/a "\u{1}"..""
            -> QUERY_STATE_CLOSE ch/a i1
            -> GET_STATE ch/a after
            -> COMPLETED ch/a 200 a b"#]],
    );
}

#[test]
fn histories_are_pulled_as_far_as_they_are_read_and_closed_when_left() {
    ready(
        "<- TRANSACTION ch/a history k 9
         <- CHANGES ch/a more=i1 t3=c t2
         <- CHANGES ch/a t1=a
         <- RESPONSE ch/a",
        expect![[r#"
            -> GET_HISTORY_FOR_KEY ch/a k
            -> QUERY_STATE_NEXT ch/a i1
            -> GET_STATE ch/a after
            -> COMPLETED ch/a 200 t3=Some("c") at 7; t2=None at 7; t1=Some("a") at 7"#]],
    );
    ready(
        "<- TRANSACTION ch/a history k 1
         <- CHANGES ch/a more=i1 t3=c t2
         <- RESPONSE ch/a
         <- RESPONSE ch/a",
        expect![[r#"
            -> GET_HISTORY_FOR_KEY ch/a k
            -> QUERY_STATE_CLOSE ch/a i1
            -> GET_STATE ch/a after
            -> COMPLETED ch/a 200 t3=Some("c") at 7"#]],
    );
    ready(
        "<- TRANSACTION ch/a history k 9
         <- ERROR ch/a history database is not enabled",
        expect![[r#"
            -> GET_HISTORY_FOR_KEY ch/a k
            -> COMPLETED ch/a 500 LEDGER_UNSUPPORTED: the ledger refused this history: history database is not enabled"#]],
    );
}

#[test]
fn a_page_comes_whole_with_the_next_bookmark() {
    ready(
        "<- TRANSACTION ch/a page 2 c
         <- PAGE ch/a bookmark=e c d",
        expect![[r#"
            -> GET_STATE_BY_RANGE ch/a "\u{1}".."z" page of 2 from "c"
            -> COMPLETED ch/a 200 ["c"="v", "d"="v"] e"#]],
    );
}

#[test]
fn a_keys_policy_is_its_metadata() {
    ready(
        "<- TRANSACTION ch/a guard k
         <- METADATA ch/a VALIDATION_PARAMETER=old other=x
         <- RESPONSE ch/a
         <- RESPONSE ch/a",
        expect![[r#"
            -> GET_STATE_METADATA ch/a k
            -> PUT_STATE_METADATA ch/a k VALIDATION_PARAMETER of 18 bytes
            -> PUT_STATE_METADATA ch/a k VALIDATION_PARAMETER of 0 bytes
            -> COMPLETED ch/a 200 old"#]],
    );
}

#[test]
fn private_data_names_its_collection() {
    ready(
        "<- TRANSACTION ch/a keep k
         <- RESPONSE ch/a a
         <- RESPONSE ch/a
         <- RESPONSE ch/a
         <- RESPONSE ch/a
         <- RESPONSE ch/a",
        expect![[r#"
            -> GET_STATE ch/a k in offers
            -> GET_PRIVATE_DATA_HASH ch/a k in offers
            -> PUT_STATE ch/a k=v in offers
            -> DEL_STATE ch/a k in offers
            -> PURGE_PRIVATE_DATA ch/a k in offers
            -> COMPLETED ch/a 200 Some([97]) None"#]],
    );
    ready(
        "<- TRANSACTION ch/a offers
         <- PAGE ch/a more=i1 a
         <- PAGE ch/a b",
        expect![[r#"
            -> GET_STATE_BY_RANGE ch/a "\u{1}".."" in offers
            -> QUERY_STATE_NEXT ch/a i1
            -> COMPLETED ch/a 200 a b"#]],
    );
}

#[test]
fn what_cannot_be_read_is_answered_all_the_same() {
    ready(
        "<- TRANSACTION ch/a nothing",
        expect![[r#"-> COMPLETED ch/a 404 UNKNOWN_FUNCTION: there is no function "nothing""#]],
    );
    ready(
        "<- GARBLED ch/a",
        expect!["-> COMPLETED ch/a 400 INVOCATION: the proposal's ChaincodeInput is malformed"],
    );
    ready(
        "<- UNSIGNED ch/a get k",
        expect!["-> COMPLETED ch/a 400 INVOCATION: the proposal belongs to another transaction"],
    );
    ready(
        "<- TRANSACTION ch/a keys 1
         <- RESPONSE ch/a garbage",
        expect![[r#"
            -> GET_STATE_BY_RANGE ch/a "\u{1}"..""
            -> COMPLETED ch/a 500 LEDGER: the ledger refused this range: the peer's answer cannot be read: failed to decode Protobuf message: invalid wire type value: 7"#]],
    );
}

#[test]
fn an_initialisation_without_a_function_succeeds() {
    ready(
        "<- INIT ch/a\n<- INIT ch/b get k",
        expect![[r#"
        -> COMPLETED ch/a 200
        -> GET_STATE ch/b k"#]],
    );
}

#[test]
fn an_initialisation_that_fails_at_the_server_is_an_error_as_gos_is() {
    ready(
        "<- INIT ch/a put k v
         <- ERROR ch/a no
         <- INIT ch/b nothing
         <- TRANSACTION ch/a put k v
         <- ERROR ch/a no",
        expect![[r#"
            -> PUT_STATE ch/a k=v
            -> ERROR ch/a LEDGER: the ledger refused this put: no
            -> COMPLETED ch/b 404 UNKNOWN_FUNCTION: there is no function "nothing"
            -> PUT_STATE ch/a k=v
            -> COMPLETED ch/a 500 LEDGER: the ledger refused this put: no"#]],
    );
}

#[test]
fn what_the_peer_announces_is_what_it_is_sent() {
    let terms = |ready: &str| {
        let mut peer = Peer::new();
        peer.run("<- REGISTERED");
        peer.run(ready);
        let Terms { write_batch_max, get_many_max } = peer.session.terms();
        (write_batch_max, get_many_max)
    };
    assert_eq!(terms("<- READY"), (0, 0), "peers before 3.1 announce nothing");
    assert_eq!(terms("<- ANNOUNCES / 1000 200"), (1000, 200));
    assert_eq!(terms("<- ANNOUNCES / no 200"), (0, 200));
    check(
        "<- REGISTERED\n<- READY / garbage",
        expect![[r#"
            -> REGISTER store:1
            closed: the payload of READY is malformed: failed to decode Protobuf message: invalid wire type value: 7"#]],
    );
}

#[test]
fn a_reply_to_a_transaction_that_asked_nothing_ends_the_stream() {
    let mut peer = Peer::ready();
    let message = peer.message("TRANSACTION ch/a get k");
    let working = peer.session.accept(message, Duration::ZERO).unwrap();
    peer.run("<- RESPONSE ch/a v");
    peer.check(expect![[
        r#"closed: a reply to transaction "a" on channel "ch", which asked nothing"#
    ]]);
    drop(working);
}

#[test]
fn what_is_too_large_for_a_message_fails_its_transaction_alone() {
    let limits = Limits { message_bytes_max: 1_100, ..Limits::default() };
    let mut peer = Peer::with_limits(limits);
    peer.run(READY);
    peer.transcript.clear();
    let long = "v".repeat(100);
    peer.run(&format!("<- TRANSACTION ch/a put k {long}"));
    peer.run(&format!("<- TRANSACTION ch/b get k\n<- RESPONSE ch/b {long}"));
    peer.check(expect![[r#"
        -> COMPLETED ch/a 500 LEDGER: the ledger refused this put: a message of 105 bytes: at most 1100 are taken
        -> GET_STATE ch/b k
        -> COMPLETED ch/b 500 TOO_LARGE: the answer is larger than a message may be"#]]);
}

#[test]
fn calls_that_are_run_twice_must_do_the_same_twice() {
    let limits = Limits { runs: Runs::Twice, ..Limits::default() };
    let mut peer = Peer::with_limits(limits);
    peer.run(READY);
    peer.transcript.clear();
    peer.run(
        "<- TRANSACTION ch/a put k v
         <- RESPONSE ch/a
         <- TRANSACTION ch/b count",
    );
    peer.check(expect![[r#"
        -> PUT_STATE ch/a k=v
        -> COMPLETED ch/a 200  event put(k) of a
        -> COMPLETED ch/b 500 NONDETERMINISTIC: two runs of this call differ at step 1: their answers"#]]);
}

#[test]
fn keepalives_are_echoed_in_every_phase() {
    check(
        "<- KEEPALIVE\n<- REGISTERED\n<- KEEPALIVE\n<- READY\n<- KEEPALIVE",
        expect![[r#"
        -> REGISTER store:1
        -> KEEPALIVE
        -> KEEPALIVE
        -> KEEPALIVE"#]],
    );
}

#[test]
fn a_reply_nobody_waits_for_ends_the_stream() {
    ready(
        "<- RESPONSE ch/a v",
        expect![[r#"closed: a reply to transaction "a" on channel "ch", which is not running"#]],
    );
    ready(
        "<- TRANSACTION ch/a get k\n<- RESPONSE ch2/a v",
        expect![[r#"
        -> GET_STATE ch/a k
        closed: a reply to transaction "a" on channel "ch2", which is not running"#]],
    );
}

#[test]
fn too_many_transactions_are_refused_at_once() {
    let mut peer = Peer::with_limits(Limits { in_flight_max: 3, ..Limits::default() });
    peer.run(READY);
    for number in 0..3 {
        peer.run(&format!("<- TRANSACTION ch/{number} get k"));
    }
    peer.transcript.clear();
    peer.run("<- TRANSACTION ch/more get k");
    peer.run("<- RESPONSE ch/0 v");
    peer.run("<- TRANSACTION ch/more get k");
    expect![[r#"
        -> ERROR ch/more BUSY: as many transactions are running as the chaincode takes
        -> COMPLETED ch/0 200 v
        -> GET_STATE ch/more k"#]]
    .assert_eq(&peer.transcript.join("\n"));
}

proptest! {
    /// Whatever a peer sends, in whatever order: no panic, and at most one end per beginning.
    #[test]
    fn any_order_of_messages_is_survived(
        messages in prop::collection::vec(any_message(), 0..40),
        begins_ready in any::<bool>(),
    ) {
        let mut peer = if begins_ready { Peer::ready() } else { Peer::new() };
        let mut begun: BTreeMap<String, usize> = BTreeMap::new();
        for message in messages {
            let kind = Type::try_from(message.r#type);
            if matches!(kind, Ok(Type::Transaction | Type::Init)) {
                *begun.entry(format!("{}/{}", message.channel_id, message.txid)).or_default() += 1;
            }
            let Ok(answers) = peer.session.step(message) else { break };
            for answer in answers {
                let ends = answer.r#type == Type::Completed as i32;
                let name = format!("{}/{}", answer.channel_id, answer.txid);
                if ends {
                    let left = begun.get_mut(&name).expect("an end without a beginning");
                    *left = left.checked_sub(1).expect("two ends of one beginning");
                }
            }
        }
    }
}

fn any_message() -> impl Strategy<Value = ChaincodeMessage> {
    let kind = prop_oneof![
        4 => Just(Type::Transaction as i32),
        4 => Just(Type::Response as i32),
        1 => Just(Type::Error as i32),
        2 => -1..30,
    ];
    let line = prop_oneof![
        Just("get k"),
        Just("put k v"),
        Just("keys 1"),
        Just("call get"),
        Just("nothing"),
    ];
    let payload = prop::option::of(prop::collection::vec(any::<u8>(), 0..20));
    (kind, 0..2_u8, 0..3_u8, line, payload).prop_map(|(kind, channel, tx, line, payload)| {
        let call = call(&tx.to_string(), line);
        let call_payload = input(line);
        ChaincodeMessage {
            r#type: kind,
            channel_id: format!("ch{channel}"),
            txid: call.tx_id(),
            payload: payload.unwrap_or(call_payload),
            proposal: Some(call.proposal()),
            ..Default::default()
        }
    })
}

#[track_caller]
fn ready(script: &str, answers: Expect) {
    let mut peer = Peer::ready();
    peer.run(script);
    peer.check(answers);
}

#[track_caller]
fn check(script: &str, answers: Expect) {
    let mut peer = Peer::new();
    peer.run(script);
    answers.assert_eq(&peer.transcript.join("\n"));
}
