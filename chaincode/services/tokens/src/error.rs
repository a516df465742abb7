//! Why the manager of tokens refuses.

use pervade_chaincode::{CallError, ClientError, Fault, IdentityError, LedgerError, StateError};
use pervade_platform::{Amount, AmountError, BindError, BoundError, SignerError, TallyError};

/// Why a call of the manager of tokens failed.
#[derive(Debug, thiserror::Error, Fault)]
#[non_exhaustive]
pub enum TokensError {
    /// It cannot be bound so.
    #[error(transparent)]
    Bind(#[from] BindError),
    /// It is not bound, or the function is for managers.
    #[error(transparent)]
    Bound(#[from] BoundError),
    /// Terms that the manager cannot run by.
    #[error("{field} is outside its bounds")]
    #[fault(status = BAD_REQUEST)]
    BadTerms {
        /// Which.
        field: &'static str,
    },
    /// The signer's certificate cannot be read.
    #[error(transparent)]
    Signer(#[from] SignerError),
    /// The signer's certificate cannot be read for its attributes.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// The manager of users refused.
    #[error(transparent)]
    Users(#[from] ClientError<CallError>),
    /// A batch of moves that is refused whatever the purses hold.
    #[error(transparent)]
    Moves(#[from] MovesError),
    /// A client's order that is refused whatever the purses hold.
    #[error(transparent)]
    Order(#[from] OrderError),
    /// A purse does not hold enough.
    #[error(transparent)]
    Purse(#[from] PurseError),
    /// What is on the ledger cannot be read or written.
    #[error(transparent)]
    State(#[from] StateError),
}

impl From<LedgerError> for TokensError {
    fn from(error: LedgerError) -> Self {
        StateError::from(error).into()
    }
}

/// Why a batch of moves is refused.
#[derive(Debug, thiserror::Error, Fault)]
#[non_exhaustive]
pub enum MovesError {
    /// This manager does not move tokens between such purses.
    #[error("move {number} is not for the manager that the client addressed")]
    #[fault(status = FORBIDDEN, code = "PERMISSION_DENIED")]
    NotPermitted {
        /// Which, from 0.
        number: usize,
    },
    /// More moves than are made at once.
    #[error("there are at most {most} moves at once")]
    #[fault(status = BAD_REQUEST)]
    TooManyMoves {
        /// How many there may be.
        most: usize,
    },
    /// More goes into a purse than there can be.
    #[error(transparent)]
    Amount(#[from] AmountError),
}

/// Why an order is refused.
#[derive(Debug, thiserror::Error, Fault)]
#[non_exhaustive]
pub enum OrderError {
    /// The function is for issuers of the bank.
    #[error("the signer is no issuer of {bank}")]
    #[fault(status = FORBIDDEN, code = "PERMISSION_DENIED")]
    NotIssuer {
        /// The bank.
        bank: String,
    },
    /// An order of nothing.
    #[error("nothing is ordered")]
    #[fault(status = BAD_REQUEST, code = "AMOUNT_ZERO")]
    Nothing,
    /// Not what it costs.
    #[error("that costs {cost}, and {payment} is paid")]
    #[fault(status = UNPROCESSABLE)]
    BadPayment {
        /// What it costs.
        cost: Amount,
        /// What the buyer pays.
        payment: Amount,
    },
    /// More than the owner allows.
    #[error("the owner allows {left}")]
    #[fault(status = FORBIDDEN)]
    AllowanceExceeded {
        /// What is left of the allowance.
        left: Amount,
    },
    /// No exact sum of money.
    #[error(transparent)]
    Amount(#[from] AmountError),
}

/// Why a purse cannot be taken from, added to, or counted.
#[derive(Debug, thiserror::Error, Fault)]
#[non_exhaustive]
pub enum PurseError {
    /// Too little settlement money in an account.
    #[error("only {available} of money is at hand")]
    #[fault(status = CONFLICT)]
    InsufficientFunds {
        /// How much there is.
        available: Amount,
    },
    /// Too few tokens in an account, a deposit or an escrow.
    #[error("only {available} tokens are at hand")]
    #[fault(status = CONFLICT)]
    InsufficientTokens {
        /// How many there are.
        available: Amount,
    },
    /// Too few tokens are left to be bought.
    #[error("only {available} tokens can be bought")]
    #[fault(status = CONFLICT)]
    SoldOut {
        /// How many there are.
        available: Amount,
    },
    /// Too little money in the reserve; notes beyond those that are picked up at once are not counted.
    #[error("the reserve has only {available}: have it gathered")]
    #[fault(status = CONFLICT)]
    ReserveShort {
        /// How much there is.
        available: Amount,
    },
    /// It cannot be counted.
    #[error(transparent)]
    Tally(#[from] TallyError),
    /// What is on the ledger cannot be read or written.
    #[error(transparent)]
    State(#[from] StateError),
}

impl From<AmountError> for PurseError {
    fn from(error: AmountError) -> Self {
        TallyError::from(error).into()
    }
}
