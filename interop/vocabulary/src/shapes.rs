//! What `ontology/shapes.ttl` asks of each term, in words.

use std::collections::BTreeMap;

use pervade_rdf::{NamedOrBlankNode, PositionedTriple, Term as RdfTerm};

use crate::names::{NAMESPACE, compact};
use crate::reading::Lists;
use crate::vocabulary::Constraint;

/// Most nodes of one path.
const PATH_NODES_MAX: usize = 32;

/// What is said of each node: compact predicate, object; blank nodes by their names.
type Facets<'t> = BTreeMap<String, Vec<(String, &'t RdfTerm)>>;

/// The demands of every shape, by local name of the term of ours that each is about.
pub(crate) fn constraints(triples: &[PositionedTriple]) -> Vec<(String, Constraint)> {
    let lists = Lists::new(triples);
    let mut facets: Facets<'_> = BTreeMap::new();
    for PositionedTriple { triple, .. } in triples {
        let predicate = compact(triple.predicate.as_str());
        let subject = match &triple.subject {
            NamedOrBlankNode::NamedNode(node) => node.as_str(),
            NamedOrBlankNode::BlankNode(node) => node.as_str(),
        };
        facets.entry(subject.to_owned()).or_default().push((predicate, &triple.object));
    }
    let mut found = Vec::new();
    for (subject, said) in &facets {
        let shape = compact(subject);
        if !shape.starts_with("shape:") {
            continue;
        }
        for (predicate, object) in said {
            let node = name_of(object);
            match predicate.as_str() {
                "sh:property" => found.extend(property(&shape, &node, &facets, &lists)),
                "sh:targetClass" | "sh:targetSubjectsOf" => {
                    let demand = "holds for what has it".to_owned();
                    found.extend(about(&node, &Constraint { shape: shape.clone(), demand }));
                }
                _ => {}
            }
        }
    }
    found
}

/// A node as text: IRIs in full, literals by their value, blank nodes by their name.
fn name_of(term: &RdfTerm) -> String {
    match term {
        RdfTerm::NamedNode(node) => node.as_str().to_owned(),
        RdfTerm::BlankNode(node) => node.as_str().to_owned(),
        RdfTerm::Literal(literal) => literal.value().to_owned(),
    }
}

fn about(iri: &str, constraint: &Constraint) -> Option<(String, Constraint)> {
    let name = iri.strip_prefix(NAMESPACE)?;
    Some((name.to_owned(), constraint.clone()))
}

/// The demands of one property shape, for each term of its path and each value it names.
fn property(
    shape: &str,
    node: &str,
    facets: &Facets<'_>,
    lists: &Lists<'_>,
) -> Vec<(String, Constraint)> {
    let said = facets.get(node).map(Vec::as_slice).unwrap_or_default();
    let mut paths = Vec::new();
    let mut values = Vec::new();
    for (predicate, object) in said {
        match predicate.as_str() {
            "sh:path" => paths = path(&name_of(object), facets, lists),
            "sh:in" => values = lists.members(&name_of(object)),
            "sh:hasValue" => values.push(compact(&name_of(object))),
            _ => {}
        }
    }
    let demand = Counts::of(said).words().into_iter().chain(words(said, facets, lists));
    let mut demand = demand.collect::<Vec<_>>().join(", ");
    if paths.len() > 1 {
        demand = format!("{demand}, of all of {}", paths.join(", "));
    }
    let shape = shape.to_owned();
    let on_path = Constraint { shape: shape.clone(), demand };
    let mut found: Vec<_> = paths.iter().filter_map(|path| about_compact(path, &on_path)).collect();
    let demand = format!("a value of {}", paths.join(", "));
    let as_value = Constraint { shape, demand };
    found.extend(values.iter().filter_map(|value| about_compact(value, &as_value)));
    found
}

fn about_compact(text: &str, constraint: &Constraint) -> Option<(String, Constraint)> {
    text.strip_prefix("pv:").map(|name| (name.to_owned(), constraint.clone()))
}

/// The predicates of a path, in compact form.
fn path(node: &str, facets: &Facets<'_>, lists: &Lists<'_>) -> Vec<String> {
    let said = facets.get(node).map(Vec::as_slice).unwrap_or_default();
    let alternatives = said.iter().find(|(predicate, _)| predicate == "sh:alternativePath");
    match alternatives {
        Some((_, list)) => lists.members(&name_of(list)).into_iter().take(PATH_NODES_MAX).collect(),
        None => vec![compact(node)],
    }
}

/// How often a value may be there.
struct Counts {
    least: Option<String>,
    most: Option<String>,
}

impl Counts {
    fn of(said: &[(String, &RdfTerm)]) -> Self {
        let of = |name: &str| {
            said.iter().find(|(predicate, _)| predicate == name).map(|(_, object)| name_of(object))
        };
        Self { least: of("sh:minCount"), most: of("sh:maxCount") }
    }

    fn words(&self) -> Option<String> {
        match (&self.least, &self.most) {
            (Some(least), Some(most)) if least == most => Some(format!("exactly {least}")),
            (Some(least), Some(most)) => Some(format!("{least} to {most}")),
            (Some(least), None) => Some(format!("at least {least}")),
            (None, Some(most)) if most == "0" => Some("none".to_owned()),
            (None, Some(most)) => Some(format!("at most {most}")),
            (None, None) => None,
        }
    }
}

fn words(said: &[(String, &RdfTerm)], facets: &Facets<'_>, lists: &Lists<'_>) -> Vec<String> {
    let of_list = |object: &RdfTerm| lists.members(&name_of(object));
    let mut words = Vec::new();
    for (predicate, object) in said {
        let value = name_of(object);
        words.extend(match predicate.as_str() {
            "sh:datatype" => Some(format!("of {}", compact(&value))),
            "sh:nodeKind" if value.ends_with("#IRI") => Some("an IRI".to_owned()),
            "sh:nodeKind" if value.ends_with("#Literal") => Some("a literal".to_owned()),
            "sh:pattern" => Some(format!("like `{value}`")),
            "sh:minInclusive" => Some(format!("{value} or more")),
            "sh:hasValue" => Some(format!("{} among them", compact(&value))),
            "sh:lessThanOrEquals" => Some(format!("not after {}", compact(&value))),
            "sh:in" => Some(format!("one of {}", of_list(object).join(", "))),
            "sh:or" => Some(either(&of_list(object), facets)),
            _ => None,
        });
    }
    words
}

/// The datatypes of a choice.
fn either(members: &[String], facets: &Facets<'_>) -> String {
    let types = members.iter().filter_map(|member| {
        let said = facets.get(member)?;
        let (_, object) = said.iter().find(|(predicate, _)| predicate == "sh:datatype")?;
        Some(compact(&name_of(object)))
    });
    format!("of {}", types.collect::<Vec<_>>().join(" or "))
}
