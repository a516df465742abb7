//! Rich queries, and private data in parts.

use expect_test::expect;

use crate::script::check_read;

#[test]
fn a_query_is_pulled_as_far_as_it_is_read_and_closed_when_left() {
    check_read(
        "query {}",
        &["more i1 a=1 b=2", "page c=3"],
        expect![[r#"
            query {}
            next of i1
            200 "a"="1" "b"="2" "c"="3""#]],
    );
    check_read(
        "first {}; ask ch2 other",
        &["more i1 a=1 b=2", "ok", "called 200 x"],
        expect![[r#"
            query {}
            close i1
            call other on ch2
            200 1 x"#]],
    );
}

#[test]
fn a_query_of_private_data_names_its_collection() {
    check_read(
        "query offers {}",
        &["page a=1"],
        expect![[r#"
            query offers/{}
            200 "a"="1""#]],
    );
}

#[test]
fn a_query_comes_in_pages() {
    check_read(
        "page {} 2",
        &["bookmark next a=1 b=2"],
        expect![[r#"
            2 of query {} from ""
            200 ["a"="1", "b"="2"] then next"#]],
    );
    check_read(
        "page {} 2 next",
        &["bookmark "],
        expect![[r#"
            2 of query {} from "next"
            200 [] then"#]],
    );
    check_read("page {} 0", &[], expect!["500 LEDGER: a page holds at least one entry"]);
}

#[test]
fn a_peer_without_rich_queries_says_so() {
    check_read(
        "query {}",
        &[
            "refused GET_QUERY_RESULT failed: transaction ID: 5f: ExecuteQuery not supported for leveldb",
        ],
        expect![[r#"
            query {}
            500 LEDGER_UNSUPPORTED: the ledger refused this query: GET_QUERY_RESULT failed: transaction ID: 5f: ExecuteQuery not supported for leveldb"#]],
    );
}

#[test]
fn a_part_of_a_private_range_is_left_at_its_end() {
    check_read(
        "part offers 2",
        &["more i1 a=1 b=2 c=3 d=4"],
        expect![[r#"
            range offers/"\u{1}"..""
            200 ["a"="1", "b"="2"] then c"#]],
    );
    check_read(
        "part offers 2",
        &["more i1 a=1", "page b=2 c=3"],
        expect![[r#"
            range offers/"\u{1}"..""
            next of i1
            200 ["a"="1", "b"="2"] then c"#]],
    );
}
