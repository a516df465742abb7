//! Organisations, the channel they share, and those who sign for them.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use fabric_protos::id::{ChannelId, InvalidId, MspId};
use fabric_protos::msp::{
    FabricCryptoConfig, FabricMspConfig, FabricNodeOUs, FabricOuIdentifier, MspConfig,
};
use fabric_protos::{Message, Timestamp, common::Block, etcdraft};
use pervade_channel_config::genesis::{self, OrgProfile, Profile};
use pervade_channel_config::{BatchRules, ConfigError};
use pervade_identity::{EcdsaSigner, Role, Signer, SignerError};
use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DistinguishedName, DnType, IsCa, Issuer,
    KeyUsagePurpose, date_time_ymd,
};
use thiserror::Error;

use derived::DerivedKey;

mod derived;

/// The only channel there is.
const CHANNEL: &str = "mychannel";

/// Who orders; nobody in a test acts for it.
const ORDERER: &str = "OrdererMSP";

/// Someone who calls contracts, with a certificate of their organisation.
#[derive(Clone)]
pub struct Member(Arc<EcdsaSigner>);

impl Member {
    /// The encoded `msp.SerializedIdentity`, as contracts see their caller.
    #[must_use]
    pub fn identity(&self) -> &[u8] {
        self.0.identity()
    }

    /// The member's certificate.
    #[must_use]
    pub fn certificate(&self) -> &pervade_identity::Certificate {
        self.0.certificate()
    }

    /// Signs what the member says beside the ledger.
    #[must_use]
    pub fn signer(&self) -> &dyn Signer {
        self.0.as_ref()
    }
}

impl fmt::Debug for Member {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Member").finish_non_exhaustive()
    }
}

/// The organisations of a channel.
pub(crate) struct Members {
    organizations: BTreeMap<MspId, Organization>,
    orderer: Organization,
    channel: ChannelId,
}

impl Members {
    pub(crate) fn new(names: &[&str]) -> Result<Self, MemberError> {
        let mut organizations = BTreeMap::new();
        for name in names {
            let id = MspId::new(*name)?;
            organizations.insert(id.clone(), Organization::new(id)?);
        }
        let orderer = Organization::new(MspId::new(ORDERER)?)?;
        Ok(Self { organizations, orderer, channel: ChannelId::new(CHANNEL)? })
    }

    pub(crate) fn channel(&self) -> &ChannelId {
        &self.channel
    }

    /// The first block, which holds the channel's configuration.
    pub(crate) fn genesis(&self, timestamp: Timestamp) -> Block {
        let host = "orderer.example.com".to_owned();
        let orderer_org = OrgProfile {
            endpoints: vec![format!("{host}:{ORDERER_PORT}")],
            ..self.orderer.profile()
        };
        let consenter =
            etcdraft::Consenter { host, port: ORDERER_PORT, ..etcdraft::Consenter::default() };
        let profile = Profile {
            channel_id: self.channel.clone(),
            orderer_org,
            application_orgs: self.organizations.values().map(Organization::profile).collect(),
            consenters: vec![consenter],
            batch: BatchRules::test_network(),
        };
        genesis::block(&profile, &[7; 24], timestamp)
    }

    /// Everyone who takes part, in order.
    pub(crate) fn organizations(&self) -> impl Iterator<Item = &MspId> {
        self.organizations.keys()
    }

    /// The signer of an organisation's peer.
    pub(crate) fn peer(&self, organization: &MspId) -> Result<&dyn Signer, MemberError> {
        Ok(self.organization(organization.as_str())?.peer.as_ref())
    }

    /// A member of an organisation.
    pub(crate) fn enroll(
        &self,
        name: &str,
        role: Role,
        of: &str,
        attributes: &[(&str, &str)],
    ) -> Result<Member, MemberError> {
        Ok(Member(self.organization(of)?.authority.enroll(name, role, attributes)?))
    }

    /// The identifier of an organisation that takes part.
    pub(crate) fn id(&self, name: &str) -> Result<MspId, MemberError> {
        Ok(self.organization(name)?.authority.id.clone())
    }

    fn organization(&self, name: &str) -> Result<&Organization, MemberError> {
        let mut all = self.organizations.values();
        let found = all.find(|found| found.authority.id.as_str() == name);
        found.ok_or_else(|| MemberError::NoOrganization { name: name.to_owned() })
    }
}

/// The port of an orderer that nobody calls.
const ORDERER_PORT: u32 = 7050;

/// An organisation with its peer.
struct Organization {
    authority: Authority,
    peer: Arc<EcdsaSigner>,
}

