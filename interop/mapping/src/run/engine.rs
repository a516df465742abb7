use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use pervade_rdf::vocabulary::rdf;
use pervade_rdf::{GraphName, NamedNode, NamedOrBlankNode, Quad, Term, write_nquads_line};

use super::gather::Gathered;
use super::joins::JoinIndex;
use super::row::{Item, Row};
use super::{
    ITERATIONS_MAX, OPEN_ITERATIONS_MAX, OPEN_QUADS_MAX, OPEN_TERMS_MAX, QUADS_MAX, RunError,
    RunReason, TERMS_MAX,
};
use crate::document::Document;
use crate::path::Path;
use crate::plan::{ObjectMap, Plan, PredicateObject, Profile, Rows, TermMap, TriplesMap};
use crate::source::Record;
use crate::vocabulary::rml;

/// Names that a run takes from outside.
#[derive(Clone, Copy)]
pub(super) struct Names<'a> {
    pub(super) base: &'a str,
    pub(super) record: &'a str,
    pub(super) device: &'a str,
}

/// What a run reads.
#[derive(Clone, Copy)]
pub(super) struct Inputs<'a> {
    pub(super) payload: Option<&'a Document>,
    /// By places in [`Plan::documents`].
    pub(super) documents: &'a [Document],
    /// By places in [`Plan::tables`].
    pub(super) tables: &'a [Vec<Record>],
}

/// How much a run may make.
#[derive(Clone, Copy)]
pub(super) struct Limits {
    pub(super) iterations: usize,
    quads: usize,
    pub(super) terms: usize,
}

impl Limits {
    pub(super) const fn of(profile: Profile) -> Self {
        match profile {
            Profile::Ledger => {
                Self { iterations: ITERATIONS_MAX, quads: QUADS_MAX, terms: TERMS_MAX }
            }
            Profile::Open => Self {
                iterations: OPEN_ITERATIONS_MAX,
                quads: OPEN_QUADS_MAX,
                terms: OPEN_TERMS_MAX,
            },
        }
    }
}

/// One run of a plan.
pub(super) struct Engine<'a> {
    pub(super) plan: &'a Plan,
    inputs: Inputs<'a>,
    pub(super) names: Names<'a>,
    pub(super) limits: Limits,
    made: Made,
    /// Quads made, in whatever target.
    count: usize,
    iterations: usize,
    pub(super) terms: usize,
    pub(super) joins: BTreeMap<usize, Rc<JoinIndex>>,
    pub(super) gathered: Gathered<'a>,
}

/// The quads of a run.
#[derive(Default)]
pub(super) struct Made {
    /// Of term maps that name no target.
    pub(super) quads: Vec<Quad>,
    /// By places in [`Plan::targets`].
    pub(super) targeted: BTreeMap<usize, Vec<Quad>>,
    /// Instead of quads, if the run was asked for these.
    lines: Option<Lines>,
}

/// The quads of a run as text, all in one graph.
struct Lines {
    graph: GraphName,
    text: String,
    /// Where each line is in the text.
    places: Vec<(usize, usize)>,
}

impl Lines {
    /// The lines in order, each once, each ended by a line feed.
    fn sorted(&self) -> String {
        let line = |(start, end): &(usize, usize)| self.text.get(*start..*end).unwrap_or_default();
        let mut lines: Vec<&str> = self.places.iter().map(line).collect();
        lines.sort_unstable();
        lines.dedup();
        let mut text = String::with_capacity(self.text.len() + lines.len());
        for line in lines {
            text.push_str(line);
            text.push('\n');
        }
        text
    }
}

pub(super) type Step<T> = Result<T, RunReason>;

/// Something made by a term map, and the targets that the map names.
pub(super) type Targeted<'a, T> = (T, &'a [usize]);

/// A triple on its way to the graphs it is in.
pub(super) struct Statement<'t, 'a> {
    pub(super) subject: &'t NamedOrBlankNode,
    pub(super) predicate: &'t NamedNode,
    pub(super) object: &'t Term,
    /// The targets of its terms' maps.
    pub(super) targets: [&'a [usize]; 3],
}

impl<'a> Engine<'a> {
    pub(super) fn new(plan: &'a Plan, inputs: Inputs<'a>, names: Names<'a>) -> Self {
        Self {
            plan,
            inputs,
            names,
            limits: Limits::of(plan.profile),
            made: Made::default(),
            count: 0,
            iterations: 0,
            terms: 0,
            joins: BTreeMap::new(),
            gathered: Gathered::default(),
        }
    }

