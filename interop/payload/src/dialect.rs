use serde::{Deserialize, Serialize};

use crate::language::PayloadLanguage;

/// Most lines left out before a table begins.
pub const CSV_SKIP_MAX: usize = 64;

/// What a device type's payloads have of their own, within their language. A member that has its
/// usual value is left out of the package's text.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[expect(clippy::exhaustive_structs, reason = "packages are written with it")]
pub struct Dialect {
    /// Tables: a line that begins with this character is a comment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comment: Option<char>,
    /// Tables: the decimal sign.
    #[serde(skip_serializing_if = "is_usual")]
    pub decimal: Decimal,
    /// Texts: the encoding where there is no byte order mark.
    #[serde(skip_serializing_if = "is_usual")]
    pub encoding: Encoding,
    /// Tables: what stands between cells.
    #[serde(skip_serializing_if = "is_usual")]
    pub separator: Separator,
    /// Tables: how many lines come before the one with the names.
    #[serde(skip_serializing_if = "is_usual")]
    pub skip: usize,
}

/// The decimal sign of a table's numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::exhaustive_enums, reason = "there are two")]
pub enum Decimal {
    /// `21.5`
    #[default]
    #[serde(rename = ".")]
    Point,
    /// `21,5`
    #[serde(rename = ",")]
    Comma,
}

/// An encoding of characters.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Encoding {
    /// UTF-8.
    #[default]
    #[serde(rename = "utf-8")]
    Utf8,
    /// Windows-1252, as [Encoding](https://encoding.spec.whatwg.org/#windows-1252) has it, without its
    /// five holes.
    #[serde(rename = "windows-1252")]
    Windows1252,
}

impl Encoding {
    /// Its name, as packages write it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Utf8 => "utf-8",
            Self::Windows1252 => "windows-1252",
        }
    }
}

/// What stands between the cells of a table.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Separator {
    /// `,`
    #[default]
    #[serde(rename = ",")]
    Comma,
    /// `;`
    #[serde(rename = ";")]
    Semicolon,
    /// A tab.
    #[serde(rename = "\t")]
    Tab,
    /// `|`
    #[serde(rename = "|")]
    Bar,
}

impl Separator {
    /// The character.
    #[must_use]
    pub const fn character(self) -> char {
        match self {
            Self::Comma => ',',
            Self::Semicolon => ';',
            Self::Tab => '\t',
            Self::Bar => '|',
        }
    }
}

/// Why a dialect does not fit its language.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DialectError {
    /// Stated for a language that does not have it.
    #[error("{member} is not for payloads in {language}")]
    NotOfLanguage {
        /// The member of the dialect.
        member: &'static str,
        /// The language.
        language: &'static str,
    },
    /// A comment begins with punctuation that means nothing else.
    #[error("comment is a sign of ASCII that is neither the separator nor a quote")]
    Comment,
    /// Beyond [`CSV_SKIP_MAX`].
    #[error("skip is at most {limit}")]
    Skip {
        /// The limit.
        limit: usize,
    },
}

impl Dialect {
    /// Whether nothing differs from what is usual.
    #[must_use]
    pub fn is_usual(&self) -> bool {
        is_usual(self)
    }

    /// Whether the dialect fits the language.
    ///
    /// # Errors
    /// The first member that does not.
    pub fn check(&self, language: PayloadLanguage) -> Result<(), DialectError> {
        let of_tables = [
            ("comment", self.comment.is_none()),
            ("decimal", is_usual(&self.decimal)),
            ("separator", is_usual(&self.separator)),
            ("skip", is_usual(&self.skip)),
        ];
        let stated = of_tables.iter().find(|(_, usual)| !usual);
        let language_name = language.name();
        if let (Some((member, _)), false) = (stated, language == PayloadLanguage::Csv) {
            return Err(DialectError::NotOfLanguage { member, language: language_name });
        }
        if !is_usual(&self.encoding) && language.is_binary() {
            let member = "encoding";
            return Err(DialectError::NotOfLanguage { member, language: language_name });
        }
        let fits =
            |c: char| c.is_ascii_punctuation() && c != '"' && c != self.separator.character();
        if !self.comment.is_none_or(fits) {
            return Err(DialectError::Comment);
        }
        if self.skip > CSV_SKIP_MAX {
            return Err(DialectError::Skip { limit: CSV_SKIP_MAX });
        }
        Ok(())
    }
}

fn is_usual<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn check(text: &str, language: PayloadLanguage, expected: Expect) {
        let dialect: Dialect = serde_json::from_str(text).expect("a dialect");
        let shown = match dialect.check(language) {
            Ok(()) => serde_json::to_string(&dialect).expect("serialises"),
            Err(error) => error.to_string(),
        };
        expected.assert_eq(&shown);
    }

    #[test]
    fn dialects() {
        use PayloadLanguage as L;
        check("{}", L::Cbor, expect!["{}"]);
        check(
            r##"{"separator":";","decimal":",","comment":"#","encoding":"utf-8","skip":2}"##,
            L::Csv,
            expect![[r##"{"comment":"#","decimal":",","separator":";","skip":2}"##]],
        );
        check(r#"{"separator":";"}"#, L::Json, expect!["separator is not for payloads in json"]);
        check(
            r#"{"encoding":"windows-1252"}"#,
            L::Cbor,
            expect!["encoding is not for payloads in cbor"],
        );
        check(
            r#"{"comment":"a"}"#,
            L::Csv,
            expect!["comment is a sign of ASCII that is neither the separator nor a quote"],
        );
        check(r#"{"skip":65}"#, L::Csv, expect!["skip is at most 64"]);
    }
}
