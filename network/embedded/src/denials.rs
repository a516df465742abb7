//! The logs of refused calls of the chaincodes that run in this process.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use pervade_denials::{Denials, Log, LogError};
use pervade_ports::{Clock, Vfs};
use tracing::error;

/// The folder of these logs, within the network's; each is `<chaincode>.jsonl`.
pub const DENIALS: &str = "denials";

/// A log for each chaincode, whichever peers run it.
pub(crate) struct DenialLogs {
    folder: PathBuf,
    vfs: Arc<dyn Vfs>,
    clock: Arc<dyn Clock>,
    open: Mutex<BTreeMap<String, Arc<Log>>>,
}

impl DenialLogs {
    pub(crate) fn new(data: &std::path::Path, vfs: Arc<dyn Vfs>, clock: Arc<dyn Clock>) -> Self {
        Self { folder: data.join(DENIALS), vfs, clock, open: Mutex::default() }
    }

    /// A chaincode's log. Without one, which is said, the chaincode runs all the same.
    pub(crate) fn of(&self, chaincode: &str) -> Option<Arc<dyn Denials>> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(log) = open.get(chaincode) {
            return Some(Arc::clone(log) as _);
        }
        let log = self.begin(chaincode).inspect_err(|error| {
            error!(chaincode, %error, "refused calls are not written down");
        });
        let log = Arc::new(log.ok()?);
        open.insert(chaincode.to_owned(), Arc::clone(&log));
        Some(log)
    }

    fn begin(&self, chaincode: &str) -> Result<Log, LogError> {
        let failed = |source| LogError::File { path: self.folder.clone(), source };
        self.vfs.create_dir_all(&self.folder).map_err(failed)?;
        let path = self.folder.join(format!("{chaincode}.jsonl"));
        let log = Log::open(&path, self.vfs.as_ref(), Arc::clone(&self.clock))?;
        self.vfs.sync_dir(&self.folder).map_err(failed)?;
        Ok(log)
    }

    /// Writes what is waiting and gives the files up.
    pub(crate) fn close(&self) {
        let open = std::mem::take(&mut *self.open.lock().unwrap_or_else(PoisonError::into_inner));
        open.values().for_each(|log| log.close());
    }
}