    /// The quads of a run on the ledger as sorted canonical lines, all in `graph`.
    pub(super) fn run_to_lines(mut self, graph: GraphName) -> Result<String, RunError> {
        self.made.lines = Some(Lines { graph, text: String::new(), places: Vec::new() });
        let made = self.run()?;
        Ok(made.lines.map_or_else(String::new, |lines| lines.sorted()))
    }

    pub(super) fn run(mut self) -> Result<Made, RunError> {
        let plan = self.plan;
        for (place, map) in plan.maps.iter().enumerate() {
            let fail = |path: String, reason| RunError { map: map.name.clone(), path, reason };
            let rows = self.rows(place, map).map_err(|reason| fail(String::new(), reason))?;
            for mut row in rows {
                let outcome = self.map_row(map, &mut row);
                outcome.map_err(|reason| fail(row.path().join("/"), reason))?;
            }
        }
        self.write_gathered().map_err(|reason| RunError {
            map: "collections".to_owned(),
            path: String::new(),
            reason,
        })?;
        Ok(self.made)
    }

    pub(super) fn rows(&mut self, place: usize, map: &'a TriplesMap) -> Step<Vec<Row<'a>>> {
        let base = map.base.as_deref().unwrap_or(self.names.base);
        let missing = |name: &str| RunReason::Source { name: name.to_owned() };
        match &map.rows {
            Rows::Payload(path) => {
                let document = self.inputs.payload.ok_or_else(|| missing("payload"))?;
                self.values_in(document, path, base, place)
            }
            Rows::Document(document, path) => {
                let document =
                    self.inputs.documents.get(*document).ok_or_else(|| missing(&map.name))?;
                self.values_in(document, path, base, place)
            }
            Rows::Table(table) => {
                let records = self.inputs.tables.get(*table).ok_or_else(|| missing(&map.name))?;
                for _ in records {
                    self.count_iteration()?;
                }
                let row = |(number, record)| Row::new(Item::Record(record), base, (place, number));
                Ok(records.iter().enumerate().map(row).collect())
            }
        }
    }

    fn values_in(
        &mut self,
        document: &'a Document,
        iterator: &Path,
        base: &'a str,
        place: usize,
    ) -> Step<Vec<Row<'a>>> {
        let root = document.value();
        let mut rows = Vec::new();
        for (steps, node) in iterator.locate(root) {
            if node.is_null() {
                continue;
            }
            self.count_iteration()?;
            let name = (place, rows.len());
            rows.push(Row::new(Item::Value { root, node, steps }, base, name));
        }
        Ok(rows)
    }

    pub(super) fn count_iteration(&mut self) -> Step<()> {
        self.iterations += 1;
        limit("iterations", self.iterations, self.limits.iterations)
    }

    fn map_row(&mut self, map: &'a TriplesMap, row: &mut Row<'a>) -> Step<()> {
        let subjects = self.subjects(map, row)?;
        if subjects.is_empty() {
            return Ok(());
        }
        let graphs = self.graphs(&map.graphs, row)?;
        self.place_gathered(&graphs, &map.subject.targets)?;
        let type_iri = NamedNode::new_unchecked(rdf::TYPE);
        for subject in &subjects {
            for class in &map.classes {
                let targets: [&[usize]; 3] = [&map.subject.targets, &[], &[]];
                let statement = Statement { subject, predicate: &type_iri, object: class, targets };
                self.emit(&statement, &graphs)?;
            }
        }
        for predicate_object in &map.predicate_objects {
            self.map_predicate_object(predicate_object, map, row, (&subjects, &graphs))?;
        }
        Ok(())
    }

