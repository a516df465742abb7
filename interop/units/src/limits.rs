use crate::kind::QuantityKind;
use crate::number::Number;

/// What no value of a kind can be beyond, whatever measured it.
///
/// A value that is merely unlikely is not refused: mappings flag it (`rangeFlag`). So fractions,
/// pressures, lengths, volumes, energies and irradiances have no limit here: sensors read a little
/// below zero by noise, and differences and positions are below zero rightly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limit {
    /// The kind.
    pub kind: QuantityKind,
    /// Numerator and denominator of the least value, in the unit the kind is stated in.
    pub least: (i64, i64),
    /// Why nothing is less.
    pub reason: &'static str,
}

impl Limit {
    /// All limits, by kind.
    pub const ALL: &[Self] = LIMITS;

    /// The limit of a kind, if it has one.
    #[must_use]
    pub fn of(kind: QuantityKind) -> Option<&'static Self> {
        LIMITS.iter().find(|limit| limit.kind == kind)
    }

    pub(crate) fn refuses(&self, stated: &Number) -> bool {
        Number::ratio(self.least.0, self.least.1).is_some_and(|least| *stated < least)
    }
}

const fn none_below_zero(kind: QuantityKind, reason: &'static str) -> Limit {
    Limit { kind, least: (0, 1), reason }
}

use QuantityKind as Q;

const LIMITS: &[Limit] = &[
    none_below_zero(Q::AbsoluteHumidity, "a volume holds no less than no water"),
    none_below_zero(Q::AbsorbedDose, "radiation takes no energy out of matter"),
    none_below_zero(Q::AbsorbedDoseRate, "radiation takes no energy out of matter"),
    none_below_zero(Q::Activity, "a decay is counted, not undone"),
    none_below_zero(Q::ActivityConcentration, "a decay is counted, not undone"),
    none_below_zero(Q::AmountOfData, "there is no less than no data"),
    none_below_zero(Q::AmountOfSubstance, "there is no less than no substance"),
    none_below_zero(Q::AmountOfSubstanceConcentration, "there is no less than no substance"),
    none_below_zero(Q::Area, "nothing is smaller than a point"),
    none_below_zero(Q::Count, "nothing is counted fewer than no times"),
    none_below_zero(Q::DataRate, "there is no less than no data"),
    none_below_zero(Q::Density, "no mass is below zero"),
    none_below_zero(Q::DoseEquivalent, "radiation takes no energy out of matter"),
    none_below_zero(Q::DoseEquivalentRate, "radiation takes no energy out of matter"),
    none_below_zero(Q::DynamicViscosity, "no liquid flows by itself"),
    none_below_zero(Q::Frequency, "nothing happens fewer than no times"),
    none_below_zero(Q::HeartRate, "nothing happens fewer than no times"),
    none_below_zero(Q::Illuminance, "there is no light less than none"),
    none_below_zero(Q::KinematicViscosity, "no liquid flows by itself"),
    none_below_zero(Q::Luminance, "there is no light less than none"),
    none_below_zero(Q::LuminousFlux, "there is no light less than none"),
    none_below_zero(Q::LuminousIntensity, "there is no light less than none"),
    none_below_zero(Q::Mass, "no mass is below zero"),
    none_below_zero(Q::MassConcentration, "no mass is below zero"),
    none_below_zero(Q::MassPerArea, "no mass is below zero"),
    none_below_zero(Q::PhotosyntheticPhotonFluxDensity, "there is no light less than none"),
    none_below_zero(Q::RelativeHumidity, "air holds no less than no water"),
    none_below_zero(Q::RespiratoryRate, "nothing happens fewer than no times"),
    none_below_zero(Q::SolidAngle, "nothing is smaller than a point"),
    none_below_zero(Q::StateOfCharge, "a battery holds no less than nothing"),
    Limit {
        kind: Q::Temperature,
        least: (-27_315, 100),
        reason: "nothing is colder than absolute zero",
    },
];
