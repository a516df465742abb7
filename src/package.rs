//! `pervade package`: what a vendor does before publishing.

use std::fmt;
use std::path::{Path, PathBuf};

use clap::Subcommand;
use pervade_package::DevicePackage;
use serde::Serialize;

use crate::failure::Failure;
use crate::mapping::folder::{Loaded, broken};
use crate::mapping::problems::Told;
use crate::output::Output;

/// What to do with a device package.
#[derive(Debug, Subcommand)]
#[command(after_help = EXAMPLES)]
pub(crate) enum Package {
    /// Check schema, mapping and examples, as `pervade mapping check` does
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
    let loaded = Loaded::read(dir)?;
    let problems = loaded.problems();
    output.report(&Checked::new(loaded.package.as_ref(), &problems))?;
    if problems.is_empty() { Ok(()) } else { Err(broken(dir, problems.len())) }
}

fn show(dir: &Path, output: Output) -> Result<(), Failure> {
    let loaded = Loaded::read(dir)?;
    let package = loaded.package.as_ref().ok_or_else(|| {
        let problems = loaded.problems();
        output.note(Checked::new(None, &problems));
        broken(dir, problems.len())
    })?;
    output.report(&Shown { id: package.id().to_string(), package: package.canonical() })
}

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

impl Checked {
    fn new(package: Option<&DevicePackage>, problems: &[Told]) -> Self {
        Self {
            package: package.map(|package| Described {
                vendor: package.manifest.vendor.clone(),
                model: package.manifest.model.clone(),
                version: package.manifest.version.clone(),
                examples: package.examples.len(),
                id: package.id().to_string(),
            }),
            problems: problems.to_vec(),
        }
    }
}

impl fmt::Display for Checked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for problem in &self.problems {
            writeln!(f, "{problem}")?;
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
