//! Measures chaincode libraries side by side, each in a process of its own.
//!
//! ```console
//! $ cargo run --release -p pervade-bench -- --seconds 10 --in-flight 1,16,256,10000 --json bench.json
//! ```
//!
//! While tuning: `cargo run --release -p pervade-bench -- --only pervade,echo --seconds 3 --in-flight 1,256`.

mod report;
mod subject;

use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use pervade_bench::{Function, Load, LoadError, Measured, Process, ProcessError, Stream};

use self::report::{Cell, Report};
use self::subject::{Ready, Started, Subject, SubjectError};

/// Measure chaincode libraries against a peer that is only their stream
#[derive(Debug, Parser)]
#[command(name = "pervade-bench", after_help = EXAMPLES)]
struct Options {
    /// For how long each function is measured
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=60))]
    seconds: u64,
    /// For how long calls run before that
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u64).range(0..=60))]
    warm_up: u64,
    /// Calls that run at a time, one measurement each
    #[arg(long, value_name = "N,…", value_delimiter = ',', default_values_t = [1, 16, 256, 10_000], value_parser = clap::value_parser!(u32).range(1..=20_000))]
    in_flight: Vec<u32>,
    /// What is measured
    #[arg(long, value_name = "NAME,…", value_delimiter = ',', default_values_t = subject::ALL.to_vec())]
    only: Vec<Subject>,
    /// Which functions are called
    #[arg(long, value_name = "NAME,…", value_delimiter = ',', default_values_t = FUNCTIONS.to_vec())]
    functions: Vec<Function>,
    /// Where other libraries are built, outside the checkout
    #[arg(long, value_name = "DIR", default_value_os_t = subject::default_cache())]
    cache: PathBuf,
    /// Write every figure to a file
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

const FUNCTIONS: [Function; 3] = [Function::Noop, Function::GetPut, Function::HundredPuts];

const EXAMPLES: &str = "\
Examples:
  cargo run --release -p pervade-bench -- --json bench.json
  cargo run --release -p pervade-bench -- --only pervade,echo --seconds 3 --in-flight 1,256

Each library is built from its registry into the cache folder. What a missing toolchain leaves out
stands in the table with the reason. PERVADE_BENCH_GO names a program built on Fabric's Go library:
a service on CHAINCODE_SERVER_ADDRESS with the functions noop, get_put KEY VALUE and
hundred_puts PREFIX VALUE, which batches the last by itself where PERVADE_BENCH_BATCH is set.

Exit codes: 0 measured, 1 failed, 2 called wrongly.";

fn main() -> ExitCode {
    let options = Options::parse();
    match run(&options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&error.to_string());
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Result<(), Box<dyn std::error::Error>> {
    // One thread: the peer leaves as much of the machine as it can to what it measures.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut report = Report::new(&options.in_flight, options.seconds);
    for &subject in &options.only {
        say(&format!("{subject}: building"));
        match subject.ready(&options.cache) {
            Ok(ready) => runtime.block_on(measure(subject, &ready, options, &mut report)),
            Err(error) => report.skip(subject.to_string(), chain(&error)),
        }
    }
    if let Some(file) = &options.json {
        std::fs::write(file, serde_json::to_vec_pretty(&report)?)?;
    }
    Ok(writeln!(io::stdout(), "{report}")?)
}

/// Measures a subject, in a new process for each number of calls in flight, so that the peak of
/// its memory belongs to that number.
async fn measure(subject: Subject, ready: &Ready, options: &Options, report: &mut Report) {
    for &in_flight in &options.in_flight {
        let mut cells = Vec::new();
        let measured = series(subject, ready, options, in_flight, &mut cells).await;
        report.add(subject.to_string(), cells);
        if let Err(error) = measured {
            let reason = format!("{in_flight} in flight: {}", chain(&error));
            say(&format!("{subject}: {reason}"));
            report.skip(subject.to_string(), reason);
        }
    }
}

async fn series(
    subject: Subject,
    ready: &Ready,
    options: &Options,
    in_flight: u32,
    cells: &mut Vec<Cell>,
) -> Result<(), SeriesError> {
    let calls = usize::try_from(in_flight).unwrap_or(usize::MAX);
    let Started { process, ends, listener } = subject.start(ready, calls).await?;
    let mut stream = Stream::open(ends, subject.kind(), subject.announced()).await?;
    for &function in &options.functions {
        let load = Load {
            function,
            in_flight: calls,
            warm_up: Duration::from_secs(options.warm_up),
            measured: Duration::from_secs(options.seconds),
        };
        let measured = stream.run(&load, &process).await?;
        let cell = cell(&process, function, in_flight, &measured)?;
        say(&format!("{subject}: {cell}"));
        cells.push(cell);
    }
    process.stop().await?;
    drop(listener);
    Ok(())
}

fn cell(
    process: &Process,
    function: Function,
    in_flight: u32,
    measured: &Measured,
) -> Result<Cell, ProcessError> {
    Ok(Cell::new(function, in_flight, measured, process.peak_memory()?))
}

/// Why the measurements of one number in flight broke off.
#[derive(Debug, thiserror::Error)]
enum SeriesError {
    #[error(transparent)]
    Start(#[from] SubjectError),
    #[error(transparent)]
    Load(#[from] LoadError),
    #[error(transparent)]
    Process(#[from] ProcessError),
}

/// An error with its causes.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(&format!(": {error}"));
        cause = error.source();
    }
    text
}

/// Tells what goes on.
fn say(text: &str) {
    // Where nobody listens, nothing is lost.
    drop(writeln!(io::stderr(), "{text}"));
}
