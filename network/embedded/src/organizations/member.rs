//! Whoever holds a key: nodes and users. Each makes its own keys and asks the registrar for
//! certificates.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use fabric_protos::id::MspId;
use pervade_identity::{
    Certificate, CertificateError, EcdsaSigner, IssuerError, KeyError, PrivateKey, Role,
    SignerError,
};
use pervade_ports::Vfs;
use pervade_registrar::{
    Enrollment, EnrollmentKind, IssueError, Registrar, RequestError, certificate_request,
};
use thiserror::Error;

use super::layout::{self, Kind, Layout};
use crate::folder::{FolderError, damaged, read, write};

/// One node or user: a name, a role, and where its files are.
#[derive(Clone, Debug)]
pub(crate) struct Member {
    /// The common name.
    pub(crate) name: String,
    pub(crate) role: Role,
    /// The hosts that its TLS certificate names.
    pub(crate) hosts: Vec<String>,
    /// Its folder.
    pub(crate) folder: PathBuf,
    /// Stem of the names of its TLS files.
    tls_name: &'static str,
}

/// A certificate and its key for TLS, in PEM.
pub(crate) struct TlsCredentials {
    pub(crate) certificate: Vec<u8>,
    pub(crate) key: Vec<u8>,
}

/// Why a member's credentials could not be made or read.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum MemberError {
    /// No key could be made.
    #[error("no key could be made for {name}")]
    Key {
        /// The member.
        name: String,
        /// Why.
        source: KeyError,
    },
    /// No request for a certificate could be made.
    #[error("no request for a certificate could be made for {name}")]
    Request {
        /// The member.
        name: String,
        /// Why.
        source: RequestError,
    },
    /// The registrar issued no certificate.
    #[error("the registrar issued no certificate for {name}")]
    Issue {
        /// The member.
        name: String,
        /// Why.
        source: IssueError,
    },
    /// A file could not be read or written, or is not as it was written.
    #[error(transparent)]
    File(#[from] FolderError),
    /// A certificate cannot be read.
    #[error("{} holds no certificate", path.display())]
    Certificate {
        /// The file.
        path: PathBuf,
        /// Why.
        source: CertificateError,
    },
    /// A certificate is not from the organisation's root.
    #[error("{} is not from the organisation's root", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
        /// Why.
        source: IssuerError,
    },
    /// Certificate and key do not belong together.
    #[error("{} holds no usable key", path.display())]
    Signer {
        /// The key's file.
        path: PathBuf,
        /// Why.
        source: SignerError,
    },
}

impl Member {
    pub(crate) fn node(layout: &Layout, host: &str) -> Self {
        Self {
            name: host.to_owned(),
            role: match layout.kind() {
                Kind::Peers => Role::Peer,
                Kind::Orderers => Role::Orderer,
            },
            hosts: vec![host.to_owned(), "localhost".to_owned(), "127.0.0.1".to_owned()],
            folder: layout.node(host),
            tls_name: "server",
        }
    }

    pub(crate) fn user(layout: &Layout, name: &str) -> Self {
        Self {
            name: layout.user_name(name),
            role: if name == ADMIN { Role::Admin } else { Role::Client },
            hosts: Vec::new(),
            folder: layout.user(name),
            tls_name: "client",
        }
    }

    /// Makes keys, has certificates issued, and writes both under `root`.
    pub(crate) fn enroll(
        &self,
        registrar: &Registrar,
        vfs: &dyn Vfs,
        root: &Path,
    ) -> Result<(), MemberError> {
        let folder = root.join(&self.folder);
        let certificate = layout::certificate(&folder, &self.name);
        let key = layout::key(&folder);
        self.obtain(registrar, EnrollmentKind::Identity, |pem, secret| {
            write(vfs, &certificate, pem)?;
            write(vfs, &key, secret)
        })?;
        let [certificate, key] = self.tls_files(&folder);
        self.obtain(registrar, EnrollmentKind::Tls, |pem, secret| {
            write(vfs, &certificate, pem)?;
            write(vfs, &key, secret)
        })
    }

