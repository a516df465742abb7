//! Organisations and a channel for tests.

use std::collections::BTreeMap;

use fabric_protos::{
    Message, Timestamp,
    common::{Block, Config, ConfigGroup, ConfigUpdate, ConfigUpdateEnvelope, Envelope},
    etcdraft,
    id::{ChannelId, MspId},
    msp::{FabricCryptoConfig, FabricMspConfig, FabricNodeOUs, FabricOuIdentifier, MspConfig},
};
use pervade_identity::EcdsaSigner;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};

use crate::{
    BatchRules, ChannelConfig,
    genesis::{self, OrgProfile, Profile},
    update,
};

pub(crate) const TIMESTAMP: Timestamp = Timestamp { seconds: 1_700_000_000, nanos: 0 };

/// A channel of an orderer organisation and two that take part, and those who can sign for them.
pub(crate) struct Consortium {
    organizations: BTreeMap<&'static str, Organization>,
    pub(crate) channel: ChannelId,
}

struct Organization {
    root: String,
    members: BTreeMap<&'static str, EcdsaSigner>,
}

impl Consortium {
    pub(crate) fn new() -> Self {
        let names = ["Orderer", "Org1", "Org2"];
        let organizations = names.map(|name| (name, Organization::new(name))).into();
        Self { organizations, channel: ChannelId::new("mychannel").unwrap() }
    }

    pub(crate) fn profile(&self) -> Profile {
        let profile = |name: &str| OrgProfile {
            name: name.to_owned(),
            msp_id: msp_id(name),
            msp: self.msp(name),
            endpoints: Vec::new(),
            anchor_peers: Vec::new(),
        };
        let endpoints = vec!["orderer.example.com:7050".to_owned()];
        Profile {
            channel_id: self.channel.clone(),
            orderer_org: OrgProfile { endpoints, ..profile("Orderer") },
            application_orgs: vec![profile("Org1"), profile("Org2")],
            consenters: vec![etcdraft::Consenter {
                host: "orderer.example.com".to_owned(),
                port: 7050,
                ..etcdraft::Consenter::default()
            }],
            batch: BatchRules::test_network(),
        }
    }

    pub(crate) fn genesis(&self) -> Block {
        genesis::block(&self.profile(), &[7; 24], TIMESTAMP)
    }

    pub(crate) fn config(&self) -> ChannelConfig {
        ChannelConfig::from_block(&self.genesis()).unwrap()
    }

    /// The membership definition of one of the organisations.
    pub(crate) fn msp(&self, organization: &str) -> MspConfig {
        self.organizations[organization].definition(organization)
    }

    /// `Org1.admin`, for example.
    pub(crate) fn signer(&self, name: &str) -> &EcdsaSigner {
        let (organization, role) = name.split_once('.').unwrap();
        &self.organizations[organization].members[role]
    }

    /// The update that leads from one configuration to another, signed by these, separated by
    /// spaces.
    pub(crate) fn update(&self, from: &Config, to: &Config, signers: &str) -> Envelope {
        self.signed(&update::compute(from, to, &self.channel).unwrap(), signers)
    }

    pub(crate) fn signed(&self, content: &ConfigUpdate, signers: &str) -> Envelope {
        let config_update = content.encode_to_vec();
        let signatures = signers
            .split_whitespace()
            .map(|name| update::sign(&config_update, self.signer(name), &[1; 24]).unwrap())
            .collect();
        self.envelope(&ConfigUpdateEnvelope { config_update, signatures })
    }

    pub(crate) fn envelope(&self, update: &ConfigUpdateEnvelope) -> Envelope {
        let submitter = self.signer("Org1.client");
        update::envelope(&self.channel, update, submitter, (&[2; 24], TIMESTAMP)).unwrap()
    }
}

impl Organization {
    fn new(name: &str) -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = named(&[], &format!("ca.{name}"));
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let root = params.self_signed(&key).unwrap().pem();
        let issuer = Issuer::new(params, key);
        let roles = ["admin", "client", "peer", "orderer"];
        let members = roles.map(|role| (role, member(&issuer, name, role))).into();
        Self { root, members }
    }

    fn definition(&self, name: &str) -> MspConfig {
        let unit = |unit: &str| {
            Some(FabricOuIdentifier {
                certificate: self.root.clone().into_bytes(),
                organizational_unit_identifier: unit.to_owned(),
            })
        };
        let definition = FabricMspConfig {
            name: msp_id(name).to_string(),
            root_certs: vec![self.root.clone().into_bytes()],
            crypto_config: Some(FabricCryptoConfig {
                signature_hash_family: "SHA2".to_owned(),
                identity_identifier_hash_function: "SHA256".to_owned(),
            }),
            fabric_node_ous: Some(FabricNodeOUs {
                enable: true,
                client_ou_identifier: unit("client"),
                peer_ou_identifier: unit("peer"),
                admin_ou_identifier: unit("admin"),
                orderer_ou_identifier: unit("orderer"),
            }),
            ..FabricMspConfig::default()
        };
        MspConfig { r#type: 0, config: definition.encode_to_vec() }
    }
}

pub(crate) fn msp_id(organization: &str) -> MspId {
    MspId::new(format!("{organization}MSP")).unwrap()
}

fn member(issuer: &Issuer<'static, KeyPair>, organization: &str, role: &str) -> EcdsaSigner {
    let key = KeyPair::generate().unwrap();
    let mut params = named(&[role], &format!("{role}.{organization}"));
    params.use_authority_key_identifier_extension = true;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    let certificate = params.signed_by(&key, issuer).unwrap().pem();
    let key = key.serialize_pem();
    EcdsaSigner::from_pem(msp_id(organization), certificate.as_bytes(), key.as_bytes()).unwrap()
}

fn named(units: &[&str], name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    for unit in units {
        params.distinguished_name.push(DnType::OrganizationalUnitName, *unit);
    }
    params.distinguished_name.push(DnType::CommonName, name);
    params
}

/// An inner group by its path, `Application/Org1`; the root for an empty one.
pub(crate) fn group<'a>(config: &'a mut Config, path: &str) -> &'a mut ConfigGroup {
    let root = config.channel_group.as_mut().unwrap();
    let names = path.split('/').filter(|name| !name.is_empty());
    names.fold(root, |group, name| group.groups.get_mut(name).unwrap())
}

/// An error with everything that led to it, on one line.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    text
}
