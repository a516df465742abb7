//! [XPath 1.0](https://www.w3.org/TR/1999/REC-xpath-19991116/) over a parsed document, with a limit
//! to what an expression may cost.
//!
//! Ours because none of the libraries can be held to the rules of this crate: one evaluates
//! `1 to 9999999999` and links a hundred crates with tables of every calendar, one opens whatever
//! `document('file:…')` names, one is no longer kept. Left out are variables, `id()`, `lang()` and
//! the namespace axis: a mapping has no use for them, and they are refused where they are written.

mod functions;
mod parse;

use std::cell::Cell;

use roxmltree::{Node, NodeType};

use functions::Function;

/// Most nodes that the expressions of one document may visit together.
pub const XPATH_STEPS_MAX: u64 = 200_000_000;

/// An expression.
#[derive(Debug, Clone)]
pub(crate) struct XPath {
    expression: Expression,
}

/// Why an expression is none, or has no value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum XPathError {
    #[error("not an XPath at character {at}: expected {what}")]
    Expected { at: usize, what: &'static str },
    #[error("not an XPath at character {at}: there is no {what} {name:?}")]
    Unknown { at: usize, what: &'static str, name: String },
    #[error("{what} takes nodes")]
    NoNodes { what: &'static str },
    #[error("more than {limit} steps")]
    Cost { limit: u64 },
}

/// A node or attribute of a document.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Item<'d> {
    node: Node<'d, 'd>,
    /// Its place among the node's attributes, if it is one.
    attribute: Option<usize>,
}

/// The value of an expression.
#[derive(Debug, Clone)]
pub(crate) enum Found<'d> {
    /// In document order, each once.
    Items(Vec<Item<'d>>),
    Text(String),
    Number(f64),
    Boolean(bool),
}

#[derive(Debug, Clone)]
enum Expression {
    Text(String),
    Number(f64),
    /// From the context node, or from the root.
    Path {
        absolute: bool,
        steps: Vec<Step>,
    },
    /// Steps from what another expression selects, of which predicates keep some.
    Filter {
        of: Box<Self>,
        predicates: Vec<Self>,
        steps: Vec<Step>,
    },
    Binary(Operator, Box<Self>, Box<Self>),
    Negative(Box<Self>),
    Call(Function, Vec<Self>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    Or,
    And,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Plus,
    Minus,
    Times,
    Divided,
    Modulo,
    Union,
}

#[derive(Debug, Clone)]
struct Step {
    axis: Axis,
    test: Test,
    predicates: Vec<Expression>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Axis {
    Child,
    Descendant,
    DescendantOrSelf,
    Parent,
    Ancestor,
    AncestorOrSelf,
    This,
    Attribute,
    Following,
    Preceding,
    FollowingSibling,
    PrecedingSibling,
}

#[derive(Debug, Clone)]
enum Test {
    /// Any element or attribute, of a namespace if one is named.
    Any(Option<String>),
    Name {
        namespace: Option<String>,
        local: String,
    },
    Node,
    Text,
    Comment,
    Instruction,
}

/// Where an expression is evaluated.
#[derive(Clone, Copy)]
struct Context<'c, 'd> {
    item: Item<'d>,
    position: usize,
    size: usize,
    steps: &'c Cell<u64>,
}

type Evaluated<T> = Result<T, XPathError>;

impl XPath {
    /// What the expression is at `item`; `steps` counts down.
    pub(crate) fn evaluate<'d>(&self, item: &Item<'d>, steps: &Cell<u64>) -> Evaluated<Found<'d>> {
        Context { item: *item, position: 1, size: 1, steps }.evaluate(&self.expression)
    }

    /// The nodes that the expression selects at `item`.
    pub(crate) fn items<'d>(&self, item: &Item<'d>, steps: &Cell<u64>) -> Evaluated<Vec<Item<'d>>> {
        nodes(self.evaluate(item, steps)?, "an iterator")
    }
}

