//! The worker seen from outside: a child process that is killed when it takes too long.

use std::process::Stdio;
use std::time::Duration;

use thiserror::Error;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use crate::protocol::{LINE_BYTES_MAX, Reply, Request};

/// A running worker. Dropping it ends the process.
#[derive(Debug)]
pub struct Worker {
    child: Child,
    requests: ChildStdin,
    replies: BufReader<ChildStdout>,
    patience: Duration,
}

impl Worker {
    /// Starts the program; `patience` is the longest any one request may take.
    pub fn start(mut command: Command, patience: Duration) -> Result<Self, WorkerError> {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().map_err(WorkerError::Start)?;
        let requests = child.stdin.take().ok_or(WorkerError::Gone)?;
        let replies = BufReader::new(child.stdout.take().ok_or(WorkerError::Gone)?);
        Ok(Self { child, requests, replies, patience })
    }

    /// Asks, and waits for the reply. After an error the worker is gone: start another.
    pub async fn ask(&mut self, request: &Request) -> Result<Reply, WorkerError> {
        let patience = self.patience;
        let outcome = tokio::time::timeout(patience, self.exchange(request)).await;
        match outcome {
            Ok(Ok(reply)) => Ok(reply),
            Ok(Err(error)) => {
                self.kill().await;
                Err(error)
            }
            Err(_) => {
                self.kill().await;
                Err(WorkerError::TooSlow { patience })
            }
        }
    }

    /// The worker's process id, while it runs.
    #[must_use]
    pub fn id(&self) -> Option<u32> {
        self.child.id()
    }

    async fn exchange(&mut self, request: &Request) -> Result<Reply, WorkerError> {
        let mut line = serde_json::to_vec(request).map_err(WorkerError::Garbled)?;
        line.push(b'\n');
        self.requests.write_all(&line).await.map_err(|_| WorkerError::Gone)?;
        self.requests.flush().await.map_err(|_| WorkerError::Gone)?;
        let mut reply = Vec::new();
        let limit = u64::try_from(LINE_BYTES_MAX).unwrap_or(u64::MAX);
        let read = (&mut self.replies).take(limit).read_until(b'\n', &mut reply).await;
        if read.map_err(|_| WorkerError::Gone)? == 0 {
            return Err(WorkerError::Gone);
        }
        serde_json::from_slice(&reply).map_err(WorkerError::Garbled)
    }

    async fn kill(&mut self) {
        if let Err(error) = self.child.kill().await {
            tracing::debug!(%error, "the worker had already ended");
        }
    }
}

/// The worker did not answer.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum WorkerError {
    /// The program could not be started.
    #[error("the audit worker cannot be started")]
    Start(#[source] std::io::Error),
    /// The process ended: out of memory, killed, or crashed.
    #[error("the audit worker ended; the ledger is untouched, and the graph will be built again")]
    Gone,
    /// The request took too long, and the process was killed for it.
    #[error(
        "the audit worker took longer than {patience:?} and was stopped; the ledger is untouched"
    )]
    TooSlow {
        /// How long it was given.
        patience: Duration,
    },
    /// A line was no reply.
    #[error("the audit worker said something that is no reply")]
    Garbled(#[source] serde_json::Error),
}
