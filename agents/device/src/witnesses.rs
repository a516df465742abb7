//! What several gateways say alike.

use std::collections::BTreeSet;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use pervade_link::LedgerError;
use thiserror::Error;

use crate::ledger::Ledger;

/// The gateways of a device, of which none is believed alone.
///
/// What a device acts on is what gateways of several organisations say alike. Any one of them may carry what the
/// device submits: it cannot change what is signed, and the device asks the others what became of it.
pub struct Witnesses {
    ledgers: Vec<Arc<dyn Ledger>>,
    needed: usize,
    /// Whom to turn to first when one is enough.
    preferred: AtomicUsize,
}

impl Witnesses {
    /// Gateways; those of so many organisations must say the same.
    ///
    /// # Errors
    /// There are fewer, or none is needed.
    pub fn new(ledgers: Vec<Arc<dyn Ledger>>, needed: usize) -> Result<Self, TooFew> {
        let there = organizations(&ledgers);
        if needed == 0 || there < needed {
            return Err(TooFew { there, needed });
        }
        Ok(Self { ledgers, needed, preferred: AtomicUsize::new(0) })
    }

    /// As [`Self::new`], for two if there are two.
    ///
    /// # Errors
    /// There is no gateway.
    pub fn usual(ledgers: Vec<Arc<dyn Ledger>>) -> Result<Self, TooFew> {
        let needed = organizations(&ledgers).clamp(1, 2);
        Self::new(ledgers, needed)
    }

    /// What enough of them say alike.
    ///
    /// # Errors
    /// Too few answer, or they do not agree.
    pub async fn agree<T: PartialEq, F>(
        &self,
        ask: impl Fn(Arc<dyn Ledger>) -> F,
    ) -> Result<T, Doubt>
    where
        F: Future<Output = Result<T, LedgerError>>,
    {
        let (mut answers, mut last): (Vec<(&str, T)>, _) = (Vec::new(), None);
        for ledger in &self.ledgers {
            match ask(Arc::clone(ledger)).await {
                Ok(answer) => {
                    let alike = answers.iter().filter(|(_, earlier)| *earlier == answer);
                    let mut alike: BTreeSet<&str> = alike.map(|(whose, _)| *whose).collect();
                    alike.insert(ledger.organization());
                    if alike.len() >= self.needed {
                        return Ok(answer);
                    }
                    answers.push((ledger.organization(), answer));
                }
                Err(source) => last = Some(NoWord::of(ledger.as_ref(), source)),
            }
        }
        let differ = answers.windows(2).any(|pair| matches!(pair, [one, next] if one.1 != next.1));
        if differ { Err(Doubt::Differ) } else { Err(Doubt::TooFew { needed: self.needed, last }) }
    }

    /// What each of them says; whoever says nothing is left out.
    ///
    /// # Errors
    /// Nobody says anything.
    pub async fn all<T, F>(&self, ask: impl Fn(Arc<dyn Ledger>) -> F) -> Result<Vec<T>, Doubt>
    where
        F: Future<Output = Result<T, LedgerError>>,
    {
        let (mut answers, mut last) = (Vec::new(), None);
        for ledger in &self.ledgers {
            match ask(Arc::clone(ledger)).await {
                Ok(answer) => answers.push(answer),
                Err(source) => last = Some(NoWord::of(ledger.as_ref(), source)),
            }
        }
        if answers.is_empty() { Err(Doubt::TooFew { needed: 1, last }) } else { Ok(answers) }
    }

    /// The present epoch: of what all gateways say the middle, and of two in the middle the lower.
    ///
    /// # Errors
    /// Nobody says anything.
    pub async fn epoch(&self) -> Result<u64, Doubt> {
        let mut told = self.all(|ledger| async move { ledger.epoch().await }).await?;
        told.sort_unstable();
        let middle = told.len().saturating_sub(1) / 2;
        told.get(middle).copied().ok_or(Doubt::Differ)
    }

    /// Has [`Self::first`] turn to another gateway first: the one before did not keep its word.
    pub fn turn(&self) {
        self.preferred.fetch_add(1, Ordering::Relaxed);
    }

    /// What the first says that says anything but that there is no answer.
    ///
    /// # Errors
    /// As the first, or the last that has no answer.
    pub async fn first<T, F>(&self, ask: impl Fn(Arc<dyn Ledger>) -> F) -> Result<T, LedgerError>
    where
        F: Future<Output = Result<T, LedgerError>>,
    {
        let mut last = LedgerError::NoAnswer { why: "there is no gateway".to_owned() };
        let preferred = self.preferred.load(Ordering::Relaxed) % self.ledgers.len().max(1);
        let ledgers = self.ledgers.iter().cycle().skip(preferred).take(self.ledgers.len());
        for ledger in ledgers {
            match ask(Arc::clone(ledger)).await {
                Err(error @ LedgerError::NoAnswer { .. }) => last = error,
                answer => return answer,
            }
        }
        Err(last)
    }
}

impl std::fmt::Debug for Witnesses {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names = self.ledgers.iter().map(|ledger| ledger.name()).collect::<Vec<_>>();
        f.debug_struct("Witnesses").field("names", &names).field("needed", &self.needed).finish()
    }
}

fn organizations(ledgers: &[Arc<dyn Ledger>]) -> usize {
    ledgers.iter().map(|ledger| ledger.organization()).collect::<BTreeSet<_>>().len()
}

/// There are gateways of fewer organisations than must say the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("{needed} organisations must agree, and there are gateways of {there}")]
#[non_exhaustive]
pub struct TooFew {
    /// Of how many there are any.
    pub there: usize,
    /// How many must agree.
    pub needed: usize,
}

/// Why nothing is to be acted on.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Doubt {
    /// Gateways say different things: one lies, or one lags behind.
    #[error("gateways say different things")]
    Differ,
    /// Gateways of too few organisations say anything.
    #[error("gateways of fewer than {needed} organisations answer")]
    TooFew {
        /// How many must.
        needed: usize,
        /// One that does not.
        #[source]
        last: Option<NoWord>,
    },
}

/// A gateway that does not answer.
#[derive(Debug, Error)]
#[error("{gateway}: {source}")]
#[non_exhaustive]
pub struct NoWord {
    /// What people call it.
    pub gateway: String,
    /// What it did instead.
    pub source: LedgerError,
}

impl NoWord {
    fn of(ledger: &dyn Ledger, source: LedgerError) -> Self {
        Self { gateway: ledger.name().to_owned(), source }
    }
}
