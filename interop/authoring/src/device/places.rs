use std::fmt::Write as _;

use pervade_rdf::Position;

use crate::nearest::nearest;
use crate::node::{Node, Value};
use crate::problem::{Problem, ProblemCode};

/// Most places of a payload that a schema may describe.
pub(crate) const PLACES_MAX: usize = 2_000;

/// Most schemas inside one another, those behind references included.
const WAY_DOWN_MAX: usize = 128;

/// One step from the payload's root to a value.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Step {
    /// A member by its name.
    Name(String),
    /// An item by its index.
    Index(usize),
    /// Every item from an index on, or those that a member tells apart.
    Each(usize, Option<Filter>),
    /// Every member, whatever its name.
    Any,
}

/// Which items are meant: those whose member has one of these texts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Filter {
    pub(crate) member: String,
    pub(crate) texts: Vec<String>,
}

impl Step {
    pub(crate) const fn is_wild(&self) -> bool {
        matches!(self, Self::Each(..) | Self::Any)
    }
}

/// A place in a payload, with all schemas that apply there.
#[derive(Debug)]
pub(crate) struct Place<'n> {
    pub(crate) parent: Option<usize>,
    pub(crate) step: Option<Step>,
    /// Where the field is written.
    pub(crate) at: Position,
    pub(crate) schemas: Vec<&'n Node>,
    pub(crate) children: Vec<usize>,
    pub(crate) depth: usize,
}

/// All places of a payload that a schema describes; the first is the whole payload.
#[derive(Debug, Default)]
pub(crate) struct Places<'n> {
    pub(crate) all: Vec<Place<'n>>,
}

impl<'n> Places<'n> {
    pub(crate) fn get(&self, place: usize) -> Option<&Place<'n>> {
        self.all.get(place)
    }

    /// The steps from the root, or from the ancestor `from`, to a place.
    pub(crate) fn steps(&self, place: usize, from: usize) -> Vec<&Step> {
        let mut steps = Vec::new();
        let mut here = place;
        while here != from {
            let Some(found) = self.all.get(here) else { break };
            steps.extend(&found.step);
            let Some(parent) = found.parent else { break };
            here = parent;
        }
        steps.reverse();
        steps
    }

    /// The place as people read it: names and `*`, joined by slashes.
    pub(crate) fn name(&self, place: usize) -> String {
        let shown = |step: &&Step| match step {
            Step::Name(name) => name.clone(),
            Step::Index(index) => index.to_string(),
            Step::Each(_, Some(filter)) => {
                format!("*[{}={}]", filter.member, filter.texts.join("|"))
            }
            Step::Each(..) | Step::Any => "*".to_owned(),
        };
        let steps = self.steps(place, 0);
        if steps.is_empty() {
            return "the payload".to_owned();
        }
        steps.iter().map(shown).collect::<Vec<_>>().join("/")
    }

    pub(crate) fn child(&self, place: usize, step: &Step) -> Option<usize> {
        let children = &self.all.get(place)?.children;
        children.iter().copied().find(|child| {
            self.all.get(*child).is_some_and(|found| found.step.as_ref() == Some(step))
        })
    }

    /// The last step by name, for naming what is made of a place.
    pub(crate) fn last_name(&self, place: usize) -> Option<&str> {
        let found = self.all.get(place)?;
        if let Step::Name(name) = found.step.as_ref()? {
            return Some(name);
        }
        self.last_name(found.parent?)
    }
}

/// A path by these steps.
pub(crate) fn json_path(steps: &[&Step]) -> String {
    let mut path = "$".to_owned();
    for step in steps {
        push(&mut path, step);
    }
    path
}

fn push(path: &mut String, step: &Step) {
    let written = match step {
        Step::Name(name) if is_plain(name) => write!(path, ".{name}"),
        Step::Name(name) => write!(path, "[{}]", quoted(name)),
        Step::Index(index) => write!(path, "[{index}]"),
        Step::Each(0, None) => write!(path, "[*]"),
        Step::Each(from, None) => write!(path, "[{from}:]"),
        Step::Each(_, Some(filter)) => {
            let Filter { member, texts } = filter;
            let mut at = "@".to_owned();
            push(&mut at, &Step::Name(member.clone()));
            let tests: Vec<String> =
                texts.iter().map(|text| format!("{at}=={}", quoted(text))).collect();
            write!(path, "[?{}]", tests.join(" || "))
        }
        Step::Any => write!(path, ".*"),
    };
    // Writing to a String cannot fail.
    debug_assert!(written.is_ok(), "a string takes all");
}

