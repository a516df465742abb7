//! A peer's side of the stream, with its state in memory and nothing else of a peer.

use std::collections::HashMap;

use bytes::Bytes;
use fabric_protos::Message as _;
use fabric_protos::protos::ChaincodeAdditionalParams;
use fabric_protos::protos::chaincode_message::Type;
use fabric_protos::protos::write_record::Type as WriteType;

use crate::frame::{Answer, Batch, Frame, KeyValue, Keys, Values};

/// Writes in a batch, and keys in a multiple read, that the peer announces: Fabric's defaults.
const BATCH_MAX: u32 = 1_000;

/// What the peer announces when a chaincode is ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "the two kinds of peers")]
pub enum Announces {
    /// Batches of writes and multiple reads, as Fabric 3.1 does.
    Batches,
    /// Nothing, as Fabric 2.5 does.
    Nothing,
}

/// What a message of the chaincode's leads to.
#[derive(Debug)]
pub(crate) enum Step {
    /// The transaction goes on.
    Reply(Frame),
    /// The transaction is over.
    Ended { tx_id: Bytes, fault: Option<String> },
    /// There is nothing to do.
    Nothing,
}

/// The ledger that chaincodes read and write. It is one for all transactions, has no versions,
/// and takes a write at once.
#[derive(Debug, Default)]
pub(crate) struct Peer {
    state: HashMap<Bytes, Bytes>,
    writes: u64,
}

impl Peer {
    /// The messages that make a registered chaincode ready.
    pub(crate) fn welcome(announces: Announces) -> [Frame; 2] {
        let batches = announces == Announces::Batches;
        let params = ChaincodeAdditionalParams {
            use_write_batch: batches,
            max_size_write_batch: if batches { BATCH_MAX } else { 0 },
            use_get_multiple_keys: batches,
            max_size_get_multiple_keys: if batches { BATCH_MAX } else { 0 },
        };
        let ready = Frame::of_stream(Type::Ready, params.encode_to_vec().into());
        [Frame::of_stream(Type::Registered, Bytes::new()), ready]
    }

    /// Writes taken so far.
    pub(crate) fn writes(&self) -> u64 {
        self.writes
    }

    /// Answers a message of the chaincode's.
    #[expect(clippy::wildcard_enum_match_arm, reason = "the functions need these and no others")]
    pub(crate) fn step(&mut self, frame: Frame) -> Result<Step, PeerError> {
        let number = frame.kind;
        let kind = Type::try_from(number).map_err(|_unknown| PeerError::UnknownType { number })?;
        let payload = match kind {
            Type::Completed => return Self::completed(frame),
            Type::Error => {
                let fault = Some(String::from_utf8_lossy(&frame.payload).into_owned());
                return Ok(Step::Ended { tx_id: frame.tx_id, fault });
            }
            Type::Keepalive => return Ok(Step::Nothing),
            Type::GetState => {
                let asked: KeyValue = decode(kind, &frame.payload)?;
                self.state.get(&asked.key).cloned().unwrap_or_default()
            }
            Type::GetStateMultiple => self.values(&decode(kind, &frame.payload)?),
            Type::PutState => {
                let put: KeyValue = decode(kind, &frame.payload)?;
                self.put(&put.key, &put.value);
                Bytes::new()
            }
            Type::WriteBatchState => {
                self.batch(&decode(kind, &frame.payload)?)?;
                Bytes::new()
            }
            _ => return Err(PeerError::OutOfPlace { kind: kind.as_str_name() }),
        };
        Ok(Step::Reply(frame.reply(Type::Response, payload)))
    }

    fn completed(frame: Frame) -> Result<Step, PeerError> {
        let answer: Answer = decode(Type::Completed, &frame.payload)?;
        let fault = (answer.status != SUCCESS)
            .then(|| format!("status {}: {}", answer.status, answer.message));
        Ok(Step::Ended { tx_id: frame.tx_id, fault })
    }

    fn values(&self, asked: &Keys) -> Bytes {
        let value = |key: &Bytes| self.state.get(key).cloned().unwrap_or_default();
        Values { values: asked.keys.iter().map(value).collect() }.encode_to_vec().into()
    }

    fn batch(&mut self, batch: &Batch) -> Result<(), PeerError> {
        for record in &batch.records {
            if record.kind != i32::from(WriteType::PutState) {
                return Err(PeerError::OutOfPlace { kind: "a write that is no put" });
            }
            self.put(&record.key, &record.value);
        }
        Ok(())
    }

    /// Copies what it keeps: the bytes are parts of the buffer that they arrived in.
    fn put(&mut self, key: &Bytes, value: &Bytes) {
        self.writes = self.writes.saturating_add(1);
        let value = Bytes::copy_from_slice(value);
        match self.state.get_mut(key) {
            Some(known) => *known = value,
            None => {
                self.state.insert(Bytes::copy_from_slice(key), value);
            }
        }
    }
}

/// The status of a call that succeeded.
const SUCCESS: i32 = 200;

/// How the chaincode broke the protocol.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PeerError {
    /// A message of a type that the protocol does not have.
    #[error("the chaincode sent a message of type {number}, which there is not")]
    UnknownType {
        /// The type's number.
        number: i32,
    },
    /// A message that none of the functions needs.
    #[error("the chaincode sent {kind}, which no function needs")]
    OutOfPlace {
        /// What it is.
        kind: &'static str,
    },
    /// A payload that is not what its type says.
    #[error("the chaincode sent {kind} with a payload that is none")]
    Malformed {
        /// The message's type.
        kind: &'static str,
        /// What the decoder found.
        #[source]
        source: prost::DecodeError,
    },
}

fn decode<M: prost::Message + Default>(kind: Type, payload: &Bytes) -> Result<M, PeerError> {
    M::decode(payload.clone())
        .map_err(|source| PeerError::Malformed { kind: kind.as_str_name(), source })
}
