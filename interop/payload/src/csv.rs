//! Tables ([RFC 4180](https://www.rfc-editor.org/rfc/rfc4180), and what loggers write) to rows.

use pervade_mapping::{DOCUMENT_NODES_MAX, DocumentReason};
use pervade_rdf::Position;
use serde_json::{Map, Value};

use crate::dialect::{Decimal, Dialect};
use crate::error::{CsvReason, PayloadError, PayloadReason, Place};

/// Longest name of a column, in bytes. Every row repeats it.
const NAME_BYTES_MAX: usize = 128;

/// The rows of a table: an array of objects.
pub(crate) fn read(text: &str, dialect: &Dialect) -> Result<Value, PayloadError> {
    let mut reader = Reader { text, at: 0, line: 1, cells: 0, dialect };
    for _ in 0..dialect.skip {
        reader.skip_line();
    }
    let names = reader.record()?.ok_or_else(|| reader.refused(CsvReason::NoNames))?;
    let names = names_of(names)?;
    let mut rows = Vec::new();
    while let Some(record) = reader.record()? {
        rows.push(row(record, &names, dialect)?);
    }
    Ok(Value::Array(rows))
}

/// One record: where it begins, and its cells; `None` for a cell with nothing in it.
struct Record {
    line: u64,
    cells: Vec<Option<String>>,
}

fn refused(line: u64, reason: CsvReason) -> PayloadError {
    PayloadError::at(Place::Text(Position { line, column: 1 }), reason.into())
}

/// A loose separator at the end of the names names no column.
fn names_of(record: Record) -> Result<Vec<String>, PayloadError> {
    let Record { line, mut cells } = record;
    if cells.len() > 1 {
        cells.pop_if(|last| last.is_none());
    }
    let mut names: Vec<String> = Vec::new();
    for (index, cell) in cells.into_iter().enumerate() {
        let name = cell.unwrap_or_default();
        if name.is_empty() || name.len() > NAME_BYTES_MAX || names.contains(&name) {
            let reason = CsvReason::Name { column: index + 1, limit: NAME_BYTES_MAX };
            return Err(refused(line, reason));
        }
        names.push(name);
    }
    Ok(names)
}

fn row(record: Record, names: &[String], dialect: &Dialect) -> Result<Value, PayloadError> {
    let Record { line, mut cells } = record;
    if cells.len() == names.len() + 1 {
        cells.pop_if(|last| last.is_none());
    }
    if cells.len() != names.len() {
        let reason = CsvReason::Cells { found: cells.len(), expected: names.len() };
        return Err(refused(line, reason));
    }
    let value = |cell: Option<String>| match (cell, dialect.decimal) {
        (None, _) => Value::Null,
        (Some(text), Decimal::Comma) if is_decimal_comma(&text) => {
            Value::String(text.replace(',', "."))
        }
        (Some(text), _) => Value::String(text),
    };
    let members: Map<String, Value> =
        names.iter().cloned().zip(cells.into_iter().map(value)).collect();
    Ok(Value::Object(members))
}

/// Digits with one comma among them, perhaps signed: nothing else is taken for a number.
fn is_decimal_comma(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    unsigned.split_once(',').is_some_and(|(whole, fraction)| digits(whole) && digits(fraction))
}

struct Reader<'t> {
    text: &'t str,
    /// Where reading is, in bytes.
    at: usize,
    line: u64,
    cells: usize,
    dialect: &'t Dialect,
}

impl<'t> Reader<'t> {
    /// The next record that is neither blank nor a comment.
    fn record(&mut self) -> Result<Option<Record>, PayloadError> {
        while let Some(first) = self.peek() {
            let line = self.line;
            if self.dialect.comment == Some(first) || self.rest_of_line().trim().is_empty() {
                self.skip_line();
                continue;
            }
            // A record is a value of the document too.
            self.cells += 1;
            let mut cells = Vec::new();
            loop {
                cells.push(self.cell()?);
                if !self.eat(self.dialect.separator.character()) {
                    break;
                }
            }
            self.end_line();
            return Ok(Some(Record { line, cells }));
        }
        Ok(None)
    }

    fn cell(&mut self) -> Result<Option<String>, PayloadError> {
        self.cells += 1;
        if self.cells > DOCUMENT_NODES_MAX {
            let reason = DocumentReason::TooManyValues { limit: DOCUMENT_NODES_MAX };
            let place = Place::Text(Position { line: self.line, column: 1 });
            return Err(PayloadError::at(place, PayloadReason::Document(reason)));
        }
        let separator = self.dialect.separator.character();
        self.skip_blanks();
        if self.eat('"') {
            return self.quoted().map(Some);
        }
        let rest = self.text.get(self.at..).unwrap_or_default();
        let cell = rest.split([separator, '\r', '\n']).next().unwrap_or_default();
        self.at += cell.len();
        let trimmed = cell.trim();
        Ok((!trimmed.is_empty()).then(|| trimmed.to_owned()))
    }

