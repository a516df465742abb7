//! What a chaincode asks of its peer while it works on a transaction, and the answers.

use fabric_protos::protos::chaincode_message::Type;
use fabric_protos::protos::{
    ChaincodeMessage, DelState, GetHistoryForKey, GetState, GetStateByRange, GetStateMetadata,
    PurgePrivateState, PutState, PutStateMetadata, QueryStateClose, QueryStateNext, StateMetadata,
    StateMetadataResult,
};
use fabric_protos::{DecodeError, Message};
use pervade_ledger::simulate::SimulateError;
use thiserror::Error;

use super::collection::{self, Use};
use super::{Call, InvokeError, Peer, query};

/// Answers any request but a call of another chaincode.
#[expect(clippy::wildcard_enum_match_arm, reason = "whatever is not listed is refused by name")]
pub(super) fn answer(
    peer: &mut Peer<'_>,
    call: &mut Call,
    request: &ChaincodeMessage,
) -> Result<Vec<u8>, RequestError> {
    let Call { name, iterators, .. } = call;
    let name = name.as_str();
    let payload = request.payload.as_slice();
    let simulator = &mut peer.simulator;
    match request.r#type() {
        Type::GetState => get(peer, name, &decode(payload)?),
        Type::PutState => put(peer, name, decode(payload)?),
        Type::DelState => delete(peer, name, &decode(payload)?),
        Type::GetPrivateDataHash => private_hash(peer, name, &decode(payload)?),
        Type::PurgePrivateData => purge(peer, name, &decode(payload)?),
        Type::GetStateMetadata => get_metadata(peer, name, &decode(payload)?),
        Type::PutStateMetadata => put_metadata(peer, name, decode(payload)?),
        Type::GetStateByRange => {
            let asked: GetStateByRange = decode(payload)?;
            if !asked.collection.is_empty() {
                return Err(RequestError::Unsupported { request: "a query of private data" });
            }
            query::open(iterators, simulator, name, &asked)
        }
        Type::QueryStateNext => {
            query::next(iterators, simulator, &decode::<QueryStateNext>(payload)?.id)
        }
        Type::QueryStateClose => {
            Ok(query::close(iterators, &decode::<QueryStateClose>(payload)?.id))
        }
        Type::GetHistoryForKey => {
            let asked: GetHistoryForKey = decode(payload)?;
            query::history(iterators, simulator, peer.ledger.history(name, &asked.key))
        }
        other => Err(RequestError::Unsupported { request: other.as_str_name() }),
    }
}

fn get(peer: &mut Peer<'_>, name: &str, asked: &GetState) -> Result<Vec<u8>, RequestError> {
    let GetState { key, collection } = asked;
    if collection.is_empty() {
        return Ok(peer.simulator.get(name, key)?.unwrap_or_default());
    }
    let config = may(peer, (name, collection), Use::Read)?;
    let Some(known) = peer.simulator.note_private_read(name, collection, key)? else {
        return Ok(Vec::new());
    };
    let value = peer.ledger.private_value((name, collection, key), &known.value);
    let is_member = collection::has_member(&config, peer.organization);
    value.filter(|_| is_member).ok_or(RequestError::NotAvailable)
}

fn put(peer: &mut Peer<'_>, name: &str, asked: PutState) -> Result<Vec<u8>, RequestError> {
    let PutState { key, value, collection } = asked;
    not_empty(&key)?;
    if collection.is_empty() {
        peer.simulator.put(name, &key, value)?;
    } else {
        may(peer, (name, &collection), Use::Write)?;
        peer.simulator.put_private(name, &collection, &key, value)?;
    }
    Ok(Vec::new())
}

fn delete(peer: &mut Peer<'_>, name: &str, asked: &DelState) -> Result<Vec<u8>, RequestError> {
    let DelState { key, collection } = asked;
    not_empty(key)?;
    if collection.is_empty() {
        peer.simulator.delete(name, key)?;
    } else {
        may(peer, (name, collection), Use::Write)?;
        peer.simulator.delete_private(name, collection, key)?;
    }
    Ok(Vec::new())
}

fn private_hash(
    peer: &mut Peer<'_>,
    name: &str,
    asked: &GetState,
) -> Result<Vec<u8>, RequestError> {
    may(peer, (name, &asked.collection), Use::Hash)?;
    let hash = peer.simulator.get_private_hash(name, &asked.collection, &asked.key)?;
    Ok(hash.unwrap_or_default())
}

