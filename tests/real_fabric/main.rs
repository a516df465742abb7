//! A peer of Hyperledger Fabric, as its makers build it, judges our ledger.
//!
//! The folder of Fabric's binaries is named by `FABRIC_BIN`. The trials of chaincode start a network
//! from it by the command that `FABRIC_NET` names.

mod chaincode;
mod forge;
#[path = "../official_clients/node.rs"]
#[expect(dead_code, reason = "the trials here run one script only")]
mod node;
mod ours;
#[expect(clippy::expect_used, reason = "all of this is test")]
mod platform;
#[path = "probe/contract.rs"]
mod probe;
#[path = "../platform/remote.rs"]
#[expect(clippy::panic, clippy::unwrap_used, reason = "all of this is test")]
mod remote;
#[path = "../platform/stage.rs"]
#[expect(dead_code, reason = "the stories here need a part of it")]
#[expect(clippy::unwrap_used, reason = "all of this is test")]
mod stage;
#[path = "../platform/stories.rs"]
#[expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "all of this is test")]
mod stories;
mod theirs;
#[path = "../platform/together.rs"]
mod together;
#[path = "../platform/world.rs"]
#[expect(dead_code, reason = "the stories here need a part of it")]
#[expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "all of this is test")]
mod world;

use std::{
    collections::BTreeMap,
    env,
    io::{self, Write},
    path::{Path, PathBuf},
    process::{ExitCode, Stdio},
    time::Duration,
};

use fabric_protos::common::Block;
use libtest_mimic::{Arguments, Failed};
use pervade_ledger::block;
use pervade_tests::{
    outside::{self, Absent, Need},
    random,
};
use tokio::{process::Command, runtime::Runtime, time::timeout};

use self::{forge::Forge, ours::Ours, theirs::RealPeer};

fn main() -> ExitCode {
    let trials = vec![
        outside::trial("a_real_peer_believes_our_ledger", &FABRIC, |binaries| {
            Runtime::new()?.block_on(believes_our_ledger(binaries))
        }),
        outside::trial("a_real_peer_believes_the_demo", &FABRIC, |binaries| {
            Runtime::new()?.block_on(believes_the_demo(binaries))
        }),
    ];
    let trials = trials.into_iter().chain(chaincode::trials()).chain([platform::trial()]).collect();
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

/// Fabric's own binaries.
static FABRIC: Need<PathBuf> = Need { name: "fabric", find: fabric_binaries };

fn fabric_binaries() -> Result<PathBuf, Absent> {
    let folder = env::var_os("FABRIC_BIN").map(PathBuf::from);
    let folder = folder.ok_or_else(|| Absent::new("FABRIC_BIN names no folder"))?;
    if folder.join("peer").is_file() {
        return Ok(folder);
    }
    Err(Absent::new(format!("no peer in {}", folder.display())))
}

/// How long the peer may take to pull and judge everything.
const PATIENCE: Duration = Duration::from_secs(180);

/// A peer that joins with our first block, pulls every later one from our orderer, and judges
/// it anew, comes to the same height, verdicts and commit hashes.
async fn believes_our_ledger(binaries: PathBuf) -> Result<(), Failed> {
    let place = tempfile::tempdir()?;
    let ours = Ours::open(&place.path().join("network")).await?;
    ours.deploy_all().await?;
    ours.transact().await?;
    let seed = random::seed()?;
    writeln!(io::stderr(), "{}={seed}", random::SEED)?;
    let forged = Forge::open(&ours, seed).await?.flood().await?;
    believes(&binaries, ours, &forged).await
}

/// The same of the channel that `pervade demo` leaves behind.
async fn believes_the_demo(binaries: PathBuf) -> Result<(), Failed> {
    let place = tempfile::tempdir()?;
    let told = Command::new(program()?)
        .args(["demo", "--data"])
        .arg(place.path())
        .stdin(Stdio::null())
        .output()
        .await?;
    if !told.status.success() {
        return Err(String::from_utf8_lossy(&told.stderr).into_owned().into());
    }
    believes(&binaries, Ours::open(place.path()).await?, &Forged::new()).await
}

/// The `pervade` program, which is built beside this one.
fn program() -> Result<PathBuf, Failed> {
    let own = env::current_exe()?;
    let built = own.ancestors().nth(2).map(|folder| folder.join("pervade"));
    built.filter(|program| program.is_file()).ok_or_else(|| "run `cargo build` first".into())
}

async fn believes(binaries: &Path, ours: Ours, forged: &Forged) -> Result<(), Failed> {
    let place = tempfile::tempdir()?;
    let peer = RealPeer::start(binaries, &ours, place.path()).await?;
    let outcome = timeout(PATIENCE, compare(&ours, &peer, forged)).await;
    if let Ok(Ok(())) = outcome {
        peer.stop().await?;
        ours.stop().await;
        return Ok(());
    }
    Err(format!("{outcome:?}\nthe peer's troubles:\n{}", peer.log()?).into())
}

/// Forged envelope → what is peculiar about it.
type Forged = BTreeMap<Vec<u8>, String>;

async fn compare(ours: &Ours, peer: &RealPeer, forged: &Forged) -> Result<(), Failed> {
    let blocks = ours.blocks()?;
    let last = blocks.last().map(block::number).unwrap_or_default();
    let mut theirs = peer.follow(ours).await?.block_range(0, last).await?;
    let mut differences = Vec::new();
    for block in &blocks {
        let judged = theirs.next().await?.ok_or("the peer ended its stream early")?;
        // Hashes go on from one another: after a difference they say nothing.
        if differences.is_empty() {
            differences = difference(block, &judged, forged);
        }
    }
    writeln!(io::stderr(), "{} blocks: {}", blocks.len(), summary(&blocks))?;
    if !differences.is_empty() {
        return Err(differences.join("\n").into());
    }
    let height = peer.height(ours).await?;
    if height != blocks.len() {
        return Err(format!("the peer has {height} blocks, we {}", blocks.len()).into());
    }
    Ok(())
}

/// What the two say differently about one block.
fn difference(ours: &Block, theirs: &Block, forged: &Forged) -> Vec<String> {
    let number = block::number(ours);
    let mut differences = Vec::new();
    let verdicts = block::verdicts(theirs).into_iter().zip(block::verdicts(ours));
    for ((judged, believed), envelope) in verdicts.zip(block::envelopes(ours)) {
        if judged != believed {
            let what = forged.get(envelope).map_or("not forged", String::as_str);
            differences.push(format!("block {number}: {judged:?}, by us {believed:?}: {what}"));
        }
    }
    if !differences.is_empty() {
        return differences;
    }
    if theirs.header != ours.header || theirs.data != ours.data {
        differences.push(format!("block {number}: another header or other envelopes"));
    }
    if block::commit_hash(theirs) != block::commit_hash(ours) {
        differences.push(format!("block {number}: another commit hash"));
        let labels = block::envelopes(ours).iter().filter_map(|envelope| forged.get(envelope));
        differences.extend(
            block::verdicts(ours)
                .iter()
                .zip(labels)
                .map(|(code, what)| format!("  {code:?} {what}")),
        );
    }
    differences
}

/// How many transactions got which verdict.
fn summary(blocks: &[Block]) -> String {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for code in blocks.iter().flat_map(block::verdicts) {
        *counts.entry(code.as_str_name()).or_default() += 1;
    }
    let counts: Vec<String> =
        counts.iter().map(|(code, count)| format!("{count} {code}")).collect();
    counts.join(", ")
}
