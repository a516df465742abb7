//! Keys and certificates in a network's folder: each reads, fits its partner, and leads to a root.

use std::fs;
use std::path::{Path, PathBuf};

use pervade_channel_config::ChannelConfig;
use pervade_identity::{Certificate, IdentityError, PrivateKey, serialize_identity};

use super::Fault;
use crate::connect::{Known, Where};
use crate::failure::Failure;

/// Checks every certificate and key below `organizations/`, and the network's description.
pub(super) fn check(data: &Path, configurations: &[&ChannelConfig]) -> Result<Vec<Fault>, Failure> {
    let mut faults = Faults { found: Vec::new(), configurations };
    let description = Where { data: data.to_owned(), network: None };
    let file = data.join("network.json");
    if let (true, Err(failure)) = (file.exists(), Known::read(&description)) {
        faults.add(&file, failure.message());
    }
    let organizations = data.join("organizations");
    if organizations.exists() {
        faults.folder(&organizations, DEPTH_MAX);
    }
    Ok(faults.found)
}

/// Folders below each other at most.
const DEPTH_MAX: usize = 8;

/// Most bytes of a file that is read.
const FILE_BYTES_MAX: u64 = 1024 * 1024;

struct Faults<'a> {
    found: Vec<Fault>,
    configurations: &'a [&'a ChannelConfig],
}

impl Faults<'_> {
    fn add(&mut self, file: &Path, what: impl Into<String>) {
        let (file, what) = (file.to_owned(), what.into());
        self.found.push(Fault { file, block: None, byte: None, what });
    }

    fn folder(&mut self, folder: &Path, depth: usize) {
        let mut entries: Vec<PathBuf> = match fs::read_dir(folder) {
            Ok(entries) => entries.filter_map(|entry| Some(entry.ok()?.path())).collect(),
            Err(error) => return self.add(folder, error.to_string()),
        };
        entries.sort();
        for path in entries {
            if !path.is_dir() {
                self.file(&path);
            } else if depth > 0 {
                self.folder(&path, depth - 1);
            } else {
                self.add(&path, "too many folders below each other");
            }
        }
    }

    fn file(&mut self, path: &Path) {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let extension = path.extension().and_then(|extension| extension.to_str());
        match (name, extension) {
            (_, Some("pem" | "crt")) => self.certificate(path),
            ("priv_sk", _) | (_, Some("key")) => self.key(path),
            (_, Some("json")) => self.json(path),
            _ => {}
        }
    }

    fn json(&mut self, path: &Path) {
        let text = read(path).unwrap_or_default();
        if let Err(error) = serde_json::from_str::<serde_json::Value>(&text) {
            self.add(path, format!("no JSON: {error}"));
        }
    }

    fn certificate(&mut self, path: &Path) {
        let Some(certificate) = certificate(path) else {
            return self.add(path, "no certificate");
        };
        let Some(issuer) = issuer(path, &certificate) else {
            return self.member(path, &certificate);
        };
        if certificate.check_signed_by(&issuer).is_err() {
            self.add(path, "the certificate does not lead to its root");
        }
    }

    /// A member's certificate leads to a root of its organisation, as the channels know it. That it
    /// was revoked is no damage.
    fn member(&mut self, path: &Path, certificate: &Certificate) {
        let mut judged = self.configurations.iter().flat_map(|config| {
            config.membership().iter().map(move |msp| {
                let serialized = serialize_identity(msp.id(), certificate.pem().as_bytes());
                let identity = config.membership().deserialize(&serialized)?;
                config.membership().validate(&identity)
            })
        });
        let is_known =
            judged.any(|judged| matches!(judged, Ok(()) | Err(IdentityError::Revoked { .. })));
        if !is_known && !self.configurations.is_empty() {
            self.add(path, "the certificate is of no organisation of the channels");
        }
    }

    fn key(&mut self, path: &Path) {
        let key = read(path).and_then(|text| PrivateKey::from_pem(text.as_bytes()).ok());
        let Some(key) = key else { return self.add(path, "no private key") };
        let own = partner(path).and_then(|partner| certificate(&partner));
        if own.is_some_and(|own| own.public_key() != Some(key.public_key())) {
            self.add(path, "the key is not that of the certificate beside it");
        }
    }
}

/// The root that a certificate must lead to, as far as its place tells: roots lead to themselves,
/// TLS certificates to the root beside them.
fn issuer(path: &Path, certificate: &Certificate) -> Option<Certificate> {
    if certificate.is_authority() {
        return self::certificate(path);
    }
    let in_tls = path.parent().is_some_and(|folder| folder.ends_with("tls"));
    let root = path.with_file_name("ca.crt");
    if in_tls { self::certificate(&root) } else { None }
}

/// The certificate that belongs to a key: `msp/signcerts/*.pem` to `msp/keystore/*`, and
/// `server.crt` to `server.key`.
fn partner(key: &Path) -> Option<PathBuf> {
    let folder = key.parent()?;
    if !folder.ends_with("keystore") {
        return Some(key.with_extension("crt"));
    }
    let certificates = fs::read_dir(folder.with_file_name("signcerts")).ok()?;
    certificates.filter_map(|entry| Some(entry.ok()?.path())).next()
}

fn certificate(path: &Path) -> Option<Certificate> {
    Certificate::from_pem(read(path)?.as_bytes()).ok()
}

fn read(path: &Path) -> Option<String> {
    let is_small = fs::metadata(path).ok()?.len() <= FILE_BYTES_MAX;
    if is_small { fs::read_to_string(path).ok() } else { None }
}
