//! What may stand on the ledger.

use expect_test::expect;
use pervade_users::record::{History, Key, KeyChange, Notification, Pair, User};

use crate::texts::texts_of;

/// W-101, D-30: no field of a public record takes free text. These are accounts and addresses, which
/// are digests of keys; organisations' names; transactions and tasks, which are named after
/// transactions; and the group, a name of few characters that only an administrator gives.
#[test]
fn no_record_holds_personal_data() {
    let texts = [
        texts_of::<User>(),
        texts_of::<Key>(),
        texts_of::<KeyChange>(),
        texts_of::<Pair>(),
        texts_of::<History>(),
        texts_of::<Notification>(),
    ];
    let declared = include_str!("../../src/record.rs").matches("#[state(").count();
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
        notification.task"#]]
    .assert_eq(&texts.concat().join("\n"));
}
