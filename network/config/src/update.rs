//! Making updates: the smallest read and write sets that lead from one configuration to another,
//! and the signatures and envelopes that carry them to the orderer.

use std::collections::BTreeMap;

use fabric_protos::{
    Message, Timestamp,
    common::{
        Config, ConfigEnvelope, ConfigGroup, ConfigPolicy, ConfigSignature, ConfigUpdate,
        ConfigUpdateEnvelope, ConfigValue, Envelope, HeaderType, SignatureHeader,
    },
    id::{ChannelId, MspId},
    msp::{FabricMspConfig, MspConfig},
};
use pervade_identity::{SignError, Signer};
use thiserror::Error;

use crate::{
    elements::{self, ElementError},
    names,
    wrapping::{self, Heading, Origin},
};

/// Two configurations between which there is no update.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ComputeError {
    /// One of the two cannot be read.
    #[error("the {which} configuration cannot be read")]
    Unreadable {
        /// `current` or `desired`.
        which: &'static str,
        /// Why.
        #[source]
        source: ElementError,
    },
    /// One of the two has no channel group.
    #[error("the {which} configuration is empty")]
    Empty {
        /// `current` or `desired`.
        which: &'static str,
    },
    /// They are the same.
    #[error("the configurations do not differ")]
    Same,
}

/// The update that turns `current` into `desired`, with the smallest read and write sets. Versions
/// in `desired` are not looked at; those of the update follow from `current`.
///
/// # Errors
/// If there is no difference, or a configuration is none.
pub fn compute(
    current: &Config,
    desired: &Config,
    channel: &ChannelId,
) -> Result<ConfigUpdate, ComputeError> {
    let (current, desired) = (root("current", current)?, root("desired", desired)?);
    let change = group_change(current, desired);
    if !change.differs {
        return Err(ComputeError::Same);
    }
    Ok(ConfigUpdate {
        channel_id: channel.to_string(),
        read_set: Some(change.read),
        write_set: Some(change.write),
        isolated_data: BTreeMap::new(),
    })
}

fn root<'a>(which: &'static str, config: &'a Config) -> Result<&'a ConfigGroup, ComputeError> {
    elements::flatten(config.channel_group.as_ref())
        .map_err(|source| ComputeError::Unreadable { which, source })?;
    config.channel_group.as_ref().ok_or(ComputeError::Empty { which })
}

/// An organisation that a configuration does not know.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{msp} is not in this configuration")]
pub struct UnknownOrganization {
    /// The organisation looked for.
    pub msp: MspId,
}

/// The configuration with another membership definition for one organisation, wherever it appears:
/// among the applications', the orderers', or both. This is how a revocation list reaches a channel.
///
/// # Errors
/// If the organisation is nowhere in the configuration.
pub fn with_msp(
    config: &Config,
    organization: &MspId,
    definition: &MspConfig,
) -> Result<Config, UnknownOrganization> {
    let mut changed = config.clone();
    let mut found = false;
    let groups = changed.channel_group.iter_mut().flat_map(|root| root.groups.values_mut());
    let organizations = groups.flat_map(|group| group.groups.values_mut());
    for value in organizations.filter_map(|group| group.values.get_mut(names::MSP)) {
        if defines(&value.value, organization) {
            value.value = definition.encode_to_vec();
            found = true;
        }
    }
    found.then_some(changed).ok_or_else(|| UnknownOrganization { msp: organization.clone() })
}

fn defines(value: &[u8], organization: &MspId) -> bool {
    let definition = MspConfig::decode(value).and_then(|msp| FabricMspConfig::decode(&*msp.config));
    definition.is_ok_and(|definition| definition.name == organization.as_str())
}

/// One signature under an update: over the signature header followed by the update's bytes.
///
/// # Errors
/// If the signer cannot sign.
pub fn sign(
    config_update: &[u8],
    signer: &dyn Signer,
    nonce: &[u8],
) -> Result<ConfigSignature, SignError> {
    let header = SignatureHeader { creator: signer.identity().to_vec(), nonce: nonce.to_vec() };
    let signature_header = header.encode_to_vec();
    let signature = signer.sign(&[&signature_header, config_update].concat())?;
    Ok(ConfigSignature { signature_header, signature })
}

