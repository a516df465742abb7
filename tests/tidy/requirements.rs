//! `docs/requirements.md` holds every row, and each test it names exists.

use std::collections::BTreeSet;
use std::fs;

use crate::tree;

/// Family → how many rows it has, numbered from 1.
const FAMILIES: &[(&str, usize)] =
    &[("T", 81), ("B", 63), ("BX", 12), ("W", 120), ("WC", 13), ("N", 12)];

#[test]
fn every_row_is_there_once_and_in_order() {
    let expected: Vec<String> = FAMILIES
        .iter()
        .flat_map(|(family, count)| (1..=*count).map(move |n| format!("{family}-{n:02}")))
        .collect();
    let found: Vec<String> = rows().into_iter().map(|row| row.id).collect();
    assert_eq!(found, expected);
}

#[test]
fn each_row_says_how_it_is_shown() {
    for row in rows() {
        let shown = row.shown_by.as_str();
        let stated = shown == "not yet"
            || shown.strip_prefix("not applicable: ").is_some_and(|reason| !reason.is_empty())
            || !tests_named(shown).is_empty();
        assert!(stated, "{}: `{shown}` names no test", row.id);
        if let Some(missing) = shown.strip_prefix("in part: ") {
            assert!(!missing.starts_with('`'), "{}: say what is missing first", row.id);
        }
    }
}

#[test]
fn each_named_test_exists() {
    let functions = test_functions();
    for row in rows() {
        for test in tests_named(&row.shown_by) {
            assert!(functions.contains(&test), "{}: no test named {test}", row.id);
        }
    }
}

struct Row {
    id: String,
    shown_by: String,
}

fn rows() -> Vec<Row> {
    let text = fs::read_to_string(tree::root().join("docs/requirements.md")).unwrap();
    text.lines()
        .filter(|line| line.starts_with("| ") && line.contains('-'))
        .filter_map(|line| {
            let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
            let numbered = cells.first()?.rsplit_once('-')?.1.parse::<u32>().is_ok();
            let (id, shown_by) = (cells.first()?, cells.get(3)?);
            numbered.then(|| Row { id: (*id).to_owned(), shown_by: (*shown_by).to_owned() })
        })
        .collect()
}

/// Tests are named in back quotes, by their function's name.
fn tests_named(shown_by: &str) -> Vec<String> {
    shown_by.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

fn test_functions() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for (path, text) in tree::rust_files() {
        for (index, _) in text.match_indices("fn ") {
            let name: String = text[index + 3..]
                .chars()
                .take_while(|c| c.is_alphanumeric() || *c == '_')
                .collect();
            names.insert(name);
        }
        // Trials of a harness are named by a text.
        for (index, _) in text.match_indices("Trial::test(\"") {
            names.insert(text[index + 13..].chars().take_while(|c| *c != '"').collect());
        }
        // Cases that scripts run are listed as texts, one in a line.
        if path.starts_with("tests/official_clients") {
            let cases = text.lines().filter_map(|line| line.trim().strip_prefix('"'));
            names.extend(cases.filter_map(|case| case.strip_suffix("\",")).map(str::to_owned));
        }
    }
    names
}
