//! What a new version of a package breaks, and for whom.

mod schema;

use std::collections::BTreeSet;
use std::fmt;

use crate::context::Context;
use crate::model::{DevicePackage, Manifest};
use crate::normalise::CheckedPackage;
use crate::problem::Problem;

/// Most breaks of one comparison that are told one by one.
pub const BREAKS_MAX: usize = 100;

/// Compares a package with the version after it.
///
/// Schemas are compared keyword by keyword, mappings by the terms they state, and both by running
/// the old version's examples through the new one. Where two schemas compose others differently
/// (`allOf`, `anyOf`, `oneOf`, `not`, `if`), it is not decided whether one accepts what the other
/// does: that counts as a break.
///
/// # Errors
/// Every problem of the package that does not compile, the old one's first.
pub fn compare(old: &DevicePackage, new: &DevicePackage) -> Result<Vec<Break>, Vec<Problem>> {
    let before = CheckedPackage::compile(old)?;
    let after = CheckedPackage::compile(new)?;
    let mut found = Breaks::default();
    let form = |manifest: &Manifest| (manifest.payload, manifest.dialect.clone());
    if form(&old.manifest) != form(&new.manifest) {
        found.add(Affected::Devices, Change::PayloadLanguage, "package.json");
    }
    schema::compare(&old.schema, &new.schema, &mut found);
    if new.shapes.is_some() && new.shapes != old.shapes {
        found.add(Affected::Devices, Change::ShapesChanged, "shapes.ttl");
    }
    compare_terms(&before, &after, &mut found);
    for example in &old.examples {
        let place = format!("examples/{}", example.name);
        // An old version whose own example fails was never published; there is nothing to keep.
        if let Ok(payload) = example.payload_bytes(&old.manifest) {
            compare_example(&before, &after, &payload, &place, &mut found);
        }
    }
    Ok(found.0.into_iter().collect())
}

/// Something that held before and holds no more.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[expect(clippy::exhaustive_structs, reason = "complete by definition")]
pub struct Break {
    /// Whom it breaks.
    pub affected: Affected,
    /// What changed.
    pub change: Change,
    /// Where: a place in the old schema, a term, or an example and what it said.
    pub place: String,
}

/// Whom a new version breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Affected {
    /// Devices in the field, whose payloads would be refused.
    Devices,
    /// Contracts, queries and auditors, who would miss a statement.
    Readers,
}

/// A change that breaks someone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Change {
    /// Payloads are written in another language.
    PayloadLanguage,
    /// A field may no longer be left out.
    FieldRequired,
    /// A field is no longer accepted.
    FieldRefused,
    /// A value may have fewer types.
    TypeNarrowed,
    /// A value is no longer among those listed.
    ValueExcluded,
    /// A limit is tighter.
    LimitTightened,
    /// Text must have another form.
    PatternChanged,
    /// Schemas are composed in another way.
    CompositionChanged,
    /// The package has other shapes; whether they accept what the old ones did is not decided.
    ShapesChanged,
    /// A payload that was an example is refused.
    ExampleRefused,
    /// A class, property or constant object is not stated any more.
    TermGone,
    /// What an example said, it says no more.
    StatementGone,
}

impl Change {
    /// The change as text, such as `field-required`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PayloadLanguage => "payload-language",
            Self::FieldRequired => "field-required",
            Self::FieldRefused => "field-refused",
            Self::TypeNarrowed => "type-narrowed",
            Self::ValueExcluded => "value-excluded",
            Self::LimitTightened => "limit-tightened",
            Self::PatternChanged => "pattern-changed",
            Self::CompositionChanged => "composition-changed",
            Self::ShapesChanged => "shapes-changed",
            Self::ExampleRefused => "example-refused",
            Self::TermGone => "term-gone",
            Self::StatementGone => "statement-gone",
        }
    }
}

impl Affected {
    /// `devices` or `readers`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Devices => "devices",
            Self::Readers => "readers",
        }
    }
}

/// `devices: field-required at /properties/serial`
impl fmt::Display for Break {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { affected, change, place } = self;
        write!(f, "{}: {} at {place}", affected.as_str(), change.as_str())
    }
}

/// A version of a package as numbers ([Semantic Versioning 2.0.0](https://semver.org/)).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    numbers: [u64; 3],
}

impl Version {
    /// Reads `1.0.0`; `None` if it is not three numbers as numbers are written.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('.').map(|part| {
            let number: u64 = part.parse().ok()?;
            (number.to_string() == part).then_some(number)
        });
        let numbers = [parts.next()??, parts.next()??, parts.next()??];
        parts.next().is_none().then_some(Self { numbers })
    }

    /// Of a manifest.
    #[must_use]
    pub fn of(manifest: &Manifest) -> Option<Self> {
        Self::parse(&manifest.version)
    }

    /// Whether a version after `earlier` may not break anybody: the first number that is not 0 is
    /// the same.
    #[must_use]
    pub const fn continues(&self, earlier: &Self) -> bool {
        let ([major, minor, _], [earlier_major, earlier_minor, _]) =
            (self.numbers, earlier.numbers);
        major == earlier_major && (major > 0 || minor == earlier_minor)
    }
}

#[derive(Default)]
struct Breaks(BTreeSet<Break>);