/// The envelope in which an update goes to the orderer, signed by whoever submits it.
///
/// # Errors
/// If the signer cannot sign.
pub fn envelope(
    channel: &ChannelId,
    update: &ConfigUpdateEnvelope,
    submitter: &dyn Signer,
    (nonce, timestamp): (&[u8], Timestamp),
) -> Result<Envelope, SignError> {
    let origin = Origin { creator: submitter.identity(), nonce, timestamp };
    signed(HeaderType::ConfigUpdate, channel, update.encode_to_vec(), (submitter, &origin))
}

/// The envelope in which an orderer puts an accepted configuration into a block.
///
/// # Errors
/// If the signer cannot sign.
pub fn config_envelope(
    channel: &ChannelId,
    config: &ConfigEnvelope,
    orderer: &dyn Signer,
    (nonce, timestamp): (&[u8], Timestamp),
) -> Result<Envelope, SignError> {
    let origin = Origin { creator: orderer.identity(), nonce, timestamp };
    signed(HeaderType::Config, channel, config.encode_to_vec(), (orderer, &origin))
}

/// As Fabric's nodes and tools do, such an envelope has no transaction identifier.
fn signed(
    kind: HeaderType,
    channel: &ChannelId,
    data: Vec<u8>,
    (signer, origin): (&dyn Signer, &Origin<'_>),
) -> Result<Envelope, SignError> {
    let heading = Heading { kind, version: 0, channel, tx_id: String::new() };
    let payload = wrapping::payload(heading, origin, data);
    Ok(Envelope { signature: signer.sign(&payload)?, payload })
}

/// What becomes of one group.
struct GroupChange {
    read: ConfigGroup,
    write: ConfigGroup,
    differs: bool,
}

fn group_change(current: &ConfigGroup, desired: &ConfigGroup) -> GroupChange {
    let values = leaf_changes(&current.values, &desired.values);
    let policies = leaf_changes(&current.policies, &desired.policies);
    let groups = inner_changes(&current.groups, &desired.groups);
    let version = current.version;
    let mut read = ConfigGroup { version, groups: groups.read, ..ConfigGroup::default() };
    let mut write = ConfigGroup {
        version,
        groups: groups.write,
        values: values.write,
        policies: policies.write,
        mod_policy: String::new(),
    };
    let itself = values.membership || policies.membership || groups.membership;
    if !itself && current.mod_policy == desired.mod_policy {
        // The group itself stays; its members may still change.
        let differs =
            !(write.values.is_empty() && write.policies.is_empty() && write.groups.is_empty());
        return GroupChange { read, write, differs };
    }
    // A group that changes itself must name every member it keeps, at the version it has.
    write.version = version.wrapping_add(1);
    write.mod_policy.clone_from(&desired.mod_policy);
    read.values.clone_from(&values.same);
    write.values.extend(values.same);
    read.policies.clone_from(&policies.same);
    write.policies.extend(policies.same);
    read.groups.extend(groups.same.clone());
    write.groups.extend(groups.same);
    GroupChange { read, write, differs: true }
}

/// What becomes of the members of one kind.
struct Changes<T> {
    /// At their present version, because something inside them changes.
    read: BTreeMap<String, T>,
    /// As they shall be.
    write: BTreeMap<String, T>,
    /// Unchanged, with nothing but the version.
    same: BTreeMap<String, T>,
    /// Whether a member is new or gone.
    membership: bool,
}

fn leaf_changes<T: Leaf>(
    current: &BTreeMap<String, T>,
    desired: &BTreeMap<String, T>,
) -> Changes<T> {
    let membership = current.keys().ne(desired.keys());
    let mut changes = Changes {
        read: BTreeMap::new(),
        write: BTreeMap::new(),
        same: BTreeMap::new(),
        membership,
    };
    for (name, desired) in desired {
        match current.get(name) {
            None => changes.write.insert(name.clone(), desired.at_version(0)),
            Some(current) if current.says_the_same(desired) => {
                changes.same.insert(name.clone(), T::bare(current.version()))
            }
            Some(current) => {
                let next = current.version().wrapping_add(1);
                changes.write.insert(name.clone(), desired.at_version(next))
            }
        };
    }
    changes
}

fn inner_changes(
    current: &BTreeMap<String, ConfigGroup>,
    desired: &BTreeMap<String, ConfigGroup>,
) -> Changes<ConfigGroup> {
    let membership = current.keys().ne(desired.keys());
    let mut changes = Changes {
        read: BTreeMap::new(),
        write: BTreeMap::new(),
        same: BTreeMap::new(),
        membership,
    };
    for (name, desired) in desired {
        let Some(current) = current.get(name) else {
            let mut whole = group_change(&ConfigGroup::default(), desired).write;
            whole.version = 0;
            whole.mod_policy.clone_from(&desired.mod_policy);
            changes.write.insert(name.clone(), whole);
            continue;
        };
        let inner = group_change(current, desired);
        if inner.differs {
            changes.read.insert(name.clone(), inner.read);
            changes.write.insert(name.clone(), inner.write);
        } else {
            changes.same.insert(name.clone(), inner.read);
        }
    }
    changes
}

/// An element without members.
trait Leaf: Clone {
    fn version(&self) -> u64;
    fn bare(version: u64) -> Self;
    fn at_version(&self, version: u64) -> Self;
    fn says_the_same(&self, other: &Self) -> bool;
}

impl Leaf for ConfigValue {
    fn version(&self) -> u64 {
        self.version
    }

    fn bare(version: u64) -> Self {
        Self { version, ..Self::default() }
    }

    fn at_version(&self, version: u64) -> Self {
        Self { version, ..self.clone() }
    }

    fn says_the_same(&self, other: &Self) -> bool {
        self.mod_policy == other.mod_policy && self.value == other.value
    }
}

impl Leaf for ConfigPolicy {
    fn version(&self) -> u64 {
        self.version
    }

    fn bare(version: u64) -> Self {
        Self { version, ..Self::default() }
    }

    fn at_version(&self, version: u64) -> Self {
        Self { version, ..self.clone() }
    }

    fn says_the_same(&self, other: &Self) -> bool {
        self.mod_policy == other.mod_policy && self.policy == other.policy
    }
}

#[cfg(test)]
mod tests {
    use fabric_protos::{
        common::{Config, ConfigGroup, ConfigValue},
        id::MspId,
        protos::{AnchorPeer, AnchorPeers},
    };
    use proptest::prelude::*;

    use super::{Message, compute, names, with_msp};
    use crate::{
        ChannelConfig,
        testing::{Consortium, chain, group, msp_id},
    };

    /// What may be edited: any group, any policy name, and the anchor peers of an organisation.
    #[derive(Debug, Clone)]
    enum Edit {
        Guard(usize, &'static str),
        Policy(usize, &'static str),
        Drop(usize),
        Anchors(usize, i32),
        Repeat(usize),
    }

    const GROUPS: [&str; 6] =
        ["", "Orderer", "Orderer/Orderer", "Application", "Application/Org1", "Application/Org2"];

    fn edits() -> impl Strategy<Value = Vec<Edit>> {
        let group = 0..GROUPS.len();
        let name = prop::sample::select(vec!["Admins", "Extra", "Other"]);
        let edit = prop_oneof![
            (group.clone(), name.clone()).prop_map(|(group, name)| Edit::Guard(group, name)),
            (group.clone(), name).prop_map(|(group, name)| Edit::Policy(group, name)),
            group.clone().prop_map(Edit::Drop),
            (4_usize..6, 1..5).prop_map(|(group, port)| Edit::Anchors(group, port)),
            group.prop_map(Edit::Repeat),
        ];
        prop::collection::vec(edit, 1..5)
    }

    fn apply(config: &mut Config, edit: &Edit) {
        match edit {
            Edit::Guard(at, name) => (*name).clone_into(&mut group(config, GROUPS[*at]).mod_policy),
            Edit::Policy(at, name) => {
                let group = group(config, GROUPS[*at]);
                let policy = group.policies["Readers"].clone();
                group.policies.insert((*name).to_owned(), policy);
            }
            Edit::Drop(at) => {
                group(config, GROUPS[*at]).policies.remove("Extra");
            }
            Edit::Anchors(at, port) => {
                let anchor_peers = vec![AnchorPeer { host: "peer0".to_owned(), port: *port }];
                let value = AnchorPeers { anchor_peers }.encode_to_vec();
                let mod_policy = "Admins".to_owned();
                let value = ConfigValue { version: 0, value, mod_policy };
                let values = &mut group(config, GROUPS[*at]).values;
                values.insert(names::ANCHOR_PEERS.to_owned(), value);
            }
            Edit::Repeat(at) => {
                let writers = group(config, GROUPS[*at]).policies["Writers"].clone();
                group(config, GROUPS[*at]).policies.insert("Readers".to_owned(), writers);
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        /// An update that everybody signs leads to what was desired, and leaves alone what it
        /// does not change: going there twice changes nothing the second time.
        #[test]
        fn an_update_leads_where_it_should(rounds in prop::collection::vec(edits(), 1..4)) {
            let consortium = Consortium::new();
            let mut config = consortium.config();
            for edits in rounds {
                let mut desired = config.config().clone();
                edits.iter().for_each(|edit| apply(&mut desired, edit));
                let everyone = "Orderer.admin Org1.admin Org2.admin Orderer.peer Org1.peer Org2.peer";
                let Ok(update) = compute(config.config(), &desired, &consortium.channel) else {
                    prop_assert_eq!(bare(config.config()), bare(&desired));
                    continue;
                };
                let envelope = consortium.signed(&update, everyone);
                let next = match config.propose_update(&envelope) {
                    Ok(next) => next,
                    Err(error) => {
                        let error = chain(&error);
                        prop_assert!(error.contains("no policy"), "{}", error);
                        continue;
                    }
                };
                prop_assert_eq!(bare(next.config.as_ref().unwrap()), bare(&desired));
                config = config.validate_next(&next).unwrap();
                prop_assert!(compute(config.config(), &desired, &consortium.channel).is_err());
            }
        }
    }

    /// Without versions.
    fn bare(config: &Config) -> ConfigGroup {
        fn strip(group: &mut ConfigGroup) {
            group.version = 0;
            group.values.values_mut().for_each(|value| value.version = 0);
            group.policies.values_mut().for_each(|policy| policy.version = 0);
            group.groups.values_mut().for_each(strip);
        }
        let mut root = config.channel_group.clone().unwrap();
        strip(&mut root);
        root
    }

    #[test]
    fn the_sets_name_no_more_than_they_must() {
        let consortium = Consortium::new();
        let config = consortium.config();
        let mut desired = config.config().clone();
        let orderer = &mut group(&mut desired, "Orderer").values;
        orderer.get_mut(names::BATCH_TIMEOUT).unwrap().value = b"\x0a\x021s".to_vec();
        let update = compute(config.config(), &desired, &consortium.channel).unwrap();
        assert_eq!(outline(update.read_set.as_ref().unwrap()), "0 {Orderer 0 {}}");
        let write = outline(update.write_set.as_ref().unwrap());
        assert_eq!(write, "0 {Orderer 0 {BatchTimeout 1}}");

        let mut desired = config.config().clone();
        apply(&mut desired, &Edit::Anchors(4, 7051));
        let update = compute(config.config(), &desired, &consortium.channel).unwrap();
        let read = outline(update.read_set.as_ref().unwrap());
        assert_eq!(
            read,
            "0 {Application 0 {Org1 0 {Admins 0, Endorsement 0, MSP 0, Readers 0, Writers 0}}}"
        );
        let write = outline(update.write_set.as_ref().unwrap());
        assert_eq!(
            write,
            "0 {Application 0 {Org1 1 {Admins 0, AnchorPeers 0, Endorsement 0, MSP 0, Readers 0, \
             Writers 0}}}"
        );
    }

    fn outline(group: &ConfigGroup) -> String {
        let values = group.values.iter().map(|(name, v)| format!("{name} {}", v.version));
        let policies = group.policies.iter().map(|(name, p)| format!("{name} {}", p.version));
        let groups = group.groups.iter().map(|(name, g)| format!("{name} {}", outline(g)));
        let mut members: Vec<_> = values.chain(policies).chain(groups).collect();
        members.sort();
        format!("{} {{{}}}", group.version, members.join(", "))
    }

    #[test]
    fn a_membership_definition_is_replaced_wherever_it_is() {
        let consortium = Consortium::new();
        let config = consortium.config();
        // Organisation 2 orders as well.
        let mut both = config.config().clone();
        let second = group(&mut both, "Application/Org2").clone();
        group(&mut both, "Orderer").groups.insert("Org2".to_owned(), second);
        let mut definition = consortium.msp("Org2");
        definition.config.extend_from_slice(b"\x12\x00");
        let changed = with_msp(&both, &msp_id("Org2"), &definition).unwrap();
        let update = compute(&both, &changed, &consortium.channel).unwrap();
        assert_eq!(
            outline(update.write_set.as_ref().unwrap()),
            "0 {Application 0 {Org2 0 {MSP 1}}, Orderer 0 {Org2 0 {MSP 1}}}"
        );
        let stranger = MspId::new("StrangerMSP").unwrap();
        let error = with_msp(&both, &stranger, &definition).unwrap_err();
        assert_eq!(error.to_string(), "StrangerMSP is not in this configuration");
        ChannelConfig::new(consortium.channel, both).unwrap();
    }
}
