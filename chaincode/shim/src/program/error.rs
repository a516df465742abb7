//! Why a chaincode's process ended, and how it says so.

use std::error::Error;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use pervade_denials::LogError;
use tracing::debug;

use crate::record::ReplayError;
use crate::settings::SettingsError;
use crate::{LaunchError, ServeError};

/// Why a chaincode's process ended otherwise than asked.
#[derive(Debug, thiserror::Error)]
pub(super) enum ProgramError {
    #[error("{0}")]
    Usage(#[source] clap::Error),
    #[error(transparent)]
    Settings(#[from] SettingsError),
    #[error("cannot read {}", path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("the chaincode cannot be made")]
    Make(#[source] Box<dyn Error + Send + Sync>),
    #[error("the system gives no threads or signals")]
    Runtime(#[source] io::Error),
    #[error("cannot listen at {address}")]
    Listen { address: String, source: io::Error },
    #[error(transparent)]
    Serve(#[from] ServeError),
    #[error(transparent)]
    Launch(#[from] LaunchError),
    #[error(transparent)]
    Denials(#[from] LogError),
    #[error("the recording does not run as it was")]
    Replay(#[from] ReplayError),
}

/// Exit code of a process that failed.
const FAILED: u8 = 1;
/// Exit code of a process that was started wrongly.
const USAGE: u8 = 2;

/// Most causes that are told.
const CAUSES_MAX: usize = 16;

impl ProgramError {
    /// Says what happened on standard error, or, where help was asked for, on standard output.
    pub(super) fn tell(&self) -> ExitCode {
        if let Self::Usage(error) = self {
            if let Err(error) = error.print() {
                debug!(%error, "nobody reads");
            }
            return if error.use_stderr() { ExitCode::from(USAGE) } else { ExitCode::SUCCESS };
        }
        if let Err(error) = writeln!(io::stderr().lock(), "error: {}", self.text()) {
            debug!(%error, "standard error is closed");
        }
        ExitCode::from(match self {
            Self::Usage(_) | Self::Settings(_) | Self::Make(_) | Self::Read { .. } => USAGE,
            Self::Runtime(_)
            | Self::Listen { .. }
            | Self::Serve(_)
            | Self::Launch(_)
            | Self::Denials(_)
            | Self::Replay(_) => FAILED,
        })
    }

    /// `what: cause: cause`; causes that the text before them already tells are left out.
    fn text(&self) -> String {
        let mut text = self.to_string();
        let mut cause = self.source();
        for _ in 0..CAUSES_MAX {
            let Some(error) = cause else { break };
            let told = error.to_string();
            if !text.ends_with(&told) {
                text = format!("{text}: {told}");
            }
            cause = error.source();
        }
        text
    }
}
