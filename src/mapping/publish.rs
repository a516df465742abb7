//! `pervade mapping publish`: checked, tested, and on a network's registry.

use std::fmt;
use std::path::PathBuf;

use clap::Args;
use fabric_protos::id::ChaincodeName;
use pervade_peer_client::Outcome;
use serde::Serialize;

use super::folder::Loaded;
use crate::connect::{Caller, Known, Where};
use crate::failure::{Failure, OrFail as _};
use crate::output::Output;

/// Which device type to publish, and where.
#[derive(Args, Debug)]
pub(crate) struct Publish {
    /// The device type's folder
    dir: PathBuf,
    /// The registry's chaincode
    #[arg(long, value_name = "NAME", default_value = "registry")]
    registry: ChaincodeName,
    #[command(flatten)]
    caller: Caller,
    #[command(flatten)]
    place: Where,
}

pub(super) const EXAMPLES: &str = "\
Examples:
  pervade mapping publish logger --as Admin@org1.example.com
  pervade mapping publish logger --as Admin@org2.example.com --data pervade-data
  pervade mapping publish schemas/decentlab/dl-5tm --as Admin@org1.example.com --json

The device type is checked and its examples are run first. Publishing the same again changes
nothing. What the registry refuses is told as the registry says it.
Exit codes: 0 published, 1 something is wrong or the registry refused, 2 called wrongly.";

impl Publish {
    pub(super) async fn run(self, output: Output) -> Result<(), Failure> {
        let loaded = Loaded::read(&self.dir)?;
        let package = loaded.checked(output)?;
        let manifest = &package.manifest;
        let network = Known::read(&self.place)?.open(&self.caller).await?;
        let contract = network.contract(self.registry.clone());
        let proposal = contract.proposal("publish").arg(package.canonical().into_bytes());
        let name = format!("{}/{} {}", manifest.vendor, manifest.model, manifest.version);
        let outcome = contract
            .submit_proposal(proposal)
            .await
            .or_fail_with("NOT_PUBLISHED", || format!("{name} is not published"));
        if let Err(failure) = &outcome
            && failure.message().contains("NOT_ADMINISTRATOR")
        {
            output
                .note("administrators publish: name one with --as, such as Admin@org1.example.com");
        }
        let outcome = outcome?;
        let (tx_id, block) = match outcome {
            Outcome::Committed { tx_id, block, .. } => (tx_id, block),
            Outcome::Rejected { block, code, .. } => {
                let code = code.as_str_name();
                let text = format!("{name} was rejected in block {block}: {code}");
                return Err(Failure::new(code, text));
            }
            Outcome::Unknown { tx_id, refusal } => {
                let text = format!("nobody can say yet what became of transaction {tx_id}");
                return Err(Failure::new("UNKNOWN", text).because(refusal));
            }
        };
        output.report(&Published {
            id: package.id().to_string(),
            vendor: manifest.vendor.clone(),
            model: manifest.model.clone(),
            version: manifest.version.clone(),
            transaction: tx_id.to_string(),
            block,
        })
    }
}

#[derive(Debug, Serialize)]
struct Published {
    id: String,
    vendor: String,
    model: String,
    version: String,
    transaction: String,
    block: u64,
}

impl fmt::Display for Published {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, vendor, model, version, transaction, block } = self;
        writeln!(f, "{vendor}/{model} {version} is published")?;
        writeln!(f, "id          {id}")?;
        writeln!(f, "transaction {transaction}")?;
        write!(f, "block       {block}")
    }
}
