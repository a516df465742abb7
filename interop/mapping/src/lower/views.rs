use pervade_rdf::Position;

use super::Lowering;
use super::graph::Found;
use super::scope::Scope;
use super::terms::Role;
use crate::plan::{
    Expression, Field, FieldKind, JoinCondition, Reference, Table, View, ViewBase, ViewJoin,
};
use crate::problem::ProblemCode;
use crate::source::{Formulation, Nested, QueryPart, RecordQuery, Within};

/// Most fields inside one another, and views built on one another.
const FIELDS_DEPTH_MAX: usize = 16;

/// The index of a record, and after a field's name and a dot the index of its value.
const INDEX: &str = "#";

/// The columns of a view, as they are found.
struct Columns {
    names: Vec<String>,
}

impl<'g> Lowering<'g> {
    /// Reads a logical view ([RML-LV](https://w3id.org/rml/lv/spec)); its table's place.
    pub(super) fn view(&mut self, node: &str, at: Position) -> Option<usize> {
        match self.views.get(node) {
            Some(Some(place)) => return Some(*place),
            Some(None) => {
                self.report(at, ProblemCode::Cycle, "the view is built on itself");
                return None;
            }
            None => {}
        }
        if self.views.len() >= TABLES_MAX {
            self.report(at, ProblemCode::Cycle, format!("more than {TABLES_MAX} views"));
            return None;
        }
        self.views.insert(node.to_owned(), None);
        let view = self.deeper(at, |lowering| lowering.new_view(node))?;
        self.tables.push((at, Table::View(view)));
        let place = self.tables.len() - 1;
        self.views.insert(node.to_owned(), Some(place));
        Some(place)
    }

    fn new_view(&mut self, node: &str) -> Option<View> {
        let on = self.at_most_one(node, "viewOn")?;
        let on_node = self.node(on, "a logical source")?;
        let mut columns = Columns { names: vec![INDEX.to_owned()] };
        let (base, fields) = if self.found(&on_node, "viewOn").is_empty() {
            let described = self.described(&on_node, on.at)?;
            self.check_iterator(&described)?;
            let scope = Self::query_scope(&described);
            let (fields, scope) =
                self.within(scope, |lowering| lowering.fields(node, "", &mut columns));
            let query = asked(scope, described.iterator)?;
            (ViewBase::Source { source: described.source, query }, fields?)
        } else {
            let table = self.view(&on_node, on.at)?;
            let scope = self.view_scope(table)?;
            let (fields, scope) =
                self.within(scope, |lowering| lowering.fields(node, "", &mut columns));
            let Scope::Columns { nested, .. } = scope else { return None };
            (ViewBase::Table { table, nested }, fields?)
        };
        let mut joins = Vec::new();
        for (property, keeps_all) in [("leftJoin", true), ("innerJoin", false)] {
            for found in self.found(node, property) {
                joins.push(self.view_join(found, keeps_all, &mut columns)?);
            }
        }
        Some(View { base, fields, joins, columns: columns.names })
    }

    fn view_scope(&self, table: usize) -> Option<Scope> {
        match self.tables.get(table)? {
            (_, Table::View(view)) => {
                Some(Scope::Columns { names: view.columns.clone(), nested: Vec::new() })
            }
            (_, Table::Source { .. }) => None,
        }
    }

    /// The fields of a view or of a field; `prefix` is before their names.
    fn fields(&mut self, node: &str, prefix: &str, columns: &mut Columns) -> Option<Vec<Field>> {
        let mut fields = Vec::new();
        for found in self.found(node, "field") {
            let field_node = self.node(found, "a field")?;
            let field = self
                .deeper(found.at, |lowering| lowering.field(&field_node, found, prefix, columns))?;
            fields.push(field);
        }
        Some(fields)
    }

    fn field(
        &mut self,
        node: &str,
        found: Found<'g>,
        prefix: &str,
        columns: &mut Columns,
    ) -> Option<Field> {
        let name = format!("{prefix}{}", self.required_text(node, "fieldName", found)?);
        if self.is_iterable(node) {
            return self.iterable_field(node, found, (&name, Within::Record), columns);
        }
        let column = self.add_column(&name, found.at, columns)?;
        self.add_column(&format!("{name}.{INDEX}"), found.at, columns)?;
        let expression = self.expression(node, found.at, Role::Field)?;
        let mut fields = Vec::new();
        for inner in self.found(node, "field") {
            let inner_node = self.node(inner, "a field")?;
            let Expression::Reference(Reference::Column(of)) = &expression else {
                let message = "only a field that is a reference has fields inside";
                self.report(inner.at, ProblemCode::Field, message);
                return None;
            };
            let within = Within::Text(*of);
            fields.push(self.deeper(inner.at, |lowering| {
                lowering.inner_field(&inner_node, inner, (&name, within), columns)
            })?);
        }
        Some(Field { column, kind: FieldKind::Expression(expression), fields })
    }

    /// A field inside an expression field: records in the text of its values.
    fn inner_field(
        &mut self,
        node: &str,
        found: Found<'g>,
        (parent, within): (&str, Within),
        columns: &mut Columns,
    ) -> Option<Field> {
        let name = format!("{parent}.{}", self.required_text(node, "fieldName", found)?);
        if !self.is_iterable(node) {
            let message = "a field inside an expression field is an iterable field";
            self.report(found.at, ProblemCode::Field, message);
            return None;
        }
        self.iterable_field(node, found, (&name, within), columns)
    }

