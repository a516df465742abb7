use pervade_rdf::parse_nquads;

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
    let Manifest { description, model, title, vendor, version, .. } = manifest;
    let slug = |text: &str| {
        text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let version_fits = version.split('.').count() == 3 && version.split('.').all(digits);
    let rules = [
        (slug(vendor), "vendor", "small letters, digits and '-'"),
        (slug(model), "model", "small letters, digits and '-'"),
        (version_fits, "version", "three numbers, 1.0.0"),
        (!title.is_empty(), "title", "a name for people"),
    ];
    let mut problems: Vec<Problem> = rules
        .into_iter()
        .filter(|(fits, _, _)| !fits)
        .map(|(_, field, rule)| {
            problem("package.json", ProblemCode::Manifest, format!("{field} is {rule}"))
        })
        .collect();
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
    let payload = format!("examples/{}.json", example.name);
    let quads = format!("examples/{}.nq", example.name);
    let normalised = match checked.normalise(example.payload.as_bytes(), &Context::example()) {
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
        NormaliseError::Document(error) => vec![Problem {
            line: error.position.line,
            column: error.position.column,
            ..problem(document, ProblemCode::ExampleInvalid, error.reason.to_string())
        }],
        NormaliseError::Senml(error) => {
            vec![problem(document, ProblemCode::ExampleInvalid, error.to_string())]
        }
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
    }
}
