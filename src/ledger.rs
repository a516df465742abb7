//! The ledger of one channel, read from its files alone: nothing is locked or written.

use std::fs;
use std::path::{Path, PathBuf};

use fabric_protos::Message as _;
use fabric_protos::common::Block;
use fabric_protos::id::ChannelId;
use pervade_ports::system::SystemFiles;
use pervade_storage::scan::{self, Found, Record, Records};

use crate::failure::{Failure, OrFail as _};

/// The files of one channel.
#[derive(Clone, Debug)]
pub(crate) struct LedgerFiles {
    pub(crate) channel: ChannelId,
    pub(crate) folder: PathBuf,
}

/// Folder of the channels in a network's folder.
const CHANNELS: &str = "channels";

impl LedgerFiles {
    /// Every channel of a network's folder, by name.
    pub(crate) fn all(data: &Path) -> Result<Vec<Self>, Failure> {
        let channels = data.join(CHANNELS);
        let no_ledger = || format!("there is no ledger in {}", data.display());
        let mut found = Vec::new();
        for entry in fs::read_dir(&channels).or_fail_with("NO_LEDGER", no_ledger)? {
            let entry = entry.or_fail_with("NO_LEDGER", no_ledger)?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if let Ok(channel) = ChannelId::new(name) {
                found.push(Self { channel, folder: entry.path() });
            }
        }
        found.sort_by(|a, b| a.channel.cmp(&b.channel));
        if found.is_empty() {
            return Err(Failure::new("NO_LEDGER", no_ledger()));
        }
        Ok(found)
    }

    /// The channel of this name, or the first.
    pub(crate) fn find(data: &Path, channel: Option<&ChannelId>) -> Result<Self, Failure> {
        let all = Self::all(data)?;
        let found =
            all.into_iter().find(|ledger| channel.is_none_or(|name| ledger.channel == *name));
        found.ok_or_else(|| {
            let name = channel.map_or("", ChannelId::as_str);
            Failure::new("NO_CHANNEL", format!("{} has no channel {name}", data.display()))
        })
    }

    /// A walk over its records.
    pub(crate) fn records(&self) -> Result<Records<'static>, Failure> {
        scan::records(&SystemFiles, &self.folder).or_fail_with("NO_LEDGER", || self.unreadable())
    }

    /// How many blocks it holds before the first damage.
    pub(crate) fn height(&self) -> Result<u64, Failure> {
        let mut height = 0;
        self.walk(|record| {
            height = record.number + 1;
            Ok(Walk::On)
        })?;
        Ok(height)
    }

    /// One block.
    pub(crate) fn block(&self, number: u64) -> Result<Block, Failure> {
        let mut block = None;
        self.walk(|record| {
            if record.number < number {
                return Ok(Walk::On);
            }
            block = Some(decode(&record)?);
            Ok(Walk::Enough)
        })?;
        block.ok_or_else(|| {
            Failure::new("NO_BLOCK", format!("{} has no block {number}", self.channel))
        })
    }

    /// Hands over every block in order, until the visitor has enough, the files end, or a damage
    /// ends them.
    pub(crate) fn walk(
        &self,
        mut visit: impl FnMut(Record) -> Result<Walk, Failure>,
    ) -> Result<(), Failure> {
        for found in self.records()? {
            match found.or_fail_with("NO_LEDGER", || self.unreadable())? {
                Found::Block(record) => {
                    if let Walk::Enough = visit(record)? {
                        return Ok(());
                    }
                }
                Found::Damage(damage) => {
                    return Err(Failure::new("DAMAGED", "the ledger is damaged").because(damage));
                }
                Found::TornTail { .. } => return Ok(()),
            }
        }
        Ok(())
    }

    pub(crate) fn unreadable(&self) -> String {
        format!("the ledger of {} cannot be read", self.channel)
    }
}

/// Whether a walk goes on.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Walk {
    On,
    Enough,
}

/// The block of a record whose checksum is right.
pub(crate) fn decode(record: &Record) -> Result<Block, Failure> {
    Block::decode(record.body.as_slice()).or_fail_with("DAMAGED", || {
        let (file, offset) = (record.file.display(), record.body_offset());
        format!("{file}: block {}, byte {offset}: no block", record.number)
    })
}
