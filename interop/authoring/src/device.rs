pub(crate) mod describe;
pub(crate) mod keywords;
pub(crate) mod lookup;
mod mapping;
pub(crate) mod meaning;
pub(crate) mod places;
pub(crate) mod vocabulary;

use std::collections::BTreeSet;

use pervade_package::Manifest;
use pervade_payload::PayloadLanguage;
use pervade_rdf::Position;
use serde_json::json;

use crate::device::describe::{Field, fields};
use crate::device::keywords::{DEVICE, Keyword, unknown_keywords};
use crate::device::lookup::Lookup;
use crate::device::mapping::mapping;
use crate::device::meaning::{IdentifierForm, Meaning, Meanings, meanings};
use crate::device::places::{Place, Places, Step, places};
use crate::nearest::nearest;
use crate::node::{Member, Node, Value};
use crate::problem::{PROBLEMS_MAX, Problem, ProblemCode};
use crate::read::{Notation, read};

/// What became of an authored device file.
#[derive(Debug, Clone)]
#[must_use]
pub struct Compiled {
    /// The texts of the package; there only if there is no problem.
    pub texts: Option<Texts>,
    /// Every field of the payload, in the order of the file.
    pub fields: Vec<Field>,
    /// Every problem found, in the order of the file.
    pub problems: Vec<Problem>,
    places: Vec<(String, Position)>,
}

/// The files of a package that an authored file stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a package has these three")]
pub struct Texts {
    /// `package.json`
    pub manifest: String,
    /// `schema.json`: what was authored, without the annotations but `x-ignored`.
    pub schema: String,
    /// `mapping.ttl`
    pub mapping: String,
}

