//! Logs that somebody laid hands on.

use expect_test::{Expect, expect};

use super::{Anchored, Chain, digest};
use crate::{Denied, Entry};

/// W-100: a log is as it was written, or the entry that is not is named.
#[test]
fn whoever_lays_hands_on_a_log_is_found_out() {
    check(|_| {}, expect!["4 entries"]);
    check(
        |lines| lines[1] = lines[1].replace("\"DENIED\"", "\"NO\""),
        expect![[r#"
        4 entries
        entry 2 is not the one that the next was written after"#]],
    );
    check(
        |lines| drop(lines.remove(1)),
        expect![[r#"
        3 entries
        entry 3 stands in the place of entry 2"#]],
    );
    check(
        |lines| lines.swap(1, 2),
        expect![[r#"
        4 entries
        entry 3 stands in the place of entry 2
        entry 2 stands in the place of entry 4
        entry 4 stands in the place of entry 3"#]],
    );
    check(
        |lines| lines[2] = "{}".to_owned(),
        expect![[r#"
        4 entries
        entry 3 is none
        entry 3 is not the one that the next was written after"#]],
    );
}

/// W-100: what its keeper writes anew as a whole, or takes from its end, is found out by what was
/// anchored; what was not anchored yet is not.
#[test]
fn an_anchor_holds_all_before_it() {
    let anchored = log(4);
    let told = |log: &[String], anchors: &[u64]| {
        let chain = Chain::read(&bytes(log));
        assert_eq!(chain.faults, [], "the chain by itself is whole");
        let anchor = |entries: &u64| {
            let line = usize::try_from(entries - 1).unwrap();
            (*entries, digest(anchored[line].as_bytes()))
        };
        let anchors: Vec<_> = anchors.iter().map(anchor).collect();
        let fault = chain.compare(
            anchors.iter().map(|(entries, sha256)| Anchored { entries: *entries, sha256 }),
        );
        fault.map_or("holds".to_owned(), |fault| fault.to_string())
    };
    let anew: Vec<String> = chained(4, |number| if number == 3 { "OTHER" } else { "DENIED" });
    assert_eq!(told(&anchored, &[2, 4]), "holds");
    assert_eq!(told(&anew, &[2]), "holds");
    assert_eq!(told(&anew, &[2, 4]), "one of the entries 3 to 4 is not the one that was anchored");
    assert_eq!(told(&anchored[..2], &[2, 4]), "entries 3 to 4 are missing: they were anchored");
    assert_eq!(told(&[], &[2]), "entries 1 to 2 are missing: they were anchored");
}

/// A process may end while it writes.
#[test]
fn a_torn_last_line_is_no_fault() {
    let mut bytes = bytes(&log(2));
    bytes.extend(b"{\"addr");
    let chain = Chain::read(&bytes);
    assert_eq!((chain.entries(), chain.torn, chain.faults), (2, 6, vec![]));
}

/// D-25: any bytes are read.
#[test]
fn nonsense_is_told_line_by_line() {
    let chain = Chain::read(b"\n\xff\n");
    let told: Vec<String> = chain.faults.iter().map(ToString::to_string).collect();
    assert_eq!(told, ["entry 1 is none", "entry 2 is none"]);
    assert_eq!(Chain::read(b""), Chain::default());
}

fn log(entries: u64) -> Vec<String> {
    chained(entries, |_| "DENIED")
}

fn chained(entries: u64, code: impl Fn(u64) -> &'static str) -> Vec<String> {
    let mut lines = Vec::<String>::new();
    for number in 1..=entries {
        let previous =
            lines.last().map_or(super::NOTHING.to_owned(), |line| digest(line.as_bytes()));
        let denied = Denied { code: code(number).to_owned(), ..Denied::default() };
        lines.push(serde_json::to_string(&Entry::new(&denied, number, &previous)).unwrap());
    }
    lines
}

fn bytes(lines: &[String]) -> Vec<u8> {
    lines.iter().flat_map(|line| [line.as_bytes(), b"\n"].concat()).collect()
}

#[track_caller]
fn check(change: impl FnOnce(&mut Vec<String>), told: Expect) {
    let mut lines = log(4);
    change(&mut lines);
    let chain = Chain::read(&bytes(&lines));
    let faults: String = chain.faults.iter().map(|fault| format!("\n{fault}")).collect();
    told.assert_eq(&format!("{} entries{faults}", chain.entries()));
}
