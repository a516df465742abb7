//! The manager of users: who they are, what they have earned, what they are told.
//!
//! **Accounts.** Whoever has a certificate of a member organisation can register, once. The
//! account is the address of the key that signed; an account never comes from an argument. The key
//! may be changed later and the account stays: by its user, who still has the old one, or by an
//! administrator of the user's organisation, if it was lost or somebody else has it. Then the user's
//! *generation* grows, and devices that were set up before are to be set up again. The new key
//! proves by a signature that its holder wants this. A key that was a user's once is never
//! anybody's again.
//!
//! **Reputation** is a sum of points. A completed task earns its creator one and its respondent
//! two, in one transaction with everything else that its completion means. Where the terms do not
//! ask for the rule to the letter, tasks of one's own earn nothing, nor do those between users whom an
//! administrator declared to be one owner's, and after a number of tasks between the same two only
//! few of those that follow earn anything: reputation cannot be farmed.
//!
//! **Histories and notifications** are kept for ever, and outlive the tasks that they tell of.
//!
//! **Anchors** hold logs fast that are kept off the ledger, such as those of refused calls, which no
//! transaction tells of. An administrator writes how many entries a log of their organisation has and
//! the digest of the last, into which all before it went.
//!
//! Two functions are for the manager of tasks alone, [`engage`](UsersClient::engage) and
//! [`settle`](UsersClient::settle).
//!
//! | Key | Value |
//! |---|---|
//! | `bound` | the names of the set and the [`UserTerms`](record::UserTerms) |
//! | (`user`, account) | [`User`](record::User) |
//! | (`key`, address) | [`Key`](record::Key) |
//! | (`key-change`, account, number) | [`KeyChange`](record::KeyChange) |
//! | (`reputation`, account), (`reputation-note`, account, transaction) | a [`Tally`](pervade_platform::Tally) of points |
//! | (`pair`, creator, respondent) | [`Pair`](record::Pair) |
//! | (`history`, account, epoch, task, role, outcome) | [`History`](record::History) |
//! | (`notification`, account, epoch, task, outcome) | [`Notification`](record::Notification) |
//! | (`anchor`, organisation, log, entries) | [`Anchored`](record::Anchored) |
//!
//! The [rules] are functions of values; the contract is a thin binding of them to Fabric.

mod contract;
mod error;
pub mod record;
pub mod rules;

use pervade_chaincode::{Chaincode, ChaincodeName};

pub use contract::{Users, UsersClient};
pub use error::UsersError;

/// Hexadecimal SHA-256 of the code that this contract is, down to the versions of the libraries in
/// it. A package that names it is another package when the code is other code.
pub const CODE_SHA256: &str = env!("PERVADE_CODE_SHA256");

/// The manager of users, to be deployed under the given name, with its initialisation required.
#[must_use]
pub fn chaincode(name: ChaincodeName) -> Chaincode {
    Chaincode::new(name).with(Users)
}
