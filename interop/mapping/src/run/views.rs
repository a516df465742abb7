use std::collections::{BTreeMap, BTreeSet};

use super::RunReason;
use super::engine::{Engine, Inputs, Names, Step, limit};
use super::joins::{child_sides, parent_sides};
use super::row::{Item, Row};
use crate::plan::{Encoding, Expression, Field, FieldKind, Plan, Table, View, ViewBase, ViewJoin};
use crate::source::{Nested, Outside, Record, Within};
use crate::term::Value;

/// Reads a table of the plan, whose earlier tables are `tables`.
pub(super) fn table(
    plan: &Plan,
    table: &Table,
    tables: &[Vec<Record>],
    outside: &dyn Outside,
) -> Step<Vec<Record>> {
    let view = match table {
        Table::Source { source, query } => return Ok(outside.records(source, query)?),
        Table::View(view) => view,
    };
    let owned;
    let bases: &[Record] = match &view.base {
        ViewBase::Source { source, query } => {
            owned = outside.records(source, query)?;
            &owned
        }
        ViewBase::Table { table, nested } => {
            let parents = tables.get(*table).map(Vec::as_slice).unwrap_or_default();
            owned = parents
                .iter()
                .map(|record| with_nested(record, nested, outside))
                .collect::<Step<_>>()?;
            &owned
        }
    };
    let mut reader = Reader { view, engine: evaluator(plan), rows: 0 };
    let mut records = reader.expanded(bases)?;
    for join in &view.joins {
        let parents = tables.get(join.parent).map(Vec::as_slice).unwrap_or_default();
        records = joined(plan, &records, join, parents)?;
    }
    Ok(records)
}

/// A record of a view, with the records in its texts.
fn with_nested(record: &Record, nested: &[Nested], outside: &dyn Outside) -> Step<Record> {
    let mut lists = Vec::new();
    for Nested { within, query } in nested {
        let Within::Text(column) = within else {
            lists.push(Vec::new());
            continue;
        };
        let mut by_value = Vec::new();
        for value in record.values.get(*column).into_iter().flatten() {
            let text = value.text(crate::plan::Profile::Open)?;
            by_value.push(outside.parse(&text, query)?);
        }
        lists.push(by_value);
    }
    Ok(Record { values: record.values.clone(), nested: lists })
}

struct Reader<'a> {
    view: &'a View,
    engine: Engine<'a>,
    rows: usize,
}

/// The values of a row's columns, as they come to be known.
type Cells = Vec<Option<Value>>;

impl<'a> Reader<'a> {
    fn expanded(&mut self, bases: &'a [Record]) -> Step<Vec<Record>> {
        let mut records = Vec::new();
        for (number, base) in bases.iter().enumerate() {
            let mut cells: Cells = vec![None; self.view.columns.len()];
            set(&mut cells, 0, index(number));
            let view = self.view;
            let rows = self.fields(vec![cells], &view.fields, base, 0)?;
            records.extend(rows.into_iter().map(record_of));
        }
        Ok(records)
    }

    /// Every row with every combination of the fields' values; a field without a value leaves
    /// the row as it is.
    fn fields(
        &mut self,
        mut rows: Vec<Cells>,
        fields: &'a [Field],
        record: &'a Record,
        value: usize,
    ) -> Step<Vec<Cells>> {
        for field in fields {
            let mut longer = Vec::new();
            for row in rows {
                longer.extend(self.field(row, field, record, value)?);
                limit(
                    "records of a view",
                    self.rows + longer.len(),
                    self.engine.limits.iterations,
                )?;
            }
            rows = longer;
        }
        self.rows += rows.len();
        Ok(rows)
    }

