//! Mappings run over files of every kind, in the notation of the files themselves.

#![expect(clippy::unwrap_used, clippy::tests_outside_test_module, reason = "all of this is test")]

use std::fs;
use std::thread;

use expect_test::{Expect, expect};
use pervade_mapping::Serialization;
use pervade_sources::{Folder, run, serialized};

const HEAD: &str = "\
@prefix rml: <http://w3id.org/rml/> . @prefix e: <http://e/> . @prefix csvw: <http://www.w3.org/ns/csvw#> .
@prefix formats: <http://www.w3.org/ns/formats/> . @base <http://b/> .
";

/// The quads of a mapping over files, or its problems.
fn ran(files: &[(&str, &str)], mapping: &str) -> String {
    let place = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(place.path().join(name), text).unwrap();
    }
    let folder = Folder::open(place.path()).unwrap();
    match run(&format!("{HEAD}{mapping}"), None, &folder) {
        Ok(produced) => serialized(&produced.quads, Serialization::NQuads).unwrap(),
        Err(problems) => problems.iter().map(|problem| format!("{problem}\n")).collect(),
    }
}

fn check(files: &[(&str, &str)], mapping: &str, expected: Expect) {
    expected.assert_eq(&ran(files, mapping));
}

/// A map of `name` by `id`, over a logical source.
fn things(source: &str) -> String {
    format!(
        "<#m> rml:logicalSource [ {source} ] ; rml:subjectMap [ rml:template \"{{id}}\" ] ;\n rml:predicateObjectMap [ rml:predicate e:n ; rml:objectMap [ rml:reference \"name\" ] ] ."
    )
}

