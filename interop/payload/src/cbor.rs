//! CBOR ([RFC 8949](https://www.rfc-editor.org/rfc/rfc8949)): one data item to one JSON value.

mod number;

use base64::engine::{Engine as _, general_purpose::STANDARD, general_purpose::URL_SAFE_NO_PAD};
use pervade_mapping::{DOCUMENT_DEPTH_MAX, DOCUMENT_NODES_MAX, DocumentReason};
use serde_json::{Map, Value};

use crate::error::{CborReason, PayloadError, PayloadReason, Place};

/// Which keys maps may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keys {
    /// Texts, and what has a text.
    Text,
    /// Texts, and the labels of SenML.
    Senml,
}

/// Reads the one item that `bytes` are.
pub(crate) fn read(bytes: &[u8], keys: Keys) -> Result<Value, PayloadError> {
    let mut reader = Reader { bytes, at: 0, depth: 0, nodes: 0, keys };
    let item = reader.item(Bytes::Base64Url).and_then(|item| {
        if reader.at < bytes.len() { Err(CborReason::Rest.into()) } else { Ok(item) }
    });
    item.map_err(|reason| PayloadError::at(Place::Byte(reader.at), reason))
}

/// How byte strings are written: [RFC 8949, 6.1](https://www.rfc-editor.org/rfc/rfc8949#section-6.1),
/// or as a [tag](https://www.rfc-editor.org/rfc/rfc8949#section-3.4.5.2) around them expects.
#[derive(Debug, Clone, Copy)]
enum Bytes {
    Base64Url,
    Base64,
    Base16,
}

impl Bytes {
    fn text(self, bytes: &[u8]) -> String {
        match self {
            Self::Base64Url => URL_SAFE_NO_PAD.encode(bytes),
            Self::Base64 => STANDARD.encode(bytes),
            Self::Base16 => bytes.iter().map(|byte| format!("{byte:02X}")).collect(),
        }
    }
}

type Read<T> = Result<T, PayloadReason>;

struct Reader<'b> {
    bytes: &'b [u8],
    at: usize,
    depth: usize,
    nodes: usize,
    keys: Keys,
}

/// The first byte of an item, and its argument
/// ([section 3](https://www.rfc-editor.org/rfc/rfc8949#section-3)).
#[derive(Clone, Copy)]
struct Head {
    major: u8,
    first: u8,
    /// `None` for an indefinite length, or a break.
    argument: Option<u64>,
}

impl Head {
    const BREAK: u8 = 0xff;

    fn refused(self) -> PayloadReason {
        CborReason::Item { first: self.first }.into()
    }

    fn definite(self) -> Read<u64> {
        self.argument.ok_or_else(|| self.refused())
    }
}

impl<'b> Reader<'b> {
    fn item(&mut self, form: Bytes) -> Read<Value> {
        let head = self.head()?;
        self.item_after(head, form)
    }

    fn item_after(&mut self, head: Head, form: Bytes) -> Read<Value> {
        self.count()?;
        match head.major {
            0 => Ok(number::integer(head.definite()?.into())),
            1 => Ok(number::integer(-1 - i128::from(head.definite()?))),
            2 => Ok(Value::String(form.text(&self.byte_string(head)?))),
            3 => Ok(Value::String(self.text_string(head)?)),
            4 => self.nested(|reader| reader.array(head, form)),
            5 => self.nested(|reader| reader.map(head, form)),
            6 => self.nested(|reader| reader.tagged(head, form)),
            _ => self.simple(head),
        }
    }

    fn count(&mut self) -> Read<()> {
        self.nodes += 1;
        if self.nodes > DOCUMENT_NODES_MAX {
            return Err(DocumentReason::TooManyValues { limit: DOCUMENT_NODES_MAX }.into());
        }
        Ok(())
    }

    fn nested<T>(&mut self, read: impl FnOnce(&mut Self) -> Read<T>) -> Read<T> {
        if self.depth >= DOCUMENT_DEPTH_MAX {
            return Err(DocumentReason::TooDeep { limit: DOCUMENT_DEPTH_MAX }.into());
        }
        self.depth += 1;
        let value = read(self);
        self.depth -= 1;
        value
    }

    fn array(&mut self, head: Head, form: Bytes) -> Read<Value> {
        let mut items = Vec::new();
        let mut left = head.argument;
        while let Some(next) = self.next_of(&mut left)? {
            items.push(self.item_after(next, form)?);
        }
        Ok(Value::Array(items))
    }

