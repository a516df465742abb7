/// What kind of quantity a value is, as QUDT names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
#[expect(missing_docs, reason = "each variant is the QUDT quantity kind of the same name")]
pub enum QuantityKind {
    AbsoluteHumidity,
    Acceleration,
    ActivePower,
    ApparentPower,
    Capacitance,
    Count,
    Dimensionless,
    DimensionlessRatio,
    ElectricCharge,
    ElectricCurrent,
    Energy,
    Frequency,
    Illuminance,
    Length,
    Mass,
    MassFraction,
    PlaneAngle,
    PowerFactor,
    Pressure,
    ReactivePower,
    RelativeHumidity,
    RelativePermittivity,
    Speed,
    StateOfCharge,
    Temperature,
    TemperatureDifference,
    Time,
    Voltage,
    Volume,
    VolumeFraction,
}

/// Where QUDT's quantity kinds are named.
const NAMESPACE: &str = "http://qudt.org/vocab/quantitykind/";

impl QuantityKind {
    /// All kinds, by name.
    pub const ALL: &[Self] = &[
        Self::AbsoluteHumidity,
        Self::Acceleration,
        Self::ActivePower,
        Self::ApparentPower,
        Self::Capacitance,
        Self::Count,
        Self::Dimensionless,
        Self::DimensionlessRatio,
        Self::ElectricCharge,
        Self::ElectricCurrent,
        Self::Energy,
        Self::Frequency,
        Self::Illuminance,
        Self::Length,
        Self::Mass,
        Self::MassFraction,
        Self::PlaneAngle,
        Self::PowerFactor,
        Self::Pressure,
        Self::ReactivePower,
        Self::RelativeHumidity,
        Self::RelativePermittivity,
        Self::Speed,
        Self::StateOfCharge,
        Self::Temperature,
        Self::TemperatureDifference,
        Self::Time,
        Self::Voltage,
        Self::Volume,
        Self::VolumeFraction,
    ];

    /// The local name, such as `Temperature`.
    #[must_use]
    pub fn name(self) -> String {
        format!("{self:?}")
    }

    /// `http://qudt.org/vocab/quantitykind/<name>`
    #[must_use]
    pub fn iri(self) -> String {
        format!("{NAMESPACE}{self:?}")
    }

    /// The kind with this IRI or this local name.
    #[must_use]
    pub fn find(text: &str) -> Option<Self> {
        let name = text.strip_prefix(NAMESPACE).unwrap_or(text);
        Self::ALL.iter().copied().find(|kind| kind.name() == name)
    }

    /// QUDT local name of the unit that values of this kind are stated in: the coherent SI
    /// unit, but degrees Celsius for temperatures, percent for relative humidity and charge,
    /// and degrees for angles, where the coherent unit has no exact value or no reader.
    #[must_use]
    pub const fn stated_in(self) -> &'static str {
        match self {
            Self::AbsoluteHumidity => "KiloGM-PER-M3",
            Self::Acceleration => "M-PER-SEC2",
            Self::ActivePower => "W",
            Self::ApparentPower => "VA",
            Self::Capacitance => "FARAD",
            Self::Count => "NUM",
            Self::Dimensionless
            | Self::DimensionlessRatio
            | Self::PowerFactor
            | Self::RelativePermittivity => "UNITLESS",
            Self::ElectricCharge => "C",
            Self::ElectricCurrent => "A",
            Self::Energy => "J",
            Self::Frequency => "HZ",
            Self::Illuminance => "LUX",
            Self::Length => "M",
            Self::Mass => "KiloGM",
            Self::MassFraction => "KiloGM-PER-KiloGM",
            Self::PlaneAngle => "DEG",
            Self::Pressure => "PA",
            Self::ReactivePower => "VAR",
            Self::RelativeHumidity => "PERCENT_RH",
            Self::Speed => "M-PER-SEC",
            Self::StateOfCharge => "PERCENT",
            Self::Temperature => "DEG_C",
            Self::TemperatureDifference => "K",
            Self::Time => "SEC",
            Self::Voltage => "V",
            Self::Volume => "M3",
            Self::VolumeFraction => "M3-PER-M3",
        }
    }
}
