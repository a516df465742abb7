//! The auditor's side of the worker: starts the child process and asks it.

use std::ffi::OsString;
use std::time::Duration;

use clap::Args;
use fabric_protos::common::Block;
use fabric_protos::id::ChannelId;
use pervade_audit::process::{Worker, WorkerError};
use pervade_audit::protocol::{ErrorCode, Reply, Request};
use pervade_audit::{Answer, Located};
use pervade_embedded::control::{self, AskError, Command};
use pervade_peer_client::{Network, Start};
use tokio::time::timeout;

use crate::connect::{Caller, Known, Where};
use crate::failure::{Failure, OrFail as _};
use crate::ledger::LedgerFiles;
use crate::output::Output;

/// Where the blocks come from, and what the worker may use.
#[derive(Args, Clone, Debug)]
pub(crate) struct Source {
    /// Read the ledger's files, even if the network runs
    #[arg(long)]
    pub(crate) offline: bool,
    /// The most memory that the worker may use
    #[arg(long, value_name = "MIB", default_value_t = 1024, value_parser = clap::value_parser!(u64).range(64..))]
    pub(crate) memory_mib: u64,
    #[command(flatten)]
    pub(crate) caller: Caller,
    #[command(flatten)]
    pub(crate) place: Where,
}

/// Where blocks come from.
#[derive(Debug)]
pub(crate) enum Origin {
    /// A peer of the running network, and how many blocks it had when it was asked.
    Network { network: Box<Network>, height: u64 },
    /// The files.
    Files(LedgerFiles),
}

impl Origin {
    /// The running network if there is one, otherwise the files.
    pub(crate) async fn find(source: &Source, output: Output) -> Result<Self, Failure> {
        let folder = source.place.folder();
        if source.offline {
            return Self::files(source);
        }
        match control::ask(folder, &Command::Status).await {
            Ok(control::Answer::Status(status)) => Self::network(source, &status).await,
            Ok(_) => Err(Failure::new("NO_NETWORK", "the network answered another question")),
            Err(AskError::NotRunning { .. }) => {
                output.note(format_args!(
                    "no network runs in {}: reading its files alone",
                    folder.display()
                ));
                Self::files(source)
            }
            Err(error) => Err(error).or_fail("NO_NETWORK", "the network cannot be asked"),
        }
    }

    fn files(source: &Source) -> Result<Self, Failure> {
        LedgerFiles::find(source.place.folder(), source.caller.channel.as_ref()).map(Self::Files)
    }

    async fn network(source: &Source, status: &control::NetworkStatus) -> Result<Self, Failure> {
        let network = Box::new(Known::read(&source.place)?.open(&source.caller).await?);
        let height = status.channels.iter().find(|channel| channel.name == *network.channel());
        let height = height.map_or(0, |channel| channel.height);
        Ok(Self::Network { network, height })
    }

    pub(crate) fn channel(&self) -> &ChannelId {
        match self {
            Self::Network { network, .. } => network.channel(),
            Self::Files(ledger) => &ledger.channel,
        }
    }

    /// `network` or `files`, as results name it.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::Network { .. } => "network",
            Self::Files(_) => "files",
        }
    }

    /// How many blocks there are.
    pub(crate) fn height(&self) -> Result<u64, Failure> {
        match self {
            Self::Network { height, .. } => Ok(*height),
            Self::Files(ledger) => ledger.height(),
        }
    }

    /// One block.
    pub(crate) async fn block(&self, number: u64) -> Result<Block, Failure> {
        let network = match self {
            Self::Files(ledger) => return ledger.block(number),
            Self::Network { network, .. } => network,
        };
        let refused = || format!("the peer did not deliver block {number}");
        let mut stream =
            network.block_range(number, number).await.or_fail_with("NO_BLOCK", refused)?;
        let block = stream.next().await.or_fail_with("NO_BLOCK", refused)?;
        block.ok_or_else(|| Failure::new("NO_BLOCK", refused()))
    }
}

