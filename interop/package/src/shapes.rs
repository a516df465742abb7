//! What a payload's graph must be: the ontology's shapes, and the package's own.

use std::fmt;
use std::sync::LazyLock;

use pervade_rdf::Dataset;
use pervade_shapes::{Graph, Node, Shapes, ValidateError, ValidationResult};
use pervade_vocabulary::SHAPES;

use crate::problem::{Problem, ProblemCode};

/// Base of relative IRIs that name a package's own shapes, such as `<#Reading>`.
const SHAPES_BASE: &str = "urn:pervade:package-shapes";

/// The shapes of the ontology's statements.
fn of_the_ontology() -> &'static Shapes {
    // A test compiles the file, so it is never other than good here.
    static OWN: LazyLock<Shapes> =
        LazyLock::new(|| Shapes::compile(SHAPES, None).unwrap_or_default());
    &OWN
}

/// Reads a package's `shapes.ttl`.
pub(crate) fn compile(text: &str) -> Result<Shapes, Vec<Problem>> {
    Shapes::compile(text, Some(SHAPES_BASE)).map_err(|problems| {
        let told = problems.into_iter().map(|problem| Problem {
            document: "shapes.ttl".to_owned(),
            line: problem.at.line,
            column: problem.at.column,
            code: ProblemCode::Shapes(problem.code.as_str()),
            message: problem.message,
        });
        told.collect()
    })
}

/// Every demand of the ontology's shapes and of a package's that a graph does not meet. Warnings
/// and information are not among them.
pub(crate) fn violations(
    own: Option<&Shapes>,
    quads: &Dataset,
) -> Result<Vec<ShapeViolation>, ValidateError> {
    let mut graph = Graph::of_dataset(quads);
    let mut broken: Vec<ShapeViolation> = Vec::new();
    for shapes in [Some(of_the_ontology()), own].into_iter().flatten() {
        let report = shapes.validate(&mut graph)?;
        broken.extend(report.violations().map(ShapeViolation::of));
    }
    broken.sort();
    broken.dedup();
    Ok(broken)
}

/// A demand of a shape that a payload's graph does not meet; its values are not repeated.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[expect(clippy::exhaustive_structs, reason = "a place and a demand")]
pub struct ShapeViolation {
    /// The node that was looked at; empty where that is itself a value.
    pub focus: String,
    /// The path from it to the values, as SPARQL writes paths; empty for the node itself.
    pub path: String,
    /// The constraint component of SHACL, such as `MinCountConstraintComponent`.
    pub component: &'static str,
    /// What is asked for.
    pub message: String,
}

impl ShapeViolation {
    fn of(result: &ValidationResult) -> Self {
        let focus = match &result.focus {
            Node::Iri(iri) => iri.clone(),
            Node::Blank(_) | Node::Literal { .. } => String::new(),
        };
        Self {
            focus,
            path: result.path.clone().unwrap_or_default(),
            component: result.component,
            message: result.message.clone(),
        }
    }
}

