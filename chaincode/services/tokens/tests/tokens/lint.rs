//! What may be called, and what may stand on the ledger.

use expect_test::expect;
use pervade_tokens::record::{Allowance, Deposit, Escrow, Transfer, TransferOf};

use crate::interface::interface_of;
use crate::stand_in::named;
use crate::texts::texts_of;

/// W-15, W-16, W-43, W-50: these are all ways in: nothing changes the
/// binding or the price, and nothing moves tokens out of somebody's account but by the signer's own order,
/// an allowance, or a manager's batch.
#[test]
fn the_interface_is_closed() {
    let chaincode = pervade_tokens::chaincode(named("tokens"));
    expect![[r#"
        submit init bind(set, terms)
        submit external apply(moves)
        submit issue(account, amount)
        submit retire(amount)
        submit purchase(amount, payment)
        submit redeem(amount)
        submit pay(to, amount, reference)
        submit pay_money(to, amount, reference)
        submit allow(spender, amount)
        submit spend(owner, payment)
        submit gather(account)
        submit gather_pools()
        evaluate balance(account)
        evaluate escrow(task)
        evaluate deposit(device)
        evaluate allowance(owner, spender)
        evaluate supply()
        evaluate price()
        evaluate terms()
        evaluate transfer(tx_id)
        evaluate transfers(account, size, bookmark)"#]]
    .assert_eq(&interface_of(&chaincode));
}

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