/// A worker that has read the whole channel.
#[derive(Debug)]
pub(crate) struct Auditor {
    worker: Worker,
    patience: Duration,
}

/// How long the worker may take to read the channel.
const READING_PATIENCE: Duration = Duration::from_secs(3_600);

impl Auditor {
    /// Starts a worker and waits until it holds every block there is now. Each question may take
    /// as long as `patience`.
    pub(crate) async fn start(
        source: &Source,
        origin: &Origin,
        patience: Duration,
    ) -> Result<Self, Failure> {
        let program =
            std::env::current_exe().or_fail("WORKER", "this program is not to be found")?;
        let mut command = tokio::process::Command::new(program);
        command.args(arguments(source, origin));
        let height = origin.height()?;
        let worker = Worker::start(command, READING_PATIENCE).or_fail("WORKER", "no audit")?;
        let mut auditor = Self { worker, patience: READING_PATIENCE };
        auditor.ask(&Request::Reach { height }).await?;
        Ok(Self { patience, ..auditor })
    }

    /// Asks in SPARQL.
    pub(crate) async fn query(&mut self, sparql: &str) -> Result<Answer, Failure> {
        let reply = self.ask(&Request::Query { sparql: sparql.to_owned() }).await?;
        let Reply::Answer(answer) = reply else { return Err(unexpected()) };
        Ok(answer)
    }

    /// Asks where a quad of a payload comes from.
    pub(crate) async fn locate(&mut self, quad: &str) -> Result<Located, Failure> {
        let reply = self.ask(&Request::Locate { quad: quad.to_owned() }).await?;
        let Reply::Located(located) = reply else { return Err(unexpected()) };
        Ok(located)
    }

    /// Asks where a payload comes from, by the name of its graph.
    pub(crate) async fn payload(&mut self, graph: &str) -> Result<Located, Failure> {
        let reply = self.ask(&Request::Payload { graph: graph.to_owned() }).await?;
        let Reply::Located(located) = reply else { return Err(unexpected()) };
        Ok(located)
    }

    async fn ask(&mut self, request: &Request) -> Result<Reply, Failure> {
        let patience = self.patience;
        let reply = timeout(patience, self.worker.ask(request)).await;
        let reply = reply.unwrap_or(Err(WorkerError::TooSlow { patience }));
        let reply = reply.or_fail("WORKER", "the question was not answered")?;
        if let Reply::Error { code, message } = reply {
            return Err(Failure::new(word(code), message));
        }
        Ok(reply)
    }
}

/// What the child process is called with.
fn arguments(source: &Source, origin: &Origin) -> Vec<OsString> {
    let mut arguments: Vec<OsString> = vec!["audit".into(), "follow".into()];
    let mut add = |flag: &str, value: OsString| arguments.extend([flag.into(), value]);
    match &source.place.network {
        Some(file) => add("--network", file.into()),
        None => add("--data", source.place.data.clone().into()),
    }
    add("--channel", origin.channel().as_str().into());
    add("--memory-mib", source.memory_mib.to_string().into());
    if let Some(name) = &source.caller.name {
        add("--as", name.into());
    }
    if let Origin::Files(_) = origin {
        arguments.push("--offline".into());
    }
    arguments
}

fn unexpected() -> Failure {
    Failure::new("WORKER", "the worker answered another question")
}

fn word(code: ErrorCode) -> &'static str {
    match code {
        ErrorCode::BadRequest => "BAD_REQUEST",
        ErrorCode::QueryRefused => "QUERY_REFUSED",
        ErrorCode::QueryFailed => "QUERY_FAILED",
        ErrorCode::UnknownQuad => "UNKNOWN_QUAD",
        ErrorCode::SourceEnded => "SOURCE_ENDED",
        ErrorCode::BadBlock => "BAD_BLOCK",
        _ => "WORKER",
    }
}

/// Blocks from the first on, as a follower gets them.
pub(crate) fn from_the_first() -> Start {
    Start::Block(0)
}
