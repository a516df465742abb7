//! A registrar's folder, laid out as `cryptogen` lays out an organisation's authorities.
//!
//! ```text
//! ca/ca.<domain>-cert.pem        ca/priv_sk
//! tlsca/tlsca.<domain>-cert.pem  tlsca/priv_sk
//! issued.json                    what was issued and revoked; absent in a folder made elsewhere
//! ```
//!
//! Every file is the owner's alone. A file is replaced as a whole or not at all.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use pervade_identity::{Certificate, KeyError, PrivateKey};
use thiserror::Error;
use zeroize::Zeroizing;

use crate::authority::{Authority, AuthorityError};
use crate::book::{AuthorityKind, Book, BookError};
use crate::registrar::{CreateError, OrganizationProfile, Registrar, RegistrarPorts};

impl Registrar {
    /// Reads an organisation's folder, its roots made here or elsewhere.
    ///
    /// # Errors
    /// If a file is missing or unreadable, or a root's key and certificate do not belong together.
    pub fn load(
        folder: &Path,
        profile: OrganizationProfile,
        ports: RegistrarPorts,
    ) -> Result<Self, LoadError> {
        profile.check().map_err(|source| LoadError::Profile { source })?;
        let root = |kind| load_authority(folder, kind, &profile.domain);
        let authorities = (root(AuthorityKind::Identity)?, root(AuthorityKind::Tls)?);
        let path = folder.join(BOOK);
        let book = match read(&path) {
            Ok(bytes) => {
                Book::from_json(&bytes).map_err(|source| LoadError::Book { path, source })?
            }
            Err(source) if source.kind() == io::ErrorKind::NotFound => Book::default(),
            Err(source) => return Err(LoadError::Read { path, source }),
        };
        Ok(Self::assemble(profile, authorities, book, ports))
    }

    /// Writes everything the registrar holds; durable once this returns.
    ///
    /// # Errors
    /// If a file cannot be written.
    pub fn save(&self, folder: &Path) -> Result<(), SaveError> {
        save_authority(folder, AuthorityKind::Identity, &self.identity, &self.profile.domain)?;
        save_authority(folder, AuthorityKind::Tls, &self.tls, &self.profile.domain)?;
        let book = self.book().to_json().map_err(|source| SaveError::Book { source })?;
        write(&folder.join(BOOK), &book)
    }
}

/// Why a folder cannot be read.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum LoadError {
    /// The profile is not in order.
    #[error("the organisation's profile is not in order")]
    Profile {
        /// What is wrong with it.
        #[source]
        source: CreateError,
    },
    /// A file is missing or unreadable.
    #[error("{} cannot be read", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A root is not in order.
    #[error("{} cannot be used for the {kind} root", path.display())]
    Authority {
        /// The file: the root's key or its certificate.
        path: PathBuf,
        /// Which root.
        kind: AuthorityKind,
        /// Why.
        #[source]
        source: AuthorityError,
    },
    /// The record of issues is not in order.
    #[error("{} is not in order", path.display())]
    Book {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        source: BookError,
    },
}

/// Why a folder cannot be written.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SaveError {
    /// A file cannot be written.
    #[error("{} cannot be written", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A key cannot be encoded.
    #[error("a root's key cannot be encoded")]
    Key {
        /// Why.
        #[source]
        source: KeyError,
    },
    /// The record of issues cannot be encoded.
    #[error("the record of issues cannot be encoded")]
    Book {
        /// Why.
        #[source]
        source: serde_json::Error,
    },
}

fn load_authority(
    folder: &Path,
    kind: AuthorityKind,
    domain: &str,
) -> Result<Authority, LoadError> {
    let certificate_path = certificate_path(folder, kind, domain);
    let key_path = folder.join(kind.folder()).join(KEY);
    let read = |path: &Path| {
        read(path).map_err(|source| LoadError::Read { path: path.to_owned(), source })
    };
    let refused = |path: &Path, source| {
        let path = path.to_owned();
        LoadError::Authority { path, kind, source }
    };
    let certificate = read(&certificate_path)?;
    let certificate = Certificate::from_pem(&certificate)
        .map_err(|source| refused(&certificate_path, AuthorityError::Certificate { source }))?;
    let key = PrivateKey::from_pem(&read(&key_path)?)
        .map_err(|source| refused(&key_path, AuthorityError::Key { source }))?;
    Authority::new(certificate, key).map_err(|source| refused(&certificate_path, source))
}

