use std::path::{Path, PathBuf};

/// Where the files of one organisation are, as `cryptogen` lays them out.
///
/// ```text
/// ca/ca.<domain>-cert.pem   tlsca/tlsca.<domain>-cert.pem
/// msp/{config.yaml, cacerts/, tlscacerts/}
/// peers/<host>/{msp/, tls/{ca.crt, server.crt, server.key}}      orderers/<host>/… for an orderer
/// users/<user>@<domain>/{msp/, tls/{ca.crt, client.crt, client.key}}
/// msp/ of a node or user: also signcerts/<name>-cert.pem and keystore/priv_sk
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Layout {
    /// The organisation's folder, relative to whatever the layout is in.
    root: PathBuf,
    domain: String,
    kind: Kind,
}

/// What an organisation's nodes do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Peers,
    Orderers,
}

/// The folder under which all organisations are.
pub(crate) const ORGANIZATIONS: &str = "organizations";

impl Layout {
    pub(crate) fn new(kind: Kind, domain: &str) -> Self {
        let folder = match kind {
            Kind::Peers => "peerOrganizations",
            Kind::Orderers => "ordererOrganizations",
        };
        let root = Path::new(ORGANIZATIONS).join(folder).join(domain);
        Self { root, domain: domain.to_owned(), kind }
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    pub(crate) fn kind(&self) -> Kind {
        self.kind
    }

    /// The organisation's own definition, without any key.
    pub(crate) fn msp(&self) -> PathBuf {
        self.root.join("msp")
    }

    /// A node's folder.
    pub(crate) fn node(&self, host: &str) -> PathBuf {
        let nodes = match self.kind {
            Kind::Peers => "peers",
            Kind::Orderers => "orderers",
        };
        self.root.join(nodes).join(host)
    }

    /// A user's folder.
    pub(crate) fn user(&self, name: &str) -> PathBuf {
        self.root.join("users").join(self.user_name(name))
    }

    /// A user's name with the domain, as in its certificate.
    pub(crate) fn user_name(&self, name: &str) -> String {
        format!("{name}@{}", self.domain)
    }

    /// The root for identities, relative to a folder that holds a definition.
    pub(crate) fn identity_root(&self) -> PathBuf {
        Path::new("cacerts").join(format!("ca.{}-cert.pem", self.domain))
    }

    /// The root for TLS, relative to a folder that holds a definition.
    pub(crate) fn tls_root(&self) -> PathBuf {
        Path::new("tlscacerts").join(format!("tlsca.{}-cert.pem", self.domain))
    }

    /// The two roots once more, where tools look for the organisation's authorities.
    pub(crate) fn authorities(&self) -> [PathBuf; 2] {
        let file = |name: &str| format!("{name}.{}-cert.pem", self.domain);
        [self.root.join("ca").join(file("ca")), self.root.join("tlsca").join(file("tlsca"))]
    }

    /// The file that tells roles apart by a certificate's units.
    pub(crate) fn node_units(&self) -> String {
        let root = self.identity_root();
        let unit = |name: &str, unit: &str| {
            format!(
                "  {name}OUIdentifier:\n    Certificate: {}\n    OrganizationalUnitIdentifier: {unit}\n",
                root.display()
            )
        };
        let units = [
            unit("Client", "client"),
            unit("Peer", "peer"),
            unit("Admin", "admin"),
            unit("Orderer", "orderer"),
        ];
        format!("NodeOUs:\n  Enable: true\n{}", units.concat())
    }
}

/// The certificate of whoever a folder belongs to.
pub(crate) fn certificate(folder: &Path, name: &str) -> PathBuf {
    folder.join("msp/signcerts").join(format!("{name}-cert.pem"))
}

/// The private key of whoever a folder belongs to.
pub(crate) fn key(folder: &Path) -> PathBuf {
    folder.join("msp/keystore/priv_sk")
}

/// The TLS root that a node or user trusts and is trusted by.
pub(crate) fn tls_root(folder: &Path) -> PathBuf {
    folder.join("tls/ca.crt")
}
