use std::fmt::Write as _;

use crate::names::compact;
use crate::vocabulary::{Term, Vocabulary};

/// What stands before the terms.
const HEAD: &str = "\
# Vocabulary

Pervade's own terms, from [`ontology/pervade.ttl`](../ontology/pervade.ttl); their alignment with
other vocabularies, from [`ontology/alignments.ttl`](../ontology/alignments.ttl); what the shapes
ask of them, from [`ontology/shapes.ttl`](../ontology/shapes.ttl). This page is written from those
files by a test (`UPDATE_EXPECT=1 cargo test -p pervade-vocabulary`). Offline,
`pervade vocabulary TERM` says the same of any term.

The namespace is `urn:pervade:vocab#`, the prefix `pv`. Other prefixes are those of the files.
";

/// `docs/vocabulary.md`: every term under its heading, with an anchor of its name.
#[must_use]
pub fn page(own: &Vocabulary) -> String {
    let mut page = HEAD.to_owned();
    let mut section = "";
    for term in own.terms() {
        if term.section != section {
            section = &term.section;
            // Writing to a String cannot fail.
            let _infallible = write!(page, "\n## {section}\n");
        }
        page.push('\n');
        page.push_str(&entry(term));
    }
    page
}

fn entry(term: &Term) -> String {
    let name = &term.name;
    let mut entry = format!("### <a id=\"{name}\"></a>`pv:{name}`\n\n");
    let types = coded(&term.types);
    let _infallible = write!(entry, "*{}*, {types}. {}\n\n", term.label, escaped(&term.meaning));
    let kind = term.quantity_kind.iter().map(|kind| compact(kind)).collect::<Vec<_>>();
    for (heading, values) in [
        ("Part of", &term.above),
        ("Domain", &term.domain),
        ("Range", &term.range),
        ("Quantity kind", &kind),
        ("Takes", &term.expects),
        ("Gives", &term.returns),
    ] {
        if !values.is_empty() {
            let _infallible = writeln!(entry, "- {heading}: {}", coded(values));
        }
    }
    for alignment in &term.alignments {
        let _infallible = writeln!(entry, "- {} `{}`", alignment.relation, alignment.other);
    }
    for constraint in &term.constraints {
        let _infallible = writeln!(entry, "- `{}`: {}", constraint.shape, constraint.demand);
    }
    if entry.ends_with("\n\n") {
        entry.pop();
    }
    entry
}

fn coded(values: &[String]) -> String {
    values.iter().map(|value| format!("`{value}`")).collect::<Vec<_>>().join(", ")
}

/// Angle brackets are text, not markup.
fn escaped(text: &str) -> String {
    text.replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use expect_test::expect_file;

    use super::*;

    /// T-69: the page is what the files say.
    #[test]
    fn the_page_is_written_from_the_files() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/vocabulary.md");
        expect_file![path].assert_eq(&page(Vocabulary::own()));
    }
}
