//! Sums that belong to nobody and that many draw on at once.

use pervade_chaincode::{ReadTransaction, Transaction};
use pervade_platform::{Amount, Tally, TallyError};

/// A sum that belongs to nobody, in [`PARTS`](Self::PARTS) parts.
///
/// A transaction begins with the part that its identifier chooses and goes on to the next ones only
/// if that is not enough, so that buyers seldom get in each other's way.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pool(&'static str);

/// Tokens that can be bought.
pub(crate) const STOCK: Pool = Pool("stock");

/// Settlement money that was paid for tokens.
pub(crate) const RESERVE: Pool = Pool("reserve");

impl Pool {
    /// How many parts there are.
    const PARTS: u8 = 64;

    /// Begins it with a sum, in parts as equal as can be.
    pub(crate) async fn begin(self, tx: &mut Transaction, sum: Amount) -> Result<(), TallyError> {
        let share = sum.units() / u64::from(Self::PARTS);
        let rest = sum.units() % u64::from(Self::PARTS);
        for part in 0..Self::PARTS {
            let one_more = u64::from(u64::from(part) < rest);
            let owner = owner(part);
            self.part(&owner).begin(tx, Amount::new(share.saturating_add(one_more))?).await?;
        }
        Ok(())
    }

    /// Adds to it. Conflicts with nothing.
    pub(crate) async fn add(self, tx: &mut Transaction, amount: Amount) -> Result<(), TallyError> {
        let owner = owner(first_part(tx));
        self.part(&owner).add(tx, amount).await
    }

    /// Takes from it.
    pub(crate) async fn take(self, tx: &mut Transaction, amount: Amount) -> Result<(), TallyError> {
        let (first, mut left) = (first_part(tx), amount);
        for step in 0..Self::PARTS {
            if left.is_zero() {
                return Ok(());
            }
            let owner = owner(first.wrapping_add(step) % Self::PARTS);
            left = left.minus(self.part(&owner).take_at_most(tx, left).await?)?;
        }
        if left.is_zero() {
            Ok(())
        } else {
            Err(TallyError::Short { available: amount.minus(left)? })
        }
    }

    /// All of it.
    pub(crate) async fn total(self, tx: &ReadTransaction) -> Result<Amount, TallyError> {
        let mut total = Amount::ZERO;
        for part in 0..Self::PARTS {
            let owner = owner(part);
            total = total.plus(self.part(&owner).total(tx).await?)?;
        }
        Ok(total)
    }

    /// Puts notes into their parts.
    pub(crate) async fn gather(self, tx: &mut Transaction) -> Result<(), TallyError> {
        for part in 0..Self::PARTS {
            let owner = owner(part);
            self.part(&owner).gather(tx).await?;
        }
        Ok(())
    }

    fn part(self, owner: &str) -> Tally<'_> {
        Tally::new(self.0, owner)
    }
}

fn owner(part: u8) -> String {
    format!("{part:02}")
}

/// The part that a transaction begins with.
fn first_part(tx: &ReadTransaction) -> u8 {
    // The first byte of the identifier, which is a hash.
    let digits = tx.tx_id().as_str().get(..2).unwrap_or_default();
    u8::from_str_radix(digits, 16).unwrap_or_default() % Pool::PARTS
}
