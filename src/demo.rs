//! `pervade demo`: the whole story, told once.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use pervade_demo::{Listener, Options, StepAccount, tell, tell_tasks};
use serde::Serialize;

use crate::failure::{Failure, OrFail as _};
use crate::output::Output;

/// The whole story on a real network in this process.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Demo {
    /// Which story
    #[arg(value_enum, default_value_t = Story::Payloads)]
    story: Story,
    /// Where the network lives; running the demo again goes on from there [default: pervade-data,
    /// and pervade-tasks for the story of tasks]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
}

/// The stories there are.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Story {
    /// Five vendors' devices, an auditor's questions, a proof
    Payloads,
    /// A task queue between three organisations: a device that nobody can reach, keepers, thieves
    Tasks,
}

impl Story {
    fn folder(self) -> &'static str {
        match self {
            Self::Payloads => "pervade-data",
            Self::Tasks => "pervade-tasks",
        }
    }
}

const EXAMPLES: &str = "\
Examples:
  pervade demo
  pervade demo tasks
  pervade demo --data /tmp/story --json

With --json there is one object per step and a last one with every figure.";

impl Demo {
    pub(crate) async fn run(self, output: Output) -> Result<(), Failure> {
        let folder = self.data.unwrap_or_else(|| self.story.folder().into());
        let mut account = Account { output, unprinted: None };
        let told = match self.story {
            Story::Payloads => tell(options(folder)?, &mut account).await,
            Story::Tasks => tell_tasks(folder, &mut account).await,
        };
        let figures = told.or_fail("DEMO", "the story broke off")?;
        if let Some(failure) = account.unprinted {
            return Err(failure);
        }
        if output.is_json() { output.json(&figures) } else { output.text("done") }
    }
}

fn options(folder: PathBuf) -> Result<Options, Failure> {
    let program = std::env::current_exe().or_fail("WORKER", "this program is not to be found")?;
    let data = folder.clone();
    let worker = Box::new(move || {
        let mut command = tokio::process::Command::new(&program);
        command.args(["audit", "follow", "--data"]).arg(&data);
        command
    });
    Ok(Options { folder, worker })
}

/// Prints the story as it is told.
struct Account {
    output: Output,
    unprinted: Option<Failure>,
}

impl Account {
    fn print(&mut self, line: &str) {
        if !self.output.is_json() {
            let printed = self.output.text(line);
            self.keep(printed);
        }
    }

    fn print_json(&mut self, object: &impl Serialize) {
        if self.output.is_json() {
            let printed = self.output.json(object);
            self.keep(printed);
        }
    }

    fn keep(&mut self, printed: Result<(), Failure>) {
        self.unprinted = self.unprinted.take().or(printed.err());
    }
}

impl Listener for Account {
    fn begins(&mut self, number: u32, title: &str) {
        self.print(&format!("\n{number}. {title}"));
    }

    fn says(&mut self, text: &str) {
        self.print(&format!("   {text}"));
    }

    fn ends(&mut self, step: &StepAccount) {
        self.print(&format!("   ({} ms)", step.milliseconds));
        self.print_json(step);
    }
}
