//! The first block of a channel, as Fabric's own tool makes it for a channel without a system
//! channel: capabilities `V2_0` (channel, orderer) and `V2_5` (application), Raft ordering, orderer
//! endpoints per organisation.

use std::{collections::BTreeMap, time::Duration};

use fabric_protos::{
    Message, Timestamp,
    common::msp_role::MspRoleType,
    common::{
        Block, BlockData, BlockDataHashingStructure, BlockHeader, BlockMetadata,
        BlockMetadataIndex, Config, ConfigEnvelope, ConfigGroup, ConfigPolicy, ConfigValue,
        Envelope, HashingAlgorithm, HeaderType, ImplicitMetaPolicy, LastConfig, Metadata,
        OrdererAddresses, OrdererBlockMetadata, Policy, SignaturePolicyEnvelope,
        implicit_meta_policy::Rule, policy::PolicyType,
    },
    etcdraft,
    id::{ChannelId, MspId},
    msp::MspConfig,
    orderer::{BatchSize, BatchTimeout, ChannelRestrictions, ConsensusType, consensus_type::State},
    protos,
};
use sha2::{Digest, Sha256};

use crate::{
    contents::{AnchorPeer, BatchRules},
    duration, names,
    policy::signed_by,
    wrapping::{self, Heading, Origin},
};

/// What a channel starts with.
#[derive(Debug, Clone)]
pub struct Profile {
    /// The channel's name.
    pub channel_id: ChannelId,
    /// Who orders.
    pub orderer_org: OrgProfile,
    /// Who takes part.
    pub application_orgs: Vec<OrgProfile>,
    /// The orderers that agree on blocks; certificates are PEM.
    pub consenters: Vec<etcdraft::Consenter>,
    /// How blocks are cut.
    pub batch: BatchRules,
}

/// One organisation of a new channel.
#[derive(Debug, Clone)]
pub struct OrgProfile {
    /// The name of its group, often the same as the MSP identifier.
    pub name: String,
    /// Its identifier, which `msp` names too.
    pub msp_id: MspId,
    /// Its membership definition.
    pub msp: MspConfig,
    /// `host:port` of its orderers; used for the ordering organisation only.
    pub endpoints: Vec<String>,
    /// The peers by which other organisations find it; used for application organisations only.
    pub anchor_peers: Vec<AnchorPeer>,
}

impl BatchRules {
    /// The rules of Fabric's test network: 10 transactions, 99 MiB, 512 KiB, 2 s.
    #[must_use]
    pub fn test_network() -> Self {
        Self {
            max_message_count: 10,
            absolute_max_bytes: 99 << 20,
            preferred_max_bytes: 512 << 10,
            timeout: Duration::from_secs(2),
        }
    }
}

/// The genesis block. `nonce` makes it the only one of its kind; `timestamp` goes in its header.
#[must_use]
pub fn block(profile: &Profile, nonce: &[u8], timestamp: Timestamp) -> Block {
    let config = Config { sequence: 0, channel_group: Some(channel_group(profile)) };
    let content = ConfigEnvelope { config: Some(config), last_update: None };
    let origin = Origin { creator: &[], nonce, timestamp };
    // The transaction identifier of an envelope without a creator is the hash of its nonce.
    let tx_id = hex::encode(Sha256::digest(nonce));
    let heading =
        Heading { kind: HeaderType::Config, version: 1, channel: &profile.channel_id, tx_id };
    let payload = wrapping::payload(heading, &origin, content.encode_to_vec());
    let envelope = Envelope { payload, signature: Vec::new() }.encode_to_vec();
    Block {
        header: Some(BlockHeader {
            number: 0,
            previous_hash: Vec::new(),
            data_hash: Sha256::digest(&envelope).to_vec(),
        }),
        data: Some(BlockData { data: vec![envelope] }),
        metadata: Some(BlockMetadata { metadata: metadata() }),
    }
}

