//! Whether a mapping means what it says: units of their kinds, kinds of their properties.
//!
//! A percentage cannot become volts. What a mapping's text and the schema tell of its units is
//! checked when the package is compiled, so that no payload has to fail to show it.

mod fields;

use std::collections::BTreeSet;

use pervade_mapping::{Conversion, Given, Measurement, Origin, Plan};
use pervade_rdf::Position;
use pervade_units::{QuantityKind, Scheme, resolve};
use pervade_vocabulary::{Vocabulary, compact};
use serde_json::Value;

use crate::problem::{Problem, ProblemCode};
use crate::unknown::Descriptions;

const OBSERVED_PROPERTY: &str = "http://www.w3.org/ns/sosa/observedProperty";
const SIMPLE_RESULT: &str = "http://www.w3.org/ns/sosa/hasSimpleResult";
const QUANTITY_KIND: &str = "http://qudt.org/schema/qudt/hasQuantityKind";

/// Most problems told of one mapping.
const PROBLEMS_MAX: usize = 100;

/// Every unit and kind of a plan that cannot be meant, where it is written.
pub(crate) fn problems(plan: &Plan, schema: &Descriptions) -> Vec<Problem> {
    let mut checking = Checking { schema, found: BTreeSet::new() };
    for measurement in plan.measurements() {
        checking.measurement(&measurement);
    }
    let told = checking.found.into_iter().take(PROBLEMS_MAX);
    told.map(|(Position { line, column }, message)| Problem {
        document: "mapping.ttl".to_owned(),
        line,
        column,
        code: ProblemCode::Dimension,
        message,
    })
    .collect()
}

struct Checking<'s> {
    schema: &'s Descriptions,
    /// Several maps share parts; each part is told of once.
    found: BTreeSet<(Position, String)>,
}

