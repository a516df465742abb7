//! `pervade verify`: a whole ledger again, from its files alone.

mod channel;
mod files;

use std::error::Error;
use std::fmt;
use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;

use crate::failure::Failure;
use crate::ledger::LedgerFiles;
use crate::output::Output;
use channel::Checked;

/// What to check.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Verify {
    /// The network's folder
    #[arg(long, value_name = "DIR", default_value = "pervade-data")]
    data: PathBuf,
}

const EXAMPLES: &str = "\
Examples:
  pervade verify
  pervade verify --data /tmp/net --json

Every block, signature, verdict, commit hash and graph is computed again, under the configuration
that was in force. What does not hold is named by file, block and byte, and the exit code is 1.
Nothing is written or locked, so a running network may be verified as well.";

impl Verify {
    pub(crate) fn run(self, output: Output) -> Result<(), Failure> {
        let mut verified = Verified::new(&self.data);
        for ledger in LedgerFiles::all(&self.data)? {
            verified.channels.push(channel::check(&ledger, output)?);
        }
        verified.files = files::check(&self.data);
        let faults = verified.faults().count();
        verified.intact = faults == 0;
        output.report(&verified)?;
        match verified.faults().next() {
            None => Ok(()),
            Some(first) => {
                let plural = if faults == 1 { "" } else { "s" };
                let text = format!("{} has {faults} fault{plural}", self.data.display());
                Err(Failure::new("BROKEN", format!("{text}, first {first}")))
            }
        }
    }
}

/// Something that is not as it was written, or that was never right.
#[derive(Debug, Serialize)]
struct Fault {
    /// The file.
    file: PathBuf,
    /// The block, if the file holds blocks.
    #[serde(skip_serializing_if = "Option::is_none")]
    block: Option<u64>,
    /// Offset in the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    byte: Option<u64>,
    /// What is wrong.
    what: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.file.display())?;
        if let Some(block) = self.block {
            write!(f, "block {block}, ")?;
        }
        if let Some(byte) = self.byte {
            write!(f, "byte {byte}: ")?;
        }
        f.write_str(&self.what)
    }
}

fn with_causes(error: &(dyn Error + 'static)) -> String {
    let causes = std::iter::successors(error.source(), |error| (*error).source());
    causes.fold(error.to_string(), |text, cause| {
        let cause = cause.to_string();
        if text.ends_with(&cause) { text } else { format!("{text}: {cause}") }
    })
}

#[derive(Debug, Serialize)]
struct Verified {
    folder: PathBuf,
    intact: bool,
    channels: Vec<Checked>,
    files: Vec<Fault>,
}

impl Verified {
    fn new(folder: &Path) -> Self {
        let folder = folder.to_owned();
        Self { folder, intact: false, channels: Vec::new(), files: Vec::new() }
    }

    fn faults(&self) -> impl Iterator<Item = &Fault> {
        self.channels.iter().flat_map(|channel| &channel.faults).chain(&self.files)
    }
}

impl fmt::Display for Verified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for channel in &self.channels {
            writeln!(f, "{channel}")?;
        }
        for fault in self.faults() {
            writeln!(f, "broken: {fault}")?;
        }
        if self.intact {
            write!(f, "{} is intact", self.folder.display())?;
        }
        Ok(())
    }
}
