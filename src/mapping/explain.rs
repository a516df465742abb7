//! `pervade mapping explain`: what becomes of every field, for people who know no RDF.

use std::collections::BTreeSet;
use std::fmt;
use std::path::PathBuf;

use clap::Args;
use pervade_authoring::{Field, symbol};
use pervade_package::{CheckedPackage, Context, DevicePackage, Example};
use pervade_rdf::{Dataset, Quad, Term};
use pervade_vocabulary::compact;
use serde::Serialize;
use serde_json::Value;

use super::folder::Loaded;
use super::test::{chain, compiled};
use super::usage::{Usage, quads, subjects, usage};
use crate::failure::Failure;
use crate::output::Output;

/// Which device type to explain.
#[derive(Args, Debug)]
pub(crate) struct Explain {
    /// The device type's folder
    dir: PathBuf,
    /// This example alone
    #[arg(long, value_name = "NAME")]
    example: Option<String>,
}

pub(super) const EXAMPLES: &str = "\
Examples:
  pervade mapping explain logger
  pervade mapping explain logger --example frost
  pervade mapping explain schemas/tasmota/aht1x --json

Every field of every example is told: what is said because of it, what it is used for, or why
nothing comes of it. Exit codes: 0 explained, 1 something is wrong, 2 called wrongly.";

const SOSA: &str = "http://www.w3.org/ns/sosa/";
const PV: &str = "urn:pervade:vocab#";

impl Explain {
    pub(super) fn run(self, output: Output) -> Result<(), Failure> {
        let loaded = Loaded::read(&self.dir)?;
        let compiled = compiled(&loaded, output)?;
        let Some(package) = &loaded.package else {
            return Err(super::folder::broken(&self.dir, 1));
        };
        let wanted =
            |example: &&Example| self.example.as_ref().is_none_or(|name| *name == example.name);
        let examples: Vec<&Example> = package.examples.iter().filter(wanted).collect();
        if examples.is_empty() {
            let names: Vec<&str> = package.examples.iter().map(|e| e.name.as_str()).collect();
            let text = format!("there is no such example; there are {}", names.join(", "));
            return Err(Failure::new("NO_EXAMPLE", text));
        }
        let authored = loaded.authored.as_ref().map_or(&[] as &[Field], |(_, found)| &found.fields);
        let explained = Explained {
            title: package.manifest.title.clone(),
            examples: examples
                .into_iter()
                .map(|example| explained(package, &compiled, example, authored))
                .collect(),
        };
        output.report(&explained)
    }
}

fn explained(
    package: &DevicePackage,
    compiled: &CheckedPackage,
    example: &Example,
    authored: &[Field],
) -> ExplainedExample {
    let mut told =
        ExplainedExample { name: example.name.clone(), fields: Vec::new(), refused: None };
    let payload = example.payload_bytes(&package.manifest).unwrap_or_default();
    let normalised = match compiled.normalise(&payload, &Context::example()) {
        Ok(normalised) => normalised,
        Err(error) => {
            told.refused = Some(chain(&error));
            return told;
        }
    };
    let unknown: Vec<String> = normalised.unknown.paths.iter().map(|path| path.join("/")).collect();
    let whole = quads(package, &payload).unwrap_or_default();
    for field in usage(package, &payload) {
        told.fields.push(explained_field(&field, &whole, &unknown, authored));
    }
    told
}

