//! Files that a device seals before they leave it, for one reader and one task.
//!
//! Two key pairs are made for each task, and neither is used for another:
//!
//! 1. The task's creator makes a [`ReaderKey`] before the task; its public half is a parameter of
//!    the task.
//! 2. The device makes a [`TaskKey`] after it has done the work, and tells its public half with the
//!    result. Its secret half is never written anywhere.
//!
//! The file is sealed by HPKE ([RFC 9180][rfc]) in mode Auth: a fresh key encrypts the data, is
//! agreed on with the reader's key, and bound to the task key. The suite is DHKEM(X25519,
//! HKDF-SHA256), HKDF-SHA256, `ChaCha20Poly1305`; one key, one message.
//!
//! ```text
//! sealed file   magic (6) = "PVSEAL" | version (1) = 1 | enc (32) | ciphertext (as the data) | tag (16)
//! aad           magic | version
//! info          "pervade sealed file 1" | channel | contract | task, each after its length (4, big-endian)
//! ```
//!
//! What this shows a reader, and what it does not:
//!
//! - Only the reader can open the file; not even the device can, once it has sealed it. Who learns
//!   the secret of one task's key opens nothing of another task.
//! - Whoever opens the file knows that the task key sealed it for this channel, contract and task.
//! - Nobody else can be shown that: the reader's key could have made the same file. That the *device*
//!   made it, its own signature says, over the file's identifier and the task key together.
//!
//! [rfc]: https://www.rfc-editor.org/rfc/rfc9180

mod context;
mod keys;
mod seal;
mod sealed;
mod suite;

pub use context::{InvalidTask, SealContext};
pub use keys::{
    KeyFileError, NoRandomness, PublicKeyError, ReaderKey, ReaderPublic, TaskKey, TaskPublic,
};
pub use seal::{Refused, SealError, open, seal};
pub use sealed::{PLAINTEXT_BYTES_MAX, Sealed, SealedError};
