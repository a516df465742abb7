//! `pervade token`: money, tokens, and who pays whom.

mod pay;

use clap::{Args, Subcommand};
use pervade_platform::{AccountId, Amount, PageSize};
use serde::Serialize;

use crate::failure::{Failure, OrFail as _};
use crate::output::Output;
use crate::platform::{At, List, OrRefused as _, Party, Shown};

/// What to do with tokens.
#[derive(Debug, Subcommand)]
#[command(after_help = EXAMPLES)]
pub(crate) enum Token {
    /// Show what an account holds
    #[command(after_help = EXAMPLES)]
    Balance(Whose),
    /// Buy tokens for settlement money, at their price
    #[command(after_help = EXAMPLES)]
    Buy(HowMuch),
    /// Sell tokens back for what they cost
    #[command(after_help = EXAMPLES)]
    Redeem(HowMuch),
    /// Pay a user in tokens, or in money
    #[command(after_help = EXAMPLES)]
    Pay(pay::Pay),
    /// Allow a key, a device's as a rule, to spend so much of the caller's tokens from now on
    #[command(after_help = EXAMPLES)]
    Allow(pay::Allow),
    /// Pay a user in tokens of an owner who has allowed it
    #[command(after_help = EXAMPLES)]
    Spend(pay::Spend),
    /// Issue settlement money to a user, as the bank
    #[command(after_help = EXAMPLES)]
    Issue(Issue),
    /// Retire settlement money that has come back to the caller, as the bank
    #[command(after_help = EXAMPLES)]
    Retire(HowMuch),
    /// Show how much there is of everything, and the price
    #[command(after_help = EXAMPLES)]
    Supply(At),
    /// List the payments by an account and to it
    #[command(after_help = EXAMPLES)]
    Transfers(Whose),
    /// Put together what an account was paid in many pieces, when a payment asks for that
    #[command(after_help = EXAMPLES)]
    Gather(Whose),
}

/// An account, and who asks.
#[derive(Args, Debug)]
pub(crate) struct Whose {
    /// The account, or an identity's NAME@DOMAIN [default: the caller's]
    #[arg(value_name = "ACCOUNT")]
    party: Option<Party>,
    #[command(flatten)]
    at: At,
}

/// How much.
#[derive(Args, Debug)]
pub(crate) struct HowMuch {
    /// How much, with at most six decimals
    amount: Amount,
    #[command(flatten)]
    at: At,
}

/// How much to whom.
#[derive(Args, Debug)]
pub(crate) struct Issue {
    /// The account, or an identity's NAME@DOMAIN
    #[arg(value_name = "ACCOUNT")]
    party: Party,
    /// How much, with at most six decimals
    amount: Amount,
    #[command(flatten)]
    at: At,
}

const EXAMPLES: &str = "\
Examples:
  pervade identity new bank@org1.example.com --attribute bank.issuer=true
  pervade token issue ann@org1.example.com 200 --as bank@org1.example.com
  pervade token buy 100 --as ann@org1.example.com
  pervade token balance ann@org1.example.com
  pervade token pay bob@org2.example.com 1.5 --reference order/17 --as ann@org1.example.com
  pervade token allow valve7@org2.example.com 10 --as bob@org2.example.com
  pervade token spend bob@org2.example.com ann@org1.example.com 2 --as valve7@org2.example.com
  pervade token supply

Amounts are read and shown as decimals; in JSON they are whole numbers of millionths.";

impl Token {
    pub(crate) async fn run(self, output: Output) -> Result<(), Failure> {
        match self {
            Self::Balance(whose) => whose.balance(output).await,
            Self::Buy(how_much) => how_much.buy(output).await,
            Self::Redeem(how_much) => how_much.redeem(output).await,
            Self::Pay(pay) => pay.run(output).await,
            Self::Allow(allow) => allow.run(output).await,
            Self::Spend(spend) => spend.run(output).await,
            Self::Issue(issue) => issue.run(output).await,
            Self::Retire(how_much) => how_much.retire(output).await,
            Self::Supply(at) => supply(&at, output).await,
            Self::Transfers(whose) => whose.transfers(output).await,
            Self::Gather(whose) => whose.gather(output).await,
        }
    }
}

