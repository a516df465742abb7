//! Reading what the transaction has written itself.

use expect_test::expect;
use pervade_chaincode::host::Terms;

use crate::script::check;

const MANY: Terms = Terms { write_batch_max: 1_000, get_many_max: 1_000 };

#[test]
fn an_overlay_sees_the_transactions_own_writes() {
    check(
        MANY,
        "see a; write a 1; see a; write a 2; see a; unwrite a; see a",
        &["value 0"],
        expect![[r#"
            get a
            batch: put a=1, put a=2, delete a
            200 0 1 2 -"#]],
    );
}

#[test]
fn it_sees_writes_made_beside_it_and_sent_already() {
    check(
        Terms::SINGLE,
        "see a; put a 1; call other; see a; delete a; see a",
        &[],
        expect![[r#"
            get a
            put a=1
            call other
            delete a
            200 -  1 -"#]],
    );
}

#[test]
fn it_begins_before_the_first_write() {
    for program in ["put a 1; see a", "delete a; see b", "keep offers a 1; see a"] {
        check(MANY, program, &[], expect!["500 LEDGER: an overlay begins before the first write"]);
    }
}

#[test]
fn it_is_for_single_public_keys() {
    // A private key of the same name is another key, and a key's policy is no value.
    check(
        MANY,
        "see a; keep offers a 1; guard a; see a",
        &[],
        expect![[r#"
            get a
            get a
            batch: put offers/a=1, put VALIDATION_PARAMETER of a
            200 - -"#]],
    );
    // The transaction itself reads the committed state.
    check(
        MANY,
        "write a 1; get a; many a b; range",
        &[],
        expect![[r#"
            get a
            get many a b
            range "\u{1}"..""
            put a=1
            200 - - - -"#]],
    );
}

#[test]
fn a_refused_write_still_fails_the_transaction() {
    check(
        MANY,
        "write a 1; see a",
        &["refused no"],
        expect![[r#"
            put a=1
            500 LEDGER: the ledger refused this put: no"#]],
    );
}

#[test]
fn state_types_are_read_through_it() {
    check(
        MANY,
        "find 7; make 7; load 7; break 7; find 7; make 7",
        &[],
        expect![[r#"
        get /marble/7/
        get /marble/7/
        batch: put /marble/7/, delete /marble/7/, put /marble/7/
        200 - 7 -"#]],
    );
    check(
        MANY,
        "make 7; make 7",
        &[],
        expect![[r#"
        get /marble/7/
        409 MARBLE_EXISTS: marble "7" exists"#]],
    );
    check(
        MANY,
        "load 7",
        &[],
        expect![[r#"
        get /marble/7/
        404 MARBLE_MISSING: marble "7" does not exist"#]],
    );
}
