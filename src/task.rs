//! `pervade task`: work that devices do for others.

mod create;
mod judge;
mod lists;
mod reader;
mod result;
mod show;
mod step;

use std::fs;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use pervade_tasks::record::TaskType;

use crate::failure::{Failure, OrFail as _};
use crate::output::Output;
use crate::platform::At;

/// What to do with tasks.
#[derive(Debug, Subcommand)]
#[command(after_help = EXAMPLES)]
pub(crate) enum Task {
    /// Define a type of task, once: which readings come with a result, and how it is judged
    #[command(after_help = EXAMPLES)]
    Define(Define),
    /// List the types of tasks
    #[command(after_help = EXAMPLES)]
    Types(At),
    /// Have a task done; makes the key that will read its result
    #[command(after_help = EXAMPLES)]
    Create(create::Create),
    /// List tasks that anyone may accept
    #[command(after_help = EXAMPLES)]
    Open(lists::Open),
    /// Show a task, also after its end
    #[command(after_help = EXAMPLES)]
    Show(show::Show),
    /// Accept a task with a device of the caller's, and stake half its reward
    #[command(after_help = EXAMPLES)]
    Accept(step::Accept),
    /// Step back from a task that the caller accepted a short while ago
    #[command(after_help = EXAMPLES)]
    Decline(step::Which),
    /// Take back a task of the caller's that nobody has accepted, or that is over
    #[command(after_help = EXAMPLES)]
    Release(step::Which),
    /// End a task whose time is over; anyone may
    #[command(after_help = EXAMPLES)]
    Expire(step::Which),
    /// End the judging of a result: the creator accepts it, or the time for judging is over
    #[command(after_help = EXAMPLES)]
    Settle(step::Which),
    /// Reject the result of a task of the caller's, if its type lets creators judge
    #[command(after_help = EXAMPLES)]
    Reject(step::Which),
    /// Vote on the result that is being judged, as an oracle of the task's type
    #[command(after_help = EXAMPLES)]
    Vote(judge::Vote),
    /// Show a task's result; open the file that came with it
    #[command(after_help = EXAMPLES)]
    Result(result::Show),
    /// List the tasks of the caller's
    #[command(after_help = EXAMPLES)]
    Mine(lists::Mine),
    /// List what can be done about tasks because a deadline has passed
    #[command(after_help = EXAMPLES)]
    Due(At),
}

/// What to define.
#[derive(Args, Debug)]
pub(crate) struct Define {
    /// The type in JSON
    file: PathBuf,
    #[command(flatten)]
    at: At,
}

const EXAMPLES: &str = "\
Examples:
  echo '{\"name\":\"photo\",\"version\":1,\"limits\":{},\"averages\":{}}' > photo.json
  pervade task define photo.json --as founder@org1.example.com
  pervade task create --type photo --reward 10 --limit 20 --as ann@org1.example.com
  pervade task create --type photo --reward 4 --limit 20 --device pump-0001 --instant \\
      --parameters @where.json --as ann@org1.example.com
  pervade task open photo
  pervade task accept $TASK pump-0001 --as bob@org2.example.com
  pervade task show $TASK
  pervade task result $TASK --out photo.jpg
  pervade task mine --as-respondent --as bob@org2.example.com
  pervade task due
  pervade task expire $TASK

Limits are counted in epochs of the platform's clock. The key that reads a result is made for its
task alone and stays in DIR/readers, for the folder's owner.";

impl Task {
    pub(crate) async fn run(self, output: Output) -> Result<(), Failure> {
        match self {
            Self::Define(define) => define.run(output).await,
            Self::Types(at) => lists::types(&at, output).await,
            Self::Create(create) => create.run(output).await,
            Self::Open(open) => open.run(output).await,
            Self::Show(show) => show.run(output).await,
            Self::Accept(accept) => accept.run(output).await,
            Self::Decline(which) => which.decline(output).await,
            Self::Release(which) => which.release(output).await,
            Self::Expire(which) => which.expire(output).await,
            Self::Settle(which) => which.settle(output).await,
            Self::Reject(which) => which.reject(output).await,
            Self::Vote(vote) => vote.run(output).await,
            Self::Result(show) => show.run(output).await,
            Self::Mine(mine) => mine.run(output).await,
            Self::Due(at) => lists::due(&at, output).await,
        }
    }
}

impl Define {
    async fn run(self, output: Output) -> Result<(), Failure> {
        let unreadable = || format!("{} holds no type of task", self.file.display());
        let text = fs::read(&self.file).or_fail_with("NO_FILE", unreadable)?;
        let task_type: TaskType =
            serde_json::from_slice(&text).or_fail_with("BAD_TYPE", unreadable)?;
        let session = self.at.open().await?;
        let call =
            async |mut network| session.tasks(&mut network).define_type(task_type.clone()).await;
        output.report(&session.submit(output, call).await?)
    }
}
