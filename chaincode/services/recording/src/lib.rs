//! The recording contract: payloads validated, normalised and kept.
//!
//! A device signs a payload as a transaction. The contract asks the registry contract, on the
//! ledger and in the same transaction, what the payload says, and writes a [`Record`](record::Record): who the
//! device is, which package was used, and the digest of the quads. Whoever has the payload and
//! the package can compute the quads again and compare.
//!
//! **Devices.** Who signs is read from the certificate in the proposal, never from an argument:
//! the device's account is the address of its public key, and the peers have checked that the
//! certificate leads to its organisation's root and is not revoked. Only enrolled devices
//! record: an administrator of the device's organisation (a certificate with the
//! organisational unit `admin`) has named the device type before, with `enroll_device`, and
//! may name another later. A device records with its type's package alone.
//!
//! **Public or private.** A public record holds the payload. A private one is of a collection
//! of private data: payload and salt travel as transient data (`payload`, `salt`), which a
//! nested call sees in the same signed proposal, and the record holds one salted digest that
//! binds payload and quads without telling of either. The members of the collection hold payload,
//! salt and quads, and read them back with `get_private`.
//!
//! | Key | Value |
//! |---|---|
//! | `record/<transaction>` | [`Record`](record::Record), canonical JSON |
//! | the same, in a collection | [`PrivatePayload`](record::PrivatePayload), canonical JSON |
//! | `device/<address>` | [`Enrolled`](record::Enrolled), canonical JSON |
//!
//! Every record emits the event [`EVENT`] with a [`Recorded`](record::Recorded).

mod contract;
mod device;
mod error;
pub mod record;

use pervade_chaincode::{Chaincode, ChaincodeName};

pub use contract::{
    EVENT, PAYLOAD_BYTES_MAX, Recording, RecordingClient, TRANSIENT_PAYLOAD, TRANSIENT_SALT,
};
pub use error::RecordingError;

/// Hexadecimal SHA-256 of the code that this contract is, down to the versions of the libraries in
/// it. A package that names it is another package when the code is other code.
pub const CODE_SHA256: &str = env!("PERVADE_CODE_SHA256");

/// The recording contract, to be deployed under the given name, which calls the registry
/// deployed under the other.
#[must_use]
pub fn chaincode(name: ChaincodeName, registry: ChaincodeName) -> Chaincode {
    Chaincode::new(name).with(Recording::new(registry))
}
