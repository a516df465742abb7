//! What the network and the mapping engine do in a second, measured through the client's door.
//!
//! A network of two organisations runs in this process, in a folder of its own that is removed
//! afterwards. One device records one payload again and again, so many transactions in flight at a
//! time; a transaction counts from its proposal to its verdict.

use std::path::PathBuf;
use std::time::Duration;

use futures::StreamExt as _;
use pervade_package::{CheckedPackage, Context, DevicePackage, shipped};
use pervade_peer_client::Contract;
use serde::Serialize;

use crate::StepAccount;
use crate::account::{Listener, Teller, now};
use crate::client::{contract, submit};
use crate::devices::{Device, Fleet};
use crate::error::{DemoError, While as _};
use crate::network::{RECORDING, World};

/// What is measured.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "complete by definition")]
pub struct Plan {
    /// Where the network may live; made, and removed in the end.
    pub folder: PathBuf,
    /// Transactions for each number in flight; a tenth of them for one at a time.
    pub transactions: usize,
    /// How many transactions are in flight at a time, one measurement each.
    pub in_flight: Vec<usize>,
    /// Payloads normalised for each package.
    pub payloads: usize,
}

/// What was measured.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Report {
    /// Processors of the machine.
    pub processors: usize,
    /// From the start of the program to a network that takes calls, in milliseconds.
    pub network_start_ms: f64,
    /// Recordings, from proposal to verdict.
    pub recordings: Vec<RecordingFigures>,
    /// Payloads read, validated and mapped, on one core, without a network.
    pub normalised: Vec<NormaliseFigures>,
}

/// One measurement of recordings.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct RecordingFigures {
    /// How many were in flight.
    pub in_flight: usize,
    /// How many were committed.
    pub transactions: usize,
    /// Committed transactions a second.
    pub per_second: f64,
    /// Half of them took at most this long, in milliseconds.
    pub p50_ms: f64,
    /// All but one in twenty.
    pub p95_ms: f64,
    /// All but one in a hundred.
    pub p99_ms: f64,
    /// The slowest.
    pub max_ms: f64,
}

/// One measurement of the mapping engine.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct NormaliseFigures {
    /// Vendor and model.
    pub package: String,
    /// How many quads each payload gives.
    pub quads: usize,
    /// Payloads a second.
    pub per_second: f64,
}

/// Measures, telling `progress` what is under way.
pub async fn run(plan: &Plan, progress: &mut dyn FnMut(&str)) -> Result<Report, DemoError> {
    let normalised = normalise(plan, progress)?;
    let began = now();
    let mut silent = Silent;
    let mut teller = Teller::new(&mut silent);
    let world = World::start(&plan.folder, &mut teller).await?;
    let network_start_ms = milliseconds(began.elapsed());
    let measured = record(plan, &world, &mut teller, progress).await;
    world.stop(&mut teller).await?;
    std::fs::remove_dir_all(&plan.folder).doing("remove the measured network")?;
    let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    Ok(Report { processors, network_start_ms, recordings: measured?, normalised })
}

fn normalise(
    plan: &Plan,
    progress: &mut dyn FnMut(&str),
) -> Result<Vec<NormaliseFigures>, DemoError> {
    let mut figures = Vec::new();
    for package in shipped() {
        let name = format!("{}/{}", package.manifest.vendor, package.manifest.model);
        progress(&format!("normalising {} payloads of {name}", plan.payloads));
        figures.push(normalise_one(plan, &package, name)?);
    }
    Ok(figures)
}

fn normalise_one(
    plan: &Plan,
    package: &DevicePackage,
    name: String,
) -> Result<NormaliseFigures, DemoError> {
    let compiled = CheckedPackage::compile(package).map_err(|problems| {
        DemoError::unexpected(format!("{name}: {} problems", problems.len()))
    })?;
    let payload = example(package)?;
    let mut quads = 0;
    let began = now();
    for number in 0..plan.payloads {
        let context = Context::new("bench", &format!("tx{number}"), "device");
        let context = context.doing("name a payload")?;
        quads = compiled.normalise(&payload, &context).doing("normalise a payload")?.quads.len();
    }
    let per_second = rate(plan.payloads, began.elapsed());
    Ok(NormaliseFigures { package: name, quads, per_second })
}

