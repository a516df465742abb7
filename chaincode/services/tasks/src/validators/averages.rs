//! Moving averages that readings must be near: exponentially weighted, in thousandths.
//!
//! With `d` a reading's distance from the mean: the mean moves by the weight's share of `d`, the
//! deviation by the weight's share of what `|d|` exceeds it by. Shares are rounded down.

use std::collections::BTreeMap;

use pervade_devices::record::DeviceId;

use crate::record::{Average, Mean};

/// The first metric whose reading is too far from the device's average.
pub(crate) fn far<'a>(
    averages: &'a BTreeMap<String, Average>,
    means: &BTreeMap<String, Mean>,
    readings: &BTreeMap<String, i64>,
) -> Option<&'a str> {
    let is_far = |metric: &str, average: &Average| {
        let Some(mean) = means.get(metric) else { return false };
        readings.get(metric).is_none_or(|reading| is_too_far(average, mean, *reading))
    };
    averages.iter().find(|(metric, average)| is_far(metric, average)).map(|(metric, _)| &**metric)
}

fn is_too_far(average: &Average, mean: &Mean, reading: i64) -> bool {
    if mean.count < average.warmup.max(1) {
        return false;
    }
    let tolerated = i128::from(mean.deviation_milli) * i128::from(average.tolerance_permille);
    let floor = i128::from(average.floor) * MILLI;
    distance(mean, reading).abs() > floor.max(tolerated.div_euclid(MILLI))
}

/// The average with one reading more.
pub(crate) fn moved(average: &Average, mean: Mean, reading: i64) -> Mean {
    let count = mean.count.saturating_add(1);
    if mean.count == 0 {
        return Mean { count, deviation_milli: 0, mean_milli: milli(reading), ..mean };
    }
    let distance = distance(&mean, reading);
    let share = |whole: i128| (whole * i128::from(average.weight_permille)).div_euclid(MILLI);
    let moved = i128::from(mean.mean_milli) + share(distance);
    let deviation = i128::from(mean.deviation_milli);
    let deviation = deviation + share(distance.abs() - deviation);
    // A mean lies among its readings and a deviation among their distances, so that both fit.
    Mean {
        count,
        deviation_milli: u64::try_from(deviation).unwrap_or_default(),
        mean_milli: i64::try_from(moved).unwrap_or(mean.mean_milli),
        ..mean
    }
}

/// No reading yet.
pub(crate) fn none(device: &DeviceId, metric: &str) -> Mean {
    let (device, metric) = (device.clone(), metric.to_owned());
    Mean { count: 0, deviation_milli: 0, device, mean_milli: 0, metric }
}

fn distance(mean: &Mean, reading: i64) -> i128 {
    i128::from(reading) * MILLI - i128::from(mean.mean_milli)
}

fn milli(reading: i64) -> i64 {
    reading.saturating_mul(1_000)
}

const MILLI: i128 = 1_000;

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;
    use crate::testing::device;

    const AVERAGE: Average =
        Average { floor: 2, tolerance_permille: 3_000, warmup: 3, weight_permille: 200 };

    /// Tells the average after each reading, or that the reading is refused.
    #[track_caller]
    fn check(average: Average, readings: &[i64], expected: Expect) {
        let averages = BTreeMap::from([("x".to_owned(), average)]);
        let mut mean = none(&device("thermometer"), "x");
        let mut told = Vec::new();
        for reading in readings {
            let means = BTreeMap::from([("x".to_owned(), mean.clone())]);
            let readings = BTreeMap::from([("x".to_owned(), *reading)]);
            if far(&averages, &means, &readings).is_some() {
                told.push(format!("{reading} is far"));
            } else {
                mean = moved(&average, mean, *reading);
                told.push(format!("{}±{}", mean.mean_milli, mean.deviation_milli));
            }
        }
        expected.assert_eq(&told.join(", "));
    }

    /// W-97, D-26: what is far from the average is refused, and does not move it.
    #[test]
    fn a_reading_far_from_the_average_is_refused() {
        check(
            AVERAGE,
            &[20, 21, 20, 60, 22, 23, 24, 25],
            expect![
                "20000±0, 20200±200, 20160±200, 60 is far, 20528±528, 23 is far, 24 is far, 25 is far"
            ],
        );
    }

    /// W-97: nothing is refused before there is an average.
    #[test]
    fn the_first_readings_make_the_average() {
        check(
            AVERAGE,
            &[20, 90, 20, 20],
            expect!["20000±0, 34000±14000, 31200±14000, 28960±13440"],
        );
        check(Average { warmup: 0, ..AVERAGE }, &[20, 90], expect!["20000±0, 90 is far"]);
    }

    /// D-26: rounding down is the same on both sides of zero.
    #[test]
    fn shares_are_rounded_down() {
        let average = Average { weight_permille: 1, warmup: 9, ..AVERAGE };
        check(average, &[0, 1, -1, -1], expect!["0±0, 1±1, -1±2, -2±2"]);
    }

    /// D-26: no reading is too large to be counted with.
    #[test]
    fn the_largest_readings_fit() {
        let most = Average::READING_MAX;
        let average = Average { warmup: 9, weight_permille: 1_000, ..AVERAGE };
        check(
            average,
            &[most, -most, most],
            expect![
                "1000000000000000±0, -1000000000000000±2000000000000000, 1000000000000000±2000000000000000"
            ],
        );
    }
}
