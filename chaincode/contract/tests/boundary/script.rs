//! A host that answers from a script and writes down what it is asked.

use std::fmt::Write;
use std::sync::Arc;

use expect_test::Expect;
use fabric_protos::protos::ChaincodeInput;
use pervade_chaincode::host::{
    Changes, Event, Execution, Outcome, Page, Reply, Request, Step, Terms, Write as Change,
    WriteChange,
};
use pervade_chaincode::testing::TestCall;
use pervade_chaincode::{Entry, EntryPage, Invocation};

use crate::program;

/// Runs a program of [`program::Program`] and compares what passes: each request in a line of
/// its own, the outcome in the last. The replies are the script's, and then what a peer with an
/// empty ledger says.
#[track_caller]
pub(crate) fn check(terms: Terms, program: &str, replies: &[&str], expected: Expect) {
    expected.assert_eq(&transcript(terms, program, replies));
}

/// As [`check`], of a program that only reads.
#[track_caller]
pub(crate) fn check_read(program: &str, replies: &[&str], expected: Expect) {
    let call = TestCall::new("program", "read").arg(program);
    expected.assert_eq(&transcript_of(invocation(&call), Terms::SINGLE, replies));
}

pub(crate) fn transcript(terms: Terms, program: &str, replies: &[&str]) -> String {
    transcript_of(invocation(&TestCall::new("program", "run").arg(program)), terms, replies)
}

pub(crate) fn transcript_of(call: Invocation, terms: Terms, replies: &[&str]) -> String {
    let mut lines = String::new();
    let mut replies = replies.iter();
    let outcome = drive(call, terms, |request| {
        writeln!(lines, "{}", asked(&request)).unwrap();
        replies.next().map_or_else(|| empty_ledger(&request), |reply| scripted(reply))
    });
    assert_eq!(replies.next(), None, "a reply is left over");
    lines + &said(&outcome)
}

/// Runs a call to its end.
pub(crate) fn drive(
    call: Invocation,
    terms: Terms,
    mut answer: impl FnMut(Request) -> Reply,
) -> Outcome {
    let (mut execution, mut step) = Execution::start(&Arc::new(program::chaincode()), call, terms);
    loop {
        match step {
            Step::Ask(request) => step = execution.resume(answer(request)),
            Step::Done(outcome) => return outcome,
        }
    }
}

pub(crate) fn invocation(call: &TestCall) -> Invocation {
    let input = ChaincodeInput { args: call.arguments().to_vec(), ..ChaincodeInput::default() };
    Invocation::read("mychannel", &call.tx_id(), input, call.proposal()).unwrap()
}

pub(crate) fn said(outcome: &Outcome) -> String {
    let payload = String::from_utf8_lossy(&outcome.payload);
    let mut line = format!("{} {}{payload}", outcome.status, outcome.message);
    if let Some(event) = &outcome.event {
        write!(line, " {event:?}").unwrap();
    }
    line.trim_end().to_owned()
}

pub(crate) fn asked(request: &Request) -> String {
    match request {
        Request::Get { collection, key } => format!("get {}", place(collection, key)),
        Request::GetMany { collection, keys } => {
            format!("get many {}", place(collection, &keys.join(" ")))
        }
        Request::Put { collection, key, value } => {
            let change = WriteChange::Put(value.clone());
            changed(&Change { collection: collection.clone(), key: key.clone(), change })
        }
        Request::Delete { collection, key } => format!("delete {}", place(collection, key)),
        Request::Purge { collection, key } => format!("purge {}", place(collection, key)),
        Request::PutMetadata { collection, key, name, .. } => {
            format!("put {name} of {}", place(collection, key))
        }
        Request::Batch(writes) if writes.len() > 9 => format!("batch of {}", writes.len()),
        Request::Batch(writes) => {
            format!("batch: {}", writes.iter().map(changed).collect::<Vec<_>>().join(", "))
        }
        Request::Call { chaincode, channel, .. } => match channel {
            None => format!("call {chaincode}"),
            Some(channel) => format!("call {chaincode} on {channel}"),
        },
        Request::Range { collection, start, end } => {
            format!("range {}", place(collection, &format!("{start:?}..{end:?}")))
        }
        Request::Query { collection, query } => format!("query {}", place(collection, query)),
        Request::QueryPage { query, size, bookmark } => {
            format!("{size} of query {query} from {bookmark:?}")
        }
        Request::NextPage { iterator } => format!("next of {iterator}"),
        Request::CloseIterator { iterator } => format!("close {iterator}"),
        other => format!("{other:?}"),
    }
}

