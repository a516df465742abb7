//! `pervade task show`.

use clap::Args;
use pervade_platform::PageSize;
use pervade_tasks::record::{Summary, Task, Verdict, Vote};
use serde::Serialize;

use crate::failure::Failure;
use crate::output::Output;
use crate::platform::{At, OrRefused as _, Shown};

/// Which task to show.
#[derive(Args, Debug)]
pub(crate) struct Show {
    /// The task
    task: String,
    #[command(flatten)]
    at: At,
}

impl Show {
    pub(super) async fn run(self, output: Output) -> Result<(), Failure> {
        let session = self.at.open().await?;
        let mut network = session.network();
        let mut tasks = session.tasks(&mut network);
        let (task, summary) = match tasks.task(self.task.clone()).await.or_refused() {
            Ok(task) => (Some(task), None),
            Err(failure) if failure.code() == TASK_UNKNOWN => {
                // It is unknown, if it has not ended either.
                let summary = tasks.summary(self.task.clone()).await.map_err(|_| failure)?;
                (None, Some(summary))
            }
            Err(failure) => return Err(failure),
        };
        let (id, size) = (self.task, PageSize::MAX);
        let verdicts = tasks.verdicts(id.clone(), size, String::new()).await.or_refused()?.values;
        let votes = tasks.votes(id, size, String::new()).await.or_refused()?.values;
        output.report(&Shown(Story { summary, task, verdicts, votes }))
    }
}

const TASK_UNKNOWN: &str = "TASK_UNKNOWN";

/// A task as it is, or as it was.
#[derive(Serialize)]
struct Story {
    /// How it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    summary: Option<Summary>,
    /// How it is, if it has not ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    task: Option<Task>,
    /// What was found about its results.
    verdicts: Vec<Verdict>,
    /// What oracles said.
    votes: Vec<Vote>,
}
