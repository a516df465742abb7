//! Who may see and write private collections.

use fabric_protos::Message;
use fabric_protos::common::MspRole;
use fabric_protos::common::msp_principal::Classification;
use fabric_protos::id::MspId;
use fabric_protos::protos::StaticCollectionConfig;
use fabric_protos::protos::collection_policy_config::Payload;
use pervade_ledger::lifecycle;

use super::request::RequestError;
use crate::ledger::State;

/// What a chaincode wants with a private key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Use {
    /// The value's hash, which is no secret.
    Hash,
    /// The value.
    Read,
    /// To change it.
    Write,
}

/// A collection as it is defined; an implicit one is so for every organisation.
pub(super) fn find(
    state: &State,
    chaincode: &str,
    collection: &str,
) -> Result<StaticCollectionConfig, RequestError> {
    let found = match lifecycle::implicit_collection_owner(collection) {
        Some(owner) => owner.ok().map(|owner| lifecycle::implicit_collection_config(&owner)),
        None => {
            let definition = lifecycle::definition(state, chaincode).ok().flatten();
            definition.and_then(|definition| definition.collection(collection).cloned())
        }
    };
    found.ok_or_else(|| RequestError::NoCollection {
        chaincode: chaincode.to_owned(),
        collection: collection.to_owned(),
    })
}

/// Whether an organisation is a member of a collection: its peers hold the values.
pub(super) fn has_member(collection: &StaticCollectionConfig, organization: &MspId) -> bool {
    let policy = collection.member_orgs_policy.as_ref().and_then(|policy| policy.payload.as_ref());
    let Some(Payload::SignaturePolicy(policy)) = policy else { return false };
    policy.identities.iter().any(|principal| {
        principal.principal_classification == i32::from(Classification::Role)
            && MspRole::decode(principal.principal.as_slice())
                .is_ok_and(|role| role.msp_identifier == organization.as_str())
    })
}

/// Refuses a client whose organisation may not use the collection so.
pub(super) fn check(
    (chaincode, collection): (&str, &StaticCollectionConfig),
    creator: &MspId,
    wanted: Use,
) -> Result<(), RequestError> {
    let (limited, wanted) = match wanted {
        Use::Hash => return Ok(()),
        Use::Read => (collection.member_only_read, "read"),
        Use::Write => (collection.member_only_write, "write"),
    };
    if !limited || has_member(collection, creator) {
        return Ok(());
    }
    let (chaincode, collection) = (chaincode.to_owned(), collection.name.clone());
    Err(RequestError::CollectionDenied { wanted, chaincode, collection })
}
