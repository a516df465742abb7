//! The ledger, as one gateway shows it.

use futures::stream::BoxStream;
use pervade_link::{LedgerError, Receipt};
use pervade_ports::BoxFuture;
use pervade_tasks::record::{ResultObject, SavedResult, Task, Verdict};

/// The ledger, as one gateway shows it. A gateway may lie and may lag behind.
pub trait Ledger: Send + Sync {
    /// What people call the gateway.
    fn name(&self) -> &str;

    /// Whose the gateway is: all those of one organisation are one witness.
    fn organization(&self) -> &str;

    /// The number of the present epoch.
    fn epoch(&self) -> BoxFuture<'_, Result<u64, LedgerError>>;

    /// The tasks in the device's backlog.
    fn backlog(&self) -> BoxFuture<'_, Result<Vec<String>, LedgerError>>;

    /// A task; none if there is none that has not ended.
    fn task<'a>(&'a self, task: &'a str) -> BoxFuture<'a, Result<Option<Task>, LedgerError>>;

    /// The result of a task that has ended; none if it has not, or ended without one.
    fn result<'a>(
        &'a self,
        task: &'a str,
    ) -> BoxFuture<'a, Result<Option<SavedResult>, LedgerError>>;

    /// Submits a result in the present epoch; tells what the ledger found about it.
    fn complete<'a>(
        &'a self,
        task: &'a str,
        result: &'a ResultObject,
        epoch: u64,
    ) -> BoxFuture<'a, Result<(Verdict, Receipt), LedgerError>>;

    /// The tasks that the device is given from now on, as it happens. The stream ends with the connection.
    fn assignments(&self) -> BoxFuture<'_, Result<Assignments, LedgerError>>;
}

/// Tasks that a device is given, as it happens.
pub type Assignments = BoxStream<'static, Result<String, LedgerError>>;
