//! Private data and keys' policies, on the in-memory ledger.

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
    Chaincode, CompositeKey, KeyPolicy, LedgerError, Range, ReadTransaction, Role, Transaction,
    contract,
};

#[derive(Debug)]
pub struct Offers;

#[contract(name = "offers", default)]
impl Offers {
    #[submit]
    async fn put(
        &self,
        tx: &mut Transaction,
        collection: String,
        key: String,
    ) -> Result<(), LedgerError> {
        tx.private(&collection).put(key, b"abc".to_vec()).await
    }

    #[submit]
    async fn delete(&self, tx: &mut Transaction, key: String) -> Result<(), LedgerError> {
        tx.private("offers").delete(key).await
    }

    #[submit]
    async fn purge(&self, tx: &mut Transaction, key: String) -> Result<(), LedgerError> {
        tx.private("offers").purge(key).await
    }

    #[submit]
    async fn empty(&self, tx: &mut Transaction) -> Result<(), LedgerError> {
        tx.private("offers").put("k", Vec::new()).await
    }

    #[evaluate]
    async fn get(
        &self,
        tx: &ReadTransaction,
        collection: String,
        key: String,
    ) -> Result<String, LedgerError> {
        Ok(text(tx.private(&collection).get(key).await?))
    }

    #[evaluate]
    async fn public(&self, tx: &ReadTransaction, key: String) -> Result<String, LedgerError> {
        Ok(text(tx.get(key).await?))
    }

    #[evaluate]
    async fn hash(&self, tx: &ReadTransaction, key: String) -> Result<String, LedgerError> {
        let hash = tx.private("offers").hash(key).await?;
        Ok(hash.map_or("none".to_owned(), hex::encode))
    }

    #[evaluate]
    async fn holds(
        &self,
        tx: &ReadTransaction,
        key: String,
        value: String,
    ) -> Result<bool, LedgerError> {
        tx.private("offers").holds(key, value.as_bytes()).await
    }

    #[evaluate]
    async fn page(
        &self,
        tx: &mut ReadTransaction,
        size: u32,
        bookmark: String,
    ) -> Result<String, LedgerError> {
        let page = tx.private_queries("offers").range_page("b", "y", size, &bookmark).await?;
        let keys: Vec<_> = page.entries.into_iter().map(|entry| entry.key).collect();
        Ok(format!("{} | {}", keys.join(" "), page.bookmark))
    }

    #[evaluate]
    async fn composite_page(
        &self,
        tx: &mut ReadTransaction,
        size: u32,
        bookmark: String,
    ) -> Result<String, LedgerError> {
        let prefix = CompositeKey::new("by", [""; 0]).expect("plain text");
        let mut offers = tx.private_queries("offers");
        let page = offers.composite_page(&prefix, size, &bookmark).await?;
        let keys: Vec<_> = page.entries.into_iter().map(|entry| entry.key).collect();
        Ok(format!("{} | {}", keys.join(" "), page.bookmark).replace('\0', "/"))
    }

    #[submit]
    async fn unguard_private(&self, tx: &mut Transaction, key: String) -> Result<(), LedgerError> {
        tx.private("offers").clear_key_policy(key).await
    }

    #[submit]
    async fn note(&self, tx: &mut Transaction, key: String) -> Result<(), LedgerError> {
        tx.set_metadata(&key, "note", b"public".to_vec()).await?;
        tx.private("offers").set_metadata(&key, "note", b"private".to_vec()).await
    }

    #[evaluate]
    async fn notes(&self, tx: &ReadTransaction, key: String) -> Result<String, LedgerError> {
        let public = tx.metadata(&key).await?.remove("note");
        let private = tx.private("offers").metadata(&key).await?.remove("note");
        Ok(format!("{} {}", text(public), text(private)))
    }