#[test]
fn tables() {
    let plain = "rml:source [ rml:path \"a.csv\" ] ; rml:referenceFormulation rml:CSV";
    check(
        &[("a.csv", "\u{feff}id,name\n1,\"a \"\"b\"\"\nc\"\n2,\n")],
        &things(plain),
        expect![[r#"
            <http://b/1> <http://e/n> "a \"b\"\nc" .
            <http://b/2> <http://e/n> "" .
        "#]],
    );
    check(
        &[("a.csv", "id,name\n1,a\n2\n")],
        &things(plain),
        expect![[r#"
            3:37: a.csv: line 3: CSV error: record 2 (line: 3, byte: 12): found record with 1 fields, but the previous record has 2 fields [data]
        "#]],
    );
    let dialect = "rml:source [ csvw:url \"a.tsv\" ; csvw:dialect [ csvw:delimiter \"\\t\" ; csvw:quoteChar \"'\" ; csvw:commentPrefix \"#\" ; csvw:trim true ] ; rml:null \"-\" ] ; rml:referenceFormulation rml:CSV";
    check(
        &[("a.tsv", "#about\nid\tname\n1\t'a\tb'\n2\t-\n 3 \t c \n")],
        &things(dialect),
        expect![[r#"
            <http://b/1> <http://e/n> "a\tb" .
            <http://b/3> <http://e/n> "c" .
        "#]],
    );
    let without = "rml:source [ csvw:url <a.csv> ; csvw:dialect [ csvw:header false ] ] ; rml:referenceFormulation rml:CSV";
    check(
        &[("a.csv", "1,a\n")],
        &things(without).replace("{id}", "{_col.1}").replace("\"name\"", "\"_col.2\""),
        expect![[r#"
            <http://b/1> <http://e/n> "a" .
        "#]],
    );
}

#[test]
fn trees() {
    let xml = "rml:source [ rml:path \"a.xml\" ] ; rml:referenceFormulation rml:XPath ; rml:iterator \"//t\"";
    let document = "<ts><t id='1'><name>a</name><name>b &amp; c</name></t><t id='2'/></ts>";
    let map = things(xml).replace("{id}", "{@id}");
    check(
        &[("a.xml", document)],
        &map,
        expect![[r#"
        <http://b/1> <http://e/n> "a" .
        <http://b/1> <http://e/n> "b & c" .
    "#]],
    );
    check(
        &[("a.xml", "<!DOCTYPE a [<!ENTITY b SYSTEM \"file:///etc/passwd\">]><a>&b;</a>")],
        &map,
        expect![[r#"
            3:37: a.xml: line 1: XML with DTD detected [data]
        "#]],
    );
    check(
        &[("a.xml", "<ts>\n<t></ts>")],
        &map,
        expect![[r#"
            3:37: a.xml: line 2: expected 't' tag, not 'ts' at 2:4 [data]
        "#]],
    );
    check(
        &[("a.xml", document)],
        &map.replace("{@id}", "{document('a')}"),
        expect![[r#"
        3:150: not an XPath at character 1: there is no function "document" [path]
    "#]],
    );
    let json = "rml:source [ rml:path \"a.json\" ; rml:null \"none\" ] ; rml:referenceFormulation rml:JSONPath ; rml:iterator \"$.t[*]\"";
    let paths = things(json).replace("{id}", "{$.id}").replace("\"name\"", "\"$.name\"");
    check(
        &[("a.json", r#"{"t":[{"id":1,"name":"a"},{"id":2,"name":"none"},{"id":3,"name":1.50}]}"#)],
        &paths,
        expect![[r#"
            <http://b/1> <http://e/n> "a" .
            <http://b/3> <http://e/n> "1.5E0"^^<http://www.w3.org/2001/XMLSchema#double> .
        "#]],
    );
    check(
        &[("a.json", "{\"t\":\n[1,]}")],
        &paths,
        expect![[r#"
        3:37: a.json: no JSON document: 2:4: expected a value [data]
    "#]],
    );
}

#[test]
fn graphs() {
    let query = "rml:source [ rml:path \"a.ttl\" ] ; rml:referenceFormulation formats:SPARQL_Results_CSV ; rml:iterator \"SELECT ?id ?name { ?id <u:name> ?name }\"";
    let file = ("a.ttl", "<u:a> <u:name> \"x\", 7 . <u:b> <u:name> \"y\"@en .");
    check(
        &[file],
        &things(query),
        expect![[r#"
        <http://b/u%3Aa> <http://e/n> "7"^^<http://www.w3.org/2001/XMLSchema#integer> .
        <http://b/u%3Aa> <http://e/n> "x" .
        <http://b/u%3Ab> <http://e/n> "y" .
    "#]],
    );
    check(
        &[file],
        &things(query).replace("\"name\"", "\"nmae\""),
        expect![[r#"
            3:37: a.ttl: there is no variable "nmae" [data]
        "#]],
    );
    check(
        &[file],
        &things(query).replace("{ ?id", "{ SERVICE <http://localhost:1/> { ?x ?y ?z } ?id"),
        expect![[r#"
            3:37: a.ttl: The service <http://localhost:1/> is not supported [data]
        "#]],
    );
}

const VIEW: &str = "\
<#a> rml:source [ rml:path \"a.xml\" ] ; rml:referenceFormulation rml:XPath ; rml:iterator \"/a/b\" .
<#v> rml:viewOn <#a> ; rml:field [ rml:fieldName \"id\" ; rml:reference \"@id\" ] ,
 [ rml:fieldName \"rows\" ; rml:reference \"c\" ; rml:field [ rml:fieldName \"row\" ; rml:referenceFormulation rml:CSV ; rml:field [ rml:fieldName \"k\" ; rml:reference \"k\" ] ] ] ;
 rml:leftJoin [ rml:parentLogicalView <#w> ; rml:joinCondition [ rml:child \"rows.row.k\" ; rml:parent \"k\" ] ; rml:field [ rml:fieldName \"label\" ; rml:reference \"l\" ] ] .
<#j> rml:source [ rml:path \"l.json\" ] ; rml:referenceFormulation rml:JSONPath ; rml:iterator \"$[*]\" .
<#w> rml:viewOn <#j> ; rml:field [ rml:fieldName \"k\" ; rml:reference \"$.k\" ] , [ rml:fieldName \"l\" ; rml:reference \"$.l[*]\" ] .
<#m> rml:logicalSource <#v> ; rml:subjectMap [ rml:template \"{id}/{rows.row.#}\" ] ;
 rml:predicateObjectMap [ rml:predicate e:k ; rml:objectMap [ rml:reference \"rows.row.k\" ] ] , [ rml:predicate e:l ; rml:objectMap [ rml:reference \"label\" ] ] .";

const VIEWED: [(&str, &str); 2] = [
    ("a.xml", "<a><b id='1'><c>k\nx\ny</c></b><b id='2'/></a>"),
    ("l.json", r#"[{"k":"x","l":["one","two"]},{"k":"z","l":["none"]}]"#),
];

#[test]
fn views_of_views_across_formulations() {
    check(
        &VIEWED,
        VIEW,
        expect![[r#"
        <http://b/1/0> <http://e/k> "x" .
        <http://b/1/0> <http://e/l> "one" .
        <http://b/1/0> <http://e/l> "two" .
        <http://b/1/1> <http://e/k> "y" .
    "#]],
    );
}

/// The same bytes whenever and wherever it is run, blank nodes included.
#[test]
fn many_threads_give_the_same_bytes() {
    let listed = VIEW.replace(
        "rml:objectMap [ rml:reference \"label\" ]",
        "rml:objectMap [ rml:gather ( [ rml:reference \"label\" ] [ rml:reference \"id\" ] ) ; rml:gatherAs <http://www.w3.org/1999/02/22-rdf-syntax-ns#List> ]",
    );
    let first = ran(&VIEWED, &listed);
    assert!(first.contains("_:"), "{first}");
    let again: Vec<String> = thread::scope(|scope| {
        let runs: Vec<_> = (0..8).map(|_| scope.spawn(|| ran(&VIEWED, &listed))).collect();
        runs.into_iter().map(|run| run.join().unwrap()).collect()
    });
    assert!(again.iter().all(|quads| *quads == first), "{again:?}");
}
