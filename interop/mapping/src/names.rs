//! How far apart names are, for suggesting the one that was meant.

/// Levenshtein distance in characters; whoever compares names bounds their length.
#[must_use]
pub fn name_distance(left: &str, right: &str) -> usize {
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
