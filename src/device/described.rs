//! `pervade device price|describe|find|name`: what others see of a device, and what they do not.

use std::fmt;

use clap::Args;
use fabric_protos::id::MspId;
use pervade_chaincode::{Secret, StatePage};
use pervade_devices::record::{DeviceId, DevicePage, Nickname};
use pervade_peer_client::Network;
use pervade_platform::{Amount, PageSize};
use pervade_ports::Rng as _;
use pervade_ports::system::SystemRng;
use serde::Serialize;

use crate::failure::{Failure, OrFail as _};
use crate::output::Output;
use crate::platform::{At, List, OrRefused as _};

/// At what reward it may be given tasks at once.
#[derive(Args, Debug)]
pub(crate) struct Price {
    /// The device
    id: DeviceId,
    /// The reward [default: none: it must be asked]
    amount: Option<Amount>,
    #[command(flatten)]
    at: At,
}

impl Price {
    pub(super) async fn run(self, output: Output) -> Result<(), Failure> {
        let session = self.at.open().await?;
        let call = async |mut network| {
            session.devices(&mut network).set_price(self.id.clone(), self.amount).await
        };
        output.report(&session.submit(output, call).await?)
    }
}

/// What it is found by.
#[derive(Args, Debug)]
pub(crate) struct Describe {
    /// The device
    id: DeviceId,
    /// What it is found by; once for each attribute
    #[arg(long = "attribute", value_name = "NAME=VALUE", value_parser = attribute)]
    attributes: Vec<(String, String)>,
    /// It is not to be found
    #[arg(long, conflicts_with = "attributes")]
    hidden: bool,
    #[command(flatten)]
    at: At,
}

impl Describe {
    pub(super) async fn run(self, output: Output) -> Result<(), Failure> {
        let session = self.at.open().await?;
        let call = async |mut network| {
            let attributes = self.attributes.iter().cloned().collect();
            let mut devices = session.devices(&mut network);
            devices.describe(self.id.clone(), !self.hidden, attributes).await
        };
        output.report(&session.submit(output, call).await?)
    }
}

/// What to look for.
#[derive(Args, Debug)]
pub(crate) struct Find {
    /// The attribute's name
    #[arg(value_name = "NAME")]
    attribute: String,
    /// Its value
    value: String,
    #[command(flatten)]
    at: At,
}

impl Find {
    pub(super) async fn run(self, output: Output) -> Result<(), Failure> {
        let session = self.at.open().await?;
        let page = async |bookmark| {
            let mut network = session.network();
            let mut devices = session.devices(&mut network);
            let (name, value) = (self.attribute.clone(), self.value.clone());
            devices.discover(name, value, PageSize::MAX, bookmark).await.map(page_of)
        };
        output.report(&List::of(page).await?)
    }
}

pub(super) fn page_of(page: DevicePage) -> StatePage<pervade_devices::record::Device> {
    StatePage { values: page.devices, bookmark: page.bookmark }
}

/// What its owner calls it.
#[derive(Args, Debug)]
pub(crate) struct Name {
    /// The device
    id: DeviceId,
    /// The name, which the peers of the owner's organisation keep [default: show the one it has]
    #[arg(value_name = "NAME")]
    nickname: Option<String>,
    /// Let the peers of these organisations endorse it, and see the name
    #[arg(long = "org", value_name = "MSPID", requires = "nickname")]
    organizations: Vec<MspId>,
    #[command(flatten)]
    at: At,
}

impl Name {
    pub(super) async fn run(self, output: Output) -> Result<(), Failure> {
        let session = self.at.open().await?;
        let Some(name) = self.nickname else {
            let mut network = session.network();
            let nickname = session.devices(&mut network).nickname(self.id).await.or_refused()?;
            return output.report(&Called { name: nickname.name });
        };
        let mut salt = [0; SALT_BYTES];
        SystemRng.fill(&mut salt).or_fail("NO_RANDOMNESS", "there is no salt to be had")?;
        let nickname = Nickname { name, salt: hex::encode(salt) };
        let call = async |network: Network| {
            let mut network = network.with_endorsers(self.organizations.clone());
            let mut devices = session.devices(&mut network);
            devices.name_device(self.id.clone(), Secret::new(nickname.clone())).await
        };
        output.report(&session.submit(output, call).await?)
    }
}

/// What keeps a name from being guessed by its commitment.
const SALT_BYTES: usize = 16;

/// What a device's owner calls it.
#[derive(Debug, Serialize)]
struct Called {
    name: String,
}

impl fmt::Display for Called {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

fn attribute(text: &str) -> Result<(String, String), &'static str> {
    let (name, value) = text.split_once('=').ok_or("an attribute is NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}
