//! Files of RDF as datasets that are equal if they are isomorphic. Nothing here is ours: the
//! parsers and the canonicalisation are Oxigraph's.

use std::io::{Cursor, Read};

use flate2::read::GzDecoder;
use lzma_rust2::XzReader;
use oxrdf::{
    BlankNode, Dataset, GraphName, Literal, NamedNode, NamedOrBlankNode, Quad, Term,
    dataset::{CanonicalizationAlgorithm, CanonicalizationHashAlgorithm},
};
use oxrdfio::{RdfFormat, RdfParser};
use serde_json::Value;

/// Names blank nodes as W3C's suite of canonicalisation says (see `rdf_canon`).
pub(crate) const COMPARISON: CanonicalizationAlgorithm =
    CanonicalizationAlgorithm::Rdfc10 { hash_algorithm: CanonicalizationHashAlgorithm::Sha256 };

/// What of a literal is compared.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Literals {
    Whole,
    TextAlone,
}

/// The dataset in a file of this name.
pub(super) fn parsed(name: &str, bytes: Vec<u8>, literals: Literals) -> Result<Dataset, String> {
    let (name, bytes) = unpacked(name, bytes).map_err(|error| format!("{name}: {error}"))?;
    let text = text(bytes)?;
    let quads = if name.ends_with(".rdfjson") { rdf_json(&text) } else { quads(&name, &text) };
    let mut dataset = Dataset::new();
    for mut quad in quads.map_err(|error| format!("{name}: {error}"))? {
        if let (Term::Literal(literal), Literals::TextAlone) = (&quad.object, literals) {
            quad.object = Literal::new_simple_literal(literal.value()).into();
        }
        dataset.insert(&quad);
    }
    dataset.canonicalize(COMPARISON);
    Ok(dataset)
}

fn unpacked(name: &str, bytes: Vec<u8>) -> std::io::Result<(String, Vec<u8>)> {
    let mut unpacked = Vec::new();
    if let Some(inside) = name.strip_suffix(".tar.gz") {
        return Ok((inside.to_owned(), untarred(GzDecoder::new(bytes.as_slice()))?));
    }
    if let Some(inside) = name.strip_suffix(".tar.xz") {
        return Ok((inside.to_owned(), untarred(XzReader::new(bytes.as_slice(), true))?));
    }
    if let Some(inside) = name.strip_suffix(".gz") {
        GzDecoder::new(bytes.as_slice()).read_to_end(&mut unpacked)?;
        return Ok((inside.to_owned(), unpacked));
    }
    if let Some(inside) = name.strip_suffix(".zip") {
        let mut archive = zip::ZipArchive::new(Cursor::new(bytes))?;
        archive.by_index(0)?.read_to_end(&mut unpacked)?;
        return Ok((inside.to_owned(), unpacked));
    }
    Ok((name.to_owned(), bytes))
}

fn untarred(reader: impl Read) -> std::io::Result<Vec<u8>> {
    let mut archive = tar::Archive::new(reader);
    let mut bytes = Vec::new();
    for entry in archive.entries()? {
        entry?.read_to_end(&mut bytes)?;
    }
    Ok(bytes)
}

fn text(bytes: Vec<u8>) -> Result<String, String> {
    let Some(units) = bytes.strip_prefix(b"\xff\xfe") else {
        return String::from_utf8(bytes).map_err(|error| error.to_string());
    };
    let (pairs, _) = units.as_chunks::<2>();
    let units: Vec<u16> = pairs.iter().map(|pair| u16::from_le_bytes(*pair)).collect();
    String::from_utf16(&units).map_err(|error| error.to_string())
}

/// Some cases have IRIs that only a lenient reader takes.
fn quads(name: &str, text: &str) -> Result<Vec<Quad>, String> {
    let extension = name.rsplit('.').next().unwrap_or_default();
    let format = match extension {
        "rdfxml" => RdfFormat::RdfXml,
        other => RdfFormat::from_extension(other).ok_or("an unknown extension")?,
    };
    let quads = RdfParser::from_format(format).lenient().for_slice(text.as_bytes());
    quads.collect::<Result<_, _>>().map_err(|error| error.to_string())
}

/// [RDF 1.1 JSON](https://www.w3.org/TR/rdf-json/), which Oxigraph does not read.
fn rdf_json(text: &str) -> Result<Vec<Quad>, String> {
    let whole: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let mut quads = Vec::new();
    for (subject, predicates) in whole.as_object().ok_or("no object")? {
        for (predicate, objects) in predicates.as_object().ok_or("no predicates")? {
            for object in objects.as_array().ok_or("no objects")? {
                quads.push(Quad {
                    subject: node(subject),
                    predicate: NamedNode::new_unchecked(predicate.as_str()),
                    object: term(object)?,
                    graph_name: GraphName::DefaultGraph,
                });
            }
        }
    }
    Ok(quads)
}

fn node(text: &str) -> NamedOrBlankNode {
    match text.strip_prefix("_:") {
        Some(label) => BlankNode::new_unchecked(label).into(),
        None => NamedNode::new_unchecked(text).into(),
    }
}

fn term(object: &Value) -> Result<Term, String> {
    let text = |name: &str| object.get(name).and_then(Value::as_str);
    let value = text("value").map(str::to_owned);
    let value = value.or_else(|| object.get("value").map(Value::to_string)).ok_or("no value")?;
    Ok(match (text("type"), text("lang"), text("datatype")) {
        (Some("literal"), Some(tag), _) => {
            Literal::new_language_tagged_literal(value, tag).map_err(|e| e.to_string())?.into()
        }
        (Some("literal"), None, Some(datatype)) => {
            Literal::new_typed_literal(value, NamedNode::new_unchecked(datatype)).into()
        }
        (Some("literal"), None, None) => Literal::new_simple_literal(value).into(),
        _ => node(&value).into(),
    })
}
