//! A Node chaincode as a service: `tests/official/chaincode.mjs`.

use std::io;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use crate::node;

/// How long Node may take to listen.
const START_TIMEOUT: Duration = Duration::from_secs(60);

/// How often that is looked at.
const START_POLL: Duration = Duration::from_millis(100);

/// A running service; ends with this value.
pub(crate) struct Service {
    child: Child,
}

impl Service {
    /// Runs the chaincode with a package id at an address; with TLS, if there is a folder with
    /// `server.key` and `server.crt`. Returns once it listens.
    ///
    /// # Errors
    /// If Node does not run or does not listen.
    pub(crate) async fn start(
        package_id: &str,
        address: &str,
        tls: Option<&Path>,
    ) -> io::Result<Self> {
        let mut command = node::script("chaincode.mjs");
        command.env("CHAINCODE_ID", package_id).env("CHAINCODE_SERVER_ADDRESS", address);
        command.env("NODE_NO_WARNINGS", "1");
        if let Some(folder) = tls {
            command.env("CHAINCODE_TLS_KEY", folder.join("server.key"));
            command.env("CHAINCODE_TLS_CERT", folder.join("server.crt"));
        }
        // The script ends with its input, so that it never outlives this process.
        let child = command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn()?;
        let service = Self { child };
        let listens = async {
            while TcpStream::connect(address).await.is_err() {
                sleep(START_POLL).await;
            }
        };
        timeout(START_TIMEOUT, listens).await?;
        Ok(service)
    }

    /// Waits until the service has ended by itself.
    ///
    /// # Errors
    /// If it does not.
    pub(crate) async fn ended(&mut self) -> io::Result<()> {
        let ends = async {
            while self.child.try_wait()?.is_none() {
                sleep(START_POLL).await;
            }
            Ok(())
        };
        timeout(START_TIMEOUT, ends).await?
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // One that has ended already cannot be killed, and need not.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// An address of this machine at which nobody listens yet.
///
/// # Errors
/// If the machine has none left.
pub(crate) fn free_address() -> io::Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    Ok(format!("localhost:{}", listener.local_addr()?.port()))
}
