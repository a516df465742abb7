//! What a peer answers a chaincode that works on a transaction: every request of the chaincode
//! stream except a call of another chaincode, which is its peer's business.
//!
//! Answers follow from the simulation, the call and the request alone, so that a peer on the
//! network and one in a test give the same ones and record the same.

mod iterators;

use std::fmt::Display;

use fabric_protos::id::{ChannelId, MspId};
use fabric_protos::protos::chaincode_message::Type;
use fabric_protos::protos::{
    ChaincodeMessage, DelState, GetHistoryForKey, GetQueryResult, GetState, GetStateByRange,
    GetStateMetadata, GetStateMultiple, GetStateMultipleResult, PurgePrivateState, PutState,
    PutStateMetadata, QueryStateClose, QueryStateNext, StateMetadata, StateMetadataResult,
    WriteBatchState, WriteRecord, write_record,
};
use fabric_protos::queryresult::KeyModification;
use fabric_protos::{DecodeError, Message};
use pervade_channel_config::ChannelConfig;
use pervade_identity::Identity;
use thiserror::Error;

use crate::collection;
use crate::lifecycle;
use crate::simulate::{SimulateError, Simulator};
use crate::state::{PrivateView, StateError, StateView};

pub use iterators::{Iterators, OPEN_ITERATORS_MAX, QUERY_BATCH, QUERY_RESULTS_MAX};

/// The message that carries an answer, or a refusal in the words that Fabric's peers put before one.
pub fn reply(
    request: &ChaincodeMessage,
    answer: Result<Vec<u8>, impl Display>,
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
        ..Default::default()
    }
}

/// What a chaincode may ask while it works on a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the words are those of the stream's message types")]
#[non_exhaustive]
pub enum Ask {
    Get,
    GetMultiple,
    Put,
    Delete,
    WriteBatch,
    Range,
    Query,
    History,
    Next,
    Close,
    GetMetadata,
    PutMetadata,
    PrivateHash,
    Purge,
}

impl Ask {
    /// Reads a message's type; `None` if it is none of these.
    #[must_use]
    pub fn of(kind: Type) -> Option<Self> {
        Some(match kind {
            Type::GetState => Self::Get,
            Type::GetStateMultiple => Self::GetMultiple,
            Type::PutState => Self::Put,
            Type::DelState => Self::Delete,
            Type::WriteBatchState => Self::WriteBatch,
            Type::GetStateByRange => Self::Range,
            Type::GetQueryResult => Self::Query,
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
            | Type::InvokeChaincode => return None,
        })
    }
}

/// What one chaincode was called for, by whom, and at which peer.
#[derive(Clone, Copy)]
#[expect(clippy::exhaustive_structs, reason = "complete by definition")]
pub struct Call<'a> {
    /// The chaincode's name, which is the namespace of its state.
    pub chaincode: &'a str,
    /// Whoever signed the proposal.
    pub creator: &'a Identity,
    /// The peer's organisation.
    pub organization: &'a MspId,
    /// The configuration in force on the channel.
    pub config: &'a ChannelConfig,
    /// What the ledger remembers of former values.
    pub history: &'a dyn History,
    /// What the chaincode is called for.
    pub occasion: Occasion,
}

impl std::fmt::Debug for Call<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Call")
            .field("chaincode", &self.chaincode)
            .field("organization", &self.organization)
            .field("occasion", &self.occasion)
            .finish_non_exhaustive()
    }
}

/// What a chaincode is called for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "complete by definition")]
pub enum Occasion {
    /// To initialise itself; private data is out of reach then.
    Init,
    /// To do its work.
    Transaction,
}

/// What a ledger remembers of public keys.
pub trait History {
    /// What valid transactions did to a key, newest first, at most `limit` of them.
    fn of_key(
        &self,
        namespace: &str,
        key: &str,
        limit: usize,
    ) -> Result<Vec<KeyModification>, StateError>;
}

