use csv::{ReaderBuilder, StringRecord, Trim};
use pervade_mapping::{Dialect, Nested, Outside, Record, RecordQuery, SourceError, Value, Within};

/// Most rows of one table.
pub const TABLE_ROWS_MAX: usize = 10_000_000;

/// The rows of a table; a row of another length than the header is an error.
pub(crate) fn records(
    text: &str,
    dialect: &Dialect,
    query: &RecordQuery,
    outside: &dyn Outside,
) -> Result<Vec<Record>, SourceError> {
    let mut reader = ReaderBuilder::new()
        .delimiter(dialect.delimiter)
        .quote(dialect.quote)
        .comment(dialect.comment)
        .has_headers(dialect.header)
        .trim(if dialect.trim { Trim::All } else { Trim::None })
        .from_reader(text.as_bytes());
    let header = if dialect.header {
        reader.headers().map_err(|error| broken(&error))?.clone()
    } else {
        let width = reader.headers().map_err(|error| broken(&error))?.len();
        (1..=width).map(|number| format!("_col.{number}")).collect()
    };
    let columns = columns(&header, query)?;
    let mut records = Vec::new();
    for row in reader.records() {
        let row = row.map_err(|error| broken(&error))?;
        if records.len() >= TABLE_ROWS_MAX {
            return Err(SourceError::Limit { what: "rows", limit: limit() });
        }
        records.push(record(&row, &columns, query, outside)?);
    }
    Ok(records)
}

fn limit() -> u64 {
    u64::try_from(TABLE_ROWS_MAX).unwrap_or(u64::MAX)
}

/// The places of the columns that are referred to.
fn columns(header: &StringRecord, query: &RecordQuery) -> Result<Vec<usize>, SourceError> {
    let place = |name: &String| {
        let what = "column";
        let found = header.iter().position(|column| column == name);
        found.ok_or_else(|| SourceError::NoSuch { what, name: name.clone() })
    };
    query.references.iter().map(place).collect()
}

fn record(
    row: &StringRecord,
    columns: &[usize],
    query: &RecordQuery,
    outside: &dyn Outside,
) -> Result<Record, SourceError> {
    let cell = |column: &usize| {
        row.get(*column).map(|text| Value::Text(text.to_owned())).into_iter().collect()
    };
    let values: Vec<Vec<Value>> = columns.iter().map(cell).collect();
    let mut nested = Vec::new();
    for Nested { within, query } in &query.nested {
        nested.push(match within {
            Within::Record => Vec::new(),
            Within::Text(place) => {
                let texts = values.get(*place).into_iter().flatten();
                texts.map(|value| inside(value, query, outside)).collect::<Result<_, _>>()?
            }
        });
    }
    Ok(Record { values, nested })
}

/// The records in the text of a value.
pub(crate) fn inside(
    value: &Value,
    query: &RecordQuery,
    outside: &dyn Outside,
) -> Result<Vec<Record>, SourceError> {
    match value {
        Value::Text(text) | Value::Iri(text) | Value::Number(text) => outside.parse(text, query),
        Value::Boolean(value) => outside.parse(&value.to_string(), query),
        _ => Ok(Vec::new()),
    }
}

fn broken(error: &csv::Error) -> SourceError {
    let line = error.position().map_or(0, csv::Position::line);
    SourceError::Syntax { line, reason: error.to_string() }
}
