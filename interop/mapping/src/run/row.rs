use std::collections::BTreeMap;

use serde_json::Value as Json;

use crate::functions::Outputs;
use crate::path::{Path, Step, follow};

/// One iteration: a value inside a document, and what was computed there.
pub(super) struct Row<'d> {
    pub(super) root: &'d Json,
    pub(super) node: &'d Json,
    pub(super) steps: Vec<Step>,
    /// A name no other iteration of the run has.
    pub(super) id: String,
    /// Outputs by execution; an execution runs once in an iteration.
    pub(super) outputs: BTreeMap<usize, Outputs>,
}

impl<'d> Row<'d> {
    pub(super) fn path(&self) -> Vec<String> {
        self.steps
            .iter()
            .map(|step| match step {
                Step::Name(name) => name.clone(),
                Step::Index(index) => index.to_string(),
            })
            .collect()
    }

    /// What `path` selects in the nearest value around the iteration in which it selects
    /// anything.
    pub(super) fn enclosing(&self, path: &Path) -> Option<&'d Json> {
        (0..self.steps.len()).rev().find_map(|length| {
            let around = follow(self.root, self.steps.get(..length)?)?;
            path.select(around).into_iter().find(|value| !value.is_null())
        })
    }
}
