//! Who signed, read from the certificate in the proposal.

use pervade_chaincode::ReadTransaction;
use pervade_identity::Certificate;

use crate::RecordingError;
use crate::record::DeviceIdentity;

/// The organisational unit by which Fabric marks administrators.
const ADMIN: &str = "admin";

/// The signer as a device.
pub(crate) fn signer(tx: &ReadTransaction) -> Result<DeviceIdentity, RecordingError> {
    let certificate = certificate(tx)?;
    Ok(DeviceIdentity {
        address: certificate.address(),
        certificate_sha256: hex::encode(certificate.sha256()),
        msp: tx.creator().msp_id().as_str().to_owned(),
    })
}

/// The organisation whose administrator the signer is.
pub(crate) fn administered(tx: &ReadTransaction) -> Result<String, RecordingError> {
    let certificate = certificate(tx)?;
    let msp = tx.creator().msp_id().as_str().to_owned();
    if certificate.organizational_units().iter().any(|unit| unit == ADMIN) {
        Ok(msp)
    } else {
        Err(RecordingError::NotAdministrator { msp })
    }
}

/// Whether a text is an account address: 64 lower-case hexadecimal digits.
pub(crate) fn is_address(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

fn certificate(tx: &ReadTransaction) -> Result<Certificate, RecordingError> {
    Certificate::from_pem(tx.creator().certificate_pem()).map_err(RecordingError::Certificate)
}
