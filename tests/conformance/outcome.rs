//! What came of one suite.

use std::collections::BTreeMap;

use libtest_mimic::Failed;

/// What came of the cases of one suite.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    passed: usize,
    /// Reason → cases.
    skipped: BTreeMap<&'static str, Vec<String>>,
    /// Each with what was wrong.
    failed: Vec<String>,
}

impl Outcome {
    pub(crate) fn record(&mut self, case: &str, came_of_it: Result<(), String>) {
        match came_of_it {
            Ok(()) => self.passed += 1,
            Err(wrong) => self.failed.push(format!("{case}: {wrong}")),
        }
    }

    /// Leaves a case out; the page shows the reason.
    pub(crate) fn skip(&mut self, case: &str, reason: &'static str) {
        self.skipped.entry(reason).or_default().push(case.to_owned());
    }

    pub(crate) fn passed(&self) -> usize {
        self.passed
    }

    /// Reasons, each with how many cases it leaves out.
    pub(crate) fn skipped(&self) -> impl Iterator<Item = (&'static str, usize)> {
        self.skipped.iter().map(|(reason, cases)| (*reason, cases.len()))
    }

    /// How many cases there are.
    pub(crate) fn of(&self) -> usize {
        self.passed + self.failed.len() + self.skipped().map(|(_, cases)| cases).sum::<usize>()
    }

    /// Fails with all that failed, or if nothing was tried.
    pub(crate) fn verdict(&self) -> Result<(), Failed> {
        if self.passed > 0 && self.failed.is_empty() {
            return Ok(());
        }
        let (failed, of) = (self.failed.len(), self.of());
        Err(format!("{failed} of {of} failed:\n{}", self.failed.join("\n")).into())
    }
}
