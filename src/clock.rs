//! `pervade clock`: the platform's time.

use std::time::Duration;

use clap::{Args, Subcommand};
use pervade_ports::Clock as _;
use pervade_ports::system::SystemClock;
use serde::Serialize;

use crate::failure::Failure;
use crate::output::Output;
use crate::platform::{At, OrRefused as _, Shown, head};

/// What to do with a platform's clock.
#[derive(Debug, Subcommand)]
#[command(after_help = EXAMPLES)]
pub(crate) enum Clock {
    /// Show the present epoch; fails if the clock stands still
    #[command(after_help = EXAMPLES)]
    Show(Show),
    /// Begin the next epoch, if its time has come
    #[command(after_help = EXAMPLES)]
    Tick(At),
}

/// What to show.
#[derive(Args, Debug)]
pub(crate) struct Show {
    /// Tell how long so many epochs last
    #[arg(long, value_name = "N")]
    epochs: Option<u64>,
    #[command(flatten)]
    at: At,
}

const EXAMPLES: &str = "\
Examples:
  pervade clock show
  pervade clock show --epochs 20 --json
  pervade identity new ticker@org1.example.com --attribute platform.ticker=true
  pervade clock tick --as ticker@org1.example.com

`pervade keeper` ticks all the time. A clock that did not tick for more than two intervals
stands still: `show` says so and ends with 1.";

impl Clock {
    pub(crate) async fn run(self, output: Output) -> Result<(), Failure> {
        match self {
            Self::Show(show) => show.run(output).await,
            Self::Tick(at) => tick(&at, output).await,
        }
    }
}

impl Show {
    async fn run(&self, output: Output) -> Result<(), Failure> {
        let session = self.at.open().await?;
        let mut network = session.network();
        let mut clock = session.clock(&mut network);
        let terms = clock.terms().await.or_refused()?;
        let latest = clock.latest().await.or_refused()?;
        let age_ms = now_ms().saturating_sub(latest.time_ms);
        let stalled = age_ms > terms.interval_ms.saturating_mul(STALLED_INTERVALS);
        let seconds = self.epochs.map(|epochs| seconds(epochs, terms.interval_ms));
        let age = seconds_of(age_ms);
        let interval = seconds_of(terms.interval_ms);
        let epoch = latest.number;
        output.report(&Shown(State { age, epoch, interval, seconds, stalled }))?;
        if stalled {
            let text = format!("epoch {epoch} began {age} seconds ago, and none since");
            return Err(Failure::new("CLOCK_STALLED", text));
        }
        Ok(())
    }
}

/// After so many intervals without a tick a clock stands still.
const STALLED_INTERVALS: u64 = 2;

/// How long epochs last, in seconds.
pub(crate) fn seconds(epochs: u64, interval_ms: u64) -> f64 {
    seconds_of(epochs.saturating_mul(interval_ms))
}

fn seconds_of(ms: u64) -> f64 {
    Duration::from_millis(ms).as_secs_f64()
}

fn now_ms() -> u64 {
    let now = SystemClock.now();
    let seconds = u64::try_from(now.seconds()).unwrap_or_default();
    seconds.saturating_mul(1_000).saturating_add(u64::from(now.nanos() / 1_000_000))
}

async fn tick(at: &At, output: Output) -> Result<(), Failure> {
    let session = at.open().await?;
    let mut network = session.network();
    let next = session.epoch(&mut network).await.or_refused()?.saturating_add(1);
    let last = head(&session).await?;
    let call = async |mut network| {
        let mut clock = session.clock(&mut network);
        clock.tick(next, last.height, last.block_hash.clone()).await
    };
    output.report(&session.submit(output, call).await?)
}

/// How a clock is; times in seconds.
#[derive(Serialize)]
struct State {
    /// How long ago the epoch began.
    age: f64,
    epoch: u64,
    /// How long an epoch lasts.
    interval: f64,
    /// How long the epochs last that were asked about.
    #[serde(skip_serializing_if = "Option::is_none")]
    seconds: Option<f64>,
    stalled: bool,
}
