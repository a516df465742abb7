//! A peer's side of the stream, with its state in memory and nothing else of a peer.

use std::collections::HashMap;

use bytes::Bytes;
use fabric_protos::Message as _;
use fabric_protos::protos::chaincode_message::Type;
use fabric_protos::protos::write_record::Type as WriteType;
use fabric_protos::protos::{
    ChaincodeAdditionalParams, GetQueryResult, QueryMetadata, QueryResponse, QueryStateClose,
    QueryStateNext,
};

use crate::frame::{Answer, Batch, Frame, KeyValue, Keys, Place, Values};
use crate::query::{Queries, Refusal};

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
    /// The transaction is over: what it returned, or what it said of its failure.
    Ended { tx_id: Bytes, outcome: Result<Bytes, String> },
    /// There is nothing to do.
    Nothing,
}

/// The ledger that chaincodes read and write. It is one for all transactions, has no versions,
/// and takes a write at once.
#[derive(Debug, Default)]
pub(crate) struct Peer {
    state: Space,
    /// By collection; this peer is a member of each.
    private: HashMap<Bytes, Space>,
    writes: u64,
    pub(crate) queries: Queries,
}

/// Values by key.
pub(crate) type Space = HashMap<Bytes, Bytes>;

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
            Type::Completed | Type::Error => return self.end(kind, frame),
            Type::Keepalive => return Ok(Step::Nothing),
            Type::GetQueryResult => return self.query(frame),
            Type::QueryStateNext => {
                let QueryStateNext { id } = decode(kind, &frame.payload)?;
                let answer = self.queries.next(&frame.tx_id, &id);
                return Ok(Self::answer(frame, kind, answer));
            }
            Type::QueryStateClose => {
                let QueryStateClose { id } = decode(kind, &frame.payload)?;
                self.queries.close(&frame.tx_id, id).encode_to_vec().into()
            }
            Type::GetState => {
                let asked: Place = decode(kind, &frame.payload)?;
                let space = space(&self.state, &self.private, &asked.collection);
                space.and_then(|space| space.get(&asked.key)).cloned().unwrap_or_default()
            }
            Type::GetStateMultiple => self.values(&decode(kind, &frame.payload)?),
            Type::PutState => {
                let put: KeyValue = decode(kind, &frame.payload)?;
                self.put(&put.collection, (&put.key, &put.value));
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

    fn end(&mut self, kind: Type, frame: Frame) -> Result<Step, PeerError> {
        self.queries.end(&frame.tx_id);
        let outcome = if kind == Type::Error {
            Err(String::from_utf8_lossy(&frame.payload).into_owned())
        } else {
            let Answer { status, message, payload } = decode(kind, &frame.payload)?;
            if status == SUCCESS { Ok(payload) } else { Err(format!("status {status}: {message}")) }
        };
        Ok(Step::Ended { tx_id: frame.tx_id, outcome })
    }

    fn query(&mut self, frame: Frame) -> Result<Step, PeerError> {
        let kind = Type::GetQueryResult;
        let GetQueryResult { query, collection, metadata } = decode(kind, &frame.payload)?;
        let page: QueryMetadata = decode(kind, &metadata.into())?;
        let none = Space::new();
        // Borrowed by parts, because the queries change while the state is read.
        let Self { state, private, queries, .. } = self;
        let space = space(state, private, collection.as_bytes()).unwrap_or(&none);
        // Peers know no pages of private data.
        let answer = if collection.is_empty() && page != QueryMetadata::default() {
            queries.page(space, &query, &page)
        } else {
            queries.open(&frame.tx_id, space, &query)
        };
        Ok(Self::answer(frame, kind, answer))
    }

    /// A refusal reaches the chaincode in the words of Fabric's peers.
    fn answer(frame: Frame, asked: Type, answer: Result<QueryResponse, Refusal>) -> Step {
        Step::Reply(match answer {
            Ok(response) => frame.reply(Type::Response, response.encode_to_vec().into()),
            Err(refusal) => {
                let tx_id = String::from_utf8_lossy(&frame.tx_id);
                let asked = asked.as_str_name();
                let reason = format!("{asked} failed: transaction ID: {tx_id}: {refusal}");
                frame.reply(Type::Error, reason.into())
            }
        })
    }

    fn values(&self, asked: &Keys) -> Bytes {
        let space = space(&self.state, &self.private, &asked.collection);
        let value = |key| space.and_then(|space| space.get(key)).cloned().unwrap_or_default();
        Values { values: asked.keys.iter().map(value).collect() }.encode_to_vec().into()
    }

    fn batch(&mut self, batch: &Batch) -> Result<(), PeerError> {
        for record in &batch.records {
            if record.kind != i32::from(WriteType::PutState) {
                return Err(PeerError::OutOfPlace { kind: "a write that is no put" });
            }
            self.put(&record.collection, (&record.key, &record.value));
        }
        Ok(())
    }

    /// Copies what it keeps: the bytes are parts of the buffer that they arrived in.
    fn put(&mut self, collection: &Bytes, (key, value): (&Bytes, &Bytes)) {
        self.writes = self.writes.saturating_add(1);
        let value = Bytes::copy_from_slice(value);
        let space = if collection.is_empty() {
            &mut self.state
        } else {
            self.private.entry(Bytes::copy_from_slice(collection)).or_default()
        };
        match space.get_mut(key) {
            Some(known) => *known = value,
            None => {
                space.insert(Bytes::copy_from_slice(key), value);
            }
        }
    }
}

/// Public state, or a collection's; `None` before the first write to the collection.
fn space<'a>(
    state: &'a Space,
    private: &'a HashMap<Bytes, Space>,
    collection: &[u8],
) -> Option<&'a Space> {
    if collection.is_empty() { Some(state) } else { private.get(collection) }
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