fn save_authority(
    folder: &Path,
    kind: AuthorityKind,
    authority: &Authority,
    domain: &str,
) -> Result<(), SaveError> {
    let key = authority.key.to_pkcs8_pem().map_err(|source| SaveError::Key { source })?;
    let path = certificate_path(folder, kind, domain);
    write(&path, authority.certificate.pem().as_bytes())?;
    write(&folder.join(kind.folder()).join(KEY), key.expose().as_bytes())
}

fn certificate_path(folder: &Path, kind: AuthorityKind, domain: &str) -> PathBuf {
    folder.join(kind.folder()).join(format!("{}-cert.pem", kind.host(domain)))
}

/// Reads a file into memory that is wiped afterwards.
fn read(path: &Path) -> io::Result<Zeroizing<Vec<u8>>> {
    let file = File::open(path)?;
    let length = file.metadata()?.len();
    if length > FILE_BYTES_MAX {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    // Reserved at once, so that no part of a key stays behind in memory given back.
    let capacity = usize::try_from(length).unwrap_or_default().saturating_add(1);
    let mut bytes = Zeroizing::new(Vec::with_capacity(capacity));
    file.take(FILE_BYTES_MAX).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Puts a file in place: written beside it, synced, renamed, and the folder synced.
fn write(path: &Path, bytes: &[u8]) -> Result<(), SaveError> {
    let written = || {
        let folder = path.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(folder)?;
        let beside = path.with_added_extension("new");
        match fs::remove_file(&beside) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file =
            OpenOptions::new().write(true).create_new(true).mode(OWNER_ONLY).open(&beside)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&beside, path)?;
        File::open(folder)?.sync_all()
    };
    written().map_err(|source| SaveError::Write { path: path.to_owned(), source })
}

const BOOK: &str = "issued.json";
const KEY: &str = "priv_sk";

/// Read and write for the owner, nothing for others.
const OWNER_ONLY: u32 = 0o600;

/// Most bytes of one file: a full record of issues.
const FILE_BYTES_MAX: u64 = 1 << 30;

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;
    use std::path::Path;

    use pervade_identity::{Certificate, Membership, Msp, PrivateKey, Role, serialize_identity};

    use super::Registrar;
    use crate::request::certificate_request;
    use crate::testing::{chain_of, enrollment, ports, profile, registrar};

    #[test]
    fn what_is_saved_is_loaded() {
        let (before, _) = registrar();
        let [kept, lost] = ["a", "b"].map(|name| issue(&before, name));
        before.revoke(&lost.serial_hex()).unwrap();
        let folder = tempfile::tempdir().unwrap();
        before.save(folder.path()).unwrap();
        before.save(folder.path()).unwrap();
        let after = Registrar::load(folder.path(), profile(), ports().0).unwrap();
        assert_eq!(after.msp_config(), before.msp_config());
        assert_eq!(after.issued(), before.issued());
        assert_eq!(*after.book(), *before.book());
        assert_eq!(after.profile(), before.profile());
        assert_eq!(after.tls_root(), before.tls_root());
        after.revoke(&kept.serial_hex()).unwrap();
        assert!(after.revoke(&lost.serial_hex()).is_err(), "revoked before");
        let next = issue(&after, "c");
        assert_eq!(next.check_signed_by(before.identity_root()), Ok(()));
    }

    #[test]
    fn the_folder_is_its_owners_alone() {
        let (registrar, _) = registrar();
        let folder = tempfile::tempdir().unwrap();
        registrar.save(folder.path()).unwrap();
        let mut found = Vec::new();
        for below in ["", "ca", "tlsca"] {
            for entry in fs::read_dir(folder.path().join(below)).unwrap() {
                let entry = entry.unwrap();
                let metadata = entry.metadata().unwrap();
                if metadata.is_file() {
                    let name = entry.file_name().into_string().unwrap();
                    found.push(format!(
                        "{below}/{name} {:o}",
                        metadata.permissions().mode() & 0o777
                    ));
                }
            }
        }
        found.sort();
        assert_eq!(
            found,
            [
                "/issued.json 600",
                "ca/ca.org1.example.com-cert.pem 600",
                "ca/priv_sk 600",
                "tlsca/priv_sk 600",
                "tlsca/tlsca.org1.example.com-cert.pem 600",
            ]
        );
        let book = fs::read_to_string(folder.path().join("issued.json")).unwrap();
        assert!(!book.contains("PRIVATE"), "no key among the records");
    }

    /// Roots made by other hands, without any record of issues, go on issuing.
    #[test]
    fn roots_made_elsewhere_are_used() {
        let folder = tempfile::tempdir().unwrap();
        made_elsewhere(folder.path(), "ca");
        made_elsewhere(folder.path(), "tlsca");
        let registrar = Registrar::load(folder.path(), profile(), ports().0).unwrap();
        let member = issue(&registrar, "a");
        assert_eq!(member.authority_key_id(), registrar.identity_root().subject_key_id());
        let membership = Membership::new([Msp::from_config(&registrar.msp_config()).unwrap()]);
        let serialized = serialize_identity(registrar.msp_id(), member.pem().as_bytes());
        let identity = membership.deserialize(&serialized).unwrap();
        assert_eq!(membership.validate(&identity), Ok(()));
        registrar.revoke(&member.serial_hex()).unwrap();
        let membership = Membership::new([Msp::from_config(&registrar.msp_config()).unwrap()]);
        assert!(membership.validate(&identity).is_err(), "revoked");
    }

    #[test]
    fn folders_out_of_order_are_refused() {
        let refusal = |spoil: &dyn Fn(&Path)| {
            let (registrar, _) = registrar();
            let folder = tempfile::tempdir().unwrap();
            registrar.save(folder.path()).unwrap();
            spoil(folder.path());
            let error = Registrar::load(folder.path(), profile(), ports().0).unwrap_err();
            chain_of(&error).replace(folder.path().to_str().unwrap(), "")
        };
        let missing = refusal(&|folder| fs::remove_file(folder.join("ca/priv_sk")).unwrap());
        assert!(missing.starts_with("/ca/priv_sk cannot be read"), "{missing}");
        let swapped = refusal(&|folder| {
            let other = fs::read(folder.join("tlsca/priv_sk")).unwrap();
            fs::write(folder.join("ca/priv_sk"), other).unwrap();
        });
        assert_eq!(
            swapped,
            "/ca/ca.org1.example.com-cert.pem cannot be used for the identity root: the private key is \
             not the root certificate's"
        );
        let write = |text: &'static str| {
            move |folder: &Path| fs::write(folder.join("issued.json"), text).unwrap()
        };
        let malformed = refusal(&write("{}"));
        assert!(malformed.starts_with("/issued.json is not in order: the record does not parse"));
        let altered = refusal(&|folder| {
            let book = folder.join("issued.json");
            let text = fs::read_to_string(&book).unwrap();
            let text = text.replace("\"revocation_list\": null", "\"revocation_list\": \"\"");
            fs::write(&book, text).unwrap();
        });
        assert_eq!(altered, "/issued.json is not in order: the record is not as it was written");
        let later = r#"{"format":2,"last_issue":null,"certificates":[],"revocation_list":null}"#;
        assert_eq!(
            refusal(&write(later)),
            "/issued.json is not in order: format 2 of the record is not known"
        );
    }

    fn made_elsewhere(folder: &Path, name: &str) {
        let key = rcgen::KeyPair::generate().unwrap();
        let mut params = rcgen::CertificateParams::default();
        params.distinguished_name = rcgen::DistinguishedName::new();
        let country = rcgen::DnValue::PrintableString("DE".try_into().unwrap());
        params.distinguished_name.push(rcgen::DnType::CountryName, country);
        params.distinguished_name.push(rcgen::DnType::CommonName, format!("{name}.elsewhere"));
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Constrained(0));
        params.not_before = rcgen::date_time_ymd(2026, 1, 1);
        let folder = folder.join(name);
        fs::create_dir(&folder).unwrap();
        let certificate = params.self_signed(&key).unwrap().pem();
        fs::write(folder.join(format!("{name}.org1.example.com-cert.pem")), certificate).unwrap();
        fs::write(folder.join("priv_sk"), key.serialize_pem()).unwrap();
    }

    fn issue(registrar: &Registrar, name: &str) -> Certificate {
        let request = certificate_request(name, &PrivateKey::generate().unwrap()).unwrap();
        let pem = registrar.issue(&request, &enrollment(name, Role::Client)).unwrap();
        Certificate::from_pem(&pem).unwrap()
    }
}
