//! What the registry writes, takes and returns, and under which keys.

use std::fmt;

use pervade_chaincode::{Argument, State};
use pervade_package::{Break, Manifest};
use serde::{Deserialize, Serialize};

/// A version of a device type.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, Argument)]
#[serde(deny_unknown_fields)]
#[expect(clippy::exhaustive_structs, reason = "the key's parts")]
pub struct DeviceType {
    /// The maker.
    pub vendor: String,
    /// The model.
    pub model: String,
    /// The version of its package.
    pub version: String,
}

impl DeviceType {
    /// The type that a package describes.
    #[must_use]
    pub fn of(manifest: &Manifest) -> Self {
        Self {
            vendor: manifest.vendor.clone(),
            model: manifest.model.clone(),
            version: manifest.version.clone(),
        }
    }

    /// The key under which the type's package id stands.
    #[must_use]
    pub fn key(&self) -> String {
        let Self { vendor, model, version } = self;
        format!("{}{model}/{version}", vendor_prefix(vendor))
    }

    /// Reads [`key`](Self::key) back.
    #[must_use]
    pub fn from_key(key: &str) -> Option<Self> {
        let mut parts = key.strip_prefix(DEVICE_TYPE)?.splitn(3, '/').map(str::to_owned);
        Some(Self { vendor: parts.next()?, model: parts.next()?, version: parts.next()? })
    }
}

impl fmt::Display for DeviceType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { vendor, model, version } = self;
        write!(f, "{vendor}/{model} {version}")
    }
}

/// Who published a package first, and when on the ledger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Argument)]
#[expect(clippy::exhaustive_structs, reason = "a record format")]
pub struct Publisher {
    /// The organisation.
    pub msp: String,
    /// The transaction.
    pub tx_id: String,
}

/// The organisation that speaks for a vendor: the first that published for it, or the one it was
/// handed to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, State)]
#[state(type = "vendor", key(vendor))]
#[expect(clippy::exhaustive_structs, reason = "a record format")]
pub struct Vendor {
    /// The vendor's name.
    pub vendor: String,
    /// The organisation.
    pub msp: String,
    /// How many packages it has published.
    pub packages: u64,
}

/// Why a package should be used no more. It keeps its meaning: what it described stays described.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, State)]
#[state(type = "deprecation", key(package))]
#[expect(clippy::exhaustive_structs, reason = "a record format")]
pub struct Deprecation {
    /// The package's id.
    pub package: String,
    /// The vendor's words.
    pub reason: String,
    /// The id of the package to use instead, if there is one.
    pub successor: Option<String>,
    /// The transaction that says so.
    pub tx_id: String,
}

/// A package among those of a model, whoever makes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, State)]
#[state(type = "of-model", key(model, vendor, version))]
#[expect(clippy::exhaustive_structs, reason = "a record format")]
pub struct OfModel {
    /// The model.
    pub model: String,
    /// The maker.
    pub vendor: String,
    /// The version.
    pub version: String,
    /// The package's id.
    pub package: String,
}

/// A package among those that use a term or a vocabulary.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, State)]
#[state(type = "of-vocabulary", key(name, vendor, model, version))]
#[expect(clippy::exhaustive_structs, reason = "a record format")]
pub struct OfVocabulary {
    /// IRI of a class, a property or a vocabulary.
    pub name: String,
    /// The maker.
    pub vendor: String,
    /// The model.
    pub model: String,
    /// The version.
    pub version: String,
    /// The package's id.
    pub package: String,
}

/// What is known of a package without reading it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Argument)]
#[expect(clippy::exhaustive_structs, reason = "a record format")]
pub struct Description {
    /// Set if the vendor says that it should be used no more.
    pub deprecation: Option<Deprecation>,
    /// One or two sentences for people.
    pub description: String,
    /// What the package describes.
    pub device_type: DeviceType,
    /// How payloads are written, and how they travel.
    pub payload: PayloadForm,
    /// Who published it.
    pub publisher: Publisher,
    /// Name for people.
    pub title: String,
    /// The vocabularies and terms that payloads are mapped to; the package's target model.
    pub vocabulary: Vec<String>,
}

