//! The functions of the manager of tokens.

use pervade_chaincode::{ReadTransaction, StatePage, Transaction, contract};
use pervade_platform::{
    AccountId, Amount, Bound, ContractSet, Manager, PageSize, bind, bound, signer,
};
use pervade_users::UsersClient;
use pervade_users::record::User;

use crate::pool::{RESERVE, STOCK};
use crate::purse::{add, change, gather, held, take, take_reserve, take_stock};
use crate::record::{
    Allowance, Allowed, Asset, Balance, Deposit, Escrow, MoneyChange, MoneyChanged, Move, Payment,
    Reference, Supply, TokenTerms, Transfer, TransferOf,
};
use crate::rules::{cost, net, require_exact, require_some};
use crate::{OrderError, PurseError, TokensError};

/// The manager of tokens.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tokens;

/// The certificate attribute, with the value `true`, of the bank's issuers.
pub const MAY_ISSUE: &str = "bank.issuer";

#[contract(name = "tokens", default)]
impl Tokens {
    /// Binds the manager to its set and its terms, and begins the stock. Once: a later version of the
    /// definition may be initialised with the same, and with no others.
    #[init]
    async fn bind(
        &self,
        tx: &mut Transaction,
        set: ContractSet,
        terms: TokenTerms,
    ) -> Result<(), TokensError> {
        terms.check()?;
        let cap = terms.cap;
        if bind(tx, &Bound { set, terms }).await? {
            STOCK.begin(tx, cap).await.map_err(PurseError::from)?;
        }
        Ok(())
    }

    /// Makes moves between purses, all or none. For managers, once a transaction: the moves that
    /// touch one purse come to one change of it.
    #[external]
    #[submit]
    async fn apply(&self, tx: &mut Transaction, moves: Vec<Move>) -> Result<(), TokensError> {
        let bound = bound::<TokenTerms>(tx).await?;
        let manager = bound.require_manager(tx, &[Manager::Devices, Manager::Tasks])?;
        for (purse, amount) in net(&moves, manager, &bound.terms.fee_to)? {
            change(tx, purse, amount).await?;
        }
        Ok(())
    }

    /// Issues settlement money to a user. For issuers of the bank.
    #[submit]
    async fn issue(
        &self,
        tx: &mut Transaction,
        account: AccountId,
        amount: Amount,
    ) -> Result<(), TokensError> {
        let bound = bound::<TokenTerms>(tx).await?;
        require_issuer(tx, &bound.terms)?;
        require_some(amount)?;
        registered(tx, &bound, &account).await?;
        add(tx, Asset::Money, &account, amount).await?;
        Ok(tx.emit(&MoneyChanged { account, amount, change: MoneyChange::Issued })?)
    }

    /// Retires settlement money that has come back to the signer, who has paid for it off the
    /// ledger. For issuers of the bank.
    #[submit]
    async fn retire(&self, tx: &mut Transaction, amount: Amount) -> Result<(), TokensError> {
        let bound = bound::<TokenTerms>(tx).await?;
        require_issuer(tx, &bound.terms)?;
        require_some(amount)?;
        let account = caller(tx, &bound).await?.account;
        take(tx, Asset::Money, &account, amount).await?;
        Ok(tx.emit(&MoneyChanged { account, amount, change: MoneyChange::Retired })?)
    }

    /// Buys tokens for exactly what they cost.
    #[submit]
    async fn purchase(
        &self,
        tx: &mut Transaction,
        amount: Amount,
        payment: Amount,
    ) -> Result<(), TokensError> {
        let bound = bound::<TokenTerms>(tx).await?;
        require_exact(&bound.terms, amount, payment)?;
        let account = caller(tx, &bound).await?.account;
        take(tx, Asset::Money, &account, payment).await?;
        take_stock(tx, amount).await?;
        RESERVE.add(tx, payment).await.map_err(PurseError::from)?;
        Ok(add(tx, Asset::Tokens, &account, amount).await?)
    }

    /// Sells tokens back for exactly what they cost.
    #[submit]
    async fn redeem(&self, tx: &mut Transaction, amount: Amount) -> Result<(), TokensError> {
        let bound = bound::<TokenTerms>(tx).await?;
        let payment = cost(&bound.terms, amount)?;
        let account = caller(tx, &bound).await?.account;
        take(tx, Asset::Tokens, &account, amount).await?;
        take_reserve(tx, payment).await?;
        STOCK.add(tx, amount).await.map_err(PurseError::from)?;
        Ok(add(tx, Asset::Money, &account, payment).await?)
    }