fn changed(write: &Change) -> String {
    let place = place(&write.collection, &write.key);
    match &write.change {
        WriteChange::Put(value) if value.len() > 9 => format!("put {place}"),
        WriteChange::Put(value) => format!("put {place}={}", String::from_utf8_lossy(value)),
        WriteChange::Delete => format!("delete {place}"),
        WriteChange::Purge => format!("purge {place}"),
        WriteChange::Metadata { name, .. } => format!("put {name} of {place}"),
    }
}

fn place(collection: &str, key: &str) -> String {
    let key = key.replace('\0', "/");
    if collection.is_empty() { key } else { format!("{collection}/{key}") }
}

pub(crate) fn scripted(reply: &str) -> Reply {
    match reply.split_once(' ').unwrap_or((reply, "")) {
        ("ok", _) => Reply::Accepted,
        ("value", value) => Reply::Value(Some(value.into())),
        ("values", values) => {
            let values = values.split_whitespace();
            Reply::Values(values.map(|value| (value != "-").then(|| value.into())).collect())
        }
        ("page", entries) => Reply::Page(Page { entries: scripted_entries(entries), more: None }),
        ("more", page) => {
            let (iterator, entries) = page.split_once(' ').unwrap();
            let more = Some(iterator.to_owned());
            Reply::Page(Page { entries: scripted_entries(entries), more })
        }
        ("bookmark", page) => {
            let (bookmark, entries) = page.split_once(' ').unwrap_or((page, ""));
            let (entries, bookmark) = (scripted_entries(entries), bookmark.to_owned());
            Reply::EntryPage(EntryPage { entries, bookmark })
        }
        ("emitted", id) => {
            let payload = format!(
                r#"{{"events":[{{"payload":{{"id":"{id}"}},"type":"created"}}],"version":1}}"#
            );
            let event = Event { name: "pervade.events".to_owned(), payload: payload.into() };
            let outcome = Outcome {
                status: 200,
                message: String::new(),
                payload: Vec::new(),
                event: Some(event),
            };
            Reply::Called(outcome)
        }
        ("called", outcome) => {
            let (status, text) = outcome.split_once(' ').unwrap();
            let status = status.parse().unwrap();
            let (message, payload) = if status < 400 { ("", text) } else { (text, "") };
            Reply::Called(Outcome {
                status,
                message: message.to_owned(),
                payload: payload.into(),
                event: None,
            })
        }
        ("refused", reason) => Reply::Refused { reason: reason.to_owned() },
        _ => panic!("{reply:?} is no reply"),
    }
}

fn scripted_entries(entries: &str) -> Vec<Entry> {
    let entries = entries.split_whitespace().map(|entry| entry.split_once('=').unwrap());
    entries.map(|(key, value)| Entry { key: key.to_owned(), value: value.into() }).collect()
}

/// What a peer says that has no state, and takes whatever is written.
pub(crate) fn empty_ledger(request: &Request) -> Reply {
    match request {
        Request::Get { .. } | Request::Hash { .. } => Reply::Value(None),
        Request::GetMany { keys, .. } => Reply::Values(vec![None; keys.len()]),
        Request::Metadata { .. } => Reply::Metadata([].into()),
        Request::Range { .. } | Request::Query { .. } | Request::NextPage { .. } => {
            Reply::Page(Page { entries: Vec::<Entry>::new(), more: None })
        }
        Request::RangePage { .. } | Request::QueryPage { .. } => {
            Reply::EntryPage(EntryPage { entries: Vec::new(), bookmark: String::new() })
        }
        Request::History { .. } | Request::NextChanges { .. } => {
            Reply::Changes(Changes { changes: Vec::new(), more: None })
        }
        Request::Call { .. } => scripted("called 200 "),
        _ => Reply::Accepted,
    }
}
