//! A peer process of Hyperledger Fabric: one more peer of our first organisation.

use std::{
    fs::{self, File},
    net::{Ipv4Addr, TcpListener},
    path::{Path, PathBuf},
    process::Stdio,
    sync::Arc,
    time::Duration,
};

use libtest_mimic::Failed;
use pervade_embedded::NodeDescription;
use pervade_identity::Role;
use pervade_peer_client::Network;
use pervade_registrar::{Enrollment, EnrollmentKind};
use serde_json::{Value, json};
use tokio::{
    net::TcpStream,
    process::{Child, Command},
    time::sleep,
};

use crate::ours::Ours;

/// The peer's host name, which its certificates show.
const HOST: &str = "peer9.org1.example.com";

/// What it is trusted by, in its folder.
const TLS_ROOT: &str = "msp/tlscacerts/tlsca.org1.example.com-cert.pem";

/// Between two looks at whether something is there yet.
const PAUSE: Duration = Duration::from_millis(100);

/// Lines of the peer's log, of each kind, that a failed trial shows at most.
const LOG_LINES_SHOWN: usize = 30;

/// A running peer. Dropped, its process ends.
pub(crate) struct RealPeer {
    process: Child,
    binaries: PathBuf,
    folder: PathBuf,
    address: String,
}

impl RealPeer {
    /// Starts the peer and has it join the channel with our first block.
    pub(crate) async fn start(binaries: &Path, ours: &Ours, folder: &Path) -> Result<Self, Failed> {
        let [address, chaincodes] = [free_address()?, free_address()?];
        write_identity(ours, folder)?;
        let config = configuration(folder, &address, &chaincodes);
        fs::write(folder.join("core.yaml"), serde_json::to_vec_pretty(&config)?)?;
        let log = File::create(folder.join("log"))?;
        let mut peer = Self {
            process: clean(&binaries.join("peer"), folder)
                .args(["node", "start"])
                .stdin(Stdio::null())
                .stdout(log.try_clone()?)
                .stderr(log)
                .kill_on_drop(true)
                .spawn()?,
            binaries: binaries.to_owned(),
            folder: folder.to_owned(),
            address,
        };
        peer.listens().await?;
        let description = ours.network.description();
        let channel = description.channels.first().ok_or("our network has no channel")?;
        let genesis = ours.file(&channel.genesis_block);
        let genesis = genesis.to_str().ok_or("a path that is no text")?;
        peer.command(ours, &["channel", "join", "-b", genesis]).await?;
        Ok(peer)
    }

    /// The channel as this peer has it, asked by a user of the first organisation.
    pub(crate) async fn follow(&self, ours: &Ours) -> Result<Network, Failed> {
        let peer = NodeDescription {
            host: HOST.to_owned(),
            address: self.address.clone(),
            tls_root: self.folder.join(TLS_ROOT),
        };
        ours.network_at(&peer, Arc::new(ours.user("User1")?)).await
    }

    /// How many blocks the peer says it has.
    pub(crate) async fn height(&self, ours: &Ours) -> Result<usize, Failed> {
        let channel = ours.channel.as_str();
        let said = self.command(ours, &["channel", "getinfo", "-c", channel]).await?;
        let (_, info) = said.split_once("Blockchain info: ").ok_or("no information")?;
        let info: Value = serde_json::from_str(info.trim())?;
        let height = info.get("height").and_then(Value::as_u64).ok_or("no height")?;
        Ok(usize::try_from(height)?)
    }

    /// What the peer wrote: errors, where it panicked or else what it wrote last.
    pub(crate) fn log(&self) -> Result<String, Failed> {
        let log = fs::read_to_string(self.folder.join("log"))?;
        let lines: Vec<&str> = log.lines().collect();
        let errors = lines.iter().filter(|line| line.contains(" ERRO "));
        let end = lines.len().saturating_sub(LOG_LINES_SHOWN);
        let panic = lines.iter().position(|line| line.starts_with("panic: ")).unwrap_or(end);
        let rest = lines.iter().skip(panic);
        let shown: Vec<&str> =
            errors.take(LOG_LINES_SHOWN).chain(rest.take(LOG_LINES_SHOWN)).copied().collect();
        Ok(shown.join("\n"))
    }

    pub(crate) async fn stop(mut self) -> Result<(), Failed> {
        Ok(self.process.kill().await?)
    }

    async fn listens(&mut self) -> Result<(), Failed> {
        while TcpStream::connect(&self.address).await.is_err() {
            if let Some(status) = self.process.try_wait()? {
                return Err(format!("the peer ended, {status}:\n{}", self.log()?).into());
            }
            sleep(PAUSE).await;
        }
        Ok(())
    }

    /// Runs the peer's own command line as the organisation's administrator.
    async fn command(&self, ours: &Ours, words: &[&str]) -> Result<String, Failed> {
        let msp = ours.org1_files().join("users/Admin@org1.example.com/msp");
        let output = clean(&self.binaries.join("peer"), &self.folder)
            .args(words)
            .env("CORE_PEER_ADDRESS", &self.address)
            .env("CORE_PEER_MSPCONFIGPATH", msp)
            .stdin(Stdio::null())
            .output()
            .await?;
        let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        if output.status.success() {
            return Ok(said(&output.stdout));
        }
        Err(format!("peer {words:?}: {}{}", said(&output.stdout), said(&output.stderr)).into())
    }
}

