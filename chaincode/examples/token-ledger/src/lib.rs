//! A currency, as coins.
//!
//! No account has a balance that payments contend for: who is paid gets a new coin, who pays names
//! the coins that are spent, and two payments conflict only if they spend the same one.

use pervade_chaincode::{
    Argument, Chaincode, Fault, IdentityError, ReadTransaction, State, StateError, Transaction,
    contract,
};
use serde::{Deserialize, Serialize};

/// An amount of an account's. An account is an identity in the form of Fabric's Go library.
#[derive(Debug, Serialize, Deserialize, State)]
#[state(type = "coin", key(owner, id))]
#[expect(missing_docs, clippy::exhaustive_structs, reason = "clients read it")]
pub struct Coin {
    pub owner: String,
    pub id: String,
    pub amount: u64,
}

/// Coins that are spent, named by their ids, for an amount that another account gets.
#[derive(Debug, Serialize, Deserialize, Argument)]
#[expect(missing_docs, clippy::exhaustive_structs, reason = "clients write it out")]
pub struct Payment {
    pub coins: Vec<String>,
    pub to: String,
    pub amount: u64,
}

/// What an account lets another one spend of its coins.
#[derive(Serialize, Deserialize, State)]
#[state(type = "allowance", key(owner, spender))]
struct Allowance {
    owner: String,
    spender: String,
    amount: u64,
}

#[derive(Debug, thiserror::Error, Fault)]
enum TokenError {
    #[error("only {MINTER} makes coins")]
    #[fault(status = FORBIDDEN)]
    NotMinter,
    #[error("{amount} is more than {available}")]
    #[fault(status = CONFLICT)]
    TooMuch { amount: u64, available: u64 },
    #[error(transparent)]
    Identity(#[from] IdentityError),
    #[error(transparent)]
    State(#[from] StateError),
}

type Answer<T> = Result<T, TokenError>;
/// The organisation that makes coins.
pub const MINTER: &str = "Org1MSP";

/// The contract.
#[derive(Clone, Copy, Debug, Default)]
pub struct TokenLedger;

#[contract(name = "tokens", default)]
impl TokenLedger {
    #[evaluate]
    async fn account(&self, tx: &ReadTransaction) -> Answer<String> {
        Ok(tx.creator().client_identity()?.id())
    }

    #[submit]
    async fn mint(&self, tx: &mut Transaction, amount: u64) -> Answer<Coin> {
        if tx.creator().msp_id().as_str() != MINTER {
            return Err(TokenError::NotMinter);
        }
        let owner = tx.creator().client_identity()?.id();
        coin(tx, owner, "minted", amount).await
    }

    #[evaluate]
    async fn coins(&self, tx: &ReadTransaction, owner: String) -> Answer<Vec<Coin>> {
        Ok(tx.list::<Coin>((&owner,))?.at_most(COINS_MAX).await?)
    }

    #[evaluate]
    async fn balance(&self, tx: &ReadTransaction, owner: String) -> Answer<u64> {
        Ok(self.coins(tx, owner).await?.iter().fold(0, |sum, coin| sum.saturating_add(coin.amount)))
    }

    /// Pays from coins of the client's; what they are worth more comes back as a coin.
    #[submit]
    async fn transfer(&self, tx: &mut Transaction, payment: Payment) -> Answer<Coin> {
        let owner = tx.creator().client_identity()?.id();
        pay(tx, owner, payment).await
    }

    #[submit]
    async fn approve(&self, tx: &mut Transaction, spender: String, amount: u64) -> Answer<()> {
        let owner = tx.creator().client_identity()?.id();
        Ok(tx.save(&Allowance { owner, spender, amount }).await?)
    }

    /// Pays from another account's coins, as far as it lets the client.
    #[submit]
    async fn transfer_from(
        &self,
        tx: &mut Transaction,
        owner: String,
        payment: Payment,
    ) -> Answer<Coin> {
        let spender = tx.creator().client_identity()?.id();
        let mut allowance: Allowance = tx.load((&owner, &spender)).await?;
        allowance.amount = less(allowance.amount, payment.amount)?;
        tx.save(&allowance).await?;
        pay(tx, owner, payment).await
    }
}

/// Most coins that are listed, and so counted, of one account.
pub const COINS_MAX: usize = 10_000;

async fn pay(tx: &mut Transaction, owner: String, payment: Payment) -> Answer<Coin> {
    let mut available = 0_u64;
    // A coin named twice is one coin: it could be read again after it is deleted.
    for id in std::collections::BTreeSet::from_iter(payment.coins) {
        available = available.saturating_add(tx.load::<Coin>((&owner, &id)).await?.amount);
        tx.remove::<Coin>((&owner, &id)).await?;
    }
    let change = less(available, payment.amount)?;
    if change > 0 {
        coin(tx, owner, "change", change).await?;
    }
    coin(tx, payment.to, "paid", payment.amount).await
}

async fn coin(tx: &mut Transaction, owner: String, what: &str, amount: u64) -> Answer<Coin> {
    let coin = Coin { owner, id: format!("{}-{what}", tx.tx_id()), amount };
    tx.save(&coin).await?;
    Ok(coin)
}

fn less(available: u64, amount: u64) -> Answer<u64> {
    available.checked_sub(amount).ok_or(TokenError::TooMuch { amount, available })
}

/// The chaincode, as the channel knows it.
#[must_use]
pub fn chaincode() -> Chaincode {
    Chaincode::named("token-ledger").with(TokenLedger)
}