    /// After the opening quote.
    fn quoted(&mut self) -> Result<String, PayloadError> {
        let line = self.line;
        let mut cell = String::new();
        loop {
            let rest = self.text.get(self.at..).unwrap_or_default();
            let (plain, _) = rest.split_once('"').ok_or_else(|| refused(line, CsvReason::Quote))?;
            cell.push_str(plain);
            self.line += count_lines(plain);
            self.at += plain.len() + 1;
            if !self.eat('"') {
                break;
            }
            cell.push('"');
        }
        self.skip_blanks();
        match self.peek() {
            None | Some('\r' | '\n') => Ok(cell),
            Some(next) if next == self.dialect.separator.character() => Ok(cell),
            Some(_) => Err(self.refused(CsvReason::Quote)),
        }
    }

    fn refused(&self, reason: CsvReason) -> PayloadError {
        refused(self.line, reason)
    }

    fn rest_of_line(&self) -> &'t str {
        let rest = self.text.get(self.at..).unwrap_or_default();
        rest.split(['\r', '\n']).next().unwrap_or_default()
    }

    fn skip_line(&mut self) {
        self.at += self.rest_of_line().len();
        self.end_line();
    }

    /// CR LF, LF, or CR alone.
    fn end_line(&mut self) {
        let cr = self.eat('\r');
        let lf = self.eat('\n');
        self.line += u64::from(cr || lf);
    }

    /// Blanks, of which a tab may be a separator.
    fn skip_blanks(&mut self) {
        let separator = self.dialect.separator.character();
        while self.peek().is_some_and(|c| matches!(c, ' ' | '\t') && c != separator) {
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<char> {
        self.text.get(self.at..).and_then(|rest| rest.chars().next())
    }

    fn eat(&mut self, character: char) -> bool {
        let there = self.peek() == Some(character);
        self.at += if there { character.len_utf8() } else { 0 };
        there
    }
}

fn count_lines(text: &str) -> u64 {
    u64::try_from(text.matches('\n').count()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;
    use crate::dialect::Separator;

    fn check(text: &str, dialect: &Dialect, expected: Expect) {
        match read(text, dialect) {
            Ok(value) => expected.assert_eq(&value.to_string()),
            Err(error) => expected.assert_eq(&error.to_string()),
        }
    }

    #[test]
    fn tables_of_the_standard() {
        let usual = Dialect::default();
        check(
            "a,b\r\n1,\"x \"\"y\"\", z\"\r\n\"\", 2 \r\n",
            &usual,
            expect![[r#"[{"a":"1","b":"x \"y\", z"},{"a":"","b":"2"}]"#]],
        );
        check("a,b\n\"1\n2\",3", &usual, expect![[r#"[{"a":"1\n2","b":"3"}]"#]]);
        check("a\n", &usual, expect!["[]"]);
        check("1,5\n2,5", &usual, expect![[r#"[{"1":"2","5":"5"}]"#]]);
    }

    #[test]
    fn tables_of_loggers() {
        let logger = Dialect {
            comment: Some('#'),
            decimal: Decimal::Comma,
            separator: Separator::Semicolon,
            skip: 1,
            ..Dialect::default()
        };
        check(
            "Logger 7\n# made by hand\nTime; T ;Note;\n12:00;-4,5;a,b;\n\n12:01;;1,2,3\r12:02;+7;\"4,5\";\n",
            &logger,
            expect![[
                r#"[{"Note":"a,b","T":"-4.5","Time":"12:00"},{"Note":"1,2,3","T":null,"Time":"12:01"},{"Note":"4.5","T":"+7","Time":"12:02"}]"#
            ]],
        );
        let tabs = Dialect { separator: Separator::Tab, ..Dialect::default() };
        check("a\tb\n\t2\n", &tabs, expect![[r#"[{"a":null,"b":"2"}]"#]]);
    }

    #[test]
    fn what_is_no_table() {
        let usual = Dialect::default();
        check("\n \n", &usual, expect!["3:1: no record names the columns"]);
        check(
            "a,,b\n",
            &usual,
            expect!["1:1: column 2 needs a name of its own, of at most 128 bytes"],
        );
        check(
            "a,a\n",
            &usual,
            expect!["1:1: column 2 needs a name of its own, of at most 128 bytes"],
        );
        check("a,b\n1\n", &usual, expect!["2:1: 1 cells for 2 columns"]);
        check("a,b\n1,2,3\n", &usual, expect!["2:1: 3 cells for 2 columns"]);
        check(
            "a,b\n1,\"2\n3",
            &usual,
            expect![
                "2:1: a quoted cell ends with a quote, before a separator or the end of the line"
            ],
        );
        check(
            "a,b\n1,\"2\"3",
            &usual,
            expect![
                "2:1: a quoted cell ends with a quote, before a separator or the end of the line"
            ],
        );
        let many = format!("a\n{}", "1\n".repeat(50_001));
        check(&many, &usual, expect!["25001:1: more than 50000 values"]);
    }
}
