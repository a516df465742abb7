//! `pervade mapping`: device types and RML mappings, from samples to a published package.

mod check;
mod explain;
pub(crate) mod folder;
mod new;
pub(crate) mod problems;
mod publish;
mod run;
mod test;
mod turtle;
mod usage;

use clap::Subcommand;

use crate::failure::Failure;
use crate::output::Output;

/// What to do with a device type or a mapping.
#[derive(Debug, Subcommand)]
#[command(after_help = EXAMPLES)]
pub(crate) enum Mapping {
    /// Draft a device type from sample payloads
    #[command(after_help = new::EXAMPLES)]
    New(new::New),
    /// Tell everything that is wrong with a device type or a mapping, by line and column
    #[command(after_help = check::EXAMPLES)]
    Check(check::Check),
    /// Run a device type's examples and compare what they give
    #[command(after_help = test::EXAMPLES)]
    Test(test::Test),
    /// Tell in plain words what becomes of every field
    #[command(after_help = explain::EXAMPLES)]
    Explain(explain::Explain),
    /// Publish a device type on a network's registry
    #[command(after_help = publish::EXAMPLES)]
    Publish(publish::Publish),
    /// Run an RML mapping over the files of a folder; quads go to standard output, sorted
    #[command(after_help = run::EXAMPLES)]
    Run(run::Run),
}

const EXAMPLES: &str = "\
Examples:
  pervade mapping new logger --vendor acme --model cl-2 samples/*.json
  pervade mapping check logger
  pervade mapping test logger --update
  pervade mapping explain logger
  pervade mapping publish logger --as Admin@org1.example.com
  pervade mapping run mapping.ttl

A device type is a folder with device.yaml (or device.json) and examples/, or with package.json,
schema.json, mapping.ttl and examples/. docs/device-types.md is the guide.
Exit codes: 0 done, 1 something is wrong, 2 called wrongly.";

impl Mapping {
    pub(crate) async fn run(self, output: Output) -> Result<(), Failure> {
        match self {
            Self::New(new) => new.run(output),
            Self::Check(check) => check.run(output).await,
            Self::Test(test) => test.run(output),
            Self::Explain(explain) => explain.run(output),
            Self::Publish(publish) => publish.run(output).await,
            Self::Run(run) => run.run(output),
        }
    }
}