    fn map(&mut self, head: Head, form: Bytes) -> Read<Value> {
        let mut members = Map::new();
        let mut left = head.argument;
        while let Some(next) = self.next_of(&mut left)? {
            let start = self.at;
            let key = self.key(next)?;
            if members.contains_key(&key) {
                self.at = start;
                return Err(CborReason::DuplicateKey.into());
            }
            let value = self.item(form)?;
            members.insert(key, value);
        }
        Ok(Value::Object(members))
    }

    /// The head of the next item or key, or `None` at the end of the array or map.
    fn next_of(&mut self, left: &mut Option<u64>) -> Read<Option<Head>> {
        if *left == Some(0) {
            return Ok(None);
        }
        let head = self.head()?;
        match left {
            Some(left) => *left -= 1,
            None if head.first == Head::BREAK => return Ok(None),
            None => {}
        }
        Ok(Some(head))
    }

    fn key(&mut self, head: Head) -> Read<String> {
        let label = match head.major {
            0 => i128::from(head.definite()?),
            1 => -1 - i128::from(head.definite()?),
            3 => return self.text_string(head),
            2 if self.keys == Keys::Text => {
                return Ok(Bytes::Base64Url.text(&self.byte_string(head)?));
            }
            7 if self.keys == Keys::Text => return self.simple_key(head),
            _ => return Err(CborReason::Key.into()),
        };
        match self.keys {
            Keys::Text => Ok(label.to_string()),
            Keys::Senml => senml_label(label).map(str::to_owned).ok_or(CborReason::Key.into()),
        }
    }

    fn simple_key(&mut self, head: Head) -> Read<String> {
        match self.simple(head)? {
            Value::Bool(value) => Ok(value.to_string()),
            Value::Null => Ok("null".to_owned()),
            // Two floats may be one number or have several texts.
            Value::Number(_) | Value::String(_) | Value::Array(_) | Value::Object(_) => {
                Err(CborReason::Key.into())
            }
        }
    }

    fn byte_string(&mut self, head: Head) -> Read<Vec<u8>> {
        if let Some(length) = head.argument {
            return Ok(self.take(length)?.to_vec());
        }
        let mut whole = Vec::new();
        while let Some(chunk) = self.chunk(head.major)? {
            whole.extend_from_slice(chunk);
        }
        Ok(whole)
    }

    fn text_string(&mut self, head: Head) -> Read<String> {
        let text = |bytes: &[u8]| {
            let text = std::str::from_utf8(bytes).map(str::to_owned);
            text.map_err(|_| PayloadReason::from(CborReason::Text))
        };
        if let Some(length) = head.argument {
            return text(self.take(length)?);
        }
        let mut whole = String::new();
        while let Some(chunk) = self.chunk(head.major)? {
            // Every chunk is text by itself: section 3.2.3.
            whole.push_str(&text(chunk)?);
        }
        Ok(whole)
    }