/// The slots of the first block: it is its own last configuration, and nobody signed it.
fn metadata() -> Vec<Vec<u8>> {
    const SLOTS: [BlockMetadataIndex; 5] = [
        BlockMetadataIndex::Signatures,
        BlockMetadataIndex::LastConfig,
        BlockMetadataIndex::TransactionsFilter,
        BlockMetadataIndex::Orderer,
        BlockMetadataIndex::CommitHash,
    ];
    let last_config = LastConfig { index: 0 };
    let slot = |value: Vec<u8>| Metadata { value, signatures: Vec::new() }.encode_to_vec();
    let content = |index: &BlockMetadataIndex| match index {
        BlockMetadataIndex::Signatures => {
            let value = OrdererBlockMetadata {
                last_config: Some(last_config),
                consenter_metadata: Vec::new(),
            };
            slot(value.encode_to_vec())
        }
        BlockMetadataIndex::LastConfig => slot(last_config.encode_to_vec()),
        BlockMetadataIndex::TransactionsFilter
        | BlockMetadataIndex::Orderer
        | BlockMetadataIndex::CommitHash => Vec::new(),
    };
    SLOTS.iter().map(content).collect()
}

fn channel_group(profile: &Profile) -> ConfigGroup {
    let hashing = HashingAlgorithm { name: names::HASHING_ALGORITHMS[0].to_owned() };
    let width = BlockDataHashingStructure { width: names::HASHING_WIDTH };
    group(
        vec![
            (names::HASHING_ALGORITHM, hashing.encode_to_vec()),
            (names::BLOCK_DATA_HASHING_STRUCTURE, width.encode_to_vec()),
            (names::CAPABILITIES, capabilities(&["V2_0"])),
        ],
        standard_policies(),
        vec![
            (names::ORDERER.to_owned(), orderer_group(profile)),
            (names::APPLICATION.to_owned(), application_group(profile)),
        ],
    )
}

fn orderer_group(profile: &Profile) -> ConfigGroup {
    let batch = &profile.batch;
    let size = BatchSize {
        max_message_count: batch.max_message_count,
        absolute_max_bytes: batch.absolute_max_bytes,
        preferred_max_bytes: batch.preferred_max_bytes,
    };
    let timeout = BatchTimeout { timeout: duration::render(batch.timeout) };
    let mut policies = standard_policies();
    policies.push((names::BLOCK_VALIDATION, implicit(Rule::Any, names::WRITERS)));
    let organization = &profile.orderer_org;
    group(
        vec![
            (names::BATCH_SIZE, size.encode_to_vec()),
            (names::BATCH_TIMEOUT, timeout.encode_to_vec()),
            (names::CHANNEL_RESTRICTIONS, ChannelRestrictions { max_count: 0 }.encode_to_vec()),
            (names::CAPABILITIES, capabilities(&["V2_0"])),
            (names::CONSENSUS_TYPE, consensus(&profile.consenters).encode_to_vec()),
        ],
        policies,
        vec![(organization.name.clone(), orderer_organization(organization))],
    )
}

/// Raft with the timing that Fabric's tool fills in.
fn consensus(consenters: &[etcdraft::Consenter]) -> ConsensusType {
    let options = etcdraft::Options {
        tick_interval: "500ms".to_owned(),
        election_tick: 10,
        heartbeat_tick: 1,
        max_inflight_blocks: 5,
        snapshot_interval_size: 16 << 20,
    };
    let metadata =
        etcdraft::ConfigMetadata { consenters: consenters.to_vec(), options: Some(options) };
    ConsensusType {
        r#type: names::ETCDRAFT.to_owned(),
        metadata: metadata.encode_to_vec(),
        state: State::Normal.into(),
    }
}

fn orderer_organization(organization: &OrgProfile) -> ConfigGroup {
    let msp = &organization.msp_id;
    let mut values = vec![(names::MSP, organization.msp.encode_to_vec())];
    if !organization.endpoints.is_empty() {
        let endpoints = OrdererAddresses { addresses: organization.endpoints.clone() };
        values.push((names::ENDPOINTS, endpoints.encode_to_vec()));
    }
    let policies = vec![
        (names::READERS, roles(msp, &[MspRoleType::Member])),
        (names::WRITERS, roles(msp, &[MspRoleType::Member])),
        (names::ADMINS, roles(msp, &[MspRoleType::Admin])),
    ];
    group(values, policies, Vec::new())
}

fn application_group(profile: &Profile) -> ConfigGroup {
    let mut policies = standard_policies();
    for name in [names::LIFECYCLE_ENDORSEMENT, names::ENDORSEMENT] {
        policies.push((name, implicit(Rule::Majority, names::ENDORSEMENT)));
    }
    let organizations = profile.application_orgs.iter();
    group(
        vec![(names::CAPABILITIES, capabilities(&["V2_5"]))],
        policies,
        organizations.map(|org| (org.name.clone(), application_organization(org))).collect(),
    )
}

