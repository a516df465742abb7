//! `pervade task vote`.

use clap::{Args, ValueEnum};

use crate::failure::Failure;
use crate::output::Output;
use crate::platform::{At, OrRefused as _};

/// Whether a result confirms that the task is done.
#[derive(Args, Debug)]
pub(crate) struct Vote {
    /// The task
    task: String,
    /// Whether its result confirms that it is done
    vote: Voice,
    #[command(flatten)]
    at: At,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Voice {
    /// It is done
    Yes,
    /// It is not
    No,
}

impl Vote {
    pub(super) async fn run(self, output: Output) -> Result<(), Failure> {
        let session = self.at.open().await?;
        let mut network = session.network();
        let task = session.tasks(&mut network).task(self.task.clone()).await.or_refused()?;
        let pending = task.pending.ok_or_else(|| {
            Failure::new("TASK_NOT_PENDING", "the task has no result that others judge")
        })?;
        let call = async |mut network| {
            let (task, confirmed) = (self.task.clone(), self.vote == Voice::Yes);
            let mut tasks = session.tasks(&mut network);
            tasks.vote(task, confirmed, pending.statement_sha256.clone()).await
        };
        output.report(&session.submit(output, call).await?)
    }
}
