//! `pervade device …`: a device as the ledger knows it.

use std::collections::BTreeMap;

use clap::{Args, Subcommand};
use pervade_chaincode::StatePage;
use pervade_devices::record::{Device, DeviceId, Slot, Standing};
use pervade_platform::PageSize;
use serde::Serialize;

use super::described::{Describe, Find, Name, Price, page_of};
use super::register::{Register, Reinstall};
use crate::failure::Failure;
use crate::output::Output;
use crate::platform::{At, List, OrRefused as _, Party, Shown};

/// What to do with a device that the ledger knows, or is to know.
#[derive(Debug, Subcommand)]
pub(crate) enum Owned {
    /// Register a device of the caller's, and pay its deposit
    #[command(after_help = EXAMPLES)]
    Register(Register),
    /// List a user's devices
    #[command(after_help = EXAMPLES)]
    List {
        /// The owner's account, or an identity's NAME@DOMAIN [default: the caller's]
        #[arg(value_name = "OWNER")]
        owner: Option<Party>,
        #[command(flatten)]
        at: At,
    },
    /// Show a device, what it is found by, and what it has done
    #[command(after_help = EXAMPLES)]
    Show(Which),
    /// List the tasks that a device has
    #[command(after_help = EXAMPLES)]
    Backlog(Which),
    /// Let a device have tasks
    #[command(after_help = EXAMPLES)]
    Activate(Which),
    /// Let a device have no more tasks
    #[command(after_help = EXAMPLES)]
    Deactivate(Which),
    /// Say at what reward a device may be given tasks at once, or that it may not
    #[command(after_help = EXAMPLES)]
    Price(Price),
    /// Say what a device is found by, and whether it is found
    #[command(after_help = EXAMPLES)]
    Describe(Describe),
    /// Find active devices by an attribute
    #[command(after_help = EXAMPLES)]
    Find(Find),
    /// Name a device for the eyes of its owner's organisation, or show its name to them
    #[command(after_help = EXAMPLES)]
    Name(Name),
    /// Install a device again, with another key
    #[command(after_help = EXAMPLES)]
    Reinstall(Reinstall),
    /// Remove a device that has no tasks; its deposit comes back
    #[command(after_help = EXAMPLES)]
    Remove(Which),
    /// Tell a device's life, also after it was removed
    #[command(after_help = EXAMPLES)]
    Life(Which),
}

/// Which device, and who asks.
#[derive(Args, Debug)]
pub(crate) struct Which {
    /// The device
    id: DeviceId,
    #[command(flatten)]
    at: At,
}

const EXAMPLES: &str = "\
Examples:
  pervade device new --home valve7 --as valve7@org2.example.com
  pervade device register --home valve7 --as bob@org2.example.com
  pervade identity new pump@org2.example.com
  pervade device register pump-0001 --device pump@org2.example.com --as bob@org2.example.com
  pervade device list bob@org2.example.com
  pervade device show pump-0001 --json
  pervade device backlog pump-0001
  pervade device price pump-0001 4 --as bob@org2.example.com
  pervade device describe pump-0001 --attribute kind=pump --as bob@org2.example.com
  pervade device find kind pump
  pervade device name pump-0001 \"behind the barn\" --org Org1MSP --org Org2MSP \\
      --as bob@org2.example.com
  pervade device reinstall pump-0001 --device pump-2@org2.example.com --as bob@org2.example.com
  pervade device remove pump-0001 --as bob@org2.example.com
  pervade device life pump-0001

A device's name is kept by its owner's organisation alone. Where others must endorse, their peers
see it on the way: --org says that they may.";

impl Owned {
    pub(super) async fn run(self, output: Output) -> Result<(), Failure> {
        match self {
            Self::Register(register) => register.run(output).await,
            Self::List { owner, at } => list(owner.as_ref(), &at, output).await,
            Self::Show(which) => which.show(output).await,
            Self::Backlog(which) => which.backlog(output).await,
            Self::Activate(which) => which.set_active(true, output).await,
            Self::Deactivate(which) => which.set_active(false, output).await,
            Self::Price(price) => price.run(output).await,
            Self::Describe(describe) => describe.run(output).await,
            Self::Find(find) => find.run(output).await,
            Self::Name(name) => name.run(output).await,
            Self::Reinstall(reinstall) => reinstall.run(output).await,
            Self::Remove(which) => which.remove(output).await,
            Self::Life(which) => which.life(output).await,
        }
    }
}

async fn list(owner: Option<&Party>, at: &At, output: Output) -> Result<(), Failure> {
    let session = at.open().await?;
    let owner = session.account(owner).await?;
    let page = async |bookmark| {
        let mut network = session.network();
        let mut devices = session.devices(&mut network);
        devices.list(owner.clone(), PageSize::MAX, bookmark).await.map(page_of)
    };
    output.report(&List::of(page).await?)
}

impl Which {
    async fn show(self, output: Output) -> Result<(), Failure> {
        let session = self.at.open().await?;
        let mut network = session.network();
        let mut devices = session.devices(&mut network);
        let device = devices.device(self.id.clone()).await.or_refused()?;
        let attributes = devices.attributes(self.id.clone()).await.or_refused()?;
        let standing = devices.standing(self.id).await.or_refused()?;
        output.report(&Shown(Seen { attributes, device, standing }))
    }

    async fn backlog(self, output: Output) -> Result<(), Failure> {
        let session = self.at.open().await?;
        let page = async |_| {
            let mut network = session.network();
            let slots = session.devices(&mut network).backlog(self.id.clone()).await?;
            Ok(StatePage::<Slot> { values: slots, bookmark: String::new() })
        };
        output.report(&List::of(page).await?)
    }

    async fn set_active(self, active: bool, output: Output) -> Result<(), Failure> {
        let session = self.at.open().await?;
        let call = async |mut network| {
            session.devices(&mut network).set_active(self.id.clone(), active).await
        };
        output.report(&session.submit(output, call).await?)
    }

    async fn remove(self, output: Output) -> Result<(), Failure> {
        let session = self.at.open().await?;
        let call =
            async |mut network| session.devices(&mut network).deregister(self.id.clone()).await;
        output.report(&session.submit(output, call).await?)
    }

    async fn life(self, output: Output) -> Result<(), Failure> {
        let session = self.at.open().await?;
        let page = async |bookmark| {
            let mut network = session.network();
            let mut devices = session.devices(&mut network);
            let page = devices.life(self.id.clone(), PageSize::MAX, bookmark).await?;
            Ok(StatePage { values: page.entries, bookmark: page.bookmark })
        };
        output.report(&List::of(page).await?)
    }
}

/// All that is known of a device.
#[derive(Serialize)]
struct Seen {
    attributes: BTreeMap<String, String>,
    device: Device,
    standing: Standing,
}
