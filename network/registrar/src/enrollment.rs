//! What an organisation decided about a member, before any request came.

use std::collections::BTreeMap;
use std::net::IpAddr;

use pervade_identity::Role;
use serde_json::json;
use thiserror::Error;

/// Who a member is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "complete by definition")]
pub struct Enrollment {
    /// The member's name, for example `peer0.org1.example.com`.
    pub common_name: String,
    /// What the member may act as.
    pub role: Role,
    /// Further attributes, which contracts may read. Names beginning with `hf.` are the registrar's.
    pub attributes: BTreeMap<String, String>,
    /// Names and addresses the member answers at.
    pub hosts: Vec<String>,
    /// What the certificate is for.
    pub kind: EnrollmentKind,
}

/// What a certificate is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "complete by definition")]
pub enum EnrollmentKind {
    /// Signing messages.
    Identity,
    /// Both ends of TLS connections.
    Tls,
}

impl Enrollment {
    pub(crate) fn check(&self) -> Result<(), EnrollmentError> {
        let name = &self.common_name;
        let length = name.chars().count();
        if length == 0 || length > COMMON_NAME_CHARS_MAX || name.chars().any(char::is_control) {
            return Err(EnrollmentError::CommonName { common_name: name.clone() });
        }
        if self.attributes.len() > ATTRIBUTES_MAX || self.hosts.len() > HOSTS_MAX {
            return Err(EnrollmentError::TooMany { attributes: ATTRIBUTES_MAX, hosts: HOSTS_MAX });
        }
        for (name, value) in &self.attributes {
            let fits = !name.is_empty() && name.len().max(value.len()) <= ATTRIBUTE_BYTES_MAX;
            if name.starts_with(RESERVED_PREFIX) || !fits {
                return Err(EnrollmentError::Attribute { name: name.clone() });
            }
        }
        match self.hosts.iter().find(|host| !is_host(host)) {
            Some(host) => Err(EnrollmentError::Host { host: host.clone() }),
            None => Ok(()),
        }
    }

    /// The content of the attribute extension, as Fabric's CA writes it.
    pub(crate) fn attribute_json(&self) -> Vec<u8> {
        let mut attributes = self.attributes.clone();
        for (name, value) in [
            ("hf.Affiliation", ""),
            ("hf.EnrollmentID", self.common_name.as_str()),
            ("hf.Type", self.role.as_str()),
        ] {
            attributes.insert(name.to_owned(), value.to_owned());
        }
        json!({ "attrs": attributes }).to_string().into_bytes()
    }
}

/// Why an enrolment is not in order.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum EnrollmentError {
    /// Empty, too long or with control characters.
    #[error("{common_name:?} is no name of 1 to {COMMON_NAME_CHARS_MAX} printable characters")]
    CommonName {
        /// The name given.
        common_name: String,
    },
    /// A reserved, empty or too long attribute.
    #[error("attribute {name:?} is reserved, empty or longer than {ATTRIBUTE_BYTES_MAX} bytes")]
    Attribute {
        /// The attribute's name.
        name: String,
    },
    /// Neither an address nor a host's name.
    #[error("{host:?} is neither an address nor the name of a host")]
    Host {
        /// The host given.
        host: String,
    },
    /// More attributes or hosts than a certificate is to hold.
    #[error("more than {attributes} attributes or {hosts} hosts")]
    TooMany {
        /// Most attributes.
        attributes: usize,
        /// Most hosts.
        hosts: usize,
    },
}

fn is_host(host: &str) -> bool {
    let label = |label: &str| {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        !label.is_empty() && label.len() <= LABEL_BYTES_MAX && label.bytes().all(allowed)
    };
    let name = host.strip_prefix("*.").unwrap_or(host);
    host.parse::<IpAddr>().is_ok() || (host.len() <= HOST_BYTES_MAX && name.split('.').all(label))
}

/// Attributes that only the registrar writes.
const RESERVED_PREFIX: &str = "hf.";

/// Most characters of a common name ([RFC 5280, appendix A](https://www.rfc-editor.org/rfc/rfc5280#appendix-A.1)).
const COMMON_NAME_CHARS_MAX: usize = 64;
const ATTRIBUTES_MAX: usize = 64;
const ATTRIBUTE_BYTES_MAX: usize = 1_024;
const HOSTS_MAX: usize = 64;
/// Most bytes of a host's name and of a part of it ([RFC 1035](https://www.rfc-editor.org/rfc/rfc1035#section-2.3.4)).
const HOST_BYTES_MAX: usize = 253;
const LABEL_BYTES_MAX: usize = 63;