fn nodes<'d>(found: Found<'d>, what: &'static str) -> Evaluated<Vec<Item<'d>>> {
    match found {
        Found::Items(items) => Ok(items),
        Found::Text(_) | Found::Number(_) | Found::Boolean(_) => Err(XPathError::NoNodes { what }),
    }
}

impl<'c, 'd> Context<'c, 'd> {
    fn evaluate(&self, expression: &Expression) -> Evaluated<Found<'d>> {
        match expression {
            Expression::Text(text) => Ok(Found::Text(text.clone())),
            Expression::Number(number) => Ok(Found::Number(*number)),
            Expression::Path { absolute, steps } => {
                let start = if *absolute {
                    Item::node(self.item.node.document().root())
                } else {
                    self.item
                };
                self.walk(vec![start], steps).map(Found::Items)
            }
            Expression::Filter { of, predicates, steps } => {
                let found = self.evaluate(of)?;
                if predicates.is_empty() && steps.is_empty() {
                    return Ok(found);
                }
                let items = self.kept(nodes(found, "a predicate")?, predicates)?;
                self.walk(items, steps).map(Found::Items)
            }
            Expression::Binary(operator, left, right) => self.binary(*operator, left, right),
            Expression::Negative(of) => Ok(Found::Number(-self.evaluate(of)?.number())),
            Expression::Call(function, arguments) => self.call(*function, arguments),
        }
    }

    fn spend(&self, steps: usize) -> Evaluated<()> {
        let steps = u64::try_from(steps).unwrap_or(u64::MAX);
        let left = self.steps.get().checked_sub(steps);
        self.steps.set(left.unwrap_or(0));
        left.map(drop).ok_or(XPathError::Cost { limit: XPATH_STEPS_MAX })
    }

    fn walk(&self, mut items: Vec<Item<'d>>, steps: &[Step]) -> Evaluated<Vec<Item<'d>>> {
        for step in steps {
            let mut next = Vec::new();
            for item in items {
                next.extend(self.kept(self.step(item, step)?, &step.predicates)?);
            }
            items = in_document_order(next);
        }
        Ok(items)
    }

    /// What a step leads to before its predicates, in the order of its axis.
    fn step(&self, item: Item<'d>, step: &Step) -> Evaluated<Vec<Item<'d>>> {
        let mut along = Vec::new();
        for candidate in item.along(step.axis) {
            self.spend(1)?;
            if step.test.accepts(&candidate, step.axis) {
                along.push(candidate);
            }
        }
        Ok(along)
    }

    /// The items that all predicates keep; positions count in the order of the axis.
    fn kept(
        &self,
        mut items: Vec<Item<'d>>,
        predicates: &[Expression],
    ) -> Evaluated<Vec<Item<'d>>> {
        for predicate in predicates {
            let size = items.len();
            let mut kept = Vec::new();
            for (before, item) in items.into_iter().enumerate() {
                self.spend(1)?;
                let position = before + 1;
                let here = Context { item, position, size, steps: self.steps };
                let keeps = match here.evaluate(predicate)? {
                    Found::Number(number) => number == as_number(position),
                    found @ (Found::Items(_) | Found::Text(_) | Found::Boolean(_)) => {
                        found.boolean()
                    }
                };
                if keeps {
                    kept.push(item);
                }
            }
            items = kept;
        }
        Ok(items)
    }

    fn binary(
        &self,
        operator: Operator,
        left: &Expression,
        right: &Expression,
    ) -> Evaluated<Found<'d>> {
        let left = self.evaluate(left)?;
        if operator == Operator::Or && left.boolean() {
            return Ok(Found::Boolean(true));
        }
        if operator == Operator::And && !left.boolean() {
            return Ok(Found::Boolean(false));
        }
        let right = self.evaluate(right)?;
        let number = |of: fn(f64, f64) -> f64| Found::Number(of(left.number(), right.number()));
        Ok(match operator {
            Operator::Or | Operator::And => Found::Boolean(right.boolean()),
            Operator::Plus => number(|a, b| a + b),
            Operator::Minus => number(|a, b| a - b),
            Operator::Times => number(|a, b| a * b),
            Operator::Divided => number(|a, b| a / b),
            Operator::Modulo => number(|a, b| a % b),
            Operator::Union => {
                let both = [nodes(left, "a union")?, nodes(right, "a union")?].concat();
                Found::Items(in_document_order(both))
            }
            Operator::Equal
            | Operator::NotEqual
            | Operator::Less
            | Operator::LessOrEqual
            | Operator::Greater
            | Operator::GreaterOrEqual => Found::Boolean(self.compare(operator, &left, &right)?),
        })
    }

    /// [Comparisons](https://www.w3.org/TR/1999/REC-xpath-19991116/#booleans): of node-sets, of
    /// any of their nodes.
    fn compare(&self, operator: Operator, left: &Found<'d>, right: &Found<'d>) -> Evaluated<bool> {
        let atoms = |found: &Found<'d>| match found {
            Found::Items(items) => items.iter().map(|item| Found::Text(item.text())).collect(),
            Found::Text(_) | Found::Number(_) | Found::Boolean(_) => vec![found.clone()],
        };
        if matches!((left, right), (Found::Boolean(_), _) | (_, Found::Boolean(_))) {
            let [left, right] = [left, right].map(|found| Found::Boolean(found.boolean()));
            return Ok(compared(operator, &left, &right));
        }
        let (left, right) = (atoms(left), atoms(right));
        for one in &left {
            self.spend(right.len())?;
            if right.iter().any(|other| compared(operator, one, other)) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

fn compared(operator: Operator, left: &Found<'_>, right: &Found<'_>) -> bool {
    let equal = || match (left, right) {
        (Found::Boolean(left), Found::Boolean(right)) => left == right,
        (Found::Number(_), _) | (_, Found::Number(_)) => left.number() == right.number(),
        _ => left.text() == right.text(),
    };
    match operator {
        Operator::Equal => equal(),
        Operator::NotEqual => !equal(),
        Operator::Less => left.number() < right.number(),
        Operator::LessOrEqual => left.number() <= right.number(),
        Operator::Greater => left.number() > right.number(),
        Operator::GreaterOrEqual => left.number() >= right.number(),
        Operator::Or
        | Operator::And
        | Operator::Plus
        | Operator::Minus
        | Operator::Times
        | Operator::Divided
        | Operator::Modulo
        | Operator::Union => false,
    }
}

impl Found<'_> {
    fn text(&self) -> String {
        match self {
            Self::Items(items) => items.first().map(Item::text).unwrap_or_default(),
            Self::Text(text) => text.clone(),
            Self::Number(number) if number.is_infinite() => {
                if *number > 0.0 { "Infinity" } else { "-Infinity" }.to_owned()
            }
            // Zero has no sign.
            Self::Number(number) if *number == 0.0 => "0".to_owned(),
            Self::Number(number) => number.to_string(),
            Self::Boolean(value) => value.to_string(),
        }
    }

    fn number(&self) -> f64 {
        match self {
            Self::Items(_) | Self::Text(_) => {
                let text = self.text();
                let text = text.trim_matches([' ', '\t', '\n', '\r']);
                let digits = text.strip_prefix('-').unwrap_or(text);
                let plain = digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
                if plain { text.parse().unwrap_or(f64::NAN) } else { f64::NAN }
            }
            Self::Number(number) => *number,
            Self::Boolean(value) => f64::from(u8::from(*value)),
        }
    }

    fn boolean(&self) -> bool {
        match self {
            Self::Items(items) => !items.is_empty(),
            Self::Text(text) => !text.is_empty(),
            Self::Number(number) => !number.is_nan() && *number != 0.0,
            Self::Boolean(value) => *value,
        }
    }
}

