//! One channel: every block judged again, and the state it gives compared with the checkpoint.

use std::fmt;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use fabric_protos::id::ChannelId;
use pervade_interop_ledger::{Replay, Replayed};
use pervade_ledger::block;
use pervade_ports::system::SystemFiles;
use pervade_storage::scan::{self, Found, Record};
use pervade_storage::{CheckpointFile, Damage, OpenPrivateError, ReplayedState};
use serde::Serialize;

use super::{Fault, with_causes};
use crate::failure::{Failure, OrFail as _};
use crate::ledger::{LedgerFiles, decode};
use crate::output::Output;

/// What the check of one channel found.
#[derive(Debug, Serialize)]
pub(super) struct Checked {
    channel: ChannelId,
    /// Blocks that hold.
    blocks: u64,
    /// Transactions that took effect.
    valid: usize,
    /// Transactions that did not.
    rejected: usize,
    /// Payloads whose graph is the one that was endorsed.
    graphs: usize,
    /// Quads of the whole graph.
    quads: usize,
    /// SHA-256 of the state that the blocks give.
    state_sha256: String,
    /// How many blocks the checkpoint is of, if its state is the one these blocks give.
    #[serde(skip_serializing_if = "Option::is_none")]
    checkpoint: Option<u64>,
    /// Where an append never finished, which is no damage.
    #[serde(skip_serializing_if = "Option::is_none")]
    unfinished: Option<Place>,
    pub(super) faults: Vec<Fault>,
}

#[derive(Debug, Serialize)]
struct Place {
    file: PathBuf,
    byte: u64,
}

/// Checks one channel; gives the replay too, which knows the configuration in force at its end.
pub(super) fn check(ledger: &LedgerFiles, output: Output) -> Result<Checked, Failure> {
    let checkpoint = scan::checkpoint(&SystemFiles, &ledger.folder);
    let checkpoint = checkpoint.or_fail_with("NO_LEDGER", || ledger.unreadable())?;
    let mut checking = Checking::new(ledger, checkpoint);
    let mut told = Instant::now();
    for found in ledger.records()? {
        match found.or_fail_with("NO_LEDGER", || ledger.unreadable())? {
            Found::Block(record) => checking.block(&record),
            Found::Damage(damage) => checking.damage(damage),
            Found::TornTail { file, offset } => {
                checking.checked.unfinished = Some(Place { file, byte: offset });
            }
        }
        if told.elapsed() > TELLING_INTERVAL {
            told = Instant::now();
            output
                .note(format_args!("{}: {} blocks hold", ledger.channel, checking.checked.blocks));
        }
    }
    Ok(checking.end())
}

/// Between two words about how far the check is.
const TELLING_INTERVAL: Duration = Duration::from_secs(2);

struct Checking {
    checked: Checked,
    checkpoint: CheckpointFile,
    folder: PathBuf,
    replay: Replay,
    state: ReplayedState,
    /// A block did not hold: those after it cannot be judged.
    is_broken: bool,
}

impl Checking {
    fn new(ledger: &LedgerFiles, checkpoint: CheckpointFile) -> Self {
        let checked = Checked {
            channel: ledger.channel.clone(),
            blocks: 0,
            valid: 0,
            rejected: 0,
            graphs: 0,
            quads: 0,
            state_sha256: String::new(),
            checkpoint: None,
            unfinished: None,
            faults: Vec::new(),
        };
        let folder = ledger.folder.clone();
        let (replay, state) = (Replay::new(), ReplayedState::new());
        Self { checked, checkpoint, folder, replay, state, is_broken: false }
    }

    /// Judges one block whose checksum is right, unless one before it did not hold.
    fn block(&mut self, record: &Record) {
        if self.is_broken {
            return;
        }
        let judged = decode(record).map_err(|failure| failure.message()).and_then(|block| {
            let judged = self.replay.check(&block, &self.state.snapshot());
            let hash = block::header_hash(&block.header.unwrap_or_default());
            judged.map(|judged| (judged, hash)).map_err(|error| with_causes(&error))
        });
        match judged {
            Ok((replayed, hash)) => self.count(replayed, hash),
            Err(what) => {
                self.is_broken = true;
                let (block, byte) = (Some(record.number), Some(record.body_offset()));
                let file = record.file.clone();
                self.checked.faults.push(Fault { file, block, byte, what });
            }
        }
    }

    fn count(&mut self, replayed: Replayed, hash: [u8; 32]) {
        let checked = &mut self.checked;
        checked.blocks += 1;
        checked.valid += replayed.valid;
        checked.rejected += replayed.rejections.len();
        checked.graphs += replayed.graphs;
        checked.quads += replayed.quads;
        self.state.apply(replayed.number, replayed.batch);
        self.compare_checkpoint(hash);
    }

    /// The state that was written down is the one that these blocks give.
    fn compare_checkpoint(&mut self, hash: [u8; 32]) {
        let CheckpointFile::Intact { height, tip_hash, state_digest } = self.checkpoint else {
            return;
        };
        if height != self.checked.blocks {
            return;
        }
        if tip_hash == hash && state_digest == self.state.digest() {
            self.checked.checkpoint = Some(height);
        } else {
            let what = format!("the state after {height} blocks is not the one the blocks give");
            self.checked.faults.push(fault(self.checkpoint_path(), what));
        }
    }

    fn damage(&mut self, damage: Damage) {
        self.is_broken = true;
        let Damage { file, offset, block, what } = damage;
        let what = what.to_string();
        self.checked.faults.push(Fault { file, block: Some(block), byte: Some(offset), what });
    }

    fn end(mut self) -> Checked {
        self.checked.state_sha256 = hex::encode(self.state.digest());
        if let CheckpointFile::Damaged { path } = &self.checkpoint {
            let what = "the checkpoint is damaged; it will be built again from the blocks";
            self.checked.faults.push(fault(path.clone(), what.to_owned()));
        }
        self.private_values();
        self.checked
    }

    /// No other copy can tell whether the private values are right, so their checksums must.
    fn private_values(&mut self) {
        let Err(error) = scan::private_values(&SystemFiles, &self.folder) else { return };
        let fault = if let OpenPrivateError::Damaged(damage) = error {
            let Damage { file, offset, block, what } = damage;
            Fault { file, block: Some(block), byte: Some(offset), what: what.to_string() }
        } else {
            fault(self.folder.join("private.values"), with_causes(&error))
        };
        self.checked.faults.push(fault);
    }

    fn checkpoint_path(&self) -> PathBuf {
        self.folder.join("state.checkpoint")
    }
}

fn fault(file: PathBuf, what: String) -> Fault {
    Fault { file, block: None, byte: None, what }
}

impl fmt::Display for Checked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { channel, blocks, valid, rejected, graphs, quads, .. } = self;
        writeln!(f, "channel {channel}: {blocks} blocks hold")?;
        writeln!(f, "  {valid} transactions took effect, {rejected} were rejected")?;
        writeln!(f, "  {graphs} payload graphs as endorsed, {quads} quads in all")?;
        write!(f, "  state {}", self.state_sha256)?;
        if let Some(height) = self.checkpoint {
            write!(f, ", as in the checkpoint of {height} blocks")?;
        }
        if let Some(Place { file, byte }) = &self.unfinished {
            write!(f, "\n  an append never finished: {}, byte {byte}", file.display())?;
        }
        Ok(())
    }
}
