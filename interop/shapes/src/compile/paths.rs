use pervade_rdf::Position;
use pervade_rdf::vocabulary::rdf;

use super::document::Stated;
use super::{Compiling, SH};
use crate::node::Key;
use crate::path::Path;
use crate::problem::ProblemCode;

/// Most paths inside one another.
const DEPTH_MAX: usize = 16;

/// Most parts of one sequence or choice.
const PARTS_MAX: usize = 64;

impl<'d> Compiling<'d> {
    /// The path that a value is.
    pub(super) fn path(&mut self, stated: &Stated<'d>) -> Option<Path> {
        let path = self.path_at(stated.object, 0);
        if path.is_none() {
            let message = format!(
                "no property path: an IRI, a list, or a node with one of sh:{}; at most {PARTS_MAX} \
                 parts and {DEPTH_MAX} inside one another",
                KINDS.join(", sh:")
            );
            self.report(stated.at, ProblemCode::Path, message);
        }
        path
    }

    fn path_at(&self, node: Key<'d>, depth: usize) -> Option<Path> {
        if depth >= DEPTH_MAX {
            return None;
        }
        match node {
            Key::Iri(rdf::NIL) | Key::Literal { .. } => return None,
            Key::Iri(iri) => return Some(Path::Predicate(iri.to_owned())),
            Key::Blank(_) => {}
        }
        // A list first: a node may be several paths, and a list is the strictest.
        if self.document.value(node, rdf::FIRST).is_some() {
            return self.parts(node, depth).map(Path::Sequence);
        }
        let kind = self.document.of(node).iter().find_map(|stated| {
            let name = stated.predicate.strip_prefix(SH)?;
            KINDS.contains(&name).then_some((name, stated.object))
        });
        let (name, inside) = kind?;
        if name == "alternativePath" {
            return self.parts(inside, depth).map(Path::Alternative);
        }
        let inside = Box::new(self.path_at(inside, depth + 1)?);
        Some(match name {
            "inversePath" => Path::Inverse(inside),
            "zeroOrMorePath" => Path::ZeroOrMore(inside),
            "oneOrMorePath" => Path::OneOrMore(inside),
            _ => Path::ZeroOrOne(inside),
        })
    }

    /// The paths of a list of two or more.
    fn parts(&self, list: Key<'d>, depth: usize) -> Option<Vec<Path>> {
        let members = self.document.list(list).filter(|m| (2..=PARTS_MAX).contains(&m.len()))?;
        members.into_iter().map(|member| self.path_at(member.object, depth + 1)).collect()
    }

    /// A property shape has a path, and a node shape none.
    pub(super) fn needs_path(&mut self, node: Key<'d>, at: Position) -> bool {
        let has_path = self.document.values(node, "path").next().is_some();
        if !has_path {
            self.report(at, ProblemCode::Path, "a property shape has a sh:path");
        }
        has_path
    }
}

/// The paths that are not lists.
const KINDS: &[&str] =
    &["alternativePath", "inversePath", "zeroOrMorePath", "oneOrMorePath", "zeroOrOnePath"];
