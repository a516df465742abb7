//! The network's folder: who owns it, and how small files are kept in it.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use pervade_ports::{File, OpenMode, Vfs};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest as _, Sha256};
use thiserror::Error;

/// A folder that this process alone may change, for as long as the value lives.
pub(crate) struct Folder {
    path: PathBuf,
    vfs: Arc<dyn Vfs>,
    /// `None` once the folder is given up.
    lock: Mutex<Option<Box<dyn File>>>,
}

const LOCK: &str = "lock";

/// Why the folder cannot be had.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum FolderError {
    /// Another process has it.
    #[error("{} belongs to {}", path.display(), holder(*process))]
    Held {
        /// The folder.
        path: PathBuf,
        /// The process that has it, if it says.
        process: Option<u32>,
    },
    /// A file is not as it was written, or was written by another release.
    #[error("{} is damaged or of another release", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
    },
    /// The file system failed.
    #[error("cannot use {}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// Its answer.
        source: io::Error,
    },
}

fn holder(process: Option<u32>) -> String {
    process.map_or("another process".to_owned(), |process| format!("process {process}"))
}

impl Folder {
    /// Makes the folder if need be and takes it.
    pub(crate) fn take(path: &Path, vfs: Arc<dyn Vfs>) -> Result<Self, FolderError> {
        vfs.create_dir_all(path).map_err(failed(path))?;
        owner_only(path)?;
        let file = path.join(LOCK);
        let lock = vfs.open(&file, OpenMode::CreateIfMissing).map_err(failed(&file))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                let process = read_text(&*lock).and_then(|text| text.trim().parse().ok());
                return Err(FolderError::Held { path: path.to_owned(), process });
            }
            Err(error) => return Err(failed(&file)(error)),
        }
        let owner = std::process::id().to_string();
        lock.set_len(0).and_then(|()| lock.write_at(0, owner.as_bytes())).map_err(failed(&file))?;
        Ok(Self { path: path.to_owned(), vfs, lock: Mutex::new(Some(lock)) })
    }

    /// The folder as `vfs` shows it, without taking it.
    pub(crate) fn seen_through(path: &Path, vfs: Arc<dyn Vfs>) -> Self {
        Self { path: path.to_owned(), vfs, lock: Mutex::new(None) }
    }

    /// Lets others take the folder, even while something still holds this value.
    pub(crate) fn give_up(&self) {
        drop(self.lock.lock().unwrap_or_else(PoisonError::into_inner).take());
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn vfs(&self) -> &Arc<dyn Vfs> {
        &self.vfs
    }

    /// Writes a file at a relative path.
    pub(crate) fn write(&self, relative: &Path, bytes: &[u8]) -> Result<(), FolderError> {
        write(self.vfs.as_ref(), &self.path.join(relative), bytes)
    }

    /// Writes a value with its digest, replacing the file as a whole.
    pub(crate) fn save<T: Serialize>(&self, name: &str, value: &T) -> Result<(), FolderError> {
        let path = self.path.join(name);
        let sealed = Sealed { format: FORMAT, sha256: digest(value, &path)?, content: value };
        let text = serde_json::to_vec_pretty(&sealed).map_err(|_| damaged(&path))?;
        write(self.vfs.as_ref(), &path, &text)
    }

    /// Reads what [`Folder::save`] wrote; `None` if there is no such file.
    pub(crate) fn load<T: Serialize + DeserializeOwned>(
        &self,
        name: &str,
    ) -> Result<Option<T>, FolderError> {
        let path = self.path.join(name);
        if !self.vfs.exists(&path) {
            return Ok(None);
        }
        let bytes = read(self.vfs.as_ref(), &path)?;
        let sealed: Sealed<T> = serde_json::from_slice(&bytes).map_err(|_| damaged(&path))?;
        let intact = sealed.format == FORMAT && sealed.sha256 == digest(&sealed.content, &path)?;
        if intact { Ok(Some(sealed.content)) } else { Err(damaged(&path)) }
    }
}

