//! How a chaincode process runs: read from flags, from the variables that peers and operators
//! set, or from the `chaincode.json` that a peer hands to an external builder.
//!
//! Reading is a pure function of what was given; files that settings name are opened later.

use std::path::PathBuf;
use std::time::Duration;

use crate::record::{Recording, Shown};
use crate::{Limits, Runs};

pub use pem::{Pem, PemError};
pub use variables::Variables;

mod json;
mod pem;
mod variables;

/// How a chaincode process runs.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Settings {
    /// What the peer knows the chaincode's package by: `label:hash`.
    pub package_id: String,
    /// Who dials whom.
    pub mode: Mode,
    /// What one stream may hold and take.
    pub limits: Limits,
    /// Where each stream is written down, if it is.
    pub recording: Option<Recording>,
    /// The log of refused calls, if there is one.
    pub denials: Option<PathBuf>,
}

/// Who dials whom.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "the two ways that Fabric has")]
pub enum Mode {
    /// Peers dial the chaincode, any number of them.
    Service {
        /// Where to listen: `host:port`.
        address: String,
        /// None is plain text.
        tls: Option<TlsFiles>,
    },
    /// The chaincode dials the one peer that launched it.
    Launched {
        /// The peer's chaincode address: `host:port`.
        peer: String,
        /// None is plain text.
        tls: Option<TlsFiles>,
    },
}

/// What a process shows in TLS, and whom it trusts.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TlsFiles {
    /// The certificate that it shows, with its chain.
    pub certificate: Option<Pem>,
    /// The certificate's key.
    pub key: Option<Pem>,
    /// The roots of those at the other end. A service without them takes any client.
    pub roots: Option<Pem>,
}

/// What the command line said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Flags {
    /// `--address`.
    pub address: Option<String>,
    /// `--peer-address`, also `--peer.address` and `--peerAddress`.
    pub peer_address: Option<String>,
    /// What the file of `--chaincode-json` holds.
    pub chaincode_json: Option<String>,
    /// `--package-id`.
    pub package_id: Option<String>,
    /// `--plaintext`.
    pub plaintext: bool,
    /// `--tls-cert`.
    pub tls_certificate: Option<PathBuf>,
    /// `--tls-key`.
    pub tls_key: Option<PathBuf>,
    /// `--tls-roots`.
    pub tls_roots: Option<PathBuf>,
    /// `--message-mib`.
    pub message_mib: Option<usize>,
    /// `--in-flight`.
    pub in_flight: Option<usize>,
    /// `--deadline`, in seconds.
    pub deadline: Option<u64>,
    /// `--grace`, in seconds.
    pub grace: Option<u64>,
    /// `--twice`.
    pub twice: bool,
    /// `--record`.
    pub record: Option<PathBuf>,
    /// `--record-secrets`.
    pub record_secrets: Shown,
    /// `--denials`.
    pub denials: Option<PathBuf>,
}

/// Most MiB of a message that can be asked for: gRPC's length field holds no more.
pub const MESSAGE_MIB_MAX: usize = 2_047;

impl Settings {
    /// Reads settings. A flag counts more than a variable; `--chaincode-json` says everything
    /// about the peer by itself.
    ///
    /// # Errors
    /// If something needed is missing, two sources contradict each other, or a value is none.
    pub fn read(flags: &Flags, variables: &Variables) -> Result<Self, SettingsError> {
        let told = match &flags.chaincode_json {
            Some(text) => Some(json::read("--chaincode-json", text)?),
            None if has_no_address(flags, variables) => match variables.get("METADATA") {
                Some(text) => Some(json::read("METADATA", text)?),
                None => None,
            },
            None => None,
        };
        let (package_id, mode) = match told {
            Some(told) => told.into_parts(),
            None => (package_id(flags, variables)?, mode(flags, variables)?),
        };
        let shown = flags.record_secrets;
        let recording = flags.record.clone().map(|file| Recording { file, shown });
        let denials = flags.denials.clone().or(variables.get("DENIALS_FILE").map(PathBuf::from));
        Ok(Self { package_id, mode, limits: limits(flags)?, recording, denials })
    }
}

fn has_no_address(flags: &Flags, variables: &Variables) -> bool {
    let flagged = flags.address.is_some() || flags.peer_address.is_some();
    !flagged && variables.server_address().is_none() && variables.peer_address().is_none()
}

fn package_id(flags: &Flags, variables: &Variables) -> Result<String, SettingsError> {
    let found = match &flags.package_id {
        Some(id) => Some(id.clone()),
        None => variables.agreed("CORE_CHAINCODE_ID_NAME", "CHAINCODE_ID")?.map(str::to_owned),
    };
    found.ok_or(SettingsError::Missing {
        what: "package id",
        ways: "--package-id, CORE_CHAINCODE_ID_NAME or CHAINCODE_ID",
    })
}

