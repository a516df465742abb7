//! The JSON Schemas of the derives, which are to accept what serde writes and no more than it
//! reads.

use std::collections::{BTreeMap, BTreeSet};

use pervade_chaincode::{Argument, Bytes, Json, Schemas, Timestamp};
use proptest::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Everything that a structure may have.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Argument)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Parcel {
    /// How heavy it is, in grams.
    gross_weight: u32,
    #[serde(rename = "to")]
    receiver: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    marks: Vec<Mark>,
    note: Option<String>,
    inside: Option<Box<Self>>,
    sizes: (u16, u16),
    tags: BTreeSet<String>,
    customs: BTreeMap<String, u64>,
    #[serde(skip)]
    seen: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, Argument)]
#[serde(rename_all = "kebab-case")]
enum Mark {
    ThisSideUp,
    Fragile,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Argument)]
enum External {
    Nothing,
    One(u8),
    Two(u8, String),
    Named { a: u8 },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Argument)]
#[serde(tag = "kind", deny_unknown_fields)]
enum Internal {
    Nothing,
    Named { a: u8, b: Option<u8> },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Argument)]
#[serde(tag = "kind", content = "of")]
enum Adjacent {
    Nothing,
    One(Mark),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Argument)]
#[serde(untagged)]
enum Untagged {
    Number(i64),
    Text(String),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Argument)]
struct Id(String);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Argument)]
#[serde(try_from = "u64", into = "u64")]
struct Even(u64);

impl TryFrom<u64> for Even {
    type Error = String;

    fn try_from(number: u64) -> Result<Self, String> {
        if number.is_multiple_of(2) { Ok(Self(number)) } else { Err(format!("{number} is odd")) }
    }
}

impl From<Even> for u64 {
    fn from(even: Even) -> Self {
        even.0
    }
}

#[test]
fn a_structure_is_described_as_serde_writes_it() {
    let parcel = Parcel {
        gross_weight: 5,
        receiver: "ann".into(),
        marks: vec![],
        note: None,
        inside: None,
        sizes: (1, 2),
        tags: BTreeSet::from(["a".into()]),
        customs: BTreeMap::from([("k".into(), 1)]),
        seen: false,
    };
    let full = Parcel {
        marks: vec![Mark::Fragile],
        note: Some("n".into()),
        inside: Some(Box::new(parcel.clone())),
        ..parcel.clone()
    };
    let bare = json!({"grossWeight": 5, "to": "a", "sizes": [1, 2], "tags": [], "customs": {}});
    check(&[parcel, full], std::slice::from_ref(&bare));
    for (field, wrong) in [
        ("grossWeight", json!(-1)),
        ("grossWeight", json!("5")),
        ("to", Value::Null),
        ("marks", json!(["Fragile"])),
        ("note", json!(5)),
        ("inside", json!({})),
        ("sizes", json!([1])),
        ("tags", json!({})),
        ("customs", json!({"k": -1})),
        ("seen", json!(true)),
        ("receiver", json!("ann")),
    ] {
        let mut value = bare.clone();
        value[field] = wrong;
        refuse::<Parcel>(&value);
    }
    refuse::<Parcel>(&json!({"grossWeight": 5}));
}

#[test]
fn enumerations_are_described_in_each_representation() {
    check(&[Mark::ThisSideUp, Mark::Fragile], &[json!("this-side-up")]);
    refuse::<Mark>(&json!("Fragile"));

    let external = [
        External::Nothing,
        External::One(1),
        External::Two(1, "a".into()),
        External::Named { a: 1 },
    ];
    check(&external, &[json!({"One": 1})]);
    for wrong in [json!("One"), json!({"One": "1"}), json!({"Two": [1]}), json!({"Named": {}})] {
        refuse::<External>(&wrong);
    }

    let internal = [Internal::Nothing, Internal::Named { a: 1, b: None }];
    check(&internal, &[json!({"kind": "Named", "a": 1})]);
    for wrong in [json!({"kind": "Named"}), json!({"a": 1}), json!({"kind": "Other"}), json!(5)] {
        refuse::<Internal>(&wrong);
    }

    check(&[Adjacent::Nothing, Adjacent::One(Mark::Fragile)], &[json!({"kind": "Nothing"})]);
    refuse::<Adjacent>(&json!({"kind": "One", "of": "Fragile"}));
    refuse::<Adjacent>(&json!({"kind": "One"}));

    check(&[Untagged::Number(-5), Untagged::Text("a".into())], &[json!(5)]);
    refuse::<Untagged>(&json!(true));
}

