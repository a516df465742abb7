//! A channel of an orderer organisation and two that take part, and those who can sign for them.

use std::collections::BTreeMap;

use fabric_protos::id::{ChannelId, MspId};
use fabric_protos::msp::{
    FabricCryptoConfig, FabricMspConfig, FabricNodeOUs, FabricOuIdentifier, MspConfig,
};
use fabric_protos::{Message, Timestamp, etcdraft};
use pervade_channel_config::genesis::{self, OrgProfile, Profile};
use pervade_channel_config::{BatchRules, ChannelConfig};
use pervade_identity::EcdsaSigner;
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, DistinguishedName,
    DnType, IsCa, Issuer, KeyIdMethod, KeyPair, KeyUsagePurpose, RevokedCertParams, SerialNumber,
    date_time_ymd,
};

/// The only channel there is.
pub(crate) const CHANNEL: &str = "mychannel";

pub(crate) const TIMESTAMP: Timestamp = Timestamp { seconds: 1_700_000_000, nanos: 0 };

/// The serial number of every client, so that one can be revoked.
const CLIENT_SERIAL: u64 = 7;

pub(crate) struct Members {
    organizations: BTreeMap<&'static str, Organization>,
}

impl Members {
    pub(crate) fn new() -> Self {
        let names = ["Orderer", "Org1", "Org2", "Stranger"];
        Self { organizations: names.map(|name| (name, Organization::new(name))).into() }
    }

    /// `Org1.peer`, for example; the roles are admin, client, peer and orderer.
    pub(crate) fn signer(&self, name: &str) -> &EcdsaSigner {
        let (organization, role) = name.split_once('.').unwrap();
        &self.organizations[organization].members[role]
    }

    /// The membership definition of an organisation, which may have revoked its client.
    pub(crate) fn msp(&self, name: &str, revoked: bool) -> MspConfig {
        self.organizations[name].definition(name, revoked)
    }

    /// The channel's first configuration.
    pub(crate) fn config(&self) -> ChannelConfig {
        self.config_with(false)
    }

    /// The same, had Org1 revoked its client's certificate.
    pub(crate) fn config_with_revocation(&self) -> ChannelConfig {
        self.config_with(true)
    }

    fn config_with(&self, revoked: bool) -> ChannelConfig {
        let profile = |name: &str| OrgProfile {
            name: name.to_owned(),
            msp_id: msp_id(name),
            msp: self.msp(name, revoked && name == "Org1"),
            endpoints: Vec::new(),
            anchor_peers: Vec::new(),
        };
        let endpoints = vec!["orderer.example.com:7050".to_owned()];
        let profile = Profile {
            channel_id: ChannelId::new(CHANNEL).unwrap(),
            orderer_org: OrgProfile { endpoints, ..profile("Orderer") },
            application_orgs: vec![profile("Org1"), profile("Org2")],
            consenters: vec![etcdraft::Consenter {
                host: "orderer.example.com".to_owned(),
                port: 7050,
                ..etcdraft::Consenter::default()
            }],
            batch: BatchRules::test_network(),
        };
        ChannelConfig::from_block(&genesis::block(&profile, &[7; 24], TIMESTAMP)).unwrap()
    }
}

pub(crate) fn msp_id(organization: &str) -> MspId {
    MspId::new(format!("{organization}MSP")).unwrap()
}

struct Organization {
    root: String,
    revocations: String,
    members: BTreeMap<&'static str, EcdsaSigner>,
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
        Self { root, revocations: revocations(&issuer), members }
    }

    fn definition(&self, name: &str, revoked: bool) -> MspConfig {
        let unit = |unit: &str| {
            Some(FabricOuIdentifier {
                certificate: self.root.clone().into_bytes(),
                organizational_unit_identifier: unit.to_owned(),
            })
        };
        let revocations = revoked.then(|| self.revocations.clone().into_bytes());
        let definition = FabricMspConfig {
            name: msp_id(name).to_string(),
            root_certs: vec![self.root.clone().into_bytes()],
            revocation_list: revocations.into_iter().collect(),
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

fn member(issuer: &Issuer<'static, KeyPair>, organization: &str, role: &str) -> EcdsaSigner {
    let key = KeyPair::generate().unwrap();
    let mut params = named(&[role], &format!("{role}.{organization}"));
    if role == "client" {
        params.serial_number = Some(SerialNumber::from(CLIENT_SERIAL));
    }
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

fn revocations(issuer: &Issuer<'static, KeyPair>) -> String {
    let list = CertificateRevocationListParams {
        this_update: date_time_ymd(2024, 1, 1),
        next_update: date_time_ymd(2034, 1, 1),
        crl_number: SerialNumber::from(1),
        issuing_distribution_point: None,
        revoked_certs: vec![RevokedCertParams {
            serial_number: SerialNumber::from(CLIENT_SERIAL),
            revocation_time: date_time_ymd(2024, 1, 1),
            reason_code: None,
            invalidity_date: None,
        }],
        key_identifier_method: KeyIdMethod::Sha256,
    };
    list.signed_by(issuer).unwrap().pem().unwrap()
}
