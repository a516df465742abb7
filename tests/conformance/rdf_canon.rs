//! [RDF Dataset Canonicalization](https://www.w3.org/TR/rdf-canon/), W3C's cases (`T-69`).

use std::{fs, path::Path};

use libtest_mimic::Failed;
use pervade_rdf::{nquads, parse_nquads};

use crate::{Suite, outcome::Outcome};

pub(crate) const RDFC10: Suite = Suite {
    name: "rdf-canon",
    about: "RDFC-1.0: our sorted N-Quads are the canonical form, byte for byte",
    run: rdfc10,
};

const BLANK: &str = "it has blank nodes, which no dataset on the ledger has";

fn rdfc10(data: &Path) -> Result<Outcome, Failed> {
    let folder = data.join("suites/rdf-canon/rdfc10");
    let mut inputs = Vec::new();
    for entry in fs::read_dir(&folder)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        inputs.extend(name.strip_suffix("-in.nq").map(str::to_owned));
    }
    inputs.sort();
    let mut outcome = Outcome::default();
    for case in inputs {
        let input = fs::read_to_string(folder.join(format!("{case}-in.nq")))?;
        // Beside canonical forms the suite has maps of labels, and graphs that are refused.
        let expected = fs::read_to_string(folder.join(format!("{case}-rdfc10.nq")));
        match expected {
            Ok(expected) if !expected.contains("_:") => {
                outcome.record(&case, judge(&input, &expected));
            }
            _ => outcome.skip(&case, BLANK),
        }
    }
    Ok(outcome)
}

fn judge(input: &str, expected: &str) -> Result<(), String> {
    let ours = nquads(&parse_nquads(input).map_err(|error| error.to_string())?);
    if ours == expected { Ok(()) } else { Err(format!("\nours:\n{ours}theirs:\n{expected}")) }
}
