use std::fmt::Write as _;

use pervade_rdf::vocabulary::xsd;
use pervade_rdf::{BlankNode, Literal, NamedNode, Term};
use pervade_units::{DeviceTime, canonical_decimal};
use serde_json::Value as Json;

use crate::plan::{Encoding, Profile};

/// A value on its way to become a term.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Value {
    /// Text.
    Text(String),
    /// A JSON number, as written.
    Number(String),
    /// A truth value.
    Boolean(bool),
    /// An absolute IRI, made by a function.
    Iri(String),
}

impl Value {
    /// The value of a JSON scalar; `None` for `null`.
    pub(crate) fn of(json: &Json) -> Result<Option<Self>, TermError> {
        match json {
            Json::Null => Ok(None),
            Json::Bool(value) => Ok(Some(Self::Boolean(*value))),
            Json::Number(number) => Ok(Some(Self::Number(number.as_str().to_owned()))),
            Json::String(text) => Ok(Some(Self::Text(text.clone()))),
            Json::Array(_) | Json::Object(_) => Err(TermError::NotScalar),
        }
    }

    /// The value as it stands in a template, a name or a key.
    pub(crate) fn text(&self, profile: Profile) -> Result<String, TermError> {
        match self {
            Self::Text(text) | Self::Iri(text) => Ok(text.clone()),
            Self::Boolean(value) => Ok(value.to_string()),
            Self::Number(text) if profile == Profile::Open => Ok(text.clone()),
            Self::Number(text) => decimal(text),
        }
    }

    /// [`Value::text`] of a value that is not needed any more.
    pub(crate) fn into_text(self, profile: Profile) -> Result<String, TermError> {
        match self {
            Self::Text(text) | Self::Iri(text) => Ok(text),
            other @ (Self::Boolean(_) | Self::Number(_)) => other.text(profile),
        }
    }
}

/// Why a value cannot become the term asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TermError {
    /// An array or object stands where a single value is needed.
    #[error("an array or object is no value")]
    NotScalar,
    /// Not an IRI.
    #[error("{iri:?} is not an IRI")]
    Iri {
        /// The text, cut to a bounded length.
        iri: String,
    },
    /// Not a language tag (BCP 47).
    #[error("{tag:?} is not a language tag")]
    Language {
        /// The text, cut to a bounded length.
        tag: String,
    },
    /// The text is not in the datatype's lexical space.
    #[error("{text:?} is no {datatype}")]
    Lexical {
        /// The text, cut to a bounded length.
        text: String,
        /// The datatype's IRI.
        datatype: &'static str,
    },
}

/// Longest text repeated in an error.
const SHOWN_CHARS: usize = 80;

fn shown(text: &str) -> String {
    text.chars().take(SHOWN_CHARS).collect()
}

/// The IRI `text`, or `base` and `text` if `text` is not absolute.
pub(crate) fn iri(text: String, base: &str, encoding: Encoding) -> Result<NamedNode, TermError> {
    let absolute = text.split_once(':').is_some_and(|(scheme, _)| is_scheme(scheme));
    let whole = || format!("{base}{text}");
    if encoding == Encoding::Unsafe {
        if absolute {
            return Ok(NamedNode::new_unchecked(text));
        }
        if base.is_empty() {
            return Err(TermError::Iri { iri: shown(&text) });
        }
        return Ok(NamedNode::new_unchecked(whole()));
    }
    // Without a scheme it is not absolute, and need not be tried.
    let own = if absolute { NamedNode::new(text.as_str()).ok() } else { None };
    own.or_else(|| NamedNode::new(whole()).ok()).ok_or_else(|| TermError::Iri { iri: shown(&text) })
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b))
}

/// A blank node named after `text`, the same for the same text.
pub(crate) fn blank(text: &str) -> BlankNode {
    let mut name = "v".to_owned();
    for byte in text.bytes() {
        // Writing to a String cannot fail.
        let _infallible = write!(name, "{byte:02x}");
    }
    BlankNode::new_unchecked(name)
}

