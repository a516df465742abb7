use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::names::{NAMESPACE, distance, local};
use crate::reading;

/// All of Pervade's own terms, in the order of `ontology/pervade.ttl`.
#[derive(Debug, Default)]
pub struct Vocabulary {
    pub(crate) terms: Vec<Term>,
    /// Places in `terms`, by local name.
    pub(crate) places: BTreeMap<String, usize>,
}

/// One term. IRIs in it are shown with the ontology's prefixes ([`compact`](crate::compact)).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Term {
    /// Local name, such as `deviceTime`.
    pub name: String,
    /// Section of the file it stands in.
    pub section: String,
    /// Name for people.
    pub label: String,
    /// What it means.
    pub meaning: String,
    /// What it is: `owl:ObjectProperty`, `sosa:ObservableProperty`, …
    pub types: Vec<String>,
    /// What it is said of.
    pub domain: Vec<String>,
    /// What its values are.
    pub range: Vec<String>,
    /// Classes it is part of, and properties it follows.
    pub above: Vec<String>,
    /// The quantity kind of an observed property.
    pub quantity_kind: Option<String>,
    /// The parameters of a function.
    pub expects: Vec<String>,
    /// The outputs of a function.
    pub returns: Vec<String>,
    /// How it relates to terms of other vocabularies.
    pub alignments: Vec<Alignment>,
    /// What the shapes ask of it.
    pub constraints: Vec<Constraint>,
}

/// How a term relates to one of another vocabulary.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[expect(clippy::exhaustive_structs, reason = "a relation and a term")]
pub struct Alignment {
    /// Such as `skos:closeMatch`.
    pub relation: String,
    /// The other term.
    pub other: String,
}

/// What one shape asks of a term.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[expect(clippy::exhaustive_structs, reason = "a shape and its demand")]
pub struct Constraint {
    /// Such as `shape:Observation`.
    pub shape: String,
    /// In words, such as `at most 1, of xsd:decimal`.
    pub demand: String,
}

impl Term {
    /// The full IRI.
    #[must_use]
    pub fn iri(&self) -> String {
        format!("{NAMESPACE}{}", self.name)
    }
}

impl Vocabulary {
    /// The vocabulary that is part of the program.
    #[must_use]
    pub fn own() -> &'static Self {
        // A test reads the files, so they are never other than good here.
        static OWN: LazyLock<Vocabulary> = LazyLock::new(|| reading::own().unwrap_or_default());
        &OWN
    }

    /// Every term, in the order of the file.
    pub fn terms(&self) -> impl Iterator<Item = &Term> {
        self.terms.iter()
    }

    /// The term with this name: `pv:Name`, the full IRI, or the bare name.
    ///
    /// # Errors
    /// There is none; the error names the nearest.
    pub fn term(&self, text: &str) -> Result<&Term, UnknownTerm> {
        let name = local(text);
        let found = self.places.get(name).and_then(|at| self.terms.get(*at));
        found.ok_or_else(|| UnknownTerm {
            text: text.chars().take(TEXT_CHARS_MAX).collect(),
            nearest: self.nearest(name),
        })
    }

    /// The terms whose name or label holds a word, no matter its case.
    #[must_use]
    pub fn search(&self, word: &str) -> Vec<&Term> {
        let word = word.trim().to_lowercase();
        let holds = |text: &str| !word.is_empty() && text.to_lowercase().contains(&word);
        self.terms.iter().filter(|term| holds(&term.label) || holds(&term.name)).collect()
    }

    /// The quantity kind, as an IRI, of an observed property of ours; `None` if the property is
    /// not ours or has none.
    #[must_use]
    pub fn quantity_kind(&self, property: &str) -> Option<&str> {
        let name = property.strip_prefix(NAMESPACE)?;
        self.places.get(name).and_then(|at| self.terms.get(*at))?.quantity_kind.as_deref()
    }

    fn nearest(&self, name: &str) -> Option<String> {
        let near = |term: &&Term| (distance(name, &term.name), term.name.clone());
        let term = self.terms.iter().min_by_key(near)?;
        (distance(name, &term.name) <= 1 + name.len() / 3).then(|| term.name.clone())
    }
}

/// Longest text repeated in an error.
const TEXT_CHARS_MAX: usize = 128;

/// No term has this name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text} is no term of Pervade's{}", hint(nearest.as_deref()))]
pub struct UnknownTerm {
    /// What was asked for, cut to a bounded length.
    pub text: String,
    /// Local name of the term whose name is nearest, if one is near.
    pub nearest: Option<String>,
}

