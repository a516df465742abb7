//! The manager of devices as a process.

use std::process::ExitCode;

use fabric_protos::id::InvalidId;
use pervade_shim::{Choice, Program};

fn main() -> ExitCode {
    Program::new("The manager of devices: identity, owner, backlog, standing")
        .with_choice(Choice {
            flag: "name",
            variable: "CHAINCODE_NAME",
            default: "devices",
            help: "The name under which the channel defines it",
        })
        .run(|chosen| Ok::<_, InvalidId>(pervade_devices::chaincode(chosen.get("name").parse()?)))
}
