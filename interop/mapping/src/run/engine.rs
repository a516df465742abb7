use std::collections::BTreeMap;

use pervade_rdf::vocabulary::rdf;
use pervade_rdf::{BlankNode, GraphName, NamedNode, NamedOrBlankNode, Quad, Term};

use super::row::Row;
use super::{ITERATIONS_MAX, QUADS_MAX, RunError, RunReason, TERMS_MAX};
use crate::document::Document;
use crate::functions::{Arguments, Output, Outputs, Surroundings};
use crate::path::Path;
use crate::plan::{
    Encoding, Expression, JoinCondition, ObjectMap, Plan, PredicateObject, Source, TemplatePart,
    TermKind, TermMap, TriplesMap,
};
use crate::term::{TermError, Value, blank, encode, iri, natural, tagged, typed};
use crate::vocabulary::rml;

/// Names that a run takes from outside.
#[derive(Clone, Copy)]
pub(crate) struct Names<'a> {
    pub(crate) base: &'a str,
    pub(crate) record: &'a str,
    pub(crate) device: &'a str,
}

/// One run of a plan.
pub(crate) struct Engine<'a> {
    plan: &'a Plan,
    documents: &'a BTreeMap<Source, &'a Document>,
    names: Names<'a>,
    quads: Vec<Quad>,
    iterations: usize,
    terms: usize,
}

type Step<T> = Result<T, RunReason>;

impl<'a> Engine<'a> {
    pub(crate) const fn new(
        plan: &'a Plan,
        documents: &'a BTreeMap<Source, &'a Document>,
        names: Names<'a>,
    ) -> Self {
        Self { plan, documents, names, quads: Vec::new(), iterations: 0, terms: 0 }
    }

    pub(crate) fn run(mut self) -> Result<Vec<Quad>, RunError> {
        let plan = self.plan;
        for map in &plan.maps {
            let fail = |path: String, reason| RunError { map: map.name.clone(), path, reason };
            let rows = self.rows(map).map_err(|reason| fail(String::new(), reason))?;
            for mut row in rows {
                let outcome = self.map_row(map, &mut row);
                outcome.map_err(|reason| fail(row.path().join("/"), reason))?;
            }
        }
        Ok(self.quads)
    }

