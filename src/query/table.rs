//! Rows in aligned columns, numbered from 1.

use std::fmt;

/// How terms are printed.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Cells {
    /// As they are.
    Full,
    /// With known prefixes, digests cut, and no longer than [`CELL_CHARS_MAX`].
    Short,
}

/// A table about to be printed.
#[derive(Debug)]
pub(crate) struct Table {
    cells: Cells,
    rows: Vec<Vec<String>>,
}

/// Most characters of a shortened cell.
const CELL_CHARS_MAX: usize = 48;

impl Table {
    pub(crate) fn new(columns: &[String], cells: Cells) -> Self {
        let head = ["row".to_owned()].into_iter().chain(columns.iter().cloned()).collect();
        Self { cells, rows: vec![head] }
    }

    pub(crate) fn push(&mut self, row: &[&str]) {
        let number = self.rows.len().to_string();
        let cells = row.iter().map(|text| match self.cells {
            Cells::Full => (*text).to_owned(),
            Cells::Short => short(text),
        });
        self.rows.push([number].into_iter().chain(cells).collect());
    }

    fn widths(&self) -> Vec<usize> {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let width = |column: usize| {
            let cells = self.rows.iter().filter_map(|row| row.get(column));
            cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
        };
        (0..columns).map(width).collect()
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let widths = self.widths();
        for (index, row) in self.rows.iter().enumerate() {
            let cells: Vec<String> = row
                .iter()
                .zip(&widths)
                .map(|(cell, width)| {
                    format!("{}{}", cell, " ".repeat(width - cell.chars().count()))
                })
                .collect();
            writeln!(f, "{}", cells.join("  ").trim_end())?;
            if index == 0 {
                let rule: Vec<String> = widths.iter().map(|width| "─".repeat(*width)).collect();
                writeln!(f, "{}", rule.join("  "))?;
            }
        }
        Ok(())
    }
}

/// Namespaces that are printed as prefixes.
const PREFIXES: &[(&str, &str)] = &[
    ("http://qudt.org/schema/qudt/", "qudt:"),
    ("http://qudt.org/vocab/quantitykind/", "quantitykind:"),
    ("http://qudt.org/vocab/unit/", "unit:"),
    ("http://www.w3.org/1999/02/22-rdf-syntax-ns#", "rdf:"),
    ("http://www.w3.org/2001/XMLSchema#", "xsd:"),
    ("http://www.w3.org/ns/prov#", "prov:"),
    ("http://www.w3.org/ns/sosa/", "sosa:"),
    ("https://ref.gs1.org/cbv/", "cbv:"),
    ("https://ref.gs1.org/epcis/", "epcis:"),
    ("urn:pervade:device:", "device:"),
    ("urn:pervade:identity:", "identity:"),
    ("urn:pervade:tx:", "tx:"),
    ("urn:pervade:vocab#", "pervade:"),
];

/// Digits of a digest that are printed.
const DIGEST_DIGITS: usize = 8;
/// Digits of a SHA-256.
const SHA256_DIGITS: usize = 64;

fn short(text: &str) -> String {
    let known = PREFIXES
        .iter()
        .find_map(|(iri, prefix)| text.strip_prefix(iri).map(|local| format!("{prefix}{local}")));
    let text = known.unwrap_or_else(|| text.to_owned());
    let parts: Vec<String> = text.split_inclusive([':', '#', '/', ' ']).map(short_digest).collect();
    let text = parts.concat();
    if text.chars().count() <= CELL_CHARS_MAX {
        return text;
    }
    text.chars().take(CELL_CHARS_MAX - 1).chain(['…']).collect()
}

/// A part that is a digest, with whatever ends it.
fn short_digest(part: &str) -> String {
    let digits = part.trim_end_matches([':', '#', '/', ' ']);
    let is_digest = digits.len() == SHA256_DIGITS && digits.bytes().all(|b| b.is_ascii_hexdigit());
    if !is_digest {
        return part.to_owned();
    }
    let begin: String = digits.chars().take(DIGEST_DIGITS).collect();
    format!("{begin}…{}", part.strip_prefix(digits).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::{Cells, Table, short};

    #[test]
    fn columns_are_aligned() {
        let mut table = Table::new(&["unit".to_owned(), "value".to_owned()], Cells::Short);
        table.push(&["http://qudt.org/vocab/unit/DEG_C", "21.5"]);
        table.push(&["°C", ""]);
        let expected =
            "row  unit        value\n───  ──────────  ─────\n1    unit:DEG_C  21.5\n2    °C\n";
        assert_eq!(table.to_string(), expected);
    }

    #[test]
    fn long_terms_are_shortened() {
        let digest = "0123456789abcdef".repeat(4);
        check(&format!("urn:pervade:tx:mychannel:{digest}"), "tx:mychannel:01234567…");
        check(&format!("urn:x:{digest}#payload"), "urn:x:01234567…#payload");
        check("http://www.w3.org/ns/sosa/Observation", "sosa:Observation");
        check(&"a".repeat(60), &format!("{}…", "a".repeat(47)));
        check("", "");
    }

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(short(text), expected);
    }
}
