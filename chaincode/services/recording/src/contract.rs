//! The recording contract's functions.

use pervade_chaincode::{
    ChaincodeName, LedgerError, ReadTransaction, Transaction, canonical, contract,
};
use pervade_registry::RegistryClient;
use pervade_registry::record::{DeviceType, Normalisation, Recording as RecordingNames};
use sha2::{Digest, Sha256};

use crate::RecordingError;
use crate::device::{administered, is_address, signer};
use crate::record::{
    Content, DeviceIdentity, Enrolled, FORMAT, PrivatePayload, Record, Recorded, SALT_LEN,
    device_key, record_key, salted_digest,
};

/// The recording contract.
#[derive(Debug)]
pub struct Recording {
    registry: ChaincodeName,
}

impl Recording {
    /// A recording contract that calls the registry deployed under the given name, and no other.
    #[must_use]
    pub fn new(registry: ChaincodeName) -> Self {
        Self { registry }
    }
}

/// The event that every record emits.
pub const EVENT: &str = "recorded";

/// The name of a private payload in the transient data.
pub const TRANSIENT_PAYLOAD: &str = "payload";

/// The name of a private payload's salt in the transient data.
pub const TRANSIENT_SALT: &str = "salt";

/// Most bytes of a payload.
pub const PAYLOAD_BYTES_MAX: usize = 256 * 1024;

#[contract(name = "recording", default)]
impl Recording {
    /// Names the type of a device, known by its address, so that it may record. For
    /// administrators of the organisation, which becomes the device's; naming another type later
    /// is the same call.
    #[submit]
    #[expect(clippy::too_many_arguments, reason = "the call's arguments, each as plain text")]
    async fn enroll_device(
        &self,
        tx: &mut Transaction,
        address: String,
        vendor: String,
        model: String,
        version: String,
    ) -> Result<(), RecordingError> {
        let msp = administered(tx)?;
        if !is_address(&address) {
            let expected = "64 lower-case hexadecimal digits";
            return Err(RecordingError::Input { name: "address", expected });
        }
        let key = device_key(&address);
        let earlier: Option<Enrolled> = tx.get_json(&key).await?;
        if let Some(earlier) = earlier.filter(|earlier| earlier.msp != msp) {
            return Err(RecordingError::DeviceTaken { msp: earlier.msp });
        }
        // Only a type that the registry knows: a typing mistake shows here, not at the device.
        let mut registry = RegistryClient::new(tx, self.registry.clone());
        registry.resolve(vendor.clone(), model.clone(), version.clone()).await?;
        let device_type = DeviceType { vendor, model, version };
        tx.put_json(key, &Enrolled { device_type, msp }).await?;
        Ok(())
    }

    /// Records a payload in full; returns the record's key.
    #[submit]
    async fn record(
        &self,
        tx: &mut Transaction,
        package: String,
        payload: Vec<u8>,
    ) -> Result<String, RecordingError> {
        check_length(&payload)?;
        let device = enrolled(tx).await?;
        let Normalisation { graph_sha256, quads, .. } =
            self.normalise(tx, &package, payload.clone(), &device).await?;
        write(tx, device, package, Content::public(&payload, graph_sha256, quads)).await
    }

    /// Records that a payload exists, and gives it to the members of a collection of private data;
    /// returns the record's key. Payload and salt come as transient data.
    #[submit]
    async fn record_private(
        &self,
        tx: &mut Transaction,
        package: String,
        collection: String,
    ) -> Result<String, RecordingError> {
        if collection.is_empty() || collection.len() > COLLECTION_BYTES_MAX {
            return Err(RecordingError::Input { name: "collection", expected: "a name" });
        }
        let payload = transient(tx, TRANSIENT_PAYLOAD)?;
        let salt = transient(tx, TRANSIENT_SALT)?;
        check_length(&payload)?;
        let salt: [u8; SALT_LEN] = salt.try_into().map_err(|_length| RecordingError::Input {
            name: TRANSIENT_SALT,
            expected: "32 bytes long",
        })?;
        let device = enrolled(tx).await?;
        let normalised = self.normalise(tx, &package, payload.clone(), &device).await?;
        let mut graph = [0; 32];
        hex::decode_to_slice(&normalised.graph_sha256, &mut graph)
            .map_err(|_invalid| RecordingError::RegistryDigest)?;
        let salted = salted_digest(&salt, &Sha256::digest(&payload).into(), &graph);
        let salted_sha256 = hex::encode(salted);
        let key = record_key(tx.tx_id().as_str());
        let held = PrivatePayload::new(&payload, &salt, normalised.nquads);
        let held = canonical::to_vec(&held)
            .map_err(|source| LedgerError::Json { key: key.clone(), source })?;
        tx.private(&collection).put(&key, held).await?;
        write(tx, device, package, Content::Private { collection, salted_sha256 }).await
    }

