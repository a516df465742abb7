//! Chaincode packages: where a chaincode runs, and how a peer reaches it.

use std::collections::BTreeMap;
use std::error;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use fabric_protos::protos::ChaincodeMessage;
use futures::StreamExt as _;
use pervade_chaincode::Chaincode;
use pervade_packaging::{Connection, Label, LabelError, PackageError};
use pervade_peer::{ChaincodeLink, InstallError as PeerInstallError, Launch, LaunchError};
use pervade_ports::{BoxFuture, Spawn};
use pervade_rpc::chaincode::chaincode_client::ChaincodeClient;
use pervade_rpc::{MESSAGE_BYTES_MAX, tls};
use pervade_shim::{Link, StreamOptions, in_process};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use thiserror::Error;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::{self, Channel, Endpoint};

use crate::denials::DenialLogs;
use crate::folder::FolderError;

/// A chaincode that can run in this process.
#[derive(Clone)]
#[expect(clippy::exhaustive_structs, reason = "complete by definition")]
pub struct InProcess {
    /// Which release of its code this is; another release is another package.
    pub version: String,
    /// The chaincode.
    pub chaincode: Arc<Chaincode>,
}

impl fmt::Debug for InProcess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InProcess").field("version", &self.version).finish_non_exhaustive()
    }
}

/// What to install: a label, and where the chaincode runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::exhaustive_structs, reason = "complete by definition")]
pub struct Package {
    /// A name for people, as in Fabric's package ids.
    pub label: String,
    /// Where the chaincode runs.
    pub source: PackageSource,
}

/// Where a chaincode runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[expect(clippy::exhaustive_enums, reason = "complete by definition")]
pub enum PackageSource {
    /// In the network's own process.
    InProcess {
        /// The name under which the network was given it.
        name: String,
    },
    /// As a service that each peer dials.
    Address {
        /// `host:port`.
        address: String,
        /// The TLS root that it must show, in PEM; none for plain text.
        tls_root: Option<String>,
        /// What peers show to it, if it asks for that.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        client: Option<ClientCertificate>,
    },
}

/// What peers show to a chaincode that asks who they are.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::exhaustive_structs, reason = "a pair")]
pub struct ClientCertificate {
    /// The certificate with its chain, in PEM.
    pub certificate: String,
    /// Its key, in PEM.
    pub key: String,
}

impl fmt::Debug for ClientCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientCertificate").finish_non_exhaustive()
    }
}

/// Packages of one network at most.
pub const PACKAGES_MAX: usize = 1_000;

