use super::functions::Function;
use super::{Axis, Evaluated, Expression, Operator, Step, Test, XPath, XPathError};

/// Longest expression read, in bytes.
const BYTES_MAX: usize = 4 * 1024;

/// Most expressions inside one another.
const DEPTH_MAX: usize = 32;

impl XPath {
    /// Reads an expression; prefixes stand for `namespaces`.
    pub(crate) fn parse(text: &str, namespaces: &[(String, String)]) -> Result<Self, XPathError> {
        if text.len() > BYTES_MAX {
            return Err(XPathError::Expected { at: BYTES_MAX, what: "the end: it is too long" });
        }
        let tokens = tokens(text)?;
        let mut parser = Parser { tokens, next: 0, depth: 0, namespaces };
        let expression = parser.expression()?;
        if parser.next < parser.tokens.len() {
            return Err(parser.expected("the end or an operator"));
        }
        Ok(Self { expression })
    }
}

#[derive(Debug, Clone, PartialEq)]
enum Token {
    /// A name, or a prefix, a colon and a name or a star.
    Name(String),
    Number(f64),
    Text(String),
    Symbol(&'static str),
    /// An operator; `*` and the operators' names are these after an operand.
    Operator(Operator),
}

struct Placed {
    token: Token,
    at: usize,
}

/// Longest first.
const SYMBOLS: &[&str] = &["..", "::", "//", "(", ")", "[", "]", ".", "@", ",", "/", "*"];

const OPERATORS: &[(&str, Operator)] = &[
    ("!=", Operator::NotEqual),
    ("<=", Operator::LessOrEqual),
    (">=", Operator::GreaterOrEqual),
    ("=", Operator::Equal),
    ("<", Operator::Less),
    (">", Operator::Greater),
    ("+", Operator::Plus),
    ("-", Operator::Minus),
    ("|", Operator::Union),
];

const NAMED_OPERATORS: &[(&str, Operator)] = &[
    ("or", Operator::Or),
    ("and", Operator::And),
    ("div", Operator::Divided),
    ("mod", Operator::Modulo),
];

fn tokens(text: &str) -> Evaluated<Vec<Placed>> {
    let mut tokens: Vec<Placed> = Vec::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches([' ', '\t', '\n', '\r']);
        if rest.is_empty() {
            return Ok(tokens);
        }
        let at = text.get(..text.len() - rest.len()).unwrap_or_default().chars().count() + 1;
        let after_operand = tokens.last().is_some_and(|placed| match &placed.token {
            Token::Name(_) | Token::Number(_) | Token::Text(_) => true,
            Token::Symbol(symbol) => matches!(*symbol, ")" | "]" | "." | ".." | "*"),
            Token::Operator(_) => false,
        });
        let (token, length) = token(rest, after_operand)
            .ok_or(XPathError::Expected { at, what: "a step, a value or an operator" })?;
        tokens.push(Placed { token, at });
        rest = rest.get(length..).unwrap_or_default();
    }
}

/// The token that `rest` begins with, and its length.
fn token(rest: &str, after_operand: bool) -> Option<(Token, usize)> {
    let first = rest.chars().next()?;
    if matches!(first, '"' | '\'') {
        let inside = rest.get(1..)?;
        let end = inside.find(first)?;
        return Some((Token::Text(inside.get(..end)?.to_owned()), end + 2));
    }
    let digits =
        rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.').len();
    let number = rest.get(..digits)?;
    if number.bytes().any(|byte| byte.is_ascii_digit()) {
        return Some((Token::Number(number.parse().ok()?), digits));
    }
    if after_operand && first == '*' {
        return Some((Token::Operator(Operator::Times), 1));
    }
    let found = OPERATORS.iter().find(|(text, _)| rest.starts_with(text));
    if let Some((text, operator)) = found {
        return Some((Token::Operator(*operator), text.len()));
    }
    if let Some(symbol) = SYMBOLS.iter().find(|symbol| rest.starts_with(**symbol)) {
        return Some((Token::Symbol(symbol), symbol.len()));
    }
    name(rest, after_operand)
}

fn name(rest: &str, after_operand: bool) -> Option<(Token, usize)> {
    let length = name_length(rest)?;
    let name = rest.get(..length)?;
    if after_operand {
        let (_, operator) = NAMED_OPERATORS.iter().find(|(known, _)| *known == name)?;
        return Some((Token::Operator(*operator), length));
    }
    let after = rest.get(length..)?;
    if let Some(local) = after.strip_prefix(':').filter(|local| !local.starts_with(':')) {
        let local = if local.starts_with('*') { 1 } else { name_length(local)? };
        let length = length + 1 + local;
        return Some((Token::Name(rest.get(..length)?.to_owned()), length));
    }
    Some((Token::Name(name.to_owned()), length))
}

