mod measurements;
mod terms;

use pervade_rdf::{Position, Term};

use crate::functions::{Function, Output, Parameter};
use crate::path::Path;
use crate::source::{LogicalSource, Nested, RecordQuery};
use crate::target::LogicalTarget;
pub use measurements::{Constant, Conversion, Given, Measurement, Origin};
pub use terms::StatedTerms;

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
    /// Sources of JSON documents, with the places that name them; off the ledger only, as all
    /// that follows.
    pub(crate) documents: Vec<(Position, LogicalSource)>,
    /// A table uses only tables before it.
    pub(crate) tables: Vec<(Position, Table)>,
    pub(crate) targets: Vec<LogicalTarget>,
    /// The mapping's own base, for a run that is given none.
    pub(crate) base: Option<String>,
}

#[derive(Debug, Clone)]
pub(crate) struct TriplesMap {
    /// How messages name the map.
    pub(crate) name: String,
    /// Where it is written.
    pub(crate) at: Position,
    pub(crate) rows: Rows,
    /// The map's own base IRI, before the run's.
    pub(crate) base: Option<String>,
    pub(crate) subject: TermMap,
    pub(crate) classes: Vec<Term>,
    pub(crate) graphs: Vec<TermMap>,
    pub(crate) predicate_objects: Vec<PredicateObject>,
}

/// What a map is run over.
#[derive(Debug, Clone)]
pub(crate) enum Rows {
    /// Values inside the payload of the transaction.
    Payload(Path),
    /// Values inside a JSON document, by its place in [`Plan::documents`].
    Document(usize, Path),
    /// Records, by their place in [`Plan::tables`].
    Table(usize),
}

/// Records that maps and views are run over.
#[derive(Debug, Clone)]
pub(crate) enum Table {
    /// Read from a source.
    Source { source: LogicalSource, query: RecordQuery },
    /// Made of other records ([RML-LV](https://w3id.org/rml/lv/spec)).
    View(View),
}

impl Table {
    /// The file that its records begin with.
    pub(crate) const fn file(&self) -> Option<&LogicalSource> {
        match self {
            Self::Source { source, .. }
            | Self::View(View { base: ViewBase::Source { source, .. }, .. }) => Some(source),
            Self::View(View { base: ViewBase::Table { .. }, .. }) => None,
        }
    }
}

/// A logical view; each of its records has one value, or none, in each column.
#[derive(Debug, Clone)]
pub(crate) struct View {
    pub(crate) base: ViewBase,
    pub(crate) fields: Vec<Field>,
    pub(crate) joins: Vec<ViewJoin>,
    /// Names of the columns, as references write them; the first is `#`.
    pub(crate) columns: Vec<String>,
}

#[derive(Debug, Clone)]
pub(crate) enum ViewBase {
    Source {
        source: LogicalSource,
        query: RecordQuery,
    },
    /// Another table, and what is asked of the texts in its columns.
    Table {
        table: usize,
        nested: Vec<Nested>,
    },
}

/// A field of a view and its place among the columns; the column after an expression field's
/// is its index, an iterable field's only column is its index.
#[derive(Debug, Clone)]
pub(crate) struct Field {
    pub(crate) column: usize,
    pub(crate) kind: FieldKind,
    pub(crate) fields: Vec<Self>,
}

#[derive(Debug, Clone)]
pub(crate) enum FieldKind {
    Expression(Expression),
    /// Records that the query nests, by their place in [`RecordQuery::nested`].
    Iterable(usize),
}

#[derive(Debug, Clone)]
pub(crate) struct ViewJoin {
    pub(crate) parent: usize,
    pub(crate) conditions: Vec<JoinCondition>,
    /// Whether a record without a partner stays.
    pub(crate) keeps_all: bool,
    /// Expressions over the parent's record, each with its column in this view.
    pub(crate) fields: Vec<(usize, Expression)>,
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
    Parent(Parent),
}

#[derive(Debug, Clone)]
pub(crate) struct Parent {
    /// Place among the plan's joins.
    pub(crate) id: usize,
    /// The other map, by its place in [`Plan::maps`].
    pub(crate) map: usize,
    pub(crate) conditions: Vec<JoinCondition>,
    pub(crate) targets: Vec<usize>,
}

#[derive(Debug, Clone)]
pub(crate) struct JoinCondition {
    pub(crate) child: Expression,
    pub(crate) parent: Expression,
}

#[derive(Debug, Clone)]
pub(crate) struct TermMap {
    /// Where it is written.
    pub(crate) at: Position,
    pub(crate) expression: Expression,
    pub(crate) kind: TermKind,
    /// A term is made only where this is true.
    pub(crate) condition: Option<Expression>,
    pub(crate) gather: Option<Box<Gather>>,
    /// Where triples with these terms go, by places in [`Plan::targets`].
    pub(crate) targets: Vec<usize>,
}

/// A gather map ([RML-CC](https://w3id.org/rml/cc/spec)): the term is the head of a collection
/// or container of other terms.
#[derive(Debug, Clone)]
pub(crate) struct Gather {
    pub(crate) kind: GatherKind,
    /// Whether no members make an empty collection, instead of none.
    pub(crate) allows_empty: bool,
    pub(crate) strategy: GatherStrategy,
    pub(crate) members: Vec<ObjectMap>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum GatherKind {
    List,
    Bag,
    Seq,
    Alt,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum GatherStrategy {
    /// The members of all maps, one after the other.
    Append,
    /// A collection of its own for every combination of the maps' members.
    CartesianProduct,
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
    Reference(Reference),
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
pub(crate) enum Reference {
    /// Into a JSON value.
    Path(Path),
    /// Of a record, by its place.
    Column(usize),
}

#[derive(Debug, Clone)]
pub(crate) enum TemplatePart {
    Text(String),
    Reference(Reference),
}

/// What a parameter is given.
#[derive(Debug, Clone)]
pub(crate) struct Input {
    pub(crate) parameter: Parameter,
    pub(crate) expression: Expression,
    /// Where the value is written.
    pub(crate) at: Position,
}

#[derive(Debug, Clone)]
pub(crate) struct Execution {
    pub(crate) function: Function,
    pub(crate) inputs: Vec<Input>,
    /// Paths looked up around the iteration, by [`Function::Enclosing`].
    pub(crate) enclosing: Option<Path>,
}
