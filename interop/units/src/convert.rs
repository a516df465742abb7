use crate::kind::QuantityKind;
use crate::limits::Limit;
use crate::number::Number;
use crate::resolve::{Unit, UnitError, resolve};
use crate::table::Scheme;

/// A value in the unit Pervade states its kind in.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Converted {
    /// The exact value.
    pub value: Number,
    /// The unit of `value`.
    pub unit: Unit,
    /// The unit the value came in.
    pub original_unit: Unit,
}

/// States `value`, given in the unit `code`, in the unit of its kind.
///
/// # Errors
/// The code does not name one unit of `kind`, or the value cannot be ([`Limit`]): a temperature
/// below absolute zero, a negative count.
pub fn convert(
    value: &Number,
    code: &str,
    scheme: Scheme,
    kind: QuantityKind,
) -> Result<Converted, ConvertError> {
    let no_target = || ConvertError::NoTarget { kind };
    let from = resolve(code, scheme, Some(kind))?;
    let to = Unit::stated(kind).ok_or_else(no_target)?;
    let converted = to.out_of_si(&from.to_si(value, kind), kind).ok_or_else(no_target)?;
    match Limit::of(kind).filter(|limit| limit.refuses(&converted)) {
        Some(limit) => Err(ConvertError::Impossible {
            value: value.to_decimal(),
            unit: from.to_string(),
            reason: limit.reason,
        }),
        None => Ok(Converted { value: converted, unit: to, original_unit: from }),
    }
}

