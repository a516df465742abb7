//! `pervade user rotate|replace|group`: whose key, and whose user.

use clap::Args;
use pervade_platform::{AccountId, KeyProof};
use pervade_users::record::{GroupName, KeyPurpose, KeyStatement};

use crate::failure::Failure;
use crate::output::Output;
use crate::platform::{At, OrRefused as _, Party, Session, prove};

/// Which key to change for which.
#[derive(Args, Debug)]
pub(crate) struct Rotate {
    /// The identity whose key is to sign for the account from now on
    #[arg(long = "new", value_name = "NAME@DOMAIN")]
    new: String,
    #[command(flatten)]
    at: At,
}

impl Rotate {
    pub(super) async fn run(self, output: Output) -> Result<(), Failure> {
        let session = self.at.open().await?;
        let account = session.account(None).await?;
        let proof = proof(&session, account, (KeyPurpose::Rotate, &self.new)).await?;
        let call = async |mut network| session.users(&mut network).rotate(proof.clone()).await;
        output.report(&session.submit(output, call).await?)
    }
}

/// Whose key to replace by which.
#[derive(Args, Debug)]
pub(crate) struct Replace {
    /// The user's account
    account: AccountId,
    /// The identity whose key is to sign for the account from now on
    #[arg(long = "new", value_name = "NAME@DOMAIN")]
    new: String,
    #[command(flatten)]
    at: At,
}

impl Replace {
    pub(super) async fn run(self, output: Output) -> Result<(), Failure> {
        let session = self.at.open().await?;
        let purpose = (KeyPurpose::Replace, self.new.as_str());
        let proof = proof(&session, self.account.clone(), purpose).await?;
        let call = async |mut network| {
            let mut users = session.users(&mut network);
            users.replace_key(self.account.clone(), proof.clone()).await
        };
        output.report(&session.submit(output, call).await?)
    }
}

/// The new key's signature over what it is for.
async fn proof(
    session: &Session,
    account: AccountId,
    (purpose, new): (KeyPurpose, &str),
) -> Result<KeyProof, Failure> {
    let mut network = session.network();
    let user = session.users(&mut network).user(account).await.or_refused()?;
    let statement = KeyStatement {
        account: user.account,
        channel: network.channel().to_string(),
        contract: session.set.users.clone(),
        old: user.address,
        purpose,
    };
    prove(&session.known, session.known.member(Some(new))?, &statement)
}

/// Who belongs to whom.
#[derive(Args, Debug)]
pub(crate) struct Group {
    /// The user's account, or an identity's NAME@DOMAIN
    #[arg(value_name = "ACCOUNT")]
    party: Party,
    /// The owner's name [default: none any more]
    #[arg(value_name = "NAME", value_parser = group_name)]
    group: Option<GroupName>,
    #[command(flatten)]
    at: At,
}

impl Group {
    pub(super) async fn run(self, output: Output) -> Result<(), Failure> {
        let session = self.at.open().await?;
        let account = session.account(Some(&self.party)).await?;
        let call = async |mut network| {
            let mut users = session.users(&mut network);
            users.declare_group(account.clone(), self.group.clone()).await
        };
        output.report(&session.submit(output, call).await?)
    }
}

fn group_name(text: &str) -> Result<GroupName, String> {
    GroupName::try_from(text.to_owned()).map_err(|error| error.to_string())
}
