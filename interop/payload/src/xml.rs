//! XML to objects: `@attribute`, `#text`, and children in arrays by local name.

use std::collections::BTreeMap;

use pervade_mapping::{DOCUMENT_DEPTH_MAX, DOCUMENT_NODES_MAX, DocumentReason};
use pervade_rdf::Position;
use roxmltree::{Document, Node, ParsingOptions};
use serde_json::{Map, Value};

use crate::error::{PayloadError, PayloadReason, Place};

/// Most nodes of one document: every value of the JSON form comes from at least one.
const NODES_MAX: u32 = 100_000;

/// Most attributes of one tag. The reader compares each with each.
const ATTRIBUTES_MAX: usize = 256;

/// The document as an object with one member: the root.
pub(crate) fn read(text: &str) -> Result<Value, PayloadError> {
    if let Some(at) = crowded_tag(text) {
        let before = text.get(..at).unwrap_or_default();
        let line = before.rsplit('\n').next().unwrap_or_default();
        let position = Position {
            line: before.matches('\n').count().saturating_add(1).try_into().unwrap_or(u64::MAX),
            column: line.chars().count().saturating_add(1).try_into().unwrap_or(u64::MAX),
        };
        let expected = "at most 256 attributes in a tag";
        return Err(PayloadError::at(Place::Text(position), PayloadReason::Shape { expected }));
    }
    let options =
        ParsingOptions { allow_dtd: false, nodes_limit: NODES_MAX, ..ParsingOptions::default() };
    let document = Document::parse_with_options(text, options).map_err(|error| {
        let position = Position { line: error.pos().row.into(), column: error.pos().col.into() };
        let reason = PayloadReason::Xml { detail: detail(&error) };
        PayloadError::at(Place::Text(position), reason)
    })?;
    let root = document.root_element();
    let mut builder = Builder { document: &document, nodes: 0 };
    let element = builder.element(root, 0)?;
    let name = root.tag_name().name().to_owned();
    Ok(Value::Object(Map::from_iter([(name, Value::Array(vec![element]))])))
}

/// Where a tag has more than [`ATTRIBUTES_MAX`] attributes.
fn crowded_tag(text: &str) -> Option<usize> {
    const OTHERS: [(&str, &str); 3] = [("<!--", "-->"), ("<![CDATA[", "]]>"), ("<?", "?>")];
    let mut at = 0_usize;
    while let Some(found) = text.get(at..)?.find('<') {
        let start = at.saturating_add(found);
        let rest = text.get(start..)?;
        let other = OTHERS.iter().find(|(begin, _)| rest.starts_with(begin));
        let length = match other {
            Some((_, end)) => rest.find(end)?.saturating_add(end.len()),
            None => {
                let (length, attributes) = tag(rest);
                if attributes > ATTRIBUTES_MAX {
                    return Some(start);
                }
                length
            }
        };
        at = start.saturating_add(length);
    }
    None
}

/// The length of the tag that a text begins with, and how many attributes it has.
fn tag(text: &str) -> (usize, usize) {
    let (mut attributes, mut quote) = (0_usize, None);
    for (at, byte) in text.bytes().enumerate() {
        match (quote, byte) {
            (Some(open), byte) if open == byte => quote = None,
            (Some(_), _) => {}
            (None, b'"' | b'\'') => quote = Some(byte),
            (None, b'=') => attributes = attributes.saturating_add(1),
            (None, b'>') => return (at.saturating_add(1), attributes),
            (None, _) => {}
        }
    }
    (text.len(), attributes)
}

/// Longest message about a text, in characters.
const DETAIL_CHARS_MAX: usize = 200;

/// What the reader says, in bounds: it repeats names of the document.
fn detail(error: &roxmltree::Error) -> String {
    error.to_string().chars().take(DETAIL_CHARS_MAX).collect()
}

struct Builder<'d> {
    document: &'d Document<'d>,
    nodes: usize,
}

