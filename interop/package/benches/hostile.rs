//! How long it takes to refuse what means harm.
//!
//! ```sh
//! cargo bench -p pervade-package --bench hostile
//! ```
//!
//! Fails if refusing one takes longer than [`EACH_MS_MAX`].

#![expect(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "it measures and prints"
)]

#[path = "../tests/hostile/cases.rs"]
mod cases;

use std::process::ExitCode;
use std::time::Instant;

/// Longest that a refusal may take.
const EACH_MS_MAX: u128 = 50;

fn main() -> ExitCode {
    println!("| case | ms | outcome |");
    println!("| --- | ---: | --- |");
    let mut slow = 0;
    for case in cases::all() {
        let begun = Instant::now();
        let outcome = case.outcome();
        let took = begun.elapsed();
        // What is taken may take its time: it is a payload like others.
        let is_refused = !outcome.contains("read back");
        slow += usize::from(is_refused && took.as_millis() > EACH_MS_MAX);
        println!("| {} | {:.1} | {outcome} |", case.name, took.as_secs_f64() * 1e3);
    }
    println!("\n{slow} took longer than {EACH_MS_MAX} ms");
    if slow == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
