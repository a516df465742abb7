//! What commands of a platform tell.

use std::fmt;

use pervade_chaincode::StatePage;
use pervade_peer_client::Committed;
use serde::Serialize;

use super::refusal::{CallFailure, OrRefused as _};
use super::words;
use crate::failure::Failure;

/// What a transaction came to.
#[derive(Debug, Serialize)]
pub(crate) struct Done<T> {
    block: u64,
    pub(crate) result: T,
    /// How often it was tried again.
    #[serde(skip_serializing_if = "is_none")]
    retries: u32,
    transaction: String,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes by reference")]
fn is_none(number: &u32) -> bool {
    *number == 0
}

impl<T> Done<T> {
    pub(crate) fn new(committed: Committed<T>, retries: u32) -> Self {
        let Committed { tx_id, block, value } = committed;
        Self { block, result: value, retries, transaction: tx_id.to_string() }
    }

    /// The same with more to tell than what the function answered.
    pub(crate) fn map<U>(self, told: impl FnOnce(T) -> U) -> Done<U> {
        let Self { block, result, retries, transaction } = self;
        Done { block, result: told(result), retries, transaction }
    }
}

impl<T: Serialize> fmt::Display for Done<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let result = words::of(&self.result);
        if !result.is_empty() {
            writeln!(f, "{result}")?;
        }
        write!(f, "transaction {} committed in block {}", self.transaction, self.block)
    }
}

/// An answer.
#[derive(Debug, Serialize)]
#[serde(transparent)]
pub(crate) struct Shown<T>(pub(crate) T);

impl<T: Serialize> fmt::Display for Shown<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&words::of(&self.0))
    }
}

/// The entries of a list.
#[derive(Debug, Serialize)]
pub(crate) struct List<T> {
    entries: Vec<T>,
    /// Whether there are more than are told.
    more: bool,
}

impl<T> List<T> {
    /// Most entries that are told at once.
    pub(crate) const ENTRIES_MAX: usize = 10_000;

    /// Turns page after page.
    pub(crate) async fn of(
        page: impl AsyncFn(String) -> Result<StatePage<T>, CallFailure>,
    ) -> Result<Self, Failure> {
        let mut all = Self { entries: Vec::new(), more: false };
        let mut bookmark = String::new();
        loop {
            let next = page(bookmark).await.or_refused()?;
            all.entries.extend(next.values);
            all.more = !next.bookmark.is_empty();
            if !all.more || all.entries.len() >= Self::ENTRIES_MAX {
                return Ok(all);
            }
            bookmark = next.bookmark;
        }
    }
}

impl<T: Serialize> fmt::Display for List<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.entries.is_empty() {
            return f.write_str("none");
        }
        for (at, entry) in self.entries.iter().enumerate() {
            write!(f, "{}{}", if at == 0 { "" } else { "\n\n" }, words::of(entry))?;
        }
        if self.more { write!(f, "\n\nand more") } else { Ok(()) }
    }
}