    /// The next chunk of a string of indefinite length.
    fn chunk(&mut self, major: u8) -> Read<Option<&'b [u8]>> {
        let head = self.head()?;
        if head.first == Head::BREAK {
            return Ok(None);
        }
        match head.argument {
            Some(length) if head.major == major => self.take(length).map(Some),
            _ => Err(head.refused()),
        }
    }

    /// [Section 3.4](https://www.rfc-editor.org/rfc/rfc8949#section-3.4).
    fn tagged(&mut self, head: Head, form: Bytes) -> Read<Value> {
        let tag = head.definite()?;
        let (form, content) = match tag {
            2..=4 => return self.exact(tag),
            21 => (Bytes::Base64Url, Content::Any),
            22 => (Bytes::Base64, Content::Any),
            23 => (Bytes::Base16, Content::Any),
            0 | 32..=36 => (form, Content::Text),
            1 => (form, Content::Number),
            // CBOR that says it is.
            55_799 => (form, Content::Any),
            _ => return Err(CborReason::Tag { tag }.into()),
        };
        let start = self.at;
        let value = self.item(form)?;
        let fits = match content {
            Content::Any => true,
            Content::Text => value.is_string(),
            Content::Number => value.is_number(),
        };
        if fits {
            return Ok(value);
        }
        self.at = start;
        Err(CborReason::Tag { tag }.into())
    }

    /// A bignum or a decimal fraction
    /// ([sections 3.4.3 and 3.4.4](https://www.rfc-editor.org/rfc/rfc8949#section-3.4.3)).
    fn exact(&mut self, tag: u64) -> Read<Value> {
        let refused = || PayloadReason::from(CborReason::Tag { tag });
        let head = self.head()?;
        if matches!(tag, 2 | 3) {
            if head.major != 2 {
                return Err(refused());
            }
            let bytes = self.byte_string(head)?;
            return number::written(&number::bignum(&bytes, tag == 3)?);
        }
        if head.first != 0x82 {
            return Err(refused());
        }
        let exponent = self.integer(tag)?;
        let mantissa = self.integer(tag)?;
        number::written(&format!("{mantissa}e{exponent}"))
    }

    /// An integer or a bignum, as its digits.
    fn integer(&mut self, tag: u64) -> Read<String> {
        let head = self.head()?;
        match (head.major, head.argument) {
            (0, Some(value)) => Ok(value.to_string()),
            (1, Some(value)) => Ok((-1 - i128::from(value)).to_string()),
            (6, Some(sign @ (2 | 3))) => {
                let head = self.head()?;
                let bytes = if head.major == 2 { Some(self.byte_string(head)?) } else { None };
                let bytes = bytes.ok_or_else(|| head.refused())?;
                Ok(number::bignum(&bytes, sign == 3)?)
            }
            _ => Err(CborReason::Tag { tag }.into()),
        }
    }

    /// [Section 3.3](https://www.rfc-editor.org/rfc/rfc8949#section-3.3).
    fn simple(&mut self, head: Head) -> Read<Value> {
        match (head.first, head.argument) {
            (0xf4, _) => Ok(Value::Bool(false)),
            (0xf5, _) => Ok(Value::Bool(true)),
            (0xf6 | 0xf7, _) => Ok(Value::Null),
            (0xf9, Some(bits)) => number::half(bits),
            (0xfa, Some(bits)) => number::single(bits),
            (0xfb, Some(bits)) => number::double(bits),
            _ => Err(head.refused()),
        }
    }

    fn head(&mut self) -> Read<Head> {
        let first = *self.bytes.get(self.at).ok_or(CborReason::End)?;
        let low = first & 0x1f;
        let width = match low {
            24 => 1,
            25 => 2,
            26 => 4,
            27 => 8,
            28..=30 => return Err(CborReason::Item { first }.into()),
            _ => 0,
        };
        self.at += 1;
        let argument = match low {
            0..=23 => Some(u64::from(low)),
            31 => None,
            _ => Some(self.take(width)?.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte))),
        };
        Ok(Head { major: first >> 5, first, argument })
    }

    fn take(&mut self, length: u64) -> Read<&'b [u8]> {
        let end = usize::try_from(length).ok().and_then(|length| self.at.checked_add(length));
        let taken = end.and_then(|end| Some((end, self.bytes.get(self.at..end)?)));
        let (end, bytes) = taken.ok_or(CborReason::End)?;
        self.at = end;
        Ok(bytes)
    }
}

enum Content {
    Any,
    Text,
    Number,
}

