use crate::dimension::{
    AMOUNT, ANGLE, CURRENT, Dimension, INFORMATION, LENGTH, LIGHT, MASS, NONE, TEMPERATURE, TIME,
};
use crate::kind::Fits::{Any, Listed, Of, Plain};

/// Which units measure a kind, of those that have its dimension.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fits {
    /// Every one.
    Any,
    /// Those written without a [`Mark`], as newton metres are.
    Plain,
    /// Those written with this mark, as joules are.
    Of(Mark),
    /// Those that the table lists for the kind, because others have another meaning: a percentage
    /// of what?
    Listed,
}

/// What an atom of a unit says beyond its dimension.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Mark {
    Energy,
    Light,
    Activity,
    Absorbed,
    Equivalent,
}

/// The kinds: name, dimension, QUDT local name of the unit that values are stated in, and which
/// units fit.
macro_rules! kinds {
    ($($name:ident: $dimension:expr, $unit:literal, $fits:expr;)+) => {
        /// What kind of quantity a value is, as QUDT names it; two that QUDT lacks are Pervade's.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        #[non_exhaustive]
        #[expect(missing_docs, reason = "each variant is the quantity kind of the same name")]
        pub enum QuantityKind {
            $($name),+
        }

        impl QuantityKind {
            /// All kinds, by name.
            pub const ALL: &[Self] = &[$(Self::$name),+];

            /// The local name, such as `Temperature`.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => stringify!($name)),+ }
            }

            /// What the kind is in base dimensions.
            #[must_use]
            pub const fn dimension(self) -> Dimension {
                match self { $(Self::$name => $dimension),+ }
            }

            /// QUDT local name of the unit that values of this kind are stated in: the coherent
            /// SI unit, but another where that has no exact value, no name in QUDT or no reader:
            /// degrees Celsius for temperatures, degrees for angles, percent for relative
            /// humidity and charge, parts in a million for mole fractions, hours for apparent and
            /// reactive energy, minutes for what beats and turns. Levels stay levels: nothing is
            /// converted between decibels and what they are of.
            #[must_use]
            pub const fn stated_in(self) -> &'static str {
                match self { $(Self::$name => $unit),+ }
            }

            pub(crate) const fn fits(self) -> Fits {
                match self { $(Self::$name => $fits),+ }
            }
        }
    };
}

