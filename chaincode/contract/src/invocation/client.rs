//! What a client's certificate says of it.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use fabric_protos::id::MspId;
use serde::Deserialize;
use x509_parser::certificate::X509Certificate;
use x509_parser::pem::parse_x509_pem;
use x509_parser::x509::X509Name;

use crate::{Fault, Status};

/// A client by its certificate. The peer has checked that the organisation issued it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientIdentity {
    msp_id: MspId,
    name: String,
    units: Vec<String>,
    attributes: BTreeMap<String, String>,
}

impl ClientIdentity {
    /// Longest certificate that is read, in bytes of PEM.
    pub const CERTIFICATE_BYTES_MAX: usize = 64 * 1024;

    pub(super) fn read(msp_id: MspId, certificate_pem: &[u8]) -> Result<Self, IdentityError> {
        if certificate_pem.len() > Self::CERTIFICATE_BYTES_MAX {
            return Err(IdentityError::Certificate);
        }
        let (_, pem) =
            parse_x509_pem(certificate_pem).map_err(|_bad| IdentityError::Certificate)?;
        let certificate = pem.parse_x509().map_err(|_bad| IdentityError::Certificate)?;
        let subject = distinguished_name(certificate.subject())?;
        let issuer = distinguished_name(certificate.issuer())?;
        let units = certificate.subject().iter_organizational_unit();
        let units = units.map(|unit| unit.as_str().map(str::to_owned)).collect::<Result<_, _>>();
        let units = units.map_err(|_no_text| IdentityError::Name)?;
        let attributes = attributes(&certificate)?;
        Ok(Self { msp_id, name: format!("x509::{subject}::{issuer}"), units, attributes })
    }

    /// The organisation.
    #[must_use]
    pub fn msp_id(&self) -> &MspId {
        &self.msp_id
    }

    /// The identifier that Fabric's Go library gives the client: [`name`](Self::name) in Base64.
    /// It is unique within the organisation only.
    #[must_use]
    pub fn id(&self) -> String {
        STANDARD.encode(&self.name)
    }

    /// `x509::subject::issuer`, the names as the Go library writes them: serial number, CN,
    /// OU, O, postal code, street, L, ST and C in this order, and nothing else.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The organisational units in the certificate's subject. Among them an organisation may name
    /// the client's role.
    #[must_use]
    pub fn organisational_units(&self) -> &[String] {
        &self.units
    }

    /// An attribute that the organisation's CA wrote into the certificate.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.get(name).map(String::as_str)
    }

    /// Refuses a client whose attribute has another value, or that has no such attribute.
    ///
    /// # Errors
    /// If so.
    pub fn require_attribute(&self, name: &str, value: &str) -> Result<(), IdentityError> {
        if self.attribute(name) == Some(value) {
            return Ok(());
        }
        Err(IdentityError::Attribute { name: name.to_owned() })
    }
}

/// Why a client could not be identified, or was refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IdentityError {
    /// The creator holds no X.509 certificate, or a malformed or too large one.
    #[error("the client's certificate cannot be read")]
    Certificate,
    /// A part of the certificate's names is no text.
    #[error("the names in the client's certificate cannot be read")]
    Name,
    /// The attributes are not what Fabric's CA writes.
    #[error("the attributes of the client's certificate are malformed")]
    Attributes {
        /// What the decoder found.
        #[source]
        source: serde_json::Error,
    },
    /// The client lacks an attribute, or it has another value.
    #[error("the client's attribute {name:?} is not the one that is needed")]
    Attribute {
        /// The attribute's name.
        name: String,
    },
}

impl Fault for IdentityError {
    fn status(&self) -> Status {
        Status::FORBIDDEN
    }

    fn code(&self) -> &'static str {
        "CLIENT_IDENTITY"
    }
}

/// Where Fabric's CA puts an identity's attributes.
const ATTRIBUTES: &str = "1.2.3.4.5.6.7.8.1";

#[derive(Deserialize)]
struct Attributes {
    #[serde(default)]
    attrs: BTreeMap<String, String>,
}

fn attributes(
    certificate: &X509Certificate<'_>,
) -> Result<BTreeMap<String, String>, IdentityError> {
    let mut extensions = certificate.extensions().iter();
    let found = extensions.find(|extension| extension.oid.to_id_string() == ATTRIBUTES);
    let Some(extension) = found else { return Ok(BTreeMap::new()) };
    let attributes: Attributes = serde_json::from_slice(extension.value)
        .map_err(|source| IdentityError::Attributes { source })?;
    Ok(attributes.attrs)
}

