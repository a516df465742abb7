use crate::kind::QuantityKind;
use crate::number::Number;
use crate::table::{Scheme, UNITS, Unit, unit};

/// A value in the unit Pervade states its kind in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Converted {
    /// The exact value.
    pub value: Number,
    /// The unit of `value`.
    pub unit: &'static Unit,
    /// The unit the value came in.
    pub original_unit: &'static Unit,
}

/// The unit that `code` means.
///
/// # Errors
/// No unit has the code, several do and `kind` does not decide, or none of them is of `kind`.
pub fn resolve(
    code: &str,
    scheme: Scheme,
    kind: Option<QuantityKind>,
) -> Result<&'static Unit, UnitError> {
    let named: Vec<&Unit> = UNITS.iter().filter(|u| u.codes(scheme).contains(&code)).collect();
    let fitting: Vec<&'static Unit> = UNITS
        .iter()
        .filter(|u| u.codes(scheme).contains(&code))
        .filter(|u| kind.is_none_or(|kind| u.kinds.contains(&kind)))
        .collect();
    match (fitting.as_slice(), kind) {
        ([one], _) => Ok(one),
        ([], Some(kind)) if !named.is_empty() => {
            Err(UnitError::OtherKind { code: code.to_owned(), kind })
        }
        ([], _) => {
            Err(UnitError::Unknown { code: code.chars().take(CODE_CHARS_MAX).collect(), scheme })
        }
        (several, _) => Err(UnitError::Ambiguous {
            code: code.to_owned(),
            units: several.iter().map(|u| u.name).collect(),
        }),
    }
}

/// Longest unit code repeated in an error.
const CODE_CHARS_MAX: usize = 64;

/// States `value`, given in the unit `code`, in the unit of its kind.
///
/// # Errors
/// The code does not name one unit of `kind`, or the value cannot be: a temperature below
/// absolute zero.
pub fn convert(
    value: &Number,
    code: &str,
    scheme: Scheme,
    kind: QuantityKind,
) -> Result<Converted, ConvertError> {
    let from = resolve(code, scheme, Some(kind))?;
    let to = unit(kind.stated_in()).ok_or(ConvertError::NoTarget { kind })?;
    let no_target = || ConvertError::NoTarget { kind };
    let (from_multiplier, from_offset) = factors(from).ok_or_else(no_target)?;
    let (to_multiplier, to_offset) = factors(to).ok_or_else(no_target)?;
    let si = value.times(&from_multiplier).plus(&from_offset);
    if kind == QuantityKind::Temperature && si.is_negative() {
        return Err(ConvertError::BelowAbsoluteZero { value: value.to_decimal(), unit: from.name });
    }
    let converted = si.minus(&to_offset).over(&to_multiplier).ok_or_else(no_target)?;
    Ok(Converted { value: converted, unit: to, original_unit: from })
}

fn factors(unit: &Unit) -> Option<(Number, Number)> {
    let multiplier = Number::ratio(unit.multiplier.0, unit.multiplier.1)?;
    let offset = Number::ratio(unit.offset.0, unit.offset.1)?;
    Some((multiplier, offset))
}

/// Why a code does not name a unit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UnitError {
    /// No unit has this code.
    #[error("{code:?} is not a known {scheme:?} unit")]
    Unknown {
        /// The code.
        code: String,
        /// Where it was looked up.
        scheme: Scheme,
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
    #[error("{code:?} is no unit of {kind:?}")]
    OtherKind {
        /// The code.
        code: String,
        /// The kind asked for.
        kind: QuantityKind,
    },
}

