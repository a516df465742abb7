//! Payloads that devices really sent, by the packages that come with the product (`T-71`).

use std::{collections::BTreeSet, fs, path::Path};

use libtest_mimic::Failed;
use oxrdf::Term;
use pervade_package::{CheckedPackage, Context, Normalised, shipped};
use serde_json::Value;

use crate::{Suite, outcome::Outcome};

pub(crate) const REAL_PAYLOADS: Suite = Suite {
    name: "payloads",
    about: "What devices sent: valid, and normalised to what it says",
    run: real_payloads_are_understood,
};

/// File → vendor and model of the package that reads it, and results that show that it did.
const PAYLOADS: &[(&str, &str, &[&str])] = &[
    ("lorawan/decentlab-dl-5tm.json", "decentlab/dl-5tm", &["22.5", "-0.0215397767", "3.168"]),
    ("lorawan/dragino-lds01.json", "dragino/lds01", &["2.952", "9472", "3932160", "false"]),
    ("lorawan/elsys-ers.json", "elsys/ers", &["22.6", "41", "39", "6", "true"]),
    ("fiware/device-measurement.json", "fiware/device-measurement", &["60.170833", "24.9375"]),
    ("fiware/device.json", "fiware/device-measurement", &["75", "ok"]),
    ("senml/ex1.json", "senml/environment-pack", &["23.1"]),
    ("senml/ex2.json", "senml/environment-pack", &["120.1", "1.2"]),
    ("senml/ex3.json", "senml/environment-pack", &["1.3", "1.7"]),
    ("senml/ex5.json", "senml/environment-pack", &["20.3", "21.2"]),
    ("senml/ex6.json", "senml/environment-pack", &["25.2", "12.3"]),
    ("shelly/plus-plug-s.json", "shelly/plus-plug-s", &["true", "2.7", "227.9", "26130920.4"]),
    ("shelly/pro-3em.json", "shelly/pro-3em", &["375.5", "46.6"]),
    ("tasmota/sensors.jsonl:1", "tasmota/aht1x", &["24.7", "61.9", "16.8"]),
    ("tasmota/sensors.jsonl:2", "tasmota/sensors", &["79"]),
    ("tasmota/sensors.jsonl:3", "tasmota/sensors", &["21.4", "54.6", "12.5", "2"]),
    ("epcis/Example_9.6.1-ObjectEvent.jsonld", "epcis/logistics-gateway", &[]),
    ("epcis/Example_9.6.3-AggregationEvent.jsonld", "epcis/logistics-gateway", &[]),
    ("epcis/SensorDataExample1.jsonld", "epcis/logistics-gateway", &["26.1", "0.0121"]),
    ("epcis/SensorDataExample2.jsonld", "epcis/logistics-gateway", &["26.2"]),
    ("epcis/SensorDataExample4.jsonld", "epcis/logistics-gateway", &["26", "0.0121", "800"]),
    ("epcis/SensorDataExample7.jsonld", "epcis/logistics-gateway", &["26"]),
];

const SIMPLE_RESULT: &str = "http://www.w3.org/ns/sosa/hasSimpleResult";

fn real_payloads_are_understood(data: &Path) -> Result<Outcome, Failed> {
    let folder = data.join("payloads");
    let mut outcome = Outcome::default();
    for (name, package, shown) in PAYLOADS {
        outcome.record(name, judge(&folder, name, package, shown));
    }
    Ok(outcome)
}

fn judge(folder: &Path, name: &str, model: &str, shown: &[&str]) -> Result<(), String> {
    let payload = payload(folder, name)?;
    let normalised = package(model)?
        .normalise(&payload, &Context::example())
        .map_err(|error| format!("{error:?}"))?;
    let results = results(&normalised);
    match shown.iter().find(|value| !results.contains(**value)) {
        Some(missing) => Err(format!("no result {missing} among {results:?}")),
        None if normalised.quads.is_empty() => Err("nothing is said".to_owned()),
        None => Ok(()),
    }
}

/// The shipped package of a vendor and model.
pub(crate) fn package(name: &str) -> Result<CheckedPackage, String> {
    let is = |package: &pervade_package::DevicePackage| {
        format!("{}/{}", package.manifest.vendor, package.manifest.model) == name
    };
    let package = shipped().into_iter().find(is).ok_or("no such package")?;
    CheckedPackage::compile(&package).map_err(|problems| format!("{problems:?}"))
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

fn text(term: &Term) -> String {
    match term {
        Term::NamedNode(node) => node.as_str().to_owned(),
        Term::BlankNode(node) => format!("_:{}", node.as_str()),
        Term::Literal(literal) => literal.value().to_owned(),
    }
}
