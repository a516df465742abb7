//! Taking from purses and adding to them.

use pervade_chaincode::{ReadTransaction, Transaction};
use pervade_platform::{AccountId, Amount, Tally, TallyError};

use crate::PurseError;
use crate::pool::{RESERVE, STOCK};
use crate::record::{Asset, Deposit, Escrow, Purse};
use crate::rules::Net;

/// Changes a purse, once in a transaction.
pub(crate) async fn change(tx: &mut Transaction, purse: Purse, net: Net) -> Result<(), PurseError> {
    match purse {
        Purse::Account(account) => change_account(tx, &account, net).await,
        Purse::Deposit(device) => change_deposit(tx, device, net).await,
        Purse::Escrow(task) => change_escrow(tx, task, net).await,
        // A fee has been resolved before; what is nobody's is the stock's.
        Purse::Stock | Purse::Fee => match net {
            Net::Credit(amount) => Ok(STOCK.add(tx, amount).await?),
            Net::Debit(amount) => take_stock(tx, amount).await,
        },
    }
}

async fn change_account(
    tx: &mut Transaction,
    account: &AccountId,
    net: Net,
) -> Result<(), PurseError> {
    match net {
        Net::Credit(amount) => Ok(holding(Asset::Tokens, account).add(tx, amount).await?),
        Net::Debit(amount) => take(tx, Asset::Tokens, account, amount).await,
    }
}

async fn change_deposit(tx: &mut Transaction, device: String, net: Net) -> Result<(), PurseError> {
    let before = tx.find::<Deposit>(&device).await?.map_or(Amount::ZERO, |found| found.amount);
    let amount = changed(before, net)?;
    if amount.is_zero() {
        return Ok(tx.remove::<Deposit>(&device).await?);
    }
    Ok(tx.save(&Deposit { amount, device }).await?)
}

async fn change_escrow(tx: &mut Transaction, task: String, net: Net) -> Result<(), PurseError> {
    let before = tx.find::<Escrow>(&task).await?.map_or(Amount::ZERO, |found| found.amount);
    let amount = changed(before, net)?;
    if amount.is_zero() {
        return Ok(tx.remove::<Escrow>(&task).await?);
    }
    Ok(tx.save(&Escrow { amount, task }).await?)
}

fn changed(before: Amount, net: Net) -> Result<Amount, PurseError> {
    match net {
        Net::Credit(amount) => Ok(before.plus(amount)?),
        Net::Debit(amount) => {
            before.minus(amount).map_err(|_| PurseError::InsufficientTokens { available: before })
        }
    }
}

/// What an account has of something.
pub(crate) async fn held(
    tx: &ReadTransaction,
    asset: Asset,
    account: &AccountId,
) -> Result<Amount, PurseError> {
    Ok(holding(asset, account).total(tx).await?)
}

/// Adds to an account.
pub(crate) async fn add(
    tx: &mut Transaction,
    asset: Asset,
    account: &AccountId,
    amount: Amount,
) -> Result<(), PurseError> {
    Ok(holding(asset, account).add(tx, amount).await?)
}

/// Takes from an account.
pub(crate) async fn take(
    tx: &mut Transaction,
    asset: Asset,
    account: &AccountId,
    amount: Amount,
) -> Result<(), PurseError> {
    let refused = match asset {
        Asset::Money => |available| PurseError::InsufficientFunds { available },
        Asset::Tokens => |available| PurseError::InsufficientTokens { available },
    };
    holding(asset, account).take(tx, amount).await.map_err(|error| if_short(error, refused))
}

/// Puts together what an account is made of.
pub(crate) async fn gather(tx: &mut Transaction, account: &AccountId) -> Result<(), PurseError> {
    holding(Asset::Money, account).gather(tx).await?;
    Ok(holding(Asset::Tokens, account).gather(tx).await?)
}

/// Takes tokens that can be bought.
pub(crate) async fn take_stock(tx: &mut Transaction, amount: Amount) -> Result<(), PurseError> {
    let refused = |available| PurseError::SoldOut { available };
    STOCK.take(tx, amount).await.map_err(|error| if_short(error, refused))
}

/// Takes money that was paid for tokens.
pub(crate) async fn take_reserve(tx: &mut Transaction, amount: Amount) -> Result<(), PurseError> {
    let refused = |available| PurseError::ReserveShort { available };
    RESERVE.take(tx, amount).await.map_err(|error| if_short(error, refused))
}

/// The purse's own word for there being too little.
fn if_short(error: TallyError, refused: impl FnOnce(Amount) -> PurseError) -> PurseError {
    if let TallyError::Short { available } = error { refused(available) } else { error.into() }
}

fn holding(asset: Asset, account: &AccountId) -> Tally<'_> {
    let kind = match asset {
        Asset::Money => "money",
        Asset::Tokens => "tokens",
    };
    Tally::new(kind, account.as_str())
}
