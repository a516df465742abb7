//! `pervade audit follow`: the worker process that keeps the graph.
//!
//! It reads requests from standard input and answers on standard output, one JSON object a line,
//! until its input ends or whoever started it is gone.

use std::os::unix::process::parent_id;
use std::time::Duration;

use clap::{Args, Subcommand};
use fabric_protos::id::ChannelId;
use fabric_protos::protos::BlockAndPrivateData;
use pervade_audit::worker::{BLOCKS_WAITING_MAX, serve};
use pervade_audit::{Graph, GraphError};
use pervade_peer_client::{BlocksError, Network};
use rlimit::Resource;
use tokio::io::{BufReader, stdin, stdout};
use tokio::sync::mpsc;

use crate::auditor::{Source, from_the_first};
use crate::connect::Known;
use crate::failure::{Failure, OrFail as _};
use crate::ledger::{LedgerFiles, Walk, decode};

/// What the auditor's process does.
#[derive(Debug, Subcommand)]
#[command(after_help = EXAMPLES)]
pub(crate) enum Audit {
    /// Follow a channel, keep its graph, answer on standard input and output
    ///
    /// One JSON object a line: {"ask":"reach","height":9}, {"ask":"query","sparql":"ASK {}"},
    /// {"ask":"locate","quad":"…"}, {"ask":"digest"}. `pervade query` starts such a process itself.
    #[command(after_help = EXAMPLES)]
    Follow(Follow),
}

/// Where blocks come from and where the graph lies.
#[derive(Debug, Args)]
pub(crate) struct Follow {
    #[command(flatten)]
    source: Source,
    /// Keep the graph's quads in this folder instead of in memory; what it held is dropped
    #[cfg(feature = "rocksdb")]
    #[arg(long, value_name = "DIR")]
    graph: Option<std::path::PathBuf>,
}

impl Follow {
    #[cfg(feature = "rocksdb")]
    fn graph(&self, channel: ChannelId) -> Result<Graph, GraphError> {
        match &self.graph {
            Some(folder) => Graph::on_disk(channel, folder),
            None => Graph::new(channel),
        }
    }

    #[cfg(not(feature = "rocksdb"))]
    #[expect(clippy::unused_self, reason = "with RocksDB the arguments may name a folder")]
    fn graph(&self, channel: ChannelId) -> Result<Graph, GraphError> {
        Graph::new(channel)
    }
}

const EXAMPLES: &str = "\
Examples:
  echo '{\"ask\":\"digest\"}' | pervade audit follow --data pervade-data
  pervade audit follow --offline --memory-mib 512";

impl Audit {
    pub(crate) fn run(self) -> Result<(), Failure> {
        match self {
            Self::Follow(arguments) => follow(&arguments),
        }
    }
}

fn follow(arguments: &Follow) -> Result<(), Failure> {
    let source = &arguments.source;
    let bytes = source.memory_mib.saturating_mul(1024 * 1024);
    Resource::AS.set(bytes, bytes).or_fail("MEMORY", "the memory cannot be limited")?;
    end_with_parent();
    // One thread: every further one would claim address space of its own.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.or_fail("RUNTIME", "no thread to work with")?;
    let outcome = runtime.block_on(answer(arguments));
    // A walk over the files may still be waiting for its next block to be taken.
    runtime.shutdown_background();
    outcome
}

/// A query may keep this process busy for ever; it must not outlive whoever would kill it.
fn end_with_parent() {
    let parent = parent_id();
    std::thread::spawn(move || {
        while parent_id() == parent {
            std::thread::sleep(PARENT_INTERVAL);
        }
        std::process::exit(1);
    });
}

/// How often the worker looks whether its parent is still there.
const PARENT_INTERVAL: Duration = Duration::from_millis(500);

async fn answer(arguments: &Follow) -> Result<(), Failure> {
    let source = &arguments.source;
    let (sender, blocks) = mpsc::channel(BLOCKS_WAITING_MAX);
    let channel = if source.offline {
        let ledger = LedgerFiles::find(source.place.folder(), source.caller.channel.as_ref())?;
        let channel = ledger.channel.clone();
        tokio::task::spawn_blocking(move || report(read(&ledger, &sender)));
        channel
    } else {
        let network = Known::read(&source.place)?.open(&source.caller).await?;
        let channel = network.channel().clone();
        tokio::spawn(async move {
            let followed = pull(&network, &sender).await;
            report(followed.or_fail("NO_BLOCKS", "the peer's blocks have ended"));
        });
        channel
    };
    let graph = arguments.graph(channel).or_fail("GRAPH", "the graph cannot be made")?;
    serve(graph, blocks, BufReader::new(stdin()), stdout())
        .await
        .or_fail("WORKER", "the worker cannot go on")
}

/// Hands over every block of the files; the sender's end tells that there are no more.
///
/// Private data is not read from the files: they are of all organisations together.
fn read(ledger: &LedgerFiles, blocks: &mpsc::Sender<BlockAndPrivateData>) -> Result<(), Failure> {
    ledger.walk(|record| {
        let block = Some(decode(&record)?);
        let taken = blocks.blocking_send(BlockAndPrivateData { block, ..Default::default() });
        Ok(if taken.is_ok() { Walk::On } else { Walk::Enough })
    })
}

async fn pull(
    network: &Network,
    blocks: &mpsc::Sender<BlockAndPrivateData>,
) -> Result<(), BlocksError> {
    let mut stream = network.blocks_with_private_data(&from_the_first()).await?;
    while let Some(block) = stream.next().await? {
        if blocks.send(block).await.is_err() {
            return Ok(());
        }
    }
    Ok(())
}

fn report(outcome: Result<(), Failure>) {
    if let Err(failure) = outcome {
        tracing::error!("{}", failure.message());
    }
}
