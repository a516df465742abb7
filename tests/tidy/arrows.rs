//! Dependencies between packages point down or sideways, as `ARCHITECTURE.md` draws them.

use crate::tree;

/// Folder prefix → layer. The first match counts.
const LAYERS: &[(&str, u8)] = &[
    ("fabric/rpc", 2),
    ("fabric/", 0),
    ("chaincode/examples/", 3),
    ("chaincode/services/", 3),
    ("chaincode/denials", 2),
    ("chaincode/shim", 2),
    ("chaincode/simulator", 2),
    ("chaincode/", 1),
    ("interop/audit", 3),
    ("interop/sources", 2),
    ("interop/", 1),
    ("network/ledger", 1),
    ("network/config", 1),
    ("network/embedded", 3),
    ("network/", 2),
    ("peer-client", 2),
    ("agents/content", 2),
    ("agents/sealing", 2),
    ("agents/", 3),
    ("demo", 4),
    ("tests", 4),
];

/// Arrows up that the picture names as exceptions, each with its reason.
const EXCEPTIONS: &[(&str, &str, &str)] = &[
    ("interop/ledger", "chaincode/services/recording", "reads the records that contract writes"),
    ("interop/ledger", "chaincode/services/registry", "reads the packages that contract keeps"),
];

/// Folder prefix → what nothing under it may depend on.
const FORBIDDEN: &[(&str, &[&str])] = &[
    ("peer-client", &["pervade-peer", "pervade-ledger", "pervade-storage", "pervade-embedded"]),
    ("network/", &["pervade-peer-client", "pervade-audit"]),
    ("agents/", NODES),
    ("interop/audit", &["pervade-embedded", "pervade-peer"]),
    ("interop/mapping", PARSERS),
    ("interop/payload", PARSERS),
    ("interop/package", PARSERS),
    ("chaincode/services/", PARSERS),
    ("chaincode/contract", DETERMINISTIC),
    ("chaincode/services/", DETERMINISTIC),
    ("interop/authoring", DETERMINISTIC),
    ("interop/rdf", DETERMINISTIC),
    ("interop/units", DETERMINISTIC),
    ("interop/vocabulary", DETERMINISTIC),
    ("interop/shapes", DETERMINISTIC),
    ("interop/shapes", PARSERS),
    ("interop/mapping", DETERMINISTIC),
    ("interop/payload", DETERMINISTIC),
    ("interop/package", DETERMINISTIC),
    ("interop/ledger", DETERMINISTIC),
    ("network/ledger", DETERMINISTIC),
    ("network/config", DETERMINISTIC),
];

/// What makes a node: those who act beside the ledger are its clients.
const NODES: &[&str] = &[
    "pervade-embedded",
    "pervade-ledger",
    "pervade-ordering",
    "pervade-peer",
    "pervade-registrar",
    "pervade-storage",
];

/// What the deterministic crates never name: runtimes, sockets, clocks, random numbers.
const DETERMINISTIC: &[&str] = &["tokio", "tonic", "getrandom", "pervade-ports", "oxigraph"];

/// `interop/payload` alone names this one of [`PARSERS`]: it reads a text in memory to a tree, with
/// no I/O, clock or hash order, without recursion, refuses type declarations and so entities, and
/// stops at a number of nodes.
const EXCEPT: &[(&str, &str)] = &[("interop/payload", "roxmltree")];

/// What reads and packs files off the ledger, and is never named by what runs on it.
const PARSERS: &[&str] = &[
    "pervade-sources",
    "pervade-authoring",
    "saphyr-parser",
    "csv",
    "roxmltree",
    "flate2",
    "zip",
    "tar",
    "oxrdfio",
];

#[test]
fn arrows_point_down_or_sideways() {
    let folders = tree::package_folders();
    for (folder, dependencies) in tree::dependencies() {
        let targets = dependencies.iter().filter_map(|name| folders.get(name));
        for target in targets {
            let allowed = layer(target) <= layer(&folder) || is_exception(&folder, target);
            assert!(allowed, "{folder} (L{}) uses {target} (L{})", layer(&folder), layer(target));
        }
    }
}

#[test]
fn forbidden_dependencies_are_absent() {
    for (folder, dependencies) in tree::dependencies() {
        for (prefix, forbidden) in FORBIDDEN {
            let found = dependencies.iter().find(|name| {
                forbidden.contains(&name.as_str()) && !EXCEPT.contains(&(&folder, name.as_str()))
            });
            if folder.starts_with(prefix) {
                assert_eq!(found, None, "{folder} may not depend on it");
            }
        }
    }
}

/// W-118: what the contracts decide are functions of values; only the binding knows transactions.
#[test]
fn rules_know_nothing_of_the_ledger() {
    let mut judged = 0;
    for (path, text) in tree::rust_files() {
        let name = path.to_string_lossy().into_owned();
        let is_pure = ["/src/rules.rs", "/src/rules/", "/src/validators"]
            .iter()
            .any(|part| name.contains(part));
        if is_pure && name.contains("chaincode/services/") {
            let is_bound = text.contains("Transaction") || text.contains("async fn");
            assert!(!is_bound, "{name} knows a ledger");
            judged += 1;
        }
    }
    assert!(judged >= 5, "the rules of five contracts: {judged} files");
}

fn layer(folder: &str) -> u8 {
    let found = LAYERS.iter().find(|(prefix, _)| folder.starts_with(prefix));
    found.unwrap_or_else(|| panic!("{folder} has no layer: name it here")).1
}

fn is_exception(folder: &str, target: &str) -> bool {
    EXCEPTIONS
        .iter()
        .any(|(from, to, reason)| *from == folder && *to == target && !reason.is_empty())
}
