//! Whether a transaction is endorsed well enough for everything it writes.
//!
//! Each written namespace, and that of the called chaincode always, must meet the chaincode's
//! policy. A key with a policy of its own is judged by that instead, a collection with a policy of
//! its own likewise; the chaincode's policy is then asked only if no other one was.

use std::collections::BTreeSet;

use fabric_protos::Message;
use fabric_protos::common::SignaturePolicyEnvelope;
use fabric_protos::proposal;
use fabric_protos::protos::Endorsement;
use pervade_channel_config::ChannelConfig;
use pervade_identity::Identity;
use pervade_identity::policy::{self, SignedData};

use super::{BlockRules, EndorsementFault, KeyPlace, Rejection, Stop};
use crate::lifecycle::{
    self, ChaincodeDefinition, EndorsementPolicy, EndorsementPolicyError, RecordError,
    lifecycle_policy,
};
use crate::rwset::{NamespaceSet, ReadWriteSet, VALIDATION_PARAMETER, decode_metadata};
use crate::state::{StateError, Versioned};
use crate::transaction::EndorserTransaction;

/// Checks the endorsements of a transaction.
pub(super) fn check(transaction: &EndorserTransaction, rules: &BlockRules<'_>) -> Result<(), Stop> {
    let endorsers = endorsers(transaction, rules.config);
    let written = transaction.rwset.namespaces.iter().filter(|namespace| namespace.writes());
    let mut names: BTreeSet<&str> = written.map(|namespace| namespace.name.as_str()).collect();
    names.insert(&transaction.chaincode);
    for name in names {
        let guard = Guard::read(rules, name)?;
        let set = transaction.rwset.namespaces.iter().find(|set| set.name == name);
        let met = BTreeSet::new();
        let mut check =
            NamespaceCheck { rules, name, guard, endorsers: &endorsers, met, any: false };
        check.run(set)?;
    }
    Ok(())
}

/// Those who validly endorsed, each once.
fn endorsers(transaction: &EndorserTransaction, config: &ChannelConfig) -> Vec<Identity> {
    let payload = &transaction.response_payload;
    let signed =
        |endorsement: &Endorsement| proposal::endorsed_bytes(payload, &endorsement.endorser);
    let data: Vec<_> = transaction.endorsements.iter().map(signed).collect();
    let signatures: Vec<_> = transaction
        .endorsements
        .iter()
        .zip(&data)
        .map(|(Endorsement { endorser, signature }, data)| SignedData {
            data,
            identity: endorser,
            signature,
        })
        .collect();
    policy::verified_identities(config.membership(), &signatures)
}

/// The keys that a transaction writes, values and metadata alike.
pub(super) fn written_keys(rwset: &ReadWriteSet) -> impl Iterator<Item = KeyPlace> {
    rwset.namespaces.iter().flat_map(|set| {
        let public = set.public.writes.iter().map(|write| public_place(set, &write.key));
        let private = set.collections.iter().flat_map(|collection| {
            let writes = collection.hashed.hashed_writes.iter();
            writes.map(|write| private_place(set, &collection.name, &write.key_hash))
        });
        public.chain(private).chain(metadata_keys(set))
    })
}

/// The keys of which a transaction changes metadata.
pub(super) fn keys_with_new_metadata(rwset: &ReadWriteSet) -> impl Iterator<Item = KeyPlace> {
    rwset.namespaces.iter().flat_map(metadata_keys)
}

fn metadata_keys(set: &NamespaceSet) -> impl Iterator<Item = KeyPlace> {
    let public = set.public.metadata_writes.iter().map(|write| public_place(set, &write.key));
    let private = set.collections.iter().flat_map(|collection| {
        let writes = collection.hashed.metadata_writes.iter();
        writes.map(|write| private_place(set, &collection.name, &write.key_hash))
    });
    public.chain(private)
}

fn public_place(set: &NamespaceSet, key: &str) -> KeyPlace {
    KeyPlace { namespace: set.name.clone(), collection: None, key: key.as_bytes().to_vec() }
}

fn private_place(set: &NamespaceSet, collection: &str, key_hash: &[u8]) -> KeyPlace {
    let collection = Some(collection.to_owned());
    KeyPlace { namespace: set.name.clone(), collection, key: key_hash.to_vec() }
}

/// One namespace being checked.
struct NamespaceCheck<'a> {
    rules: &'a BlockRules<'a>,
    name: &'a str,
    guard: Guard,
    endorsers: &'a [Identity],
    /// Whose policies were met: collections', and the chaincode's under the empty name.
    met: BTreeSet<String>,
    /// Whether any policy was met, be it a single key's.
    any: bool,
}

