//! EPCIS 2.0 in JSON-LD ([EPCIS](https://ref.gs1.org/standards/epcis/), section 9): whatever holds
//! events to a document of events whose codes are IRIs.

mod prefixes;

use serde_json::{Map, Value, json};

use self::prefixes::Prefixes;
use crate::error::{PayloadError, PayloadReason};

/// Reads a document, a query answer, one event or a list of events.
pub(crate) fn read(root: Value) -> Result<Value, PayloadError> {
    let mut document = match root {
        Value::Object(document) if document.contains_key("epcisBody") => document,
        Value::Object(event) if event.contains_key("eventTime") => {
            around(vec![Value::Object(event)])
        }
        Value::Array(events) => around(events),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => {
            return Err(PayloadError::shape(
                "",
                "an EPCIS document, an event, or a list of events",
            ));
        }
    };
    let prefixes = Prefixes::usual().with(document.remove("@context"), "/@context")?;
    let (events, pointer) = events_of(&mut document)?;
    let mut list = Vec::new();
    for (index, event) in events.into_iter().enumerate() {
        list.push(read_event(event, &prefixes, &format!("{pointer}/{index}"))?);
    }
    let mut document = prefixes.renamed(document, "")?;
    document.insert("epcisBody".to_owned(), json!({ "eventList": list }));
    Ok(Value::Object(document))
}

fn around(events: Vec<Value>) -> Map<String, Value> {
    let body = json!({ "eventList": events });
    Map::from_iter([("epcisBody".to_owned(), body)])
}

/// Where events are: in a document, in one that holds a single event, in an answer to a query.
const EVENTS: &[&str] =
    &["/epcisBody/eventList", "/epcisBody/event", "/epcisBody/queryResults/resultsBody/eventList"];

fn events_of(
    document: &mut Map<String, Value>,
) -> Result<(Vec<Value>, &'static str), PayloadError> {
    let mut root = Value::Object(std::mem::take(document));
    let place = EVENTS.iter().copied().find(|pointer| root.pointer(pointer).is_some());
    let events = place.and_then(|place| root.pointer_mut(place)).map(Value::take);
    if let Value::Object(members) = root {
        *document = members;
    }
    match (events, place) {
        (Some(Value::Array(events)), Some(place)) => Ok((events, place)),
        (Some(event @ Value::Object(_)), Some(place)) => Ok((vec![event], place)),
        _ => Err(PayloadError::shape("/epcisBody", "a list of events")),
    }
}

fn read_event(event: Value, prefixes: &Prefixes, pointer: &str) -> Result<Value, PayloadError> {
    let Value::Object(mut event) = event else {
        return Err(PayloadError::shape(pointer, "an event"));
    };
    let own;
    let prefixes = match event.remove("@context") {
        Some(context) => {
            own = prefixes.clone().with(Some(context), &format!("{pointer}/@context"))?;
            &own
        }
        None => prefixes,
    };
    if event.contains_key(EXTENSIONS) {
        return Err(PayloadError::shape(
            &format!("{pointer}/{EXTENSIONS}"),
            "a member of an event",
        ));
    }
    let mut event = prefixes.renamed(event, pointer)?;
    if let Some(Value::String(kind)) = event.get_mut("type") {
        let short = kind.strip_prefix("epcis:").or_else(|| kind.strip_prefix(prefixes::EPCIS));
        if let Some(short) = short {
            *kind = short.to_owned();
        }
    }
    for place in ["readPoint", "bizLocation"] {
        if let Some(id @ Value::String(_)) = event.get(place) {
            let object = json!({ "id": id });
            event.insert(place.to_owned(), object);
        }
    }
    let mut event = Value::Object(event);
    for (path, code) in CODES {
        code.resolve_at(&mut event, path, prefixes);
    }
    Ok(with_extensions(event))
}

/// What is coded, and how: steps from the event; every item of an array is meant.
const CODES: &[(&[&str], Code)] = &[
    (&["bizStep"], Code { urn: "bizstep", iri: "https://ref.gs1.org/cbv/BizStep-" }),
    (&["disposition"], DISPOSITION),
    (&["persistentDisposition", "set"], DISPOSITION),
    (&["persistentDisposition", "unset"], DISPOSITION),
    (&["bizTransactionList", "type"], Code { urn: "btt", iri: "https://ref.gs1.org/cbv/BTT-" }),
    (&["sourceList", "type"], PARTY),
    (&["destinationList", "type"], PARTY),
    (&["errorDeclaration", "reason"], Code { urn: "er", iri: "https://ref.gs1.org/cbv/ER-" }),
    (&["sensorElementList", "sensorReport", "type"], MEASUREMENT),
    (&["sensorElementList", "sensorReport", "exception"], MEASUREMENT),
    (
        &["sensorElementList", "sensorReport", "component"],
        Code { urn: "comp", iri: "https://ref.gs1.org/cbv/Comp-" },
    ),
];

