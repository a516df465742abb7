//! `pervade device`: what stands in the field.

mod described;
mod home;
mod new;
mod owned;
mod prove;
mod register;
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
    /// What the ledger knows of it.
    #[command(flatten)]
    Owned(owned::Owned),
}

const EXAMPLES: &str = "\
Examples:
  pervade device new --home valve7 --as valve7@org2.example.com
  pervade device register --home valve7 --as bob@org2.example.com
  pervade device show $DEVICE
  pervade device run --home valve7 --as valve7@org2.example.com --on valve=./valve";

impl Device {
    pub(crate) async fn run(self, output: Output) -> Result<(), Failure> {
        match self {
            Self::New(new) => new.run(output).await,
            Self::Prove(prove) => prove.run(output),
            Self::Run(run) => run.run(output).await,
            Self::Owned(owned) => owned.run(output).await,
        }
    }
}
