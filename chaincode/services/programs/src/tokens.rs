//! The manager of tokens as a process.

use std::process::ExitCode;

use fabric_protos::id::InvalidId;
use pervade_shim::{Choice, Program};

fn main() -> ExitCode {
    Program::new("The manager of tokens: settlement money, tokens, deposits, escrows, allowances")
        .with_choice(Choice {
            flag: "name",
            variable: "CHAINCODE_NAME",
            default: "tokens",
            help: "The name under which the channel defines it",
        })
        .run(|chosen| Ok::<_, InvalidId>(pervade_tokens::chaincode(chosen.get("name").parse()?)))
}
