//! `pervade task result`: what came of a task, for whoever has its key.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use pervade_content::{ContentId, ContentStore as _, LocalStore, StoreError};
use pervade_platform::verify;
use pervade_ports::system::SystemFiles;
use pervade_sealing::{SealContext, Sealed, TaskPublic, open};
use pervade_tasks::record::{ResultObject, SavedResult, Statement};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::reader::Readers;
use crate::failure::{Failure, OrFail as _};
use crate::output::Output;
use crate::platform::{At, OrRefused as _, Session, Shown};

/// Which task's result to show.
#[derive(Args, Debug)]
pub(crate) struct Show {
    /// The task, which has ended
    task: String,
    /// Open the file that came with it, and write it here
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// The folder of sealed files [default: `content` in the network's folder]
    #[arg(long, value_name = "DIR")]
    store: Option<PathBuf>,
    #[command(flatten)]
    at: At,
}

impl Show {
    pub(super) async fn run(self, output: Output) -> Result<(), Failure> {
        let session = self.at.open().await?;
        let mut network = session.network();
        let saved = session.tasks(&mut network).result(self.task.clone()).await.or_refused()?;
        check_signature(&session, &saved)?;
        let Some(out) = &self.out else {
            return output.report(&Shown(Told { bytes: None, out: None, saved }));
        };
        let readers = Readers::of(self.at.place.folder());
        let key = readers.find(&saved.task, &saved.creator_key)?;
        let sealed = self.fetch(&saved.result).await?;
        let task_key: TaskPublic =
            saved.result.task_key.parse().or_fail(ALTERED, "the result's key is none")?;
        let context = SealContext::new(
            network.channel().clone(),
            session.tasks_name().clone(),
            saved.task.as_str(),
        );
        let context = context.or_fail("INTERNAL", "the task has no name")?;
        let opened = open(&sealed, &key, &task_key, &context);
        let opened = opened.or_fail(ALTERED, "the file does not open")?;
        write(out, &opened)?;
        let bytes = Some(opened.len());
        output.report(&Shown(Told { bytes, out: Some(out.clone()), saved }))
    }

    /// The sealed file, if it is the one that the device signed for.
    async fn fetch(&self, result: &ResultObject) -> Result<Sealed, Failure> {
        let in_folder = || self.at.place.folder().join("content");
        let folder = self.store.clone().unwrap_or_else(in_folder);
        let unusable = format!("{} cannot be used", folder.display());
        let store = LocalStore::open(Arc::new(SystemFiles), folder);
        let store = store.or_fail("NO_STORE", unusable)?;
        let id: ContentId = result.cid.parse().or_fail(ALTERED, "the file has no address")?;
        let file = store.get(id, result.size).await.map_err(|error| {
            let code = if matches!(error, StoreError::Refused(_)) { ALTERED } else { "NO_CONTENT" };
            Failure::new(code, format!("{id} cannot be had")).because(error)
        })?;
        if hex::encode(Sha256::digest(&file)) != result.ciphertext_sha256 {
            return Err(Failure::new(ALTERED, format!("{id} is not the file that was signed for")));
        }
        Sealed::from_bytes(file).or_fail(ALTERED, "the file is not sealed")
    }
}

/// The code of a result that is not what the device made.
const ALTERED: &str = "RESULT_ALTERED";

/// Checks that the device signed for the result, whatever a peer says.
fn check_signature(session: &Session, saved: &SavedResult) -> Result<(), Failure> {
    let SavedResult { creator_key, device_key, result, task, .. } = saved;
    let statement = Statement {
        channel: session.network().channel().to_string(),
        cid: result.cid.clone(),
        ciphertext_sha256: result.ciphertext_sha256.clone(),
        contract: session.set.tasks.clone(),
        creator_key: creator_key.clone(),
        readings: result.readings.clone(),
        size: result.size,
        task: task.clone(),
        task_key: result.task_key.clone(),
    };
    let checked = verify(device_key, &statement, &result.signature);
    checked.or_fail(ALTERED, "the device did not sign this result")
}

/// Writes what was opened, for its reader alone.
fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let write = || {
        let mut options = OpenOptions::new();
        let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(path)?;
        file.write_all(bytes)
    };
    write().or_fail_with("NO_FILE", || format!("cannot write {}", path.display()))
}

/// A result, and where its file is now.
#[derive(Serialize)]
struct Told {
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    out: Option<PathBuf>,
    #[serde(flatten)]
    saved: SavedResult,
}