impl Builder<'_> {
    /// Goes no deeper than [`DOCUMENT_DEPTH_MAX`]: an element is an object in an array.
    fn element(&mut self, element: Node<'_, '_>, depth: usize) -> Result<Value, PayloadError> {
        if depth + 2 > DOCUMENT_DEPTH_MAX {
            let reason = DocumentReason::TooDeep { limit: DOCUMENT_DEPTH_MAX };
            return Err(self.refused(element, reason.into()));
        }
        self.count(element, 2)?;
        let mut members = Map::new();
        for attribute in element.attributes() {
            self.count(element, 1)?;
            let name = format!("@{}", attribute.name());
            // Two attributes may differ by their namespace alone.
            if members.insert(name, Value::String(attribute.value().to_owned())).is_some() {
                return Err(self.refused(element, PayloadReason::Twice));
            }
        }
        let mut text = String::new();
        let mut children: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
        for child in element.children() {
            if child.is_text() {
                text.push_str(child.text().unwrap_or_default());
            } else if child.is_element() {
                let value = self.element(child, depth + 2)?;
                children.entry(child.tag_name().name()).or_default().push(value);
            }
        }
        let text = text.trim();
        if !text.is_empty() {
            self.count(element, 1)?;
            members.insert("#text".to_owned(), Value::String(text.to_owned()));
        }
        for (name, values) in children {
            members.insert(name.to_owned(), Value::Array(values));
        }
        Ok(Value::Object(members))
    }

    fn count(&mut self, at: Node<'_, '_>, more: usize) -> Result<(), PayloadError> {
        self.nodes += more;
        if self.nodes > DOCUMENT_NODES_MAX {
            let reason = DocumentReason::TooManyValues { limit: DOCUMENT_NODES_MAX };
            return Err(self.refused(at, reason.into()));
        }
        Ok(())
    }

    fn refused(&self, at: Node<'_, '_>, reason: PayloadReason) -> PayloadError {
        let place = self.document.text_pos_at(at.range().start);
        let position = Position { line: place.row.into(), column: place.col.into() };
        PayloadError::at(Place::Text(position), reason)
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn check(text: &str, expected: Expect) {
        match read(text) {
            Ok(value) => expected.assert_eq(&value.to_string()),
            Err(error) => expected.assert_eq(&error.to_string()),
        }
    }

    #[test]
    fn elements_attributes_and_texts() {
        check(
            "<?xml version='1.0'?><s:Scan xmlns:s='urn:s' id='7'> <Time>12:00 </Time><Item n='1'/>\
             <s:Item>a<!-- b -->&lt;<![CDATA[c]]></s:Item></s:Scan>",
            expect![[
                r##"{"Scan":[{"@id":"7","Item":[{"@n":"1"},{"#text":"a<c"}],"Time":[{"#text":"12:00"}]}]}"##
            ]],
        );
    }

    #[test]
    fn what_is_not_read() {
        check("<a>\n<b></a>", expect!["2:4: not XML: expected 'b' tag, not 'a' at 2:4"]);
        let attributes: String = (0..257).map(|n| format!(" a{n}='>'")).collect();
        check(
            &format!("<a><!-- <b -->\n <b{attributes}/></a>"),
            expect!["2:2: expected at most 256 attributes in a tag"],
        );
        check("", expect!["1:1: not XML: the document does not have a root node"]);
        check(
            "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>",
            expect!["1:1: not XML: XML with DTD detected"],
        );
        check(
            "<a xmlns:x='urn:x' xmlns:y='urn:y' x:b='1' y:b='2'/>",
            expect!["1:1: a member is there twice"],
        );
        check(
            &"<a>".repeat(70),
            expect!["1:1: not XML: the root node was opened but never closed"],
        );
        check(
            &format!("{}{}", "<a>".repeat(70), "</a>".repeat(70)),
            expect!["1:97: deeper than 64 levels"],
        );
        check(
            &format!("<a>{}</a>", "<b/>".repeat(30_000)),
            expect!["1:100000: more than 50000 values"],
        );
    }
}