fn explained_field(
    field: &Usage,
    whole: &Dataset,
    unknown: &[String],
    authored: &[Field],
) -> ExplainedField {
    let mut told = ExplainedField {
        path: field.path.clone(),
        value: shown(&field.value),
        becomes: Vec::new(),
        used_for: Vec::new(),
        left_out: None,
    };
    if field.is_needed {
        told.used_for.push("everything: without it nothing can be mapped".to_owned());
        return told;
    }
    let mut times = 0;
    let mut units = 0;
    for subject in subjects(&field.effects) {
        let effects: Vec<&Quad> =
            field.effects.iter().filter(|quad| quad.subject.to_string() == subject).collect();
        match role(&effects) {
            Role::Value => {
                let all: Vec<&Quad> =
                    whole.iter().filter(|quad| quad.subject.to_string() == subject).collect();
                told.becomes.push(statement(&all));
            }
            Role::Unit => units += 1,
            Role::Time => times += 1,
            Role::Part => told.becomes.extend(effects.iter().map(|quad| part(quad))),
        }
    }
    let statements = |number| super::problems::count(number, "statement");
    told.used_for.extend((times > 0).then(|| format!("the time of {}", statements(times))));
    told.used_for.extend((units > 0).then(|| format!("the unit of {}", statements(units))));
    if told.becomes.is_empty() && told.used_for.is_empty() {
        told.left_out = Some(why_left_out(field, unknown, authored));
    }
    told
}

/// What a field is to a statement.
enum Role {
    Value,
    Unit,
    Time,
    Part,
}

fn role(effects: &[&Quad]) -> Role {
    let predicates: BTreeSet<&str> = effects.iter().map(|quad| quad.predicate.as_str()).collect();
    let has =
        |namespace: &str, name: &str| predicates.contains(format!("{namespace}{name}").as_str());
    let is_time = |predicate: &&str| {
        [
            "resultTime",
            "deviceTime",
            "qualityFlag",
            "timeSource",
            "eventTime",
            "startedAtTime",
            "endTime",
        ]
        .iter()
        .any(|name| {
            predicate.ends_with(&format!("#{name}")) || predicate.ends_with(&format!("/{name}"))
        })
    };
    if predicates.iter().all(is_time) {
        Role::Time
    } else if predicates.contains(TYPE) || has(PV, "originalValue") || has(SOSA, "observedProperty")
    {
        Role::Value
    } else if has(PV, "originalUnit") {
        Role::Unit
    } else if has(SOSA, "hasSimpleResult") {
        Role::Value
    } else {
        Role::Part
    }
}

const TYPE: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type";

/// One statement in words.
fn statement(quads: &[&Quad]) -> String {
    let object = |predicate: &str| {
        quads.iter().find(|quad| quad.predicate.as_str() == predicate).map(|quad| &quad.object)
    };
    let text = |predicate: &str| object(predicate).map(plain);
    let own = |name: &str| text(&format!("{PV}{name}"));
    let sosa = |name: &str| text(&format!("{SOSA}{name}"));
    let when = match (sosa("resultTime"), own("deviceTime")) {
        (Some(time), _) => format!(", at {time}"),
        (None, Some(time)) => format!(", at {time} in an unknown zone"),
        (None, None) => String::new(),
    };
    let flags: Vec<String> = quads
        .iter()
        .filter(|quad| quad.predicate.as_str() == format!("{PV}qualityFlag"))
        .map(|quad| plain(&quad.object))
        .collect();
    let flags =
        if flags.is_empty() { String::new() } else { format!(", flagged {}", flags.join(" and ")) };
    if let Some(property) = sosa("observedProperty") {
        let result = sosa("hasSimpleResult").unwrap_or_else(|| "without a result".to_owned());
        let unit = text("http://qudt.org/schema/qudt/hasUnit")
            .filter(|unit| unit != "UNITLESS" && unit != "NUM")
            .map_or_else(String::new, |unit| {
                let kind = text("http://qudt.org/schema/qudt/hasQuantityKind").unwrap_or_default();
                format!(" {}", symbol(&kind, &unit).unwrap_or(&unit))
            });
        let sent = match (own("originalValue"), own("originalUnit")) {
            (Some(value), Some(name)) if format!(" {name}") != unit => {
                format!(" (sent as {value} {name})")
            }
            _ => String::new(),
        };
        return format!("{property} is {result}{unit}{sent}{when}{flags}");
    }
    if let Some(property) = sosa("actsOnProperty") {
        let result = sosa("hasSimpleResult").unwrap_or_else(|| "not known".to_owned());
        return format!("the device made {property} {result}{when}");
    }
    let class = text(TYPE).unwrap_or_else(|| "statement".to_owned());
    let said: Vec<String> = quads
        .iter()
        .filter(|quad| {
            let predicate = quad.predicate.as_str();
            predicate != TYPE && !predicate.ends_with("#sourcePath")
        })
        .map(|quad| part(quad))
        .collect();
    format!("{class}: {}", said.join(", "))
}

