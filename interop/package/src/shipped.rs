use crate::model::DevicePackage;

/// The packages that come with the product, written from `schemas/`.
#[must_use]
pub fn shipped() -> Vec<DevicePackage> {
    Vec::new()
}
