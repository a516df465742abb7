//! `pervade chaincode`: from a contract's first line to its definition on a channel.
//!
//! Deploying goes by the book, in one step: install the package on every peer, have every organisation's administrator approve the
//! definition, commit it. What is done already is left as it is.

mod develop;
mod in_process;
mod package;

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use clap::{ArgGroup, Args, Subcommand};
use fabric_protos::id::{ChaincodeName, ChannelId};
use pervade_embedded::control::{Answer, Command};
use pervade_embedded::{ClientCertificate, Package, PackageSource};
use pervade_packaging::{Code, Connection};
use pervade_peer_client::{ChaincodePolicy, Definition, Lifecycle, Outcome};
use serde::Serialize;

use crate::connect::{Caller, Known, Where};
use crate::failure::{Failure, OrFail as _};
use crate::network::{ask, status, unexpected};
use crate::output::Output;

pub(crate) use in_process::{PLATFORM_ENDINGS, in_process};

/// What to do with chaincode.
#[derive(Debug, Subcommand)]
#[command(after_help = EXAMPLES)]
pub(crate) enum Chaincode {
    /// Begin a contract: a crate with its tests, which pass
    #[command(after_help = EXAMPLES)]
    New(develop::New),
    /// Run a contract's tests
    #[command(after_help = EXAMPLES)]
    Test(develop::Test),
    /// Build a contract and serve it; says how to deploy it
    #[command(after_help = EXAMPLES)]
    Run(develop::Run),
    /// Write the package that peers install, the same bytes every time, and print its id
    #[command(after_help = EXAMPLES)]
    Package(package::Package),
    /// Write the external builder that a peer needs for packages
    #[command(after_help = EXAMPLES)]
    Builder(package::Builder),
    /// Install a chaincode, approve it for every organisation, commit its definition
    #[command(after_help = EXAMPLES)]
    Deploy(Deploy),
    /// List the channel's definitions and the installed packages
    #[command(after_help = EXAMPLES)]
    List {
        #[command(flatten)]
        caller: Caller,
        #[command(flatten)]
        place: Where,
    },
}

const EXAMPLES: &str = "\
Examples:
  pervade chaincode deploy registry --in-process
  pervade chaincode deploy basic --address localhost:9999
  pervade chaincode deploy basic --address localhost:9999 --version 2.0 \\
      --policy \"OR('Org1MSP.peer', 'Org2MSP.peer')\"
  pervade chaincode deploy basic --package basic_1.0.tar.gz
  pervade chaincode list
  pervade chaincode new basic && cd basic && pervade chaincode test && pervade chaincode run
  pervade chaincode package basic --address basic.example.com:9999 --tls-root root.pem
  pervade chaincode package basic --executable target/release/basic
  pervade chaincode builder /opt/pervade-builder

In the network's process run: registry, recording, and the chaincodes of a platform, which
`pervade platform deploy` deploys.";

/// What to deploy.
#[derive(Args, Debug)]
#[command(group = ArgGroup::new("what").required(true))]
pub(crate) struct Deploy {
    /// The chaincode's name
    name: ChaincodeName,
    /// It runs in the network's own process
    #[arg(long, group = "what")]
    in_process: bool,
    #[command(flatten)]
    service: package::Service,
    /// It runs as this package says, which is one of a service
    #[arg(long, value_name = "FILE", group = "what")]
    package: Option<PathBuf>,
    /// Who must endorse: a signature policy, or the path of a channel policy [default: the
    /// channel's]
    #[arg(long, value_name = "POLICY")]
    policy: Option<String>,
    /// The definition's version
    #[arg(long, value_name = "VERSION", default_value = "1.0")]
    version: String,
    /// The definition's sequence number [default: the committed one, or the next if it differs]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i64).range(1..))]
    sequence: Option<i64>,
    /// It must be initialised before anything else
    #[arg(long)]
    init_required: bool,
    /// The channel [default: the network's first]
    #[arg(long, value_name = "NAME")]
    channel: Option<ChannelId>,
    #[command(flatten)]
    place: Where,
}

impl Chaincode {
    pub(crate) async fn run(self, output: Output) -> Result<(), Failure> {
        match self {
            Self::New(new) => new.run(output),
            Self::Test(test) => test.run(),
            Self::Run(run) => run.run(output),
            Self::Package(package) => package.run(output),
            Self::Builder(builder) => builder.run(output),
            Self::Deploy(deploy) => output.report(&deploy.run().await?),
            Self::List { caller, place } => list(&caller, &place, output).await,
        }
    }
}

