//! `pervade package`: what a vendor does before publishing.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use clap::Subcommand;
use pervade_package::{DevicePackage, PACKAGE_BYTES_MAX, Problem, check};
use serde::Serialize;

use crate::failure::{Failure, OrFail as _};
use crate::output::Output;

/// What to do with a device package.
#[derive(Debug, Subcommand)]
#[command(after_help = EXAMPLES)]
pub(crate) enum Package {
    /// Check schema, mapping and examples; every problem is named with its line and column
    #[command(after_help = EXAMPLES)]
    Check {
        /// The package's folder
        dir: PathBuf,
    },
    /// Print the package as the registry takes it
    #[command(after_help = EXAMPLES)]
    Show {
        /// The package's folder
        dir: PathBuf,
    },
}

const EXAMPLES: &str = "\
Examples:
  pervade package check schemas/decentlab/dl-5tm
  pervade submit registry publish \"$(pervade package show schemas/decentlab/dl-5tm)\" --as Admin@org1.example.com";

impl Package {
    pub(crate) fn run(self, output: Output) -> Result<(), Failure> {
        match self {
            Self::Check { dir } => check_folder(&dir, output),
            Self::Show { dir } => show(&dir, output),
        }
    }
}

fn check_folder(dir: &Path, output: Output) -> Result<(), Failure> {
    let package = DevicePackage::from_files(&files(dir)?);
    let (package, problems) = match package {
        Ok(package) => {
            let problems = check(&package).err().unwrap_or_default();
            (Some(package), problems)
        }
        Err(problems) => (None, problems),
    };
    let report = Checked::new(package.as_ref(), &problems);
    output.report(&report)?;
    if problems.is_empty() { Ok(()) } else { Err(broken(dir, problems.len())) }
}

fn show(dir: &Path, output: Output) -> Result<(), Failure> {
    let package = DevicePackage::from_files(&files(dir)?).map_err(|problems| {
        output.note(Checked::new(None, &problems));
        broken(dir, problems.len())
    })?;
    output.report(&Shown { id: package.id().to_string(), package: package.canonical() })
}

fn broken(dir: &Path, problems: usize) -> Failure {
    let plural = if problems == 1 { "" } else { "s" };
    Failure::new("BAD_PACKAGE", format!("{} has {problems} problem{plural}", dir.display()))
}

/// The folder's files by their paths inside it; hidden ones are left out.
fn files(dir: &Path) -> Result<BTreeMap<String, Vec<u8>>, Failure> {
    let mut found = BTreeMap::new();
    collect(dir, "", &mut found)?;
    Ok(found)
}

fn collect(dir: &Path, prefix: &str, found: &mut BTreeMap<String, Vec<u8>>) -> Result<(), Failure> {
    let unreadable = |path: &Path| format!("cannot read {}", path.display());
    for entry in fs::read_dir(dir).or_fail_with("NO_PACKAGE", || unreadable(dir))? {
        let path = entry.or_fail_with("NO_PACKAGE", || unreadable(dir))?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else { continue };
        if name.starts_with('.') {
            continue;
        }
        let inside = format!("{prefix}{name}");
        if path.is_dir() && prefix.is_empty() {
            collect(&path, &format!("{inside}/"), found)?;
            continue;
        }
        let metadata = fs::metadata(&path).or_fail_with("NO_PACKAGE", || unreadable(&path))?;
        let bytes = usize::try_from(metadata.len()).unwrap_or(usize::MAX);
        if found.len() >= FILES_MAX || bytes > PACKAGE_BYTES_MAX {
            let text = format!("{} has too many or too large files", dir.display());
            return Err(Failure::new("NO_PACKAGE", text));
        }
        let bytes = fs::read(&path).or_fail_with("NO_PACKAGE", || unreadable(&path))?;
        found.insert(inside, bytes);
    }
    Ok(())
}

/// Most files of a package's folder.
const FILES_MAX: usize = 1_000;

#[derive(Debug, Serialize)]
struct Checked {
    #[serde(skip_serializing_if = "Option::is_none")]
    package: Option<Described>,
    problems: Vec<Told>,
}

#[derive(Debug, Serialize)]
struct Described {
    vendor: String,
    model: String,
    version: String,
    examples: usize,
    id: String,
}

#[derive(Debug, Serialize)]
struct Told {
    document: String,
    line: u64,
    column: u64,
    code: String,
    message: String,
    #[serde(skip)]
    text: String,
}

impl Checked {
    fn new(package: Option<&DevicePackage>, problems: &[Problem]) -> Self {
        Self {
            package: package.map(|package| Described {
                vendor: package.manifest.vendor.clone(),
                model: package.manifest.model.clone(),
                version: package.manifest.version.clone(),
                examples: package.examples.len(),
                id: package.id().to_string(),
            }),
            problems: problems.iter().map(Told::from).collect(),
        }
    }
}

impl From<&Problem> for Told {
    fn from(problem: &Problem) -> Self {
        Self {
            document: problem.document.clone(),
            line: problem.line,
            column: problem.column,
            code: problem.code.to_string(),
            message: problem.message.clone(),
            text: problem.to_string(),
        }
    }
}

impl fmt::Display for Checked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for problem in &self.problems {
            writeln!(f, "{}", problem.text)?;
        }
        match &self.package {
            Some(Described { vendor, model, version, examples, id })
                if self.problems.is_empty() =>
            {
                write!(f, "{vendor}/{model} {version}: {examples} examples hold, id {id}")
            }
            _ => Ok(()),
        }
    }
}

#[derive(Debug, Serialize)]
struct Shown {
    id: String,
    package: String,
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.package)
    }
}
