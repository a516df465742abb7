//! The story, step by step.

use std::path::PathBuf;

use tokio::process::Command;

use crate::account::{Figures, Listener, Teller, milliseconds, now};
use crate::auditor::Auditor;
use crate::devices::Fleet;
use crate::error::DemoError;
use crate::network::World;
use crate::refusals;

/// How the story is told.
pub struct Options {
    /// Where the network lives; made if it is not there.
    pub folder: PathBuf,
    /// Gives the command that starts an audit worker on that folder.
    pub worker: Box<dyn Fn() -> Command + Send>,
}

impl std::fmt::Debug for Options {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Options").field("folder", &self.folder).finish_non_exhaustive()
    }
}

/// Tells the whole story. The network is shut down in the end, and stays on disk.
pub async fn tell(options: Options, listener: &mut dyn Listener) -> Result<Figures, DemoError> {
    let mut teller = Teller::new(listener);
    let began = now();

    teller.step("A permissioned network starts in this process");
    let world = World::start(&options.folder, &mut teller).await?;

    teller.step("Five devices of five vendors make their keys and are enrolled");
    let mut fleet = Fleet::enrol(&world, &mut teller)?;

    teller.step("Each vendor publishes its package to the registry contract");
    fleet.publish(&world, &mut teller).await?;

    teller.step("Each device signs its payload and submits it to the recording contract");
    let recorded = fleet.record(&world, &mut teller).await?;

    teller.step("An auditor follows the channel and asks across all vendors");
    let mut auditor = Auditor::start(&world, (options.worker)()).await?;
    auditor.ask(&recorded, &mut teller).await?;
    let answered = milliseconds(began.elapsed());
    teller.say(format!("from the start of the program to the answers: {answered} ms"));
    teller.figure("story_to_answers_ms", answered);
    auditor.prove(&world, &mut teller).await?;

    teller.step("What must fail: each gets its own error, and the ledger stays as it was");
    refusals::try_all(&world, &fleet, &mut auditor, &mut teller).await?;

    world.stop(&mut teller).await?;
    Ok(teller.done())
}