    /// Pays a user in tokens.
    #[submit]
    async fn pay(
        &self,
        tx: &mut Transaction,
        to: AccountId,
        amount: Amount,
        reference: Option<Reference>,
    ) -> Result<Transfer, TokensError> {
        let bound = bound::<TokenTerms>(tx).await?;
        let from = caller(tx, &bound).await?.account;
        let payment = Payment { amount, reference, to };
        transfer(tx, &bound, transfer_of(tx, Asset::Tokens, from, payment)).await
    }

    /// Pays a user in settlement money.
    #[submit]
    async fn pay_money(
        &self,
        tx: &mut Transaction,
        to: AccountId,
        amount: Amount,
        reference: Option<Reference>,
    ) -> Result<Transfer, TokensError> {
        let bound = bound::<TokenTerms>(tx).await?;
        let from = caller(tx, &bound).await?.account;
        let payment = Payment { amount, reference, to };
        transfer(tx, &bound, transfer_of(tx, Asset::Money, from, payment)).await
    }

    /// Allows a key, a device's as a rule, to spend so many of the signer's tokens from now on; none
    /// takes it back. What was allowed before no longer counts, and if some of it is spent meanwhile,
    /// nothing is allowed: the owner is to know of it first.
    #[submit]
    async fn allow(
        &self,
        tx: &mut Transaction,
        spender: AccountId,
        amount: Amount,
    ) -> Result<(), TokensError> {
        let bound = bound::<TokenTerms>(tx).await?;
        let owner = caller(tx, &bound).await?;
        let before = allowed(tx, owner, spender).await?;
        let (owner, spender) = (before.owner.clone(), before.spender.clone());
        let told = Allowed { amount, before: before.left, owner, spender };
        tx.emit(&told)?;
        if amount.is_zero() {
            return Ok(tx.remove::<Allowance>((&told.owner, &told.spender)).await?);
        }
        Ok(tx.save(&Allowance { left: amount, ..before }).await?)
    }

    /// Pays a user in tokens of an owner who has allowed the signer's key to spend them.
    #[submit]
    async fn spend(
        &self,
        tx: &mut Transaction,
        owner: AccountId,
        payment: Payment,
    ) -> Result<Transfer, TokensError> {
        let bound = bound::<TokenTerms>(tx).await?;
        let spender = signer(tx)?.address;
        let owner = registered(tx, &bound, &owner).await?;
        let mut allowance = allowed(tx, owner, spender.clone()).await?;
        let left = allowance.left.minus(payment.amount);
        let exceeded = OrderError::AllowanceExceeded { left: allowance.left };
        allowance.left = left.map_err(|_| exceeded)?;
        tx.save(&allowance).await?;
        let made = transfer_of(tx, Asset::Tokens, allowance.owner, payment);
        transfer(tx, &bound, Transfer { spender: Some(spender), ..made }).await
    }

    /// Puts together what an account is made of. Anyone may; it changes no balance.
    #[submit]
    async fn gather(&self, tx: &mut Transaction, account: AccountId) -> Result<(), TokensError> {
        bound::<TokenTerms>(tx).await?;
        Ok(gather(tx, &account).await?)
    }

    /// Puts together what stock and reserve are made of. Anyone may; it changes neither.
    #[submit]
    async fn gather_pools(&self, tx: &mut Transaction) -> Result<(), TokensError> {
        bound::<TokenTerms>(tx).await?;
        STOCK.gather(tx).await.map_err(PurseError::from)?;
        Ok(RESERVE.gather(tx).await.map_err(PurseError::from)?)
    }

    /// What an account holds.
    #[evaluate]
    async fn balance(
        &self,
        tx: &ReadTransaction,
        account: AccountId,
    ) -> Result<Balance, TokensError> {
        bound::<TokenTerms>(tx).await?;
        let money = held(tx, Asset::Money, &account).await?;
        let tokens = held(tx, Asset::Tokens, &account).await?;
        Ok(Balance { money, tokens })
    }

    /// What is staked on a task.
    #[evaluate]
    async fn escrow(&self, tx: &ReadTransaction, task: String) -> Result<Amount, TokensError> {
        bound::<TokenTerms>(tx).await?;
        Ok(tx.find::<Escrow>(&task).await?.map_or(Amount::ZERO, |found| found.amount))
    }

    /// What is deposited for a device.
    #[evaluate]
    async fn deposit(&self, tx: &ReadTransaction, device: String) -> Result<Amount, TokensError> {
        bound::<TokenTerms>(tx).await?;
        Ok(tx.find::<Deposit>(&device).await?.map_or(Amount::ZERO, |found| found.amount))
    }

