//! What a payload costs inside the chaincode: the contract's `normalise`, beside the library alone.
//!
//! ```sh
//! cargo bench -p pervade-registry --bench normalise
//! ```
//!
//! The contract runs as in production, on an in-memory ledger: arguments decoded, the package's
//! text read from state, quads and digest encoded as the answer. What a peer adds, signatures and
//! streams, is not in it; `pervade bench` measures that.

#![expect(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "it measures and prints"
)]

use std::time::Instant;

use pervade_chaincode::canonical;
use pervade_chaincode::testing::{TestCall, TestLedger};
use pervade_package::{CheckedPackage, Context, DevicePackage, shipped};
use pervade_registry::record::Recording;
use rcgen::{CertificateParams, DnType, KeyPair};

/// Calls of one package that are measured, after as many that are not.
const CALLS: u32 = 1_000;

fn main() {
    println!("| package | quads | µs, library | µs, contract |");
    println!("| --- | ---: | ---: | ---: |");
    for package in shipped() {
        let name = format!("{}/{}", package.manifest.vendor, package.manifest.model);
        let (quads, library, contract) = measured(&package);
        println!("| {name} | {quads} | {library} | {contract} |");
    }
}

/// Quads of the first example, and microseconds that each way takes for it.
fn measured(package: &DevicePackage) -> (usize, u128, u128) {
    let example = package.examples.first().expect("a package has examples");
    let payload = example.payload_bytes(&package.manifest).expect("a payload");
    let compiled = CheckedPackage::compile(package).expect("a shipped package");
    let [channel, tx_id, device] = ["mychannel", "00ff", "abcd"].map(str::to_owned);
    let context = Context::new(&channel, &tx_id, &device).expect("names");
    let quads = compiled.normalise(&payload, &context).expect("an example maps").quads.len();
    let library = microseconds(|| compiled.normalise(&payload, &context).is_ok());
    let recording = Recording { channel, device, tx_id };
    let ledger = published(package);
    let call = TestCall::new(REGISTRY, "normalise").arg(package.id().as_str()).arg(payload);
    let call = call.arg(canonical::to_vec(&recording).expect("JSON"));
    let contract = microseconds(|| ledger.evaluate(&call).is_success());
    (quads, library, contract)
}

fn microseconds(call: impl Fn() -> bool) -> u128 {
    let all = || (0..CALLS).all(|_| call());
    assert!(all(), "every call succeeds");
    let begun = Instant::now();
    assert!(all(), "every call succeeds");
    (begun.elapsed() / CALLS).as_micros()
}

const REGISTRY: &str = "registry";

fn published(package: &DevicePackage) -> TestLedger {
    let registry = pervade_registry::chaincode(REGISTRY.parse().expect("a name"));
    let mut ledger = TestLedger::new().with(registry);
    let mut parameters = CertificateParams::default();
    parameters.distinguished_name.push(DnType::OrganizationalUnitName, "admin");
    let key = KeyPair::generate().expect("a key");
    let admin = parameters.self_signed(&key).expect("a certificate").pem();
    let publish = TestCall::new(REGISTRY, "publish").arg(package.canonical());
    assert!(ledger.submit(&publish.creator("Org1MSP", admin)).is_success(), "it is published");
    ledger
}