fn application_organization(organization: &OrgProfile) -> ConfigGroup {
    use MspRoleType::{Admin, Client, Peer};
    let msp = &organization.msp_id;
    let mut values = vec![(names::MSP, organization.msp.encode_to_vec())];
    if !organization.anchor_peers.is_empty() {
        let anchors = organization.anchor_peers.iter();
        let anchor_peers = anchors
            .map(|peer| protos::AnchorPeer { host: peer.host.clone(), port: peer.port.into() })
            .collect();
        let anchors = protos::AnchorPeers { anchor_peers };
        values.push((names::ANCHOR_PEERS, anchors.encode_to_vec()));
    }
    let policies = vec![
        (names::READERS, roles(msp, &[Admin, Peer, Client])),
        (names::WRITERS, roles(msp, &[Admin, Client])),
        (names::ADMINS, roles(msp, &[Admin])),
        (names::ENDORSEMENT, roles(msp, &[Peer])),
    ];
    group(values, policies, Vec::new())
}

fn standard_policies() -> Vec<(&'static str, Policy)> {
    vec![
        (names::READERS, implicit(Rule::Any, names::READERS)),
        (names::WRITERS, implicit(Rule::Any, names::WRITERS)),
        (names::ADMINS, implicit(Rule::Majority, names::ADMINS)),
    ]
}

fn group(
    values: Vec<(&str, Vec<u8>)>,
    policies: Vec<(&str, Policy)>,
    groups: Vec<(String, ConfigGroup)>,
) -> ConfigGroup {
    let mod_policy = || names::ADMINS.to_owned();
    let value = |value: Vec<u8>| ConfigValue { version: 0, value, mod_policy: mod_policy() };
    let policy =
        |policy| ConfigPolicy { version: 0, policy: Some(policy), mod_policy: mod_policy() };
    ConfigGroup {
        version: 0,
        groups: groups.into_iter().collect(),
        values: values.into_iter().map(|(name, v)| (name.to_owned(), value(v))).collect(),
        policies: policies.into_iter().map(|(name, p)| (name.to_owned(), policy(p))).collect(),
        mod_policy: mod_policy(),
    }
}