    /// What a key may spend of an account.
    #[evaluate]
    async fn allowance(
        &self,
        tx: &mut ReadTransaction,
        owner: AccountId,
        spender: AccountId,
    ) -> Result<Amount, TokensError> {
        let bound = bound::<TokenTerms>(tx).await?;
        let owner = UsersClient::new(tx, bound.users()?).user(owner).await?;
        Ok(allowed(tx, owner, spender).await?.left)
    }

    /// How much there is of everything.
    #[evaluate]
    async fn supply(&self, tx: &ReadTransaction) -> Result<Supply, TokensError> {
        let cap = bound::<TokenTerms>(tx).await?.terms.cap;
        let stock = STOCK.total(tx).await.map_err(PurseError::from)?;
        let reserve = RESERVE.total(tx).await.map_err(PurseError::from)?;
        let sold = cap.minus(stock).map_err(PurseError::from)?;
        Ok(Supply { cap, reserve, sold, stock })
    }

    /// What a whole token costs.
    #[evaluate]
    async fn price(&self, tx: &ReadTransaction) -> Result<Amount, TokensError> {
        Ok(bound::<TokenTerms>(tx).await?.terms.price)
    }

    /// The terms that the manager runs by.
    #[evaluate]
    async fn terms(&self, tx: &ReadTransaction) -> Result<TokenTerms, TokensError> {
        Ok(bound::<TokenTerms>(tx).await?.terms)
    }

    /// The payment that a transaction made.
    #[evaluate]
    async fn transfer(&self, tx: &ReadTransaction, tx_id: String) -> Result<Transfer, TokensError> {
        bound::<TokenTerms>(tx).await?;
        Ok(tx.load(&tx_id).await?)
    }

    /// The payments by an account and to it.
    #[evaluate]
    async fn transfers(
        &self,
        tx: &mut ReadTransaction,
        account: AccountId,
        size: PageSize,
        bookmark: String,
    ) -> Result<StatePage<Transfer>, TokensError> {
        bound::<TokenTerms>(tx).await?;
        let page = tx.list_page::<TransferOf>((&account,), size.get(), &bookmark).await?;
        let mut values = Vec::with_capacity(page.values.len());
        for entry in page.values {
            values.push(tx.load(&entry.tx_id).await?);
        }
        Ok(StatePage { values, bookmark: page.bookmark })
    }
}

fn require_issuer(tx: &ReadTransaction, terms: &TokenTerms) -> Result<(), TokensError> {
    let identity = tx.creator().client_identity()?;
    let is_issuer = identity.attribute(MAY_ISSUE) == Some("true");
    if is_issuer && tx.creator().msp_id().as_str() == terms.bank {
        return Ok(());
    }
    Err(OrderError::NotIssuer { bank: terms.bank.clone() }.into())
}

/// The user who signed.
async fn caller(tx: &mut Transaction, bound: &Bound<TokenTerms>) -> Result<User, TokensError> {
    Ok(UsersClient::new(tx, bound.users()?).caller().await?)
}

async fn registered(
    tx: &mut Transaction,
    bound: &Bound<TokenTerms>,
    account: &AccountId,
) -> Result<User, TokensError> {
    Ok(UsersClient::new(tx, bound.users()?).user(account.clone()).await?)
}

/// What a key may spend of a user's account: nothing, if the user's key has been replaced since.
async fn allowed(
    tx: &ReadTransaction,
    owner: User,
    spender: AccountId,
) -> Result<Allowance, TokensError> {
    let User { account: owner, generation, .. } = owner;
    let found = tx.find::<Allowance>((&owner, &spender)).await?;
    let found = found.filter(|allowance| allowance.generation == generation);
    Ok(found.unwrap_or(Allowance { owner, spender, generation, left: Amount::ZERO }))
}

fn transfer_of(tx: &ReadTransaction, asset: Asset, from: AccountId, payment: Payment) -> Transfer {
    let Payment { amount, reference, to } = payment;
    let tx_id = tx.tx_id().as_str().to_owned();
    Transfer { tx_id, amount, asset, from, reference, spender: None, to }
}

/// Makes a payment, keeps it, and tells of it.
async fn transfer(
    tx: &mut Transaction,
    bound: &Bound<TokenTerms>,
    transfer: Transfer,
) -> Result<Transfer, TokensError> {
    require_some(transfer.amount)?;
    registered(tx, bound, &transfer.to).await?;
    take(tx, transfer.asset, &transfer.from, transfer.amount).await?;
    add(tx, transfer.asset, &transfer.to, transfer.amount).await?;
    for account in [transfer.from.clone(), transfer.to.clone()] {
        tx.save(&TransferOf { account, tx_id: transfer.tx_id.clone() }).await?;
    }
    tx.save(&transfer).await?;
    tx.emit(&transfer)?;
    Ok(transfer)
}
