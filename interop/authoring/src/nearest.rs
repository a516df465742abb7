/// Longest name that is compared, in characters.
const NAME_CHARS_MAX: usize = 64;

/// The known name closest to `name`: the same but for its case, or the one that differs in the
/// fewest letters if those are few, or the one that holds it or is held by it.
pub(crate) fn nearest<'k>(name: &str, known: impl Iterator<Item = &'k str>) -> Option<&'k str> {
    if name.is_empty() || name.chars().count() > NAME_CHARS_MAX {
        return None;
    }
    let wanted = name.to_lowercase();
    let allowed = ((wanted.chars().count() + 1) / 3).clamp(1, 4);
    known
        .filter_map(|candidate| {
            let lower = candidate.to_lowercase();
            let distance = distance(&wanted, &lower);
            let held = wanted.len() >= 4 && (lower.contains(&wanted) || wanted.contains(&lower));
            let score = if distance <= allowed {
                distance
            } else if held && lower.len() >= 4 {
                allowed + distance
            } else {
                return None;
            };
            Some((score, candidate))
        })
        .min()
        .map(|(_, candidate)| candidate)
}

/// Levenshtein distance; names are short.
fn distance(left: &str, right: &str) -> usize {
    let mut row: Vec<usize> = (0..=right.chars().count()).collect();
    for (at, a) in left.chars().enumerate() {
        let mut diagonal = at;
        let mut last = at + 1;
        for (cell, b) in row.iter_mut().skip(1).zip(right.chars()) {
            let change = diagonal + usize::from(a != b);
            diagonal = *cell;
            last = change.min(last + 1).min(*cell + 1);
            *cell = last;
        }
        if let Some(first) = row.first_mut() {
            *first = at + 1;
        }
    }
    row.last().copied().unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(name: &str, expected: Option<&str>) {
        let known = ["AirTemperature", "AirPressure", "Voltage", "BatteryVoltage", "x-unit"];
        assert_eq!(nearest(name, known.into_iter()), expected, "{name}");
    }

    #[test]
    fn names() {
        check("airtemperature", Some("AirTemperature"));
        check("AirTemprature", Some("AirTemperature"));
        check("Voltag", Some("Voltage"));
        check("Temperature", Some("AirTemperature"));
        check("x-units", Some("x-unit"));
        check("Colour", None);
        check("", None);
    }
}
