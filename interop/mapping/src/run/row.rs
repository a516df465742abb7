use std::collections::BTreeMap;

use serde_json::Value as Json;

use crate::functions::Outputs;
use crate::path::{Path, Step, follow};
use crate::source::Record;

/// One iteration: what is mapped, and what was computed there.
pub(super) struct Row<'d> {
    pub(super) item: Item<'d>,
    /// Put before IRIs that are not absolute.
    pub(super) base: &'d str,
    /// The place of its map and its own among that map's rows: names of blank nodes.
    pub(super) name: (usize, usize),
    /// Heads of collections made so far.
    pub(super) heads: usize,
    /// Outputs by execution; an execution runs once in an iteration.
    pub(super) outputs: BTreeMap<usize, Outputs>,
}

/// What a row is.
#[derive(Clone)]
pub(super) enum Item<'d> {
    /// A value inside a document.
    Value { root: &'d Json, node: &'d Json, steps: Vec<Step> },
    /// A record of a table.
    Record(&'d Record),
}

impl<'d> Row<'d> {
    pub(super) const fn new(item: Item<'d>, base: &'d str, name: (usize, usize)) -> Self {
        Self { item, base, name, heads: 0, outputs: BTreeMap::new() }
    }

    /// Steps from the document's root; a record is named by its place.
    pub(super) fn path(&self) -> Vec<String> {
        let step = |step: &Step| match step {
            Step::Name(name) => name.clone(),
            Step::Index(index) => index.to_string(),
        };
        match &self.item {
            Item::Value { steps, .. } => steps.iter().map(step).collect(),
            Item::Record(_) => vec![self.name.1.to_string()],
        }
    }

    /// What `path` selects in the nearest value around the iteration in which it selects
    /// anything.
    pub(super) fn enclosing(&self, path: &Path) -> Option<&'d Json> {
        let Item::Value { root, steps, .. } = &self.item else { return None };
        (0..steps.len()).rev().find_map(|length| {
            let around = follow(root, steps.get(..length)?)?;
            path.select(around).into_iter().find(|value| !value.is_null())
        })
    }
}
