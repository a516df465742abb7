//! How much is told at once.

use pervade_chaincode::Argument;
use serde::{Deserialize, Serialize};

/// How many entries of a list a client asks for at once.
///
/// Invariant: at least 1 and at most [`MAX`](Self::MAX).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Argument)]
#[serde(try_from = "u32", into = "u32")]
pub struct PageSize(u32);

impl PageSize {
    /// The most.
    pub const MAX: Self = Self(100);

    /// The number.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0
    }
}

impl TryFrom<u32> for PageSize {
    type Error = BadPageSize;

    fn try_from(size: u32) -> Result<Self, BadPageSize> {
        if (1..=Self::MAX.0).contains(&size) { Ok(Self(size)) } else { Err(BadPageSize { size }) }
    }
}

impl From<PageSize> for u32 {
    fn from(size: PageSize) -> Self {
        size.0
    }
}

/// Not the size of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a page has 1 to {} entries, not {size}", PageSize::MAX.0)]
#[expect(clippy::exhaustive_structs, reason = "there is nothing else to tell")]
pub struct BadPageSize {
    /// What was asked for.
    pub size: u32,
}

#[cfg(test)]
mod tests {
    use super::PageSize;

    #[test]
    fn a_page_has_an_end() {
        assert_eq!([1, 100].map(|size| PageSize::try_from(size).unwrap().get()), [1, 100]);
        let refused = [0, 101, u32::MAX].map(|size| PageSize::try_from(size).unwrap_err().size);
        assert_eq!(refused, [0, 101, u32::MAX], "told back");
    }
}