/// A flag decides first; of the variables, an address to serve at counts more than one to dial,
/// as in Go's and Java's libraries.
fn mode(flags: &Flags, variables: &Variables) -> Result<Mode, SettingsError> {
    let serve = |address: &str| {
        let address = address.to_owned();
        Ok(Mode::Service { address, tls: tls(flags, variables, Side::Service)? })
    };
    let dial = |peer: &str| {
        let peer = peer.to_owned();
        Ok(Mode::Launched { peer, tls: tls(flags, variables, Side::Launched)? })
    };
    match (flags.address.as_deref(), flags.peer_address.as_deref()) {
        (Some(_), Some(_)) => {
            Err(SettingsError::Contradiction { one: "--address", other: "--peer-address" })
        }
        (Some(address), None) => serve(address),
        (None, Some(peer)) => dial(peer),
        (None, None) => match (variables.server_address(), variables.peer_address()) {
            (Some(address), _) => serve(address),
            (None, Some(peer)) => dial(peer),
            (None, None) => Err(SettingsError::Missing {
                what: "address",
                ways: "--address or CHAINCODE_SERVER_ADDRESS to serve, --peer-address, \
                       CORE_PEER_ADDRESS or --chaincode-json to dial a peer",
            }),
        },
    }
}

/// Which end of a TLS connection this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Service,
    Launched,
}

fn tls(
    flags: &Flags,
    variables: &Variables,
    side: Side,
) -> Result<Option<TlsFiles>, SettingsError> {
    let given = |path: &Option<PathBuf>| path.clone().map(Pem::File);
    let from_flags = TlsFiles {
        certificate: given(&flags.tls_certificate),
        key: given(&flags.tls_key),
        roots: given(&flags.tls_roots),
    };
    let is_flagged = from_flags != TlsFiles::NONE;
    if flags.plaintext {
        let one = "--plaintext";
        let contradicts =
            SettingsError::Contradiction { one, other: "--tls-cert, --tls-key, --tls-roots" };
        return if is_flagged { Err(contradicts) } else { Ok(None) };
    }
    if !is_flagged && variables.says_plaintext(side)? {
        return Ok(None);
    }
    let files = if is_flagged { from_flags } else { variables.tls_files(side)? };
    files.complete(side).map(Some)
}

impl TlsFiles {
    const NONE: Self = Self { certificate: None, key: None, roots: None };

    /// What this side cannot do without.
    fn complete(self, side: Side) -> Result<Self, SettingsError> {
        let has_pair = self.certificate.is_some() && self.key.is_some();
        let has_half = self.certificate.is_some() != self.key.is_some();
        match side {
            Side::Service if !has_pair => Err(SettingsError::Missing {
                what: "certificate and key to serve TLS with",
                ways: "--tls-cert and --tls-key, CHAINCODE_TLS_CERT and CHAINCODE_TLS_KEY, or \
                       CORE_TLS_CLIENT_CERT_FILE and CORE_TLS_CLIENT_KEY_FILE; plain text must be \
                       asked for: --plaintext, CHAINCODE_TLS_DISABLED=true or \
                       CORE_PEER_TLS_ENABLED=false",
            }),
            Side::Launched if has_half => Err(SettingsError::Missing {
                what: "partner of certificate or key",
                ways: "--tls-cert and --tls-key, or CORE_TLS_CLIENT_CERT_FILE and \
                       CORE_TLS_CLIENT_KEY_FILE",
            }),
            Side::Launched if self.roots.is_none() => Err(SettingsError::Missing {
                what: "TLS root of the peer",
                ways: "--tls-roots or CORE_PEER_TLS_ROOTCERT_FILE; plain text must be asked for: \
                       --plaintext or CORE_PEER_TLS_ENABLED=false",
            }),
            Side::Service | Side::Launched => Ok(self),
        }
    }
}

fn limits(flags: &Flags) -> Result<Limits, SettingsError> {
    let usual = Limits::default();
    Ok(Limits {
        in_flight_max: flags.in_flight.unwrap_or(usual.in_flight_max),
        message_bytes_max: message_bytes_max(flags)?,
        deadline: flags.deadline.map_or(usual.deadline, Duration::from_secs),
        grace: flags.grace.map_or(usual.grace, Duration::from_secs),
        runs: if flags.twice { Runs::Twice } else { Runs::Once },
        clock: usual.clock,
    })
}

fn message_bytes_max(flags: &Flags) -> Result<usize, SettingsError> {
    const MIB: usize = 1024 * 1024;
    match flags.message_mib {
        None => Ok(pervade_rpc::MESSAGE_BYTES_MAX),
        Some(mib @ 1..=MESSAGE_MIB_MAX) => Ok(mib.saturating_mul(MIB)),
        Some(mib) => Err(SettingsError::MessageSize { mib }),
    }
}

/// Why there are no settings.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SettingsError {
    /// Something that the process cannot do without.
    #[error("no {what} is given: {ways}")]
    Missing {
        /// What is missing.
        what: &'static str,
        /// How it can be given.
        ways: &'static str,
    },
    /// Two sources that cannot both be right.
    #[error("{one} contradicts {other}")]
    Contradiction {
        /// The one source.
        one: &'static str,
        /// The other.
        other: &'static str,
    },
    /// A variable that is neither true nor false.
    #[error("{variable} is {value:?}, neither true nor false")]
    NotBoolean {
        /// The variable.
        variable: &'static str,
        /// Its value.
        value: String,
    },
    /// Text that is not the `chaincode.json` of an external builder.
    #[error("{given} is no chaincode.json: {problem}")]
    ChaincodeJson {
        /// Where it was given.
        given: &'static str,
        /// What the parser says.
        problem: String,
    },
    /// A message size that gRPC does not have.
    #[error("messages of {mib} MiB: at least 1, at most {MESSAGE_MIB_MAX}")]
    MessageSize {
        /// MiB asked for.
        mib: usize,
    },
}

#[cfg(test)]
mod tests;
