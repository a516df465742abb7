//! What a package's payloads are mapped to.

use std::collections::BTreeSet;

use pervade_mapping::StatedTerms;

/// Most names that one package is found by.
pub const VOCABULARY_NAMES_MAX: usize = 256;

/// Each class, each constant object such as an observed property, and the namespaces of all terms.
pub(crate) fn vocabulary(terms: &StatedTerms) -> BTreeSet<String> {
    let all = [&terms.classes, &terms.objects, &terms.predicates].into_iter().flatten();
    let mut names: BTreeSet<String> = all.map(|term| namespace(term).to_owned()).collect();
    names.extend(terms.classes.union(&terms.objects).cloned());
    names.into_iter().take(VOCABULARY_NAMES_MAX).collect()
}

/// A term up to and with its last `#`, else `/`, else `:`.
fn namespace(term: &str) -> &str {
    let end = ['#', '/', ':'].iter().find_map(|mark| term.rfind(*mark));
    end.and_then(|end| term.get(..=end)).unwrap_or(term)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// T-70: the target model of a mapping, from its own words.
    #[test]
    fn names_that_a_package_is_found_by() {
        let set = |terms: &[&str]| terms.iter().map(|&term| term.to_owned()).collect();
        let found = vocabulary(&StatedTerms {
            classes: set(&["http://www.w3.org/ns/sosa/Observation"]),
            predicates: set(&["http://qudt.org/schema/qudt/hasUnit"]),
            objects: set(&["urn:pervade:vocab#AirTemperature", "urn:x:y"]),
        });
        let expected: BTreeSet<String> = set(&[
            "http://qudt.org/schema/qudt/",
            "http://www.w3.org/ns/sosa/",
            "http://www.w3.org/ns/sosa/Observation",
            "urn:pervade:vocab#",
            "urn:pervade:vocab#AirTemperature",
            "urn:x:",
            "urn:x:y",
        ]);
        assert_eq!(found, expected, "namespaces, classes and objects");
    }
}
