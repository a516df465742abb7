//! Fabric's official Node packages, run against ours.
//!
//! Each area has a module with its trials. What they need of Node is in `node`; where Node is
//! missing they are ignored and say why.

mod node;
mod protos;

use std::process::ExitCode;

use libtest_mimic::Arguments;

fn main() -> ExitCode {
    let trials = protos::trials();
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}
