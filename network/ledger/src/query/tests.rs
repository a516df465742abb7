use expect_test::{Expect, expect};

use super::Query;

#[test]
fn a_bare_value_must_be_equal() {
    check(r#"{"colour":"red"}"#, expect!["car kite"]);
    check(r#"{"size":5}"#, expect!["car"]);
    check(r#"{"size":5.0}"#, expect!["car"]);
    check(r#"{"owner":{"name":"Ann"}}"#, expect!["car"]);
    check(r#"{"owner.name":"Ann","colour":"red"}"#, expect!["car"]);
    check(r#"{"tags":["a","b"]}"#, expect!["car"]);
    check(r#"{"tags.1":"b"}"#, expect!["boat car"]);
    check(r#"{"_id":"boat"}"#, expect!["boat"]);
    check(r#"{}"#, expect!["boat car kite"]);
    check(r#"{"a\\.b":1}"#, expect!["boat"]);
    check(r#"{"empty":{}}"#, expect!["boat"]);
}

#[test]
fn values_of_all_types_compare() {
    check(r#"{"size":{"$gt":5}}"#, expect!["boat kite"]);
    check(r#"{"size":{"$gte":5,"$lt":20}}"#, expect!["car"]);
    check(r#"{"size":{"$lte":5}}"#, expect!["car"]);
    check(r#"{"size":{"$gt":null}}"#, expect!["boat car kite"]);
    check(r#"{"size":{"$gt":[]}}"#, expect![""]);
    check(r#"{"size":{"$gt":20.0000000000000000000001}}"#, expect!["boat kite"]);
    check(r#"{"size":{"$gt":20.0000000000000000000002}}"#, expect!["kite"]);
    check(r#"{"size":{"$ne":5}}"#, expect!["boat kite"]);
    check(r#"{"owner":{"$eq":{"age":"7","name":"Ann"}}}"#, expect!["car"]);
}

/// A field that is not there fails whatever is asked of it, even that it be another.
#[test]
fn a_field_that_is_not_there_is_found_by_its_absence_only() {
    check(r#"{"owner":{"$exists":true}}"#, expect!["boat car"]);
    check(r#"{"owner":{"$exists":false}}"#, expect!["kite"]);
    check(r#"{"owner":{"$not":{"$exists":true}}}"#, expect!["kite"]);
    check(r#"{"owner":{"$ne":1}}"#, expect!["boat car"]);
    check(r#"{"owner":{"$nin":[1]}}"#, expect!["boat car"]);
    check(r#"{"$not":{"owner":1}}"#, expect!["boat car"]);
    check(r#"{"$nor":[{"owner":1}]}"#, expect!["boat car"]);
}

#[test]
fn conditions_combine() {
    check(r#"{"$or":[{"size":5},{"colour":"blue"}]}"#, expect!["boat car"]);
    check(r#"{"$and":[{"size":{"$gt":1}},{"colour":"red"}]}"#, expect!["car kite"]);
    check(r#"{"$not":{"$and":[{"colour":"red"},{"size":5}]}}"#, expect!["boat kite"]);
    check(r#"{"$not":{"colour":"red","size":5}}"#, expect!["boat kite"]);
    check(r#"{"$nor":[{"size":5},{"colour":"blue"}]}"#, expect!["kite"]);
    check(r#"{"$not":{"$nor":[{"size":5},{"colour":"blue"}]}}"#, expect!["boat car"]);
    check(r#"{"size":{"$or":[{"$lt":6},{"$gt":"a"}]}}"#, expect!["car"]);
    check(r#"{"size":{"$not":{"$gt":5}}}"#, expect!["car"]);
    check(r#"{"owner":{"$or":[{"name":"Ann"},{"name":"Bob"}]}}"#, expect!["boat car"]);
    check(r#"{"$or":[]}"#, expect![""]);
    check(r#"{"$and":[]}"#, expect!["boat car kite"]);
}

#[test]
fn arrays_are_looked_into() {
    check(r#"{"tags":{"$all":["b","a"]}}"#, expect!["car"]);
    check(r#"{"tags":{"$all":[["a","b"]]}}"#, expect!["car"]);
    check(r#"{"tags":{"$all":[]}}"#, expect![""]);
    check(r#"{"tags":{"$size":2}}"#, expect!["boat car"]);
    check(r#"{"tags":{"$elemMatch":{"$eq":"a"}}}"#, expect!["car"]);
    check(r#"{"tags":{"$allMatch":{"$lt":"c"}}}"#, expect!["car"]);
    check(r#"{"tags":{"$not":{"$elemMatch":{"$eq":"a"}}}}"#, expect!["boat kite"]);
    check(r#"{"tags":{"$allMatch":{"$eq":"z"}}}"#, expect![""]);
    check(r#"{"parts":{"$elemMatch":{"name":"oar","count":{"$gt":1}}}}"#, expect!["boat"]);
    check(r#"{"tags":{"$in":["a","z"]}}"#, expect!["car"]);
    check(r#"{"colour":{"$in":["blue","green"]}}"#, expect!["boat"]);
    check(r#"{"tags":{"$nin":["a"]}}"#, expect!["boat kite"]);
}

#[test]
fn types_remainders_and_patterns() {
    check(r#"{"size":{"$type":"string"}}"#, expect!["kite"]);
    check(r#"{"tags":{"$type":"array"}}"#, expect!["boat car kite"]);
    check(r#"{"empty":{"$type":"object"}}"#, expect!["boat"]);
    check(r#"{"size":{"$mod":[2,1]}}"#, expect!["car"]);
    check(r#"{"colour":{"$regex":"^r.d$"}}"#, expect!["car kite"]);
    check(r#"{"colour":{"$regex":"(?i)BL"}}"#, expect!["boat"]);
    check(r#"{"size":{"$regex":"5"}}"#, expect!["kite"]);
}

#[test]
fn what_is_not_understood_is_refused_by_its_name() {
    refused("[]", expect!["the query is no JSON object"]);
    refused("{}", expect![[r#"the query has no "selector""#]]);
    refused(r#"{"selector":7}"#, expect![[r#""selector" must be an object"#]]);
    refused(r#"{"selector":{},"r":1}"#, expect![[r#""r" is not supported in a query"#]]);
    refused(r#"{"selector":{},"limit":-1}"#, expect![[r#""limit" must be a count"#]]);
    let directions = r#"{"selector":{},"sort":["a",{"b":"desc"}]}"#;
    refused(directions, expect!["sort supports a single direction for all fields"]);
    let selector = |selector: &str, text: Expect| {
        refused(&format!(r#"{{"selector":{selector}}}"#), text);
    };
    selector(r#"{"$text":"a"}"#, expect!["operator $text is not supported in a selector"]);
    selector(
        r#"{"a":{"$gt":1,"$near":2}}"#,
        expect!["operator $near is not supported in a selector"],
    );
    selector(
        r#"{"a":{"$mod":[0,1]}}"#,
        expect!["$mod takes [divisor, remainder], two whole numbers"],
    );
    selector(r#"{"a":{"$type":"float"}}"#, expect!["$type takes the name of a JSON type"]);
    selector(r#"{"$or":[1]}"#, expect!["$or takes an array of selectors"]);
    selector(r#"{"a..b":1}"#, expect![[r#""a..b" names no field"#]]);
    selector(r#"{"a":{"$elemMatch":1}}"#, expect!["$elemMatch takes a selector"]);
}

#[test]
fn a_pattern_is_matched_in_linear_time_or_not_at_all() {
    let pattern = |pattern: &str| {
        let query = serde_json::json!({ "selector": { "a": { "$regex": pattern } } });
        Query::parse(&query.to_string()).map(|_| ()).unwrap_err().to_string()
    };
    assert!(pattern("(?=a)b").contains("look-around"), "{}", pattern("(?=a)b"));
    assert!(pattern(r"(a)\1").contains("backreferences"), "{}", pattern(r"(a)\1"));
    assert!(pattern(&"a".repeat(1_025)).contains("1024 bytes"));
    assert!(pattern("((a{1000}){1000}){1000}").contains("size limit"));
}

#[test]
fn a_query_is_bounded() {
    let deep = format!(r#"{{"selector":{}1{}}}"#, r#"{"a":"#.repeat(40), "}".repeat(40));
    refused(&deep, expect!["conditions may stand 32 within one another at most"]);
    let many = vec![r#"{"a":1}"#; 600].join(",");
    let many = format!(r#"{{"selector":{{"$or":[{many}]}}}}"#);
    refused(&many, expect!["a query may have 1000 conditions at most"]);
    let long = format!(r#"{{"selector":{{"a":"{}"}}}}"#, "x".repeat(70_000));
    refused(&long, expect!["the query is longer than 65536 bytes"]);
    let bottomless = format!(r#"{{"selector":{{"a":{}"#, "[".repeat(30_000));
    assert!(Query::parse(&bottomless).is_err());
}

#[test]
fn the_fields_that_are_asked_for_are_returned() {
    let shown = |fields: &str| {
        let query = format!(r#"{{"selector":{{}},"fields":{fields}}}"#);
        let query = Query::parse(&query).unwrap();
        let (_, value) = VALUES[1];
        let document = query.document("car", value.as_bytes()).unwrap();
        String::from_utf8(query.shown(value.into(), &document)).unwrap()
    };
    assert_eq!(shown(r#"["size","colour"]"#), r#"{"colour":"red","size":5}"#);
    assert_eq!(shown(r#"["owner.name","none","_id"]"#), r#"{"owner":{"name":"Ann"}}"#);
    assert_eq!(shown(r#"["owner.name","owner.age"]"#), r#"{"owner":{"age":"7","name":"Ann"}}"#);
    assert_eq!(shown("[]"), VALUES[1].1);
}

/// Which of [`VALUES`] a selector finds.
#[track_caller]
fn check(selector: &str, expected: Expect) {
    let query = Query::parse(&format!(r#"{{"selector":{selector}}}"#)).unwrap();
    let found = VALUES.iter().filter(|(key, value)| query.matches(key, value.as_bytes()));
    expected.assert_eq(&found.map(|(key, _)| *key).collect::<Vec<_>>().join(" "));
}

#[track_caller]
fn refused(query: &str, expected: Expect) {
    expected.assert_eq(&Query::parse(query).map(|_| ()).unwrap_err().to_string());
}

const VALUES: [(&str, &str); 6] = [
    (
        "boat",
        r#"{"size":20.0000000000000000000002,"colour":"blue","owner":{"name":"Bob"},"a.b":1,
            "tags":["c","b"],"parts":[{"name":"oar","count":2}],"empty":{}}"#,
    ),
    ("car", r#"{"size":5,"colour":"red","owner":{"name":"Ann","age":"7"},"tags":["a","b"]}"#),
    ("kite", r#"{"size":"5","colour":"red","tags":[]}"#),
    ("list", r#"["red"]"#),
    ("text", "red"),
    ("twice", r#"{"colour":"red""#),
];
