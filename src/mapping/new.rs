//! `pervade mapping new`: a device file drafted from sample payloads.

use std::collections::BTreeSet;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use pervade_authoring::{Draft, Drafted, Guess, scaffold};
use pervade_payload::{Decimal, Dialect, Encoding, PayloadLanguage, Separator};
use serde::Serialize;
use serde_json::Value;

use super::folder::read_file;
use super::problems::count;
use crate::failure::{Failure, OrFail as _};
use crate::output::Output;

/// What to draft, from what.
#[derive(Args, Debug)]
pub(crate) struct New {
    /// The folder to make
    dir: PathBuf,
    /// Sample payloads, as the device sends them; each becomes an example under its file's name
    #[arg(required = true, value_name = "SAMPLE")]
    samples: Vec<PathBuf>,
    /// Who makes the device: small letters, digits and '-'
    #[arg(long, value_name = "NAME", value_parser = slug)]
    vendor: String,
    /// The device's model: small letters, digits and '-'
    #[arg(long, value_name = "NAME", value_parser = slug)]
    model: String,
    /// The payload language; by the samples' names unless named
    #[arg(long, value_name = "LANGUAGE", value_parser = language)]
    payload: Option<PayloadLanguage>,
}

pub(super) const EXAMPLES: &str = "\
Examples:
  pervade mapping new logger --vendor acme --model cl-2 samples/*.json
  pervade mapping new probe --vendor acme --model p-1 uplink.json --payload lorawan+json
  pervade mapping new meter --vendor acme --model m-1 day.csv

The draft says what it guessed and why; every guess is marked in the file. Nothing is overwritten.
Exit codes: 0 drafted, 1 a sample cannot be read or the folder is there, 2 called wrongly.";

/// Most samples of one draft.
const SAMPLES_MAX: usize = 64;

impl New {
    pub(super) fn run(self, output: Output) -> Result<(), Failure> {
        if self.samples.len() > SAMPLES_MAX {
            return Err(Failure::usage(format!("more than {SAMPLES_MAX} samples")));
        }
        let language = self.language()?;
        let dialect = self.dialect(language)?;
        let mut read = Vec::new();
        for path in &self.samples {
            read.push(sample(path, language, &dialect)?);
        }
        let stated = serde_json::to_string(&dialect).or_fail("DIALECT", "no dialect")?;
        let stated = (dialect != Dialect::default()).then_some(stated);
        let values: Vec<&Value> = read.iter().map(|(_, _, value)| value).collect();
        let drafted = Drafted {
            vendor: &self.vendor,
            model: &self.model,
            payload: language.name(),
            dialect: stated.as_deref(),
        };
        let draft = scaffold(drafted, &values);
        self.write(&draft, &read, language)?;
        output.report(&Made::new(&self.dir, &draft, read.len()))
    }

    /// The language that is named, or that the samples' names stand for.
    fn language(&self) -> Result<PayloadLanguage, Failure> {
        if let Some(named) = self.payload {
            return Ok(named);
        }
        let extension =
            |path: &PathBuf| path.extension().and_then(|e| e.to_str()).map(str::to_owned);
        let first = self.samples.first().and_then(extension).unwrap_or_default();
        if self.samples.iter().any(|path| extension(path).unwrap_or_default() != first) {
            return Err(Failure::usage(
                "the samples are of several kinds: name one with --payload",
            ));
        }
        let found = PayloadLanguage::ALL.iter().find(|known| known.extension() == first);
        found.copied().ok_or_else(|| {
            let names: Vec<&str> = PayloadLanguage::ALL.iter().map(|known| known.name()).collect();
            Failure::usage(format!(
                "name the payload language with --payload: {}",
                names.join(", ")
            ))
        })
    }

    /// What the first lines of a table say of it.
    fn dialect(&self, language: PayloadLanguage) -> Result<Dialect, Failure> {
        let Some(first) = self.samples.first().filter(|_| language == PayloadLanguage::Csv) else {
            return Ok(Dialect::default());
        };
        let bytes = read_file(first, "NO_SAMPLE")?;
        let is_utf8 = std::str::from_utf8(&bytes).is_ok();
        let encoding = if is_utf8 { Encoding::Utf8 } else { Encoding::Windows1252 };
        let text = String::from_utf8_lossy(&bytes);
        let mut lines = text.lines();
        let names = lines.next().unwrap_or_default();
        let often = |separator: &Separator| names.matches(separator.character()).count();
        // Of those that are as frequent the last counts, so the usual one stands there.
        let known = [Separator::Bar, Separator::Tab, Separator::Semicolon, Separator::Comma];
        let separator = known.into_iter().max_by_key(often).unwrap_or_default();
        let is_comma = |cell: &str| {
            cell.trim().split_once(',').is_some_and(|(whole, fraction)| {
                let digits =
                    |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
                digits(whole.trim_start_matches('-')) && digits(fraction)
            })
        };
        let cells = lines.next().unwrap_or_default().split(separator.character());
        let has_commas = separator != Separator::Comma && cells.into_iter().any(is_comma);
        let decimal = if has_commas { Decimal::Comma } else { Decimal::Point };
        Ok(Dialect { decimal, encoding, separator, ..Dialect::default() })
    }

    fn write(
        &self,
        draft: &Draft,
        samples: &[(String, Vec<u8>, Value)],
        language: PayloadLanguage,
    ) -> Result<(), Failure> {
        let unwritable = || format!("cannot write into {}", self.dir.display());
        if self.dir.join("device.yaml").exists() || self.dir.join("package.json").exists() {
            let text = format!("{} describes a device already", self.dir.display());
            return Err(Failure::new("EXISTS", text));
        }
        let examples = self.dir.join("examples");
        let place = |name: &str| examples.join(format!("{name}.{}", language.extension()));
        let mut names = BTreeSet::new();
        for (name, ..) in samples {
            if !names.insert(name) || place(name).exists() {
                let text = format!("there would be two examples {}", place(name).display());
                return Err(Failure::new("EXISTS", text));
            }
        }
        fs::create_dir_all(&examples).or_fail_with("NOT_WRITTEN", unwritable)?;
        for (name, bytes, _) in samples {
            let path = place(name);
            fs::write(&path, bytes).or_fail_with("NOT_WRITTEN", unwritable)?;
        }
        fs::write(self.dir.join("device.yaml"), &draft.text).or_fail_with("NOT_WRITTEN", unwritable)
    }
}

/// A sample's name, bytes and document.
fn sample(
    path: &Path,
    language: PayloadLanguage,
    dialect: &Dialect,
) -> Result<(String, Vec<u8>, Value), Failure> {
    let shown = path.display();
    let bytes = read_file(path, "NO_SAMPLE")?;
    let document = language
        .read(&bytes, dialect)
        .or_fail_with("BAD_SAMPLE", || format!("{shown} is no payload in {}", language.name()))?;
    let name = path.file_stem().and_then(|name| name.to_str()).unwrap_or("sample").to_owned();
    Ok((name, bytes, document.into_value()))
}

fn slug(text: &str) -> Result<String, String> {
    let fits = !text.is_empty()
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    if fits { Ok(text.to_owned()) } else { Err("small letters, digits and '-'".to_owned()) }
}

fn language(text: &str) -> Result<PayloadLanguage, String> {
    let found = PayloadLanguage::ALL.iter().copied().find(|known| known.name() == text);
    found.ok_or_else(|| {
        let names: Vec<&str> = PayloadLanguage::ALL.iter().map(|known| known.name()).collect();
        format!("one of {}", names.join(", "))
    })
}

#[derive(Debug, Serialize)]
struct Made {
    file: String,
    examples: usize,
    fields: Vec<Guessed>,
}

#[derive(Debug, Serialize)]
struct Guessed {
    path: String,
    annotations: Vec<String>,
    sure: bool,
    why: String,
}

impl Made {
    fn new(dir: &Path, draft: &Draft, examples: usize) -> Self {
        let guessed = |guess: &Guess| Guessed {
            path: guess.path.clone(),
            annotations: guess.annotations.clone(),
            sure: guess.is_sure,
            why: guess.why.clone(),
        };
        Self {
            file: dir.join("device.yaml").display().to_string(),
            examples,
            fields: draft.guesses.iter().map(guessed).collect(),
        }
    }
}

impl fmt::Display for Made {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "wrote {} and {}", self.file, count(self.examples, "example"))?;
        for Guessed { path, annotations, sure, why } in &self.fields {
            let sureness = match (annotations.is_empty(), sure) {
                (true, _) => "?       ",
                (false, true) => "likely  ",
                (false, false) => "not sure",
            };
            let said = annotations.join(", ");
            let gap = if said.is_empty() { "" } else { "  # " };
            writeln!(f, "  {sureness}  {path}: {said}{gap}{why}")?;
        }
        write!(f, "next: read the file, then `pervade mapping check {}`", dir_of(&self.file))
    }
}

fn dir_of(file: &str) -> String {
    Path::new(file).parent().map(|parent| parent.display().to_string()).unwrap_or_default()
}
