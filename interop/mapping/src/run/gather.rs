use std::collections::{BTreeMap, BTreeSet};

use pervade_rdf::vocabulary::rdf;
use pervade_rdf::{BlankNode, GraphName, NamedNode, NamedOrBlankNode, Term};

use super::engine::{Engine, Statement, Step, Targeted, limit, node};
use super::row::Row;
use crate::plan::{Expression, Gather, GatherKind, GatherStrategy, ObjectMap, TermKind, TermMap};
use crate::term::blank;

/// Collections and containers of one run ([RML-CC](https://w3id.org/rml/cc/spec)).
#[derive(Default)]
pub(super) struct Gathered<'a> {
    /// Made by the term maps of the present row, not yet in any graph.
    pending: Vec<Pending>,
    /// By graph and head: what different rows gather under one head is one collection.
    collections: BTreeMap<(String, String), Collection<'a>>,
    /// Labels of heads that a mapping makes as blank nodes: another node in every graph.
    scoped: BTreeSet<String>,
    cells: usize,
}

/// A collection whose graphs are not known yet.
struct Pending {
    head: NamedOrBlankNode,
    kind: GatherKind,
    members: Vec<Term>,
}

struct Collection<'a> {
    graph: Targeted<'a, GraphName>,
    head: NamedOrBlankNode,
    kind: GatherKind,
    members: Vec<Term>,
    targets: Vec<usize>,
}

impl<'a> Gathered<'a> {
    /// A head as it is called in `graph`.
    pub(super) fn head_in(&self, head: NamedOrBlankNode, graph: &GraphName) -> NamedOrBlankNode {
        match head {
            NamedOrBlankNode::BlankNode(node) => self.blank_in(node, graph).into(),
            NamedOrBlankNode::NamedNode(_) => head,
        }
    }

    /// A term as it is called in `graph`.
    pub(super) fn term_in(&self, term: Term, graph: &GraphName) -> Term {
        match term {
            Term::BlankNode(node) => self.blank_in(node, graph).into(),
            Term::NamedNode(_) | Term::Literal(_) => term,
        }
    }

    fn blank_in(&self, node: BlankNode, graph: &GraphName) -> BlankNode {
        if *graph == GraphName::DefaultGraph || !self.scoped.contains(node.as_str()) {
            return node;
        }
        blank(&format!("{} {graph}", node.as_str()))
    }

    /// Forgets collections of the present row beyond the first `kept`.
    pub(super) fn forget(&mut self, kept: usize) {
        self.pending.truncate(kept);
    }

    pub(super) fn pending(&self) -> usize {
        self.pending.len()
    }
}

impl<'a> Engine<'a> {
    /// The heads of the collections that a gather map makes of a row.
    pub(super) fn heads(
        &mut self,
        term_map: &'a TermMap,
        gather: &'a Gather,
        row: &mut Row<'a>,
    ) -> Step<Vec<Term>> {
        let mut heads = Vec::new();
        for members in self.member_sets(gather, row)? {
            if members.is_empty() && !gather.allows_empty {
                continue;
            }
            if members.is_empty() && gather.kind == GatherKind::List {
                heads.push(NamedNode::new_unchecked(rdf::NIL).into());
                continue;
            }
            let fresh = matches!(term_map.expression, Expression::Fresh);
            let terms = if fresh {
                let (map, number) = row.name;
                row.heads += 1;
                let label = format!("m{map}r{number}h{}", row.heads);
                vec![BlankNode::new_unchecked(label).into()]
            } else {
                self.plain_terms(term_map, row)?
            };
            for head in terms.into_iter().filter_map(node) {
                if let (NamedOrBlankNode::BlankNode(node), TermKind::Blank, false) =
                    (&head, &term_map.kind, fresh)
                {
                    self.gathered.scoped.insert(node.as_str().to_owned());
                }
                heads.push(head.clone().into());
                let (kind, members) = (gather.kind, members.clone());
                self.gathered.pending.push(Pending { head, kind, members });
            }
        }
        Ok(heads)
    }

