//! The manager of users as a process.

use std::process::ExitCode;

use fabric_protos::id::InvalidId;
use pervade_shim::{Choice, Program};

fn main() -> ExitCode {
    Program::new(
        "The manager of users: accounts that outlive their keys, reputation, notifications",
    )
    .with_choice(Choice {
        flag: "name",
        variable: "CHAINCODE_NAME",
        default: "users",
        help: "The name under which the channel defines it",
    })
    .run(|chosen| Ok::<_, InvalidId>(pervade_users::chaincode(chosen.get("name").parse()?)))
}