impl Compiled {
    /// Line and column of what stands at a JSON pointer of the schema, or around it.
    #[must_use]
    pub fn position(&self, pointer: &str) -> (u64, u64) {
        let holds = |known: &str| {
            pointer.strip_prefix(known).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        let found = self.places.iter().filter(|(known, _)| holds(known));
        let nearest = found.max_by_key(|(known, _)| known.len());
        nearest.map_or((1, 1), |(_, at)| (at.line, at.column))
    }
}

/// Compiles a device file. `file` is its name: one that ends in `.json` is JSON, any other YAML.
pub fn compile(file: &str, text: &str) -> Compiled {
    let (root, mut problems) = read(text, Notation::of(file));
    let mut compiled =
        Compiled { texts: None, fields: Vec::new(), problems: Vec::new(), places: Vec::new() };
    if let Some(root) = root.filter(|root| is_device(root, &mut problems)) {
        compile_root(&root, &mut compiled, &mut problems);
        collect_places(&root, "", &mut compiled.places);
    }
    if !problems.is_empty() {
        compiled.texts = None;
    }
    for problem in &mut problems {
        file.clone_into(&mut problem.document);
    }
    problems.sort();
    problems.dedup();
    problems.truncate(PROBLEMS_MAX);
    compiled.problems = problems;
    compiled
}

fn is_device(root: &Node, problems: &mut Vec<Problem>) -> bool {
    let is_object = root.is_object();
    if !is_object {
        let message = format!("a device file is an object, not {}", root.kind());
        problems.push(Problem::at(root.at, ProblemCode::WrongValue, message));
    }
    is_object
}

fn compile_root(root: &Node, compiled: &mut Compiled, problems: &mut Vec<Problem>) {
    let (manifest, title) = manifest(root, problems);
    let (places, found) = places(root);
    problems.extend(found);
    problems.extend(unknown_keywords(&places));
    let (meanings, found) = meanings(&places);
    problems.extend(found);
    let mut lookup = Lookup::new(&places, &meanings);
    let mapping = mapping(&mut lookup, &title);
    problems.append(&mut lookup.problems);
    problems.extend(without_meaning(&lookup, &places, &meanings));
    problems.extend(ambiguous(&places, &meanings));
    compiled.fields = fields(&lookup);
    if problems.is_empty() {
        problems.extend(unused(&lookup, &places, &meanings));
    }
    if !meanings.values().any(says_something) && problems.is_empty() {
        let problem =
            Problem::at(root.at, ProblemCode::NoMeaning, "no field of the payload says anything");
        problems.push(problem.suggesting("give at least one field x-observes or another meaning"));
    }
    compiled.texts = Some(Texts { manifest, schema: schema(root), mapping });
}

const fn says_something(meaning: &Meaning) -> bool {
    !matches!(meaning, Meaning::Time(_) | Meaning::Ignored(_))
}

/// `package.json`, and the device's title.
fn manifest(root: &Node, problems: &mut Vec<Problem>) -> (String, String) {
    const MEMBERS: &[&str] =
        &["vendor", "model", "version", "title", "description", "payload", "dialect", "transports"];
    let Some(device) = root.get(DEVICE) else {
        let problem = Problem::at(root.at, ProblemCode::Missing, "there is no x-device");
        let hint = "x-device: {vendor: acme, model: th-1, version: 1.0.0, title: \"…\"}";
        problems.push(problem.suggesting(hint));
        return (String::new(), String::new());
    };
    for member in device.members() {
        if !MEMBERS.contains(&member.name.as_str()) {
            let message = format!("x-device has no {}", member.name);
            let near = nearest(&member.name, MEMBERS.iter().copied());
            problems.push(Problem::at(member.at, ProblemCode::UnknownKeyword, message).near(near));
        }
    }
    let mut text = |name: &str, default: Option<&str>| {
        let found = device.get(name);
        if found.is_none() && default.is_none() {
            let message = format!("x-device says no {name}");
            problems.push(Problem::at(device.at, ProblemCode::Missing, message));
        }
        let value = found.and_then(Node::scalar).or(default).unwrap_or_default().to_owned();
        if let Some(found) = found
            && let Some(rule) = broken_rule(name, &value)
        {
            let message = format!("{name} is {rule}");
            problems.push(Problem::at(found.at, ProblemCode::WrongValue, message));
        }
        value
    };
    let title = text("title", None);
    let mut object = serde_json::Map::new();
    for name in ["vendor", "model", "version"] {
        object.insert(name.to_owned(), json!(text(name, None)));
    }
    object.insert("title".to_owned(), json!(title));
    object.insert("description".to_owned(), json!(text("description", Some(""))));
    object.insert("payload".to_owned(), json!(text("payload", Some("json"))));
    for name in ["dialect", "transports"] {
        let Some(stated) = device.get(name) else { continue };
        // What was read is JSON.
        let value = serde_json::from_str(&stated.to_json()).unwrap_or_default();
        object.insert(name.to_owned(), value);
    }
    if problems.is_empty()
        && let Err(error) = serde_json::from_value::<Manifest>(object.clone().into())
    {
        problems.push(Problem::at(device.at, ProblemCode::WrongValue, error.to_string()));
    }
    let manifest = serde_json::to_string_pretty(&object).unwrap_or_default();
    (format!("{manifest}\n"), title)
}

/// What a member of `x-device` must be, if it is not.
fn broken_rule(name: &str, value: &str) -> Option<String> {
    let slug = |text: &str| {
        !text.is_empty()
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let languages: Vec<&str> = PayloadLanguage::ALL.iter().map(|known| known.name()).collect();
    match name {
        "vendor" | "model" if !slug(value) => Some("small letters, digits and '-'".to_owned()),
        "version" if value.split('.').count() != 3 || !value.split('.').all(digits) => {
            Some("three numbers, such as 1.0.0".to_owned())
        }
        "title" if value.is_empty() => Some("a name for people".to_owned()),
        "payload" if !languages.contains(&value) => {
            Some(format!("one of {}", languages.join(", ")))
        }
        _ => None,
    }
}

/// Fields that say neither what they mean nor why not.
fn without_meaning(
    lookup: &Lookup<'_, '_>,
    places: &Places<'_>,
    meanings: &Meanings,
) -> Vec<Problem> {
    // A schema may describe several places; it is enough to be used at one of them.
    let is_covered = |index: usize, place: &Place<'_>| {
        meanings.contains_key(&index)
            || lookup.used.contains_key(&index)
            || has_annotation(place)
            || !place.children.is_empty()
            || place.schemas.iter().any(|schema| schema.get("const").is_some())
            || tells_items_apart(places, index)
            || is_inside_ignored(places, meanings, index)
    };
    let covered: BTreeSet<Position> = places
        .all
        .iter()
        .enumerate()
        .filter(|(index, place)| is_covered(*index, place))
        .map(|(_, place)| place.at)
        .collect();
    let open = places.all.iter().enumerate().filter(|(index, place)| {
        *index != 0 && !place.schemas.is_empty() && !covered.contains(&place.at)
    });
    open.map(|(index, place)| {
        let message = format!("{} has no meaning", places.name(index));
        let problem = Problem::at(place.at, ProblemCode::NoMeaning, message);
        problem.suggesting(suggested(places, index))
    })
    .collect()
}

/// Times and names of sensors that nothing is said of.
fn unused(lookup: &Lookup<'_, '_>, places: &Places<'_>, meanings: &Meanings) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (index, meaning) in meanings {
        let what = match meaning {
            Meaning::Time(_) => "time",
            Meaning::Identifier(name) if name.form == IdentifierForm::SensorName => "sensor's name",
            Meaning::Identifier(_)
            | Meaning::Observes(_)
            | Meaning::Actuates(_)
            | Meaning::States(_)
            | Meaning::Event(_)
            | Meaning::Ignored(_) => continue,
        };
        let Some(place) = places.get(*index).filter(|_| !lookup.used.contains_key(index)) else {
            continue;
        };
        let message = format!("{} is the {what} of nothing", places.name(*index));
        let problem = Problem::at(place.at, ProblemCode::NoMeaning, message);
        problems.push(problem.suggesting(
            "others are nearer to every statement, or there is none; x-ignored leaves it out",
        ));
    }
    problems
}

