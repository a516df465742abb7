//! `pervade keeper`: the clock goes on, and what is overdue ends.

use std::sync::Arc;

use clap::Args;
use pervade_keeper::{Keeper as Process, Remote, Report, Turn};
use pervade_platform::ContractSet;
use pervade_ports::system::SystemClock;

use crate::connect::{Caller, Known, Where};
use crate::ends::Ends;
use crate::failure::{Failure, OrFail as _};
use crate::output::Output;

/// How to keep a platform.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Keeper {
    #[command(flatten)]
    caller: Caller,
    /// What the names of the platform's chaincodes end in
    #[arg(long, value_name = "ENDING", default_value = "", allow_hyphen_values = true)]
    set: String,
    /// How many keepers are before this one: it leaves each of them a moment
    #[arg(long, value_name = "N", default_value_t = 0)]
    rank: u32,
    /// Look once, do what is to be done, and end
    #[arg(long)]
    once: bool,
    #[command(flatten)]
    place: Where,
}

const EXAMPLES: &str = "\
Examples:
  pervade identity new ticker@org1.example.com --attribute platform.ticker=true
  pervade keeper --as ticker@org1.example.com
  pervade keeper --as ticker@org2.example.com --rank 1 --json
  pervade keeper --as ticker@org1.example.com --once

It begins an epoch whenever one is over and ends tasks whose time is over, until Ctrl-C. A keeper that
is registered as a user earns the keeper's fee of each task that it ends.";

impl Keeper {
    pub(crate) async fn run(self, output: Output) -> Result<(), Failure> {
        let mut ends = Ends::listen()?;
        let network = Known::read(&self.place)?.open(&self.caller).await?;
        let named = || format!("{:?} is no ending of names", self.set);
        let ledger = Remote::new(network, &ContractSet::with_ending(&self.set));
        let ledger = Arc::new(ledger.or_fail_with("BAD_SET", named)?);
        let turn = Turn::of_rank(self.rank);
        let mut keeper = Process::new(ledger, Arc::new(SystemClock), turn);
        if self.once {
            return once(&mut keeper, output).await;
        }
        let tell = |report: &Report| {
            if let Err(failure) = output.report(report) {
                output.fail(&failure);
            }
        };
        tokio::select! {
            never = keeper.run(tell) => match never {},
            () = ends.any() => {}
        }
        output.note(format!("earned {}", keeper.earned()));
        Ok(())
    }
}

async fn once(keeper: &mut Process, output: Output) -> Result<(), Failure> {
    for report in keeper.round().await {
        if let Report::Blind { blind } = report {
            return Err(Failure::new("NO_LEDGER", blind));
        }
        output.report(&report)?;
    }
    Ok(())
}