/// One thing that is said.
fn part(quad: &Quad) -> String {
    let predicate = local(quad.predicate.as_str());
    let object = plain(&quad.object);
    if quad.subject.to_string() == format!("<{}>", Context::example().device_iri()) {
        return format!("the device's {predicate} is {object}");
    }
    format!("{predicate} is {object}")
}

/// A term without what people do not read.
fn plain(term: &Term) -> String {
    match term {
        Term::NamedNode(node) => {
            let example = Context::example();
            match node.as_str().strip_prefix(example.record_iri()) {
                Some(place) => place.trim_start_matches('#').to_owned(),
                None if node.as_str() == example.device_iri() => "the device".to_owned(),
                None => local(node.as_str()),
            }
        }
        Term::Literal(literal) => literal.value().to_owned(),
        Term::BlankNode(node) => node.to_string(),
    }
}

/// The local name, where there is a known prefix.
fn local(iri: &str) -> String {
    let short = compact(iri);
    match short.split_once(':') {
        Some((_, name)) if !short.starts_with('<') => name.to_owned(),
        _ => iri.to_owned(),
    }
}

fn why_left_out(field: &Usage, unknown: &[String], authored: &[Field]) -> String {
    if field.value.is_null() {
        return "it is null".to_owned();
    }
    let is_in = |path: &String| {
        field
            .path
            .strip_prefix(path.as_str())
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    if unknown.iter().any(is_in) {
        return "described nowhere; kept as an unmapped record".to_owned();
    }
    let ignored = authored
        .iter()
        .filter(|known| fits(&known.path, &field.path))
        .find_map(|known| known.ignored.as_ref());
    match ignored {
        Some(reason) => format!("left out: {reason}"),
        None => "nothing comes of it".to_owned(),
    }
}

/// Whether a place with `*` in it is that of a field, or around it.
fn fits(pattern: &str, path: &str) -> bool {
    let mut steps = path.split('/');
    pattern
        .split('/')
        .all(|wanted| steps.next().is_some_and(|step| wanted == step || wanted.starts_with('*')))
}

fn shown(value: &Value) -> String {
    let text = value.to_string();
    let cut: String = text.chars().take(VALUE_CHARS_MAX).collect();
    if cut.len() < text.len() { format!("{cut}…") } else { cut }
}

/// Longest value that is shown, in characters.
const VALUE_CHARS_MAX: usize = 60;

#[derive(Debug, Serialize)]
struct Explained {
    title: String,
    examples: Vec<ExplainedExample>,
}

#[derive(Debug, Serialize)]
struct ExplainedExample {
    name: String,
    fields: Vec<ExplainedField>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refused: Option<String>,
}

#[derive(Debug, Serialize)]
struct ExplainedField {
    path: String,
    value: String,
    becomes: Vec<String>,
    used_for: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    left_out: Option<String>,
}

impl fmt::Display for Explained {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.title)?;
        for example in &self.examples {
            write!(f, "\n\n{}", example.name)?;
            if let Some(refused) = &example.refused {
                write!(f, "\n  refused: {refused}")?;
            }
            for field in &example.fields {
                write!(f, "\n  {} {}", field.path, field.value)?;
                let said = field.becomes.iter().map(|said| said.as_str().to_owned());
                let used = field.used_for.iter().map(|used| format!("used for {used}"));
                for line in said.chain(used).chain(field.left_out.clone()) {
                    write!(f, "\n      {line}")?;
                }
            }
        }
        Ok(())
    }
}
