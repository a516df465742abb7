//! A device in the field: the real programs, and a power cut.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Stdio;
use std::thread;
use std::time::Duration;

use serde_json::Value;

use crate::program::{Running, kill, pervade};

/// W-03, W-04, W-72, N-08: a device's process is killed while its actuator is at work. Started again,
/// it brings one result of one move, which the task's creator opens.
#[test]
fn a_device_that_is_killed_at_work_does_its_task_once() {
    let field = Field::new();
    let task = field.commissioned();
    let moves = field.place.path().join("moves");
    let mut process = pervade(&field.run()).stdout(Stdio::null()).spawn().unwrap();
    wait_for(&moves);
    kill(&mut process);

    let network = &field.network;
    let told = field.by("ann", &["task", "show", &task]);
    assert!(told["pending"].is_null(), "nothing has come yet: {told}");
    let done = network.json(&[&field.arguments()[..], &["--once"]].concat()).done();
    assert_eq!(done["step"], "done");
    assert_eq!(done["end"]["end"], "committed");

    let out = field.place.path().join("out");
    field.by("ann", &["task", "result", &task, "--out", out.to_str().unwrap()]);
    assert_eq!(fs::read_to_string(out).unwrap(), "it was moved");
    assert_eq!(fs::read_to_string(moves).unwrap(), "moved\n", "once");
    field.network.stop();
}

/// A platform with a creator, an owner, and the owner's device.
struct Field {
    handler: String,
    home: String,
    network: Running,
    place: tempfile::TempDir,
}

impl Field {
    fn new() -> Self {
        let (network, place) = (Running::bare(), tempfile::tempdir().unwrap());
        let at = |name: &str| place.path().join(name).to_str().unwrap().to_owned();
        let (home, program) = (at("home"), at("actuator"));
        fs::write(&program, actuator(place.path())).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o700)).unwrap();
        let handler = format!("valve={program}");
        let field = Self { handler, home, network, place };
        field.found();
        for name in ["ann", "bob"] {
            field.settle(name);
        }
        let device = ["--home", &field.home, "--serial", "42"];
        let new = [&["device", "new", "--as", DEVICE], &device[..]].concat();
        field.network.json(&new).done();
        field.by("bob", &[&["device", "register"], &device[..]].concat());
        field
    }

    /// Deploys and binds the contracts, and defines the type of task.
    fn found(&self) {
        let founder = person("founder");
        let mut new = vec!["identity", "new", &founder];
        for role in ["platform.init=true", "platform.types=true", "bank.issuer=true"] {
            new.extend(["--attribute", role]);
        }
        self.network.json(&new).done();
        self.network.json(&["platform", "deploy"]).done();
        self.by("founder", &["platform", "bind"]);
        let definition = self.place.path().join("valve.json");
        fs::write(&definition, TYPE).unwrap();
        self.by("founder", &["task", "define", definition.to_str().unwrap()]);
    }

    /// Makes a user, with tokens.
    fn settle(&self, name: &str) {
        let account = person(name);
        self.network.json(&["identity", "new", &account]).done();
        self.by(name, &["user", "register"]);
        self.by("founder", &["token", "issue", &account, "200"]);
        self.by(name, &["token", "buy", "100"]);
    }

    /// A task that ann created, and that bob accepted with the device.
    fn commissioned(&self) -> String {
        let new = ["task", "create", "--type", "valve", "--reward", "10", "--limit", "100"];
        let created = self.by("ann", &[&new[..], &["--parameters", "40"]].concat());
        let task = created["transaction"].as_str().unwrap().to_owned();
        let known = ["device", "new", "--home", &self.home, "--serial", "42"];
        let device = self.network.json(&known).done();
        self.by("bob", &["task", "accept", &task, device["id"].as_str().unwrap()]);
        task
    }

    fn by(&self, name: &str, args: &[&str]) -> Value {
        self.network.json(&[args, &["--as", &person(name)]].concat()).done()
    }

    fn arguments(&self) -> Vec<&str> {
        let device = ["device", "run", "--home", &self.home, "--serial", "42", "--as", DEVICE];
        [&device[..], &["--on", &self.handler]].concat()
    }

    fn run(&self) -> Vec<&str> {
        [&self.arguments()[..], &["--data", &self.network.data]].concat()
    }
}

const DEVICE: &str = "valve7@org2.example.com";
const TYPE: &str =
    r#"{"name":"valve","version":1,"limits":{"percent":{"min":0,"max":100}},"averages":{}}"#;

fn person(name: &str) -> String {
    let organization = if name == "bob" { "org2" } else { "org1" };
    format!("{name}@{organization}.example.com")
}

/// A program that moves once for a task, and is long at it.
fn actuator(place: &Path) -> String {
    let place = place.display();
    format!(
        r#"#!/bin/sh
task=$(sed 's/.*"task":"\([0-9a-f]*\)".*/\1/')
if [ ! -e "{place}/$task" ]; then
    touch "{place}/$task"
    echo moved >> "{place}/moves"
    exec sleep 5
fi
echo '{{"readings":{{"percent":40}},"text":"it was moved"}}'
"#
    )
}

fn wait_for(path: &Path) {
    for _ in 0..200 {
        if path.exists() {
            return;
        }
        thread::sleep(Duration::from_millis(50));
    }
    assert!(path.exists(), "{} does not come", path.display());
}
