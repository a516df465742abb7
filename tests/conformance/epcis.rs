//! EPCIS events in GS1's JSON-LD, and the same events as GS1 writes them in Turtle (`T-68`, `T-71`).

use std::{fs, path::Path};

use libtest_mimic::Failed;
use oxrdf::{
    BlankNode, Dataset, GraphName, Literal, NamedNode, NamedOrBlankNode, Quad, Term,
    dataset::CanonicalizationAlgorithm, vocab::xsd,
};
use oxttl::TurtleParser;
use pervade_package::{Context, Normalised};
use pervade_units::{DeviceTime, canonical_decimal};

use crate::{Suite, outcome::Outcome, payloads};

pub(crate) const TURTLE: Suite = Suite {
    name: "epcis-turtle",
    about: "EPCIS events from their JSON-LD: GS1's own Turtle, triple for triple, values exact",
    run: events_are_those_of_their_turtle,
};

fn events_are_those_of_their_turtle(data: &Path) -> Result<Outcome, Failed> {
    let folder = data.join("payloads/epcis");
    let mut outcome = Outcome::default();
    for entry in fs::read_dir(&folder)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if let Some(case) = name.strip_suffix(".jsonld") {
            outcome.record(case, judge(&folder, case));
        }
    }
    Ok(outcome)
}

fn judge(folder: &Path, case: &str) -> Result<(), String> {
    let package = payloads::package("epcis/logistics-gateway")?;
    let read = |extension| {
        fs::read(folder.join(format!("{case}.{extension}"))).map_err(|error| error.to_string())
    };
    let normalised = package
        .normalise(&read("jsonld")?, &Context::example())
        .map_err(|error| format!("{error:?}"))?;
    let (mut ours, mut theirs) = (ours(&normalised)?, theirs(case, &read("ttl")?)?);
    for dataset in [&mut ours, &mut theirs] {
        dataset.canonicalize(CanonicalizationAlgorithm::Unstable);
    }
    if ours == theirs && !ours.is_empty() {
        return Ok(());
    }
    let lines = |one: &Dataset, other: &Dataset| {
        let lines = one.iter().filter(|quad| !other.contains(*quad));
        let mut lines: Vec<String> = lines.map(|quad| format!("  {quad}")).collect();
        lines.sort();
        lines.join("\n")
    };
    let (extra, missing) = (lines(&ours, &theirs), lines(&theirs, &ours));
    Err(format!("\nonly ours:\n{extra}\nonly theirs:\n{missing}"))
}

const EPCIS: &str = "https://ref.gs1.org/epcis/";
const EVENT_ID: &str = "https://ref.gs1.org/epcis/eventID";
const TYPE: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type";

/// Vocabularies of what we say beside EPCIS: who held the goods, and readings as observations.
const BESIDE: &[&str] =
    &["urn:pervade:vocab#", "http://www.w3.org/ns/sosa/", "http://qudt.org/schema/qudt/"];

/// The graph without what stands beside EPCIS. Nodes that we name by their place are blank, but
/// events, which have their own id: it names them, and is no property any more.
fn ours(normalised: &Normalised) -> Result<Dataset, String> {
    let base = format!("{}#", Context::example().record_iri());
    let ids: Vec<(String, NamedNode)> = normalised
        .quads
        .iter()
        .filter(|quad| quad.predicate.as_str() == EVENT_ID)
        .filter_map(|quad| Some((iri(&quad.subject), named(&quad.object)?)))
        .collect();
    let renamed = |name: &str| match ids.iter().find(|(place, _)| place == name) {
        Some((_, id)) => Ok::<_, String>(NamedOrBlankNode::from(id.clone())),
        None if name.starts_with(&base) => Ok(blank(name).into()),
        None => Ok(NamedNode::new(name).map_err(|error| error.to_string())?.into()),
    };
    let mut dataset = Dataset::new();
    for quad in normalised.quads.iter().filter(|quad| is_epcis(quad)) {
        let object = match &quad.object {
            Term::NamedNode(node) => renamed(node.as_str())?.into(),
            Term::Literal(literal) => Term::from(by_value(literal)?),
            Term::BlankNode(node) => return Err(format!("a blank node: {node}")),
        };
        let subject = renamed(&iri(&quad.subject))?;
        let predicate = quad.predicate.clone();
        dataset.insert(&Quad { subject, predicate, object, graph_name: GraphName::DefaultGraph });
    }
    Ok(dataset)
}

