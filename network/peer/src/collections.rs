//! Who may see and write private collections.

use fabric_protos::Message;
use fabric_protos::common::MspRole;
use fabric_protos::common::msp_principal::Classification;
use fabric_protos::id::MspId;
use fabric_protos::protos::StaticCollectionConfig;
use fabric_protos::protos::collection_policy_config::Payload;
use pervade_ledger::lifecycle;
use pervade_ledger::state::StateView;
use thiserror::Error;

use crate::channel::PrivateKey;

/// What someone wants with a private key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Permission {
    /// Its value's hash, which is no secret.
    Hash,
    /// Its value.
    Read,
    /// To change it.
    Write,
}

/// A chaincode's collection as it is defined; an implicit one is so for every organisation.
pub(crate) fn of(
    state: &dyn StateView,
    chaincode: &str,
    collection: &str,
) -> Option<StaticCollectionConfig> {
    if let Some(owner) = lifecycle::implicit_collection_owner(collection) {
        return owner.ok().map(|owner| lifecycle::implicit_collection_config(&owner));
    }
    let definition = lifecycle::definition(state, chaincode).ok().flatten()?;
    definition.collection(collection).cloned()
}

/// Whether peers of an organisation hold a collection's values.
pub(crate) fn has_member(collection: &StaticCollectionConfig, organization: &MspId) -> bool {
    let policy = collection.member_orgs_policy.as_ref().and_then(|policy| policy.payload.as_ref());
    let Some(Payload::SignaturePolicy(policy)) = policy else { return false };
    policy.identities.iter().any(|principal| {
        principal.principal_classification == i32::from(Classification::Role)
            && MspRole::decode(principal.principal.as_slice())
                .is_ok_and(|role| role.msp_identifier == organization.as_str())
    })
}

/// Refuses a collection that is not defined, and a creator whose organisation may not use it so.
pub(crate) fn check(
    state: &dyn StateView,
    place: PrivateKey<'_>,
    creator: &MspId,
    permission: Permission,
) -> Result<(), CollectionDenied> {
    let PrivateKey { namespace, collection, .. } = place;
    let (chaincode, name) = (namespace.to_owned(), collection.to_owned());
    let Some(config) = of(state, namespace, collection) else {
        return Err(CollectionDenied::Undefined { chaincode, name });
    };
    let is_member = has_member(&config, creator);
    match permission {
        Permission::Read if config.member_only_read && !is_member => {
            Err(CollectionDenied::Read { chaincode, name })
        }
        Permission::Write if config.member_only_write && !is_member => {
            Err(CollectionDenied::Write { chaincode, name })
        }
        Permission::Hash | Permission::Read | Permission::Write => Ok(()),
    }
}

/// A collection may not be used. The texts are Fabric's.
#[derive(Debug, Error)]
pub(crate) enum CollectionDenied {
    #[error("collection {chaincode}/{name} could not be found")]
    Undefined { chaincode: String, name: String },
    #[error(
        "tx creator does not have read access permission on privatedata in \
         chaincodeName:{chaincode} collectionName: {name}"
    )]
    Read { chaincode: String, name: String },
    #[error(
        "tx creator does not have write access permission on privatedata in \
         chaincodeName:{chaincode} collectionName: {name}"
    )]
    Write { chaincode: String, name: String },
}