fn name_length(text: &str) -> Option<usize> {
    let starts = |c: char| c.is_alphabetic() || c == '_';
    let goes_on = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '\u{b7}');
    text.starts_with(starts).then(|| text.find(|c| !goes_on(c)).unwrap_or(text.len()))
}

struct Parser<'n> {
    tokens: Vec<Placed>,
    next: usize,
    depth: usize,
    namespaces: &'n [(String, String)],
}

/// Operators from the loosest to the tightest.
const PRECEDENCE: &[&[Operator]] = &[
    &[Operator::Or],
    &[Operator::And],
    &[Operator::Equal, Operator::NotEqual],
    &[Operator::Less, Operator::LessOrEqual, Operator::Greater, Operator::GreaterOrEqual],
    &[Operator::Plus, Operator::Minus],
    &[Operator::Times, Operator::Divided, Operator::Modulo],
];

impl Parser<'_> {
    fn expression(&mut self) -> Evaluated<Expression> {
        if self.depth >= DEPTH_MAX {
            return Err(self.expected("less inside one another"));
        }
        self.depth += 1;
        let expression = self.operation(0);
        self.depth -= 1;
        expression
    }

    fn operation(&mut self, level: usize) -> Evaluated<Expression> {
        let Some(operators) = PRECEDENCE.get(level) else { return self.unary() };
        let mut left = self.operation(level + 1)?;
        while let Some(operator) = self.operator(operators) {
            let right = self.operation(level + 1)?;
            left = Expression::Binary(operator, Box::new(left), Box::new(right));
        }
        Ok(left)
    }

    fn unary(&mut self) -> Evaluated<Expression> {
        let mut signs = 0;
        while self.operator(&[Operator::Minus]).is_some() {
            signs += 1;
        }
        let mut expression = self.path()?;
        while self.operator(&[Operator::Union]).is_some() {
            let right = self.path()?;
            expression = Expression::Binary(Operator::Union, Box::new(expression), Box::new(right));
        }
        match signs {
            0 => Ok(expression),
            signs if signs % 2 == 0 => {
                let negative = Expression::Negative(Box::new(expression));
                Ok(Expression::Negative(Box::new(negative)))
            }
            _ => Ok(Expression::Negative(Box::new(expression))),
        }
    }

    fn path(&mut self) -> Evaluated<Expression> {
        if let Some(primary) = self.primary()? {
            let predicates = self.predicates()?;
            let mut steps = Vec::new();
            self.more_steps(&mut steps)?;
            return Ok(Expression::Filter { of: Box::new(primary), predicates, steps });
        }
        let mut steps = Vec::new();
        let absolute = if self.symbol("//") {
            steps.push(anywhere());
            true
        } else {
            self.symbol("/")
        };
        let alone = absolute && steps.is_empty();
        if !alone || self.begins_step() {
            steps.push(self.step()?);
            self.more_steps(&mut steps)?;
        }
        Ok(Expression::Path { absolute, steps })
    }

    fn more_steps(&mut self, steps: &mut Vec<Step>) -> Evaluated<()> {
        loop {
            if self.symbol("//") {
                steps.push(anywhere());
            } else if !self.symbol("/") {
                return Ok(());
            }
            steps.push(self.step()?);
        }
    }

    fn begins_step(&self) -> bool {
        self.peek().is_some_and(|token| match token {
            Token::Name(_) => true,
            Token::Symbol(symbol) => matches!(*symbol, "." | ".." | "@" | "*"),
            Token::Number(_) | Token::Text(_) | Token::Operator(_) => false,
        })
    }

    /// A value, a function call or something in parentheses.
    fn primary(&mut self) -> Evaluated<Option<Expression>> {
        match self.peek() {
            Some(Token::Text(text)) => {
                let text = text.clone();
                self.next += 1;
                Ok(Some(Expression::Text(text)))
            }
            Some(Token::Number(number)) => {
                let number = *number;
                self.next += 1;
                Ok(Some(Expression::Number(number)))
            }
            Some(Token::Symbol("(")) => {
                self.next += 1;
                let inside = self.expression()?;
                self.need(")")?;
                Ok(Some(inside))
            }
            Some(Token::Name(name)) if self.is_call() && !is_node_type(name) => {
                let name = name.clone();
                self.call(&name).map(Some)
            }
            _ => Ok(None),
        }
    }

    fn is_call(&self) -> bool {
        matches!(self.tokens.get(self.next + 1), Some(Placed { token: Token::Symbol("("), .. }))
    }

    fn call(&mut self, name: &str) -> Evaluated<Expression> {
        let at = self.at();
        let unknown = || XPathError::Unknown { at, what: "function", name: name.to_owned() };
        let (function, least, most) = Function::find(name).ok_or_else(unknown)?;
        self.next += 2;
        let mut arguments = Vec::new();
        while !self.symbol(")") {
            if !arguments.is_empty() {
                self.need(",")?;
            }
            arguments.push(self.expression()?);
        }
        if !(least..=most).contains(&arguments.len()) {
            return Err(XPathError::Expected { at, what: "another number of arguments" });
        }
        Ok(Expression::Call(function, arguments))
    }

    fn step(&mut self) -> Evaluated<Step> {
        if self.symbol(".") {
            return Ok(Step { axis: Axis::This, test: Test::Node, predicates: Vec::new() });
        }
        if self.symbol("..") {
            return Ok(Step { axis: Axis::Parent, test: Test::Node, predicates: Vec::new() });
        }
        let axis = if self.symbol("@") { Axis::Attribute } else { self.axis()? };
        let test = self.test(axis)?;
        Ok(Step { axis, test, predicates: self.predicates()? })
    }

    fn axis(&mut self) -> Evaluated<Axis> {
        let named = matches!(
            self.tokens.get(self.next + 1),
            Some(Placed { token: Token::Symbol("::"), .. })
        );
        let Some(Token::Name(name)) = self.peek().filter(|_| named) else {
            return Ok(Axis::Child);
        };
        let axis = match name.as_str() {
            "child" => Axis::Child,
            "descendant" => Axis::Descendant,
            "descendant-or-self" => Axis::DescendantOrSelf,
            "parent" => Axis::Parent,
            "ancestor" => Axis::Ancestor,
            "ancestor-or-self" => Axis::AncestorOrSelf,
            "self" => Axis::This,
            "attribute" => Axis::Attribute,
            "following" => Axis::Following,
            "preceding" => Axis::Preceding,
            "following-sibling" => Axis::FollowingSibling,
            "preceding-sibling" => Axis::PrecedingSibling,
            other => {
                let name = other.to_owned();
                return Err(XPathError::Unknown { at: self.at(), what: "axis", name });
            }
        };
        self.next += 2;
        Ok(axis)
    }

    fn test(&mut self, axis: Axis) -> Evaluated<Test> {
        if self.symbol("*") {
            return Ok(Test::Any(None));
        }
        let at = self.at();
        let Some(Token::Name(name)) = self.peek() else { return Err(self.expected("a step")) };
        let name = name.clone();
        if self.is_call() && is_node_type(&name) {
            self.next += 2;
            if name == "processing-instruction" && matches!(self.peek(), Some(Token::Text(_))) {
                self.next += 1;
            }
            self.need(")")?;
            return Ok(match name.as_str() {
                "text" => Test::Text,
                "comment" => Test::Comment,
                "node" => Test::Node,
                _ => Test::Instruction,
            });
        }
        self.next += 1;
        let Some((prefix, local)) = name.split_once(':') else {
            return Ok(Test::Name { namespace: None, local: name });
        };
        let known = self.namespaces.iter().find(|(known, _)| known == prefix);
        let namespace = match known {
            Some((_, namespace)) => namespace.clone(),
            None if prefix == "xml" && axis == Axis::Attribute => {
                "http://www.w3.org/XML/1998/namespace".to_owned()
            }
            None => {
                let name = prefix.to_owned();
                return Err(XPathError::Unknown { at, what: "namespace of the prefix", name });
            }
        };
        Ok(match local {
            "*" => Test::Any(Some(namespace)),
            local => Test::Name { namespace: Some(namespace), local: local.to_owned() },
        })
    }

    fn predicates(&mut self) -> Evaluated<Vec<Expression>> {
        let mut predicates = Vec::new();
        while self.symbol("[") {
            predicates.push(self.expression()?);
            self.need("]")?;
        }
        Ok(predicates)
    }

    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.next).map(|placed| &placed.token)
    }

    fn at(&self) -> usize {
        let here = self.tokens.get(self.next).or_else(|| self.tokens.last());
        here.map_or(1, |placed| placed.at)
    }

    fn symbol(&mut self, symbol: &str) -> bool {
        let there = matches!(self.peek(), Some(Token::Symbol(found)) if *found == symbol);
        self.next += usize::from(there);
        there
    }

    fn operator(&mut self, operators: &[Operator]) -> Option<Operator> {
        let Some(Token::Operator(operator)) = self.peek() else { return None };
        let found = operators.contains(operator).then_some(*operator)?;
        self.next += 1;
        Some(found)
    }

    fn need(&mut self, symbol: &'static str) -> Evaluated<()> {
        if self.symbol(symbol) { Ok(()) } else { Err(self.expected(symbol)) }
    }

    fn expected(&self, what: &'static str) -> XPathError {
        XPathError::Expected { at: self.at(), what }
    }
}

fn is_node_type(name: &str) -> bool {
    matches!(name, "text" | "comment" | "node" | "processing-instruction")
}

/// What `//` stands for.
const fn anywhere() -> Step {
    Step { axis: Axis::DescendantOrSelf, test: Test::Node, predicates: Vec::new() }
}
