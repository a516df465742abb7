use pervade_rdf::Term;

use super::Lowering;
use super::graph::Found;
use crate::problem::ProblemCode;
use crate::target::{LogicalTarget, Serialization};
use crate::vocabulary::FORMATS;

impl<'g> Lowering<'g> {
    /// Where triples with terms of the term map `node` go.
    pub(super) fn targets_of(&mut self, node: &str) -> Vec<usize> {
        let mut places = Vec::new();
        if self.on_ledger() {
            return places;
        }
        for found in self.found(node, "logicalTarget") {
            let Some(target) = self.target(found) else { continue };
            let known = self.targets.iter().position(|known| *known == target);
            places.push(known.unwrap_or_else(|| {
                self.targets.push(target);
                self.targets.len() - 1
            }));
        }
        places
    }

    fn target(&mut self, found: Found<'g>) -> Option<LogicalTarget> {
        let node = self.node(found, "a logical target")?;
        let Some(access) = self.at_most_one(&node, "target") else {
            self.report(found.at, ProblemCode::Missing, "the logical target has no rml:target");
            return None;
        };
        let access_node = self.node(access, "a target")?;
        let path = self.file(&access_node, access)?;
        let serialization = match self.at_most_one(&node, "serialization") {
            None => Serialization::NQuads,
            Some(found) => self.serialization(found)?,
        };
        let encoding = self.encoding(&node)?;
        let compression = self.compression(&node)?;
        Some(LogicalTarget { path, serialization, encoding, compression })
    }

    fn serialization(&mut self, found: Found<'g>) -> Option<Serialization> {
        let local = match found.term {
            Term::NamedNode(node) => node.as_str().strip_prefix(FORMATS),
            Term::BlankNode(_) | Term::Literal(_) => None,
        };
        let chosen = SERIALIZATIONS.iter().find(|(name, _)| Some(*name) == local);
        if chosen.is_none() {
            let names: Vec<&str> = SERIALIZATIONS.iter().map(|(name, _)| *name).collect();
            let message = format!("no serialization that is written: {}", names.join(", "));
            self.report(found.at, ProblemCode::Unsupported, message);
        }
        chosen.map(|(_, serialization)| *serialization)
    }
}

/// Local names in <http://www.w3.org/ns/formats/>.
const SERIALIZATIONS: &[(&str, Serialization)] = &[
    ("N-Quads", Serialization::NQuads),
    ("N-Triples", Serialization::NTriples),
    ("Turtle", Serialization::Turtle),
    ("TriG", Serialization::TriG),
    ("N3", Serialization::N3),
    ("JSON-LD", Serialization::JsonLd),
    ("RDF_XML", Serialization::RdfXml),
    ("RDF_JSON", Serialization::RdfJson),
];
