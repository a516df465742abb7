use std::fmt::Write as _;

use pervade_rdf::Position;

/// A value of an authored file, with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Node {
    pub(crate) at: Position,
    pub(crate) value: Value,
}

/// What JSON can say; members stay in the order they were written in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value {
    Null,
    Bool(bool),
    /// A number of JSON's grammar, as written.
    Number(String),
    Text(String),
    List(Vec<Node>),
    Object(Vec<Member>),
}

/// A member of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Member {
    pub(crate) at: Position,
    pub(crate) name: String,
    pub(crate) value: Node,
}

impl Node {
    pub(crate) fn members(&self) -> &[Member] {
        if let Value::Object(members) = &self.value { members } else { &[] }
    }

    pub(crate) fn items(&self) -> &[Self] {
        if let Value::List(items) = &self.value { items } else { &[] }
    }

    /// The items of a list; `None` for any other value.
    pub(crate) fn list(&self) -> Option<&[Self]> {
        if let Value::List(items) = &self.value { Some(items) } else { None }
    }

    pub(crate) fn member(&self, name: &str) -> Option<&Member> {
        self.members().iter().find(|member| member.name == name)
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Self> {
        self.member(name).map(|member| &member.value)
    }

    pub(crate) fn text(&self) -> Option<&str> {
        if let Value::Text(text) = &self.value { Some(text) } else { None }
    }

    /// The text of a scalar: a number as written, `true`, `false`.
    pub(crate) fn scalar(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) | Value::Number(text) => Some(text),
            Value::Bool(true) => Some("true"),
            Value::Bool(false) => Some("false"),
            Value::Null | Value::List(_) | Value::Object(_) => None,
        }
    }

    pub(crate) const fn is_object(&self) -> bool {
        matches!(self.value, Value::Object(_))
    }

    /// How messages name the kind of value.
    pub(crate) const fn kind(&self) -> &'static str {
        match self.value {
            Value::Null => "null",
            Value::Bool(_) => "a boolean",
            Value::Number(_) => "a number",
            Value::Text(_) => "text",
            Value::List(_) => "a list",
            Value::Object(_) => "an object",
        }
    }

    /// The value at a JSON pointer ([RFC 6901](https://www.rfc-editor.org/rfc/rfc6901)).
    pub(crate) fn pointer(&self, pointer: &str) -> Option<&Self> {
        if pointer.is_empty() {
            return Some(self);
        }
        pointer.strip_prefix('/')?.split('/').try_fold(self, |node, step| {
            let name = step.replace("~1", "/").replace("~0", "~");
            if let Value::List(items) = &node.value {
                return items.get(name.parse::<usize>().ok()?);
            }
            node.get(&name)
        })
    }

    /// As JSON, indented by two blanks, members as written.
    pub(crate) fn to_json(&self) -> String {
        let mut json = String::new();
        self.write(&mut json, 0);
        json
    }

    fn write(&self, json: &mut String, indent: usize) {
        match &self.value {
            Value::Null => json.push_str("null"),
            Value::Bool(value) => json.push_str(if *value { "true" } else { "false" }),
            Value::Number(text) => json.push_str(text),
            Value::Text(text) => write_text(json, text),
            Value::List(items) if items.is_empty() => json.push_str("[]"),
            Value::List(items) if items.iter().all(|item| item.scalar().is_some()) => {
                json.push('[');
                for (place, item) in items.iter().enumerate() {
                    json.push_str(if place > 0 { ", " } else { "" });
                    item.write(json, indent);
                }
                json.push(']');
            }
            Value::List(items) => {
                json.push('[');
                for (place, item) in items.iter().enumerate() {
                    new_line(json, place, indent + 1);
                    item.write(json, indent + 1);
                }
                end_line(json, indent, ']');
            }
            Value::Object(members) if members.is_empty() => json.push_str("{}"),
            Value::Object(members) => {
                json.push('{');
                for (place, member) in members.iter().enumerate() {
                    new_line(json, place, indent + 1);
                    write_text(json, &member.name);
                    json.push_str(": ");
                    member.value.write(json, indent + 1);
                }
                end_line(json, indent, '}');
            }
        }
    }
}

fn new_line(json: &mut String, place: usize, indent: usize) {
    json.push_str(if place > 0 { ",\n" } else { "\n" });
    json.push_str(&"  ".repeat(indent));
}

fn end_line(json: &mut String, indent: usize, bracket: char) {
    json.push('\n');
    json.push_str(&"  ".repeat(indent));
    json.push(bracket);
}

fn write_text(json: &mut String, text: &str) {
    json.push('"');
    for character in text.chars() {
        match character {
            '"' => json.push_str("\\\""),
            '\\' => json.push_str("\\\\"),
            '\n' => json.push_str("\\n"),
            '\t' => json.push_str("\\t"),
            '\r' => json.push_str("\\r"),
            control if control < ' ' => {
                // Writing to a String cannot fail.
                let _infallible = write!(json, "\\u{:04x}", u32::from(control));
            }
            other => json.push(other),
        }
    }
    json.push('"');
}
