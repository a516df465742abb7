//! [RML Core's cases](https://github.com/kg-construct/rml-core) with JSON sources (`T-68`).

use std::{fs, path::Path};

use libtest_mimic::Failed;
use oxrdf::{Dataset, Quad, dataset::CanonicalizationAlgorithm};
use oxttl::NQuadsParser;
use pervade_mapping::{SourceError, run_rml};

use crate::{Suite, outcome::Outcome};

pub(crate) const CORE_JSON: Suite = Suite {
    name: "rml-core",
    about: "RML Core, JSON sources: the dataset, or that there is an error",
    run: core_json,
};

/// Cases left out, each with the reason.
const SKIPPED: &[(&str, &str)] = &[];

/// The base IRI of every case, as `metadata.csv` says for each.
const BASE: &str = "http://example.com/";

fn core_json(data: &Path) -> Result<Outcome, Failed> {
    let suite = data.join("suites/rml-core");
    let mut outcome = Outcome::default();
    for row in fs::read_to_string(suite.join("metadata.csv"))?.lines().skip(1) {
        let (id, _) = row.split_once(',').ok_or("a row without columns")?;
        let (_, error) = row.rsplit_once(',').ok_or("a row without columns")?;
        if !row.contains(&format!(",core,{BASE},mapping.ttl,")) {
            return Err(format!("{id} is not of the kind that this suite is read as").into());
        }
        match SKIPPED.iter().find(|(skipped, _)| *skipped == id) {
            Some((_, reason)) => outcome.skip(id, reason),
            None => outcome.record(id, judge(&suite.join(id), error == "true")),
        }
    }
    Ok(outcome)
}

fn judge(case: &Path, is_error: bool) -> Result<(), String> {
    let mapping = fs::read_to_string(case.join("mapping.ttl")).map_err(|e| e.to_string())?;
    let read = |path: &str| {
        fs::read(case.join(path)).map_err(|error| SourceError { reason: error.to_string() })
    };
    match (run_rml(&mapping, BASE, &read), is_error) {
        (Err(_), true) => Ok(()),
        (Ok(quads), true) => Err(format!("{} quads where an error is due", quads.len())),
        (Err(error), false) => Err(format!("{error:?}")),
        (Ok(quads), false) => compare(quads, expected(case)?),
    }
}

/// The quads a case ends with. Some have IRIs that only a lenient reader takes.
fn expected(case: &Path) -> Result<Vec<Quad>, String> {
    let text = fs::read(case.join("output.nq")).map_err(|error| error.to_string())?;
    let quads = NQuadsParser::new().lenient().for_slice(&text);
    quads.collect::<Result<_, _>>().map_err(|error| error.to_string())
}

/// Whether they are one dataset, whatever its blank nodes are called.
fn compare(ours: Vec<Quad>, theirs: Vec<Quad>) -> Result<(), String> {
    let [ours, theirs] = [ours, theirs].map(canonical);
    if ours == theirs { Ok(()) } else { Err(format!("\nours:\n{ours}theirs:\n{theirs}")) }
}

fn canonical(quads: Vec<Quad>) -> Dataset {
    let mut dataset: Dataset = quads.into_iter().collect();
    dataset.canonicalize(CanonicalizationAlgorithm::Unstable);
    dataset
}
