//! `chaincode.json`: what a peer tells an external builder's `bin/run`.

use serde::Deserialize;

use super::{Mode, Pem, SettingsError, TlsFiles};

/// Where the peer is, and the TLS material for its chaincode port, in PEM. Without TLS the peer
/// leaves the material empty.
#[derive(Debug, Deserialize)]
pub(super) struct ChaincodeJson {
    chaincode_id: String,
    peer_address: String,
    #[serde(default)]
    client_cert: String,
    #[serde(default)]
    client_key: String,
    #[serde(default)]
    root_cert: String,
}

pub(super) fn read(given: &'static str, text: &str) -> Result<ChaincodeJson, SettingsError> {
    serde_json::from_str(text).map_err(|error| {
        // A parser's words name places and fields, never values: the text holds a private key.
        SettingsError::ChaincodeJson { given, problem: error.to_string() }
    })
}

impl ChaincodeJson {
    /// The package id, and how to reach the peer.
    pub(super) fn into_parts(self) -> (String, Mode) {
        let pem = |text: String| (!text.is_empty()).then_some(Pem::Text(text.into_bytes().into()));
        let tls = TlsFiles {
            certificate: pem(self.client_cert),
            key: pem(self.client_key),
            roots: pem(self.root_cert),
        };
        let tls = (tls != TlsFiles::NONE).then_some(tls);
        (self.chaincode_id, Mode::Launched { peer: self.peer_address, tls })
    }
}
