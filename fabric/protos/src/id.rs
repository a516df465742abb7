//! Names that messages carry as bare strings, each checked once and then carried as its own type.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A channel's name.
///
/// Invariant: matches `[a-z][a-z0-9.-]*` and is at most [`ChannelId::LENGTH_MAX`] bytes long.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ChannelId(Box<str>);

impl ChannelId {
    /// Most bytes of a channel's name.
    pub const LENGTH_MAX: usize = 249;

    fn allows(text: &str) -> bool {
        text.starts_with(|c: char| c.is_ascii_lowercase())
            && text.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-'))
    }
}

/// The identifier of an organisation's membership definition.
///
/// Invariant: matches `[A-Za-z0-9][A-Za-z0-9._-]*` and is at most [`MspId::LENGTH_MAX`] bytes long.
/// Fabric itself asks only that it is not empty; names outside this set could not be used in the
/// keys and file names that are built from it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct MspId(Box<str>);

impl MspId {
    /// Most bytes of an MSP identifier.
    pub const LENGTH_MAX: usize = 249;

    fn allows(text: &str) -> bool {
        text.starts_with(|c: char| c.is_ascii_alphanumeric())
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
    }
}

/// A transaction's identifier: SHA-256 of nonce and creator.
///
/// Invariant: 64 lower-case hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TxId(Box<str>);

impl TxId {
    /// Bytes of a transaction's identifier, neither more nor less.
    pub const LENGTH_MAX: usize = 64;

    fn allows(text: &str) -> bool {
        text.len() == Self::LENGTH_MAX
            && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
    }
}

/// A chaincode's name, which is also the namespace of its state.
///
/// Invariant: matches `[A-Za-z0-9]+([-_][A-Za-z0-9]+)*`, or is [`ChaincodeName::LIFECYCLE`], the one
/// system chaincode outside that pattern; at most [`ChaincodeName::LENGTH_MAX`] bytes long.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ChaincodeName(Box<str>);

impl ChaincodeName {
    /// The system chaincode that keeps chaincode definitions.
    pub const LIFECYCLE: &str = "_lifecycle";

    /// Most bytes of a chaincode's name. Fabric sets no limit of its own.
    pub const LENGTH_MAX: usize = 249;

    /// The name of the system chaincode that keeps chaincode definitions.
    #[must_use]
    pub fn lifecycle() -> Self {
        Self(Self::LIFECYCLE.into())
    }

    fn allows(text: &str) -> bool {
        let word = |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_alphanumeric());
        text == Self::LIFECYCLE || text.split(['-', '_']).all(word)
    }
}

/// A name that breaks the rule of its type.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{given:?} is no {kind}")]
pub struct InvalidId {
    kind: Kind,
    given: String,
}

impl InvalidId {
    /// The name that was refused; cut off after [`InvalidId::GIVEN_CHARS_MAX`] characters.
    #[must_use]
    pub fn given(&self) -> &str {
        &self.given
    }

    /// Most characters of a refused name that are kept.
    pub const GIVEN_CHARS_MAX: usize = 300;
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Channel,
    Msp,
    Transaction,
    Chaincode,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Channel => "channel name",
            Self::Msp => "MSP identifier",
            Self::Transaction => "transaction identifier",
            Self::Chaincode => "chaincode name",
        })
    }
}

macro_rules! checked_name {
    ($name:ident, $kind:expr) => {
        impl $name {
            /// Checks the name.
            ///
            /// # Errors
            /// If it breaks the type's invariant.
            pub fn new(text: impl Into<String>) -> Result<Self, InvalidId> {
                let text = text.into();
                if text.len() <= Self::LENGTH_MAX && Self::allows(&text) {
                    return Ok(Self(text.into_boxed_str()));
                }
                let given = text.chars().take(InvalidId::GIVEN_CHARS_MAX).collect();
                Err(InvalidId { kind: $kind, given })
            }

            /// The name as messages carry it.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;

            fn try_from(text: String) -> Result<Self, InvalidId> {
                Self::new(text)
            }
        }

        impl std::str::FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                Self::new(text)
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.0.into_string()
            }
        }
    };
}

checked_name!(ChannelId, Kind::Channel);
checked_name!(MspId, Kind::Msp);
checked_name!(TxId, Kind::Transaction);
checked_name!(ChaincodeName, Kind::Chaincode);

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde::de::{IntoDeserializer, value};

    use super::{ChaincodeName, ChannelId, InvalidId, MspId, TxId};

    #[test]
    fn channels() {
        let longest = "a".repeat(ChannelId::LENGTH_MAX);
        check(
            ChannelId::new,
            &["mychannel", "a", "a.b-9", &longest],
            &["", "My", "9a", "-a", "a_b", "a b", "ä", &format!("{longest}a")],
        );
    }

    #[test]
    fn organisations() {
        let longest = "M".repeat(MspId::LENGTH_MAX);
        check(
            MspId::new,
            &["Org1MSP", "7", "a.b_c-d", &longest],
            &["", ".", "../x", "a/b", "a\0", "Örg", &format!("{longest}M")],
        );
    }

    #[test]
    fn transactions() {
        let zeros = "0".repeat(64);
        check(
            TxId::new,
            &[&zeros, &"0123456789abcdef".repeat(4)],
            &["", "0", &"0".repeat(63), &"0".repeat(65), &"A".repeat(64), &"g".repeat(64)],
        );
    }

    #[test]
    fn chaincodes() {
        check(
            ChaincodeName::new,
            &["basic", "A-b_c", "qscc", "9", "_lifecycle"],
            &[
                "",
                "_",
                "-",
                "_other",
                "a__b",
                "a-",
                "a.b",
                "a b",
                &"a".repeat(ChaincodeName::LENGTH_MAX + 1),
            ],
        );
    }

    #[test]
    fn a_refused_name_is_named() {
        let error = ChannelId::new("My").unwrap_err();
        assert_eq!(error.to_string(), r#""My" is no channel name"#);
    }

    #[test]
    fn reading_checks_too() {
        let read = |text: &'static str| ChannelId::deserialize(text.into_deserializer());
        assert_eq!(read("mychannel"), Ok::<_, value::Error>(ChannelId("mychannel".into())));
        assert!(read("My").is_err(), "deserialising must not go around the rule");
    }

    fn check<T: AsRef<str>>(
        new: impl Fn(String) -> Result<T, InvalidId>,
        good: &[&str],
        bad: &[&str],
    ) {
        for text in good {
            assert_eq!(new((*text).to_owned()).unwrap().as_ref(), *text);
        }
        for text in bad {
            assert!(new((*text).to_owned()).is_err(), "{text:?} must be refused");
        }
    }
}
