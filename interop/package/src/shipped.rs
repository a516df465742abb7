use std::collections::BTreeMap;

use crate::model::DevicePackage;

/// The packages that come with the product, written from `schemas/`, by vendor and model.
#[must_use]
pub fn shipped() -> Vec<DevicePackage> {
    SHIPPED
        .iter()
        .filter_map(|files| {
            let files: BTreeMap<String, Vec<u8>> =
                files.iter().map(|(path, bytes)| ((*path).to_owned(), bytes.to_vec())).collect();
            // A test reads every one, so none is left out here.
            DevicePackage::from_files(&files).ok()
        })
        .collect()
}

/// Files of one package: path inside its folder, and bytes.
type Files = &'static [(&'static str, &'static [u8])];

/// The files of one folder of `schemas/` with its examples, whose payloads are files of one kind.
macro_rules! files {
    ($folder:literal, $extension:literal, $($example:literal),+) => {
        &[
            files!(@file $folder, "package.json"),
            files!(@file $folder, "schema.json"),
            files!(@file $folder, "mapping.ttl"),
            $(
                files!(@file $folder, concat!("examples/", $example, ".", $extension)),
                files!(@file $folder, concat!("examples/", $example, ".nq")),
            )+
        ]
    };
    (@file $folder:literal, $path:expr) => {
        ($path, include_bytes!(concat!("../../../schemas/", $folder, "/", $path)))
    };
}