impl Organization {
    fn new(id: MspId) -> Result<Self, MemberError> {
        let authority = Authority::new(id)?;
        let peer = authority.enroll("peer0", Role::Peer, &[])?;
        Ok(Self { authority, peer })
    }

    fn profile(&self) -> OrgProfile {
        let id = &self.authority.id;
        OrgProfile {
            name: id.to_string(),
            msp_id: id.clone(),
            msp: self.authority.definition(),
            endpoints: Vec::new(),
            anchor_peers: Vec::new(),
        }
    }
}

/// Who vouches for the members of an organisation. The same for the same name, whenever and
/// wherever it is made.
struct Authority {
    id: MspId,
    root: String,
    issuer: Issuer<'static, DerivedKey>,
}

impl Authority {
    fn new(id: MspId) -> Result<Self, MemberError> {
        let name = format!("ca.{id}");
        let key = DerivedKey::new(&[id.as_str(), &name])?;
        let mut params = named(&name, None);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let root = params.self_signed(&key).map_err(MemberError::Certificate)?.pem();
        Ok(Self { id, root, issuer: Issuer::new(params, key) })
    }

    fn enroll(
        &self,
        name: &str,
        role: Role,
        attributes: &[(&str, &str)],
    ) -> Result<Arc<EcdsaSigner>, MemberError> {
        let key = DerivedKey::new(&[self.id.as_str(), role.as_str(), name])?;
        let mut params = named(name, Some(role));
        params.use_authority_key_identifier_extension = true;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        if !attributes.is_empty() {
            let attributes: BTreeMap<&str, &str> = attributes.iter().copied().collect();
            let written = serde_json::json!({ "attrs": attributes }).to_string().into_bytes();
            let extension = CustomExtension::from_oid_content(&ATTRIBUTES_OID, written);
            params.custom_extensions.push(extension);
        }
        let certificate = params.signed_by(&key, &self.issuer).map_err(MemberError::Certificate)?;
        let (certificate, key) = (certificate.pem(), key.to_pem()?);
        let signer = EcdsaSigner::from_pem(self.id.clone(), certificate.as_bytes(), key.as_bytes());
        Ok(Arc::new(signer?))
    }

    fn definition(&self) -> MspConfig {
        let unit = |role: Role| {
            Some(FabricOuIdentifier {
                certificate: self.root.clone().into_bytes(),
                organizational_unit_identifier: role.as_str().to_owned(),
            })
        };
        let definition = FabricMspConfig {
            name: self.id.to_string(),
            root_certs: vec![self.root.clone().into_bytes()],
            crypto_config: Some(FabricCryptoConfig {
                signature_hash_family: "SHA2".to_owned(),
                identity_identifier_hash_function: "SHA256".to_owned(),
            }),
            fabric_node_ous: Some(FabricNodeOUs {
                enable: true,
                client_ou_identifier: unit(Role::Client),
                peer_ou_identifier: unit(Role::Peer),
                admin_ou_identifier: unit(Role::Admin),
                orderer_ou_identifier: unit(Role::Orderer),
            }),
            ..FabricMspConfig::default()
        };
        MspConfig { r#type: 0, config: definition.encode_to_vec() }
    }
}

/// The extension in which Fabric's CA writes attributes.
const ATTRIBUTES_OID: [u64; 9] = [1, 2, 3, 4, 5, 6, 7, 8, 1];

fn named(name: &str, role: Option<Role>) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    if let Some(role) = role {
        params.distinguished_name.push(DnType::OrganizationalUnitName, role.as_str());
    }
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(2120, 1, 1);
    params
}

/// Why there is no such member or organisation.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum MemberError {
    /// A name that breaks the rule of its kind.
    #[error(transparent)]
    Name(#[from] InvalidId),
    /// An organisation that does not take part.
    #[error("{name:?} is no organisation of the channel")]
    NoOrganization {
        /// Its name.
        name: String,
    },
    /// The name gives no key.
    #[error("no key can be derived")]
    Key(#[source] p256::elliptic_curve::Error),
    /// The key has no text form.
    #[error("the key cannot be written")]
    KeyText(#[source] p256::pkcs8::Error),
    /// No certificate can be made of the name.
    #[error("no certificate can be made")]
    Certificate(#[source] rcgen::Error),
    /// Key and certificate do not make a signer.
    #[error("no signer can be made")]
    Signer(#[from] SignerError),
    /// The channel cannot be made of these organisations.
    #[error("the channel cannot be made")]
    Channel(#[from] ConfigError),
}
