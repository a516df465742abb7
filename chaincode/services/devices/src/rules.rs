//! What the manager of devices decides, as functions of values.

use std::collections::BTreeMap;

use pervade_platform::{Amount, Outcome};
use sha2::{Digest as _, Sha256};

use crate::record::{Assignment, Device, DeviceTerms, Nickname, Report, Standing};
use crate::{DeviceError, Refusal};

impl DeviceTerms {
    /// # Errors
    /// A term outside its bounds.
    pub fn check(&self) -> Result<(), DeviceError> {
        let refuse = |name| Err(DeviceError::BadTerms { name });
        if !(1..=Self::BACKLOG_MAX).contains(&self.backlog) {
            return refuse("backlog");
        }
        if !(1..=Self::FAULTS_MAX).contains(&self.fault_limit) {
            return refuse("fault_limit");
        }
        if self.fault_window == 0 {
            return refuse("fault_window");
        }
        if self.slash > self.deposit {
            return refuse("slash");
        }
        Ok(())
    }
}

/// Whether a device may have a task.
///
/// # Errors
/// The first reason why not.
pub fn may_have(device: &Device, assignment: &Assignment) -> Result<(), Refusal> {
    let id = || device.id.clone();
    if device.owner != assignment.respondent {
        return Err(Refusal::NotDeviceOwner { device: id() });
    }
    if !device.active {
        return Err(Refusal::DeviceInactive { device: id() });
    }
    if device.suspect {
        return Err(Refusal::DeviceSuspect { device: id() });
    }
    if device.owner_generation != assignment.owner_generation {
        return Err(Refusal::DeviceKeyStale { device: id() });
    }
    Ok(())
}

/// The places of a backlog in the order in which they are tried. It begins anywhere, so that two tasks that
/// come at once rarely want the same place.
pub fn places(tx_id: &str, backlog: u32) -> impl Iterator<Item = u32> {
    let first = tx_id.bytes().fold(0_u32, |sum, byte| sum.wrapping_add(u32::from(byte)));
    (0..backlog).map(move |step| (first % backlog + step) % backlog)
}

/// What a report changes: the standing, and whether it makes the device suspect.
#[must_use]
pub fn judged(terms: &DeviceTerms, mut standing: Standing, report: &Report) -> (Standing, bool) {
    let counter = match report.outcome {
        Some(Outcome::Completed) => Some(&mut standing.completed),
        Some(Outcome::Declined) => Some(&mut standing.declined),
        Some(Outcome::Expired) => Some(&mut standing.expired),
        Some(Outcome::Failed | Outcome::Rejected) => Some(&mut standing.failed),
        _ => None,
    };
    if let Some(counter) = counter {
        *counter = counter.saturating_add(1);
    }
    if !report.faulty {
        return (standing, false);
    }
    let since = report.epoch.saturating_sub(terms.fault_window.saturating_sub(1));
    standing.faults.retain(|epoch| *epoch >= since);
    standing.faults.push(report.epoch);
    let is_suspect =
        standing.faults.len() >= usize::try_from(terms.fault_limit).unwrap_or(usize::MAX);
    (standing, is_suspect)
}

/// What a device loses when it becomes suspect: never more than is there.
#[must_use]
pub fn slash(terms: &DeviceTerms, device: &Device) -> Amount {
    terms.slash.min(device.deposit)
}

/// Checks attributes: few, short, and of an alphabet in which nobody's name is written by
/// accident.
///
/// # Errors
/// If they are not.
pub fn check_attributes(attributes: &BTreeMap<String, String>) -> Result<(), Refusal> {
    let fits = |text: &String| {
        (1..=ATTRIBUTE_BYTES_MAX).contains(&text.len())
            && text.bytes().all(|b| {
                b.is_ascii_lowercase()
                    || b.is_ascii_digit()
                    || matches!(b, b'.' | b'_' | b':' | b'-')
            })
    };
    let all_fit = attributes.iter().all(|(name, value)| fits(name) && fits(value));
    if attributes.len() > ATTRIBUTES_MAX || !all_fit {
        return Err(Refusal::BadAttribute);
    }
    Ok(())
}

/// Most attributes of a device.
pub const ATTRIBUTES_MAX: usize = 16;

