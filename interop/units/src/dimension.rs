use std::fmt;

/// What a unit is a unit of, as powers of the seven base dimensions of the SI, and of two more
/// that the SI counts as one: plane angle and information. With these, a degree per second is no
/// hertz, and a bit per second is none either.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Dimension([i8; 9]);

/// How the dimensions are written, in order.
const SYMBOLS: [&str; 9] = ["L", "M", "T", "I", "Θ", "N", "J", "angle", "bit"];

/// The dimension of a ratio.
pub(crate) const NONE: Dimension = Dimension([0; 9]);
pub(crate) const LENGTH: Dimension = Dimension([1, 0, 0, 0, 0, 0, 0, 0, 0]);
pub(crate) const MASS: Dimension = Dimension([0, 1, 0, 0, 0, 0, 0, 0, 0]);
pub(crate) const TIME: Dimension = Dimension([0, 0, 1, 0, 0, 0, 0, 0, 0]);
pub(crate) const CURRENT: Dimension = Dimension([0, 0, 0, 1, 0, 0, 0, 0, 0]);
pub(crate) const TEMPERATURE: Dimension = Dimension([0, 0, 0, 0, 1, 0, 0, 0, 0]);
pub(crate) const AMOUNT: Dimension = Dimension([0, 0, 0, 0, 0, 1, 0, 0, 0]);
pub(crate) const LIGHT: Dimension = Dimension([0, 0, 0, 0, 0, 0, 1, 0, 0]);
pub(crate) const ANGLE: Dimension = Dimension([0, 0, 0, 0, 0, 0, 0, 1, 0]);
pub(crate) const INFORMATION: Dimension = Dimension([0, 0, 0, 0, 0, 0, 0, 0, 1]);

impl Dimension {
    /// The dimension of a product. Powers stop at the ends of their range, which no unit reaches.
    pub(crate) const fn by(self, other: Self) -> Self {
        let ([a, b, c, d, e, f, g, h, i], [j, k, l, m, n, o, p, q, r]) = (self.0, other.0);
        Self([
            a.saturating_add(j),
            b.saturating_add(k),
            c.saturating_add(l),
            d.saturating_add(m),
            e.saturating_add(n),
            f.saturating_add(o),
            g.saturating_add(p),
            h.saturating_add(q),
            i.saturating_add(r),
        ])
    }

    /// The dimension of a power.
    pub(crate) const fn pow(self, exponent: i8) -> Self {
        let [a, b, c, d, e, f, g, h, i] = self.0;
        Self([
            a.saturating_mul(exponent),
            b.saturating_mul(exponent),
            c.saturating_mul(exponent),
            d.saturating_mul(exponent),
            e.saturating_mul(exponent),
            f.saturating_mul(exponent),
            g.saturating_mul(exponent),
            h.saturating_mul(exponent),
            i.saturating_mul(exponent),
        ])
    }

    /// Whether a value of this dimension is a mere number.
    #[must_use]
    pub fn is_none(self) -> bool {
        self == NONE
    }
}

/// `L·T⁻²` as `L T-2`; `1` for a ratio.
impl fmt::Display for Dimension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_none() {
            return f.write_str("1");
        }
        let mut space = "";
        for (symbol, power) in SYMBOLS.iter().zip(self.0).filter(|(_, power)| *power != 0) {
            write!(f, "{space}{symbol}")?;
            if power != 1 {
                write!(f, "{power}")?;
            }
            space = " ";
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_and_powers() {
        let force = MASS.by(LENGTH).by(TIME.pow(-2));
        assert_eq!(force.to_string(), "L M T-2", "newton");
        assert_eq!(force.by(force.pow(-1)), NONE, "a ratio of forces");
        assert_eq!(NONE.to_string(), "1", "a ratio");
    }
}
