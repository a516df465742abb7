//! The variables that peers, builders and operators set, in the two conventions there are.
//!
//! `CORE_*` is the peer's own, for chaincode that it launches and, in Go's and Java's libraries,
//! for services too; `CHAINCODE_*` is that of Fabric's samples for services.

use std::collections::BTreeMap;

use super::{Pem, SettingsError, Side, TlsFiles};

/// A process's environment. An empty value counts as none.
#[derive(Clone, Debug, Default)]
pub struct Variables(BTreeMap<String, String>);

impl Variables {
    /// Takes the variables that matter here from any others.
    pub fn new(all: impl IntoIterator<Item = (String, String)>) -> Self {
        let ours = |name: &str| {
            name.starts_with("CORE_")
                || name.starts_with("CHAINCODE_")
                || matches!(name, "METADATA" | "DENIALS_FILE")
        };
        Self(all.into_iter().filter(|(name, value)| ours(name) && !value.is_empty()).collect())
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    pub(super) fn server_address(&self) -> Option<&str> {
        self.get("CHAINCODE_SERVER_ADDRESS")
    }

    pub(super) fn peer_address(&self) -> Option<&str> {
        self.get("CORE_PEER_ADDRESS")
    }

    /// One value under two names. Both may be set, to the same.
    pub(super) fn agreed(
        &self,
        one: &'static str,
        other: &'static str,
    ) -> Result<Option<&str>, SettingsError> {
        match (self.get(one), self.get(other)) {
            (Some(a), Some(b)) if a != b => Err(SettingsError::Contradiction { one, other }),
            (a, b) => Ok(a.or(b)),
        }
    }

    /// Whether plain text is asked for. What is not said at all is no wish for it.
    pub(super) fn says_plaintext(&self, side: Side) -> Result<bool, SettingsError> {
        let enabled = self.boolean("CORE_PEER_TLS_ENABLED")?;
        let disabled = match side {
            Side::Service => self.boolean("CHAINCODE_TLS_DISABLED")?,
            Side::Launched => None,
        };
        match (disabled, enabled) {
            (Some(disabled), Some(enabled)) if disabled == enabled => {
                Err(SettingsError::Contradiction {
                    one: "CHAINCODE_TLS_DISABLED",
                    other: "CORE_PEER_TLS_ENABLED",
                })
            }
            (disabled, enabled) => Ok(disabled == Some(true) || enabled == Some(false)),
        }
    }

    pub(super) fn tls_files(&self, side: Side) -> Result<TlsFiles, SettingsError> {
        let core = TlsFiles {
            certificate: self.core("CORE_TLS_CLIENT_CERT_FILE", "CORE_TLS_CLIENT_CERT_PATH"),
            key: self.core("CORE_TLS_CLIENT_KEY_FILE", "CORE_TLS_CLIENT_KEY_PATH"),
            roots: self.file("CORE_PEER_TLS_ROOTCERT_FILE"),
        };
        if side == Side::Launched {
            return Ok(core);
        }
        Ok(TlsFiles {
            certificate: either(
                self.file("CHAINCODE_TLS_CERT"),
                core.certificate,
                ("CHAINCODE_TLS_CERT", "CORE_TLS_CLIENT_CERT_FILE"),
            )?,
            key: either(
                self.file("CHAINCODE_TLS_KEY"),
                core.key,
                ("CHAINCODE_TLS_KEY", "CORE_TLS_CLIENT_KEY_FILE"),
            )?,
            roots: either(
                self.file("CHAINCODE_CLIENT_CA_CERT"),
                core.roots,
                ("CHAINCODE_CLIENT_CA_CERT", "CORE_PEER_TLS_ROOTCERT_FILE"),
            )?,
        })
    }

    /// The peer sets both names, to the same text in two forms: Go reads the first, Node and Java
    /// the second.
    fn core(&self, file: &str, base64: &str) -> Option<Pem> {
        self.file(file).or_else(|| self.get(base64).map(|path| Pem::Base64File(path.into())))
    }

    fn file(&self, name: &str) -> Option<Pem> {
        self.get(name).map(|path| Pem::File(path.into()))
    }

    fn boolean(&self, variable: &'static str) -> Result<Option<bool>, SettingsError> {
        match self.get(variable).map(str::to_ascii_lowercase).as_deref() {
            None => Ok(None),
            Some("true" | "1") => Ok(Some(true)),
            Some("false" | "0") => Ok(Some(false)),
            Some(value) => Err(SettingsError::NotBoolean { variable, value: value.to_owned() }),
        }
    }
}

fn either(
    one: Option<Pem>,
    other: Option<Pem>,
    names: (&'static str, &'static str),
) -> Result<Option<Pem>, SettingsError> {
    match (one, other) {
        (Some(one), Some(other)) if one != other => {
            Err(SettingsError::Contradiction { one: names.0, other: names.1 })
        }
        (one, other) => Ok(one.or(other)),
    }
}
