//! The stream's messages, read without copying.
//!
//! They agree with Fabric's on the wire. What the peer only hands on, a proposal for one, stays
//! the bytes it is, so that the peer takes as little as it can of the time that is measured.

use bytes::Bytes;
use fabric_protos::protos::chaincode_message::Type;

/// One message of the stream: `ChaincodeMessage`.
#[derive(Clone, PartialEq, prost::Message)]
#[expect(clippy::exhaustive_structs, reason = "a message")]
pub struct Frame {
    /// A [`Type`]'s number.
    #[prost(int32, tag = "1")]
    pub kind: i32,
    /// An encoded message of that type.
    #[prost(bytes = "bytes", tag = "3")]
    pub payload: Bytes,
    /// The transaction, as text.
    #[prost(bytes = "bytes", tag = "4")]
    pub tx_id: Bytes,
    /// An encoded `SignedProposal`.
    #[prost(bytes = "bytes", tag = "5")]
    pub proposal: Bytes,
    /// The channel, as text.
    #[prost(bytes = "bytes", tag = "7")]
    pub channel: Bytes,
}

impl Frame {
    /// A message of the stream itself.
    #[must_use]
    pub fn of_stream(kind: Type, payload: Bytes) -> Self {
        Self { kind: kind.into(), payload, ..Self::default() }
    }

    /// A message of this one's transaction.
    #[must_use]
    pub fn reply(self, kind: Type, payload: Bytes) -> Self {
        Self { kind: kind.into(), payload, proposal: Bytes::new(), ..self }
    }
}

/// `PutState`.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct KeyValue {
    #[prost(bytes = "bytes", tag = "1")]
    pub(crate) key: Bytes,
    #[prost(bytes = "bytes", tag = "2")]
    pub(crate) value: Bytes,
    #[prost(bytes = "bytes", tag = "3")]
    pub(crate) collection: Bytes,
}

/// `GetState`.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Place {
    #[prost(bytes = "bytes", tag = "1")]
    pub(crate) key: Bytes,
    #[prost(bytes = "bytes", tag = "2")]
    pub(crate) collection: Bytes,
}

/// `WriteBatchState`.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Batch {
    #[prost(message, repeated, tag = "1")]
    pub(crate) records: Vec<Record>,
}

/// `WriteRecord`.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Record {
    #[prost(bytes = "bytes", tag = "1")]
    pub(crate) key: Bytes,
    #[prost(bytes = "bytes", tag = "2")]
    pub(crate) value: Bytes,
    #[prost(bytes = "bytes", tag = "3")]
    pub(crate) collection: Bytes,
    #[prost(int32, tag = "5")]
    pub(crate) kind: i32,
}

/// `GetStateMultiple`.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Keys {
    #[prost(bytes = "bytes", repeated, tag = "1")]
    pub(crate) keys: Vec<Bytes>,
    #[prost(bytes = "bytes", tag = "2")]
    pub(crate) collection: Bytes,
}

/// `GetStateMultipleResult`.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Values {
    #[prost(bytes = "bytes", repeated, tag = "1")]
    pub(crate) values: Vec<Bytes>,
}

/// `Response`.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Answer {
    #[prost(int32, tag = "1")]
    pub(crate) status: i32,
    #[prost(string, tag = "2")]
    pub(crate) message: String,
    #[prost(bytes = "bytes", tag = "3")]
    pub(crate) payload: Bytes,
}
