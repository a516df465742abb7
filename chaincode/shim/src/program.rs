//! A chaincode's `main`.

use std::collections::BTreeMap;
use std::env;
use std::error::Error;
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, BufReader, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::thread::available_parallelism;

use pervade_chaincode::Chaincode;
use pervade_denials::{Denials, Log};
use pervade_ports::system::{SystemClock, SystemFiles};
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{SignalKind, signal};
use tracing::info;
use tracing_subscriber::EnvFilter;

use crate::record::replay;
use crate::settings::{Mode, Settings, Variables};
use crate::{ServeError, ServiceTls, StreamOptions, launch, serve};
use error::ProgramError;

mod arguments;
mod error;

/// Runs a chaincode as a peer or an operator started it: as a service, or launched by a peer.
///
/// This is all that a chaincode's `main` does:
///
/// ```no_run
/// # use pervade_chaincode::Chaincode;
/// fn main() -> std::process::ExitCode {
///     pervade_shim::main(Chaincode::named("basic"))
/// }
/// ```
///
/// Flags and variables are told by `--help`. The exit code is 0 when the process was asked to end
/// or its peer closed the stream, 1 when something failed, 2 when it was started wrongly.
#[must_use]
pub fn main(chaincode: Chaincode) -> ExitCode {
    let about = format!("The chaincode {}", chaincode.name());
    Program::new(&about).run(move |_chosen| chaincode.check().map(|()| chaincode))
}

/// A chaincode's `main` with settings of its own.
#[derive(Debug)]
pub struct Program {
    about: String,
    choices: Vec<Choice>,
}

/// Something that a chaincode can be told when it starts.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "written out by programs")]
pub struct Choice {
    /// Its flag, without dashes.
    pub flag: &'static str,
    /// The variable that tells it where there is no flag.
    pub variable: &'static str,
    /// What holds where it is not told.
    pub default: &'static str,
    /// What it decides, for `--help`.
    pub help: &'static str,
}

/// What was chosen, by flag.
#[derive(Clone, Debug, Default)]
pub struct Chosen(BTreeMap<&'static str, String>);

impl Chosen {
    /// What was chosen for a flag of the program; empty for any other.
    #[must_use]
    pub fn get(&self, flag: &str) -> &str {
        self.0.get(flag).map(String::as_str).unwrap_or_default()
    }
}

impl Program {
    /// A program that tells people what it is with these words.
    #[must_use]
    pub fn new(about: &str) -> Self {
        Self { about: about.to_owned(), choices: Vec::new() }
    }

    /// Adds something that the chaincode can be told.
    #[must_use]
    pub fn with_choice(mut self, choice: Choice) -> Self {
        self.choices.push(choice);
        self
    }

    /// Reads this process's arguments and variables, makes the chaincode and runs it to its end.
    #[must_use]
    pub fn run<E>(self, make: impl FnOnce(&Chosen) -> Result<Chaincode, E>) -> ExitCode
    where
        E: Into<Box<dyn Error + Send + Sync>>,
    {
        // Names and values that are not UTF-8 are none that are asked for here.
        let variables = env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        match self.start(env::args_os().collect(), variables, make) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => error.tell(),
        }
    }

    fn start<E>(
        &self,
        arguments: Vec<OsString>,
        variables: BTreeMap<String, String>,
        make: impl FnOnce(&Chosen) -> Result<Chaincode, E>,
    ) -> Result<(), ProgramError>
    where
        E: Into<Box<dyn Error + Send + Sync>>,
    {
        let read = arguments::read(self, arguments, &variables)?;
        log(&variables);
        let chaincode = make(&read.chosen).map_err(|error| ProgramError::Make(error.into()))?;
        if let Some(file) = &read.replay {
            return replayed(chaincode, file);
        }
        let settings = Settings::read(&read.flags, &Variables::new(variables))?;
        let open = |path: &PathBuf| Log::open(path, &SystemFiles, Arc::new(SystemClock));
        let log = settings.denials.as_ref().map(open).transpose()?.map(Arc::new);
        let denials = log.clone().map(|log| log as Arc<dyn Denials>);
        let runtime = runtime().map_err(ProgramError::Runtime)?;
        let ended = runtime.block_on(run(Arc::new(chaincode), settings, denials));
        // A contract that hangs does not keep the process.
        runtime.shutdown_background();
        log.iter().for_each(|log| log.close());
        ended
    }
}

/// Runs a recording, and says on standard output how much of it was the same.
fn replayed(chaincode: Chaincode, file: &Path) -> Result<(), ProgramError> {
    let unread = |source| ProgramError::Read { path: file.to_owned(), source };
    let recording = BufReader::new(File::open(file).map_err(unread)?);
    let compared = replay(&Arc::new(chaincode), recording)?;
    writeln!(io::stdout(), "the same: {compared} messages").map_err(unread)
}

/// More threads than cores, so that streams go on where contracts hold some up.
fn runtime() -> io::Result<Runtime> {
    /// Threads beside one for each core.
    const SPARE: usize = 2;
    let cores = available_parallelism().map_or(1, usize::from);
    Builder::new_multi_thread().worker_threads(cores.saturating_add(SPARE)).enable_all().build()
}

async fn run(
    chaincode: Arc<Chaincode>,
    settings: Settings,
    denials: Option<Arc<dyn Denials>>,
) -> Result<(), ProgramError> {
    let Settings { package_id, mode, limits, recording, .. } = settings;
    let options = StreamOptions { package_id, limits, recording, denials };
    let mut terminate = signal(SignalKind::terminate()).map_err(ProgramError::Runtime)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(ProgramError::Runtime)?;
    let shutdown = async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        info!("asked to end");
    };
    match mode {
        Mode::Service { address, tls } => {
            let tls =
                tls.map(|files| ServiceTls::read(&files)).transpose().map_err(ServeError::from)?;
            let listener = TcpListener::bind(&address).await;
            let listener = listener.map_err(|source| ProgramError::Listen { address, source })?;
            Ok(serve(chaincode, options, listener, tls, shutdown).await?)
        }
        Mode::Launched { peer, tls } => {
            Ok(launch::launched(chaincode, options, &peer, tls.as_ref(), shutdown).await?)
        }
    }
}

/// Logs to standard error: of a chaincode that it launched, a peer reads nothing else.
fn log(variables: &BTreeMap<String, String>) {
    let level = variables.get("CORE_CHAINCODE_LOGGING_LEVEL").map_or("info", |level| {
        match level.to_ascii_lowercase().as_str() {
            "debug" => "debug",
            "warning" | "warn" => "warn",
            "error" | "critical" | "fatal" | "panic" => "error",
            _ => "info",
        }
    });
    let filter = variables.get("PERVADE_LOG").map_or(level, String::as_str);
    let filter = EnvFilter::try_new(filter).unwrap_or_else(|_malformed| EnvFilter::new(level));
    let is_read_by_people = io::stderr().is_terminal();
    let logging = tracing_subscriber::fmt()
        .compact()
        .with_env_filter(filter)
        .with_ansi(is_read_by_people)
        .with_target(false)
        .with_writer(io::stderr);
    if let Err(error) = logging.try_init() {
        tracing::debug!(error, "logging is set up already");
    }
}
