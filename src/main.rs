//! The `pervade` command: a permissioned network, its contracts, and an auditor's questions.
//!
//! One file per verb: arguments in, calls out. A command ends with 0 when it is done, with 1 when
//! it failed, and with 2 when it was called wrongly.

mod audit;
mod auditor;
mod bench;
mod call;
mod chaincode;
mod clock;
mod connect;
mod demo;
mod denials;
mod device;
mod ends;
mod failure;
mod identity;
mod keeper;
mod ledger;
mod mapping;
mod network;
mod output;
mod package;
mod platform;
mod prove;
mod query;
mod task;
mod token;
mod user;
mod verify;
mod vocabulary;

use std::ffi::OsStr;
use std::io::{self, IsTerminal as _};
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use tracing_subscriber::EnvFilter;

use crate::failure::{Failure, OrFail as _};
use crate::output::Output;

/// Contracts for things that act on their own, on a ledger that several organisations trust.
#[derive(Debug, Parser)]
#[command(name = "pervade", version, after_help = EXAMPLES)]
struct Command {
    /// Speak JSON: results on standard output, failures on standard error
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    verb: Verb,
}

const EXAMPLES: &str = "\
Examples:
  pervade demo
  pervade network up --detach
  pervade chaincode deploy registry --in-process
  pervade submit registry publish \"$(pervade package show schemas/decentlab/dl-5tm)\" --as Admin@org1.example.com
  pervade query warm
  pervade verify

Exit codes: 0 done, 1 failed, 2 called wrongly.
PERVADE_LOG sets what is logged to standard error, for example PERVADE_LOG=info.";

#[derive(Debug, Subcommand)]
enum Verb {
    /// Tell the whole story: a network, five vendors' devices, an auditor's questions, a proof
    Demo(demo::Demo),
    /// Run a network in one process, stop it, look at it, export it for Fabric's clients
    #[command(subcommand)]
    Network(network::Network),
    /// Deploy chaincode, list what is deployed
    #[command(subcommand)]
    Chaincode(chaincode::Chaincode),
    /// Make an identity that can call, list those there are
    #[command(subcommand)]
    Identity(identity::Identity),
    /// Deploy a platform of users, tokens, devices and tasks, and bind its terms
    #[command(subcommand)]
    Platform(platform::Platform),
    /// Register at a platform, see what users earned, change keys
    #[command(subcommand)]
    User(user::User),
    /// Buy tokens, pay with them, see who has how many
    #[command(subcommand)]
    Token(token::Token),
    /// Make and register devices, say what they may do, run them
    #[command(subcommand)]
    Device(device::Device),
    /// Have tasks done, accept them, follow them to their end
    #[command(subcommand)]
    Task(task::Task),
    /// Show a platform's time, begin an epoch
    #[command(subcommand)]
    Clock(clock::Clock),
    /// Keep a platform's clock going and bring overdue tasks to their end
    Keeper(keeper::Keeper),
    /// Show the calls that chaincodes refused, check the logs of them, anchor these on the ledger
    #[command(subcommand)]
    Denials(denials::Denials),
    /// Call a function and record its effect on the ledger
    Submit(call::Call),
    /// Call a function on one peer; nothing is recorded
    Evaluate(call::Call),
    /// Check a device package, print it as the registry takes it
    #[command(subcommand)]
    Package(package::Package),
    /// Describe a device type, check it, publish it; run RML mappings over files
    #[command(subcommand)]
    Mapping(mapping::Mapping),
    /// Tell what a term of Pervade's vocabulary means, offline
    Vocabulary(vocabulary::Vocabulary),
    /// The auditor's worker process
    #[command(subcommand)]
    Audit(audit::Audit),
    /// Ask the graph of a channel in SPARQL
    Query(query::Query),
    /// Follow one quad back to block, transaction and endorsers
    Prove(prove::Prove),
    /// Check a whole ledger again, from its files alone
    Verify(verify::Verify),
    /// Measure what this machine commits and normalises in a second
    Bench(bench::Bench),
}

fn main() -> ExitCode {
    let command = match Command::try_parse() {
        Ok(command) => command,
        Err(error) => return misused(&error),
    };
    log();
    let output = Output::new(command.json);
    match run(command.verb, output) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            output.fail(&failure);
            failure.exit()
        }
    }
}

fn run(verb: Verb, output: Output) -> Result<(), Failure> {
    // The worker limits its own memory before anything else, its runtime included.
    if let Verb::Audit(audit) = verb {
        return audit.run();
    }
    let runtime = tokio::runtime::Runtime::new().or_fail("RUNTIME", "no threads to work with")?;
    runtime.block_on(async {
        match verb {
            Verb::Demo(demo) => demo.run(output).await,
            Verb::Network(network) => network.run(output).await,
            Verb::Chaincode(chaincode) => chaincode.run(output).await,
            Verb::Identity(identity) => identity.run(output).await,
            Verb::Platform(platform) => platform.run(output).await,
            Verb::User(user) => user.run(output).await,
            Verb::Token(token) => token.run(output).await,
            Verb::Device(device) => device.run(output).await,
            Verb::Task(task) => task.run(output).await,
            Verb::Clock(clock) => clock.run(output).await,
            Verb::Keeper(keeper) => keeper.run(output).await,
            Verb::Denials(denials) => denials.run(output).await,
            Verb::Submit(call) => call.submit(output).await,
            Verb::Evaluate(call) => call.evaluate(output).await,
            Verb::Package(package) => package.run(output),
            Verb::Mapping(mapping) => mapping.run(output).await,
            Verb::Vocabulary(vocabulary) => vocabulary.run(output),
            Verb::Audit(audit) => audit.run(),
            Verb::Query(query) => query.run(output).await,
            Verb::Prove(prove) => prove.run(output).await,
            Verb::Verify(verify) => verify.run(output),
            Verb::Bench(bench) => bench.run(output).await,
        }
    })
}

/// Help is a result; anything else that the parser refuses is told as failures are.
fn misused(error: &clap::Error) -> ExitCode {
    let wants_json = std::env::args_os().any(|arg| arg == OsStr::new("--json"));
    if error.use_stderr() && wants_json {
        let text = error.to_string();
        let text = text.trim().trim_start_matches("error: ");
        let failure = Failure::usage(text.lines().next().unwrap_or_default());
        Output::Json.fail(&failure);
        return failure.exit();
    }
    let code = if error.use_stderr() { ExitCode::from(2) } else { ExitCode::SUCCESS };
    if let Err(error) = error.print() {
        tracing::debug!(%error, "nobody reads");
    }
    code
}

fn log() {
    let filter = EnvFilter::try_from_env("PERVADE_LOG").unwrap_or_else(|_| EnvFilter::new("warn"));
    let is_read_by_people = io::stderr().is_terminal();
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(is_read_by_people)
        .with_writer(io::stderr)
        .init();
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::Command;

    #[test]
    fn the_command_line_is_well_formed() {
        Command::command().debug_assert();
    }

    #[test]
    fn every_command_has_help_with_examples() {
        check(&Command::command());
    }

    fn check(command: &clap::Command) {
        let name = command.get_name();
        assert!(command.get_about().is_some(), "{name} says what it does");
        let examples = command.get_after_help().map(ToString::to_string).unwrap_or_default();
        assert!(examples.contains("pervade "), "{name} has examples");
        command.get_subcommands().for_each(check);
    }
}
