//! `pervade platform deploy`.

use std::fmt;

use fabric_protos::id::ChaincodeName;
use pervade_platform::ContractSet;
use serde::Serialize;

use super::Place;
use crate::chaincode::{Deploy, Deployed, PLATFORM_ENDINGS};
use crate::failure::{Failure, OrFail as _};
use crate::output::Output;

/// Deploys what is not deployed yet.
pub(super) async fn run(to: Place, output: Output) -> Result<Platform, Failure> {
    let Place { set, channel, place } = to;
    if !PLATFORM_ENDINGS.contains(&set.as_str()) {
        let text = format!(
            "no set ending in {set:?} runs in the network's process; there are {PLATFORM_ENDINGS:?}"
        );
        return Err(Failure::usage(text));
    }
    let ContractSet { clock, devices, tasks, tokens, users } = ContractSet::with_ending(&set);
    let mut chaincodes = Vec::new();
    for name in [clock, users, tokens, devices, tasks] {
        let name = ChaincodeName::new(&name).or_fail("INTERNAL", "a contract has no name")?;
        output.note(format!("deploying {name}"));
        let deploy = Deploy::manager(name, channel.clone(), place.clone());
        chaincodes.push(deploy.run().await?);
    }
    Ok(Platform { chaincodes })
}

/// A set that is deployed.
#[derive(Debug, Serialize)]
pub(super) struct Platform {
    chaincodes: Vec<Deployed>,
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.chaincodes.iter().enumerate().try_for_each(|(at, deployed)| {
            write!(f, "{}{deployed}", if at == 0 { "" } else { "\n" })
        })
    }
}
