//! The clock contract as a process.

use std::process::ExitCode;

use fabric_protos::id::InvalidId;
use pervade_shim::{Choice, Program};

fn main() -> ExitCode {
    Program::new("The clock contract: epochs, counted by write-once markers")
        .with_choice(Choice {
            flag: "name",
            variable: "CHAINCODE_NAME",
            default: "clock",
            help: "The name under which the channel defines it",
        })
        .run(|chosen| Ok::<_, InvalidId>(pervade_clock::chaincode(chosen.get("name").parse()?)))
}
