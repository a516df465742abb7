//! A chaincode's process: its processor time and its memory, as Linux tells them.

use std::path::PathBuf;
use std::process::ExitStatus;
use std::time::Duration;
use std::{fs, io};

use tokio::process::{Child, Command};
use tokio::time::timeout;

/// A running process. Dropped, it is killed.
#[derive(Debug)]
pub struct Process {
    child: Child,
    id: u32,
}

impl Process {
    /// Starts a command.
    ///
    /// # Errors
    /// If it cannot be started.
    pub fn start(command: &mut Command) -> Result<Self, ProcessError> {
        let child = command.kill_on_drop(true).spawn().map_err(ProcessError::Start)?;
        let id = child.id().ok_or(ProcessError::Gone)?;
        Ok(Self { child, id })
    }

    /// Processor time taken so far, by all its threads, in user and in kernel mode.
    ///
    /// # Errors
    /// If the process has ended.
    pub fn cpu(&self) -> Result<Duration, ProcessError> {
        let text = self.read("stat")?;
        // The second field is a name in brackets, which may hold anything.
        let fields = text.rsplit_once(')').map(|(_, fields)| fields).unwrap_or_default();
        let ticks: u64 =
            fields.split(' ').skip(12).take(2).filter_map(|n| n.parse::<u64>().ok()).sum();
        Ok(Duration::from_millis(ticks.saturating_mul(TICK_MILLISECONDS)))
    }

    /// Most memory that it had resident at a time, in KiB.
    ///
    /// # Errors
    /// If the process has ended.
    pub fn peak_memory(&self) -> Result<u64, ProcessError> {
        let text = self.read("status")?;
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = line.and_then(|line| line.trim().strip_suffix(" kB"));
        kib.and_then(|kib| kib.trim().parse().ok()).ok_or(ProcessError::Gone)
    }

    /// Waits until it has ended by itself.
    ///
    /// # Errors
    /// If it has not in time, or the system does not tell.
    pub async fn ended(mut self, patience: Duration) -> Result<ExitStatus, ProcessError> {
        let ended = timeout(patience, self.child.wait()).await;
        ended.map_err(|_elapsed| ProcessError::Running)?.map_err(ProcessError::Look)
    }

    /// Ends it and waits for that.
    ///
    /// # Errors
    /// If the system refuses.
    pub async fn stop(mut self) -> Result<(), ProcessError> {
        self.child.kill().await.map_err(ProcessError::Stop)
    }

    fn read(&self, what: &str) -> Result<String, ProcessError> {
        let path = PathBuf::from(format!("/proc/{}/{what}", self.id));
        fs::read_to_string(path).map_err(ProcessError::Look)
    }
}

/// A tick of the processor times in `/proc`, which Linux counts in hundredths of a second for
/// every program.
const TICK_MILLISECONDS: u64 = 10;

/// What failed about a process.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProcessError {
    /// It did not start.
    #[error("the chaincode did not start")]
    Start(#[source] io::Error),
    /// It ended by itself.
    #[error("the chaincode's process has ended")]
    Gone,
    /// It has not ended.
    #[error("the chaincode's process is running still")]
    Running,
    /// It cannot be looked at.
    #[error("the chaincode's process cannot be looked at")]
    Look(#[source] io::Error),
    /// It cannot be ended.
    #[error("the chaincode's process cannot be ended")]
    Stop(#[source] io::Error),
}
