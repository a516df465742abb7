use std::fmt;

use crate::dimension::Dimension;
use crate::kind::{Fits, QuantityKind};
use crate::number::Number;
use crate::symbol::folded;
use crate::table::{Entry, Scheme, entries, entry, with_code};
use crate::ucum::{Expression, UcumError, parse};

/// A unit that a code means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unit {
    code: String,
    name: Option<&'static str>,
    multiplier: Number,
    offset: Number,
    dimension: Dimension,
}

impl Unit {
    fn listed(entry: &Entry, code: &str) -> Option<Self> {
        let (multiplier, offset) = entry.factors()?;
        let dimension = entry.kinds.first()?.dimension();
        let name = Some(entry.name).filter(|name| !name.is_empty());
        Some(Self { code: code.to_owned(), name, multiplier, offset, dimension })
    }

    /// The unit that values of a kind are stated in.
    pub(crate) fn stated(kind: QuantityKind) -> Option<Self> {
        Self::listed(entry(kind.stated_in())?, kind.stated_in())
    }

    /// The code as it was written.
    #[must_use]
    pub fn code(&self) -> &str {
        &self.code
    }

    /// QUDT local name, such as `DEG_C`; `None` where QUDT names no such unit.
    #[must_use]
    pub const fn name(&self) -> Option<&'static str> {
        self.name
    }

    /// `http://qudt.org/vocab/unit/<name>`
    #[must_use]
    pub fn iri(&self) -> Option<String> {
        self.name.map(|name| format!("http://qudt.org/vocab/unit/{name}"))
    }

    /// What the unit is a unit of.
    #[must_use]
    pub const fn dimension(&self) -> Dimension {
        self.dimension
    }

    /// `value` in the SI unit, and in degrees where there are angles. A difference has no offset.
    pub(crate) fn to_si(&self, value: &Number, kind: QuantityKind) -> Number {
        let scaled = value.times(&self.multiplier);
        if kind == QuantityKind::TemperatureDifference { scaled } else { scaled.plus(&self.offset) }
    }

    /// The inverse of [`Self::to_si`].
    pub(crate) fn out_of_si(&self, si: &Number, kind: QuantityKind) -> Option<Number> {
        if kind == QuantityKind::TemperatureDifference {
            return si.over(&self.multiplier);
        }
        si.minus(&self.offset).over(&self.multiplier)
    }
}

/// The QUDT name, or the code where there is none.
impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name.unwrap_or(&self.code))
    }
}

/// The unit that `code` means.
///
/// A code of the table comes first; then, in UCUM, any expression, and for a symbol whose kind is
/// known, what its letters say in UCUM. A unit fits a kind if it has the kind's dimension, and
/// where that does not tell, if it is written as units of the kind are.
///
/// # Errors
/// No unit has the code, several do and `kind` does not decide, or none of them is of `kind`.
pub fn resolve(code: &str, scheme: Scheme, kind: Option<QuantityKind>) -> Result<Unit, UnitError> {
    // No symbol at all is that of a mere number.
    let looked_up = if code.is_empty() && scheme == Scheme::Symbol { "1" } else { code };
    let unknown = || UnitError::Unknown { code: cut(code), scheme };
    let listed = with_code(scheme, looked_up);
    if !listed.is_empty() {
        return choose(code, listed, kind, unknown);
    }
    match (scheme, kind) {
        (Scheme::Ucum, _) => match parse(code) {
            Ok(expression) => judged(code, expression, kind),
            Err(source) => Err(UnitError::Ucum { code: cut(code), source }),
        },
        (Scheme::Symbol, Some(_)) => {
            let folded = folded(code);
            let listed = with_code(scheme, &folded);
            if !listed.is_empty() {
                return choose(code, listed, kind, unknown);
            }
            let expression = parse(&folded).map_err(|_| unknown())?;
            judged(code, expression, kind)
        }
        (Scheme::Symbol, None) => choose(code, with_code(scheme, &folded(code)), kind, unknown),
        (Scheme::Senml | Scheme::Unece, _) => Err(unknown()),
    }
}

/// Longest unit code repeated in an error, in characters.
const CODE_CHARS_MAX: usize = 64;

fn cut(code: &str) -> String {
    code.chars().take(CODE_CHARS_MAX).collect()
}

