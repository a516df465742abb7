use std::fmt::Write as _;

use oxrdf::{GraphName, Literal, NamedNode, NamedOrBlankNode, Quad, Term};

use crate::vocabulary::xsd;

/// One quad as a canonical N-Quads line, without the line end.
///
/// One space between terms, `xsd:string` left out, and only the escapes that
/// [RDF 1.2 N-Quads, canonical form](https://www.w3.org/TR/rdf12-n-quads/#canonical-quads)
/// names.
#[must_use]
pub fn nquads_line(quad: &Quad) -> String {
    let mut line = String::with_capacity(LINE_BYTES);
    write_nquads_line(&mut line, (&quad.subject, &quad.predicate, &quad.object), &quad.graph_name);
    line
}

/// What most lines come to.
const LINE_BYTES: usize = 192;

/// Writes the line that [`nquads_line`] gives for the quad of a triple and a graph.
pub fn write_nquads_line(
    line: &mut String,
    (subject, predicate, object): (&NamedOrBlankNode, &NamedNode, &Term),
    graph: &GraphName,
) {
    match subject {
        NamedOrBlankNode::NamedNode(node) => write_iri(line, node.as_str()),
        NamedOrBlankNode::BlankNode(node) => write_blank(line, node.as_str()),
    }
    line.push(' ');
    write_iri(line, predicate.as_str());
    line.push(' ');
    match object {
        Term::NamedNode(node) => write_iri(line, node.as_str()),
        Term::BlankNode(node) => write_blank(line, node.as_str()),
        Term::Literal(literal) => write_literal(line, literal),
    }
    match graph {
        GraphName::DefaultGraph => {}
        GraphName::NamedNode(node) => {
            line.push(' ');
            write_iri(line, node.as_str());
        }
        GraphName::BlankNode(node) => {
            line.push(' ');
            write_blank(line, node.as_str());
        }
    }
    line.push_str(" .");
}

fn write_iri(line: &mut String, iri: &str) {
    line.push('<');
    line.push_str(iri);
    line.push('>');
}

fn write_blank(line: &mut String, id: &str) {
    line.push_str("_:");
    line.push_str(id);
}

fn write_literal(line: &mut String, literal: &Literal) {
    line.push('"');
    let mut rest = literal.value();
    while let Some(at) = rest.find(may_be_escaped) {
        let (plain, after) = rest.split_at_checked(at).unwrap_or((rest, ""));
        line.push_str(plain);
        let mut characters = after.chars();
        characters.next().into_iter().for_each(|character| write_escaped(line, character));
        rest = characters.as_str();
    }
    line.push_str(rest);
    line.push('"');
    if let Some(language) = literal.language() {
        line.push('@');
        line.push_str(language);
    } else if literal.datatype().as_str() != xsd::STRING {
        line.push_str("^^");
        write_iri(line, literal.datatype().as_str());
    }
}

fn may_be_escaped(character: char) -> bool {
    matches!(character, '\0'..='\u{1f}' | '"' | '\\' | '\u{7f}' | '\u{fffe}' | '\u{ffff}')
}

fn write_escaped(line: &mut String, character: char) {
    match character {
        '\u{8}' => line.push_str("\\b"),
        '\t' => line.push_str("\\t"),
        '\n' => line.push_str("\\n"),
        '\u{c}' => line.push_str("\\f"),
        '\r' => line.push_str("\\r"),
        '"' => line.push_str("\\\""),
        '\\' => line.push_str("\\\\"),
        '\0'..='\u{1f}' | '\u{7f}' | '\u{fffe}' | '\u{ffff}' => {
            // Writing to a String cannot fail.
            let _infallible = write!(line, "\\u{:04X}", u32::from(character));
        }
        other => line.push(other),
    }
}