    fn obtain(
        &self,
        registrar: &Registrar,
        kind: EnrollmentKind,
        keep: impl FnOnce(&[u8], &[u8]) -> Result<(), FolderError>,
    ) -> Result<(), MemberError> {
        let name = || self.name.clone();
        let no_key = |source| MemberError::Key { name: name(), source };
        let key = PrivateKey::generate().map_err(no_key)?;
        let request = certificate_request(&self.name, &key)
            .map_err(|source| MemberError::Request { name: name(), source })?;
        let enrollment = Enrollment {
            common_name: self.name.clone(),
            role: self.role,
            attributes: BTreeMap::new(),
            hosts: self.hosts.clone(),
            kind,
        };
        let certificate = registrar
            .issue(&request, &enrollment)
            .map_err(|source| MemberError::Issue { name: name(), source })?;
        let secret = key.to_pkcs8_pem().map_err(no_key)?;
        Ok(keep(&certificate, secret.expose().as_bytes())?)
    }

    /// The member's identity, checked against the organisation's root.
    pub(crate) fn signer(
        &self,
        registrar: &Registrar,
        vfs: &dyn Vfs,
        root: &Path,
    ) -> Result<EcdsaSigner, MemberError> {
        let folder = root.join(&self.folder);
        let certificate_path = layout::certificate(&folder, &self.name);
        let certificate = read(vfs, &certificate_path)?;
        check_certificate(&certificate_path, &certificate, registrar.identity_root())?;
        let path = layout::key(&folder);
        let key = read_key(vfs, &path)?;
        EcdsaSigner::from_pem(msp_id(registrar), &certificate, &key)
            .map_err(|source| MemberError::Signer { path, source })
    }

    /// The member's TLS certificate and key, checked against the organisation's root.
    pub(crate) fn tls(
        &self,
        registrar: &Registrar,
        vfs: &dyn Vfs,
        root: &Path,
    ) -> Result<TlsCredentials, MemberError> {
        let [certificate_path, path] = self.tls_files(&root.join(&self.folder));
        let certificate = read(vfs, &certificate_path)?;
        check_certificate(&certificate_path, &certificate, registrar.tls_root())?;
        let key = read_key(vfs, &path)?;
        EcdsaSigner::from_pem(msp_id(registrar), &certificate, &key)
            .map_err(|source| MemberError::Signer { path, source })?;
        Ok(TlsCredentials { certificate, key })
    }

    fn tls_files(&self, folder: &Path) -> [PathBuf; 2] {
        let tls = folder.join("tls");
        [tls.join(format!("{}.crt", self.tls_name)), tls.join(format!("{}.key", self.tls_name))]
    }
}

/// The user that every organisation has.
pub(crate) const ADMIN: &str = "Admin";

fn msp_id(registrar: &Registrar) -> MspId {
    registrar.msp_id().clone()
}

fn check_certificate(path: &Path, pem: &[u8], root: &Certificate) -> Result<(), MemberError> {
    let certificate = Certificate::from_pem(pem)
        .map_err(|source| MemberError::Certificate { path: path.to_owned(), source })?;
    // The text is part of the identity: what merely parses alike is not the same.
    if certificate.pem().as_bytes() != pem {
        return Err(damaged(path).into());
    }
    certificate
        .check_signed_by(root)
        .map_err(|source| MemberError::Foreign { path: path.to_owned(), source })
}

fn read_key(vfs: &dyn Vfs, path: &Path) -> Result<Vec<u8>, MemberError> {
    let text = read(vfs, path)?;
    let key = PrivateKey::from_pem(&text).and_then(|key| key.to_pkcs8_pem());
    let intact = key.is_ok_and(|key| key.expose().as_bytes() == text);
    if intact { Ok(text) } else { Err(damaged(path).into()) }
}