const DISPOSITION: Code = Code { urn: "disp", iri: "https://ref.gs1.org/cbv/Disp-" };
const PARTY: Code = Code { urn: "sdt", iri: "https://ref.gs1.org/cbv/SDT-" };
const MEASUREMENT: Code = Code { urn: "", iri: "https://gs1.org/voc/" };

/// A code list of the [Core Business Vocabulary](https://ref.gs1.org/standards/cbv/), section 7.
struct Code {
    /// After `urn:epcglobal:cbv:`; empty for lists that have no URNs.
    urn: &'static str,
    /// What comes before the code in its IRI.
    iri: &'static str,
}

impl Code {
    /// As deep as `path` is long.
    fn resolve_at(&self, value: &mut Value, path: &[&str], prefixes: &Prefixes) {
        match (value, path) {
            (Value::Array(items), _) => {
                items.iter_mut().for_each(|item| self.resolve_at(item, path, prefixes));
            }
            (Value::Object(members), [step, rest @ ..]) => {
                if let Some(member) = members.get_mut(*step) {
                    self.resolve_at(member, rest, prefixes);
                }
            }
            (Value::String(code), []) => *code = self.resolved(code, prefixes),
            _ => {}
        }
    }

    fn resolved(&self, code: &str, prefixes: &Prefixes) -> String {
        let of_urn = code
            .strip_prefix("urn:epcglobal:cbv:")
            .and_then(|rest| rest.strip_prefix(self.urn))
            .and_then(|rest| rest.strip_prefix(':'))
            .filter(|_| !self.urn.is_empty());
        if let Some(name) = of_urn {
            return format!("{}{name}", self.iri);
        }
        if let Some(iri) = prefixes.expanded(code) {
            return iri;
        }
        if code.contains(':') { code.to_owned() } else { format!("{}{code}", self.iri) }
    }
}

const EXTENSIONS: &str = "extensions";

/// Where the ledger's own terms are.
const OWN: &str = "urn:pervade:";

/// Lists the plain fields whose names are IRIs, each value by itself.
fn with_extensions(event: Value) -> Value {
    let Value::Object(members) = event else { return event };
    let mut kept = Map::new();
    let mut extensions = Vec::new();
    for (name, value) in members {
        let values = match &value {
            Value::Array(items) if items.iter().all(is_plain) => items.clone(),
            Value::String(_) | Value::Number(_) | Value::Bool(_) => vec![value.clone()],
            Value::Null | Value::Array(_) | Value::Object(_) => Vec::new(),
        };
        if name.contains(':') && !values.is_empty() {
            let entries =
                values.into_iter().map(|value| json!({ "property": name, "value": value }));
            extensions.extend(entries);
        } else {
            kept.insert(name, value);
        }
    }
    if !extensions.is_empty() {
        kept.insert(EXTENSIONS.to_owned(), Value::Array(extensions));
    }
    Value::Object(kept)
}

const fn is_plain(value: &Value) -> bool {
    matches!(value, Value::String(_) | Value::Number(_) | Value::Bool(_))
}

impl Prefixes {
    /// The object, all the way down, with names for shortened ones.
    ///
    /// As deep as the document, which is bounded.
    fn renamed(
        &self,
        members: Map<String, Value>,
        pointer: &str,
    ) -> Result<Map<String, Value>, PayloadError> {
        let mut renamed = Map::new();
        for (name, value) in members {
            let value = self.renamed_value(value, pointer)?;
            let name = match name.as_str() {
                "@id" => "id".to_owned(),
                "@type" => "type".to_owned(),
                _ => match self.expanded(&name) {
                    Some(iri) => iri.strip_prefix(prefixes::EPCIS).unwrap_or(&iri).to_owned(),
                    None => name,
                },
            };
            // A sender does not say things in the ledger's own words.
            if name.starts_with(OWN) {
                return Err(PayloadError::pointer(pointer, PayloadReason::Prefix));
            }
            if renamed.insert(name, value).is_some() {
                return Err(PayloadError::pointer(pointer, PayloadReason::Twice));
            }
        }
        Ok(renamed)
    }