/// How payloads are written, and how they travel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Argument)]
#[expect(clippy::exhaustive_structs, reason = "a record format")]
pub struct PayloadForm {
    /// The payload language, as the manifest names it.
    pub language: String,
    /// Protocols that payloads travel by.
    pub transports: Vec<String>,
}

impl PayloadForm {
    /// Of a package.
    #[must_use]
    pub fn of(manifest: &Manifest) -> Self {
        let language = manifest.payload.name().to_owned();
        let transports = manifest.transports.iter();
        Self { language, transports: transports.map(|way| way.name().to_owned()).collect() }
    }
}

/// Something that a new version of a package breaks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Argument)]
#[expect(clippy::exhaustive_structs, reason = "a record format")]
pub struct Broken {
    /// `devices`, whose payloads would be refused, or `readers`, who would miss statements.
    pub affected: String,
    /// What changed, such as `field-required`.
    pub change: String,
    /// Where: a place in the old schema, a term, or an example and what it said.
    pub place: String,
}

impl From<&Break> for Broken {
    fn from(found: &Break) -> Self {
        Self {
            affected: found.affected.as_str().to_owned(),
            change: found.change.as_str().to_owned(),
            place: found.place.clone(),
        }
    }
}

/// A package of a vendor's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Argument)]
#[expect(clippy::exhaustive_structs, reason = "a record format")]
pub struct Listed {
    /// What the package describes.
    pub device_type: DeviceType,
    /// The package's id.
    pub package: String,
}

/// The recording that a payload belongs to; it decides the IRIs of the quads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Argument)]
#[serde(deny_unknown_fields)]
#[expect(clippy::exhaustive_structs, reason = "complete by definition")]
pub struct Recording {
    /// The channel.
    pub channel: String,
    /// The account address of the device.
    pub device: String,
    /// The transaction that records the payload.
    pub tx_id: String,
}

/// What a payload says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Argument)]
#[serde(deny_unknown_fields)]
#[expect(clippy::exhaustive_structs, reason = "a record format")]
pub struct Normalisation {
    /// The device type of the package that was used.
    pub device_type: DeviceType,
    /// SHA-256 of `nquads`, in hexadecimal.
    pub graph_sha256: String,
    /// The quads: canonical N-Quads, sorted, one each line.
    pub nquads: String,
    /// How many there are.
    pub quads: u64,
}

/// The name under which the contract is usually deployed, and so the namespace of its packages.
pub const NAMESPACE: &str = "registry";

/// The key of a package's canonical JSON.
#[must_use]
pub fn package_key(id: &str) -> String {
    format!("{PACKAGE}{id}")
}

/// Whether a key of the contract's namespace holds a package.
#[must_use]
pub fn is_package_key(key: &str) -> bool {
    key.starts_with(PACKAGE)
}

/// The key of a package's publisher.
#[must_use]
pub fn publisher_key(id: &str) -> String {
    format!("publisher/{id}")
}

/// What the keys of a vendor's device types begin with.
#[must_use]
pub fn vendor_prefix(vendor: &str) -> String {
    format!("{DEVICE_TYPE}{vendor}/")
}

const PACKAGE: &str = "package/";

const DEVICE_TYPE: &str = "device-type/";

#[cfg(test)]
mod tests {
    use super::DeviceType;

    #[test]
    fn a_device_type_is_its_key() {
        let device_type = DeviceType {
            vendor: "acme".to_owned(),
            model: "probe-1".to_owned(),
            version: "1.0.0".to_owned(),
        };
        assert_eq!(device_type.key(), "device-type/acme/probe-1/1.0.0");
        assert_eq!(DeviceType::from_key(&device_type.key()), Some(device_type));
        assert_eq!(DeviceType::from_key("device-type/acme"), None);
        assert_eq!(DeviceType::from_key("package/1"), None);
    }
}
