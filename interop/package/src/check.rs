use pervade_rdf::parse_nquads;

use crate::compatibility::Version;
use crate::context::Context;
use crate::model::{DevicePackage, Example, Manifest};
use crate::normalise::{CheckedPackage, NormaliseError};
use crate::problem::{Problem, ProblemCode};

/// Most quads reported missing or extra for one example.
const QUADS_SHOWN_MAX: usize = 50;

/// Compiles the package and runs its examples.
///
/// # Errors
/// Every problem found, in the order of the documents.
pub fn check(package: &DevicePackage) -> Result<CheckedPackage, Vec<Problem>> {
    let mut problems = manifest_problems(&package.manifest);
    let compiled = CheckedPackage::compile(package);
    if package.examples.is_empty() {
        let message = "a package needs at least one example; two show what differs";
        problems.push(problem("examples", ProblemCode::NoExample, message));
    }
    match compiled {
        Ok(checked) => {
            problems.extend(checked.dimension_problems());
            for example in &package.examples {
                problems.extend(example_problems(&checked, example));
            }
            if problems.is_empty() { Ok(checked) } else { Err(problems) }
        }
        Err(more) => {
            problems.extend(more);
            Err(problems)
        }
    }
}

fn problem(document: &str, code: ProblemCode, message: impl Into<String>) -> Problem {
    Problem { document: document.to_owned(), line: 1, column: 1, code, message: message.into() }
}

/// Longest text in a manifest, in bytes.
const MANIFEST_TEXT_BYTES_MAX: usize = 1024;

