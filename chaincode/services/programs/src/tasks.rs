//! The manager of tasks as a process.

use std::process::ExitCode;

use fabric_protos::id::InvalidId;
use pervade_shim::{Choice, Program};

fn main() -> ExitCode {
    Program::new("The manager of tasks: a queue of paid tasks, from creation to settlement")
        .with_choice(Choice {
            flag: "name",
            variable: "CHAINCODE_NAME",
            default: "tasks",
            help: "The name under which the channel defines it",
        })
        .run(|chosen| Ok::<_, InvalidId>(pervade_tasks::chaincode(chosen.get("name").parse()?)))
}
