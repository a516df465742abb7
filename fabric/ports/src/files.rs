use std::io;
use std::path::{Path, PathBuf};

/// A file system, as far as a ledger needs one.
///
/// A write is durable only after [`File::sync`]; a new name only after [`Vfs::sync_dir`].
pub trait Vfs: Send + Sync {
    /// Opens a file for reading and writing.
    fn open(&self, path: &Path, mode: OpenMode) -> io::Result<Box<dyn File>>;
    /// Makes a folder and those above it; no error if it exists.
    fn create_dir_all(&self, path: &Path) -> io::Result<()>;
    /// The paths in a folder, in byte order.
    fn list(&self, path: &Path) -> io::Result<Vec<PathBuf>>;
    /// Whether a file or folder is there.
    fn exists(&self, path: &Path) -> bool;
    /// Gives a file another name, replacing what had it.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Removes a file.
    fn remove(&self, path: &Path) -> io::Result<()>;
    /// Makes the names in a folder durable.
    fn sync_dir(&self, path: &Path) -> io::Result<()>;
}

/// One open file. Dropping it releases its lock.
pub trait File: Send + Sync {
    /// Reads exactly `bytes.len()` bytes at `offset`, or fails with `UnexpectedEof`.
    fn read_at(&self, offset: u64, bytes: &mut [u8]) -> io::Result<()>;
    /// Writes all of `bytes` at `offset`, growing the file as needed.
    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()>;
    /// Length in bytes.
    fn len(&self) -> io::Result<u64>;
    /// Whether the file holds nothing.
    fn is_empty(&self) -> io::Result<bool> {
        Ok(self.len()? == 0)
    }
    /// Cuts or grows the file.
    fn set_len(&self, len: u64) -> io::Result<()>;
    /// Returns once every write so far is durable.
    fn sync(&self) -> io::Result<()>;
    /// Takes the file for this process alone; `WouldBlock` if another has it.
    fn try_lock(&self) -> io::Result<()>;
}

/// What must be true of the name when a file is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "complete by definition")]
pub enum OpenMode {
    /// It must exist.
    Existing,
    /// It must exist, and is opened for reading only.
    ReadOnly,
    /// It is made if it does not exist.
    CreateIfMissing,
    /// It must not exist.
    CreateNew,
}
