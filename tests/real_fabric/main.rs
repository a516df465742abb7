//! A peer of Hyperledger Fabric, as its makers build it, judges our ledger.
//!
//! The folder of Fabric's binaries is named by `FABRIC_BIN`.

mod ours;
mod theirs;

use std::{
    collections::BTreeMap,
    env,
    io::{self, Write},
    path::PathBuf,
    process::ExitCode,
    time::Duration,
};

use fabric_protos::common::Block;
use libtest_mimic::{Arguments, Failed};
use pervade_ledger::block;
use pervade_tests::outside::{self, Absent, Need};
use tokio::{runtime::Runtime, time::timeout};

use self::{ours::Ours, theirs::RealPeer};

fn main() -> ExitCode {
    let trials = vec![outside::trial("a_real_peer_believes_our_ledger", &FABRIC, |binaries| {
        Runtime::new()?.block_on(async { timeout(PATIENCE, believes_our_ledger(binaries)).await? })
    })];
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

/// How long the whole story may take.
const PATIENCE: Duration = Duration::from_secs(300);

/// A peer that joins with our first block, pulls every later one from our orderer, and judges
/// it anew, comes to the same height, verdicts and commit hashes.
async fn believes_our_ledger(binaries: PathBuf) -> Result<(), Failed> {
    let place = tempfile::tempdir()?;
    let ours = Ours::start(&place.path().join("network")).await?;
    ours.transact().await?;
    let peer = RealPeer::start(&binaries, &ours, &place.path().join("peer")).await?;
    let outcome = compare(&ours, &peer).await;
    if let Err(failed) = &outcome {
        let log = peer.log()?;
        return Err(format!("{}\n{log}", failed.message().unwrap_or_default()).into());
    }
    peer.stop().await?;
    ours.stop().await;
    Ok(())
}

async fn compare(ours: &Ours, peer: &RealPeer) -> Result<(), Failed> {
    let blocks = ours.blocks()?;
    let mut theirs = peer.follow(ours).await?.block_range(0, blocks.len() as u64 - 1).await?;
    let mut differences = Vec::new();
    for block in &blocks {
        let judged = theirs.next().await?.ok_or("the peer ended its stream early")?;
        differences.extend(difference(block, &judged)?);
    }
    if !differences.is_empty() {
        return Err(differences.join("\n").into());
    }
    let height = peer.height(ours).await?;
    if height != blocks.len() {
        return Err(format!("the peer has {height} blocks, we {}", blocks.len()).into());
    }
    Ok(writeln!(io::stderr(), "{height} blocks: {}", summary(&blocks))?)
}

/// What the two say differently about one block.
fn difference(ours: &Block, theirs: &Block) -> Result<Option<String>, Failed> {
    let number = block::number(ours);
    let (judged, believed) = (block::verdicts(theirs), block::verdicts(ours));
    if judged != believed {
        return Ok(Some(format!("block {number}: they say {judged:?}, we {believed:?}")));
    }
    let hashes = [theirs, ours].map(block::commit_hash);
    let [Ok(theirs_hash), Ok(ours_hash)] = hashes else {
        return Err(format!("block {number}: a commit hash cannot be read").into());
    };
    if theirs_hash != ours_hash {
        return Ok(Some(format!("block {number}, {judged:?}: another commit hash")));
    }
    let same = theirs.header == ours.header && theirs.data == ours.data;
    Ok((!same).then(|| format!("block {number}: another header or other envelopes")))
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
