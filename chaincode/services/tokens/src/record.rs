//! What the manager of tokens writes, and what it is asked and answers.

use pervade_chaincode::{Argument, State, TypedEvent};
use pervade_platform::{AccountId, Amount};
use serde::{Deserialize, Serialize};

/// What the manager of tokens is bound to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Argument)]
#[serde(deny_unknown_fields)]
#[expect(clippy::exhaustive_structs, reason = "a record format")]
pub struct TokenTerms {
    /// The organisation whose issuers issue and retire settlement money.
    pub bank: String,
    /// How many tokens there are, ever.
    pub cap: Amount,
    /// Where fees go.
    pub fee_to: FeeTo,
    /// What a whole token costs, in settlement money.
    pub price: Amount,
    /// What a token is called: 1 to 8 capital letters.
    pub symbol: String,
}

/// Where fees go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Argument)]
#[serde(rename_all = "lowercase")]
#[expect(clippy::exhaustive_enums, reason = "a record format")]
pub enum FeeTo {
    /// Back to the stock, where they can be bought again.
    Stock,
    /// To an account.
    Treasury(AccountId),
}

/// Something that holds tokens.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, Argument)]
#[serde(rename_all = "lowercase")]
#[expect(clippy::exhaustive_enums, reason = "a wire format")]
pub enum Purse {
    /// A user's account.
    Account(AccountId),
    /// What a device's owner has deposited for it.
    Deposit(String),
    /// What is staked on a task.
    Escrow(String),
    /// Wherever fees go by the terms.
    Fee,
    /// Tokens that nobody has: they can be bought.
    Stock,
}

/// Tokens that go from one purse to another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Argument)]
#[serde(deny_unknown_fields)]
#[expect(clippy::exhaustive_structs, reason = "a wire format")]
pub struct Move {
    /// How much.
    pub amount: Amount,
    /// Out of this.
    pub from: Purse,
    /// Into this.
    pub to: Purse,
}

impl Move {
    /// Most moves at once.
    pub const MOVES_MAX: usize = 16;
}

/// What is staked on a task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, State)]
#[state(type = "escrow", key(task))]
#[serde(deny_unknown_fields)]
#[expect(clippy::exhaustive_structs, reason = "a record format")]
pub struct Escrow {
    /// How much.
    pub amount: Amount,
    /// The task.
    pub task: String,
}

/// What a device's owner has deposited for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, State)]
#[state(type = "deposit", key(device))]
#[serde(deny_unknown_fields)]
#[expect(clippy::exhaustive_structs, reason = "a record format")]
pub struct Deposit {
    /// How much.
    pub amount: Amount,
    /// The device.
    pub device: String,
}

/// What somebody else's key may spend of an account: a device's, as a rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, State)]
#[state(type = "allowance", key(owner, spender))]
#[serde(deny_unknown_fields)]
#[expect(clippy::exhaustive_structs, reason = "a record format")]
pub struct Allowance {
    /// The account.
    pub owner: AccountId,
    /// The address of the key.
    pub spender: AccountId,
    /// The owner's generation when it was given: a key that was lost leaves no allowance behind.
    pub generation: u32,
    /// How much is left of it.
    pub left: Amount,
}

/// Emitted when an owner allows a key to spend, or takes that back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::exhaustive_structs, reason = "an event format")]
pub struct Allowed {
    /// How much it may spend from now on.
    pub amount: Amount,
    /// What was left of an earlier allowance.
    pub before: Amount,
    /// The account.
    pub owner: AccountId,
    /// The address of the key.
    pub spender: AccountId,
}

impl TypedEvent for Allowed {
    const TYPE: &'static str = "allowed";
}

/// What there can be much or little of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Argument)]
#[serde(rename_all = "lowercase")]
#[expect(clippy::exhaustive_enums, reason = "a record format")]
pub enum Asset {
    /// Settlement money.
    Money,
    /// Tokens.
    Tokens,
}

