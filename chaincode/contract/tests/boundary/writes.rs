//! How writes and reads of several keys travel.

use expect_test::expect;
use pervade_chaincode::host::{Request, Terms};
use pervade_chaincode::testing::{TestCall, TestLedger};
use proptest::prelude::*;

use crate::program;
use crate::script::{asked, check, drive, empty_ledger, invocation, said, transcript};

const SINGLE: Terms = Terms::SINGLE;
const MANY: Terms = Terms { write_batch_max: 1_000, get_many_max: 1_000 };
const TWO: Terms = Terms { write_batch_max: 2, get_many_max: 2 };

#[test]
fn writes_are_sent_together_at_the_end() {
    let program = "put a 1; get b; delete c; guard a; put a 2; get d";
    check(
        MANY,
        program,
        &[],
        expect![[r#"
            get b
            get d
            batch: put a=1, delete c, put VALIDATION_PARAMETER of a, put a=2
            200 - -"#]],
    );
    check(
        TWO,
        program,
        &[],
        expect![[r#"
            get b
            get d
            batch: put a=1, delete c
            batch: put VALIDATION_PARAMETER of a, put a=2
            200 - -"#]],
    );
    check(
        SINGLE,
        program,
        &[],
        expect![[r#"
            get b
            get d
            put a=1
            delete c
            put VALIDATION_PARAMETER of a
            put a=2
            200 - -"#]],
    );
}

#[test]
fn private_writes_are_in_the_same_batch() {
    check(
        MANY,
        "put a 1; keep offers a 2; drop offers b; purge offers c",
        &[],
        expect![[r#"
            batch: put a=1, put offers/a=2, delete offers/b, purge offers/c
            200"#]],
    );
}

#[test]
fn a_write_alone_travels_alone() {
    for terms in [SINGLE, MANY] {
        check(
            terms,
            "get a; put a 1",
            &["value 0"],
            expect![[r#"
            get a
            put a=1
            200 0"#]],
        );
    }
}

#[test]
fn a_called_chaincode_comes_after_the_writes_before_it() {
    check(
        MANY,
        "put a 1; put b 2; call other; put a 3; put b 4",
        &["ok", "called 200 yes"],
        expect![[r#"
            batch: put a=1, put b=2
            call other
            batch: put a=3, put b=4
            200 yes"#]],
    );
    check(
        TWO,
        "put a 1; put b 2; put c 3; call other",
        &[],
        expect![[r#"
            batch: put a=1, put b=2
            put c=3
            call other
            200"#]],
    );
}

#[test]
fn a_refused_batch_fails_the_transaction_with_the_peers_words() {
    check(
        MANY,
        "put a 1; put b 2",
        &["refused tx creator may not write"],
        expect![[r#"
            batch: put a=1, put b=2
            500 LEDGER: the ledger refused this batch of writes: tx creator may not write"#]],
    );
    check(
        SINGLE,
        "put a 1; put b 2",
        &["refused no"],
        expect![[r#"
            put a=1
            500 LEDGER: the ledger refused this put: no"#]],
    );
}

#[test]
fn a_contract_does_not_go_on_after_a_refused_write() {
    // Not even one that tolerates whatever a call brings.
    for terms in [SINGLE, MANY] {
        check(
            terms,
            "put a 1; try other; put b 2",
            &["refused no"],
            expect![[r#"
                put a=1
                500 LEDGER: the ledger refused this put: no"#]],
        );
    }
    check(
        MANY,
        "put a 1; put b 2",
        &["value ?"],
        expect![[r#"
            batch: put a=1, put b=2
            500 LEDGER: the ledger's reply to batch of writes is of another kind"#]],
    );
}

#[test]
fn a_failed_function_sends_no_writes() {
    for terms in [SINGLE, MANY] {
        check(terms, "put a 1; put b 2; fail", &[], expect!["409 TOLD_SO: as told"]);
        check(
            terms,
            "put a 1; put b 2; panic",
            &[],
            expect!["500 PANIC: the contract function panicked"],
        );
    }
    check(
        MANY,
        "put a 1; put b 2; call other; put c 3",
        &["ok", "called 404 GONE: nobody"],
        expect![[r#"
            batch: put a=1, put b=2
            call other
            404 GONE: other: nobody"#]],
    );
}

#[test]
fn empty_keys_and_values_are_refused_before_they_are_kept() {
    check(
        MANY,
        "put a 1; fill 1 0",
        &[],
        expect![[r#"500 LEDGER: the value of "0" is empty, which would delete the key"#]],
    );
}

#[test]
fn many_or_large_writes_are_sent_while_the_function_runs() {
    check(
        MANY,
        "fill 2500 1; get a",
        &[],
        expect![[r#"
            get a
            batch of 1000
            batch of 1000
            batch of 500
            200 -"#]],
    );
    check(
        Terms { write_batch_max: 10_000, get_many_max: 0 },
        "fill 10001 1; get a",
        &[],
        expect![[r#"
            batch of 10000
            get a
            put 10000=x
            200 -"#]],
    );
}

#[test]
fn what_is_sent_when_does_not_depend_on_the_peer() {
    let program = "fill 10001 1; get a; fail";
    let reads = |terms| {
        let transcript = transcript(terms, program, &[]);
        let lines = transcript.lines().filter(|line| !line.contains("put"));
        lines.filter(|line| !line.contains("batch")).collect::<Vec<_>>().join("\n")
    };
    assert_eq!(reads(SINGLE), reads(MANY));
    assert_eq!(reads(SINGLE), reads(TWO));
}

#[test]
fn several_keys_are_read_at_once_where_the_peer_takes_it() {
    let program = "many a b c";
    check(
        MANY,
        program,
        &["values 1 - 3"],
        expect![[r#"
            get many a b c
            200 1 - 3"#]],
    );
    check(
        TWO,
        program,
        &["values 1 -", "values 3"],
        expect![[r#"
            get many a b
            get many c
            200 1 - 3"#]],
    );
    check(
        SINGLE,
        program,
        &["value 1", "value 2"],
        expect![[r#"
            get a
            get b
            get c
            200 1 2 -"#]],
    );
    check(MANY, "many", &[], expect!["200"]);
}

#[test]
fn a_wrong_number_of_values_fails_the_transaction() {
    let answers = ["values 1", "values", "values 1 2 3"];
    for (answer, came) in answers.into_iter().zip([1, 0, 3]) {
        for program in ["many a b", "many? a b; put c 1"] {
            assert_eq!(
                transcript(MANY, program, &[answer]),
                format!("get many a b\n500 LEDGER: {came} values came for 2 keys"),
            );
        }
    }
}

#[test]
fn private_keys_are_read_one_by_one() {
    check(
        MANY,
        "few offers a b",
        &["value 1", "refused not here"],
        expect![[r#"
            get offers/a
            get offers/b
            500 LEDGER: the ledger refused this get: not here"#]],
    );
}

#[test]
fn a_ledger_is_the_same_however_its_peers_were_asked() {
    let mut ledgers = [SINGLE, TWO, MANY]
        .map(|terms| TestLedger::new().with(program::chaincode()).announcing(terms));
    for program in ["fill 7 3; put a 1", "delete 3; put a 2; keep offers k 1; delete 5", "guard a"]
    {
        for ledger in &mut ledgers {
            let outcome = ledger.submit(&TestCall::new("program", "run").arg(program));
            assert!(outcome.is_success(), "{program}: {outcome:?}");
        }
    }
    for ledger in &ledgers {
        assert_eq!(ledger.keys("program"), ["0", "1", "2", "4", "6", "a"]);
        assert_eq!(ledger.value("program", "a"), Some(b"2".as_slice()));
        assert_eq!(ledger.private_value("program", "offers", "k"), Some(b"1".as_slice()));
    }
}

proptest! {
    /// A contract cannot tell what the peer takes: the same things are read and written in the
    /// same order, and the same comes of it.
    #[test]
    fn every_program_does_the_same_on_every_peer(
        commands in proptest::collection::vec(command(), 0..24),
        write_batch_max in 0_usize..9,
        get_many_max in 0_usize..9,
    ) {
        let program = commands.join("; ");
        let terms = Terms { write_batch_max, get_many_max };
        prop_assert_eq!(one_by_one(terms, &program), one_by_one(SINGLE, &program));
    }
}

fn command() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "put a 1",
        "put a 2",
        "put b 3",
        "delete a",
        "keep offers a 4",
        "drop offers a",
        "purge offers b",
        "guard b",
        "get a",
        "many a b c a d",
        "few offers a b",
        "call other",
        "try other",
        "fill 12 1",
        "emit x",
        "range",
        "fail",
    ])
}

/// What a host is asked, taken apart to single keys, and what comes of it.
fn one_by_one(terms: Terms, program: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let call = invocation(&TestCall::new("program", "run").arg(program));
    let outcome = drive(call, terms, |request| {
        let reply = empty_ledger(&request);
        match request {
            Request::Batch(writes) => {
                assert!(writes.len() <= terms.write_batch_max, "no larger than the peer takes");
                lines.extend(writes.into_iter().map(|write| asked(&write.into())));
            }
            Request::GetMany { keys, .. } => {
                assert!(keys.len() <= terms.get_many_max, "no more than the peer takes");
                lines.extend(keys.iter().map(|key| format!("get {key}")));
            }
            single => lines.push(asked(&single)),
        }
        reply
    });
    lines.push(said(&outcome));
    lines
}
