use std::collections::BTreeMap;
use std::fmt;

use base64::engine::{Engine as _, general_purpose::STANDARD};
use pervade_payload::{Dialect, Encoding, PayloadLanguage};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::problem::{Problem, ProblemCode};

/// Longest package, all documents together, in bytes.
pub const PACKAGE_BYTES_MAX: usize = 512 * 1024;

/// Most examples in one package.
const EXAMPLES_MAX: usize = 64;

/// A package as its author wrote it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DevicePackage {
    /// Payloads and the quads they must give, by name.
    pub examples: Vec<Example>,
    /// Who made which device type.
    pub manifest: Manifest,
    /// The RML mapping, as Turtle text.
    pub mapping: String,
    /// The JSON Schema of the payloads, as text.
    pub schema: String,
    /// SHACL shapes that every payload's graph must conform to, beside the ontology's, as Turtle
    /// text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shapes: Option<String>,
}

/// `package.json`: what the package describes. Fields are in canonical (byte) order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// One or two sentences for people; may be empty.
    #[serde(default)]
    pub description: String,
    /// What the payloads have of their own within their language; left out if nothing.
    #[serde(default, skip_serializing_if = "Dialect::is_usual")]
    pub dialect: Dialect,
    /// Device model, `[a-z0-9-]+`.
    pub model: String,
    /// How payloads are written.
    pub payload: PayloadLanguage,
    /// Name for people.
    pub title: String,
    /// What carries the payloads; left out if not stated.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub transports: Vec<Transport>,
    /// Maker, `[a-z0-9-]+`.
    pub vendor: String,
    /// Version of the package, such as `1.0.0`.
    pub version: String,
}

/// What carries payloads from a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Transport {
    /// MQTT.
    Mqtt,
    /// HTTP.
    Http,
    /// `CoAP`.
    Coap,
    /// LoRaWAN, decoded by a network server.
    Lorawan,
    /// AMQP.
    Amqp,
    /// `WebSocket`.
    Websocket,
    /// Files that are handed over.
    File,
}

impl Transport {
    /// The protocol's name in `package.json`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Mqtt => "mqtt",
            Self::Http => "http",
            Self::Coap => "coap",
            Self::Lorawan => "lorawan",
            Self::Amqp => "amqp",
            Self::Websocket => "websocket",
            Self::File => "file",
        }
    }
}

/// One payload and the quads it must give.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Example {
    /// The quads in N-Quads, in the IRIs of [`Context::example`](crate::Context::example).
    pub expected: String,
    /// File name without extension.
    pub name: String,
    /// The payload as the device sends it; base64 ([RFC 4648, 4]) if its language is binary or its
    /// text is not UTF-8, see [`Example::payload_bytes`].
    ///
    /// [RFC 4648, 4]: https://www.rfc-editor.org/rfc/rfc4648#section-4
    pub payload: String,
}

impl Example {
    /// The payload's bytes. A package whose payloads are binary, or in an encoding other than UTF-8,
    /// has them in base64.
    ///
    /// # Errors
    /// The text is not base64.
    pub fn payload_bytes(&self, manifest: &Manifest) -> Result<Vec<u8>, PayloadTextError> {
        if manifest.payloads_are_text() {
            return Ok(self.payload.clone().into_bytes());
        }
        STANDARD.decode(&self.payload).map_err(|_| PayloadTextError)
    }
}

/// A payload's text in a package is not base64.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the payload is not base64")]
#[expect(clippy::exhaustive_structs, reason = "there is nothing to tell")]
pub struct PayloadTextError;

impl Manifest {
    /// Whether payloads are UTF-8 and stand in packages as they are.
    fn payloads_are_text(&self) -> bool {
        !self.payload.is_binary() && self.dialect.encoding == Encoding::Utf8
    }
}

/// SHA-256 of a package's canonical text, as 64 hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PackageId(String);

impl PackageId {
    /// The 64 hexadecimal digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PackageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl DevicePackage {
    /// Puts a package together from its files, by path inside the package's folder.
    ///
    /// # Errors
    /// Every missing, unknown, overlong or malformed file.
    pub fn from_files(files: &BTreeMap<String, Vec<u8>>) -> Result<Self, Vec<Problem>> {
        let mut reading = Reading { files, problems: Vec::new() };
        let package = reading.package();
        match package {
            Some(package) if reading.problems.is_empty() => Ok(package),
            _ => Err(reading.problems),
        }
    }