impl<'d> Item<'d> {
    pub(crate) const fn node(node: Node<'d, 'd>) -> Self {
        Self { node, attribute: None }
    }

    /// The string-value.
    pub(crate) fn text(&self) -> String {
        if let Some(place) = self.attribute {
            return self.node.attributes().nth(place).map_or("", |a| a.value()).to_owned();
        }
        if self.node.is_element() || self.node.is_root() {
            let texts = self.node.descendants().filter(Node::is_text);
            return texts.filter_map(|text| text.text()).collect();
        }
        let instruction = self.node.pi().and_then(|instruction| instruction.value);
        instruction.or_else(|| self.node.text()).unwrap_or_default().to_owned()
    }

    /// Namespace and local name.
    fn name(&self) -> (Option<&'d str>, &'d str) {
        if let Some(place) = self.attribute {
            let attribute = self.node.attributes().nth(place);
            return attribute.map_or((None, ""), |a| (a.namespace(), a.name()));
        }
        let name = self.node.tag_name();
        (name.namespace(), name.name())
    }

    /// The items along an axis, in its order.
    fn along(self, axis: Axis) -> Box<dyn Iterator<Item = Self> + 'd> {
        let node = self.node;
        if self.attribute.is_some() {
            return match axis {
                Axis::This | Axis::DescendantOrSelf => Box::new(std::iter::once(self)),
                Axis::Parent => Box::new(std::iter::once(Self::node(node))),
                Axis::Ancestor => Box::new(node.ancestors().map(Self::node)),
                Axis::AncestorOrSelf => {
                    Box::new(std::iter::once(self).chain(node.ancestors().map(Self::node)))
                }
                Axis::Child
                | Axis::Descendant
                | Axis::Attribute
                | Axis::Following
                | Axis::Preceding
                | Axis::FollowingSibling
                | Axis::PrecedingSibling => Box::new(std::iter::empty()),
            };
        }
        match axis {
            Axis::Child => Box::new(node.children().map(Self::node)),
            Axis::Descendant => Box::new(node.descendants().skip(1).map(Self::node)),
            Axis::DescendantOrSelf => Box::new(node.descendants().map(Self::node)),
            Axis::Parent => Box::new(node.parent().into_iter().map(Self::node)),
            Axis::Ancestor => Box::new(node.ancestors().skip(1).map(Self::node)),
            Axis::AncestorOrSelf => Box::new(node.ancestors().map(Self::node)),
            Axis::This => Box::new(std::iter::once(self)),
            Axis::Attribute => {
                let count = node.attributes().len();
                Box::new((0..count).map(move |place| Self { node, attribute: Some(place) }))
            }
            Axis::FollowingSibling => Box::new(node.next_siblings().skip(1).map(Self::node)),
            Axis::PrecedingSibling => Box::new(node.prev_siblings().skip(1).map(Self::node)),
            Axis::Following => Box::new(
                node.ancestors()
                    .flat_map(|around| {
                        around.next_siblings().skip(1).flat_map(|sibling| sibling.descendants())
                    })
                    .map(Self::node),
            ),
            Axis::Preceding => Box::new(
                node.ancestors()
                    .flat_map(|around| {
                        around.prev_siblings().skip(1).flat_map(|sibling| {
                            let inside: Vec<_> = sibling.descendants().collect();
                            inside.into_iter().rev()
                        })
                    })
                    .map(Self::node),
            ),
        }
    }
}