/// The one unit of several with the same code that is of the kind.
fn choose(
    code: &str,
    listed: &[&'static Entry],
    kind: Option<QuantityKind>,
    unknown: impl Fn() -> UnitError,
) -> Result<Unit, UnitError> {
    let mut fitting =
        listed.iter().filter(|entry| kind.is_none_or(|kind| entry.kinds.contains(&kind)));
    match (fitting.next(), fitting.next(), kind) {
        (Some(one), None, _) => Unit::listed(one, code).ok_or_else(unknown),
        (None, _, Some(kind)) if !listed.is_empty() => {
            Err(UnitError::OtherKind { code: cut(code), kind })
        }
        (None, _, _) => Err(unknown()),
        (Some(_), Some(_), _) => Err(UnitError::Ambiguous {
            code: cut(code),
            units: listed.iter().map(|entry| entry.shown()).collect(),
        }),
    }
}

/// A unit that is not listed under its code: what it comes to must be of the kind.
fn judged(
    code: &str,
    expression: Expression,
    kind: Option<QuantityKind>,
) -> Result<Unit, UnitError> {
    if let Some(kind) = kind.filter(|kind| !fits(&expression, *kind)) {
        return Err(UnitError::OtherKind { code: cut(code), kind });
    }
    let Expression { factor, dimension, .. } = expression;
    let zero = Number::ratio(0, 1).unwrap_or_else(|| factor.clone());
    let same = |entry: &&Entry| {
        let of_kind = match kind {
            Some(kind) => entry.kinds.contains(&kind),
            None => entry.kinds.iter().any(|kind| kind.dimension() == dimension),
        };
        of_kind && entry.factors().is_some_and(|(m, offset)| m == factor && offset == zero)
    };
    let mut named = entries().filter(same).map(|entry| entry.name).filter(|n| !n.is_empty());
    // Without a kind, two names are no name.
    let name = match (named.next(), named.next()) {
        (Some(_), Some(_)) if kind.is_none() => None,
        (first, _) => first,
    };
    Ok(Unit { code: cut(code), name, multiplier: factor, offset: zero, dimension })
}

fn fits(expression: &Expression, kind: QuantityKind) -> bool {
    let written = match kind.fits() {
        Fits::Any => true,
        Fits::Plain => expression.marks.is_empty(),
        Fits::Of(mark) => expression.marks == [mark],
        Fits::Listed => false,
    };
    written && expression.dimension == kind.dimension()
}

/// Why a code does not name a unit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UnitError {
    /// No unit has this code.
    #[error("{code:?} is not a known {} unit", scheme.name())]
    Unknown {
        /// The code.
        code: String,
        /// Where it was looked up.
        scheme: Scheme,
    },
    /// Not an expression of UCUM.
    #[error("{code:?} is no UCUM unit: {source}")]
    Ucum {
        /// The code.
        code: String,
        /// Why.
        source: UcumError,
    },
    /// Several units have this code.
    #[error("{code:?} may be {units:?}: state the quantity kind")]
    Ambiguous {
        /// The code.
        code: String,
        /// QUDT names of the units.
        units: Vec<&'static str>,
    },
    /// The unit measures something else.
    #[error("{code:?} is no unit of {}", kind.name())]
    OtherKind {
        /// The code.
        code: String,
        /// The kind asked for.
        kind: QuantityKind,
    },
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn check(code: &str, scheme: Scheme, kind: Option<QuantityKind>, expected: Expect) {
        expected.assert_eq(&match resolve(code, scheme, kind) {
            Ok(unit) => format!("{unit} [{}] {}", unit.dimension(), unit.multiplier),
            Err(error) => error.to_string(),
        });
    }

    #[test]
    fn an_ambiguous_code_needs_the_kind() {
        use QuantityKind as Q;
        check(
            "C",
            Scheme::Symbol,
            None,
            expect![[r#""C" may be ["DEG_C", "C"]: state the quantity kind"#]],
        );
        check("C", Scheme::Symbol, Some(Q::Temperature), expect!["DEG_C [Θ] 1"]);
        check(
            "C62",
            Scheme::Unece,
            None,
            expect![[r#""C62" may be ["UNITLESS", "NUM"]: state the quantity kind"#]],
        );
        check("C62", Scheme::Unece, Some(Q::Count), expect!["NUM [1] 1"]);
        check("", Scheme::Symbol, Some(Q::Count), expect!["NUM [1] 1"]);
        check(
            "G",
            Scheme::Symbol,
            Some(Q::MagneticFluxDensity),
            expect!["GAUSS [M T-2 I-1] 0.0001"],
        );
        check(
            "bpm",
            Scheme::Symbol,
            Some(Q::HeartRate),
            expect!["BEAT-PER-MIN [T-1] 0.016666666666666667"],
        );
    }

    /// T-71: a symbol is found however it is printed.
    #[test]
    fn symbols_as_they_are_printed() {
        use QuantityKind as Q;
        check(
            "µg/m³",
            Scheme::Symbol,
            Some(Q::MassConcentration),
            expect!["MicroGM-PER-M3 [L-3 M] 0.000000001"],
        );
        check(
            "µg / m^3",
            Scheme::Symbol,
            Some(Q::MassConcentration),
            expect!["MicroGM-PER-M3 [L-3 M] 0.000000001"],
        );
        check("m⋅s⁻²", Scheme::Symbol, Some(Q::Acceleration), expect!["M-PER-SEC2 [L T-2] 1"]);
        check("MΩ", Scheme::Symbol, Some(Q::Resistance), expect!["MegaOHM [L2 M T-3 I-2] 1000000"]);
        check("GΩ", Scheme::Symbol, Some(Q::Resistance), expect!["GΩ [L2 M T-3 I-2] 1000000000"]);
        check("ºC", Scheme::Symbol, Some(Q::Temperature), expect!["DEG_C [Θ] 1"]);
        check(
            "bananas",
            Scheme::Symbol,
            Some(Q::Count),
            expect![[r#""bananas" is not a known symbol unit"#]],
        );
        check(
            "bananas",
            Scheme::Symbol,
            None,
            expect![[r#""bananas" is not a known symbol unit"#]],
        );
    }

    /// A unit fits by its dimension, and by how it is written where that does not tell.
    #[test]
    fn what_fits_a_kind() {
        use QuantityKind as Q;
        let ucum = |code, kind, expected| check(code, Scheme::Ucum, Some(kind), expected);
        ucum("MeV", Q::Energy, expect!["MeV [L2 M T-2] 0.0000000000001602176634"]);
        ucum("TW.h", Q::Energy, expect!["TW.h [L2 M T-2] 3600000000000000"]);
        ucum("mN.m", Q::Energy, expect![[r#""mN.m" is no unit of Energy"#]]);
        ucum("mN.m", Q::Torque, expect!["mN.m [L2 M T-2] 0.001"]);
        ucum("mJ", Q::Torque, expect![[r#""mJ" is no unit of Torque"#]]);
        ucum("GBq", Q::Activity, expect!["GBq [T-1] 1000000000"]);
        ucum("GBq", Q::Frequency, expect![[r#""GBq" is no unit of Frequency"#]]);
        ucum("deg/s", Q::Frequency, expect![[r#""deg/s" is no unit of Frequency"#]]);
        ucum("mm/d", Q::VolumetricFlux, expect!["mm/d [L T-1] 0.000000011574074074"]);
        ucum("mK", Q::TemperatureDifference, expect!["mK [Θ] 0.001"]);
        ucum(
            "Cel/h",
            Q::Temperature,
            expect![[
                r#""Cel/h" is no UCUM unit: column 1: Cel stands alone or not at all: its scale is not proportional"#
            ]],
        );
        ucum("kg/kg", Q::VolumeFraction, expect![[r#""kg/kg" is no unit of VolumeFraction"#]]);
        ucum("m3/h", Q::Volume, expect![[r#""m3/h" is no unit of Volume"#]]);
        ucum(
            "uGy/h",
            Q::DoseEquivalentRate,
            expect![[r#""uGy/h" is no unit of DoseEquivalentRate"#]],
        );
        check("kW.h", Scheme::Ucum, None, expect!["KiloW-HR [L2 M T-2] 3600000"]);
        check("m3/h", Scheme::Ucum, None, expect!["M3-PER-HR [L3 T-1] 0.000277777777777778"]);
    }
}
