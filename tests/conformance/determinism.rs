//! Any payload gives the same bytes every time, or the same error: on the ledger and off it, on one
//! thread and on eight (`T-69`, `N-02`).
//!
//! [`PAYLOADS`] sets how many payloads are tried for each package.

mod mutate;

use std::env;
use std::io::{self, Write};
use std::thread;

use libtest_mimic::{Failed, Trial};
use pervade_chaincode::testing::{TestCall, TestLedger};
use pervade_chaincode::{Argument, canonical};
use pervade_package::{
    CheckedPackage, Context, DevicePackage, NormaliseError, Normalised, shipped,
};
use pervade_rdf::{digest, nquads, parse_nquads};
use pervade_registry::record::{Normalisation, Recording};
use pervade_tests::random::{Random, SEED, seed};
use rcgen::{CertificateParams, DnType, KeyPair};
use sha2::{Digest, Sha256};

use self::mutate::mutated;

/// How many payloads are tried for each package, in decimal digits.
const PAYLOADS: &str = "PERVADE_PAYLOADS";

/// As many if nothing else is said: enough for every run of the tests.
const PAYLOADS_USUAL: usize = 2_000;

/// Payloads that are made before any is tried.
const BATCH: usize = 1_000;

const THREADS: usize = 8;

/// Of a hundred payloads, how many must be understood: refusals alone would show little.
const UNDERSTOOD_PERCENT_MIN: usize = 5;

pub(crate) fn trials() -> Vec<Trial> {
    let packages = shipped().into_iter();
    let trial = |package: DevicePackage| {
        let (vendor, model) = (&package.manifest.vendor, &package.manifest.model);
        let name = format!("any_payload_gives_the_same_twice::{vendor}::{model}");
        Trial::test(name, move || any_payload_gives_the_same_twice(&package))
    };
    packages.map(trial).collect()
}

fn any_payload_gives_the_same_twice(package: &DevicePackage) -> Result<(), Failed> {
    let seed = seed()?;
    let wanted = env::var(PAYLOADS).map_or(Ok(PAYLOADS_USUAL), |text| text.parse())?;
    let mut random = Random::new(seed);
    let examples = package.examples.iter().map(|example| example.payload_bytes(&package.manifest));
    let examples: Vec<Vec<u8>> = examples.collect::<Result<_, _>>()?;
    // Two of them, so that nothing one has kept can help the other.
    let [one, many] = [compile(package)?, compile(package)?];
    let ledger = Ledger::with(package)?;
    let (mut tried, mut understood) = (0, 0);
    while tried < wanted {
        let payloads: Vec<Vec<u8>> = (0..BATCH.min(wanted - tried))
            .map(|_| {
                let example = random.one_of(&examples).cloned().unwrap_or_default();
                mutated(&mut random, &example)
            })
            .collect();
        let by_threads = on_threads(&many, &payloads, &ledger.context);
        for (payload, other) in payloads.iter().zip(by_threads) {
            let first = one.normalise(payload, &ledger.context);
            let agreed = check(&first, &other).and_then(|()| ledger.check(payload, &first));
            let place =
                |what| format!("{SEED}={seed}, {what}: {}", String::from_utf8_lossy(payload));
            agreed.map_err(place)?;
            understood += usize::from(first.is_ok());
        }
        tried += payloads.len();
    }
    let model = &package.manifest.model;
    writeln!(io::stderr(), "{model}: {understood} of {tried} understood, {SEED}={seed}")?;
    if understood * 100 < tried * UNDERSTOOD_PERCENT_MIN {
        return Err(format!("only {understood} of {tried} payloads were understood").into());
    }
    Ok(())
}

fn compile(package: &DevicePackage) -> Result<CheckedPackage, Failed> {
    CheckedPackage::compile(package).map_err(|problems| format!("{problems:?}").into())
}

/// What came of a payload.
type Said = Result<Normalised, NormaliseError>;

/// Each payload by one of [`THREADS`] threads, in the order of the payloads.
fn on_threads(package: &CheckedPackage, payloads: &[Vec<u8>], context: &Context) -> Vec<Said> {
    let share = payloads.len().div_ceil(THREADS).max(1);
    thread::scope(|scope| {
        let normalise = |share: &[Vec<u8>]| -> Vec<Said> {
            share.iter().map(|payload| package.normalise(payload, context)).collect()
        };
        let threads: Vec<_> =
            payloads.chunks(share).map(|share| scope.spawn(move || normalise(share))).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap_or_default()).collect()
    })
}

/// Both said the same; the quads are one sorted text, which is read back to the same quads.
fn check(first: &Said, other: &Said) -> Result<(), String> {
    if first != other {
        return Err("not the same twice".to_owned());
    }
    let Ok(normalised) = first else { return Ok(()) };
    let text = nquads(&normalised.quads);
    let lines: Vec<&str> = text.lines().collect();
    if !lines.is_sorted_by(|line, next| line < next) {
        return Err("not sorted".to_owned());
    }
    let hash: [u8; 32] = Sha256::digest(&text).into();
    if hash != normalised.digest || digest(&normalised.quads) != hash {
        return Err("another digest".to_owned());
    }
    // The reader takes no blank node.
    let read = parse_nquads(&text).map_err(|error| error.to_string())?;
    if read == normalised.quads { Ok(()) } else { Err("read back to other quads".to_owned()) }
}

/// A ledger on which one package is published.
struct Ledger {
    ledger: TestLedger,
    package: String,
    context: Context,
    recording: Vec<u8>,
}

impl Ledger {
    fn with(package: &DevicePackage) -> Result<Self, Failed> {
        let registry = pervade_registry::chaincode(REGISTRY.parse()?);
        let mut ledger = TestLedger::new().with(registry);
        let mut parameters = CertificateParams::default();
        parameters.distinguished_name.push(DnType::OrganizationalUnitName, "admin");
        let admin = parameters.self_signed(&KeyPair::generate()?)?.pem();
        let publish = TestCall::new(REGISTRY, "publish").arg(package.canonical());
        let published = ledger.submit(&publish.creator("Org1MSP", admin));
        if !published.is_success() {
            return Err(published.message.into());
        }
        let [channel, tx_id, device] = ["mychannel", "00ff", "abcd"].map(str::to_owned);
        let context = Context::new(&channel, &tx_id, &device)?;
        let recording = canonical::to_vec(&Recording { channel, device, tx_id })?;
        Ok(Self { ledger, package: package.id().as_str().to_owned(), context, recording })
    }

    /// The contract says what was said off the ledger.
    fn check(&self, payload: &[u8], said: &Said) -> Result<(), String> {
        let call = TestCall::new(REGISTRY, "normalise").arg(self.package.as_str());
        let call = call.arg(payload).arg(self.recording.as_slice());
        let outcome = self.ledger.evaluate(&call);
        let expected = match said {
            Ok(normalised) => Ok((nquads(&normalised.quads), hex::encode(normalised.digest))),
            Err(error) => Err(error.to_string()),
        };
        let told = if outcome.is_success() {
            let said =
                Normalisation::decode(&outcome.payload).map_err(|error| error.to_string())?;
            Ok((said.nquads, said.graph_sha256))
        } else {
            Err(outcome.message)
        };
        match (expected, told) {
            (Ok(expected), Ok(told)) if expected == told => Ok(()),
            (Err(expected), Err(told)) if told.contains(&expected) => Ok(()),
            (expected, told) => Err(format!("on the ledger {told:?}, off it {expected:?}")),
        }
    }
}

const REGISTRY: &str = "registry";
