//! NGSI-LD entities ([CIM 009](https://www.etsi.org/deliver/etsi_gs/CIM/001_099/009/), 4.5): the
//! normalized, concise and key-values representations to one.

use serde_json::{Map, Value};

use crate::error::{PayloadError, PayloadReason};

/// Reads an entity, a list of entities, or a notification that carries some.
pub(crate) fn read(root: Value) -> Result<Value, PayloadError> {
    if let Value::Array(list) = root {
        return entities(list);
    }
    match root.as_object().filter(|members| is_notification(members)) {
        Some(members) => match members.get("data") {
            Some(Value::Array(list)) => entities(list.clone()).map_err(|error| error.under("data")),
            _ => Err(PayloadError::shape("/data", "a list of entities")),
        },
        None => Ok(Value::Array(vec![entity(root)?])),
    }
}

fn entities(list: Vec<Value>) -> Result<Value, PayloadError> {
    let read = list
        .into_iter()
        .enumerate()
        .map(|(index, root)| entity(root).map_err(|error| error.under(&index.to_string())));
    read.collect::<Result<_, _>>().map(Value::Array)
}

fn is_notification(members: &Map<String, Value>) -> bool {
    members.get("type").and_then(Value::as_str) == Some("Notification")
        && members.contains_key("data")
}

/// Members of an entity that are no attributes.
const OF_ENTITY: &[&str] = &["createdAt", "modifiedAt", "deletedAt", "expiresAt"];

fn entity(root: Value) -> Result<Value, PayloadError> {
    let Value::Object(members) = root else {
        return Err(PayloadError::shape("", "an entity"));
    };
    let mut entity = Map::new();
    for (name, value) in members {
        let read = match name.as_str() {
            "@context" => continue,
            "id" | "@id" => text(value),
            "type" | "@type" | "scope" => texts(value),
            plain if OF_ENTITY.contains(&plain) => Ok(value),
            _ => attribute(value),
        };
        let read = read.map_err(|error| error.under(&name))?;
        let name =
            if matches!(name.as_str(), "@id" | "@type") { name.replace('@', "") } else { name };
        put(&mut entity, name, read)?;
    }
    if !["id", "type"].iter().all(|needed| entity.contains_key(*needed)) {
        return Err(PayloadError::shape("", "an entity with id and type"));
    }
    Ok(Value::Object(entity))
}

fn text(value: Value) -> Result<Value, PayloadError> {
    if value.is_string() { Ok(value) } else { Err(PayloadError::shape("", "a text")) }
}

fn texts(value: Value) -> Result<Value, PayloadError> {
    if value.is_string() {
        return Ok(Value::Array(vec![value]));
    }
    let fits = value.as_array().is_some_and(|items| items.iter().all(Value::is_string));
    if fits { Ok(value) } else { Err(PayloadError::shape("", "a text, or a list of texts")) }
}

/// What an attribute has instead of a value, by its kind.
const VALUES: &[&str] =
    &["value", "object", "languageMap", "json", "vocab", "objectList", "valueList", "vocabMap"];

/// Members of an attribute that are no sub-attributes.
const OF_ATTRIBUTE: &[&str] = &[
    "observedAt",
    "unitCode",
    "datasetId",
    "createdAt",
    "modifiedAt",
    "deletedAt",
    "instanceId",
    "objectType",
    "lang",
];

/// Reads an attribute in whichever representation. As deep as the document, which is bounded.
fn attribute(value: Value) -> Result<Value, PayloadError> {
    match value {
        Value::Object(members) if has_value(&members) => instance(members).map(Value::Object),
        Value::Array(items) if is_several(&items) => several(items),
        Value::Object(_)
        | Value::Array(_)
        | Value::Null
        | Value::Bool(_)
        | Value::Number(_)
        | Value::String(_) => {
            let value = unwrapped(value);
            Ok(Value::Object(Map::from_iter([("value".to_owned(), value)])))
        }
    }
}

fn has_value(members: &Map<String, Value>) -> bool {
    VALUES.iter().any(|name| members.contains_key(*name))
}

fn is_several(items: &[Value]) -> bool {
    let is_instance = |item: &Value| {
        item.as_object().is_some_and(|item| {
            has_value(item) && (item.contains_key("type") || item.contains_key("datasetId"))
        })
    };
    !items.is_empty() && items.iter().all(is_instance)
}

fn instance(members: Map<String, Value>) -> Result<Map<String, Value>, PayloadError> {
    let mut read = Map::new();
    for (name, value) in members {
        match name.as_str() {
            "type" | "@type" => {}
            name if VALUES.contains(&name) => put(&mut read, "value".to_owned(), unwrapped(value))?,
            plain if OF_ATTRIBUTE.contains(&plain) => put(&mut read, name, value)?,
            "metadata" => metadata(value, &mut read).map_err(|error| error.under("metadata"))?,
            _ => {
                let value = attribute(value).map_err(|error| error.under(&name))?;
                put(&mut read, name, value)?;
            }
        }
    }
    Ok(read)
}

