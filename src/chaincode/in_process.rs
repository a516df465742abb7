//! What runs in the network's own process.

use std::sync::Arc;

use fabric_protos::id::ChaincodeName;
use pervade_chaincode::Chaincode;
use pervade_embedded::{InProcess, Options};

use crate::failure::{Failure, OrFail as _};

/// The chaincodes that may run in the network's own process.
pub(crate) fn in_process(options: Options) -> Result<Options, Failure> {
    let (registry, recording) = (name("registry")?, name("recording")?);
    let publishing = pervade_registry::chaincode(registry.clone());
    let publishing = release(pervade_registry::CODE_SHA256, publishing);
    let recorder = pervade_recording::chaincode(recording, registry);
    let recorder = release(pervade_recording::CODE_SHA256, recorder);
    let options =
        options.with_chaincode("registry", publishing).with_chaincode("recording", recorder);
    PLATFORM_ENDINGS.into_iter().try_fold(options, platform)
}

/// What the names of platforms' chaincodes may end in: two platforms can stand side by side.
pub(crate) const PLATFORM_ENDINGS: [&str; 2] = ["", "-2"];

fn platform(options: Options, ending: &str) -> Result<Options, Failure> {
    MANAGERS.iter().try_fold(options, |options, (word, code, made)| {
        let text = format!("{word}{ending}");
        let chaincode = made(name(&text)?);
        Ok(options.with_chaincode(&text, release(code, chaincode)))
    })
}

type Made = fn(ChaincodeName) -> Chaincode;

/// Word, code and maker of each chaincode of a platform.
const MANAGERS: [(&str, &str, Made); 5] = [
    ("clock", pervade_clock::CODE_SHA256, pervade_clock::chaincode),
    ("devices", pervade_devices::CODE_SHA256, pervade_devices::chaincode),
    ("tasks", pervade_tasks::CODE_SHA256, pervade_tasks::chaincode),
    ("tokens", pervade_tokens::CODE_SHA256, pervade_tokens::chaincode),
    ("users", pervade_users::CODE_SHA256, pervade_users::chaincode),
];

fn name(text: &str) -> Result<ChaincodeName, Failure> {
    ChaincodeName::new(text).or_fail("INTERNAL", "a contract has no name")
}

fn release(code: &str, chaincode: Chaincode) -> InProcess {
    InProcess { version: code.to_owned(), chaincode: Arc::new(chaincode) }
}
