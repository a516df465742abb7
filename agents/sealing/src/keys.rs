use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use pervade_ports::{OpenMode, Rng, Vfs};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use zeroize::Zeroizing;

use crate::suite::{KEY_BYTES, KeyPair};

/// The key pair of a task's creator, who reads what is sealed for it. One for each task.
///
/// It can be written to a file and read again, and shown in no other way: `Debug` shows the public
/// half.
pub struct ReaderKey(KeyPair);

impl ReaderKey {
    /// Makes a new one.
    ///
    /// # Errors
    /// There is no randomness to be had.
    pub fn generate(rng: &dyn Rng) -> Result<Self, NoRandomness> {
        KeyPair::generate(rng).map(Self).map_err(|_dry| NoRandomness)
    }

    /// The half that the task tells.
    #[must_use]
    pub fn public(&self) -> ReaderPublic {
        ReaderPublic(self.0.public())
    }

    /// Writes the secret to a new file, for its owner alone, which must not be there yet.
    ///
    /// # Errors
    /// The file is there, or cannot be written.
    pub fn save(&self, files: &dyn Vfs, path: &Path) -> Result<(), KeyFileError> {
        let write = || {
            let file = files.open(path, OpenMode::CreateNew)?;
            file.write_at(0, self.to_text().as_slice())?;
            file.sync()?;
            path.parent().map_or(Ok(()), |folder| files.sync_dir(or_here(folder)))
        };
        write().map_err(|source| KeyFileError::Io { path: path.to_owned(), source })
    }

    /// Reads a file that [`ReaderKey::save`] wrote.
    ///
    /// # Errors
    /// There is none, or it holds something else.
    pub fn load(files: &dyn Vfs, path: &Path) -> Result<Self, KeyFileError> {
        let mut text = Zeroizing::new([0; TEXT_BYTES]);
        let mut read = || {
            let file = files.open(path, OpenMode::ReadOnly)?;
            let is_as_long = file.len()? == u64::try_from(TEXT_BYTES).unwrap_or(u64::MAX);
            is_as_long.then(|| file.read_at(0, text.as_mut_slice())).transpose()
        };
        let found = read().map_err(|source| KeyFileError::Io { path: path.to_owned(), source })?;
        let key = found.and_then(|()| Self::from_text(&text));
        key.ok_or_else(|| KeyFileError::Content { path: path.to_owned() })
    }

    pub(crate) fn pair(&self) -> &KeyPair {
        &self.0
    }

    #[cfg(test)]
    pub(crate) fn of(pair: KeyPair) -> Self {
        Self(pair)
    }

    fn to_text(&self) -> Zeroizing<[u8; TEXT_BYTES]> {
        let mut digits = Zeroizing::new([0; 2 * KEY_BYTES]);
        // Two digits for each byte: there is room.
        let encoded = hex::encode_to_slice(self.0.secret().as_slice(), digits.as_mut_slice());
        debug_assert_eq!(encoded, Ok(()), "a secret of 32 bytes has 64 digits");
        let mut text = Zeroizing::new([b'\n'; TEXT_BYTES]);
        for (byte, written) in text.iter_mut().zip(LABEL.iter().chain(digits.iter())) {
            *byte = *written;
        }
        text
    }

    fn from_text(text: &[u8; TEXT_BYTES]) -> Option<Self> {
        let digits = text.strip_prefix(LABEL)?.strip_suffix(b"\n")?;
        let mut secret = Zeroizing::new([0; KEY_BYTES]);
        hex::decode_to_slice(digits, secret.as_mut_slice()).ok()?;
        KeyPair::from_secret(&secret).map(Self)
    }
}

/// What a key's file begins with.
const LABEL: &[u8] = b"pervade-reader-key-1 ";

/// The label, 64 digits and the line's end.
const TEXT_BYTES: usize = LABEL.len() + 2 * KEY_BYTES + 1;

