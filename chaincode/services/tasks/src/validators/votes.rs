//! Votes of oracles.

use crate::record::{Vote, Votes};

/// What the votes on a result come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Count {
    /// Enough oracles confirm it.
    Confirmed,
    /// So many do not that not enough are left.
    Refused,
    /// It may still be either.
    Undecided,
}

/// Counts the votes on the result with this statement; those on an earlier one do not count.
pub(crate) fn count(votes: &Votes, cast: &[Vote], statement_sha256: &str) -> Count {
    let on_this = || cast.iter().filter(|vote| vote.statement_sha256 == statement_sha256);
    let confirmed = on_this().filter(|vote| vote.confirmed).count();
    let refused = on_this().count().saturating_sub(confirmed);
    let needed = usize::try_from(votes.needed).unwrap_or(usize::MAX);
    if confirmed >= needed {
        Count::Confirmed
    } else if votes.oracles.len().saturating_sub(refused) < needed {
        Count::Refused
    } else {
        Count::Undecided
    }
}

#[cfg(test)]
mod tests {
    use super::Count::{Confirmed, Refused, Undecided};
    use super::*;
    use crate::testing::account;

    /// `+` confirms, `-` does not; of four oracles, three are needed.
    fn counted(cast: &str) -> Count {
        let oracles: Vec<_> = (0..4).map(account).collect();
        let vote = |(oracle, mark)| Vote {
            confirmed: mark == '+',
            oracle: account(oracle),
            statement_sha256: if mark == 'o' { "other" } else { "this" }.to_owned(),
            task: "task".to_owned(),
        };
        let cast: Vec<Vote> = (0..).zip(cast.chars()).map(vote).collect();
        count(&Votes { needed: 3, oracles, window: 5 }, &cast, "this")
    }

    /// W-85, D-24 (d): three of four decide, either way.
    #[test]
    fn enough_votes_decide() {
        for (cast, expected) in [
            ("", Undecided),
            ("++", Undecided),
            ("+++", Confirmed),
            ("++-", Undecided),
            ("++-+", Confirmed),
            ("-+", Undecided),
            ("--", Refused),
            ("++--", Refused),
        ] {
            assert_eq!(counted(cast), expected, "{cast}");
        }
    }

    /// D-24 (d): a vote is on one result.
    #[test]
    fn votes_on_another_result_do_not_count() {
        assert_eq!(counted("++o"), Undecided);
        assert_eq!(counted("oo-"), Undecided);
    }
}
