//! Networks that are killed, and what is there afterwards.

use std::collections::BTreeMap;
use std::process::Stdio;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use serde_json::Value;

use crate::program::{ADMIN, Running, Said, kill, lines, pervade, shown, verified};

/// N-12: the demo is killed in the middle of its submissions. Whatever it had said was committed is
/// there, state and graph are what the blocks give, and the story goes on.
#[test]
fn nothing_acknowledged_is_lost_when_the_demo_is_killed() {
    for acknowledged in [1, 5, 9] {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().to_str().unwrap();
        let committed = tell_and_kill(data, acknowledged);
        assert!(committed.len() >= acknowledged, "killed after {acknowledged}: {committed:?}");
        check_ledger(data, &committed);
        let again = Said::by(&["demo", "--json", "--data", data]).done();
        assert_eq!(again["outcome"], "done", "killed after {acknowledged}: {again}");
        check_ledger(data, &committed);
    }
}

/// N-12: a network that several clients submit to is killed.
#[test]
fn nothing_acknowledged_is_lost_when_the_network_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    let mut network = Running::in_folder(folder.path());
    network.json(&["chaincode", "deploy", "registry", "--in-process"]).done();
    let package = shown("decentlab/dl-5tm");
    let (acknowledged, stop) = (Mutex::new(Vec::new()), AtomicBool::new(false));
    let next = AtomicUsize::new(0);
    let publish_all = || {
        while !stop.load(Ordering::SeqCst) {
            let version = format!("7.0.{}", next.fetch_add(1, Ordering::SeqCst));
            let said = network.json(&publishing(&release(&package, &version)));
            if said.code == 0 {
                acknowledged.lock().unwrap().push((version, said.done()));
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..CLIENTS {
            scope.spawn(publish_all);
        }
        while acknowledged.lock().unwrap().len() < PUBLISHED_MIN {
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        let id = network.process.id().to_string();
        // The threads hold the network, so the signal goes by its process id.
        let killed = std::process::Command::new("kill").args(["-KILL", &id]).status();
        assert!(killed.unwrap().success(), "the network is killed");
        stop.store(true, Ordering::SeqCst);
    });
    kill(&mut network.process);
    let acknowledged = acknowledged.into_inner().unwrap();
    let committed: BTreeMap<String, u64> = acknowledged.iter().map(|(_, it)| receipt(it)).collect();
    check_ledger(&network.data, &committed);

    let network = Running::in_folder(folder.path());
    for (version, said) in &acknowledged {
        let resolve = ["evaluate", "registry", "resolve", "decentlab", "dl-5tm", version];
        let found = network.json(&resolve).done();
        assert_eq!(found["result"], said["result"], "version {version} is published");
    }
    let said = network.json(&publishing(&release(&package, "8.0.0")));
    assert_eq!(said.code, 0, "it goes on: {said:?}");
    network.stop();
}

/// Clients that submit at the same time.
const CLIENTS: usize = 3;

/// Transactions after which the network is killed.
const PUBLISHED_MIN: usize = 8;

/// Tells the story until so many transactions are acknowledged, and kills it. What else it had
/// acknowledged by then counts too. Gives the beginnings of ids, and blocks.
fn tell_and_kill(data: &str, enough: usize) -> BTreeMap<String, u64> {
    let mut story = pervade(&["demo", "--data", data]).stdout(Stdio::piped()).spawn().unwrap();
    let mut committed = BTreeMap::new();
    for line in lines(&mut story) {
        committed.extend(recorded(&line));
        if committed.len() == enough {
            // Again for each line that was on its way.
            story.kill().unwrap();
        }
    }
    assert!(!story.wait().unwrap().success(), "the story was cut short");
    committed
}

/// `… → block 14, transaction 0123456789abcdef…, 30 ms`
fn recorded(line: &str) -> Option<(String, u64)> {
    let (_, rest) = line.split_once("→ block ")?;
    let (block, rest) = rest.split_once(", transaction ")?;
    let (transaction, _) = rest.split_once('…')?;
    Some((transaction.to_owned(), block.parse().ok()?))
}

fn receipt(said: &Value) -> (String, u64) {
    (said["transaction"].as_str().unwrap().to_owned(), said["block"].as_u64().unwrap())
}

/// The same package as another release.
fn publishing(package: &str) -> [&str; 6] {
    ["submit", "registry", "publish", package, "--as", ADMIN]
}

fn release(package: &str, version: &str) -> String {
    let mut package: Value = serde_json::from_str(package).unwrap();
    let manifest = package.get_mut("manifest").expect("a package has a manifest");
    manifest["version"] = version.into();
    package.to_string()
}

/// Every acknowledged transaction is in its block and took effect, and everything that follows
/// from the blocks is what they give: state, graph, and what a network makes of them.
fn check_ledger(data: &str, committed: &BTreeMap<String, u64>) {
    let before = verified(data);
    let query = "PREFIX pervade: <urn:pervade:vocab#> SELECT ?id ?block WHERE { \
                 ?tx pervade:transactionId ?id ; pervade:blockNumber ?block ; \
                 pervade:validationCode \"VALID\" }";
    let ask = ["query", query, "--offline", "--json", "--data", data];
    let answer = Said::by(&ask).done();
    let rows = answer["results"]["bindings"].as_array().unwrap();
    let found: BTreeMap<&str, &str> = rows
        .iter()
        .map(|row| (row["id"]["value"].as_str().unwrap(), row["block"]["value"].as_str().unwrap()))
        .collect();
    for (id, block) in committed {
        let there = found.iter().find(|(found, _)| found.starts_with(id));
        let block_found = there.map(|(_, block)| (*block).to_owned());
        assert_eq!(block_found, Some(block.to_string()), "transaction {id} was acknowledged");
    }
    let network = Running::in_folder(std::path::Path::new(data));
    let online = network.json(&["query", query]).done();
    assert_eq!(online["results"], answer["results"], "the running network gives the same graph");
    network.stop();
    let after = verified(data);
    let (before, after) = (&before["channels"][0], &after["channels"][0]);
    assert_eq!(after["checkpoint"], after["blocks"], "the state that it found is the blocks'");
    for figure in ["blocks", "state_sha256", "graphs", "quads"] {
        assert_eq!(after[figure], before[figure], "{figure}");
    }
}
