//! What an agent hears from a gateway, sorted by what it can do about it.
//!
//! An agent has nobody to ask: it acts on a contract's code, tries again what another transaction came
//! before, and finds out what became of what nobody answered.

use pervade_chaincode::ClientError;
use pervade_peer_client::{Committed, TypedCallError};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Where a transaction is on the ledger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::exhaustive_structs, reason = "complete by definition")]
pub struct Receipt {
    /// Its block.
    pub block: u64,
    /// Its id.
    pub tx_id: String,
}

impl Receipt {
    /// What a submission gave, and where it is on the ledger.
    #[must_use]
    pub fn of<T>(committed: Committed<T>) -> (T, Self) {
        let Committed { tx_id, block, value } = committed;
        (value, Self { block, tx_id: tx_id.as_str().to_owned() })
    }
}

/// Why the ledger did not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum LedgerError {
    /// The contract refused.
    #[error("{code}: {message}")]
    Refused {
        /// The code.
        code: String,
        /// The words.
        message: String,
    },
    /// Another transaction came first, or the endorsements were not enough: it had no effect.
    #[error("no effect: {verdict}")]
    NoEffect {
        /// The verdict, in Fabric's words.
        verdict: String,
    },
    /// There is no answer, or none that can be read. What was submitted may have taken effect.
    #[error("no answer: {why}")]
    NoAnswer {
        /// What is known about it.
        why: String,
    },
}

impl LedgerError {
    /// The contract's code, if the contract refused.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Refused { code, .. } => Some(code),
            Self::NoEffect { .. } | Self::NoAnswer { .. } => None,
        }
    }

    /// The same, where one of these codes says that there is nothing: none.
    ///
    /// # Errors
    /// As given, for another code.
    pub fn none_for<T>(answer: Result<T, Self>, codes: &[&str]) -> Result<Option<T>, Self> {
        match answer {
            Ok(found) => Ok(Some(found)),
            Err(error) if error.code().is_some_and(|code| codes.contains(&code)) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

impl From<ClientError<TypedCallError>> for LedgerError {
    fn from(error: ClientError<TypedCallError>) -> Self {
        let why = error.to_string();
        let ClientError::Call(call) = error else { return Self::NoAnswer { why } };
        if let TypedCallError::Rejected { code, .. } = &call {
            return Self::NoEffect { verdict: code.as_str_name().to_owned() };
        }
        match call.refused() {
            Some(refusal) => match refusal.code {
                Some(code) => Self::Refused { code, message: refusal.message },
                None => Self::NoAnswer { why },
            },
            None => Self::NoAnswer { why },
        }
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use fabric_protos::protos::TxValidationCode;
    use pervade_chaincode::ClientError;
    use pervade_peer_client::{CallError, EndorseError, Refusal, StatusCode, TypedCallError};

    use super::LedgerError;

    fn refused(message: &str) -> TypedCallError {
        let message = message.to_owned();
        let refusal = Refusal { code: StatusCode::ABORTED, message, details: Vec::new() };
        TypedCallError::Call(CallError::Endorse(EndorseError::Refused(refusal)))
    }

    fn check(error: TypedCallError, expected: Expect) {
        expected.assert_eq(&LedgerError::from(ClientError::Call(error)).to_string());
    }

    /// A contract's code, a verdict and silence are told apart.
    #[test]
    fn errors_are_sorted() {
        check(
            refused("chaincode response 404, TASK_UNKNOWN: there is no such task"),
            expect!["TASK_UNKNOWN: there is no such task"],
        );
        check(
            refused("chaincode response 500, it broke"),
            expect!["no answer: endorsement refused: chaincode response 500, it broke"],
        );
        check(
            refused("connection refused"),
            expect!["no answer: endorsement refused: connection refused"],
        );
        let tx_id = "ab".repeat(32).parse().unwrap();
        let code = TxValidationCode::MvccReadConflict;
        check(
            TypedCallError::Rejected { tx_id, block: 7, code },
            expect!["no effect: MVCC_READ_CONFLICT"],
        );
    }

    #[test]
    fn a_code_may_mean_that_there_is_nothing() {
        let refused = |code: &str| {
            let error = LedgerError::Refused { code: code.to_owned(), message: String::new() };
            LedgerError::none_for::<()>(Err(error), &["TASK_UNKNOWN"])
        };
        assert_eq!(refused("TASK_UNKNOWN"), Ok(None));
        assert!(refused("PERMISSION_DENIED").is_err(), "another code is an error");
        assert_eq!(LedgerError::none_for(Ok(7), &[]), Ok(Some(7)));
    }
}
