//! Packages compiled for normalising, and what they make of payloads.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use pervade_package::{CheckedPackage, Context, DevicePackage};
use pervade_rdf::nquads;

use crate::RegistryError;
use crate::record::{DeviceType, Normalisation, Recording};

/// Packages that are kept compiled.
const COMPILED_MAX: usize = 64;

/// Compiled packages by id. An id is the hash of the package's text, so an entry never goes out
/// of date; what is kept decides how fast an answer comes, never which.
#[derive(Debug, Default)]
pub(crate) struct Compiled(Mutex<BTreeMap<String, Arc<CheckedPackage>>>);

impl Compiled {
    /// The package of the given id, compiled from its text if need be.
    pub(crate) fn get(&self, id: &str, text: &str) -> Result<Arc<CheckedPackage>, RegistryError> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(id).cloned();
        if let Some(package) = kept {
            return Ok(package);
        }
        let package =
            DevicePackage::from_canonical(text).map_err(RegistryError::PackageMalformed)?;
        let package = CheckedPackage::compile(&package)
            .map_err(|problems| RegistryError::PackageRefused { problems })?;
        let package = Arc::new(package);
        let mut compiled = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if compiled.len() >= COMPILED_MAX {
            compiled.pop_first();
        }
        compiled.insert(id.to_owned(), Arc::clone(&package));
        Ok(package)
    }
}

/// What the payload says in the given recording.
pub(crate) fn normalise(
    package: &CheckedPackage,
    payload: &[u8],
    recording: &Recording,
) -> Result<Normalisation, RegistryError> {
    let Recording { channel, device, tx_id } = recording;
    let context = Context::new(channel, tx_id, device).map_err(RegistryError::Recording)?;
    let normalised = package.normalise(payload, &context).map_err(RegistryError::Payload)?;
    let manifest = package.manifest();
    Ok(Normalisation {
        device_type: DeviceType::of(manifest),
        graph_sha256: hex::encode(normalised.digest),
        quads: u64::try_from(normalised.quads.len()).unwrap_or(u64::MAX),
        nquads: nquads(&normalised.quads),
    })
}
