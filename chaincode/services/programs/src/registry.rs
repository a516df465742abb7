//! The registry contract as a process.

use std::process::ExitCode;

use fabric_protos::id::InvalidId;
use pervade_shim::{Choice, Program};

fn main() -> ExitCode {
    Program::new("The registry contract: device types, their schemas and mappings")
        .with_choice(Choice {
            flag: "name",
            variable: "CHAINCODE_NAME",
            default: "registry",
            help: "The name under which the channel defines it",
        })
        .run(|chosen| Ok::<_, InvalidId>(pervade_registry::chaincode(chosen.get("name").parse()?)))
}
