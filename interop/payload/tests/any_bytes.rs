//! Whatever comes in, what comes out is a document within its limits or a typed error at a place.

#![expect(
    clippy::tests_outside_test_module,
    clippy::unwrap_used,
    reason = "the whole file is tests"
)]

use pervade_mapping::{DOCUMENT_NODES_MAX, Document};
use pervade_payload::{Decimal, Dialect, Encoding, PayloadLanguage, Separator};
use proptest::prelude::*;
use serde_json::{Number, Value};

fn dialects() -> [Dialect; 2] {
    let logger = Dialect {
        comment: Some('#'),
        decimal: Decimal::Comma,
        encoding: Encoding::Windows1252,
        separator: Separator::Semicolon,
        skip: 1,
    };
    [Dialect::default(), logger]
}

/// Every reader, twice: it ends, within bounds, and the same way again.
fn check(bytes: &[u8]) {
    for language in PayloadLanguage::ALL {
        for dialect in dialects() {
            let read = language.read(bytes, &dialect);
            assert_eq!(read, language.read(bytes, &dialect), "{language:?} is deterministic");
            match read {
                Ok(document) => {
                    assert!(
                        nodes(document.value()) <= DOCUMENT_NODES_MAX,
                        "{language:?} is bounded"
                    );
                }
                Err(error) => assert!(error.to_string().len() < 4096, "{language:?}: {error}"),
            }
        }
    }
}

