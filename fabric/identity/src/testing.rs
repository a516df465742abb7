//! Organisations, members and signatures for tests.

use fabric_protos::id::MspId;
use fabric_protos::{Message as _, msp};
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, DistinguishedName,
    DnType, IsCa, Issuer, KeyIdMethod, KeyUsagePurpose, PublicKeyData, RevokedCertParams,
    SerialNumber, SigningKey, date_time_ymd,
};
use sha2::{Digest as _, Sha256};

use crate::certificate::Certificate;
use crate::ecdsa::{Curve, Signature};
use crate::identity::serialize_identity;
use crate::key::PrivateKey;
use crate::msp::Msp;
use crate::{EcdsaSigner, Signer as _};

/// An authority that signs whatever it is asked to.
pub(crate) struct Authority {
    pub(crate) key: PrivateKey,
    pub(crate) params: CertificateParams,
    pub(crate) pem: String,
    /// Whether it gives its signatures the high form.
    pub(crate) is_high: bool,
}

impl Authority {
    pub(crate) fn root(name: &str) -> Self {
        Self::root_with(name, |_| {})
    }

    pub(crate) fn root_with(name: &str, change: impl FnOnce(&mut CertificateParams)) -> Self {
        let key = PrivateKey::generate().unwrap();
        let params = authority_params(name, &key, change);
        let pem = params.self_signed(&Half { key: &key, is_high: false }).unwrap().pem();
        Self { key, params, pem, is_high: false }
    }

    /// An authority below this one.
    pub(crate) fn below(&self, name: &str, change: impl FnOnce(&mut CertificateParams)) -> Self {
        let key = PrivateKey::generate().unwrap();
        let params = authority_params(name, &key, change);
        let pem = params.signed_by(&Half { key: &key, is_high: false }, &self.issuer());
        Self { pem: pem.unwrap().pem(), key, params, is_high: false }
    }

    /// A member's certificate with these organisational units.
    pub(crate) fn member(&self, name: &str, units: &[&str]) -> Member {
        self.member_with(name, units, |_| {})
    }

    pub(crate) fn member_with(
        &self,
        name: &str,
        units: &[&str],
        change: impl FnOnce(&mut CertificateParams),
    ) -> Member {
        let key = PrivateKey::generate().unwrap();
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        // Two spellings of one attribute type, since a name here holds each only once.
        let types = [DnType::OrganizationalUnitName, DnType::CustomDnType(vec![2, 5, 4, 11])];
        assert!(units.len() <= types.len(), "two units at most");
        for (unit, unit_type) in units.iter().zip(types) {
            params.distinguished_name.push(unit_type, *unit);
        }
        params.distinguished_name.push(DnType::CommonName, name);
        params.use_authority_key_identifier_extension = true;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.not_before = date_time_ymd(2026, 1, 2);
        params.not_after = date_time_ymd(2026, 1, 3);
        change(&mut params);
        let signed = params.signed_by(&Half { key: &key, is_high: false }, &self.issuer());
        Member { pem: signed.unwrap().pem(), key }
    }

    /// PEM of a client's certificate for any kind of key.
    pub(crate) fn client_with_key(&self, key: &impl PublicKeyData) -> String {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::OrganizationalUnitName, "client");
        params.not_before = date_time_ymd(2026, 1, 2);
        params.signed_by(key, &self.issuer()).unwrap().pem()
    }

    /// A list, in PEM, of certificates this authority no longer vouches for.
    pub(crate) fn revoking(&self, revoked: &[&Member]) -> Vec<u8> {
        let entry = |member: &&Member| RevokedCertParams {
            serial_number: SerialNumber::from_slice(&member.certificate().fields().serial),
            revocation_time: date_time_ymd(2999, 1, 1),
            reason_code: None,
            invalidity_date: None,
        };
        let list = CertificateRevocationListParams {
            this_update: date_time_ymd(1999, 1, 1),
            next_update: date_time_ymd(1999, 1, 2),
            crl_number: SerialNumber::from(1),
            issuing_distribution_point: None,
            revoked_certs: revoked.iter().map(entry).collect(),
            key_identifier_method: self.params.key_identifier_method.clone(),
        };
        list.signed_by(&self.issuer()).unwrap().pem().unwrap().into_bytes()
    }

    fn issuer(&self) -> Issuer<'_, Half<'_>> {
        Issuer::from_params(&self.params, Half { key: &self.key, is_high: self.is_high })
    }
}

