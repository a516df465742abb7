//! `pervade chaincode new`, `test` and `run`: a contract from its first line to a network.

use std::env;
use std::fmt;
use std::fs;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use clap::Args;
use fabric_protos::id::ChaincodeName;
use pervade_packaging::Connection;
use serde::Serialize;

use super::package::{default_label, write};
use crate::failure::{Failure, OrFail as _};
use crate::output::Output;

/// What to begin.
#[derive(Args, Debug)]
pub(crate) struct New {
    /// The chaincode's name, which the crate has as well
    name: ChaincodeName,
    /// The crate's folder, which must not exist [default: NAME]
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// A checkout of Pervade to depend on [default: the one that this command was built from]
    #[arg(long, value_name = "DIR", conflicts_with = "git")]
    pervade: Option<PathBuf>,
    /// A repository of Pervade to depend on, instead of a checkout
    #[arg(long, value_name = "URL")]
    git: Option<String>,
}

/// The crate's files: path and text, with `{{…}}` where a name or a dependency goes.
const TEMPLATE: [(&str, &str); 6] = [
    ("Cargo.toml", include_str!("template/Cargo.toml.txt")),
    ("src/lib.rs", include_str!("template/lib.rs")),
    ("src/main.rs", include_str!("template/main.rs.txt")),
    ("README.md", include_str!("template/README.md.txt")),
    // What endorsers may differ in is banned from a newcomer's contract as from our own.
    ("clippy.toml", include_str!("../../chaincode/contract/clippy.toml")),
    (".gitignore", "/target\n"),
];

impl New {
    pub(crate) fn run(self, output: Output) -> Result<(), Failure> {
        let name = self.name.as_str();
        if !is_crate_name(name) {
            return Err(Failure::usage(format!(
                "a crate cannot be named {name:?}: lower-case letters, digits, - and _ only, a \
                 letter first"
            )));
        }
        let dir = self.dir.clone().unwrap_or_else(|| name.into());
        if dir.exists() {
            return Err(Failure::new("EXISTS", format!("{} exists", dir.display())));
        }
        let (source, checkout) = self.source()?;
        for (path, text) in TEMPLATE {
            let text = text.replace("{{name}}", name).replace("{{crate}}", &name.replace('-', "_"));
            write(&dir.join(path), source.fill(&text).as_bytes())?;
        }
        if let Some(checkout) = checkout {
            // The same versions of other people's crates: those that Pervade was tested with.
            let lock = fs::read(checkout.join("Cargo.lock"));
            write(&dir.join("Cargo.lock"), &lock.or_fail("NO_CHECKOUT", "no Cargo.lock there")?)?;
        }
        output.report(&Begun { name: self.name, dir })
    }

    fn source(&self) -> Result<(Source, Option<PathBuf>), Failure> {
        if let Some(url) = &self.git {
            return Ok((Source::Git { url: url.clone() }, None));
        }
        let built_from = || PathBuf::from(env!("CARGO_MANIFEST_DIR"));
        let checkout = self.pervade.clone().unwrap_or_else(built_from);
        let checkout = fs::canonicalize(&checkout)
            .ok()
            .filter(|checkout| checkout.join("chaincode/contract/Cargo.toml").exists())
            .ok_or_else(|| {
                let place = checkout.display();
                Failure::new("NO_CHECKOUT", format!("no Pervade in {place}: --pervade or --git"))
            })?;
        Ok((Source::Path { checkout: checkout.clone() }, Some(checkout)))
    }
}

/// Where the crate finds Pervade's.
enum Source {
    Path { checkout: PathBuf },
    Git { url: String },
}

impl Source {
    fn fill(&self, text: &str) -> String {
        let folders = [("contract", "chaincode/contract"), ("shim", "chaincode/shim")];
        let folders = folders.into_iter().chain([("simulator", "chaincode/simulator")]);
        folders.fold(text.to_owned(), |text, (mark, folder)| {
            let quoted = |text: &str| toml_string(text);
            let dependency = match self {
                Self::Path { checkout } => {
                    format!("path = {}", quoted(&checkout.join(folder).to_string_lossy()))
                }
                Self::Git { url } => format!("git = {}", quoted(url)),
            };
            text.replace(&format!("{{{{{mark}}}}}"), &dependency)
        })
    }
}

