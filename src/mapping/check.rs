//! `pervade mapping check`: everything that is wrong, by line and column.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use clap::Args;
use pervade_package::{CheckedPackage, Context};
use pervade_sources::Folder;
use serde::Serialize;

use super::folder::{AUTHORED, Loaded, broken, read_file};
use super::problems::{Told, count};
use super::turtle::Turtle;
use super::usage::usage;
use crate::failure::{Failure, OrFail as _};
use crate::output::Output;

/// What to check.
#[derive(Args, Debug)]
pub(crate) struct Check {
    /// A device type's folder; or one file: device.yaml, a YARRRML mapping (.yml) or an RML mapping
    /// (.ttl)
    what: PathBuf,
    /// Check again whenever a file changes, until interrupted
    #[arg(long)]
    watch: bool,
}

pub(super) const EXAMPLES: &str = "\
Examples:
  pervade mapping check logger
  pervade mapping check logger --watch
  pervade mapping check logger/device.yaml --json
  pervade mapping check mapping.yml

Every problem is told as FILE:LINE:COLUMN: what is wrong; what may be meant [code]. Fields of the
examples that nothing describes, or that nothing comes of, are told as notes: they are no problem.
Exit codes: 0 nothing is wrong, 1 something is, 2 called wrongly.";

/// How often files are looked at.
const LOOK: Duration = Duration::from_millis(300);

/// Most files that are looked at.
const WATCHED_MAX: usize = 1_000;

impl Check {
    pub(super) async fn run(self, output: Output) -> Result<(), Failure> {
        if !self.watch {
            let checked = checked(&self.what)?;
            output.report(&checked)?;
            return match checked.problems.len() {
                0 => Ok(()),
                problems => Err(broken(&self.what, problems)),
            };
        }
        let mut seen = None;
        loop {
            let now = stamps(&self.what);
            if seen.as_ref() != Some(&now) {
                match checked(&self.what) {
                    Ok(checked) => output.report(&checked)?,
                    Err(failure) => output.fail(&failure),
                }
                seen = Some(now);
            }
            tokio::select! {
                () = tokio::time::sleep(LOOK) => {}
                interrupted = tokio::signal::ctrl_c() => {
                    return interrupted.or_fail("WATCH", "cannot wait for an interruption");
                }
            }
        }
    }
}

/// When the files were changed, and their lengths.
fn stamps(what: &Path) -> BTreeMap<PathBuf, (Option<SystemTime>, u64)> {
    let mut stamps = BTreeMap::new();
    let mut waiting = vec![what.to_owned()];
    while let Some(path) = waiting.pop() {
        if stamps.len() >= WATCHED_MAX {
            break;
        }
        let Ok(metadata) = fs::symlink_metadata(&path) else { continue };
        if metadata.is_dir() {
            let entries = fs::read_dir(&path).into_iter().flatten().flatten();
            waiting.extend(entries.map(|entry| entry.path()).take(WATCHED_MAX));
        }
        stamps.insert(path, (metadata.modified().ok(), metadata.len()));
    }
    stamps
}

fn checked(what: &Path) -> Result<Checked, Failure> {
    if what.is_dir() {
        return Ok(Checked::of_folder(&Loaded::read(what)?));
    }
    let shown = what.display().to_string();
    let text = String::from_utf8(read_file(what, "NO_MAPPING")?)
        .or_fail_with("NO_MAPPING", || format!("{shown} is not UTF-8"))?;
    let name = what.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let problems = if AUTHORED.contains(&name) || text.contains("x-device") {
        let found = Loaded::of_text(&shown, &text).problems().into_iter();
        let found = found.filter(|told| told.code != "no-example");
        found.map(|told| Told { document: shown.clone(), ..told }).collect()
    } else {
        mapping_problems(what, &shown, &text)?
    };
    let checked =
        if problems.is_empty() { format!("{shown}: nothing is wrong") } else { String::new() };
    Ok(Checked { problems, notes: Vec::new(), package: None, checked })
}

/// What is wrong with a mapping in a file of its own.
fn mapping_problems(what: &Path, shown: &str, text: &str) -> Result<Vec<Told>, Failure> {
    let beside = what.parent().filter(|parent| !parent.as_os_str().is_empty());
    let dir = beside.unwrap_or(Path::new("."));
    let folder = Folder::open(dir)
        .or_fail_with("NO_FOLDER", || format!("{} is no folder", dir.display()))?;
    let turtle = match Turtle::read(shown, text.to_owned()) {
        Ok(turtle) => turtle,
        Err(problems) => return Ok(problems),
    };
    let problems = pervade_sources::check(&turtle.text, &folder);
    Ok(problems.iter().map(|problem| turtle.told(problem)).collect())
}

/// What a check found.
#[derive(Debug, Serialize)]
struct Checked {
    problems: Vec<Told>,
    notes: Vec<Told>,
    #[serde(skip_serializing_if = "Option::is_none")]
    package: Option<Described>,
    #[serde(skip)]
    checked: String,
}

#[derive(Debug, Serialize)]
struct Described {
    vendor: String,
    model: String,
    version: String,
    examples: usize,
    id: String,
}

impl Checked {
    fn of_folder(loaded: &Loaded) -> Self {
        let problems = loaded.problems();
        let notes = notes(loaded);
        let package = loaded.package.as_ref().map(|package| Described {
            vendor: package.manifest.vendor.clone(),
            model: package.manifest.model.clone(),
            version: package.manifest.version.clone(),
            examples: package.examples.len(),
            id: package.id().to_string(),
        });
        let checked = match &package {
            Some(Described { vendor, model, version, examples, .. }) if problems.is_empty() => {
                let examples = count(*examples, "example");
                format!("{vendor}/{model} {version}: nothing is wrong, {examples}")
            }
            _ => String::new(),
        };
        Self { problems, notes, package, checked }
    }
}

/// Fields of the examples that nothing describes, and those that nothing comes of.
fn notes(loaded: &Loaded) -> Vec<Told> {
    let mut notes = Vec::new();
    let Some(package) = &loaded.package else { return notes };
    let Ok(compiled) = CheckedPackage::compile(package) else { return notes };
    let extension = package.manifest.payload.extension();
    for example in &package.examples {
        let document = format!("examples/{}.{extension}", example.name);
        let Ok(payload) = example.payload_bytes(&package.manifest) else { continue };
        let Ok(normalised) = compiled.normalise(&payload, &Context::example()) else { continue };
        for path in &normalised.unknown.paths {
            let message =
                format!("{} is described nowhere: it is kept as unmapped", path.join("/"));
            notes.push(Told::whole(&document, "not-described", message));
        }
        if loaded.authored.is_some() {
            continue;
        }
        let unknown: Vec<String> =
            normalised.unknown.paths.iter().map(|path| path.join("/")).collect();
        for field in usage(package, &payload) {
            let is_unknown = unknown.iter().any(|path| field.path.starts_with(path.as_str()));
            let says_nothing =
                field.effects.is_empty() && !field.is_needed && !field.value.is_null();
            if says_nothing && !is_unknown {
                let message = format!("nothing comes of {}", field.path);
                notes.push(Told::whole(&document, "not-mapped", message));
            }
        }
    }
    notes
}

impl fmt::Display for Checked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for problem in &self.problems {
            writeln!(f, "{problem}")?;
        }
        for note in &self.notes {
            writeln!(f, "note: {note}")?;
        }
        match (self.checked.as_str(), self.problems.len()) {
            ("", problems) => write!(f, "{}", count(problems, "problem")),
            (checked, _) => f.write_str(checked),
        }
    }
}