    /// The members of each collection.
    fn member_sets(&mut self, gather: &'a Gather, row: &mut Row<'a>) -> Step<Vec<Vec<Term>>> {
        let mut sets = Vec::new();
        for member in &gather.members {
            sets.push(match member {
                ObjectMap::Term(term_map) => self.terms(term_map, row)?,
                ObjectMap::Parent(parent) => self.parents(parent, row)?,
            });
        }
        if gather.strategy == GatherStrategy::Append {
            return Ok(vec![sets.concat()]);
        }
        let mut products: Vec<Vec<Term>> = vec![Vec::new()];
        for set in sets {
            let size = products.len().saturating_mul(set.len());
            limit("terms", self.terms.saturating_add(size), self.limits.terms)?;
            let longer = products.iter().flat_map(|product| {
                set.iter().map(|term| [product.as_slice(), std::slice::from_ref(term)].concat())
            });
            products = longer.collect();
        }
        Ok(products)
    }

    /// Puts the collections of the present term maps into the graphs of their triples.
    pub(super) fn place_gathered(
        &mut self,
        graphs: &[Targeted<'a, GraphName>],
        targets: &[usize],
    ) -> Step<()> {
        let default: [Targeted<'a, GraphName>; 1] = [(GraphName::DefaultGraph, &[])];
        let graphs = if graphs.is_empty() { &default } else { graphs };
        for pending in std::mem::take(&mut self.gathered.pending) {
            self.terms = self.terms.saturating_add(pending.members.len() * graphs.len());
            limit("terms", self.terms, self.limits.terms)?;
            for graph in graphs {
                let head = self.gathered.head_in(pending.head.clone(), &graph.0);
                let key = (graph.0.to_string(), head.to_string());
                let collection =
                    self.gathered.collections.entry(key).or_insert_with(|| Collection {
                        graph: graph.clone(),
                        head,
                        kind: pending.kind,
                        members: Vec::new(),
                        targets: targets.to_vec(),
                    });
                collection.members.extend(pending.members.iter().cloned());
            }
        }
        Ok(())
    }

    /// Writes all collections.
    pub(super) fn write_gathered(&mut self) -> Step<()> {
        for collection in std::mem::take(&mut self.gathered.collections).into_values() {
            match collection.kind {
                GatherKind::List => self.write_list(&collection)?,
                GatherKind::Bag => self.write_container(&collection, rdf::BAG)?,
                GatherKind::Seq => self.write_container(&collection, rdf::SEQ)?,
                GatherKind::Alt => self.write_container(&collection, rdf::ALT)?,
            }
        }
        Ok(())
    }

    fn write_list(&mut self, list: &Collection<'a>) -> Step<()> {
        let (first, rest) =
            (NamedNode::new_unchecked(rdf::FIRST), NamedNode::new_unchecked(rdf::REST));
        let mut cell = list.head.clone();
        let mut members = list.members.iter().peekable();
        while let Some(member) = members.next() {
            self.write(list, &cell, &first, member)?;
            let next: Term = if members.peek().is_some() {
                self.gathered.cells += 1;
                BlankNode::new_unchecked(format!("c{}", self.gathered.cells)).into()
            } else {
                NamedNode::new_unchecked(rdf::NIL).into()
            };
            self.write(list, &cell, &rest, &next)?;
            let Some(next) = node(next) else { break };
            cell = next;
        }
        Ok(())
    }

    fn write_container(&mut self, container: &Collection<'a>, class: &str) -> Step<()> {
        let class: Term = NamedNode::new_unchecked(class).into();
        let is_a = NamedNode::new_unchecked(rdf::TYPE);
        self.write(container, &container.head, &is_a, &class)?;
        for (number, member) in (1_usize..).zip(&container.members) {
            let predicate = NamedNode::new_unchecked(format!("{}{number}", rdf::MEMBER));
            self.write(container, &container.head, &predicate, member)?;
        }
        Ok(())
    }

    fn write(
        &mut self,
        collection: &Collection<'a>,
        subject: &NamedOrBlankNode,
        predicate: &NamedNode,
        object: &Term,
    ) -> Step<()> {
        let targets: [&[usize]; 3] = [&collection.targets, &[], &[]];
        let statement = Statement { subject, predicate, object, targets };
        self.emit(&statement, std::slice::from_ref(&collection.graph))
    }
}
