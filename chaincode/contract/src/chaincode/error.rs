//! Why a call did not reach its function.

use fabric_protos::id::ChaincodeName;

use crate::{ArgumentError, ContractError, Fault, Status, TransientError};

/// Why a call did not reach a function.
#[derive(Debug, thiserror::Error)]
pub(super) enum DispatchError {
    #[error("the function's name is not UTF-8")]
    NotText,
    #[error("there is no contract {name:?}")]
    UnknownContract { name: String },
    #[error("there is no function {name:?}")]
    UnknownFunction { name: String },
    #[error("{function} is not external: {caller} may not call it")]
    NotExternal { function: &'static str, caller: ChaincodeName },
    #[error("{function} does not initialise: call it without the mark for that")]
    NotInitialisation { function: &'static str },
    #[error("{function} runs only as the initialisation that the chaincode's definition requires")]
    OnlyInitialisation { function: &'static str },
    #[error("the default contract has no function that initialises, and takes no arguments for it")]
    NothingToInitialise,
    #[error("{function} takes {expected} arguments, {given} came")]
    ArgumentCount { function: &'static str, expected: usize, given: usize },
    #[error("argument {name} of {function}: {source}")]
    Argument { function: &'static str, name: &'static str, source: ArgumentError },
    #[error("transient argument {name} of {function}: {source}")]
    Transient { function: &'static str, name: &'static str, source: TransientError },
}

impl Fault for DispatchError {
    fn status(&self) -> Status {
        match self {
            Self::UnknownContract { .. } | Self::UnknownFunction { .. } => Status::NOT_FOUND,
            Self::NotExternal { .. } => Status::FORBIDDEN,
            Self::NotText
            | Self::NotInitialisation { .. }
            | Self::OnlyInitialisation { .. }
            | Self::NothingToInitialise
            | Self::ArgumentCount { .. }
            | Self::Argument { .. }
            | Self::Transient { .. } => Status::BAD_REQUEST,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotText => "FUNCTION_NAME",
            Self::UnknownContract { .. } => "UNKNOWN_CONTRACT",
            Self::UnknownFunction { .. } => "UNKNOWN_FUNCTION",
            Self::NotExternal { .. } => "NOT_EXTERNAL",
            Self::NotInitialisation { .. } => "NOT_INITIALISATION",
            Self::OnlyInitialisation { .. } => "ONLY_INITIALISATION",
            Self::NothingToInitialise => "NOTHING_TO_INITIALISE",
            Self::ArgumentCount { .. } => "ARGUMENT_COUNT",
            Self::Argument { .. } => "ARGUMENT",
            Self::Transient { .. } => "TRANSIENT_ARGUMENT",
        }
    }
}

impl From<DispatchError> for ContractError {
    fn from(error: DispatchError) -> Self {
        Self::of(&error)
    }
}

/// A name from outside, short enough to repeat in an error.
pub(super) fn shorten(name: &str) -> String {
    const NAME_CHARS_MAX: usize = 100;
    name.chars().take(NAME_CHARS_MAX).collect()
}