impl Test {
    /// `*` and names are of attributes on their axis and of elements on all others.
    fn accepts(&self, item: &Item<'_>, axis: Axis) -> bool {
        let principal = if axis == Axis::Attribute {
            item.attribute.is_some()
        } else {
            item.attribute.is_none() && item.node.is_element()
        };
        let is = |kind: NodeType| item.attribute.is_none() && item.node.node_type() == kind;
        match self {
            Self::Any(None) => principal,
            Self::Any(Some(namespace)) => principal && item.name().0 == Some(namespace),
            Self::Name { namespace, local } => {
                principal && item.name() == (namespace.as_deref(), local)
            }
            Self::Node => true,
            Self::Text => is(NodeType::Text),
            Self::Comment => is(NodeType::Comment),
            Self::Instruction => is(NodeType::PI),
        }
    }
}

fn in_document_order(mut items: Vec<Item<'_>>) -> Vec<Item<'_>> {
    let key = |item: &Item<'_>| (item.node.id().get(), item.attribute.map_or(0, |place| place + 1));
    items.sort_by_key(key);
    items.dedup_by_key(|item| key(item));
    items
}

#[expect(clippy::cast_precision_loss, reason = "no document has 2^52 nodes")]
fn as_number(count: usize) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    const DOCUMENT: &str = r#"<a xmlns:e="http://e"><b id="1">x<c/>y</b><b id="2"> z  z </b><e:b id="3">7</e:b><!--no--></a>"#;

    fn check(text: &str, expected: Expect) {
        let document = roxmltree::Document::parse(DOCUMENT).unwrap();
        let namespaces = [("e".to_owned(), "http://e".to_owned())];
        let steps = Cell::new(10_000);
        let found = XPath::parse(text, &namespaces)
            .and_then(|path| path.evaluate(&Item::node(document.root()), &steps));
        expected.assert_eq(&match found {
            Ok(Found::Items(items)) => items.iter().map(Item::text).collect::<Vec<_>>().join("|"),
            Ok(found) => found.text(),
            Err(error) => error.to_string(),
        });
    }

    #[test]
    fn paths() {
        check("/a/b", expect!["xy| z  z "]);
        check("//b/@id", expect!["1|2"]);
        check("//*[@id]/@id", expect!["1|2|3"]);
        check("a/e:b", expect!["7"]);
        check("//e:*/text()", expect!["7"]);
        check("//c/../@id", expect!["1"]);
        check("//c/following::*/@id", expect!["2|3"]);
        check("//e:b/preceding-sibling::b[1]/@id", expect!["2"]);
        check("(//b)[2]/@id | //b[1]/@id", expect!["1|2"]);
        check("//c/ancestor::node()[last()]/a/comment()", expect!["no"]);
        check("/a/b[text()='y']/@id", expect!["1"]);
        check(".", expect!["xy z  z 7"]);
    }

    #[test]
    fn values() {
        check("count(//b) + 2 * 3", expect!["8"]);
        check("normalize-space(//b[2])", expect!["z z"]);
        check("concat(//b[1]/@id, '-', string-length('Zoë'))", expect!["1-3"]);
        check("//e:b > 6 and not(//b = 'q')", expect!["true"]);
        check("substring('12345', 2, 3)", expect!["234"]);
        check("substring-after('a:b', ':')", expect!["b"]);
        check("translate('bar','abc','AB')", expect!["BAr"]);
        check("-(7 mod 3) div 0", expect!["-Infinity"]);
        check("sum(//@id) = 6", expect!["true"]);
        check("name(//e:b)", expect!["e:b"]);
        check("local-name(//e:b)", expect!["b"]);
        check("div div mod", expect!["NaN"]);
        check("round(2.5)", expect!["3"]);
    }

    #[test]
    fn what_is_none() {
        check("//b[", expect!["not an XPath at character 4: expected a step"]);
        check("", expect!["not an XPath at character 1: expected a step"]);
        check(
            "x:b",
            expect![[r#"not an XPath at character 1: there is no namespace of the prefix "x""#]],
        );
        check(
            "document('file:///etc/passwd')",
            expect![[r#"not an XPath at character 1: there is no function "document""#]],
        );
        check(
            "$v",
            expect!["not an XPath at character 1: expected a step, a value or an operator"],
        );
        check("count('a')", expect!["count() takes nodes"]);
        check(
            "contains('a')",
            expect!["not an XPath at character 1: expected another number of arguments"],
        );
        check(
            "1 to 9999999999",
            expect!["not an XPath at character 3: expected a step, a value or an operator"],
        );
        check(
            &"(".repeat(200),
            expect!["not an XPath at character 33: expected less inside one another"],
        );
        check(&format!("//*{}", "//*/..".repeat(200)), expect!["xy z  z 7|xy"]);
    }
}