fn nodes(value: &Value) -> usize {
    1 + match value {
        Value::Array(items) => items.iter().map(nodes).sum(),
        Value::Object(members) => members.values().map(nodes).sum(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
    }
}

/// What could be sent: texts near each language, so that readers get past their first byte.
fn near() -> impl Strategy<Value = Vec<u8>> {
    let text = "([\\[\\]{}:,;<>/\"'=#@&\n\r\t 0-9.e+-]|true|null|epcisBody|eventList|eventTime|type|id|value|object|\
                metadata|data|@context|<a>|</a>|<a b=\"1\"/>|\"a\":|bizStep|uplink_message|decoded_payload){0,40}";
    let cbor = prop::collection::vec(
        prop_oneof![
            Just(0x9f_u8),
            Just(0xbf),
            Just(0xff),
            Just(0x7f),
            0x80_u8..0x84,
            0xa0_u8..0xa3,
            0xc0_u8..0xc6,
            0xf4_u8..=0xfb,
            any::<u8>(),
        ],
        0..64,
    );
    prop_oneof![text.prop_map(String::into_bytes), cbor, prop::collection::vec(any::<u8>(), 0..256)]
}

/// A JSON value with numbers as devices have them.
fn values() -> impl Strategy<Value = Value> {
    let number = "-?(0|[1-9][0-9]{0,5})(\\.[0-9]{0,5}[1-9])?"
        .prop_filter("no negative zero", |text| text != "-0")
        .prop_map(|text| Value::Number(Number::from_string_unchecked(text)));
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        number,
        "[a-zé€😀 ]{0,8}".prop_map(Value::String),
    ];
    leaf.prop_recursive(4, 32, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::Array),
            prop::collection::btree_map("[a-z]{0,4}", inner, 0..6)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// Writes CBOR, with every length stated or with none.
fn cbor(value: &Value, definite: bool, bytes: &mut Vec<u8>) {
    match value {
        Value::Null => bytes.push(0xf6),
        Value::Bool(value) => bytes.push(if *value { 0xf5 } else { 0xf4 }),
        Value::Number(number) => cbor_number(number.as_str(), bytes),
        Value::String(text) if definite => {
            head(3, text.len(), bytes);
            bytes.extend_from_slice(text.as_bytes());
        }
        Value::String(text) => {
            bytes.push(0x7f);
            for character in text.chars() {
                cbor(&Value::String(character.to_string()), true, bytes);
            }
            bytes.push(0xff);
        }
        Value::Array(items) => {
            if definite {
                head(4, items.len(), bytes);
            } else {
                bytes.push(0x9f);
            }
            items.iter().for_each(|item| cbor(item, definite, bytes));
            bytes.extend((!definite).then_some(0xff));
        }
        Value::Object(members) => {
            if definite {
                head(5, members.len(), bytes);
            } else {
                bytes.push(0xbf);
            }
            for (name, member) in members {
                cbor(&Value::String(name.clone()), definite, bytes);
                cbor(member, definite, bytes);
            }
            bytes.extend((!definite).then_some(0xff));
        }
    }
}

fn head(major: u8, argument: usize, bytes: &mut Vec<u8>) {
    let argument = u16::try_from(argument).unwrap();
    match u8::try_from(argument) {
        Ok(small) if small < 24 => bytes.push(major << 5 | small),
        _ => {
            bytes.push(major << 5 | 25);
            bytes.extend(argument.to_be_bytes());
        }
    }
}

/// Integers as such, others as decimal fractions.
fn cbor_number(text: &str, bytes: &mut Vec<u8>) {
    let integer = |text: &str, bytes: &mut Vec<u8>| {
        let value: i64 = text.parse().unwrap();
        let major = if value < 0 { 0x3b } else { 0x1b };
        bytes.push(major);
        bytes.extend(
            u64::try_from(if value < 0 { -1 - value } else { value }).unwrap().to_be_bytes(),
        );
    };
    match text.split_once('.') {
        None => integer(text, bytes),
        Some((whole, fraction)) => {
            bytes.extend([0xc4, 0x82]);
            integer(&format!("-{}", fraction.len()), bytes);
            integer(&format!("{whole}{fraction}"), bytes);
        }
    }
}

proptest! {
    #[test]
    fn any_bytes_end_in_a_document_or_an_error(bytes in near()) {
        check(&bytes);
    }

    /// What a device says in CBOR is what it says in JSON.
    #[test]
    fn cbor_and_json_are_one_document(value in values()) {
        let json = Document::parse(value.to_string().as_bytes()).unwrap();
        for definite in [true, false] {
            let mut bytes = Vec::new();
            cbor(&value, definite, &mut bytes);
            let read = PayloadLanguage::Cbor.read(&bytes, &Dialect::default());
            prop_assert_eq!(read.as_ref(), Ok(&json));
        }
    }

    /// A text is the same in every encoding that devices send.
    #[test]
    fn encodings_of_json_are_one_document(value in values()) {
        let text = value.to_string();
        let json = Document::parse(text.as_bytes()).unwrap();
        let with_mark = [b"\xef\xbb\xbf", text.as_bytes()].concat();
        let units = || std::iter::once(0xfeff).chain(text.encode_utf16());
        let little: Vec<u8> = units().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = units().flat_map(u16::to_be_bytes).collect();
        for bytes in [with_mark, little, big] {
            let read = PayloadLanguage::Json.read(&bytes, &Dialect::default());
            prop_assert_eq!(read.as_ref(), Ok(&json));
        }
    }

    /// Doubles are written as the shortest text that reads back to them.
    #[test]
    fn doubles_read_back(bits in any::<u64>()) {
        let bytes = [&[0xfb][..], &bits.to_be_bytes()].concat();
        if let Ok(document) = PayloadLanguage::Cbor.read(&bytes, &Dialect::default()) {
            let text = document.value().to_string();
            #[expect(clippy::disallowed_types, reason = "the float is what is tried")]
            let again: f64 = text.parse().unwrap();
            prop_assert!(again.to_bits() == bits || text == "0", "{} is {:x}", text, bits);
        }
    }
}

/// Payloads made to cost more than they weigh.
#[test]
fn small_payloads_stay_small() {
    let long = "x".repeat(100_000);
    let bases: Vec<String> = (0..10_000).map(|_| "{\"v\":1}".to_owned()).collect();
    check(format!("[{{\"bn\":\"{long}\"}},{}]", bases.join(",")).as_bytes());
    check(format!("{long}\n{}", "1\n".repeat(40_000)).as_bytes());
    let names: Vec<String> = (0..10_000).map(|n| format!("\"e:{n}\":1")).collect();
    check(
        format!(
            "{{\"@context\":{{\"e\":\"http:{long}\"}},\"eventTime\":\"t\",{}}}",
            names.join(",")
        )
        .as_bytes(),
    );
    check("[".repeat(200_000).as_bytes());
    check("<a>".repeat(80_000).as_bytes());
    check(&[0x9f; 200_000]);
    check(&[0xc1; 200_000]);
    check(&vec![b'1'; 300_000]);
}
