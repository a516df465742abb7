//! Runs the program.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// The program with these arguments.
pub(crate) fn pervade(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pervade"));
    command.args(args).stdin(Stdio::null());
    command
}

/// What a command said, and how it ended.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Said {
    /// Runs the program to its end.
    pub(crate) fn by(args: &[&str]) -> Self {
        let output = pervade(args).output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        let code = output.status.code().expect("the program ended by itself");
        Self { code, out: text(output.stdout), err: text(output.stderr) }
    }

    /// The last JSON object it printed, if it did what it was asked.
    #[track_caller]
    pub(crate) fn done(&self) -> Value {
        assert_eq!(self.code, 0, "{self:?}");
        serde_json::from_str(self.out.lines().last().unwrap()).unwrap()
    }

    /// The code and the sentence of the error it gave, if it failed.
    #[track_caller]
    pub(crate) fn failed(&self) -> (String, String) {
        assert_eq!(self.code, 1, "{self:?}");
        self.error()
    }

    /// The code and the sentence of an error.
    #[track_caller]
    pub(crate) fn error(&self) -> (String, String) {
        let object: Value = serde_json::from_str(self.err.lines().last().unwrap()).unwrap();
        let text = |name: &str| object["error"][name].as_str().unwrap().to_owned();
        (text("code"), text("message"))
    }
}

/// A network that runs in a process of its own, in a folder of its own.
pub(crate) struct Running {
    pub(crate) data: String,
    pub(crate) process: Child,
    folder: Option<TempDir>,
}

impl Running {
    /// A new network with nothing deployed.
    pub(crate) fn bare() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut running = Self::in_folder(folder.path());
        running.folder = Some(folder);
        running
    }

    /// A new network with both services deployed.
    pub(crate) fn with_services() -> Self {
        let running = Self::bare();
        for name in ["registry", "recording"] {
            running.json(&["chaincode", "deploy", name, "--in-process"]).done();
        }
        running
    }

    /// The network of a folder.
    pub(crate) fn in_folder(folder: &Path) -> Self {
        let data = folder.to_str().unwrap().to_owned();
        let mut command = pervade(&["network", "up", "--ports", "free", "--json", "--data", &data]);
        let mut process = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert!(line.contains("\"nodes\""), "it says where its nodes are: {line}");
        Self { data, process, folder: None }
    }

    /// Runs a command on this network, in JSON.
    pub(crate) fn json(&self, args: &[&str]) -> Said {
        Said::by(&[args, &["--json", "--data", &self.data]].concat())
    }

    /// How many blocks there are.
    pub(crate) fn height(&self) -> u64 {
        let status = self.json(&["network", "status"]).done();
        status["channels"][0]["height"].as_u64().unwrap()
    }

    /// Stops it in an orderly way.
    pub(crate) fn stop(mut self) {
        self.json(&["network", "down"]).done();
        assert!(self.process.wait().unwrap().success(), "the network ends well");
    }
}

/// An administrator, who may publish and enrol.
pub(crate) const ADMIN: &str = "Admin@org1.example.com";

/// A network that a test leaves behind is killed.
pub(crate) fn kill(process: &mut Child) {
    process.kill().unwrap();
    process.wait().unwrap();
}

/// The lines that a process prints.
pub(crate) fn lines(process: &mut Child) -> impl Iterator<Item = String> + use<> {
    let out: ChildStdout = process.stdout.take().unwrap();
    BufReader::new(out).lines().map_while(Result::ok)
}

/// What `pervade verify` finds in a folder that is as it should be.
#[track_caller]
pub(crate) fn verified(data: &str) -> Value {
    let verified = Said::by(&["verify", "--json", "--data", data]).done();
    assert_eq!(verified["intact"], true, "{verified}");
    verified
}

/// A shipped package's folder.
pub(crate) fn package(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas").join(name)
}

/// A shipped package as the registry takes it.
pub(crate) fn shown(name: &str) -> String {
    Said::by(&["package", "show", package(name).to_str().unwrap(), "--json"]).done()["package"]
        .as_str()
        .unwrap()
        .to_owned()
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already, as it should.
        drop(self.process.kill());
        drop(self.process.wait());
        drop(self.folder.take());
    }
}
