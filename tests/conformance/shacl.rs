//! [SHACL](https://www.w3.org/TR/shacl/), the W3C's cases of Core (`T-72`).
//!
//! The cases are the folder `tests/core` of `data-shapes-test-suite` in the repository
//! `w3c/data-shapes`; `PERVADE_SHACL` names it.

mod case;

use std::path::{Path, PathBuf};
use std::{env, fs};

use libtest_mimic::{Failed, Trial};
use pervade_tests::outside::{self, Absent, Need};

use crate::outcome::Outcome;

/// The folder of the suite.
static SUITE: Need<PathBuf> = Need { name: "shacl", find: suite_dir };

fn suite_dir() -> Result<PathBuf, Absent> {
    let folder = env::var_os("PERVADE_SHACL").map(PathBuf::from);
    let folder = folder.filter(|folder| folder.join("manifest.ttl").is_file());
    folder.ok_or_else(|| Absent::new("no SHACL test suite: PERVADE_SHACL names its tests/core"))
}

/// Every case of Core: the report, result by result.
pub(crate) fn trial() -> Trial {
    outside::trial("shacl-core", &SUITE, |folder| run(&folder)?.verdict())
}

fn run(suite: &Path) -> Result<Outcome, Failed> {
    let mut outcome = Outcome::default();
    let mut folders: Vec<PathBuf> = Vec::new();
    for entry in fs::read_dir(suite)? {
        folders.push(entry?.path());
    }
    folders.sort();
    for folder in folders.iter().filter(|folder| folder.is_dir()) {
        let mut files: Vec<PathBuf> = Vec::new();
        for entry in fs::read_dir(folder)? {
            files.push(entry?.path());
        }
        files.sort();
        for file in files {
            if let Some(judged) = case::judge(&file)? {
                let name = file.strip_prefix(suite).unwrap_or(&file).display().to_string();
                outcome.record(&name, judged);
            }
        }
    }
    Ok(outcome)
}