impl Deploy {
    /// What runs in the network's own process and must be initialised, under the channel's policy.
    pub(crate) fn manager(name: ChaincodeName, channel: Option<ChannelId>, place: Where) -> Self {
        Self {
            name,
            in_process: true,
            service: package::Service::default(),
            package: None,
            policy: None,
            version: "1.0".to_owned(),
            sequence: None,
            init_required: true,
            channel,
            place,
        }
    }

    pub(crate) async fn run(self) -> Result<Deployed, Failure> {
        let policy = match &self.policy {
            None => ChaincodePolicy::default(),
            Some(text) => ChaincodePolicy::from_text(text)
                .map_err(|error| Failure::usage("--policy is none").because(error))?,
        };
        let known = Known::read(&self.place)?;
        let package_id = self.install().await?;
        let members = self.lifecycles(&known).await?;
        let (_, first) = members.first().ok_or_else(|| {
            Failure::new("NO_ORGANIZATION", "the channel has no organisation to deploy for")
        })?;
        let committed = first.committed_as(&self.name).await;
        let committed = committed.or_fail("NOT_DEPLOYED", "the definitions cannot be read")?;
        let definition = self.definition(policy, committed.as_ref());
        let approved = self.approve(&definition, &package_id, &members).await?;
        let is_new = committed.as_ref() != Some(&definition);
        if is_new {
            let outcome = first.commit(&definition).await;
            done(outcome.or_fail("NOT_COMMITTED", "the definition was not committed")?)?;
        }
        Ok(Deployed {
            name: definition.name,
            version: definition.version,
            sequence: definition.sequence,
            policy: definition.policy.text(),
            package_id,
            approved,
            committed: is_new,
        })
    }

    async fn install(&self) -> Result<String, Failure> {
        let (package, id) = self.package()?;
        let answer = ask(self.place.folder(), &Command::Install { package }).await?;
        let Answer::Installed { package_id } = answer else { return Err(unexpected()) };
        match id {
            Some(id) if id != package_id => Err(Failure::new(
                "OTHER_PACKAGE",
                format!("another program made the package {id}; here it is {package_id}"),
            )),
            _ => Ok(package_id),
        }
    }

    /// What to install, and the id that it must come to have.
    fn package(&self) -> Result<(Package, Option<String>), Failure> {
        if let Some(file) = &self.package {
            let unread = || format!("{} is no package for here", file.display());
            let bytes = fs::read(file).or_fail_with("NO_FILE", unread)?;
            let package = pervade_packaging::Package::read(&bytes);
            let package = package.or_fail_with("NO_PACKAGE", unread)?;
            let Code::Service(connection) = package.code() else {
                let text = "this network launches no programs: run it, and deploy it by --address";
                return Err(Failure::new("EXECUTABLE", text));
            };
            let (label, source) = (package.label().to_string(), source(connection.clone()));
            return Ok((Package { label, source }, Some(package.id())));
        }
        let source = match self.service.connection()? {
            Some(connection) => source(connection),
            None => PackageSource::InProcess { name: self.name.to_string() },
        };
        Ok((Package { label: format!("{}_{}", self.name, self.version), source }, None))
    }

    /// The definitions of the channel, as the administrator of each of its organisations.
    async fn lifecycles(&self, known: &Known) -> Result<Vec<(String, Lifecycle)>, Failure> {
        let channel = known.channel(self.channel.as_ref())?;
        let mut lifecycles = Vec::new();
        for organization in known.organizations() {
            if channel.organizations.contains(&organization.msp_id) {
                let gateway = known.gateway(known.admin(organization)?).await?;
                let lifecycle = gateway.network(channel.name.clone()).lifecycle();
                lifecycles.push((organization.msp_id.to_string(), lifecycle));
            }
        }
        Ok(lifecycles)
    }

    /// The definition asked for, with the sequence number it should have.
    fn definition(&self, policy: ChaincodePolicy, committed: Option<&Definition>) -> Definition {
        let mut definition = Definition::first(self.name.clone(), &self.version);
        definition.policy = policy;
        definition.init_required = self.init_required;
        let Some(committed) = committed else {
            definition.sequence = self.sequence.unwrap_or(definition.sequence);
            return definition;
        };
        definition.sequence = self.sequence.unwrap_or(committed.sequence);
        if self.sequence.is_none() && definition != *committed {
            definition.sequence = committed.sequence.saturating_add(1);
        }
        definition
    }