impl Breaks {
    fn add(&mut self, affected: Affected, change: Change, place: impl Into<String>) {
        if self.0.len() < BREAKS_MAX {
            self.0.insert(Break { affected, change, place: place.into() });
        }
    }
}

fn compare_terms(before: &CheckedPackage, after: &CheckedPackage, found: &mut Breaks) {
    let (old, new) = (before.stated_terms(), after.stated_terms());
    let sets = [
        (&old.classes, &new.classes),
        (&old.predicates, &new.predicates),
        (&old.objects, &new.objects),
    ];
    for (old, new) in sets {
        for gone in old.difference(new) {
            found.add(Affected::Readers, Change::TermGone, gone.as_str());
        }
    }
}

fn compare_example(
    before: &CheckedPackage,
    after: &CheckedPackage,
    payload: &[u8],
    place: &str,
    found: &mut Breaks,
) {
    let context = Context::example();
    let Ok(old) = before.normalise(payload, &context) else { return };
    match after.normalise(payload, &context) {
        Err(error) => {
            let place = format!("{place}: {error}");
            found.add(Affected::Devices, Change::ExampleRefused, place);
        }
        Ok(new) => {
            for line in old.quads.lines_missing_in(&new.quads) {
                // A field that was unknown may come to be known.
                if !line.contains(UNMAPPED) {
                    let place = format!("{place}: {line}");
                    found.add(Affected::Readers, Change::StatementGone, place);
                }
            }
        }
    }
}

const UNMAPPED: &str = "<urn:pervade:vocab#UnmappedRecord>";

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;
    use crate::shipped;

    /// Changes the soil probe's package and tells what the change breaks.
    fn check(change: impl FnOnce(&mut DevicePackage), expected: Expect) {
        let old = shipped().swap_remove(0);
        let mut new = old.clone();
        change(&mut new);
        let breaks = compare(&old, &new).expect("both compile");
        let lines: String = breaks.iter().map(|each| format!("{each}\n")).collect();
        expected.assert_eq(&lines);
    }

    fn in_schema(from: &'static str, to: &'static str) -> impl FnOnce(&mut DevicePackage) {
        move |package| {
            assert!(package.schema.contains(from), "the schema says {from}");
            package.schema = package.schema.replacen(from, to, 1);
        }
    }

    #[test]
    fn what_breaks_nobody() {
        check(|_| {}, expect![[""]]);
        check(in_schema("\"maximum\": 223", "\"maximum\": 255"), expect![[""]]);
        check(in_schema("\"type\": \"integer\"", "\"type\": \"number\""), expect![[""]]);
        check(|package| package.manifest.title.push('!'), expect![[""]]);
    }

    /// T-70: what a new version breaks is told, and whom.
    #[test]
    fn what_breaks_devices() {
        check(
            in_schema("\"maximum\": 223", "\"maximum\": 200"),
            expect![[r#"
                devices: limit-tightened at /properties/f_port/maximum
            "#]],
        );
        check(
            |package| package.shapes = Some("# none".to_owned()),
            expect![[r#"
                devices: shapes-changed at shapes.ttl
            "#]],
        );
        check(
            in_schema("\"protocol_version\",", "\"protocol_version\", \"battery_voltage\","),
            expect![[r#"
                devices: field-required at /$defs/decoded/properties/battery_voltage
            "#]],
        );
        check(
            in_schema("\"const\": 2", "\"const\": 3"),
            expect![[r#"
                devices: value-excluded at /$defs/decoded/properties/protocol_version/const
                devices: example-refused at examples/dry-soil: the payload does not fit the schema: /decoded_payload/protocol_version 3 was expected
                devices: example-refused at examples/uplink-message: the payload does not fit the schema: /uplink_message/decoded_payload/protocol_version 3 was expected
            "#]],
        );
    }

    #[test]
    fn what_breaks_readers() {
        check(
            |package| {
                package.mapping = package
                    .mapping
                    .replace("rml:object pv:SoilTemperature", "rml:object pv:AirTemperature");
            },
            expect![[r#"
                readers: term-gone at urn:pervade:vocab#SoilTemperature
                readers: statement-gone at examples/dry-soil: <urn:pervade:tx:example:example#decoded_payload/soil_temperature> <http://www.w3.org/ns/sosa/observedProperty> <urn:pervade:vocab#SoilTemperature> <urn:pervade:tx:example:example#payload> .
                readers: statement-gone at examples/uplink-message: <urn:pervade:tx:example:example#uplink_message/decoded_payload/soil_temperature> <http://www.w3.org/ns/sosa/observedProperty> <urn:pervade:vocab#SoilTemperature> <urn:pervade:tx:example:example#payload> .
            "#]],
        );
    }

    #[test]
    fn versions_in_order() {
        let version = |text| Version::parse(text).expect("a version");
        assert!(version("1.10.0") > version("1.9.9"), "by number");
        assert!(version("1.9.0").continues(&version("1.0.0")), "one line");
        assert!(!version("2.0.0").continues(&version("1.9.9")), "another");
        assert!(!version("0.2.0").continues(&version("0.1.0")), "before 1.0.0 the second number");
        for text in ["1.0", "1.0.0.0", "01.0.0", "1.+0.0", "a.b.c", "1.0.99999999999999999999"] {
            assert_eq!(Version::parse(text), None, "{text}");
        }
    }
}
