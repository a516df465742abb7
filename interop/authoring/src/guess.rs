//! What a field's name suggests.

/// What names commonly mean: the words of the name, the annotation. The first that fits counts;
/// names are compared in small letters, all words must be in it.
const NAMES: &[(&[&str], &str)] = &[
    (&["rssi"], "x-ignored: \"radio diagnostics\""),
    (&["snr"], "x-ignored: \"radio diagnostics\""),
    (&["seq"], "x-ignored: \"sequence number\""),
    (&["counter"], "x-ignored: \"sequence number\""),
];

/// An annotation for a field of this name.
pub(crate) fn annotation(name: &str) -> Option<&'static str> {
    let lower = name.to_lowercase();
    let fits = |words: &&[&str]| words.iter().all(|word| lower.contains(word));
    NAMES.iter().find(|(words, _)| fits(words)).map(|(_, annotation)| *annotation)
}