/// Why a value cannot be converted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConvertError {
    /// The unit is not clear.
    #[error(transparent)]
    Unit(#[from] UnitError),
    /// No such value exists.
    #[error("{value} {unit} cannot be: {reason}")]
    Impossible {
        /// The value as a decimal.
        value: String,
        /// QUDT name, or code, of its unit.
        unit: String,
        /// Why it cannot be.
        reason: &'static str,
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
    use std::collections::BTreeSet;

    use expect_test::{Expect, expect};
    use proptest::prelude::*;

    use super::*;
    use crate::table::{entries, entry, with_code};

    fn check(value: &str, code: &str, scheme: Scheme, kind: QuantityKind, expected: Expect) {
        let number = Number::parse(value).expect("a number");
        match convert(&number, code, scheme, kind) {
            Ok(done) => expected.assert_eq(&format!("{} {}", done.value, done.unit)),
            Err(error) => expected.assert_eq(&error.to_string()),
        }
    }

    /// T-71: units of several dialects meet in one.
    #[test]
    fn temperatures() {
        use QuantityKind::{Temperature, TemperatureDifference};
        check("68", "°F", Scheme::Symbol, Temperature, expect!["20 DEG_C"]);
        check("68", "[degF]", Scheme::Ucum, Temperature, expect!["20 DEG_C"]);
        check("26.0", "CEL", Scheme::Unece, Temperature, expect!["26 DEG_C"]);
        check("23.1", "Cel", Scheme::Senml, Temperature, expect!["23.1 DEG_C"]);
        check("0", "K", Scheme::Senml, Temperature, expect!["-273.15 DEG_C"]);
        check("1", "F", Scheme::Symbol, Temperature, expect!["-17.222222222222222222 DEG_C"]);
        check("18", "°F", Scheme::Symbol, TemperatureDifference, expect!["10 K"]);
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
        check("412", "ppm", Scheme::Symbol, Q::MoleFraction, expect!["412 PPM"]);
        check(
            "12.5",
            "µg/m³",
            Scheme::Symbol,
            Q::MassConcentration,
            expect!["0.0000000125 KiloGM-PER-M3"],
        );
        check("30", "L2", Scheme::Unece, Q::VolumeFlowRate, expect!["0.0005 M3-PER-SEC"]);
        check(
            "3.2",
            "mm/h",
            Scheme::Senml,
            Q::VolumetricFlux,
            expect!["0.000000888888888889 M-PER-SEC"],
        );
        check("1", "rad", Scheme::Senml, Q::PlaneAngle, expect!["57.295779513082320877 DEG"]);
        check("60", "1/min", Scheme::Senml, Q::RotationalVelocity, expect!["60 REV-PER-MIN"]);
        check("-113", "dBm", Scheme::Symbol, Q::PowerLevel, expect!["-113 DeciB-MilliW"]);
        check("-143", "dBW", Scheme::Senml, Q::PowerLevel, expect!["-113 DeciB-MilliW"]);
        check("7.2", "pH", Scheme::Senml, Q::Acidity, expect!["7.2 PH"]);
        check("4", "Bspl", Scheme::Senml, Q::SoundPressureLevel, expect!["40 DeciB"]);
        check("1.5", "KiB", Scheme::Senml, Q::AmountOfData, expect!["12288 BIT"]);
        check("18", "kWh/100km", Scheme::Symbol, Q::EnergyPerDistance, expect!["648 J-PER-M"]);
        check("3600", "VAs", Scheme::Senml, Q::ApparentEnergy, expect!["1 VA-HR"]);
    }

    #[test]
    fn a_unit_of_another_kind_is_refused() {
        use QuantityKind as Q;
        check("50", "%", Scheme::Symbol, Q::Voltage, expect![[r#""%" is no unit of Voltage"#]]);
        check("5", "m/s", Scheme::Symbol, Q::Length, expect![[r#""m/s" is no unit of Length"#]]);
        check(
            "5",
            "dB",
            Scheme::Symbol,
            Q::PowerLevel,
            expect![[r#""dB" is no unit of PowerLevel"#]],
        );
        check(
            "50",
            "furlong",
            Scheme::Ucum,
            Q::Length,
            expect![[r#""furlong" is no UCUM unit: column 1: "furlong" is no unit"#]],
        );
    }

    /// What cannot be is refused; what is unlikely is not.
    #[test]
    fn what_cannot_be() {
        use QuantityKind as Q;
        check(
            "-1",
            "K",
            Scheme::Senml,
            Q::Temperature,
            expect!["-1 K cannot be: nothing is colder than absolute zero"],
        );
        check(
            "-460",
            "°F",
            Scheme::Symbol,
            Q::Temperature,
            expect!["-460 DEG_F cannot be: nothing is colder than absolute zero"],
        );
        check(
            "-3",
            "",
            Scheme::Symbol,
            Q::Count,
            expect!["-3 NUM cannot be: nothing is counted fewer than no times"],
        );
        check(
            "-0.001",
            "kg",
            Scheme::Symbol,
            Q::Mass,
            expect!["-0.001 KiloGM cannot be: no mass is below zero"],
        );
        check("-5", "°C", Scheme::Symbol, Q::TemperatureDifference, expect!["-5 K"]);
        check("9000", "°C", Scheme::Symbol, Q::Temperature, expect!["9000 DEG_C"]);
    }

    #[test]
    fn every_kind_has_its_unit() {
        for kind in QuantityKind::ALL {
            let target = entry(kind.stated_in()).expect("in the table");
            assert!(target.kinds.contains(kind), "{kind:?} is stated in {}", target.name);
            assert_eq!(QuantityKind::find(&kind.iri()), Some(*kind), "IRIs read back");
            assert_eq!(QuantityKind::find(kind.name()), Some(*kind), "names read back");
        }
    }

    /// A unit's kinds have one dimension, but for rates of turning, which the SI tells apart by
    /// name alone; and its UCUM codes come to what the table says.
    #[test]
    fn the_table_agrees_with_the_expressions() {
        for entry in entries() {
            let (multiplier, _) = entry.factors().expect("a factor");
            for kind in entry.kinds {
                assert_eq!(kind.dimension(), entry.kinds[0].dimension(), "{}", entry.shown());
            }
            for code in entry.codes(Scheme::Ucum) {
                let Ok(expression) = crate::ucum::parse(code) else { continue };
                assert_eq!(expression.factor, multiplier, "{code} of {}", entry.shown());
                assert_eq!(expression.dimension, entry.kinds[0].dimension(), "{code}");
            }
        }
    }

    #[test]
    fn names_are_there_once_and_codes_are_many() {
        let mut names = BTreeSet::new();
        for entry in entries().filter(|entry| !entry.name.is_empty()) {
            assert!(names.insert(entry.name), "{} is there twice", entry.name);
        }
        let codes =
            |scheme| entries().flat_map(|entry| entry.codes(scheme)).collect::<BTreeSet<_>>().len();
        assert!(codes(Scheme::Unece) >= 150, "the common codes of IoT, logistics and energy");
    }

    /// The SenML units registry, secondary units and all.
    #[test]
    fn every_senml_unit_is_there() {
        let registry = "\
            m kg g s A K cd mol Hz rad sr N Pa J W C V F Ohm S Wb T H Cel lm lx Bq \
            Gy Sv kat m2 m3 l m/s m/s2 m3/s l/s W/m2 cd/m2 bit bit/s lat lon pH dB \
            dBW Bspl count / % %RH %EL EL 1/s 1/min beat/min beats S/m B VA VAs \
            var vars J/m kg/m3 deg NTU ms min h MHz kW kVA kvar Ah Wh kWh varh \
            kvarh kVAh Wh/km KiB GB Mbit/s B/s MB/s mV mA dBm ug/m3 mm/h m/h ppm \
            /100 /1000 hPa mm cm km km/h ppb ppt VAh mg/l ug/l g/l";
        for code in registry.split_ascii_whitespace() {
            assert!(!with_code(Scheme::Senml, code).is_empty(), "{code}");
        }
    }

    proptest! {
        /// There and back again is exact, in any unit but those of radians.
        #[test]
        fn conversions_are_exact(digits in 0_i64..1_000_000_000, places in 0_u32..9, at in 0_usize..263) {
            let entry = entries().nth(at).expect("an entry");
            let value = Number::ratio(digits, 10_i64.pow(places)).expect("a number");
            for kind in entry.kinds {
                for scheme in Scheme::ALL {
                    let Some(code) = entry.codes(*scheme).next() else { continue };
                    let done = convert(&value, code, *scheme, *kind).expect("converts");
                    let si = done.unit.to_si(&done.value, *kind);
                    let back = done.original_unit.out_of_si(&si, *kind);
                    prop_assert_eq!(back.as_ref(), Some(&value), "{} as {:?}", code, kind);
                }
            }
        }

        /// Whatever a vendor prints, an answer comes out.
        #[test]
        fn any_code_is_answered(code in "\\PC{0,12}", at in 0_usize..70) {
            let kind = QuantityKind::ALL.get(at).copied();
            for scheme in Scheme::ALL {
                let _answer = resolve(&code, *scheme, kind);
            }
        }
    }
}
