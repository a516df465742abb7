//! What a chaincode asks of its peer while it works on a transaction, and the answers.

use std::sync::Arc;

use fabric_protos::Message;
use fabric_protos::protos::chaincode_message::Type;
use fabric_protos::protos::{
    ChaincodeMessage, ChaincodeSpec, DelState, GetHistoryForKey, GetQueryResult, GetState,
    GetStateByRange, GetStateMetadata, PutState, PutStateMetadata, QueryStateClose, QueryStateNext,
    StateMetadataResult,
};
use thiserror::Error;

use super::call::{Call, InvokeError, Support};
use super::query;
use super::stream::Running;
use crate::access::{AccessDenied, resource};
use crate::channel::{ChannelReadError, PrivateKey};
use crate::collections::{self, CollectionDenied, Permission};
use crate::lock;
use crate::simulation::{Simulation, SimulationError};
use crate::system;

/// What a chaincode may ask for while it is ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ask {
    Get,
    Put,
    Delete,
    Range,
    RichQuery,
    History,
    Next,
    Close,
    GetMetadata,
    PutMetadata,
    PrivateHash,
    Purge,
    Invoke,
}

impl Ask {
    /// Reads a message's type; `None` if it is no request, or one that was not announced when the
    /// chaincode registered.
    pub(crate) fn of(kind: Type) -> Option<Self> {
        Some(match kind {
            Type::GetState => Self::Get,
            Type::PutState => Self::Put,
            Type::DelState => Self::Delete,
            Type::InvokeChaincode => Self::Invoke,
            Type::GetStateByRange => Self::Range,
            Type::GetQueryResult => Self::RichQuery,
            Type::QueryStateNext => Self::Next,
            Type::QueryStateClose => Self::Close,
            Type::GetHistoryForKey => Self::History,
            Type::GetStateMetadata => Self::GetMetadata,
            Type::PutStateMetadata => Self::PutMetadata,
            Type::GetPrivateDataHash => Self::PrivateHash,
            Type::PurgePrivateData => Self::Purge,
            Type::Undefined
            | Type::Register
            | Type::Registered
            | Type::Init
            | Type::Ready
            | Type::Transaction
            | Type::Completed
            | Type::Error
            | Type::Response
            | Type::Keepalive
            | Type::WriteBatchState
            | Type::GetStateMultiple => return None,
        })
    }
}

/// The answer to a request for a transaction that is not running, or is so no longer.
pub(crate) fn no_context(request: &ChaincodeMessage) -> ChaincodeMessage {
    reply(request, Err(RequestError::NoContext))
}

/// Answers any request but a call of another chaincode.
pub(crate) fn answer(ask: Ask, context: &Running, request: &ChaincodeMessage) -> ChaincodeMessage {
    let Some(simulation) = &context.call.simulation else { return no_context(request) };
    let asked = Asked { context, simulation, payload: &request.payload };
    reply(request, asked.answer(ask))
}

/// Calls another chaincode for one that runs: on the same channel in the same simulation, on
/// another channel in a simulation of its own whose writes are lost.
pub(crate) async fn invoke_chaincode(
    call: &Call,
    request: &ChaincodeMessage,
    support: &Arc<Support>,
) -> ChaincodeMessage {
    let answer = call_another(call, request, support).await;
    reply(request, answer)
}

async fn call_another(
    call: &Call,
    request: &ChaincodeMessage,
    support: &Arc<Support>,
) -> Result<Vec<u8>, RequestError> {
    let spec: ChaincodeSpec = decode(&request.payload)?;
    let target = spec.chaincode_id.map(|id| id.name).unwrap_or_default();
    let (name, channel) = split_target(&target);
    let nested = nested_call(call, name, channel, support)?;
    let outcome = support
        .invoke(nested, spec.input.unwrap_or_default())
        .await
        .map_err(|source| RequestError::Invoke { source: Box::new(source) })?;
    Ok(outcome.encode_to_vec())
}

/// `name[:version][/channel]`; the version says nothing any more.
fn split_target(target: &str) -> (&str, Option<&str>) {
    let (name, channel) = match target.split_once('/') {
        Some((name, channel)) => (name, Some(channel)),
        None => (target, None),
    };
    (name.split(':').next().unwrap_or(name), channel.filter(|channel| !channel.is_empty()))
}

