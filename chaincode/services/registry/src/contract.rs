//! The registry's functions.

use pervade_chaincode::{Json, LedgerError, ReadTransaction, Transaction, contract};
use pervade_package::{DevicePackage, check};

use crate::RegistryError;
use crate::normalise::{Compiled, normalise};
use crate::record::{
    DeviceType, Listed, Normalisation, Publisher, Recording, package_key, publisher_key,
    vendor_prefix,
};

/// The registry contract.
#[derive(Debug, Default)]
pub struct Registry {
    compiled: Compiled,
}

#[contract(name = "registry", default)]
impl Registry {
    /// Publishes a package, given as its canonical text; returns its id. Publishing the same
    /// package again changes nothing.
    #[submit]
    async fn publish(
        &self,
        tx: &mut Transaction,
        package: String,
    ) -> Result<String, RegistryError> {
        let parsed =
            DevicePackage::from_canonical(&package).map_err(RegistryError::PackageMalformed)?;
        let checked =
            check(&parsed).map_err(|problems| RegistryError::PackageRefused { problems })?;
        let id = checked.id().as_str().to_owned();
        let manifest = &parsed.manifest;
        let device_type = DeviceType {
            vendor: manifest.vendor.clone(),
            model: manifest.model.clone(),
            version: manifest.version.clone(),
        };
        let key = device_type.key();
        match text(tx, &key).await? {
            Some(by) if by == id => return Ok(id),
            Some(by) => return Err(RegistryError::DeviceTypeTaken { device_type, by }),
            None => {}
        }
        let publisher = Publisher {
            msp: tx.creator().msp_id().as_str().to_owned(),
            tx_id: tx.tx_id().as_str().to_owned(),
        };
        tx.put(package_key(&id), package.into_bytes()).await?;
        tx.put_json(publisher_key(&id), &publisher).await?;
        tx.put(key, id.clone().into_bytes()).await?;
        tx.set_event("published", id.clone().into_bytes())?;
        Ok(id)
    }

    /// The canonical text of a package.
    #[external]
    #[evaluate]
    async fn package(&self, tx: &ReadTransaction, id: String) -> Result<String, RegistryError> {
        let found = text(tx, &package_key(&id)).await?;
        found.ok_or_else(|| RegistryError::UnknownPackage { id: shorten(&id) })
    }

    /// Who published a package first.
    #[evaluate]
    async fn publisher(
        &self,
        tx: &ReadTransaction,
        id: String,
    ) -> Result<Json<Publisher>, RegistryError> {
        let found = tx.get_json(publisher_key(&id)).await?;
        found.map(Json).ok_or_else(|| RegistryError::UnknownPackage { id: shorten(&id) })
    }

    /// The id of the package that describes a version of a device type.
    #[external]
    #[evaluate]
    async fn resolve(
        &self,
        tx: &ReadTransaction,
        vendor: String,
        model: String,
        version: String,
    ) -> Result<String, RegistryError> {
        let device_type = DeviceType { vendor, model, version };
        let found = text(tx, &device_type.key()).await?;
        found.ok_or(RegistryError::UnknownDeviceType { device_type })
    }

    /// The packages of a vendor, in the order of their device types; at most
    /// [`LISTED_MAX`] of them.
    #[evaluate]
    async fn list(
        &self,
        tx: &ReadTransaction,
        vendor: String,
    ) -> Result<Json<Vec<Listed>>, RegistryError> {
        let mut range = tx.prefix(&vendor_prefix(&vendor))?;
        let mut listed = Vec::new();
        while listed.len() < LISTED_MAX {
            let Some(entry) = range.next().await? else { break };
            let package = String::from_utf8_lossy(&entry.value).into_owned();
            listed.extend(
                DeviceType::from_key(&entry.key).map(|device_type| Listed { device_type, package }),
            );
        }
        Ok(Json(listed))
    }

    /// What a payload says, as quads, in the given recording. Reads the package and writes
    /// nothing.
    #[external]
    #[evaluate]
    async fn normalise(
        &self,
        tx: &ReadTransaction,
        package: String,
        payload: Vec<u8>,
        recording: Recording,
    ) -> Result<Normalisation, RegistryError> {
        // Read even if compiled already: the read set must not depend on what is kept.
        let found = text(tx, &package_key(&package)).await?;
        let unknown = || RegistryError::UnknownPackage { id: shorten(&package) };
        let compiled = self.compiled.get(&package, &found.ok_or_else(unknown)?)?;
        normalise(&compiled, &payload, &recording)
    }
}

/// Most packages that one listing names.
pub const LISTED_MAX: usize = 1_000;

/// A value that is text.
async fn text(tx: &ReadTransaction, key: &str) -> Result<Option<String>, LedgerError> {
    let value = tx.get(key).await?;
    Ok(value.map(|value| String::from_utf8_lossy(&value).into_owned()))
}

/// A name from outside, short enough to repeat in an error.
fn shorten(name: &str) -> String {
    const NAME_CHARS_MAX: usize = 100;
    name.chars().take(NAME_CHARS_MAX).collect()
}
