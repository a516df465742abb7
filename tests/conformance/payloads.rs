//! Payloads that devices really sent, by the packages that come with the product (`T-71`).

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use libtest_mimic::Failed;
use oxrdf::{NamedOrBlankNode, Term};
use oxttl::TurtleParser;
use pervade_package::{CheckedPackage, Context, Normalised, shipped};
use pervade_units::DeviceTime;
use serde_json::Value;

use crate::{Suite, outcome::Outcome};

pub(crate) const REAL_PAYLOADS: Suite = Suite {
    name: "payloads",
    about: "What devices sent: valid, and normalised; EPCIS events as their authors' Turtle says",
    run: real_payloads_are_understood,
};

/// File → vendor of the package that reads it, and what shows that it did.
const PAYLOADS: &[(&str, &str, &[&str])] = &[
    ("lorawan/decentlab-dl-5tm.json", "decentlab", &["22.5", "-0.0215397767", "3.168"]),
    ("senml/ex1.json", "senml", &["23.1"]),
    ("senml/ex2.json", "senml", &["120.1", "1.2"]),
    ("senml/ex3.json", "senml", &["1.3", "1.7"]),
    ("senml/ex5.json", "senml", &["20.3", "21.2"]),
    ("senml/ex6.json", "senml", &["25.2", "12.3"]),
    ("shelly/pro-3em.json", "shelly", &["375.5", "46.6"]),
    ("tasmota/sensors.jsonl:1", "tasmota", &["24.7", "61.9", "16.8"]),
    ("epcis/Example_9.6.1-ObjectEvent.jsonld", "epcis", &[]),
    ("epcis/SensorDataExample1.jsonld", "epcis", &["26.1", "0.0121"]),
    ("epcis/SensorDataExample2.jsonld", "epcis", &["26.2"]),
    ("epcis/SensorDataExample4.jsonld", "epcis", &[]),
    ("epcis/SensorDataExample7.jsonld", "epcis", &[]),
];

/// Files that no package reads.
const SKIPPED: &[(&str, &str)] = &[
    ("lorawan/dragino-lds01.json", OTHER_DEVICE),
    ("lorawan/elsys-ers.json", OTHER_DEVICE),
    ("shelly/plus-plug-s.json", OTHER_DEVICE),
    ("tasmota/sensors.jsonl:2", OTHER_DEVICE),
    ("tasmota/sensors.jsonl:3", OTHER_DEVICE),
    ("epcis/Example_9.6.3-AggregationEvent.jsonld", "the package reads object events"),
];

const OTHER_DEVICE: &str = "a device type without a package";

const SIMPLE_RESULT: &str = "http://www.w3.org/ns/sosa/hasSimpleResult";

fn real_payloads_are_understood(data: &Path) -> Result<Outcome, Failed> {
    let folder = data.join("payloads");
    let mut outcome = Outcome::default();
    for (name, vendor, shown) in PAYLOADS {
        outcome.record(name, judge(&folder, name, vendor, shown));
    }
    for (name, reason) in SKIPPED {
        outcome.skip(name, reason);
    }
    Ok(outcome)
}

fn judge(folder: &Path, name: &str, vendor: &str, shown: &[&str]) -> Result<(), String> {
    let package = shipped().into_iter().find(|package| package.manifest.vendor == vendor);
    let package = CheckedPackage::compile(&package.ok_or("no such package")?)
        .map_err(|problems| format!("{problems:?}"))?;
    let payload = payload(folder, name)?;
    let normalised =
        package.normalise(&payload, &Context::example()).map_err(|error| format!("{error:?}"))?;
    let results = results(&normalised);
    if let Some(missing) = shown.iter().find(|value| !results.contains(**value)) {
        return Err(format!("no result {missing} among {results:?}"));
    }
    if vendor == "epcis" { compare_events(folder, name, &normalised) } else { Ok(()) }
}

/// A file's payload; of a file of lines, one; of a device's dump, the status that it reports.
fn payload(folder: &Path, name: &str) -> Result<Vec<u8>, String> {
    let (file, line) = name.split_once(':').unwrap_or((name, "0"));
    let text = fs::read_to_string(folder.join(file)).map_err(|error| error.to_string())?;
    let line: usize = line.parse().map_err(|_| "a line is a number")?;
    if let Some(index) = line.checked_sub(1) {
        return Ok(text.lines().nth(index).ok_or("no such line")?.into());
    }
    if name.starts_with("shelly/") {
        let dump: Value = serde_json::from_str(&text).map_err(|error| error.to_string())?;
        return Ok(dump.get("status").ok_or("no status")?.to_string().into());
    }
    Ok(text.into())
}