/// Object identifiers of the parts of a name with their short names, in the order of the text.
const PARTS: [(&str, &str); 9] = [
    (SERIAL_NUMBER, "SERIALNUMBER"),
    (COMMON_NAME, "CN"),
    ("2.5.4.11", "OU"),
    ("2.5.4.10", "O"),
    ("2.5.4.17", "POSTALCODE"),
    ("2.5.4.9", "STREET"),
    ("2.5.4.7", "L"),
    ("2.5.4.8", "ST"),
    ("2.5.4.6", "C"),
];

const SERIAL_NUMBER: &str = "2.5.4.5";
const COMMON_NAME: &str = "2.5.4.3";

/// A name in Go's order, whatever its own: values of one kind stand together, joined by `+`.
fn distinguished_name(name: &X509Name<'_>) -> Result<String, IdentityError> {
    let mut parts: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for attribute in name.iter_attributes() {
        let kind = attribute.attr_type().to_id_string();
        if PARTS.iter().all(|(known, _)| *known != kind) {
            continue;
        }
        let value = attribute.as_str().map_err(|_no_text| IdentityError::Name)?;
        let values = parts.entry(kind.clone()).or_default();
        // Of these a name has one: the last.
        if kind == COMMON_NAME || kind == SERIAL_NUMBER {
            values.clear();
        }
        values.push(value);
    }
    let written = PARTS.iter().filter_map(|(kind, short)| {
        let values = parts.get(*kind)?.iter().map(|value| format!("{short}={}", escape(value)));
        Some(values.collect::<Vec<_>>().join("+"))
    });
    Ok(written.collect::<Vec<_>>().join(","))
}

/// RFC 2253, section 2.4.
fn escape(value: &str) -> String {
    let last = value.len().saturating_sub(1);
    let mut escaped = String::with_capacity(value.len());
    for (index, character) in value.char_indices() {
        let special = match character {
            ',' | '+' | '"' | '\\' | '<' | '>' | ';' => true,
            ' ' => index == 0 || index == last,
            '#' => index == 0,
            _ => false,
        };
        if special {
            escaped.push('\\');
        }
        escaped.push(character);
    }
    escaped
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    const CLIENT: &[u8] = include_bytes!("../../testdata/client.pem");

    #[test]
    fn a_client_has_gos_identifier() {
        let client = read(CLIENT).unwrap();
        expect![[r"x509::CN=app User,OU=org1+OU=client+OU=department1::CN=ca.example.com,O=Org\, Inc.,L=Durham,ST=North Carolina,C=US"]]
            .assert_eq(client.name());
        assert_eq!(STANDARD.decode(client.id()).unwrap(), client.name().as_bytes());
        assert_eq!(client.msp_id().as_str(), "Org1MSP");
        assert_eq!(client.organisational_units(), ["org1", "client", "department1"]);
    }

    #[test]
    fn attributes_are_tested_by_value() {
        let client = read(CLIENT).unwrap();
        assert_eq!(client.attribute("hf.Type"), Some("client"));
        assert_eq!(client.attribute("none"), None);
        assert!(client.require_attribute("role", "buyer").is_ok());
        for (name, value) in [("role", "seller"), ("none", ""), ("Role", "buyer")] {
            let error = client.require_attribute(name, value).unwrap_err();
            assert!(matches!(error, IdentityError::Attribute { name: told } if told == name));
        }
    }

    #[test]
    fn special_characters_are_escaped() {
        for (value, written) in [
            ("plain", "plain"),
            (" both ", r"\ both\ "),
            ("#a#", r"\#a#"),
            ("a+b,c;d", r"a\+b\,c\;d"),
            (r#"<"\>"#, r#"\<\"\\\>"#),
            ("", ""),
            (" ", r"\ "),
            ("ü ", r"ü\ "),
        ] {
            assert_eq!(escape(value), written, "{value:?}");
        }
    }

    #[test]
    fn what_is_no_certificate_is_refused() {
        let large = vec![b'\n'; ClientIdentity::CERTIFICATE_BYTES_MAX + 1];
        let empty = b"-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n";
        for bytes in [b"".as_slice(), b"text", empty, &large] {
            assert!(matches!(read(bytes), Err(IdentityError::Certificate)));
        }
    }

    #[test]
    fn no_truncated_or_altered_certificate_panics() {
        let (_, pem) = parse_x509_pem(CLIENT).unwrap();
        for index in 0..pem.contents.len() {
            let mut altered = pem.contents.clone();
            altered[index] ^= 0xff;
            let _read = read(&armoured(&altered));
            let _read = read(&armoured(&pem.contents[..index]));
        }
    }

    fn armoured(der: &[u8]) -> Vec<u8> {
        let text = STANDARD.encode(der);
        format!("-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n").into_bytes()
    }

    fn read(pem: &[u8]) -> Result<ClientIdentity, IdentityError> {
        ClientIdentity::read("Org1MSP".parse().unwrap(), pem)
    }
}
