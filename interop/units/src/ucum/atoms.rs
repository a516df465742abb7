use crate::dimension::{
    AMOUNT, ANGLE, CURRENT, Dimension, INFORMATION, LENGTH, LIGHT, MASS, NONE, TEMPERATURE, TIME,
};
use crate::kind::Mark;
use crate::number::Number;
use crate::table::radian;

/// One atom of UCUM.
#[derive(Debug)]
pub(super) struct Atom {
    pub(super) code: &'static str,
    /// Whether prefixes may stand before it.
    pub(super) is_metric: bool,
    /// What it is worth in SI units, and in degrees: a decimal, or two with `/` between them; or
    /// `rad`, which has no finite decimal.
    value: &'static str,
    pub(super) dimension: Dimension,
    pub(super) mark: Option<Mark>,
    /// Whether its scale is not proportional.
    pub(super) is_special: bool,
}

impl Atom {
    pub(super) fn factor(&self) -> Option<Number> {
        if self.value == "rad" {
            return radian();
        }
        match self.value.split_once('/') {
            Some((above, below)) => Number::parse(above).ok()?.over(&Number::parse(below).ok()?),
            None => Number::parse(self.value).ok(),
        }
    }

    const fn marked(self, mark: Mark) -> Self {
        Self { mark: Some(mark), ..self }
    }
}

/// The atom with a code.
pub(super) fn atom(code: &str) -> Option<&'static Atom> {
    ATOMS.iter().find(|atom| atom.code == code)
}

const fn metric(code: &'static str, value: &'static str, dimension: Dimension) -> Atom {
    Atom { code, is_metric: true, value, dimension, mark: None, is_special: false }
}

const fn plain(code: &'static str, value: &'static str, dimension: Dimension) -> Atom {
    Atom { code, is_metric: false, value, dimension, mark: None, is_special: false }
}

const fn special(code: &'static str) -> Atom {
    Atom { code, is_metric: true, value: "1", dimension: NONE, mark: None, is_special: true }
}

const AREA: Dimension = LENGTH.pow(2);
const VOLUME: Dimension = LENGTH.pow(3);
const SPEED: Dimension = LENGTH.by(TIME.pow(-1));
const ACCELERATION: Dimension = LENGTH.by(TIME.pow(-2));
const FORCE: Dimension = MASS.by(ACCELERATION);
const PRESSURE: Dimension = FORCE.by(AREA.pow(-1));
const ENERGY: Dimension = FORCE.by(LENGTH);
const POWER: Dimension = ENERGY.by(TIME.pow(-1));
const CHARGE: Dimension = CURRENT.by(TIME);
const VOLTAGE: Dimension = POWER.by(CURRENT.pow(-1));
const RATE: Dimension = TIME.pow(-1);
const DOSE: Dimension = SPEED.pow(2);

