//! Requests, replies and outcomes as the stream carries them.

use std::collections::BTreeMap;

use fabric_protos::protos::chaincode_message::Type;
use fabric_protos::protos::{
    ChaincodeEvent, ChaincodeId, ChaincodeInput, ChaincodeMessage, ChaincodeSpec, DelState,
    GetHistoryForKey, GetQueryResult, GetState, GetStateByRange, GetStateMetadata,
    GetStateMultiple, GetStateMultipleResult, PurgePrivateState, PutState, PutStateMetadata,
    QueryMetadata, QueryResponse, QueryResponseMetadata, QueryStateClose, QueryStateNext, Response,
    StateMetadata, StateMetadataResult, WriteBatchState, WriteRecord, write_record,
};
use fabric_protos::queryresult::{KeyModification, Kv};
use fabric_protos::{DecodeError, Message};
use pervade_chaincode::host::{Changes, Event, Outcome, Page, Reply, Request, Write, WriteChange};
use pervade_chaincode::{Change, ClaimedTime, Entry, EntryPage};

/// What was asked, as far as it decides how the answer is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    Value,
    Values,
    Acceptance,
    Page,
    EntryPage,
    Changes,
    Metadata,
    Call,
}

impl Asked {
    /// Reads the payload of a `RESPONSE`.
    pub(super) fn reply(self, payload: Vec<u8>) -> Reply {
        let bytes = payload.as_slice();
        let read = match self {
            // The ledger holds no empty values: an empty payload is an absent key.
            Self::Value if bytes.is_empty() => Ok(Reply::Value(None)),
            Self::Value => return Reply::Value(Some(payload)),
            Self::Values => values(bytes).map(Reply::Values),
            Self::Acceptance => Ok(Reply::Accepted),
            Self::Page => page(bytes).map(Reply::Page),
            Self::EntryPage => entry_page(bytes).map(Reply::EntryPage),
            Self::Changes => changes(bytes).map(Reply::Changes),
            Self::Metadata => metadata(bytes).map(Reply::Metadata),
            Self::Call => called(bytes),
        };
        read.unwrap_or_else(|error| Reply::Refused {
            reason: format!("the peer's answer cannot be read: {error}"),
        })
    }
}

/// A request's message type and payload. The empty collection is public state.
pub(super) fn request(request: Request) -> (Asked, Type, Vec<u8>) {
    match request {
        Request::Get { collection, key } => {
            ask(Asked::Value, Type::GetState, &GetState { key, collection })
        }
        Request::GetMany { collection, keys } => {
            ask(Asked::Values, Type::GetStateMultiple, &GetStateMultiple { keys, collection })
        }
        Request::Hash { collection, key } => {
            ask(Asked::Value, Type::GetPrivateDataHash, &GetState { key, collection })
        }
        Request::Metadata { collection, key } => {
            ask(Asked::Metadata, Type::GetStateMetadata, &GetStateMetadata { key, collection })
        }
        Request::Put { collection, key, value } => {
            write(Type::PutState, &PutState { key, value, collection })
        }
        Request::Delete { collection, key } => write(Type::DelState, &DelState { key, collection }),
        Request::Purge { collection, key } => {
            write(Type::PurgePrivateData, &PurgePrivateState { key, collection })
        }
        Request::PutMetadata { collection, key, name, value } => {
            let metadata = Some(StateMetadata { metakey: name, value });
            write(Type::PutStateMetadata, &PutStateMetadata { key, collection, metadata })
        }
        Request::Batch(writes) => {
            let batch = WriteBatchState { rec: writes.into_iter().map(record).collect() };
            write(Type::WriteBatchState, &batch)
        }
        Request::Range { collection, start, end } => {
            ask(Asked::Page, Type::GetStateByRange, &range(collection, (start, end), Vec::new()))
        }
        Request::RangePage { start, end, size, bookmark } => {
            let range = range(String::new(), (start, end), page_metadata(size, bookmark));
            ask(Asked::EntryPage, Type::GetStateByRange, &range)
        }
        Request::Query { collection, query } => {
            let query = GetQueryResult { query, collection, metadata: Vec::new() };
            ask(Asked::Page, Type::GetQueryResult, &query)
        }
        Request::QueryPage { query, size, bookmark } => {
            let metadata = page_metadata(size, bookmark);
            let query = GetQueryResult { query, collection: String::new(), metadata };
            ask(Asked::EntryPage, Type::GetQueryResult, &query)
        }
        Request::History { key } => {
            ask(Asked::Changes, Type::GetHistoryForKey, &GetHistoryForKey { key })
        }
        Request::NextChanges { iterator: id } => {
            ask(Asked::Changes, Type::QueryStateNext, &QueryStateNext { id })
        }
        Request::NextPage { iterator: id } => {
            ask(Asked::Page, Type::QueryStateNext, &QueryStateNext { id })
        }
        Request::CloseIterator { iterator: id } => {
            ask(Asked::Acceptance, Type::QueryStateClose, &QueryStateClose { id })
        }
        Request::Call { chaincode, channel, arguments } => {
            let name = match channel {
                Some(channel) => format!("{chaincode}/{channel}"),
                None => chaincode.into(),
            };
            ask(Asked::Call, Type::InvokeChaincode, &chaincode_spec(name, arguments))
        }
    }
}

