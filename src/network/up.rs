//! `pervade network up`: in the foreground, or left behind.

use std::fs::{File, OpenOptions};
use std::io::{Read as _, Seek as _, SeekFrom};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use clap::{Args, ValueEnum};
use pervade_embedded::control::{self, Answer};
use pervade_embedded::{EmbeddedNetwork, Options, Topology};
use tokio::time::{Instant, sleep};

use super::{Shown, folder, status};
use crate::chaincode::in_process;
use crate::ends::Ends;
use crate::failure::{Failure, OrFail as _};
use crate::output::Output;

/// How to start a network.
#[derive(Args, Debug)]
pub(crate) struct Up {
    /// The network's folder
    #[arg(long, value_name = "DIR", default_value = "pervade-data")]
    data: PathBuf,
    /// Listen where Fabric's test network does, or at ports that are free
    #[arg(long, value_enum, default_value_t = PortChoice::Fabric)]
    ports: PortChoice,
    /// Leave the network running in a process of its own; it logs to DIR/network.log
    #[arg(long)]
    detach: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum PortChoice {
    /// 7050, 7051, 9051
    Fabric,
    /// Any free port, the same at every start
    Free,
}

impl Up {
    pub(crate) async fn run(self, output: Output) -> Result<(), Failure> {
        if self.detach { self.leave(output).await } else { self.stay(output).await }
    }

    /// Runs the network until it is told to stop.
    async fn stay(self, output: Output) -> Result<(), Failure> {
        let topology = Topology::test_network();
        let topology = match self.ports {
            PortChoice::Fabric => topology,
            PortChoice::Free => topology.with_free_ports(),
        };
        let mut ends = Ends::listen()?;
        let options = in_process(Options::new(&self.data))?;
        let network = EmbeddedNetwork::start(topology, options)
            .await
            .or_fail_with("NOT_STARTED", || self.not_started())?;
        let shown = Shown::new(&self.data, &network.status());
        if let Err(failure) = shown.and_then(|shown| output.report(&shown)) {
            network.shutdown().await;
            return Err(failure);
        }
        tokio::select! {
            () = ends.any() => {}
            () = network.told_to_stop() => {}
        }
        output.note("stopping");
        network.shutdown().await;
        Ok(())
    }

    fn not_started(&self) -> String {
        format!("no network starts in {}", self.data.display())
    }

    /// Starts this program again, in the background, and waits until the network is there.
    async fn leave(self, output: Output) -> Result<(), Failure> {
        let unwritable = || format!("cannot write in {}", self.data.display());
        std::fs::create_dir_all(&self.data).or_fail_with("NOT_STARTED", unwritable)?;
        let path = self.data.join(folder::LOG);
        let log = OpenOptions::new().create(true).append(true).open(&path);
        let log = log.or_fail_with("NOT_STARTED", unwritable)?;
        let before = log.metadata().or_fail_with("NOT_STARTED", unwritable)?.len();
        let mut child = self.start_again(&log)?;
        let end = Instant::now() + STARTING_PATIENCE;
        while !self.is_there(&child).await {
            let ended = child.try_wait().or_fail("NOT_STARTED", "the network is lost")?;
            if ended.is_some() {
                return Err(Failure::new("NOT_STARTED", last_error(&path, before)));
            }
            if Instant::now() > end {
                let text = format!("the network has not started within {STARTING_PATIENCE:?}");
                return Err(Failure::new("NOT_STARTED", text));
            }
            sleep(LOOK_INTERVAL).await;
        }
        output.report(&Shown::new(&self.data, &status(&self.data).await?)?)
    }

    fn start_again(&self, log: &File) -> Result<Child, Failure> {
        let failed = || self.not_started();
        let program = std::env::current_exe().or_fail_with("NOT_STARTED", failed)?;
        let ports = match self.ports {
            PortChoice::Fabric => "fabric",
            PortChoice::Free => "free",
        };
        let (out, err) = (log.try_clone(), log.try_clone());
        let mut command = Command::new(program);
        command
            .args(["network", "up", "--ports", ports, "--data"])
            .arg(&self.data)
            .stdin(Stdio::null())
            .stdout(out.or_fail_with("NOT_STARTED", failed)?)
            .stderr(err.or_fail_with("NOT_STARTED", failed)?)
            // Ctrl-C at this terminal is not meant for it.
            .process_group(0);
        command.spawn().or_fail_with("NOT_STARTED", failed)
    }

    /// Whether the network of this child answers.
    async fn is_there(&self, child: &Child) -> bool {
        let answer = control::ask(&self.data, &control::Command::Status).await;
        matches!(answer, Ok(Answer::Status(status)) if status.process == child.id())
    }
}

/// How long a network may take to start.
const STARTING_PATIENCE: Duration = Duration::from_secs(120);

/// Between two looks at a network that is starting.
const LOOK_INTERVAL: Duration = Duration::from_millis(20);

/// Most bytes of the log that are searched for an error.
const LOG_BYTES_MAX: u64 = 64 * 1024;

/// What the log says last, from a position on.
fn last_error(path: &Path, from: u64) -> String {
    let read = || {
        let mut file = File::open(path)?;
        file.seek(SeekFrom::Start(from))?;
        let mut text = Vec::new();
        file.take(LOG_BYTES_MAX).read_to_end(&mut text)?;
        std::io::Result::Ok(String::from_utf8_lossy(&text).into_owned())
    };
    let text = read().unwrap_or_default();
    let last = text.lines().rfind(|line| line.starts_with("error: ")).or(text.lines().last());
    let last = last.unwrap_or("the network ended without a word");
    last.trim_start_matches("error: ").to_owned()
}
