//! Payloads as devices write them, read into the one JSON [`Document`] that schemas and mappings
//! see.
//!
//! [`PayloadLanguage::read`] takes the bytes and the [`Dialect`] that the device type's package
//! states. Each language has one fixed form:
//!
//! | Language | What is read | The document |
//! | --- | --- | --- |
//! | `json` | one JSON text ([RFC 8259]) | as it is, numbers by their text |
//! | `jsonl` | JSON texts, one a line | an array of them; blank lines are left out |
//! | `cbor` | one data item ([RFC 8949]) | see [CBOR](#cbor) |
//! | `senml+json`, `senml+cbor` | a pack ([RFC 8428]) | its resolved records, the same from both |
//! | `csv` | a table ([RFC 4180], and what loggers write) | an array of rows, see [CSV](#csv) |
//! | `xml` | a document without type declaration | see [XML](#xml) |
//! | `epcis+json` | [EPCIS 2.0] document, query answer, event, or list of events | a document with `epcisBody.eventList`, see [EPCIS](#epcis) |
//! | `ngsi-ld+json` | an entity, a list of them, or a notification | an array of entities, see [NGSI-LD](#ngsi-ld) |
//! | `lorawan+json` | an uplink as The Things Stack or `ChirpStack` hands it on | one wrapper, see [LoRaWAN](#lorawan) |
//!
//! **Text.** A byte order mark says UTF-8 or UTF-16 and is taken away. Without one the text is in
//! the dialect's [`Encoding`], which is UTF-8 unless stated.
//!
//! # CBOR
//!
//! Integers and bignums (tags 2 and 3) are exact. A double is the shortest decimal that reads back to
//! it, a single the shortest that reads back to it as a single: both `23.1` are `23.1`. A half is the
//! double it equals. NaN and infinities are refused. Decimal fractions (tag 4) are exact. Byte strings are base64url without padding, as
//! [section 6.1] advises, or what tags 21, 22 and 23 expect. Tags 0, 1, 32 to 36 and 55799 leave
//! their content as it is; other tags are refused, because they could mean anything. Keys that are
//! integers, booleans, null or byte strings are the text of their JSON form; other keys, and keys
//! that come twice, are refused. `undefined` is `null`.
//!
//! # CSV
//!
//! The first record names the columns; every other is an object of texts. Cells without quotes lose
//! blanks at their ends and are `null` if nothing is left. A column without a name at the end of
//! the first record is left out, if it has no values. With a decimal comma, a cell that is nothing
//! but such a number is given with a point. Separator, comments, decimal sign and lines to skip are
//! the [`Dialect`]'s.
//!
//! # XML
//!
//! The encoding is that of every [text](self); what the XML declaration says of it is not read. The
//! document is an object with one member, the root's name. An element is an object: attributes
//! under `@name`, text (trimmed; left out if empty) under `#text`, child elements under their name,
//! always in an array. Names are local names: prefixes differ from sender to sender. There are no
//! type declarations and so no entities but XML's own five.
//!
//! # EPCIS
//!
//! Compact names of the core vocabulary and their URN forms are IRIs: `shipping` and
//! `urn:epcglobal:cbv:bizstep:shipping` are `https://ref.gs1.org/cbv/BizStep-shipping`. Prefixes of
//! inline contexts are resolved, contexts elsewhere are never fetched. Plain extension fields of an
//! event are listed under `extensions` as `property` and `value`; others keep their place under their
//! IRI. A read point or business location is an object with `id`.
//!
//! # NGSI-LD
//!
//! The normalized, concise and key-values representations ([CIM 009], 4.5) of an entity are one:
//! every attribute is an object whose `value` is its value, object or language map, beside
//! `observedAt`, `unitCode` and sub-attributes in the same form. `type` is an array. Further instances
//! of an attribute are under `dataset`, by their `datasetId`. Kinds of attributes and contexts are
//! left out: key-values do not have them.
//!
//! # LoRaWAN
//!
//! `devEui` (16 upper-case digits), `port`, `counter`, `received`, `decoded` (what the codec made), and
//! `network`: everything else that the network server said.
//!
//! **Invariant:** pure: no I/O, no clock, no hash order. Any bytes end in a document or a
//! [`PayloadError`], within the limits of the document.
//!
//! [RFC 8259]: https://www.rfc-editor.org/rfc/rfc8259
//! [RFC 8949]: https://www.rfc-editor.org/rfc/rfc8949
//! [section 6.1]: https://www.rfc-editor.org/rfc/rfc8949#section-6.1
//! [RFC 8428]: https://www.rfc-editor.org/rfc/rfc8428
//! [RFC 4180]: https://www.rfc-editor.org/rfc/rfc4180
//! [EPCIS 2.0]: https://ref.gs1.org/standards/epcis/
//! [CIM 009]: https://www.etsi.org/deliver/etsi_gs/CIM/001_099/009/
//! [`Document`]: pervade_mapping::Document

mod cbor;
mod csv;
mod dialect;
mod epcis;
mod error;
mod json;
mod language;
mod lorawan;
mod ngsi;
mod text;
mod xml;

pub use dialect::{CSV_SKIP_MAX, Decimal, Dialect, DialectError, Encoding, Separator};
pub use error::{CborReason, CsvReason, PayloadError, PayloadReason, Place};
pub use language::PayloadLanguage;
