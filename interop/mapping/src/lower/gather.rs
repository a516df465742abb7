use pervade_rdf::Term;
use pervade_rdf::vocabulary::rdf;

use super::Lowering;
use super::graph::Found;
use super::terms::Role;
use crate::plan::{Gather, GatherKind, GatherStrategy, ObjectMap};
use crate::problem::ProblemCode;

impl<'g> Lowering<'g> {
    /// The gather map that a term map is, if it is one
    /// ([RML-CC](https://w3id.org/rml/cc/spec)).
    pub(super) fn gather(&mut self, node: &str) -> Option<Gather> {
        let found = self.at_most_one(node, "gather")?;
        let Some(list) = self.graph.list(found.term) else {
            self.report(found.at, ProblemCode::WrongValue, "rml:gather takes a list");
            return None;
        };
        let kind = self.gather_kind(node, found)?;
        let allows_empty = self
            .at_most_one(node, "allowEmptyListAndContainer")
            .is_some_and(|found| is_true(found.term));
        let strategies = [
            ("append", GatherStrategy::Append),
            ("cartesianProduct", GatherStrategy::CartesianProduct),
        ];
        let strategy = match self.at_most_one(node, "strategy") {
            None => GatherStrategy::Append,
            Some(found) => self.choice(found, &strategies, "strategy")?,
        };
        let mut members = Vec::new();
        for member in list {
            members.extend(self.member(member));
        }
        Some(Gather { kind, allows_empty, strategy, members })
    }

    fn gather_kind(&mut self, node: &str, at: Found<'g>) -> Option<GatherKind> {
        let Some(found) = self.at_most_one(node, "gatherAs") else {
            self.report(at.at, ProblemCode::Missing, "the gather map has no rml:gatherAs");
            return None;
        };
        let kind = match found.term {
            Term::NamedNode(node) => match node.as_str() {
                rdf::LIST => Some(GatherKind::List),
                rdf::BAG => Some(GatherKind::Bag),
                rdf::SEQ => Some(GatherKind::Seq),
                rdf::ALT => Some(GatherKind::Alt),
                _ => None,
            },
            Term::BlankNode(_) | Term::Literal(_) => None,
        };
        if kind.is_none() {
            let message = "terms are gathered as rdf:List, rdf:Bag, rdf:Seq or rdf:Alt";
            self.report(found.at, ProblemCode::WrongValue, message);
        }
        kind
    }

    fn member(&mut self, found: Found<'g>) -> Option<ObjectMap> {
        if let Term::Literal(_) = found.term {
            return self.constant(found, Role::Object).map(ObjectMap::Term);
        }
        let node = self.node(found, "a member")?;
        self.object_map(&node, found.at)
    }
}

fn is_true(term: &Term) -> bool {
    matches!(term, Term::Literal(literal) if matches!(literal.value(), "true" | "1"))
}
