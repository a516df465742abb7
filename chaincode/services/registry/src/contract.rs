//! The registry's functions.

use pervade_chaincode::{
    Json, LedgerError, MspId, ReadTransaction, StatePage, Transaction, contract,
};
use pervade_package::{DevicePackage, check, compare};

use crate::discover::index;
use crate::normalise::{Compiled, normalise};
use crate::publish::{administered, broken, count_package, own_vendor, write_vendor};
use crate::record::{
    Broken, Deprecation, Description, DeviceType, Listed, Normalisation, OfModel, OfVocabulary,
    PayloadForm, Publisher, Recording, Vendor, package_key, publisher_key, vendor_prefix,
};
use crate::{RegistryError, VendorError};

/// The registry contract.
#[derive(Debug, Default)]
pub struct Registry {
    compiled: Compiled,
}

#[contract(name = "registry", default)]
impl Registry {
    /// Publishes a package, given as its canonical text; returns its id. For administrators; the
    /// first package of a vendor makes the vendor their organisation's. A version may break
    /// nobody that the version before it in its line serves: what does is a new line, `2.0.0`
    /// after `1.9.0`. Publishing the same package again changes nothing.
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
        let device_type = DeviceType::of(manifest);
        let key = device_type.key();
        match text(tx, &key).await? {
            Some(by) if by == id => return Ok(id),
            Some(by) => return Err(RegistryError::DeviceTypeTaken { device_type, by }),
            None => {}
        }
        count_package(tx, &manifest.vendor).await?;
        let breaks = broken(tx, &parsed).await?;
        if !breaks.is_empty() {
            return Err(RegistryError::Incompatible { device_type, breaks });
        }
        index(tx, &checked).await?;
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

    /// Says that a package should be used no more, and why. For administrators of the vendor's
    /// organisation. The package keeps its meaning.
    #[submit]
    async fn deprecate(
        &self,
        tx: &mut Transaction,
        package: String,
        reason: String,
        successor: Option<String>,
    ) -> Result<(), RegistryError> {
        if reason.is_empty() || reason.len() > REASON_BYTES_MAX {
            let what = "the bytes of a reason are 1 to";
            return Err(RegistryError::Limit { what, limit: REASON_BYTES_MAX });
        }
        let deprecated = self.read(tx, &package).await?;
        if let Some(successor) = &successor {
            self.read(tx, successor).await?;
        }
        let vendor = own_vendor(tx, &deprecated.manifest.vendor).await?;
        let owner = administered(tx)?;
        write_vendor(tx, &vendor, &owner).await?;
        let tx_id = tx.tx_id().as_str().to_owned();
        tx.save(&Deprecation { package: package.clone(), reason, successor, tx_id }).await?;
        Ok(tx.set_event("deprecated", package.into_bytes())?)
    }

    /// Hands a vendor to another organisation. For administrators of the one that has it.
    #[submit]
    async fn transfer(
        &self,
        tx: &mut Transaction,
        vendor: String,
        to: String,
    ) -> Result<(), RegistryError> {
        let vendor = own_vendor(tx, &vendor).await?;
        let owner: MspId =
            to.parse().map_err(|_no_name| VendorError::Organisation { name: shorten(&to) })?;
        write_vendor(tx, &Vendor { msp: to, ..vendor }, &owner).await
    }

    /// What a package breaks of the version before it in its line; a package given as its
    /// canonical text, published or not.
    #[evaluate]
    async fn preview(
        &self,
        tx: &ReadTransaction,
        package: String,
    ) -> Result<Json<Vec<Broken>>, RegistryError> {
        let parsed =
            DevicePackage::from_canonical(&package).map_err(RegistryError::PackageMalformed)?;
        Ok(Json(broken(tx, &parsed).await?.iter().map(Broken::from).collect()))
    }

    /// What changes for devices and readers from one published package to another.
    #[evaluate]
    async fn compare(
        &self,
        tx: &ReadTransaction,
        from: String,
        to: String,
    ) -> Result<Json<Vec<Broken>>, RegistryError> {
        let (from, to) = (self.read(tx, &from).await?, self.read(tx, &to).await?);
        let found = compare(&from, &to);
        let found = found.map_err(|problems| RegistryError::PackageRefused { problems })?;
        Ok(Json(found.iter().map(Broken::from).collect()))
    }

    /// What is known of a package without reading it.
    #[external]
    #[evaluate]
    async fn describe(
        &self,
        tx: &ReadTransaction,
        package: String,
    ) -> Result<Json<Description>, RegistryError> {
        let unknown = || RegistryError::UnknownPackage { id: shorten(&package) };
        let text = text(tx, &package_key(&package)).await?.ok_or_else(unknown)?;
        let compiled = self.compiled.get(&package, &text)?;
        let publisher: Option<Publisher> = tx.get_json(publisher_key(&package)).await?;
        let deprecation = tx.find(package.as_str()).await?;
        let manifest = compiled.manifest();
        Ok(Json(Description {
            deprecation,
            description: manifest.description.clone(),
            device_type: DeviceType::of(manifest),
            payload: PayloadForm::of(manifest),
            publisher: publisher.ok_or_else(unknown)?,
            title: manifest.title.clone(),
            vocabulary: compiled.vocabulary().into_iter().collect(),
        }))
    }

    /// The packages of a model, whoever makes it; at most [`PAGE_MAX`] of them, from a bookmark on.
    #[evaluate]
    async fn find_model(
        &self,
        tx: &mut ReadTransaction,
        model: String,
        bookmark: String,
    ) -> Result<StatePage<OfModel>, RegistryError> {
        Ok(tx.list_page((&model,), PAGE_MAX, &bookmark).await?)
    }

    /// The packages that use a vocabulary, a class or an observed property, named by its IRI; at
    /// most [`PAGE_MAX`] of them, from a bookmark on.
    #[evaluate]
    async fn find_vocabulary(
        &self,
        tx: &mut ReadTransaction,
        name: String,
        bookmark: String,
    ) -> Result<StatePage<OfVocabulary>, RegistryError> {
        Ok(tx.list_page((&name,), PAGE_MAX, &bookmark).await?)
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

    async fn read(&self, tx: &ReadTransaction, id: &str) -> Result<DevicePackage, RegistryError> {
        let found = text(tx, &package_key(id)).await?;
        let found = found.ok_or_else(|| RegistryError::UnknownPackage { id: shorten(id) })?;
        DevicePackage::from_canonical(&found).map_err(RegistryError::PackageMalformed)
    }
}

/// Longest reason of a deprecation, in bytes.
const REASON_BYTES_MAX: usize = 1_024;

/// Most packages on one page.
pub const PAGE_MAX: u32 = 100;

/// Most packages that one listing names.
pub const LISTED_MAX: usize = 1_000;

/// A value that is text.
pub(crate) async fn text(tx: &ReadTransaction, key: &str) -> Result<Option<String>, LedgerError> {
    let value = tx.get(key).await?;
    Ok(value.map(|value| String::from_utf8_lossy(&value).into_owned()))
}

/// A name from outside, short enough to repeat in an error.
pub(crate) fn shorten(name: &str) -> String {
    const NAME_CHARS_MAX: usize = 100;
    name.chars().take(NAME_CHARS_MAX).collect()
}
