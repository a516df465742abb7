//! The registry contract: device types, their schemas and mappings.
//!
//! A vendor publishes a [device package](pervade_package); it is refused, with every problem
//! listed, unless its own examples validate and give exactly the quads they promise. From then
//! on the package is known by the SHA-256 of its text, and one package alone speaks for a
//! version of a device type.
//!
//! `normalise` is the ledger's own semantic mapping: an external function without state of its
//! own that any contract may call. It reads one package and writes nothing, so the same package
//! and payload give the same quads wherever and whenever they are asked for.
//!
//! | Key | Value |
//! |---|---|
//! | `package/<id>` | the package, canonical JSON |
//! | `device-type/<vendor>/<model>/<version>` | the package's id |
//! | `publisher/<id>` | [`Publisher`](record::Publisher), canonical JSON |
//! | (`vendor`, name) | [`Vendor`](record::Vendor): whose the vendor is |
//! | (`deprecation`, id) | [`Deprecation`](record::Deprecation) |
//! | (`of-model`, …), (`of-vocabulary`, …) | where a package is found by what it says |
//!
//! **Whose word it is.** A vendor belongs to the organisation that published for it first. Every
//! change of its packages writes the vendor's own key, and that key's policy demands the
//! endorsement of a peer of that organisation, whatever the contract's policy is.
//!
//! **Versions.** A version breaks nobody whom the version before it in its line serves:
//! [`compare`](pervade_package::compare) tells what it breaks, and for whom. A package is never
//! changed or removed, so a transaction means tomorrow what it means today.

mod contract;
mod discover;
mod error;
mod normalise;
mod publish;
pub mod record;

use pervade_chaincode::{Chaincode, ChaincodeName};

pub use contract::{LISTED_MAX, PAGE_MAX, Registry, RegistryClient};
pub use error::{RegistryError, VendorError};
pub use publish::VERSIONS_MAX;

/// Hexadecimal SHA-256 of the code that this contract is, down to the versions of the libraries in
/// it. A package that names it is another package when the code is other code.
pub const CODE_SHA256: &str = env!("PERVADE_CODE_SHA256");

/// The registry, to be deployed under the given name.
#[must_use]
pub fn chaincode(name: ChaincodeName) -> Chaincode {
    Chaincode::new(name).with(Registry::default())
}