/// One chaincode's call at work on a simulation.
#[derive(Debug)]
#[expect(clippy::exhaustive_structs, reason = "complete by definition")]
pub struct Answering<'a, S> {
    /// What was called.
    pub call: Call<'a>,
    /// The transaction's simulation, shared by every chaincode that works on it.
    pub simulator: &'a mut Simulator<S>,
    /// The queries that this call holds open.
    pub iterators: &'a mut Iterators,
}

/// What a chaincode wants with a collection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Use {
    /// A value's hash, which is no secret.
    Hash,
    Read,
    Write,
}

impl<S: StateView + PrivateView> Answering<'_, S> {
    /// Answers one request.
    ///
    /// # Errors
    /// If it is refused; the chaincode reads the text.
    pub fn answer(&mut self, ask: Ask, payload: &[u8]) -> Result<Vec<u8>, AnswerError> {
        match ask {
            Ask::Get => self.get(&decode(payload)?),
            Ask::GetMultiple => self.get_multiple(&decode(payload)?),
            Ask::Put => self.put(decode(payload)?),
            Ask::Delete => self.delete(&decode(payload)?),
            Ask::WriteBatch => self.write_batch(decode(payload)?),
            Ask::Range => self.range(&decode(payload)?),
            Ask::Query => self.query(&decode(payload)?),
            Ask::History => self.history(&decode(payload)?),
            Ask::Next => {
                let QueryStateNext { id } = decode(payload)?;
                self.iterators.next(self.simulator, &id)
            }
            Ask::Close => Ok(self.iterators.close(&decode::<QueryStateClose>(payload)?.id)),
            Ask::GetMetadata => self.get_metadata(&decode(payload)?),
            Ask::PutMetadata => self.put_metadata(decode(payload)?),
            Ask::PrivateHash => self.private_hash(&decode(payload)?),
            Ask::Purge => self.purge(&decode(payload)?),
        }
    }

    fn get(&mut self, asked: &GetState) -> Result<Vec<u8>, AnswerError> {
        if !asked.collection.is_empty() {
            self.may(&asked.collection, Use::Read)?;
        }
        self.value(&asked.collection, &asked.key)
    }

    /// Unlike Fabric's peers, this one does not take a private value that it lacks for one that
    /// does not exist.
    fn get_multiple(&mut self, asked: &GetStateMultiple) -> Result<Vec<u8>, AnswerError> {
        if !asked.collection.is_empty() {
            self.may(&asked.collection, Use::Read)?;
        }
        let values = asked.keys.iter().map(|key| self.value(&asked.collection, key));
        let values = values.collect::<Result<_, _>>()?;
        Ok(GetStateMultipleResult { values }.encode_to_vec())
    }

    fn value(&mut self, collection: &str, key: &str) -> Result<Vec<u8>, AnswerError> {
        let Call { chaincode, organization, .. } = self.call;
        let value = if collection.is_empty() {
            self.simulator.get(chaincode, key)?
        } else {
            self.simulator.get_private(organization, (chaincode, collection, key))?
        };
        Ok(value.unwrap_or_default())
    }

    fn put(&mut self, asked: PutState) -> Result<Vec<u8>, AnswerError> {
        let PutState { key, value, collection } = asked;
        not_empty(&key)?;
        let chaincode = self.call.chaincode;
        if collection.is_empty() {
            self.simulator.put(chaincode, &key, value)?;
        } else {
            self.may(&collection, Use::Write)?;
            self.simulator.put_private(chaincode, &collection, &key, value)?;
        }
        Ok(Vec::new())
    }

    fn delete(&mut self, asked: &DelState) -> Result<Vec<u8>, AnswerError> {
        let DelState { key, collection } = asked;
        not_empty(key)?;
        let chaincode = self.call.chaincode;
        if collection.is_empty() {
            self.simulator.delete(chaincode, key)?;
        } else {
            self.may(collection, Use::Write)?;
            self.simulator.delete_private(chaincode, collection, key)?;
        }
        Ok(Vec::new())
    }

    fn purge(&mut self, asked: &PurgePrivateState) -> Result<Vec<u8>, AnswerError> {
        let PurgePrivateState { key, collection } = asked;
        if !self.call.config.capabilities().purges_private_data() {
            return Err(AnswerError::NoPurge);
        }
        if collection.is_empty() {
            return Err(AnswerError::OnlyPrivate);
        }
        not_empty(key)?;
        self.may(collection, Use::Write)?;
        self.simulator.purge_private(self.call.chaincode, collection, key)?;
        Ok(Vec::new())
    }

    fn write_batch(&mut self, asked: WriteBatchState) -> Result<Vec<u8>, AnswerError> {
        for record in asked.rec {
            self.write_one(record)?;
        }
        Ok(Vec::new())
    }

    fn write_one(&mut self, record: WriteRecord) -> Result<Vec<u8>, AnswerError> {
        let kind = record.r#type();
        let WriteRecord { key, value, collection, metadata, .. } = record;
        match kind {
            write_record::Type::PutState => self.put(PutState { key, value, collection }),
            write_record::Type::DelState => self.delete(&DelState { key, collection }),
            write_record::Type::PutStateMetadata => {
                self.put_metadata(PutStateMetadata { key, collection, metadata })
            }
            write_record::Type::PurgePrivateData => {
                self.purge(&PurgePrivateState { key, collection })
            }
            write_record::Type::Undefined => Err(AnswerError::UnknownWrite),
        }
    }

    fn private_hash(&mut self, asked: &GetState) -> Result<Vec<u8>, AnswerError> {
        let GetState { key, collection } = asked;
        self.may(collection, Use::Hash)?;
        let hash = self.simulator.get_private_hash(self.call.chaincode, collection, key)?;
        Ok(hash.unwrap_or_default())
    }

    fn get_metadata(&mut self, asked: &GetStateMetadata) -> Result<Vec<u8>, AnswerError> {
        let GetStateMetadata { key, collection } = asked;
        let chaincode = self.call.chaincode;
        let entries = if collection.is_empty() {
            self.simulator.get_metadata(chaincode, key)?
        } else {
            self.may(collection, Use::Read)?;
            self.simulator.get_private_metadata(chaincode, collection, key)?
        };
        let entries = entries.into_iter().map(|(metakey, value)| StateMetadata { metakey, value });
        Ok(StateMetadataResult { entries: entries.collect() }.encode_to_vec())
    }

    /// Makes one entry the only metadata of a key.
    fn put_metadata(&mut self, asked: PutStateMetadata) -> Result<Vec<u8>, AnswerError> {
        let PutStateMetadata { key, collection, metadata } = asked;
        not_empty(&key)?;
        let chaincode = self.call.chaincode;
        let entry = metadata.unwrap_or_default();
        let metadata = [(entry.metakey, entry.value)].into();
        if collection.is_empty() {
            self.simulator.put_metadata(chaincode, &key, metadata)?;
        } else {
            self.may(&collection, Use::Write)?;
            self.simulator.put_private_metadata(chaincode, &collection, &key, metadata)?;
        }
        Ok(Vec::new())
    }

    fn range(&mut self, asked: &GetStateByRange) -> Result<Vec<u8>, AnswerError> {
        if !asked.collection.is_empty() {
            self.may(&asked.collection, Use::Read)?;
        }
        self.iterators.range(self.simulator, &self.call, asked)
    }

    fn query(&mut self, asked: &GetQueryResult) -> Result<Vec<u8>, AnswerError> {
        if !asked.collection.is_empty() {
            self.may(&asked.collection, Use::Read)?;
        }
        self.iterators.query(self.simulator, &self.call, asked)
    }

    fn history(&mut self, asked: &GetHistoryForKey) -> Result<Vec<u8>, AnswerError> {
        let Call { chaincode, history, .. } = self.call;
        let changes = history.of_key(chaincode, &asked.key, QUERY_RESULTS_MAX);
        let changes = changes.map_err(SimulateError::from)?;
        self.iterators.history(self.simulator, changes)
    }

    /// Refuses a collection that is not there, and a creator who may not use it so. Reads the
    /// chaincode's definition, which goes into the read set.
    fn may(&mut self, name: &str, wanted: Use) -> Result<(), AnswerError> {
        let Call { chaincode, creator, config, occasion, .. } = self.call;
        if occasion == Occasion::Init {
            return Err(AnswerError::PrivateInInit);
        }
        let (chaincode, collection) = (chaincode.to_owned(), name.to_owned());
        let definition = self.simulator.definition(&chaincode)?;
        let found = definition.and_then(|definition| collection::find(definition, name));
        let Some(found) = found else {
            let channel = config.channel_id().clone();
            return Err(match wanted {
                Use::Hash => AnswerError::NotDefined { collection, chaincode },
                Use::Read | Use::Write => {
                    AnswerError::NoCollection { channel, chaincode, collection }
                }
            });
        };
        let is_limited = match wanted {
            Use::Hash => false,
            Use::Read => found.member_only_read,
            Use::Write => found.member_only_write,
        };
        if is_limited && !collection::admits(&found, config.membership(), creator) {
            let wanted = if wanted == Use::Read { "read" } else { "write" };
            return Err(AnswerError::Denied { wanted, chaincode, collection });
        }
        if has_stranger(name, config) {
            return Err(AnswerError::NotDefined { collection, chaincode });
        }
        Ok(())
    }
}

