//! The real clock, randomness, files and tasks of this machine.

use std::fs;
use std::io;
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::{BoxFuture, Clock, File, OpenMode, Rng, RngError, Spawn, Timestamp, Vfs};

/// The operating system's clock, with tokio's timers.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp::new(i64::try_from(since.as_secs()).unwrap_or(i64::MAX), since.subsec_nanos())
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(duration))
    }
}

/// The operating system's randomness.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemRng;

impl Rng for SystemRng {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), RngError> {
        getrandom::fill(bytes).map_err(|_| RngError)
    }
}

/// Tasks on the tokio runtime the caller runs on.
#[derive(Clone, Debug)]
pub struct TokioSpawn(tokio::runtime::Handle);

impl TokioSpawn {
    /// Tasks on the given runtime.
    #[must_use]
    pub fn new(handle: tokio::runtime::Handle) -> Self {
        Self(handle)
    }
}

impl Spawn for TokioSpawn {
    fn spawn(&self, _name: &'static str, task: BoxFuture<'static, ()>) {
        drop(self.0.spawn(task));
    }
}

/// The machine's own file system. A file it makes is for its owner alone: keys are among them.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemFiles;

impl Vfs for SystemFiles {
    fn open(&self, path: &Path, mode: OpenMode) -> io::Result<Box<dyn File>> {
        let mut options = fs::OpenOptions::new();
        options.read(true).mode(OWNER_ONLY);
        match mode {
            OpenMode::ReadOnly => {}
            OpenMode::Existing => {
                options.write(true);
            }
            OpenMode::CreateIfMissing => {
                options.write(true).create(true).truncate(false);
            }
            OpenMode::CreateNew => {
                options.write(true).create_new(true);
            }
        }
        Ok(Box::new(SystemFile(options.open(path)?)))
    }

    fn create_dir_all(&self, path: &Path) -> io::Result<()> {
        fs::create_dir_all(path)
    }

    fn list(&self, path: &Path) -> io::Result<Vec<PathBuf>> {
        let mut paths =
            fs::read_dir(path)?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
        paths.sort();
        Ok(paths)
    }

    fn exists(&self, path: &Path) -> bool {
        path.exists()
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        fs::File::open(path)?.sync_all()
    }
}

/// Permissions of a new file.
const OWNER_ONLY: u32 = 0o600;

#[derive(Debug)]
struct SystemFile(fs::File);

impl File for SystemFile {
    fn read_at(&self, offset: u64, bytes: &mut [u8]) -> io::Result<()> {
        self.0.read_exact_at(bytes, offset)
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.0.write_all_at(bytes, offset)
    }

    fn len(&self) -> io::Result<u64> {
        Ok(self.0.metadata()?.len())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.0.set_len(len)
    }

    fn sync(&self) -> io::Result<()> {
        self.0.sync_data()
    }

    fn try_lock(&self) -> io::Result<()> {
        self.0.try_lock().map_err(|error| match error {
            fs::TryLockError::WouldBlock => io::ErrorKind::WouldBlock.into(),
            fs::TryLockError::Error(error) => error,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::SystemFiles;
    use crate::{OpenMode, Vfs as _};

    #[test]
    fn a_locked_file_is_refused_to_the_second() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        let first = SystemFiles.open(&path, OpenMode::CreateIfMissing).unwrap();
        let second = SystemFiles.open(&path, OpenMode::Existing).unwrap();
        first.try_lock().unwrap();
        assert_eq!(second.try_lock().unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
        drop(first);
        second.try_lock().unwrap();
    }

    #[test]
    fn a_new_file_is_for_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        for mode in [OpenMode::CreateIfMissing, OpenMode::CreateNew] {
            let path = folder.path().join(format!("{mode:?}"));
            drop(SystemFiles.open(&path, mode).unwrap());
            assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{mode:?}");
        }
    }

    #[test]
    fn bytes_written_past_the_end_are_read_back() {
        let folder = tempfile::tempdir().unwrap();
        let file = SystemFiles.open(&folder.path().join("f"), OpenMode::CreateNew).unwrap();
        file.write_at(3, b"abc").unwrap();
        let mut bytes = [9; 6];
        file.read_at(0, &mut bytes).unwrap();
        assert_eq!(&bytes, b"\0\0\0abc");
        assert_eq!(
            file.read_at(4, &mut bytes).unwrap_err().kind(),
            std::io::ErrorKind::UnexpectedEof
        );
    }
}
