//! Requests, replies and outcomes as the stream carries them.

use std::collections::BTreeMap;

use fabric_protos::protos::chaincode_message::Type;
use fabric_protos::protos::{
    ChaincodeEvent, ChaincodeId, ChaincodeInput, ChaincodeMessage, ChaincodeSpec, DelState,
    GetHistoryForKey, GetState, GetStateByRange, GetStateMetadata, PurgePrivateState, PutState,
    PutStateMetadata, QueryMetadata, QueryResponse, QueryResponseMetadata, QueryStateClose,
    QueryStateNext, Response, StateMetadata, StateMetadataResult,
};
use fabric_protos::queryresult::{KeyModification, Kv};
use fabric_protos::{DecodeError, Message};
use pervade_chaincode::host::{Changes, Outcome, Page, Reply, Request};
use pervade_chaincode::{ChaincodeName, Change, ClaimedTime, Entry, EntryPage};

/// What was asked, as far as it decides how the answer is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    Value,
    Acceptance,
    Page,
    EntryPage,
    Changes,
    Metadata,
    Call,
}

impl Asked {
    /// Reads the payload of a `RESPONSE`.
    pub(super) fn reply(self, payload: &[u8]) -> Reply {
        let read = match self {
            // The ledger holds no empty values: an empty payload is an absent key.
            Self::Value => Ok(Reply::Value((!payload.is_empty()).then(|| payload.to_vec()))),
            Self::Acceptance => Ok(Reply::Accepted),
            Self::Page => page(payload).map(Reply::Page),
            Self::EntryPage => entry_page(payload).map(Reply::EntryPage),
            Self::Changes => changes(payload).map(Reply::Changes),
            Self::Metadata => metadata(payload).map(Reply::Metadata),
            Self::Call => called(payload),
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
            (Asked::Value, Type::GetState, GetState { key, collection }.encode_to_vec())
        }
        Request::Put { collection, key, value } => {
            let put = PutState { key, value, collection };
            (Asked::Acceptance, Type::PutState, put.encode_to_vec())
        }
        Request::Delete { collection, key } => {
            (Asked::Acceptance, Type::DelState, DelState { key, collection }.encode_to_vec())
        }
        Request::Range { collection, start, end } => {
            let range = GetStateByRange {
                start_key: start,
                end_key: end,
                collection,
                metadata: Vec::new(),
            };
            (Asked::Page, Type::GetStateByRange, range.encode_to_vec())
        }
        Request::RangePage { start, end, size, bookmark } => {
            let page_size = i32::try_from(size).unwrap_or(i32::MAX);
            let range = GetStateByRange {
                start_key: start,
                end_key: end,
                collection: String::new(),
                metadata: QueryMetadata { page_size, bookmark }.encode_to_vec(),
            };
            (Asked::EntryPage, Type::GetStateByRange, range.encode_to_vec())
        }
        Request::History { key } => {
            let history = GetHistoryForKey { key };
            (Asked::Changes, Type::GetHistoryForKey, history.encode_to_vec())
        }
        Request::NextChanges { iterator } => {
            let next = QueryStateNext { id: iterator };
            (Asked::Changes, Type::QueryStateNext, next.encode_to_vec())
        }
        Request::NextPage { iterator } => {
            let next = QueryStateNext { id: iterator };
            (Asked::Page, Type::QueryStateNext, next.encode_to_vec())
        }
        Request::CloseIterator { iterator } => {
            let close = QueryStateClose { id: iterator };
            (Asked::Acceptance, Type::QueryStateClose, close.encode_to_vec())
        }
        Request::Hash { collection, key } => {
            let get = GetState { key, collection };
            (Asked::Value, Type::GetPrivateDataHash, get.encode_to_vec())
        }
        Request::Purge { collection, key } => {
            let purge = PurgePrivateState { key, collection };
            (Asked::Acceptance, Type::PurgePrivateData, purge.encode_to_vec())
        }
        Request::Metadata { collection, key } => {
            let get = GetStateMetadata { key, collection };
            (Asked::Metadata, Type::GetStateMetadata, get.encode_to_vec())
        }
        Request::PutMetadata { collection, key, name, value } => {
            let metadata = Some(StateMetadata { metakey: name, value });
            let put = PutStateMetadata { key, collection, metadata };
            (Asked::Acceptance, Type::PutStateMetadata, put.encode_to_vec())
        }
        Request::Call { chaincode, arguments } => {
            let call = chaincode_spec(chaincode, arguments);
            (Asked::Call, Type::InvokeChaincode, call.encode_to_vec())
        }
    }
}

fn chaincode_spec(chaincode: ChaincodeName, arguments: Vec<Vec<u8>>) -> ChaincodeSpec {
    let id = ChaincodeId { name: chaincode.into(), ..Default::default() };
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
    let Response { status, message, payload } = Response::decode(message.payload.as_slice())?;
    Ok(Reply::Called(Outcome { status, message, payload, event: None }))
}