pub(crate) fn tagged(text: String, language: &str) -> Result<Term, TermError> {
    Literal::new_language_tagged_literal(text, language)
        .map(Term::Literal)
        .map_err(|_| TermError::Language { tag: shown(language) })
}

/// A literal with a stated datatype. On the ledger the text becomes canonical.
pub(crate) fn typed(
    value: &Value,
    datatype: NamedNode,
    profile: Profile,
) -> Result<Term, TermError> {
    let text = match (profile, value) {
        (Profile::Open, Value::Number(text)) if datatype.as_str() == xsd::DOUBLE => {
            double(&decimal(text)?)
        }
        (Profile::Open, _) => value.text(profile)?,
        (Profile::Ledger, value) => canonical(value, datatype.as_str())?,
    };
    Ok(Literal::new_typed_literal(text, datatype).into())
}

/// The literal that a value makes by itself
/// ([RML core, natural mapping](https://w3id.org/rml/core/spec#natural-mapping)).
pub(crate) fn natural(value: Value, profile: Profile) -> Result<Term, TermError> {
    let typed = |text: String, datatype: &str| {
        Literal::new_typed_literal(text, NamedNode::new_unchecked(datatype)).into()
    };
    match value {
        Value::Text(text) | Value::Iri(text) => Ok(Literal::new_simple_literal(text).into()),
        Value::Boolean(value) => Ok(typed(value.to_string(), xsd::BOOLEAN)),
        Value::Number(text) => {
            let whole = !text.contains(['.', 'e', 'E']);
            let number = decimal(&text)?;
            match (whole, profile) {
                (true, _) => Ok(typed(number, xsd::INTEGER)),
                (false, Profile::Ledger) => Ok(typed(number, xsd::DECIMAL)),
                (false, Profile::Open) => Ok(typed(double(&number), xsd::DOUBLE)),
            }
        }
    }
}

fn canonical(value: &Value, datatype: &str) -> Result<String, TermError> {
    let text = value.text(Profile::Ledger)?;
    let refuse = |datatype| TermError::Lexical { text: shown(&text), datatype };
    match datatype {
        xsd::DECIMAL => canonical_decimal(&text).map_err(|_| refuse(xsd::DECIMAL)),
        xsd::INTEGER => canonical_decimal(&text)
            .ok()
            .filter(|number| !number.contains('.'))
            .ok_or_else(|| refuse(xsd::INTEGER)),
        xsd::BOOLEAN => match text.as_str() {
            "true" | "1" => Ok("true".to_owned()),
            "false" | "0" => Ok("false".to_owned()),
            _ => Err(refuse(xsd::BOOLEAN)),
        },
        xsd::DATE_TIME_STAMP => match DeviceTime::parse(&text, None) {
            Ok(DeviceTime::Zoned(instant)) => Ok(instant.to_string()),
            _ => Err(refuse(xsd::DATE_TIME_STAMP)),
        },
        xsd::DATE_TIME => match DeviceTime::parse(&text, None) {
            Ok(DeviceTime::Zoned(instant)) => Ok(instant.to_string()),
            Ok(DeviceTime::Local(local)) => Ok(local),
            Err(_) => Err(refuse(xsd::DATE_TIME)),
        },
        _ => Ok(text),
    }
}

/// A number as a canonical decimal.
pub(crate) fn decimal(text: &str) -> Result<String, TermError> {
    canonical_decimal(text)
        .map_err(|_| TermError::Lexical { text: shown(text), datatype: xsd::DECIMAL })
}

/// Canonical `xsd:double` form of the decimal, `3.05E1`; digits are kept, not rounded.
fn double(text: &str) -> String {
    let (sign, text) = text.strip_prefix('-').map_or(("", text), |rest| ("-", rest));
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits: String = [whole, fraction].concat();
    let significant = digits.trim_start_matches('0');
    if significant.is_empty() {
        return format!("{sign}0.0E0");
    }
    let leading = digits.len() - significant.len();
    let exponent =
        i64::try_from(whole.len()).unwrap_or(0) - i64::try_from(leading).unwrap_or(0) - 1;
    let mantissa = significant.trim_end_matches('0');
    let (first, rest) = mantissa.split_at_checked(1).unwrap_or((mantissa, ""));
    let rest = if rest.is_empty() { "0" } else { rest };
    format!("{sign}{first}.{rest}E{exponent}")
}

