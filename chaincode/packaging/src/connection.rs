//! How a peer dials a chaincode that is a service.

use std::fmt;

use serde::{Deserialize, Serialize};

/// `connection.json`: how a peer dials a chaincode that is a service.
///
/// The server's certificate must name the host of the address: a peer heeds no other name.
#[derive(Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Connection {
    /// `host:port`.
    pub address: String,
    /// How long dialling may take.
    pub dial_timeout: String,
    /// Whether the peer asks for TLS.
    pub tls_required: bool,
    /// Whether the peer shows a certificate of its own.
    pub client_auth_required: bool,
    /// The certificate that the peer shows, in PEM.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub client_cert: String,
    /// Its key, in PEM. Whoever has the package has it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub client_key: String,
    /// The root that the chaincode's certificate must lead to, in PEM.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub root_cert: String,
}

impl Connection {
    /// In plain text.
    #[must_use]
    pub fn plain(address: &str) -> Self {
        Self { address: address.to_owned(), ..Self::default() }
    }

    /// In TLS, under one root.
    #[must_use]
    pub fn with_tls(self, root_cert: String) -> Self {
        Self { tls_required: true, root_cert, ..self }
    }

    /// With a certificate that the peer shows.
    #[must_use]
    pub fn showing(self, client_cert: String, client_key: String) -> Self {
        Self { client_auth_required: true, client_cert, client_key, ..self }
    }
}

impl Default for Connection {
    fn default() -> Self {
        Self {
            address: String::new(),
            dial_timeout: "10s".to_owned(),
            tls_required: false,
            client_auth_required: false,
            client_cert: String::new(),
            client_key: String::new(),
            root_cert: String::new(),
        }
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("address", &self.address)
            .field("tls_required", &self.tls_required)
            .field("client_auth_required", &self.client_auth_required)
            .finish_non_exhaustive()
    }
}
