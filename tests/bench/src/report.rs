//! The figures, as a table and as JSON.

use std::fmt;
use std::time::Duration;

use pervade_bench::{Function, Measured};
use serde::Serialize;

/// Everything measured in one run.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    seconds: u64,
    processors: usize,
    in_flight: Vec<u32>,
    rows: Vec<Row>,
}

#[derive(Debug, Serialize)]
struct Row {
    subject: String,
    cells: Vec<Cell>,
    /// Why figures are missing.
    missing: Vec<String>,
}

/// One measurement.
#[derive(Debug, Serialize)]
pub(crate) struct Cell {
    function: Function,
    in_flight: u32,
    calls_per_second: f64,
    failed_per_second: f64,
    /// What the last failed call said.
    #[serde(skip_serializing_if = "Option::is_none")]
    fault: Option<String>,
    p50_microseconds: f64,
    p99_microseconds: f64,
    cpu_microseconds_per_call: f64,
    peak_memory_kib: u64,
}

impl Cell {
    pub(crate) fn new(
        function: Function,
        in_flight: u32,
        measured: &Measured,
        peak_memory_kib: u64,
    ) -> Self {
        let seconds = measured.elapsed.as_secs_f64();
        let all = measured.calls.saturating_add(measured.failed);
        Self {
            function,
            in_flight,
            calls_per_second: float(measured.calls) / seconds,
            failed_per_second: float(measured.failed) / seconds,
            fault: measured.fault.clone(),
            p50_microseconds: percentile(&measured.latencies, 50),
            p99_microseconds: percentile(&measured.latencies, 99),
            cpu_microseconds_per_call: measured.cpu.as_secs_f64() * 1e6 / float(all.max(1)),
            peak_memory_kib,
        }
    }
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} at {}: {:.0} calls/s, p50 {:.0} µs, p99 {:.0} µs, {:.1} µs of processor a call, \
             peak {} MiB",
            self.function,
            self.in_flight,
            self.calls_per_second,
            self.p50_microseconds,
            self.p99_microseconds,
            self.cpu_microseconds_per_call,
            self.peak_memory_kib / 1024,
        )?;
        match &self.fault {
            Some(fault) => write!(f, ", {:.0} failed/s: {fault}", self.failed_per_second),
            None => Ok(()),
        }
    }
}

impl Report {
    pub(crate) fn new(in_flight: &[u32], seconds: u64) -> Self {
        let processors = std::thread::available_parallelism().map_or(0, usize::from);
        Self { seconds, processors, in_flight: in_flight.to_vec(), rows: Vec::new() }
    }

    pub(crate) fn add(&mut self, subject: String, cells: Vec<Cell>) {
        self.row(subject).cells.extend(cells);
    }

    pub(crate) fn skip(&mut self, subject: String, reason: String) {
        self.row(subject).missing.push(reason);
    }

    fn row(&mut self, subject: String) -> &mut Row {
        let found = self.rows.iter().position(|row| row.subject == subject);
        let index = found.unwrap_or_else(|| {
            self.rows.push(Row { subject, cells: Vec::new(), missing: Vec::new() });
            self.rows.len().saturating_sub(1)
        });
        #[expect(clippy::indexing_slicing, reason = "found, or pushed just now")]
        &mut self.rows[index]
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { processors, seconds, .. } = self;
        writeln!(f, "{processors} processors, {seconds} s each, no TLS, one stream\n")?;
        for function in crate::FUNCTIONS {
            let cells = || self.rows.iter().flat_map(|row| &row.cells);
            if cells().any(|cell| cell.function == function) {
                self.table(f, function)?;
            }
        }
        for row in &self.rows {
            for missing in &row.missing {
                writeln!(f, "{}: not measured: {missing}", row.subject)?;
            }
        }
        Ok(())
    }
}

impl Report {
    fn table(&self, f: &mut fmt::Formatter<'_>, function: Function) -> fmt::Result {
        writeln!(
            f,
            "| {function} | in flight | calls/s | p50 µs | p99 µs | CPU µs/call | MiB | failed/s |"
        )?;
        writeln!(f, "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")?;
        for row in &self.rows {
            for cell in row.cells.iter().filter(|cell| cell.function == function) {
                writeln!(
                    f,
                    "| {} | {} | {:.0} | {:.0} | {:.0} | {:.1} | {:.0} | {:.0} |",
                    row.subject,
                    cell.in_flight,
                    cell.calls_per_second,
                    cell.p50_microseconds,
                    cell.p99_microseconds,
                    cell.cpu_microseconds_per_call,
                    float(usize::try_from(cell.peak_memory_kib).unwrap_or_default()) / 1024.0,
                    cell.failed_per_second,
                )?;
            }
        }
        writeln!(f)
    }
}

/// The value that so many in a hundred of the ascending values do not exceed, in microseconds.
fn percentile(ascending: &[Duration], percent: usize) -> f64 {
    let index = ascending.len().saturating_mul(percent) / 100;
    let found = ascending.get(index).or(ascending.last());
    found.map_or(0.0, |latency| latency.as_secs_f64() * 1e6)
}

/// Counts here are far below 2^52.
fn float(count: usize) -> f64 {
    u32::try_from(count).map_or(f64::INFINITY, f64::from)
}