fn hint(nearest: Option<&str>) -> String {
    nearest.map_or_else(String::new, |name| format!("; is pv:{name} meant?"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::{Path, PathBuf};

    use super::*;

    #[test]
    fn a_term_resolves_however_it_is_written() {
        let own = Vocabulary::own();
        for text in ["pv:deviceTime", "deviceTime", "urn:pervade:vocab#deviceTime"] {
            assert_eq!(own.term(text).map(|term| term.label.as_str()), Ok("device time"), "{text}");
        }
        let error = own.term("pv:AirTemprature").expect_err("a slip");
        assert_eq!(
            error.to_string(),
            "pv:AirTemprature is no term of Pervade's; is pv:AirTemperature meant?",
            "the nearest is named"
        );
        let error = own.term("xyzzy").expect_err("nothing near");
        assert_eq!(error.to_string(), "xyzzy is no term of Pervade's", "nothing is guessed");
    }

    #[test]
    fn words_find_terms() {
        let found = Vocabulary::own().search("turbid");
        assert_eq!(found.len(), 1, "one term has the word in its label");
        assert!(Vocabulary::own().search("temperature").len() > 5, "many have");
        assert!(Vocabulary::own().search(" ").is_empty(), "blanks are no word");
    }

    #[test]
    fn observed_properties_have_their_kinds() {
        let kind = |name: &str| Vocabulary::own().quantity_kind(&format!("{NAMESPACE}{name}"));
        assert_eq!(kind("AirPressure"), Some("http://qudt.org/vocab/quantitykind/Pressure"), "");
        assert_eq!(kind("SwitchState"), None, "a state has no kind");
        assert_eq!(kind("deviceTime"), None, "no property that is observed");
    }

    /// T-69: every term of our own has a name and a meaning, in English.
    #[test]
    fn every_term_has_a_label_and_a_meaning() {
        let own = Vocabulary::own();
        assert!(own.terms.len() > 250, "the file is read");
        for term in own.terms() {
            assert!(!term.label.is_empty(), "{} has a label", term.name);
            assert!(term.meaning.ends_with('.'), "{} has a meaning", term.name);
            assert!(!term.types.is_empty(), "{} is something", term.name);
        }
    }

    fn workspace() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
    }

    fn files(folder: &Path, into: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() { files(&path, into) } else { into.push(path) }
        }
    }

    /// Names after `before` and up to a character that ends a name.
    fn names_after<'t>(text: &'t str, before: &'t str) -> impl Iterator<Item = &'t str> {
        text.split(before).skip(1).map(|rest| {
            let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_');
            end.map_or(rest, |end| &rest[..end])
        })
    }

    /// T-69: every term that a shipped mapping or one of its graphs uses resolves.
    #[test]
    fn every_term_used_in_schemas_resolves() {
        let mut paths = Vec::new();
        files(&workspace().join("schemas"), &mut paths);
        let mut used = BTreeSet::new();
        for path in paths {
            let Ok(text) = fs::read_to_string(&path) else { continue };
            for before in ["pv:", NAMESPACE] {
                used.extend(names_after(&text, before).map(str::to_owned));
            }
        }
        assert!(used.len() > 50, "the folder is read");
        check_all(used);
    }

    /// T-69: every term that the ledger's own graph uses resolves.
    #[test]
    fn every_term_used_in_the_ledgers_graph_resolves() {
        let source = workspace().join("interop/ledger/src/provenance.rs");
        let text = fs::read_to_string(source).expect("there");
        let ways = ["term(\"", ".text(\"", ".integer(\"", ".typed(\"", ".agent(\""];
        let used: BTreeSet<String> =
            ways.iter().flat_map(|way| names_after(&text, way)).map(str::to_owned).collect();
        assert!(used.len() > 15, "the source is read");
        check_all(used);
    }

    #[test]
    fn alignments_and_shapes_use_only_what_is_defined() {
        for file in ["alignments.ttl", "shapes.ttl"] {
            let text = fs::read_to_string(workspace().join("ontology").join(file)).expect("there");
            let used: BTreeSet<String> =
                names_after(&text, "pv:").filter(|n| !n.is_empty()).map(str::to_owned).collect();
            check_all(used);
        }
    }

    fn check_all(names: BTreeSet<String>) {
        let unknown: Vec<String> = names
            .into_iter()
            .filter(|name| !name.is_empty())
            .filter(|name| Vocabulary::own().term(name).is_err())
            .collect();
        assert!(unknown.is_empty(), "not in ontology/pervade.ttl: {unknown:?}");
    }
}