/// Whether this is the implicit collection of an organisation outside the channel.
fn has_stranger(collection: &str, config: &ChannelConfig) -> bool {
    let owner = lifecycle::implicit_collection_owner(collection);
    let organizations = config.application_organizations();
    owner.is_some_and(|owner| {
        owner.is_err() || !organizations.iter().any(|one| Ok(&one.msp_id) == owner.as_ref())
    })
}

fn not_empty(key: &str) -> Result<(), AnswerError> {
    if key.is_empty() { Err(AnswerError::EmptyKey) } else { Ok(()) }
}

fn decode<M: Message + Default>(payload: &[u8]) -> Result<M, AnswerError> {
    M::decode(payload).map_err(|source| AnswerError::Malformed { source })
}

/// Why a request was refused. The texts are Fabric's where Fabric has one.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum AnswerError {
    /// The request does not parse.
    #[error("unmarshal failed: {source}")]
    Malformed {
        /// Why.
        #[source]
        source: DecodeError,
    },
    /// The simulation cannot go on.
    #[error(transparent)]
    Simulate(#[from] SimulateError),
    /// A key to be written has no name.
    #[error("key must not be empty")]
    EmptyKey,
    /// Private data was asked for while the chaincode initialises itself.
    #[error("private data APIs are not allowed in chaincode Init()")]
    PrivateInInit,
    /// Only private data can be purged.
    #[error("only applicable for private data")]
    OnlyPrivate,
    /// The channel does not allow purging.
    #[error(
        "purge private data is not enabled, channel application capability of V2_5 or later is \
         required"
    )]
    NoPurge,
    /// A batch holds what is no write.
    #[error("unknown operation type")]
    UnknownWrite,
    /// The chaincode has no such collection.
    #[error("collection {channel}/{chaincode}/{collection} could not be found")]
    NoCollection {
        /// The channel.
        channel: ChannelId,
        /// The chaincode.
        chaincode: String,
        /// The collection.
        collection: String,
    },
    /// The chaincode has no such collection, or it is of an organisation outside the channel.
    #[error(
        "collection [{collection}] not defined in the collection config for chaincode [{chaincode}]"
    )]
    NotDefined {
        /// The collection.
        collection: String,
        /// The chaincode.
        chaincode: String,
    },
    /// The creator's organisation may not use the collection so.
    #[error(
        "tx creator does not have {wanted} access permission on privatedata in \
         chaincodeName:{chaincode} collectionName: {collection}"
    )]
    Denied {
        /// `read` or `write`.
        wanted: &'static str,
        /// The chaincode.
        chaincode: String,
        /// The collection.
        collection: String,
    },
    /// The iterator was never opened, or is used up.
    #[error("query iterator not found")]
    NoIterator,
    /// More than [`OPEN_ITERATORS_MAX`] iterators.
    #[error("more than {OPEN_ITERATORS_MAX} iterators are open")]
    TooManyIterators,
}
