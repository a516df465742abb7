//! What may be called, and what may stand on the ledger.

use expect_test::expect;
use pervade_users::record::{Anchored, History, Key, KeyChange, Notification, Pair, User};

use crate::interface::interface_of;
use crate::stand_in::named;
use crate::texts::texts_of;

/// W-15, W-16, W-19, W-23: these are all ways in: nothing changes the binding, no
/// reputation and no history is written but by the two functions for the manager of tasks, and whoever
/// acts is nowhere an argument.
#[test]
fn the_interface_is_closed() {
    let chaincode = pervade_users::chaincode(named("users"));
    expect![[r#"
        submit init bind(set, terms)
        submit register()
        submit rotate(proof)
        submit replace_key(account, proof)
        submit declare_group(account, group)
        submit anchor(anchor)
        evaluate external caller()
        evaluate external signer_account()
        evaluate external user(account)
        evaluate external is_key(address)
        submit external engage(engagement)
        submit external settle(settlement)
        evaluate terms()
        evaluate reputation(account)
        submit gather(account)
        evaluate list(size, bookmark)
        evaluate notifications(account, size, bookmark)
        evaluate history(account, size, bookmark)
        evaluate key_log(account, size, bookmark)
        evaluate anchors(msp, log, size, bookmark)"#]]
    .assert_eq(&interface_of(&chaincode));
}

/// W-101, D-30: no field of a public record takes free text. These are accounts and addresses, which
/// are digests of keys; organisations' names; transactions and tasks, which are named after
/// transactions; digests; and the names of groups and logs, of few characters, that only an administrator
/// gives.
#[test]
fn no_record_holds_personal_data() {
    let texts = [
        texts_of::<User>(),
        texts_of::<Key>(),
        texts_of::<KeyChange>(),
        texts_of::<Pair>(),
        texts_of::<History>(),
        texts_of::<Notification>(),
        texts_of::<Anchored>(),
    ];
    let sources = [include_str!("../../src/record.rs"), include_str!("../../src/record/anchor.rs")];
    let declared = sources.concat().matches("#[state(").count();
    assert_eq!(texts.len(), declared, "every state is looked at");
    expect![[r#"
        user.account
        user.address
        user.group
        user.msp
        key.account
        key.address
        key-change.account
        key-change.address
        key-change.tx_id
        pair.creator
        pair.respondent
        history.account
        history.task
        notification.account
        notification.task
        anchor.log
        anchor.msp
        anchor.sha256
        anchor.tx_id"#]]
    .assert_eq(&texts.concat().join("\n"));
}
