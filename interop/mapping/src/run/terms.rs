use std::borrow::Cow;

use pervade_rdf::{BlankNode, Term};

use super::engine::{Engine, Step, Targeted, limit};
use super::row::{Item, Row};
use crate::functions::{Arguments, Output, Outputs, Surroundings};
use crate::plan::{Encoding, Expression, Input, Reference, TemplatePart, TermKind, TermMap};
use crate::term::{TermError, Value, blank, encode_into, iri, natural, tagged, typed};

impl<'a> Engine<'a> {
    /// Adds the terms that a term map makes of a row, with its targets; a constant is not
    /// copied.
    pub(super) fn add_terms(
        &mut self,
        term_map: &'a TermMap,
        row: &mut Row<'a>,
        terms: &mut Vec<Targeted<'a, Cow<'a, Term>>>,
    ) -> Step<()> {
        let targets = term_map.targets.as_slice();
        let plain = term_map.condition.is_none() && term_map.gather.is_none();
        match constant_term(term_map).filter(|_| plain) {
            Some(term) => terms.push((Cow::Borrowed(term), targets)),
            None => {
                let made = self.terms(term_map, row)?;
                terms.extend(made.into_iter().map(|term| (Cow::Owned(term), targets)));
            }
        }
        Ok(())
    }

    /// The terms that a term map makes of a row.
    pub(super) fn terms(&mut self, term_map: &'a TermMap, row: &mut Row<'a>) -> Step<Vec<Term>> {
        if let Some(condition) = &term_map.condition
            && !self.texts(condition, row)?.iter().any(|text| text == "true")
        {
            return Ok(Vec::new());
        }
        match &term_map.gather {
            None => self.plain_terms(term_map, row),
            Some(gather) => self.heads(term_map, gather, row),
        }
    }

    pub(super) fn plain_terms(
        &mut self,
        term_map: &'a TermMap,
        row: &mut Row<'a>,
    ) -> Step<Vec<Term>> {
        if let Some(term) = constant_term(term_map) {
            return Ok(vec![term.clone()]);
        }
        if matches!(term_map.expression, Expression::Fresh) {
            let (map, number) = row.name;
            return Ok(vec![BlankNode::new_unchecked(format!("m{map}r{number}")).into()]);
        }
        let encoding = match term_map.kind {
            TermKind::Iri(encoding) => encoding,
            TermKind::Blank | TermKind::Literal { .. } => Encoding::Unsafe,
        };
        let values = self.values(&term_map.expression, encoding, row)?;
        let profile = self.plan.profile;
        let mut terms = Vec::with_capacity(values.len());
        for value in values {
            self.terms += 1;
            limit("terms", self.terms, self.limits.terms)?;
            match &term_map.kind {
                TermKind::Iri(encoding) => {
                    terms.push(iri(value.into_text(profile)?, row.base, *encoding)?.into());
                }
                TermKind::Blank => terms.push(blank(&value.into_text(profile)?).into()),
                TermKind::Literal { datatype: None, language: None } => {
                    terms.push(natural(value, profile)?);
                }
                TermKind::Literal { datatype, language } => {
                    let parts = (datatype.as_deref(), language.as_deref());
                    terms.extend(self.literals(&value, parts, row)?);
                }
            }
        }
        Ok(terms)
    }

    fn literals(
        &mut self,
        value: &Value,
        parts: (Option<&'a TermMap>, Option<&'a TermMap>),
        row: &mut Row<'a>,
    ) -> Step<Vec<Term>> {
        let profile = self.plan.profile;
        match parts {
            (_, Some(language)) => {
                let tags = self.texts(&language.expression, row)?;
                let text = value.text(profile)?;
                Ok(tags.iter().map(|tag| tagged(text.clone(), tag)).collect::<Result<_, _>>()?)
            }
            (Some(datatype), None) => {
                let mut literals = Vec::new();
                for datatype in self.terms(datatype, row)? {
                    if let Term::NamedNode(datatype) = datatype {
                        literals.push(typed(value, datatype, profile)?);
                    }
                }
                Ok(literals)
            }
            (None, None) => Ok(vec![natural(value.clone(), profile)?]),
        }
    }

    pub(super) fn texts(
        &mut self,
        expression: &'a Expression,
        row: &mut Row<'a>,
    ) -> Step<Vec<String>> {
        let values = self.values(expression, Encoding::Unsafe, row)?;
        let profile = self.plan.profile;
        Ok(values.iter().map(|value| value.text(profile)).collect::<Result<_, _>>()?)
    }