    /// The record of a transaction.
    #[external]
    #[evaluate]
    async fn get(&self, tx: &ReadTransaction, tx_id: String) -> Result<Record, RecordingError> {
        let key = record_key(&tx_id);
        tx.get_json(&key).await?.ok_or(RecordingError::NotFound { key })
    }

    /// What the collection's members hold of a transaction's private record, asked at the peer of a
    /// member.
    #[external]
    #[evaluate]
    async fn get_private(
        &self,
        tx: &ReadTransaction,
        tx_id: String,
    ) -> Result<PrivatePayload, RecordingError> {
        let key = record_key(&tx_id);
        let record: Option<Record> = tx.get_json(&key).await?;
        let Some(Content::Private { collection, .. }) = record.map(|record| record.content) else {
            return Err(RecordingError::NotFound { key });
        };
        let held = tx.private(&collection).get(&key).await?;
        let held = held.ok_or_else(|| RecordingError::NotFound { key: key.clone() })?;
        let held = serde_json::from_slice(&held);
        Ok(held.map_err(|source| LedgerError::Json { key, source })?)
    }

    /// What a device is enrolled as.
    #[external]
    #[evaluate]
    async fn device(
        &self,
        tx: &ReadTransaction,
        address: String,
    ) -> Result<Enrolled, RecordingError> {
        let key = device_key(&address);
        tx.get_json(&key).await?.ok_or(RecordingError::NotFound { key })
    }

    /// Asks the registry what a payload says.
    async fn normalise(
        &self,
        tx: &mut Transaction,
        package: &str,
        payload: Vec<u8>,
        device: &EnrolledSigner,
    ) -> Result<Normalisation, RecordingError> {
        let names = RecordingNames {
            channel: tx.channel().as_str().to_owned(),
            device: device.signer.address.clone(),
            tx_id: tx.tx_id().as_str().to_owned(),
        };
        let mut registry = RegistryClient::new(tx, self.registry.clone());
        let normalised = registry.normalise(package.to_owned(), payload, names).await?;
        if normalised.device_type != device.device_type {
            return Err(RecordingError::DeviceTypeMismatch {
                enrolled: Box::new(device.device_type.clone()),
                package: Box::new(normalised.device_type),
            });
        }
        Ok(normalised)
    }
}

/// Most bytes of a collection's name.
const COLLECTION_BYTES_MAX: usize = 128;

/// A signer that is enrolled.
struct EnrolledSigner {
    signer: DeviceIdentity,
    device_type: DeviceType,
}

async fn enrolled(tx: &ReadTransaction) -> Result<EnrolledSigner, RecordingError> {
    let signer = signer(tx)?;
    let found: Option<Enrolled> = tx.get_json(device_key(&signer.address)).await?;
    match found.filter(|enrolled| enrolled.msp == signer.msp) {
        Some(Enrolled { device_type, .. }) => Ok(EnrolledSigner { signer, device_type }),
        None => {
            let DeviceIdentity { msp, address, .. } = signer;
            Err(RecordingError::DeviceUnknown { msp, address })
        }
    }
}

fn check_length(payload: &[u8]) -> Result<(), RecordingError> {
    if payload.len() > PAYLOAD_BYTES_MAX {
        return Err(RecordingError::Input { name: "payload", expected: "at most 256 KiB long" });
    }
    Ok(())
}

fn transient(tx: &ReadTransaction, name: &'static str) -> Result<Vec<u8>, RecordingError> {
    let missing = RecordingError::Input { name, expected: "among the transient data" };
    tx.transient(name).map(|secret| secret.expose().to_vec()).ok_or(missing)
}

async fn write(
    tx: &mut Transaction,
    device: EnrolledSigner,
    package: String,
    content: Content,
) -> Result<String, RecordingError> {
    let record = Record { content, device: device.signer, format: FORMAT, package };
    let key = record_key(tx.tx_id().as_str());
    let event = canonical::to_vec(&Recorded::of(key.clone(), &record))
        .map_err(|source| LedgerError::Json { key: key.clone(), source })?;
    tx.put_json(&key, &record).await?;
    tx.set_event(EVENT, event)?;
    Ok(key)
}