fn nested_call(
    call: &Call,
    name: &str,
    channel: Option<&str>,
    support: &Support,
) -> Result<Call, RequestError> {
    let mut nested = call.clone();
    name.clone_into(&mut nested.name);
    nested.depth = call.depth.saturating_add(1);
    nested.is_init = false;
    let own = call.channel_name();
    if let Some(other) = channel.filter(|channel| *channel != own) {
        let found = support.channels().named(other);
        let found = found.ok_or_else(|| RequestError::NoLedger { channel: other.to_owned() })?;
        nested.simulation = Some(Simulation::new(&found));
        nested.channel = Some(found);
    }
    let Some(channel) = &nested.channel else { return Err(RequestError::NoContext) };
    if !system::is_system(name) {
        channel
            .check_identity(resource::CHAINCODE_TO_CHAINCODE, &call.proposal.creator)
            .map_err(|source| RequestError::Denied { source: Box::new(source) })?;
    }
    Ok(nested)
}

/// One request with the state that it is about.
struct Asked<'a> {
    context: &'a Running,
    simulation: &'a Simulation,
    payload: &'a [u8],
}

impl Asked<'_> {
    fn answer(&self, ask: Ask) -> Result<Vec<u8>, RequestError> {
        match ask {
            Ask::Get => self.get(),
            Ask::Put => self.put(),
            Ask::Delete => self.delete(),
            Ask::Range => self.range(),
            Ask::Next => self.next(),
            Ask::Close => self.close(),
            Ask::GetMetadata => self.get_metadata(),
            Ask::PutMetadata => self.put_metadata(),
            Ask::PrivateHash => self.private_hash(),
            Ask::History => self.history(),
            Ask::RichQuery => {
                decode::<GetQueryResult>(self.payload)?;
                Err(Unsupported::RichQuery.into())
            }
            Ask::Purge => Err(Unsupported::Purge.into()),
            Ask::Invoke => Err(Unsupported::InvokeHere.into()),
        }
    }

    fn namespace(&self) -> &str {
        &self.context.call.name
    }

    fn get(&self) -> Result<Vec<u8>, RequestError> {
        let asked: GetState = decode(self.payload)?;
        let value = if asked.collection.is_empty() {
            self.simulation.get(self.namespace(), &asked.key)?
        } else {
            let place = self.private(&asked.collection, &asked.key, Permission::Read)?;
            self.simulation.get_private(&self.context.organization, place)?
        };
        Ok(value.unwrap_or_default())
    }

    fn put(&self) -> Result<Vec<u8>, RequestError> {
        let asked: PutState = decode(self.payload)?;
        if asked.collection.is_empty() {
            self.simulation.put(self.namespace(), &asked.key, asked.value)?;
        } else {
            let place = self.private(&asked.collection, &asked.key, Permission::Write)?;
            self.simulation.put_private(place, asked.value)?;
        }
        Ok(Vec::new())
    }

    fn delete(&self) -> Result<Vec<u8>, RequestError> {
        let asked: DelState = decode(self.payload)?;
        if asked.collection.is_empty() {
            self.simulation.delete(self.namespace(), &asked.key)?;
        } else {
            let place = self.private(&asked.collection, &asked.key, Permission::Write)?;
            self.simulation.delete_private(place)?;
        }
        Ok(Vec::new())
    }

    fn private_hash(&self) -> Result<Vec<u8>, RequestError> {
        let asked: GetState = decode(self.payload)?;
        let place = self.private(&asked.collection, &asked.key, Permission::Hash)?;
        let hash = self.simulation.private_hash(place)?;
        Ok(hash.unwrap_or_default())
    }

    fn get_metadata(&self) -> Result<Vec<u8>, RequestError> {
        let asked: GetStateMetadata = decode(self.payload)?;
        refuse_collection(&asked.collection)?;
        let entries = self.simulation.metadata(self.namespace(), &asked.key)?;
        Ok(StateMetadataResult { entries }.encode_to_vec())
    }

    fn put_metadata(&self) -> Result<Vec<u8>, RequestError> {
        let asked: PutStateMetadata = decode(self.payload)?;
        refuse_collection(&asked.collection)?;
        let entry = asked.metadata.unwrap_or_default();
        self.simulation.put_metadata(self.namespace(), &asked.key, entry)?;
        Ok(Vec::new())
    }

    fn range(&self) -> Result<Vec<u8>, RequestError> {
        let asked: GetStateByRange = decode(self.payload)?;
        refuse_collection(&asked.collection)?;
        let mut iterators = lock(&self.context.iterators);
        query::open(&mut iterators, self.simulation, self.namespace(), &asked)
    }

    fn next(&self) -> Result<Vec<u8>, RequestError> {
        let asked: QueryStateNext = decode(self.payload)?;
        query::next(&mut lock(&self.context.iterators), self.simulation, &asked.id)
    }

    fn close(&self) -> Result<Vec<u8>, RequestError> {
        let asked: QueryStateClose = decode(self.payload)?;
        Ok(query::close(&mut lock(&self.context.iterators), &asked.id))
    }

    fn history(&self) -> Result<Vec<u8>, RequestError> {
        let asked: GetHistoryForKey = decode(self.payload)?;
        let Some(channel) = &self.context.call.channel else {
            return Err(RequestError::NoContext);
        };
        let mut iterators = lock(&self.context.iterators);
        query::history(&mut iterators, self.simulation, channel, (self.namespace(), &asked.key))
    }

    /// A private key that the proposal's creator may use in this way.
    fn private<'k>(
        &'k self,
        collection: &'k str,
        key: &'k str,
        permission: Permission,
    ) -> Result<PrivateKey<'k>, RequestError> {
        let call = &self.context.call;
        if call.is_init {
            return Err(RequestError::PrivateInInit);
        }
        let place = PrivateKey { namespace: &call.name, collection, key };
        collections::check(
            self.simulation.state(),
            place,
            call.proposal.creator.msp_id(),
            permission,
        )
        .map_err(|source| RequestError::Collection { source })?;
        Ok(place)
    }
}