impl Checking<'_> {
    fn report(&mut self, at: Position, message: String) {
        self.found.insert((at, message));
    }

    fn measurement(&mut self, measurement: &Measurement<'_>) {
        for conversion in &measurement.conversions {
            if let Some(kind) = self.kind(conversion) {
                self.unit(conversion, kind, measurement);
                self.stated_kind(conversion, kind, measurement);
            }
        }
        self.properties(measurement);
    }

    /// The kind that a conversion is into, if the mapping states it.
    fn kind(&mut self, conversion: &Conversion<'_>) -> Option<QuantityKind> {
        let Given { at, origin: Origin::Constant(text), .. } = conversion.kind else { return None };
        let kind = QuantityKind::find(text);
        if kind.is_none() {
            self.report(at, format!("{text} is no quantity kind that is known here"));
        }
        kind
    }

    fn unit(
        &mut self,
        conversion: &Conversion<'_>,
        kind: QuantityKind,
        measurement: &Measurement<'_>,
    ) {
        let scheme = match conversion.scheme {
            None => Scheme::Symbol,
            Some(Given { at, origin: Origin::Constant(name), .. }) => match Scheme::find(name) {
                Some(scheme) => scheme,
                None => return self.report(at, format!("{name} is no list of units")),
            },
            Some(_) => return,
        };
        let at = conversion.unit.at;
        match conversion.unit.origin {
            Origin::Constant(code) => {
                if let Err(error) = resolve(code, scheme, Some(kind)) {
                    self.report(at, error.to_string());
                }
            }
            Origin::Field(path) => {
                let units = fields::values_at(self.schema, measurement.iterator, path);
                self.units_of_field(&units, (scheme, kind), at);
            }
            Origin::Around(path) => {
                let units = fields::values_around(self.schema, measurement.iterator, path);
                self.units_of_field(&units, (scheme, kind), at);
            }
            Origin::Computed | _ => {}
        }
    }

    /// What a schema lets a unit be must be of the kind; behind a filter, some of it.
    fn units_of_field(
        &mut self,
        units: &fields::Values<'_>,
        (scheme, kind): (Scheme, QuantityKind),
        at: Position,
    ) {
        let texts: Vec<&str> = units.values.iter().copied().filter_map(Value::as_str).collect();
        let fits = |code: &&str| resolve(code, scheme, Some(kind)).is_ok();
        let wrong = texts.iter().find(|code| !fits(code));
        let some_fits = texts.iter().any(fits);
        let Some(wrong) = wrong.filter(|_| !(units.are_filtered && some_fits)) else { return };
        let name = kind.name();
        self.report(at, format!("the schema lets this unit be {wrong:?}, no unit of {name}"));
    }

    /// A result is stated as the kind that it was converted as.
    fn stated_kind(
        &mut self,
        conversion: &Conversion<'_>,
        kind: QuantityKind,
        measurement: &Measurement<'_>,
    ) {
        if !conversion.predicates.contains(&SIMPLE_RESULT) {
            return;
        }
        let iri = kind.iri();
        let stated = measurement.constants.iter().filter(|said| said.predicate == QUANTITY_KIND);
        for said in stated.filter(|said| said.object != iri) {
            let (stated, converted) = (compact(said.object), compact(&iri));
            self.report(said.at, format!("{stated} is stated of what is converted as {converted}"));
        }
    }

    /// A property of the ontology is measured as the ontology says.
    fn properties(&mut self, measurement: &Measurement<'_>) {
        let of = |predicate: &'static str| {
            measurement.constants.iter().filter(move |said| said.predicate == predicate)
        };
        for property in of(OBSERVED_PROPERTY) {
            let Ok(term) = Vocabulary::own().term(property.object) else { continue };
            let meant = term.quantity_kind.as_deref();
            for said in of(QUANTITY_KIND).filter(|said| Some(said.object) != meant) {
                let (name, stated) = (compact(property.object), compact(said.object));
                let message = match meant {
                    Some(meant) => format!("{name} is of {}, not {stated}", compact(meant)),
                    None => format!("{name} is a state: it has no quantity kind, such as {stated}"),
                };
                self.report(said.at, message);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use pervade_mapping::lower;
    use pervade_units::QuantityKind;
    use pervade_vocabulary::Vocabulary;

    use super::problems;
    use crate::unknown::Descriptions;

    const HEAD: &str = r#"@prefix rml: <http://w3id.org/rml/> . @prefix pv: <urn:pervade:vocab#> .
@prefix sosa: <http://www.w3.org/ns/sosa/> . @prefix qudt: <http://qudt.org/schema/qudt/> . @prefix kind: <http://qudt.org/vocab/quantitykind/> .
"#;

    /// A map over `iterator` that says `property`, `stated` and converts with `unit` and `kind`.
    fn mapping(iterator: &str, [property, stated, unit, kind]: [&str; 4]) -> String {
        format!(
            r#"{HEAD}<#m> rml:logicalSource [ rml:source pv:Payload ; rml:referenceFormulation rml:JSONPath ; rml:iterator "{iterator}" ] ;
 rml:subjectMap [ rml:template "x" ] ;
 rml:predicateObjectMap [ rml:predicate sosa:observedProperty ; rml:object {property} ] ,
 [ rml:predicate qudt:hasQuantityKind ; rml:object {stated} ] ,
 [ rml:predicate sosa:hasSimpleResult ; rml:objectMap [ rml:functionExecution <#f> ; rml:return pv:number ] ] .
<#f> rml:function pv:convertUnit ; rml:input [ rml:parameter pv:value ; rml:inputValueMap [ rml:reference "$.v" ] ] ,
 [ rml:parameter pv:unit ; {unit} ] ,
 [ rml:parameter pv:quantityKind ; rml:inputValue "{kind}" ] ."#
        )
    }

    fn check_in(schema: &str, iterator: &str, words: [&str; 4], expected: Expect) {
        let lowered = lower(&mapping(iterator, words));
        let plan = lowered.plan.unwrap_or_else(|| panic!("{:?}", lowered.problems));
        let schema = serde_json::from_str(schema).expect("JSON");
        let found = problems(&plan, &Descriptions::of(&schema).expect("compiles"));
        let lines: String = found.iter().map(|problem| format!("{problem}\n")).collect();
        expected.assert_eq(&lines);
    }

    fn check(words: [&str; 4], expected: Expect) {
        check_in("{}", "$", words, expected);
    }

    /// T-72: a percentage cannot become volts.
    #[test]
    fn a_constant_unit_is_of_its_kind() {
        let battery = |unit| ["pv:BatteryVoltage", "kind:Voltage", unit, "Voltage"];
        check(battery("rml:inputValue \"mV\""), expect![[""]]);
        check(
            battery("rml:inputValue \"%\""),
            expect![[r#"
            mapping.ttl:9:43: "%" is no unit of Voltage [dimension]
        "#]],
        );
        check(
            battery("rml:inputValue \"volts per mile\""),
            expect![[r#"
            mapping.ttl:9:43: "volts per mile" is not a known symbol unit [dimension]
        "#]],
        );
        check(
            ["pv:BatteryVoltage", "kind:Voltage", "rml:inputValue \"V\"", "Tension"],
            expect![[r#"
                mapping.ttl:10:51: Tension is no quantity kind that is known here [dimension]
            "#]],
        );
    }

    /// T-72: a property is measured as the ontology says.
    #[test]
    fn a_property_is_of_its_kind() {
        let volts = "rml:inputValue \"V\"";
        check(
            ["pv:BatteryLevel", "kind:Voltage", volts, "Voltage"],
            expect![[r#"
            mapping.ttl:6:52: pv:BatteryLevel is of kind:StateOfCharge, not kind:Voltage [dimension]
        "#]],
        );
        check(
            ["pv:BatteryVoltage", "kind:StateOfCharge", volts, "Voltage"],
            expect![[r#"
            mapping.ttl:6:52: kind:StateOfCharge is stated of what is converted as kind:Voltage [dimension]
            mapping.ttl:6:52: pv:BatteryVoltage is of kind:Voltage, not kind:StateOfCharge [dimension]
        "#]],
        );
        check(
            ["pv:ContactState", "kind:Voltage", volts, "Voltage"],
            expect![[r#"
            mapping.ttl:6:52: pv:ContactState is a state: it has no quantity kind, such as kind:Voltage [dimension]
        "#]],
        );
        check(["<http://example.com/other>", "kind:Voltage", volts, "Voltage"], expect![[""]]);
    }

    /// T-72: what the schema lets a unit be is of the kind.
    #[test]
    fn a_unit_of_a_field_is_of_its_kind() {
        let of_field = |unit| ["pv:AirTemperature", "kind:Temperature", unit, "Temperature"];
        let beside = of_field("rml:inputValueMap [ rml:reference \"$.u\" ]");
        let units = |list: &str| {
            format!(
                r#"{{"properties":{{"a":{{"items":{{"properties":{{"u":{{"enum":[{list}]}}}}}}}}}}}}"#
            )
        };
        check_in(&units(r#""°C","°F""#), "$.a[*]", beside, expect![[""]]);
        check_in(
            &units(r#""°C","%""#),
            "$.a[*]",
            beside,
            expect![[r#"
            mapping.ttl:9:46: the schema lets this unit be "%", no unit of Temperature [dimension]
        "#]],
        );
        check_in(&units(r#""°C","%""#), "$.a[?@.u=='°C']", beside, expect![[""]]);
        check_in(
            &units(r#""V","%""#),
            "$.a[?@.u=='V']",
            beside,
            expect![[r#"
            mapping.ttl:9:46: the schema lets this unit be "V", no unit of Temperature [dimension]
        "#]],
        );
        check_in(
            &units(r#""V""#),
            "$..a[0]",
            beside,
            expect![[r#"
            mapping.ttl:9:46: the schema lets this unit be "V", no unit of Temperature [dimension]
        "#]],
        );
        let around = of_field(
            "rml:inputValueMap [ rml:functionExecution [ rml:function pv:enclosing ; rml:input [ rml:parameter pv:path ; rml:inputValue \"$.TempUnit\" ] ] ; rml:return pv:found ]",
        );
        let setting = |unit: &str| {
            format!(
                r##"{{"properties":{{"TempUnit":{{"$ref":"#/$defs/u"}},"chip":{{"properties":{{"t":{{}}}}}}}},"$defs":{{"u":{{"const":"{unit}"}}}}}}"##
            )
        };
        check_in(&setting("C"), "$.chip.t", around, expect![[""]]);
        check_in(
            &setting("hPa"),
            "$.chip.t",
            around,
            expect![[r#"
            mapping.ttl:9:46: the schema lets this unit be "hPa", no unit of Temperature [dimension]
        "#]],
        );
    }

    /// T-69: every observed property of the ontology is of a kind whose units are known.
    #[test]
    fn kinds_of_the_ontology_are_known() {
        for term in Vocabulary::own().terms() {
            if let Some(kind) = &term.quantity_kind {
                let known = QuantityKind::find(kind).map(QuantityKind::iri);
                assert_eq!(known.as_ref(), Some(kind), "of pv:{}", term.name);
            }
        }
        for kind in QuantityKind::ALL.iter().filter(|kind| kind.is_own()) {
            assert!(Vocabulary::own().term(&kind.iri()).is_ok(), "{kind:?} is in the ontology");
        }
    }
}
