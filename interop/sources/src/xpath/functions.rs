use super::{Context, Evaluated, Expression, Found, as_number, nodes};

/// The functions of [XPath's core library](https://www.w3.org/TR/1999/REC-xpath-19991116/#corelib)
/// that need neither identifiers nor languages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Function {
    Last,
    Position,
    Count,
    LocalName,
    NamespaceUri,
    Name,
    Text,
    Concat,
    StartsWith,
    Contains,
    SubstringBefore,
    SubstringAfter,
    Substring,
    TextLength,
    NormalizeSpace,
    Translate,
    Boolean,
    Not,
    True,
    False,
    Number,
    Sum,
    Floor,
    Ceiling,
    Round,
}

/// Name, function, and how many arguments it takes.
const FUNCTIONS: &[(&str, Function, usize, usize)] = &[
    ("last", Function::Last, 0, 0),
    ("position", Function::Position, 0, 0),
    ("count", Function::Count, 1, 1),
    ("local-name", Function::LocalName, 0, 1),
    ("namespace-uri", Function::NamespaceUri, 0, 1),
    ("name", Function::Name, 0, 1),
    ("string", Function::Text, 0, 1),
    ("concat", Function::Concat, 2, 64),
    ("starts-with", Function::StartsWith, 2, 2),
    ("contains", Function::Contains, 2, 2),
    ("substring-before", Function::SubstringBefore, 2, 2),
    ("substring-after", Function::SubstringAfter, 2, 2),
    ("substring", Function::Substring, 2, 3),
    ("string-length", Function::TextLength, 0, 1),
    ("normalize-space", Function::NormalizeSpace, 0, 1),
    ("translate", Function::Translate, 3, 3),
    ("boolean", Function::Boolean, 1, 1),
    ("not", Function::Not, 1, 1),
    ("true", Function::True, 0, 0),
    ("false", Function::False, 0, 0),
    ("number", Function::Number, 0, 1),
    ("sum", Function::Sum, 1, 1),
    ("floor", Function::Floor, 1, 1),
    ("ceiling", Function::Ceiling, 1, 1),
    ("round", Function::Round, 1, 1),
];

impl Function {
    /// The function of this name, and the numbers of arguments it takes.
    pub(super) fn find(name: &str) -> Option<(Self, usize, usize)> {
        let found = FUNCTIONS.iter().find(|(known, ..)| *known == name);
        found.map(|(_, function, least, most)| (*function, *least, *most))
    }
}

impl<'d> Context<'_, 'd> {
    pub(super) fn call(
        &self,
        function: Function,
        arguments: &[Expression],
    ) -> Evaluated<Found<'d>> {
        let mut given = Vec::new();
        for argument in arguments {
            given.push(self.evaluate(argument)?);
        }
        let size: usize = given.iter().map(cost).sum();
        self.spend(size)?;
        self.called(function, given)
    }

    fn called(&self, function: Function, given: Vec<Found<'d>>) -> Evaluated<Found<'d>> {
        let here = || Found::Items(vec![self.item]);
        let text = |place: usize| given.get(place).map_or_else(|| here().text(), Found::text);
        let number = || given.first().map_or_else(|| here().number(), Found::number);
        Ok(match function {
            Function::Last => Found::Number(as_number(self.size)),
            Function::Position => Found::Number(as_number(self.position)),
            Function::Count => Found::Number(as_number(items(given, "count()")?.len())),
            Function::LocalName | Function::NamespaceUri | Function::Name => {
                let of = given.into_iter().next().unwrap_or_else(here);
                Found::Text(named(function, of)?)
            }
            Function::Text => Found::Text(text(0)),
            Function::Concat => Found::Text(given.iter().map(Found::text).collect()),
            Function::StartsWith => Found::Boolean(text(0).starts_with(&text(1))),
            Function::Contains => Found::Boolean(text(0).contains(&text(1))),
            Function::SubstringBefore => {
                Found::Text(text(0).split_once(&text(1)).map_or("", |(part, _)| part).to_owned())
            }
            Function::SubstringAfter => {
                Found::Text(text(0).split_once(&text(1)).map_or("", |(_, part)| part).to_owned())
            }
            Function::Substring => Found::Text(substring(&given)),
            Function::TextLength => Found::Number(as_number(text(0).chars().count())),
            Function::NormalizeSpace => {
                let text = text(0);
                let words = text.split([' ', '\t', '\n', '\r']).filter(|word| !word.is_empty());
                Found::Text(words.collect::<Vec<_>>().join(" "))
            }
            Function::Translate => Found::Text(translated(&text(0), &text(1), &text(2))),
            Function::Boolean => Found::Boolean(given.first().is_some_and(Found::boolean)),
            Function::Not => Found::Boolean(!given.first().is_some_and(Found::boolean)),
            Function::True => Found::Boolean(true),
            Function::False => Found::Boolean(false),
            Function::Number => Found::Number(number()),
            Function::Sum => {
                let items = items(given, "sum()")?;
                Found::Number(items.iter().map(|item| Found::Text(item.text()).number()).sum())
            }
            Function::Floor => Found::Number(number().floor()),
            Function::Ceiling => Found::Number(number().ceil()),
            Function::Round => Found::Number(rounded(number())),
        })
    }
}

/// What a function of this value may cost.
fn cost(found: &Found<'_>) -> usize {
    match found {
        Found::Items(items) => items.len(),
        Found::Text(text) => text.len(),
        Found::Number(_) | Found::Boolean(_) => 1,
    }
}

fn items<'d>(given: Vec<Found<'d>>, what: &'static str) -> Evaluated<Vec<super::Item<'d>>> {
    given.into_iter().next().map_or_else(|| Ok(Vec::new()), |found| nodes(found, what))
}

fn named(function: Function, of: Found<'_>) -> Evaluated<String> {
    let items = nodes(of, "name()")?;
    let Some(first) = items.first() else { return Ok(String::new()) };
    let (namespace, local) = first.name();
    Ok(match (function, namespace) {
        (Function::NamespaceUri, namespace) => namespace.unwrap_or_default().to_owned(),
        (Function::Name, Some(namespace)) => match first.node.lookup_prefix(namespace) {
            Some(prefix) if !prefix.is_empty() => format!("{prefix}:{local}"),
            _ => local.to_owned(),
        },
        _ => local.to_owned(),
    })
}

/// Half is rounded up.
fn rounded(number: f64) -> f64 {
    (number + 0.5).floor()
}

/// The characters whose positions, from 1, are in the rounded range.
fn substring(given: &[Found<'_>]) -> String {
    let text = given.first().map(Found::text).unwrap_or_default();
    let from = given.get(1).map_or(f64::NAN, |found| rounded(found.number()));
    let end = given.get(2).map_or(f64::INFINITY, |found| from + rounded(found.number()));
    let inside = |position: usize| (from..end).contains(&as_number(position));
    (1..).zip(text.chars()).filter(|(at, _)| inside(*at)).map(|(_, character)| character).collect()
}

fn translated(text: &str, from: &str, to: &str) -> String {
    let to: Vec<char> = to.chars().collect();
    let changed = |character: char| match from.chars().position(|known| known == character) {
        None => Some(character),
        Some(place) => to.get(place).copied(),
    };
    text.chars().filter_map(changed).collect()
}
