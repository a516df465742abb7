//! The control socket: one JSON object per line, for the owner of the folder alone.

use std::collections::BTreeMap;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use fabric_protos::id::{ChannelId, MspId};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::Semaphore;

use crate::packages::Package;
use crate::serving::{ACCEPT_PAUSE, Rim, stopped};

/// A command to a running network.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case", deny_unknown_fields)]
#[expect(clippy::exhaustive_enums, reason = "complete by definition")]
pub enum Command {
    /// How the network is.
    Status,
    /// Installs a chaincode package on every peer.
    Install {
        /// The package.
        package: Package,
    },
    /// Has an organisation's registrar certify a key.
    Enroll(Enroll),
    /// Stops the network.
    Down,
}

/// Whom an organisation's registrar certifies: a user, or what signs as one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::exhaustive_structs, reason = "the fields are the format")]
pub struct Enroll {
    /// Attributes in the certificate, which contracts read.
    pub attributes: BTreeMap<String, String>,
    /// Whether it is an administrator.
    pub is_admin: bool,
    /// The name in the certificate.
    pub name: String,
    /// The organisation.
    pub organization: MspId,
    /// The certificate request in PEM: of it only the key counts.
    pub request: String,
}

/// The answer to a [`Command`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "result", rename_all = "snake_case", deny_unknown_fields)]
#[expect(clippy::exhaustive_enums, reason = "complete by definition")]
pub enum Answer {
    /// How the network is.
    Status(NetworkStatus),
    /// The package is installed.
    Installed {
        /// Its id, which an organisation names when it approves a definition.
        package_id: String,
    },
    /// The key is certified.
    Enrolled {
        /// The certificate in PEM.
        certificate: String,
    },
    /// The network is stopping.
    Stopping,
    /// The command was refused.
    Refused {
        /// Why.
        reason: String,
    },
}

/// How a network is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::exhaustive_structs, reason = "the fields are the format")]
pub struct NetworkStatus {
    /// The process that runs it.
    pub process: u32,
    /// Its channels.
    pub channels: Vec<ChannelStatus>,
    /// Ids of the installed packages.
    pub packages: Vec<String>,
}

/// How a channel is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::exhaustive_structs, reason = "the fields are the format")]
pub struct ChannelStatus {
    /// Its name.
    pub name: ChannelId,
    /// How many blocks there are.
    pub height: u64,
    /// Hash of the last block's header, in hexadecimal.
    pub tip_hash: String,
}

/// The socket's name in the network's folder.
pub(crate) const SOCKET: &str = "control.sock";

/// Connections that are served at the same time; further ones wait.
const CONNECTIONS_MAX: usize = 16;

/// Bytes of one command or answer at most.
const LINE_BYTES_MAX: u64 = 1024 * 1024;

/// Why a running network did not answer.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum AskError {
    /// No network runs in the folder.
    #[error("no network runs in {}", path.display())]
    NotRunning {
        /// The folder.
        path: PathBuf,
        /// What the socket says.
        source: io::Error,
    },
    /// The connection broke.
    #[error("the network did not answer")]
    Broken(#[from] io::Error),
    /// The answer cannot be read.
    #[error("the network's answer cannot be read")]
    Unreadable(#[from] serde_json::Error),
}

/// Sends a command to the network that runs in a folder.
///
/// # Errors
/// If none runs there or it does not answer. A refusal is an answer.
pub async fn ask(folder: &Path, command: &Command) -> Result<Answer, AskError> {
    let stream = UnixStream::connect(folder.join(SOCKET));
    let not_running = |source| AskError::NotRunning { path: folder.to_owned(), source };
    let mut stream = BufReader::new(stream.await.map_err(not_running)?);
    let mut line = serde_json::to_vec(command)?;
    line.push(b'\n');
    stream.write_all(&line).await?;
    let mut answer = String::new();
    stream.take(LINE_BYTES_MAX).read_line(&mut answer).await?;
    Ok(serde_json::from_str(&answer)?)
}

/// Carries out commands.
pub(crate) trait Obey: Send + Sync {
    /// Carries out one command.
    fn obey(&self, command: Command) -> Answer;
}

/// Opens the socket of a folder that this process holds, and serves it.
pub(crate) fn serve(folder: &Path, obey: Arc<dyn Obey>, rim: &Rim) -> io::Result<()> {
    let path = folder.join(SOCKET);
    match std::fs::remove_file(&path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let listener = UnixListener::bind(&path)?;
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600))?;
    rim.spawn.spawn("control", Box::pin(accept(listener, obey, rim.clone())));
    Ok(())
}

/// The whole reason of a failure in one line.
pub(crate) fn reason(error: &dyn std::error::Error) -> String {
    let below = std::iter::successors(error.source(), |error| error.source());
    below.fold(error.to_string(), |text, error| format!("{text}: {error}"))
}

async fn accept(listener: UnixListener, obey: Arc<dyn Obey>, rim: Rim) {
    let slots = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let mut end = Box::pin(stopped(&rim));
    loop {
        let Ok(slot) = Arc::clone(&slots).acquire_owned().await else { return };
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut end => return,
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::warn!(%error, "a control connection could not be taken");
                rim.clock.sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        let (obey, end) = (Arc::clone(&obey), stopped(&rim));
        let task = async move {
            let _slot = slot;
            tokio::select! {
                result = converse(stream, obey.as_ref()) => {
                    if let Err(error) = result {
                        tracing::debug!(%error, "a control connection broke");
                    }
                }
                () = end => {}
            }
        };
        rim.spawn.spawn("control connection", Box::pin(task));
    }
}

async fn converse(stream: UnixStream, obey: &dyn Obey) -> io::Result<()> {
    let (reader, mut writer) = stream.into_split();
    let mut reader = BufReader::new(reader);
    loop {
        let mut line = String::new();
        let read = (&mut reader).take(LINE_BYTES_MAX).read_line(&mut line).await?;
        if read == 0 {
            return Ok(());
        }
        let answer = match serde_json::from_str(&line) {
            Ok(command) => obey.obey(command),
            Err(error) => Answer::Refused { reason: format!("no command: {error}") },
        };
        let mut line = serde_json::to_vec(&answer)?;
        line.push(b'\n');
        writer.write_all(&line).await?;
    }
}
