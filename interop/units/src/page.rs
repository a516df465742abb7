use std::fmt::Write as _;

use crate::kind::QuantityKind;
use crate::limits::Limit;
use crate::table::{Scheme, entries};

/// What stands before the tables.
const HEAD: &str = "\
# Units and quantity kinds

What `pv:convertUnit` knows. Written from the tables of `interop/units` by a test
(`UPDATE_EXPECT=1 cargo test -p pervade-units`).

## Quantity kinds

Named as [QUDT](https://qudt.org/) names them; `pv:` marks those it lacks. A value is stated in the
unit given here, exactly; the value and unit that came are kept beside it. A value beyond the limit
cannot be, and its payload is refused; a value that is merely unlikely is flagged by the mapping.

| Kind | Dimension | Stated in | Least value, and why |
| --- | --- | --- | --- |
";

const UNITS: &str = "
## Units

Beside these, `ucum` reads any expression of the [Unified Code for Units of
Measure](https://ucum.org/ucum) whose dimension is the kind's, and `symbol` reads what vendors print
with raised digits, micro and ohm signs. Nothing is converted between levels (decibel, pH) and what
they are levels of.

| Unit | Kinds | `ucum` | `senml` | `unece` | `symbol` |
| --- | --- | --- | --- | --- | --- |
";

/// `docs/units.md`.
#[must_use]
pub fn page() -> String {
    let mut page = HEAD.to_owned();
    for kind in QuantityKind::ALL {
        let own = if kind.is_own() { "pv:" } else { "" };
        let limit = Limit::of(*kind).map_or_else(String::new, |limit| {
            let (above, below) = limit.least;
            let least = crate::Number::ratio(above, below);
            let least = least.map(|least| least.to_decimal()).unwrap_or_default();
            format!("{least}: {}", limit.reason)
        });
        let (dimension, unit) = (kind.dimension(), kind.stated_in());
        // Writing to a String cannot fail.
        let _infallible =
            writeln!(page, "| {own}{} | {dimension} | {unit} | {limit} |", kind.name());
    }
    page.push_str(UNITS);
    for entry in entries() {
        let kinds: Vec<_> = entry.kinds.iter().map(|kind| kind.name()).collect();
        let name = if entry.name.is_empty() { "–" } else { entry.name };
        let _infallible = write!(page, "| {name} | {} |", kinds.join(", "));
        for scheme in Scheme::ALL {
            let codes: Vec<_> = entry.codes(*scheme).map(|code| format!("`{code}`")).collect();
            let _infallible = write!(page, " {} |", codes.join(" "));
        }
        page.push('\n');
    }
    page
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use expect_test::expect_file;

    /// The page is what the tables say.
    #[test]
    fn the_page_is_written_from_the_tables() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/units.md");
        expect_file![path].assert_eq(&super::page());
    }
}
