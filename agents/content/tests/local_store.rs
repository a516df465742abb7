//! A folder of blocks that is damaged, torn and shared.

#![expect(clippy::tests_outside_test_module, clippy::unwrap_used, reason = "all of this is test")]

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use pervade_content::{
    Blocks, Codec, ContentId, ContentStore, LocalStore, Refusal, StoreError, address,
};
use pervade_ports::system::SystemFiles;
use pervade_ports::{File, OpenMode, Vfs};

/// W-86: what was kept is found by its identifier, by another process too.
#[tokio::test]
async fn a_file_is_found_by_its_identifier() {
    let folder = tempfile::tempdir().unwrap();
    let (mine, theirs) = (store(folder.path()), store(folder.path()));
    for file in [Bytes::new(), text("a result"), large()] {
        let id = mine.put(file.clone()).await.unwrap();
        assert_eq!(id, address(&file), "the identifier is the file's address");
        assert_eq!(theirs.get(id, LIMIT).await.unwrap(), file);
    }
}

/// W-86: one block in a file of its own, named by its identifier, as a node of IPFS serves it.
#[tokio::test]
async fn blocks_are_files() {
    let folder = tempfile::tempdir().unwrap();
    store(folder.path()).put(large()).await.unwrap();
    let mut expected: Vec<_> = blocks(&large()).into_iter().map(|id| id.to_string()).collect();
    expected.sort();
    assert_eq!(names(folder.path()), expected);
    for name in expected {
        let id: ContentId = name.parse().unwrap();
        assert!(id.is_of(&fs::read(folder.path().join(name)).unwrap()), "{id}");
    }
}

/// W-91: damage is named by the block it is in.
#[tokio::test]
async fn damage_is_refused_by_name() {
    for damaged in blocks(&large()) {
        let (folder, id, path) = kept(damaged).await;
        let whole = fs::read(&path).unwrap();
        let altered: Vec<u8> = whole.iter().map(|byte| byte ^ 0x80).collect();
        for bytes in [altered, whole[1..].to_vec(), Vec::new(), vec![0; 262_145]] {
            fs::write(&path, bytes).unwrap();
            let refused = store(folder.path()).get(id, LIMIT).await.unwrap_err();
            let StoreError::Refused(Refusal::Altered { id }) = refused else { panic!("{refused}") };
            assert_eq!(id, damaged);
        }
        fs::remove_file(&path).unwrap();
        let refused = store(folder.path()).get(id, LIMIT).await.unwrap_err();
        let StoreError::Missing { id } = refused else { panic!("{refused}") };
        assert_eq!(id, damaged);
    }
}

#[tokio::test]
async fn a_file_put_again_is_mended() {
    for damaged in blocks(&large()) {
        let (folder, id, path) = kept(damaged).await;
        fs::write(&path, b"other").unwrap();
        assert_eq!(store(folder.path()).put(large()).await.unwrap(), id);
        assert_eq!(store(folder.path()).get(id, LIMIT).await.unwrap(), large());
    }
}

#[tokio::test]
async fn a_file_is_handed_back_up_to_a_limit() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(folder.path());
    let id = store.put(large()).await.unwrap();
    assert!(store.get(id, 300_000).await.is_ok(), "as long as the limit");
    let refused = store.get(id, 299_999).await.unwrap_err();
    assert!(matches!(refused, StoreError::Refused(Refusal::TooLarge { .. })), "{refused}");
    let absent = ContentId::of(Codec::DagPb, b"");
    let refused = store.get(absent, LIMIT).await.unwrap_err();
    assert!(matches!(refused, StoreError::Missing { id } if id == absent), "{refused}");
}

/// The disk fails at each of its operations in turn, which stays as it was left, and then works.
#[tokio::test]
async fn a_file_torn_anywhere_is_completed() {
    for operations in 0.. {
        let folder = tempfile::tempdir().unwrap();
        let disk = Failing::after(operations);
        let torn = LocalStore::open(Arc::new(disk), folder.path().to_owned()).unwrap();
        let put = torn.put(large()).await;
        for name in names(folder.path()) {
            let bytes = fs::read(folder.path().join(&name)).unwrap();
            let is_whole = name.parse::<ContentId>().is_ok_and(|id| id.is_of(&bytes));
            assert!(is_whole || name.ends_with(".new"), "{name} after {operations} operations");
        }
        let store = store(folder.path());
        let id = store.put(large()).await.unwrap();
        assert_eq!(store.get(id, LIMIT).await.unwrap(), large());
        assert_eq!(names(folder.path()).len(), 3, "nothing else is left");
        if put.is_ok() {
            assert!(operations > 12, "each block is written, synced and named");
            return;
        }
    }
}