impl NamespaceCheck<'_> {
    fn run(&mut self, set: Option<&NamespaceSet>) -> Result<(), Stop> {
        let set_keys = set.map(|set| {
            let only = ReadWriteSet { namespaces: vec![set.clone()] };
            written_keys(&only).collect::<Vec<_>>()
        });
        for key in set_keys.unwrap_or_default() {
            self.check_key(key)?;
        }
        if !self.any {
            self.check_chaincode()?;
        }
        Ok(())
    }

    fn check_key(&mut self, key: KeyPlace) -> Result<(), Stop> {
        if let Some(own) = self.policy_of(&key)? {
            let judged = own.and_then(|own| self.judge(&EndorsementPolicy::Signature(own)));
            judged.map_err(|fault| self.reject(EndorsementFault::Key { key, fault }))?;
            self.any = true;
            return Ok(());
        }
        match key.collection {
            Some(collection) => self.check_collection(&collection),
            None => self.check_chaincode(),
        }
    }

    /// The policy of a single key, if it has one.
    fn policy_of(
        &self,
        key: &KeyPlace,
    ) -> Result<Option<Result<SignaturePolicyEnvelope, EndorsementPolicyError>>, Stop> {
        let Some(stored) = self.stored(key)?.and_then(|versioned| versioned.metadata) else {
            return Ok(None);
        };
        let mut metadata = match decode_metadata(&stored) {
            Ok(metadata) => metadata,
            Err(error) => return Ok(Some(Err(EndorsementPolicyError::Malformed(error.into())))),
        };
        let parameter = metadata.remove(VALIDATION_PARAMETER).filter(|bytes| !bytes.is_empty());
        Ok(parameter.map(|bytes| {
            SignaturePolicyEnvelope::decode(bytes.as_slice())
                .map_err(|error| EndorsementPolicyError::Malformed(error.into()))
        }))
    }

    fn stored(&self, key: &KeyPlace) -> Result<Option<Versioned>, Stop> {
        let state = self.rules.state;
        let found = match &key.collection {
            Some(collection) => state.get_hashed(self.name, collection, &key.key),
            None => match std::str::from_utf8(&key.key) {
                Ok(key) => state.get(self.name, key),
                Err(_) => Ok(None),
            },
        };
        found.map_err(Stop::State)
    }

    fn check_collection(&mut self, collection: &str) -> Result<(), Stop> {
        if self.met.contains(collection) {
            return Ok(());
        }
        let Some(policy) = self.guard.collection_policy(self.rules.config, collection) else {
            let collection = collection.to_owned();
            return Err(self.reject(EndorsementFault::NoCollection { collection }).into());
        };
        let judged = policy.and_then(|policy| self.judge(&policy));
        judged.map_err(|fault| {
            let collection = collection.to_owned();
            self.reject(EndorsementFault::Collection { collection, fault })
        })?;
        self.met.insert(collection.to_owned());
        self.any = true;
        Ok(())
    }

    fn check_chaincode(&mut self) -> Result<(), Stop> {
        if self.met.contains("") {
            return Ok(());
        }
        let judged = self.guard.policy().and_then(|policy| self.judge(&policy));
        judged.map_err(|fault| self.reject(EndorsementFault::Chaincode(fault)))?;
        self.met.insert(String::new());
        self.any = true;
        Ok(())
    }

    fn judge(&self, policy: &EndorsementPolicy) -> Result<(), EndorsementPolicyError> {
        policy.evaluate(self.rules.config, self.endorsers)
    }

    fn reject(&self, fault: EndorsementFault) -> Rejection {
        Rejection::Endorsement { namespace: self.name.to_owned(), fault: Box::new(fault) }
    }
}

/// What guards one namespace, as it is before the block.
enum Guard {
    /// The definitions themselves, guarded by the channel's configuration.
    Lifecycle(EndorsementPolicy),
    /// A chaincode, guarded by its definition.
    Chaincode(Box<ChaincodeDefinition>),
}

/// The one way of validation there is.
const BUILT_IN_PLUGIN: &str = "vscc";

impl Guard {
    fn read(rules: &BlockRules<'_>, name: &str) -> Result<Self, Stop> {
        if name == lifecycle::NAMESPACE {
            return Ok(Self::Lifecycle(lifecycle_policy(rules.config)));
        }
        let namespace = name.to_owned();
        let definition = match lifecycle::definition(rules.state, name) {
            Ok(Some(definition)) => definition,
            Ok(None) => return Err(Rejection::NoChaincode { namespace }.into()),
            Err(RecordError::Access { source, .. }) => {
                return Err(Stop::State(StateError::new(source)));
            }
            Err(source) => return Err(Rejection::BadDefinition { namespace, source }.into()),
        };
        if definition.validation_plugin.is_empty() || definition.policy.is_empty() {
            return Err(Rejection::NoChaincode { namespace }.into());
        }
        if definition.validation_plugin != BUILT_IN_PLUGIN {
            let plugin = definition.validation_plugin;
            return Err(Rejection::UnknownPlugin { namespace, plugin }.into());
        }
        Ok(Self::Chaincode(Box::new(definition)))
    }

    fn policy(&self) -> Result<EndorsementPolicy, EndorsementPolicyError> {
        match self {
            Self::Lifecycle(policy) => Ok(policy.clone()),
            Self::Chaincode(definition) => definition.endorsement_policy(),
        }
    }

    /// The policy of a collection; `None` if there is no such collection.
    fn collection_policy(
        &self,
        config: &ChannelConfig,
        name: &str,
    ) -> Option<Result<EndorsementPolicy, EndorsementPolicyError>> {
        let policy = match self {
            Self::Lifecycle(_) => lifecycle::implicit_collection_policy(config, name)?,
            Self::Chaincode(definition) => definition.collection_policy(config, name).ok()?,
        };
        Some(EndorsementPolicy::from_bytes(&policy))
    }
}
