mod electricity;
mod mechanics;
mod ratio;

use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::kind::QuantityKind;
use crate::number::Number;
use crate::symbol::folded;

/// Which list a unit code comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Scheme {
    /// The [Unified Code for Units of Measure](https://ucum.org/ucum), case-sensitive: any
    /// expression of it.
    Ucum,
    /// The [SenML units registry](https://www.iana.org/assignments/senml) (RFC 8428, RFC 8798),
    /// secondary units too.
    Senml,
    /// UN/CEFACT Recommendation 20 common codes, as EPCIS uses them.
    Unece,
    /// Symbols as vendors print them.
    Symbol,
}

impl Scheme {
    /// All schemes.
    pub const ALL: &[Self] = &[Self::Ucum, Self::Senml, Self::Unece, Self::Symbol];

    /// The scheme named `ucum`, `senml`, `unece` or `symbol`.
    #[must_use]
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|scheme| scheme.name() == name)
    }

    /// The name that [`Self::find`] reads.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ucum => "ucum",
            Self::Senml => "senml",
            Self::Unece => "unece",
            Self::Symbol => "symbol",
        }
    }
}

/// One unit of the table: what its codes are and how it relates to the SI unit of its kinds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Entry {
    /// QUDT local name; empty where QUDT has none.
    pub(crate) name: &'static str,
    pub(crate) kinds: &'static [QuantityKind],
    multiplier: (i64, i64),
    offset: (i64, i64),
    is_in_radians: bool,
    /// Codes, separated by blanks, in the order of [`Scheme`].
    codes: [&'static str; 4],
}

/// A radian in degrees, which has no finite decimal: rounded as every such value is
/// ([`DECIMAL_PLACES`](crate::DECIMAL_PLACES)).
const DEGREES_IN_RADIAN: &str = "57.295779513082320877";

impl Entry {
    /// The unit's zero lies above that of the SI unit.
    const fn from(self, numerator: i64, denominator: i64) -> Self {
        Self { offset: (numerator, denominator), ..self }
    }

    const fn in_radians(self) -> Self {
        Self { is_in_radians: true, ..self }
    }

    /// The multiplier and the offset: `si = value * multiplier + offset`. Angles are related to
    /// the degree, not the radian: degrees stay exact.
    pub(crate) fn factors(&self) -> Option<(Number, Number)> {
        let multiplier = Number::ratio(self.multiplier.0, self.multiplier.1)?;
        let offset = Number::ratio(self.offset.0, self.offset.1)?;
        let multiplier = if self.is_in_radians { multiplier.times(&radian()?) } else { multiplier };
        Some((multiplier, offset))
    }

    /// The codes of a scheme.
    pub(crate) fn codes(&self, scheme: Scheme) -> impl Iterator<Item = &'static str> {
        let [ucum, senml, unece, symbols] = self.codes;
        let codes = match scheme {
            Scheme::Ucum => ucum,
            Scheme::Senml => senml,
            Scheme::Unece => unece,
            Scheme::Symbol => symbols,
        };
        codes.split_ascii_whitespace()
    }

    fn all_codes(&self) -> impl Iterator<Item = (Scheme, &'static str)> {
        let of = |scheme: &'static Scheme| self.codes(*scheme).map(|code| (*scheme, code));
        Scheme::ALL.iter().flat_map(of)
    }

    /// What a message calls the unit.
    pub(crate) fn shown(&self) -> &'static str {
        if self.name.is_empty() {
            self.codes.iter().find_map(first).unwrap_or("")
        } else {
            self.name
        }
    }
}

fn first(codes: &&'static str) -> Option<&'static str> {
    codes.split_ascii_whitespace().next()
}

/// A radian in degrees, as a number.
pub(crate) fn radian() -> Option<Number> {
    Number::parse(DEGREES_IN_RADIAN).ok()
}

/// A unit with codes in the order UCUM, SenML, UN/CEFACT, symbols.
const fn unit(
    name: &'static str,
    kinds: &'static [QuantityKind],
    multiplier: (i64, i64),
    codes: [&'static str; 4],
) -> Entry {
    Entry { name, kinds, multiplier, offset: (0, 1), is_in_radians: false, codes }
}

/// Ratios share their units; the kind decides what a ratio is of.
const RATIOS: &[QuantityKind] = &[
    QuantityKind::Dimensionless,
    QuantityKind::DimensionlessRatio,
    QuantityKind::PowerFactor,
    QuantityKind::RelativePermittivity,
    QuantityKind::RelativeHumidity,
    QuantityKind::StateOfCharge,
    QuantityKind::VolumeFraction,
    QuantityKind::MassFraction,
    QuantityKind::MoleFraction,
];

/// Every unit listed. The multipliers are exact fractions, where QUDT prints 34 digits.
pub(crate) fn entries() -> impl Iterator<Item = &'static Entry> {
    [ratio::UNITS, mechanics::UNITS, electricity::UNITS].into_iter().flatten()
}

/// The unit with a QUDT local name.
pub(crate) fn entry(name: &str) -> Option<&'static Entry> {
    static BY_NAME: LazyLock<BTreeMap<&str, &Entry>> =
        LazyLock::new(|| entries().map(|entry| (entry.name, entry)).collect());
    BY_NAME.get(name).filter(|_| !name.is_empty()).copied()
}

/// Units by scheme and code; several where a code is ambiguous.
type ByCode = BTreeMap<(Scheme, String), Vec<&'static Entry>>;

/// The units that have a code. Symbols are found in their [folded] form too.
pub(crate) fn with_code(scheme: Scheme, code: &str) -> &'static [&'static Entry] {
    static BY_CODE: LazyLock<ByCode> = LazyLock::new(by_code);
    BY_CODE.get(&(scheme, code.to_owned())).map(Vec::as_slice).unwrap_or_default()
}

fn by_code() -> ByCode {
    let mut found = ByCode::new();
    let mut add = |scheme, code: String, entry| {
        let units = found.entry((scheme, code)).or_default();
        if !units.contains(&entry) {
            units.push(entry);
        }
    };
    for entry in entries() {
        for (scheme, code) in entry.all_codes() {
            add(scheme, code.to_owned(), entry);
            if scheme == Scheme::Symbol {
                add(scheme, folded(code), entry);
            }
        }
    }
    found
}
