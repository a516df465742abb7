//! Connections that trust pinned roots alone.

use std::time::Duration;

use tonic::transport::{Certificate, ClientTlsConfig, Endpoint, Error};

/// How long one attempt to connect may take.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(20);

/// Silence after which the other side is asked whether it is still there. Fabric's nodes hang up on
/// clients that ask more often than once a minute.
pub const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(60);

/// How long the other side may take to answer that.
pub const KEEPALIVE_TIMEOUT: Duration = Duration::from_secs(20);

/// An endpoint at `host:port` that must show a certificate under one of the roots, for the host of
/// the address or, if given, for `override_name` instead. The operating system's roots are not used.
///
/// # Errors
/// If the address is not `host:port`, or the roots hold no certificate or a broken one.
pub fn endpoint(
    address: &str,
    roots_pem: &[u8],
    override_name: Option<&str>,
) -> Result<Endpoint, EndpointError> {
    let plain = Endpoint::from_shared(format!("https://{address}"))
        .map_err(|source| EndpointError::Address { address: address.to_owned(), source })?;
    if !holds_certificate(roots_pem) {
        return Err(EndpointError::NoRoot);
    }
    let roots = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(roots_pem));
    let tls = match override_name {
        Some(name) => roots.domain_name(name),
        None => roots,
    };
    let endpoint = plain.tls_config(tls).map_err(|source| EndpointError::Tls { source })?;
    Ok(endpoint
        .connect_timeout(CONNECT_TIMEOUT)
        .http2_keep_alive_interval(KEEPALIVE_INTERVAL)
        .keep_alive_timeout(KEEPALIVE_TIMEOUT)
        .tcp_nodelay(true))
}

/// Why there is no endpoint.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EndpointError {
    /// The address is not `host:port`.
    #[error("{address:?} is no host and port")]
    Address {
        /// As given.
        address: String,
        /// What the transport says.
        source: Error,
    },
    /// The PEM text holds no certificate, so nobody could be trusted.
    #[error("the trusted roots hold no certificate")]
    NoRoot,
    /// The roots or the name cannot be used for TLS.
    #[error("roots or host name are unusable for TLS")]
    Tls {
        /// What the transport says.
        source: Error,
    },
}

fn holds_certificate(pem: &[u8]) -> bool {
    const BEGIN: &[u8] = b"-----BEGIN CERTIFICATE-----";
    pem.windows(BEGIN.len()).any(|window| window == BEGIN)
}
