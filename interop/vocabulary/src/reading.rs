use std::collections::BTreeMap;

use pervade_rdf::{NamedOrBlankNode, PositionedTriple, Term as RdfTerm, TurtleError, parse_turtle};

use crate::names::{NAMESPACE, compact};
use crate::shapes::constraints;
use crate::vocabulary::{Alignment, Term, Vocabulary};

const TERMS: &str = include_str!("../../../ontology/pervade.ttl");
const ALIGNMENTS: &str = include_str!("../../../ontology/alignments.ttl");

/// The shapes of statements, as Turtle text: `ontology/shapes.ttl`.
pub const SHAPES: &str = include_str!("../../../ontology/shapes.ttl");

/// Most members of one list of the files.
const LIST_MEMBERS_MAX: usize = 256;

/// What the three files say.
pub(crate) fn own() -> Result<Vocabulary, TurtleError> {
    let mut own = terms()?;
    let mut told: Vec<(String, Alignment)> = Vec::new();
    for triple in parse_turtle(ALIGNMENTS, None)? {
        let (Some(name), RdfTerm::NamedNode(other)) = (own_name(&triple), &triple.triple.object)
        else {
            continue;
        };
        let relation = compact(triple.triple.predicate.as_str());
        told.push((name, Alignment { relation, other: compact(other.as_str()) }));
    }
    for (name, alignment) in told {
        if let Some(term) = found(&mut own, &name) {
            term.alignments.push(alignment);
        }
    }
    for (name, constraint) in constraints(&parse_turtle(SHAPES, None)?) {
        if let Some(term) = found(&mut own, &name) {
            term.constraints.push(constraint);
        }
    }
    for term in &mut own.terms {
        term.constraints.sort();
        term.constraints.dedup();
    }
    Ok(own)
}

fn found<'v>(own: &'v mut Vocabulary, name: &str) -> Option<&'v mut Term> {
    let at = own.places.get(name).copied()?;
    own.terms.get_mut(at)
}

fn terms() -> Result<Vocabulary, TurtleError> {
    let triples = parse_turtle(TERMS, None)?;
    let lists = Lists::new(&triples);
    let mut own = Vocabulary::default();
    for triple in &triples {
        let Some(name) = own_name(triple) else { continue };
        let at = *own.places.entry(name.clone()).or_insert(own.terms.len());
        if at == own.terms.len() {
            let section = section(triple.subject.line);
            own.terms.push(Term { name, section, ..Term::default() });
        }
        if let Some(term) = own.terms.get_mut(at) {
            say(term, triple, &lists);
        }
    }
    Ok(own)
}

/// The local name of the subject, if that is a term of ours.
fn own_name(triple: &PositionedTriple) -> Option<String> {
    match &triple.triple.subject {
        NamedOrBlankNode::NamedNode(node) => {
            node.as_str().strip_prefix(NAMESPACE).map(str::to_owned)
        }
        NamedOrBlankNode::BlankNode(_) => None,
    }
}

/// The heading, `# ---- …`, above a line.
fn section(line: u64) -> String {
    let before = usize::try_from(line).unwrap_or(usize::MAX);
    let heading = TERMS.lines().take(before).filter_map(|line| line.strip_prefix("# ---- ")).last();
    heading.unwrap_or_default().to_owned()
}

fn say(term: &mut Term, triple: &PositionedTriple, lists: &Lists<'_>) {
    let object = match &triple.triple.object {
        RdfTerm::NamedNode(node) => node.as_str().to_owned(),
        RdfTerm::Literal(literal) => literal.value().to_owned(),
        RdfTerm::BlankNode(node) => node.as_str().to_owned(),
    };
    match compact(triple.triple.predicate.as_str()).as_str() {
        "rdf:type" => term.types.push(compact(&object)),
        "rdfs:label" => term.label = object,
        "rdfs:comment" => term.meaning = object,
        "rdfs:domain" => term.domain.push(compact(&object)),
        "rdfs:range" => term.range.push(compact(&object)),
        "rdfs:subClassOf" | "rdfs:subPropertyOf" => term.above.push(compact(&object)),
        "qudt:hasQuantityKind" => term.quantity_kind = Some(object),
        "fno:expects" => term.expects = lists.members(&object),
        "fno:returns" => term.returns = lists.members(&object),
        "owl:inverseOf" => term
            .alignments
            .push(Alignment { relation: "owl:inverseOf".to_owned(), other: compact(&object) }),
        _ => {}
    }
}

/// The lists of a document: first and rest, by blank node.
pub(crate) struct Lists<'t> {
    cells: BTreeMap<&'t str, (Option<String>, Option<&'t str>)>,
}

impl<'t> Lists<'t> {
    pub(crate) fn new(triples: &'t [PositionedTriple]) -> Self {
        let mut cells: BTreeMap<&str, (Option<String>, Option<&str>)> = BTreeMap::new();
        for triple in triples {
            let NamedOrBlankNode::BlankNode(cell) = &triple.triple.subject else { continue };
            let predicate = compact(triple.triple.predicate.as_str());
            let cell = cells.entry(cell.as_str()).or_default();
            match (predicate.as_str(), &triple.triple.object) {
                ("rdf:first", RdfTerm::NamedNode(node)) => cell.0 = Some(compact(node.as_str())),
                ("rdf:first", RdfTerm::Literal(literal)) => {
                    cell.0 = Some(format!("\"{}\"", literal.value()));
                }
                ("rdf:first", RdfTerm::BlankNode(node)) => {
                    cell.0 = Some(node.as_str().to_owned());
                }
                ("rdf:rest", RdfTerm::BlankNode(node)) => cell.1 = Some(node.as_str()),
                _ => {}
            }
        }
        Self { cells }
    }

    /// The members of the list that begins at a node; blank nodes by their names.
    pub(crate) fn members(&self, node: &str) -> Vec<String> {
        let mut members = Vec::new();
        let mut at = Some(node);
        for _ in 0..LIST_MEMBERS_MAX {
            let Some((first, rest)) = at.and_then(|node| self.cells.get(node)) else { break };
            members.extend(first.clone());
            at = *rest;
        }
        members
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_read() {
        let own = own().unwrap_or_else(|error| panic!("{error}"));
        let convert = own.term("convertUnit").expect("there");
        assert_eq!(convert.expects, ["pv:value", "pv:unit", "pv:quantityKind", "pv:scheme"], "");
        assert_eq!(convert.section, "The mapping's source and function library", "its heading");
        let step = own.term("taskState").expect("there");
        assert_eq!((&*step.domain[0], &*step.range[0]), ("pv:TaskStep", "pv:TaskState"), "");
        assert_eq!(step.constraints[0].shape, "shape:TaskStep", "the shape that asks for it");
    }
}
