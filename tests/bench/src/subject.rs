//! What is measured, and how each comes to run.

use std::fmt;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;
use std::{env, io};

use clap::ValueEnum;
use pervade_bench::{Announces, DialError, Ends, Kind, Process, ProcessError, dial};
use tokio::process::Command;
use tonic::transport::Endpoint;

/// A chaincode library, under what circumstances.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Subject {
    /// Ours, and a peer that takes batches
    Pervade,
    /// Ours, and a peer that takes none
    PervadeSingle,
    /// A bare bidirectional stream
    Echo,
}

/// In the order of the table.
pub(crate) const ALL: &[Subject] = &[Subject::Pervade, Subject::PervadeSingle, Subject::Echo];

/// A subject that is built: the command that starts it.
#[derive(Debug)]
pub(crate) struct Ready {
    program: PathBuf,
    arguments: Vec<String>,
}

impl Subject {
    pub(crate) fn kind(self) -> Kind {
        match self {
            Self::Echo => Kind::Echo,
            Self::Pervade | Self::PervadeSingle => Kind::Chaincode,
        }
    }

    pub(crate) fn announced(self) -> Announces {
        match self {
            Self::PervadeSingle => Announces::Nothing,
            Self::Pervade | Self::Echo => Announces::Batches,
        }
    }

    /// Builds it.
    pub(crate) fn ready(self, _cache: &Path) -> Result<Ready, SubjectError> {
        match self {
            Self::Pervade | Self::PervadeSingle => ours("bench-contract"),
            Self::Echo => ours("bench-echo"),
        }
    }

    /// Starts it, and opens a stream to it on which so many calls can run at a time.
    pub(crate) async fn start(
        self,
        ready: &Ready,
        in_flight: usize,
    ) -> Result<(Process, Ends), SubjectError> {
        let address = free_address().map_err(SubjectError::Address)?;
        let mut command = Command::new(&ready.program);
        command
            .args(&ready.arguments)
            .env("CHAINCODE_SERVER_ADDRESS", &address)
            .env("CORE_CHAINCODE_ID_NAME", PACKAGE_ID)
            .env("CHAINCODE_ID", PACKAGE_ID)
            .env("CORE_PEER_TLS_ENABLED", "false")
            .env("CHAINCODE_TLS_DISABLED", "true")
            .stdin(Stdio::null())
            .stdout(Stdio::null());
        let process = Process::start(&mut command)?;
        let endpoint = Endpoint::from_shared(format!("http://{address}"))
            .map_err(|source| SubjectError::Dial(DialError::Connect(source)))?;
        let ends = dial(endpoint, in_flight.saturating_add(SPARE), PATIENCE).await?;
        Ok((process, ends))
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = self.to_possible_value();
        f.write_str(value.as_ref().map_or("", |value| value.get_name()))
    }
}

/// What chaincodes register as.
const PACKAGE_ID: &str = "bench:1";

/// How long a chaincode may take until it listens.
const PATIENCE: Duration = Duration::from_secs(30);

/// Messages of the stream itself, beside those of transactions.
const SPARE: usize = 16;

/// Where other libraries are built if nothing else is said.
pub(crate) fn default_cache() -> PathBuf {
    let home = env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let home = home.or_else(|| env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache")));
    home.unwrap_or_else(env::temp_dir).join("pervade-bench")
}

/// A program of ours, built as this one was.
fn ours(name: &str) -> Result<Ready, SubjectError> {
    let own = env::current_exe().map_err(SubjectError::Own)?;
    let folder = own.parent().unwrap_or(Path::new("."));
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = std::process::Command::new(cargo);
    command.args(["build", "--quiet", "--package", "pervade-bench-subjects", "--bin", name]);
    if folder.ends_with("release") {
        command.arg("--release");
    }
    command.arg("--target-dir").arg(folder.parent().unwrap_or(folder));
    command.current_dir(env!("CARGO_MANIFEST_DIR"));
    build(&mut command)?;
    Ok(Ready { program: folder.join(name), arguments: Vec::new() })
}

/// Runs a command that builds something.
fn build(command: &mut std::process::Command) -> Result<(), SubjectError> {
    let program = || command.get_program().to_string_lossy().into_owned();
    let tool = program();
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).status();
    let status = status.map_err(|source| SubjectError::NoTool { tool: tool.clone(), source })?;
    if status.success() { Ok(()) } else { Err(SubjectError::Build { tool, status }) }
}

/// Where nothing listens now.
fn free_address() -> io::Result<String> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.to_string())
}

/// Why a subject cannot be measured.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SubjectError {
    /// A program that builds it is missing.
    #[error("{tool} is missing")]
    NoTool { tool: String, source: io::Error },
    /// It does not build.
    #[error("{tool} failed: {status}")]
    Build { tool: String, status: ExitStatus },
    /// This program does not know where it is.
    #[error("this program's own path is unknown")]
    Own(#[source] io::Error),
    /// No address is free.
    #[error("there is no free address")]
    Address(#[source] io::Error),
    /// It did not start.
    #[error(transparent)]
    Process(#[from] ProcessError),
    /// There is no stream to it.
    #[error(transparent)]
    Dial(#[from] DialError),
}