fn refuse_collection(collection: &str) -> Result<(), RequestError> {
    if collection.is_empty() { Ok(()) } else { Err(Unsupported::PrivateQuery.into()) }
}

pub(super) fn decode<M: Message + Default>(payload: &[u8]) -> Result<M, RequestError> {
    M::decode(payload).map_err(|source| RequestError::Malformed { source })
}

fn reply(request: &ChaincodeMessage, answer: Result<Vec<u8>, RequestError>) -> ChaincodeMessage {
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
        ..Default::default()
    }
}

/// Why a request was refused. The chaincode reads the text; it is Fabric's where Fabric has one.
#[derive(Debug, Error)]
pub(crate) enum RequestError {
    #[error("no ledger context")]
    NoContext,
    #[error("unmarshal failed: {source}")]
    Malformed {
        #[source]
        source: prost::DecodeError,
    },
    #[error(transparent)]
    Simulation(#[from] SimulationError),
    #[error(transparent)]
    Read(#[from] ChannelReadError),
    #[error(transparent)]
    Query(#[from] query::QueryError),
    #[error("private data APIs are not allowed in chaincode Init()")]
    PrivateInInit,
    #[error(transparent)]
    Unsupported(#[from] Unsupported),
    #[error("{source}")]
    Collection {
        #[source]
        source: CollectionDenied,
    },
    #[error("failed to find ledger for channel: {channel}")]
    NoLedger { channel: String },
    #[error("{source}")]
    Denied {
        #[source]
        source: Box<AccessDenied>,
    },
    #[error("execute failed: {source}")]
    Invoke {
        #[source]
        source: Box<InvokeError>,
    },
}

/// What this peer does not do for a chaincode.
#[derive(Debug, Error)]
pub(crate) enum Unsupported {
    #[error("queries and metadata of private data are not supported")]
    PrivateQuery,
    #[error("purging private data is not supported")]
    Purge,
    #[error("ExecuteQuery not supported for leveldb")]
    RichQuery,
    #[error("chaincode cannot be called here")]
    InvokeHere,
}
