//! `pervade device`: what stands in the field.

mod home;
mod new;
mod prove;
mod run;

use clap::Subcommand;

use crate::failure::Failure;
use crate::output::Output;

/// What to do with a device.
#[derive(Debug, Subcommand)]
#[command(after_help = EXAMPLES)]
pub(crate) enum Device {
    /// Make a device's id and key
    New(new::New),
    /// Prove to the ledger whose device it is, by the device's key
    Prove(prove::Prove),
    /// Run a device's process: take its tasks, do them, deliver the results
    Run(run::Run),
}

const EXAMPLES: &str = "\
Examples:
  pervade device new --home valve7 --as valve7@org2.example.com
  pervade device prove --home valve7 --owner $ACCOUNT
  pervade device run --home valve7 --as valve7@org2.example.com --on valve=./valve";

impl Device {
    pub(crate) async fn run(self, output: Output) -> Result<(), Failure> {
        match self {
            Self::New(new) => new.run(output).await,
            Self::Prove(prove) => prove.run(output),
            Self::Run(run) => run.run(output).await,
        }
    }
}