kinds! {
    AbsoluteHumidity: MASS.by(LENGTH.pow(-3)), "KiloGM-PER-M3", Any;
    AbsorbedDose: LENGTH.pow(2).by(TIME.pow(-2)), "GRAY", Of(Mark::Absorbed);
    AbsorbedDoseRate: LENGTH.pow(2).by(TIME.pow(-3)), "GRAY-PER-SEC", Of(Mark::Absorbed);
    Acceleration: LENGTH.by(TIME.pow(-2)), "M-PER-SEC2", Any;
    Acidity: NONE, "PH", Listed;
    ActivePower: MASS.by(LENGTH.pow(2)).by(TIME.pow(-3)), "W", Of(Mark::Energy);
    Activity: TIME.pow(-1), "BQ", Of(Mark::Activity);
    ActivityConcentration: LENGTH.pow(-3).by(TIME.pow(-1)), "BQ-PER-M3", Of(Mark::Activity);
    AmountOfData: INFORMATION, "BIT", Any;
    AmountOfSubstance: AMOUNT, "MOL", Any;
    AmountOfSubstanceConcentration: AMOUNT.by(LENGTH.pow(-3)), "MOL-PER-M3", Any;
    AngularVelocity: ANGLE.by(TIME.pow(-1)), "DEG-PER-SEC", Any;
    ApparentEnergy: MASS.by(LENGTH.pow(2)).by(TIME.pow(-2)), "VA-HR", Listed;
    ApparentPower: MASS.by(LENGTH.pow(2)).by(TIME.pow(-3)), "VA", Plain;
    Area: LENGTH.pow(2), "M2", Any;
    Capacitance: CURRENT.pow(2).by(LENGTH.pow(-2)).by(MASS.pow(-1)).by(TIME.pow(4)), "FARAD", Any;
    CatalyticActivity: AMOUNT.by(TIME.pow(-1)), "KAT", Any;
    Conductance: CURRENT.pow(2).by(LENGTH.pow(-2)).by(MASS.pow(-1)).by(TIME.pow(3)), "S", Any;
    Count: NONE, "NUM", Listed;
    DataRate: INFORMATION.by(TIME.pow(-1)), "BIT-PER-SEC", Any;
    Density: MASS.by(LENGTH.pow(-3)), "KiloGM-PER-M3", Any;
    Dimensionless: NONE, "UNITLESS", Listed;
    DimensionlessRatio: NONE, "UNITLESS", Listed;
    DoseEquivalent: LENGTH.pow(2).by(TIME.pow(-2)), "SV", Of(Mark::Equivalent);
    DoseEquivalentRate: LENGTH.pow(2).by(TIME.pow(-3)), "SV-PER-SEC", Of(Mark::Equivalent);
    DynamicViscosity: MASS.by(LENGTH.pow(-1)).by(TIME.pow(-1)), "PA-SEC", Any;
    ElectricCharge: CURRENT.by(TIME), "C", Any;
    ElectricConductivity: CURRENT.pow(2).by(LENGTH.pow(-3)).by(MASS.pow(-1)).by(TIME.pow(3)), "S-PER-M", Any;
    ElectricCurrent: CURRENT, "A", Any;
    ElectricField: MASS.by(LENGTH).by(TIME.pow(-3)).by(CURRENT.pow(-1)), "V-PER-M", Any;
    Energy: MASS.by(LENGTH.pow(2)).by(TIME.pow(-2)), "J", Of(Mark::Energy);
    EnergyPerDistance: MASS.by(LENGTH).by(TIME.pow(-2)), "J-PER-M", Of(Mark::Energy);
    Force: MASS.by(LENGTH).by(TIME.pow(-2)), "N", Plain;
    Frequency: TIME.pow(-1), "HZ", Plain;
    HeartRate: TIME.pow(-1), "BEAT-PER-MIN", Plain;
    Illuminance: LIGHT.by(LENGTH.pow(-2)), "LUX", Of(Mark::Light);
    Inductance: MASS.by(LENGTH.pow(2)).by(TIME.pow(-2)).by(CURRENT.pow(-2)), "H", Any;
    Irradiance: MASS.by(TIME.pow(-3)), "W-PER-M2", Any;
    KinematicViscosity: LENGTH.pow(2).by(TIME.pow(-1)), "M2-PER-SEC", Any;
    Length: LENGTH, "M", Any;
    Log10Ratio: NONE, "DeciB", Listed;
    Luminance: LIGHT.by(LENGTH.pow(-2)), "CD-PER-M2", Plain;
    LuminousFlux: LIGHT, "LM", Of(Mark::Light);
    LuminousIntensity: LIGHT, "CD", Plain;
    MagneticFlux: MASS.by(LENGTH.pow(2)).by(TIME.pow(-2)).by(CURRENT.pow(-1)), "WB", Any;
    MagneticFluxDensity: MASS.by(TIME.pow(-2)).by(CURRENT.pow(-1)), "T", Any;
    Mass: MASS, "KiloGM", Any;
    MassConcentration: MASS.by(LENGTH.pow(-3)), "KiloGM-PER-M3", Any;
    MassFlowRate: MASS.by(TIME.pow(-1)), "KiloGM-PER-SEC", Any;
    MassFraction: NONE, "KiloGM-PER-KiloGM", Listed;
    MassPerArea: MASS.by(LENGTH.pow(-2)), "KiloGM-PER-M2", Any;
    MoleFraction: NONE, "PPM", Listed;
    PhotosyntheticPhotonFluxDensity: AMOUNT.by(LENGTH.pow(-2)).by(TIME.pow(-1)), "MOL-PER-M2-SEC", Any;
    PlaneAngle: ANGLE, "DEG", Any;
    Power: MASS.by(LENGTH.pow(2)).by(TIME.pow(-3)), "W", Of(Mark::Energy);
    PowerFactor: NONE, "UNITLESS", Listed;
    PowerLevel: NONE, "DeciB-MilliW", Listed;
    Pressure: MASS.by(LENGTH.pow(-1)).by(TIME.pow(-2)), "PA", Any;
    ReactiveEnergy: MASS.by(LENGTH.pow(2)).by(TIME.pow(-2)), "VAR-HR", Listed;
    ReactivePower: MASS.by(LENGTH.pow(2)).by(TIME.pow(-3)), "VAR", Listed;
    RelativeHumidity: NONE, "PERCENT_RH", Listed;
    RelativePermittivity: NONE, "UNITLESS", Listed;
    Resistance: MASS.by(LENGTH.pow(2)).by(TIME.pow(-3)).by(CURRENT.pow(-2)), "OHM", Any;
    RespiratoryRate: TIME.pow(-1), "BREATH-PER-MIN", Plain;
    RotationalVelocity: TIME.pow(-1), "REV-PER-MIN", Plain;
    SolidAngle: NONE, "SR", Listed;
    SoundPressureLevel: NONE, "DeciB", Listed;
    Speed: LENGTH.by(TIME.pow(-1)), "M-PER-SEC", Any;
    StateOfCharge: NONE, "PERCENT", Listed;
    Temperature: TEMPERATURE, "DEG_C", Any;
    TemperatureDifference: TEMPERATURE, "K", Any;
    Time: TIME, "SEC", Any;
    Torque: MASS.by(LENGTH.pow(2)).by(TIME.pow(-2)), "N-M", Plain;
    Turbidity: NONE, "NTU", Listed;
    Voltage: MASS.by(LENGTH.pow(2)).by(TIME.pow(-3)).by(CURRENT.pow(-1)), "V", Any;
    Volume: LENGTH.pow(3), "M3", Any;
    VolumeFlowRate: LENGTH.pow(3).by(TIME.pow(-1)), "M3-PER-SEC", Any;
    VolumeFraction: NONE, "M3-PER-M3", Listed;
    VolumetricFlux: LENGTH.by(TIME.pow(-1)), "M-PER-SEC", Any;
}

/// Where QUDT's quantity kinds are named.
const QUDT: &str = "http://qudt.org/vocab/quantitykind/";

/// Where Pervade's own are.
const PERVADE: &str = "urn:pervade:vocab#";

impl QuantityKind {
    /// Whether Pervade names the kind, because QUDT does not.
    #[must_use]
    pub const fn is_own(self) -> bool {
        matches!(self, Self::EnergyPerDistance | Self::PowerLevel)
    }

    /// `http://qudt.org/vocab/quantitykind/<name>`, or `urn:pervade:vocab#<name>` for an own one.
    #[must_use]
    pub fn iri(self) -> String {
        let namespace = if self.is_own() { PERVADE } else { QUDT };
        format!("{namespace}{}", self.name())
    }

    /// The kind with this IRI or this local name.
    #[must_use]
    pub fn find(text: &str) -> Option<Self> {
        let is_meant = |kind: &Self| match text.strip_prefix(QUDT) {
            Some(name) => !kind.is_own() && kind.name() == name,
            None => kind.name() == text || kind.is_own() && kind.iri() == text,
        };
        Self::ALL.iter().copied().find(is_meant)
    }
}