    /// The package as one JSON text: keys in byte order, no blanks, examples by name.
    #[must_use]
    pub fn canonical(&self) -> String {
        // Field order of the structs is byte order of the keys, and no field can fail to serialise.
        serde_json::to_string(&self.sorted()).unwrap_or_default()
    }

    /// Reads the canonical text.
    ///
    /// # Errors
    /// The text is too long, is not a package, or is a package written in another way.
    pub fn from_canonical(text: &str) -> Result<Self, FormatError> {
        if text.len() > PACKAGE_BYTES_MAX {
            return Err(FormatError::TooLong { limit: PACKAGE_BYTES_MAX });
        }
        let package: Self = serde_json::from_str(text).map_err(FormatError::Shape)?;
        if package.canonical() != text {
            return Err(FormatError::NotCanonical);
        }
        Ok(package)
    }

    /// SHA-256 of [`Self::canonical`].
    #[must_use]
    pub fn id(&self) -> PackageId {
        PackageId(hex::encode(Sha256::digest(self.canonical().as_bytes())))
    }

    fn sorted(&self) -> Self {
        let mut package = self.clone();
        package.examples.sort_by(|a, b| a.name.cmp(&b.name));
        package
    }
}

/// Why a text is not a package.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FormatError {
    /// The text is too long.
    #[error("longer than {limit} bytes")]
    TooLong {
        /// [`PACKAGE_BYTES_MAX`].
        limit: usize,
    },
    /// The text is no package.
    #[error("not a package")]
    Shape(#[source] serde_json::Error),
    /// The package's canonical text is another.
    #[error("not in canonical form")]
    NotCanonical,
}

struct Reading<'a> {
    files: &'a BTreeMap<String, Vec<u8>>,
    problems: Vec<Problem>,
}

impl Reading<'_> {
    fn package(&mut self) -> Option<DevicePackage> {
        let total: usize = self.files.values().map(Vec::len).sum();
        if total > PACKAGE_BYTES_MAX {
            self.report(
                "package.json",
                format!("the package is longer than {PACKAGE_BYTES_MAX} bytes"),
            );
            return None;
        }
        let manifest = self.manifest();
        self.refuse_unknown(manifest.as_ref());
        let schema = self.text("schema.json");
        let mapping = self.text("mapping.ttl");
        let examples = manifest.as_ref().map(|manifest| self.examples(manifest));
        let has_shapes = self.files.contains_key("shapes.ttl");
        let shapes = has_shapes.then(|| self.text("shapes.ttl")).flatten();
        let (manifest, examples) = (manifest?, examples?);
        Some(DevicePackage { examples, manifest, mapping: mapping?, schema: schema?, shapes })
    }

    /// Which files are examples follows from the manifest; without one, all of them may be.
    fn refuse_unknown(&mut self, manifest: Option<&Manifest>) {
        let known = |path: &str| {
            let own = ["package.json", "schema.json", "mapping.ttl", "shapes.ttl", "README.md"];
            own.contains(&path)
                || example_name(path, "nq").is_some()
                || manifest.map_or(path.starts_with("examples/"), |manifest| {
                    example_name(path, manifest.payload.extension()).is_some()
                })
        };
        let unknown: Vec<_> = self.files.keys().filter(|path| !known(path)).cloned().collect();
        for path in unknown {
            self.report(&path, "this file has no place in a package".to_owned());
        }
    }

    fn manifest(&mut self) -> Option<Manifest> {
        let text = self.text("package.json")?;
        serde_json::from_str(&text)
            .map_err(|error| {
                self.problems.push(Problem {
                    document: "package.json".to_owned(),
                    line: u64::try_from(error.line()).unwrap_or(1).max(1),
                    column: u64::try_from(error.column()).unwrap_or(1).max(1),
                    code: ProblemCode::Manifest,
                    message: error.to_string(),
                });
            })
            .ok()
    }

    fn examples(&mut self, manifest: &Manifest) -> Vec<Example> {
        let extension = manifest.payload.extension();
        let names: Vec<String> = self
            .files
            .keys()
            .filter_map(|path| example_name(path, extension))
            .map(str::to_owned)
            .collect();
        if names.len() > EXAMPLES_MAX {
            self.report("examples", format!("more than {EXAMPLES_MAX} examples"));
            return Vec::new();
        }
        let mut examples = Vec::new();
        for name in names {
            let path = format!("examples/{name}.{extension}");
            let payload = if manifest.payloads_are_text() {
                self.text(&path)
            } else {
                self.files.get(&path).map(|bytes| STANDARD.encode(bytes))
            };
            let expected = self.text(&format!("examples/{name}.nq"));
            if let (Some(payload), Some(expected)) = (payload, expected) {
                examples.push(Example { expected, name, payload });
            }
        }
        examples
    }

    fn text(&mut self, path: &str) -> Option<String> {
        let Some(bytes) = self.files.get(path) else {
            self.report(path, "the file is missing".to_owned());
            return None;
        };
        match std::str::from_utf8(bytes) {
            Ok(text) => Some(text.to_owned()),
            Err(error) => {
                self.report(path, format!("not UTF-8 after byte {}", error.valid_up_to()));
                None
            }
        }
    }

    fn report(&mut self, document: &str, message: String) {
        self.problems.push(Problem {
            document: document.to_owned(),
            line: 1,
            column: 1,
            code: ProblemCode::File,
            message,
        });
    }
}