async fn record(
    plan: &Plan,
    world: &World,
    teller: &mut Teller<'_>,
    progress: &mut dyn FnMut(&str),
) -> Result<Vec<RecordingFigures>, DemoError> {
    let mut fleet = Fleet::enrol(world, teller)?;
    fleet.publish(world, teller).await?;
    let Some(device) = fleet.devices.first() else {
        return Err(DemoError::unexpected("there is no device to record"));
    };
    let network = world.place.connect(device.signer.clone()).await?;
    let recording = contract(&network, RECORDING)?;
    let mut figures = Vec::new();
    for in_flight in &plan.in_flight {
        let transactions = if *in_flight == 1 { plan.transactions / 10 } else { plan.transactions };
        progress(&format!("recording {transactions} payloads, {in_flight} in flight"));
        figures.push(record_at(&recording, device, transactions.max(1), *in_flight).await?);
    }
    Ok(figures)
}

async fn record_at(
    recording: &Contract,
    device: &Device,
    transactions: usize,
    in_flight: usize,
) -> Result<RecordingFigures, DemoError> {
    let id = device.package.id();
    let payload = example(&device.package)?;
    let began = now();
    let calls = (0..transactions).map(|_| async {
        let args = [id.as_str().as_bytes(), payload.as_slice()];
        Ok::<Duration, DemoError>(submit(recording, "record", &args).await?.took)
    });
    let mut running = futures::stream::iter(calls).buffer_unordered(in_flight);
    let mut latencies = Vec::with_capacity(transactions);
    while let Some(took) = running.next().await {
        latencies.push(took?);
    }
    latencies.sort_unstable();
    let at = |per_mille: usize| {
        let index = (latencies.len() * per_mille / 1_000).min(latencies.len().saturating_sub(1));
        latencies.get(index).copied().map_or(0.0, milliseconds)
    };
    Ok(RecordingFigures {
        in_flight,
        transactions,
        per_second: rate(transactions, began.elapsed()),
        p50_ms: at(500),
        p95_ms: at(950),
        p99_ms: at(990),
        max_ms: at(1_000),
    })
}

fn example(package: &DevicePackage) -> Result<Vec<u8>, DemoError> {
    let first = package.examples.first();
    let first = first.ok_or_else(|| DemoError::unexpected("a package without examples"))?;
    first.payload_bytes(&package.manifest).doing("read an example's payload")
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1_000.0
}

#[expect(clippy::cast_precision_loss, reason = "counts of a benchmark are far below 2^52")]
fn rate(count: usize, took: Duration) -> f64 {
    count as f64 / took.as_secs_f64().max(f64::EPSILON)
}

/// The report as a page's tables.
impl std::fmt::Display for Report {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(
            f,
            "{} processors; network up after {:.0} ms\n",
            self.processors, self.network_start_ms
        )?;
        writeln!(
            f,
            "| in flight | transactions | committed a second | p50 ms | p95 ms | p99 ms | max ms |"
        )?;
        writeln!(f, "| ---: | ---: | ---: | ---: | ---: | ---: | ---: |")?;
        for row in &self.recordings {
            let RecordingFigures { in_flight, transactions, per_second, .. } = row;
            write!(f, "| {in_flight} | {transactions} | {per_second:.0} ")?;
            writeln!(
                f,
                "| {:.1} | {:.1} | {:.1} | {:.1} |",
                row.p50_ms, row.p95_ms, row.p99_ms, row.max_ms
            )?;
        }
        writeln!(f, "\n| package | quads a payload | payloads a second, one core |")?;
        writeln!(f, "| --- | ---: | ---: |")?;
        for row in &self.normalised {
            writeln!(f, "| {} | {} | {:.0} |", row.package, row.quads, row.per_second)?;
        }
        Ok(())
    }
}

/// Hears nothing: only figures matter here.
struct Silent;

impl Listener for Silent {
    fn begins(&mut self, _number: u32, _title: &str) {}
    fn says(&mut self, _text: &str) {}
    fn ends(&mut self, _step: &StepAccount) {}
}
