mod compound;
mod single;
mod together;

use std::collections::{BTreeMap, BTreeSet};

use pervade_rdf::vocabulary::rdf;

use crate::constraint::{component, demand};
use crate::graph::{Graph, Id};
use crate::path::{Budget, Spent};
use crate::report::{RESULTS_MAX, Report, ValidationResult};
use crate::shape::{Constraint, Shape, Shapes, Target};

/// Most steps of one validation: a node met on a path, or a constraint checked, is one.
pub const STEPS_MAX: usize = 2_000_000;

impl Shapes {
    /// Validates a graph.
    ///
    /// # Errors
    /// The graph takes more than [`STEPS_MAX`] steps.
    pub fn validate<'a>(&'a self, graph: &mut Graph<'a>) -> Result<Report, ValidateError> {
        let targets = self.targets(graph);
        let mut checking = Checking {
            shapes: self,
            graph,
            budget: Budget(STEPS_MAX),
            results: Vec::new(),
            is_quiet: false,
            is_broken: false,
        };
        for (place, focus) in targets {
            let checked = checking.shape(place, focus);
            checked.map_err(|Spent| ValidateError::TooMuch { limit: STEPS_MAX })?;
            if checking.results.len() >= RESULTS_MAX {
                break;
            }
        }
        let mut results = checking.results;
        results.sort();
        results.truncate(RESULTS_MAX);
        Ok(Report { results })
    }

    /// Shapes with the nodes they are for, each pair once.
    fn targets<'a>(&'a self, graph: &mut Graph<'a>) -> BTreeSet<(usize, Id)> {
        let mut targets = BTreeSet::new();
        let types = graph.iri(rdf::TYPE).map(|of_type| graph.pairs(of_type)).unwrap_or_default();
        let mut by_class: BTreeMap<Id, Vec<usize>> = BTreeMap::new();
        for (class, places) in &self.by_class {
            let Some(class) = graph.iri(class) else { continue };
            for class in graph.classes_below(class) {
                by_class.entry(class).or_default().extend(places);
            }
        }
        for (node, class) in types {
            let places = by_class.get(class).into_iter().flatten();
            targets.extend(places.map(|place| (*place, *node)));
        }
        for (target, place) in &self.by_target {
            match target {
                Target::Node(node) => drop(targets.insert((*place, graph.intern(node.key())))),
                Target::SubjectsOf(iri) => {
                    let pairs = graph.iri(iri).map(|iri| graph.pairs(iri)).unwrap_or_default();
                    targets.extend(pairs.iter().map(|(subject, _)| (*place, *subject)));
                }
                Target::ObjectsOf(iri) => {
                    let pairs = graph.iri(iri).map(|iri| graph.pairs(iri)).unwrap_or_default();
                    targets.extend(pairs.iter().map(|(_, object)| (*place, *object)));
                }
            }
        }
        targets
    }
}

/// Why a graph is not validated to its end.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ValidateError {
    /// The work has no end in sight.
    #[error("more than {limit} steps")]
    TooMuch {
        /// [`STEPS_MAX`].
        limit: usize,
    },
}

struct Checking<'s, 'g, 'a> {
    shapes: &'s Shapes,
    graph: &'g Graph<'a>,
    budget: Budget,
    results: Vec<ValidationResult>,
    /// Whether it is only asked if a node conforms: then nothing is told.
    is_quiet: bool,
    /// Whether a rule is broken, where nothing is told.
    is_broken: bool,
}

/// A shape, the node it is looked at with, and the values it is about.
struct Looked<'s> {
    shape: &'s Shape,
    focus: Id,
    values: BTreeSet<Id>,
}

impl<'s> Checking<'s, '_, '_> {
    /// Validates one node; depth is bounded, for no shape leads back to itself.
    fn shape(&mut self, place: usize, focus: Id) -> Result<(), Spent> {
        let Some(shape) = self.shapes.shapes.get(place).filter(|shape| !shape.is_deactivated)
        else {
            return Ok(());
        };
        let values = match &shape.path {
            Some(path) => path.follow(self.graph, focus, &mut self.budget)?,
            None => BTreeSet::from([focus]),
        };
        let looked = Looked { shape, focus, values };
        for constraint in &shape.constraints {
            if self.is_quiet && self.is_broken {
                break;
            }
            self.budget.spend(1 + looked.values.len())?;
            self.constraint(&looked, constraint)?;
        }
        Ok(())
    }

    fn constraint(&mut self, looked: &Looked<'s>, constraint: &'s Constraint) -> Result<(), Spent> {
        match constraint {
            Constraint::Single(single) => {
                for value in self.single(looked, single) {
                    self.broken(looked, constraint, Some(value));
                }
            }
            Constraint::Together(together) => {
                for value in self.together(looked, together) {
                    self.broken(looked, constraint, value);
                }
            }
            Constraint::Logical(logical) => {
                for value in &looked.values {
                    if !self.meets(logical, *value)? {
                        self.broken(looked, constraint, Some(*value));
                    }
                }
            }
            Constraint::Property(place) => {
                for value in &looked.values {
                    self.shape(*place, *value)?;
                }
            }
            Constraint::Qualified(qualified) => self.qualified(looked, constraint, qualified)?,
            Constraint::Closed(allowed) => self.closed(looked, constraint, allowed),
        }
        Ok(())
    }

    /// Whether a node conforms to a shape; what it breaks is not told.
    fn conforms(&mut self, place: usize, node: Id) -> Result<bool, Spent> {
        let (was_quiet, was_broken) = (self.is_quiet, self.is_broken);
        (self.is_quiet, self.is_broken) = (true, false);
        let checked = self.shape(place, node);
        let conforms = !self.is_broken;
        (self.is_quiet, self.is_broken) = (was_quiet, was_broken);
        checked.map(|()| conforms)
    }