/// Percent-encodes a value for its place inside an IRI
/// ([RML core, IRI-safe](https://w3id.org/rml/core/spec#dfn-iri-safe)).
pub(crate) fn encode(text: &str, encoding: Encoding) -> String {
    let mut encoded = String::new();
    encode_into(&mut encoded, text, encoding);
    encoded
}

/// [`encode`], after what `encoded` holds.
pub(crate) fn encode_into(encoded: &mut String, text: &str, encoding: Encoding) {
    if encoding == Encoding::Unsafe || text.chars().all(is_unreserved) {
        encoded.push_str(text);
        return;
    }
    for character in text.chars() {
        let kept = match encoding {
            Encoding::Unsafe => true,
            Encoding::Uri => is_unreserved(character),
            Encoding::Iri => is_unreserved(character) || is_ucschar(character),
        };
        if kept {
            encoded.push(character);
            continue;
        }
        let mut buffer = [0; 4];
        for byte in character.encode_utf8(&mut buffer).bytes() {
            // Writing to a String cannot fail.
            let _infallible = write!(encoded, "%{byte:02X}");
        }
    }
}

fn is_unreserved(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '-' | '.' | '_' | '~')
}

/// [RFC 3987](https://www.rfc-editor.org/rfc/rfc3987#section-2.2), `ucschar`.
fn is_ucschar(character: char) -> bool {
    match u32::from(character) {
        0xa0..=0xd7ff | 0xf900..=0xfdcf | 0xfdf0..=0xffef => true,
        code @ 0x1_0000..=0xe_fffd => {
            code & 0xffff <= 0xfffd && !(0xe_0000..0xe_1000).contains(&code)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn check(value: Value, profile: Profile, expected: Expect) {
        let term = natural(value, profile);
        expected.assert_eq(&term.map_or_else(|error| error.to_string(), |term| term.to_string()));
    }

    #[test]
    fn natural_literals() {
        let number = |text: &str| Value::Number(text.to_owned());
        check(
            number("22.50"),
            Profile::Ledger,
            expect![[r#""22.5"^^<http://www.w3.org/2001/XMLSchema#decimal>"#]],
        );
        check(
            number("22.50"),
            Profile::Open,
            expect![[r#""2.25E1"^^<http://www.w3.org/2001/XMLSchema#double>"#]],
        );
        check(
            number("-0.00120"),
            Profile::Open,
            expect![[r#""-1.2E-3"^^<http://www.w3.org/2001/XMLSchema#double>"#]],
        );
        check(
            number("0.0"),
            Profile::Open,
            expect![[r#""0.0E0"^^<http://www.w3.org/2001/XMLSchema#double>"#]],
        );
        check(
            number("30"),
            Profile::Open,
            expect![[r#""30"^^<http://www.w3.org/2001/XMLSchema#integer>"#]],
        );
        check(
            Value::Boolean(true),
            Profile::Ledger,
            expect![[r#""true"^^<http://www.w3.org/2001/XMLSchema#boolean>"#]],
        );
        check(Value::Text("x".into()), Profile::Ledger, expect![[r#""x""#]]);
    }

    #[test]
    fn values_inside_iris() {
        assert_eq!(encode("Zoë K/ü", Encoding::Iri), "Zoë%20K%2Fü", "IRI");
        assert_eq!(encode("Zoë K/ü", Encoding::Uri), "Zo%C3%AB%20K%2F%C3%BC", "URI");
        assert_eq!(encode("Zoë K/ü", Encoding::Unsafe), "Zoë K/ü", "unsafe");
    }
}
