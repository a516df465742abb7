//! What is measured, and how each comes to run.

mod build;

use std::ffi::OsString;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;
use std::{fmt, io};

use clap::ValueEnum;
use pervade_bench::{
    Announces, Authority, DialError, Ends, Kind, Listener, Process, ProcessError, dial,
};
use serde_json::json;
use tokio::net::TcpListener as TokioListener;
use tokio::process::Command;
use tonic::transport::{Certificate, Endpoint, Identity, ServerTlsConfig};

pub(crate) use build::default_cache;

/// A chaincode library, under what circumstances.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Subject {
    /// Ours, and a peer that takes batches
    Pervade,
    /// Ours, and a peer that takes none
    PervadeSingle,
    /// A bare bidirectional stream
    Echo,
    /// Fabric's Go library, in the program that `PERVADE_BENCH_GO` names
    Go,
    /// The same, with a contract that batches by hand
    GoBatching,
    /// Fabric's Java library
    Java,
    /// Fabric's Node library
    Node,
    /// The `fabric-sdk` crate; launched by its peer, with TLS, as it knows nothing else
    FabricSdk,
    /// Ours, launched likewise
    PervadeLaunched,
}

/// In the order of the table.
pub(crate) const ALL: &[Subject] = &[
    Subject::Pervade,
    Subject::PervadeSingle,
    Subject::Echo,
    Subject::Go,
    Subject::GoBatching,
    Subject::Java,
    Subject::Node,
    Subject::FabricSdk,
    Subject::PervadeLaunched,
];

/// A subject that is built: the command that starts it.
#[derive(Debug)]
pub(crate) struct Ready {
    pub(crate) program: PathBuf,
    pub(crate) arguments: Vec<OsString>,
}

impl Subject {
    pub(crate) fn kind(self) -> Kind {
        if self == Self::Echo { Kind::Echo } else { Kind::Chaincode }
    }

    pub(crate) fn announced(self) -> Announces {
        if self == Self::PervadeSingle { Announces::Nothing } else { Announces::Batches }
    }

    /// Whether the peer launches it, and speaks TLS.
    fn is_launched(self) -> bool {
        matches!(self, Self::FabricSdk | Self::PervadeLaunched)
    }

    fn is_ours(self) -> bool {
        matches!(self, Self::Pervade | Self::PervadeSingle | Self::PervadeLaunched | Self::Echo)
    }

    /// Builds it, in the cache folder unless it is ours.
    pub(crate) fn ready(self, cache: &Path) -> Result<Ready, SubjectError> {
        match self {
            Self::Pervade | Self::PervadeSingle | Self::PervadeLaunched => {
                build::ours("bench-contract")
            }
            Self::Echo => build::ours("bench-echo"),
            Self::Go | Self::GoBatching => build::go(),
            Self::Java => build::java(cache),
            Self::Node => build::node(cache),
            Self::FabricSdk => build::fabric_sdk(cache),
        }
    }

    /// Starts it, and opens a stream on which so many calls can run at a time.
    pub(crate) async fn start(
        self,
        ready: &Ready,
        in_flight: usize,
    ) -> Result<Started, SubjectError> {
        let mut command = Command::new(&ready.program);
        command.args(&ready.arguments).stdin(Stdio::null()).stdout(Stdio::null());
        if !self.is_ours() {
            // Some tell of every message.
            command.stderr(Stdio::null()).env("CORE_CHAINCODE_LOGGING_LEVEL", "ERROR");
        }
        if self == Self::GoBatching {
            command.env("PERVADE_BENCH_BATCH", "1");
        }
        let capacity = in_flight.saturating_add(SPARE);
        if self.is_launched() {
            return launch(command, capacity).await;
        }
        serve(command, capacity).await
    }
}

/// A subject that runs.
#[derive(Debug)]
pub(crate) struct Started {
    pub(crate) process: Process,
    pub(crate) ends: Ends,
    /// What it dialled, if it did; it ends with this.
    pub(crate) listener: Option<Listener>,
}

async fn serve(mut command: Command, capacity: usize) -> Result<Started, SubjectError> {
    let address = free_address().map_err(SubjectError::Address)?;
    command
        .env("CHAINCODE_SERVER_ADDRESS", &address)
        .env("CORE_CHAINCODE_ID_NAME", PACKAGE_ID)
        .env("CHAINCODE_ID", PACKAGE_ID)
        .env("CORE_PEER_TLS_ENABLED", "false")
        .env("CHAINCODE_TLS_DISABLED", "true");
    let process = Process::start(&mut command)?;
    let endpoint = Endpoint::from_shared(format!("http://{address}"))
        .map_err(|source| SubjectError::Dial(DialError::Connect(source)))?;
    let ends = dial(endpoint, capacity, PATIENCE).await?;
    Ok(Started { process, ends, listener: None })
}

async fn launch(mut command: Command, capacity: usize) -> Result<Started, SubjectError> {
    let authority = Authority::new().map_err(SubjectError::Certificate)?;
    let [server, client] = [authority.issue(), authority.issue()];
    let server = server.map_err(SubjectError::Certificate)?;
    let client = client.map_err(SubjectError::Certificate)?;
    let socket = TokioListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
    let socket = socket.map_err(SubjectError::Address)?;
    let address = socket.local_addr().map_err(SubjectError::Address)?;
    let tls = ServerTlsConfig::new()
        .identity(Identity::from_pem(&server.certificate, &server.key))
        .client_ca_root(Certificate::from_pem(authority.root()));
    let mut listener = Listener::start(socket, tls, capacity).map_err(SubjectError::Listen)?;
    let told = json!({
        "chaincode_id": PACKAGE_ID,
        "peer_address": address.to_string(),
        "client_cert": client.certificate,
        "client_key": client.key,
        "root_cert": authority.root(),
        "mspid": "Org1MSP",
    });
    let process = Process::start(command.env("METADATA", told.to_string()))?;
    let ends = listener.accept(PATIENCE).await.ok_or(SubjectError::NoStream)?;
    Ok(Started { process, ends, listener: Some(listener) })
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

/// Where nothing listens now.
fn free_address() -> io::Result<String> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.to_string())
}

/// Why a subject cannot be measured.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SubjectError {
    /// A program that builds it is missing.
    #[error("there is no {tool} here")]
    NoTool { tool: String },
    /// A program that builds it cannot be run.
    #[error("cannot run {tool}")]
    Run { tool: String, source: io::Error },
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
    /// It opens no stream.
    #[error("it did not dial the peer within {} s", PATIENCE.as_secs())]
    NoStream,
    /// No certificate can be made.
    #[error("no certificate can be made")]
    Certificate(#[source] rcgen::Error),
    /// The peer cannot listen.
    #[error("the peer cannot listen")]
    Listen(#[source] tonic::transport::Error),
    /// No program is named.
    #[error("{variable} names no program")]
    Unnamed { variable: &'static str },
    /// Its sources cannot be laid out.
    #[error("cannot write {}", path.display())]
    Write { path: PathBuf, source: io::Error },
}
