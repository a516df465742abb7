//! What authored files become: texts, quads, problems.

use std::collections::BTreeMap;

use expect_test::{Expect, expect, expect_file};
use pervade_package::{CheckedPackage, Context, DevicePackage, check, shipped};
use pervade_rdf::nquads;
use serde_json::{Value, json};

use crate::device::keywords::Keyword;
use crate::read::{Notation, read};
use crate::{Compiled, Drafted, ProblemCode, compile, scaffold, yarrrml};

/// The package of an authored text without examples.
fn package(text: &str) -> DevicePackage {
    let compiled = compile("device.yaml", text);
    assert_eq!(shown(&compiled), "", "no problems");
    let texts = compiled.texts.expect("compiles");
    let files = BTreeMap::from([
        ("package.json".to_owned(), texts.manifest.into_bytes()),
        ("schema.json".to_owned(), texts.schema.into_bytes()),
        ("mapping.ttl".to_owned(), texts.mapping.into_bytes()),
    ]);
    DevicePackage::from_files(&files).expect("a package")
}

fn shown(compiled: &Compiled) -> String {
    compiled.problems.iter().map(|problem| format!("{problem}\n")).collect()
}

/// T-70: what is compiled gives the quads that the mapping written by hand gives.
#[test]
fn shipped_packages_are_authored_again() {
    for (text, model) in [
        (include_str!("authored/aht1x.yaml"), "aht1x"),
        (include_str!("authored/pro-3em.yaml"), "pro-3em"),
        (include_str!("authored/lds01.yaml"), "lds01"),
    ] {
        let authored = package(text);
        let by_hand = shipped().into_iter().find(|p| p.manifest.model == model).expect("shipped");
        let authored = DevicePackage {
            manifest: authored.manifest,
            mapping: authored.mapping,
            schema: authored.schema,
            ..by_hand
        };
        let problems = check(&authored).err().unwrap_or_default();
        let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
        assert!(lines.is_empty(), "{model}:\n{}\n{}", lines.join("\n"), authored.mapping);
        assert!(!authored.examples.is_empty(), "something was compared");
    }
}

/// The texts are for reading, and the same every time.
#[test]
fn the_texts_are_kept() {
    let text = include_str!("authored/aht1x.yaml");
    let texts = compile("device.yaml", text).texts.expect("compiles");
    expect_file!["authored/aht1x.ttl"].assert_eq(&texts.mapping);
    assert_eq!(compile("device.yaml", text).texts, Some(texts), "the same bytes");
}

const DEVICE: &str =
    "x-device: {vendor: acme, model: m-1, version: 1.0.0, title: M}\ntype: object\n";

/// The short forms of what a payload gives, without what every statement has.
fn quads(body: &str, payload: &str) -> String {
    let package = package(&format!("{DEVICE}{body}"));
    let compiled = match CheckedPackage::compile(&package) {
        Ok(compiled) => compiled,
        Err(problems) => panic!("{problems:#?}\n{}", package.mapping),
    };
    let normalised = match compiled.normalise(payload.as_bytes(), &Context::example()) {
        Ok(normalised) => normalised,
        Err(error) => return format!("{error:?}"),
    };
    let short = [
        ("urn:pervade:tx:example:example#", ""),
        ("http://www.w3.org/1999/02/22-rdf-syntax-ns#type", "a"),
        ("http://www.w3.org/ns/sosa/", "sosa:"),
        ("http://qudt.org/schema/qudt/", "qudt:"),
        ("http://qudt.org/vocab/", ""),
        ("urn:pervade:vocab#", "pv:"),
        ("https://schema.org/", "schema:"),
        ("https://ref.gs1.org/epcis/", "epcis:"),
        ("http://www.w3.org/2001/XMLSchema#", "xsd:"),
    ];
    let mut lines = String::new();
    for line in nquads(&normalised.quads).lines() {
        let mut line =
            line.trim_end_matches(" <urn:pervade:tx:example:example#payload> .").to_owned();
        for (long, prefix) in short {
            line = line.replace(long, prefix);
        }
        let is_common = [
            "sosa:madeBySensor",
            "pv:sourcePath",
            "sosa:Observation",
            "hasQuantityKind",
            "originalValue",
        ];
        if !is_common.iter().any(|common| line.contains(common)) {
            lines.push_str(&line);
            lines.push('\n');
        }
    }
    lines
}

#[track_caller]
fn gives(body: &str, payload: &str, expected: Expect) {
    expected.assert_eq(&quads(body, payload));
}

