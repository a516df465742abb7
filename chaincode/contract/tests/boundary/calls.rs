//! Calls of other chaincode, the events that come of them, and the client's time.

use expect_test::expect;
use fabric_protos::Timestamp;
use pervade_chaincode::EventEnvelope;
use pervade_chaincode::host::Terms;
use pervade_chaincode::testing::TestCall;

use crate::program::Created;
use crate::script::{check, check_read, drive, invocation, transcript_of};

#[test]
fn a_chaincode_on_another_channel_is_only_read() {
    check_read(
        "ask ch2 other",
        &["called 200 there"],
        expect![[r#"
            call other on ch2
            200 there"#]],
    );
    check_read(
        "ask ch2 other",
        &["called 404 GONE: nobody"],
        expect![[r#"
            call other on ch2
            404 GONE: other: nobody"#]],
    );
    check_read(
        "ask mychannel other",
        &[],
        expect!["500 LEDGER: mychannel is this transaction's own channel"],
    );
}

#[test]
fn what_only_reads_may_call_what_only_reads() {
    check_read(
        "peek other",
        &["called 200 here"],
        expect![[r#"
            call other
            200 here"#]],
    );
    for program in ["peek other", "peek? other"] {
        check_read(
            program,
            &["called 404 GONE: nobody"],
            expect![[r#"
                call other
                404 GONE: other: nobody"#]],
        );
    }
}

#[test]
fn emitted_events_keep_their_order_across_calls() {
    check(
        Terms::SINGLE,
        "emit a; call other; emit b; try other",
        &["emitted x", "emitted y"],
        expect![[r#"
            call other
            call other
            200  pervade.events({"events":[{"payload":{"id":"a"},"type":"created"},{"chaincode":"other","payload":{"id":"x"},"type":"created"},{"payload":{"id":"b"},"type":"created"},{"chaincode":"other","payload":{"id":"y"},"type":"created"}],"version":1})"#]],
    );
}

#[test]
fn an_event_that_is_set_stands_alone() {
    check(
        Terms::SINGLE,
        "event moved 1; call other; event moved 2",
        &["emitted x"],
        expect![[r#"
            call other
            200  moved(2)"#]],
    );
    let both =
        "500 EVENT: a transaction has either an event that is set, or events that are emitted";
    for program in ["emit a; event moved 1", "event moved 1; emit a"] {
        assert_eq!(crate::script::transcript(Terms::SINGLE, program, &[]), both);
    }
}

#[test]
fn a_failed_call_leaves_no_events() {
    check(Terms::SINGLE, "emit a; fail", &[], expect!["409 TOLD_SO: as told"]);
}

#[test]
fn a_client_reads_the_events_of_a_transaction() {
    let call = invocation(&TestCall::new("program", "run").arg("emit a; emit b"));
    let outcome = drive(call, Terms::SINGLE, |request| panic!("{request:?}"));
    let event = outcome.event.unwrap();
    assert_eq!(event.name, EventEnvelope::NAME);
    let envelope = EventEnvelope::decode(&event.payload).unwrap();
    let ids: Vec<String> = envelope.of_type::<Created>().map(|event| event.unwrap().id).collect();
    assert_eq!(ids, ["a", "b"]);
}

const OUTSIDE: &str = "400 CLIENT_TIME: the proposal's time is too far from the peer's";

#[test]
fn a_claimed_time_near_the_hosts_is_let_pass() {
    for claimed in [1_000, 940, 1_010] {
        at(Some(1_000), claimed, "near 60 10", "200");
    }
    for claimed in [939, 1_011, i64::MIN, i64::MAX] {
        at(Some(1_000), claimed, "near 60 10", OUTSIDE);
    }
    at(Some(i64::MIN), i64::MAX, "near 60 10", OUTSIDE);
}

#[test]
fn a_refused_time_fails_the_transaction_whatever_the_contract_does() {
    at(Some(1_000), 0, "near? 60 10; put a 1", OUTSIDE);
    let no_clock = "500 NO_CLOCK: there is no clock to compare the proposal's time with";
    at(None, 0, "near? 60 10", no_clock);
}

#[track_caller]
fn at(host: Option<i64>, claimed: i64, program: &str, expected: &str) {
    let call = TestCall::new("program", "run").arg(program).claimed_seconds(claimed);
    let mut call = invocation(&call);
    if let Some(seconds) = host {
        call = call.arrived_at(Timestamp { seconds, nanos: 0 });
    }
    assert_eq!(transcript_of(call, Terms::SINGLE, &[]), expected, "{claimed}");
}
