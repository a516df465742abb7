//! Our chaincode and the mock peer know each other by their certificates, whoever dials.

#![expect(clippy::tests_outside_test_module, clippy::unwrap_used, reason = "all of this is test")]

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use pervade_bench::{
    Announces, Authority, Credential, Ends, Function, Kind, Listener, Load, Process, Stream, dial,
};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::process::Command;
use tonic::transport::{Certificate, ClientTlsConfig, Endpoint, Identity, ServerTlsConfig};

#[tokio::test]
async fn a_service_lets_in_the_peers_it_was_told_of_and_nobody_else() {
    let world = World::new();
    let address = free_address().await;
    let process = world.contract(&address, "CHAINCODE_SERVER_ADDRESS");
    let known = world.peers.issue().unwrap();
    let ends = dial(world.endpoint(&address, Some(&known)), MESSAGES, PATIENCE).await.unwrap();
    calls(ends, &process).await;

    let stranger = Authority::new().unwrap().issue().unwrap();
    for shown in [Some(&stranger), None] {
        let endpoint = world.endpoint(&address, shown);
        let refused = dial(endpoint, MESSAGES, Duration::ZERO).await;
        // With TLS 1.3 a client hears of its refusal when it first reads.
        let refused = match refused {
            Ok(mut ends) => ends.incoming.message().await.map(|_| ()).map_err(|_| ()),
            Err(_) => Err(()),
        };
        assert_eq!(refused, Err(()), "shown: {shown:?}");
    }
}

#[tokio::test]
async fn a_launched_contract_shows_its_peer_a_certificate() {
    let world = World::new();
    let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = socket.local_addr().unwrap().to_string();
    let own = world.peers.issue().unwrap();
    let tls = ServerTlsConfig::new()
        .identity(Identity::from_pem(&own.certificate, &own.key))
        .client_ca_root(Certificate::from_pem(world.contracts.root()));
    let mut listener = Listener::start(socket, tls, MESSAGES).unwrap();
    let process = world.contract(&address, "CORE_PEER_ADDRESS");
    calls(listener.accept(PATIENCE).await.unwrap(), &process).await;
}

#[tokio::test]
async fn a_launched_contract_trusts_no_other_peer() {
    let world = World::new();
    let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = socket.local_addr().unwrap().to_string();
    let stranger = Authority::new().unwrap().issue().unwrap();
    let identity = Identity::from_pem(&stranger.certificate, &stranger.key);
    let tls = ServerTlsConfig::new().identity(identity);
    let mut listener = Listener::start(socket, tls, MESSAGES).unwrap();
    let process = world.contract(&address, "CORE_PEER_ADDRESS");
    let status = process.ended(PATIENCE).await.unwrap();
    assert_eq!(status.code(), Some(1));
    assert!(listener.accept(Duration::ZERO).await.is_none(), "no stream was opened");
}

/// Messages that may wait.
const MESSAGES: usize = 64;

const PATIENCE: Duration = Duration::from_secs(30);

/// Two authorities: one that peers' certificates are from, one that contracts' are from.
struct World {
    peers: Authority,
    contracts: Authority,
    folder: TempDir,
}

impl World {
    fn new() -> Self {
        let [peers, contracts] = [Authority::new(), Authority::new()];
        let folder = tempfile::tempdir().unwrap();
        Self { peers: peers.unwrap(), contracts: contracts.unwrap(), folder }
    }

    /// Starts our contract, which serves or dials the address.
    fn contract(&self, address: &str, variable: &str) -> Process {
        let Credential { certificate, key } = self.contracts.issue().unwrap();
        let mut command = Command::new(contract());
        command
            .env(variable, address)
            .env("CORE_CHAINCODE_ID_NAME", "bench:1")
            .env("CORE_PEER_TLS_ENABLED", "true")
            .env("CORE_TLS_CLIENT_CERT_FILE", self.file("certificate", &certificate))
            .env("CORE_TLS_CLIENT_KEY_FILE", self.file("key", &key))
            .env("CORE_PEER_TLS_ROOTCERT_FILE", self.file("roots", &self.peers.root()))
            .stdin(Stdio::null());
        Process::start(&mut command).unwrap()
    }

    /// A peer's way to a service, showing a certificate.
    fn endpoint(&self, address: &str, shown: Option<&Credential>) -> Endpoint {
        let root = Certificate::from_pem(self.contracts.root());
        let tls = ClientTlsConfig::new().ca_certificate(root).domain_name("localhost");
        let tls = match shown {
            Some(shown) => tls.identity(Identity::from_pem(&shown.certificate, &shown.key)),
            None => tls,
        };
        Endpoint::from_shared(format!("https://{address}")).unwrap().tls_config(tls).unwrap()
    }

    fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }
}

/// Where nothing listens now.
async fn free_address() -> String {
    TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().to_string()
}

/// The program of `tests/bench/subjects`, which is built beside this one.
fn contract() -> PathBuf {
    let own = std::env::current_exe().unwrap();
    let folder = own.ancestors().nth(2).unwrap();
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut build = std::process::Command::new(cargo);
    build.args(["build", "--quiet", "--package", "pervade-bench-subjects"]);
    build.arg("--target-dir").arg(folder.parent().unwrap_or(Path::new(".")));
    let built = build.current_dir(env!("CARGO_MANIFEST_DIR")).status().unwrap();
    assert!(built.success(), "the contract does not build");
    folder.join("bench-contract")
}

/// Calls of the contract go both ways over the stream, in batches and without.
async fn calls(ends: Ends, process: &Process) {
    let mut stream = Stream::open(ends, Kind::Chaincode, Announces::Batches).await.unwrap();
    let load = Load {
        function: Function::HundredPuts,
        in_flight: 16,
        warm_up: Duration::ZERO,
        measured: Duration::from_millis(50),
    };
    let measured = stream.run(&load, process).await.unwrap();
    assert_eq!(measured.fault, None, "no call fails");
}
