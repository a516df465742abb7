use pervade_rdf::Term;

use crate::functions::{Function, Output, Parameter};
use crate::path::Path;

/// Which RML is run: see the crate's front page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Profile {
    Ledger,
    Open,
}

/// A checked mapping, ready to run.
#[derive(Debug, Clone)]
pub struct Plan {
    pub(crate) profile: Profile,
    pub(crate) maps: Vec<TriplesMap>,
    pub(crate) executions: Vec<Execution>,
}

#[derive(Debug, Clone)]
pub(crate) struct TriplesMap {
    /// How messages name the map.
    pub(crate) name: String,
    pub(crate) source: Source,
    pub(crate) iterator: Path,
    /// The map's own base IRI, before the run's.
    pub(crate) base: Option<String>,
    pub(crate) subject: TermMap,
    pub(crate) classes: Vec<Term>,
    pub(crate) graphs: Vec<TermMap>,
    pub(crate) predicate_objects: Vec<PredicateObject>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Source {
    /// The payload of the transaction.
    Payload,
    /// A file beside the mapping; off the ledger only.
    File(String),
}

#[derive(Debug, Clone)]
pub(crate) struct PredicateObject {
    pub(crate) predicates: Vec<TermMap>,
    pub(crate) objects: Vec<ObjectMap>,
    pub(crate) graphs: Vec<TermMap>,
}

#[derive(Debug, Clone)]
pub(crate) enum ObjectMap {
    Term(TermMap),
    /// The subjects of another map.
    Parent {
        map: usize,
        conditions: Vec<JoinCondition>,
    },
}

#[derive(Debug, Clone)]
pub(crate) struct JoinCondition {
    pub(crate) child: Expression,
    pub(crate) parent: Expression,
}

#[derive(Debug, Clone)]
pub(crate) struct TermMap {
    pub(crate) expression: Expression,
    pub(crate) kind: TermKind,
}

#[derive(Debug, Clone)]
pub(crate) enum TermKind {
    Iri(Encoding),
    Blank,
    Literal { datatype: Option<Box<TermMap>>, language: Option<Box<TermMap>> },
}

/// What a template does to values inside an IRI.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encoding {
    /// Percent-encodes what an IRI cannot hold as data; letters of other scripts stay.
    Iri,
    /// Percent-encodes all but ASCII letters, digits and `-._~`.
    Uri,
    /// Leaves values as they are.
    Unsafe,
}

#[derive(Debug, Clone)]
pub(crate) enum Expression {
    Constant(Term),
    Reference(Path),
    Template(Vec<TemplatePart>),
    /// One output of an execution, by its place in [`Plan::executions`].
    Function {
        execution: usize,
        output: Output,
    },
    /// A blank node of its own for every iteration.
    Fresh,
}

#[derive(Debug, Clone)]
pub(crate) enum TemplatePart {
    Text(String),
    Reference(Path),
}

#[derive(Debug, Clone)]
pub(crate) struct Execution {
    pub(crate) function: Function,
    pub(crate) inputs: Vec<(Parameter, Expression)>,
    /// Paths looked up around the iteration, by [`Function::Enclosing`].
    pub(crate) enclosing: Option<Path>,
}
