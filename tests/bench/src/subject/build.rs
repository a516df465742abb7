//! Building what is measured: ours as this program was built, the others from their registries,
//! in a folder outside the checkout.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{env, io};

use super::{Ready, SubjectError};

/// Where other libraries are built if nothing else is said.
pub(crate) fn default_cache() -> PathBuf {
    let home = env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let home = home.or_else(|| env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache")));
    home.unwrap_or_else(env::temp_dir).join("pervade-bench")
}

/// A program of ours, built as this one was.
pub(super) fn ours(name: &str) -> Result<Ready, SubjectError> {
    let own = env::current_exe().map_err(SubjectError::Own)?;
    let folder = own.parent().unwrap_or(Path::new("."));
    let mut command = cargo();
    command.args(["build", "--quiet", "--package", "pervade-bench-subjects", "--bin", name]);
    if folder.ends_with("release") {
        command.arg("--release");
    }
    command.arg("--target-dir").arg(folder.parent().unwrap_or(folder));
    run(command.current_dir(env!("CARGO_MANIFEST_DIR")))?;
    Ok(Ready { program: folder.join(name), arguments: Vec::new() })
}

pub(super) fn go() -> Result<Ready, SubjectError> {
    const VARIABLE: &str = "PERVADE_BENCH_GO";
    let program = env::var_os(VARIABLE).map(PathBuf::from);
    let program = program.ok_or(SubjectError::Unnamed { variable: VARIABLE })?;
    Ok(Ready { program, arguments: Vec::new() })
}

pub(super) fn node(cache: &Path) -> Result<Ready, SubjectError> {
    let folder = cache.join("node");
    lay_out(
        &folder,
        &[
            ("package.json", include_str!("../../others/node/package.json")),
            ("contract.cjs", include_str!("../../others/node/contract.cjs")),
        ],
    )?;
    let mut npm = Command::new("npm");
    npm.args(["install", "--ignore-scripts", "--no-audit", "--no-fund"]);
    run(npm.current_dir(&folder))?;
    Ok(Ready { program: "node".into(), arguments: vec![folder.join("contract.cjs").into()] })
}

pub(super) fn java(cache: &Path) -> Result<Ready, SubjectError> {
    let folder = cache.join("java");
    lay_out(
        &folder,
        &[
            ("pom.xml", include_str!("../../others/java/pom.xml")),
            (
                "src/main/java/Measured.java",
                include_str!("../../others/java/src/main/java/Measured.java"),
            ),
        ],
    )?;
    let mut maven = Command::new("mvn");
    run(maven.args(["-q", "-B", "package"]).current_dir(&folder))?;
    let target = folder.join("target");
    let classes = format!("{0}/classes:{0}/libraries/*", target.display());
    Ok(Ready {
        program: "java".into(),
        arguments: vec!["-cp".into(), classes.into(), "Measured".into()],
    })
}

pub(super) fn fabric_sdk(cache: &Path) -> Result<Ready, SubjectError> {
    let folder = cache.join("fabric-sdk");
    lay_out(
        &folder,
        &[
            ("Cargo.toml", include_str!("../../others/fabric-sdk/Cargo.toml")),
            ("src/main.rs", include_str!("../../others/fabric-sdk/src/main.rs")),
        ],
    )?;
    // The crate's own build needs it, and without it fails in many more words.
    run(Command::new("protoc").arg("--version"))?;
    run(cargo().args(["build", "--quiet", "--release"]).current_dir(&folder))?;
    Ok(Ready { program: folder.join("target/release/measured"), arguments: Vec::new() })
}

fn cargo() -> Command {
    Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// Writes sources, leaving those alone that are there already: tools build again what changed.
fn lay_out(folder: &Path, files: &[(&str, &str)]) -> Result<(), SubjectError> {
    for (name, text) in files {
        let path = folder.join(name);
        if fs::read(&path).is_ok_and(|found| found == text.as_bytes()) {
            continue;
        }
        let written = path.parent().map_or(Ok(()), fs::create_dir_all);
        let written = written.and_then(|()| fs::write(&path, text));
        written.map_err(|source| SubjectError::Write { path, source })?;
    }
    Ok(())
}

/// Runs a command to its end.
fn run(command: &mut Command) -> Result<(), SubjectError> {
    let tool = Path::new(command.get_program()).file_name().unwrap_or_default();
    let tool = tool.to_string_lossy().into_owned();
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).status();
    let status = status.map_err(|source| {
        let tool = tool.clone();
        if source.kind() == io::ErrorKind::NotFound {
            SubjectError::NoTool { tool }
        } else {
            SubjectError::Run { tool, source }
        }
    })?;
    if status.success() { Ok(()) } else { Err(SubjectError::Build { tool, status }) }
}