    fn renamed_value(&self, value: Value, pointer: &str) -> Result<Value, PayloadError> {
        match value {
            Value::Object(members) => self.renamed(members, pointer).map(Value::Object),
            Value::Array(items) => {
                let items = items.into_iter().map(|item| self.renamed_value(item, pointer));
                items.collect::<Result<_, _>>().map(Value::Array)
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Ok(value),
        }
    }
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
    fn three_spellings_are_one() {
        const ONE: &str = r#"{"epcisBody":{"eventList":[{"bizStep":"https://ref.gs1.org/cbv/BizStep-shipping","eventTime":"t","readPoint":{"id":"urn:x"},"type":"ObjectEvent"}]}}"#;
        let event = |step, kind| {
            format!(
                r#"{{"type":"{kind}","eventTime":"t","bizStep":"{step}","readPoint":{{"id":"urn:x"}}}}"#
            )
        };
        assert_eq!(shown(&event("shipping", "ObjectEvent")), ONE, "one form");
        assert_eq!(
            shown(&format!(
                "[{}]",
                event("urn:epcglobal:cbv:bizstep:shipping", "epcis:ObjectEvent")
            )),
            ONE,
            "one form"
        );
        let event = event("cbv:BizStep-shipping", "https://ref.gs1.org/epcis/ObjectEvent");
        assert_eq!(
            shown(&format!(
                r#"{{"epcisBody":{{"queryResults":{{"resultsBody":{{"eventList":[{event}]}}}}}}}}"#
            )),
            ONE,
            "one form"
        );
    }

    #[test]
    fn extensions_are_kept_under_their_iri() {
        check(
            r#"{"@context":["https://ref.gs1.org/x.jsonld",{"ex":"http://ex.org/"}],"id":"urn:d","epcisBody":{"event":
               {"eventTime":"t","ex:a":1,"ex:b":["x",true],"ex:c":{"ex:d":null},"other:e":"y"}}}"#,
            expect![[
                r#"{"epcisBody":{"eventList":[{"eventTime":"t","extensions":[{"property":"http://ex.org/a","value":1},{"property":"http://ex.org/b","value":"x"},{"property":"http://ex.org/b","value":true},{"property":"other:e","value":"y"}],"http://ex.org/c":{"http://ex.org/d":null}}]},"id":"urn:d"}"#
            ]],
        );
    }

    #[test]
    fn codes_at_every_place() {
        check(
            r#"[{"eventTime":"t","persistentDisposition":{"set":["damaged"]},"sourceList":[{"type":"owning_party","source":"urn:p"}],
                "bizTransactionList":[{"type":"po","bizTransaction":"urn:b"}],
                "sensorElementList":[{"sensorReport":[{"type":"Temperature"},{"type":"gs1:Speed"},{"type":"http://x/y"}]}]}]"#,
            expect![[
                r#"{"epcisBody":{"eventList":[{"bizTransactionList":[{"bizTransaction":"urn:b","type":"https://ref.gs1.org/cbv/BTT-po"}],"eventTime":"t","persistentDisposition":{"set":["https://ref.gs1.org/cbv/Disp-damaged"]},"sensorElementList":[{"sensorReport":[{"type":"https://gs1.org/voc/Temperature"},{"type":"https://gs1.org/voc/Speed"},{"type":"http://x/y"}]}],"sourceList":[{"source":"urn:p","type":"https://ref.gs1.org/cbv/SDT-owning_party"}]}]}}"#
            ]],
        );
    }

    #[test]
    fn what_is_not_read() {
        check("1", expect!["/: expected an EPCIS document, an event, or a list of events"]);
        check(
            r#"{"a":1}"#,
            expect!["/: expected an EPCIS document, an event, or a list of events"],
        );
        check(r#"{"epcisBody":{}}"#, expect!["/epcisBody: expected a list of events"]);
        check("[1]", expect!["/epcisBody/eventList/0: expected an event"]);
        check(
            r#"[{"extensions":[]}]"#,
            expect!["/epcisBody/eventList/0/extensions: expected a member of an event"],
        );
        check(
            r#"[{"@context":{"ex":"http://e/"},"ex:a":1,"http://e/a":2}]"#,
            expect!["/epcisBody/eventList/0: a member is there twice"],
        );
        check(
            r#"[{"@context":{"ex":"urn:pervade:"},"ex:vocab#custodyTo":"urn:x"}]"#,
            expect!["/epcisBody/eventList/0: the prefix is not usable"],
        );
        check(
            r#"{"@context":{"cbv":"http://e/"},"epcisBody":{}}"#,
            expect!["/@context/cbv: the prefix is not usable"],
        );
    }
}
