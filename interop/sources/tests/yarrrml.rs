//! YARRRML, read to RML and run over files.

#![expect(clippy::unwrap_used, clippy::tests_outside_test_module, reason = "all of this is test")]

use std::fs;

use expect_test::{Expect, expect};
use pervade_authoring::yarrrml;
use pervade_mapping::Serialization;
use pervade_sources::{Folder, run, serialized};

/// The files that the mappings of these tests are of.
const FILES: &[(&str, &str)] = &[
    (
        "people.json",
        r#"{"people": [{"id": 1, "name": "Zoë", "site": "http://zoe.example/a", "lang": "fr", "team": {"id": "x"}, "a b": "spaced"}, {"id": 2, "name": "Ann", "site": "http://ann.example/", "lang": "en", "team": {"id": "y"}}]}"#,
    ),
    ("teams.csv", "id,title\nx,First\ny,Second\n"),
    ("teams.xml", "<teams><team id=\"x\"><title>First</title></team></teams>"),
];

/// Prefixes and the source of most mappings.
const HEAD: &str = "prefixes: {e: 'http://e/'}\nsources:\n  people: ['people.json~jsonpath', '$.people[*]']\n  teams: ['teams.csv~csv']\n";

fn outcome(text: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    for (path, content) in FILES {
        fs::write(folder.path().join(path), content).unwrap();
    }
    let read = yarrrml("m.yml", text);
    let Some(turtle) = &read.mapping else {
        return read.problems.iter().map(|problem| format!("{problem}\n")).collect();
    };
    let folder = Folder::open(folder.path()).unwrap();
    match run(turtle, None, &folder) {
        Ok(produced) => serialized(&produced.quads, Serialization::NQuads).unwrap(),
        Err(problems) => problems
            .iter()
            .map(|problem| {
                let (line, column) = read.position(problem.line);
                format!("m.yml:{line}:{column}: {} [{}]\n", problem.message, problem.code)
            })
            .collect(),
    }
}

#[track_caller]
fn check(mappings: &str, expected: Expect) {
    expected.assert_eq(&outcome(&format!("{HEAD}{mappings}")));
}

