//! `pervade network`: a whole network in one process, from start to end.

mod folder;
mod up;

use std::fmt;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use fabric_protos::id::MspId;
use pervade_embedded::control::{self, Answer, AskError, ChannelStatus, Command, NetworkStatus};
use pervade_identity::Certificate;
use serde::Serialize;

use crate::connect::{Known, Where};
use crate::failure::{Failure, OrFail as _};
use crate::output::Output;

/// What to do with a network.
#[derive(Debug, Subcommand)]
#[command(after_help = EXAMPLES)]
pub(crate) enum Network {
    /// Start the network in a folder, or take it up again; stay until Ctrl-C
    #[command(after_help = EXAMPLES)]
    Up(up::Up),
    /// Stop the network that runs in a folder
    #[command(after_help = EXAMPLES)]
    Down(Data),
    /// Remove a network that does not run, its ledger and all its keys
    #[command(after_help = EXAMPLES)]
    Reset {
        #[command(flatten)]
        data: Data,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
    /// Show the running network: nodes, users, channels, installed packages
    #[command(after_help = EXAMPLES)]
    Status(Data),
    /// Write MSP folders, TLS roots and connection profiles as Fabric's clients expect them
    #[command(after_help = EXAMPLES)]
    Export {
        /// Where to; `organizations/…` is made in it
        dir: PathBuf,
        #[command(flatten)]
        data: Data,
    },
}

/// A network's folder.
#[derive(Args, Clone, Debug)]
pub(crate) struct Data {
    /// The network's folder
    #[arg(long, value_name = "DIR", default_value = "pervade-data")]
    data: PathBuf,
}

const EXAMPLES: &str = "\
Examples:
  pervade network up                        # Fabric's test network: names, users, ports
  pervade network up --detach --ports free --data /tmp/net
  pervade network status --json
  pervade network export ./fabric
  pervade network down
  pervade network reset --yes";

impl Network {
    pub(crate) async fn run(self, output: Output) -> Result<(), Failure> {
        match self {
            Self::Up(up) => up.run(output).await,
            Self::Down(Data { data }) => down(&data, output).await,
            Self::Reset { data: Data { data }, yes } => folder::reset(&data, yes, output),
            Self::Status(Data { data }) => {
                let status = status(&data).await?;
                output.report(&Shown::new(&data, &status)?)
            }
            Self::Export { dir, data: Data { data } } => export(&data, &dir, output),
        }
    }
}

/// Asks the network that runs in a folder how it is.
pub(crate) async fn status(data: &Path) -> Result<NetworkStatus, Failure> {
    let answer = ask(data, &Command::Status).await?;
    let Answer::Status(status) = answer else { return Err(unexpected()) };
    Ok(status)
}

/// Sends a command to the network that runs in a folder.
pub(crate) async fn ask(data: &Path, command: &Command) -> Result<Answer, Failure> {
    match control::ask(data, command).await {
        Ok(Answer::Refused { reason }) => Err(Failure::new("REFUSED", reason)),
        Ok(answer) => Ok(answer),
        Err(AskError::NotRunning { path, .. }) => {
            let text = format!("no network runs in {}", path.display());
            Err(Failure::new("NOT_RUNNING", text))
        }
        Err(error) => Err(error).or_fail("NO_NETWORK", "the network cannot be asked"),
    }
}

pub(crate) fn unexpected() -> Failure {
    Failure::new("NO_NETWORK", "the network answered another question")
}

async fn down(data: &Path, output: Output) -> Result<(), Failure> {
    if ask(data, &Command::Down).await? != Answer::Stopping {
        return Err(unexpected());
    }
    folder::wait_until_free(data).await?;
    output.report(&Done { done: "stopped", folder: data.to_owned() })
}

fn export(data: &Path, dir: &Path, output: Output) -> Result<(), Failure> {
    // Only what is a network's folder is copied from.
    Known::read(&Where { data: data.to_owned(), network: None })?;
    pervade_embedded::export(data, dir).or_fail("NO_EXPORT", "the export is not complete")?;
    output.report(&Done { done: "exported", folder: dir.join("organizations") })
}

/// Something was done to a folder.
#[derive(Debug, Serialize)]
struct Done {
    done: &'static str,
    folder: PathBuf,
}

impl fmt::Display for Done {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.done, self.folder.display())
    }
}

/// A running network, as it is shown.
#[derive(Debug, Serialize)]
struct Shown {
    folder: PathBuf,
    process: u32,
    channels: Vec<ChannelStatus>,
    nodes: Vec<Node>,
    users: Vec<User>,
    packages: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Node {
    organization: MspId,
    host: String,
    address: String,
}

#[derive(Debug, Serialize)]
struct User {
    organization: MspId,
    name: String,
    /// The account: SHA-256 of the public key, in hexadecimal.
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<String>,
}

impl Shown {
    fn new(data: &Path, status: &NetworkStatus) -> Result<Self, Failure> {
        let known = Known::read(&Where { data: data.to_owned(), network: None })?;
        let account = |path: &Path| {
            let text = std::fs::read(known.locate(path)).ok()?;
            Some(Certificate::from_pem(&text).ok()?.address())
        };
        let (mut nodes, mut users) = (Vec::new(), Vec::new());
        for (organization, node) in known.nodes() {
            let (host, address) = (node.host.clone(), node.address.clone());
            nodes.push(Node { organization: organization.clone(), host, address });
        }
        for member in known.members() {
            users.push(User {
                organization: member.organization.msp_id.clone(),
                name: member.name(),
                account: account(&member.user.certificate),
            });
        }
        Ok(Self {
            folder: data.to_owned(),
            process: status.process,
            channels: status.channels.clone(),
            nodes,
            users,
            packages: status.packages.clone(),
        })
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "network in {}, process {}", self.folder.display(), self.process)?;
        for ChannelStatus { name, height, tip_hash } in &self.channels {
            let plural = if *height == 1 { "" } else { "s" };
            writeln!(f, "  channel {name}: {height} block{plural}, last {tip_hash}")?;
        }
        for Node { organization, host, address } in &self.nodes {
            writeln!(f, "  {organization}: {host} at {address}")?;
        }
        let users: Vec<&str> = self.users.iter().map(|user| user.name.as_str()).collect();
        writeln!(f, "  users: {}", users.join(", "))?;
        for package in &self.packages {
            writeln!(f, "  package {package}")?;
        }
        Ok(())
    }
}