/// A command with our environment, but none of the variables that steer Fabric.
fn clean(program: &Path, configuration: &Path) -> Command {
    let mut command = Command::new(program);
    for (name, _) in std::env::vars_os() {
        let steers = |prefix: &str| name.to_string_lossy().starts_with(prefix);
        if steers("CORE_") || steers("FABRIC_") {
            command.env_remove(name);
        }
    }
    command.env("FABRIC_CFG_PATH", configuration).env("FABRIC_LOGGING_SPEC", "info:grpc=error");
    command
}

/// Where nothing listens now.
fn free_address() -> Result<String, Failed> {
    let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
    Ok(format!("127.0.0.1:{port}"))
}

/// Writes the peer's keys and certificates, and its organisation's definition, where the
/// configuration looks for them.
fn write_identity(ours: &Ours, folder: &Path) -> Result<(), Failed> {
    let member = |kind| Enrollment {
        common_name: HOST.to_owned(),
        role: Role::Peer,
        attributes: [].into(),
        hosts: [HOST, "localhost", "127.0.0.1"].map(str::to_owned).into(),
        kind,
    };
    let definition = ours.org1_files().join("msp");
    let msp = folder.join("msp");
    for part in ["cacerts", "tlscacerts"] {
        copy_files(&definition.join(part), &msp.join(part))?;
    }
    fs::copy(definition.join("config.yaml"), msp.join("config.yaml"))?;
    let places = [
        (EnrollmentKind::Identity, "msp/signcerts/cert.pem", "msp/keystore/key.pem"),
        (EnrollmentKind::Tls, "tls/cert.pem", "tls/key.pem"),
    ];
    for (kind, certificate, key) in places {
        let (issued, secret) = ours.enroll(&ours.org1, &member(kind))?;
        write(&folder.join(certificate), &issued)?;
        write(&folder.join(key), secret.to_pkcs8_pem()?.expose().as_bytes())?;
    }
    Ok(())
}

fn copy_files(from: &Path, to: &Path) -> Result<(), Failed> {
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        write(&to.join(entry.file_name()), &fs::read(entry.path())?)?;
    }
    Ok(())
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), Failed> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    Ok(fs::write(path, bytes)?)
}

/// What Fabric's peer reads as `core.yaml`; JSON is YAML.
///
/// The peer runs no chaincode, finds no other peer of its kind, and pulls blocks from the orderer
/// by itself. Private data, which it can get from nobody, it hardly waits for.
fn configuration(folder: &Path, address: &str, chaincodes: &str) -> Value {
    let file = |path: &str| json!({ "file": folder.join(path) });
    let default = |name: &str| json!([{ "name": name }]);
    json!({
        "peer": {
            "id": HOST, "networkId": "pervade", "localMspId": "Org1MSP",
            "address": address, "listenAddress": address,
            "chaincodeAddress": chaincodes, "chaincodeListenAddress": chaincodes,
            "mspConfigPath": folder.join("msp"), "fileSystemPath": folder.join("data"),
            "BCCSP": { "Default": "SW", "SW": { "Hash": "SHA2", "Security": 256 } },
            "tls": {
                "enabled": true, "cert": file("tls/cert.pem"), "key": file("tls/key.pem"),
                "rootcert": file(TLS_ROOT),
            },
            "gossip": {
                "bootstrap": address, "externalEndpoint": address,
                "orgLeader": true, "useLeaderElection": false,
                "pvtData": {
                    "pullRetryThreshold": "200ms", "pushAckTimeout": "1s",
                    "reconciliationEnabled": false,
                    "skipPullingInvalidTransactionsDuringCommit": true,
                },
            },
            "deliveryclient": { "reConnectBackoffThreshold": "1s" },
            "handlers": {
                "authFilters": [{ "name": "DefaultAuth" }, { "name": "ExpirationCheck" }],
                "decorators": default("DefaultDecorator"),
                "endorsers": { "escc": { "name": "DefaultEndorsement" } },
                "validators": { "vscc": { "name": "DefaultValidation" } },
            },
        },
        "chaincode": {
            "mode": "net", "executetimeout": "30s", "installTimeout": "30s",
            "startuptimeout": "30s",
            // Never called, but a peer without any way to build chaincode does not start.
            "externalBuilders": [{ "name": "none", "path": folder.join("builder") }],
            "system": { "_lifecycle": "enable", "cscc": "enable", "lscc": "enable", "qscc": "enable" },
        },
        "ledger": {
            "state": { "stateDatabase": "goleveldb", "totalQueryLimit": 100_000 },
            "history": { "enableHistoryDatabase": true },
            "snapshots": { "rootDir": folder.join("data/snapshots") },
        },
        "vm": { "endpoint": "" },
        "operations": { "listenAddress": "127.0.0.1:0" },
        "metrics": { "provider": "disabled" },
    })
}
