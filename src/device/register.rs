//! `pervade device register|reinstall`: whose a device is, by its own key.

use std::path::PathBuf;

use clap::Args;
use pervade_devices::record::{DeviceId, InstallStatement, NewDevice};
use pervade_platform::{AccountId, KeyProof};

use super::home::{Home, id, key};
use crate::failure::{Failure, OrFail as _};
use crate::output::Output;
use crate::platform::{At, OrRefused as _, Session, prove};

/// Where the device's own key is.
#[derive(Args, Debug)]
pub(crate) struct Holder {
    /// The device's folder, as `pervade device new` makes it
    #[arg(long, value_name = "DIR", conflicts_with = "device")]
    home: Option<PathBuf>,
    /// The board's serial number, if the folder was made with one
    #[arg(long, value_name = "TEXT", requires = "home")]
    serial: Option<String>,
    /// The identity of this network whose key is the device's
    #[arg(long, value_name = "NAME@DOMAIN", required_unless_present = "home")]
    device: Option<String>,
}

impl Holder {
    /// The id that the device has given itself.
    fn id(&self) -> Result<DeviceId, Failure> {
        let nameless = || Failure::usage("a device that has no folder is given an ID");
        let home = self.home()?.ok_or_else(nameless)?;
        id(&home.identity(&home.folder()?)?)
    }

    fn prove(&self, session: &Session, statement: &InstallStatement) -> Result<KeyProof, Failure> {
        if let Some(home) = self.home()? {
            let proof = key(&home.folder()?)?.prove(statement);
            return proof.or_fail("NO_DEVICE", "the device's key cannot sign");
        }
        let member = session.known.member(self.device.as_deref())?;
        prove(&session.known, member, statement)
    }

    fn home(&self) -> Result<Option<Home>, Failure> {
        let Some(home) = self.home.clone() else { return Ok(None) };
        if home.is_dir() {
            return Ok(Some(Home::of(home, self.serial.clone())));
        }
        let text = format!("{} is no device's: `pervade device new` makes one", home.display());
        Err(Failure::new("NO_HOME", text))
    }
}

/// Which device to register.
#[derive(Args, Debug)]
pub(crate) struct Register {
    /// What to call it: 8 to 64 letters, digits, '.', '_' and '-', used by no device before
    /// [default: the id in the device's folder]
    id: Option<DeviceId>,
    #[command(flatten)]
    holder: Holder,
    #[command(flatten)]
    at: At,
}

impl Register {
    pub(super) async fn run(self, output: Output) -> Result<(), Failure> {
        let session = self.at.open().await?;
        let owner = session.account(None).await?;
        let id = self.id.map_or_else(|| self.holder.id(), Ok)?;
        let key = self.holder.prove(&session, &statement(&session, &id, (owner, 0)))?;
        let new = NewDevice { id, key };
        let call = async |mut network| session.devices(&mut network).register(new.clone()).await;
        output.report(&session.submit(output, call).await?)
    }
}

/// Which device to install again.
#[derive(Args, Debug)]
pub(crate) struct Reinstall {
    /// The device
    id: DeviceId,
    #[command(flatten)]
    holder: Holder,
    #[command(flatten)]
    at: At,
}

impl Reinstall {
    pub(super) async fn run(self, output: Output) -> Result<(), Failure> {
        let session = self.at.open().await?;
        let mut network = session.network();
        let known = session.devices(&mut network).device(self.id.clone()).await.or_refused()?;
        let statement = statement(&session, &self.id, (known.owner, known.installs));
        let key = self.holder.prove(&session, &statement)?;
        let call = async |mut network| {
            session.devices(&mut network).reinstall(self.id.clone(), key.clone()).await
        };
        output.report(&session.submit(output, call).await?)
    }
}

/// What the device's key signs: whose the device is from now on.
fn statement(
    session: &Session,
    device: &DeviceId,
    (owner, installs): (AccountId, u32),
) -> InstallStatement {
    InstallStatement {
        channel: session.network().channel().to_string(),
        contract: session.set.devices.clone(),
        device: device.clone(),
        installs,
        owner,
        purpose: InstallStatement::PURPOSE.to_owned(),
    }
}