/// Why a package was not installed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum InstallError {
    /// The label is not of Fabric's form.
    #[error(transparent)]
    Label(#[from] LabelError),
    /// The package cannot be made.
    #[error("there is no package")]
    Package(#[from] PackageError),
    /// The network was not given a chaincode of this name.
    #[error("no chaincode {name:?} runs in this process")]
    NotInProcess {
        /// The name given.
        name: String,
    },
    /// The address or its TLS root cannot be dialled.
    #[error("{address} cannot be dialled")]
    Address {
        /// The address given.
        address: String,
        /// Why.
        source: DialError,
    },
    /// There are [`PACKAGES_MAX`] packages.
    #[error("there are {PACKAGES_MAX} packages already")]
    TooMany,
    /// A peer did not take it.
    #[error("a peer did not take the package")]
    Peer(#[from] PeerInstallError),
    /// What is installed could not be written down.
    #[error("what is installed could not be written down")]
    Record(#[from] FolderError),
}

/// Why an address cannot be dialled.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DialError {
    /// The address or the TLS root is unusable.
    #[error(transparent)]
    Tls(#[from] tls::EndpointError),
}

impl Package {
    /// The package's id, as in `approve`: the label and the hash of what determines the code.
    pub(crate) fn id(&self, known: &BTreeMap<String, InProcess>) -> Result<String, InstallError> {
        let label: Label = self.label.parse()?;
        match &self.source {
            PackageSource::InProcess { name } => {
                let version = &find(known, name)?.version;
                let content = serde_json::json!({ "code": name, "label": label, "type": "rust", "version": version });
                // Fields of a JSON object are in order of their names here, so the text is canonical.
                Ok(format!("{label}:{}", hex::encode(Sha256::digest(content.to_string()))))
            }
            PackageSource::Address { address, tls_root, client } => {
                let mut connection = Connection::plain(address);
                if let Some(root) = tls_root {
                    connection = connection.with_tls(root.clone());
                }
                if let Some(ClientCertificate { certificate, key }) = client {
                    connection = connection.showing(certificate.clone(), key.clone());
                }
                Ok(pervade_packaging::Package::service(label, &connection)?.id())
            }
        }
    }

    /// What brings the chaincode up for one peer.
    pub(crate) fn launcher(
        &self,
        package_id: &str,
        known: &BTreeMap<String, InProcess>,
        (spawn, denials): (&Arc<dyn Spawn>, &Arc<DenialLogs>),
    ) -> Result<Arc<dyn Launch>, InstallError> {
        match &self.source {
            PackageSource::InProcess { name } => Ok(Arc::new(Local {
                chaincode: Arc::clone(&find(known, name)?.chaincode),
                package_id: package_id.to_owned(),
                spawn: Arc::clone(spawn),
                denials: Arc::clone(denials),
            })),
            PackageSource::Address { address, tls_root, client } => {
                let endpoint = endpoint(address, tls_root.as_deref(), client.as_ref())
                    .map_err(|source| InstallError::Address { address: address.clone(), source })?;
                let shown = match (tls_root, client) {
                    (None, _) => Shown::Plain,
                    (Some(_), None) => Shown::Nothing,
                    (Some(_), Some(_)) => Shown::Certificate,
                };
                let (address, spawn) = (address.clone(), Arc::clone(spawn));
                Ok(Arc::new(Remote { address, shown, endpoint, spawn }))
            }
        }
    }
}

fn find<'a>(
    known: &'a BTreeMap<String, InProcess>,
    name: &str,
) -> Result<&'a InProcess, InstallError> {
    known.get(name).ok_or_else(|| InstallError::NotInProcess { name: name.to_owned() })
}

fn endpoint(
    address: &str,
    tls_root: Option<&str>,
    client: Option<&ClientCertificate>,
) -> Result<Endpoint, DialError> {
    let endpoint = match tls_root {
        Some(root) => {
            let client = client.map(|client| tls::ClientPem {
                certificate: client.certificate.as_bytes(),
                key: client.key.as_bytes(),
            });
            tls::mutual_endpoint(address, root.as_bytes(), None, client)?
        }
        None => tls::plain_endpoint(address)?,
    };
    Ok(endpoint.connect_timeout(DIAL_TIMEOUT))
}

/// How long dialling a chaincode may take.
const DIAL_TIMEOUT: Duration = Duration::from_secs(10);

/// Messages that wait in a link, each way.
const LINK_MESSAGES_MAX: usize = 256;

/// A chaincode in this process: a new session per launch.
struct Local {
    chaincode: Arc<Chaincode>,
    package_id: String,
    spawn: Arc<dyn Spawn>,
    denials: Arc<DenialLogs>,
}

impl Launch for Local {
    fn launch(&self) -> BoxFuture<'_, Result<ChaincodeLink, LaunchError>> {
        let chaincode = Arc::clone(&self.chaincode);
        let mut options = StreamOptions::new(&self.package_id);
        options.denials = self.denials.of(chaincode.name().as_str());
        let Link { to_chaincode, from_chaincode } =
            in_process(chaincode, &options, self.spawn.as_ref());
        Box::pin(async move { Ok(ChaincodeLink { to_chaincode, from_chaincode }) })
    }
}

/// A chaincode that runs as a service: a new connection per launch.
struct Remote {
    address: String,
    shown: Shown,
    endpoint: Endpoint,
    spawn: Arc<dyn Spawn>,
}

impl Launch for Remote {
    fn launch(&self) -> BoxFuture<'_, Result<ChaincodeLink, LaunchError>> {
        Box::pin(async move { self.reach().await.map_err(LaunchError::new) })
    }
}