/// A basic string of TOML.
fn toml_string(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

fn is_crate_name(name: &str) -> bool {
    let word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_');
    name.starts_with(|c: char| c.is_ascii_lowercase()) && name.chars().all(word)
}

#[derive(Debug, Serialize)]
struct Begun {
    name: ChaincodeName,
    dir: PathBuf,
}

impl fmt::Display for Begun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let dir = self.dir.display();
        writeln!(f, "{} is in {dir}: the contract and its tests are in src/lib.rs.", self.name)?;
        writeln!(f, "  pervade chaincode test {dir}")?;
        write!(f, "  pervade chaincode run {dir}")
    }
}

/// What to test.
#[derive(Args, Debug)]
pub(crate) struct Test {
    /// The crate's folder
    #[arg(default_value = ".")]
    dir: PathBuf,
}

impl Test {
    pub(crate) fn run(self) -> Result<(), Failure> {
        cargo(&self.dir, &["test"])
    }
}

/// What to serve.
#[derive(Args, Debug)]
pub(crate) struct Run {
    /// The crate's folder
    #[arg(default_value = ".")]
    dir: PathBuf,
    /// Where to listen; peers must reach it under the same name
    #[arg(long, value_name = "HOST:PORT", default_value = "localhost:9999")]
    address: String,
    /// The definition's version
    #[arg(long, value_name = "VERSION", default_value = "1.0")]
    version: String,
    /// Build it as fast as it can be
    #[arg(long)]
    release: bool,
}

impl Run {
    /// Builds the crate's program and becomes it.
    pub(crate) fn run(self, output: Output) -> Result<(), Failure> {
        let Self { dir, address, version, release } = self;
        let name = crate_name(&dir)?;
        let label = default_label(&name, &version)?;
        let package = pervade_packaging::Package::service(label, &Connection::plain(&address));
        let package_id = package.or_fail("NOT_PACKAGED", "there is no package")?.id();
        let build: &[&str] = if release { &["build", "--release"] } else { &["build"] };
        cargo(&dir, build)?;
        output.note(format!(
            "{package_id}\nDeploy it from another terminal:\n  \
             pervade chaincode deploy {name} --address {address} --version {version}\n\
             or package it for peers of your own:\n  \
             pervade chaincode package {name} --address {address} --version {version}"
        ));
        let target = env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
        let target = target.unwrap_or_else(|| dir.join("target"));
        let program = target.join(if release { "release" } else { "debug" }).join(name.as_str());
        let mut command = Command::new(&program);
        command.args(["--address", &address, "--package-id", &package_id, "--plaintext"]);
        // Signals and the exit code are the program's own.
        let error = command.exec();
        Err(Failure::new("NOT_RUN", format!("cannot run {}", program.display())).because(error))
    }
}

/// The name of the crate in a folder, which is its chaincode's.
fn crate_name(dir: &Path) -> Result<ChaincodeName, Failure> {
    let manifest = super::read_text(&dir.join("Cargo.toml"))?;
    let package = manifest.lines().skip_while(|line| line.trim() != "[package]").skip(1);
    let mut fields = package.take_while(|line| !line.trim_start().starts_with('['));
    let name = fields.find_map(|line| {
        let (field, value) = line.split_once('=')?;
        (field.trim() == "name").then(|| value.trim().trim_matches('"'))
    });
    let unnamed = || Failure::new("NO_CRATE", format!("no crate in {}", dir.display()));
    name.and_then(|name| ChaincodeName::new(name).ok()).ok_or_else(unnamed)
}

/// Runs Cargo, whose words are its own.
fn cargo(dir: &Path, arguments: &[&str]) -> Result<(), Failure> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(cargo).args(arguments).current_dir(dir).status();
    let status = status.or_fail("NO_CARGO", "Cargo does not run")?;
    if status.success() {
        return Ok(());
    }
    let what = arguments.first().copied().unwrap_or_default();
    Err(Failure::new("CARGO", format!("cargo {what} failed in {}", dir.display())))
}

#[cfg(test)]
mod tests {
    use super::{is_crate_name, toml_string};

    #[test]
    fn a_crate_is_named_as_cargo_would_have_it() {
        for name in ["asset", "asset-transfer", "a_1"] {
            assert!(is_crate_name(name), "{name:?}");
        }
        for name in ["", "1a", "Asset", "a b", "-a", "a.b"] {
            assert!(!is_crate_name(name), "{name:?}");
        }
    }

    #[test]
    fn paths_are_quoted() {
        assert_eq!(toml_string(r#"/a "b"\c"#), r#""/a \"b\"\\c""#);
    }
}