/// The folder of a path without one is the present one.
fn or_here(folder: &Path) -> &Path {
    if folder.as_os_str().is_empty() { Path::new(".") } else { folder }
}

impl fmt::Debug for ReaderKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReaderKey").field("public", &self.public()).finish_non_exhaustive()
    }
}

/// The key pair of a device, which seals the result of one task. Made when the work is done.
///
/// It is written nowhere: a device that stops before its result is accepted makes another and
/// seals again. `Debug` shows the public half.
pub struct TaskKey(KeyPair);

impl TaskKey {
    /// Makes a new one.
    ///
    /// # Errors
    /// There is no randomness to be had.
    pub fn generate(rng: &dyn Rng) -> Result<Self, NoRandomness> {
        KeyPair::generate(rng).map(Self).map_err(|_dry| NoRandomness)
    }

    /// The half that the result tells.
    #[must_use]
    pub fn public(&self) -> TaskPublic {
        TaskPublic(self.0.public())
    }

    pub(crate) fn pair(&self) -> &KeyPair {
        &self.0
    }
}

impl fmt::Debug for TaskKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TaskKey").field("public", &self.public()).finish_non_exhaustive()
    }
}

/// The public half of a [`ReaderKey`]: as text, 64 small hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ReaderPublic([u8; KEY_BYTES]);

/// The public half of a [`TaskKey`]: as text, 64 small hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TaskPublic([u8; KEY_BYTES]);

