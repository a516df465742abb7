/// Where Pervade's own terms are named.
pub const NAMESPACE: &str = "urn:pervade:vocab#";

/// Prefixes that terms of the ontology are shown with, as its files bind them.
const PREFIXES: &[(&str, &str)] = &[
    ("pv", NAMESPACE),
    ("shape", "urn:pervade:shapes#"),
    ("rdf", "http://www.w3.org/1999/02/22-rdf-syntax-ns#"),
    ("rdfs", "http://www.w3.org/2000/01/rdf-schema#"),
    ("owl", "http://www.w3.org/2002/07/owl#"),
    ("skos", "http://www.w3.org/2004/02/skos/core#"),
    ("xsd", "http://www.w3.org/2001/XMLSchema#"),
    ("sh", "http://www.w3.org/ns/shacl#"),
    ("prov", "http://www.w3.org/ns/prov#"),
    ("sosa", "http://www.w3.org/ns/sosa/"),
    ("ssn", "http://www.w3.org/ns/ssn/"),
    ("qudt", "http://qudt.org/schema/qudt/"),
    ("kind", "http://qudt.org/vocab/quantitykind/"),
    ("unit", "http://qudt.org/vocab/unit/"),
    ("epcis", "https://ref.gs1.org/epcis/"),
    ("cbv", "https://ref.gs1.org/cbv/"),
    ("td", "https://www.w3.org/2019/wot/td#"),
    ("saref", "https://saref.etsi.org/core/"),
    ("schema", "https://schema.org/"),
    ("blon", "http://www.semanticblockchain.com/Blondie.owl#"),
    ("fno", "https://w3id.org/function/ontology#"),
];

/// An IRI with the ontology's prefix, such as `sosa:Observation`; as it is where none fits.
#[must_use]
pub fn compact(iri: &str) -> String {
    let found = PREFIXES.iter().find_map(|(prefix, namespace)| {
        let local = iri.strip_prefix(namespace)?;
        Some(format!("{prefix}:{local}"))
    });
    found.unwrap_or_else(|| format!("<{iri}>"))
}

/// The local name of `text`, if that is a term of ours: `pv:Name`, a full IRI or a bare name.
pub(crate) fn local(text: &str) -> &str {
    let text = text.trim().trim_start_matches('<').trim_end_matches('>');
    text.strip_prefix(NAMESPACE).or_else(|| text.strip_prefix("pv:")).unwrap_or(text)
}

/// How many single letters two names differ by, no matter their case.
pub(crate) fn distance(a: &str, b: &str) -> usize {
    let a: Vec<char> = a.chars().take(NAME_CHARS_MAX).flat_map(char::to_lowercase).collect();
    let b: Vec<char> = b.chars().take(NAME_CHARS_MAX).flat_map(char::to_lowercase).collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (above, left) in a.iter().enumerate() {
        let mut next = vec![above + 1];
        for ((right, diagonal), up) in b.iter().zip(&row).zip(row.iter().skip(1)) {
            let changed = diagonal + usize::from(left != right);
            let beside = next.last().copied().unwrap_or(usize::MAX);
            next.push(changed.min(up + 1).min(beside.saturating_add(1)));
        }
        row = next;
    }
    row.last().copied().unwrap_or(0)
}

/// Longest name compared, in characters.
const NAME_CHARS_MAX: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances() {
        assert_eq!(distance("Temprature", "Temperature"), 1, "a letter is missing");
        assert_eq!(distance("unit", "UNIT"), 0, "case does not matter");
        assert_eq!(distance("", "abc"), 3, "all is missing");
    }
}
