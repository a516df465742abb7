//! Sums that many transactions add to at once.

use pervade_chaincode::{
    CompositeKey, CompositeKeyError, Fault, LedgerError, ReadTransaction, Transaction,
};

use crate::{Amount, AmountError};

/// A sum that somebody owns, an account as a rule: a base, and notes.
///
/// What is added becomes a note of its own, named after the transaction: nothing is read, so that
/// additions conflict with nothing, however many come at once. Whoever takes from the sum
/// takes from the base, and picks up notes only if the base is not enough.
///
/// | Key | Value |
/// |---|---|
/// | (kind, owner) | the base, a number of units |
/// | (kind`-note`, owner, transaction) | a note, the same |
///
/// A transaction may add to or take from a sum once: it does not see what it wrote.
#[derive(Clone, Copy, Debug)]
pub struct Tally<'a> {
    kind: &'a str,
    owner: &'a str,
}

impl<'a> Tally<'a> {
    /// Most notes that are picked up at once.
    pub const NOTES_AT_ONCE: usize = 64;

    /// Most notes that are counted.
    pub const NOTES_MAX: usize = 10_000;

    /// The owner's sum of one kind.
    #[must_use]
    pub const fn new(kind: &'a str, owner: &'a str) -> Self {
        Self { kind, owner }
    }

    /// All of it.
    ///
    /// # Errors
    /// If it has too many notes, or the ledger fails.
    pub async fn total(&self, tx: &ReadTransaction) -> Result<Amount, TallyError> {
        self.counted(tx, None).await
    }

    /// Adds to it.
    ///
    /// # Errors
    /// If the ledger fails.
    pub async fn add(&self, tx: &mut Transaction, amount: Amount) -> Result<(), TallyError> {
        if amount.is_zero() {
            return Ok(());
        }
        let note = self.note(tx.tx_id().as_str())?;
        Ok(tx.put_json(&note, &amount).await?)
    }

    /// Takes from it.
    ///
    /// # Errors
    /// If there is less, or the ledger fails.
    pub async fn take(&self, tx: &mut Transaction, amount: Amount) -> Result<(), TallyError> {
        if amount.is_zero() {
            return Ok(());
        }
        let base = self.base(tx).await?;
        let gathered = if base < amount {
            self.gathered(tx, base, Some(amount)).await?
        } else {
            Gathered { sum: base, are_more: false }
        };
        if gathered.sum < amount && gathered.are_more {
            return Err(TallyError::TooManyNotes);
        }
        let available = gathered.sum;
        let left = available.minus(amount).map_err(|_| TallyError::Short { available })?;
        Ok(tx.put_json(&self.key()?, &left).await?)
    }

    /// Takes at most so much from it, and tells how much that was. Notes are picked up only if the
    /// base is not enough.
    ///
    /// # Errors
    /// If the ledger fails.
    pub async fn take_at_most(
        &self,
        tx: &mut Transaction,
        most: Amount,
    ) -> Result<Amount, TallyError> {
        let base = self.base(tx).await?;
        let available =
            if base < most { self.gathered(tx, base, Some(most)).await?.sum } else { base };
        let taken = available.min(most);
        let left = available.minus(taken)?;
        if left != base {
            tx.put_json(&self.key()?, &left).await?;
        }
        Ok(taken)
    }

    /// Begins it with a base, where there is nothing yet.
    ///
    /// # Errors
    /// If the ledger fails.
    pub async fn begin(&self, tx: &mut Transaction, base: Amount) -> Result<(), TallyError> {
        Ok(tx.put_json(&self.key()?, &base).await?)
    }

    /// Whether it is at least so much. Notes are read only if the base is less, and no more of them than
    /// it takes.
    ///
    /// # Errors
    /// If the ledger fails.
    pub async fn is_at_least(
        &self,
        tx: &ReadTransaction,
        amount: Amount,
    ) -> Result<bool, TallyError> {
        Ok(self.counted(tx, Some(amount)).await? >= amount)
    }

