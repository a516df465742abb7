//! Whether a definition is one that makes sense on its channel.

use std::collections::{BTreeMap, BTreeSet};

use fabric_protos::{
    Message,
    common::{
        MspPrincipal, MspRole, OrganizationUnit, SignaturePolicy, SignaturePolicyEnvelope,
        msp_principal::Classification, signature_policy,
    },
    id::MspId,
    protos::{
        CollectionConfigPackage, StaticCollectionConfig, collection_config,
        collection_policy_config,
    },
};
use pervade_channel_config::policy::{self, PolicyDefinitionError};
use pervade_identity::Membership;
use thiserror::Error;

use super::{Context, LedgerAccess, LifecycleError, NAMESPACE, definition::ChaincodeDefinition};

/// Most collections of one chaincode.
const COLLECTIONS_MAX: usize = 1_000;

/// Names that belong to the system.
const SYSTEM_CHAINCODES: [&str; 5] = ["cscc", "escc", "lscc", "qscc", "vscc"];

/// A definition that cannot be approved or committed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum InputError {
    /// The name is not one that a chaincode may have.
    #[error(
        "invalid chaincode name '{name}'. Names can only consist of alphanumerics, '_', and '-' \
         and can only begin with alphanumerics"
    )]
    Name {
        /// The name.
        name: String,
    },
    /// The name belongs to the system.
    #[error("chaincode name '{name}' is the name of a system chaincode")]
    SystemName {
        /// The name.
        name: String,
    },
    /// The version is empty or has characters that it may not have.
    #[error(
        "invalid chaincode version '{version}'. Versions can only consist of alphanumerics, '_', \
         '-', '+', and '.'"
    )]
    Version {
        /// The version.
        version: String,
    },
    /// There are too many collections.
    #[error("{found} collections are too many")]
    Collections {
        /// How many there are.
        found: usize,
    },
    /// A collection cannot be defined so.
    #[error("collection-name: {name} -- {reason}")]
    Collection {
        /// Its name.
        name: String,
        /// Why.
        reason: CollectionError,
    },
    /// The collections cannot follow those committed.
    #[error("{0}")]
    Upgrade(CollectionUpgradeError),
}

impl InputError {
    pub(super) fn name(name: &str) -> Self {
        Self::Name { name: name.to_owned() }
    }
}

/// Why a collection cannot be defined.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CollectionError {
    /// It is of a kind that is not known.
    #[error("collection configuration is empty")]
    Empty,
    /// Its name is not one that a collection may have.
    #[error(
        "invalid collection name. Names can only consist of alphanumerics, '_', and '-' and \
         cannot begin with '_'"
    )]
    Name,
    /// There are two of its name.
    #[error("found duplicate in collection configuration")]
    Duplicate,
    /// Its counts of peers contradict each other.
    #[error(
        "maximum peer count ({maximum}) cannot be less than the required peer count ({required})"
    )]
    PeerCount {
        /// Most peers that are to have the data.
        maximum: i32,
        /// How many must have it.
        required: i32,
    },
    /// Less than no peer must have the data.
    #[error("requiredPeerCount ({required}) cannot be less than zero")]
    NegativePeerCount {
        /// How many must have it.
        required: i32,
    },
    /// It does not say who its members are.
    #[error("collection member policy is not set")]
    NoMembers,
    /// Its members' policy cannot be evaluated.
    #[error("invalid member org policy: {0}")]
    Policy(#[source] PolicyDefinitionError),
    /// Its members' policy is not a plain list of alternatives.
    #[error("error in member org policy: signature policy is not an OR concatenation, NOutOf {n}")]
    NotAlternatives {
        /// How many signatures it asks for.
        n: i32,
    },
    /// A member is not in the channel.
    #[error("collection member '{organization}' is not part of the channel")]
    Stranger {
        /// The organisation it names.
        organization: String,
    },
    /// A member is named by an identity that is not of the channel.
    #[error("contains an identity that is not part of the channel")]
    Identity,
    /// A member is named in a way that collections do not know.
    #[error("principal type {classification} is not supported")]
    Principal {
        /// The way, by its number.
        classification: i32,
    },
}

/// Why collections cannot follow those committed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum CollectionUpgradeError {
    /// They are all gone.
    #[error("the proposed collection config does not contain previously defined collections")]
    AllGone,
    /// One is gone.
    #[error("existing collection [{name}] missing in the proposed collection configuration")]
    Gone {
        /// Its name.
        name: String,
    },
    /// One would forget at another time.
    #[error(
        "the BlockToLive in an existing collection [{name}] modified. Existing value [{existing}]"
    )]
    BlockToLive {
        /// Its name.
        name: String,
        /// The number of blocks committed.
        existing: u64,
    },
}

/// Checks a definition on its own, against the channel, and against the one committed before it.
pub(super) fn check(
    definition: &ChaincodeDefinition,
    context: &Context<'_>,
    ledger: &mut dyn LedgerAccess,
) -> Result<(), LifecycleError> {
    let name = definition.name.as_str();
    if name == NAMESPACE {
        return Err(InputError::name(name).into());
    }
    if SYSTEM_CHAINCODES.contains(&name) {
        return Err(InputError::SystemName { name: name.to_owned() }.into());
    }
    if !is_version(&definition.version) {
        return Err(InputError::Version { version: definition.version.clone() }.into());
    }
    let proposed = collections(&definition.collections, context.config.membership())?;
    let committed = ChaincodeDefinition::read(&mut |key| ledger.get(key), name)?;
    if let Some(committed) = committed {
        check_upgrade(&committed.collections, &proposed).map_err(InputError::Upgrade)?;
    }
    Ok(())
}

