//! A network of real peers, made by the command that `FABRIC_NET` names.

use std::collections::BTreeMap;
use std::env;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use libtest_mimic::Failed;
use serde::Deserialize;
use tempfile::TempDir;

use super::Tools;
use super::driver::{Access, Driver};
use super::script::{USERS, User};

/// How the chaincodes come to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Launch {
    /// Each is a service that the peers dial.
    Service,
    /// Each peer launches its own.
    ByPeers,
}

/// The chaincodes: name, program, and policy if it is not the channel's.
const CHAINCODES: [(&str, &str, Option<&str>); 6] = [
    ("asset-transfer", "asset-transfer", None),
    ("private-sale", "private-sale", Some("OR('Org1MSP.peer', 'Org2MSP.peer')")),
    ("token-ledger", "token-ledger", None),
    ("probe", "examples/probe", None),
    ("registry", "pervade-registry", None),
    ("recording", "pervade-recording", None),
];

/// A running network, in a folder of its own. Dropped, it ends.
pub(crate) struct FabricNet {
    command: PathBuf,
    binaries: PathBuf,
    folder: TempDir,
    services: Vec<Child>,
}

impl FabricNet {
    /// Starts a network of so many organisations.
    pub(crate) fn up(tools: &Tools, organizations: usize) -> Result<Self, Failed> {
        let network = Self {
            command: tools.fabric_net.clone(),
            binaries: tools.binaries.clone(),
            folder: tempfile::tempdir()?,
            services: Vec::new(),
        };
        network.run("up", &["--orgs", &organizations.to_string()])?;
        Ok(network)
    }

    pub(crate) async fn deploy_all(&mut self, launch: Launch) -> Result<(), Failed> {
        for (name, program, policy) in CHAINCODES {
            let program = built(program)?;
            let mut words = policy.map_or(Vec::new(), |policy| vec!["--policy", policy]);
            let program_text = program.to_str().ok_or("a path that is no text")?;
            if launch == Launch::ByPeers {
                words.extend([name, program_text]);
                self.run("deploy-binary", &words)?;
                continue;
            }
            self.serve(name, &program, (&[], &words))?;
        }
        Ok(())
    }

    /// Starts a chaincode as a service, and has it deployed.
    pub(crate) fn serve(
        &mut self,
        name: &str,
        program: &Path,
        (arguments, words): (&[&str], &[&str]),
    ) -> Result<(), Failed> {
        let address = free_address()?;
        let package_id = self.run("package-id", &[name, &address])?;
        self.services.push(service((program, arguments), &address, package_id.trim())?);
        self.run("deploy", &[words, &[name, address.as_str()]].concat())?;
        Ok(())
    }

    /// What the command tells of the network.
    pub(crate) fn profile(&self) -> Result<Profile, Failed> {
        Ok(serde_json::from_str(&self.run("profile", &[])?)?)
    }

    /// Where an organisation's authorities are, as `cryptogen` lays them out.
    pub(crate) fn authorities(&self, domain: &str) -> PathBuf {
        self.folder.path().join("network/crypto/peerOrganizations").join(domain)
    }

    /// The network, through Fabric's own client.
    pub(crate) async fn driver(&self) -> Result<Driver, Failed> {
        let profile = self.profile()?;
        let access = |user: User| {
            let found = profile.orgs.iter().find(|org| org.mspid == user.msp_id());
            let org = found.ok_or("no such organisation")?;
            let credential = if user.is_admin() { &org.admin } else { &org.user1 };
            let access = Access {
                mspid: org.mspid.clone(),
                endpoint: org.peer.endpoint.clone(),
                host: org.peer.host.clone(),
                tls_root: org.peer.tls_root.clone(),
                cert: credential.cert.clone(),
                key: credential.key.clone(),
            };
            Ok::<_, Failed>((user, access))
        };
        let users: BTreeMap<_, _> = USERS.into_iter().map(access).collect::<Result<_, _>>()?;
        Driver::start(&profile.channel, users).await
    }

    fn run(&self, verb: &str, words: &[&str]) -> Result<String, Failed> {
        let mut command = Command::new(&self.command);
        command.arg(verb).arg("--root").arg(self.folder.path().join("network"));
        if verb == "up" {
            command.arg("--bin").arg(&self.binaries);
        }
        let output = command.args(words).stdin(Stdio::null()).output()?;
        if output.status.success() {
            return Ok(String::from_utf8(output.stdout)?);
        }
        let complaint = String::from_utf8_lossy(&output.stderr);
        Err(format!("{verb} {words:?}: {complaint}").into())
    }
}

/// What the command tells of its network.
#[derive(Deserialize)]
pub(crate) struct Profile {
    pub(crate) channel: String,
    pub(crate) orgs: Vec<Organization>,
}

#[derive(Deserialize)]
pub(crate) struct Organization {
    pub(crate) name: String,
    pub(crate) mspid: String,
    pub(crate) peer: Peer,
    admin: Credential,
    user1: Credential,
}

#[derive(Deserialize)]
pub(crate) struct Peer {
    pub(crate) endpoint: String,
    pub(crate) tls_root: PathBuf,
    #[serde(rename = "override")]
    pub(crate) host: String,
}

#[derive(Deserialize)]
struct Credential {
    cert: PathBuf,
    key: PathBuf,
}

impl Drop for FabricNet {
    fn drop(&mut self) {
        for service in &mut self.services {
            // It may have ended by itself.
            drop(service.kill());
            drop(service.wait());
        }
        drop(self.run("down", &[]));
    }
}

fn service(
    (program, arguments): (&Path, &[&str]),
    address: &str,
    package_id: &str,
) -> Result<Child, Failed> {
    let service = Command::new(program)
        .args(arguments)
        .env("CHAINCODE_SERVER_ADDRESS", address)
        .env("CHAINCODE_ID", package_id)
        .env("CHAINCODE_TLS_DISABLED", "true")
        .env("PERVADE_LOG", "warn")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()?;
    Ok(service)
}

/// A program that is built beside this one.
pub(crate) fn built(name: &str) -> Result<PathBuf, Failed> {
    let own = env::current_exe()?;
    let program = own.ancestors().nth(2).map(|folder| folder.join(name));
    program
        .filter(|program| program.is_file())
        .ok_or_else(|| format!("no {name}: run `cargo build --workspace --bins --examples`").into())
}

/// Where nothing listens now.
fn free_address() -> Result<String, Failed> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.to_string())
}