/// NGSI-v2 has sub-attributes one level below.
fn metadata(value: Value, read: &mut Map<String, Value>) -> Result<(), PayloadError> {
    let Value::Object(members) = value else {
        return Err(PayloadError::shape("", "an object"));
    };
    for (name, value) in members {
        let value = attribute(value).map_err(|error| error.under(&name))?;
        put(read, name, value)?;
    }
    Ok(())
}

/// The instance without `datasetId` is the attribute; the others are beside it.
fn several(items: Vec<Value>) -> Result<Value, PayloadError> {
    let mut own = Map::new();
    let mut others = Map::new();
    for (index, item) in items.into_iter().enumerate() {
        let Value::Object(members) = item else { continue };
        add_instance(members, &mut own, &mut others)
            .map_err(|error| error.under(&index.to_string()))?;
    }
    if !others.is_empty() {
        put(&mut own, "dataset".to_owned(), Value::Object(others))?;
    }
    Ok(Value::Object(own))
}

fn add_instance(
    members: Map<String, Value>,
    own: &mut Map<String, Value>,
    others: &mut Map<String, Value>,
) -> Result<(), PayloadError> {
    let mut read = instance(members)?;
    match read.remove("datasetId") {
        Some(Value::String(dataset)) => put(others, dataset, Value::Object(read)),
        Some(_) => Err(PayloadError::shape("/datasetId", "a text")),
        None if own.is_empty() => {
            *own = read;
            Ok(())
        }
        None => Err(PayloadError::pointer("", PayloadReason::Twice)),
    }
}

/// `{"@type": "DateTime", "@value": "…"}` is its text.
fn unwrapped(mut value: Value) -> Value {
    let inner = value.as_object_mut().and_then(|members| members.remove("@value"));
    inner.unwrap_or(value)
}

fn put(members: &mut Map<String, Value>, name: String, value: Value) -> Result<(), PayloadError> {
    if members.insert(name, value).is_some() {
        return Err(PayloadError::pointer("", PayloadReason::Twice));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn check(text: &str, expected: Expect) {
        expected.assert_eq(&shown(text));
    }

    fn shown(text: &str) -> String {
        let root: Value = serde_json::from_str(text).expect("JSON");
        match read(root) {
            Ok(value) => value.to_string(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn three_representations_are_one() {
        const ONE: &str = r#"[{"at":{"value":"2021-09-03T07:33:18Z"},"id":"urn:e","of":{"value":"urn:d"},"place":{"value":{"coordinates":[24.9,60.2],"type":"Point"}},"t":{"value":21.50},"type":["T"]}]"#;
        assert_eq!(
            shown(
                r#"{"@context":"https://x","id":"urn:e","type":"T","t":{"type":"Property","value":21.50},"of":{"type":"Relationship","object":"urn:d"},
                "at":{"type":"Property","value":{"@type":"DateTime","@value":"2021-09-03T07:33:18Z"}},
                "place":{"type":"GeoProperty","value":{"type":"Point","coordinates":[24.9,60.2]}}}"#
            ),
            ONE,
            "one form"
        );
        assert_eq!(
            shown(
                r#"[{"id":"urn:e","type":"T","t":{"value":21.50},"of":{"object":"urn:d"},"at":"2021-09-03T07:33:18Z",
                "place":{"type":"Point","coordinates":[24.9,60.2]}}]"#
            ),
            ONE,
            "one form"
        );
        assert_eq!(
            shown(
                r#"{"id":"urn:n","type":"Notification","data":[{"id":"urn:e","type":["T"],"t":21.50,"of":"urn:d",
                "at":"2021-09-03T07:33:18Z","place":{"type":"Point","coordinates":[24.9,60.2]}}]}"#
            ),
            ONE,
            "one form"
        );
    }

    #[test]
    fn sub_attributes_and_instances() {
        check(
            r#"{"id":"urn:e","type":"T","t":[{"type":"Property","value":1,"unitCode":"CEL","accuracy":{"value":0.1}},
                {"type":"Property","value":2,"datasetId":"urn:s:2"}],
                "h":{"value":3,"type":"Number","metadata":{"unit":{"value":"P1","type":"Text"}}},"list":[1,{"value":2}]}"#,
            expect![[
                r#"[{"h":{"unit":{"value":"P1"},"value":3},"id":"urn:e","list":{"value":[1,{"value":2}]},"t":{"accuracy":{"value":0.1},"dataset":{"urn:s:2":{"value":2}},"unitCode":"CEL","value":1},"type":["T"]}]"#
            ]],
        );
    }

    #[test]
    fn what_is_not_read() {
        check("1", expect!["/: expected an entity"]);
        check(r#"{"id":"urn:e"}"#, expect!["/: expected an entity with id and type"]);
        check(r#"[{"id":1,"type":"T"}]"#, expect!["/0/id: expected a text"]);
        check(
            r#"{"id":"urn:e","type":"T","a":{"value":1,"object":2}}"#,
            expect!["/a: a member is there twice"],
        );
        check(
            r#"{"id":"urn:e","type":"Notification","data":1}"#,
            expect!["/data: expected a list of entities"],
        );
    }
}
