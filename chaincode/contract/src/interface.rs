//! What a contract offers, as data: for dispatch and for its published metadata.

use serde_json::{Value, json};

use crate::schema::described;
use crate::{JsonSchema, Schemas};

/// The functions of a contract.
#[derive(Debug)]
#[expect(clippy::exhaustive_structs, reason = "written by `#[contract]`")]
pub struct Interface {
    /// The contract's name, before the colon of `contract:function`.
    pub name: &'static str,
    /// What people call the contract.
    pub title: &'static str,
    /// The version of the contract's interface.
    pub version: &'static str,
    /// What the contract is for; may be empty.
    pub description: &'static str,
    /// Whether calls that name no contract go here.
    pub default: bool,
    /// The functions.
    pub functions: &'static [Function],
    /// What answers for functions that do not exist.
    pub unknown: Option<&'static Function>,
}

impl Interface {
    pub(crate) fn function(&self, name: &str) -> Option<&'static Function> {
        self.functions.iter().find(|function| function.name == name)
    }

    /// The function that initialises, if there is one.
    pub(crate) fn initialisation(&self) -> Option<&'static Function> {
        self.functions.iter().find(|function| function.occasion == Occasion::Initialisation)
    }

    /// This contract's entry in the metadata.
    pub(crate) fn metadata(&self, is_default: bool, schemas: &mut Schemas) -> Value {
        let functions = self.functions.iter();
        let transactions: Vec<Value> =
            functions.map(|function| function.metadata(schemas)).collect();
        let mut info = json!({"title": self.title, "version": self.version});
        describe(&mut info, self.description);
        json!({
            "name": self.name,
            "info": info,
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
    /// What it does; may be empty.
    pub description: &'static str,
    /// Whether it writes.
    pub intent: Intent,
    /// Who may call it.
    pub reach: Reach,
    /// When it may be called.
    pub occasion: Occasion,
    /// The parameters after the transaction that come as arguments.
    pub parameters: &'static [Parameter],
    /// The parameters that come in the proposal's transient map.
    pub transient: &'static [Parameter],
    /// JSON Schema of the answer; `None` if there is none.
    pub returns: fn(&mut Schemas) -> Option<JsonSchema>,
}

impl Function {
    fn metadata(&self, schemas: &mut Schemas) -> Value {
        let mut transaction = json!({
            "name": self.name,
            "tag": self.tags(),
            "parameters": parameters(self.parameters, schemas),
        });
        describe(&mut transaction, self.description);
        let optional = [
            (
                "transient",
                (!self.transient.is_empty()).then(|| parameters(self.transient, schemas)),
            ),
            ("returns", (self.returns)(schemas)),
        ];
        if let Some(transaction) = transaction.as_object_mut() {
            for (name, value) in optional {
                transaction.extend(value.map(|value| (name.to_owned(), value)));
            }
        }
        transaction
    }

    fn tags(&self) -> Vec<&'static str> {
        let mut tags = match self.intent {
            Intent::Submit => vec!["submit", "SUBMIT"],
            Intent::Evaluate => vec!["evaluate", "EVALUATE"],
        };
        if self.reach == Reach::External {
            tags.push("external");
        }
        if self.occasion == Occasion::Initialisation {
            tags.push("init");
        }
        tags
    }
}

fn parameters(parameters: &[Parameter], schemas: &mut Schemas) -> Value {
    let list = parameters
        .iter()
        .map(|parameter| json!({"name": parameter.name, "schema": (parameter.schema)(schemas)}));
    list.collect()
}

fn describe(of: &mut Value, description: &str) {
    if !description.is_empty() {
        *of = described(of.take(), description);
    }
}

/// A parameter of a contract function.
#[derive(Debug)]
#[expect(clippy::exhaustive_structs, reason = "written by `#[contract]`")]
pub struct Parameter {
    /// The name in the source.
    pub name: &'static str,
    /// JSON Schema of its values.
    pub schema: fn(&mut Schemas) -> JsonSchema,
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

/// When a function may be called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "complete by definition")]
pub enum Occasion {
    /// At any time. Where no function of the contract is marked for it, also as the
    /// initialisation.
    Call,
    /// As the initialisation that a chaincode's definition may require: once for each version
    /// of the definition, before anything else.
    Initialisation,
}