macro_rules! public_half {
    ($name:ident) => {
        impl $name {
            /// The key as X25519 writes it.
            #[must_use]
            pub fn as_bytes(&self) -> &[u8; KEY_BYTES] {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&hex::encode(self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = PublicKeyError;

            fn from_str(text: &str) -> Result<Self, PublicKeyError> {
                read_public(text).map(Self)
            }
        }

        impl TryFrom<String> for $name {
            type Error = PublicKeyError;

            fn try_from(text: String) -> Result<Self, PublicKeyError> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(key: $name) -> Self {
                key.to_string()
            }
        }
    };
}

public_half!(ReaderPublic);
public_half!(TaskPublic);

/// X25519 takes several forms for one key; only the shortest number is read here, so that equal
/// keys are equal texts.
fn read_public(text: &str) -> Result<[u8; KEY_BYTES], PublicKeyError> {
    let mut key = [0; KEY_BYTES];
    let is_small = !text.bytes().any(|byte| byte.is_ascii_uppercase());
    let decoded = hex::decode_to_slice(text, &mut key);
    if !is_small || decoded.is_err() {
        return Err(PublicKeyError::Text);
    }
    let is_reduced = key.iter().rev().lt(FIELD.iter().rev());
    if is_reduced { Ok(key) } else { Err(PublicKeyError::Form) }
}

/// 2²⁵⁵ − 19, the lowest byte first.
const FIELD: [u8; KEY_BYTES] = {
    let mut field = [0xff; KEY_BYTES];
    field[0] = 0xed;
    field[KEY_BYTES - 1] = 0x7f;
    field
};

/// The source of randomness did not answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("no random bytes to be had")]
#[non_exhaustive]
pub struct NoRandomness;

/// Why a text is no public key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PublicKeyError {
    /// Other characters, or more or fewer of them.
    #[error("a public key is 64 small hexadecimal digits")]
    Text,
    /// Another form of a key that has a shorter one.
    #[error("the public key is not in its shortest form")]
    Form,
}

/// Why a key was not written to a file or read from it.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum KeyFileError {
    /// The file is there already, or is not, or the disk failed.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file holds something else.
    #[error("{} holds no reader's key", path.display())]
    Content {
        /// The file.
        path: PathBuf,
    },
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use expect_test::{Expect, expect};
    use pervade_ports::system::{SystemFiles, SystemRng};

    use super::{ReaderKey, ReaderPublic, TaskKey, TaskPublic};

    /// W-90: the creator keeps the key until the result is there.
    #[test]
    fn a_reader_key_is_kept_in_a_file_of_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("task-7.key");
        let key = ReaderKey::generate(&SystemRng).unwrap();
        key.save(&SystemFiles, &path).unwrap();
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600, "owner only");
        let read = ReaderKey::load(&SystemFiles, &path).unwrap();
        assert_eq!(*read.0.secret(), *key.0.secret());
        assert_eq!(read.public(), key.public());
        let again = key.save(&SystemFiles, &path).unwrap_err();
        assert!(again.to_string().contains("exists"), "a key is never written over: {again}");
    }

    #[test]
    fn a_damaged_key_file_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        let digits = "1".repeat(64);
        for content in [
            String::new(),
            format!("pervade-reader-key-1 {digits}"),
            format!("pervade-reader-key-1 {digits}\n\n"),
            format!("pervade-reader-key-2 {digits}\n"),
            format!("pervade-reader-key-1 g{}\n", &digits[1..]),
        ] {
            std::fs::write(&path, &content).unwrap();
            let refused = ReaderKey::load(&SystemFiles, &path).unwrap_err();
            assert!(refused.to_string().ends_with("holds no reader's key"), "{content:?}");
        }
        std::fs::remove_file(&path).unwrap();
        let missing = ReaderKey::load(&SystemFiles, &path).unwrap_err();
        assert!(missing.to_string().contains("No such file"), "{missing}");
    }

    /// W-92: no secret is shown by accident.
    #[test]
    fn debug_shows_nothing_secret() {
        let reader = ReaderKey::generate(&SystemRng).unwrap();
        let task = TaskKey::generate(&SystemRng).unwrap();
        let shown = format!("{reader:?} {reader:#?} {task:?} {task:#?}");
        for secret in [reader.0.secret(), task.0.secret()] {
            assert!(!shown.contains(&hex::encode(*secret)), "in digits");
            assert!(!shown.contains(&format!("{:?}", *secret)), "in numbers");
        }
        assert!(shown.contains(&task.public().to_string()), "the public half is shown");
    }

    /// W-89: a key in a result is one text and no other.
    #[test]
    fn a_public_key_has_one_form() {
        fn check(text: &str, expected: Expect) {
            let reader = text.parse::<ReaderPublic>().map(|key| key.to_string());
            let task = text.parse::<TaskPublic>().map(|key| key.to_string());
            assert_eq!(reader, task, "both alike");
            expected.assert_eq(&reader.unwrap_or_else(|error| error.to_string()));
        }
        let digits = |first: &str, last: &str| format!("{first}{}{last}", "ff".repeat(30));
        check(
            "f0f4f9e96c54aeed3f323de8534fffd7e0577e4ce269896716bcb95643c8712b",
            expect!["f0f4f9e96c54aeed3f323de8534fffd7e0577e4ce269896716bcb95643c8712b"],
        );
        check(
            "F0f4f9e96c54aeed3f323de8534fffd7e0577e4ce269896716bcb95643c8712b",
            expect!["a public key is 64 small hexadecimal digits"],
        );
        check("f0f4", expect!["a public key is 64 small hexadecimal digits"]);
        check("", expect!["a public key is 64 small hexadecimal digits"]);
        check(
            &digits("ec", "7f"),
            expect!["ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"],
        );
        check(&digits("ed", "7f"), expect!["the public key is not in its shortest form"]);
        check(&digits("00", "ff"), expect!["the public key is not in its shortest form"]);
    }

    #[test]
    fn a_public_key_is_a_text_in_json() {
        let key = TaskKey::generate(&SystemRng).unwrap().public();
        let json = serde_json::to_string(&key).unwrap();
        assert_eq!(json, format!("\"{key}\""));
        assert_eq!(serde_json::from_str::<TaskPublic>(&json).unwrap(), key);
        assert!(serde_json::from_str::<TaskPublic>("\"00\"").is_err(), "too short");
    }
}