    pub(super) fn values(
        &mut self,
        expression: &'a Expression,
        encoding: Encoding,
        row: &mut Row<'a>,
    ) -> Step<Vec<Value>> {
        match expression {
            Expression::Constant(term) => Ok(vec![constant(term)]),
            Expression::Reference(reference) => Ok(referenced(reference, row)?),
            Expression::Template(parts) => self.template(parts, encoding, row),
            Expression::Function { execution, output } => self.function(*execution, *output, row),
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
                TemplatePart::Reference(reference) => {
                    let values = referenced(reference, row)?;
                    limit("terms", self.terms + values.len() * texts.len(), self.limits.terms)?;
                    texts = self.longer(texts, values, encoding)?;
                }
            }
        }
        Ok(texts.into_iter().map(Value::Text).collect())
    }

    /// Every text with every value after it.
    fn longer(
        &self,
        mut texts: Vec<String>,
        values: Vec<Value>,
        encoding: Encoding,
    ) -> Step<Vec<String>> {
        let profile = self.plan.profile;
        if let ([whole], [value]) = (texts.as_mut_slice(), values.as_slice()) {
            encode_into(whole, &value.text(profile)?, encoding);
            return Ok(texts);
        }
        let mut longer = Vec::new();
        for value in values {
            let value = value.text(profile)?;
            for whole in &texts {
                let mut whole = whole.clone();
                encode_into(&mut whole, &value, encoding);
                longer.push(whole);
            }
        }
        Ok(longer)
    }

    fn function(
        &mut self,
        execution: usize,
        output: Output,
        row: &mut Row<'a>,
    ) -> Step<Vec<Value>> {
        if !row.outputs.contains_key(&execution) {
            let outputs = self.execute(execution, row)?;
            row.outputs.insert(execution, outputs);
        }
        let value = row.outputs.get(&execution).and_then(|outputs| outputs.get(&output));
        Ok(value.cloned().into_iter().collect())
    }

    fn execute(&mut self, execution: usize, row: &mut Row<'a>) -> Step<Outputs> {
        let plan = self.plan;
        let Some(execution) = plan.executions.get(execution) else { return Ok(Outputs::new()) };
        let mut arguments = Arguments::new();
        for Input { parameter, expression, .. } in &execution.inputs {
            let texts = self.texts(expression, row)?;
            if !texts.is_empty() {
                arguments.entry(*parameter).or_default().extend(texts);
            }
        }
        let enclosing = execution.enclosing.as_ref().and_then(|path| row.enclosing(path));
        let around = Surroundings {
            base: row.base,
            record: self.names.record,
            device: self.names.device,
            path: &row.path(),
            enclosing: enclosing.map(Value::of).transpose()?.flatten(),
        };
        Ok(execution.function.call(&arguments, &around)?)
    }
}

/// The term of a map that makes no other.
const fn constant_term(term_map: &TermMap) -> Option<&Term> {
    match (&term_map.expression, &term_map.kind) {
        (
            Expression::Constant(_),
            TermKind::Literal { datatype: Some(_), .. }
            | TermKind::Literal { language: Some(_), .. },
        ) => None,
        (Expression::Constant(term), _) => Some(term),
        _ => None,
    }
}

fn referenced(reference: &Reference, row: &Row<'_>) -> Result<Vec<Value>, TermError> {
    match (reference, &row.item) {
        (Reference::Path(path), Item::Value { node, .. }) => {
            if let Some(direct) = path.direct(node) {
                let value = direct.map(Value::of).transpose()?.flatten();
                return Ok(value.into_iter().collect());
            }
            path.select(node).into_iter().filter_map(|json| Value::of(json).transpose()).collect()
        }
        (Reference::Column(column), Item::Record(record)) => {
            Ok(record.values.get(*column).cloned().unwrap_or_default())
        }
        // The plan's references are into what its rows are.
        (Reference::Path(_), Item::Record(_)) | (Reference::Column(_), Item::Value { .. }) => {
            Ok(Vec::new())
        }
    }
}

fn constant(term: &Term) -> Value {
    match term {
        Term::NamedNode(node) => Value::Iri(node.as_str().to_owned()),
        Term::Literal(literal) => Value::Text(literal.value().to_owned()),
        Term::BlankNode(node) => Value::Text(node.as_str().to_owned()),
    }
}