    fn is_iterable(&self, node: &str) -> bool {
        ["iterator", "referenceFormulation"].iter().any(|p| !self.found(node, p).is_empty())
    }

    fn iterable_field(
        &mut self,
        node: &str,
        found: Found<'g>,
        (name, within): (&str, Within),
        columns: &mut Columns,
    ) -> Option<Field> {
        let column = self.add_column(&format!("{name}.{INDEX}"), found.at, columns)?;
        let formulation = self.field_formulation(node, found, within)?;
        let (iterator, at) = self.iterator(node, found.at)?;
        if let Some(iterator) = &iterator {
            self.check_part(&formulation, QueryPart::Iterator, iterator, at)?;
        }
        let prefix = format!("{name}.");
        let (fields, scope) = self
            .within(Scope::query(formulation), |lowering| lowering.fields(node, &prefix, columns));
        let query = asked(scope, iterator)?;
        let nested = self.scope.nested()?;
        nested.push(Nested { within, query });
        let kind = FieldKind::Iterable(nested.len() - 1);
        Some(Field { column, kind, fields: fields? })
    }

    /// The formulation of an iterable field: its own, or that of what it is in.
    fn field_formulation(
        &mut self,
        node: &str,
        found: Found<'g>,
        within: Within,
    ) -> Option<Formulation> {
        let outer = match &self.scope {
            Scope::Query(asked) => Some(asked.formulation.clone()),
            Scope::Document | Scope::Unknown | Scope::Columns { .. } => None,
        };
        let stated = match self.at_most_one(node, "referenceFormulation") {
            Some(stated) => Some(self.formulation(stated)?),
            None => None,
        };
        match (within, outer, stated) {
            (Within::Text(_), outer, stated) if stated.is_some() || outer.is_some() => {
                stated.or(outer)
            }
            (Within::Record, Some(outer), stated)
                if stated.as_ref().is_none_or(|stated| *stated == outer) =>
            {
                Some(outer)
            }
            (Within::Text(_) | Within::Record, ..) => {
                let message = "the records of this field have no reference formulation, or another than the record they are in";
                self.report(found.at, ProblemCode::Field, message);
                None
            }
        }
    }

    fn add_column(&mut self, name: &str, at: Position, columns: &mut Columns) -> Option<usize> {
        if columns.names.iter().any(|known| known == name) {
            self.report(at, ProblemCode::Field, format!("there are two fields {name:?}"));
            return None;
        }
        columns.names.push(name.to_owned());
        Some(columns.names.len() - 1)
    }

    fn view_join(
        &mut self,
        found: Found<'g>,
        keeps_all: bool,
        columns: &mut Columns,
    ) -> Option<ViewJoin> {
        let node = self.node(found, "a join")?;
        let Some(parent_found) = self.at_most_one(&node, "parentLogicalView") else {
            self.report(found.at, ProblemCode::Missing, "the join has no rml:parentLogicalView");
            return None;
        };
        let parent_node = self.node(parent_found, "a logical view")?;
        let parent = self.view(&parent_node, parent_found.at)?;
        let mut conditions = Vec::new();
        for condition in self.found(&node, "joinCondition") {
            let condition_node = self.node(condition, "a join condition")?;
            let names = columns.names.clone();
            let ours = Scope::Columns { names, nested: Vec::new() };
            let child = self.within(ours, |l| l.join_side(&condition_node, "child", condition)).0?;
            let theirs = self.view_scope(parent)?;
            let parent =
                self.within(theirs, |l| l.join_side(&condition_node, "parent", condition)).0?;
            conditions.push(JoinCondition { child, parent });
        }
        if conditions.is_empty() {
            self.report(found.at, ProblemCode::Missing, "the join has no rml:joinCondition");
            return None;
        }
        let mut fields = Vec::new();
        for field in self.found(&node, "field") {
            let field_node = self.node(field, "a field")?;
            let name = self.required_text(&field_node, "fieldName", field)?;
            let column = self.add_column(&name, field.at, columns)?;
            self.add_column(&format!("{name}.{INDEX}"), field.at, columns)?;
            let theirs = self.view_scope(parent)?;
            let expression =
                self.within(theirs, |l| l.expression(&field_node, field.at, Role::Field)).0?;
            fields.push((column, expression));
        }
        Some(ViewJoin { parent, conditions, keeps_all, fields })
    }

    /// Runs `lower` one level deeper, if that is not too deep.
    pub(super) fn deeper<T>(
        &mut self,
        at: Position,
        lower: impl FnOnce(&mut Self) -> Option<T>,
    ) -> Option<T> {
        if self.depth >= FIELDS_DEPTH_MAX {
            let message = format!("more than {FIELDS_DEPTH_MAX} levels inside one another");
            self.report(at, ProblemCode::Cycle, message);
            return None;
        }
        self.depth += 1;
        let lowered = lower(self);
        self.depth -= 1;
        lowered
    }
}

/// Most views of one mapping.
const TABLES_MAX: usize = 512;

/// The query that a scope has become.
fn asked(scope: Scope, iterator: Option<String>) -> Option<RecordQuery> {
    let Scope::Query(asked) = scope else { return None };
    let (formulation, references, nested) = (asked.formulation, asked.references, asked.nested);
    Some(RecordQuery { formulation, iterator, references, nested })
}
