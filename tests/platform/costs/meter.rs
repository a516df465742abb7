//! What is measured of a call, on each stage.

use std::time::{Duration, Instant};

use pervade_simulator::Endorsed;

use crate::embedded::Embedded;
use crate::remote::Remote;
use crate::simulated::Simulated;
use crate::stage::{Call, Stage, Told};

/// What one stage can tell of a call.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Share {
    /// What the simulator sees.
    Work(Work),
    /// What a network sees.
    Network {
        /// Bytes of the transaction in its block.
        stored: usize,
        /// From the proposal to the verdict.
        latency: Duration,
    },
}

/// What a call does at an endorser.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Work {
    /// Keys read, one by one and in ranges.
    pub(crate) reads: usize,
    /// Keys written or deleted.
    pub(crate) writes: usize,
    /// Bytes of the keys and values written.
    pub(crate) written: usize,
    /// One run.
    pub(crate) run: Duration,
}

/// What an operation costs, as often as it was measured.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cost {
    work: Vec<Work>,
    stored: Vec<usize>,
    latency: Vec<Duration>,
}

impl Cost {
    /// The median of each.
    pub(crate) fn work(&self) -> Work {
        let of = |value: fn(&Work) -> usize| median(self.work.iter().map(value).collect());
        Work {
            reads: of(|work| work.reads),
            writes: of(|work| work.writes),
            written: of(|work| work.written),
            run: median(self.work.iter().map(|work| work.run).collect()),
        }
    }

    pub(crate) fn stored(&self) -> usize {
        median(self.stored.clone())
    }

    pub(crate) fn latency(&self) -> Duration {
        median(self.latency.clone())
    }
}

fn median<T: Ord + Default + Copy>(mut values: Vec<T>) -> T {
    values.sort_unstable();
    values.get(values.len() / 2).copied().unwrap_or_default()
}

/// All operations, in the order in which they were first measured.
#[derive(Debug, Default)]
pub(crate) struct Costs(Vec<(&'static str, Cost)>);

impl Costs {
    pub(crate) fn note(&mut self, operation: &'static str, share: Share) {
        let at = self.0.iter().position(|(known, _)| *known == operation);
        let at = at.unwrap_or_else(|| {
            self.0.push((operation, Cost::default()));
            self.0.len() - 1
        });
        let cost = &mut self.0[at].1;
        match share {
            Share::Work(work) => cost.work.push(work),
            Share::Network { stored, latency } => {
                cost.stored.push(stored);
                cost.latency.push(latency);
            }
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &(&'static str, Cost)> {
        self.0.iter()
    }
}

/// A stage that measures.
pub(crate) trait Metered: Stage {
    /// Has a call committed, and tells what it took.
    fn metered(&mut self, call: &Call<'_>) -> (Told, Share);
}

impl Metered for Simulated {
    fn metered(&mut self, call: &Call<'_>) -> (Told, Share) {
        let began = Instant::now();
        // An initialisation is asked once, by the peer's rule. An evaluation runs every call twice.
        let run = if call.is_init {
            Duration::ZERO
        } else {
            drop(self.evaluate(call));
            began.elapsed() / 2
        };
        let held = match self.hold(call) {
            Ok(held) => held,
            Err(code) => return (Err(code), Share::Work(Work::default())),
        };
        let work = worked(held.downcast_ref::<Endorsed>(), run);
        (self.let_go(held), Share::Work(work))
    }
}

fn worked(endorsed: Option<&Endorsed>, run: Duration) -> Work {
    let mut work = Work { run, ..Work::default() };
    let sets = endorsed.map(Endorsed::read_write_set).map_or(&[][..], |set| &set.namespaces);
    // Reads of chaincodes' definitions are the peer's own.
    for set in sets.iter().filter(|set| set.name != "_lifecycle") {
        let ranges = set.public.range_queries_info.len();
        work.reads += set.public.reads.len() + ranges;
        work.writes += set.public.writes.len();
        let bytes = |write: &fabric_protos::kvrwset::KvWrite| write.key.len() + write.value.len();
        work.written += set.public.writes.iter().map(bytes).sum::<usize>();
    }
    work
}

impl Metered for Remote<Embedded> {
    fn metered(&mut self, call: &Call<'_>) -> (Told, Share) {
        let began = Instant::now();
        let told = self.submit(call);
        let latency = began.elapsed();
        let stored = self.last_transaction().unwrap_or_default();
        (told, Share::Network { stored, latency })
    }
}

impl Remote<Embedded> {
    /// Bytes of the last transaction of the last block.
    fn last_transaction(&self) -> Option<usize> {
        let name = self.network.network.description().channels.first()?.name.clone();
        let channel = self.network.network.channel(&name).ok()?;
        let block = channel.block(channel.height().checked_sub(1)?).ok()?;
        block.data.as_ref()?.data.last().map(|envelope| envelope.len())
    }
}
