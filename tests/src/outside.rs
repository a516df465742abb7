//! What trials need from outside the project: data, other people's programs.

use std::{
    env,
    path::{Path, PathBuf},
};

use libtest_mimic::{Completion, Failed, Trial};
use thiserror::Error;

/// Names, separated by commas, of the needs that must be met: see [`Need::name`].
pub const REQUIRE: &str = "PERVADE_REQUIRE";

/// Something from outside, by name, and how to find it.
#[derive(Debug)]
#[expect(clippy::exhaustive_structs, reason = "each test program writes its own needs")]
pub struct Need<T> {
    /// As [`REQUIRE`] names it.
    pub name: &'static str,
    /// Finds it, or says what is missing.
    pub find: fn() -> Result<T, Absent>,
}

/// What is missing.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{missing}")]
pub struct Absent {
    missing: String,
}

impl Absent {
    /// Missing, as the words say.
    pub fn new(missing: impl Into<String>) -> Self {
        Self { missing: missing.into() }
    }
}

/// A trial that runs with what it needs.
///
/// Where that is absent the trial is ignored, with the reason; or fails, if [`REQUIRE`] names it.
pub fn trial<T: 'static>(
    name: impl Into<String>,
    need: &'static Need<T>,
    run: impl FnOnce(T) -> Result<(), Failed> + Send + 'static,
) -> Trial {
    Trial::ignorable_test(name, move || match (need.find)() {
        Ok(found) => run(found).map(|()| Completion::Completed),
        Err(absent) if is_required(need.name) => Err(absent.into()),
        Err(absent) => Ok(Completion::ignored_with(absent.to_string())),
    })
}

/// The folder of public test data: `PERVADE_DATA`, or `../shared/data` beside the project.
pub static DATA: Need<PathBuf> = Need { name: "data", find: data_dir };

fn data_dir() -> Result<PathBuf, Absent> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data");
    let folder = env::var_os("PERVADE_DATA").map_or(beside, PathBuf::from);
    if folder.join("suites").is_dir() {
        return Ok(folder);
    }
    Err(Absent::new(format!("no test data in {}: see PERVADE_DATA", folder.display())))
}

/// The `strace` program, which tells what a process asks of its system.
pub static STRACE: Need<PathBuf> = Need { name: "strace", find: strace };

fn strace() -> Result<PathBuf, Absent> {
    let path = env::var_os("PATH").unwrap_or_default();
    let found = env::split_paths(&path).map(|folder| folder.join("strace")).find(|it| it.is_file());
    found.ok_or_else(|| Absent::new("no strace: install it to see what a process asks for"))
}

fn is_required(name: &str) -> bool {
    env::var(REQUIRE).is_ok_and(|names| names.split(',').any(|required| required.trim() == name))
}
