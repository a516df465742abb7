//! Uplinks of LoRaWAN network servers, decoded there: [The Things Stack] and [`ChirpStack`] wrap the
//! same things under other names.
//!
//! [The Things Stack]: https://www.thethingsindustries.com/docs/integrations/data-formats/
//! [`ChirpStack`]: https://www.chirpstack.io/docs/chirpstack/integrations/events.html

use pervade_units::eui64;
use serde_json::{Map, Value};

use crate::error::PayloadError;

/// Reads one uplink into the one wrapper.
pub(crate) fn read(root: Value) -> Result<Value, PayloadError> {
    let Value::Object(root) = root else {
        return Err(PayloadError::shape("", "an uplink"));
    };
    let mut rest = Value::Object(root);
    let mut uplink = Map::new();
    for (name, places) in PLACES {
        let Some((pointer, value)) = places.iter().find_map(|place| taken(&mut rest, place)) else {
            continue;
        };
        let value = match (*name, value) {
            ("devEui", Value::String(text)) => {
                Value::String(eui64(&text).map_err(|error| PayloadError::pointer(pointer, error))?)
            }
            ("devEui" | "received", value) if !value.is_string() => {
                return Err(PayloadError::shape(pointer, "a text"));
            }
            ("decoded", value) if !value.is_object() => {
                return Err(PayloadError::shape(pointer, "an object"));
            }
            (_, value) => value,
        };
        uplink.insert((*name).to_owned(), value);
    }
    if !uplink.contains_key("decoded") {
        return Err(PayloadError::shape("", "an uplink that the network server decoded"));
    }
    uplink.insert("network".to_owned(), rest);
    Ok(Value::Object(uplink))
}

/// Member of the wrapper → where it is, first The Things Stack, then `ChirpStack`, then short.
const PLACES: &[(&str, &[&str])] = &[
    ("devEui", &["/end_device_ids/dev_eui", "/deviceInfo/devEui", "/dev_eui"]),
    ("port", &["/uplink_message/f_port", "/fPort", "/f_port"]),
    ("counter", &["/uplink_message/f_cnt", "/fCnt", "/f_cnt"]),
    ("received", &["/uplink_message/received_at", "/received_at", "/time"]),
    ("decoded", &["/uplink_message/decoded_payload", "/object", "/decoded_payload"]),
];

/// Takes the value at a place out of the rest.
fn taken<'p>(rest: &mut Value, place: &'p str) -> Option<(&'p str, Value)> {
    let (parent, name) = place.rsplit_once('/')?;
    let members = rest.pointer_mut(parent)?.as_object_mut()?;
    Some((place, members.remove(name)?))
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn check(text: &str, expected: Expect) {
        let root: Value = serde_json::from_str(text).expect("JSON");
        match read(root) {
            Ok(value) => expected.assert_eq(&value.to_string()),
            Err(error) => expected.assert_eq(&error.to_string()),
        }
    }

    #[test]
    fn two_servers_say_the_same() {
        check(
            r#"{"end_device_ids":{"device_id":"door","dev_eui":"A84041000181C061"},"received_at":"2026-03-14T07:12:41.2Z",
                "uplink_message":{"f_port":10,"f_cnt":7,"decoded_payload":{"MOD":1},"received_at":"2026-03-14T07:12:41Z",
                "rx_metadata":[{"rssi":-71}]}}"#,
            expect![[
                r#"{"counter":7,"decoded":{"MOD":1},"devEui":"A84041000181C061","network":{"end_device_ids":{"device_id":"door"},"received_at":"2026-03-14T07:12:41.2Z","uplink_message":{"rx_metadata":[{"rssi":-71}]}},"port":10,"received":"2026-03-14T07:12:41Z"}"#
            ]],
        );
        check(
            r#"{"deviceInfo":{"devEui":"a84041000181c061"},"time":"2026-03-14T07:12:41Z","fPort":10,"fCnt":7,"object":{"MOD":1}}"#,
            expect![[
                r#"{"counter":7,"decoded":{"MOD":1},"devEui":"A84041000181C061","network":{"deviceInfo":{}},"port":10,"received":"2026-03-14T07:12:41Z"}"#
            ]],
        );
    }

    #[test]
    fn what_is_not_read() {
        check("[]", expect!["/: expected an uplink"]);
        check(r#"{"fPort":1}"#, expect!["/: expected an uplink that the network server decoded"]);
        check(r#"{"object":[]}"#, expect!["/object: expected an object"]);
        check(r#"{"dev_eui":"x","object":{}}"#, expect![[r#"/dev_eui: "x" is not an EUI-64"#]]);
    }
}