fn is_version(version: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'+' | b'-');
    !version.is_empty() && version.bytes().all(allowed)
}

/// Letters, digits, `_` and `-`, but no `_` first.
fn is_collection_name(name: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-');
    !name.is_empty() && !name.starts_with('_') && name.bytes().all(allowed)
}

/// All collections by name, each of them checked.
fn collections<'a>(
    package: &'a CollectionConfigPackage,
    membership: &Membership,
) -> Result<BTreeMap<&'a str, &'a StaticCollectionConfig>, InputError> {
    let found = package.config.len();
    if found > COLLECTIONS_MAX {
        return Err(InputError::Collections { found });
    }
    let mut known = BTreeMap::new();
    for config in &package.config {
        let Some(collection_config::Payload::StaticCollectionConfig(collection)) = &config.payload
        else {
            let (name, reason) = (String::new(), CollectionError::Empty);
            return Err(InputError::Collection { name, reason });
        };
        let wrong = |reason| InputError::Collection { name: collection.name.clone(), reason };
        check_collection(collection, membership).map_err(wrong)?;
        if known.insert(collection.name.as_str(), collection).is_some() {
            return Err(wrong(CollectionError::Duplicate));
        }
    }
    Ok(known)
}

fn check_collection(
    collection: &StaticCollectionConfig,
    membership: &Membership,
) -> Result<(), CollectionError> {
    if !is_collection_name(&collection.name) {
        return Err(CollectionError::Name);
    }
    let (maximum, required) = (collection.maximum_peer_count, collection.required_peer_count);
    if maximum < required {
        return Err(CollectionError::PeerCount { maximum, required });
    }
    if required < 0 {
        return Err(CollectionError::NegativePeerCount { required });
    }
    let members = collection.member_orgs_policy.as_ref().and_then(|policy| policy.payload.as_ref());
    let Some(collection_policy_config::Payload::SignaturePolicy(members)) = members else {
        return Err(CollectionError::NoMembers);
    };
    check_members(members, membership)
}

fn check_members(
    members: &SignaturePolicyEnvelope,
    membership: &Membership,
) -> Result<(), CollectionError> {
    policy::check(members).map_err(CollectionError::Policy)?;
    members.rule.as_ref().map_or(Ok(()), alternatives)?;
    let mut seen = BTreeSet::new();
    for member in &members.identities {
        if seen.insert(member.principal.as_slice()) {
            check_member(member, membership)?;
        }
    }
    Ok(())
}

/// The depth has been checked.
fn alternatives(rule: &SignaturePolicy) -> Result<(), CollectionError> {
    match &rule.r#type {
        Some(signature_policy::Type::NOutOf(out_of)) if out_of.n != 1 => {
            Err(CollectionError::NotAlternatives { n: out_of.n })
        }
        Some(signature_policy::Type::NOutOf(out_of)) => {
            out_of.rules.iter().try_for_each(alternatives)
        }
        Some(signature_policy::Type::SignedBy(_)) | None => Ok(()),
    }
}

fn check_member(member: &MspPrincipal, membership: &Membership) -> Result<(), CollectionError> {
    let classification = member.principal_classification;
    let unsupported = || CollectionError::Principal { classification };
    let bytes = member.principal.as_slice();
    let organization = match Classification::try_from(classification) {
        Ok(Classification::Role) => {
            MspRole::decode(bytes).map_err(|_| unsupported())?.msp_identifier
        }
        Ok(Classification::OrganizationUnit) => {
            OrganizationUnit::decode(bytes).map_err(|_| unsupported())?.msp_identifier
        }
        Ok(Classification::Identity) => {
            let known = membership.deserialize(bytes);
            return known.map(|_| ()).map_err(|_| CollectionError::Identity);
        }
        Ok(Classification::Anonymity | Classification::Combined) | Err(_) => {
            return Err(unsupported());
        }
    };
    let known = MspId::new(organization.as_str()).is_ok_and(|id| membership.get(&id).is_some());
    known.then_some(()).ok_or(CollectionError::Stranger { organization })
}

/// Collections may be added, but none may go or forget at another time.
fn check_upgrade(
    committed: &CollectionConfigPackage,
    proposed: &BTreeMap<&str, &StaticCollectionConfig>,
) -> Result<(), CollectionUpgradeError> {
    if !committed.config.is_empty() && proposed.is_empty() {
        return Err(CollectionUpgradeError::AllGone);
    }
    for config in &committed.config {
        let Some(collection_config::Payload::StaticCollectionConfig(existing)) = &config.payload
        else {
            continue;
        };
        let name = || existing.name.clone();
        let next = proposed.get(existing.name.as_str());
        let next = next.ok_or_else(|| CollectionUpgradeError::Gone { name: name() })?;
        if next.block_to_live != existing.block_to_live {
            let existing = existing.block_to_live;
            return Err(CollectionUpgradeError::BlockToLive { name: name(), existing });
        }
    }
    Ok(())
}