    /// Approves for every organisation that has not approved just this; says which.
    async fn approve(
        &self,
        definition: &Definition,
        package_id: &str,
        members: &[(String, Lifecycle)],
    ) -> Result<Vec<String>, Failure> {
        let mut approved = Vec::new();
        for (msp_id, lifecycle) in members {
            let refused = || format!("{msp_id} did not approve the definition");
            let held = lifecycle.approved().await.or_fail_with("NOT_APPROVED", refused)?;
            let is_held = held.iter().any(|held| {
                held.definition == *definition && held.package_id.as_deref() == Some(package_id)
            });
            if !is_held {
                let outcome = lifecycle.approve(definition, Some(package_id)).await;
                done(outcome.or_fail_with("NOT_APPROVED", refused)?)?;
                approved.push(msp_id.clone());
            }
        }
        Ok(approved)
    }
}

/// How a peer dials a service, as the network's own packages say it.
fn source(connection: Connection) -> PackageSource {
    let Connection { address, tls_required, client_auth_required, .. } = connection;
    PackageSource::Address {
        address,
        tls_root: tls_required.then_some(connection.root_cert),
        client: client_auth_required.then_some(ClientCertificate {
            certificate: connection.client_cert,
            key: connection.client_key,
        }),
    }
}

/// Reads a small text file.
fn read_text(path: &Path) -> Result<String, Failure> {
    fs::read_to_string(path).or_fail_with("NO_FILE", || format!("cannot read {}", path.display()))
}

/// Only a commit is done.
fn done(outcome: Outcome) -> Result<(), Failure> {
    match outcome {
        Outcome::Committed { .. } => Ok(()),
        Outcome::Rejected { tx_id, code, .. } => {
            let code = code.as_str_name();
            Err(Failure::new(code, format!("transaction {tx_id} was rejected: {code}")))
        }
        Outcome::Unknown { tx_id, refusal } => {
            let text = format!("nobody can say yet what became of transaction {tx_id}");
            Err(Failure::new("UNKNOWN", text).because(refusal))
        }
    }
}

async fn list(caller: &Caller, place: &Where, output: Output) -> Result<(), Failure> {
    let known = Known::read(place)?;
    let packages = status(place.folder()).await?.packages;
    let network = known.open(caller).await?;
    let definitions = network.lifecycle().committed().await;
    let definitions = definitions.or_fail("NOT_LISTED", "the definitions cannot be read")?;
    let definitions = definitions
        .into_iter()
        .map(|definition| Listed {
            name: definition.name,
            version: definition.version,
            sequence: definition.sequence,
            policy: definition.policy.text(),
        })
        .collect();
    output.report(&List { channel: network.channel().clone(), definitions, packages })
}

/// A definition that is committed.
#[derive(Debug, Serialize)]
pub(crate) struct Deployed {
    name: ChaincodeName,
    version: String,
    sequence: i64,
    policy: String,
    package_id: String,
    /// The organisations that approved just now.
    approved: Vec<String>,
    /// Whether the definition was committed just now.
    committed: bool,
}

impl fmt::Display for Deployed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, version, sequence, policy, package_id, approved, committed } = self;
        writeln!(f, "{name} {version}, sequence {sequence}, endorsed by {policy}")?;
        writeln!(f, "package {package_id}")?;
        match (approved.as_slice(), committed) {
            ([], false) => write!(f, "was approved and committed before: nothing to do"),
            ([], true) => write!(f, "committed"),
            (_, true) => write!(f, "approved by {} and committed", approved.join(", ")),
            (_, false) => write!(f, "package approved by {}", approved.join(", ")),
        }
    }
}

#[derive(Debug, Serialize)]
struct List {
    channel: ChannelId,
    definitions: Vec<Listed>,
    packages: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Listed {
    name: ChaincodeName,
    version: String,
    sequence: i64,
    policy: String,
}

impl fmt::Display for List {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "channel {}", self.channel)?;
        for Listed { name, version, sequence, policy } in &self.definitions {
            writeln!(f, "  {name} {version}, sequence {sequence}, endorsed by {policy}")?;
        }
        for package in &self.packages {
            writeln!(f, "  package {package}")?;
        }
        Ok(())
    }
}