#[test]
fn subjects_predicates_and_objects_in_every_short_form() {
    check(
        "mappings:\n  person:\n    sources: people\n    s: e:p/$(id)\n    po:\n      - [a, e:Person]\n      - [e:name, $(name)]\n",
        expect![[r#"
            <http://e/p/1> <http://e/name> "Zoë" .
            <http://e/p/1> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <http://e/Person> .
            <http://e/p/2> <http://e/name> "Ann" .
            <http://e/p/2> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <http://e/Person> .
        "#]],
    );
    check(
        "mapping:\n  person:\n    source: [people]\n    subject: http://e/p/$(id)\n    predicateobjects:\n      - predicates: [e:name, e:label]\n        objects: [$(name), 'the $(name)']\n      - {p: e:team, o: {value: 'http://e/t/$(team.id)', type: iri}}\n",
        expect![[r#"
            <http://e/p/1> <http://e/label> "Zoë" .
            <http://e/p/1> <http://e/label> "the Zoë" .
            <http://e/p/1> <http://e/name> "Zoë" .
            <http://e/p/1> <http://e/name> "the Zoë" .
            <http://e/p/1> <http://e/team> <http://e/t/x> .
            <http://e/p/2> <http://e/label> "Ann" .
            <http://e/p/2> <http://e/label> "the Ann" .
            <http://e/p/2> <http://e/name> "Ann" .
            <http://e/p/2> <http://e/name> "the Ann" .
            <http://e/p/2> <http://e/team> <http://e/t/y> .
        "#]],
    );
    check(
        "m: {person: {sources: [['people.json~jsonpath', '$.people[?@.id==1]']], s: ['e:p/$(id)', 'e:q/$(id)'], po: [e:name, $(name)]}}",
        expect![[r#"
            <http://e/p/1> <http://e/name> "Zoë" .
            <http://e/q/1> <http://e/name> "Zoë" .
        "#]],
    );
}

#[test]
fn types_and_languages() {
    check(
        "mappings:\n  person:\n    sources: people\n    s: e:p/$(id)\n    po:\n      - [e:age, $(id), xsd:integer]\n      - [e:name, $(name), fr~lang]\n      - [e:both, [[$(name), en~lang], [$(id), xsd:string]]]\n      - p: e:long\n        o: {value: $(name), language: de}\n      - p: e:dated\n        o: [{value: '2026-03-14', datatype: xsd:date}]\n",
        expect![[r#"
            <http://e/p/1> <http://e/age> "1"^^<http://www.w3.org/2001/XMLSchema#integer> .
            <http://e/p/1> <http://e/both> "1" .
            <http://e/p/1> <http://e/both> "Zoë"@en .
            <http://e/p/1> <http://e/dated> "2026-03-14"^^<http://www.w3.org/2001/XMLSchema#date> .
            <http://e/p/1> <http://e/long> "Zoë"@de .
            <http://e/p/1> <http://e/name> "Zoë"@fr .
            <http://e/p/2> <http://e/age> "2"^^<http://www.w3.org/2001/XMLSchema#integer> .
            <http://e/p/2> <http://e/both> "2" .
            <http://e/p/2> <http://e/both> "Ann"@en .
            <http://e/p/2> <http://e/dated> "2026-03-14"^^<http://www.w3.org/2001/XMLSchema#date> .
            <http://e/p/2> <http://e/long> "Ann"@de .
            <http://e/p/2> <http://e/name> "Ann"@fr .
        "#]],
    );
}

#[test]
fn iris_constants_and_escapes() {
    check(
        "mappings:\n  person:\n    sources: people\n    s: e:p/$(id)\n    po:\n      - [e:site, $(site)~iri]\n      - [e:kind, e:Thing~iri]\n      - [e:word, e:Thing]\n      - [e:five, 5]\n      - [e:price, 'costs \\$(id) {$(id)} \\~iri']\n      - [e:spaced, $(a b)]\n      - ['e:$(lang)', $(name)]\n",
        expect![[r#"
            <http://e/p/1> <http://e/five> "5"^^<http://www.w3.org/2001/XMLSchema#integer> .
            <http://e/p/1> <http://e/fr> "Zoë" .
            <http://e/p/1> <http://e/kind> <http://e/Thing> .
            <http://e/p/1> <http://e/price> "costs $(id) {1} ~iri" .
            <http://e/p/1> <http://e/site> <http://zoe.example/a> .
            <http://e/p/1> <http://e/spaced> "spaced" .
            <http://e/p/1> <http://e/word> "e:Thing" .
            <http://e/p/2> <http://e/en> "Ann" .
            <http://e/p/2> <http://e/five> "5"^^<http://www.w3.org/2001/XMLSchema#integer> .
            <http://e/p/2> <http://e/kind> <http://e/Thing> .
            <http://e/p/2> <http://e/price> "costs $(id) {2} ~iri" .
            <http://e/p/2> <http://e/site> <http://ann.example/> .
            <http://e/p/2> <http://e/word> "e:Thing" .
        "#]],
    );
    check(
        "base: http://base/\nmappings: {person: {sources: people, s: 'p/$(id)', po: [[e:in, x~iri], [e:z, $(team.id)~iri]]}}",
        expect![[r#"
            <http://base/p/1> <http://e/in> <http://base/x> .
            <http://base/p/1> <http://e/z> <http://base/x> .
            <http://base/p/2> <http://e/in> <http://base/x> .
            <http://base/p/2> <http://e/z> <http://base/y> .
        "#]],
    );
}

#[test]
fn functions_with_parameters_and_conditions() {
    check(
        "mappings:\n  person:\n    sources: people\n    s: e:p/$(id)\n    po:\n      - p: e:loud\n        o:\n          function: grel:toUpperCase\n          parameters: [[grel:valueParameter, $(name)]]\n      - p: e:trimmed\n        o:\n          - fn: grel:toLowerCase\n            pms:\n              - pm: grel:valueParam\n                v: {f: 'grel:toUpperCase(grel:valueParam=$(name))'}\n            language: en\n",
        expect![[r#"
            <http://e/p/1> <http://e/loud> "ZOË" .
            <http://e/p/1> <http://e/trimmed> "zoë"@en .
            <http://e/p/2> <http://e/loud> "ANN" .
            <http://e/p/2> <http://e/trimmed> "ann"@en .
        "#]],
    );
    check(
        "mappings:\n  person:\n    sources: people\n    s: e:p/$(id)\n    condition: {function: idlab-fn:equal, parameters: [[grel:valueParam, $(lang)], [grel:valueParam2, en]]}\n    po: [[e:name, $(name)]]\n  other:\n    sources: people\n    s: e:p/$(id)\n    po:\n      - {p: e:french, o: $(name), condition: {function: idlab-fn:notEqual, parameters: [[grel:valueParam, $(lang)], [grel:valueParam2, en]]}}\n",
        expect![[r#"
            <http://e/p/1> <http://e/french> "Zoë" .
            <http://e/p/2> <http://e/name> "Ann" .
        "#]],
    );
}

#[test]
fn joins_and_graphs() {
    check(
        "mappings:\n  person:\n    sources: people\n    s: e:p/$(id)\n    graphs: e:people\n    po:\n      - p: e:team\n        o: {mapping: team, condition: {function: equal, parameters: [[str1, $(team.id)], [str2, $(id)]]}}\n  team:\n    sources: teams\n    s: e:t/$(id)\n    po:\n      - {p: e:title, o: $(title), graphs: e:teams}\n",
        expect![[r#"
            <http://e/p/1> <http://e/team> <http://e/t/x> <http://e/people> .
            <http://e/p/2> <http://e/team> <http://e/t/y> <http://e/people> .
            <http://e/t/x> <http://e/title> "First" <http://e/teams> .
            <http://e/t/y> <http://e/title> "Second" <http://e/teams> .
        "#]],
    );
    check(
        "mappings:\n  person:\n    sources: people\n    s: e:p/$(id)\n    po:\n      - p: e:is\n        o: {mapping: same}\n      - p: e:other\n        o: {mapping: team, condition: {function: equal, parameters: [[str1, $(id), o], [str2, $(team.id), s]]}}\n  same: {sources: people, s: 'e:q/$(id)'}\n  team: {sources: teams, s: 'e:t/$(id)'}\n",
        expect![[r#"
            <http://e/p/1> <http://e/is> <http://e/q/1> .
            <http://e/p/1> <http://e/other> <http://e/t/x> .
            <http://e/p/2> <http://e/is> <http://e/q/2> .
            <http://e/p/2> <http://e/other> <http://e/t/y> .
        "#]],
    );
}

#[test]
fn other_sources_external_references_and_no_subject() {
    check(
        "external: {where: here}\nmappings:\n  team:\n    sources: {access: teams.xml, referenceFormulation: xpath, iterator: /teams/team}\n    s: e:t/$(@id)\n    po: [[e:title, $(title)], [e:seen, 'at $(_where)']]\n",
        expect![[r#"
            <http://e/t/x> <http://e/seen> "at here" .
            <http://e/t/x> <http://e/title> "First" .
        "#]],
    );
    check(
        "mappings: {row: {sources: teams, po: [[e:title, $(title)]]}}",
        expect![[r#"
        _:m0r0 <http://e/title> "First" .
        _:m0r1 <http://e/title> "Second" .
    "#]],
    );
    check(
        "mappings: {both: {sources: [teams, ['teams.csv~csv']], s: 'e:t/$(id)', po: [[e:title, $(title)]]}}",
        expect![[r#"
            <http://e/t/x> <http://e/title> "First" .
            <http://e/t/y> <http://e/title> "Second" .
        "#]],
    );
}

/// What is not read, and what is wrong, is told where it is written.
#[test]
fn problems_have_their_place() {
    check(
        "mappings:\n  person:\n    sources: poeple\n    s: f:p/$(id)\n    po:\n      - [e:name]\n      - [e:name, $(name]\n      - [e:name, $(name), english~lang]\n      - {p: e:x, o: {mapping: team}}\n      - {ip: e:y, o: $(id)}\n",
        expect![[r#"
            m.yml:7:14: there is no source "poeple"; is people meant? [reference]
        "#]],
    );
    check(
        "targets: {t: 1}\nmappings:\n  person:\n    sources: people\n    s: f:p\n    pos: []\n    po:\n      - [e:name]\n      - [x:name, $(name]\n      - [e:name, $(name), english~lang]\n      - {p: e:x, o: {mapping: persn}}\n      - {ip: e:y, o: $(id)}\n",
        expect![[r#"
            m.yml:5:1: a target is not read here [unsupported]
            m.yml:9:8: the prefix "f" is not declared; is e meant? [reference]
            m.yml:10:5: pos is no key here [unknown-keyword]
            m.yml:12:9: a predicate and an object are expected; for example [foaf:name, $(name)] [missing]
            m.yml:13:10: the prefix "x" is not declared; is e meant? [reference]
            m.yml:13:18: a reference is not closed [syntax]
            m.yml:15:31: there is no mapping "persn"; is person meant? [reference]
            m.yml:16:10: an inverse predicate is not read here [unsupported]
        "#]],
    );
    check(
        "mappings: {db: {sources: [{access: 'jdbc:x', type: mysql, referenceFormulation: csv}], s: e:x}, q: {sources: ['a.sql~sql'], s: e:x}}",
        expect![[r#"
            m.yml:5:46: type of a source is not read here [unsupported]
            m.yml:5:111: the formulation "sql" is not read here; csv, jsonpath or xpath [unsupported]
        "#]],
    );
    check(
        "mappings:\n  person:\n    sources: [['people.json~jsonpath', '$.people[']]\n    s: e:p/$(id)\n    po:\n      - [e:name, $(name)]\n      - p: e:f\n        o: {function: e:unknown}\n",
        expect![[r#"
            m.yml:7:16: not a JSONPath at character 9: parser error [path]
            m.yml:12:12: http://e/unknown is no function of the library [function]
        "#]],
    );
    check(
        "mappings: {team: {sources: teams, s: 'e:t/$(idd)', po: [[e:title, $(title)]]}}",
        expect![[r#"
            m.yml:4:11: teams.csv: there is no column "idd" [data]
        "#]],
    );
    expect![[r#"
        m.yml:1:1: there are no mappings [missing]
    "#]]
    .assert_eq(&outcome("prefixes: {e: 'http://e/'}"));
}