fn results(normalised: &Normalised) -> BTreeSet<String> {
    let quads = normalised.quads.iter().filter(|quad| quad.predicate.as_str() == SIMPLE_RESULT);
    quads.map(|quad| text(&quad.object)).collect()
}

const EPCIS: &str = "https://ref.gs1.org/epcis/";
const TYPE: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type";

/// What is compared of an event.
const KEYS: &[&str] = &["eventTime", "bizStep", "epcList", "readPoint"];

const STEP_BY_URN: &str = "urn:epcglobal:cbv:bizstep:";
const STEP_BY_URL: &str = "https://ref.gs1.org/cbv/BizStep-";

/// Event's id → key and value.
type Events = BTreeMap<String, BTreeSet<(String, String)>>;

/// Compares the events with those in the Turtle beside the payload.
fn compare_events(folder: &Path, name: &str, normalised: &Normalised) -> Result<(), String> {
    let turtle = folder.join(name).with_extension("ttl");
    let turtle = fs::read(turtle).map_err(|error| error.to_string())?;
    let mut triples = Vec::new();
    for triple in TurtleParser::new().for_slice(&turtle) {
        let triple = triple.map_err(|error| error.to_string())?;
        triples.push((subject(&triple.subject), triple.predicate.into_string(), triple.object));
    }
    let theirs = events(&triples)?;
    let ours = normalised.quads.iter();
    let ours: Vec<Triple> = ours
        .map(|quad| {
            (subject(&quad.subject), quad.predicate.as_str().to_owned(), quad.object.clone())
        })
        .collect();
    // We name events by their place, and keep their own id beside.
    let ids: BTreeMap<&String, String> = ours
        .iter()
        .filter(|(_, predicate, _)| *predicate == format!("{EPCIS}eventID"))
        .map(|(subject, _, object)| (subject, text(object)))
        .collect();
    let ours: Events = events(&ours)?
        .into_iter()
        .map(|(subject, keys)| (ids.get(&subject).cloned().unwrap_or_default(), keys))
        .collect();
    if ours == theirs && !ours.is_empty() {
        return Ok(());
    }
    Err(format!("\nours: {ours:#?}\ntheirs: {theirs:#?}"))
}

type Triple = (String, String, Term);

fn events(triples: &[Triple]) -> Result<Events, String> {
    let is_event = |(_, predicate, object): &&Triple| {
        predicate == TYPE && text(object) == format!("{EPCIS}ObjectEvent")
    };
    let mut events: Events = triples
        .iter()
        .filter(is_event)
        .map(|(subject, ..)| (subject.clone(), BTreeSet::new()))
        .collect();
    for (subject, predicate, object) in triples {
        let key = predicate.strip_prefix(EPCIS).filter(|key| KEYS.contains(key));
        let (Some(event), Some(key)) = (events.get_mut(subject), key) else { continue };
        let value = match key {
            "eventTime" => instant(&text(object))?,
            // GS1 names terms of its core vocabulary in two ways, and its examples do too.
            "bizStep" => text(object).replace(STEP_BY_URN, STEP_BY_URL),
            _ => text(object),
        };
        event.insert((key.to_owned(), value));
    }
    Ok(events)
}

/// A time in one form, as some are written with other zones.
fn instant(text: &str) -> Result<String, String> {
    match DeviceTime::parse(text, None) {
        Ok(DeviceTime::Zoned(instant)) => Ok(instant.to_string()),
        other => Err(format!("{text} is no instant: {other:?}")),
    }
}

fn subject(node: &NamedOrBlankNode) -> String {
    match node {
        NamedOrBlankNode::NamedNode(node) => node.as_str().to_owned(),
        NamedOrBlankNode::BlankNode(node) => format!("_:{}", node.as_str()),
    }
}

fn text(term: &Term) -> String {
    match term {
        Term::NamedNode(node) => node.as_str().to_owned(),
        Term::BlankNode(node) => format!("_:{}", node.as_str()),
        Term::Literal(literal) => literal.value().to_owned(),
    }
}