    /// Puts notes into the base, at most [`NOTES_AT_ONCE`](Self::NOTES_AT_ONCE) of them.
    ///
    /// # Errors
    /// If the ledger fails.
    pub async fn gather(&self, tx: &mut Transaction) -> Result<(), TallyError> {
        let base = self.base(tx).await?;
        let Gathered { sum, .. } = self.gathered(tx, base, None).await?;
        if sum != base {
            tx.put_json(&self.key()?, &sum).await?;
        }
        Ok(())
    }

    /// The base and notes, until it is enough.
    async fn counted(
        &self,
        tx: &ReadTransaction,
        enough: Option<Amount>,
    ) -> Result<Amount, TallyError> {
        let mut sum = self.base(tx).await?;
        let mut notes = tx.composite(&self.notes()?);
        for _ in 0..=Self::NOTES_MAX {
            if enough.is_some_and(|enough| sum >= enough) {
                return Ok(sum);
            }
            let Some(note) = notes.next().await? else { return Ok(sum) };
            sum = sum.plus(amount(&note.key, &note.value)?)?;
        }
        Err(TallyError::TooManyNotes)
    }

    /// The base with notes that are deleted for it, until it is enough.
    async fn gathered(
        &self,
        tx: &mut Transaction,
        base: Amount,
        enough: Option<Amount>,
    ) -> Result<Gathered, TallyError> {
        let mut sum = base;
        let mut notes = tx.composite(&self.notes()?);
        for _ in 0..Self::NOTES_AT_ONCE {
            if enough.is_some_and(|enough| sum >= enough) {
                break;
            }
            let Some(note) = notes.next().await? else {
                return Ok(Gathered { sum, are_more: false });
            };
            sum = sum.plus(amount(&note.key, &note.value)?)?;
            tx.delete(&note.key).await?;
        }
        Ok(Gathered { sum, are_more: true })
    }

    async fn base(&self, tx: &ReadTransaction) -> Result<Amount, TallyError> {
        Ok(tx.get_json(&self.key()?).await?.unwrap_or_default())
    }

    fn key(&self) -> Result<CompositeKey, TallyError> {
        Ok(CompositeKey::new(self.kind, [self.owner])?)
    }

    fn notes(&self) -> Result<CompositeKey, TallyError> {
        Ok(CompositeKey::new(&format!("{}-note", self.kind), [self.owner])?)
    }

    fn note(&self, tx_id: &str) -> Result<CompositeKey, TallyError> {
        let kind = format!("{}-note", self.kind);
        Ok(CompositeKey::new(&kind, [self.owner, tx_id])?)
    }
}

/// A base with the notes that were picked up for it.
struct Gathered {
    sum: Amount,
    /// Whether there may be more notes.
    are_more: bool,
}

fn amount(key: &str, value: &[u8]) -> Result<Amount, LedgerError> {
    serde_json::from_slice(value)
        .map_err(|source| LedgerError::Json { key: key.to_owned(), source })
}

/// Why a sum cannot be changed or told.
#[derive(Debug, thiserror::Error, Fault)]
#[non_exhaustive]
pub enum TallyError {
    /// Not enough.
    #[error("there is only {available}")]
    #[fault(status = CONFLICT, code = "INSUFFICIENT_FUNDS")]
    Short {
        /// How much there is.
        available: Amount,
    },
    /// More notes than are counted, or picked up at once.
    #[error("there are more notes than count at once: have them gathered")]
    #[fault(status = CONFLICT)]
    TooManyNotes,
    /// The sum cannot be.
    #[error(transparent)]
    Amount(#[from] AmountError),
    /// The key cannot be built.
    #[error("the key of a sum: {0}")]
    #[fault(status = INTERNAL, code = "TALLY_KEY")]
    Key(#[from] CompositeKeyError),
    /// The ledger failed.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}
