//! Fabric's official Node packages, run against ours.
//!
//! Each area has a module with its trials. What they need of Node is in `node`; where Node is
//! missing they are ignored and say why.

mod assets;
mod chaincode;
mod gateway;
mod metadata;
mod network;
mod node;
mod protos;
mod report;
mod service;

use std::process::ExitCode;

use libtest_mimic::Arguments;

fn main() -> ExitCode {
    let areas = [protos::trials(), metadata::trials(), gateway::trials(), chaincode::trials()];
    let trials = areas.into_iter().flatten().collect();
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}
