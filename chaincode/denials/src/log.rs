//! Writes the log, in a thread of its own.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{Builder, JoinHandle};

use pervade_ports::{Clock, File, OpenMode, Vfs};
use tracing::{error, warn};

use crate::chain::{Chain, digest};
use crate::{Denials, Denied, Entry};

/// Most bytes of a log. A full one stays as it is, and what is refused from then on is only counted.
pub const LOG_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// Refusals that wait for the disk. Those beyond are counted and not written.
const WAITING_MAX: usize = 4_096;

/// Refusals that are written at a time.
const BATCH_MAX: usize = 256;

/// A log of refused calls in a file that this process alone may change.
///
/// Refusals are written as they come; [`close`](Self::close) returns once all are on disk.
pub struct Log {
    path: PathBuf,
    dropped: Arc<AtomicU64>,
    writing: Mutex<Option<Writing>>,
}

struct Writing {
    waiting: SyncSender<Denied>,
    thread: JoinHandle<()>,
}

/// Why a log cannot be kept.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LogError {
    /// The file cannot be opened, read or written.
    #[error("cannot use the log {}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Another process writes it.
    #[error("another process writes the log {}", path.display())]
    Held {
        /// The file.
        path: PathBuf,
    },
    /// It is longer than a log can be.
    #[error("{} has {bytes} bytes: a log has at most {LOG_BYTES_MAX}", path.display())]
    TooLong {
        /// The file.
        path: PathBuf,
        /// How many it has.
        bytes: u64,
    },
}

impl Log {
    /// Opens a log, or begins one. A last line that was not written to its end is dropped. What else
    /// does not hold is said and stays for others to see: the log goes on, for refusals are to be
    /// known whatever was done to it.
    ///
    /// # Errors
    /// If it cannot be used, or another process has it.
    pub fn open(path: &Path, vfs: &dyn Vfs, clock: Arc<dyn Clock>) -> Result<Self, LogError> {
        Self::open_within(path, vfs, clock, LOG_BYTES_MAX)
    }

    fn open_within(
        path: &Path,
        vfs: &dyn Vfs,
        clock: Arc<dyn Clock>,
        bytes_max: u64,
    ) -> Result<Self, LogError> {
        let failed = |source| LogError::File { path: path.to_owned(), source };
        let file = vfs.open(path, OpenMode::CreateIfMissing).map_err(failed)?;
        file.try_lock().map_err(|error| {
            if error.kind() == io::ErrorKind::WouldBlock {
                LogError::Held { path: path.to_owned() }
            } else {
                failed(error)
            }
        })?;
        let (chain, bytes) = read(path, file.as_ref())?;
        for fault in &chain.faults {
            error!(log = %path.display(), %fault, "the log is not as it was written");
        }
        if chain.torn > 0 {
            warn!(log = %path.display(), bytes = chain.torn, "a line that was cut short is dropped");
            file.set_len(bytes).map_err(failed)?;
        }
        let dropped = Arc::new(AtomicU64::new(0));
        let (number, previous) = (chain.last_number(), chain.head().to_owned());
        let head = Head { bytes, number, previous };
        let writer = Writer { file, clock, head, bytes_max, dropped: Arc::clone(&dropped) };
        let (waiting, received) = sync_channel(WAITING_MAX);
        let thread = Builder::new().name("denials".to_owned());
        let thread = thread.spawn(move || writer.write_all(&received)).map_err(failed)?;
        let writing = Mutex::new(Some(Writing { waiting, thread }));
        Ok(Self { path: path.to_owned(), dropped, writing })
    }

    /// Reads a log that may be written meanwhile.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn read(path: &Path, vfs: &dyn Vfs) -> Result<Chain, LogError> {
        let failed = |source| LogError::File { path: path.to_owned(), source };
        let file = vfs.open(path, OpenMode::ReadOnly).map_err(failed)?;
        Ok(read(path, file.as_ref())?.0)
    }

    /// Writes what is waiting and ends. What is refused afterwards is not written.
    pub fn close(&self) {
        let Some(Writing { waiting, thread }) = self.writing().take() else { return };
        drop(waiting);
        if thread.join().is_err() {
            error!(log = %self.path.display(), "the log's thread has failed");
        }
    }

    fn writing(&self) -> MutexGuard<'_, Option<Writing>> {
        self.writing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Denials for Log {
    fn denied(&self, denied: Denied) {
        let sent = match self.writing().as_ref() {
            Some(Writing { waiting, .. }) => waiting.try_send(denied).is_ok(),
            None => false,
        };
        if !sent {
            drop_one(&self.dropped, "the disk is too slow, or the log is closed");
        }
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        self.close();
    }
}

