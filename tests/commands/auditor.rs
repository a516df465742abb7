//! Queries that ask too much.

use std::time::{Duration, Instant};

use crate::program::Running;

/// A query that takes all time or all memory ends the auditor's worker and nothing else.
#[test]
fn a_query_bomb_ends_the_worker_alone() {
    let network = Running::with_services();
    let height = network.height();
    let bomb = format!("SELECT (COUNT(*) AS ?n) {{ {} }}", products(12));
    for limit in [["--seconds", "1"], ["--memory-mib", "64"]] {
        let begun = Instant::now();
        let args = [["query", &bomb].as_slice(), &limit].concat();
        let (code, message) = network.json(&args).failed();
        assert_eq!(code, "WORKER", "{limit:?}: {message}");
        assert!(message.contains("ledger is untouched"), "{limit:?}: {message}");
        assert!(begun.elapsed() < Duration::from_secs(30), "{limit:?}: {:?}", begun.elapsed());
        assert_eq!(network.height(), height, "the network answers");
    }
    network.json(&["query", "vendors"]).done();
    network.json(&["evaluate", "registry", "list", "nobody"]).done();
    network.stop();
}

/// Every quad with every other, so many times over.
fn products(times: usize) -> String {
    (0..times).map(|n| format!("GRAPH ?g{n} {{ ?s{n} ?p{n} ?o{n} }} ")).collect()
}
