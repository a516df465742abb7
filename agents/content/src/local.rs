use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::{Buf as _, Bytes};
use pervade_ports::{BoxFuture, OpenMode, Vfs};

use crate::assembly::{Assembly, Refusal};
use crate::id::ContentId;
use crate::store::{ContentStore, StoreError};
use crate::tree::{BLOCK_BYTES_MAX, Block, Blocks};

/// A folder with one file for each block, named by its identifier.
///
/// A block is written whole under its name with `.new` after it, and then given its name: under its
/// name it is whole or not there. Several processes may use one folder: whoever writes a block
/// writes the same bytes. The disk is waited for on tokio's threads for that, so that a store is
/// used within tokio's runtime.
#[derive(Clone)]
pub struct LocalStore {
    files: Arc<dyn Vfs>,
    folder: PathBuf,
}

impl LocalStore {
    /// Uses a folder, and makes it if it is not there.
    ///
    /// # Errors
    /// The folder cannot be made.
    pub fn open(files: Arc<dyn Vfs>, folder: PathBuf) -> Result<Self, StoreError> {
        let above = folder.parent().filter(|above| !above.as_os_str().is_empty());
        let is_new = !files.exists(&folder);
        files.create_dir_all(&folder).map_err(at(&folder))?;
        if let Some(above) = above.filter(|_| is_new) {
            files.sync_dir(above).map_err(at(above))?;
        }
        Ok(Self { files, folder })
    }

    fn write_file(&self, file: &Bytes) -> Result<ContentId, StoreError> {
        let mut root = None;
        for block in Blocks::of(file.clone().reader()) {
            let block = block.map_err(at(&self.folder))?;
            self.write_block(&block)?;
            root = Some(block.id);
        }
        // One that was there already may have got its name a moment ago, from another process.
        self.files.sync_dir(&self.folder).map_err(at(&self.folder))?;
        root.ok_or(StoreError::Ended)
    }

    fn write_block(&self, block: &Block) -> Result<(), StoreError> {
        let path = self.path(block.id);
        if self.read_block(block.id).is_ok_and(|kept| block.id.is_of(&kept)) {
            return Ok(());
        }
        let new = path.with_extension("new");
        self.write_bytes(&new, &block.bytes).map_err(at(&new))?;
        match self.files.rename(&new, &path) {
            // Another process has named the same bytes first.
            Err(error) if error.kind() == io::ErrorKind::NotFound && self.files.exists(&path) => {
                Ok(())
            }
            named => named.map_err(at(&path)),
        }
    }

    /// A file that was left by a crash, longer or shorter, is written over.
    fn write_bytes(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let file = self.files.open(path, OpenMode::CreateIfMissing)?;
        file.write_at(0, bytes)?;
        file.set_len(u64::try_from(bytes.len()).unwrap_or(u64::MAX))?;
        file.sync()
    }

    fn read_file(&self, id: ContentId, limit: u64) -> Result<Vec<u8>, StoreError> {
        let mut assembly = Assembly::new(id, limit);
        while let Some(id) = assembly.wanted() {
            let block = self.read_block(id)?;
            assembly.give(&block)?;
        }
        assembly.finish().ok_or(StoreError::Ended)
    }

    /// The block as it is kept, unchecked but for its length.
    fn read_block(&self, id: ContentId) -> Result<Vec<u8>, StoreError> {
        let path = self.path(id);
        let file = match self.files.open(&path, OpenMode::ReadOnly) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(StoreError::Missing { id });
            }
            opened => opened.map_err(at(&path))?,
        };
        let length = usize::try_from(file.len().map_err(at(&path))?).unwrap_or(usize::MAX);
        if length > BLOCK_BYTES_MAX {
            return Err(Refusal::Altered { id }.into());
        }
        let mut block = vec![0; length];
        file.read_at(0, &mut block).map_err(at(&path))?;
        Ok(block)
    }

    fn path(&self, id: ContentId) -> PathBuf {
        self.folder.join(id.to_string())
    }
}

impl ContentStore for LocalStore {
    fn put(&self, file: Bytes) -> BoxFuture<'_, Result<ContentId, StoreError>> {
        let store = self.clone();
        Box::pin(aside(move || store.write_file(&file)))
    }

    fn get(&self, id: ContentId, limit: u64) -> BoxFuture<'_, Result<Vec<u8>, StoreError>> {
        let store = self.clone();
        Box::pin(aside(move || store.read_file(id, limit)))
    }
}

/// Waits for the disk on a thread that nothing else waits for.
async fn aside<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    tokio::task::spawn_blocking(work).await.unwrap_or(Err(StoreError::Ended))
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> StoreError {
    let path = path.to_owned();
    move |source| StoreError::Io { path, source }
}

impl std::fmt::Debug for LocalStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LocalStore").field("folder", &self.folder).finish_non_exhaustive()
    }
}
