//! RML mappings run over files.

use std::fs;

use tempfile::TempDir;

use crate::program::Said;

const SOURCE: &str =
    "rml:logicalSource [ rml:source [ rml:path \"PATH\" ] ; rml:referenceFormulation rml:CSV ]";

/// A folder with one file and a mapping of it, in which `change` is made.
fn folder(change: (&str, &str)) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("things.csv"), "id,name\n2,\"Zo\u{eb}\"\n1,Ann\n").unwrap();
    let mapping = format!(
        "@prefix rml: <http://w3id.org/rml/> . @prefix e: <http://e/> .\n\
         <#m> {SOURCE} ;\n rml:subjectMap [ rml:template \"t/{{id}}\" ] ;\n \
         rml:predicateObjectMap [ rml:predicate e:name ; rml:objectMap [ rml:reference \"name\" ] ] .\n"
    );
    let mapping = mapping.replace("PATH", "things.csv").replace(change.0, change.1);
    fs::write(folder.path().join("mapping.ttl"), mapping).unwrap();
    folder
}

fn run(folder: &TempDir, more: &[&str]) -> Said {
    let mapping = folder.path().join("mapping.ttl");
    Said::by(&[&["mapping", "run", mapping.to_str().unwrap()], more].concat())
}

const BASE: [&str; 2] = ["--base", "http://b/"];

#[test]
fn quads_are_sorted_whatever_the_rows() {
    let said = run(&folder(("", "")), &BASE);
    assert_eq!(said.code, 0, "{said:?}");
    assert_eq!(
        said.out,
        "<http://b/t/1> <http://e/name> \"Ann\" .\n<http://b/t/2> <http://e/name> \"Zo\u{eb}\" .\n"
    );
    for format in ["turtle", "jsonld"] {
        let said = run(&folder(("", "")), &[&BASE[..], &["--format", format]].concat());
        assert_eq!(said.code, 0, "{said:?}");
        assert!(said.out.contains("http://b/t/2") && said.out.contains("Zo\u{eb}"), "{said:?}");
    }
    let report = run(&folder(("", "")), &[&BASE[..], &["--json"]].concat()).done();
    assert_eq!(report["quads"], 2, "{report}");
}

#[test]
fn wrong_mappings_and_data_are_told_by_line_and_column() {
    for (change, told) in [
        (
            ("rml:reference ", "rml:refrence "),
            "mapping.ttl:4:66: rml:refrence is no property read here; is rml:reference meant?",
        ),
        (
            ("\"name\"", "\"nmae\""),
            "mapping.ttl:2:37: things.csv: there is no column \"nmae\" [data]",
        ),
        (("things.csv", "../things.csv"), " [data]"),
        (("things.csv", "/etc/passwd"), "is not inside the folder of the run [data]"),
        (("e:name", "e:na me"), " [syntax]"),
    ] {
        let said = run(&folder(change), &BASE);
        assert_eq!(said.code, 1, "{change:?}: {said:?}");
        assert_eq!(said.out, "", "{change:?}: nothing is produced");
        assert!(said.err.contains(told), "{change:?}: {said:?}");
    }
    let said = run(&folder(("", "")), &[]);
    assert_eq!(said.code, 1, "a relative IRI without a base: {said:?}");
    let (code, _) = run(&folder(("id}", "di}")), &["--json"]).failed();
    assert_eq!(code, "BAD_MAPPING");
}

#[test]
fn wrong_calls() {
    let here = folder(("", ""));
    for more in [["--base", "relative"].as_slice(), &["--format", "prose"], &["--dri", "."]] {
        let said = run(&here, more);
        assert_eq!(said.code, 2, "{more:?}: {said:?}");
    }
    assert_eq!(Said::by(&["mapping", "run", "nowhere.ttl"]).code, 1);
}

#[test]
fn targets_are_written_inside_only() {
    let target = |path: &str| {
        format!("rml:logicalTarget [ rml:target [ rml:path \"{path}\" ] ] ; rml:template \"t/")
    };
    let here = folder(("rml:template \"t/", &target("out.nq")));
    let said = run(&here, &BASE);
    assert_eq!((said.code, said.out.as_str()), (0, ""), "{said:?}");
    let written = fs::read_to_string(here.path().join("out.nq")).unwrap();
    assert_eq!(written.lines().count(), 2, "{written}");

    let elsewhere = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(elsewhere.path(), here.path().join("link")).unwrap();
    for path in ["../out.nq", "link/out.nq", "/tmp/out.nq", "link"] {
        let there = folder(("rml:template \"t/", &target(path)));
        std::os::unix::fs::symlink(elsewhere.path(), there.path().join("link")).unwrap();
        let said = run(&there, &BASE);
        assert_eq!(said.code, 1, "{path}: {said:?}");
    }
    assert_eq!(fs::read_dir(elsewhere.path()).unwrap().count(), 0, "nothing is written outside");
}
