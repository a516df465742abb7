//! Distinguished names.

use x509_parser::x509::X509Name;

/// A subject or an issuer.
pub(crate) struct Name {
    /// The name as encoded, which is what names are compared by.
    pub(crate) der: Vec<u8>,
    pub(crate) text: String,
    pub(crate) common_name: Option<String>,
    pub(crate) units: Vec<String>,
}

impl Name {
    pub(crate) fn new(name: &X509Name<'_>) -> Self {
        let values = |wanted: &'static str| {
            name.iter_attributes()
                .filter(move |attribute| attribute.attr_type().to_id_string() == wanted)
                .filter_map(|attribute| attribute.as_str().ok())
                .map(str::to_owned)
        };
        Self {
            der: name.as_raw().to_vec(),
            text: text(name),
            common_name: values(COMMON_NAME).last(),
            units: values(ORGANIZATIONAL_UNIT).collect(),
        }
    }
}

/// [RFC 4514](https://www.rfc-editor.org/rfc/rfc4514#section-2.1): last part first.
fn text(name: &X509Name<'_>) -> String {
    let mut parts: Vec<String> = name
        .iter()
        .map(|part| {
            let values: Vec<String> = part
                .iter()
                .map(|attribute| {
                    let oid = attribute.attr_type().to_id_string();
                    let value = match attribute.as_str() {
                        Ok(value) => escaped(value),
                        Err(_) => format!("#{}", hex::encode(attribute.as_slice())),
                    };
                    format!("{}={value}", short_name(&oid))
                })
                .collect();
            values.join("+")
        })
        .collect();
    parts.reverse();
    parts.join(",")
}

fn escaped(value: &str) -> String {
    let last = value.chars().count().saturating_sub(1);
    let mut out = String::with_capacity(value.len());
    for (index, character) in value.chars().enumerate() {
        let outermost =
            (character == ' ' && (index == 0 || index == last)) || (character == '#' && index == 0);
        if outermost || SPECIAL.contains(character) {
            out.push('\\');
        }
        out.push(character);
    }
    out
}

fn short_name(oid: &str) -> &str {
    match oid {
        COMMON_NAME => "CN",
        "2.5.4.5" => "SERIALNUMBER",
        "2.5.4.6" => "C",
        "2.5.4.7" => "L",
        "2.5.4.8" => "ST",
        "2.5.4.9" => "STREET",
        "2.5.4.10" => "O",
        ORGANIZATIONAL_UNIT => "OU",
        "2.5.4.17" => "POSTALCODE",
        other => other,
    }
}

const COMMON_NAME: &str = "2.5.4.3";
const ORGANIZATIONAL_UNIT: &str = "2.5.4.11";

/// Characters that [RFC 4514](https://www.rfc-editor.org/rfc/rfc4514#section-2.4) escapes anywhere.
const SPECIAL: &str = "\"+,;<>\\";
