//! Why a story broke off.

use std::error::Error;

use thiserror::Error;

/// A story broke off. Whatever the ledger had acknowledged before is there.
#[derive(Debug, Error)]
#[error("{doing}")]
pub struct DemoError {
    doing: String,
    #[source]
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl DemoError {
    /// Something turned out otherwise than it must.
    pub(crate) fn unexpected(what: impl Into<String>) -> Self {
        Self { doing: what.into(), source: None }
    }
}

/// Says what was being done when something failed.
pub(crate) trait While<T> {
    fn doing(self, what: &str) -> Result<T, DemoError>;
}

impl<T, E: Into<Box<dyn Error + Send + Sync>>> While<T> for Result<T, E> {
    fn doing(self, what: &str) -> Result<T, DemoError> {
        self.map_err(|source| DemoError { doing: what.to_owned(), source: Some(source.into()) })
    }
}
