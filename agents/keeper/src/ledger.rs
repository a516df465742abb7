//! The ledger, as a keeper needs it.

use pervade_clock::rules::{Marker, Terms};
use pervade_link::{LedgerError, Receipt};
use pervade_platform::Amount;
use pervade_ports::BoxFuture;
use pervade_tasks::record::Due;

/// The ledger, as a keeper needs it.
pub trait Ledger: Send + Sync {
    /// The marker of the present epoch.
    fn latest(&self) -> BoxFuture<'_, Result<Marker, LedgerError>>;

    /// The terms that the clock runs by. They never change.
    fn terms(&self) -> BoxFuture<'_, Result<Terms, LedgerError>>;

    /// What can be done about tasks in an epoch, the earliest first: some, if there is much.
    fn due(&self, epoch: u64) -> BoxFuture<'_, Result<Vec<Due>, LedgerError>>;

    /// The last block.
    fn head(&self) -> BoxFuture<'_, Result<Head, LedgerError>>;

    /// Begins an epoch, or finds that it has begun: its marker is told in either case.
    fn tick(
        &self,
        number: u64,
        head: Head,
    ) -> BoxFuture<'_, Result<(Marker, Receipt), LedgerError>>;

    /// Ends a task whose time is over.
    fn expire<'a>(&'a self, task: &'a str) -> BoxFuture<'a, Result<Receipt, LedgerError>>;

    /// Ends the judging of a task's result, in an epoch.
    fn settle<'a>(
        &'a self,
        task: &'a str,
        epoch: u64,
    ) -> BoxFuture<'a, Result<Receipt, LedgerError>>;

    /// What lies in a task's escrow for the keeper; none if the task has ended.
    fn fee<'a>(&'a self, task: &'a str) -> BoxFuture<'a, Result<Option<Amount>, LedgerError>>;

    /// Whether the keeper has an account that fees go to.
    fn has_account(&self) -> BoxFuture<'_, Result<bool, LedgerError>>;
}

/// A block that a ticker has seen.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "complete by definition")]
pub struct Head {
    /// Its header's hash, in hexadecimal.
    pub block_hash: String,
    /// Its number.
    pub height: u64,
}
