//! Who may publish what: vendors belong to organisations, versions to lines that break nobody.

use pervade_chaincode::{KeyPolicy, MspId, ReadTransaction, Role, Transaction};
use pervade_package::{Break, DevicePackage, Manifest, Version, compare};

use crate::contract::{shorten, text};
use crate::record::{DeviceType, Vendor, package_key};
use crate::{RegistryError, VendorError};

/// The organisational unit by which Fabric marks administrators.
const ADMIN: &str = "admin";

/// Most versions of a model.
pub const VERSIONS_MAX: usize = 1_000;

/// The organisation whose administrator signed.
pub(crate) fn administered(tx: &ReadTransaction) -> Result<MspId, RegistryError> {
    let identity = tx.creator().client_identity().map_err(VendorError::Identity)?;
    let msp = identity.msp_id().clone();
    if identity.organisational_units().iter().any(|unit| unit == ADMIN) {
        Ok(msp)
    } else {
        Err(VendorError::NotAdministrator { msp }.into())
    }
}

/// The vendor, if it is the signer's organisation's.
pub(crate) async fn own_vendor(tx: &ReadTransaction, name: &str) -> Result<Vendor, RegistryError> {
    let msp = administered(tx)?;
    let found: Option<Vendor> = tx.find(name).await?;
    match found {
        Some(vendor) if vendor.msp == msp.as_str() => Ok(vendor),
        Some(vendor) => {
            Err(VendorError::VendorTaken { vendor: vendor.vendor, by: vendor.msp }.into())
        }
        None => Err(VendorError::UnknownVendor { vendor: shorten(name) }.into()),
    }
}

/// Writes that a vendor's packages changed. Its key's policy makes an endorsement by a peer of the
/// vendor's organisation a condition of every such transaction.
pub(crate) async fn write_vendor(
    tx: &mut Transaction,
    vendor: &Vendor,
    owner: &MspId,
) -> Result<(), RegistryError> {
    tx.save(vendor).await?;
    let policy = KeyPolicy::signed_by(owner.clone(), Role::Peer);
    Ok(tx.set_policy_of::<Vendor>(vendor.vendor.as_str(), &policy).await?)
}

/// Counts one more package of the vendor, which the first publication makes the signer's
/// organisation's.
pub(crate) async fn count_package(tx: &mut Transaction, name: &str) -> Result<(), RegistryError> {
    let msp = administered(tx)?;
    let vendor = match own_vendor(tx, name).await {
        Ok(vendor) => Vendor { packages: vendor.packages.saturating_add(1), ..vendor },
        Err(RegistryError::Vendor(VendorError::UnknownVendor { .. })) => {
            Vendor { vendor: name.to_owned(), msp: msp.as_str().to_owned(), packages: 1 }
        }
        Err(error) => return Err(error),
    };
    write_vendor(tx, &vendor, &msp).await
}

/// What the package breaks of the version before it in its line; empty for a line's first.
pub(crate) async fn broken(
    tx: &ReadTransaction,
    package: &DevicePackage,
) -> Result<Vec<Break>, RegistryError> {
    let Some(id) = version_before(tx, &package.manifest).await? else { return Ok(Vec::new()) };
    let text = text(tx, &package_key(&id)).await?.unwrap_or_default();
    let before = DevicePackage::from_canonical(&text).map_err(RegistryError::PackageMalformed)?;
    compare(&before, package).map_err(|problems| RegistryError::PackageRefused { problems })
}

/// The id of the latest version before this one that it may not break.
async fn version_before(
    tx: &ReadTransaction,
    manifest: &Manifest,
) -> Result<Option<String>, RegistryError> {
    let Some(version) = Version::of(manifest) else { return Ok(None) };
    let prefix = DeviceType { version: String::new(), ..DeviceType::of(manifest) }.key();
    let mut range = tx.prefix(&prefix)?;
    let mut latest: Option<(Version, String)> = None;
    let mut seen = 0_usize;
    while let Some(entry) = range.next().await? {
        seen = seen.saturating_add(1);
        if seen > VERSIONS_MAX {
            return Err(RegistryError::Limit {
                what: "the versions of a model are at most",
                limit: VERSIONS_MAX,
            });
        }
        let known = entry.key.strip_prefix(&prefix).and_then(Version::parse);
        let Some(known) = known.filter(|known| *known < version && version.continues(known)) else {
            continue;
        };
        if latest.as_ref().is_none_or(|(latest, _)| known > *latest) {
            latest = Some((known, String::from_utf8_lossy(&entry.value).into_owned()));
        }
    }
    Ok(latest.map(|(_, id)| id))
}
