//! What a session hands out about a call that was refused.

use pervade_chaincode::host::Outcome;
use pervade_chaincode::{Chaincode, Creator, Invocation};
use pervade_denials::{Denied, cut};
use pervade_identity::Certificate;

use super::key::Key;

/// Who called what: enough to tell of it if the call is refused.
#[derive(Debug)]
pub(super) struct Called {
    chaincode: String,
    function: String,
    /// None if the proposal cannot be read.
    creator: Option<Creator>,
}

/// Most characters of a function's name that are told.
const FUNCTION_MAX: usize = 128;

/// Most characters of what programs know a refusal by.
const CODE_MAX: usize = 64;

impl Called {
    pub(super) fn new(chaincode: &Chaincode, invocation: Option<&Invocation>) -> Self {
        let function = invocation.and_then(|call| call.arguments().first());
        Self {
            chaincode: chaincode.name().as_str().to_owned(),
            function: function.map(|name| cut(name, FUNCTION_MAX)).unwrap_or_default(),
            creator: invocation.map(|call| call.creator().clone()),
        }
    }

    /// What is to be told of a call that ended so.
    pub(super) fn denied(&self, key: &Key, outcome: &Outcome) -> Denied {
        let (msp, address) = self.creator.as_ref().map(who).unwrap_or_default();
        let (chaincode, function) = (self.chaincode.clone(), self.function.clone());
        Denied { address, chaincode, function, msp, ..unknown(key, outcome) }
    }
}

/// What is to be told of a call of which nothing more is known.
pub(super) fn unknown(key: &Key, outcome: &Outcome) -> Denied {
    Denied {
        channel: key.channel.clone(),
        code: code(&outcome.message),
        status: outcome.status,
        tx_id: key.tx_id.clone(),
        ..Denied::default()
    }
}

fn who(creator: &Creator) -> (String, String) {
    let certificate = Certificate::from_pem(creator.certificate_pem()).ok();
    let address = certificate.map(|certificate| certificate.address()).unwrap_or_default();
    (creator.msp_id().as_str().to_owned(), address)
}

/// The code of `CODE: message`. What is none is left out: it may be any text.
fn code(message: &str) -> String {
    let code = message.split(':').next().unwrap_or_default();
    let is_code = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_';
    let holds = code.len() <= CODE_MAX && code.bytes().all(is_code);
    if holds { code.to_owned() } else { String::new() }
}