    fn rows(&mut self, map: &TriplesMap) -> Step<Vec<Row<'a>>> {
        let Some(document) = self.documents.get(&map.source) else {
            let name = match &map.source {
                Source::Payload => "payload".to_owned(),
                Source::File(path) => path.clone(),
            };
            return Err(RunReason::Source { name });
        };
        let root = document.value();
        let mut rows = Vec::new();
        for (steps, node) in map.iterator.locate(root) {
            if node.is_null() {
                continue;
            }
            self.count_iteration()?;
            let id = format!("i{}", self.iterations);
            rows.push(Row { root, node, steps, id, outputs: BTreeMap::new() });
        }
        Ok(rows)
    }

    fn count_iteration(&mut self) -> Step<()> {
        self.iterations += 1;
        limit("iterations", self.iterations, ITERATIONS_MAX)
    }

    fn map_row(&mut self, map: &'a TriplesMap, row: &mut Row<'a>) -> Step<()> {
        let subjects = self.subjects(map, row)?;
        if subjects.is_empty() {
            return Ok(());
        }
        let graphs = self.graphs(&map.graphs, map, row)?;
        let type_iri = NamedNode::new_unchecked(rdf::TYPE);
        for subject in &subjects {
            for class in &map.classes {
                self.emit(subject, &type_iri, class, &graphs)?;
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
        (subjects, subject_graphs): (&[NamedOrBlankNode], &[GraphName]),
    ) -> Step<()> {
        let mut predicates = Vec::new();
        for predicate in &predicate_object.predicates {
            predicates.extend(self.terms(predicate, map, row)?);
        }
        let mut objects = Vec::new();
        for object in &predicate_object.objects {
            match object {
                ObjectMap::Term(term_map) => objects.extend(self.terms(term_map, map, row)?),
                ObjectMap::Parent { map: parent, conditions } => {
                    objects.extend(self.parents(*parent, conditions, map, row)?);
                }
            }
        }
        let mut graphs = subject_graphs.to_vec();
        graphs.extend(self.graphs(&predicate_object.graphs, map, row)?);
        for subject in subjects {
            for predicate in &predicates {
                // The plan admits only IRIs as predicates.
                let Term::NamedNode(predicate) = predicate else { continue };
                for object in &objects {
                    self.emit(subject, predicate, object, &graphs)?;
                }
            }
        }
        Ok(())
    }

    fn emit(
        &mut self,
        subject: &NamedOrBlankNode,
        predicate: &NamedNode,
        object: &Term,
        graphs: &[GraphName],
    ) -> Step<()> {
        let default = [GraphName::DefaultGraph];
        let graphs = if graphs.is_empty() { &default } else { graphs };
        limit("quads", self.quads.len() + graphs.len(), QUADS_MAX)?;
        for graph in graphs {
            self.quads.push(Quad::new(
                subject.clone(),
                predicate.clone(),
                object.clone(),
                graph.clone(),
            ));
        }
        Ok(())
    }

    fn subjects(&mut self, map: &'a TriplesMap, row: &mut Row<'a>) -> Step<Vec<NamedOrBlankNode>> {
        let terms = self.terms(&map.subject, map, row)?;
        Ok(terms.into_iter().filter_map(node).collect())
    }

    fn graphs(
        &mut self,
        maps: &'a [TermMap],
        map: &'a TriplesMap,
        row: &mut Row<'a>,
    ) -> Step<Vec<GraphName>> {
        let mut graphs = Vec::new();
        for graph in maps {
            for term in self.terms(graph, map, row)? {
                graphs.extend(match node(term) {
                    Some(NamedOrBlankNode::NamedNode(iri))
                        if iri.as_str() == rml("defaultGraph") =>
                    {
                        Some(GraphName::DefaultGraph)
                    }
                    Some(NamedOrBlankNode::NamedNode(iri)) => Some(GraphName::NamedNode(iri)),
                    Some(NamedOrBlankNode::BlankNode(blank)) => Some(GraphName::BlankNode(blank)),
                    None => None,
                });
            }
        }
        Ok(graphs)
    }

    /// Subjects of the parent map: of the same row without conditions, else of every parent
    /// row whose values meet the row's.
    fn parents(
        &mut self,
        parent: usize,
        conditions: &'a [JoinCondition],
        map: &'a TriplesMap,
        row: &mut Row<'a>,
    ) -> Step<Vec<Term>> {
        let plan = self.plan;
        let Some(parent) = plan.maps.get(parent) else { return Ok(Vec::new()) };
        if conditions.is_empty() {
            return self.terms(&parent.subject, parent, row);
        }
        let mut subjects = Vec::new();
        for mut other in self.rows(parent)? {
            if self.meets(conditions, (map, row), (parent, &mut other))? {
                subjects.extend(self.terms(&parent.subject, parent, &mut other)?);
            }
        }
        Ok(subjects)
    }

    fn meets(
        &mut self,
        conditions: &'a [JoinCondition],
        (map, row): (&'a TriplesMap, &mut Row<'a>),
        (parent, other): (&'a TriplesMap, &mut Row<'a>),
    ) -> Step<bool> {
        for condition in conditions {
            let ours = self.texts(&condition.child, map, row)?;
            let theirs = self.texts(&condition.parent, parent, other)?;
            if !ours.iter().any(|value| theirs.contains(value)) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn texts(
        &mut self,
        expression: &'a Expression,
        map: &'a TriplesMap,
        row: &mut Row<'a>,
    ) -> Step<Vec<String>> {
        let values = self.values(expression, Encoding::Unsafe, map, row)?;
        let profile = self.plan.profile;
        Ok(values.iter().map(|value| value.text(profile)).collect::<Result<_, _>>()?)
    }

    fn terms(
        &mut self,
        term_map: &'a TermMap,
        map: &'a TriplesMap,
        row: &mut Row<'a>,
    ) -> Step<Vec<Term>> {
        if let Expression::Constant(term) = &term_map.expression
            && !matches!(
                &term_map.kind,
                TermKind::Literal { datatype: Some(_), .. }
                    | TermKind::Literal { language: Some(_), .. }
            )
        {
            return Ok(vec![term.clone()]);
        }
        if matches!(term_map.expression, Expression::Fresh) {
            return Ok(vec![BlankNode::new_unchecked(row.id.clone()).into()]);
        }
        let encoding = match term_map.kind {
            TermKind::Iri(encoding) => encoding,
            TermKind::Blank | TermKind::Literal { .. } => Encoding::Unsafe,
        };
        let values = self.values(&term_map.expression, encoding, map, row)?;
        let mut terms = Vec::new();
        for value in values {
            self.terms += 1;
            limit("terms", self.terms, TERMS_MAX)?;
            match &term_map.kind {
                TermKind::Iri(encoding) => {
                    let base = map.base.as_deref().unwrap_or(self.names.base);
                    let text = value.text(self.plan.profile)?;
                    terms.push(iri(&text, base, *encoding)?.into());
                }
                TermKind::Blank => terms.push(blank(&value.text(self.plan.profile)?).into()),
                TermKind::Literal { datatype, language } => {
                    let parts = (datatype.as_deref(), language.as_deref());
                    terms.extend(self.literals(&value, parts, map, row)?);
                }
            }
        }
        Ok(terms)
    }

    fn literals(
        &mut self,
        value: &Value,
        parts: (Option<&'a TermMap>, Option<&'a TermMap>),
        map: &'a TriplesMap,
        row: &mut Row<'a>,
    ) -> Step<Vec<Term>> {
        let profile = self.plan.profile;
        match parts {
            (_, Some(language)) => {
                let tags = self.texts(&language.expression, map, row)?;
                let text = value.text(profile)?;
                Ok(tags.iter().map(|tag| tagged(text.clone(), tag)).collect::<Result<_, _>>()?)
            }
            (Some(datatype), None) => {
                let mut literals = Vec::new();
                for datatype in self.terms(datatype, map, row)? {
                    if let Term::NamedNode(datatype) = datatype {
                        literals.push(typed(value, datatype, profile)?);
                    }
                }
                Ok(literals)
            }
            (None, None) => Ok(vec![natural(value, profile)?]),
        }
    }

    fn values(
        &mut self,
        expression: &'a Expression,
        encoding: Encoding,
        map: &'a TriplesMap,
        row: &mut Row<'a>,
    ) -> Step<Vec<Value>> {
        match expression {
            Expression::Constant(term) => Ok(vec![constant(term)]),
            Expression::Reference(path) => Ok(referenced(path, row)?),
            Expression::Template(parts) => self.template(parts, encoding, row),
            Expression::Function { execution, output } => {
                self.function(*execution, *output, map, row)
            }
            Expression::Fresh => Ok(Vec::new()),
        }
    }

    /// Every combination of the references' values
    /// ([RML core, template](https://w3id.org/rml/core/spec#template)).
    fn template(
        &mut self,
        parts: &[TemplatePart],
        encoding: Encoding,
        row: &Row<'a>,
    ) -> Step<Vec<Value>> {
        let mut texts = vec![String::new()];
        for part in parts {
            match part {
                TemplatePart::Text(text) => texts.iter_mut().for_each(|whole| whole.push_str(text)),
                TemplatePart::Reference(path) => {
                    let mut longer = Vec::new();
                    let values = referenced(path, row)?;
                    limit("terms", self.terms + values.len() * texts.len(), TERMS_MAX)?;
                    for value in values {
                        let value = encode(&value.text(self.plan.profile)?, encoding);
                        longer.extend(texts.iter().map(|whole| format!("{whole}{value}")));
                    }
                    texts = longer;
                }
            }
        }
        Ok(texts.into_iter().map(Value::Text).collect())
    }

    fn function(
        &mut self,
        execution: usize,
        output: Output,
        map: &'a TriplesMap,
        row: &mut Row<'a>,
    ) -> Step<Vec<Value>> {
        if !row.outputs.contains_key(&execution) {
            let outputs = self.execute(execution, map, row)?;
            row.outputs.insert(execution, outputs);
        }
        let value = row.outputs.get(&execution).and_then(|outputs| outputs.get(&output));
        Ok(value.cloned().into_iter().collect())
    }

    fn execute(
        &mut self,
        execution: usize,
        map: &'a TriplesMap,
        row: &mut Row<'a>,
    ) -> Step<Outputs> {
        let plan = self.plan;
        let Some(execution) = plan.executions.get(execution) else { return Ok(Outputs::new()) };
        let mut arguments = Arguments::new();
        for (parameter, expression) in &execution.inputs {
            let texts = self.texts(expression, map, row)?;
            if !texts.is_empty() {
                arguments.entry(*parameter).or_default().extend(texts);
            }
        }
        let enclosing = execution.enclosing.as_ref().and_then(|path| row.enclosing(path));
        let around = Surroundings {
            base: map.base.as_deref().unwrap_or(self.names.base),
            record: self.names.record,
            device: self.names.device,
            path: &row.path(),
            enclosing: enclosing.map(Value::of).transpose()?.flatten(),
        };
        Ok(execution.function.call(&arguments, &around)?)
    }
}

fn referenced(path: &Path, row: &Row<'_>) -> Result<Vec<Value>, TermError> {
    path.select(row.node).into_iter().filter_map(|json| Value::of(json).transpose()).collect()
}

fn constant(term: &Term) -> Value {
    match term {
        Term::NamedNode(node) => Value::Iri(node.as_str().to_owned()),
        Term::Literal(literal) => Value::Text(literal.value().to_owned()),
        Term::BlankNode(node) => Value::Text(node.as_str().to_owned()),
    }
}

fn node(term: Term) -> Option<NamedOrBlankNode> {
    match term {
        Term::NamedNode(node) => Some(node.into()),
        Term::BlankNode(node) => Some(node.into()),
        Term::Literal(_) => None,
    }
}

fn limit(what: &'static str, count: usize, limit: usize) -> Step<()> {
    if count > limit { Err(RunReason::Limit { what, limit }) } else { Ok(()) }
}
