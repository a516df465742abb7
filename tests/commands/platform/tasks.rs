//! Tasks, from their creation to their ends.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use serde_json::json;

use super::{ANN, BOB, Platform};

/// W-20, W-42, W-44, W-45, W-46, W-56, W-64, W-71, W-72, W-79, W-80, W-90, W-91, W-116, WC-02:
/// from a wish to a device of another organisation and back, with a result that the creator alone reads.
#[test]
fn a_task_goes_all_the_way() {
    let platform = Platform::with_users(|_| {});
    platform.define_photo();
    let home = platform.path("valve7");
    let at_home = ["--home", home.to_str().unwrap(), "--serial", "1000"];
    platform.done(
        &[["device", "new"].as_slice(), &at_home, &["--as", "valve7@org2.example.com"]].concat(),
    );
    let register = [["device", "register"].as_slice(), &at_home, &["--as", BOB]].concat();
    let device = platform.done(&register)["result"]["id"].as_str().unwrap().to_owned();
    assert_eq!(platform.code(&register), "DEVICE_ID_TAKEN");

    let create = ["task", "create", "--type", "photo", "--reward", "10", "--limit", "20"];
    let created = platform.done(&[create.as_slice(), &["--as", ANN]].concat())["result"].clone();
    let task = created["id"].as_str().unwrap();
    assert_eq!(created["seconds"], 21.0 * 14.5, "W-77");
    assert_eq!(platform.tokens(ANN), 88_950_000, "fee, reward and the keeper's fee");
    let key = Path::new(created["key"].as_str().unwrap());
    assert!(key.ends_with(format!("readers/{task}.key")), "{key:?}");
    assert_eq!(fs::metadata(key).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(platform.done(&["task", "open", "photo"])["entries"][0]["id"], task);

    assert_eq!(platform.code(&["task", "accept", task, &device, "--as", ANN]), "NOT_DEVICE_OWNER");
    platform.done(&["task", "accept", task, &device, "--as", BOB]);
    assert_eq!(platform.tokens(BOB), 90_000_000, "deposit and stake");
    assert_eq!(platform.done(&["task", "open"])["entries"], json!([]));
    assert_eq!(platform.done(&["device", "backlog", &device])["entries"][0]["task"], task);

    let program = platform.file(
        "work.sh",
        "#!/bin/sh\ncat >/dev/null\necho '{\"readings\":{},\"text\":\"a tree\"}'\n",
    );
    fs::set_permissions(&program, fs::Permissions::from_mode(0o700)).unwrap();
    let on = format!("photo={program}");
    let run = ["--as", "valve7@org2.example.com", "--on", &on, "--once"];
    platform.done(&[["device", "run"].as_slice(), &at_home, &run].concat());

    assert_eq!(platform.tokens(ANN), 89_000_000);
    assert_eq!(platform.tokens(BOB), 105_000_000);
    let shown = platform.done(&["task", "show", task]);
    assert_eq!(shown["summary"]["outcome"], "completed");
    assert_eq!(shown["verdicts"][0]["confirmed"], true);
    let notes = platform.done(&["user", "notifications", "--as", ANN]);
    assert_eq!(notes["entries"][0]["task"], task);
    assert_eq!(platform.done(&["user", "show", BOB])["reputation"], 3);
    assert_eq!(platform.done(&["task", "mine", "--as", ANN])["entries"][0]["outcome"], "completed");

    let out = platform.path("tree.txt");
    let result = ["task", "result", task, "--out", out.to_str().unwrap()];
    platform.done(&result);
    assert_eq!(fs::read_to_string(&out).unwrap(), "a tree");
    let (block, content) = a_file(&platform.path("content"));
    assert!(!String::from_utf8_lossy(&content).contains("a tree"), "W-88: it is sealed");
    fs::write(&block, vec![7; content.len()]).unwrap();
    assert_eq!(platform.code(&result), "NO_CONTENT", "the file was altered");
    fs::remove_file(key).unwrap();
    assert_eq!(platform.code(&result), "NO_KEY");
    platform.network.stop();
}

/// The only file of a folder.
fn a_file(folder: &Path) -> (PathBuf, Vec<u8>) {
    let entry = fs::read_dir(folder).unwrap().next().unwrap().unwrap();
    (entry.path(), fs::read(entry.path()).unwrap())
}

/// W-49, W-65, W-72, W-75, W-76, W-81: a task that nobody does ends by anyone's hand, one that is taken
/// back at once; time comes from ticks.
#[test]
fn tasks_end_that_nobody_does() {
    let platform = Platform::with_users(|terms| {
        terms["clock"]["interval_ms"] = json!(10_000);
        terms["clock"]["tolerance_ms"] = json!(5_000);
        terms["tasks"]["window_min"] = json!(1);
    });
    platform.define_photo();
    platform.identity("pump@org2.example.com", &[]);
    let pump = ["device", "register", "pump-0001", "--device", "pump@org2.example.com"];
    platform.done(&[pump.as_slice(), &["--as", BOB]].concat());
    let create = || {
        let args = ["task", "create", "--type", "photo", "--reward", "4", "--limit", "2"];
        let created = platform.done(&[args.as_slice(), &["--as", ANN]].concat());
        created["result"]["id"].as_str().unwrap().to_owned()
    };
    let (kept, unwanted) = (create(), create());
    platform.done(&["task", "accept", &kept, "pump-0001", "--as", BOB]);
    assert_eq!(platform.code(&["task", "release", &kept, "--as", ANN]), "TASK_NOT_EXPIRED");
    assert_eq!(platform.code(&["task", "release", &unwanted, "--as", BOB]), "NOT_CREATOR");
    platform.done(&["task", "release", &unwanted, "--as", ANN]);
    assert_eq!(platform.code(&["task", "expire", &kept]), "TASK_NOT_EXPIRED");
    assert_eq!(platform.done(&["task", "due"])["entries"], json!([]));

    platform.ticks(3);
    let shown = platform.done(&["clock", "show", "--epochs", "20"]);
    let [epoch, seconds, stalled] = ["epoch", "seconds", "stalled"].map(|name| &shown[name]);
    assert_eq!([epoch, seconds, stalled], [&json!(3), &json!(200.0), &json!(false)]);
    assert_eq!(platform.done(&["task", "due"])["entries"][0]["id"], kept.as_str());
    assert_eq!(platform.code(&["task", "decline", &kept, "--as", BOB]), "TOO_LATE");
    platform.done(&["task", "expire", &kept]);
    assert_eq!(platform.code(&["task", "expire", &kept]), "TASK_UNKNOWN");
    assert_eq!(platform.tokens(ANN), 99_950_000, "two fees, a keeper's fee, and Bob's stake");
    assert_eq!(platform.tokens(BOB), 93_000_000);
    let outcomes = platform.done(&["task", "mine", "--as", ANN]);
    let mut outcomes: Vec<_> = outcomes["entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["outcome"].as_str().unwrap())
        .collect();
    outcomes.sort_unstable();
    assert_eq!(outcomes, ["expired", "released"]);
    let standing = platform.done(&["device", "show", "pump-0001"])["standing"].clone();
    assert_eq!([&standing["completed"], &standing["expired"]], [0, 1]);
    platform.network.stop();
}