fn example_name<'a>(path: &'a str, extension: &str) -> Option<&'a str> {
    let name = path.strip_prefix("examples/")?.strip_suffix(extension)?.strip_suffix('.')?;
    (!name.contains('/')).then_some(name)
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;
    use crate::shipped;

    fn files(package: &DevicePackage) -> BTreeMap<String, Vec<u8>> {
        let manifest = serde_json::to_string(&package.manifest).expect("serialises");
        let mut files = BTreeMap::from([
            ("package.json".to_owned(), manifest.into_bytes()),
            ("schema.json".to_owned(), package.schema.clone().into_bytes()),
            ("mapping.ttl".to_owned(), package.mapping.clone().into_bytes()),
        ]);
        for example in &package.examples {
            let path = |extension| format!("examples/{}.{extension}", example.name);
            let payload = example.payload_bytes(&package.manifest).expect("a payload");
            files.insert(path(package.manifest.payload.extension()), payload);
            files.insert(path("nq"), example.expected.clone().into_bytes());
        }
        files
    }

    /// T-70: a package has one text and one id, however it came.
    #[test]
    fn canonical_text_reads_back() {
        for package in shipped() {
            let text = package.canonical();
            let again = DevicePackage::from_canonical(&text).expect("canonical");
            assert_eq!(again, package, "the text holds everything");
            assert_eq!(again.id(), package.id(), "one id");
            let mut turned = package.clone();
            turned.examples.reverse();
            assert_eq!(turned.id(), package.id(), "the order of examples does not matter");
            let from_files = DevicePackage::from_files(&files(&package)).expect("files");
            assert_eq!(from_files, package, "files and text say the same");
        }
    }

    #[test]
    fn another_spelling_is_not_canonical() {
        let text = shipped().swap_remove(0).canonical();
        let spaced = text.replacen(':', ": ", 1);
        let error = DevicePackage::from_canonical(&spaced).expect_err("a blank too many");
        expect!["not in canonical form"].assert_eq(&error.to_string());
        let unknown = text.replacen('{', "{\"a\":1,", 1);
        let error = DevicePackage::from_canonical(&unknown).expect_err("an unknown field");
        expect!["not a package"].assert_eq(&error.to_string());
    }

    fn check(change: impl FnOnce(&mut BTreeMap<String, Vec<u8>>), expected: Expect) {
        let mut files = files(&shipped().swap_remove(0));
        change(&mut files);
        let problems = DevicePackage::from_files(&files).err().unwrap_or_default();
        let lines: String = problems.iter().map(|problem| format!("{problem}\n")).collect();
        expected.assert_eq(&lines);
    }

    #[test]
    fn files_that_are_missing_or_strange() {
        check(
            |files| {
                files.remove("schema.json");
                files.remove("examples/dry-soil.nq");
                files.insert("codec.js".to_owned(), Vec::new());
                files.insert("mapping.ttl".to_owned(), vec![b'a', 0xff]);
                files.insert("package.json".to_owned(), b"{\n \"vendor\": 1}".to_vec());
            },
            expect![[r#"
                package.json:2:12: invalid type: integer `1`, expected a string at line 2 column 12 [manifest]
                codec.js:1:1: this file has no place in a package [file]
                schema.json:1:1: the file is missing [file]
                mapping.ttl:1:1: not UTF-8 after byte 1 [file]
            "#]],
        );
        check(
            |files| {
                files.insert("README.md".to_owned(), vec![b' '; PACKAGE_BYTES_MAX]);
            },
            expect![[r#"
                package.json:1:1: the package is longer than 524288 bytes [file]
            "#]],
        );
    }
}
