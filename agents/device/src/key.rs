//! The device's own key.

use fabric_protos::id::MspId;
use pervade_chaincode::canonical;
use pervade_identity::{EcdsaSigner, KeyError, PrivateKey, SignerError};
use pervade_platform::{BadKey, KeyProof, PublicKey};
use serde::Serialize;
use thiserror::Error;

use crate::folder::{Folder, FolderError};

/// The key by which a device signs, kept in its folder, and its certificate, once it has one.
///
/// The key is made on the device and never leaves it.
#[derive(Debug)]
pub struct DeviceKey {
    folder: Folder,
    key: PrivateKey,
}

impl DeviceKey {
    /// The key that is kept in the folder, or a new one, which is then kept.
    ///
    /// # Errors
    /// The folder cannot be used, or what is kept is no key.
    pub fn open(folder: &Folder) -> Result<Self, DeviceKeyError> {
        let key = match folder.read(KEY)? {
            Some(pem) => PrivateKey::from_pem(&pem)?,
            None => {
                let key = PrivateKey::generate()?;
                folder.write(KEY, key.to_pkcs8_pem()?.expose().as_bytes())?;
                key
            }
        };
        Ok(Self { folder: folder.clone(), key })
    }

    /// The key itself, to request a certificate for it.
    #[must_use]
    pub fn private_key(&self) -> &PrivateKey {
        &self.key
    }

    /// The public half, as the ledger names it.
    ///
    /// # Errors
    /// The key is of another curve than the ledger's.
    pub fn public_key(&self) -> Result<PublicKey, DeviceKeyError> {
        Ok(PublicKey::try_from(hex::encode(self.key.public_key().point()))?)
    }

    /// Proves to the ledger that this device holds the key, by a statement of what it is for.
    ///
    /// # Errors
    /// The key cannot sign.
    pub fn prove(&self, statement: &impl Serialize) -> Result<KeyProof, DeviceKeyError> {
        let statement = canonical::to_vec(statement).map_err(DeviceKeyError::Statement)?;
        let signature = hex::encode(self.key.sign(&statement)?);
        Ok(KeyProof { public_key: self.public_key()?, signature })
    }

    /// Keeps the certificate that an organisation issued for the key.
    ///
    /// # Errors
    /// The folder cannot be used.
    pub fn keep_certificate(&self, pem: &[u8]) -> Result<(), DeviceKeyError> {
        Ok(self.folder.write(CERTIFICATE, pem)?)
    }

    /// Whether there is a certificate.
    ///
    /// # Errors
    /// The folder cannot be used.
    pub fn is_certified(&self) -> Result<bool, DeviceKeyError> {
        Ok(self.folder.read(CERTIFICATE)?.is_some())
    }

    /// The key as a client of the ledger uses it.
    ///
    /// # Errors
    /// There is no certificate, or it is for another key.
    pub fn into_signer(self, msp: MspId) -> Result<EcdsaSigner, DeviceKeyError> {
        let certificate = self.folder.read(CERTIFICATE)?.ok_or(DeviceKeyError::NoCertificate)?;
        Ok(EcdsaSigner::new(msp, &certificate, self.key)?)
    }
}

const KEY: &str = "device.key";
const CERTIFICATE: &str = "device.crt";

/// Why a device's key cannot be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DeviceKeyError {
    /// The folder cannot be used.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// What is kept is no key, or it cannot sign.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The key is not one that the ledger knows.
    #[error(transparent)]
    Curve(#[from] BadKey),
    /// The statement has no JSON.
    #[error("the statement cannot be written: {0}")]
    Statement(#[source] serde_json::Error),
    /// No organisation has issued a certificate for the key yet.
    #[error("the device has no certificate yet")]
    NoCertificate,
    /// The certificate is for another key.
    #[error(transparent)]
    Certificate(#[from] SignerError),
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;
    use std::sync::Arc;

    use pervade_ports::system::SystemFiles;

    use super::{DeviceKey, DeviceKeyError, KEY};
    use crate::folder::Folder;

    /// W-91, D-25: the device makes its key, keeps it for itself, and proves that it holds it.
    #[test]
    fn a_device_makes_its_key_and_proves_it() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::open(Arc::new(SystemFiles), place.path().to_owned()).unwrap();
        let key = DeviceKey::open(&folder).unwrap();
        let mode = place.path().join(KEY).metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "for its owner alone");
        let again = DeviceKey::open(&folder).unwrap();
        let proof = again.prove(&"mine").unwrap();
        assert_eq!(proof.public_key, key.public_key().unwrap(), "the second start uses it again");
        assert_eq!(proof.check(&"mine"), Ok(()));
        assert!(proof.check(&"yours").is_err(), "of this statement alone");
        let signer = key.into_signer("Org1MSP".parse().unwrap());
        assert!(matches!(signer, Err(DeviceKeyError::NoCertificate)), "{signer:?}");
    }
}
