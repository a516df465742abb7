//! `pervade bench`: what this machine commits and normalises in a second.

use std::path::PathBuf;

use clap::Args;
use pervade_demo::bench::{Plan, run};

use crate::failure::{Failure, OrFail as _};
use crate::output::Output;

/// Measure a network in this process through the client's door, and the mapping engine alone.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Bench {
    /// Transactions for each number in flight; a tenth of them for one at a time
    #[arg(long, value_name = "N", default_value_t = 4_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    transactions: u32,
    /// How many transactions are in flight at a time, one measurement each
    #[arg(long, value_name = "N,…", value_delimiter = ',', default_values_t = [1, 10, 100, 400], value_parser = clap::value_parser!(u32).range(1..=2_000))]
    in_flight: Vec<u32>,
    /// Payloads normalised for each package
    #[arg(long, value_name = "N", default_value_t = 5_000, value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    payloads: u32,
    /// Where the measured network may live; it must not exist, and is removed afterwards
    #[arg(long, value_name = "DIR", default_value = "pervade-bench")]
    data: PathBuf,
}

const EXAMPLES: &str = "\
Examples:
  cargo run --release -- bench
  pervade bench --json --transactions 1000 --in-flight 1,100";

impl Bench {
    pub(crate) async fn run(self, output: Output) -> Result<(), Failure> {
        if self.data.exists() {
            let folder = self.data.display();
            return Err(Failure::usage(format!(
                "{folder} exists: name another folder with --data"
            )));
        }
        let size = |count: u32| usize::try_from(count).unwrap_or(usize::MAX);
        let plan = Plan {
            folder: self.data,
            transactions: size(self.transactions),
            in_flight: self.in_flight.into_iter().map(size).collect(),
            payloads: size(self.payloads),
        };
        let measured = run(&plan, &mut |under_way| output.note(under_way)).await;
        output.report(&measured.or_fail("BENCH", "the measurement broke off")?)
    }
}
