//! A platform from the command line: its foundation, its users, its devices and its tasks.

mod denials;
mod people;
mod refusals;
mod tasks;

use std::fs;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::Duration;

use serde_json::{Value, json};

use crate::program::{Running, Said};

/// A bound platform on a network of its own.
struct Platform {
    network: Running,
}

const FOUNDER: &str = "founder@org1.example.com";
const TICKER: &str = "ticker@org1.example.com";
const BANK: &str = "bank@org1.example.com";
const ANN: &str = "ann@org1.example.com";
const BOB: &str = "bob@org2.example.com";

impl Platform {
    /// Its terms are the usual ones, but for what the change says.
    fn with(change: impl FnOnce(&mut Value)) -> Self {
        let platform = Self { network: Running::bare() };
        platform.done(&["platform", "deploy"]);
        let founder = ["--attribute", "platform.init=true", "--attribute", "platform.types=true"];
        platform.identity(FOUNDER, &founder);
        platform.identity(TICKER, &["--attribute", "platform.ticker=true"]);
        platform.identity(BANK, &["--attribute", "bank.issuer=true"]);
        let mut terms = platform.done(&["platform", "terms"]);
        change(&mut terms);
        let file = platform.file("terms.json", &terms.to_string());
        platform.done(&["platform", "bind", "--terms", &file, "--as", FOUNDER]);
        platform
    }

    /// Ann and Bob are users and have tokens.
    fn with_users(change: impl FnOnce(&mut Value)) -> Self {
        let platform = Self::with(change);
        for user in [ANN, BOB] {
            platform.identity(user, &[]);
            platform.done(&["user", "register", "--as", user]);
            platform.done(&["token", "issue", user, "200", "--as", BANK]);
            platform.done(&["token", "buy", "100", "--as", user]);
        }
        platform
    }

    fn identity(&self, name: &str, attributes: &[&str]) {
        self.done(&[&["identity", "new", name], attributes].concat());
    }

    /// Runs a command that does what it is asked.
    #[track_caller]
    fn done(&self, args: &[&str]) -> Value {
        self.network.json(args).done()
    }

    /// Runs a command that fails; tells the code.
    #[track_caller]
    fn code(&self, args: &[&str]) -> String {
        self.network.json(args).failed().0
    }

    /// What a command says to people.
    #[track_caller]
    fn told(&self, args: &[&str]) -> String {
        let said = Said::by(&[args, &["--data", &self.network.data]].concat());
        assert_eq!(said.code, 0, "{said:?}");
        said.out
    }

    fn path(&self, name: &str) -> PathBuf {
        Path::new(&self.network.data).join(name)
    }

    fn file(&self, name: &str, text: &str) -> String {
        let path = self.path(name);
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// Defines a type whose results need form and signature alone.
    fn define_photo(&self) {
        let photo = json!({ "name": "photo", "version": 1, "limits": {}, "averages": {} });
        let file = self.file("photo.json", &photo.to_string());
        self.done(&["task", "define", &file, "--as", FOUNDER]);
    }

    fn tokens(&self, who: &str) -> Value {
        self.done(&["token", "balance", who])["tokens"].clone()
    }

    /// Begins epochs, each as soon as it may.
    fn ticks(&self, epochs: usize) {
        for _ in 0..epochs {
            loop {
                let said = self.network.json(&["clock", "tick", "--as", TICKER]);
                if said.code == 0 {
                    break;
                }
                assert_eq!(said.failed().0, "TOO_EARLY", "it is to wait");
                sleep(Duration::from_millis(250));
            }
        }
    }
}

/// W-12, W-13, W-14, W-15, W-17: what is deployed is bound once, by those who may, and shown.
#[test]
fn a_platform_is_deployed_and_bound_once() {
    let platform = Platform { network: Running::bare() };
    let part = |part: &str| platform.done(&["platform", "show"])[part].clone();
    assert_eq!(platform.code(&["user", "list"]), "NOT_DEPLOYED");
    assert_eq!(part("users"), json!({ "bound": false, "chaincode": "users", "deployed": false }));
    let deployed = platform.done(&["platform", "deploy"]);
    assert_eq!(deployed["chaincodes"].as_array().unwrap().len(), 5);
    assert_eq!(platform.code(&["user", "list"]), "NOT_INITIALIZED");
    assert_eq!(part("users"), json!({ "bound": false, "chaincode": "users", "deployed": true }));
    assert_eq!(platform.code(&["platform", "bind"]), "PERMISSION_DENIED");

    platform.identity(FOUNDER, &["--attribute", "platform.init=true"]);
    let bind = ["platform", "bind", "--as", FOUNDER];
    assert_eq!(platform.done(&bind)["tasks"], "bound");
    assert_eq!(platform.done(&bind)["tasks"], "kept");
    let usual = platform.done(&["platform", "terms"]);
    assert_eq!(part("tasks")["terms"], usual["tasks"]);
    assert_eq!(part("tokens")["terms"]["price"], 2_000_000);
    let other = usual.to_string().replace("\"full_reward_tasks\":8", "\"full_reward_tasks\":9");
    let file = platform.file("other.json", &other);
    let code = platform.code(&[bind.as_slice(), &["--terms", &file]].concat());
    assert_eq!(code, "ALREADY_INITIALIZED");
    platform.network.stop();
}
