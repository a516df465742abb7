//! What is refused, each by its code.

use super::{ANN, BOB, Platform, TICKER};

/// W-73: the contract's own code, or that the command was called wrongly.
#[test]
fn what_is_wrong_has_a_code() {
    let platform = Platform::with_users(|_| {});
    platform.define_photo();
    let refused = |args: &[&str], expected: &str| {
        let (code, message) = platform.network.json(args).error();
        assert_eq!(code, expected, "{args:?}: {message}");
    };
    refused(&["user", "register", "--as", ANN], "USER_EXISTS");
    refused(&["user", "register", "--as", "nobody@org1.example.com"], "NO_IDENTITY");
    refused(&["user", "show", TICKER], "USER_NOT_REGISTERED");
    refused(&["user", "show", "ann"], "USAGE");
    refused(&["user", "show", "--set", "of spaces"], "USAGE");
    refused(&["user", "rotate", "--new", BOB, "--as", ANN], "USER_EXISTS");
    refused(&["user", "group", ANN, "Smith", "--as", "Admin@org1.example.com"], "USAGE");
    refused(&["platform", "deploy", "--set=-3"], "USAGE");
    refused(&["platform", "bind", "--terms", "nowhere.json"], "NO_FILE");
    let terms = platform.file("none.json", "{}");
    refused(&["platform", "bind", "--terms", &terms], "BAD_TERMS");
    refused(&["token", "buy", "1.0000001", "--as", ANN], "USAGE");
    refused(&["token", "pay", BOB, "0", "--as", ANN], "AMOUNT_ZERO");
    refused(&["token", "pay", BOB, "1000", "--as", ANN], "INSUFFICIENT_TOKENS");
    refused(&["clock", "tick", "--as", ANN], "PERMISSION_DENIED");
    refused(&["device", "show", "pump-0001"], "DEVICE_UNKNOWN");
    refused(&["device", "show", "pump"], "USAGE");
    refused(&["device", "register", "pump-0001", "--as", ANN], "USAGE");
    refused(&["device", "register", "--home", "nowhere", "--as", ANN], "NO_HOME");
    refused(&["device", "register", "pump-0001", "--device", BOB, "--as", ANN], "DEVICE_KEY_TAKEN");
    refused(&["task", "define", "nowhere.json"], "NO_FILE");
    refused(&["task", "define", &platform.file("type.json", "{}")], "BAD_TYPE");
    refused(&["task", "show", "00"], "TASK_UNKNOWN");
    refused(&["task", "vote", "00", "maybe"], "USAGE");
    refused(&["task", "vote", "00", "yes"], "TASK_UNKNOWN");
    platform.network.stop();
}

/// A key is not left behind for a task that was not created.
#[test]
fn a_refused_task_leaves_no_key() {
    let platform = Platform::with_users(|_| {});
    platform.define_photo();
    let create = |type_name, reward, limit| {
        let task = ["--type", type_name, "--reward", reward, "--limit", limit, "--as", ANN];
        platform.code(&[["task", "create"].as_slice(), &task].concat())
    };
    assert_eq!(create("film", "10", "20"), "TYPE_UNKNOWN");
    assert_eq!(create("photo", "0", "20"), "BAD_REWARD");
    assert_eq!(create("photo", "10", "1"), "BAD_TIME_LIMIT");
    assert_eq!(create("photo", "10000", "20"), "INSUFFICIENT_TOKENS");
    let keys = std::fs::read_dir(platform.path("readers")).unwrap().count();
    assert_eq!(keys, 0, "the keys' folder is empty");
    platform.network.stop();
}
