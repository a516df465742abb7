//! Chaincodes that must be initialised before they are called: exactly once per version.

use thiserror::Error;

use super::{SimulateError, Simulator};
use crate::answer::Occasion;
use crate::state::StateView;

/// Under this key a chaincode that must be initialised keeps the version that was.
const INITIALIZED_KEY: &str = "\0\u{10ffff}initialized";

/// What a chaincode's definition says about its initialisation.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "complete by definition")]
pub struct Initialization<'a> {
    /// The chaincode.
    pub chaincode: &'a str,
    /// The version that is defined.
    pub version: &'a str,
    /// Whether it must be initialised.
    pub required: bool,
}

impl<S: StateView> Simulator<S> {
    /// Refuses a call out of turn, and marks a chaincode as initialised that is called to be.
    ///
    /// # Errors
    /// If the chaincode is to be initialised and needs no more, or is called before it was.
    pub fn check_init(
        &mut self,
        defined: Initialization<'_>,
        occasion: Occasion,
    ) -> Result<(), InitError> {
        let Initialization { chaincode, version, required } = defined;
        let named = || chaincode.to_owned();
        if !required {
            return match occasion {
                Occasion::Init => Err(InitError::NotRequired { chaincode: named() }),
                Occasion::Transaction => Ok(()),
            };
        }
        let initialized = self.get(chaincode, INITIALIZED_KEY)?;
        let is_initialized = initialized.as_deref() == Some(version.as_bytes());
        match (occasion, is_initialized) {
            (Occasion::Transaction, true) => Ok(()),
            (Occasion::Transaction, false) => Err(InitError::NotInitialized { chaincode: named() }),
            (Occasion::Init, true) => Err(InitError::Again { chaincode: named() }),
            (Occasion::Init, false) => {
                Ok(self.put(chaincode, INITIALIZED_KEY, version.as_bytes().to_vec())?)
            }
        }
    }
}

/// A chaincode was called out of turn. The texts are Fabric's.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum InitError {
    /// It needs no initialisation.
    #[error("chaincode '{chaincode}' does not require initialization but called as init")]
    NotRequired {
        /// The chaincode.
        chaincode: String,
    },
    /// It was initialised before.
    #[error("chaincode '{chaincode}' is already initialized but called as init")]
    Again {
        /// The chaincode.
        chaincode: String,
    },
    /// It was never initialised in this version.
    #[error(
        "chaincode '{chaincode}' has not been initialized for this version, must call as init first"
    )]
    NotInitialized {
        /// The chaincode.
        chaincode: String,
    },
    /// The simulation cannot go on.
    #[error(transparent)]
    Simulate(#[from] SimulateError),
}