#[tokio::test]
async fn what_a_crash_left_is_written_over() {
    let folder = tempfile::tempdir().unwrap();
    for id in blocks(&large()) {
        fs::write(folder.path().join(format!("{id}.new")), vec![1; 400_000]).unwrap();
    }
    let store = store(folder.path());
    let id = store.put(large()).await.unwrap();
    assert_eq!(store.get(id, LIMIT).await.unwrap(), large());
    assert_eq!(names(folder.path()).len(), 3, "nothing else is left");
}

#[tokio::test]
async fn two_may_keep_the_same_at_the_same_time() {
    let folder = tempfile::tempdir().unwrap();
    for _round in 0..20 {
        let (one, other) = (store(folder.path()), store(folder.path()));
        let (first, second) = tokio::join!(one.put(large()), other.put(large()));
        assert_eq!(first.unwrap(), second.unwrap());
        assert_eq!(one.get(address(&large()), LIMIT).await.unwrap(), large());
        assert_eq!(names(folder.path()).len(), 3, "three blocks");
        for name in names(folder.path()) {
            fs::remove_file(folder.path().join(name)).unwrap();
        }
    }
}

const LIMIT: u64 = 1_000_000;

fn store(folder: &Path) -> LocalStore {
    LocalStore::open(Arc::new(SystemFiles), folder.to_owned()).unwrap()
}

fn text(text: &'static str) -> Bytes {
    Bytes::from_static(text.as_bytes())
}

/// Two leaves and their root.
fn large() -> Bytes {
    (0..=250_u8).cycle().take(300_000).collect()
}

fn blocks(file: &[u8]) -> Vec<ContentId> {
    Blocks::of(file).map(|block| block.unwrap().id).collect()
}

/// A folder that keeps the large file, its identifier, and where one of its blocks is.
async fn kept(block: ContentId) -> (tempfile::TempDir, ContentId, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let id = store(folder.path()).put(large()).await.unwrap();
    let path = folder.path().join(block.to_string());
    (folder, id, path)
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<_> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// A disk that does so many operations that change it, half of the one after, and no more.
#[derive(Clone)]
struct Failing(Arc<AtomicUsize>);

impl Failing {
    fn after(operations: usize) -> Self {
        Self(Arc::new(AtomicUsize::new(operations)))
    }

    fn count(&self) -> io::Result<()> {
        let count = |left: usize| left.checked_sub(1);
        let counted = self.0.fetch_update(Ordering::SeqCst, Ordering::SeqCst, count);
        counted.map(|_left| ()).map_err(|_none| io::ErrorKind::StorageFull.into())
    }
}

struct FailingFile(Box<dyn File>, Failing);

impl File for FailingFile {
    fn read_at(&self, offset: u64, bytes: &mut [u8]) -> io::Result<()> {
        self.0.read_at(offset, bytes)
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.1.count().inspect_err(|_full| {
            let (half, _lost) = bytes.split_at(bytes.len() / 2);
            self.0.write_at(offset, half).unwrap();
        })?;
        self.0.write_at(offset, bytes)
    }

    fn len(&self) -> io::Result<u64> {
        self.0.len()
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.1.count().and_then(|()| self.0.set_len(len))
    }

    fn sync(&self) -> io::Result<()> {
        self.1.count().and_then(|()| self.0.sync())
    }

    fn try_lock(&self) -> io::Result<()> {
        self.0.try_lock()
    }
}

impl Vfs for Failing {
    fn open(&self, path: &Path, mode: OpenMode) -> io::Result<Box<dyn File>> {
        if mode != OpenMode::ReadOnly {
            self.count()?;
        }
        Ok(Box::new(FailingFile(SystemFiles.open(path, mode)?, self.clone())))
    }

    fn create_dir_all(&self, path: &Path) -> io::Result<()> {
        SystemFiles.create_dir_all(path)
    }

    fn list(&self, path: &Path) -> io::Result<Vec<PathBuf>> {
        SystemFiles.list(path)
    }

    fn exists(&self, path: &Path) -> bool {
        SystemFiles.exists(path)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.count().and_then(|()| SystemFiles.rename(from, to))
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.count().and_then(|()| SystemFiles.remove(path))
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        self.count().and_then(|()| SystemFiles.sync_dir(path))
    }
}
