//! `pervade device prove`: what a device's owner registers it with.

use std::fmt;

use clap::Args;
use fabric_protos::id::ChannelId;
use pervade_devices::record::{InstallStatement, NewDevice};
use pervade_platform::{AccountId, ContractSet};
use serde::Serialize;

use super::home::{Home, id, key};
use crate::connect::{Known, Where};
use crate::failure::{Failure, OrFail as _};
use crate::output::Output;

/// What to prove.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Prove {
    #[command(flatten)]
    home: Home,
    /// The account of the device's owner
    #[arg(long, value_name = "ACCOUNT")]
    owner: AccountId,
    /// How often the device was installed before
    #[arg(long, value_name = "N", default_value_t = 0)]
    installs: u32,
    /// What the names of the platform's chaincodes end in
    #[arg(long, value_name = "ENDING", default_value = "", allow_hyphen_values = true)]
    set: String,
    /// The channel [default: the network's first]
    #[arg(long, value_name = "NAME")]
    channel: Option<ChannelId>,
    #[command(flatten)]
    place: Where,
}

const EXAMPLES: &str = "\
Examples:
  pervade device prove --home valve7 --owner $ACCOUNT
  pervade submit devices register \"$(pervade device prove --home valve7 --owner $ACCOUNT)\"

It prints the device with a proof that its key is the device's, as the manager of devices takes it.";

impl Prove {
    pub(crate) fn run(self, output: Output) -> Result<(), Failure> {
        let folder = self.home.folder()?;
        let device = id(&self.home.identity(&folder)?)?;
        let known = Known::read(&self.place)?;
        let statement = InstallStatement {
            channel: known.channel(self.channel.as_ref())?.name.to_string(),
            contract: ContractSet::with_ending(&self.set).devices,
            device: device.clone(),
            installs: self.installs,
            owner: self.owner,
            purpose: InstallStatement::PURPOSE.to_owned(),
        };
        let proof = key(&folder)?.prove(&statement);
        let key = proof.or_fail("NO_DEVICE", "the device's key cannot sign")?;
        output.report(&Proven(NewDevice { id: device, key }))
    }
}

/// What contracts take is JSON, for people too.
#[derive(Debug, Serialize)]
#[serde(transparent)]
struct Proven(NewDevice);

impl fmt::Display for Proven {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&serde_json::to_string(&self.0).map_err(|_| fmt::Error)?)
    }
}
