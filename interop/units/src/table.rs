use crate::kind::QuantityKind;

/// Which list a unit code comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Scheme {
    /// The Unified Code for Units of Measure, case-sensitive.
    Ucum,
    /// The SenML units registry (RFC 8428, RFC 8798).
    Senml,
    /// UN/CEFACT Recommendation 20 common codes, as EPCIS uses them.
    Unece,
    /// Symbols as vendors print them.
    Symbol,
}

impl Scheme {
    /// The scheme named `ucum`, `senml`, `unece` or `symbol`.
    #[must_use]
    pub fn find(name: &str) -> Option<Self> {
        match name {
            "ucum" => Some(Self::Ucum),
            "senml" => Some(Self::Senml),
            "unece" => Some(Self::Unece),
            "symbol" => Some(Self::Symbol),
            _ => None,
        }
    }
}

/// One unit: what its codes are and how it relates to the SI unit of its kinds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unit {
    /// QUDT local name.
    pub(crate) name: &'static str,
    pub(crate) kinds: &'static [QuantityKind],
    /// `si = value * multiplier.0 / multiplier.1 + offset.0 / offset.1`
    pub(crate) multiplier: (i64, i64),
    pub(crate) offset: (i64, i64),
    pub(crate) ucum: &'static [&'static str],
    pub(crate) senml: &'static [&'static str],
    pub(crate) unece: &'static [&'static str],
    pub(crate) symbols: &'static [&'static str],
}

impl Unit {
    /// QUDT local name, such as `DEG_C`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// `http://qudt.org/vocab/unit/<name>`
    #[must_use]
    pub fn iri(&self) -> String {
        format!("http://qudt.org/vocab/unit/{}", self.name)
    }

    pub(crate) const fn codes(&self, scheme: Scheme) -> &'static [&'static str] {
        match scheme {
            Scheme::Ucum => self.ucum,
            Scheme::Senml => self.senml,
            Scheme::Unece => self.unece,
            Scheme::Symbol => self.symbols,
        }
    }
}

pub(crate) fn unit(name: &str) -> Option<&'static Unit> {
    UNITS.iter().find(|unit| unit.name == name)
}

const fn scaled(
    name: &'static str,
    kinds: &'static [QuantityKind],
    multiplier: (i64, i64),
    codes: [&'static [&'static str]; 4],
) -> Unit {
    let [ucum, senml, unece, symbols] = codes;
    Unit { name, kinds, multiplier, offset: (0, 1), ucum, senml, unece, symbols }
}

use QuantityKind::{
    AbsoluteHumidity, Acceleration, ActivePower, ApparentPower, Capacitance, Count, Dimensionless,
    DimensionlessRatio, ElectricCharge, ElectricCurrent, Energy, Frequency, Illuminance, Length,
    Mass, MassFraction, PlaneAngle, PowerFactor, Pressure, ReactivePower, RelativeHumidity,
    RelativePermittivity, Speed, StateOfCharge, Temperature, TemperatureDifference, Time, Voltage,
    Volume, VolumeFraction,
};

/// Ratios share their units; the kind decides what a ratio is of.
const RATIOS: &[QuantityKind] = &[
    Dimensionless,
    DimensionlessRatio,
    PowerFactor,
    RelativePermittivity,
    RelativeHumidity,
    StateOfCharge,
    VolumeFraction,
    MassFraction,
];

