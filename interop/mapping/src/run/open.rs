use std::collections::BTreeMap;

use pervade_rdf::{Position, Quad, nquads_line};

use super::engine::{Engine, Inputs, Names};
use super::views::table;
use crate::plan::Plan;
use crate::problem::{Problem, ProblemCode};
use crate::source::{LogicalSource, Outside, Record};
use crate::target::Produced;

impl Plan {
    /// Runs the plan off the ledger. `base` is put before IRIs that are not absolute; without
    /// it, the base that the mapping states.
    ///
    /// # Errors
    /// A source cannot be used, a value cannot be mapped, or a limit; as a problem at the place
    /// of the mapping that it comes from. Nothing is produced then.
    pub fn run_open(&self, base: Option<&str>, outside: &dyn Outside) -> Result<Produced, Problem> {
        let mut documents = Vec::new();
        for (at, source) in &self.documents {
            let document = outside.document(source);
            documents.push(document.map_err(|error| unusable(*at, source, &error))?);
        }
        let mut tables: Vec<Vec<Record>> = Vec::new();
        for (at, definition) in &self.tables {
            let records = table(self, definition, &tables, outside);
            tables.push(records.map_err(|reason| match definition.file() {
                Some(source) => unusable(*at, source, &reason),
                None => data(*at, reason.to_string()),
            })?);
        }
        let base = base.or(self.base.as_deref()).unwrap_or_default();
        let names = Names { base, record: base, device: base };
        let inputs = Inputs { payload: None, documents: &documents, tables: &tables };
        let made = Engine::new(self, inputs, names).run().map_err(|error| {
            let map = self.maps.iter().find(|map| map.name == error.map);
            data(map.map_or(Position::START, |map| map.at), error.to_string())
        })?;
        let mut targeted = made.targeted;
        let targets = self.targets.iter().enumerate().map(|(place, target)| {
            (target.clone(), sorted(targeted.remove(&place).unwrap_or_default()))
        });
        let targets = targets.collect();
        Ok(Produced { quads: sorted(made.quads), targets })
    }
}

fn unusable(at: Position, source: &LogicalSource, error: &impl std::fmt::Display) -> Problem {
    let told = error.to_string();
    // Why a file cannot be had names it already.
    if told.starts_with(&source.path) {
        return data(at, told);
    }
    data(at, format!("{}: {told}", source.path))
}

fn data(at: Position, message: String) -> Problem {
    Problem::at(at, ProblemCode::Data, message)
}

/// The quads in canonical order, each once.
fn sorted(quads: Vec<Quad>) -> Vec<Quad> {
    let lines: BTreeMap<String, Quad> =
        quads.into_iter().map(|quad| (nquads_line(&quad), quad)).collect();
    lines.into_values().collect()
}