/// [RFC 8428, section 6](https://www.rfc-editor.org/rfc/rfc8428#section-6).
fn senml_label(label: i128) -> Option<&'static str> {
    const LABELS: &[(i128, &str)] = &[
        (-1, "bver"),
        (-2, "bn"),
        (-3, "bt"),
        (-4, "bu"),
        (-5, "bv"),
        (-6, "bs"),
        (0, "n"),
        (1, "u"),
        (2, "v"),
        (3, "vs"),
        (4, "vb"),
        (5, "s"),
        (6, "t"),
        (7, "ut"),
        (8, "vd"),
    ];
    LABELS.iter().find(|(known, _)| *known == label).map(|(_, name)| *name)
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn bytes(hex: &str) -> Vec<u8> {
        let digits: Vec<char> = hex.chars().filter(|c| !c.is_whitespace()).collect();
        let byte = |pair: &[char]| u8::from_str_radix(&pair.iter().collect::<String>(), 16);
        digits.chunks(2).map(|pair| byte(pair).expect("hexadecimal")).collect()
    }

    fn check_keys(hex: &str, keys: Keys, expected: Expect) {
        match read(&bytes(hex), keys) {
            Ok(value) => expected.assert_eq(&value.to_string()),
            Err(error) => expected.assert_eq(&error.to_string()),
        }
    }

    fn check(hex: &str, expected: Expect) {
        check_keys(hex, Keys::Text, expected);
    }

    /// [RFC 8949, appendix A](https://www.rfc-editor.org/rfc/rfc8949#appendix-A).
    #[test]
    fn numbers_are_exact() {
        check("1bffffffffffffffff", expect!["18446744073709551615"]);
        check("3bffffffffffffffff", expect!["-18446744073709551616"]);
        check("c249010000000000000000", expect!["18446744073709551616"]);
        check("c349010000000000000000", expect!["-18446744073709551617"]);
        check("f90000", expect!["0"]);
        check("f98000", expect!["0"]);
        check("fb3ff199999999999a", expect!["1.1"]);
        check("f93e00", expect!["1.5"]);
        check("f97bff", expect!["65504"]);
        check("fa47c35000", expect!["100000"]);
        check("fa41b8cccd", expect!["23.1"]);
        check("f90001", expect!["0.00000005960464477539063"]);
        check("f90400", expect!["0.00006103515625"]);
        check("fbc010666666666666", expect!["-4.1"]);
        check("fb7e37e43c8800759c", expect!["byte 9: an exponent beyond 64"]);
        check("c48221196ab3", expect!["273.15"]);
        check("c4820f c2 42 0102", expect!["258000000000000000"]);
        check("f97c00", expect!["byte 3: not a finite number"]);
        check("fb7ff8000000000000", expect!["byte 9: not a finite number"]);
    }

    #[test]
    fn strings_and_nests() {
        check("4401020304", expect![[r#""AQIDBA""#]]);
        check("d74401020aff", expect![[r#""01020AFF""#]]);
        check("d6824401020304 d54401020304", expect![[r#"["AQIDBA==","AQIDBA"]"#]]);
        check("5f42010243030405ff", expect![[r#""AQIDBAU""#]]);
        check("7f657374726561646d696e67ff", expect![[r#""streaming""#]]);
        check("bf61610161629f0203ffff", expect![[r#"{"a":1,"b":[2,3]}"#]]);
        check("a4 01 02 20 03 f5 04 41ff 05", expect![[r#"{"-1":3,"1":2,"_w":5,"true":4}"#]]);
        check("c1fb41d452d9e9333333", expect!["1363896228.8"]);
        check(
            "c074323031332d30332d32315432303a30343a30305a",
            expect![[r#""2013-03-21T20:04:00Z""#]],
        );
        check("d9d9f783f4f6f7", expect!["[false,null,null]"]);
    }

    #[test]
    fn what_is_not_read() {
        check("", expect!["byte 0: the item does not end"]);
        check("1818 00", expect!["byte 2: bytes after the item"]);
        check("1c", expect!["byte 0: no item begins with 0x1c here"]);
        check("ff", expect!["byte 1: no item begins with 0xff here"]);
        check("9bffffffffffffffff00", expect!["byte 10: the item does not end"]);
        check("5bffffffffffffffff00", expect!["byte 9: the item does not end"]);
        check("a2616101616102", expect!["byte 5: the key is there twice"]);
        check("a2016161613102", expect!["byte 5: the key is there twice"]);
        check("a1f93e0001", expect!["byte 4: no key is read here"]);
        check("c001", expect!["byte 1: tag 0 is not read here, or not with this content"]);
        check("d8646161", expect!["byte 2: tag 100 is not read here, or not with this content"]);
        check("7f41ff", expect!["byte 2: no item begins with 0x41 here"]);
        check("62ff00", expect!["byte 3: text that is not UTF-8"]);
        check("e0", expect!["byte 1: no item begins with 0xe0 here"]);
        check(&"81".repeat(65), expect!["byte 65: deeper than 64 levels"]);
        check(&"c1".repeat(9000), expect!["byte 65: deeper than 64 levels"]);
        check(
            &format!("9a00010000{}", "00".repeat(65_536)),
            expect!["byte 50005: more than 50000 values"],
        );
    }

    #[test]
    fn labels_of_senml() {
        check_keys(
            "81a5 21 6161 00 6162 02 fb4037199999999999 06 05 61 78 f5",
            Keys::Senml,
            expect![[r#"[{"bn":"a","n":"b","t":5,"v":23.099999999999998,"x":true}]"#]],
        );
        check_keys("81a10901", Keys::Senml, expect!["byte 3: no key is read here"]);
        check_keys("81a14109 01", Keys::Senml, expect!["byte 3: no key is read here"]);
    }
}
