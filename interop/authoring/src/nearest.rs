use pervade_mapping::name_distance;

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
            let distance = name_distance(&wanted, &lower);
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
