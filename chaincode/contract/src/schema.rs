//! JSON Schemas of what contracts take and return, in the form of Fabric's contract metadata.

use std::any::TypeId;
use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

/// A JSON Schema of draft 7, as a document.
///
/// Where it stands in the metadata of a function, only some keywords may occur in it: Fabric's
/// contract schema has no `anyOf`, `oneOf` or `const` there. A type that needs them is
/// [named](Schemas::named).
pub type JsonSchema = Value;

/// The schemas that have a name: `components/schemas` in a contract's metadata.
#[derive(Debug, Default)]
pub struct Schemas {
    named: BTreeMap<String, Named>,
    /// How many named schemas are being written, one inside the other.
    depth: usize,
}

#[derive(Debug)]
struct Named {
    /// `None` for a schema that no type of its own stands for.
    of: Option<TypeId>,
    schema: JsonSchema,
}

impl Schemas {
    /// None yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A reference to the schema of `T`, which `describe` writes when it is first asked for: a
    /// type may therefore contain itself. A second type of the same name gets a number behind it.
    pub fn named<T: 'static>(
        &mut self,
        name: &str,
        describe: impl FnOnce(&mut Self) -> JsonSchema,
    ) -> JsonSchema {
        let of = Some(TypeId::of::<T>());
        let name = self.name_for(name, of);
        if !self.named.contains_key(&name) {
            self.named.insert(name.clone(), Named { of, schema: Value::Null });
            self.depth = self.depth.saturating_add(1);
            let schema = describe(self);
            self.depth = self.depth.saturating_sub(1);
            self.set(&name, of, schema);
        }
        self.reference(&name)
    }

    /// The schema of what another describes, or `null`.
    pub(crate) fn or_null(&mut self, schema: JsonSchema) -> JsonSchema {
        if let Some(name) = schema.get("$ref").and_then(Value::as_str) {
            let name = format!("Optional{}", name.trim_start_matches(COMPONENTS));
            let name = self.name_for(&name, None);
            let inside = relative(schema);
            self.set(&name, None, json!({"anyOf": [inside, {"type": "null"}]}));
            return self.reference(&name);
        }
        nullable(schema)
    }

    /// The schemas by name, as `components/schemas` has them.
    #[must_use]
    pub fn into_components(self) -> Map<String, Value> {
        self.named.into_iter().map(|(name, named)| (name, named.schema)).collect()
    }

    fn set(&mut self, name: &str, of: Option<TypeId>, mut schema: JsonSchema) {
        if let Some(schema) = schema.as_object_mut() {
            schema.insert("$id".to_owned(), json!(name));
        }
        self.named.insert(name.to_owned(), Named { of, schema });
    }

    fn name_for(&self, wanted: &str, of: Option<TypeId>) -> String {
        let mut name = wanted.to_owned();
        let mut number = 1_usize;
        while self.named.get(&name).is_some_and(|named| named.of != of) {
            number = number.saturating_add(1);
            name = format!("{wanted}{number}");
        }
        name
    }

    /// A named schema has its name as its identifier, against which the references inside it
    /// are resolved, so there a bare name leads to its neighbour.
    fn reference(&self, name: &str) -> JsonSchema {
        if self.depth == 0 {
            json!({"$ref": format!("{COMPONENTS}{name}")})
        } else {
            json!({"$ref": name})
        }
    }
}

/// Where named schemas stand in the metadata.
const COMPONENTS: &str = "#/components/schemas/";

fn relative(reference: JsonSchema) -> JsonSchema {
    let name = reference.get("$ref").and_then(Value::as_str).unwrap_or_default();
    json!({"$ref": name.trim_start_matches(COMPONENTS)})
}

fn nullable(mut schema: JsonSchema) -> JsonSchema {
    let Some(keywords) = schema.as_object_mut() else { return schema };
    if let Some(of_type) = keywords.get("type").and_then(Value::as_str).map(str::to_owned) {
        keywords.insert("type".to_owned(), json!([of_type, "null"]));
    }
    if let Some(values) = keywords.get_mut("enum").and_then(Value::as_array_mut) {
        values.push(Value::Null);
    }
    schema
}

/// The schema of a structure, field by field; written by the derives.
#[derive(Debug, Default)]
pub struct ObjectSchema {
    properties: Map<String, Value>,
    required: Vec<&'static str>,
}

impl ObjectSchema {
    /// Without fields.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// With one more field.
    #[must_use]
    pub fn field(mut self, name: &'static str, presence: Presence, schema: JsonSchema) -> Self {
        self.properties.insert(name.to_owned(), schema);
        if presence == Presence::Required {
            self.required.push(name);
        }
        self
    }

    /// The schema; `closed` refuses every other field.
    #[must_use]
    pub fn finish(self, closed: Closed) -> JsonSchema {
        let mut schema = json!({"type": "object", "properties": self.properties});
        let keywords = schema.as_object_mut().into_iter();
        for keywords in keywords {
            // An empty list is not valid in Fabric's schema of contracts.
            if !self.required.is_empty() {
                keywords.insert("required".to_owned(), json!(self.required));
            }
            if closed == Closed::Yes {
                keywords.insert("additionalProperties".to_owned(), json!(false));
            }
        }
        schema
    }
}

/// Whether a field must be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "complete by definition")]
pub enum Presence {
    /// It must.
    Required,
    /// It may be left out.
    Optional,
}

/// Whether a structure refuses fields that it does not know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "complete by definition")]
pub enum Closed {
    /// It does.
    Yes,
    /// It ignores them.
    No,
}

/// A schema with a description. Beside a reference nothing else counts, so it goes into a list.
#[must_use]
pub fn described(schema: JsonSchema, description: &str) -> JsonSchema {
    let mut schema = match schema.get("$ref") {
        Some(_reference) => json!({"allOf": [schema]}),
        None => schema,
    };
    if let Some(keywords) = schema.as_object_mut() {
        keywords.insert("description".to_owned(), json!(description));
    }
    schema
}
