use pervade_rdf::Position;

use super::Lowering;
use crate::path::{Path, PathUse};
use crate::plan::{Reference, Rows, Table};
use crate::problem::ProblemCode;
use crate::source::{Formulation, Nested, QueryPart};

/// What references are into.
#[derive(Debug)]
pub(super) enum Scope {
    /// A value inside a JSON document.
    Document,
    /// Nobody knows, because of a problem that is told already.
    Unknown,
    /// A record of a source, whose query is being written.
    Query(Asked),
    /// A record of a table.
    Columns {
        /// Their names.
        names: Vec<String>,
        /// What is asked of the texts in them.
        nested: Vec<Nested>,
    },
}

/// A query being written.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) formulation: Formulation,
    pub(super) references: Vec<String>,
    pub(super) nested: Vec<Nested>,
}

impl Scope {
    pub(super) const fn query(formulation: Formulation) -> Self {
        Self::Query(Asked { formulation, references: Vec::new(), nested: Vec::new() })
    }

    /// Where records inside the record are asked for.
    pub(super) const fn nested(&mut self) -> Option<&mut Vec<Nested>> {
        match self {
            Self::Document | Self::Unknown => None,
            Self::Query(asked) => Some(&mut asked.nested),
            Self::Columns { nested, .. } => Some(nested),
        }
    }
}

impl Lowering<'_> {
    /// Runs `lower` where references are into `scope`; gives back what became of the scope.
    pub(super) fn within<T>(
        &mut self,
        scope: Scope,
        lower: impl FnOnce(&mut Self) -> T,
    ) -> (T, Scope) {
        let outer = std::mem::replace(&mut self.scope, scope);
        self.scopes += 1;
        let outer_number = std::mem::replace(&mut self.scope_number, self.scopes);
        let outer_table = self.scope_table.take();
        let value = lower(self);
        (self.scope_number, self.scope_table) = (outer_number, outer_table);
        (value, std::mem::replace(&mut self.scope, outer))
    }

    /// Runs `lower` where references are into the rows of a map.
    pub(super) fn within_rows<T>(
        &mut self,
        rows: Option<&Rows>,
        lower: impl FnOnce(&mut Self) -> T,
    ) -> T {
        let place = match rows {
            Some(Rows::Table(place)) => *place,
            None if !self.on_ledger() => return self.within(Scope::Unknown, lower).0,
            Some(Rows::Payload(_) | Rows::Document(..)) | None => {
                return self.within(Scope::Document, lower).0;
            }
        };
        // A map may join its own records, whose query is being written just now.
        if self.scope_table == Some(place) {
            return lower(self);
        }
        let (value, scope) = self.within(self.scope_of(place), |lowering| {
            lowering.scope_table = Some(place);
            lower(lowering)
        });
        if let (Scope::Query(asked), Some((_, Table::Source { query, .. }))) =
            (scope, self.tables.get_mut(place))
        {
            query.references = asked.references;
        }
        value
    }

    fn scope_of(&self, table: usize) -> Scope {
        match self.tables.get(table) {
            Some((_, Table::Source { query, .. })) => Scope::Query(Asked {
                formulation: query.formulation.clone(),
                references: query.references.clone(),
                nested: Vec::new(),
            }),
            Some((_, Table::View(view))) => {
                Scope::Columns { names: view.columns.clone(), nested: Vec::new() }
            }
            None => Scope::Document,
        }
    }

    /// Reads a reference into what the scope says.
    pub(super) fn reference(&mut self, text: &str, at: Position) -> Option<Reference> {
        let known = match &self.scope {
            Scope::Document => {
                return self.path(text, at, PathUse::Reference).map(Reference::Path);
            }
            Scope::Unknown => return Some(Reference::Column(0)),
            Scope::Query(asked) => asked.references.iter().position(|known| known == text),
            Scope::Columns { names, .. } => {
                let column = names.iter().position(|name| name == text);
                if column.is_none() {
                    let message = format!("the view has no field {text:?}");
                    self.report(at, ProblemCode::Field, message);
                }
                return column.map(Reference::Column);
            }
        };
        if let Some(column) = known {
            return Some(Reference::Column(column));
        }
        self.check_query_part(QueryPart::Reference, text, at)?;
        let Scope::Query(asked) = &mut self.scope else { return None };
        asked.references.push(text.to_owned());
        Some(Reference::Column(asked.references.len() - 1))
    }

    /// Checks an iterator or reference of the formulation in scope.
    fn check_query_part(&mut self, part: QueryPart, text: &str, at: Position) -> Option<()> {
        let Scope::Query(asked) = &self.scope else { return Some(()) };
        let formulation = asked.formulation.clone();
        self.check_part(&formulation, part, text, at)
    }

    /// Checks an iterator or reference of `formulation`.
    pub(super) fn check_part(
        &mut self,
        formulation: &Formulation,
        part: QueryPart,
        text: &str,
        at: Position,
    ) -> Option<()> {
        if *formulation == Formulation::JsonPath {
            let path_use = match part {
                QueryPart::Iterator => PathUse::Iterator,
                QueryPart::Reference => PathUse::Reference,
            };
            return self.path(text, at, path_use).map(drop);
        }
        let judged = self.outside.map_or(Ok(()), |outside| outside.check(formulation, part, text));
        judged.map_err(|error| self.report(at, ProblemCode::Path, error.to_string())).ok()
    }

    pub(super) fn path(&mut self, text: &str, at: Position, path_use: PathUse) -> Option<Path> {
        Path::parse(text, path_use, self.profile)
            .map_err(|message| self.report(at, ProblemCode::Path, message))
            .ok()
    }

    /// What tells executions apart whose references are into different records.
    pub(super) fn scope_key(&self) -> Option<usize> {
        match &self.scope {
            Scope::Document => None,
            Scope::Unknown | Scope::Query(_) | Scope::Columns { .. } => Some(self.scope_number),
        }
    }
}
