use std::collections::BTreeSet;
use std::fmt;

use pervade_mapping::{Context as MappingContext, Plan, RunError, StatedTerms, lower};
use pervade_payload::PayloadError;
use pervade_rdf::{Dataset, DatasetError, digest};
use pervade_shapes::{Shapes, ValidateError};

use crate::context::Context;
use crate::dimension;
use crate::model::{DevicePackage, Manifest, PackageId};
use crate::problem::{Problem, ProblemCode};
use crate::schema::{PayloadSchema, SchemaError};
use crate::shapes::{self, ShapeViolation};
use crate::unknown::UnknownFields;
use crate::vocabulary::vocabulary;

/// A package whose schema and mapping compile, ready to normalise payloads.
#[derive(Debug)]
pub struct CheckedPackage {
    id: PackageId,
    manifest: Manifest,
    schema: PayloadSchema,
    plan: Plan,
    shapes: Option<Shapes>,
}

impl CheckedPackage {
    /// Compiles schema and mapping without running the examples: for a package that passed
    /// [`check`](crate::check) before, such as one read from the registry. What is asked at
    /// publication alone is not asked again, so that what was published stays readable by code
    /// that has come to ask for more.
    ///
    /// # Errors
    /// Every problem of schema, mapping and shapes.
    pub fn compile(package: &DevicePackage) -> Result<Self, Vec<Problem>> {
        let schema =
            PayloadSchema::compile(&package.schema).map_err(|error| schema_problem(&error));
        let lowered = lower(&package.mapping);
        let mut problems: Vec<Problem> = lowered.problems.iter().map(mapping_problem).collect();
        let shapes = package.shapes.as_deref().map(shapes::compile).transpose();
        let shapes = shapes.unwrap_or_else(|more| {
            problems.extend(more);
            None
        });
        match (schema, lowered.plan) {
            (Ok(schema), Some(plan)) if problems.is_empty() => {
                let manifest = package.manifest.clone();
                Ok(Self { id: package.id(), manifest, schema, plan, shapes })
            }
            (Ok(_), _) => Err(problems),
            (Err(problem), _) => {
                problems.insert(0, problem);
                Err(problems)
            }
        }
    }

    /// Where units, quantity kinds and observed properties do not go together.
    pub(crate) fn dimension_problems(&self) -> Vec<Problem> {
        dimension::problems(&self.plan, self.schema.descriptions())
    }

    /// The package's id.
    #[must_use]
    pub const fn id(&self) -> &PackageId {
        &self.id
    }

    /// The package's manifest.
    #[must_use]
    pub const fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The names that the package is found by: the target model of its mapping. Each class, each
    /// constant object such as an observed property, and the namespaces of all terms; at most
    /// [`VOCABULARY_NAMES_MAX`](crate::VOCABULARY_NAMES_MAX).
    #[must_use]
    pub fn vocabulary(&self) -> BTreeSet<String> {
        vocabulary(&self.stated_terms())
    }

    /// The IRIs that the mapping's statements are made of.
    pub(crate) fn stated_terms(&self) -> StatedTerms {
        self.plan.stated_terms()
    }

    /// Reads, validates and maps one payload, and checks its graph against the ontology's shapes
    /// and the package's own.
    ///
    /// # Errors
    /// The payload is not in its language, does not fit the schema, cannot be mapped, or says
    /// something incomplete. The messages do not repeat values of the payload, except what a
    /// mapping could not use.
    pub fn normalise(
        &self,
        payload: &[u8],
        context: &Context,
    ) -> Result<Normalised, NormaliseError> {
        let normalised = self.normalise_again(payload, context)?;
        let violations = shapes::violations(self.shapes.as_ref(), &normalised.quads)
            .map_err(NormaliseError::ShapesTakeTooMuch)?;
        if violations.is_empty() {
            return Ok(normalised);
        }
        Err(NormaliseError::Shapes { violations })
    }