const SHIPPED: &[Files] = &[
    files!("decentlab/dl-5tm", "json", "dry-soil", "uplink-message"),
    files!("dragino/lds01", "json", "door-opened", "short-frame"),
    files!("elsys/ers", "json", "nothing-moves", "occupied"),
    files!("epcis/logistics-gateway", "json", "packing", "receiving", "shipment", "shipping"),
    files!(
        "fiware/device-measurement",
        "json",
        "concise-device",
        "key-values-swapped-axes",
        "normalized"
    ),
    files!("ladefreund/wallbox-22", "json", "authorised", "session-paid", "switch-refused"),
    files!("nordfracht/scan-list", "csv", "late-delivery", "three-scans"),
    files!("senml/environment-pack", "json", "with-base-time", "without-clock"),
    files!("shelly/plus-plug-s", "json", "button-without-clock", "switched-on"),
    files!("shelly/pro-3em", "json", "three-phases", "without-clock"),
    files!("stowage/goods-movement", "xml", "receipt-of-frozen-goods", "three-movements"),
    files!("tasmota/aht1x", "json", "celsius-local-time", "fahrenheit-zoned-time"),
    files!("tasmota/sensors", "json", "beacons", "light"),
    files!("waymark/tracker-c1", "cbor", "moving", "updated"),
];

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};
    use std::path::{Path, PathBuf};

    use expect_test::expect_file;
    use pervade_rdf::{Dataset, Term, nquads};

    use super::*;
    use crate::{CheckedPackage, Context, Example, check};

    fn schemas() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schemas")
    }

    fn payload(package: &DevicePackage, example: &Example) -> Vec<u8> {
        example.payload_bytes(&package.manifest).expect("a payload")
    }

    fn named(vendor: &str) -> CheckedPackage {
        let package = shipped().into_iter().find(|p| p.manifest.vendor == vendor).expect("shipped");
        CheckedPackage::compile(&package).expect("compiles")
    }

    /// What the examples give, kept beside them; read by people before it is kept.
    #[test]
    fn examples_give_the_quads_beside_them() {
        for package in shipped() {
            let checked = match CheckedPackage::compile(&package) {
                Ok(checked) => checked,
                Err(problems) => panic!("{}: {problems:#?}", package.manifest.model),
            };
            let folder = schemas().join(&package.manifest.vendor).join(&package.manifest.model);
            for example in &package.examples {
                let quads = checked
                    .normalise(&payload(&package, example), &Context::example())
                    .unwrap_or_else(|error| {
                        panic!("{} {}: {error:?}", package.manifest.model, example.name)
                    })
                    .quads;
                let file = folder.join(format!("examples/{}.nq", example.name));
                expect_file![file].assert_eq(&nquads(&quads));
            }
        }
    }

    /// T-71: many dialects, all accepted by the gate every vendor's package passes.
    #[test]
    fn every_shipped_package_passes_the_check() {
        assert_eq!(shipped().len(), SHIPPED.len(), "every folder reads");
        for package in shipped() {
            let problems = check(&package).err().unwrap_or_default();
            let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
            assert!(lines.is_empty(), "{}:\n{}", package.manifest.model, lines.join("\n"));
            assert!(package.examples.len() >= 2, "{} has two examples", package.manifest.model);
        }
    }

    fn objects(quads: &Dataset, predicate: &str) -> BTreeSet<String> {
        quads
            .iter()
            .filter(|quad| quad.predicate.as_str() == predicate)
            .map(|quad| match &quad.object {
                Term::NamedNode(node) => node.as_str().to_owned(),
                Term::Literal(literal) => literal.value().to_owned(),
                Term::BlankNode(node) => panic!("blank node {node}"),
            })
            .collect()
    }

    /// T-69, T-71: one question finds every vendor's temperatures, in one unit.
    #[test]
    fn one_pattern_finds_every_temperature() {
        const KIND: &str = "http://qudt.org/schema/qudt/hasQuantityKind";
        let of_temperatures =
            shipped().into_iter().filter(|package| package.mapping.contains("kind:Temperature"));
        for package in of_temperatures {
            let checked = CheckedPackage::compile(&package).expect("compiles");
            let found = package.examples.iter().any(|example| {
                let payload = payload(&package, example);
                let quads = checked.normalise(&payload, &Context::example()).expect("maps").quads;
                objects(&quads, KIND).contains("http://qudt.org/vocab/quantitykind/Temperature")
                    && objects(&quads, "http://qudt.org/schema/qudt/hasUnit")
                        .contains("http://qudt.org/vocab/unit/DEG_C")
            });
            assert!(found, "{} reports a temperature", package.manifest.model);
        }
    }

    /// What is said of one item at one time.
    type Custody = BTreeSet<(String, String)>;

    /// Time and item → what is said: the event, and what was measured at it.
    fn custody(vendor: &str, example: &str) -> BTreeMap<(String, String), Custody> {
        const SAID: &[&str] = &[
            "https://ref.gs1.org/epcis/action",
            "https://ref.gs1.org/epcis/bizLocation",
            "https://ref.gs1.org/epcis/bizStep",
            "https://ref.gs1.org/epcis/disposition",
            "https://ref.gs1.org/epcis/readPoint",
            "urn:pervade:vocab#custodyFrom",
            "urn:pervade:vocab#custodyTo",
        ];
        let package = shipped().into_iter().find(|p| p.manifest.vendor == vendor).expect("there");
        let example = package.examples.iter().find(|e| e.name == example).expect("there");
        let payload = payload(&package, example);
        let checked = CheckedPackage::compile(&package).expect("compiles");
        let quads = checked.normalise(&payload, &Context::example()).expect("maps").quads;
        let of = |subject: &str, predicate: &str| -> Vec<String> {
            let found = quads.iter().filter(|quad| {
                quad.predicate.as_str() == predicate && quad.subject.to_string() == subject
            });
            found.map(|quad| quad.object.to_string()).collect()
        };
        let mut said: BTreeMap<(String, String), Custody> = BTreeMap::new();
        for quad in quads.iter() {
            if quad.predicate.as_str() != "https://ref.gs1.org/epcis/epcList" {
                continue;
            }
            let event = quad.subject.to_string();
            let time = of(&event, "https://ref.gs1.org/epcis/eventTime").swap_remove(0);
            let facts = said.entry((time, quad.object.to_string())).or_default();
            for predicate in SAID {
                facts.extend(of(&event, predicate).into_iter().map(|o| ((*predicate).into(), o)));
            }
            let readings = quads.iter().filter(|quad| {
                quad.predicate.as_str() == "urn:pervade:vocab#ofEvent"
                    && quad.object.to_string() == event
            });
            for reading in readings.map(|quad| quad.subject.to_string()) {
                for name in ["observedProperty", "hasSimpleResult", "resultTime"] {
                    let predicate = format!("http://www.w3.org/ns/sosa/{name}");
                    facts.extend(of(&reading, &predicate).into_iter().map(|o| (name.into(), o)));
                }
            }
        }
        said
    }

    /// T-71: a gateway's EPCIS, a carrier's scan list and a warehouse's XML say of one shipment the
    /// same events in the same order. They differ in names, units, forms of times and positions, and
    /// code lists.
    #[test]
    fn one_shipment_in_three_dialects() {
        let gateway = custody("epcis", "shipment");
        let items: Vec<usize> = gateway.values().map(BTreeSet::len).collect();
        assert_eq!(items, [10, 10, 8, 8, 10], "two parcels leave and arrive, one is delivered");
        assert_eq!(custody("nordfracht", "three-scans"), gateway, "the carrier's scan list");
        assert_eq!(custody("stowage", "three-movements"), gateway, "the warehouse's message");
    }

    /// T-72: what a mapping has no words for is kept and flagged.
    #[test]
    fn unknown_quantities_are_flagged() {
        let pack = br#"[{"n":"urn:dev:x","u":"S/m","v":0.2}]"#;
        let quads = named("senml").normalise(pack, &Context::example()).expect("maps").quads;
        let flags = objects(&quads, "urn:pervade:vocab#qualityFlag");
        assert!(flags.contains("urn:pervade:vocab#UnknownQuantity"), "{flags:?}");
    }

    /// Local names of Pervade's vocabulary in a Turtle or N-Quads text.
    fn own_terms(text: &str) -> BTreeSet<String> {
        text.split(|c: char| c.is_whitespace() || "<>\"()[],;=".contains(c))
            .filter_map(|word| {
                word.strip_prefix("pv:").or_else(|| word.strip_prefix("urn:pervade:vocab#"))
            })
            .filter(|name| !name.is_empty())
            .map(str::to_owned)
            .collect()
    }

    /// Every term of our own that a graph or a mapping uses is defined in `ontology/pervade.ttl`.
    #[test]
    fn every_own_term_is_defined() {
        let ontology =
            std::fs::read_to_string(schemas().join("../ontology/pervade.ttl")).expect("there");
        pervade_rdf::parse_turtle(&ontology, None).expect("Turtle");
        let defined: BTreeSet<String> = ontology
            .lines()
            .filter_map(|line| line.strip_prefix("pv:").map(|name| name.trim().to_owned()))
            .collect();
        for package in shipped() {
            let texts = package.examples.iter().map(|example| example.expected.as_str());
            for text in texts.chain([package.mapping.as_str()]) {
                let missing: Vec<String> = own_terms(text).difference(&defined).cloned().collect();
                assert!(missing.is_empty(), "{}: {missing:?}", package.manifest.model);
            }
        }
    }
}
