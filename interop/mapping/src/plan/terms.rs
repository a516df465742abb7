//! The terms that a plan states whatever the document says.

use std::collections::BTreeSet;

use pervade_rdf::Term;

use crate::plan::{Expression, ObjectMap, Plan, TermMap};

/// IRIs that a mapping names, by where they stand in its statements.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "complete by definition")]
pub struct StatedTerms {
    /// Classes of subjects, and objects of `rdf:type`.
    pub classes: BTreeSet<String>,
    /// Predicates.
    pub predicates: BTreeSet<String>,
    /// Objects that are no classes, such as observed properties and units.
    pub objects: BTreeSet<String>,
}

impl Plan {
    /// The IRIs that the mapping's statements are made of; what comes from documents is not
    /// among them.
    #[must_use]
    pub fn stated_terms(&self) -> StatedTerms {
        let mut terms = StatedTerms::default();
        for map in &self.maps {
            terms.classes.extend(map.classes.iter().filter_map(iri));
            for statement in &map.predicate_objects {
                let predicates: Vec<String> =
                    statement.predicates.iter().filter_map(constant).collect();
                let objects = statement.objects.iter().filter_map(|object| match object {
                    ObjectMap::Term(term) => constant(term),
                    ObjectMap::Parent(_) => None,
                });
                let is_type = predicates.iter().any(|p| p == pervade_rdf::vocabulary::rdf::TYPE);
                let place = if is_type { &mut terms.classes } else { &mut terms.objects };
                place.extend(objects);
                terms.predicates.extend(predicates);
            }
        }
        terms
    }
}

fn constant(term: &TermMap) -> Option<String> {
    match &term.expression {
        Expression::Constant(term) => iri(term),
        Expression::Reference(_)
        | Expression::Template(_)
        | Expression::Function { .. }
        | Expression::Fresh => None,
    }
}

fn iri(term: &Term) -> Option<String> {
    match term {
        Term::NamedNode(node) => Some(node.as_str().to_owned()),
        Term::BlankNode(_) | Term::Literal(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use crate::lower;

    #[test]
    fn terms_by_their_place() {
        let mapping = "@prefix rml: <http://w3id.org/rml/> .\n@prefix e: <http://e/> .\n\
            @prefix pv: <urn:pervade:vocab#> .\n\
            <#m> a rml:TriplesMap ;\n\
            rml:logicalSource [ rml:source pv:Payload ; rml:referenceFormulation rml:JSONPath ; \
            rml:iterator \"$\" ] ;\n\
            rml:subjectMap [ rml:template \"x\" ; rml:class e:Class ] ;\n\
            rml:predicateObjectMap [ rml:predicate e:p ; rml:object e:o ] , \
            [ rml:predicate e:q ; rml:objectMap [ rml:reference \"$.a\" ] ] .";
        let lowered = lower(mapping);
        let terms = lowered.plan.unwrap_or_else(|| panic!("{:?}", lowered.problems)).stated_terms();
        assert_eq!(Vec::from_iter(terms.classes), ["http://e/Class"], "classes");
        assert_eq!(Vec::from_iter(terms.predicates), ["http://e/p", "http://e/q"], "predicates");
        assert_eq!(Vec::from_iter(terms.objects), ["http://e/o"], "objects");
    }
}