/// A certificate and its key.
pub(crate) struct Member {
    pub(crate) pem: String,
    pub(crate) key: PrivateKey,
}

impl Member {
    pub(crate) fn certificate(&self) -> Certificate {
        Certificate::from_pem(self.pem.as_bytes()).unwrap()
    }

    pub(crate) fn serialized(&self, msp_id: &str) -> Vec<u8> {
        serialize_identity(&MspId::new(msp_id).unwrap(), self.pem.as_bytes())
    }

    /// The member as a signer of an organisation.
    pub(crate) fn signer(&self, msp_id: &str) -> EcdsaSigner {
        let key = self.key.to_pkcs8_pem().unwrap();
        let id = MspId::new(msp_id).unwrap();
        let signer = EcdsaSigner::from_pem(id, self.pem.as_bytes(), key.expose().as_bytes());
        let signer = signer.unwrap();
        assert_eq!(signer.identity(), self.serialized(msp_id));
        signer
    }
}

/// A definition with one root that tells the four roles apart.
pub(crate) fn definition(msp_id: &str, root: &Authority) -> msp::FabricMspConfig {
    let unit = |name: &str| {
        Some(msp::FabricOuIdentifier {
            certificate: Vec::new(),
            organizational_unit_identifier: name.to_owned(),
        })
    };
    msp::FabricMspConfig {
        name: msp_id.to_owned(),
        root_certs: vec![root.pem.clone().into_bytes()],
        fabric_node_ous: Some(msp::FabricNodeOUs {
            enable: true,
            client_ou_identifier: unit("client"),
            peer_ou_identifier: unit("peer"),
            admin_ou_identifier: unit("admin"),
            orderer_ou_identifier: unit("orderer"),
        }),
        ..msp::FabricMspConfig::default()
    }
}

pub(crate) fn msp(definition: &msp::FabricMspConfig) -> Result<Msp, crate::MspError> {
    Msp::from_config(&msp::MspConfig { r#type: 0, config: definition.encode_to_vec() })
}

/// The other of the two forms of a signature.
pub(crate) fn flipped(curve: Curve, signature: &[u8]) -> Vec<u8> {
    Signature::parse(curve, signature).unwrap().flipped().to_der()
}

/// The message of an error and of those beneath it.
pub(crate) fn chain_of(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text.push_str(": ");
        text.push_str(&error.to_string());
        source = error.source();
    }
    text
}

fn authority_params(
    name: &str,
    key: &PrivateKey,
    change: impl FnOnce(&mut CertificateParams),
) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let key_id = Sha256::digest(key.public_key().point()).to_vec();
    params.key_identifier_method = KeyIdMethod::PreSpecified(key_id);
    params.not_before = date_time_ymd(2026, 1, 1);
    params.not_after = date_time_ymd(2036, 1, 1);
    change(&mut params);
    params
}

struct Half<'a> {
    key: &'a PrivateKey,
    is_high: bool,
}

impl PublicKeyData for Half<'_> {
    fn der_bytes(&self) -> &[u8] {
        self.key.public_key().point()
    }

    fn algorithm(&self) -> &'static rcgen::SignatureAlgorithm {
        &rcgen::PKCS_ECDSA_P256_SHA256
    }
}

impl SigningKey for Half<'_> {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        let low = self.key.sign(message).unwrap();
        Ok(if self.is_high { flipped(Curve::P256, &low) } else { low })
    }
}
