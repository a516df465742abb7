//! Limits that readings must be within.

use std::collections::BTreeMap;

use crate::record::Limit;

/// The first metric whose reading is outside its limits.
pub(crate) fn outside<'a>(
    limits: &'a BTreeMap<String, Limit>,
    readings: &BTreeMap<String, i64>,
) -> Option<&'a str> {
    let is_outside = |metric: &str, limit: &Limit| {
        readings.get(metric).is_none_or(|reading| !(limit.min..=limit.max).contains(reading))
    };
    limits.iter().find(|(metric, limit)| is_outside(metric, limit)).map(|(metric, _)| &**metric)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// W-96: both ends of a limit are inside.
    #[test]
    fn both_ends_are_inside() {
        let limits = BTreeMap::from([("celsius".to_owned(), Limit { min: -40, max: 85 })]);
        let found = |reading| {
            let readings = BTreeMap::from([("celsius".to_owned(), reading)]);
            outside(&limits, &readings).map(str::to_owned)
        };
        for inside in [-40, 0, 85] {
            assert_eq!(found(inside), None, "{inside}");
        }
        for outside in [i64::MIN, -41, 86, i64::MAX] {
            assert_eq!(found(outside).as_deref(), Some("celsius"), "{outside}");
        }
    }

    /// W-96: a reading that is missing is outside.
    #[test]
    fn a_missing_reading_is_outside() {
        let limits = BTreeMap::from([("celsius".to_owned(), Limit { min: 0, max: 1 })]);
        assert_eq!(outside(&limits, &BTreeMap::new()), Some("celsius"));
    }
}
