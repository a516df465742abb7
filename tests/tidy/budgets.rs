//! Budgets of size and style that the compiler does not watch.

use crate::tree;

/// Code lines (without tests, comments and blank lines) a file may hold.
const FILE_LINES_MAX: usize = 800;

#[test]
fn files_stay_readable() {
    for (path, text) in tree::rust_files() {
        let lines = code_lines(&text);
        assert!(lines <= FILE_LINES_MAX, "{}: {lines} code lines", path.display());
    }
}

#[test]
fn modules_are_name_rs_not_mod_rs() {
    for (path, _) in tree::rust_files() {
        let is_mod = path.file_name().is_some_and(|name| name == "mod.rs");
        assert!(!is_mod || path.starts_with("tests"), "{}", path.display());
    }
}

#[test]
fn no_error_variant_carries_only_text() {
    for (path, text) in tree::rust_files() {
        let found = text
            .split("#[error(")
            .skip(1)
            .filter_map(|after| after.lines().nth(1))
            .find(|variant| variant.trim_end().ends_with("(String),"));
        assert_eq!(found, None, "{}: give the variant data, not prose", path.display());
    }
}

/// N-08, W-07: a device and a keeper dial, and are dialled by nobody.
#[test]
fn agents_have_no_listener() {
    let agents: Vec<_> =
        tree::rust_files().into_iter().filter(|(path, _)| path.starts_with("agents")).collect();
    assert!(agents.len() > 20, "the agents are found: {}", agents.len());
    for (path, text) in agents {
        for word in ["Listener", "UdpSocket", "transport::Server"] {
            assert!(!text.contains(word), "{}: {word}", path.display());
        }
    }
}

#[test]
fn nothing_is_left_unfinished() {
    // Spelled apart, so that this file does not find itself.
    let marks = [concat!("todo", "!("), concat!("unimplemented", "!("), concat!("FIX", "ME")];
    for (path, text) in tree::rust_files() {
        for mark in marks {
            assert!(!text.contains(mark), "{}: {mark}", path.display());
        }
    }
}

#[test]
fn the_deterministic_crates_ban_what_endorsers_may_differ_in() {
    let folders = [
        "chaincode/contract",
        "chaincode/examples/asset-transfer",
        "chaincode/examples/private-sale",
        "chaincode/examples/token-ledger",
        "chaincode/services/clock",
        "chaincode/services/platform",
        "chaincode/services/recording",
        "chaincode/services/registry",
        "chaincode/services/tokens",
        "chaincode/services/users",
        "interop/authoring",
        "interop/ledger",
        "interop/mapping",
        "interop/package",
        "interop/payload",
        "interop/rdf",
        "interop/units",
        "network/config",
        "network/ledger",
    ];
    let root = std::fs::read_to_string(tree::root().join("clippy.toml")).unwrap();
    let copies = folders.map(|folder| {
        std::fs::read_to_string(tree::root().join(folder).join("clippy.toml"))
            .unwrap_or_else(|error| panic!("{folder}/clippy.toml: {error}"))
    });
    for (copy, folder) in copies.iter().zip(folders) {
        assert!(copy.starts_with(&root), "{folder}/clippy.toml must begin as the root's does");
        for banned in
            ["SystemTime::now", "HashMap", "f64", "fs::read", "TcpStream", "thread::spawn"]
        {
            assert!(copy.contains(banned), "{folder} does not ban {banned}");
        }
        assert_eq!(copy, &copies[0], "{folder}/clippy.toml differs from its siblings");
    }
}

fn code_lines(text: &str) -> usize {
    let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    code.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("//")).count()
}
