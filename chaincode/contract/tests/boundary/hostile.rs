//! Peers that answer whatever they like.

use pervade_chaincode::host::{SUCCESS, Terms};
use pervade_chaincode::testing::TestCall;
use proptest::prelude::*;

use crate::script::{drive, invocation, scripted};

/// Most requests of a program below: each of its commands reads little and writes little.
const REQUESTS_MAX: usize = 10_000;

proptest! {
    #[test]
    fn a_call_ends_whatever_it_is_answered(
        commands in proptest::collection::vec(command(), 0..12),
        replies in proptest::collection::vec(reply(), 1..40),
        write_batch_max in 0_usize..4,
        get_many_max in 0_usize..4,
    ) {
        let call = TestCall::new("program", "run").arg(commands.join("; "));
        let mut asked = 0;
        let terms = Terms { write_batch_max, get_many_max };
        let outcome = drive(invocation(&call), terms, |_request| {
            asked += 1;
            assert!(asked < REQUESTS_MAX, "the call goes on and on");
            scripted(replies[asked % replies.len()])
        });
        prop_assert!(outcome.status == SUCCESS || (400..600).contains(&outcome.status));
        prop_assert!(!outcome.message.starts_with("PANIC"), "{}", outcome.message);
        prop_assert!(!outcome.message.starts_with("STALLED"), "{}", outcome.message);
        if outcome.status != SUCCESS {
            prop_assert!(outcome.payload.is_empty() && outcome.event.is_none());
        }
    }
}

fn command() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "put a 1",
        "delete a",
        "keep offers a 4",
        "purge offers b",
        "guard b",
        "get a",
        "get? a",
        "many a b c",
        "many? a b c",
        "few offers a b",
        "call other",
        "try other",
        "fill 12 1",
        "emit x",
        "event moved 1",
        "range",
        "see a",
        "write a 1",
        "near? 1 1",
    ])
}

fn reply() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "ok",
        "value 1",
        "values",
        "values 1 2 3",
        "values 1",
        "page a=1",
        "more i1 a=1",
        "bookmark b a=1",
        "called 200 yes",
        "called 404 GONE: nobody",
        "called -7 ?",
        "emitted x",
        "refused no",
        "refused no ledger context",
    ])
}
