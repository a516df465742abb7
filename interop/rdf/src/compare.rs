use std::collections::BTreeMap;

use oxrdf::{BlankNode, GraphName, NamedOrBlankNode, Quad, Term};
use oxttl::NQuadsParser;

use crate::dataset::{NQuadsError, NQuadsReason};
use crate::line::nquads_line;
use crate::positions::Position;

/// Most blank nodes compared; more are said to differ.
const BLANK_NODES_MAX: usize = 32;

/// Whether two lists of quads are the same dataset but for the names of blank nodes.
///
/// For comparing with expected results off the ledger: tries the pairings one by one, so it
/// is for small datasets only.
#[must_use]
pub fn isomorphic(left: &[Quad], right: &[Quad]) -> bool {
    let (left, right) = (sorted(left), sorted(right));
    let (ours, theirs) = (blank_nodes(&left), blank_nodes(&right));
    if left.len() != right.len() || ours.len() != theirs.len() || ours.len() > BLANK_NODES_MAX {
        return false;
    }
    pair(&left, &right, &ours, &mut BTreeMap::new(), &theirs)
}

/// Reads N-Quads as far as they have its shape: blank nodes and IRIs with blanks are welcome.
///
/// # Errors
/// The text has another shape; with its position.
pub fn parse_nquads_lenient(text: &str) -> Result<Vec<Quad>, NQuadsError> {
    NQuadsParser::new()
        .lenient()
        .for_slice(text)
        .map(|quad| {
            quad.map_err(|error| NQuadsError {
                position: Position::of(&error.location().start),
                reason: NQuadsReason::Syntax { detail: error.message().to_owned() },
            })
        })
        .collect()
}

fn sorted(quads: &[Quad]) -> BTreeMap<String, Quad> {
    quads.iter().map(|quad| (nquads_line(quad), quad.clone())).collect()
}

fn blank_nodes(quads: &BTreeMap<String, Quad>) -> Vec<String> {
    let mut names: Vec<String> = quads.values().flat_map(blanks).collect();
    names.sort();
    names.dedup();
    names
}

fn blanks(quad: &Quad) -> impl Iterator<Item = String> {
    let subject = match &quad.subject {
        NamedOrBlankNode::BlankNode(node) => Some(node.as_str().to_owned()),
        NamedOrBlankNode::NamedNode(_) => None,
    };
    let object = match &quad.object {
        Term::BlankNode(node) => Some(node.as_str().to_owned()),
        Term::NamedNode(_) | Term::Literal(_) => None,
    };
    let graph = match &quad.graph_name {
        GraphName::BlankNode(node) => Some(node.as_str().to_owned()),
        GraphName::NamedNode(_) | GraphName::DefaultGraph => None,
    };
    [subject, object, graph].into_iter().flatten()
}

fn pair(
    left: &BTreeMap<String, Quad>,
    right: &BTreeMap<String, Quad>,
    open: &[String],
    chosen: &mut BTreeMap<String, String>,
    theirs: &[String],
) -> bool {
    let renamed = |quad: &Quad| nquads_line(&rename(quad, chosen));
    let decided = |quad: &&Quad| blanks(quad).all(|name| chosen.contains_key(&name));
    if !left.values().filter(decided).all(|quad| right.contains_key(&renamed(quad))) {
        return false;
    }
    let Some((next, rest)) = open.split_first() else { return true };
    theirs.iter().any(|candidate| {
        if chosen.values().any(|taken| taken == candidate) {
            return false;
        }
        chosen.insert(next.clone(), candidate.clone());
        let fits = pair(left, right, rest, chosen, theirs);
        chosen.remove(next);
        fits
    })
}

fn rename(quad: &Quad, names: &BTreeMap<String, String>) -> Quad {
    let new = |node: &BlankNode| {
        let name = names.get(node.as_str()).map_or_else(|| node.as_str(), String::as_str);
        BlankNode::new_unchecked(name)
    };
    let mut quad = quad.clone();
    if let NamedOrBlankNode::BlankNode(node) = &quad.subject {
        quad.subject = new(node).into();
    }
    if let Term::BlankNode(node) = &quad.object {
        quad.object = new(node).into();
    }
    if let GraphName::BlankNode(node) = &quad.graph_name {
        quad.graph_name = new(node).into();
    }
    quad
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(left: &str, right: &str, expected: bool) {
        let read = |text| parse_nquads_lenient(text).expect("N-Quads");
        assert_eq!(isomorphic(&read(left), &read(right)), expected, "{left} and {right}");
    }

    #[test]
    fn names_of_blank_nodes_do_not_matter() {
        check(
            "_:a <urn:p> _:b .\n_:b <urn:p> \"1\" .",
            "_:x <urn:p> \"1\" .\n_:y <urn:p> _:x .",
            true,
        );
        check("_:a <urn:p> _:a .", "_:x <urn:p> _:y .", false);
        check(
            "_:a <urn:p> \"1\" .\n_:b <urn:p> \"2\" .",
            "_:a <urn:p> \"1\" .\n_:a <urn:p> \"2\" .",
            false,
        );
        check("<urn:a> <urn:p> \"1\" .", "<urn:a> <urn:p> \"2\" .", false);
    }
}
