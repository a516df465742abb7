//! The manager of devices: whose they are, what they may have, what they have done.
//!
//! A *device* is a key of its own that its owner, a registered user, answers for with a deposit. Nobody
//! can name a device in another's place: at registration the device's key signs whose it is. The
//! owner sets whether it is active and may install it again with another key; the key before is
//! then of no use, and so is every device that was installed under a key of the owner's that has
//! been replaced since.
//!
//! The manager of tasks gives a device tasks and reports what became of them. A device has a
//! few places for tasks at a time, each a key of its own. Results that cannot be are faults; too
//! many within a while make the device *suspect*: it loses a part of its deposit and gets no new
//! tasks until it is installed again.
//!
//! What is public about a device is what others need in order to deal with it. The name that its
//! owner gave it is kept among the private data of the owner's organisation.
//!
//! | Key | Value |
//! |---|---|
//! | (`device`, id) | [`Device`](record::Device) |
//! | (`device-key`, address) | [`DeviceKey`](record::DeviceKey), kept for ever |
//! | (`owned`, owner, device) | [`Owned`](record::Owned) |
//! | (`slot`, device, place) | [`Slot`](record::Slot) |
//! | (`standing`, device) | [`Standing`](record::Standing), kept for ever |
//! | (`attribute`, name, value, device), (`attributes`, device) | [`Attribute`](record::Attribute), [`Attributes`](record::Attributes) |
//! | (`life`, device, installs, transaction) | [`LifeEntry`](record::LifeEntry), kept for ever |
//! | the id, in the owner's organisation's implicit collection | [`Nickname`](record::Nickname) |
//!
//! The [rules] are functions of values; the contract is a thin binding of them to Fabric.

mod contract;
mod error;
pub mod record;
pub mod rules;

use pervade_chaincode::{Chaincode, ChaincodeName};

pub use contract::{Devices, DevicesClient};
pub use error::{DeviceError, Refusal};

/// Hexadecimal SHA-256 of the code that this contract is, down to the versions of the libraries in
/// it. A package that names it is another package when the code is other code.
pub const CODE_SHA256: &str = env!("PERVADE_CODE_SHA256");

/// The manager of devices, to be deployed under the given name, with its initialisation required.
#[must_use]
pub fn chaincode(name: ChaincodeName) -> Chaincode {
    Chaincode::new(name).with(Devices)
}
