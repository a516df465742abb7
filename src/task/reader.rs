//! The keys that read results, one for each task, in the network's folder.

use std::fs::{self, DirBuilder};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use pervade_ports::system::{SystemFiles, SystemRng};
use pervade_sealing::ReaderKey;

use crate::failure::{Failure, OrFail as _};

/// Where the keys are.
#[derive(Debug)]
pub(super) struct Readers(PathBuf);

impl Readers {
    /// Those of a network's folder.
    pub(super) fn of(data: &Path) -> Self {
        Self(data.join(FOLDER))
    }

    /// Makes a key for a task that does not exist yet. It is kept before the task is created: nobody
    /// could read a result without it.
    pub(super) fn make(&self) -> Result<Waiting, Failure> {
        let unusable = || format!("cannot keep keys in {}", self.0.display());
        let made = DirBuilder::new().recursive(true).mode(OWNER_ONLY).create(&self.0);
        made.or_fail_with("NO_KEY", unusable)?;
        let key = ReaderKey::generate(&SystemRng).or_fail_with("NO_KEY", unusable)?;
        let public = key.public().to_string();
        let path = self.waiting(&public);
        key.save(&SystemFiles, &path).or_fail_with("NO_KEY", unusable)?;
        Ok(Waiting { path, public })
    }

    /// The key of a task, which told its public half.
    pub(super) fn find(&self, task: &str, public: &str) -> Result<ReaderKey, Failure> {
        // The power may have gone between the task's creation and the key's naming.
        let paths = [self.named(task)?, self.waiting(public)];
        let missing = || format!("no key for task {task} is in {}", self.0.display());
        let path = paths.into_iter().find(|path| path.exists());
        let path = path.ok_or_else(|| Failure::new("NO_KEY", missing()))?;
        let key = ReaderKey::load(&SystemFiles, &path).or_fail_with("NO_KEY", missing)?;
        if key.public().to_string() == public {
            return Ok(key);
        }
        let text = format!("{} is the key of another task", path.display());
        Err(Failure::new("NO_KEY", text))
    }

    /// Names a key after the task that was created with it.
    pub(super) fn name(&self, waiting: &Waiting, task: &str) -> Result<PathBuf, Failure> {
        let path = self.named(task)?;
        let unnamed = || format!("{} cannot be named {}", waiting.path.display(), path.display());
        fs::rename(&waiting.path, &path).or_fail_with("NO_KEY", unnamed)?;
        Ok(path)
    }

    fn named(&self, task: &str) -> Result<PathBuf, Failure> {
        let is_id = !task.is_empty() && task.bytes().all(|b| b.is_ascii_hexdigit());
        let wrong = || Failure::usage(format!("{task:?} is no task's id"));
        if is_id { Ok(self.0.join(format!("{task}.key"))) } else { Err(wrong()) }
    }

    fn waiting(&self, public: &str) -> PathBuf {
        self.0.join(format!("{public}.new"))
    }
}

const FOLDER: &str = "readers";

/// Permissions of the folder.
const OWNER_ONLY: u32 = 0o700;

/// A key whose task does not exist yet.
#[derive(Debug)]
pub(super) struct Waiting {
    path: PathBuf,
    /// Its public half.
    pub(super) public: String,
}

impl Waiting {
    /// Drops the key of a task that was not created.
    pub(super) fn drop(self) {
        if let Err(error) = fs::remove_file(&self.path) {
            tracing::debug!(%error, "a key without a task stays");
        }
    }
}
