//! A folder whose files are there whole or not at all.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use pervade_ports::{File, OpenMode, Vfs};
use serde::Serialize;
use serde::de::DeserializeOwned;
use thiserror::Error;

/// A folder of small files, each for its owner alone.
///
/// A file is written under its name with `.new` after it, synced, and then given its name: whatever
/// stops the machine, under its name it is the one before or the one after.
#[derive(Clone)]
pub struct Folder {
    files: Arc<dyn Vfs>,
    path: PathBuf,
}

impl Folder {
    /// Most bytes of a file that is read.
    pub const FILE_BYTES_MAX: u64 = 1024 * 1024;

    /// Uses a folder, and makes it if it is not there.
    ///
    /// # Errors
    /// The folder cannot be made.
    pub fn open(files: Arc<dyn Vfs>, path: PathBuf) -> Result<Self, FolderError> {
        let above = path.parent().filter(|above| !above.as_os_str().is_empty());
        let is_new = !files.exists(&path);
        files.create_dir_all(&path).map_err(at(&path))?;
        if let Some(above) = above.filter(|_| is_new) {
            files.sync_dir(above).map_err(at(above))?;
        }
        Ok(Self { files, path })
    }

    /// A folder in it.
    ///
    /// # Errors
    /// The folder cannot be made.
    pub fn inner(&self, name: &str) -> Result<Self, FolderError> {
        Self::open(Arc::clone(&self.files), self.path.join(name))
    }

    /// Takes the folder for this process, until what is returned is dropped.
    ///
    /// # Errors
    /// Another process has it, or the folder cannot be used.
    pub(crate) fn lock(&self) -> Result<Lock, FolderError> {
        let path = self.path.join(LOCK);
        let file = self.files.open(&path, OpenMode::CreateIfMissing).map_err(at(&path))?;
        match file.try_lock() {
            Ok(()) => Ok(Lock { _file: file }),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                Err(FolderError::Taken { path: self.path.clone() })
            }
            Err(error) => Err(at(&path)(error)),
        }
    }

    /// The file's bytes, if it is there.
    ///
    /// # Errors
    /// It cannot be read, or is longer than [`Self::FILE_BYTES_MAX`].
    pub fn read(&self, name: &str) -> Result<Option<Vec<u8>>, FolderError> {
        let path = self.path.join(name);
        let file = match self.files.open(&path, OpenMode::ReadOnly) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            opened => opened.map_err(at(&path))?,
        };
        let length = file.len().map_err(at(&path))?;
        if length > Self::FILE_BYTES_MAX {
            return Err(at(&path)(io::ErrorKind::FileTooLarge.into()));
        }
        let mut bytes = vec![0; usize::try_from(length).unwrap_or_default()];
        file.read_at(0, &mut bytes).map_err(at(&path))?;
        Ok(Some(bytes))
    }

    /// Replaces the file; returns once that is durable.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<(), FolderError> {
        let (path, new) = (self.path.join(name), self.path.join(format!("{name}{NEW}")));
        let write = || {
            let file = self.files.open(&new, OpenMode::CreateIfMissing)?;
            file.write_at(0, bytes)?;
            // One that was left by a crash may be longer.
            file.set_len(u64::try_from(bytes.len()).unwrap_or(u64::MAX))?;
            file.sync()?;
            self.files.rename(&new, &path)?;
            self.files.sync_dir(&self.path)
        };
        write().map_err(at(&path))
    }

    /// Removes a file that is there.
    ///
    /// # Errors
    /// It cannot be removed.
    pub fn remove(&self, name: &str) -> Result<(), FolderError> {
        let path = self.path.join(name);
        self.files.remove(&path).map_err(at(&path))
    }

    /// The names of the files that are there whole, in byte order, but for the lock.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn names(&self) -> Result<Vec<String>, FolderError> {
        let paths = self.files.list(&self.path).map_err(at(&self.path))?;
        let names = paths.iter().filter_map(|path| path.file_name()?.to_str());
        Ok(names.filter(|name| !name.ends_with(NEW) && *name != LOCK).map(str::to_owned).collect())
    }

    /// Reads a file as JSON.
    pub(crate) fn read_json<T: DeserializeOwned>(
        &self,
        name: &str,
    ) -> Result<Option<T>, FolderError> {
        let Some(bytes) = self.read(name)? else { return Ok(None) };
        serde_json::from_slice(&bytes).map(Some).map_err(|source| self.unreadable(name, source))
    }

    /// Replaces a file by JSON.
    pub(crate) fn write_json(&self, name: &str, value: &impl Serialize) -> Result<(), FolderError> {
        let bytes = serde_json::to_vec(value).map_err(|source| self.unreadable(name, source))?;
        self.write(name, &bytes)
    }

    fn unreadable(&self, name: &str, source: serde_json::Error) -> FolderError {
        FolderError::Json { path: self.path.join(name), source }
    }
}

impl std::fmt::Debug for Folder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Folder").field("path", &self.path).finish_non_exhaustive()
    }
}

/// A folder that this process has for itself.
pub(crate) struct Lock {
    _file: Box<dyn File>,
}

impl std::fmt::Debug for Lock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Lock")
    }
}

/// The file that a process locks.
const LOCK: &str = "lock";

/// What a file's name ends in until it is whole.
const NEW: &str = ".new";

fn at(path: &Path) -> impl FnOnce(io::Error) -> FolderError {
    let path = path.to_owned();
    move |source| FolderError::Io { path, source }
}

/// A file could not be read or written.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum FolderError {
    /// The disk did not do its part.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Another process uses the folder.
    #[error("another process uses {}", path.display())]
    Taken {
        /// The folder.
        path: PathBuf,
    },
    /// The file holds something else than it should.
    #[error("{} is damaged: {source}", path.display())]
    Json {
        /// The file.
        path: PathBuf,
        /// Where.
        source: serde_json::Error,
    },
}