    fn broken(&mut self, looked: &Looked<'s>, constraint: &Constraint, value: Option<Id>) {
        let path = looked.shape.path.as_ref().map(ToString::to_string);
        self.tell(looked, (component(constraint), constraint), path, value);
    }

    fn tell(
        &mut self,
        looked: &Looked<'s>,
        (component, constraint): (&'static str, &Constraint),
        path: Option<String>,
        value: Option<Id>,
    ) {
        self.is_broken = true;
        if self.is_quiet || self.results.len() >= RESULTS_MAX {
            return;
        }
        let Looked { shape, focus, .. } = looked;
        self.results.push(ValidationResult {
            focus: self.graph.key(*focus).to_node(),
            path,
            component,
            shape: shape.id.clone(),
            severity: shape.severity.clone(),
            message: shape.message.clone().unwrap_or_else(|| demand(constraint)),
            value: value.map(|value| self.graph.key(value).to_node()),
        });
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use pervade_rdf::{Triple, parse_turtle};
    use proptest::prelude::*;

    use super::*;

    const HEAD: &str = "@prefix sh: <http://www.w3.org/ns/shacl#> . @prefix e: <http://e/> . @prefix xsd: <http://www.w3.org/2001/XMLSchema#> .\n";

    fn triples(text: &str) -> Vec<Triple> {
        let triples = parse_turtle(&format!("{HEAD}{text}"), None).expect("Turtle");
        triples.into_iter().map(|positioned| positioned.triple).collect()
    }

    fn check(shapes: &str, data: &str, expected: Expect) {
        let shapes = Shapes::compile(&format!("{HEAD}{shapes}"), None).expect("compiles");
        let data = triples(data);
        let report = shapes.validate(&mut Graph::of_triples(&data)).expect("ends");
        let lines: String = report.results.iter().map(|result| format!("{result}\n")).collect();
        expected.assert_eq(&lines);
    }

    /// T-72: what is broken is told by its place and its rule, and no value with it.
    #[test]
    fn results_tell_no_values() {
        check(
            "e:S a sh:NodeShape ; sh:targetClass e:C ; sh:property [ sh:path e:pin ; sh:maxLength 4 ; sh:datatype xsd:integer ] .",
            "e:x a e:C ; e:pin 'secret' .",
            expect![[r#"
                <http://e/x> <http://e/pin>: a value is of datatype <http://www.w3.org/2001/XMLSchema#integer>
                <http://e/x> <http://e/pin>: a value has at most 4 characters
            "#]],
        );
        check(
            "e:S a sh:NodeShape ; sh:targetObjectsOf e:pin ; sh:nodeKind sh:IRI .",
            "e:x e:pin 'secret' .",
            expect![[r#"
                a literal: a value is an IRI (<http://e/S>)
            "#]],
        );
    }

    #[test]
    fn words_of_the_shape_come_first() {
        check(
            "e:S a sh:NodeShape ; sh:targetNode e:x ; sh:property [ sh:path e:p ; sh:minCount 1 ; sh:message 'give a p' ] .",
            "e:y e:p 1 .",
            expect![[r#"
                <http://e/x> <http://e/p>: give a p
            "#]],
        );
    }

    #[test]
    fn choices_and_counts() {
        check(
            "e:S a sh:NodeShape ; sh:targetSubjectsOf e:v ; sh:xone ( [ sh:property [ sh:path e:u ; sh:minCount 1 ] ] [ sh:property [ sh:path e:w ; sh:minCount 1 ] ] ) ;
               sh:property [ sh:path [ sh:alternativePath ( e:u e:w ) ] ; sh:maxCount 1 ] .",
            "e:one e:v 1 ; e:u 1 . e:both e:v 1 ; e:u 1 ; e:w 2 . e:none e:v 1 .",
            expect![[r#"
                <http://e/both>: a value conforms to exactly one of the shapes (<http://e/S>)
                <http://e/both> (<http://e/u>|<http://e/w>): at most 1 value
                <http://e/none>: a value conforms to exactly one of the shapes (<http://e/S>)
            "#]],
        );
    }

    /// A web of shapes that would take for ever ends.
    #[test]
    fn work_is_bounded() {
        let web: String = (0..30)
            .map(|at| format!("e:S{at} sh:and ( e:S{next} e:S{next} ) .\n", next = at + 1))
            .collect();
        let text = format!("{HEAD}e:S0 a sh:NodeShape ; sh:targetNode e:x .\n{web}");
        let shapes = Shapes::compile(&text, None).expect("compiles");
        let data = triples("e:x e:p 1 .");
        let error = shapes.validate(&mut Graph::of_triples(&data)).expect_err("too much");
        assert_eq!(error, ValidateError::TooMuch { limit: STEPS_MAX }, "it stops");
    }

    proptest! {
        /// Whatever is written, an answer comes out, and twice the same.
        #[test]
        fn any_text_is_answered(
            parts in proptest::collection::vec(
                "sh:(path|property|in|or|not|node|minCount|pattern|targetNode|closed|nodeKind) (e:[a-c]|[0-9]|true|'[a(]{0,3}'|\\[ sh:path e:[ab] \\]|\\( e:[ab] e:[ab] \\))", 1..8)
        ) {
            let text = format!("{HEAD}e:a a sh:NodeShape ; sh:targetNode e:b .\ne:c {} .", parts.join(" ; "));
            let data = triples("e:a e:b e:c . e:b e:a 1 , 'x' .");
            let answer = |text: &str| {
                let shapes = Shapes::compile(text, None).map_err(|problems| problems.len());
                shapes.map(|shapes| shapes.validate(&mut Graph::of_triples(&data)))
            };
            prop_assert_eq!(answer(&text), answer(&text));
        }
    }
}