#[test]
fn units_and_plausible_limits() {
    gives(
        "properties: {t: {type: number, x-observes: AirTemperature, x-unit: °F, x-plausible: [-40, 185]}}",
        r#"{"t": 200.0}"#,
        expect![[r#"
            <t> <qudt:hasUnit> <unit/DEG_C>
            <t> <sosa:hasSimpleResult> "93.333333333333333333"^^<xsd:decimal>
            <t> <sosa:observedProperty> <pv:AirTemperature>
            <t> <pv:originalUnit> "°F"
            <t> <pv:qualityFlag> <pv:Implausible>
        "#]],
    );
    gives(
        "properties: {w: {type: object, x-observes: VolumetricWaterContent, x-unit-from: unit, x-plausible: [0, 1], properties: {value: {type: number}, unit: {type: string}}}}",
        r#"{"w": {"value": 120, "unit": "%"}}"#,
        expect![[r#"
            <w> <qudt:hasUnit> <unit/M3-PER-M3>
            <w> <sosa:hasSimpleResult> "1.2"^^<xsd:decimal>
            <w> <sosa:observedProperty> <pv:VolumetricWaterContent>
            <w> <pv:originalUnit> "%"
            <w> <pv:qualityFlag> <pv:Implausible>
        "#]],
    );
    gives(
        "properties: {t: {type: string, x-observes: AirTemperature, x-unit: Cel}}",
        r#"{"t": "+21.50"}"#,
        expect![[r#"
            <t> <qudt:hasUnit> <unit/DEG_C>
            <t> <sosa:hasSimpleResult> "21.5"^^<xsd:decimal>
            <t> <sosa:observedProperty> <pv:AirTemperature>
            <t> <pv:originalUnit> "Cel"
        "#]],
    );
}

#[test]
fn texts_that_are_numbers_and_times() {
    gives(
        "properties: {t: {type: string, x-observes: AirTemperature, x-unit: Cel, x-decimal: ','}, d: {type: string, x-time: {form: pattern, pattern: 'DD.MM.YYYY hh:mm', zone: '+01:00'}}}",
        r#"{"t": "21,5", "d": "14.03.2026 07:10"}"#,
        expect![[r#"
            <t> <qudt:hasUnit> <unit/DEG_C>
            <t> <sosa:hasSimpleResult> "21.5"^^<xsd:decimal>
            <t> <sosa:observedProperty> <pv:AirTemperature>
            <t> <sosa:resultTime> "2026-03-14T06:10:00Z"^^<xsd:dateTimeStamp>
            <t> <pv:originalUnit> "Cel"
        "#]],
    );
    gives(
        "properties: {t: {type: string, x-observes: AirTemperature, x-unit: Cel}}",
        r#"{"t": "n/a"}"#,
        expect![""],
    );
}

#[test]
fn objects_without_their_value_observe_nothing() {
    gives(
        "properties: {p: {type: object, x-observes: ActivePower, x-unit: W, properties: {value: {type: number}}}, q: {type: object, x-observes: ContactState, x-value: open, required: [open], properties: {open: {type: boolean}}}}",
        r#"{"p": {}, "q": {"open": true}}"#,
        expect![[r#"
            <q> <sosa:hasSimpleResult> "true"^^<xsd:boolean>
            <q> <sosa:observedProperty> <pv:ContactState>
        "#]],
    );
    gives(
        "properties: {p: {type: object, x-observes: ActivePower, x-unit: W, properties: {value: {type: number}}}}",
        r#"{"p": {"value": 5}}"#,
        expect![[r#"
            <p> <qudt:hasUnit> <unit/W>
            <p> <sosa:hasSimpleResult> "5"^^<xsd:decimal>
            <p> <sosa:observedProperty> <pv:ActivePower>
            <p> <pv:originalUnit> "W"
        "#]],
    );
}

#[test]
fn times_belong_to_the_nearest_record() {
    gives(
        "properties: {ts: {type: integer, x-time: epoch-milliseconds}, r: {type: array, items: {properties: {at: {type: string, x-time: iso-8601}, v: {type: number, x-observes: Voltage, x-unit: mV}}}}, b: {type: number, x-observes: BatteryLevel, x-unit: '%'}}",
        r#"{"ts": 1773468612250, "r": [{"at": "2026-03-14T06:00:00Z", "v": 3000}, {"at": "2026-03-14T06:00:01", "v": 10}], "b": 9}"#,
        expect![[r#"
            <b> <qudt:hasUnit> <unit/PERCENT>
            <b> <sosa:hasSimpleResult> "9"^^<xsd:decimal>
            <b> <sosa:observedProperty> <pv:BatteryLevel>
            <b> <sosa:resultTime> "2026-03-14T06:10:12.25Z"^^<xsd:dateTimeStamp>
            <b> <pv:originalUnit> "%"
            <r/0/v> <qudt:hasUnit> <unit/V>
            <r/0/v> <sosa:hasSimpleResult> "3"^^<xsd:decimal>
            <r/0/v> <sosa:observedProperty> <pv:Voltage>
            <r/0/v> <sosa:resultTime> "2026-03-14T06:00:00Z"^^<xsd:dateTimeStamp>
            <r/0/v> <pv:originalUnit> "mV"
            <r/1/v> <qudt:hasUnit> <unit/V>
            <r/1/v> <sosa:hasSimpleResult> "0.01"^^<xsd:decimal>
            <r/1/v> <sosa:observedProperty> <pv:Voltage>
            <r/1/v> <pv:deviceTime> "2026-03-14T06:00:01"^^<xsd:dateTime>
            <r/1/v> <pv:originalUnit> "mV"
            <r/1/v> <pv:qualityFlag> <pv:ZoneUnknown>
        "#]],
    );
    // A list that has one item at most is no list of times.
    gives(
        "properties: {at: {type: array, maxItems: 1, items: {type: string, x-time: iso-8601}}, v: {type: array, items: {type: number, x-observes: Voltage, x-unit: V}}}",
        r#"{"at": ["2026-03-14T06:00:00Z"], "v": [1, 2]}"#,
        expect![[r#"
            <v/0> <qudt:hasUnit> <unit/V>
            <v/0> <sosa:hasSimpleResult> "1"^^<xsd:decimal>
            <v/0> <sosa:observedProperty> <pv:Voltage>
            <v/0> <sosa:resultTime> "2026-03-14T06:00:00Z"^^<xsd:dateTimeStamp>
            <v/0> <pv:originalUnit> "V"
            <v/1> <qudt:hasUnit> <unit/V>
            <v/1> <sosa:hasSimpleResult> "2"^^<xsd:decimal>
            <v/1> <sosa:observedProperty> <pv:Voltage>
            <v/1> <sosa:resultTime> "2026-03-14T06:00:00Z"^^<xsd:dateTimeStamp>
            <v/1> <pv:originalUnit> "V"
        "#]],
    );
    gives(
        "properties: {d: {type: string, x-time: {form: local, zone-from: z, clock: server}}, z: {type: string}, o: {type: object, properties: {v: {type: number, x-observes: Voltage, x-unit: V}}}}",
        r#"{"d": "2026-03-14T06:00:00", "z": "+01:00", "o": {"v": 1}}"#,
        expect![[r#"
            <o/v> <qudt:hasUnit> <unit/V>
            <o/v> <sosa:hasSimpleResult> "1"^^<xsd:decimal>
            <o/v> <sosa:observedProperty> <pv:Voltage>
            <o/v> <sosa:resultTime> "2026-03-14T05:00:00Z"^^<xsd:dateTimeStamp>
            <o/v> <pv:originalUnit> "V"
            <o/v> <pv:timeSource> <pv:ServerClock>
        "#]],
    );
}

#[test]
fn identifiers_statements_and_states() {
    gives(
        "properties: {eui: {type: string, x-identifier: eui64}, mac: {type: string, x-identifier: mac}, sn: {type: integer, x-identifier: serial}, fw: {type: string, x-states: firmwareVersion}, due: {type: integer, x-states: calibrationDue, x-time: epoch-seconds}, open: {type: boolean, x-observes: ContactState}}",
        r#"{"eui": "70b3-d57b-a000-1f2c", "mac": "a0:b1:c2:d3:e4:f5", "sn": 7, "fw": "1.2", "due": 1773468612, "open": true}"#,
        expect![[r#"
            <urn:pervade:device:example> <pv:calibrationDue> "2026-03-14T06:10:12Z"^^<xsd:dateTimeStamp>
            <urn:pervade:device:example> <pv:firmwareVersion> "1.2"
            <eui/identity> <a> <pv:IdentityStatement>
            <eui/identity> <pv:deviceEui> "70B3D57BA0001F2C"
            <mac/identity> <a> <pv:IdentityStatement>
            <mac/identity> <pv:macAddress> "A0B1C2D3E4F5"
            <open> <sosa:hasSimpleResult> "true"^^<xsd:boolean>
            <open> <sosa:observedProperty> <pv:ContactState>
            <sn/identity> <a> <pv:IdentityStatement>
            <sn/identity> <pv:serialNumber> "7"
        "#]],
    );
}

#[test]
fn items_by_their_text_and_by_their_place() {
    gives(
        "properties: {r: {type: array, items: {properties: {n: {type: string, x-identifier: sensor}, u: {type: string}, w: {}}, oneOf: [{properties: {k: {const: temp}, v: {type: number, x-observes: AirTemperature, x-unit-from: u}, w: {x-ignored: w}}}, {properties: {k: {enum: [hum, rh]}, v: {type: number, x-observes: RelativeHumidity, x-unit: '%'}, w: {x-ignored: w}}}]}}}",
        r#"{"r": [{"k": "temp", "n": "a", "v": 20, "u": "°C"}, {"k": "rh", "v": 50}, {"k": "hum", "v": 51}]}"#,
        expect![[r#"
            <r/0/v> <qudt:hasUnit> <unit/DEG_C>
            <r/0/v> <sosa:hasSimpleResult> "20"^^<xsd:decimal>
            <r/0/v> <sosa:observedProperty> <pv:AirTemperature>
            <r/0/v> <pv:originalUnit> "°C"
            <r/0/v> <pv:sensorName> "a"
            <r/1/v> <qudt:hasUnit> <unit/PERCENT_RH>
            <r/1/v> <sosa:hasSimpleResult> "50"^^<xsd:decimal>
            <r/1/v> <sosa:observedProperty> <pv:RelativeHumidity>
            <r/1/v> <pv:originalUnit> "%"
            <r/2/v> <qudt:hasUnit> <unit/PERCENT_RH>
            <r/2/v> <sosa:hasSimpleResult> "51"^^<xsd:decimal>
            <r/2/v> <sosa:observedProperty> <pv:RelativeHumidity>
            <r/2/v> <pv:originalUnit> "%"
        "#]],
    );
    gives(
        "properties: {p: {type: array, prefixItems: [{type: number, x-observes: Latitude, x-unit: °}, {type: number, x-observes: Longitude, x-unit: °}], items: false}}",
        r#"{"p": [52.1, 4.3]}"#,
        expect![[r#"
            <p/0> <qudt:hasUnit> <unit/DEG>
            <p/0> <sosa:hasSimpleResult> "52.1"^^<xsd:decimal>
            <p/0> <sosa:observedProperty> <pv:Latitude>
            <p/0> <pv:originalUnit> "°"
            <p/1> <qudt:hasUnit> <unit/DEG>
            <p/1> <sosa:hasSimpleResult> "4.3"^^<xsd:decimal>
            <p/1> <sosa:observedProperty> <pv:Longitude>
            <p/1> <pv:originalUnit> "°"
        "#]],
    );
}

#[test]
fn events() {
    gives(
        "x-event: {kind: payment, agent: {field: payer, iri: 'urn:acme:account:'}, recipient: payee.id, price: amount, currency: {value: EUR}}\nproperties: {ts: {type: integer, x-time: epoch-seconds}, payer: {type: string}, payee: {properties: {id: {type: string}}}, amount: {type: number}}",
        r#"{"ts": 1773468612, "payer": "a 1", "payee": {"id": "b"}, "amount": 1.20}"#,
        expect![[r#"
            <payment> <a> <schema:PayAction>
            <payment> <schema:agent> <urn:acme:account:a%201>
            <payment> <schema:endTime> "2026-03-14T06:10:12Z"^^<xsd:dateTimeStamp>
            <payment> <schema:price> "1.2"^^<xsd:decimal>
            <payment> <schema:priceCurrency> "EUR"
            <payment> <schema:recipient> "b"
        "#]],
    );
    gives(
        "properties: {ev: {type: string, enum: [boot, ota], x-event: {kind: lifecycle, state: {field: ev, codes: {boot: Activated, ota: Updated}}, firmware: fw}}, fw: {type: string}}",
        r#"{"ev": "ota", "fw": "2.0"}"#,
        expect![[r#"
            <ev/lifecycle> <a> <pv:LifecycleEvent>
            <ev/lifecycle> <pv:firmwareVersion> "2.0"
            <ev/lifecycle> <pv:lifecycleState> <pv:Updated>
        "#]],
    );
    gives(
        "properties: {at: {type: string, x-time: iso-8601}, hand: {type: object, x-event: {kind: custody, goods: epc, from: {field: from, iri: 'urn:acme:party:'}, to: {field: to, iri: 'urn:acme:party:'}}, properties: {epc: {type: string}, from: {type: string}, to: {type: string}}}}",
        r#"{"at": "2026-03-14T06:00:00Z", "hand": {"epc": "urn:epc:id:sgtin:1.2.3", "from": "x", "to": "y"}}"#,
        expect![[r#"
            <hand/custody> <a> <epcis:ObjectEvent>
            <hand/custody> <epcis:epcList> <urn:epc:id:sgtin:1.2.3>
            <hand/custody> <epcis:eventTime> "2026-03-14T06:00:00Z"^^<xsd:dateTimeStamp>
            <hand/custody> <pv:custodyFrom> <urn:acme:party:x>
            <hand/custody> <pv:custodyTo> <urn:acme:party:y>
        "#]],
    );
}

#[test]
fn states_in_other_words() {
    gives(
        "properties: {door: {type: string, x-observes: ContactState, x-boolean: true}, mode: {type: string, x-observes: OperatingMode}, valve: {enum: [0, 1], x-actuates: SwitchState, x-boolean: true}}",
        r#"{"door": "yes", "mode": "eco", "valve": 1}"#,
        expect![[r#"
            <door> <sosa:hasSimpleResult> "true"^^<xsd:boolean>
            <door> <sosa:observedProperty> <pv:ContactState>
            <mode> <sosa:hasSimpleResult> "eco"
            <mode> <sosa:observedProperty> <pv:OperatingMode>
            <valve> <a> <sosa:Actuation>
            <valve> <sosa:actsOnProperty> <pv:SwitchState>
            <valve> <sosa:hasSimpleResult> "true"^^<xsd:boolean>
            <valve> <sosa:madeByActuator> <urn:pervade:device:example>
            <valve> <pv:actuationState> <pv:Confirmed>
        "#]],
    );
}

#[test]
fn actuations() {
    gives(
        "properties: {relay: {type: object, x-actuates: SwitchState, x-value: on, x-commanded: target, x-commanded-by: by, properties: {on: {type: boolean}, target: {type: boolean}, by: {type: string}}}, led: {type: boolean, x-actuates: SwitchState}}",
        r#"{"relay": {"on": false, "target": true, "by": "button"}, "led": true}"#,
        expect![[r#"
            <led> <a> <sosa:Actuation>
            <led> <sosa:actsOnProperty> <pv:SwitchState>
            <led> <sosa:hasSimpleResult> "true"^^<xsd:boolean>
            <led> <sosa:madeByActuator> <urn:pervade:device:example>
            <led> <pv:actuationState> <pv:Confirmed>
            <relay> <a> <sosa:Actuation>
            <relay> <sosa:actsOnProperty> <pv:SwitchState>
            <relay> <sosa:hasSimpleResult> "false"^^<xsd:boolean>
            <relay> <sosa:madeByActuator> <urn:pervade:device:example>
            <relay> <pv:actuationState> <pv:Confirmed>
            <relay> <pv:commandedBy> "button"
            <relay> <pv:commandedValue> "true"^^<xsd:boolean>
        "#]],
    );
}

#[test]
fn an_actuator_that_has_not_answered_confirms_nothing() {
    gives(
        "properties: {relay: {type: object, x-actuates: SwitchState, x-value: on, x-commanded: target, properties: {on: {type: boolean}, target: {type: boolean}}}}",
        r#"{"relay": {"target": true}}"#,
        expect![[r#"
            <relay> <a> <sosa:Actuation>
            <relay> <sosa:actsOnProperty> <pv:SwitchState>
            <relay> <sosa:madeByActuator> <urn:pervade:device:example>
            <relay> <pv:commandedValue> "true"^^<xsd:boolean>
        "#]],
    );
}

#[test]
fn properties_kinds_and_code_lists_of_others() {
    gives(
        "properties: {v: {type: number, x-observes: 'https://acme.example/Stroke', x-kind: Length, x-unit: MMT, x-unit-scheme: unece, x-statistic: Maximum}}",
        r#"{"v": 12}"#,
        expect![[r#"
            <v> <qudt:hasUnit> <unit/M>
            <v> <sosa:hasSimpleResult> "0.012"^^<xsd:decimal>
            <v> <sosa:observedProperty> <https://acme.example/Stroke>
            <v> <pv:originalUnit> "MMT"
            <v> <pv:statistic> <pv:Maximum>
        "#]],
    );
    gives(
        "properties: {mode: {enum: [a, b, c], x-states: 'https://acme.example/mode', x-codes: {a: 'https://acme.example/A', '*': 'pv:Suspended'}}}",
        r#"{"mode": "c"}"#,
        expect![[r#"
            <urn:pervade:device:example> <https://acme.example/mode> <pv:Suspended>
        "#]],
    );
}

#[test]
fn times_that_are_named_and_other_forms() {
    gives(
        "properties: {a: {type: integer, x-time: epoch-microseconds}, b: {type: number, x-time: senml}, meta: {properties: {at: {type: string, x-time: iso-8601}}}, v: {type: number, x-observes: Voltage, x-unit: V, x-time-from: meta.at}, w: {type: number, x-observes: Voltage, x-unit: V, x-time-from: a}, x: {type: number, x-observes: Voltage, x-unit: V, x-time-from: b}}",
        r#"{"a": 1773468612250000, "b": 5, "meta": {"at": "2026-03-14T06:00:00Z"}, "v": 1, "w": 2, "x": 3}"#,
        expect![[r#"
            <v> <qudt:hasUnit> <unit/V>
            <v> <sosa:hasSimpleResult> "1"^^<xsd:decimal>
            <v> <sosa:observedProperty> <pv:Voltage>
            <v> <sosa:resultTime> "2026-03-14T06:00:00Z"^^<xsd:dateTimeStamp>
            <v> <pv:originalUnit> "V"
            <w> <qudt:hasUnit> <unit/V>
            <w> <sosa:hasSimpleResult> "2"^^<xsd:decimal>
            <w> <sosa:observedProperty> <pv:Voltage>
            <w> <sosa:resultTime> "2026-03-14T06:10:12.25Z"^^<xsd:dateTimeStamp>
            <w> <pv:originalUnit> "V"
            <x> <qudt:hasUnit> <unit/V>
            <x> <sosa:hasSimpleResult> "3"^^<xsd:decimal>
            <x> <sosa:observedProperty> <pv:Voltage>
            <x> <pv:originalUnit> "V"
            <x> <pv:qualityFlag> <pv:RelativeTime>
        "#]],
    );
}

#[test]
fn names_that_change() {
    gives(
        "additionalProperties: {type: object, properties: {t: {type: [number, 'null'], x-observes: Temperature, x-unit: K}}}",
        r#"{"probe 1": {"t": 300}, "probe-2": {"t": null}}"#,
        expect![[r#"
            <probe%201/t> <qudt:hasUnit> <unit/DEG_C>
            <probe%201/t> <sosa:hasSimpleResult> "26.85"^^<xsd:decimal>
            <probe%201/t> <sosa:observedProperty> <pv:Temperature>
            <probe%201/t> <pv:originalUnit> "K"
        "#]],
    );
}

#[track_caller]
fn wrong(body: &str, expected: Expect) {
    expected.assert_eq(&shown(&compile("device.yaml", &format!("{DEVICE}{body}"))));
}

/// T-72: every problem has its place, and where there is one a suggestion.
#[test]
fn every_problem_is_told_with_a_suggestion() {
    wrong(
        "required: [temprature]\nproperties:\n  temperature: {type: number, x-observes: AirTemprature, x-unit: Cel}\n  h: {type: number, x-observes: RelativeHumidity, x-unit: hPa}\n  p: {type: number, x-observes: AirPressure, x-unti: hPa}\n  v: {type: number, x-observes: Voltage, x-unit: Volts}\n  rssi: {type: integer}\n  t: {type: integer, x-time: epoch}\n  x: {type: number, x-observes: https://a.example/x, x-unit: m}\n",
        expect![[r#"
            device.yaml:3:12: the required field temprature is not described; is temperature meant? [unknown-field]
            device.yaml:5:43: "AirTemprature" is no property that devices observe; is AirTemperature meant? [unknown-property]
            device.yaml:6:59: "hPa" is no unit of RelativeHumidity; units of RelativeHumidity are "%RH", "%", "1", "ppm" [wrong-unit]
            device.yaml:7:3: the number has no unit; add x-unit, one of "hPa", "Pa", "kPa", "bar", "mbar"; or x-unit-from [no-unit]
            device.yaml:7:46: x-unti is no keyword; is x-unit meant? [unknown-keyword]
            device.yaml:8:50: "Volts" is no unit that is known; units of Voltage are "V", "mV" [unknown-unit]
            device.yaml:9:3: rssi has no meaning; perhaps x-ignored: "radio diagnostics" [no-meaning]
            device.yaml:10:30: "epoch" is no form of a time; is epoch-seconds meant? [wrong-value]
            device.yaml:11:33: the quantity kind of this property is not known; say it with x-kind, such as x-kind: Length [missing]
        "#]],
    );
    wrong(
        "properties:\n  a: {type: number, x-observes: Voltage, x-unit-from: unt, x-plausible: [1]}\n  unit: {type: string, x-ignored: ''}\n  b: {type: string, x-observes: Voltage, x-states: firmwareVersion, x-codes: {a: b}}\n  c: {type: boolean, x-plausible: [0, 1]}\n",
        expect![[r#"
            device.yaml:4:3: there is no field "unt" beside or around this one; is unit meant? [unknown-field]
            device.yaml:4:73: x-plausible is the least and the greatest number; for example [-40, 85] [wrong-value]
            device.yaml:5:35: x-ignored gives the reason in words; for example x-ignored: "radio diagnostics" [wrong-value]
            device.yaml:6:52: x-observes and x-states do not go together; a field has one meaning [conflict]
            device.yaml:7:35: x-plausible says nothing here; it goes with x-observes [unknown-keyword]
        "#]],
    );
    wrong(
        "properties: {t: {type: number, x-observes: Temprature, x-unit: celcius}, f: {type: number, x-observe: VolumeFlow}, c: {type: number, x-observes: Current, x-unit: C}}",
        expect![[r#"
            device.yaml:3:44: "Temprature" is no property that devices observe; is Temperature meant? [unknown-property]
            device.yaml:3:64: "celcius" is no unit that is known; is Celsius meant? [unknown-unit]
            device.yaml:3:92: x-observe is no keyword; is x-observes meant? [unknown-keyword]
            device.yaml:3:163: "C" is no unit of ElectricCurrent; units of ElectricCurrent are "A", "mA" [wrong-unit]
        "#]],
    );
    wrong(
        "properties:\n  t1: {type: integer, x-time: epoch-seconds}\n  t2: {type: integer, x-time: epoch-seconds}\n  v: {type: number, x-observes: Voltage, x-unit: V}\n",
        expect![[r#"
            device.yaml:6:3: t1 and t2 are both a time of this field; name one with x-time-from, or state the other with x-states [ambiguous]
        "#]],
    );
    wrong(
        "properties: {n: {type: string, x-ignored: x}}\nadditionalProperties: {type: number, x-observes: Voltage, x-unit: V}\n",
        expect![[r#"
            device.yaml:4:23: a value under a name that changes cannot be told from its neighbours; put the meaning on members of an object, or name every field [ambiguous]
        "#]],
    );
    wrong(
        "properties: {at: {type: integer, x-time: epoch-seconds}, o: {properties: {at: {type: integer, x-time: epoch-seconds}, v: {type: number, x-observes: Voltage, x-unit: V}}}}",
        expect![[r#"
            device.yaml:3:14: at is the time of nothing; others are nearer to every statement, or there is none; x-ignored leaves it out [no-meaning]
        "#]],
    );
    wrong(
        "propertys: {a: {type: number}}\n",
        expect![[r#"
        device.yaml:3:1: propertys is no keyword; is properties meant? [unknown-keyword]
    "#]],
    );
    wrong(
        "properties: {e: {type: string, x-event: {kind: lifecicle, sate: e}}, f: {type: string, x-event: {kind: task, task: f, state: {field: f, codes: {a: Opened}}}}}",
        expect![[r#"
            device.yaml:3:48: "lifecicle" is no kind of event; is lifecycle meant? [wrong-value]
            device.yaml:3:148: "Opened" is no such state; is TaskOpened meant? [wrong-value]
        "#]],
    );
}

#[test]
fn the_device_is_named() {
    let check = |text: &str, expected: Expect| expected.assert_eq(&shown(&compile("d.yaml", text)));
    check(
        "type: object\n",
        expect![[r#"
        d.yaml:1:1: there is no x-device; x-device: {vendor: acme, model: th-1, version: 1.0.0, title: "…"} [missing]
    "#]],
    );
    check(
        "x-device: {vendor: ACME, modle: x, version: 1.0, title: T, payload: jsno}\nproperties: {v: {type: boolean, x-observes: ContactState}}",
        expect![[r#"
            d.yaml:1:11: x-device says no model [missing]
            d.yaml:1:20: vendor is small letters, digits and '-' [wrong-value]
            d.yaml:1:26: x-device has no modle; is model meant? [unknown-keyword]
            d.yaml:1:45: version is three numbers, such as 1.0.0 [wrong-value]
            d.yaml:1:69: payload is one of json, jsonl, cbor, senml+json, senml+cbor, csv, xml, epcis+json, ngsi-ld+json, lorawan+json [wrong-value]
        "#]],
    );
    check(
        "[1]",
        expect![[r#"
        d.yaml:1:1: a device file is an object, not a list [wrong-value]
    "#]],
    );
    check(
        "{\"a\"",
        expect![[r#"
        d.yaml:2:1: while parsing a flow mapping, did not find expected ',' or '}' [syntax]
    "#]],
    );
    expect![[r#"
        d.json:1:6: expected ':' [syntax]
    "#]]
    .assert_eq(&shown(&compile("d.json", "{\"a\" 1}")));
}

/// Parts of a file in any order, cut anywhere: problems, never a panic.
#[test]
fn nothing_panics() {
    let texts = [include_str!("authored/aht1x.yaml"), include_str!("authored/pro-3em.yaml")];
    for text in texts {
        let ends: Vec<usize> = text.char_indices().map(|(at, _)| at).step_by(37).collect();
        for end in ends {
            let cut = compile("device.yaml", &text[..end]);
            assert!(cut.texts.is_some() == cut.problems.is_empty(), "a result or problems");
        }
    }
}

#[test]
fn fields_are_told_in_words() {
    let fields = compile("device.yaml", include_str!("authored/aht1x.yaml")).fields;
    let lines: BTreeMap<String, String> = fields
        .into_iter()
        .map(|field| (field.path, format!("{} {:?}", field.meaning, field.uses)))
        .collect();
    expect![[r#"
        */DewPoint: an observation of DewPoint, sent in the unit that TempUnit names, stated in DEG_C []
        */Humidity: an observation of RelativeHumidity, sent in %, stated in PERCENT_RH []
        */Temperature: an observation of AirTemperature, sent in the unit that TempUnit names, stated in DEG_C []
        TempUnit:  ["unit of */DewPoint", "unit of */Temperature"]
        Time: the time, read as ISO 8601; without a zone it is kept as local time and flagged ["time of */DewPoint", "time of */Humidity", "time of */Temperature"]
    "#]].assert_eq(
        &lines.iter().map(|(path, words)| format!("{path}: {words}\n")).collect::<String>(),
    );
}

/// The guide's first example is a device type as it stands.
#[test]
fn the_guide_is_true() {
    let guide = include_str!("../../../docs/device-types.md");
    let (_, after) = guide.split_once("```yaml\n").expect("an example");
    let (example, _) = after.split_once("```").expect("its end");
    let package = package(example);
    let compiled = CheckedPackage::compile(&package).expect("compiles");
    let payload = r#"{"ts": 1773468612, "readings": [{"at": "2026-03-14T06:10:00Z", "t": 4.5, "rh": 80}], "power": {"value": 1.5, "unit": "kW"}}"#;
    assert!(compiled.normalise(payload.as_bytes(), &Context::example()).is_ok(), "runs");
    let (_, after) = guide.split_once("## By hand").expect("the part on YARRRML");
    let (_, after) = after.split_once("```yaml\n").expect("an example");
    let (example, _) = after.split_once("```").expect("its end");
    let read = yarrrml("mapping.yml", example);
    assert_eq!(read.problems, [], "no problems");
    let lowered = pervade_mapping::lower(&read.mapping.expect("a mapping"));
    assert_eq!(lowered.problems, [], "the ledger runs it");
    let keywords = Keyword::ALL.iter().map(|keyword| keyword.name());
    let untold: Vec<&str> = keywords.filter(|name| !guide.contains(name)).collect();
    assert!(untold.is_empty(), "the guide has every keyword: {untold:?}");
}

/// Numbers that are the same for the same seed.
struct Seeded(u64);

impl Seeded {
    /// A number below `limit`.
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(limit).unwrap()).unwrap()
    }
}

const YARRRML: &str = "prefixes: {e: 'http://e/'}\nexternal: {x: y}\nsources:\n  s: ['a.json~jsonpath', '$.a[*]']\nmappings:\n  m:\n    sources: s\n    s: e:$(id)\n    graphs: e:g\n    po:\n      - [e:p, $(a), en~lang]\n      - p: [a, e:q]\n        o: {function: 'grel:toUpperCase(grel:valueParam=$(b))', type: iri}\n      - {p: e:r, o: {mapping: m, condition: {function: equal, parameters: [[str1, $(a)], [str2, $(_x)]]}}}\n";

/// Files with a few letters changed: a result or problems, never a panic.
#[test]
fn changed_files_are_read_or_refused() {
    const LETTERS: &[u8] = b"{}[]:,'\"\\#&*!|>-x1$()~ \n";
    let texts = [include_str!("authored/aht1x.yaml"), include_str!("authored/lds01.yaml"), YARRRML];
    for seed in 1..600_u64 {
        let mut random = Seeded(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let text = texts[random.below(texts.len())];
        let mut letters: Vec<char> = text.chars().collect();
        for _ in 0..1 + random.below(4) {
            let place = random.below(letters.len());
            letters[place] = char::from(LETTERS[random.below(LETTERS.len())]);
        }
        let changed: String = letters.into_iter().collect();
        let compiled = compile("device.yaml", &changed);
        assert_eq!(compiled.texts.is_some(), compiled.problems.is_empty(), "seed {seed}");
        let read = yarrrml("mapping.yml", &changed);
        assert_eq!(read.mapping.is_some(), read.problems.is_empty(), "seed {seed}");
    }
}

/// A JSON value with names that mean something to the draft, and some that mean trouble to YAML.
fn any_value(random: &mut Seeded, depth: usize) -> Value {
    const NAMES: &[&str] = &[
        "temp", "ts", "time", "unit", "value", "id", "mac", "yes", "no", "1", "a b", "a:", "#x",
        "'", "\"", "é", "", "-", "null", "rssi", "battery", "lat", "x-unit", "* ", "&a", "a\nb",
        "[",
    ];
    const TEXTS: &[&str] =
        &["", "°C", "2026-03-14T06:10:12Z", "a0:b1:c2:d3:e4:f5", "open", "1.0", "{\"a\": 1}"];
    let kinds = if depth > 3 { 5 } else { 7 };
    match random.below(kinds) {
        0 => Value::Null,
        1 => Value::Bool(random.below(2) == 0),
        2 => json!(random.below(2)),
        3 => json!(1_773_468_612_u64 + u64::try_from(random.below(9)).unwrap()),
        4 => json!(TEXTS[random.below(TEXTS.len())]),
        5 => (0..random.below(3)).map(|_| any_value(random, depth + 1)).collect(),
        _ => {
            let member = |random: &mut Seeded| {
                let name = NAMES[random.below(NAMES.len())].to_owned();
                (name, any_value(random, depth + 1))
            };
            Value::Object((0..random.below(6)).map(|_| member(random)).collect())
        }
    }
}

/// Whatever the samples, the draft is a device file that its samples fit; what is left to say is
/// what fields mean.
#[test]
fn every_draft_is_a_device_file() {
    for seed in 1..400_u64 {
        let mut random = Seeded(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let samples = [any_value(&mut random, 0), any_value(&mut random, 0)];
        let drafted = Drafted { vendor: "acme", model: "m-1", payload: "json", dialect: None };
        let draft = scaffold(drafted, &[&samples[0], &samples[1]]);
        let compiled = compile("device.yaml", &draft.text);
        let left = [ProblemCode::NoMeaning, ProblemCode::Ambiguous];
        let other = compiled.problems.iter().find(|problem| !left.contains(&problem.code));
        assert_eq!(other, None, "seed {seed}: {samples:?}\n{}", draft.text);
    }
}

/// The same file in JSON is the same device type.
#[test]
fn json_says_the_same() {
    for text in [include_str!("authored/aht1x.yaml"), include_str!("authored/pro-3em.yaml")] {
        let (root, problems) = read(text, Notation::Yaml);
        assert_eq!(problems, [], "reads");
        let json = root.expect("there").to_json();
        let compiled = compile("device.json", &json);
        assert_eq!(shown(&compiled), "", "no problems");
        assert_eq!(compiled.texts, compile("device.yaml", text).texts, "the same bytes");
    }
}

/// Sources, subjects and objects multiply; what they come to is bounded.
#[test]
fn short_texts_do_not_become_long_mappings() {
    let many = |item: &str, count: usize| vec![item; count].join(", ");
    let text = format!(
        "prefixes: {{e: 'http://e/'}}\nmappings:\n  m:\n    sources: [{}]\n    s: [{}]\n    po: [{}]\n",
        many("['a.csv~csv']", 30),
        many("'e:$(id)'", 30),
        many("[e:p, $(a)]", 400)
    );
    let read = yarrrml("m.yml", &text);
    let codes: Vec<&str> = read.problems.iter().map(|problem| problem.code.as_str()).collect();
    assert_eq!(codes, ["too-large"]);
}
