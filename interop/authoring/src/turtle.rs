use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use crate::device::lookup::Access;

/// A mapping being written: parts that several maps share have names of their own.
#[derive(Debug, Default)]
pub(crate) struct Writer {
    names: BTreeSet<String>,
    /// Name of a shared part, by its text.
    parts: BTreeMap<String, String>,
    shared: Vec<String>,
    maps: Vec<String>,
}

impl Writer {
    /// The node of a shared part, written once.
    pub(crate) fn share(&mut self, wish: &str, body: &str) -> String {
        if let Some(name) = self.parts.get(body) {
            return format!("<#{name}>");
        }
        let name = self.unique(wish);
        self.shared.push(format!("<#{name}> {body} .\n"));
        self.parts.insert(body.to_owned(), name.clone());
        format!("<#{name}>")
    }

    pub(crate) fn map(&mut self, wish: &str, iterator: &str, subject: &str, says: &[String]) {
        let name = self.unique(wish);
        let mut text = format!(
            "<#{name}> a rml:TriplesMap ;\n    rml:logicalSource [ rml:source pv:Payload ; \
             rml:referenceFormulation rml:JSONPath ;\n        rml:iterator {} ] ;\n    \
             rml:subjectMap {subject} ;\n    rml:predicateObjectMap ",
            literal(iterator)
        );
        for (place, said) in says.iter().enumerate() {
            let is_long = said.starts_with('[');
            let separator = match (place, is_long) {
                (0, _) => "",
                (_, true) => " ,\n        ",
                (_, false) => " , ",
            };
            text.push_str(separator);
            text.push_str(said);
        }
        text.push_str(" .\n");
        self.maps.push(text);
    }

    fn unique(&mut self, wish: &str) -> String {
        let plain: String = wish
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() || c == '-' || c == '_' { c } else { '_' })
            .collect();
        let plain = if plain.starts_with(|c: char| c.is_ascii_alphabetic()) {
            plain
        } else {
            format!("field_{plain}")
        };
        let mut name = plain.clone();
        let mut number = 2;
        while !self.names.insert(name.clone()) {
            name = format!("{plain}{number}");
            number += 1;
        }
        name
    }

    /// The whole text, with the prefixes that it uses.
    pub(crate) fn finish(self, title: &str, prefixes: &[(&str, &str)]) -> String {
        let body = [self.shared.join("\n"), self.maps.join("\n")].join("\n");
        let mut text = String::new();
        let used = prefixes.iter().filter(|(prefix, _)| {
            body.contains(&format!(" {prefix}:")) || body.contains(&format!("^^{prefix}:"))
        });
        let width = prefixes.iter().map(|(prefix, _)| prefix.len()).max().unwrap_or_default() + 1;
        for (prefix, namespace) in used {
            // Writing to a String cannot fail.
            let _infallible =
                writeln!(text, "@prefix {:width$} <{namespace}> .", format!("{prefix}:"));
        }
        let title: String = title.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        format!("{text}\n# {title}\n\n{body}")
    }
}

/// A literal in double quotes.
pub(crate) fn literal(text: &str) -> String {
    let mut written = "\"".to_owned();
    for character in text.chars() {
        match character {
            '"' => written.push_str("\\\""),
            '\\' => written.push_str("\\\\"),
            '\n' => written.push_str("\\n"),
            '\r' => written.push_str("\\r"),
            '\t' => written.push_str("\\t"),
            control if control < ' ' => {
                let _infallible = write!(written, "\\u{:04X}", u32::from(control));
            }
            other => written.push(other),
        }
    }
    written.push('"');
    written
}

/// The statements of a term map that gives what is at a place.
pub(crate) fn term(access: &Access) -> String {
    match access {
        Access::Inside(path) => format!("rml:reference {}", literal(path)),
        Access::Around(path) => format!(
            "rml:functionExecution [ rml:function pv:enclosing ;\n            rml:input [ rml:parameter pv:path ; rml:inputValue {} ] ] ;\n        rml:return pv:found",
            literal(path)
        ),
    }
}

/// An input whose value is at a place.
pub(crate) fn input(parameter: &str, access: &Access) -> String {
    input_of(parameter, &term(access))
}

/// An input whose value a term map gives.
pub(crate) fn input_of(parameter: &str, term: &str) -> String {
    format!("[ rml:parameter pv:{parameter} ; rml:inputValueMap [ {term} ] ]")
}

/// An input with a constant.
pub(crate) fn constant(parameter: &str, text: &str) -> String {
    format!("[ rml:parameter pv:{parameter} ; rml:inputValue {} ]", literal(text))
}

/// A predicate and the object that a term map gives.
pub(crate) fn says(predicate: &str, term: &str) -> String {
    format!("[ rml:predicate {predicate} ;\n          rml:objectMap [ {term} ] ]")
}

/// A predicate and a constant object, as Turtle writes it.
pub(crate) fn says_constant(predicate: &str, object: &str) -> String {
    format!("[ rml:predicate {predicate} ; rml:object {object} ]")
}
