//! `pervade user`: accounts, their keys, what they earned and what they are told.

mod keys;

use clap::{Args, Subcommand};
use pervade_platform::PageSize;
use pervade_users::record::User as Record;
use serde::Serialize;

use crate::failure::Failure;
use crate::output::Output;
use crate::platform::{At, List, OrRefused as _, Party, Shown};

/// What to do with users.
#[derive(Debug, Subcommand)]
#[command(after_help = EXAMPLES)]
pub(crate) enum User {
    /// Become a user: the account is named after the caller's key
    #[command(after_help = EXAMPLES)]
    Register(At),
    /// Show a user and the user's reputation
    #[command(after_help = EXAMPLES)]
    Show(Whose),
    /// List all users
    #[command(after_help = EXAMPLES)]
    List(At),
    /// Tell how a user's tasks ended, oldest first
    #[command(after_help = EXAMPLES)]
    Notifications(Whose),
    /// List the tasks in which a user had a part, and what they earned
    #[command(after_help = EXAMPLES)]
    History(Whose),
    /// List the keys that a user has had
    #[command(after_help = EXAMPLES)]
    Keys(Whose),
    /// Change the caller's key for that of another identity
    #[command(after_help = EXAMPLES)]
    Rotate(keys::Rotate),
    /// Replace a user's key that was lost, as an administrator of the user's organisation
    #[command(after_help = EXAMPLES)]
    Replace(keys::Replace),
    /// Declare which owner a user belongs to, as an administrator of the user's organisation
    #[command(after_help = EXAMPLES)]
    Group(keys::Group),
}

/// A user, and who asks.
#[derive(Args, Debug)]
pub(crate) struct Whose {
    /// The account, or an identity's NAME@DOMAIN [default: the caller's]
    #[arg(value_name = "ACCOUNT")]
    party: Option<Party>,
    #[command(flatten)]
    at: At,
}

const EXAMPLES: &str = "\
Examples:
  pervade identity new ann@org1.example.com
  pervade user register --as ann@org1.example.com
  pervade user show ann@org1.example.com
  pervade user notifications --as ann@org1.example.com --json
  pervade identity new ann-2@org1.example.com
  pervade user rotate --new ann-2@org1.example.com --as ann@org1.example.com
  pervade user replace $ACCOUNT --new ann-3@org1.example.com --as Admin@org1.example.com
  pervade user group ann@org1.example.com smith-farm --as Admin@org1.example.com

A changed key keeps the account. A key that was replaced because it was lost has the user's devices
installed again.";

impl User {
    pub(crate) async fn run(self, output: Output) -> Result<(), Failure> {
        match self {
            Self::Register(at) => register(&at, output).await,
            Self::Show(whose) => output.report(&whose.show().await?),
            Self::List(at) => list(&at, output).await,
            Self::Notifications(whose) => whose.notifications(output).await,
            Self::History(whose) => whose.history(output).await,
            Self::Keys(whose) => whose.keys(output).await,
            Self::Rotate(rotate) => rotate.run(output).await,
            Self::Replace(replace) => replace.run(output).await,
            Self::Group(group) => group.run(output).await,
        }
    }
}

async fn register(at: &At, output: Output) -> Result<(), Failure> {
    let session = at.open().await?;
    let call = async |mut network| session.users(&mut network).register().await;
    output.report(&session.submit(output, call).await?)
}

async fn list(at: &At, output: Output) -> Result<(), Failure> {
    let session = at.open().await?;
    let page = async |bookmark| {
        let mut network = session.network();
        session.users(&mut network).list(PageSize::MAX, bookmark).await
    };
    output.report(&List::of(page).await?)
}

impl Whose {
    async fn show(&self) -> Result<Shown<Standing>, Failure> {
        let session = self.at.open().await?;
        let account = session.account(self.party.as_ref()).await?;
        let mut network = session.network();
        let mut users = session.users(&mut network);
        let user = users.user(account.clone()).await.or_refused()?;
        let reputation = users.reputation(account).await.or_refused()?;
        Ok(Shown(Standing { reputation, user }))
    }

    async fn notifications(&self, output: Output) -> Result<(), Failure> {
        let session = self.at.open().await?;
        let account = session.account(self.party.as_ref()).await?;
        let page = async |bookmark| {
            let mut network = session.network();
            let mut users = session.users(&mut network);
            users.notifications(account.clone(), PageSize::MAX, bookmark).await
        };
        output.report(&List::of(page).await?)
    }

    async fn history(&self, output: Output) -> Result<(), Failure> {
        let session = self.at.open().await?;
        let account = session.account(self.party.as_ref()).await?;
        let page = async |bookmark| {
            let mut network = session.network();
            session.users(&mut network).history(account.clone(), PageSize::MAX, bookmark).await
        };
        output.report(&List::of(page).await?)
    }

    async fn keys(&self, output: Output) -> Result<(), Failure> {
        let session = self.at.open().await?;
        let account = session.account(self.party.as_ref()).await?;
        let page = async |bookmark| {
            let mut network = session.network();
            session.users(&mut network).key_log(account.clone(), PageSize::MAX, bookmark).await
        };
        output.report(&List::of(page).await?)
    }
}

/// A user, and what the user has earned.
#[derive(Debug, Serialize)]
struct Standing {
    reputation: u64,
    #[serde(flatten)]
    user: Record,
}