/// Why a value cannot be converted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConvertError {
    /// The unit is not clear.
    #[error(transparent)]
    Unit(#[from] UnitError),
    /// No such temperature exists.
    #[error("{value} {unit} is below absolute zero")]
    BelowAbsoluteZero {
        /// The value as a decimal.
        value: String,
        /// QUDT name of its unit.
        unit: &'static str,
    },
    /// The unit table lacks the unit that `kind` is stated in.
    #[error("no unit to state {kind:?} in")]
    NoTarget {
        /// The kind.
        kind: QuantityKind,
    },
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn check(value: &str, code: &str, scheme: Scheme, kind: QuantityKind, expected: Expect) {
        let number = Number::parse(value).expect("a number");
        match convert(&number, code, scheme, kind) {
            Ok(done) => expected.assert_eq(&format!("{} {}", done.value, done.unit.name())),
            Err(error) => expected.assert_eq(&error.to_string()),
        }
    }

    /// T-71: units of several dialects meet in one.
    #[test]
    fn temperatures() {
        use QuantityKind::Temperature;
        check("68", "°F", Scheme::Symbol, Temperature, expect!["20 DEG_C"]);
        check("68", "[degF]", Scheme::Ucum, Temperature, expect!["20 DEG_C"]);
        check("26.0", "CEL", Scheme::Unece, Temperature, expect!["26 DEG_C"]);
        check("23.1", "Cel", Scheme::Senml, Temperature, expect!["23.1 DEG_C"]);
        check("0", "K", Scheme::Senml, Temperature, expect!["-273.15 DEG_C"]);
        check("1", "F", Scheme::Symbol, Temperature, expect!["-17.222222222222222222 DEG_C"]);
        check("-1", "K", Scheme::Senml, Temperature, expect!["-1 K is below absolute zero"]);
    }

    #[test]
    fn other_kinds() {
        use QuantityKind as Q;
        check("160.0", "KMH", Scheme::Unece, Q::Speed, expect!["44.444444444444444444 M-PER-SEC"]);
        check("12.1", "A93", Scheme::Unece, Q::AbsoluteHumidity, expect!["0.0121 KiloGM-PER-M3"]);
        check("2034616.71", "Wh", Scheme::Symbol, Q::Energy, expect!["7324620156 J"]);
        check("61.9", "%", Scheme::Symbol, Q::RelativeHumidity, expect!["61.9 PERCENT_RH"]);
        check("0.5", "/", Scheme::Senml, Q::RelativeHumidity, expect!["50 PERCENT_RH"]);
        check("98", "%EL", Scheme::Senml, Q::StateOfCharge, expect!["98 PERCENT"]);
        check("-0.02", "m³⋅m⁻³", Scheme::Symbol, Q::VolumeFraction, expect!["-0.02 M3-PER-M3"]);
        check("24.3", "lon", Scheme::Senml, Q::PlaneAngle, expect!["24.3 DEG"]);
        check("1013.2", "hPa", Scheme::Symbol, Q::Pressure, expect!["101320 PA"]);
    }

    #[test]
    fn a_unit_of_another_kind_is_refused() {
        check(
            "50",
            "%",
            Scheme::Symbol,
            QuantityKind::Voltage,
            expect![[r#""%" is no unit of Voltage"#]],
        );
        check(
            "50",
            "furlong",
            Scheme::Ucum,
            QuantityKind::Length,
            expect![[r#""furlong" is not a known Ucum unit"#]],
        );
    }

    #[test]
    fn an_ambiguous_code_needs_the_kind() {
        let error = resolve("C", Scheme::Symbol, None).expect_err("coulomb or Celsius");
        expect![[r#""C" may be ["DEG_C", "C"]: state the quantity kind"#]]
            .assert_eq(&error.to_string());
        let unit = resolve("C", Scheme::Symbol, Some(QuantityKind::Temperature)).expect("decided");
        assert_eq!(unit.name(), "DEG_C", "the kind decides");
    }

    #[test]
    fn every_kind_has_its_unit() {
        for kind in QuantityKind::ALL {
            let target = unit(kind.stated_in()).expect("in the table");
            assert!(target.kinds.contains(kind), "{kind:?} is stated in {}", target.name);
            assert_eq!(QuantityKind::find(&kind.iri()), Some(*kind), "IRIs read back");
        }
    }
}