    #[evaluate]
    async fn list(&self, tx: &mut ReadTransaction) -> Result<String, LedgerError> {
        let mut offers = tx.private_queries("offers");
        let composite = CompositeKey::new("by", [""; 0]).expect("plain text");
        let all = keys(offers.range("", "")?).await?;
        let some = keys(offers.prefix("b")?).await?;
        Ok(format!("{all} | {some} | {}", keys(offers.composite(&composite)?).await?))
    }

    #[submit]
    async fn guard(
        &self,
        tx: &mut Transaction,
        key: String,
        private: bool,
    ) -> Result<(), LedgerError> {
        let policy = KeyPolicy::signed_by("OrgMSP".parse().expect("a name"), Role::Peer);
        if private {
            tx.private("offers").set_key_policy(key, &policy).await
        } else {
            tx.put(&key, vec![1]).await?;
            tx.set_key_policy(key, &policy).await
        }
    }

    #[submit]
    async fn unguard(&self, tx: &mut Transaction, key: String) -> Result<(), LedgerError> {
        tx.clear_key_policy(key).await
    }

    #[submit]
    async fn remove(&self, tx: &mut Transaction, key: String) -> Result<(), LedgerError> {
        tx.delete(key).await
    }

    #[evaluate]
    async fn guards(&self, tx: &ReadTransaction, key: String) -> Result<String, LedgerError> {
        let public = tx.key_policy(&key).await?.map(|policy| policy.to_string());
        let private = tx.private("offers").key_policy(&key).await?;
        let private = private.map(|policy| policy.to_string());
        Ok(format!("{} {}", public.unwrap_or_default(), private.unwrap_or_default()))
    }
}

async fn keys(mut range: Range) -> Result<String, LedgerError> {
    let mut keys = Vec::new();
    while let Some(entry) = range.next().await? {
        keys.push(entry.key.replace('\0', "/"));
    }
    Ok(keys.join(" "))
}

fn text(value: Option<Vec<u8>>) -> String {
    value.map_or("none".to_owned(), |value| String::from_utf8_lossy(&value).into_owned())
}

/// SHA-256 of `abc`, FIPS 180-2 appendix B.1.
const ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

#[test]
fn private_values_lie_in_their_collection_alone() {
    let mut ledger = ledger();
    submit(&mut ledger, &["put", "offers", "a"], expect![""]);
    assert_eq!(ledger.private_value("offers", "offers", "a"), Some(b"abc".as_slice()));
    check(&ledger, &["get", "offers", "a"], expect!["abc"]);
    check(&ledger, &["get", "others", "a"], expect!["none"]);
    check(&ledger, &["public", "a"], expect!["none"]);
    assert_eq!(ledger.evaluate(&call(&["hash", "a"])).payload, ABC.as_bytes());
    check(&ledger, &["holds", "a", "abc"], expect!["true"]);
    check(&ledger, &["holds", "a", "abd"], expect!["false"]);
    check(&ledger, &["holds", "b", ""], expect!["false"]);
    check(&ledger, &["hash", "b"], expect!["none"]);
    submit(&mut ledger, &["delete", "a"], expect![""]);
    check(&ledger, &["get", "offers", "a"], expect!["none"]);
    check(&ledger, &["hash", "a"], expect!["none"]);
}

#[test]
fn purged_values_are_gone() {
    let mut ledger = ledger();
    submit(&mut ledger, &["put", "offers", "a"], expect![""]);
    submit(&mut ledger, &["purge", "a"], expect![""]);
    check(&ledger, &["get", "offers", "a"], expect!["none"]);
}

