//! Where a story is played: the simulator, an embedded network, real Fabric.

use std::any::Any;
use std::fmt;
use std::rc::Rc;

use pervade_chaincode::canonical;
use pervade_identity::{Certificate, Signer};
use pervade_platform::{AccountId, KeyProof, PublicKey};
use serde::Serialize;
use serde_json::Value;

/// A channel with the chaincodes of one or more sets, and people who call them.
///
/// What does not belong to the story (no peer, no certificate) panics.
pub(crate) trait Stage {
    /// The channel.
    fn channel(&self) -> String;

    /// Somebody new in an organisation, with a key of their own.
    fn enrol(&mut self, name: &str, who: Enrolment<'_>) -> Actor;

    /// Has a call committed.
    fn submit(&mut self, call: &Call<'_>) -> Told;

    /// Asks.
    fn evaluate(&mut self, call: &Call<'_>) -> Told;

    /// Has a call endorsed and keeps it for later.
    fn hold(&mut self, call: &Call<'_>) -> Result<Held, String>;

    /// Sends what was held.
    fn let_go(&mut self, held: Held) -> Told;

    /// Lets time pass for those who call.
    fn pass(&mut self, seconds: i64);

    /// Everything that lies under the names of a set, if the stage can tell.
    fn state(&self, _chaincodes: &[String]) -> Option<Vec<(String, Vec<u8>)>> {
        None
    }
}

/// The answer, as JSON or as text; or why there is none: the contract's code, or the verdict of the
/// block.
pub(crate) type Told = Result<Value, String>;

/// An endorsed call.
pub(crate) type Held = Box<dyn Any>;

/// Who is enrolled.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Enrolment<'a> {
    pub(crate) msp: &'a str,
    pub(crate) is_admin: bool,
    pub(crate) attributes: &'a [(&'a str, &'a str)],
}

impl<'a> Enrolment<'a> {
    pub(crate) fn client(msp: &'a str) -> Self {
        Self { msp, is_admin: false, attributes: &[] }
    }

    pub(crate) fn admin(msp: &'a str) -> Self {
        Self { is_admin: true, ..Self::client(msp) }
    }

    pub(crate) fn with(self, attributes: &'a [(&'a str, &'a str)]) -> Self {
        Self { attributes, ..self }
    }
}

/// Somebody with a key.
#[derive(Clone)]
pub(crate) struct Actor {
    pub(crate) name: String,
    pub(crate) msp: String,
    pub(crate) key: PublicKey,
    signer: Rc<dyn Signer>,
    /// What the stage knows them by.
    pub(crate) member: Rc<dyn Any>,
}

impl Actor {
    pub(crate) fn new(
        name: &str,
        certificate: &Certificate,
        signer: Rc<dyn Signer>,
        member: Rc<dyn Any>,
    ) -> Self {
        let key = PublicKey::try_from(hex::encode(certificate.public_key_point())).unwrap();
        let msp = signer.msp_id().to_string();
        Self { name: name.to_owned(), msp, key, signer, member }
    }

    /// The address of the key.
    pub(crate) fn account(&self) -> AccountId {
        self.key.address()
    }

    /// The signature over a statement, in hexadecimal.
    pub(crate) fn sign(&self, statement: &impl Serialize) -> String {
        hex::encode(self.signer.sign(&canonical::to_vec(statement).unwrap()).unwrap())
    }

    /// The key with its signature over a statement.
    pub(crate) fn prove(&self, statement: &impl Serialize) -> KeyProof {
        KeyProof { public_key: self.key.clone(), signature: self.sign(statement) }
    }
}

impl fmt::Debug for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.name, self.msp)
    }
}

/// A call of a chaincode.
#[derive(Clone, Debug)]
pub(crate) struct Call<'a> {
    pub(crate) who: &'a Actor,
    pub(crate) chaincode: String,
    pub(crate) function: &'a str,
    pub(crate) arguments: Vec<String>,
    pub(crate) transient: Option<(&'a str, String)>,
    pub(crate) is_init: bool,
}

impl<'a> Call<'a> {
    pub(crate) fn new(who: &'a Actor, chaincode: &str, function: &'a str) -> Self {
        let (chaincode, arguments) = (chaincode.to_owned(), Vec::new());
        Self { who, chaincode, function, arguments, transient: None, is_init: false }
    }

    /// An argument: text as it is, anything else as JSON.
    pub(crate) fn arg(mut self, argument: impl Serialize) -> Self {
        self.arguments.push(match serde_json::to_value(argument).unwrap() {
            Value::String(text) => text,
            Value::Null => String::new(),
            other @ (Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
                String::from_utf8(canonical::to_vec(&other).unwrap()).unwrap()
            }
        });
        self
    }

    pub(crate) fn transient(self, name: &'a str, value: impl Serialize) -> Self {
        Self { transient: Some((name, serde_json::to_string(&value).unwrap())), ..self }
    }

    pub(crate) fn init(self) -> Self {
        Self { is_init: true, ..self }
    }
}

/// An answer as JSON if it is some.
pub(crate) fn read(answer: &[u8]) -> Value {
    serde_json::from_slice(answer)
        .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(answer).into_owned()))
}

/// The code in a contract's words; other words as they are.
pub(crate) fn code(words: &str) -> String {
    pervade_chaincode::ContractError::split_text(words).0.unwrap_or(words).to_owned()
}