fn ask<M: Message>(asked: Asked, kind: Type, message: &M) -> (Asked, Type, Vec<u8>) {
    (asked, kind, message.encode_to_vec())
}

fn write<M: Message>(kind: Type, message: &M) -> (Asked, Type, Vec<u8>) {
    ask(Asked::Acceptance, kind, message)
}

fn range(
    collection: String,
    (start_key, end_key): (String, String),
    metadata: Vec<u8>,
) -> GetStateByRange {
    GetStateByRange { start_key, end_key, collection, metadata }
}

fn page_metadata(size: u32, bookmark: String) -> Vec<u8> {
    let page_size = i32::try_from(size).unwrap_or(i32::MAX);
    QueryMetadata { page_size, bookmark }.encode_to_vec()
}

fn record(Write { collection, key, change }: Write) -> WriteRecord {
    let (kind, value, metadata) = match change {
        WriteChange::Put(value) => (write_record::Type::PutState, value, None),
        WriteChange::Delete => (write_record::Type::DelState, Vec::new(), None),
        WriteChange::Purge => (write_record::Type::PurgePrivateData, Vec::new(), None),
        WriteChange::Metadata { name, value } => {
            let metadata = StateMetadata { metakey: name, value };
            (write_record::Type::PutStateMetadata, Vec::new(), Some(metadata))
        }
    };
    WriteRecord { key, value, collection, metadata, r#type: kind.into() }
}

fn chaincode_spec(name: String, arguments: Vec<Vec<u8>>) -> ChaincodeSpec {
    let id = ChaincodeId { name, ..Default::default() };
    let input = ChaincodeInput { args: arguments, ..Default::default() };
    ChaincodeSpec { chaincode_id: Some(id), input: Some(input), ..Default::default() }
}

/// The payload of `COMPLETED`, and the event beside it.
pub(super) fn outcome(outcome: Outcome, tx_id: &str) -> (Vec<u8>, Option<ChaincodeEvent>) {
    let Outcome { status, message, payload, event } = outcome;
    // The peer fills in the chaincode's identifier: a chaincode does not know it.
    let event = event.map(|event| ChaincodeEvent {
        tx_id: tx_id.to_owned(),
        event_name: event.name,
        payload: event.payload,
        ..Default::default()
    });
    (Response { status, message, payload }.encode_to_vec(), event)
}

fn page(payload: &[u8]) -> Result<Page, DecodeError> {
    let response = QueryResponse::decode(payload)?;
    Ok(Page { entries: records(&response, entry)?, more: response.has_more.then_some(response.id) })
}

/// A page that was asked for with its size comes whole, and names the start of the next.
fn entry_page(payload: &[u8]) -> Result<EntryPage, DecodeError> {
    let response = QueryResponse::decode(payload)?;
    let metadata = QueryResponseMetadata::decode(response.metadata.as_slice())?;
    Ok(EntryPage { entries: records(&response, entry)?, bookmark: metadata.bookmark })
}

fn changes(payload: &[u8]) -> Result<Changes, DecodeError> {
    let response = QueryResponse::decode(payload)?;
    Ok(Changes {
        changes: records(&response, change)?,
        more: response.has_more.then_some(response.id),
    })
}

fn values(payload: &[u8]) -> Result<Vec<Option<Vec<u8>>>, DecodeError> {
    let result = GetStateMultipleResult::decode(payload)?;
    let values = result.values.into_iter();
    Ok(values.map(|value| (!value.is_empty()).then_some(value)).collect())
}

fn metadata(payload: &[u8]) -> Result<BTreeMap<String, Vec<u8>>, DecodeError> {
    let result = StateMetadataResult::decode(payload)?;
    Ok(result.entries.into_iter().map(|entry| (entry.metakey, entry.value)).collect())
}

fn records<M: Message + Default, R>(
    response: &QueryResponse,
    read: fn(M) -> R,
) -> Result<Vec<R>, DecodeError> {
    let records = response.results.iter();
    records.map(|record| M::decode(record.result_bytes.as_slice()).map(read)).collect()
}

fn entry(Kv { key, value, .. }: Kv) -> Entry {
    Entry { key, value }
}

fn change(KeyModification { tx_id, value, timestamp, is_delete }: KeyModification) -> Change {
    let claimed_time = ClaimedTime::new(timestamp.unwrap_or_default());
    Change { tx_id, value: (!is_delete).then_some(value), claimed_time }
}

/// The answer to a nested call is a message in a message.
fn called(payload: &[u8]) -> Result<Reply, DecodeError> {
    let message = ChaincodeMessage::decode(payload)?;
    if message.r#type != i32::from(Type::Completed) {
        let reason = String::from_utf8_lossy(&message.payload).into_owned();
        return Ok(Reply::Refused { reason });
    }
    let event = message.chaincode_event.filter(|event| !event.event_name.is_empty());
    let event = event.map(|event| Event { name: event.event_name, payload: event.payload });
    let Response { status, message, payload } = Response::decode(message.payload.as_slice())?;
    Ok(Reply::Called(Outcome { status, message, payload, event }))
}
