//! Where the contract keeps what it was given.

/// The name under which the contract is usually deployed, and so the namespace of its packages.
pub const NAMESPACE: &str = "registry";

/// The key of a package's canonical JSON.
#[must_use]
pub fn package_key(id: &str) -> String {
    format!("{PACKAGE_PREFIX}{id}")
}

/// Whether a key of the contract's namespace holds a package.
#[must_use]
pub fn is_package_key(key: &str) -> bool {
    key.starts_with(PACKAGE_PREFIX)
}

const PACKAGE_PREFIX: &str = "package/";
