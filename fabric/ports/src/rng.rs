use thiserror::Error;

/// A source of unpredictable bytes.
pub trait Rng: Send + Sync {
    /// Fills `bytes`; never leaves them half filled without saying so.
    fn fill(&self, bytes: &mut [u8]) -> Result<(), RngError>;
}

/// The source of randomness did not answer.
#[derive(Debug, Error)]
#[error("no random bytes to be had")]
pub struct RngError;