fn implicit(rule: Rule, sub_policy: &str) -> Policy {
    let value = ImplicitMetaPolicy { sub_policy: sub_policy.to_owned(), rule: rule.into() };
    Policy { r#type: PolicyType::ImplicitMeta.into(), value: value.encode_to_vec() }
}

/// Met by anyone who has one of the roles.
fn roles(msp: &MspId, roles: &[MspRoleType]) -> Policy {
    let principals = roles.iter().map(|role| (msp, *role));
    let value: SignaturePolicyEnvelope = signed_by(1, principals);
    Policy { r#type: PolicyType::Signature.into(), value: value.encode_to_vec() }
}

/// The bytes of a `Capabilities` value. Fabric writes each entry with its empty message, which
/// the generated code leaves out; both read the same, and these are the bytes others have.
fn capabilities(names: &[&str]) -> Vec<u8> {
    let entries: BTreeMap<&str, ()> = names.iter().map(|name| (*name, ())).collect();
    let mut bytes = Vec::new();
    for name in entries.keys() {
        let value = b"\x12\x00";
        let mut entry = Vec::new();
        field(&mut entry, name.as_bytes());
        entry.extend_from_slice(value);
        field(&mut bytes, &entry);
    }
    bytes
}

/// Appends field 1 of a message, of the length-delimited kind.
fn field(bytes: &mut Vec<u8>, content: &[u8]) {
    let holder = Metadata { value: content.to_vec(), signatures: Vec::new() };
    bytes.extend_from_slice(&holder.encode_to_vec());
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use fabric_protos::{
        Message,
        common::{self, ConfigGroup, Envelope, Payload, policy::PolicyType},
    };

    use crate::{ChannelConfig, testing::Consortium};

    /// The block that starts a channel is one that any node can read back.
    #[test]
    fn the_first_block_is_a_configuration() {
        let block = Consortium::new().genesis();
        let config = ChannelConfig::from_block(&block).unwrap();
        let found = format!(
            "{} #{} {:?} {:?} {:?}\n{:?}\n{} {}",
            config.channel_id(),
            config.sequence(),
            config.organizations(),
            config.orderer_endpoints(),
            config.capabilities(),
            config.batch(),
            config.consensus().kind,
            config.consensus().consenters.len(),
        );
        expect![[r#"
            mychannel #0 [MspId("Org1MSP"), MspId("Org2MSP")] ["orderer.example.com:7050"] Capabilities { channel: {"V2_0"}, orderer: {"V2_0"}, application: {"V2_5"} }
            BatchRules { max_message_count: 10, absolute_max_bytes: 103809024, preferred_max_bytes: 524288, timeout: 2s }
            etcdraft 1"#]]
        .assert_eq(&found);
    }

    #[test]
    fn nobody_signed_the_first_block() {
        let block = Consortium::new().genesis();
        let slots = block.metadata.unwrap().metadata;
        let slots: Vec<_> = slots.iter().map(hex::encode).collect();
        assert_eq!(slots, ["0a020a00", "", "", "", ""]);
        let envelope = Envelope::decode(&*block.data.unwrap().data[0]).unwrap();
        assert!(envelope.signature.is_empty(), "the envelope is unsigned");
        let header = Payload::decode(&*envelope.payload).unwrap().header.unwrap();
        let header = common::ChannelHeader::decode(&*header.channel_header).unwrap();
        let nonce_alone = "bb7a0e284885bdc424db0ab2d59277a2f82735c0f2066e0ce55e7325252e76d9";
        assert_eq!(header.tx_id, nonce_alone);
        assert_eq!((header.version, header.channel_id.as_str()), (1, "mychannel"));
    }

    #[test]
    fn every_element_is_guarded_by_its_administrators() {
        let config = Consortium::new().config();
        check(
            config.config().channel_group.as_ref().unwrap(),
            expect![[r#"
                Channel (Admins): BlockDataHashingStructure Capabilities HashingAlgorithm | Admins~ Readers~ Writers~
                 Application (Admins): Capabilities | Admins~ Endorsement~ LifecycleEndorsement~ Readers~ Writers~
                  Org1 (Admins): MSP | Admins Endorsement Readers Writers
                  Org2 (Admins): MSP | Admins Endorsement Readers Writers
                 Orderer (Admins): BatchSize BatchTimeout Capabilities ChannelRestrictions ConsensusType | Admins~ BlockValidation~ Readers~ Writers~
                  Orderer (Admins): Endpoints MSP | Admins Readers Writers
            "#]],
        );
    }

    /// Groups with the policy that guards them, their values, and their policies, of which the
    /// implicit ones have a tilde.
    fn check(root: &ConfigGroup, expected: Expect) {
        fn outline(name: &str, group: &ConfigGroup, indent: usize, text: &mut String) {
            let mod_policies = group.values.values().map(|value| &value.mod_policy);
            let mod_policies =
                mod_policies.chain(group.policies.values().map(|policy| &policy.mod_policy));
            assert!(
                mod_policies.into_iter().all(|name| *name == group.mod_policy),
                "members of {name} are guarded as it is"
            );
            let values: Vec<_> = group.values.keys().map(String::as_str).collect();
            let policies = group.policies.iter().map(|(name, policy)| {
                let implicit = i32::from(PolicyType::ImplicitMeta);
                let is_implicit = policy.policy.as_ref().unwrap().r#type == implicit;
                format!("{name}{}", if is_implicit { "~" } else { "" })
            });
            let (mod_policy, values) = (&group.mod_policy, values.join(" "));
            let policies = policies.collect::<Vec<_>>().join(" ");
            let line = format!("{name} ({mod_policy}): {values} | {policies}\n");
            *text += &" ".repeat(indent);
            *text += &line;
            for (name, inner) in &group.groups {
                outline(name, inner, indent + 1, text);
            }
        }
        let mut text = String::new();
        outline("Channel", root, 0, &mut text);
        expected.assert_eq(&text);
    }

    #[test]
    fn capabilities_are_written_as_others_write_them() {
        let bytes = hex::encode(super::capabilities(&["V2_0"]));
        assert_eq!(bytes, "0a080a0456325f301200");
    }
}
