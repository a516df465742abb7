//! Recordings of streams, to be looked at and run again.
//!
//! A recording is [`MAGIC`], then every message each way: a byte for the direction, the length
//! (4, big-endian), the message as the wire has it. Secrets are left out unless they are asked for by
//! name: transient data, private values, and the answers that may have been made of those.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use fabric_protos::protos::ChaincodeMessage;
use fabric_protos::{DecodeError, Message as _};
use pervade_rpc::MESSAGE_BYTES_MAX;
use tracing::{info, warn};

use hide::Hider;

pub use replay::{ReplayError, replay};

mod hide;
mod replay;

/// How a recording begins: what it is, and the version of its form.
pub const MAGIC: [u8; 8] = *b"PERVREC\x01";

/// What to record, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "written out by programs")]
pub struct Recording {
    /// The file; each further stream has one with a number after this name.
    pub file: PathBuf,
    /// What is not left out.
    pub shown: Shown,
}

/// The secrets that a recording holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "one field for each kind of secret")]
pub struct Shown {
    /// Transient data of proposals.
    pub transient: bool,
    /// Values of private collections, and the answers of transactions that have read some.
    pub private: bool,
}

/// Who sent a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sender {
    Peer,
    Chaincode,
}

/// Most recordings that one name stands for.
const FILES_MAX: u32 = 1_000;

/// Writes one stream down.
pub(crate) struct Recorder {
    out: Option<BufWriter<File>>,
    hider: Hider,
}

impl Recorder {
    /// Opens a file that there was not before, for its owner alone.
    pub(crate) fn open(recording: &Recording) -> io::Result<Self> {
        use std::os::unix::fs::OpenOptionsExt as _;
        let mut options = OpenOptions::new();
        options.write(true).create_new(true).mode(0o600);
        for number in 0..FILES_MAX {
            let path = numbered(&recording.file, number);
            match options.open(&path) {
                Ok(file) => {
                    info!(file = %path.display(), "recording");
                    let mut out = BufWriter::new(file);
                    out.write_all(&MAGIC)?;
                    return Ok(Self { out: Some(out), hider: Hider::new(recording.shown) });
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
        Err(io::ErrorKind::AlreadyExists.into())
    }

    /// Writes a message down. The stream goes on if that fails, without a recording.
    pub(crate) fn note(&mut self, sender: Sender, message: &ChaincodeMessage) {
        let Some(out) = &mut self.out else { return };
        let hidden = self.hider.hide(sender, message.clone());
        if let Err(error) = write(out, sender, &hidden) {
            warn!(%error, "the recording ends here");
            self.out = None;
        }
    }
}

fn numbered(file: &Path, number: u32) -> PathBuf {
    if number == 0 {
        return file.to_owned();
    }
    let mut name = file.as_os_str().to_owned();
    name.push(format!(".{number}"));
    name.into()
}

fn write(out: &mut impl Write, sender: Sender, message: &ChaincodeMessage) -> io::Result<()> {
    let bytes = message.encode_to_vec();
    let length = u32::try_from(bytes.len()).map_err(|_long| io::ErrorKind::InvalidInput)?;
    out.write_all(&[match sender {
        Sender::Peer => 0,
        Sender::Chaincode => 1,
    }])?;
    out.write_all(&length.to_be_bytes())?;
    out.write_all(&bytes)?;
    // A recording is wanted most of a process that came to a bad end.
    out.flush()
}

/// Reads the next message; none at the end, and none if the recorder was interrupted within it.
fn read(input: &mut impl Read) -> Result<Option<(Sender, ChaincodeMessage)>, ReadError> {
    let mut head = [0; 5];
    match input.read_exact(&mut head) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        Err(error) => return Err(ReadError::File(error)),
    }
    let [sender, length @ ..] = head;
    let sender = match sender {
        0 => Sender::Peer,
        1 => Sender::Chaincode,
        _ => return Err(ReadError::NotRecorded),
    };
    let length = u32::from_be_bytes(length);
    // What hides a secret may be longer than the secret.
    if usize::try_from(length).is_ok_and(|length| length > MESSAGE_BYTES_MAX.saturating_mul(2)) {
        return Err(ReadError::NotRecorded);
    }
    let mut bytes = Vec::new();
    input.take(length.into()).read_to_end(&mut bytes).map_err(ReadError::File)?;
    if u32::try_from(bytes.len()) != Ok(length) {
        return Ok(None);
    }
    Ok(Some((sender, ChaincodeMessage::decode(bytes.as_slice()).map_err(ReadError::Message)?)))
}

/// Why a recording cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The file cannot be read.
    #[error("the recording cannot be read")]
    File(#[source] io::Error),
    /// It does not begin or go on as recordings do.
    #[error("this is no recording, or one of another version")]
    NotRecorded,
    /// It holds what is no message.
    #[error("the recording holds what is no message")]
    Message(#[source] DecodeError),
}

#[cfg(test)]
mod tests;
