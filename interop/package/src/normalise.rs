use pervade_rdf::Dataset;

use crate::context::Context;
use crate::model::{DevicePackage, Manifest, PackageId};
use crate::problem::Problem;

/// A package whose schema and mapping compile, ready to normalise payloads.
#[derive(Debug)]
pub struct CheckedPackage {
    id: PackageId,
    manifest: Manifest,
}

impl CheckedPackage {
    /// Compiles schema and mapping without running the examples: for a package that passed
    /// [`check`](crate::check) before, such as one read from the registry.
    ///
    /// # Errors
    /// Every problem of schema and mapping.
    pub fn compile(package: &DevicePackage) -> Result<Self, Vec<Problem>> {
        let _ = package;
        todo!()
    }

    /// The package's id.
    #[must_use]
    pub const fn id(&self) -> &PackageId {
        &self.id
    }

    /// The package's manifest.
    #[must_use]
    pub const fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Reads, validates and maps one payload.
    ///
    /// # Errors
    /// The payload is not JSON, does not fit the schema, or cannot be mapped.
    pub fn normalise(
        &self,
        payload: &[u8],
        context: &Context,
    ) -> Result<Normalised, NormaliseError> {
        let _ = (payload, context);
        todo!()
    }
}

/// What a payload says, as quads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Normalised {
    /// The quads, all in the graph [`Context::graph_iri`].
    pub quads: Dataset,
    /// SHA-256 of the canonical N-Quads of `quads`.
    pub digest: [u8; 32],
}

/// Why a payload is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NormaliseError {
    /// The payload does not fit the device type's schema.
    #[error("the payload does not fit the schema")]
    Invalid,
}
