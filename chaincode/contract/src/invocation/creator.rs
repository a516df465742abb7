//! Who signed a proposal.

use fabric_protos::Message;
use fabric_protos::id::MspId;
use fabric_protos::msp::SerializedIdentity;

use super::{ClientIdentity, IdentityError, InvocationError};

/// The identity that signed a proposal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Creator {
    serialized: Vec<u8>,
    msp_id: MspId,
    certificate_pem: Vec<u8>,
}

impl Creator {
    pub(super) fn read(serialized: Vec<u8>) -> Result<Self, InvocationError> {
        let identity = SerializedIdentity::decode(serialized.as_slice())
            .map_err(|source| InvocationError::Malformed { part: "SerializedIdentity", source })?;
        Ok(Self {
            serialized,
            msp_id: MspId::new(identity.mspid)?,
            certificate_pem: identity.id_bytes,
        })
    }

    /// The identity as it stands in the proposal: an encoded `msp.SerializedIdentity`.
    #[must_use]
    pub fn serialized(&self) -> &[u8] {
        &self.serialized
    }

    /// The organisation.
    #[must_use]
    pub fn msp_id(&self) -> &MspId {
        &self.msp_id
    }

    /// What the certificate says of the client.
    ///
    /// # Errors
    /// If the certificate or its attributes cannot be read.
    pub fn client_identity(&self) -> Result<ClientIdentity, IdentityError> {
        ClientIdentity::read(self.msp_id.clone(), &self.certificate_pem)
    }

    /// The X.509 certificate, in PEM.
    #[must_use]
    pub fn certificate_pem(&self) -> &[u8] {
        &self.certificate_pem
    }
}
