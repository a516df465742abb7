//! A package's label.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A name for people, as in Fabric's package ids.
///
/// Invariant: letters, digits and `_ . + -`, the first a letter or a digit; 1 to
/// [`Label::BYTES_MAX`] bytes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct Label(String);

impl Label {
    /// Most bytes of a label.
    pub const BYTES_MAX: usize = 128;

    /// The label as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Label {
    type Err = LabelError;

    fn from_str(text: &str) -> Result<Self, LabelError> {
        text.to_owned().try_into()
    }
}

impl TryFrom<String> for Label {
    type Error = LabelError;

    fn try_from(label: String) -> Result<Self, LabelError> {
        let word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '+' | '-');
        let begins_well = label.starts_with(|c: char| c.is_ascii_alphanumeric());
        if !begins_well || !label.chars().all(word) || label.len() > Self::BYTES_MAX {
            return Err(LabelError { label });
        }
        Ok(Self(label))
    }
}

impl From<Label> for String {
    fn from(Label(text): Label) -> Self {
        text
    }
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A text that is no label.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{label:?} is no package label: letters, digits and _ . + - with a letter or digit first, at \
     most {max} bytes",
    max = Label::BYTES_MAX
)]
#[non_exhaustive]
pub struct LabelError {
    /// The text.
    pub label: String,
}

#[cfg(test)]
mod tests {
    use super::Label;

    #[test]
    fn labels_are_fabrics() {
        for label in ["a", "basic_1.0", "0-a+b", &"a".repeat(128)] {
            assert!(label.parse::<Label>().is_ok(), "{label:?}");
        }
        for label in ["", "_a", ".a", "a b", "a:b", "ä", &"a".repeat(129)] {
            assert!(label.parse::<Label>().is_err(), "{label:?}");
        }
    }
}
