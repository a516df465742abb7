//! A disk that forgets, when the power goes, what was not synced.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use pervade_ports::{File, OpenMode, Vfs};

use crate::world::Power;

/// A disk on which bytes last from [`File::sync`] on, and names from [`Vfs::sync_dir`] on.
#[derive(Clone, Default)]
pub(crate) struct Disk {
    state: Arc<Mutex<State>>,
    power: Power,
}

#[derive(Default)]
struct State {
    folders: BTreeSet<PathBuf>,
    names: BTreeMap<PathBuf, Inode>,
    lasting: BTreeMap<PathBuf, Inode>,
}

type Inode = Arc<Mutex<Bytes>>;

#[derive(Default)]
struct Bytes {
    now: Vec<u8>,
    lasting: Vec<u8>,
}

impl Disk {
    /// The same disk, used by as much power.
    pub(crate) fn with(&self, power: Power) -> Self {
        Self { state: Arc::clone(&self.state), power }
    }

    /// The power goes: what was not synced is gone.
    pub(crate) fn forget(&self) {
        let mut state = self.state.lock().unwrap();
        state.names = state.lasting.clone();
        for inode in state.names.values() {
            let mut bytes = inode.lock().unwrap();
            bytes.now = bytes.lasting.clone();
        }
    }

    /// Whether any file holds these bytes, now or in what lasts.
    pub(crate) fn holds(&self, wanted: &[u8]) -> bool {
        let state = self.state.lock().unwrap();
        state.names.values().chain(state.lasting.values()).any(|inode| {
            let bytes = inode.lock().unwrap();
            [&bytes.now, &bytes.lasting]
                .iter()
                .any(|bytes| bytes.windows(wanted.len()).any(|window| window == wanted))
        })
    }

    fn step<T>(&self, work: impl FnOnce(&mut State) -> io::Result<T>) -> io::Result<T> {
        self.power.spend(|| work(&mut self.state.lock().unwrap())).ok_or_else(dark)?
    }
}

fn dark() -> io::Error {
    io::Error::other("the power is gone")
}

impl Vfs for Disk {
    fn open(&self, path: &Path, mode: OpenMode) -> io::Result<Box<dyn File>> {
        let open = |state: &mut State| {
            let found = state.names.get(path).cloned();
            match (found, mode) {
                (Some(_), OpenMode::CreateNew) => Err(io::ErrorKind::AlreadyExists.into()),
                (Some(inode), _) => Ok(inode),
                (None, OpenMode::Existing | OpenMode::ReadOnly) => {
                    Err(io::ErrorKind::NotFound.into())
                }
                (None, OpenMode::CreateIfMissing | OpenMode::CreateNew) => {
                    Ok(state.names.entry(path.to_owned()).or_default().clone())
                }
            }
        };
        let inode = self.step(open)?;
        Ok(Box::new(Open { disk: self.clone(), inode }))
    }

    fn create_dir_all(&self, path: &Path) -> io::Result<()> {
        self.step(|state| {
            state.folders.insert(path.to_owned());
            Ok(())
        })
    }

    fn list(&self, path: &Path) -> io::Result<Vec<PathBuf>> {
        self.step(|state| {
            Ok(state.names.keys().filter(|name| name.parent() == Some(path)).cloned().collect())
        })
    }

    fn exists(&self, path: &Path) -> bool {
        let state = self.state.lock().unwrap();
        state.folders.contains(path) || state.names.contains_key(path)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.step(|state| {
            let inode = state.names.remove(from).ok_or(io::ErrorKind::NotFound)?;
            state.names.insert(to.to_owned(), inode);
            Ok(())
        })
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.step(|state| {
            state.names.remove(path).map(|_| ()).ok_or_else(|| io::ErrorKind::NotFound.into())
        })
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        self.step(|state| {
            state.lasting.retain(|name, _| name.parent() != Some(path));
            let here = state.names.iter().filter(|(name, _)| name.parent() == Some(path));
            let here: Vec<_> = here.map(|(name, inode)| (name.clone(), inode.clone())).collect();
            state.lasting.extend(here);
            Ok(())
        })
    }
}

struct Open {
    disk: Disk,
    inode: Inode,
}

impl Open {
    fn step<T>(&self, work: impl FnOnce(&mut Bytes) -> io::Result<T>) -> io::Result<T> {
        self.disk.power.spend(|| work(&mut self.inode.lock().unwrap())).ok_or_else(dark)?
    }
}

impl File for Open {
    fn read_at(&self, offset: u64, bytes: &mut [u8]) -> io::Result<()> {
        let start = usize::try_from(offset).unwrap();
        self.step(|held| {
            let found = held.now.get(start..start + bytes.len());
            bytes.copy_from_slice(found.ok_or(io::ErrorKind::UnexpectedEof)?);
            Ok(())
        })
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let start = usize::try_from(offset).unwrap();
        self.step(|held| {
            let end = start + bytes.len();
            if held.now.len() < end {
                held.now.resize(end, 0);
            }
            held.now.splice(start..end, bytes.iter().copied());
            Ok(())
        })
    }

    fn len(&self) -> io::Result<u64> {
        self.step(|held| Ok(u64::try_from(held.now.len()).unwrap()))
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.step(|held| {
            held.now.resize(usize::try_from(len).unwrap(), 0);
            Ok(())
        })
    }

    fn sync(&self) -> io::Result<()> {
        self.step(|held| {
            held.lasting = held.now.clone();
            Ok(())
        })
    }

    fn try_lock(&self) -> io::Result<()> {
        Ok(())
    }
}
