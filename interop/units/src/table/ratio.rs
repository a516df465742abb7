//! Ratios, counts and levels: units without a dimension.

use super::{Entry, RATIOS, unit};
use crate::kind::QuantityKind::{
    Acidity, Count, Log10Ratio, MassFraction, MoleFraction, PowerLevel, RelativeHumidity,
    SolidAngle, SoundPressureLevel, Turbidity, VolumeFraction,
};

pub(super) const UNITS: &[Entry] = &[
    unit("PERCENT_RH", &[RelativeHumidity], (1, 100), ["", "%RH", "", "%RH %rH"]),
    unit("PERCENT", RATIOS, (1, 100), ["%", "% /100 %EL", "P1", "% percent pct"]),
    unit("PPTH", RATIOS, (1, 1000), ["[ppth]", "/1000", "NX", "‰"]),
    unit("PPM", RATIOS, (1, 1_000_000), ["[ppm]", "ppm", "59", "ppm"]),
    unit("PPB", RATIOS, (1, 1_000_000_000), ["[ppb]", "ppb", "61", "ppb"]),
    unit("", RATIOS, (1, 1_000_000_000_000), ["[pptr]", "ppt", "", "ppt"]),
    unit("UNITLESS", RATIOS, (1, 1), ["1", "/", "C62", "1"]),
    unit("NUM", &[Count], (1, 1), ["{#} 1", "count beats", "C62 H87", "# 1 count counts"]),
    unit(
        "M3-PER-M3",
        &[VolumeFraction],
        (1, 1),
        ["m3.m-3 m3/m3", "", "H60", "m³/m³ m³⋅m⁻³ m³·m⁻³ m3/m3"],
    ),
    unit("L-PER-L", &[VolumeFraction], (1, 1), ["L.L-1 L/L l/l", "", "K62", "l/l"]),
    unit(
        "KiloGM-PER-KiloGM",
        &[MassFraction],
        (1, 1),
        ["kg.kg-1 kg/kg", "", "3H", "kg/kg kg⋅kg⁻¹"],
    ),
    unit("GM-PER-KiloGM", &[MassFraction], (1, 1000), ["g.kg-1 g/kg", "", "GK", "g/kg"]),
    unit(
        "MilliGM-PER-KiloGM",
        &[MassFraction],
        (1, 1_000_000),
        ["mg.kg-1 mg/kg", "", "NA", "mg/kg"],
    ),
    unit("MOL-PER-MOL", &[MoleFraction], (1, 1), ["mol.mol-1 mol/mol", "", "", "mol/mol"]),
    unit(
        "MicroMOL-PER-MOL",
        &[MoleFraction],
        (1, 1_000_000),
        ["umol.mol-1 umol/mol", "", "", "µmol/mol"],
    ),
    unit("SR", &[SolidAngle], (1, 1), ["sr", "sr", "D27", "sr"]),
    unit("NTU", &[Turbidity], (1, 1), ["[NTU]", "NTU", "", "NTU ntu"]),
    unit("DeciB", &[SoundPressureLevel, Log10Ratio], (1, 1), ["dB dB[SPL]", "dB", "2N", "dB"]),
    unit("DeciB_A", &[SoundPressureLevel], (1, 1), ["", "", "", "dBA dB(A)"]),
    unit("B", &[SoundPressureLevel, Log10Ratio], (10, 1), ["B B[SPL]", "Bspl", "M72", "B"]),
    unit("DeciB-MilliW", &[PowerLevel], (1, 1), ["dB[mW]", "dBm", "DBM", "dBm"]),
    unit("DeciB-W", &[PowerLevel], (1, 1), ["dB[W]", "dBW", "DBW", "dBW"]).from(30, 1),
    unit("PH", &[Acidity], (1, 1), ["[pH]", "pH", "Q30", "pH"]),
];
