//! The recording contract as a process.

use std::process::ExitCode;

use fabric_protos::id::InvalidId;
use pervade_shim::{Choice, Program};

fn main() -> ExitCode {
    Program::new("The recording contract: payloads validated, normalised and kept")
        .with_choice(Choice {
            flag: "name",
            variable: "CHAINCODE_NAME",
            default: "recording",
            help: "The name under which the channel defines it",
        })
        .with_choice(Choice {
            flag: "registry",
            variable: "REGISTRY_NAME",
            default: "registry",
            help: "The name under which the channel defines the registry",
        })
        .run(|chosen| {
            let (name, registry) = (chosen.get("name").parse()?, chosen.get("registry").parse()?);
            Ok::<_, InvalidId>(pervade_recording::chaincode(name, registry))
        })
}
