use pervade_ports::Rng;
use thiserror::Error;
use zeroize::Zeroizing;

use crate::context::SealContext;
use crate::keys::{ReaderKey, ReaderPublic, TaskKey, TaskPublic};
use crate::sealed::{HEAD, PLAINTEXT_BYTES_MAX, Sealed};
use crate::suite::{self, Failure, Terms};

/// Seals data for one reader and one task.
///
/// # Errors
/// There is too much of it, no randomness, or the reader's key is none.
pub fn seal(
    data: &[u8],
    reader: &ReaderPublic,
    task_key: &TaskKey,
    context: &SealContext,
    rng: &dyn Rng,
) -> Result<Sealed, SealError> {
    if data.len() > PLAINTEXT_BYTES_MAX {
        return Err(SealError::TooLarge { bytes: data.len() });
    }
    let terms = Terms { info: &context.info(), aad: HEAD };
    // Wiped, should it not come to be encrypted.
    let mut data = Zeroizing::new(data.to_vec());
    let mode = task_key.pair().seals();
    let sealed = suite::seal(&mode, reader.as_bytes(), terms, data.as_mut_slice(), rng);
    match sealed {
        Ok(added) => Ok(Sealed::join(&added, &data)),
        Err(Failure::Randomness) => Err(SealError::Randomness),
        Err(Failure::Reader) => Err(SealError::Reader { key: *reader }),
    }
}

/// Opens what a task key sealed for this reader and task. What comes out is wiped when dropped.
///
/// # Errors
/// The file was altered, or sealed by another key, for another reader or for another task.
pub fn open(
    sealed: &Sealed,
    reader_key: &ReaderKey,
    task: &TaskPublic,
    context: &SealContext,
) -> Result<Zeroizing<Vec<u8>>, Refused> {
    let terms = Terms { info: &context.info(), aad: HEAD };
    let (added, ciphertext) = sealed.split().ok_or(Refused)?;
    let mode = suite::sealed_by(task.as_bytes()).map_err(|_key| Refused)?;
    let mut data = Zeroizing::new(ciphertext.to_vec());
    let opened = suite::open(&mode, reader_key.pair(), terms, data.as_mut_slice(), &added);
    opened.map(|()| data).map_err(|_why| Refused)
}

/// Why data was not sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SealError {
    /// More than [`PLAINTEXT_BYTES_MAX`].
    #[error("{bytes} bytes are too many to seal at once")]
    TooLarge {
        /// How many there are.
        bytes: usize,
    },
    /// The source of randomness did not answer.
    #[error("no random bytes to be had")]
    Randomness,
    /// A point that makes every shared secret the same.
    #[error("{key} is no key to seal for")]
    Reader {
        /// The reader's key.
        key: ReaderPublic,
    },
}

/// The file does not open: altered, or sealed by another key, for another reader or another task.
/// Which of them cannot be told, and no part of the file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("not sealed by that key for this reader and task, or altered since")]
pub struct Refused;

#[cfg(test)]
mod tests {
    use fabric_protos::id::{ChaincodeName, ChannelId};
    use pervade_ports::system::SystemRng;

    use super::{Refused, SealError, open, seal};
    use crate::context::SealContext;
    use crate::keys::{ReaderKey, TaskKey};
    use crate::sealed::PLAINTEXT_BYTES_MAX;
    use crate::suite::KeyPair;

    fn context() -> SealContext {
        let channel = ChannelId::new("ch").unwrap();
        SealContext::new(channel, ChaincodeName::new("tasks").unwrap(), "7").unwrap()
    }

    /// W-92, W-105: a task's own key, stolen from the device, does not open what it sealed.
    #[test]
    fn the_task_key_opens_nothing() {
        let reader = ReaderKey::generate(&SystemRng).unwrap();
        let task = TaskKey::generate(&SystemRng).unwrap();
        let sealed = seal(b"data", &reader.public(), &task, &context(), &SystemRng).unwrap();
        let stolen = ReaderKey::of(KeyPair::from_secret(&task.pair().secret()).unwrap());
        let refused = open(&sealed, &stolen, &task.public(), &context()).unwrap_err();
        assert_eq!(refused, Refused);
        assert_eq!(**open(&sealed, &reader, &task.public(), &context()).unwrap(), *b"data");
    }

    /// The points of low order make every secret zero, so that anybody could open the file.
    #[test]
    fn nothing_is_sealed_for_a_point_of_low_order() {
        let task = TaskKey::generate(&SystemRng).unwrap();
        for low in [
            "0000000000000000000000000000000000000000000000000000000000000000",
            "0100000000000000000000000000000000000000000000000000000000000000",
            "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
            "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
            "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
        ] {
            let reader = low.parse().unwrap();
            let sealed = seal(b"data", &reader, &task, &context(), &SystemRng);
            assert_eq!(sealed.unwrap_err(), SealError::Reader { key: reader }, "{low}");
        }
    }

    #[test]
    fn data_is_sealed_up_to_a_limit() {
        let reader = ReaderKey::generate(&SystemRng).unwrap();
        let task = TaskKey::generate(&SystemRng).unwrap();
        let data = vec![0; PLAINTEXT_BYTES_MAX + 1];
        let refused = seal(&data, &reader.public(), &task, &context(), &SystemRng).unwrap_err();
        assert_eq!(refused, SealError::TooLarge { bytes: PLAINTEXT_BYTES_MAX + 1 });
    }
}
