use crate::model::DevicePackage;
use crate::normalise::CheckedPackage;
use crate::problem::Problem;

/// Compiles the package and runs its examples.
///
/// # Errors
/// Every problem found, in the order of the documents.
pub fn check(package: &DevicePackage) -> Result<CheckedPackage, Vec<Problem>> {
    CheckedPackage::compile(package)
}
