//! Requests, replies and outcomes as the stream carries them.

use fabric_protos::protos::chaincode_message::Type;
use fabric_protos::protos::{
    ChaincodeEvent, ChaincodeId, ChaincodeInput, ChaincodeMessage, ChaincodeSpec, DelState,
    GetState, GetStateByRange, PutState, QueryResponse, QueryStateClose, QueryStateNext, Response,
};
use fabric_protos::queryresult::Kv;
use fabric_protos::{DecodeError, Message};
use pervade_chaincode::Entry;
use pervade_chaincode::host::{Outcome, Page, Reply, Request};

/// What was asked, as far as it decides how the answer is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    Value,
    Acceptance,
    Page,
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
            Self::Call => called(payload),
        };
        read.unwrap_or_else(|error| Reply::Refused {
            reason: format!("the peer's answer cannot be read: {error}"),
        })
    }
}

/// A request's message type and payload. The empty collection is public state.
pub(super) fn request(request: Request) -> (Asked, Type, Vec<u8>) {
    let collection = String::new();
    match request {
        Request::Get { key } => {
            (Asked::Value, Type::GetState, GetState { key, collection }.encode_to_vec())
        }
        Request::Put { key, value } => {
            let put = PutState { key, value, collection };
            (Asked::Acceptance, Type::PutState, put.encode_to_vec())
        }
        Request::Delete { key } => {
            (Asked::Acceptance, Type::DelState, DelState { key, collection }.encode_to_vec())
        }
        Request::Range { start, end } => {
            let range = GetStateByRange {
                start_key: start,
                end_key: end,
                collection,
                metadata: Vec::new(),
            };
            (Asked::Page, Type::GetStateByRange, range.encode_to_vec())
        }
        Request::NextPage { iterator } => {
            let next = QueryStateNext { id: iterator };
            (Asked::Page, Type::QueryStateNext, next.encode_to_vec())
        }
        Request::CloseIterator { iterator } => {
            let close = QueryStateClose { id: iterator };
            (Asked::Acceptance, Type::QueryStateClose, close.encode_to_vec())
        }
        Request::Call { chaincode, arguments } => {
            let id = ChaincodeId { name: chaincode.into(), ..Default::default() };
            let input = ChaincodeInput { args: arguments, ..Default::default() };
            let call =
                ChaincodeSpec { chaincode_id: Some(id), input: Some(input), ..Default::default() };
            (Asked::Call, Type::InvokeChaincode, call.encode_to_vec())
        }
    }
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
    let entries = response.results.into_iter().map(|record| {
        let Kv { key, value, .. } = Kv::decode(record.result_bytes.as_slice())?;
        Ok(Entry { key, value })
    });
    Ok(Page {
        entries: entries.collect::<Result<_, DecodeError>>()?,
        more: response.has_more.then_some(response.id),
    })
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
