//! Runs the scripts of `tests/official` under Node.

use std::{
    fs, io,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    sync::LazyLock,
};

use libtest_mimic::{Failed, Trial};
use pervade_tests::outside::{self, Absent, Need};

/// The least Node that the official packages ask for.
const NODE_MAJOR_MIN: u32 = 20;

/// Node and the packages.
static NODE: Need<()> = Need { name: "node", find: ready };

/// Whether Node and the packages are there; installs them if need be.
pub(crate) fn ready() -> Result<(), Absent> {
    READY.clone()
}

/// A trial that needs Node and the packages.
pub(crate) fn trial(
    name: &str,
    run: impl FnOnce() -> Result<(), Failed> + Send + 'static,
) -> Trial {
    outside::trial(name, &NODE, move |()| run())
}

/// A command that runs a script of `tests/official`, which has the packages.
pub(crate) fn script(name: &str) -> Command {
    let mut node = Command::new("node");
    node.arg(name).current_dir(folder());
    node
}

/// Runs a script to its end, and gives what it wrote for what it read.
///
/// # Errors
/// If the script cannot be run or fails; with what it complained about.
pub(crate) fn answer(name: &str, input: &[u8]) -> Result<Vec<u8>, ScriptError> {
    let mut node = script(name);
    node.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let output = feed(&mut node, input).map_err(|source| ScriptError::Run { source })?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
    Err(ScriptError::Failed { script: name.to_owned(), complaint })
}

/// Why a script gave no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ScriptError {
    #[error("cannot run node")]
    Run { source: io::Error },
    #[error("{script} failed: {complaint}")]
    Failed { script: String, complaint: String },
}

fn feed(node: &mut Command, input: &[u8]) -> io::Result<Output> {
    let mut child = node.spawn()?;
    // Scripts read all of their input before they write; dropping the pipe ends it.
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(input)?;
    }
    child.wait_with_output()
}

/// Whether Node and the packages are there; found out, and installed if need be, once.
static READY: LazyLock<Result<(), Absent>> = LazyLock::new(|| {
    let version = stdout_of(Command::new("node").arg("--version"))
        .map_err(|error| Absent::new(format!("no node: {error}")))?;
    let major = version.trim_start_matches('v').split('.').next().and_then(|n| n.parse().ok());
    if major.is_none_or(|major: u32| major < NODE_MAJOR_MIN) {
        let version = version.trim();
        return Err(Absent::new(format!("node {version} is older than {NODE_MAJOR_MIN}")));
    }
    install().map_err(|error| Absent::new(format!("npm ci failed: {error}")))
});

/// Installs the locked packages, unless a copy of the lock file beside them says they are there.
fn install() -> io::Result<()> {
    let lock = fs::read(folder().join("package-lock.json"))?;
    let stamp = folder().join("node_modules/.pervade-lock.json");
    if fs::read(&stamp).is_ok_and(|installed| installed == lock) {
        return Ok(());
    }
    stdout_of(Command::new("npm").args(["ci", "--ignore-scripts"]).current_dir(folder()))?;
    fs::write(stamp, lock)
}

fn stdout_of(command: &mut Command) -> io::Result<String> {
    let output = command.output()?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    Err(io::Error::other(String::from_utf8_lossy(&output.stderr).into_owned()))
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("official")
}
