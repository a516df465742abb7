use std::collections::BTreeMap;
use std::sync::LazyLock;

use pervade_rdf::{Term, parse_turtle};

use crate::nearest::nearest;

/// Pervade's own namespace.
pub(crate) const PV: &str = "urn:pervade:vocab#";

/// Prefixes that a name in an authored file may have.
pub(crate) const PREFIXES: &[(&str, &str)] = &[
    ("pv", PV),
    ("sosa", "http://www.w3.org/ns/sosa/"),
    ("qudt", "http://qudt.org/schema/qudt/"),
    ("kind", "http://qudt.org/vocab/quantitykind/"),
    ("prov", "http://www.w3.org/ns/prov#"),
    ("schema", "https://schema.org/"),
    ("epcis", "https://ref.gs1.org/epcis/"),
    ("cbv", "https://ref.gs1.org/cbv/"),
    ("rdfs", "http://www.w3.org/2000/01/rdf-schema#"),
    ("xsd", "http://www.w3.org/2001/XMLSchema#"),
];

/// The terms of `ontology/pervade.ttl`.
pub(crate) struct Vocabulary {
    terms: BTreeMap<String, Entry>,
}

/// One of our own terms.
#[derive(Debug, Default)]
pub(crate) struct Entry {
    /// Local name of the quantity kind, for a property that is observed.
    pub(crate) kind: Option<String>,
    /// What the term means, in words.
    pub(crate) comment: Option<String>,
    is_observable: bool,
    is_predicate: bool,
}

const ONTOLOGY: &str = include_str!("../../../../ontology/pervade.ttl");

static OWN: LazyLock<Vocabulary> = LazyLock::new(|| Vocabulary::read(ONTOLOGY));

impl Vocabulary {
    /// The vocabulary that comes with the product.
    pub(crate) fn own() -> &'static Self {
        &OWN
    }

    /// A test reads the ontology; what is not Turtle has no terms here.
    fn read(turtle: &str) -> Self {
        let mut terms: BTreeMap<String, Entry> = BTreeMap::new();
        for triple in parse_turtle(turtle, None).unwrap_or_default() {
            let triple = triple.triple;
            let subject = triple.subject.to_string();
            let Some(name) = local(&subject) else { continue };
            let entry = terms.entry(name.to_owned()).or_default();
            let predicate = triple.predicate.as_str();
            match (predicate.rsplit(['#', '/']).next(), &triple.object) {
                (Some("type"), Term::NamedNode(class)) => {
                    entry.is_observable |= class.as_str().ends_with("/ObservableProperty");
                    entry.is_predicate |= ["#ObjectProperty", "#DatatypeProperty"]
                        .iter()
                        .any(|kind| class.as_str().ends_with(kind));
                }
                (Some("hasQuantityKind"), Term::NamedNode(kind)) => {
                    entry.kind = kind.as_str().rsplit('/').next().map(str::to_owned);
                }
                (Some("comment"), Term::Literal(text)) => {
                    entry.comment = Some(text.value().to_owned());
                }
                _ => {}
            }
        }
        Self { terms }
    }

    pub(crate) fn term(&self, name: &str) -> Option<&Entry> {
        self.terms.get(name)
    }

    /// The property of this local name that devices observe or act on.
    pub(crate) fn observable(&self, name: &str) -> Option<&Entry> {
        self.terms.get(name).filter(|entry| entry.is_observable)
    }

    /// Every property that devices observe or act on, with its kind.
    pub(crate) fn observables(&self) -> impl Iterator<Item = (&str, &Entry)> {
        self.terms
            .iter()
            .filter(|(_, entry)| entry.is_observable)
            .map(|(name, entry)| (name.as_str(), entry))
    }

    /// Whether this local name is that of a predicate.
    pub(crate) fn is_predicate(&self, name: &str) -> bool {
        self.terms.get(name).is_some_and(|entry| entry.is_predicate)
    }

    pub(crate) fn nearest_observable(&self, name: &str) -> Option<&str> {
        nearest(name, self.observables().map(|(name, _)| name))
    }

    pub(crate) fn nearest_predicate(&self, name: &str) -> Option<&str> {
        let predicates = self.terms.iter().filter(|(_, entry)| entry.is_predicate);
        nearest(name, predicates.map(|(name, _)| name.as_str()))
    }

    pub(crate) fn nearest_term(&self, name: &str) -> Option<&str> {
        nearest(name, self.terms.keys().map(String::as_str))
    }
}

/// The local name in the N-Triples form of one of our own IRIs.
fn local(subject: &str) -> Option<&str> {
    subject.strip_prefix('<')?.strip_prefix(PV)?.strip_suffix('>')
}

/// The IRI that a name stands for: with a known prefix, or an IRI already; `None` for a bare name.
pub(crate) fn expanded(name: &str) -> Option<String> {
    let (prefix, rest) = name.split_once(':')?;
    let known = PREFIXES.iter().find(|(known, _)| *known == prefix);
    Some(match known {
        Some((_, namespace)) if !rest.starts_with("//") => format!("{namespace}{rest}"),
        _ => name.to_owned(),
    })
}

/// An IRI as Turtle writes it, with a prefix where that is plain.
pub(crate) fn turtle_iri(iri: &str) -> String {
    let short = PREFIXES.iter().find_map(|(prefix, namespace)| {
        let local = iri.strip_prefix(namespace)?;
        let plain = local.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
            && local.starts_with(|c: char| c.is_ascii_alphabetic());
        plain.then(|| format!("{prefix}:{local}"))
    });
    short.unwrap_or_else(|| format!("<{iri}>"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ontology_is_read() {
        let own = Vocabulary::own();
        let property = own.observable("AirTemperature").expect("observed");
        assert_eq!(property.kind.as_deref(), Some("Temperature"));
        assert!(own.is_predicate("deviceEui") && !own.is_predicate("AirTemperature"));
        assert!(own.observables().count() > 20, "all of them");
        assert_eq!(own.nearest_observable("airtemprature"), Some("AirTemperature"));
    }

    #[test]
    fn names_are_iris() {
        assert_eq!(expanded("pv:Open").as_deref(), Some("urn:pervade:vocab#Open"));
        assert_eq!(expanded("https://a.example/b").as_deref(), Some("https://a.example/b"));
        assert_eq!(expanded("Open"), None);
        assert_eq!(turtle_iri("urn:pervade:vocab#Open"), "pv:Open");
        assert_eq!(turtle_iri("urn:pervade:vocab#a/b"), "<urn:pervade:vocab#a/b>");
    }
}
