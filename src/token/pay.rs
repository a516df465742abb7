//! `pervade token pay|allow|spend`.

use clap::Args;
use pervade_platform::Amount;
use pervade_tokens::record::{Payment, Reference};

use crate::failure::Failure;
use crate::output::Output;
use crate::platform::{At, Party};

/// Whom to pay.
#[derive(Args, Debug)]
pub(crate) struct Pay {
    /// The account, or an identity's NAME@DOMAIN
    #[arg(value_name = "ACCOUNT")]
    party: Party,
    /// How much, with at most six decimals
    amount: Amount,
    /// What it is for: the number of an order or a bill
    #[arg(long, value_name = "TEXT", value_parser = reference)]
    reference: Option<Reference>,
    /// Pay in settlement money
    #[arg(long)]
    money: bool,
    #[command(flatten)]
    at: At,
}

impl Pay {
    pub(super) async fn run(self, output: Output) -> Result<(), Failure> {
        let session = self.at.open().await?;
        let to = session.account(Some(&self.party)).await?;
        let call = async |mut network| {
            let (to, reference) = (to.clone(), self.reference.clone());
            let mut tokens = session.tokens(&mut network);
            match self.money {
                true => tokens.pay_money(to, self.amount, reference).await,
                false => tokens.pay(to, self.amount, reference).await,
            }
        };
        output.report(&session.submit(output, call).await?)
    }
}

/// Who may spend how much.
#[derive(Args, Debug)]
pub(crate) struct Allow {
    /// The address of a key, or an identity's NAME@DOMAIN
    #[arg(value_name = "ADDRESS")]
    spender: Party,
    /// How much from now on; 0 takes it back
    amount: Amount,
    #[command(flatten)]
    at: At,
}

impl Allow {
    pub(super) async fn run(self, output: Output) -> Result<(), Failure> {
        let session = self.at.open().await?;
        let spender = session.address(&self.spender)?;
        let call = async |mut network| {
            session.tokens(&mut network).allow(spender.clone(), self.amount).await
        };
        output.report(&session.submit(output, call).await?)
    }
}

/// Whose tokens to spend on whom.
#[derive(Args, Debug)]
pub(crate) struct Spend {
    /// The account that allowed it, or an identity's NAME@DOMAIN
    owner: Party,
    /// The account that is paid, or an identity's NAME@DOMAIN
    to: Party,
    /// How much, with at most six decimals
    amount: Amount,
    /// What it is for: the number of an order or a bill
    #[arg(long, value_name = "TEXT", value_parser = reference)]
    reference: Option<Reference>,
    #[command(flatten)]
    at: At,
}

impl Spend {
    pub(super) async fn run(self, output: Output) -> Result<(), Failure> {
        let session = self.at.open().await?;
        let owner = session.account(Some(&self.owner)).await?;
        let to = session.account(Some(&self.to)).await?;
        let payment = Payment { amount: self.amount, reference: self.reference, to };
        let call = async |mut network| {
            session.tokens(&mut network).spend(owner.clone(), payment.clone()).await
        };
        output.report(&session.submit(output, call).await?)
    }
}

fn reference(text: &str) -> Result<Reference, String> {
    Reference::try_from(text.to_owned()).map_err(|error| error.to_string())
}
