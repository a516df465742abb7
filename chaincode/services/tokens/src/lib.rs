//! The manager of tokens: who has how many, and what they may be used for.
//!
//! **Settlement money** is what the terms' bank owes: its issuers issue it to users and retire what
//! comes back to them. Everything else about it is users' own: they pay each other, and they buy
//! tokens.
//!
//! **Tokens** are bought from the stock at the price in the terms, exactly, and sold back at the same price: no
//! money gets stuck. They lie in *purses*: accounts of users, deposits of devices, escrows of tasks,
//! and the stock. Fees go back to the stock or to a treasury's account.
//!
//! **Conservation.** No function makes or destroys tokens: accounts, deposits, escrows and stock
//! together are the cap, always. Accounts and reserve together are the money that was issued and not
//! retired.
//!
//! **Managers.** What tasks and devices cost and earn comes as one batch of moves a transaction,
//! [`apply`](TokensClient::apply), from the manager that the client addressed. Each manager moves
//! between its own kinds of purses only; none moves from account to account, nor out of the stock.
//!
//! **Payments** between users are typed records of their own, found by account. A user may allow
//! another key, a device's as a rule, to spend up to a sum: what a stolen device can lose is
//! that.
//!
//! | Key | Value |
//! |---|---|
//! | `bound` | the names of the set and the [`TokenTerms`](record::TokenTerms) |
//! | (`tokens`, account), (`tokens-note`, account, transaction) | a [`Tally`](pervade_platform::Tally) of tokens |
//! | (`money`, account), (`money-note`, account, transaction) | one of settlement money |
//! | (`stock`, part), (`stock-note`, part, transaction) | one of 64 parts of the tokens that can be bought |
//! | (`reserve`, part), (`reserve-note`, part, transaction) | one of 64 parts of the money that was paid for tokens |
//! | (`deposit`, device) | [`Deposit`](record::Deposit) |
//! | (`escrow`, task) | [`Escrow`](record::Escrow) |
//! | (`allowance`, owner, spender) | [`Allowance`](record::Allowance) |
//! | (`transfer`, transaction) | [`Transfer`](record::Transfer) |
//! | (`transfer-of`, account, transaction) | [`TransferOf`](record::TransferOf) |
//!
//! The [rules] are functions of values; the contract is a thin binding of them to Fabric.

mod contract;
mod error;
mod pool;
mod purse;
pub mod record;
pub mod rules;

use pervade_chaincode::{Chaincode, ChaincodeName};

pub use contract::{MAY_ISSUE, Tokens, TokensClient};
pub use error::{MovesError, OrderError, PurseError, TokensError};

/// Hexadecimal SHA-256 of the code that this contract is, down to the versions of the libraries in
/// it. A package that names it is another package when the code is other code.
pub const CODE_SHA256: &str = env!("PERVADE_CODE_SHA256");

/// The manager of tokens, to be deployed under the given name, with its initialisation required.
#[must_use]
pub fn chaincode(name: ChaincodeName) -> Chaincode {
    Chaincode::new(name).with(Tokens)
}