impl fmt::Debug for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Log").field("path", &self.path).finish_non_exhaustive()
    }
}

/// Counts a refusal that no entry will tell of, and says so ever more rarely.
fn drop_one(dropped: &AtomicU64, reason: &'static str) {
    let total = dropped.fetch_add(1, Ordering::Relaxed).saturating_add(1);
    if total.is_power_of_two() {
        warn!(total, reason, "refusals are not in the log");
    }
}

/// Reads a log to its last whole line, and tells how many bytes that are.
fn read(path: &Path, file: &dyn File) -> Result<(Chain, u64), LogError> {
    let failed = |source| LogError::File { path: path.to_owned(), source };
    let bytes = file.len().map_err(failed)?;
    let too_long = || LogError::TooLong { path: path.to_owned(), bytes };
    if bytes > LOG_BYTES_MAX {
        return Err(too_long());
    }
    let mut content = vec![0; usize::try_from(bytes).map_err(|_| too_long())?];
    file.read_at(0, &mut content).map_err(failed)?;
    let chain = Chain::read(&content);
    let torn = u64::try_from(chain.torn).unwrap_or(bytes);
    Ok((chain, bytes.saturating_sub(torn)))
}

struct Writer {
    file: Box<dyn File>,
    clock: Arc<dyn Clock>,
    head: Head,
    bytes_max: u64,
    dropped: Arc<AtomicU64>,
}

/// Where a log ends.
#[derive(Clone)]
struct Head {
    bytes: u64,
    /// Of its last entry.
    number: u64,
    /// The digest of its last line.
    previous: String,
}

impl Writer {
    fn write_all(mut self, received: &Receiver<Denied>) {
        while let Ok(first) = received.recv() {
            let others = received.try_iter().take(BATCH_MAX.saturating_sub(1));
            self.write(std::iter::once(first).chain(others));
        }
    }

    fn write(&mut self, batch: impl Iterator<Item = Denied>) {
        let before = self.head.clone();
        let dropped_before = self.dropped.swap(0, Ordering::Relaxed);
        let mut dropped = dropped_before;
        let mut lines = Vec::new();
        for denied in batch {
            let Some(line) = self.line(&denied, dropped) else {
                dropped = dropped.saturating_add(1);
                continue;
            };
            dropped = 0;
            self.head.bytes = self.head.bytes.saturating_add(length(&line));
            self.head.number = self.head.number.saturating_add(1);
            self.head.previous = digest(line.trim_ascii_end());
            lines.extend(line);
        }
        let written = self.head.number.saturating_sub(before.number);
        if let Err(error) = self.append(before.bytes, &lines) {
            error!(%error, "refusals cannot be written down");
            self.head = before;
            dropped = dropped_before.saturating_add(dropped).saturating_add(written);
        }
        if dropped > 0 {
            self.dropped.fetch_add(dropped.saturating_sub(1), Ordering::Relaxed);
            drop_one(&self.dropped, "the log is full, or cannot be written");
        }
    }

    /// The line that comes next; none if the log is full.
    fn line(&self, denied: &Denied, dropped: u64) -> Option<Vec<u8>> {
        let now = self.clock.now();
        let seconds = u64::try_from(now.seconds()).unwrap_or_default();
        let time_ms =
            seconds.saturating_mul(1_000).saturating_add((now.nanos() / 1_000_000).into());
        let number = self.head.number.saturating_add(1);
        let entry = Entry { dropped, time_ms, ..Entry::new(denied, number, &self.head.previous) };
        let mut line = serde_json::to_vec(&entry).ok()?;
        line.push(b'\n');
        let has_room = self.head.bytes.saturating_add(length(&line)) <= self.bytes_max;
        has_room.then_some(line)
    }

    fn append(&self, at: u64, lines: &[u8]) -> io::Result<()> {
        if lines.is_empty() {
            return Ok(());
        }
        let written = self.file.write_at(at, lines).and_then(|()| self.file.sync());
        if written.is_err() {
            // No half of a line is to stay before what is written later.
            self.file.set_len(at)?;
        }
        written
    }
}

fn length(line: &[u8]) -> u64 {
    u64::try_from(line.len()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