/// Whether a name may follow a point.
pub(crate) fn is_plain(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// A name in single quotes ([RFC 9535, 2.3.1](https://www.rfc-editor.org/rfc/rfc9535#section-2.3.1)).
pub(crate) fn quoted(name: &str) -> String {
    let mut quoted = "'".to_owned();
    for character in name.chars() {
        match character {
            '\'' | '\\' => quoted.extend(['\\', character]),
            control if control < ' ' => {
                let _infallible = write!(quoted, "\\u{:04x}", u32::from(control));
            }
            other => quoted.push(other),
        }
    }
    quoted.push('\'');
    quoted
}

/// Walks a schema; gives every place it describes.
pub(crate) fn places(root: &Node) -> (Places<'_>, Vec<Problem>) {
    let mut walk = Walk { root, places: Places::default(), problems: Vec::new(), is_full: false };
    let payload = walk.add(None, None, root.at);
    walk.visit(payload, root, 0);
    (walk.places, walk.problems)
}

struct Walk<'n> {
    root: &'n Node,
    places: Places<'n>,
    problems: Vec<Problem>,
    is_full: bool,
}

impl<'n> Walk<'n> {
    fn add(&mut self, parent: Option<usize>, step: Option<Step>, at: Position) -> usize {
        let index = self.places.all.len();
        let depth = parent.and_then(|parent| self.places.get(parent)).map_or(0, |p| p.depth + 1);
        let place = Place { parent, step, at, schemas: Vec::new(), children: Vec::new(), depth };
        self.places.all.push(place);
        if let Some(parent) = parent.and_then(|parent| self.places.all.get_mut(parent)) {
            parent.children.push(index);
        }
        index
    }

