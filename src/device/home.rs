//! A device's folder.

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use pervade_device::{DeviceKey, Folder, Identity, Serial};
use pervade_devices::record::DeviceId;
use pervade_ports::system::{SystemFiles, SystemRng};

use crate::failure::{Failure, OrFail as _};

/// Where a device keeps what is its own.
#[derive(Args, Clone, Debug)]
pub(crate) struct Home {
    /// The device's folder
    #[arg(long, value_name = "DIR")]
    home: PathBuf,
    /// The board's serial number [default: the one that this machine tells]
    #[arg(long, value_name = "TEXT")]
    serial: Option<String>,
}

impl Home {
    /// The one in a folder.
    pub(crate) fn of(home: PathBuf, serial: Option<String>) -> Self {
        Self { home, serial }
    }

    /// The folder, for its owner alone if it is made now.
    pub(crate) fn folder(&self) -> Result<Folder, Failure> {
        let path = &self.home;
        let unusable = || format!("{} cannot be used", path.display());
        let made = DirBuilder::new().recursive(true).mode(OWNER_ONLY).create(path);
        made.or_fail_with("NO_HOME", unusable)?;
        let folder = Folder::open(Arc::new(SystemFiles), path.clone());
        folder.or_fail_with("NO_HOME", unusable)
    }

    pub(crate) fn identity(&self, folder: &Folder) -> Result<Identity, Failure> {
        let identity = Identity::open(folder, &self.serial()?, &SystemRng);
        identity.or_fail("NO_DEVICE", "the device has no id")
    }

    /// Another id in the place of one that is taken.
    pub(crate) fn renewed(&self, folder: &Folder) -> Result<Identity, Failure> {
        let identity = Identity::renew(folder, &self.serial()?, &SystemRng);
        identity.or_fail("NO_DEVICE", "the device has no id")
    }

    fn serial(&self) -> Result<Serial, Failure> {
        let serial = self.serial.as_deref().map_or_else(Serial::of_machine, Serial::new);
        serial.or_fail("NO_SERIAL", "the board has no serial number; --serial gives it one")
    }
}

/// Permissions of a new folder.
const OWNER_ONLY: u32 = 0o700;

pub(crate) fn key(folder: &Folder) -> Result<DeviceKey, Failure> {
    DeviceKey::open(folder).or_fail("NO_DEVICE", "the device has no key")
}

pub(crate) fn id(identity: &Identity) -> Result<DeviceId, Failure> {
    identity.id().parse().or_fail("INTERNAL", "the device's id is none")
}
