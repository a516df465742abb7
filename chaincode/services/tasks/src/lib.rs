//! The manager of tasks: a queue of paid tasks, from creation to settlement.
//!
//! A *creator* describes a task and stakes its reward. A *respondent* accepts it with a device of
//! their own, and stakes half as much. The device performs it, encrypts the result to a key
//! that the creator made for this task alone, and says here where it lies, with its signature.
//! The result is judged; then the respondent has the reward and the stake back, both have their
//! points of reputation, and the task is gone. What stays is a summary, the result and the
//! verdict.
//!
//! **Who is robbed?** Nobody: what is staked lies in the task's own escrow, and each way a
//! task can end says who gets it.
//!
//! | End | Reward | Stake | Points |
//! |---|---|---|---|
//! | completed | respondent | respondent | creator 1, respondent 2 |
//! | expired; refused by oracles when it is too late for another | creator | creator | |
//! | released, or expired before it was accepted | creator | | |
//! | declined in time | creator | respondent, but for a part | |
//! | rejected by the creator; left undecided by the oracles | creator | respondent | |
//!
//! The fee of creation never comes back. The keeper's fee is the creator's, unless a deadline
//! passes and somebody else has to bring the task to its end: then it is theirs, and all
//! the rest is as if nobody had.
//!
//! **Deadlines** are epochs of the platform's clock. What must happen in time reads that the
//! epoch after the deadline has not begun, and is void if it begins before the commit. Nobody
//! accepts a task that leaves too little time to perform it. A result in time may be judged later.
//!
//! **Judging** is a closed set of checks, chosen by the task's [type](record::TaskType): the form
//! of the result and the device's signature over it; limits of its readings and their distance
//! from the device's averages; votes of oracles, or the creator's word. What form and signature
//! refuse leaves no trace. Readings that cannot be are recorded, and are a fault of the device.
//! Where the creator's word counts, a creator can read a result and reject it at no cost but the
//! fee: whoever accepts a task of such a type trusts its creator.
//!
//! | Key | Value |
//! |---|---|
//! | `bound` | the names of the set and the [`TaskTerms`](record::TaskTerms) |
//! | (`type`, name) | [`TaskType`](record::TaskType), written once |
//! | (`task`, id) | [`Task`](record::Task), until it ends |
//! | (`open`, type, id) | [`Open`](record::Open), while it may be accepted |
//! | (`due`, epoch, id) | [`Due`](record::Due), until it ends |
//! | (`part`, part, who, epoch, id) | [`PartEntry`](record::PartEntry) |
//! | (`vote`, task, oracle) | [`Vote`](record::Vote) |
//! | (`verdict`, task, epoch, transaction) | [`Verdict`](record::Verdict) |
//! | (`result`, task) | [`SavedResult`](record::SavedResult), when it has ended |
//! | (`summary`, id) | [`Summary`](record::Summary), when it has ended |
//! | (`mean`, device, metric) | [`Mean`](record::Mean) |
//!
//! A task's id, which is its address, is the transaction that created it.
//!
//! What is decided is a function of values; the contract reads what it takes, and carries out what
//! comes of it: a batch of tokens, entries for the parties, a report on the device, at most one
//! call of each other manager that writes.

mod carry;
mod contract;
mod error;
mod judging;
mod managers;
mod open;
pub mod record;
mod rules;
#[cfg(test)]
mod testing;
mod validators;

use pervade_chaincode::{Chaincode, ChaincodeName};

pub use contract::{MAY_DEFINE, Tasks, TasksClient};
pub use error::{CreateError, DefineError, Refusal, ResultError, TaskError, VoteError};

/// Hexadecimal SHA-256 of the code that this contract is, down to the versions of the libraries in
/// it. A package that names it is another package when the code is other code.
pub const CODE_SHA256: &str = env!("PERVADE_CODE_SHA256");

/// The manager of tasks, to be deployed under the given name, with its initialisation required.
#[must_use]
pub fn chaincode(name: ChaincodeName) -> Chaincode {
    Chaincode::new(name).with(Tasks)
}