impl Remote {
    async fn reach(&self) -> Result<ChaincodeLink, ReachError> {
        let (address, shown) = (self.address.clone(), self.shown);
        match self.endpoint.connect().await {
            Ok(channel) => self.open(channel).await.map_err(|status| ReachError::Stream {
                address,
                shown,
                source: Reason(status),
            }),
            Err(source) => Err(ReachError::Connect { address, shown, source }),
        }
    }

    async fn open(&self, channel: Channel) -> Result<ChaincodeLink, tonic::Status> {
        let (to_chaincode, outgoing) = mpsc::channel::<ChaincodeMessage>(LINK_MESSAGES_MAX);
        let mut client = ChaincodeClient::new(channel)
            .max_decoding_message_size(MESSAGE_BYTES_MAX)
            .max_encoding_message_size(MESSAGE_BYTES_MAX);
        let mut incoming = client.connect(ReceiverStream::new(outgoing)).await?.into_inner();
        let (arrived, from_chaincode) = mpsc::channel(LINK_MESSAGES_MAX);
        let task = async move {
            while let Some(message) = incoming.next().await {
                let Ok(message) = message.inspect_err(|error| {
                    tracing::warn!(%error, "a chaincode's stream ended");
                }) else {
                    return;
                };
                if arrived.send(message).await.is_err() {
                    return;
                }
            }
        };
        self.spawn.spawn("chaincode link", Box::pin(task));
        Ok(ChaincodeLink { to_chaincode, from_chaincode })
    }
}

/// Why a service was not reached.
#[derive(Debug, Error)]
enum ReachError {
    #[error("{address} cannot be dialled {shown}")]
    Connect { address: String, shown: Shown, source: transport::Error },
    /// Also where the service refuses what the peer shows: in TLS 1.3 it says so only after the
    /// peer's side of the handshake has succeeded, and its reason may be lost with the connection.
    #[error("{address} opens no stream {shown}")]
    Stream { address: String, shown: Shown, source: Reason },
}

/// What a peer shows of itself, for messages to people.
#[derive(Clone, Copy, Debug)]
enum Shown {
    Plain,
    Nothing,
    Certificate,
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Plain => "in plain text",
            Self::Nothing => "without a client certificate",
            Self::Certificate => "with the package's client certificate",
        })
    }
}

/// What a status says, or else what caused it: a status that the transport made shows its causes
/// as code.
#[derive(Debug)]
struct Reason(tonic::Status);

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match error::Error::source(&self.0) {
            Some(cause) => write!(f, "{cause}"),
            None => f.write_str(self.0.message()),
        }
    }
}

impl error::Error for Reason {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        self.0.source()?.source()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{Package, PackageSource, endpoint};

    #[test]
    fn an_id_follows_from_label_and_source() {
        let id = id("basic_1.0", "localhost:9999").unwrap();
        assert_eq!(id, self::id("basic_1.0", "localhost:9999").unwrap());
        assert_ne!(id, self::id("basic_1.0", "localhost:9998").unwrap());
        assert!(id.starts_with("basic_1.0:") && id.len() == 74, "{id}");
    }

    #[test]
    fn only_a_host_and_a_port_are_dialled() {
        for address in ["localhost:9999", "10.0.0.7:7052", "[::1]:7052"] {
            assert!(endpoint(address, None, None).is_ok(), "{address:?}");
        }
        for address in
            ["", "nonsense", "localhost:", "localhost:9999/x", "localhost:99999", "a b:1"]
        {
            assert!(endpoint(address, None, None).is_err(), "{address:?}");
        }
    }

    #[test]
    fn labels_are_fabrics() {
        assert!(id("_a", "localhost:9999").is_none(), "it must be refused");
    }

    fn id(label: &str, address: &str) -> Option<String> {
        let source =
            PackageSource::Address { address: address.to_owned(), tls_root: None, client: None };
        Package { label: label.to_owned(), source }.id(&BTreeMap::new()).ok()
    }
}
