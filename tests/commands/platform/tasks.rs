//! Tasks, from their creation to their ends.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use serde_json::json;

use super::{ANN, BOB, FOUNDER, Platform};

/// W-20, W-42, W-44, W-45, W-46, W-56, W-64, W-71, W-72, W-79, W-80, W-90, W-91, W-116, WC-02:
/// from a wish to a device of another organisation and back, with a result that the creator alone reads.
#[test]
fn a_task_goes_all_the_way() {
    let platform = Platform::with_users(|_| {});
    platform.define_photo();
    let valve = Valve::of(&platform);
    let device = valve.register();
    assert_eq!(valve.code(&["device", "register"], &["--as", BOB]), "DEVICE_ID_TAKEN");

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

    valve.work("photo", r#"{"readings":{},"text":"a tree"}"#);

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
    assert_eq!(platform.code(&result), "RESULT_ALTERED");
    fs::remove_file(&block).unwrap();
    assert_eq!(platform.code(&result), "NO_CONTENT");
    fs::remove_file(key).unwrap();
    assert_eq!(platform.code(&result), "NO_KEY");
    platform.network.stop();
}

/// A device of Bob's, in a folder of its own.
struct Valve<'p> {
    home: String,
    platform: &'p Platform,
}

const VALVE: &str = "valve7@org2.example.com";

impl<'p> Valve<'p> {
    fn of(platform: &'p Platform) -> Self {
        let home = platform.path("valve7").to_str().unwrap().to_owned();
        let valve = Self { home, platform };
        platform.done(&valve.args(&["device", "new"], &["--as", VALVE]));
        valve
    }

    /// Registers it; tells its id.
    fn register(&self) -> String {
        let args = self.args(&["device", "register"], &["--as", BOB]);
        self.platform.done(&args)["result"]["id"].as_str().unwrap().to_owned()
    }

    /// Has it do the tasks of a type that it has: its program always writes the same.
    fn work(&self, type_name: &str, product: &str) {
        let script = format!("#!/bin/sh\ncat >/dev/null\necho '{product}'\n");
        let program = self.platform.file("work.sh", &script);
        fs::set_permissions(&program, fs::Permissions::from_mode(0o700)).unwrap();
        let on = format!("{type_name}={program}");
        let args = self.args(&["device", "run"], &["--as", VALVE, "--on", &on, "--once"]);
        self.platform.done(&args);
    }

    fn code(&self, verb: &[&str], more: &[&str]) -> String {
        self.platform.code(&self.args(verb, more))
    }

    fn args<'a>(&'a self, verb: &[&'a str], more: &[&'a str]) -> Vec<&'a str> {
        [verb, &["--home", &self.home, "--serial", "1000"], more].concat()
    }
}

/// W-84, W-85, W-96: limits refuse a reading, oracles vote on a result, creators accept or reject one.
#[test]
fn results_are_judged() {
    let platform = Platform::with_users(|_| {});
    let oracles = ["eve@org1.example.com", "fay@org2.example.com"];
    let address = |name: &&str| {
        platform.identity(name, &[]);
        let told = platform.done(&["identity", "list"]);
        let all = told["identities"].as_array().unwrap();
        all.iter().find(|one| one["name"] == **name).unwrap()["address"].clone()
    };
    let oracles_of: Vec<_> = oracles.iter().map(address).collect();
    let limits = json!({ "celsius": { "min": -40, "max": 85 } });
    for (name, limits, others) in [
        ("air", limits, json!({})),
        (
            "seen",
            json!({}),
            json!({ "votes": { "needed": 2, "oracles": oracles_of, "window": 5 } }),
        ),
        ("liked", json!({}), json!({ "acceptance": 5 })),
    ] {
        let mut task_type = json!({ "name": name, "version": 1, "limits": limits, "averages": {} });
        task_type.as_object_mut().unwrap().extend(others.as_object().unwrap().clone());
        let file = platform.file("type.json", &task_type.to_string());
        platform.done(&["task", "define", &file, "--as", FOUNDER]);
    }
    let valve = Valve::of(&platform);
    let device = valve.register();
    let delivered = |type_name: &str, product: &str| {
        let create = ["task", "create", "--type", type_name, "--reward", "2", "--limit", "20"];
        let created = platform.done(&[create.as_slice(), &["--as", ANN]].concat());
        let task = created["result"]["id"].as_str().unwrap().to_owned();
        platform.done(&["task", "accept", &task, &device, "--as", BOB]);
        valve.work(type_name, product);
        task
    };

    let hot = delivered("air", r#"{"readings":{"celsius":900},"text":"hot"}"#);
    let verdict = platform.done(&["task", "show", &hot])["verdicts"][0].clone();
    assert_eq!([&verdict["check"], &verdict["confirmed"]], [&json!("limits"), &json!(false)]);

    let plain = r#"{"readings":{},"text":"a tree"}"#;
    let seen = delivered("seen", plain);
    assert_eq!(platform.code(&["task", "vote", &seen, "yes", "--as", ANN]), "NOT_ORACLE");
    for oracle in oracles {
        platform.done(&["task", "vote", &seen, "yes", "--as", oracle]);
    }
    assert_eq!(platform.done(&["task", "show", &seen])["votes"].as_array().unwrap().len(), 2);
    let settled = platform.done(&["task", "settle", &seen, "--as", BOB]);
    assert_eq!(settled["result"]["confirmed"], true);

    let (liked, disliked) = (delivered("liked", plain), delivered("liked", plain));
    assert_eq!(platform.code(&["task", "reject", &disliked, "--as", BOB]), "NOT_CREATOR");
    platform.done(&["task", "reject", &disliked, "--as", ANN]);
    assert_eq!(platform.done(&["task", "show", &disliked])["summary"]["outcome"], "rejected");
    platform.done(&["task", "settle", &liked, "--as", ANN]);
    assert_eq!(platform.done(&["task", "show", &liked])["summary"]["outcome"], "completed");
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
