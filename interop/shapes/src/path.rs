use std::collections::BTreeSet;
use std::fmt;

use crate::graph::{Graph, Id};

/// A [property path](https://www.w3.org/TR/shacl/#property-paths).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Path {
    Predicate(String),
    Inverse(Box<Self>),
    Sequence(Vec<Self>),
    Alternative(Vec<Self>),
    ZeroOrMore(Box<Self>),
    OneOrMore(Box<Self>),
    ZeroOrOne(Box<Self>),
}

/// What is left of the work that one validation may take.
#[derive(Debug)]
pub(crate) struct Budget(pub(crate) usize);

/// The work is more than one validation may take.
#[derive(Debug)]
pub(crate) struct Spent;

impl Budget {
    pub(crate) fn spend(&mut self, steps: usize) -> Result<(), Spent> {
        self.0 = self.0.checked_sub(steps).ok_or(Spent)?;
        Ok(())
    }
}

impl Path {
    /// The nodes that the path leads to, each once.
    pub(crate) fn follow(
        &self,
        graph: &Graph<'_>,
        from: Id,
        budget: &mut Budget,
    ) -> Result<BTreeSet<Id>, Spent> {
        budget.spend(1)?;
        let reached = match self {
            Self::Predicate(iri) => {
                graph.iri(iri).map(|iri| graph.objects(from, iri).collect()).unwrap_or_default()
            }
            Self::Inverse(path) => path.back(graph, from, budget)?,
            Self::Sequence(parts) => {
                Self::in_turn(parts.iter(), from, |part, node| part.follow(graph, node, budget))?
            }
            Self::Alternative(parts) => {
                let mut reached = BTreeSet::new();
                for part in parts {
                    reached.extend(part.follow(graph, from, budget)?);
                }
                reached
            }
            Self::ZeroOrMore(path) => {
                Self::closure([from].into(), |node| path.follow(graph, node, budget))?
            }
            Self::OneOrMore(path) => {
                let first = path.follow(graph, from, budget)?;
                Self::closure(first, |node| path.follow(graph, node, budget))?
            }
            Self::ZeroOrOne(path) => {
                let mut reached = path.follow(graph, from, budget)?;
                reached.insert(from);
                reached
            }
        };
        budget.spend(reached.len())?;
        Ok(reached)
    }

    /// The nodes that lead here.
    fn back(
        &self,
        graph: &Graph<'_>,
        from: Id,
        budget: &mut Budget,
    ) -> Result<BTreeSet<Id>, Spent> {
        budget.spend(1)?;
        match self {
            Self::Predicate(iri) => {
                let found = graph.iri(iri).map(|iri| graph.subjects(from, iri).collect());
                Ok(found.unwrap_or_default())
            }
            Self::Inverse(path) => path.follow(graph, from, budget),
            Self::Sequence(parts) => {
                Self::in_turn(parts.iter().rev(), from, |part, node| part.back(graph, node, budget))
            }
            Self::Alternative(parts) => {
                let mut reached = BTreeSet::new();
                for part in parts {
                    reached.extend(part.back(graph, from, budget)?);
                }
                Ok(reached)
            }
            Self::ZeroOrMore(path) => {
                Self::closure([from].into(), |node| path.back(graph, node, budget))
            }
            Self::OneOrMore(path) => {
                let first = path.back(graph, from, budget)?;
                Self::closure(first, |node| path.back(graph, node, budget))
            }
            Self::ZeroOrOne(path) => {
                let mut reached = path.back(graph, from, budget)?;
                reached.insert(from);
                Ok(reached)
            }
        }
    }

    fn in_turn<'p>(
        parts: impl Iterator<Item = &'p Self>,
        from: Id,
        mut step: impl FnMut(&'p Self, Id) -> Result<BTreeSet<Id>, Spent>,
    ) -> Result<BTreeSet<Id>, Spent> {
        let mut here = BTreeSet::from([from]);
        for part in parts {
            let mut next = BTreeSet::new();
            for node in here {
                next.extend(step(part, node)?);
            }
            here = next;
        }
        Ok(here)
    }

    fn closure(
        mut reached: BTreeSet<Id>,
        mut step: impl FnMut(Id) -> Result<BTreeSet<Id>, Spent>,
    ) -> Result<BTreeSet<Id>, Spent> {
        let mut waiting: Vec<Id> = reached.iter().copied().collect();
        while let Some(node) = waiting.pop() {
            waiting.extend(step(node)?.into_iter().filter(|next| reached.insert(*next)));
        }
        Ok(reached)
    }
}

/// As [SPARQL writes paths](https://www.w3.org/TR/sparql11-query/#propertypaths).
impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let joined = |parts: &[Self], with: &str| {
            parts.iter().map(ToString::to_string).collect::<Vec<_>>().join(with)
        };
        match self {
            Self::Predicate(iri) => write!(f, "<{iri}>"),
            Self::Inverse(path) => write!(f, "^{path}"),
            Self::Sequence(parts) => write!(f, "({})", joined(parts, "/")),
            Self::Alternative(parts) => write!(f, "({})", joined(parts, "|")),
            Self::ZeroOrMore(path) => write!(f, "{path}*"),
            Self::OneOrMore(path) => write!(f, "{path}+"),
            Self::ZeroOrOne(path) => write!(f, "{path}?"),
        }
    }
}
