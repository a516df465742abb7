//! History and pages, on the in-memory ledger.

#![expect(
    missing_docs,
    clippy::expect_used,
    clippy::tests_outside_test_module,
    clippy::unwrap_used,
    reason = "all of this is test, contracts included"
)]

use expect_test::{Expect, expect};
use pervade_chaincode::testing::{TestCall, TestLedger};
use pervade_chaincode::{
    Chaincode, CompositeKey, EntryPage, LedgerError, ReadTransaction, Transaction, contract,
};

#[derive(Debug)]
pub struct Queries;

#[contract(name = "queries", default)]
impl Queries {
    #[submit]
    async fn put(&self, tx: &mut Transaction, key: String) -> Result<(), LedgerError> {
        let value = tx.client_claimed_time().seconds.to_string();
        tx.put(key, value.into_bytes()).await
    }

    #[submit]
    async fn delete(&self, tx: &mut Transaction, key: String) -> Result<(), LedgerError> {
        tx.delete(key).await
    }

    #[submit]
    async fn index(&self, tx: &mut Transaction, of: String, id: String) -> Result<(), LedgerError> {
        let key = CompositeKey::new(&of, [&id]).expect("plain text");
        tx.put(key, vec![b'x']).await
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
            assert_eq!(change.tx_id.len(), 64, "a transaction's identifier");
            let value = change.value.as_deref().map(String::from_utf8_lossy);
            assert_eq!(change.is_delete(), value.is_none(), "a deletion has no value");
            let value = value.unwrap_or_else(|| "deleted".into());
            changes.push(format!("{value} at {}", change.claimed_time.seconds));
        }
        Ok(changes.join(", "))
    }

    #[evaluate]
    async fn page(
        &self,
        tx: &mut ReadTransaction,
        size: u32,
        bookmark: String,
    ) -> Result<String, LedgerError> {
        tx.range_page("b", "f", size, &bookmark).await.map(text)
    }

    #[evaluate]
    async fn typed_page(
        &self,
        tx: &mut ReadTransaction,
        of: String,
        size: u32,
        bookmark: String,
    ) -> Result<String, LedgerError> {
        let prefix = CompositeKey::new(&of, [""; 0]).expect("plain text");
        tx.composite_page(&prefix, size, &bookmark).await.map(text)
    }

    #[evaluate]
    async fn composites(
        &self,
        tx: &mut ReadTransaction,
        size: u32,
        bookmark: String,
    ) -> Result<String, LedgerError> {
        tx.all_composite_page(size, &bookmark).await.map(text)
    }
}

fn text(page: EntryPage) -> String {
    let keys: Vec<_> = page.entries.into_iter().map(|entry| entry.key).collect();
    format!("{} | {}", keys.join(" "), page.bookmark).replace('\0', "/")
}

#[test]
fn history_is_newest_first_and_knows_deletions() {
    let mut ledger = ledger();
    for second in 1..=5 {
        let call = TestCall::new("queries", if second == 3 { "delete" } else { "put" });
        let call = call.arg("k").claimed_seconds(second).nonce(second.to_string());
        assert!(ledger.submit(&call).is_success(), "the call succeeds");
    }
    let expected = expect!["5 at 5, 4 at 4, deleted at 3, 2 at 2, 1 at 1"];
    check(&ledger, &["history", "k", "9"], expected);
    check(&ledger, &["history", "k", "1"], expect!["5 at 5"]);
    check(&ledger, &["history", "other", "9"], expect![[""]]);
    check(&ledger, &["history", "", "9"], expect!["500 LEDGER: a key may not be empty"]);
}

#[test]
fn pages_follow_one_another_within_their_range() {
    let ledger = filled();
    check(&ledger, &["page", "2", ""], expect!["b c | d"]);
    check(&ledger, &["page", "2", "d"], expect!["d e | "]);
    check(&ledger, &["page", "9", ""], expect!["b c d e | "]);
    check(&ledger, &["page", "0", ""], expect!["500 LEDGER: a page holds at least one entry"]);
    for (bookmark, refusal) in [
        ("a", expect![[r#"500 LEDGER: the bookmark "a" is of another range"#]]),
        ("f", expect![[r#"500 LEDGER: the bookmark "f" is of another range"#]]),
        ("\0own", expect![[r#"500 LEDGER: the bookmark "\0own" is of another range"#]]),
    ] {
        check(&ledger, &["page", "2", bookmark], refusal);
    }
}

#[test]
fn composite_keys_come_in_pages_by_type_or_all() {
    let ledger = filled();
    check(&ledger, &["typed_page", "own", "1", ""], expect!["/own/1/ | /own/2/"]);
    check(&ledger, &["typed_page", "own", "1", "\0own\x002\0"], expect!["/own/2/ | "]);
    check(&ledger, &["composites", "2", ""], expect!["/own/1/ /own/2/ | /owner/1/"]);
    check(&ledger, &["composites", "9", "\0owner\x001\0"], expect!["/owner/1/ | "]);
    check(
        &ledger,
        &["composites", "9", "a"],
        expect![[r#"500 LEDGER: the bookmark "a" is of another range"#]],
    );
}

fn ledger() -> TestLedger {
    TestLedger::new().with(Chaincode::new("queries".parse().unwrap()).with(Queries))
}

fn filled() -> TestLedger {
    let mut ledger = ledger();
    for key in ["a", "b", "c", "d", "e", "f"] {
        assert!(ledger.submit(&TestCall::new("queries", "put").arg(key)).is_success(), "{key}");
    }
    for (of, id) in [("own", "1"), ("own", "2"), ("owner", "1")] {
        let call = TestCall::new("queries", "index").arg(of).arg(id);
        assert!(ledger.submit(&call).is_success(), "{of} {id}");
    }
    ledger
}

#[track_caller]
fn check(ledger: &TestLedger, call: &[&str], expected: Expect) {
    let (function, arguments) = call.split_first().unwrap();
    let call = arguments
        .iter()
        .fold(TestCall::new("queries", function), |call, argument| call.arg(*argument));
    let outcome = ledger.evaluate(&call);
    let said = match outcome.status {
        200 => String::from_utf8(outcome.payload).unwrap(),
        status => format!("{status} {}", outcome.message),
    };
    expected.assert_eq(&said);
}