/// Whether an annotation is there; one that is wrong, or does not exist, is reported already.
fn has_annotation(place: &Place<'_>) -> bool {
    let annotated =
        |schema: &&Node| schema.members().iter().any(|member| member.name.starts_with("x-"));
    place.schemas.iter().any(annotated)
}

fn is_inside_ignored(places: &Places<'_>, meanings: &Meanings, place: usize) -> bool {
    let mut around = places.get(place).and_then(|found| found.parent);
    while let Some(here) = around {
        if matches!(meanings.get(&here), Some(Meaning::Ignored(_))) {
            return true;
        }
        around = places.get(here).and_then(|found| found.parent);
    }
    false
}

fn tells_items_apart(places: &Places<'_>, place: usize) -> bool {
    let Some(found) = places.get(place) else { return false };
    let around = found.parent.and_then(|parent| places.get(parent));
    match (&found.step, around.and_then(|around| around.step.as_ref())) {
        (Some(Step::Name(name)), Some(Step::Each(_, Some(filter)))) => *name == filter.member,
        _ => false,
    }
}

fn suggested(places: &Places<'_>, place: usize) -> String {
    let name = places.last_name(place).unwrap_or_default();
    match crate::scaffold::guess::annotation(name) {
        Some(guess) => format!("perhaps {guess}"),
        None => "say what it is (x-observes, x-states, x-time, x-identifier …), or x-ignored with the reason"
            .to_owned(),
    }
}

/// A dynamic name beside others: its path takes in its siblings.
fn ambiguous(places: &Places<'_>, meanings: &Meanings) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (index, place) in places.all.iter().enumerate() {
        if place.step != Some(Step::Any) {
            continue;
        }
        let Some(parent) = place.parent.and_then(|parent| places.get(parent)) else { continue };
        let siblings = || parent.children.iter().copied().filter(|child| *child != index);
        let is_said =
            meanings.get(&index).is_some_and(|meaning| !matches!(meaning, Meaning::Ignored(_)));
        if is_said && siblings().next().is_some() {
            let message = "a value under a name that changes cannot be told from its neighbours";
            let problem = Problem::at(place.at, ProblemCode::Ambiguous, message);
            problems.push(
                problem.suggesting("put the meaning on members of an object, or name every field"),
            );
        }
        for sibling in siblings() {
            let shared =
                place.children.iter().filter_map(|child| places.get(*child)?.step.as_ref());
            let clash = shared.into_iter().find(|step| places.child(sibling, step).is_some());
            if let Some(Step::Name(name)) = clash {
                let message = format!(
                    "{name} stands both under a name that changes and in {}",
                    places.name(sibling)
                );
                problems.push(Problem::at(place.at, ProblemCode::Ambiguous, message));
            }
        }
    }
    problems
}

/// `schema.json`: plain JSON Schema, with the reasons for what is ignored.
fn schema(root: &Node) -> String {
    let mut plain = plain_schema(root);
    if let Value::Object(members) = &mut plain.value
        && !members.iter().any(|member| member.name == "$schema")
    {
        let dialect = "https://json-schema.org/draft/2020-12/schema".to_owned();
        let value = Node { at: root.at, value: Value::Text(dialect) };
        members.insert(0, Member { at: root.at, name: "$schema".to_owned(), value });
    }
    format!("{}\n", plain.to_json())
}

/// Keywords that hold schemas by name, and those that hold data.
const BY_NAME: &[&str] =
    &["properties", "patternProperties", "$defs", "definitions", "dependentSchemas"];
const DATA: &[&str] = &["enum", "const", "default", "examples", "required"];

fn plain_schema(schema: &Node) -> Node {
    let value = match &schema.value {
        Value::Object(members) => {
            let kept = members.iter().filter(|member| {
                member.name != DEVICE
                    && Keyword::find(&member.name).is_none_or(|keyword| keyword == Keyword::Ignored)
            });
            Value::Object(kept.map(plain_member).collect())
        }
        Value::List(items) => Value::List(items.iter().map(plain_schema).collect()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Text(_) => schema.value.clone(),
    };
    Node { at: schema.at, value }
}

fn plain_member(member: &Member) -> Member {
    let name = member.name.as_str();
    let value = if DATA.contains(&name) {
        member.value.clone()
    } else if BY_NAME.contains(&name) && member.value.is_object() {
        let plain = member
            .value
            .members()
            .iter()
            .map(|schema| Member { value: plain_schema(&schema.value), ..schema.clone() });
        Node { at: member.value.at, value: Value::Object(plain.collect()) }
    } else {
        plain_schema(&member.value)
    };
    Member { at: member.at, name: member.name.clone(), value }
}

/// Where everything stands, by JSON pointer.
fn collect_places(node: &Node, pointer: &str, found: &mut Vec<(String, Position)>) {
    found.push((pointer.to_owned(), node.at));
    for member in node.members() {
        let step = member.name.replace('~', "~0").replace('/', "~1");
        collect_places(&member.value, &format!("{pointer}/{step}"), found);
    }
    for (index, item) in node.items().iter().enumerate() {
        collect_places(item, &format!("{pointer}/{index}"), found);
    }
}
