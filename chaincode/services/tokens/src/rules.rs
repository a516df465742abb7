//! Who may move what, and what a batch of moves comes to: pure functions over values.

use std::collections::BTreeMap;

use pervade_chaincode::MspId;
use pervade_platform::{Amount, Manager};

use crate::record::{FeeTo, Move, Purse, TokenTerms};
use crate::{MovesError, OrderError, TokensError};

impl TokenTerms {
    /// Checks that the manager can run by them.
    ///
    /// # Errors
    /// A value outside its bounds.
    pub fn check(&self) -> Result<(), TokensError> {
        let is_symbol = (1..=SYMBOL_LENGTH_MAX).contains(&self.symbol.len())
            && self.symbol.bytes().all(|b| b.is_ascii_uppercase());
        let worth = u128::from(self.cap.units()) * u128::from(self.price.units());
        let most = u128::from(Amount::MAX.units()) * u128::from(Amount::WHOLE);
        let is_priced = !self.price.is_zero() && worth <= most;
        let checks = [
            ("bank", MspId::new(self.bank.as_str()).is_ok()),
            ("cap", !self.cap.is_zero()),
            ("price", is_priced),
            ("symbol", is_symbol),
        ];
        match checks.into_iter().find(|(_, is_good)| !is_good) {
            Some((field, _)) => Err(TokensError::BadTerms { field }),
            None => Ok(()),
        }
    }
}

/// Most letters of a symbol.
pub const SYMBOL_LENGTH_MAX: usize = 8;

/// What happens to a purse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "complete by definition")]
pub enum Net {
    /// It gets more.
    Credit(Amount),
    /// It gets less.
    Debit(Amount),
}

/// What a manager's moves come to for each purse; purses that end as they began are left out.
///
/// Nobody sees what a transaction has written before it commits: a purse that several moves touch must
/// be changed once.
///
/// # Errors
/// If the moves are not for the manager, or more than there can be.
pub fn net(
    moves: &[Move],
    manager: Manager,
    fee_to: &FeeTo,
) -> Result<BTreeMap<Purse, Net>, MovesError> {
    if moves.len() > Move::MOVES_MAX {
        return Err(MovesError::TooManyMoves { most: Move::MOVES_MAX });
    }
    let mut sums = BTreeMap::<Purse, (Amount, Amount)>::new();
    for (number, Move { amount, from, to }) in moves.iter().enumerate() {
        if !is_permitted(manager, from, to) {
            return Err(MovesError::NotPermitted { number });
        }
        let (_, out) = sums.entry(resolved(from, fee_to)).or_default();
        *out = out.plus(*amount)?;
        let (into, _) = sums.entry(resolved(to, fee_to)).or_default();
        *into = into.plus(*amount)?;
    }
    Ok(sums.into_iter().filter_map(|(purse, sums)| Some((purse, balance(sums)?))).collect())
}

/// Whether a manager moves tokens between such purses. None moves them from account to account, nor
/// out of the stock.
fn is_permitted(manager: Manager, from: &Purse, to: &Purse) -> bool {
    use Purse::{Account, Deposit, Escrow, Fee, Stock};
    match (from, to) {
        (Account(_), Escrow(_) | Fee)
        | (Escrow(_), Account(_) | Fee | Stock)
        | (Deposit(_), Stock) => manager == Manager::Tasks,
        (Account(_), Deposit(_)) | (Deposit(_), Account(_)) => manager == Manager::Devices,
        (Account(_) | Deposit(_) | Escrow(_) | Fee | Stock, _) => false,
    }
}

/// The purse itself, where it stands for another.
fn resolved(purse: &Purse, fee_to: &FeeTo) -> Purse {
    match (purse, fee_to) {
        (Purse::Fee, FeeTo::Stock) => Purse::Stock,
        (Purse::Fee, FeeTo::Treasury(account)) => Purse::Account(account.clone()),
        _ => purse.clone(),
    }
}

fn balance((into, out): (Amount, Amount)) -> Option<Net> {
    match (into.minus(out), out.minus(into)) {
        (Ok(credit), _) if !credit.is_zero() => Some(Net::Credit(credit)),
        (_, Ok(debit)) if !debit.is_zero() => Some(Net::Debit(debit)),
        _ => None,
    }
}

/// What so many tokens cost.
///
/// # Errors
/// If there are none of them, or the cost is no exact sum.
pub fn cost(terms: &TokenTerms, tokens: Amount) -> Result<Amount, OrderError> {
    require_some(tokens)?;
    Ok(tokens.cost_at(terms.price)?)
}

/// Checks that a buyer pays exactly what so many tokens cost.
///
/// # Errors
/// If it is another sum, and as [`cost`].
pub fn require_exact(
    terms: &TokenTerms,
    tokens: Amount,
    payment: Amount,
) -> Result<(), OrderError> {
    let cost = cost(terms, tokens)?;
    if cost == payment { Ok(()) } else { Err(OrderError::BadPayment { cost, payment }) }
}

/// Checks that an order is of something.
///
/// # Errors
/// If not.
pub fn require_some(amount: Amount) -> Result<(), OrderError> {
    if amount.is_zero() { Err(OrderError::Nothing) } else { Ok(()) }
}
