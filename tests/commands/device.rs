//! Devices and keepers as processes.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use crate::program::{Running, Said, pervade};

/// W-29, W-30, W-31, W-91: a device makes its id and its key when it starts for the first time, keeps
/// them for itself, has its organisation certify the key, and proves that it holds it.
#[test]
fn a_device_is_made() {
    let network = Running::bare();
    let place = tempfile::tempdir().unwrap();
    let home = place.path().join("valve7");
    let new = ["device", "new", "--home", home.to_str().unwrap(), "--serial", "42"];
    let made = network.json(&new).done();
    assert_eq!(made["id"].as_str().unwrap().len(), 64);
    let request = made["request"].as_str().unwrap();
    assert!(request.starts_with("-----BEGIN CERTIFICATE REQUEST-----"), "{request}");
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&home), mode(&home.join("device.key"))), (0o700, 0o600));

    let certified = [&new[..], &["--as", "valve7@org2.example.com"]].concat();
    let certified = network.json(&certified).done();
    assert_eq!(certified["id"], made["id"], "it is kept");
    assert_eq!(certified["address"], made["address"], "so is its key");
    assert!(certified["request"].is_null(), "there is nothing left to ask for");
    let again = network.json(&[&new[..], &["--again"]].concat()).done();
    assert_ne!(again["id"], made["id"], "another in the place of one that is taken");
    assert_eq!(again["address"], made["address"]);

    let owner = "ab".repeat(32);
    let prove = ["device", "prove", "--home", home.to_str().unwrap(), "--serial", "42"];
    let proven = network.json(&[&prove[..], &["--owner", &owner]].concat()).done();
    assert_eq!(proven["id"], again["id"]);
    assert_eq!(proven["key"]["public_key"], made["public_key"]);

    let moved = ["device", "new", "--home", home.to_str().unwrap(), "--serial", "43"];
    let (code, message) = network.json(&moved).failed();
    assert_eq!(code, "NO_DEVICE");
    assert!(message.contains("another board"), "{message}");
    network.stop();
}

/// N-08, T-03, W-07: a device's process has no listener and takes little memory; it ends when it is
/// told to.
#[test]
fn a_devices_process_listens_nowhere() {
    let network = Running::bare();
    let place = tempfile::tempdir().unwrap();
    let home = place.path().to_str().unwrap();
    let device = ["--home", home, "--serial", "42", "--as", "valve7@org2.example.com"];
    network.json(&[&["device", "new"], &device[..]].concat()).done();
    let run = [&["device", "run"], &device[..], &["--on", "valve=/bin/cat"]].concat();
    let process = started(&network, &run);
    // It dials both organisations' peers.
    assert!(listening(network.process.id()) > 0, "listeners are found where there are some");
    assert_eq!(listening(process.id()), 0);
    let memory = peak_kib(process.id());
    assert!(memory < MEMORY_KIB_MAX, "{memory} KiB");
    ends(process);
    network.stop();
}

/// D-02: a keeper says when it cannot see, and ends when it is told to.
#[test]
fn a_keeper_looks_once_or_stays() {
    let network = Running::bare();
    let (code, message) = network.json(&["keeper", "--once"]).failed();
    assert_eq!(code, "NO_LEDGER", "there is no clock: {message}");
    let keeper = started(&network, &["keeper"]);
    assert_eq!(listening(keeper.id()), 0);
    ends(keeper);
    network.stop();
}

#[test]
fn a_device_is_not_run_without_a_handler() {
    let run = ["device", "run", "--home", "x", "--as", "valve7@org2.example.com"];
    assert_eq!(Said::by(&run).code, 2, "there is nothing that it could do");
    assert_eq!(Said::by(&[&run[..], &["--on", "valve"]].concat()).code, 2);
}

/// A command that stays, once it has had the time to dial.
fn started(network: &Running, args: &[&str]) -> Child {
    let mut command = pervade(&[args, &["--json", "--data", &network.data]].concat());
    let process = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    thread::sleep(Duration::from_secs(2));
    process
}

/// Tells a process to end, which it does well.
fn ends(mut process: Child) {
    let told = Command::new("kill").arg(process.id().to_string()).status().unwrap();
    assert!(told.success(), "it is there to be told");
    assert!(process.wait().unwrap().success(), "it ends well");
}

/// How many sockets of a process listen.
fn listening(process: u32) -> usize {
    let descriptors = fs::read_dir(format!("/proc/{process}/fd")).unwrap();
    let targets = descriptors.flatten().filter_map(|entry| fs::read_link(entry.path()).ok());
    let own: Vec<_> = targets.filter_map(|target| target.to_str().map(str::to_owned)).collect();
    let tables = ["tcp", "tcp6"].map(|table| format!("/proc/{process}/net/{table}"));
    let tables = tables.map(|table| fs::read_to_string(table).unwrap_or_default());
    let sockets = tables.iter().flat_map(|table| table.lines().skip(1));
    let listening = sockets.filter_map(|line| {
        let fields: Vec<_> = line.split_whitespace().collect();
        (fields[STATE] == LISTEN).then(|| format!("socket:[{}]", fields[INODE]))
    });
    listening.filter(|socket| own.contains(socket)).count()
}

/// Columns of the kernel's tables of sockets, and the state of one that listens.
const STATE: usize = 3;
const INODE: usize = 9;
const LISTEN: &str = "0A";

/// The most memory that a process has had.
fn peak_kib(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches("kB").trim().parse().unwrap()
}

/// What a small computer has to spare for it, in a build that is not optimised.
const MEMORY_KIB_MAX: u64 = 48 * 1024;