fn is_epcis(quad: &Quad) -> bool {
    let predicate = quad.predicate.as_str();
    let of_another = predicate == TYPE
        && named(&quad.object).is_none_or(|kind| !kind.as_str().starts_with(EPCIS));
    predicate != EVENT_ID
        && !of_another
        && !BESIDE.iter().any(|vocabulary| predicate.starts_with(vocabulary))
}

fn iri(node: &NamedOrBlankNode) -> String {
    match node {
        NamedOrBlankNode::NamedNode(node) => node.as_str().to_owned(),
        NamedOrBlankNode::BlankNode(node) => node.to_string(),
    }
}

fn named(term: &Term) -> Option<NamedNode> {
    match term {
        Term::NamedNode(node) => Some(node.clone()),
        Term::BlankNode(_) | Term::Literal(_) => None,
    }
}

/// A label that follows from the name.
fn blank(name: &str) -> BlankNode {
    let digits: String = name.bytes().map(|byte| format!("{byte:02x}")).collect();
    BlankNode::new_unchecked(format!("b{digits}"))
}

/// Numbers and times in one form each. GS1's Turtle has doubles and times with offsets; on the ledger
/// there are decimals and UTC.
fn by_value(literal: &Literal) -> Result<Literal, String> {
    let datatype = literal.datatype();
    if [xsd::DOUBLE, xsd::DECIMAL, xsd::INTEGER].contains(&datatype) {
        let decimal = canonical_decimal(literal.value()).map_err(|error| error.to_string())?;
        return Ok(Literal::new_typed_literal(decimal, xsd::DECIMAL));
    }
    if [xsd::DATE_TIME, xsd::DATE_TIME_STAMP].contains(&datatype) {
        return match DeviceTime::parse(literal.value(), None) {
            Ok(DeviceTime::Zoned(instant)) => {
                Ok(Literal::new_typed_literal(instant.to_string(), datatype))
            }
            other => Err(format!("{literal} is no instant: {other:?}")),
        };
    }
    Ok(literal.clone())
}

/// Where a file of GS1's says something else than its JSON-LD and than the other files: the file, the
/// triple's predicate and object, what is meant instead (nothing if it is not there at all), why.
const FAULTS: &[(&str, &str, &str, Option<&str>, &str)] = &[
    (
        "SensorDataExample1",
        "https://ref.gs1.org/epcis/bizStep",
        "urn:epcglobal:cbv:bizstep:inspecting",
        Some("https://ref.gs1.org/cbv/BizStep-inspecting"),
        "the URN of CBV 1, where every other file has the IRI of CBV 2",
    ),
    (
        "SensorDataExample1",
        TYPE,
        "https://ref.gs1.org/epcis/SensorElement",
        None,
        "a class that neither the JSON-LD nor any other file states",
    ),
];

fn theirs(case: &str, turtle: &[u8]) -> Result<Dataset, String> {
    let mut dataset = Dataset::new();
    let mut met = vec![false; FAULTS.len()];
    for triple in TurtleParser::new().for_slice(turtle) {
        let mut triple = triple.map_err(|error| error.to_string())?;
        let fault = FAULTS.iter().position(|(file, predicate, object, _, why)| {
            *file == case
                && triple.predicate.as_str() == *predicate
                && named(&triple.object).is_some_and(|node| node.as_str() == *object)
                && !why.is_empty()
        });
        if let Some((place, (.., instead, _))) = fault.and_then(|at| Some((at, FAULTS.get(at)?))) {
            met.iter_mut().skip(place).take(1).for_each(|met| *met = true);
            let Some(instead) = instead else { continue };
            triple.object = NamedNode::new(*instead).map_err(|error| error.to_string())?.into();
        }
        if let Term::Literal(literal) = &triple.object {
            triple.object = by_value(literal)?.into();
        }
        dataset.insert(&triple.in_graph(GraphName::DefaultGraph));
    }
    let mended = FAULTS.iter().zip(met).find(|((file, ..), met)| *file == case && !met);
    match mended {
        Some(((_, predicate, object, ..), _)) => {
            Err(format!("no more at fault: {predicate} {object}"))
        }
        None => Ok(dataset),
    }
}
