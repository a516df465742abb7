//! What became of the cases of one group, which share a network.

use std::collections::BTreeMap;

use libtest_mimic::{Failed, Trial};
use serde::Deserialize;

use crate::node;

/// A group's cases: each by its name, with what went wrong, if anything.
#[derive(Debug, Default)]
pub(crate) struct Report(BTreeMap<String, Option<String>>);

/// A line that a script writes for a case.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    case: String,
    why: Option<String>,
}

impl Report {
    pub(crate) fn note(&mut self, case: &str, outcome: Result<(), crate::network::Failure>) {
        self.0.insert(case.to_owned(), outcome.err().map(|error| error.to_string()));
    }

    /// Takes in what a script wrote.
    ///
    /// # Errors
    /// If it wrote anything else than a line per case.
    pub(crate) fn read(&mut self, written: &[u8]) -> Result<(), serde_json::Error> {
        for line in serde_json::Deserializer::from_slice(written).into_iter::<Line>() {
            let Line { case, why } = line?;
            self.0.insert(case, why);
        }
        Ok(())
    }

    fn verdict(&self, case: &str) -> Result<(), Failed> {
        match self.0.get(case) {
            Some(None) => Ok(()),
            Some(Some(why)) => Err(why.into()),
            None => Err("the case was not run".into()),
        }
    }

    fn only(&self, cases: &[&str]) -> Result<(), Failed> {
        let strangers: Vec<_> =
            self.0.keys().filter(|name| !cases.contains(&name.as_str())).collect();
        if strangers.is_empty() { Ok(()) } else { Err(format!("not listed: {strangers:?}").into()) }
    }
}

/// A trial per case, and one that there are no more cases. The first that runs has all of them run.
pub(crate) fn trials(
    group: &str,
    cases: &'static [&'static str],
    report: fn() -> Result<&'static Report, Failed>,
) -> Vec<Trial> {
    let trial = |case: &&'static str| {
        let case = *case;
        node::trial(&format!("{group}::{case}"), move || report()?.verdict(case))
    };
    let complete =
        node::trial(&format!("{group}::every_case_is_listed"), move || report()?.only(cases));
    cases.iter().map(trial).chain([complete]).collect()
}
