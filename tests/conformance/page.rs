//! `docs/conformance.md`: the table of outcomes.

use std::{
    env,
    fmt::Write,
    fs,
    io::Write as _,
    path::{Path, PathBuf},
};

use libtest_mimic::Failed;

use crate::suites;

/// Set to anything, it has the page written anew.
const UPDATE: &str = "UPDATE_EXPECT";

/// The lines between which the page holds the table.
const BEGIN: &str = "<!-- outcomes: written by the test -->\n";
const END: &str = "<!-- end of outcomes -->\n";

/// Runs every suite, prints the table, and compares it with the page's.
pub(crate) fn check(data: &Path) -> Result<(), Failed> {
    let table = table(data)?;
    write!(std::io::stderr(), "\n{table}\n")?;
    let page = fs::read_to_string(path())?;
    let parts = page.split_once(BEGIN).and_then(|(before, rest)| {
        let (kept, after) = rest.split_once(END)?;
        Some((before, kept, after))
    });
    let (before, kept, after) = parts.ok_or("the page has no place for the table")?;
    if kept == table {
        return Ok(());
    }
    if env::var_os(UPDATE).is_some() {
        return Ok(fs::write(path(), format!("{before}{BEGIN}{table}{END}{after}"))?);
    }
    Err(format!("docs/conformance.md is behind: run again with {UPDATE}=1").into())
}

fn table(data: &Path) -> Result<String, Failed> {
    let mut table = "| Suite | What is tried | Passed | Skipped | Of |\n".to_owned();
    table += "| --- | --- | ---: | ---: | ---: |\n";
    let mut reasons = String::new();
    for suite in suites() {
        let outcome = (suite.run)(data)?;
        let (name, about, passed, of) = (suite.name, suite.about, outcome.passed(), outcome.of());
        let skipped: usize = outcome.skipped().map(|(_, cases)| cases).sum();
        writeln!(table, "| `{name}` | {about} | {passed} | {skipped} | {of} |")?;
        for (reason, cases) in outcome.skipped() {
            writeln!(reasons, "- `{name}`, {cases} skipped: {reason}.")?;
        }
    }
    let between = if reasons.is_empty() { "" } else { "\n" };
    Ok(format!("{table}{between}{reasons}"))
}

fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/conformance.md")
}
