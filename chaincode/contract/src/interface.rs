//! What a contract offers, as data: for dispatch and for its published metadata.

use serde_json::{Value, json};

use crate::JsonSchema;

/// The functions of a contract.
#[derive(Debug)]
#[expect(clippy::exhaustive_structs, reason = "written by `#[contract]`")]
pub struct Interface {
    /// The contract's name, before the colon of `contract:function`.
    pub name: &'static str,
    /// Whether calls that name no contract go here.
    pub default: bool,
    /// The functions.
    pub functions: &'static [Function],
}

impl Interface {
    pub(crate) fn function(&self, name: &str) -> Option<&'static Function> {
        self.functions.iter().find(|function| function.name == name)
    }

    /// This contract's entry in the metadata.
    pub(crate) fn metadata(&self, is_default: bool) -> Value {
        let transactions: Vec<Value> = self.functions.iter().map(Function::metadata).collect();
        json!({
            "name": self.name,
            "info": {"title": self.name, "version": "1"},
            "default": is_default,
            "transactions": transactions,
        })
    }
}

/// A function of a contract.
#[derive(Debug)]
#[expect(clippy::exhaustive_structs, reason = "written by `#[contract]`")]
pub struct Function {
    /// The name after the colon.
    pub name: &'static str,
    /// Whether it writes.
    pub intent: Intent,
    /// Who may call it.
    pub reach: Reach,
    /// The parameters after the transaction.
    pub parameters: &'static [Parameter],
    /// JSON Schema of the answer; `None` if there is none.
    pub returns: fn() -> Option<JsonSchema>,
}

impl Function {
    fn metadata(&self) -> Value {
        let mut tags = match self.intent {
            Intent::Submit => vec!["submit", "SUBMIT"],
            Intent::Evaluate => vec!["evaluate", "EVALUATE"],
        };
        if self.reach == Reach::External {
            tags.push("external");
        }
        let parameters: Vec<Value> = self
            .parameters
            .iter()
            .map(|parameter| json!({"name": parameter.name, "schema": (parameter.schema)()}))
            .collect();
        match (self.returns)() {
            None => json!({"name": self.name, "tag": tags, "parameters": parameters}),
            Some(returns) => json!({
                "name": self.name, "tag": tags, "parameters": parameters, "returns": returns,
            }),
        }
    }
}

/// A parameter of a contract function.
#[derive(Debug)]
#[expect(clippy::exhaustive_structs, reason = "written by `#[contract]`")]
pub struct Parameter {
    /// The name in the source.
    pub name: &'static str,
    /// JSON Schema of its values.
    pub schema: fn() -> JsonSchema,
}

/// Whether a function writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "complete by definition")]
pub enum Intent {
    /// It may write, and is to be ordered.
    Submit,
    /// It only reads.
    Evaluate,
}

/// Who may call a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "complete by definition")]
pub enum Reach {
    /// Clients, directly.
    Client,
    /// Clients and other chaincode.
    External,
}
