use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};

use pervade_rdf::vocabulary::rdf;
use pervade_rdf::{Dataset, Triple};

use crate::node::Key;

const SUB_CLASS_OF: &str = "http://www.w3.org/2000/01/rdf-schema#subClassOf";

/// The number of a node.
pub(crate) type Id = usize;

/// A data graph, indexed; of a dataset, all its graphs together.
#[derive(Debug, Default)]
pub struct Graph<'a> {
    ids: BTreeMap<Key<'a>, Id>,
    keys: Vec<Key<'a>>,
    /// Subject, predicate, object.
    forward: BTreeSet<(Id, Id, Id)>,
    /// Object, predicate, subject; made when it is first asked for, which few shapes do.
    backward: OnceCell<BTreeSet<(Id, Id, Id)>>,
    /// Subjects and objects by predicate.
    pairs: BTreeMap<Id, Vec<(Id, Id)>>,
}

impl<'a> Graph<'a> {
    /// The graph of a dataset.
    #[must_use]
    pub fn of_dataset(dataset: &'a Dataset) -> Self {
        let mut graph = Self::default();
        for quad in dataset.iter() {
            let subject = Key::of_subject(&quad.subject);
            graph.add(subject, quad.predicate.as_str(), Key::of_term(&quad.object));
        }
        graph
    }

    /// The graph of triples, which may have blank nodes.
    pub fn of_triples(triples: impl IntoIterator<Item = &'a Triple>) -> Self {
        let mut graph = Self::default();
        for triple in triples {
            let subject = Key::of_subject(&triple.subject);
            graph.add(subject, triple.predicate.as_str(), Key::of_term(&triple.object));
        }
        graph
    }

    fn add(&mut self, subject: Key<'a>, predicate: &'a str, object: Key<'a>) {
        let subject = self.intern(subject);
        let predicate = self.intern(Key::Iri(predicate));
        let object = self.intern(object);
        if self.forward.insert((subject, predicate, object)) {
            self.pairs.entry(predicate).or_default().push((subject, object));
        }
    }

    /// The number of a node, which is given one if it has none.
    pub(crate) fn intern(&mut self, key: Key<'a>) -> Id {
        let next = self.keys.len();
        let id = *self.ids.entry(key).or_insert(next);
        if id == next {
            self.keys.push(key);
        }
        id
    }

    pub(crate) fn id(&self, key: Key<'_>) -> Option<Id> {
        self.ids.get(&key).copied()
    }

    pub(crate) fn iri(&self, iri: &str) -> Option<Id> {
        self.id(Key::Iri(iri))
    }

    /// The node of a number; numbers come from this graph.
    pub(crate) fn key(&self, id: Id) -> Key<'a> {
        self.keys.get(id).copied().unwrap_or(Key::Blank(""))
    }

    pub(crate) fn objects(&self, subject: Id, predicate: Id) -> impl Iterator<Item = Id> {
        let range = (subject, predicate, Id::MIN)..=(subject, predicate, Id::MAX);
        self.forward.range(range).map(|(_, _, object)| *object)
    }

    pub(crate) fn subjects(&self, object: Id, predicate: Id) -> impl Iterator<Item = Id> {
        let turned = || self.forward.iter().map(|(s, p, o)| (*o, *p, *s)).collect();
        let range = (object, predicate, Id::MIN)..=(object, predicate, Id::MAX);
        self.backward.get_or_init(turned).range(range).map(|(_, _, subject)| *subject)
    }

    /// The predicates and objects of a subject.
    pub(crate) fn said_of(&self, subject: Id) -> impl Iterator<Item = (Id, Id)> {
        let range = (subject, Id::MIN, Id::MIN)..=(subject, Id::MAX, Id::MAX);
        self.forward.range(range).map(|(_, predicate, object)| (*predicate, *object))
    }

    /// Subjects and objects of a predicate.
    pub(crate) fn pairs(&self, predicate: Id) -> &[(Id, Id)] {
        self.pairs.get(&predicate).map(Vec::as_slice).unwrap_or_default()
    }

    /// A class and all classes below it.
    pub(crate) fn classes_below(&self, class: Id) -> BTreeSet<Id> {
        let mut found = BTreeSet::from([class]);
        let Some(sub_class) = self.iri(SUB_CLASS_OF) else { return found };
        let mut waiting = vec![class];
        while let Some(class) = waiting.pop() {
            waiting.extend(self.subjects(class, sub_class).filter(|below| found.insert(*below)));
        }
        found
    }

    /// Whether a node is of a class, or of one below it.
    pub(crate) fn is_instance(&self, node: Id, class: &str) -> bool {
        let (Some(class), Some(of_type)) = (self.iri(class), self.iri(rdf::TYPE)) else {
            return false;
        };
        if self.forward.contains(&(node, of_type, class)) {
            return true;
        }
        let below = self.classes_below(class);
        self.objects(node, of_type).any(|of| below.contains(&of))
    }
}