impl Whose {
    async fn balance(&self, output: Output) -> Result<(), Failure> {
        let session = self.at.open().await?;
        let account = session.account(self.party.as_ref()).await?;
        let mut network = session.network();
        output.report(&Shown(session.tokens(&mut network).balance(account).await.or_refused()?))
    }

    async fn gather(&self, output: Output) -> Result<(), Failure> {
        let session = self.at.open().await?;
        let account = session.account(self.party.as_ref()).await?;
        let call = async |mut network| session.tokens(&mut network).gather(account.clone()).await;
        let done = session.submit(output, call).await?;
        output.report(&done.map(|()| Gathered { gathered: account.clone() }))
    }

    async fn transfers(&self, output: Output) -> Result<(), Failure> {
        let session = self.at.open().await?;
        let account = session.account(self.party.as_ref()).await?;
        let page = async |bookmark| {
            let mut network = session.network();
            session.tokens(&mut network).transfers(account.clone(), PageSize::MAX, bookmark).await
        };
        output.report(&List::of(page).await?)
    }
}

impl HowMuch {
    async fn buy(self, output: Output) -> Result<(), Failure> {
        let session = self.at.open().await?;
        let mut network = session.network();
        let price = session.tokens(&mut network).price().await.or_refused()?;
        let (tokens, inexact) = (self.amount, || format!("{} tokens at {price}", self.amount));
        let money = tokens.cost_at(price).or_fail_with("AMOUNT_NOT_EXACT", inexact)?;
        let call = async |mut network| session.tokens(&mut network).purchase(tokens, money).await;
        let done = session.submit(output, call).await?;
        output.report(&done.map(|()| Trade { money, tokens }))
    }

    async fn redeem(self, output: Output) -> Result<(), Failure> {
        let session = self.at.open().await?;
        let call = async |mut network| session.tokens(&mut network).redeem(self.amount).await;
        let done = session.submit(output, call).await?;
        output.report(&done.map(|()| Redeemed { tokens: self.amount }))
    }

    async fn retire(self, output: Output) -> Result<(), Failure> {
        let session = self.at.open().await?;
        let call = async |mut network| session.tokens(&mut network).retire(self.amount).await;
        let done = session.submit(output, call).await?;
        output.report(&done.map(|()| Retired { money: self.amount }))
    }
}

impl Issue {
    async fn run(self, output: Output) -> Result<(), Failure> {
        let session = self.at.open().await?;
        let account = session.account(Some(&self.party)).await?;
        let call = async |mut network| {
            session.tokens(&mut network).issue(account.clone(), self.amount).await
        };
        let done = session.submit(output, call).await?;
        output.report(&done.map(|()| Issued { account: account.clone(), money: self.amount }))
    }
}

async fn supply(at: &At, output: Output) -> Result<(), Failure> {
    let session = at.open().await?;
    let mut network = session.network();
    let mut tokens = session.tokens(&mut network);
    let supply = tokens.supply().await.or_refused()?;
    let price = tokens.price().await.or_refused()?;
    output.report(&Shown(Market { price, supply }))
}

#[derive(Serialize)]
struct Market {
    price: Amount,
    #[serde(flatten)]
    supply: pervade_tokens::record::Supply,
}

/// What was bought, and for how much.
#[derive(Serialize)]
struct Trade {
    money: Amount,
    tokens: Amount,
}

#[derive(Serialize)]
struct Redeemed {
    tokens: Amount,
}

#[derive(Serialize)]
struct Retired {
    money: Amount,
}

#[derive(Serialize)]
struct Issued {
    account: AccountId,
    money: Amount,
}

/// Whose pieces were put together.
#[derive(Debug, Serialize)]
struct Gathered {
    gathered: AccountId,
}
