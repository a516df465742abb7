//! A log on disk, and what may happen to it.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use expect_test::expect;
use pervade_ports::system::SystemFiles;
use pervade_ports::{BoxFuture, Clock, Timestamp};

use super::{LOG_BYTES_MAX, Log, LogError};
use crate::{Denials as _, Denied};

/// W-100: who was refused what, and when, in canonical JSON; nothing that was said.
#[test]
fn a_refusal_is_a_line() {
    let (_folder, path) = place();
    let log = open(&path, LOG_BYTES_MAX);
    log.denied(denied("task"));
    log.denied(Denied { function: "\u{1b}[2J é".to_owned(), ..denied("x") });
    log.close();
    expect![[r#"
        {"address":"00aa","chaincode":"tasks","channel":"mychannel","code":"PERMISSION_DENIED","dropped":0,"function":"task","msp":"Org1MSP","number":1,"previous":"0000000000000000000000000000000000000000000000000000000000000000","status":403,"time_ms":7001,"tx_id":"12ab"}
        {"address":"00aa","chaincode":"tasks","channel":"mychannel","code":"PERMISSION_DENIED","dropped":0,"function":"?[2J???","msp":"Org1MSP","number":2,"previous":"542f8787320074cc93b0935fa37b678189b9bbc18d71f7f1da8869e5d8f718ac","status":403,"time_ms":7001,"tx_id":"12ab"}
    "#]].assert_eq(&fs::read_to_string(&path).unwrap());
}

/// A log goes on where it ended, also after a process that ended while it wrote.
#[test]
fn a_log_goes_on_without_its_torn_line() {
    let (_folder, path) = place();
    refuse(&path, 1);
    let whole = fs::read(&path).unwrap();
    fs::write(&path, [&whole, &b"{\"address\":\"00"[..]].concat()).unwrap();
    refuse(&path, 2);
    let chain = Log::read(&path, &SystemFiles).unwrap();
    assert_eq!((chain.entries(), chain.torn, chain.faults), (3, 0, vec![]));
}

/// W-100: a log that was altered is not taken for whole, and what is refused later is in it all the same.
#[test]
fn an_altered_log_goes_on_and_stays_altered() {
    let (_folder, path) = place();
    refuse(&path, 3);
    let altered = fs::read_to_string(&path).unwrap().replacen("Org1MSP", "Org2MSP", 1);
    fs::write(&path, altered).unwrap();
    refuse(&path, 1);
    let chain = Log::read(&path, &SystemFiles).unwrap();
    assert_eq!(chain.entries(), 4);
    let faults: Vec<String> = chain.faults.iter().map(ToString::to_string).collect();
    assert_eq!(faults, ["entry 1 is not the one that the next was written after"]);
}

/// No flood of refusals fills a disk: a full log stays as it is. What was dropped is counted, and
/// told where there is room again.
#[test]
fn a_full_log_counts_what_it_drops() {
    let (_folder, path) = place();
    let log = open(&path, 700);
    for _ in 0..5 {
        log.denied(denied("task"));
    }
    log.close();
    assert_eq!(Log::read(&path, &SystemFiles).unwrap().entries(), 2);
    assert!(fs::metadata(&path).unwrap().len() <= 700, "and it is no longer");
    assert_eq!(log.dropped.load(std::sync::atomic::Ordering::Relaxed), 3);
}

/// Refusals that were not written are told of by the entry that comes next.
#[test]
fn an_entry_tells_how_many_are_missing_before_it() {
    let (_folder, path) = place();
    let log = open(&path, LOG_BYTES_MAX);
    log.dropped.store(4, std::sync::atomic::Ordering::Relaxed);
    log.denied(denied("task"));
    log.denied(denied("task"));
    log.close();
    let chain = Log::read(&path, &SystemFiles).unwrap();
    let dropped = chain.links.iter().filter_map(|link| Some(link.entry.as_ref()?.dropped));
    assert_eq!(dropped.collect::<Vec<_>>(), [4, 0]);
}

/// Two processes do not write one log: their lines would not follow each other.
#[test]
fn a_log_is_one_processs() {
    let (_folder, path) = place();
    let _held = open(&path, LOG_BYTES_MAX);
    let other = Log::open(&path, &SystemFiles, Arc::new(Stopped));
    assert!(matches!(other, Err(LogError::Held { .. })), "{other:?}");
}

/// What can be no log of ours is not read into memory.
#[test]
fn a_file_that_is_too_long_is_refused() {
    let (_folder, path) = place();
    fs::File::create(&path).unwrap().set_len(LOG_BYTES_MAX + 1).unwrap();
    let refused = Log::read(&path, &SystemFiles);
    assert!(matches!(refused, Err(LogError::TooLong { .. })), "{refused:?}");
}

fn place() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tasks.jsonl");
    (folder, path)
}

fn open(path: &Path, bytes_max: u64) -> Log {
    Log::open_within(path, &SystemFiles, Arc::new(Stopped), bytes_max).unwrap()
}

/// Has so many refusals written.
fn refuse(path: &Path, times: u64) {
    let log = open(path, LOG_BYTES_MAX);
    for _ in 0..times {
        log.denied(denied("task"));
    }
    log.close();
}

fn denied(function: &str) -> Denied {
    Denied {
        address: "00aa".to_owned(),
        chaincode: "tasks".to_owned(),
        channel: "mychannel".to_owned(),
        code: "PERMISSION_DENIED".to_owned(),
        function: function.to_owned(),
        msp: "Org1MSP".to_owned(),
        status: 403,
        tx_id: "12ab".to_owned(),
    }
}

/// A clock that stands still.
struct Stopped;

impl Clock for Stopped {
    fn now(&self) -> Timestamp {
        Timestamp::new(7, 1_000_000)
    }

    fn sleep(&self, _duration: Duration) -> BoxFuture<'static, ()> {
        Box::pin(std::future::pending())
    }
}
