//! Connections that trust pinned roots alone.

use std::fmt;
use std::time::Duration;

use tonic::transport::{Certificate, ClientTlsConfig, Endpoint, Error, Identity};

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
    mutual_endpoint(address, roots_pem, override_name, None)
}

/// What this side shows of itself, in PEM. A key labelled `EC PRIVATE KEY` may be in the form of
/// PKCS#8: Fabric's peers write them so.
#[derive(Clone, Copy)]
#[expect(clippy::exhaustive_structs, reason = "a pair")]
pub struct ClientPem<'a> {
    /// The certificate with its chain.
    pub certificate: &'a [u8],
    /// Its key.
    pub key: &'a [u8],
}

impl fmt::Debug for ClientPem<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientPem").finish_non_exhaustive()
    }
}

/// As [`endpoint`], and shows a certificate of its own to a server that asks for one.
///
/// # Errors
/// As [`endpoint`], and if certificate and key are no pair.
pub fn mutual_endpoint(
    address: &str,
    roots_pem: &[u8],
    override_name: Option<&str>,
    client: Option<ClientPem<'_>>,
) -> Result<Endpoint, EndpointError> {
    let plain = host_and_port("https", address)?;
    if !holds_certificate(roots_pem) {
        return Err(EndpointError::NoRoot);
    }
    let mut tls = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(roots_pem));
    if let Some(name) = override_name {
        tls = tls.domain_name(name);
    }
    if let Some(ClientPem { certificate, key }) = client {
        tls = tls.identity(Identity::from_pem(certificate, key));
    }
    let endpoint = plain.tls_config(tls).map_err(|source| EndpointError::Tls { source })?;
    Ok(kept_alive(endpoint))
}

/// An endpoint at `host:port` in plain text.
///
/// # Errors
/// If the address is not `host:port`.
pub fn plain_endpoint(address: &str) -> Result<Endpoint, EndpointError> {
    Ok(kept_alive(host_and_port("http", address)?))
}

fn host_and_port(scheme: &str, address: &str) -> Result<Endpoint, EndpointError> {
    Endpoint::from_shared(format!("{scheme}://{address}"))
        .ok()
        .filter(|endpoint| is_host_and_port(endpoint, address))
        .ok_or_else(|| EndpointError::Address { address: address.to_owned() })
}

fn kept_alive(endpoint: Endpoint) -> Endpoint {
    endpoint
        .connect_timeout(CONNECT_TIMEOUT)
        .http2_keep_alive_interval(KEEPALIVE_INTERVAL)
        .keep_alive_timeout(KEEPALIVE_TIMEOUT)
        .tcp_nodelay(true)
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

/// Whether the whole address, as parsed, is a host and a port: no path, no user, no default port.
fn is_host_and_port(endpoint: &Endpoint, address: &str) -> bool {
    endpoint.uri().authority().is_some_and(|authority| {
        authority.port_u16().is_some() && authority == address && !address.contains('@')
    })
}

fn holds_certificate(pem: &[u8]) -> bool {
    const BEGIN: &[u8] = b"-----BEGIN CERTIFICATE-----";
    pem.windows(BEGIN.len()).any(|window| window == BEGIN)
}

#[cfg(test)]
mod tests {
    use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
    use tokio::net::TcpListener;
    use tokio_stream::wrappers::TcpListenerStream;
    use tonic::transport::{Identity, Server, ServerTlsConfig};
    use tonic::{Request, Response, Status};

    use super::{EndpointError, endpoint};
    use crate::health::{
        HealthCheckRequest, HealthCheckResponse,
        health_check_response::ServingStatus,
        health_client::HealthClient,
        health_server::{Health, HealthServer},
    };

    const NAME: &str = "peer0.org1.example.com";

    #[tokio::test]
    async fn the_pinned_root_under_the_overriding_name_is_trusted() {
        let authority = authority();
        let address = serve(&authority).await;
        assert_eq!(
            check(&address, &authority.pem(), Some(NAME)).await,
            Some(ServingStatus::Serving)
        );
    }

    #[tokio::test]
    async fn another_root_is_not_trusted() {
        let address = serve(&authority()).await;
        assert_eq!(check(&address, &authority().pem(), Some(NAME)).await, None);
    }

    #[tokio::test]
    async fn another_name_is_not_trusted() {
        let authority = authority();
        let address = serve(&authority).await;
        assert_eq!(check(&address, &authority.pem(), None).await, None);
        assert_eq!(check(&address, &authority.pem(), Some("peer0.org2.example.com")).await, None);
    }

    #[test]
    fn roots_without_a_certificate_are_refused() {
        for pem in ["", "certificate"] {
            let refused = endpoint("localhost:7051", pem.as_bytes(), None);
            assert!(matches!(refused, Err(EndpointError::NoRoot)), "{pem:?} holds no root");
        }
    }

    #[test]
    fn a_broken_address_is_refused() {
        let pem = authority().pem();
        for address in ["", "a b:7051", "host:port", "host", "host:1/x", "a@host:1", "host:70000"] {
            let refused = endpoint(address, pem.as_bytes(), None);
            assert!(matches!(refused, Err(EndpointError::Address { .. })), "{address:?}");
        }
    }

    /// What the server says of itself, if it is trusted.
    async fn check(address: &str, roots: &str, name: Option<&str>) -> Option<ServingStatus> {
        let endpoint = endpoint(address, roots.as_bytes(), name).unwrap();
        let mut client = HealthClient::new(endpoint.connect().await.ok()?);
        let answer = client.check(HealthCheckRequest::default()).await.unwrap();
        Some(answer.into_inner().status())
    }

    fn authority() -> CertifiedIssuer<'static, KeyPair> {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
    }

    async fn serve(authority: &CertifiedIssuer<'static, KeyPair>) -> String {
        let key = KeyPair::generate().unwrap();
        let certificate =
            CertificateParams::new([NAME.to_owned()]).unwrap().signed_by(&key, authority).unwrap();
        let identity = Identity::from_pem(certificate.pem(), key.serialize_pem());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = Server::builder()
            .tls_config(ServerTlsConfig::new().identity(identity))
            .unwrap()
            .add_service(HealthServer::new(Healthy))
            .serve_with_incoming(TcpListenerStream::new(listener));
        tokio::spawn(server);
        address.to_string()
    }

    struct Healthy;

    #[tonic::async_trait]
    impl Health for Healthy {
        async fn check(
            &self,
            _: Request<HealthCheckRequest>,
        ) -> Result<Response<HealthCheckResponse>, Status> {
            Ok(Response::new(HealthCheckResponse { status: ServingStatus::Serving.into() }))
        }

        type WatchStream = tokio_stream::Empty<Result<HealthCheckResponse, Status>>;

        async fn watch(
            &self,
            _: Request<HealthCheckRequest>,
        ) -> Result<Response<Self::WatchStream>, Status> {
            Ok(Response::new(tokio_stream::empty()))
        }
    }
}