/// A choice of words is its word, and what stands for another type is written as that.
#[test]
fn what_is_a_word_or_a_wrapper_is_so_alone_as_well() {
    assert_eq!(Mark::Fragile.encode().unwrap(), b"fragile");
    assert_eq!(Mark::decode(b"this-side-up").unwrap(), Mark::ThisSideUp);
    assert!(Mark::decode(b"\"fragile\"").is_err());
    assert_eq!(Id("a\"".into()).encode().unwrap(), b"a\"");
    assert_eq!(Id::decode(b"a").unwrap(), Id("a".into()));
    assert_eq!(Even(4).encode().unwrap(), b"4");
    assert_eq!(Even::decode(b"4").unwrap(), Even(4));
    assert_eq!(Even::decode(b"5").unwrap_err().to_string(), "5 is odd");
    check(&[Id("a".into())], &[json!("b")]);
    check(&[Even(2)], &[]);
}

#[test]
fn descriptions_come_from_the_source() {
    let mut schemas = Schemas::new();
    Parcel::schema(&mut schemas);
    let named = schemas.into_components();
    let parcel = &named["Parcel"];
    assert_eq!(parcel["description"], "Everything that a structure may have.");
    assert_eq!(parcel["properties"]["grossWeight"]["description"], "How heavy it is, in grams.");
    assert_eq!(parcel["$id"], "Parcel");
}

/// Two types of one name are told apart.
#[test]
fn a_name_is_given_once() {
    mod other {
        #[derive(serde::Serialize, serde::Deserialize, pervade_chaincode::Argument)]
        pub(super) struct Internal {
            a: u8,
        }
    }
    let mut schemas = Schemas::new();
    let references = [Internal::schema(&mut schemas), other::Internal::schema(&mut schemas)];
    assert_eq!(references[0]["$ref"], "#/components/schemas/Internal");
    assert_eq!(references[1]["$ref"], "#/components/schemas/Internal2");
    assert_eq!(Internal::schema(&mut schemas), references[0]);
}

/// Values as they are written, and more that is read, are what the schema describes.
#[track_caller]
fn check<T: Argument + PartialEq + std::fmt::Debug>(values: &[T], more: &[Value]) {
    let validator = validator::<T>();
    for value in values {
        let written = serde_json::to_value(value).unwrap();
        assert!(validator.is_valid(&written), "{written} of {:#}", document::<T>());
        assert_eq!(&serde_json::from_value::<T>(written).unwrap(), value);
        assert_eq!(&T::decode(&value.encode().unwrap()).unwrap(), value);
    }
    for value in more {
        assert!(serde_json::from_value::<T>(value.clone()).is_ok(), "{value}");
        assert!(validator.is_valid(value), "{value} of {:#}", document::<T>());
    }
}

/// What serde does not read, the schema does not describe.
#[track_caller]
fn refuse<T: Argument + std::fmt::Debug>(value: &Value) {
    assert!(serde_json::from_value::<T>(value.clone()).is_err(), "{value}");
    assert!(!validator::<T>().is_valid(value), "{value} of {:#}", document::<T>());
}

fn validator<T: Argument>() -> jsonschema::Validator {
    jsonschema::draft7::new(&document::<T>()).unwrap()
}

/// The schema with those that it refers to.
fn document<T: Argument>() -> Value {
    let mut schemas = Schemas::new();
    let mut document = T::schema(&mut schemas);
    if document.get("$ref").is_some() {
        document = json!({"allOf": [document]});
    }
    document["$id"] = json!("https://example.org/contract");
    let named = schemas.into_components();
    // Fabric's tools make every named schema known by its identifier; a validator that knows
    // JSON Schema alone looks for them here.
    document["definitions"] = json!(named);
    document["components"] = json!({"schemas": named});
    document
}

proptest! {
    /// Whatever bytes come as an argument, they are refused or they are a value, which is written
    /// in one way from then on.
    #[test]
    fn any_bytes_are_refused_or_have_one_form(
        bytes in prop_oneof![
            proptest::collection::vec(any::<u8>(), 0..40),
            "[\\[\\]{}:,\"0-9a-z +.-]{0,40}".prop_map(String::into_bytes),
            r#"\{"kind":"(Nothing|Named|One)"(,"(a|b|of)":("fragile"|-?[0-9]{1,3}|null))*\}"#
                .prop_map(String::into_bytes),
        ],
    ) {
        settled::<(Option<String>, u128, BTreeMap<i8, bool>)>(&bytes);
        settled::<Option<Vec<Option<Mark>>>>(&bytes);
        settled::<Vec<Untagged>>(&bytes);
        settled::<Vec<u8>>(&bytes);
        settled::<String>(&bytes);
        settled::<i128>(&bytes);
        settled::<Timestamp>(&bytes);
        settled::<Bytes>(&bytes);
        settled::<Internal>(&bytes);
        settled::<Adjacent>(&bytes);
        settled::<External>(&bytes);
        settled::<Parcel>(&bytes);
        settled::<Json<Value>>(&bytes);
        settled::<Even>(&bytes);
    }
}

fn settled<T: Argument>(bytes: &[u8]) {
    let Ok(value) = T::decode(bytes) else { return };
    let written = value.encode().unwrap();
    let again = T::decode(&written).unwrap().encode().unwrap();
    assert_eq!(again, written, "of {bytes:?}");
}