fn purge(
    peer: &mut Peer<'_>,
    name: &str,
    asked: &PurgePrivateState,
) -> Result<Vec<u8>, RequestError> {
    not_empty(&asked.key)?;
    may(peer, (name, &asked.collection), Use::Write)?;
    peer.simulator.purge_private(name, &asked.collection, &asked.key)?;
    Ok(Vec::new())
}

fn get_metadata(
    peer: &mut Peer<'_>,
    name: &str,
    asked: &GetStateMetadata,
) -> Result<Vec<u8>, RequestError> {
    let GetStateMetadata { key, collection } = asked;
    let entries = if collection.is_empty() {
        peer.simulator.get_metadata(name, key)?
    } else {
        may(peer, (name, collection), Use::Read)?;
        peer.simulator.get_private_metadata(name, collection, key)?
    };
    let entries = entries.into_iter().map(|(metakey, value)| StateMetadata { metakey, value });
    Ok(StateMetadataResult { entries: entries.collect() }.encode_to_vec())
}

fn put_metadata(
    peer: &mut Peer<'_>,
    name: &str,
    asked: PutStateMetadata,
) -> Result<Vec<u8>, RequestError> {
    let PutStateMetadata { key, collection, metadata } = asked;
    not_empty(&key)?;
    let entry = metadata.unwrap_or_default();
    let metadata = [(entry.metakey, entry.value)].into();
    if collection.is_empty() {
        peer.simulator.put_metadata(name, &key, metadata)?;
    } else {
        may(peer, (name, &collection), Use::Write)?;
        peer.simulator.put_private_metadata(name, &collection, &key, metadata)?;
    }
    Ok(Vec::new())
}

/// The collection's definition, if the client may use it so.
fn may(
    peer: &Peer<'_>,
    (name, collection): (&str, &str),
    wanted: Use,
) -> Result<fabric_protos::protos::StaticCollectionConfig, RequestError> {
    let config = collection::find(peer.ledger.state(), name, collection)?;
    collection::check((name, &config), peer.proposed.creator, wanted)?;
    Ok(config)
}

fn not_empty(key: &str) -> Result<(), RequestError> {
    if key.is_empty() { Err(RequestError::EmptyKey) } else { Ok(()) }
}

pub(super) fn decode<M: Message + Default>(payload: &[u8]) -> Result<M, RequestError> {
    M::decode(payload).map_err(|source| RequestError::Malformed { source })
}

/// The message that carries an answer.
pub(super) fn reply(
    request: &ChaincodeMessage,
    answer: Result<Vec<u8>, RequestError>,
) -> ChaincodeMessage {
    let (r#type, payload) = match answer {
        Ok(payload) => (Type::Response, payload),
        Err(error) => {
            let kind = request.r#type().as_str_name();
            let text = format!("{kind} failed: transaction ID: {}: {error}", request.txid);
            (Type::Error, text.into_bytes())
        }
    };
    ChaincodeMessage {
        r#type: r#type.into(),
        payload,
        txid: request.txid.clone(),
        channel_id: request.channel_id.clone(),
        ..ChaincodeMessage::default()
    }
}

/// Why a request was refused. The chaincode reads the text; it is a peer's where a peer has one.
#[derive(Debug, Error)]
pub(super) enum RequestError {
    #[error("unmarshal failed: {source}")]
    Malformed {
        #[source]
        source: DecodeError,
    },
    #[error(transparent)]
    Simulate(#[from] SimulateError),
    #[error("key must not be empty")]
    EmptyKey,
    #[error("private data matching public hash version is not available")]
    NotAvailable,
    #[error("collection {chaincode}/{collection} could not be found")]
    NoCollection { chaincode: String, collection: String },
    #[error(
        "tx creator does not have {wanted} access permission on privatedata in \
         chaincodeName:{chaincode} collectionName: {collection}"
    )]
    CollectionDenied { wanted: &'static str, chaincode: String, collection: String },
    #[error("query iterator not found")]
    NoIterator,
    #[error("more than {max} iterators are open")]
    TooManyIterators { max: usize },
    #[error("failed to find ledger for channel: {channel}")]
    NoLedger { channel: String },
    #[error("{request} is not simulated")]
    Unsupported { request: &'static str },
    #[error("execute failed: {source}")]
    Invoke {
        #[source]
        source: Box<InvokeError>,
    },
}
