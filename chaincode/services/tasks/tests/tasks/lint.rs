//! What may be called, and what may stand on the ledger.

use expect_test::expect;
use pervade_tasks::record::{
    Due, Mean, Open, PartEntry, SavedResult, Summary, Task, TaskType, Verdict, Vote,
};

use crate::interface::interface_of;
use crate::texts::texts_of;

/// W-15, W-16, W-43, W-83: these are all ways in: nothing changes the binding or the fee, and no other
/// chaincode writes through this one.
#[test]
fn the_interface_is_closed() {
    let chaincode = pervade_tasks::chaincode("tasks".parse().unwrap());
    expect![[r#"
        submit init bind(set, terms)
        submit define_type(task_type)
        submit create(task, epoch)
        submit accept(task, device, epoch)
        submit decline(task, epoch)
        submit release(task, epoch)
        submit expire(task)
        submit complete(task, result, epoch)
        submit settle(task, epoch)
        submit reject(task, epoch)
        submit vote(task, confirmed, statement_sha256)
        evaluate external task(task)
        evaluate external result(task)
        evaluate external summary(task)
        evaluate verdicts(task, size, bookmark)
        evaluate open(type_name, size, bookmark)
        evaluate due(epoch, size, bookmark)
        evaluate by_creator(account, size, bookmark)
        evaluate by_respondent(account, size, bookmark)
        evaluate by_device(device, size, bookmark)
        evaluate votes(task, size, bookmark)
        evaluate averages(device, size, bookmark)
        evaluate external task_type(name)
        evaluate types(size, bookmark)
        evaluate external terms()"#]]
    .assert_eq(&interface_of(&chaincode));
}

/// W-101, D-30: these are accounts, digests, keys, signatures and identifiers, which are all checked;
/// names of types and metrics, which are few and defined by who may; devices' names; and what the
/// creator tells the device to do, which the device alone has to understand.
#[test]
fn no_record_asks_for_personal_data() {
    let texts = [
        texts_of::<Due>(),
        texts_of::<Mean>(),
        texts_of::<Open>(),
        texts_of::<PartEntry>(),
        texts_of::<SavedResult>(),
        texts_of::<Summary>(),
        texts_of::<Task>(),
        texts_of::<TaskType>(),
        texts_of::<Verdict>(),
        texts_of::<Vote>(),
    ];
    let declared = [
        include_str!("../../src/record.rs"),
        include_str!("../../src/record/result.rs"),
        include_str!("../../src/record/task_type.rs"),
    ];
    let declared: usize = declared.iter().map(|file| file.matches("#[state(").count()).sum();
    assert_eq!(texts.len(), declared, "every state is looked at");
    expect![[r#"
        due.id
        mean.device
        mean.metric
        open.id
        open.type_name
        part.id
        part.of
        part.type_name
        result.creator_key
        result.device
        result.device_key
        result.result.cid
        result.result.ciphertext_sha256
        result.result.signature
        result.result.task_key
        result.task
        summary.creator
        summary.device
        summary.id
        summary.respondent
        summary.type_name
        task.creator
        task.device
        task.device_account
        task.device_key
        task.encryption_key
        task.id
        task.parameters
        task.pending.device_key
        task.pending.result.cid
        task.pending.result.ciphertext_sha256
        task.pending.result.signature
        task.pending.result.task_key
        task.pending.statement_sha256
        task.respondent
        task.type_name
        type.name
        type.votes.oracles[]
        verdict.metric
        verdict.statement_sha256
        verdict.task
        verdict.tx_id
        vote.oracle
        vote.statement_sha256
        vote.task"#]]
    .assert_eq(&texts.concat().join("\n"));
}