    fn map_predicate_object(
        &mut self,
        predicate_object: &'a PredicateObject,
        map: &'a TriplesMap,
        row: &mut Row<'a>,
        (subjects, subject_graphs): (&[NamedOrBlankNode], &[Targeted<'a, GraphName>]),
    ) -> Step<()> {
        let mut predicates = Vec::new();
        for predicate in &predicate_object.predicates {
            self.add_terms(predicate, row, &mut predicates)?;
        }
        let mut graphs = subject_graphs.to_vec();
        let mut objects = Vec::new();
        for object in &predicate_object.objects {
            match object {
                ObjectMap::Term(term_map) => self.add_terms(term_map, row, &mut objects)?,
                ObjectMap::Parent(parent) => {
                    let targets = parent.targets.as_slice();
                    let terms = self.parents(parent, row)?.into_iter();
                    objects.extend(terms.map(|term| (Cow::Owned(term), targets)));
                }
            }
        }
        graphs.extend(self.graphs(&predicate_object.graphs, row)?);
        if self.gathered.pending() > 0 {
            self.place_gathered(&graphs, &objects_targets(&objects, map))?;
        }
        for subject in subjects {
            for (predicate, predicate_targets) in &predicates {
                // The plan admits only IRIs as predicates.
                let Term::NamedNode(predicate) = predicate.as_ref() else { continue };
                for (object, object_targets) in &objects {
                    let targets: [&[usize]; 3] =
                        [&map.subject.targets, predicate_targets, object_targets];
                    let statement = Statement { subject, predicate, object, targets };
                    self.emit(&statement, &graphs)?;
                }
            }
        }
        Ok(())
    }

    pub(super) fn emit(
        &mut self,
        statement: &Statement<'_, '_>,
        graphs: &[Targeted<'_, GraphName>],
    ) -> Step<()> {
        let default: [Targeted<'_, GraphName>; 1] = [(GraphName::DefaultGraph, &[])];
        let graphs = if graphs.is_empty() { &default } else { graphs };
        self.count += graphs.len();
        limit("quads", self.count, self.limits.quads)?;
        if let Some(Lines { graph, text, places }) = &mut self.made.lines {
            let Statement { subject, predicate, object, .. } = statement;
            let start = text.len();
            write_nquads_line(text, (subject, predicate, object), graph);
            places.push((start, text.len()));
            return Ok(());
        }
        for (graph, graph_targets) in graphs {
            let quad = Quad::new(
                self.gathered.head_in(statement.subject.clone(), graph),
                statement.predicate.clone(),
                self.gathered.term_in(statement.object.clone(), graph),
                graph.clone(),
            );
            self.send(quad, statement.targets, graph_targets);
        }
        Ok(())
    }

    /// Sends a quad where its terms' maps say.
    fn send(&mut self, quad: Quad, targets: [&[usize]; 3], graph_targets: &[usize]) {
        if targets.iter().all(|places| places.is_empty()) && graph_targets.is_empty() {
            self.made.quads.push(quad);
            return;
        }
        let places: BTreeSet<usize> =
            targets.iter().copied().chain([graph_targets]).flatten().copied().collect();
        for place in places {
            self.made.targeted.entry(place).or_default().push(quad.clone());
        }
    }

    fn subjects(&mut self, map: &'a TriplesMap, row: &mut Row<'a>) -> Step<Vec<NamedOrBlankNode>> {
        let terms = self.terms(&map.subject, row)?;
        Ok(terms.into_iter().filter_map(node).collect())
    }

    fn graphs(
        &mut self,
        maps: &'a [TermMap],
        row: &mut Row<'a>,
    ) -> Step<Vec<Targeted<'a, GraphName>>> {
        let mut graphs: Vec<Targeted<'a, GraphName>> = Vec::new();
        for graph in maps {
            for term in self.terms(graph, row)? {
                let name = match node(term) {
                    Some(NamedOrBlankNode::NamedNode(iri))
                        if iri.as_str() == rml("defaultGraph") =>
                    {
                        Some(GraphName::DefaultGraph)
                    }
                    Some(NamedOrBlankNode::NamedNode(iri)) => Some(GraphName::NamedNode(iri)),
                    Some(NamedOrBlankNode::BlankNode(blank)) => Some(GraphName::BlankNode(blank)),
                    None => None,
                };
                graphs.extend(name.map(|name| (name, graph.targets.as_slice())));
            }
        }
        Ok(graphs)
    }
}

/// Where the triples of collections that are objects go: where those of the subject and of the
/// objects do.
fn objects_targets(objects: &[Targeted<'_, Cow<'_, Term>>], map: &TriplesMap) -> Vec<usize> {
    let of_objects = objects.iter().flat_map(|(_, targets)| targets.iter());
    let all: BTreeSet<usize> = map.subject.targets.iter().chain(of_objects).copied().collect();
    all.into_iter().collect()
}

pub(super) fn node(term: Term) -> Option<NamedOrBlankNode> {
    match term {
        Term::NamedNode(node) => Some(node.into()),
        Term::BlankNode(node) => Some(node.into()),
        Term::Literal(_) => None,
    }
}

pub(super) fn limit(what: &'static str, count: usize, limit: usize) -> Step<()> {
    if count > limit { Err(RunReason::Limit { what, limit }) } else { Ok(()) }
}