#[test]
fn a_collection_has_a_name_and_no_empty_keys_or_values() {
    let mut ledger = ledger();
    let nameless = expect!["500 LEDGER: a private collection needs a name"];
    submit(&mut ledger, &["put", "", "a"], nameless);
    check(&ledger, &["get", "", "a"], expect!["500 LEDGER: a private collection needs a name"]);
    submit(&mut ledger, &["put", "offers", ""], expect!["500 LEDGER: a key may not be empty"]);
    let empty = expect![[r#"500 LEDGER: the value of "k" is empty, which would delete the key"#]];
    submit(&mut ledger, &["empty"], empty);
}

#[test]
fn collections_are_searched_like_public_state() {
    let mut ledger = ledger();
    for key in ["a", "b1", "b2", "c", "\0by\0ann\0"] {
        submit(&mut ledger, &["put", "offers", key], expect![""]);
    }
    check(&ledger, &["list"], expect!["a b1 b2 c | b1 b2 | /by/ann/"]);
}

#[test]
fn collections_are_read_in_pages_from_key_to_key() {
    let mut ledger = ledger();
    for key in ["a", "b", "c", "d", "e", "z", "\0by\0ann\0", "\0by\0bea\0"] {
        submit(&mut ledger, &["put", "offers", key], expect![""]);
    }
    check(&ledger, &["page", "2", ""], expect!["b c | d"]);
    check(&ledger, &["page", "2", "d"], expect!["d e | "]);
    check(&ledger, &["page", "4", ""], expect!["b c d e | "]);
    check(&ledger, &["page", "0", ""], expect!["500 LEDGER: a page holds at least one entry"]);
    let other = expect![[r#"500 LEDGER: the bookmark "z" is of another range"#]];
    check(&ledger, &["page", "1", "z"], other);
    check(&ledger, &["composite_page", "1", ""], expect!["/by/ann/ | /by/bea/"]);
    check(&ledger, &["composite_page", "1", "\0by\0bea\0"], expect!["/by/bea/ | "]);
}

#[test]
fn metadata_has_any_name() {
    let mut ledger = ledger();
    submit(&mut ledger, &["guard", "k", "false"], expect![""]);
    submit(&mut ledger, &["put", "offers", "k"], expect![""]);
    submit(&mut ledger, &["note", "k"], expect![""]);
    check(&ledger, &["notes", "k"], expect!["public private"]);
    // One entry is all that a key has.
    check(&ledger, &["guards", "k"], expect![" "]);
}

#[test]
fn a_policy_lasts_as_long_as_its_key() {
    let mut ledger = ledger();
    check(&ledger, &["guards", "k"], expect![" "]);
    submit(&mut ledger, &["guard", "k", "false"], expect![""]);
    check(&ledger, &["guards", "k"], expect!["'OrgMSP.peer' "]);
    submit(&mut ledger, &["unguard", "k"], expect![""]);
    check(&ledger, &["guards", "k"], expect![" "]);
    submit(&mut ledger, &["guard", "k", "false"], expect![""]);
    submit(&mut ledger, &["remove", "k"], expect![""]);
    check(&ledger, &["guards", "k"], expect![" "]);
    submit(&mut ledger, &["guard", "k", "true"], expect![""]);
    check(&ledger, &["guards", "k"], expect![" "]);
    submit(&mut ledger, &["put", "offers", "k"], expect![""]);
    submit(&mut ledger, &["guard", "k", "true"], expect![""]);
    check(&ledger, &["guards", "k"], expect![" 'OrgMSP.peer'"]);
    submit(&mut ledger, &["unguard_private", "k"], expect![""]);
    check(&ledger, &["guards", "k"], expect![" "]);
}

fn ledger() -> TestLedger {
    TestLedger::new().with(Chaincode::new("offers".parse().unwrap()).with(Offers))
}

#[track_caller]
fn submit(ledger: &mut TestLedger, line: &[&str], expected: Expect) {
    expected.assert_eq(&said(ledger.submit(&call(line))));
}

#[track_caller]
fn check(ledger: &TestLedger, line: &[&str], expected: Expect) {
    expected.assert_eq(&said(ledger.evaluate(&call(line))));
}

fn call(line: &[&str]) -> TestCall {
    let (function, arguments) = line.split_first().unwrap();
    arguments.iter().fold(TestCall::new("offers", function), |call, argument| call.arg(*argument))
}

fn said(outcome: pervade_chaincode::host::Outcome) -> String {
    match outcome.status {
        200 => String::from_utf8(outcome.payload).unwrap(),
        status => format!("{status} {}", outcome.message),
    }
}