    fn field(
        &mut self,
        row: Cells,
        field: &'a Field,
        record: &'a Record,
        value: usize,
    ) -> Step<Vec<Cells>> {
        let mut rows = Vec::new();
        match &field.kind {
            FieldKind::Expression(expression) => {
                let values = evaluated(&mut self.engine, expression, record)?;
                for (number, value) in values.into_iter().enumerate() {
                    let mut row = row.clone();
                    set(&mut row, field.column, value);
                    set(&mut row, field.column + 1, index(number));
                    rows.extend(self.fields(vec![row], &field.fields, record, number)?);
                }
            }
            FieldKind::Iterable(nested) => {
                let inner = record.nested.get(*nested).and_then(|lists| lists.get(value));
                for (number, inner) in inner.into_iter().flatten().enumerate() {
                    let mut row = row.clone();
                    set(&mut row, field.column, index(number));
                    rows.extend(self.fields(vec![row], &field.fields, inner, 0)?);
                }
            }
        }
        Ok(if rows.is_empty() { vec![row] } else { rows })
    }
}

/// The records with those of the parent that they meet.
fn joined(
    plan: &Plan,
    children: &[Record],
    join: &ViewJoin,
    parents: &[Record],
) -> Step<Vec<Record>> {
    let mut engine = evaluator(plan);
    let mut keys: BTreeMap<Vec<String>, Vec<usize>> = BTreeMap::new();
    for (place, parent) in parents.iter().enumerate() {
        let mut row = Row::new(Item::Record(parent), "", (0, place));
        for key in engine.join_keys(parent_sides(&join.conditions), &mut row)? {
            keys.entry(key).or_default().push(place);
        }
    }
    let mut records = Vec::new();
    for child in children {
        let mut row = Row::new(Item::Record(child), "", (0, 0));
        let mut matches = BTreeSet::new();
        for key in engine.join_keys(child_sides(&join.conditions), &mut row)? {
            matches.extend(keys.get(&key).into_iter().flatten().copied());
        }
        if matches.is_empty() && join.keeps_all {
            records.push(child.clone());
        }
        for (number, place) in matches.into_iter().enumerate() {
            let Some(parent) = parents.get(place) else { continue };
            let mut rows = vec![child.clone()];
            for (column, expression) in &join.fields {
                let values = evaluated(&mut engine, expression, parent)?;
                rows = with_field(&rows, *column, number, &values);
            }
            records.extend(rows);
            limit("records of a view", records.len(), engine.limits.iterations)?;
        }
    }
    Ok(records)
}

/// Every record with every value of a joined field.
fn with_field(records: &[Record], column: usize, number: usize, values: &[Value]) -> Vec<Record> {
    if values.is_empty() {
        return records.to_vec();
    }
    let with = |record: &Record, value: &Value| {
        let mut record = record.clone();
        if let Some(cell) = record.values.get_mut(column) {
            *cell = vec![value.clone()];
        }
        if let Some(cell) = record.values.get_mut(column + 1) {
            *cell = vec![index(number)];
        }
        record
    };
    records.iter().flat_map(|record| values.iter().map(move |value| with(record, value))).collect()
}

/// An engine for expressions over records alone.
fn evaluator(plan: &Plan) -> Engine<'_> {
    let inputs = Inputs { payload: None, documents: &[], tables: &[] };
    Engine::new(plan, inputs, Names { base: "", record: "", device: "" })
}

fn evaluated<'a>(
    engine: &mut Engine<'a>,
    expression: &'a Expression,
    record: &'a Record,
) -> Result<Vec<Value>, RunReason> {
    let mut row = Row::new(Item::Record(record), "", (0, 0));
    engine.values(expression, Encoding::Unsafe, &mut row)
}

fn set(cells: &mut Cells, column: usize, value: Value) {
    if let Some(cell) = cells.get_mut(column) {
        *cell = Some(value);
    }
}

fn index(number: usize) -> Value {
    Value::Number(number.to_string())
}

fn record_of(cells: Cells) -> Record {
    let values = cells.into_iter().map(|cell| cell.into_iter().collect()).collect();
    Record { values, nested: Vec::new() }
}
