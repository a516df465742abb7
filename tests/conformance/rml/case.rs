//! One case: what it reads, what it expects, and whether that came.

use std::{
    fs,
    path::{Path, PathBuf},
};

use libtest_mimic::Failed;
use oxrdf::Dataset;

use super::graph::{self, Literals};

pub(super) struct Case {
    pub(super) id: String,
    folder: PathBuf,
    is_error: bool,
}

/// Why a case cannot pass, and with that what is held of it instead.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// It needs a database. Held: that is said, at its place.
    Sql,
    /// It is marked as an error but ships the dataset that is due. Held: that dataset.
    NoError,
    /// Its template refers to `name`, which RFC 9535 does not take for a path. Held: that is
    /// said, at its place.
    NoPath,
    /// Its expected file leaves datatypes out. Held: the rest of the dataset.
    Datatypes,
}

impl Fault {
    pub(super) const fn reason(self) -> &'static str {
        match self {
            Self::Sql => "it reads a running SQL database",
            Self::NoError => {
                "it is marked as an error but ships a dataset, which is the one we give"
            }
            Self::NoPath => "its template has a reference that is no JSONPath, as we report",
            Self::Datatypes => {
                "its expected file leaves out the datatypes that the other cases have; all else is equal"
            }
        }
    }
}

impl Case {
    /// The cases of a suite, in the order of their names.
    pub(super) fn all(suite: &Path) -> Result<Vec<Self>, Failed> {
        let mut rows = csv::Reader::from_path(suite.join("metadata.csv"))?;
        let mut cases = Vec::new();
        for row in rows.records() {
            let row = row?;
            let id = row.get(0).ok_or("a row without a case")?.to_owned();
            let is_error = row.iter().next_back() == Some("true");
            cases.push(Self { folder: suite.join(&id), id, is_error });
        }
        cases.sort_by(|one, other| one.id.cmp(&other.id));
        Ok(cases)
    }

    /// Copies what the case reads.
    pub(super) fn lay_out(&self, place: &Path) -> Result<(), Failed> {
        for path in self.files()? {
            let name = name(&path);
            if !is_expected(&name) {
                fs::write(place.join(name), fs::read(&path)?)?;
            }
        }
        Ok(())
    }

    /// Whether a run in `place` did what the case expects.
    pub(super) fn judge(
        &self,
        place: &Path,
        ran: Result<String, String>,
        fault: Option<Fault>,
    ) -> Result<(), String> {
        let refused = |code: &str| match &ran {
            Err(told) if told.contains(code) => Ok(()),
            other => Err(format!("{other:?} where {code} is due")),
        };
        match fault {
            Some(Fault::Sql) => return refused("[unsupported]"),
            Some(Fault::NoPath) => return refused("[path]"),
            Some(Fault::NoError | Fault::Datatypes) | None => {}
        }
        let is_error = self.is_error && fault.is_none();
        let quads = match (ran, is_error) {
            (Err(told), true) if told.contains(": ") => return Ok(()),
            (Err(told), _) => return Err(told),
            (Ok(quads), true) => return Err(format!("an error is due, not:\n{quads}")),
            (Ok(quads), false) => quads,
        };
        let literals =
            if fault == Some(Fault::Datatypes) { Literals::TextAlone } else { Literals::Whole };
        let ours = graph::parsed("stdout.nq", quads.into_bytes(), literals)?;
        let mut tried = 0;
        for path in self.files().map_err(|error| format!("{error:?}"))? {
            let name = name(&path);
            if !is_expected(&name) {
                continue;
            }
            let theirs = read(&path, literals)?;
            if name.starts_with("dump") {
                compare(&name, &read(&place.join(&name), literals)?, &theirs)?;
            } else {
                compare(&name, &ours, &theirs)?;
            }
            tried += 1;
        }
        if tried == 0 { Err("the case expects nothing".to_owned()) } else { Ok(()) }
    }

    fn files(&self) -> Result<Vec<PathBuf>, Failed> {
        let entries = fs::read_dir(&self.folder)?;
        Ok(entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?)
    }
}

/// Whether a case expects a file of this name, rather than reads it.
fn is_expected(name: &str) -> bool {
    name == "default.nq" || name == "output.nq" || name.starts_with("dump")
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn read(path: &Path, literals: Literals) -> Result<Dataset, String> {
    let bytes = fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
    graph::parsed(&name(path), bytes, literals)
}

fn compare(name: &str, ours: &Dataset, theirs: &Dataset) -> Result<(), String> {
    if ours == theirs { Ok(()) } else { Err(format!("{name}\nours:\n{ours}theirs:\n{theirs}")) }
}
