//! Who signed: an organisation's name and a certificate.

use std::fmt;
use std::sync::Arc;

use fabric_protos::id::MspId;
use fabric_protos::{Message as _, msp};
use sha2::{Digest as _, Sha256};

use crate::certificate::Certificate;
use crate::ecdsa::SignatureError;

/// Who sent or endorsed something. Cheap to clone; whether it is trusted, a
/// [`Membership`](crate::Membership) says.
#[derive(Clone)]
pub struct Identity(Arc<Parts>);

struct Parts {
    msp_id: MspId,
    certificate: Certificate,
    serialized: Vec<u8>,
    id_hash: [u8; 32],
}

impl Identity {
    pub(crate) fn new(msp_id: MspId, certificate: Certificate, serialized: &[u8]) -> Self {
        let id_hash = Sha256::new()
            .chain_update(msp_id.as_str())
            .chain_update([0])
            .chain_update(certificate.der())
            .finalize()
            .into();
        Self(Arc::new(Parts { msp_id, certificate, serialized: serialized.to_vec(), id_hash }))
    }

    /// The organisation that is said to vouch for the identity.
    #[must_use]
    pub fn msp_id(&self) -> &MspId {
        &self.0.msp_id
    }

    /// The certificate, its signature in low-S form if the issuer is known.
    #[must_use]
    pub fn certificate(&self) -> &Certificate {
        &self.0.certificate
    }

    /// The bytes the identity was read from.
    #[must_use]
    pub fn serialized(&self) -> &[u8] {
        &self.0.serialized
    }

    /// What tells identities apart: SHA-256 over the MSP's name, a zero byte and the certificate
    /// with its signature in low-S form. Two encodings of one certificate agree in it.
    #[must_use]
    pub fn id_hash(&self) -> &[u8; 32] {
        &self.0.id_hash
    }

    /// Checks a signature over a message: ECDSA over SHA-256, strict DER, low S.
    ///
    /// # Errors
    /// If the signature does not count.
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), SignatureError> {
        let key = self.0.certificate.public_key().ok_or(SignatureError::UnsupportedKey)?;
        key.verify_message(message, signature)
    }
}

impl PartialEq for Identity {
    fn eq(&self, other: &Self) -> bool {
        self.0.id_hash == other.0.id_hash
    }
}

impl Eq for Identity {}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity")
            .field("msp_id", &self.0.msp_id)
            .field("certificate", &self.0.certificate)
            .finish_non_exhaustive()
    }
}

/// What tells organisations' members apart, written into a certificate's organisational unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_enums, reason = "complete by definition of Fabric's NodeOUs")]
pub enum Role {
    /// An application or a device.
    Client,
    /// An endorsing or committing peer.
    Peer,
    /// Who may change what the organisation owns.
    Admin,
    /// An ordering node.
    Orderer,
}

impl Role {
    /// All roles.
    pub const ALL: [Self; 4] = [Self::Client, Self::Peer, Self::Admin, Self::Orderer];

    /// The role as policies and organisational units write it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Peer => "peer",
            Self::Admin => "admin",
            Self::Orderer => "orderer",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An identity as messages carry it.
#[must_use]
pub fn serialize_identity(msp_id: &MspId, certificate_pem: &[u8]) -> Vec<u8> {
    let mspid = msp_id.as_str().to_owned();
    msp::SerializedIdentity { mspid, id_bytes: certificate_pem.to_vec() }.encode_to_vec()
}
