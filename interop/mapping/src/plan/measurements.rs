use pervade_rdf::{Position, Term};

use super::{Expression, ObjectMap, Plan, PredicateObject, Reference, Rows, TermMap, TriplesMap};
use crate::functions::{Function, Parameter};

/// What one triples map measures, as far as its text tells: for checks of meaning, before any
/// payload is there.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Measurement<'p> {
    /// The map's name.
    pub map: &'p str,
    /// The `JSONPath` of its iterations.
    pub iterator: Option<&'p str>,
    /// What it states of every iteration by constants.
    pub constants: Vec<Constant<'p>>,
    /// The units it converts.
    pub conversions: Vec<Conversion<'p>>,
}

/// A predicate and an object that are constant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Constant<'p> {
    /// The predicate's IRI.
    pub predicate: &'p str,
    /// The object's IRI.
    pub object: &'p str,
    /// Where the object is written.
    pub at: Position,
}

/// One execution of [`Function::ConvertUnit`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Conversion<'p> {
    /// The predicates whose objects it makes, or has a part in.
    pub predicates: Vec<&'p str>,
    /// The quantity kind.
    pub kind: Given<'p>,
    /// The unit.
    pub unit: Given<'p>,
    /// The list that the unit is looked up in, if that is given.
    pub scheme: Option<Given<'p>>,
}

/// What a parameter is given, and where that is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Given<'p> {
    /// Where the value is written.
    pub at: Position,
    /// Where it comes from.
    pub origin: Origin<'p>,
}