/// The only layout of sealed files so far.
const FORMAT: u32 = 1;

#[derive(Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Sealed<T> {
    format: u32,
    sha256: String,
    content: T,
}

fn digest<T: Serialize>(value: &T, path: &Path) -> Result<String, FolderError> {
    let text = serde_json::to_vec(value).map_err(|_| damaged(path))?;
    Ok(hex::encode(Sha256::digest(text)))
}

/// Writes a file as a whole or not at all; durable once this returns.
pub(crate) fn write(vfs: &dyn Vfs, path: &Path, bytes: &[u8]) -> Result<(), FolderError> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let new = path.with_added_extension("new");
    let write = || {
        vfs.create_dir_all(folder)?;
        let file = vfs.open(&new, OpenMode::CreateIfMissing)?;
        file.set_len(0)?;
        file.write_at(0, bytes)?;
        file.sync()?;
        vfs.rename(&new, path)?;
        vfs.sync_dir(folder)
    };
    write().map_err(failed(path))
}

/// Most bytes of a file that is read whole.
const FILE_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// Reads a file.
pub(crate) fn read(vfs: &dyn Vfs, path: &Path) -> Result<Vec<u8>, FolderError> {
    let read = || {
        let file = vfs.open(path, OpenMode::ReadOnly)?;
        let len = file.len()?;
        if len > FILE_BYTES_MAX {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        let mut bytes = vec![0; usize::try_from(len).unwrap_or(0)];
        file.read_at(0, &mut bytes)?;
        Ok(bytes)
    };
    read().map_err(failed(path))
}

/// Lets nobody but the owner into a folder.
pub(crate) fn owner_only(path: &Path) -> Result<(), FolderError> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = std::fs::Permissions::from_mode(0o700);
    std::fs::set_permissions(path, mode).map_err(failed(path))
}

pub(crate) fn failed(path: &Path) -> impl Fn(io::Error) -> FolderError + use<> {
    let path = path.to_owned();
    move |source| FolderError::Io { path: path.clone(), source }
}

pub(crate) fn damaged(path: &Path) -> FolderError {
    FolderError::Damaged { path: path.to_owned() }
}

fn read_text(file: &dyn File) -> Option<String> {
    let mut bytes = vec![0; usize::try_from(file.len().ok()?).ok()?.min(32)];
    file.read_at(0, &mut bytes).ok()?;
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::sync::Arc;

    use pervade_ports::system::SystemFiles;

    use super::{Folder, FolderError};

    #[test]
    fn the_second_owner_is_told_who_is_first() {
        let place = tempfile::tempdir().unwrap();
        let first = Folder::take(place.path(), Arc::new(SystemFiles)).unwrap();
        let refused = Folder::take(place.path(), Arc::new(SystemFiles)).err();
        let Some(FolderError::Held { process, .. }) = refused else { panic!("{refused:?}") };
        assert_eq!(process, Some(std::process::id()));
        drop(first);
        Folder::take(place.path(), Arc::new(SystemFiles)).unwrap();
    }

    /// Every flipped bit of a sealed file is noticed, or changes nothing.
    #[test]
    fn a_sealed_file_is_read_back_or_refused() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::take(place.path(), Arc::new(SystemFiles)).unwrap();
        let value = vec!["one".to_owned(), "two".to_owned()];
        folder.save("value.json", &value).unwrap();
        let path = place.path().join("value.json");
        let good = fs::read(&path).unwrap();
        for at in 0..good.len() {
            let mut bytes = good.clone();
            bytes[at] ^= 1 << (at % 7);
            fs::write(&path, bytes).unwrap();
            match folder.load::<Vec<String>>("value.json") {
                Ok(read) => assert_eq!(read.as_ref(), Some(&value), "byte {at}"),
                Err(error) => assert!(matches!(error, FolderError::Damaged { .. }), "{error:?}"),
            }
        }
    }
}
