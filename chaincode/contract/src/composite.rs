//! Composite keys: several values in one key, ordered by each in turn.

/// A key made of an object type and attributes.
///
/// `U+0000 type U+0000 attribute U+0000 …`, as Fabric's libraries build it: plain ranges skip
/// everything that begins with U+0000, so composite keys are a space of their own.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CompositeKey(String);

impl CompositeKey {
    /// Most attributes of a key.
    pub const ATTRIBUTES_MAX: usize = 64;

    /// Joins an object type and attributes. The attributes may be the first few only, to ask for
    /// every key that begins with them.
    ///
    /// # Errors
    /// If the type is empty, or a part holds U+0000 or U+10FFFF, which delimit keys and ranges.
    pub fn new<A: AsRef<str>>(
        object_type: &str,
        attributes: impl IntoIterator<Item = A>,
    ) -> Result<Self, CompositeKeyError> {
        if object_type.is_empty() {
            return Err(CompositeKeyError::NoObjectType);
        }
        let mut key = String::from(DELIMITER);
        append(&mut key, object_type, 0)?;
        for (index, attribute) in attributes.into_iter().enumerate() {
            if index >= Self::ATTRIBUTES_MAX {
                return Err(CompositeKeyError::TooManyAttributes);
            }
            append(&mut key, attribute.as_ref(), index.saturating_add(1))?;
        }
        Ok(Self(key))
    }

    /// Splits a key as the ledger returns it into object type and attributes.
    ///
    /// # Errors
    /// If it is not a composite key.
    pub fn split(key: &str) -> Result<(&str, Vec<&str>), CompositeKeyError> {
        let inner = key
            .strip_prefix(DELIMITER)
            .and_then(|rest| rest.strip_suffix(DELIMITER))
            .ok_or(CompositeKeyError::NotComposite)?;
        let mut parts = inner.split(DELIMITER);
        let object_type = parts.next().filter(|part| !part.is_empty());
        Ok((object_type.ok_or(CompositeKeyError::NotComposite)?, parts.collect()))
    }

    /// The key as the ledger holds it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The end of the range of keys that begin with this one.
    #[must_use]
    pub(crate) fn range_end(&self) -> String {
        format!("{}{LAST}", self.0)
    }
}

impl AsRef<str> for CompositeKey {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

/// Why a composite key was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CompositeKeyError {
    /// The object type is empty.
    #[error("a composite key needs an object type")]
    NoObjectType,
    /// A part holds a character that delimits keys.
    #[error("part {part} of a composite key holds U+0000 or U+10FFFF")]
    Delimiter {
        /// 0 is the object type, 1 the first attribute.
        part: usize,
    },
    /// More than [`CompositeKey::ATTRIBUTES_MAX`] attributes.
    #[error("a composite key has at most {max} attributes", max = CompositeKey::ATTRIBUTES_MAX)]
    TooManyAttributes,
    /// The key to split is no composite key.
    #[error("not a composite key")]
    NotComposite,
}

/// Before, between and after the parts.
pub(crate) const DELIMITER: char = '\0';

/// Sorts after every other character, so that it ends a range of prefixes.
pub(crate) const LAST: char = '\u{10FFFF}';

fn append(key: &mut String, part: &str, index: usize) -> Result<(), CompositeKeyError> {
    if part.contains([DELIMITER, LAST]) {
        return Err(CompositeKeyError::Delimiter { part: index });
    }
    key.push_str(part);
    key.push(DELIMITER);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{CompositeKey, CompositeKeyError};

    #[test]
    fn parts_are_delimited_on_both_sides() {
        let key = CompositeKey::new("owner", ["ann", "", "7"]).unwrap();
        assert_eq!(key.as_str(), "\0owner\0ann\0\x007\0");
        assert_eq!(CompositeKey::split(key.as_str()), Ok(("owner", vec!["ann", "", "7"])));
    }

    #[test]
    fn a_type_alone_is_a_key() {
        let key = CompositeKey::new("owner", [""; 0]).unwrap();
        assert_eq!(CompositeKey::split(key.as_str()), Ok(("owner", vec![])));
    }

    #[test]
    fn delimiters_are_refused() {
        let refused = |part| Err(CompositeKeyError::Delimiter { part });
        assert_eq!(CompositeKey::new("a\0", ["b"]), refused(0));
        assert_eq!(CompositeKey::new("a", ["b", "\u{10FFFF}"]), refused(2));
        assert_eq!(CompositeKey::new("", ["b"]), Err(CompositeKeyError::NoObjectType));
        let many = vec!["a"; CompositeKey::ATTRIBUTES_MAX + 1];
        assert_eq!(CompositeKey::new("a", many), Err(CompositeKeyError::TooManyAttributes));
    }

    #[test]
    fn other_keys_do_not_split() {
        for key in ["", "\0", "\0\0", "plain", "\0open", "closed\0"] {
            assert_eq!(CompositeKey::split(key), Err(CompositeKeyError::NotComposite), "{key:?}");
        }
    }
}
