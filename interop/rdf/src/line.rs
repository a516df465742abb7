use std::fmt::Write as _;

use oxrdf::{GraphName, Literal, NamedOrBlankNode, Quad, Term};

use crate::vocabulary::xsd;

/// One quad as a canonical N-Quads line, without the line end.
///
/// One space between terms, `xsd:string` left out, and only the escapes that
/// [RDF 1.2 N-Quads, canonical form](https://www.w3.org/TR/rdf12-n-quads/#canonical-quads)
/// names.
#[must_use]
pub fn nquads_line(quad: &Quad) -> String {
    let mut line = String::new();
    match &quad.subject {
        NamedOrBlankNode::NamedNode(node) => write_iri(&mut line, node.as_str()),
        NamedOrBlankNode::BlankNode(node) => write_blank(&mut line, node.as_str()),
    }
    line.push(' ');
    write_iri(&mut line, quad.predicate.as_str());
    line.push(' ');
    match &quad.object {
        Term::NamedNode(node) => write_iri(&mut line, node.as_str()),
        Term::BlankNode(node) => write_blank(&mut line, node.as_str()),
        Term::Literal(literal) => write_literal(&mut line, literal),
    }
    match &quad.graph_name {
        GraphName::DefaultGraph => {}
        GraphName::NamedNode(node) => {
            line.push(' ');
            write_iri(&mut line, node.as_str());
        }
        GraphName::BlankNode(node) => {
            line.push(' ');
            write_blank(&mut line, node.as_str());
        }
    }
    line.push_str(" .");
    line
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
    for character in literal.value().chars() {
        write_escaped(line, character);
    }
    line.push('"');
    if let Some(language) = literal.language() {
        line.push('@');
        line.push_str(language);
    } else if literal.datatype().as_str() != xsd::STRING {
        line.push_str("^^");
        write_iri(line, literal.datatype().as_str());
    }
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