/// Where a value comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Origin<'p> {
    /// The mapping itself.
    Constant(&'p str),
    /// The payload, at a `JSONPath` from the iteration.
    Field(&'p str),
    /// The payload, at a `JSONPath` from the nearest value around the iteration that has it.
    Around(&'p str),
    /// A computation.
    Computed,
}

/// Most executions inside one another that are followed; the mapping's reader allows fewer.
const DEPTH_MAX: usize = 16;

impl Plan {
    /// What every triples map measures, in the order of the mapping.
    #[must_use]
    pub fn measurements(&self) -> Vec<Measurement<'_>> {
        self.maps.iter().map(|map| self.measurement(map)).collect()
    }

    fn measurement<'p>(&'p self, map: &'p TriplesMap) -> Measurement<'p> {
        let mut constants = Vec::new();
        let mut conversions = Vec::new();
        for said in &map.predicate_objects {
            let predicates = constant_predicates(said);
            for object in &said.objects {
                let ObjectMap::Term(object) = object else { continue };
                let at = object.at;
                let stated = constant_iri(object);
                let pairs = predicates.iter().zip(std::iter::repeat(stated));
                constants.extend(pairs.filter_map(|(predicate, object)| {
                    Some(Constant { predicate, object: object?, at })
                }));
                self.conversions(object, &predicates, &mut conversions);
            }
        }
        let iterator = match &map.rows {
            Rows::Payload(path) | Rows::Document(_, path) => Some(path.text()),
            Rows::Table(_) => None,
        };
        Measurement { map: &map.name, iterator, constants, conversions }
    }

    /// The conversions that an object is made with.
    fn conversions<'p>(
        &'p self,
        object: &'p TermMap,
        predicates: &[&'p str],
        found: &mut Vec<Conversion<'p>>,
    ) {
        let mut waiting = vec![(&object.expression, 0)];
        while let Some((expression, depth)) = waiting.pop() {
            let Expression::Function { execution, .. } = expression else { continue };
            let Some(execution) = self.executions.get(*execution) else { continue };
            let given = |parameter| {
                let input = execution.inputs.iter().find(|input| input.parameter == parameter)?;
                Some(Given { at: input.at, origin: self.origin(&input.expression) })
            };
            if execution.function == Function::ConvertUnit
                && let (Some(kind), Some(unit)) =
                    (given(Parameter::QuantityKind), given(Parameter::Unit))
            {
                let predicates = predicates.to_vec();
                found.push(Conversion { predicates, kind, unit, scheme: given(Parameter::Scheme) });
            }
            if depth < DEPTH_MAX {
                let inside = execution.inputs.iter().map(|input| (&input.expression, depth + 1));
                waiting.extend(inside);
            }
        }
    }

    fn origin<'p>(&'p self, expression: &'p Expression) -> Origin<'p> {
        match expression {
            Expression::Constant(Term::Literal(literal)) => Origin::Constant(literal.value()),
            Expression::Constant(Term::NamedNode(node)) => Origin::Constant(node.as_str()),
            Expression::Reference(Reference::Path(path)) => Origin::Field(path.text()),
            Expression::Function { execution, .. } => {
                let execution = self.executions.get(*execution);
                let path = execution.and_then(|execution| execution.enclosing.as_ref());
                path.map_or(Origin::Computed, |path| Origin::Around(path.text()))
            }
            Expression::Constant(Term::BlankNode(_))
            | Expression::Reference(Reference::Column(_))
            | Expression::Template(_)
            | Expression::Fresh => Origin::Computed,
        }
    }
}

fn constant_predicates(said: &PredicateObject) -> Vec<&str> {
    said.predicates.iter().filter_map(constant_iri).collect()
}

fn constant_iri(map: &TermMap) -> Option<&str> {
    match &map.expression {
        Expression::Constant(Term::NamedNode(node)) => Some(node.as_str()),
        Expression::Constant(_)
        | Expression::Reference(_)
        | Expression::Template(_)
        | Expression::Function { .. }
        | Expression::Fresh => None,
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use crate::lower::lower;

    fn check(mapping: &str, expected: Expect) {
        let text = format!(
            "@prefix rml: <http://w3id.org/rml/> . @prefix pv: <urn:pervade:vocab#> . @prefix e: <http://e/> .\n{mapping}"
        );
        let lowered = lower(&text);
        let plan = lowered.plan.unwrap_or_else(|| panic!("{:?}", lowered.problems));
        let mut lines = String::new();
        for measurement in plan.measurements() {
            lines += &format!("{} over {:?}\n", measurement.map, measurement.iterator);
            for constant in measurement.constants {
                let (predicate, object) = (constant.predicate, constant.object);
                lines += &format!("  {}: {predicate} {object}\n", constant.at);
            }
            for conversion in measurement.conversions {
                let (unit, kind) = (conversion.unit, conversion.kind);
                lines += &format!(
                    "  for {:?}: {} {:?} in {} {:?}\n",
                    conversion.predicates, kind.at, kind.origin, unit.at, unit.origin
                );
            }
        }
        expected.assert_eq(&lines);
    }

    #[test]
    fn constants_and_conversions_with_their_places() {
        check(
            r#"<#m> rml:logicalSource [ rml:source pv:Payload ; rml:referenceFormulation rml:JSONPath ; rml:iterator "$.a" ] ;
  rml:subjectMap [ rml:template "x" ] ;
  rml:predicateObjectMap [ rml:predicate e:property ; rml:object e:Warmth ] ,
    [ rml:predicate e:result ; rml:objectMap [ rml:functionExecution <#f> ; rml:return pv:number ] ] ,
    [ rml:predicate e:flag ; rml:objectMap [ rml:functionExecution [ rml:function pv:rangeFlag ;
        rml:input [ rml:parameter pv:value ; rml:inputValueMap [ rml:functionExecution <#g> ; rml:return pv:number ] ] ,
          [ rml:parameter pv:minimum ; rml:inputValue "0" ] , [ rml:parameter pv:maximum ; rml:inputValue "1" ] ] ; rml:return pv:flag ; rml:termType rml:IRI ] ] .
<#f> rml:function pv:convertUnit ; rml:input [ rml:parameter pv:value ; rml:inputValueMap [ rml:reference "$.v" ] ] ,
  [ rml:parameter pv:unit ; rml:inputValue "V" ] , [ rml:parameter pv:quantityKind ; rml:inputValue "Voltage" ] .
<#g> rml:function pv:convertUnit ; rml:input [ rml:parameter pv:value ; rml:inputValueMap [ rml:reference "$.v" ] ] ,
  [ rml:parameter pv:unit ; rml:inputValueMap [ rml:reference "$.u" ] ] , [ rml:parameter pv:quantityKind ; rml:inputValueMap [
    rml:functionExecution [ rml:function pv:enclosing ; rml:input [ rml:parameter pv:path ; rml:inputValue "$.kind" ] ] ; rml:return pv:found ] ] ."#,
            expect![[r#"
                m over Some("$.a")
                  4:66: http://e/property http://e/Warmth
                  for ["http://e/result"]: 10:101 Constant("Voltage") in 10:44 Constant("V")
                  for ["http://e/flag"]: 12:127 Around("$.kind") in 12:47 Field("$.u")
            "#]],
        );
    }
}
