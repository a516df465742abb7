//! Private collections: who holds their values, who may use them, and for how long.

use fabric_protos::Message;
use fabric_protos::common::msp_principal::Classification;
use fabric_protos::common::{MspPrincipal, MspRole, OrganizationUnit, SignaturePolicyEnvelope};
use fabric_protos::id::MspId;
use fabric_protos::msp::SerializedIdentity;
use fabric_protos::protos::StaticCollectionConfig;
use fabric_protos::protos::collection_policy_config::Payload;
use pervade_identity::{Identity, Membership, policy};

use crate::lifecycle::{self, ChaincodeDefinition};

/// A collection of a chaincode; an implicit one is there for every organisation.
#[must_use]
pub fn find(definition: &ChaincodeDefinition, name: &str) -> Option<StaticCollectionConfig> {
    match lifecycle::implicit_collection_owner(name) {
        Some(owner) => owner.ok().map(|owner| lifecycle::implicit_collection_config(&owner)),
        None => definition.collection(name).cloned(),
    }
}

/// Whether peers of an organisation hold a collection's values: its policy names the organisation.
#[must_use]
pub fn has_member(collection: &StaticCollectionConfig, organization: &MspId) -> bool {
    let principals = members(collection).map(|policy| policy.identities.as_slice());
    principals.unwrap_or_default().iter().any(|principal| names(principal, organization))
}

/// Whether a client counts as a member: alone it satisfies the collection's policy.
#[must_use]
pub fn admits(
    collection: &StaticCollectionConfig,
    membership: &Membership,
    client: &Identity,
) -> bool {
    let clients = std::slice::from_ref(client);
    members(collection).is_some_and(|policy| policy::evaluate(membership, policy, clients).is_ok())
}

/// The block with which a value is gone that was committed in another one; `None` if it stays.
#[must_use]
pub fn expiry(collection: &StaticCollectionConfig, committed: u64) -> Option<u64> {
    let lifetime = collection.block_to_live;
    (lifetime > 0).then(|| committed.saturating_add(lifetime).saturating_add(1))
}

fn members(collection: &StaticCollectionConfig) -> Option<&SignaturePolicyEnvelope> {
    let Payload::SignaturePolicy(policy) =
        collection.member_orgs_policy.as_ref()?.payload.as_ref()?;
    Some(policy)
}

fn names(principal: &MspPrincipal, organization: &MspId) -> bool {
    let bytes = principal.principal.as_slice();
    let named = match Classification::try_from(principal.principal_classification) {
        Ok(Classification::Role) => MspRole::decode(bytes).map(|role| role.msp_identifier),
        Ok(Classification::OrganizationUnit) => {
            OrganizationUnit::decode(bytes).map(|unit| unit.msp_identifier)
        }
        Ok(Classification::Identity) => {
            SerializedIdentity::decode(bytes).map(|identity| identity.mspid)
        }
        Ok(Classification::Anonymity | Classification::Combined) | Err(_) => return false,
    };
    named.is_ok_and(|named| named == organization.as_str())
}

#[cfg(test)]
mod tests {
    use fabric_protos::protos::{CollectionPolicyConfig, StaticCollectionConfig};
    use pervade_identity::policy;

    use super::{Payload, expiry, has_member};

    #[test]
    fn members_are_the_organisations_that_the_policy_names() {
        let collection = collection("OR('Org1MSP.member', AND('Org2MSP.peer', 'Org3MSP.admin'))");
        let is_member = |name: &str| has_member(&collection, &name.parse().unwrap());
        assert!(["Org1MSP", "Org2MSP", "Org3MSP"].into_iter().all(is_member));
        assert!(!is_member("Org4MSP"));
        assert!(!has_member(&StaticCollectionConfig::default(), &"Org1MSP".parse().unwrap()));
    }

    #[test]
    fn a_value_is_gone_once_its_blocks_have_passed() {
        let mut collection = collection("OR('Org1MSP.member')");
        assert_eq!(expiry(&collection, 7), None);
        collection.block_to_live = 3;
        assert_eq!(expiry(&collection, 7), Some(11));
        assert_eq!(expiry(&collection, u64::MAX), Some(u64::MAX));
    }

    fn collection(members: &str) -> StaticCollectionConfig {
        let payload = Some(Payload::SignaturePolicy(policy::parse(members).unwrap()));
        let member_orgs_policy = Some(CollectionPolicyConfig { payload });
        StaticCollectionConfig { member_orgs_policy, ..StaticCollectionConfig::default() }
    }
}