    fn visit_child(&mut self, place: usize, step: Step, at: Position, way: (&'n Node, usize)) {
        let (schema, depth) = way;
        if self.places.all.len() >= PLACES_MAX {
            if !std::mem::replace(&mut self.is_full, true) {
                let message = format!("the schema describes more than {PLACES_MAX} fields");
                self.problems.push(Problem::at(at, ProblemCode::TooLarge, message));
            }
            return;
        }
        let child = match self.places.child(place, &step) {
            Some(child) => child,
            None => self.add(Some(place), Some(step), at),
        };
        self.visit(child, schema, depth + 1);
    }

    fn visit(&mut self, place: usize, schema: &'n Node, way: usize) {
        if way > WAY_DOWN_MAX {
            let message = "nested too deeply, or a reference comes back to itself";
            self.problems.push(Problem::at(schema.at, ProblemCode::Reference, message));
            return;
        }
        if !self.is_schema(schema) {
            return;
        }
        if let Some(found) = self.places.all.get_mut(place) {
            found.schemas.push(schema);
        }
        if let Some(reference) = schema.get("$ref")
            && let Some(target) = self.target(reference)
        {
            self.visit(place, target, way + 1);
        }
        for member in schema.members() {
            self.keyword(place, schema, (&member.name, &member.value), way);
        }
    }

    fn is_schema(&mut self, schema: &Node) -> bool {
        match &schema.value {
            Value::Object(_) => true,
            Value::Bool(_) => false,
            Value::Null | Value::Number(_) | Value::Text(_) | Value::List(_) => {
                let message = format!("{} is no schema", schema.kind());
                let problem = Problem::at(schema.at, ProblemCode::WrongValue, message);
                let hint = "a field is an object of keywords, such as {type: number}";
                self.problems.push(problem.suggesting(hint));
                false
            }
        }
    }

    fn keyword(
        &mut self,
        place: usize,
        schema: &'n Node,
        (keyword, value): (&str, &'n Node),
        way: usize,
    ) {
        match keyword {
            "allOf" | "anyOf" | "oneOf" => {
                value.items().iter().for_each(|part| self.visit(place, part, way + 1));
            }
            "if" | "then" | "else" => self.visit(place, value, way + 1),
            "dependentSchemas" => {
                value.members().iter().for_each(|m| self.visit(place, &m.value, way + 1));
            }
            "properties" => {
                for member in value.members() {
                    let step = Step::Name(member.name.clone());
                    self.visit_child(place, step, member.at, (&member.value, way));
                }
            }
            "patternProperties" => {
                for member in value.members() {
                    self.visit_child(place, Step::Any, member.at, (&member.value, way));
                }
            }
            "additionalProperties" | "unevaluatedProperties" if value.is_object() => {
                self.visit_child(place, Step::Any, value.at, (value, way));
            }
            "prefixItems" => self.tuple(place, value, way),
            "items" if matches!(value.value, Value::List(_)) => self.tuple(place, value, way),
            "items" => {
                let first = schema.get("prefixItems").map_or(0, |tuple| tuple.items().len());
                self.items(place, first, value, way);
            }
            _ => {}
        }
    }

    fn tuple(&mut self, place: usize, items: &'n Node, way: usize) {
        for (index, item) in items.items().iter().enumerate() {
            self.visit_child(place, Step::Index(index), item.at, (item, way));
        }
    }

    /// Items that a text tells apart are places of their own.
    fn items(&mut self, place: usize, first: usize, items: &'n Node, way: usize) {
        let behind = items.get("$ref").and_then(|reference| self.target(reference));
        let base = behind.unwrap_or(items);
        let alternatives: Vec<&'n Node> = ["oneOf", "anyOf"]
            .iter()
            .filter_map(|keyword| base.get(keyword))
            .flat_map(Node::items)
            .collect();
        let told: Option<Vec<Filter>> =
            alternatives.iter().map(|alternative| self.discriminator(alternative)).collect();
        match told {
            Some(filters) if !filters.is_empty() && first == 0 => {
                for (alternative, filter) in alternatives.into_iter().zip(filters) {
                    let step = Step::Each(0, Some(filter));
                    self.visit_child(place, step.clone(), alternative.at, (alternative, way));
                    if let Some(child) = self.places.child(place, &step) {
                        self.visit_base(child, base, way);
                    }
                }
            }
            _ => self.visit_child(place, Step::Each(first, None), items.at, (items, way)),
        }
    }

    /// What all alternatives of an item have.
    fn visit_base(&mut self, place: usize, base: &'n Node, way: usize) {
        if let Some(found) = self.places.all.get_mut(place) {
            found.schemas.push(base);
        }
        for member in base.members() {
            if !["oneOf", "anyOf"].contains(&member.name.as_str()) {
                self.keyword(place, base, (&member.name, &member.value), way + 1);
            }
        }
    }

    /// The member whose text tells an alternative from others.
    fn discriminator(&mut self, alternative: &'n Node) -> Option<Filter> {
        let behind = alternative.get("$ref").and_then(|reference| self.target(reference));
        let properties = behind.unwrap_or(alternative).get("properties")?;
        properties.members().iter().find_map(|member| {
            let constant = member.value.get("const").and_then(Node::text);
            let listed = member.value.get("enum").map(Node::items).unwrap_or_default();
            let texts: Vec<String> = match constant {
                Some(text) => vec![text.to_owned()],
                None => listed.iter().filter_map(Node::text).map(str::to_owned).collect(),
            };
            let all_text = constant.is_some() || texts.len() == listed.len();
            (all_text && !texts.is_empty()).then(|| Filter { member: member.name.clone(), texts })
        })
    }

    fn target(&mut self, reference: &Node) -> Option<&'n Node> {
        let pointer = reference.text().and_then(|text| text.strip_prefix('#'));
        let found = pointer.and_then(|pointer| self.root.pointer(pointer));
        if found.is_none() {
            let shown = reference.scalar().unwrap_or_default();
            let message = format!("{shown:?} leads nowhere in this file");
            let definitions = self.root.get("$defs").map(Node::members).unwrap_or_default();
            let paths: Vec<String> =
                definitions.iter().map(|member| format!("#/$defs/{}", member.name)).collect();
            let near = nearest(shown, paths.iter().map(String::as_str));
            let problem = Problem::at(reference.at, ProblemCode::Reference, message).near(near);
            if !self.problems.contains(&problem) {
                self.problems.push(problem);
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;
    use crate::read::{Notation, read};

    fn check(schema: &str, expected: Expect) {
        let (root, problems) = read(schema, Notation::Yaml);
        assert_eq!(problems, [], "reads");
        let root = root.expect("there");
        let (places, problems) = places(&root);
        let mut lines: Vec<String> = (0..places.all.len())
            .filter(|place| places.get(*place).is_some_and(|found| found.children.is_empty()))
            .map(|place| json_path(&places.steps(place, 0)))
            .collect();
        lines.extend(problems.iter().map(ToString::to_string));
        expected.assert_eq(&lines.join("\n"));
    }

    #[test]
    fn every_place_has_a_path() {
        check(
            "properties: {a: {}, 'em:0': {properties: {\"it's\": {}, b_1: {}}}, l: {items: {properties: {v: {}}}}}",
            expect![[r#"
                $.a
                $['em:0']['it\'s']
                $['em:0'].b_1
                $.l[*].v"#]],
        );
        check(
            "patternProperties: {'^s': {properties: {t: {}}}}\nallOf: [{properties: {x: {$ref: '#/$defs/d'}}}]\n$defs: {d: {prefixItems: [{}, {}], items: {type: number}}}",
            expect![[r#"
                $.*.t
                $.x[0]
                $.x[1]
                $.x[2:]"#]],
        );
    }

    #[test]
    fn items_told_apart_are_places_of_their_own() {
        check(
            "items: {properties: {at: {}}, oneOf: [{properties: {n: {const: temp}, v: {}}}, {properties: {n: {enum: [hum, rh]}, v: {}}}]}",
            expect![[r#"
                $[?@.n=='temp'].n
                $[?@.n=='temp'].v
                $[?@.n=='temp'].at
                $[?@.n=='hum' || @.n=='rh'].n
                $[?@.n=='hum' || @.n=='rh'].v
                $[?@.n=='hum' || @.n=='rh'].at"#]],
        );
    }

    #[test]
    fn references_end() {
        check(
            "properties: {a: {$ref: '#/$defs/thng'}}\n$defs: {thing: {}}",
            expect![[r##"
            $.a
            :1:24: "#/$defs/thng" leads nowhere in this file; is #/$defs/thing meant? [reference]"##]],
        );
        check(
            "$ref: '#'",
            expect![[r#"
            $
            :1:1: nested too deeply, or a reference comes back to itself [reference]"#]],
        );
    }
}
