//! Terms that a manager can run by.

use crate::DefineError;
use crate::record::TaskTerms;

impl TaskTerms {
    /// # Errors
    /// A term outside its bounds.
    pub fn check(&self) -> Result<(), DefineError> {
        let refuse = |term| Err(DefineError::BadTerms { term });
        if self.decline_forfeit_permille > 1_000 {
            return refuse("decline_forfeit_permille");
        }
        // A respondent has the epoch of acceptance and one more, whatever the tick.
        if self.window_min == 0 {
            return refuse("window_min");
        }
        if self.limit_max > Self::LIMIT_MAX || self.limit_max <= self.window_min {
            return refuse("limit_max");
        }
        if self.decline_window > Self::LIMIT_MAX {
            return refuse("decline_window");
        }
        // Half of nothing would be no stake.
        if self.reward_min.is_zero() {
            return refuse("reward_min");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use pervade_platform::Amount;

    use super::*;
    use crate::testing::terms;

    /// W-44, D-20, D-23: terms that would let somebody be robbed are refused.
    #[test]
    fn terms_have_bounds() {
        assert!(terms().check().is_ok(), "the usual ones");
        let refused = |change: fn(&mut TaskTerms)| {
            let mut terms = terms();
            change(&mut terms);
            terms.check().unwrap_err().to_string()
        };
        let told = [
            refused(|terms| terms.decline_forfeit_permille = 1_001),
            refused(|terms| terms.window_min = 0),
            refused(|terms| terms.limit_max = terms.window_min),
            refused(|terms| terms.limit_max = 100_001),
            refused(|terms| terms.decline_window = 100_001),
            refused(|terms| terms.reward_min = Amount::ZERO),
        ];
        let named = told.each_ref().map(|text| text.split(' ').next().unwrap());
        assert_eq!(
            named,
            [
                "decline_forfeit_permille",
                "window_min",
                "limit_max",
                "limit_max",
                "decline_window",
                "reward_min",
            ]
        );
    }
}
