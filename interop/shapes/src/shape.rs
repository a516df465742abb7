use std::collections::{BTreeMap, BTreeSet};

use regex::Regex;

use crate::node::Node;
use crate::path::Path;
use crate::report::Severity;

/// Shapes, ready to validate graphs.
#[derive(Debug, Clone, Default)]
pub struct Shapes {
    pub(crate) shapes: Vec<Shape>,
    /// Places of shapes by the class that they target.
    pub(crate) by_class: BTreeMap<String, Vec<usize>>,
    /// Places of shapes with other targets.
    pub(crate) by_target: Vec<(Target, usize)>,
}

impl Shapes {
    /// How many shapes there are, shapes inside shapes counted.
    #[must_use]
    pub fn len(&self) -> usize {
        self.shapes.len()
    }

    /// Whether there is no shape.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.shapes.is_empty()
    }
}

/// What a shape is for, beside the classes it targets.
#[derive(Debug, Clone)]
pub(crate) enum Target {
    Node(Node),
    SubjectsOf(String),
    ObjectsOf(String),
}

#[derive(Debug, Clone)]
pub(crate) struct Shape {
    pub(crate) id: Node,
    /// A property shape's path.
    pub(crate) path: Option<Path>,
    pub(crate) constraints: Vec<Constraint>,
    pub(crate) severity: Severity,
    pub(crate) message: Option<String>,
    pub(crate) is_deactivated: bool,
}

/// One constraint; shapes are named by their place in [`Shapes::shapes`].
#[derive(Debug, Clone)]
pub(crate) enum Constraint {
    Single(Single),
    Together(Together),
    Logical(Logical),
    Property(usize),
    Qualified(Qualified),
    Closed(BTreeSet<String>),
}

/// What each value meets or breaks by itself.
#[derive(Debug, Clone)]
pub(crate) enum Single {
    Class(String),
    Datatype(String),
    NodeKind(NodeKind),
    Bound(Bound, Node),
    MinLength(usize),
    MaxLength(usize),
    Pattern(Regex),
    LanguageIn(Vec<String>),
    In(BTreeSet<Node>),
}

/// What the values meet or break together, or with those of another property.
#[derive(Debug, Clone)]
pub(crate) enum Together {
    MinCount(usize),
    MaxCount(usize),
    UniqueLang,
    Equals(String),
    Disjoint(String),
    LessThan(String),
    LessThanOrEquals(String),
    HasValue(Node),
}

/// What is made of other shapes.
#[derive(Debug, Clone)]
pub(crate) enum Logical {
    Not(usize),
    And(Vec<usize>),
    Or(Vec<usize>),
    Xone(Vec<usize>),
    Node(usize),
}

/// Which nodes are allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NodeKind {
    pub(crate) allows_iri: bool,
    pub(crate) allows_blank: bool,
    pub(crate) allows_literal: bool,
}

/// What a value is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bound {
    MinExclusive,
    MinInclusive,
    MaxExclusive,
    MaxInclusive,
}

/// `sh:qualifiedValueShape` and what comes with it.
#[derive(Debug, Clone)]
pub(crate) struct Qualified {
    pub(crate) shape: usize,
    pub(crate) least: Option<usize>,
    pub(crate) most: Option<usize>,
    /// Shapes that a counted value must not conform to.
    pub(crate) siblings: Vec<usize>,
}
