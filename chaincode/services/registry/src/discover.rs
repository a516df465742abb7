//! Finding packages by what they speak of.

use pervade_chaincode::Transaction;
use pervade_package::CheckedPackage;

use crate::RegistryError;
use crate::record::{DeviceType, OfModel, OfVocabulary};

/// Writes where a package is found.
pub(crate) async fn index(
    tx: &mut Transaction,
    package: &CheckedPackage,
) -> Result<(), RegistryError> {
    let DeviceType { vendor, model, version } = DeviceType::of(package.manifest());
    let id = package.id().as_str().to_owned();
    for name in package.vocabulary() {
        let entry = OfVocabulary {
            name,
            vendor: vendor.clone(),
            model: model.clone(),
            version: version.clone(),
            package: id.clone(),
        };
        tx.save(&entry).await?;
    }
    Ok(tx.save(&OfModel { model, vendor, version, package: id }).await?)
}
