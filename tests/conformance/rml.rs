//! [RML's cases](https://kg-construct.github.io/rml-resources/) (`T-68`): core, collections and
//! containers, logical views, functions, sources and targets.
//!
//! Each case is run in a folder of its own that holds what the case reads and nothing that it
//! expects. Datasets are compared by `oxrdf`, whatever their blank nodes are called. The same cases
//! run through the library and through the program.

mod case;
mod graph;

use std::{
    env,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use libtest_mimic::{Failed, Trial};
use pervade_mapping::Serialization;
use pervade_sources::{Folder, run, serialized};
use pervade_tests::outside::{self, Absent, DATA, Need};

use self::case::{Case, Fault};
pub(crate) use self::graph::COMPARISON;
use crate::{Suite, outcome::Outcome};

pub(crate) static SUITES: [Suite; 5] = [
    Suite {
        name: "rml-core",
        about: "RML Core, JSON sources: the dataset, or that there is an error",
        run: |data| judge(data, &CORE, through_the_library),
    },
    Suite {
        name: "rml-cc",
        about: "RML collections and containers, across rows and graphs",
        run: |data| judge(data, &COLLECTIONS, through_the_library),
    },
    Suite {
        name: "rml-lv",
        about: "RML logical views: fields, joins, changes of formulation, cycles",
        run: |data| judge(data, &VIEWS, through_the_library),
    },
    Suite {
        name: "rml-fnml",
        about: "RML functions, CSV sources",
        run: |data| judge(data, &FUNCTIONS, through_the_library),
    },
    Suite {
        name: "rml-io",
        about: "RML sources and targets: every file that is written, read back",
        run: |data| judge(data, &IO, through_the_library),
    },
];

/// A folder of cases.
struct Folders {
    name: &'static str,
    /// The base IRI that the cases are run with; none if the mappings state theirs.
    base: Option<&'static str>,
    /// Cases that cannot pass as they are, each with what is held instead.
    faulty: &'static [(&'static str, Fault)],
}

/// `metadata.csv` names the base of each case.
const CORE: Folders = Folders { name: "rml-core", base: Some("http://example.com/"), faulty: &[] };

/// Nothing names the base, but the expected datasets have it.
const COLLECTIONS: Folders =
    Folders { name: "rml-cc", base: Some("http://example.com/base/"), faulty: &[] };

const VIEWS: Folders = Folders { name: "rml-lv", base: None, faulty: &[] };

const FUNCTIONS: Folders = Folders { name: "rml-fnml", base: None, faulty: &[] };

/// The same ones that RML's reference implementation leaves out.
const IO: Folders = Folders {
    name: "rml-io",
    base: None,
    faulty: &[
        ("RMLSTC0006a", Fault::Sql),
        ("RMLSTC0009a", Fault::NoError),
        ("RMLSTC0011a", Fault::NoPath),
        ("RMLSTC0011b", Fault::NoPath),
        ("RMLSTC0011c", Fault::NoPath),
        ("RMLSTC0011d", Fault::NoPath),
        ("RMLSTC0011e", Fault::NoPath),
        ("RMLTTC0004a", Fault::Datatypes),
        ("RMLTTC0004c", Fault::Datatypes),
        ("RMLTTC0004e", Fault::Datatypes),
        ("RMLTTC0004f", Fault::Datatypes),
        ("RMLTTC0004g", Fault::Datatypes),
        ("RMLTTC0005b", Fault::Datatypes),
        ("RMLTTC0006b", Fault::Datatypes),
        ("RMLTTC0006c", Fault::Datatypes),
        ("RMLTTC0006d", Fault::Datatypes),
        ("RMLTTC0006e", Fault::Datatypes),
    ],
};

/// Runs `mapping.ttl` in a folder: the quads that no target takes, or what is wrong.
type Runner = fn(&Path, Option<&str>) -> Result<String, String>;

fn judge(data: &Path, folders: &Folders, runner: Runner) -> Result<Outcome, Failed> {
    let mut outcome = Outcome::default();
    for case in Case::all(&data.join("suites").join(folders.name))? {
        let place = tempfile::tempdir()?;
        case.lay_out(place.path())?;
        let ran = runner(place.path(), folders.base);
        let faulty = folders.faulty.iter().find(|(id, _)| *id == case.id);
        let fault = faulty.map(|(_, fault)| *fault);
        let judged = case.judge(place.path(), ran, fault);
        match fault {
            Some(fault) if judged.is_ok() => outcome.skip(&case.id, fault.reason()),
            _ => outcome.record(&case.id, judged),
        }
    }
    Ok(outcome)
}

/// Runs a mapping as those do who link the crates.
fn through_the_library(place: &Path, base: Option<&str>) -> Result<String, String> {
    let mapping = std::fs::read_to_string(place.join("mapping.ttl")).map_err(|e| e.to_string())?;
    let folder = Folder::open(place).map_err(|error| error.to_string())?;
    let produced = run(&mapping, base, &folder).map_err(|problems| {
        problems.iter().map(|problem| format!("{problem}\n")).collect::<String>()
    })?;
    folder.write(&produced).map_err(|error| format!("{error:?}"))?;
    serialized(&produced.quads, Serialization::NQuads).map_err(|error| error.to_string())
}

/// All suites, through the program.
pub(crate) fn through_the_command() -> Trial {
    outside::trial("rml_through_the_command", &DATA_AND_PROGRAM, |data| {
        for folders in [&CORE, &COLLECTIONS, &VIEWS, &FUNCTIONS, &IO] {
            judge(&data, folders, command)?.verdict()?;
        }
        Ok(())
    })
}

static DATA_AND_PROGRAM: Need<PathBuf> = Need { name: "data", find: data_and_program };

fn data_and_program() -> Result<PathBuf, Absent> {
    let data = (DATA.find)()?;
    program().map(|_| data)
}

/// The `pervade` program, which is built beside this one.
pub(crate) fn program() -> Result<PathBuf, Absent> {
    let own = env::current_exe().map_err(|error| Absent::new(error.to_string()))?;
    let built = own.ancestors().nth(2).map(|folder| folder.join("pervade"));
    built
        .filter(|program| program.is_file())
        .ok_or_else(|| Absent::new("no pervade program beside this one: run `cargo build` first"))
}

/// Runs a mapping as those do who use the program.
fn command(place: &Path, base: Option<&str>) -> Result<String, String> {
    let program = program().map_err(|error| error.to_string())?;
    let mut command = Command::new(program);
    command.args(["mapping", "run"]).arg(place.join("mapping.ttl")).arg("--dir").arg(place);
    if let Some(base) = base {
        command.args(["--base", base]);
    }
    let output = command.stdin(Stdio::null()).output().map_err(|error| error.to_string())?;
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).map_err(|error| error.to_string());
    match output.status.code() {
        Some(0) => text(output.stdout),
        Some(1) => Err(text(output.stderr)?),
        code => Err(format!("it ended with {code:?}: {}", text(output.stderr)?)),
    }
}