/// Every unit known, codes in the order UCUM, SenML, UN/CEFACT, symbols.
///
/// The multipliers of degrees, knots and hours are exact fractions where QUDT prints 34
/// digits. Angles are related to the degree, not the radian: both ends stay exact.
pub(crate) const UNITS: &[Unit] = &[
    Unit {
        name: "DEG_C",
        kinds: &[Temperature],
        multiplier: (1, 1),
        offset: (27_315, 100),
        ucum: &["Cel"],
        senml: &["Cel"],
        unece: &["CEL"],
        symbols: &["°C", "℃", "C", "degC", "Celsius"],
    },
    Unit {
        name: "DEG_F",
        kinds: &[Temperature],
        multiplier: (5, 9),
        offset: (45_967 * 5, 900),
        ucum: &["[degF]"],
        senml: &[],
        unece: &["FAH"],
        symbols: &["°F", "℉", "F", "degF", "Fahrenheit"],
    },
    scaled("K", &[Temperature, TemperatureDifference], (1, 1), [&["K"], &["K"], &["KEL"], &["K"]]),
    scaled(
        "PERCENT_RH",
        &[RelativeHumidity],
        (1, 100),
        [&[], &["%RH"], &[], &["%RH", "%rH", "% RH"]],
    ),
    scaled(
        "PERCENT",
        RATIOS,
        (1, 100),
        [&["%"], &["%", "/100", "%EL"], &["P1"], &["%", "percent"]],
    ),
    scaled("PPTH", RATIOS, (1, 1000), [&["[ppth]"], &["/1000"], &["NX"], &["‰"]]),
    scaled("PPM", RATIOS, (1, 1_000_000), [&["[ppm]"], &["ppm"], &["59"], &["ppm"]]),
    scaled("UNITLESS", RATIOS, (1, 1), [&["1"], &["/"], &["C62"], &["", "1"]]),
    scaled("NUM", &[Count], (1, 1), [&["{#}", "1"], &["count"], &["C62"], &["#", "", "1"]]),
    scaled("PA", &[Pressure], (1, 1), [&["Pa"], &["Pa"], &["PAL"], &["Pa"]]),
    scaled("HectoPA", &[Pressure], (100, 1), [&["hPa"], &["hPa"], &["A97"], &["hPa"]]),
    scaled("KiloPA", &[Pressure], (1000, 1), [&["kPa"], &[], &["KPA"], &["kPa"]]),
    scaled("BAR", &[Pressure], (100_000, 1), [&["bar"], &[], &["BAR"], &["bar"]]),
    scaled("MilliBAR", &[Pressure], (100, 1), [&["mbar"], &[], &["MBR"], &["mbar"]]),
    scaled("ATM", &[Pressure], (101_325, 1), [&["atm"], &[], &["ATM"], &["atm"]]),
    scaled("V", &[Voltage], (1, 1), [&["V"], &["V"], &["VLT"], &["V"]]),
    scaled("MilliV", &[Voltage], (1, 1000), [&["mV"], &["mV"], &["2Z"], &["mV"]]),
    scaled("KiloV", &[Voltage], (1000, 1), [&["kV"], &[], &["KVT"], &["kV"]]),
    scaled("A", &[ElectricCurrent], (1, 1), [&["A"], &["A"], &["AMP"], &["A"]]),
    scaled("MilliA", &[ElectricCurrent], (1, 1000), [&["mA"], &["mA"], &["4K"], &["mA"]]),
    scaled("C", &[ElectricCharge], (1, 1), [&["C"], &["C"], &["COU"], &["C"]]),
    scaled("FARAD", &[Capacitance], (1, 1), [&["F"], &["F"], &["FAR"], &["F"]]),
    scaled("W", &[ActivePower], (1, 1), [&["W"], &["W"], &["WTT"], &["W"]]),
    scaled("KiloW", &[ActivePower], (1000, 1), [&["kW"], &["kW"], &["KWT"], &["kW"]]),
    scaled("MegaW", &[ActivePower], (1_000_000, 1), [&["MW"], &[], &["MAW"], &["MW"]]),
    scaled("VA", &[ApparentPower], (1, 1), [&["VA", "V.A"], &["VA"], &["D46"], &["VA", "V·A"]]),
    scaled("KiloVA", &[ApparentPower], (1000, 1), [&["kVA", "kV.A"], &["kVA"], &["KVA"], &["kVA"]]),
    scaled("VAR", &[ReactivePower], (1, 1), [&["var"], &["var"], &["D44"], &["var", "VAR"]]),
    scaled("KiloVAR", &[ReactivePower], (1000, 1), [&["kvar"], &["kvar"], &["KVR"], &["kvar"]]),
    scaled("J", &[Energy], (1, 1), [&["J"], &["J"], &["JOU"], &["J"]]),
    scaled("KiloJ", &[Energy], (1000, 1), [&["kJ"], &[], &["KJO"], &["kJ"]]),
    scaled("MegaJ", &[Energy], (1_000_000, 1), [&["MJ"], &[], &["3B"], &["MJ"]]),
    scaled("W-HR", &[Energy], (3600, 1), [&["W.h"], &["Wh"], &["WHR"], &["Wh"]]),
    scaled("KiloW-HR", &[Energy], (3_600_000, 1), [&["kW.h"], &["kWh"], &["KWH"], &["kWh"]]),
    scaled("HZ", &[Frequency], (1, 1), [&["Hz"], &["Hz"], &["HTZ"], &["Hz"]]),
    scaled("LUX", &[Illuminance], (1, 1), [&["lx"], &["lx"], &["LUX"], &["lx", "lux"]]),
    scaled(
        "M3-PER-M3",
        &[VolumeFraction],
        (1, 1),
        [&["m3.m-3", "m3/m3"], &[], &["H60"], &["m³/m³", "m³⋅m⁻³", "m³·m⁻³", "m3/m3"]],
    ),
    scaled(
        "KiloGM-PER-KiloGM",
        &[MassFraction],
        (1, 1),
        [&["kg.kg-1", "kg/kg"], &[], &["3H"], &["kg/kg", "kg⋅kg⁻¹"]],
    ),
    scaled(
        "M-PER-SEC",
        &[Speed],
        (1, 1),
        [&["m.s-1", "m/s"], &["m/s"], &["MTS"], &["m/s", "m⋅s⁻¹", "m·s⁻¹"]],
    ),
    scaled(
        "KiloM-PER-HR",
        &[Speed],
        (5, 18),
        [&["km.h-1", "km/h"], &["km/h"], &["KMH"], &["km/h"]],
    ),
    scaled("KN", &[Speed], (1852, 3600), [&["[kn_i]"], &[], &["KNT"], &["kn", "kt"]]),
    scaled(
        "MI-PER-HR",
        &[Speed],
        (44_704, 100_000),
        [&["[mi_i].h-1", "[mi_i]/h"], &[], &["HM"], &["mph"]],
    ),
    scaled(
        "KiloGM-PER-M3",
        &[AbsoluteHumidity],
        (1, 1),
        [&["kg.m-3", "kg/m3"], &["kg/m3"], &["KMQ"], &["kg/m³", "kg/m3"]],
    ),
    scaled(
        "GM-PER-M3",
        &[AbsoluteHumidity],
        (1, 1000),
        [&["g.m-3", "g/m3"], &[], &["A93"], &["g/m³", "g/m3"]],
    ),
    scaled("DEG", &[PlaneAngle], (1, 1), [&["deg"], &["lat", "lon"], &["DD"], &["°", "deg"]]),
    scaled("M", &[Length], (1, 1), [&["m"], &["m"], &["MTR"], &["m"]]),
    scaled("KiloM", &[Length], (1000, 1), [&["km"], &["km"], &["KMT"], &["km"]]),
    scaled("CentiM", &[Length], (1, 100), [&["cm"], &["cm"], &["CMT"], &["cm"]]),
    scaled("MilliM", &[Length], (1, 1000), [&["mm"], &["mm"], &["MMT"], &["mm"]]),
    scaled("KiloGM", &[Mass], (1, 1), [&["kg"], &["kg"], &["KGM"], &["kg"]]),
    scaled("GM", &[Mass], (1, 1000), [&["g"], &["g"], &["GRM"], &["g"]]),
    scaled("TONNE", &[Mass], (1000, 1), [&["t"], &[], &["TNE"], &["t"]]),
    scaled("M3", &[Volume], (1, 1), [&["m3"], &["m3"], &["MTQ"], &["m³", "m3"]]),
    scaled("L", &[Volume], (1, 1000), [&["L", "l"], &["l"], &["LTR"], &["l", "L"]]),
    scaled("SEC", &[Time], (1, 1), [&["s"], &["s"], &["SEC"], &["s"]]),
    scaled("MilliSEC", &[Time], (1, 1000), [&["ms"], &["ms"], &["C26"], &["ms"]]),
    scaled("MIN", &[Time], (60, 1), [&["min"], &["min"], &["MIN"], &["min"]]),
    scaled("HR", &[Time], (3600, 1), [&["h"], &["h"], &["HUR"], &["h"]]),
    scaled(
        "M-PER-SEC2",
        &[Acceleration],
        (1, 1),
        [&["m.s-2", "m/s2"], &["m/s2"], &["MSK"], &["m/s²"]],
    ),
    scaled("G", &[Acceleration], (980_665, 100_000), [&["[g]"], &[], &["K40"], &["g"]]),
];