fn manifest_problems(manifest: &Manifest) -> Vec<Problem> {
    let Manifest { description, model, title, vendor, version, transports, .. } = manifest;
    let slug = |text: &str| {
        text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    let rules = [
        (slug(vendor), "vendor", "small letters, digits and '-'"),
        (slug(model), "model", "small letters, digits and '-'"),
        (Version::of(manifest).is_some(), "version", "three numbers, 1.0.0"),
        (!title.is_empty(), "title", "a name for people"),
        (
            transports.is_sorted_by(|a, b| a < b),
            "transports",
            "a list in the order of \
          mqtt, http, coap, lorawan, amqp, websocket, file, each at most once",
        ),
    ];
    let mut problems: Vec<Problem> = rules
        .into_iter()
        .filter(|(fits, _, _)| !fits)
        .map(|(_, field, rule)| {
            problem("package.json", ProblemCode::Manifest, format!("{field} is {rule}"))
        })
        .collect();
    if let Err(error) = manifest.dialect.check(manifest.payload) {
        problems.push(problem("package.json", ProblemCode::Manifest, error.to_string()));
    }
    for (field, text) in [
        ("vendor", vendor),
        ("model", model),
        ("version", version),
        ("title", title),
        ("description", description),
    ] {
        if text.len() > MANIFEST_TEXT_BYTES_MAX
            || (text.is_empty() && ["vendor", "model"].contains(&field))
        {
            let message = format!("{field} has 1 to {MANIFEST_TEXT_BYTES_MAX} bytes");
            problems.push(problem("package.json", ProblemCode::Manifest, message));
        }
    }
    problems
}

fn example_problems(checked: &CheckedPackage, example: &Example) -> Vec<Problem> {
    let payload = format!("examples/{}.{}", example.name, checked.manifest().payload.extension());
    let quads = format!("examples/{}.nq", example.name);
    let bytes = match example.payload_bytes(checked.manifest()) {
        Ok(bytes) => bytes,
        Err(error) => {
            return vec![problem(&payload, ProblemCode::ExampleInvalid, error.to_string())];
        }
    };
    let normalised = match checked.normalise(&bytes, &Context::example()) {
        Ok(normalised) => normalised,
        Err(error) => return refused_example(&payload, &error),
    };
    let expected = match parse_nquads(&example.expected) {
        Ok(expected) => expected,
        Err(error) => {
            return vec![Problem {
                line: error.position.line,
                column: error.position.column,
                ..problem(&quads, ProblemCode::ExpectedSyntax, error.reason.to_string())
            }];
        }
    };
    let missing = expected.lines_missing_in(&normalised.quads);
    let extra = normalised.quads.lines_missing_in(&expected);
    let missing = missing.map(|line| {
        let at = example.expected.lines().position(|written| written.trim() == line);
        let line_number = at.and_then(|at| u64::try_from(at + 1).ok()).unwrap_or(1);
        Problem {
            line: line_number,
            ..problem(&quads, ProblemCode::QuadMissing, format!("not mapped: {line}"))
        }
    });
    let extra =
        extra.map(|line| problem(&quads, ProblemCode::QuadExtra, format!("not expected: {line}")));
    missing.take(QUADS_SHOWN_MAX).chain(extra.take(QUADS_SHOWN_MAX)).collect()
}

fn refused_example(document: &str, error: &NormaliseError) -> Vec<Problem> {
    match error {
        NormaliseError::Payload(error) => vec![match error.position() {
            Some(position) => Problem {
                line: position.line,
                column: position.column,
                ..problem(document, ProblemCode::ExampleInvalid, error.reason.to_string())
            },
            None => problem(document, ProblemCode::ExampleInvalid, error.to_string()),
        }],
        NormaliseError::Invalid { values } => values
            .iter()
            .map(|value| {
                let pointer = if value.pointer.is_empty() { "/" } else { &value.pointer };
                let message = format!("{pointer}: {}", value.message);
                problem(document, ProblemCode::ExampleInvalid, message)
            })
            .collect(),
        NormaliseError::Mapping(error) => {
            vec![problem(document, ProblemCode::ExampleFails, error.to_string())]
        }
        NormaliseError::Unknown(error) => {
            vec![problem(document, ProblemCode::ExampleFails, error.to_string())]
        }
        NormaliseError::Shapes { violations } => violations
            .iter()
            .map(|violation| problem(document, ProblemCode::ExampleShape, violation.to_string()))
            .collect(),
        NormaliseError::ShapesTakeTooMuch(error) => {
            vec![problem(document, ProblemCode::ExampleShape, error.to_string())]
        }
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;
    use crate::shipped;

    /// Changes the soil probe's package and shows the problems.
    fn check_changed(change: impl FnOnce(&mut DevicePackage), expected: Expect) {
        let mut package = shipped().swap_remove(0);
        change(&mut package);
        let problems = check(&package).err().unwrap_or_default();
        let lines: String = problems.iter().map(|problem| format!("{problem}\n")).collect();
        expected.assert_eq(&lines);
    }

    #[test]
    fn nothing_changed_nothing_wrong() {
        check_changed(|_| {}, expect![[""]]);
    }

    /// T-72: a package that is wrong is refused with every problem where it is written.
    #[test]
    fn every_problem_of_a_package_is_listed() {
        check_changed(
            |package| {
                package.manifest.version = "1.0".to_owned();
                package.schema = package.schema.replace("\"minimum\": 0", "\"minimum\": \"0\"");
                package.mapping = package.mapping.replace("rml:return pv:iri", "rml:retrun pv:iri");
                package.examples.clear();
            },
            expect![[r#"
                package.json:1:1: version is three numbers, 1.0.0 [manifest]
                examples:1:1: a package needs at least one example; two show what differs [no-example]
                schema.json:1:1: at /$defs/decoded/properties/battery_voltage/properties/value/minimum: value is not of type "number" [schema]
                mapping.ttl:16:37: rml:retrun is no property read here; is rml:return meant? [unknown-term]
                mapping.ttl:23:76: rml:retrun is no property read here; is rml:return meant? [unknown-term]
            "#]],
        );
    }

    #[test]
    fn a_mapping_that_is_not_turtle_is_one_problem() {
        check_changed(
            |package| package.mapping = package.mapping.replacen("<#here> rml", "<#here rml", 1),
            expect![[r#"
                mapping.ttl:19:1: Invalid IRI code point ' ' [mapping-syntax]
            "#]],
        );
    }

    #[test]
    fn examples_that_do_not_fit() {
        check_changed(
            |package| {
                let [dry, uplink] = package.examples.as_mut_slice() else { panic!("two examples") };
                dry.payload = dry.payload.replace("21.30", "-300").replace("4711", "null");
                uplink.payload = uplink.payload.replace("\"°C\"", "\"V\"");
            },
            expect![[r#"
                examples/dry-soil.json:1:1: /decoded_payload/device_id: value is not of type "integer" [example-invalid]
                examples/dry-soil.json:1:1: /decoded_payload/soil_temperature/value: value is less than the minimum of -273.15 [example-invalid]
                examples/uplink-message.json:1:1: SoilTemperature at /uplink_message/decoded_payload/soil_temperature: "V" is no unit of Temperature [example-fails]
            "#]],
        );
    }

    /// T-72: a package's own shapes are compiled with it, and its examples conform to them.
    #[test]
    fn a_packages_own_shapes() {
        const HEAD: &str = "@prefix sh: <http://www.w3.org/ns/shacl#> . @prefix sosa: <http://www.w3.org/ns/sosa/> .\n";
        check_changed(
            |package| {
                package.shapes = Some(format!(
                    "{HEAD}<#Timed> a sh:NodeShape ; sh:targetClass sosa:Observation ;\n sh:property [ sh:path sosa:resultTime ; sh:minCount 1 ; sh:message \"every reading has its time\" ] ."
                ));
                package.examples.truncate(1);
            },
            expect![[r#"
                examples/dry-soil.json:1:1: urn:pervade:tx:example:example#decoded_payload/battery_voltage <http://www.w3.org/ns/sosa/resultTime>: every reading has its time [example-shape]
                examples/dry-soil.json:1:1: urn:pervade:tx:example:example#decoded_payload/dielectric_permittivity <http://www.w3.org/ns/sosa/resultTime>: every reading has its time [example-shape]
                examples/dry-soil.json:1:1: urn:pervade:tx:example:example#decoded_payload/soil_temperature <http://www.w3.org/ns/sosa/resultTime>: every reading has its time [example-shape]
                examples/dry-soil.json:1:1: urn:pervade:tx:example:example#decoded_payload/volumetric_water_content <http://www.w3.org/ns/sosa/resultTime>: every reading has its time [example-shape]
            "#]],
        );
        check_changed(
            |package| package.shapes = Some(format!("{HEAD}<#S> a sh:NodeShape ; sh:node <#S> .")),
            expect![[r#"
                shapes.ttl:2:31: a shape leads back to itself here [recursive]
            "#]],
        );
    }

    #[test]
    fn missing_and_extra_quads_are_listed() {
        check_changed(
            |package| {
                let [dry, _] = package.examples.as_mut_slice() else { panic!("two examples") };
                dry.expected = dry.expected.replace("\"21.3\"", "\"21.30\"");
            },
            expect![[r#"
                examples/dry-soil.nq:21:1: not mapped: <urn:pervade:tx:example:example#decoded_payload/soil_temperature> <http://www.w3.org/ns/sosa/hasSimpleResult> "21.30"^^<http://www.w3.org/2001/XMLSchema#decimal> <urn:pervade:tx:example:example#payload> . [quad-missing]
                examples/dry-soil.nq:25:1: not mapped: <urn:pervade:tx:example:example#decoded_payload/soil_temperature> <urn:pervade:vocab#originalValue> "21.30"^^<http://www.w3.org/2001/XMLSchema#decimal> <urn:pervade:tx:example:example#payload> . [quad-missing]
                examples/dry-soil.nq:1:1: not expected: <urn:pervade:tx:example:example#decoded_payload/soil_temperature> <http://www.w3.org/ns/sosa/hasSimpleResult> "21.3"^^<http://www.w3.org/2001/XMLSchema#decimal> <urn:pervade:tx:example:example#payload> . [quad-extra]
                examples/dry-soil.nq:1:1: not expected: <urn:pervade:tx:example:example#decoded_payload/soil_temperature> <urn:pervade:vocab#originalValue> "21.3"^^<http://www.w3.org/2001/XMLSchema#decimal> <urn:pervade:tx:example:example#payload> . [quad-extra]
            "#]],
        );
    }

    #[test]
    fn expected_quads_have_no_blank_nodes() {
        check_changed(
            |package| {
                let [dry, _] = package.examples.as_mut_slice() else { panic!("two examples") };
                dry.expected = "_:a <urn:p> <urn:o> .".to_owned();
            },
            expect![[r#"
                examples/dry-soil.nq:1:1: blank nodes are refused: _:a <urn:p> <urn:o> . [expected-syntax]
            "#]],
        );
    }
}