/// What a payer wants.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Argument)]
#[serde(deny_unknown_fields)]
#[expect(clippy::exhaustive_structs, reason = "a wire format")]
pub struct Payment {
    /// How much.
    pub amount: Amount,
    /// What it is for.
    pub reference: Option<Reference>,
    /// To whom.
    pub to: AccountId,
}

/// A payment that was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, State)]
#[state(type = "transfer", key(tx_id))]
#[serde(deny_unknown_fields)]
#[expect(clippy::exhaustive_structs, reason = "a record format")]
pub struct Transfer {
    /// The transaction.
    pub tx_id: String,
    /// How much.
    pub amount: Amount,
    /// Of what.
    pub asset: Asset,
    /// By whom.
    pub from: AccountId,
    /// What it is for.
    pub reference: Option<Reference>,
    /// The address of the key that spent it out of an allowance, if it was not the owner's.
    pub spender: Option<AccountId>,
    /// To whom.
    pub to: AccountId,
}

impl TypedEvent for Transfer {
    const TYPE: &'static str = "transferred";
}

/// Where the payments of an account are found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, State)]
#[state(type = "transfer-of", key(account, tx_id))]
#[serde(deny_unknown_fields)]
#[expect(clippy::exhaustive_structs, reason = "a record format")]
pub struct TransferOf {
    /// The account that paid or was paid.
    pub account: AccountId,
    /// The transaction.
    pub tx_id: String,
}

/// What a payment is for: the number of an order or of a bill, never the name of a person.
///
/// Invariant: 1 to [`LENGTH_MAX`](Self::LENGTH_MAX) letters, digits and any of `._:/-`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Argument)]
#[serde(try_from = "String", into = "String")]
pub struct Reference(String);

impl Reference {
    /// The most characters.
    pub const LENGTH_MAX: usize = 64;

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Reference {
    type Error = BadReference;

    fn try_from(text: String) -> Result<Self, BadReference> {
        let is_allowed = |b: u8| b.is_ascii_alphanumeric() || b"._:/-".contains(&b);
        let is_long = text.len() > Self::LENGTH_MAX;
        if text.is_empty() || is_long || !text.bytes().all(is_allowed) {
            return Err(BadReference);
        }
        Ok(Self(text))
    }
}

impl From<Reference> for String {
    fn from(reference: Reference) -> Self {
        reference.0
    }
}

/// Not a reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a reference is 1 to 64 letters, digits and any of ._:/-")]
#[expect(clippy::exhaustive_structs, reason = "there is nothing to tell")]
pub struct BadReference;

/// What an account holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Argument)]
#[serde(deny_unknown_fields)]
#[expect(clippy::exhaustive_structs, reason = "a wire format")]
pub struct Balance {
    /// Settlement money.
    pub money: Amount,
    /// Tokens.
    pub tokens: Amount,
}

/// How much there is of everything.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Argument)]
#[serde(deny_unknown_fields)]
#[expect(clippy::exhaustive_structs, reason = "a wire format")]
pub struct Supply {
    /// All tokens there are.
    pub cap: Amount,
    /// Settlement money that was paid for tokens.
    pub reserve: Amount,
    /// Tokens that were bought: those in accounts, deposits and escrows.
    pub sold: Amount,
    /// Tokens that can be bought.
    pub stock: Amount,
}

/// Emitted when settlement money comes into being or goes out of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::exhaustive_structs, reason = "an event format")]
pub struct MoneyChanged {
    /// The account.
    pub account: AccountId,
    /// How much.
    pub amount: Amount,
    /// Whether it came or went.
    pub change: MoneyChange,
}

impl TypedEvent for MoneyChanged {
    const TYPE: &'static str = "money-changed";
}

/// Whether settlement money came into being or went out of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(clippy::exhaustive_enums, reason = "an event format")]
pub enum MoneyChange {
    /// It came.
    Issued,
    /// It went.
    Retired,
}
