//! [RDF Dataset Canonicalization](https://www.w3.org/TR/rdf-canon/), W3C's cases (`T-69`).
//!
//! On the ledger there are no blank nodes, and the canonical form is sorted N-Quads. Off it datasets
//! of mappings that have some are compared by Oxigraph's canonicalisation, which is tried here too.

use std::{collections::BTreeMap, fs, path::Path};

use libtest_mimic::Failed;
use oxrdf::Dataset;
use oxrdf::dataset::{CanonicalizationAlgorithm, CanonicalizationHashAlgorithm};
use oxttl::NQuadsParser;
use pervade_rdf::{nquads, parse_nquads};

use crate::rml::COMPARISON as SHA256;
use crate::{Suite, outcome::Outcome};

pub(crate) const LEDGER: Suite = Suite {
    name: "rdf-canon",
    about: "RDFC-1.0: our sorted N-Quads are the canonical form, byte for byte",
    run: on_the_ledger,
};

pub(crate) const COMPARISON: Suite = Suite {
    name: "rdf-canon-comparison",
    about: "RDFC-1.0 by Oxigraph's library, which compares the datasets of the RML cases",
    run: comparison,
};

const BLANK: &str = "it has blank nodes, which no dataset on the ledger has";

const POISON: &str =
    "a clique made to take for ever: the library has no guard, and no such case is compared";

/// Cases that are hashed by SHA-384.
const SHA384: &[&str] = &["test075"];

/// Input and canonical form of each case, by its name; no form where the graph is to be refused.
fn cases(data: &Path) -> Result<BTreeMap<String, (String, Option<String>)>, Failed> {
    let folder = data.join("suites/rdf-canon/rdfc10");
    let mut cases = BTreeMap::new();
    for entry in fs::read_dir(&folder)? {
        let file = entry?.file_name().to_string_lossy().into_owned();
        let Some(name) = file.strip_suffix("-in.nq") else { continue };
        let input = fs::read_to_string(folder.join(&file))?;
        let expected = fs::read_to_string(folder.join(format!("{name}-rdfc10.nq"))).ok();
        cases.insert(name.to_owned(), (input, expected));
    }
    Ok(cases)
}

fn on_the_ledger(data: &Path) -> Result<Outcome, Failed> {
    let mut outcome = Outcome::default();
    for (name, (input, expected)) in cases(data)? {
        match expected {
            Some(expected) if !expected.contains("_:") => {
                let ours = parse_nquads(&input).map(|quads| nquads(&quads));
                let ours = ours.map_err(|error| error.to_string());
                outcome.record(&name, ours.and_then(|ours| same(&ours, &expected)));
            }
            _ => outcome.skip(&name, BLANK),
        }
    }
    Ok(outcome)
}

fn comparison(data: &Path) -> Result<Outcome, Failed> {
    let mut outcome = Outcome::default();
    for (name, (input, expected)) in cases(data)? {
        let Some(expected) = expected else {
            outcome.skip(&name, POISON);
            continue;
        };
        let algorithm = if SHA384.contains(&name.as_str()) {
            let hash_algorithm = CanonicalizationHashAlgorithm::Sha384;
            CanonicalizationAlgorithm::Rdfc10 { hash_algorithm }
        } else {
            SHA256
        };
        let theirs = canonicalised(&input, algorithm);
        outcome.record(&name, theirs.and_then(|theirs| same(&theirs, &expected)));
    }
    Ok(outcome)
}

fn canonicalised(input: &str, algorithm: CanonicalizationAlgorithm) -> Result<String, String> {
    let quads = NQuadsParser::new().for_slice(input);
    let mut dataset: Dataset =
        quads.collect::<Result<_, _>>().map_err(|error| error.to_string())?;
    dataset.canonicalize(algorithm);
    let mut lines: Vec<String> = dataset.iter().map(|quad| line(&quad.into_owned())).collect();
    lines.sort_unstable();
    Ok(lines.concat())
}

/// A quad's line in canonical N-Quads.
fn line(quad: &oxrdf::Quad) -> String {
    format!("{}\n", pervade_rdf::nquads_line(quad))
}

fn same(ours: &str, expected: &str) -> Result<(), String> {
    if ours == expected { Ok(()) } else { Err(format!("\nours:\n{ours}theirs:\n{expected}")) }
}
