//! Whose a network's folder is, and its end.

use std::fmt;
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Serialize;
use tokio::time::{Instant, sleep};

use crate::failure::{Failure, OrFail as _};
use crate::output::Output;

/// The file that the process running a network holds locked.
const LOCK: &str = "lock";

/// What a network's folder may hold, what the demos and the platform's commands keep there included.
const OURS: &[&str] = &[
    LOCK,
    "channels",
    "content",
    "control.sock",
    "denials",
    "devices",
    "identities",
    "network.json",
    LOG,
    "organizations",
    "packages.json",
    "proof.json",
    "readers",
    "registrars",
    "tampered",
    "topology.json",
];

/// What a detached network says.
pub(super) const LOG: &str = "network.log";

/// How long a network may take to stop.
const STOPPING_PATIENCE: Duration = Duration::from_secs(60);

/// Between two looks at the lock.
const LOOK_INTERVAL: Duration = Duration::from_millis(20);

/// Waits until no process runs a network in the folder.
pub(super) async fn wait_until_free(data: &Path) -> Result<(), Failure> {
    let end = Instant::now() + STOPPING_PATIENCE;
    while is_held(data)? {
        if Instant::now() > end {
            let text = format!("the network has not stopped within {STOPPING_PATIENCE:?}");
            return Err(Failure::new("STILL_RUNNING", text));
        }
        sleep(LOOK_INTERVAL).await;
    }
    Ok(())
}

/// Removes a network's folder.
pub(super) fn reset(data: &Path, yes: bool, output: Output) -> Result<(), Failure> {
    if !data.exists() {
        return output.report(&Removed { removed: Vec::new(), folder: data.to_owned() });
    }
    let entries = entries(data)?;
    let is_network = entries.iter().any(|name| name == LOCK);
    let foreign: Vec<&str> =
        entries.iter().map(String::as_str).filter(|name| !is_ours(name)).collect();
    if !entries.is_empty() && (!is_network || !foreign.is_empty()) {
        let why = if is_network { foreign.join(", ") } else { "no network's lock".to_owned() };
        let text = format!("{} is no network's folder: it holds {why}", data.display());
        return Err(Failure::new("NOT_A_NETWORK", text));
    }
    if is_held(data)? {
        let text = format!("a network runs in {}: stop it first", data.display());
        return Err(Failure::new("STILL_RUNNING", text));
    }
    if !entries.is_empty() && !yes {
        let text =
            format!("this removes {} for ever ({}): say --yes", data.display(), entries.join(", "));
        return Err(Failure::usage(text));
    }
    fs::remove_dir_all(data)
        .or_fail_with("NOT_REMOVED", || format!("cannot remove {}", data.display()))?;
    output.report(&Removed { removed: entries, folder: data.to_owned() })
}

fn is_ours(name: &str) -> bool {
    OURS.contains(&name) || name.strip_suffix(".new").is_some_and(|name| OURS.contains(&name))
}

fn entries(data: &Path) -> Result<Vec<String>, Failure> {
    let unreadable = || format!("cannot read {}", data.display());
    let mut names = Vec::new();
    for entry in fs::read_dir(data).or_fail_with("NOT_A_NETWORK", unreadable)? {
        let entry = entry.or_fail_with("NOT_A_NETWORK", unreadable)?;
        names.push(entry.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names)
}

/// Whether a process holds the folder.
fn is_held(data: &Path) -> Result<bool, Failure> {
    let path = data.join(LOCK);
    if !path.exists() {
        return Ok(false);
    }
    let unreadable = || format!("cannot look at {}", path.display());
    let file = File::open(&path).or_fail_with("NOT_A_NETWORK", unreadable)?;
    match file.try_lock() {
        Ok(()) => Ok(false),
        Err(TryLockError::WouldBlock) => Ok(true),
        Err(TryLockError::Error(error)) => Err(error).or_fail_with("NOT_A_NETWORK", unreadable),
    }
}

#[derive(Debug, Serialize)]
struct Removed {
    folder: PathBuf,
    removed: Vec<String>,
}

impl fmt::Display for Removed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let folder = self.folder.display();
        match self.removed.as_slice() {
            [] => write!(f, "{folder}: nothing to remove"),
            removed => write!(f, "removed {folder} with {}", removed.join(", ")),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{OURS, reset};
    use crate::output::Output;

    #[test]
    fn only_a_networks_folder_is_removed() {
        check(&["lock", "channels", "topology.json.new"], "removed");
        check(&["lock", "holidays.jpg"], "NOT_A_NETWORK");
        check(&["channels"], "NOT_A_NETWORK");
        check(&["holidays.jpg"], "NOT_A_NETWORK");
        check(OURS, "removed");
        check(&[], "removed");
    }

    #[test]
    fn nothing_is_removed_unasked() {
        let place = tempfile::tempdir().unwrap();
        fs::write(place.path().join("lock"), "").unwrap();
        let refused = reset(place.path(), false, Output::Human).unwrap_err();
        assert!(refused.message().contains("--yes"), "{}", refused.message());
        assert!(place.path().exists(), "it is still there");
    }

    #[test]
    fn a_running_network_is_not_removed() {
        let place = tempfile::tempdir().unwrap();
        let lock = fs::File::create(place.path().join("lock")).unwrap();
        lock.lock().unwrap();
        let refused = reset(place.path(), true, Output::Human).unwrap_err();
        assert!(refused.json().contains("STILL_RUNNING"), "{}", refused.message());
    }

    #[track_caller]
    fn check(names: &[&str], outcome: &str) {
        let place = tempfile::tempdir().unwrap();
        let folder = place.path().join("data");
        fs::create_dir(&folder).unwrap();
        for name in names {
            fs::write(folder.join(name), "").unwrap();
        }
        let said = match reset(&folder, true, Output::Human) {
            Ok(()) => "removed".to_owned(),
            Err(failure) => failure.json(),
        };
        assert!(said.contains(outcome), "{names:?}: {said}");
        assert_eq!(folder.exists(), outcome != "removed", "{names:?}");
    }
}
