//! What may stand on the ledger.

use expect_test::expect;
use pervade_tokens::record::{Allowance, Deposit, Escrow, Transfer, TransferOf};

use crate::texts::texts_of;

/// W-101, D-30: no field of a public record takes free text. These are accounts and addresses, which
/// are digests of keys; transactions and tasks, which are named after transactions; devices, by names
/// that the manager of devices checks; and references, of few characters and without blanks.
#[test]
fn no_record_holds_personal_data() {
    let texts = [
        texts_of::<Allowance>(),
        texts_of::<Deposit>(),
        texts_of::<Escrow>(),
        texts_of::<Transfer>(),
        texts_of::<TransferOf>(),
    ];
    let declared = include_str!("../../src/record.rs").matches("#[state(").count();
    assert_eq!(texts.len(), declared, "every state is looked at");
    expect![[r#"
        allowance.owner
        allowance.spender
        deposit.device
        escrow.task
        transfer.from
        transfer.reference
        transfer.spender
        transfer.to
        transfer.tx_id
        transfer-of.account
        transfer-of.tx_id"#]]
    .assert_eq(&texts.concat().join("\n"));
}