/// `FOCUS PATH: MESSAGE`
impl fmt::Display for ShapeViolation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { focus, path, message, .. } = self;
        let focus = if focus.is_empty() { "a value" } else { focus };
        let space = if path.is_empty() { "" } else { " " };
        write!(f, "{focus}{space}{path}: {message}")
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use pervade_rdf::parse_nquads;

    use super::*;

    #[test]
    fn the_ontologys_shapes_compile() {
        let shapes = Shapes::compile(SHAPES, None).unwrap_or_else(|problems| {
            panic!("{}", problems.iter().map(|p| format!("{p}\n")).collect::<String>())
        });
        assert!(shapes.len() > 50, "{} shapes", shapes.len());
        assert_eq!(of_the_ontology().len(), shapes.len(), "they are those that are used");
    }

    /// Statements about `urn:r#a` in short form, each `predicate object`.
    fn check(statements: &[&str], expected: Expect) {
        let names = [
            ("a ", "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type> "),
            ("pv:", "<urn:pervade:vocab#"),
            ("sosa:", "<http://www.w3.org/ns/sosa/"),
            ("qudt:", "<http://qudt.org/schema/qudt/"),
            ("epcis:", "<https://ref.gs1.org/epcis/"),
            ("schema:", "<https://schema.org/"),
            ("xsd:", "<http://www.w3.org/2001/XMLSchema#"),
        ];
        let expand = |word: &str| {
            let found = names.iter().find_map(|(prefix, iri)| {
                let local = word.strip_prefix(prefix)?;
                Some(format!("{iri}{local}>"))
            });
            found.unwrap_or_else(|| word.to_owned())
        };
        let object = |word: &str| match word.split_once("^^") {
            Some((value, datatype)) => format!("{value}^^{}", expand(datatype)),
            None => expand(word),
        };
        let line = |statement: &&str| {
            let (predicate, value) = statement.split_once(' ').expect("two words");
            let predicate = if predicate == "a" {
                "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>".to_owned()
            } else {
                expand(predicate)
            };
            format!("<urn:r#a> {predicate} {} .\n", object(value))
        };
        let text: String = statements.iter().map(line).collect();
        let quads = parse_nquads(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
        let broken = violations(None, &quads).expect("ends");
        let lines: String = broken.iter().map(|violation| format!("{violation}\n")).collect();
        expected.assert_eq(&lines);
    }

    const READING: &[&str] = &[
        "a sosa:Observation",
        "sosa:observedProperty pv:AirTemperature",
        "qudt:hasQuantityKind <http://qudt.org/vocab/quantitykind/Temperature>",
        "qudt:hasUnit <http://qudt.org/vocab/unit/DEG_C>",
        "sosa:hasSimpleResult \"21.5\"^^xsd:decimal",
        "sosa:resultTime \"2026-01-01T00:00:00Z\"^^xsd:dateTimeStamp",
    ];

    fn reading_with(more: &[&'static str]) -> Vec<&'static str> {
        READING.iter().chain(more).copied().collect()
    }

    fn without(start: &str, more: &[&'static str]) -> Vec<&'static str> {
        let kept = READING.iter().filter(|statement| !statement.starts_with(start));
        kept.chain(more).copied().collect()
    }

    /// T-72: what makes a statement incomplete is told, by its place.
    #[test]
    fn observations() {
        check(READING, expect![[""]]);
        check(
            &without("qudt:hasUnit", &[]),
            expect![[r#"
                urn:r#a: a result is a number with one quantity kind and one unit, or a state with neither
            "#]],
        );
        check(
            &without("sosa:hasSimpleResult", &[]),
            expect![[r#"
            urn:r#a <http://www.w3.org/ns/sosa/hasSimpleResult>: at least 1 value
        "#]],
        );
        check(
            &reading_with(&["sosa:observedProperty pv:DewPoint"]),
            expect![[r#"
            urn:r#a <http://www.w3.org/ns/sosa/observedProperty>: at most 1 value
        "#]],
        );
        check(
            &without("sosa:resultTime", &["sosa:resultTime \"yesterday\""]),
            expect![[r#"
            urn:r#a <http://www.w3.org/ns/sosa/resultTime>: a value is of datatype <http://www.w3.org/2001/XMLSchema#dateTimeStamp>
        "#]],
        );
        check(
            &reading_with(&["pv:uncertainty \"-1\"^^xsd:decimal"]),
            expect![[r#"
            urn:r#a <urn:pervade:vocab#uncertainty>: a value is at least "0"^^<http://www.w3.org/2001/XMLSchema#integer>
        "#]],
        );
        check(
            &[
                "a sosa:Observation",
                "sosa:observedProperty pv:ContactState",
                "sosa:hasSimpleResult \"true\"^^xsd:boolean",
            ],
            expect![[""]],
        );
        check(
            &reading_with(&["pv:deviceTime \"2026-01-01T00:00:00\"^^xsd:dateTime"]),
            expect![[r#"
                urn:r#a <urn:pervade:vocab#qualityFlag>: <urn:pervade:vocab#ZoneUnknown> is among the values
            "#]],
        );
    }

    /// Latitude has ends; what lies beyond them is nowhere.
    #[test]
    fn latitudes() {
        let at = |latitude: &'static str| {
            let place = ["sosa:observedProperty pv:Latitude", latitude];
            let rest = without("sosa:observedProperty", &place);
            rest.into_iter().filter(|s| !s.ends_with("\"21.5\"^^xsd:decimal")).collect::<Vec<_>>()
        };
        check(&at("sosa:hasSimpleResult \"-90\"^^xsd:decimal"), expect![""]);
        check(
            &at("sosa:hasSimpleResult \"90.01\"^^xsd:decimal"),
            expect![[r#"
                urn:r#a: a latitude is from -90 to 90 degrees
            "#]],
        );
    }

    #[test]
    fn other_statements() {
        check(
            &["a sosa:Actuation", "sosa:actsOnProperty pv:SwitchState"],
            expect![[r#"
            urn:r#a (<http://www.w3.org/ns/sosa/hasSimpleResult>|<urn:pervade:vocab#commandedValue>): at least 1 value
        "#]],
        );
        check(
            &["a epcis:ObjectEvent", "epcis:action \"MOVE\""],
            expect![[r#"
            urn:r#a <https://ref.gs1.org/epcis/action>: a value is one of "ADD", "DELETE", "OBSERVE"
            urn:r#a <https://ref.gs1.org/epcis/eventTime>: at least 1 value
        "#]],
        );
        check(
            &[
                "a schema:PayAction",
                "schema:agent <urn:a>",
                "schema:recipient <urn:b>",
                "schema:price \"-3\"^^xsd:decimal",
                "schema:priceCurrency \"Euro\"",
            ],
            expect![[r#"
                urn:r#a <https://schema.org/price>: a value is at least "0"^^<http://www.w3.org/2001/XMLSchema#integer>
                urn:r#a <https://schema.org/priceCurrency>: a value is like "^[A-Z]{3}$"
            "#]],
        );
        check(
            &["a pv:TaskStep", "pv:task \"t1\"", "pv:taskState pv:Activated"],
            expect![[r#"
            urn:r#a <urn:pervade:vocab#taskState>: a value is one of <urn:pervade:vocab#TaskAccepted>, <urn:pervade:vocab#TaskCompleted>, <urn:pervade:vocab#TaskDisputed>, <urn:pervade:vocab#TaskFailed>, <urn:pervade:vocab#TaskOpened>
        "#]],
        );
        check(
            &["a pv:LifecycleEvent"],
            expect![[r#"
            urn:r#a <urn:pervade:vocab#lifecycleState>: at least 1 value
        "#]],
        );
        check(
            &["a pv:IdentityStatement", "pv:deviceEui \"70b3\""],
            expect![[r#"
            urn:r#a <urn:pervade:vocab#deviceEui>: a value is like "^[0-9A-F]{16}$"
        "#]],
        );
        check(
            &["a pv:Correction", "pv:corrects <urn:other>"],
            expect![[r#"
            urn:r#a <urn:pervade:vocab#corrects>: a value is like "^urn:pervade:tx:"
            urn:r#a <urn:pervade:vocab#reason>: at least 1 value
        "#]],
        );
    }
}
