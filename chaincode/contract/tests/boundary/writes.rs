//! How writes and reads of several keys travel.

use expect_test::expect;
use pervade_chaincode::host::Terms;

use crate::script::{check, transcript};

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
