//! What is measured: three functions that every chaincode has, and the calls of them.

use std::fmt;

use bytes::Bytes;
use fabric_protos::Message as _;
use fabric_protos::protos::ChaincodeInput;
use fabric_protos::protos::chaincode_message::Type;
use pervade_chaincode::testing::TestCall;
use serde::Serialize;

use crate::frame::Frame;

/// A function of the measured chaincodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
#[expect(clippy::exhaustive_enums, reason = "the functions there are")]
pub enum Function {
    /// Answers without asking the ledger anything.
    Noop,
    /// Reads a key and writes it.
    GetPut,
    /// Writes a hundred keys.
    HundredPuts,
}

impl Function {
    /// How chaincodes spell it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Noop => "noop",
            Self::GetPut => "get_put",
            Self::HundredPuts => "hundred_puts",
        }
    }

    /// Keys that one call writes.
    #[must_use]
    pub fn writes(self) -> u64 {
        match self {
            Self::Noop => 0,
            Self::GetPut => 1,
            Self::HundredPuts => 100,
        }
    }

    /// Messages that the peer sends in one call, if every request to the ledger is one message.
    pub(crate) fn rounds(self) -> u32 {
        match self {
            Self::Noop => 1,
            Self::GetPut => 3,
            Self::HundredPuts => 101,
        }
    }

    /// The call of the given number. Calls of different numbers are different transactions;
    /// those whose numbers agree modulo [`KEYS`] write the same keys.
    pub(crate) fn call(self, number: usize) -> Frame {
        let mut arguments = Vec::new();
        if self != Self::Noop {
            let key = format!("key-{:04}-", number % KEYS);
            arguments.extend([key.into_bytes(), VALUE.to_vec()]);
        }
        Frame::transaction(self.name(), arguments, number)
    }

    /// What the peer sends where a chaincode's request would have been answered.
    pub(crate) fn echoed(self) -> Bytes {
        match self {
            Self::Noop | Self::HundredPuts => Bytes::new(),
            Self::GetPut => Bytes::from_static(&VALUE),
        }
    }
}

impl Frame {
    /// A call of any function. Calls of different numbers are different transactions.
    #[must_use]
    pub fn transaction(function: &str, arguments: Vec<Vec<u8>>, number: usize) -> Self {
        let mut call = TestCall::new("bench", function)
            .creator("Org1MSP", CERTIFICATE)
            .nonce(format!("{number:024}"));
        for argument in arguments {
            call = call.arg(argument);
        }
        let args = call.arguments().to_vec();
        let mut proposal = call.proposal();
        proposal.signature = SIGNATURE.to_vec();
        Self {
            kind: Type::Transaction.into(),
            payload: ChaincodeInput { args, ..Default::default() }.encode_to_vec().into(),
            tx_id: call.tx_id().into(),
            proposal: proposal.encode_to_vec().into(),
            channel: Bytes::from_static(b"mychannel"),
        }
    }
}

impl fmt::Display for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Noop => "noop",
            Self::GetPut => "get-put",
            Self::HundredPuts => "hundred-puts",
        })
    }
}

/// Sets of keys that calls share out among them.
const KEYS: usize = 256;

/// What the functions write.
const VALUE: [u8; 100] = [b'v'; 100];

/// As long as a signature.
const SIGNATURE: [u8; 71] = [0x30; 71];

/// A client's certificate, as one of `OU=client`.
const CERTIFICATE: &str = include_str!("client.pem");
