//! Which device this is.

use std::fs::File;
use std::io::Read as _;

use pervade_ports::{Rng, RngError};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use thiserror::Error;

use crate::folder::{Folder, FolderError};

/// The device's id: hexadecimal SHA-256 of the board's serial number and a random salt.
///
/// It is made when the device starts for the first time. What is kept is the id and the salt, not
/// the serial number, which nobody learns from either.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    id: String,
    salt: [u8; SALT_BYTES],
}

impl Identity {
    /// The identity that is kept in the folder, or a new one, which is then kept.
    ///
    /// # Errors
    /// The folder belongs to another board, or cannot be used; there is no randomness to be had.
    pub fn open(folder: &Folder, serial: &Serial, rng: &dyn Rng) -> Result<Self, IdentityError> {
        let Some(kept) = folder.read_json::<Kept>(FILE)? else {
            return Self::renew(folder, serial, rng);
        };
        let mut salt = [0; SALT_BYTES];
        hex::decode_to_slice(&kept.salt, &mut salt).map_err(|_| IdentityError::Damaged)?;
        let identity = Self::of(serial, salt);
        if identity.id == kept.id { Ok(identity) } else { Err(IdentityError::OtherBoard) }
    }

    /// Another identity in the place of one that the ledger knows as another device's: the same
    /// board with another salt.
    ///
    /// # Errors
    /// The folder cannot be used, or there is no randomness to be had.
    pub fn renew(folder: &Folder, serial: &Serial, rng: &dyn Rng) -> Result<Self, IdentityError> {
        let mut salt = [0; SALT_BYTES];
        rng.fill(&mut salt)?;
        let identity = Self::of(serial, salt);
        let kept = Kept { id: identity.id.clone(), salt: hex::encode(salt) };
        folder.write_json(FILE, &kept)?;
        Ok(identity)
    }

    fn of(serial: &Serial, salt: [u8; SALT_BYTES]) -> Self {
        let digest = Sha256::new().chain_update(serial.0.as_bytes()).chain_update(salt).finalize();
        Self { id: hex::encode(digest), salt }
    }

    /// The id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }
}

const FILE: &str = "identity.json";
const SALT_BYTES: usize = 32;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    id: String,
    salt: String,
}

/// A board's serial number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Serial(String);

impl Serial {
    /// Most bytes of a serial number.
    pub const BYTES_MAX: usize = 256;

    /// A serial number that somebody names. Spaces and zeros around it do not count.
    ///
    /// # Errors
    /// It is empty or too long.
    pub fn new(text: &str) -> Result<Self, NoSerial> {
        let text = text.trim_matches(|c: char| c.is_whitespace() || c == '\0');
        let fits = (1..=Self::BYTES_MAX).contains(&text.len());
        if fits { Ok(Self(text.to_owned())) } else { Err(NoSerial) }
    }

    /// The serial number that this machine tells: of its chip, of its main board, or else the one
    /// that its system gave itself.
    ///
    /// # Errors
    /// It tells none.
    pub fn of_machine() -> Result<Self, NoSerial> {
        PLACES.iter().find_map(|place| Self::told_at(place)).ok_or(NoSerial)
    }

    fn told_at(place: &str) -> Option<Self> {
        let limit = u64::try_from(Self::BYTES_MAX).unwrap_or_default();
        let mut text = String::new();
        File::open(place).ok()?.take(limit).read_to_string(&mut text).ok()?;
        Self::new(&text).ok()
    }
}

/// Where machines tell serial numbers, the most lasting first.
const PLACES: [&str; 3] =
    ["/proc/device-tree/serial-number", "/sys/class/dmi/id/product_uuid", "/etc/machine-id"];

/// No serial number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("there is no serial number of 1 to {} bytes", Serial::BYTES_MAX)]
#[non_exhaustive]
pub struct NoSerial;

/// Why a device has no identity.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum IdentityError {
    /// The folder cannot be used.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The source of randomness did not answer.
    #[error(transparent)]
    Randomness(#[from] RngError),
    /// The salt is none.
    #[error("the salt of the device's id is damaged")]
    Damaged,
    /// The id was made on a board with another serial number: the folder was copied.
    #[error("the device's id was made on another board")]
    OtherBoard,
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use pervade_ports::system::{SystemFiles, SystemRng};
    use sha2::{Digest as _, Sha256};
    use tempfile::TempDir;

    use super::{FILE, Identity, IdentityError, Serial};
    use crate::folder::Folder;

    fn home() -> (TempDir, Folder) {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::open(Arc::new(SystemFiles), place.path().join("home")).unwrap();
        (place, folder)
    }

    fn serial(text: &str) -> Serial {
        Serial::new(text).unwrap()
    }

    /// W-29: the id is the hash of the serial number and a salt, and another one on every
    /// installation of one board.
    #[test]
    fn an_id_is_the_hash_of_serial_number_and_salt() {
        let ((_first, one), (_second, other)) = (home(), home());
        let board = serial("10000000e3a5b7c9");
        let identity = Identity::open(&one, &board, &SystemRng).unwrap();
        let mut hashed = b"10000000e3a5b7c9".to_vec();
        hashed.extend_from_slice(&identity.salt);
        assert_eq!(identity.id(), hex::encode(Sha256::digest(&hashed)));
        assert_eq!(identity.id().len(), 64);
        let again = Identity::open(&other, &board, &SystemRng).unwrap();
        assert_ne!(identity.id(), again.id());
    }

    /// W-30: the first start makes the id, the second uses it again; without its folder the device
    /// is another.
    #[test]
    fn the_first_start_makes_the_id_and_later_ones_use_it() {
        let (_place, folder) = home();
        let board = serial("42");
        let first = Identity::open(&folder, &board, &SystemRng).unwrap();
        assert_eq!(Identity::open(&folder, &board, &SystemRng).unwrap(), first);
        folder.remove(FILE).unwrap();
        assert_ne!(Identity::open(&folder, &board, &SystemRng).unwrap(), first);
    }

    /// W-31: an id that is taken gives way to one with another salt, which later starts use.
    #[test]
    fn a_taken_id_gives_way_to_another() {
        let (_place, folder) = home();
        let board = serial("42");
        let taken = Identity::open(&folder, &board, &SystemRng).unwrap();
        let renewed = Identity::renew(&folder, &board, &SystemRng).unwrap();
        assert_ne!(renewed.id(), taken.id());
        assert_eq!(Identity::open(&folder, &board, &SystemRng).unwrap(), renewed);
    }

    /// W-29: a device's folder is of no use on another board.
    #[test]
    fn a_folder_belongs_to_its_board() {
        let (_place, folder) = home();
        Identity::open(&folder, &serial("42"), &SystemRng).unwrap();
        let moved = Identity::open(&folder, &serial("43"), &SystemRng);
        assert!(matches!(moved, Err(IdentityError::OtherBoard)), "{moved:?}");
    }

    #[test]
    fn a_serial_number_is_read_as_machines_write_it() {
        assert_eq!(serial("10000000e3a5b7c9\0"), serial(" 10000000e3a5b7c9\n"));
        for wrong in ["", " \n", "\0", &"7".repeat(257)] {
            assert!(Serial::new(wrong).is_err(), "{wrong:?}");
        }
    }
}