    /// As [`Self::normalise`], for a payload that was normalised before, such as one on the
    /// ledger: its graph is not checked against shapes again, so that what was recorded stays
    /// readable by code whose ontology has come to ask for more.
    ///
    /// # Errors
    /// As [`Self::normalise`], but for the shapes.
    pub fn normalise_again(
        &self,
        payload: &[u8],
        context: &Context,
    ) -> Result<Normalised, NormaliseError> {
        let Manifest { payload: language, dialect, .. } = &self.manifest;
        let document = language.read(payload, dialect).map_err(NormaliseError::Payload)?;
        let values = self.schema.invalid_values(&document);
        if !values.is_empty() {
            return Err(NormaliseError::Invalid { values });
        }
        let unknown = self.schema.unknown_fields(&document);
        let mapping_context = MappingContext {
            base: format!("{}#", context.record_iri()),
            graph: context.graph_iri(),
            record: context.record_iri().to_owned(),
            device: context.device_iri().to_owned(),
        };
        let mut quads =
            self.plan.run(&document, &mapping_context).map_err(NormaliseError::Mapping)?;
        unknown.state(context, &mut quads).map_err(NormaliseError::Unknown)?;
        let digest = digest(&quads);
        Ok(Normalised { quads, digest, unknown })
    }
}

/// What a payload says, as quads.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "complete by definition")]
pub struct Normalised {
    /// The quads, all in the graph [`Context::graph_iri`].
    pub quads: Dataset,
    /// SHA-256 of the canonical N-Quads of `quads`.
    pub digest: [u8; 32],
    /// What the schema does not describe; stated in `quads` too.
    pub unknown: UnknownFields,
}

/// Why a payload is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NormaliseError {
    /// The payload is not in the language of the device type, or beyond its limits.
    #[error("the payload is not read")]
    Payload(#[source] PayloadError),
    /// The payload does not fit the device type's schema.
    #[error("the payload does not fit the schema: {}", listed(values))]
    Invalid {
        /// What does not fit, by place.
        values: Vec<InvalidValue>,
    },
    /// The payload fits the schema but says something that cannot be mapped.
    #[error("the payload cannot be mapped")]
    Mapping(#[source] RunError),
    /// There is no room to state the fields that the schema does not describe.
    #[error("the payload's unknown fields cannot be stated")]
    Unknown(#[source] DatasetError),
    /// What the payload says is incomplete, or not as the shapes ask.
    #[error("the payload's graph does not conform: {}", listed(violations))]
    Shapes {
        /// What does not conform, by place.
        violations: Vec<ShapeViolation>,
    },
    /// The shapes take more work than one payload may.
    #[error("the payload's graph is not checked to its end")]
    ShapesTakeTooMuch(#[source] ValidateError),
}

/// One value of a payload that does not fit the schema.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[expect(clippy::exhaustive_structs, reason = "a place and a message")]
pub struct InvalidValue {
    /// JSON pointer ([RFC 6901](https://www.rfc-editor.org/rfc/rfc6901)) to the value.
    pub pointer: String,
    /// What the schema asks for; the value itself is not repeated.
    pub message: String,
}

/// `/pointer message`; the whole payload is named by no pointer.
impl fmt::Display for InvalidValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { pointer, message } = self;
        if pointer.is_empty() { write!(f, "{message}") } else { write!(f, "{pointer} {message}") }
    }
}

fn listed(values: &[impl fmt::Display]) -> String {
    let shown: Vec<String> = values.iter().map(ToString::to_string).collect();
    shown.join("; ")
}

fn schema_problem(error: &SchemaError) -> Problem {
    let (line, column, message) = match error {
        SchemaError::Document(error) => {
            (error.position.line, error.position.column, error.reason.to_string())
        }
        SchemaError::Schema { .. } => (1, 1, error.to_string()),
    };
    Problem { document: "schema.json".to_owned(), line, column, code: ProblemCode::Schema, message }
}

fn mapping_problem(problem: &pervade_mapping::Problem) -> Problem {
    let code = if problem.code == pervade_mapping::ProblemCode::Syntax {
        ProblemCode::MappingSyntax
    } else {
        ProblemCode::Mapping(problem.code.as_str())
    };
    Problem {
        document: "mapping.ttl".to_owned(),
        line: problem.line,
        column: problem.column,
        code,
        message: problem.message.clone(),
    }
}