/// Most bytes of an attribute's name, and of its value.
pub const ATTRIBUTE_BYTES_MAX: usize = 64;

/// What the ledger says of a device's name: SHA-256 of the salt and the name, in hexadecimal.
///
/// # Errors
/// If the name is empty or long, or the salt short or long.
pub fn commitment(nickname: &Nickname) -> Result<String, Refusal> {
    let Nickname { name, salt } = nickname;
    if !(1..=NAME_BYTES_MAX).contains(&name.len()) || !SALT_BYTES.contains(&salt.len()) {
        return Err(Refusal::BadName);
    }
    Ok(hex::encode(Sha256::new().chain_update(salt).chain_update(name).finalize()))
}

/// Most bytes of a device's name.
pub const NAME_BYTES_MAX: usize = 64;

/// How many bytes the salt of a name's commitment has.
pub const SALT_BYTES: std::ops::RangeInclusive<usize> = 16..=64;

#[cfg(test)]
mod tests {
    use super::*;

    fn terms() -> DeviceTerms {
        let amount = |units| Amount::new(units).expect("small");
        DeviceTerms {
            backlog: 4,
            deposit: amount(10),
            fault_limit: 3,
            fault_window: 10,
            slash: amount(5),
        }
    }

    fn faults(epochs: &[u64]) -> bool {
        let device: crate::record::DeviceId = "device-01".parse().expect("an id");
        let mut standing = Standing::new(device.clone());
        let mut is_suspect = false;
        for epoch in epochs {
            let task = "t".to_owned();
            let report = Report {
                device: device.clone(),
                epoch: *epoch,
                faulty: true,
                outcome: None,
                slot: 0,
                task,
            };
            (standing, is_suspect) = judged(&terms(), standing, &report);
        }
        is_suspect
    }

    /// W-98, D-26: three faults within the window, and not three in a long life.
    #[test]
    fn faults_count_for_a_while() {
        assert!(!faults(&[1, 2]));
        assert!(faults(&[1, 2, 3]));
        assert!(faults(&[1, 5, 10]), "the first and the last day of ten");
        assert!(!faults(&[1, 5, 11]), "the first is forgotten");
        assert!(faults(&[1, 20, 21, 22]));
        assert!(faults(&[7, 7, 7]), "in one epoch");
    }

    /// W-36: every place is tried once, wherever it begins.
    #[test]
    fn all_places_are_tried() {
        for tx_id in ["", "a", "b", "00ff"] {
            let mut tried: Vec<u32> = places(tx_id, 8).collect();
            tried.sort_unstable();
            assert_eq!(tried, [0, 1, 2, 3, 4, 5, 6, 7]);
        }
    }

    #[test]
    fn terms_have_bounds() {
        let check = |change: fn(&mut DeviceTerms)| {
            let mut terms = terms();
            change(&mut terms);
            terms.check().err().map(|error| error.to_string())
        };
        assert_eq!(check(|_| ()), None);
        let wrong: [fn(&mut DeviceTerms); 6] = [
            |terms| terms.backlog = 0,
            |terms| terms.backlog = 9,
            |terms| terms.fault_limit = 0,
            |terms| terms.fault_limit = 17,
            |terms| terms.fault_window = 0,
            |terms| terms.slash = Amount::MAX,
        ];
        for change in wrong {
            assert!(check(change).is_some_and(|told| told.ends_with("is outside its bounds")));
        }
    }

    /// W-101: an attribute is a word of a small alphabet.
    #[test]
    fn attributes_are_words() {
        let check = |name: &str, value: &str| {
            check_attributes(&BTreeMap::from([(name.to_owned(), value.to_owned())])).is_ok()
        };
        assert!(check("quantity", "air-temperature"));
        assert!(check("a", "0.1:2_3"));
        for (name, value) in [("", "x"), ("x", ""), ("x", "Ann Example"), ("x", "ü"), ("X", "x")] {
            assert!(!check(name, value), "{name}={value}");
        }
        assert!(!check("x", &"y".repeat(65)));
        let many = (0..17).map(|n| (n.to_string(), "x".to_owned())).collect();
        assert!(check_attributes(&many).is_err());
    }
}