/// The atoms read: those of the SI, of everyday use beside it, of commerce in English units, and
/// of data. Left out are those of clinics and printers, arbitrary units and historic ones.
pub(super) const ATOMS: &[Atom] = &[
    // The base, and what is derived from it.
    metric("m", "1", LENGTH),
    metric("s", "1", TIME),
    metric("g", "0.001", MASS),
    metric("rad", "rad", ANGLE),
    metric("K", "1", TEMPERATURE),
    metric("C", "1", CHARGE),
    metric("cd", "1", LIGHT),
    metric("mol", "1", AMOUNT),
    metric("sr", "1", NONE),
    metric("Hz", "1", RATE),
    metric("N", "1", FORCE),
    metric("Pa", "1", PRESSURE),
    metric("J", "1", ENERGY).marked(Mark::Energy),
    metric("W", "1", POWER).marked(Mark::Energy),
    metric("A", "1", CURRENT),
    metric("V", "1", VOLTAGE),
    metric("F", "1", CHARGE.by(VOLTAGE.pow(-1))),
    metric("Ohm", "1", VOLTAGE.by(CURRENT.pow(-1))),
    metric("S", "1", CURRENT.by(VOLTAGE.pow(-1))),
    metric("mho", "1", CURRENT.by(VOLTAGE.pow(-1))),
    metric("Wb", "1", VOLTAGE.by(TIME)),
    metric("T", "1", VOLTAGE.by(TIME).by(AREA.pow(-1))),
    metric("H", "1", VOLTAGE.by(TIME).by(CURRENT.pow(-1))),
    metric("lm", "1", LIGHT).marked(Mark::Light),
    metric("lx", "1", LIGHT.by(AREA.pow(-1))).marked(Mark::Light),
    metric("Bq", "1", RATE).marked(Mark::Activity),
    metric("Gy", "1", DOSE).marked(Mark::Absorbed),
    metric("Sv", "1", DOSE).marked(Mark::Equivalent),
    metric("kat", "1", AMOUNT.by(RATE)),
    metric("U", "1/6e7", AMOUNT.by(RATE)),
    metric("eq", "1", AMOUNT),
    // Numbers.
    plain("%", "0.01", NONE),
    plain("[ppth]", "0.001", NONE),
    plain("[ppm]", "1e-6", NONE),
    plain("[ppb]", "1e-9", NONE),
    plain("[pptr]", "1e-12", NONE),
    // Angles.
    plain("deg", "1", ANGLE),
    plain("gon", "0.9", ANGLE),
    plain("'", "1/60", ANGLE),
    plain("''", "1/3600", ANGLE),
    plain("circ", "360", ANGLE),
    // Times.
    plain("min", "60", TIME),
    plain("h", "3600", TIME),
    plain("d", "86400", TIME),
    plain("wk", "604800", TIME),
    plain("mo", "2629800", TIME),
    plain("a", "31557600", TIME),
    // Beside the SI.
    metric("l", "0.001", VOLUME),
    metric("L", "0.001", VOLUME),
    metric("st", "1", VOLUME),
    metric("ar", "100", AREA),
    metric("t", "1000", MASS),
    metric("u", "1.66053906660e-27", MASS),
    metric("bar", "1e5", PRESSURE),
    plain("atm", "101325", PRESSURE),
    plain("att", "98066.5", PRESSURE),
    metric("m[H2O]", "9806.65", PRESSURE),
    metric("m[Hg]", "133322", PRESSURE),
    metric("eV", "1.602176634e-19", ENERGY).marked(Mark::Energy),
    metric("cal", "4.184", ENERGY).marked(Mark::Energy),
    metric("cal_th", "4.184", ENERGY).marked(Mark::Energy),
    metric("cal_IT", "4.1868", ENERGY).marked(Mark::Energy),
    metric("[g]", "9.80665", ACCELERATION),
    metric("gf", "0.00980665", FORCE),
    plain("Ao", "1e-10", LENGTH),
    plain("AU", "149597870691", LENGTH),
    metric("[c]", "299792458", SPEED),
    plain("[car_m]", "0.0002", MASS),
    // Centimetre, gram, second.
    metric("Gal", "0.01", ACCELERATION),
    metric("dyn", "1e-5", FORCE),
    metric("erg", "1e-7", ENERGY).marked(Mark::Energy),
    metric("P", "0.1", PRESSURE.by(TIME)),
    metric("St", "1e-4", AREA.by(RATE)),
    metric("Mx", "1e-8", VOLTAGE.by(TIME)),
    metric("G", "1e-4", VOLTAGE.by(TIME).by(AREA.pow(-1))),
    metric("ph", "1e4", LIGHT.by(AREA.pow(-1))).marked(Mark::Light),
    metric("sb", "1e4", LIGHT.by(AREA.pow(-1))),
    metric("Ci", "37e9", RATE).marked(Mark::Activity),
    metric("R", "2.58e-4", CHARGE.by(MASS.pow(-1))),
    metric("RAD", "0.01", DOSE).marked(Mark::Absorbed),
    metric("REM", "0.01", DOSE).marked(Mark::Equivalent),
    // English lengths, areas and volumes.
    plain("[in_i]", "0.0254", LENGTH),
    plain("[ft_i]", "0.3048", LENGTH),
    plain("[yd_i]", "0.9144", LENGTH),
    plain("[mi_i]", "1609.344", LENGTH),
    plain("[fth_i]", "1.8288", LENGTH),
    plain("[nmi_i]", "1852", LENGTH),
    plain("[kn_i]", "1852/3600", SPEED),
    plain("[mil_i]", "0.0000254", LENGTH),
    plain("[sin_i]", "0.00064516", AREA),
    plain("[sft_i]", "0.09290304", AREA),
    plain("[syd_i]", "0.83612736", AREA),
    plain("[cin_i]", "0.000016387064", VOLUME),
    plain("[cft_i]", "0.028316846592", VOLUME),
    plain("[cyd_i]", "0.764554857984", VOLUME),
    plain("[gal_us]", "0.003785411784", VOLUME),
    plain("[bbl_us]", "0.158987294928", VOLUME),
    plain("[qt_us]", "0.000946352946", VOLUME),
    plain("[pt_us]", "0.000473176473", VOLUME),
    plain("[foz_us]", "0.0000295735295625", VOLUME),
    plain("[gal_br]", "0.00454609", VOLUME),
    plain("[pt_br]", "0.00056826125", VOLUME),
    // English masses, forces, pressures, energies.
    plain("[gr]", "0.00006479891", MASS),
    plain("[lb_av]", "0.45359237", MASS),
    plain("[oz_av]", "0.028349523125", MASS),
    plain("[ston_av]", "907.18474", MASS),
    plain("[lton_av]", "1016.0469088", MASS),
    plain("[stone_av]", "6.35029318", MASS),
    plain("[oz_tr]", "0.0311034768", MASS),
    plain("[lbf_av]", "4.4482216152605", FORCE),
    plain("[psi]", "4.4482216152605/0.00064516", PRESSURE),
    plain("[in_i'H2O]", "249.08891", PRESSURE),
    plain("[in_i'Hg]", "3386.3788", PRESSURE),
    plain("[Btu_IT]", "1055.05585262", ENERGY).marked(Mark::Energy),
    plain("[Btu_th]", "1054.350", ENERGY).marked(Mark::Energy),
    plain("[Btu]", "1054.350", ENERGY).marked(Mark::Energy),
    plain("[HP]", "745.69987158227022", POWER).marked(Mark::Energy),
    plain("[degR]", "5/9", TEMPERATURE),
    // Data.
    metric("bit", "1", INFORMATION),
    metric("By", "8", INFORMATION),
    metric("Bd", "1", RATE),
    plain("[NTU]", "1", NONE),
    // Scales that are not proportional.
    special("Cel"),
    special("[degF]"),
    special("[degRe]"),
    special("[pH]"),
    special("Np"),
    special("B"),
    special("B[SPL]"),
    special("B[V]"),
    special("B[mV]"),
    special("B[uV]"),
    special("B[W]"),
    special("B[kW]"),
    special("bit_s"),
];
