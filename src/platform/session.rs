//! A platform on a channel, as somebody.

use std::fs;
use std::str::FromStr;

use clap::Args;
use fabric_protos::id::ChaincodeName;
use pervade_clock::ClockClient;
use pervade_devices::DevicesClient;
use pervade_identity::Certificate;
use pervade_peer_client::{Committed, Network};
use pervade_platform::{AccountId, BadAccount, ContractSet};
use pervade_tasks::TasksClient;
use pervade_tokens::TokensClient;
use pervade_users::UsersClient;

use super::again;
use super::refusal::{CallFailure, OrRefused as _};
use super::report::Done;
use crate::connect::{Caller, Known, Member, Where};
use crate::failure::{Failure, OrFail as _};
use crate::output::Output;

/// Which platform, and as whom.
#[derive(Args, Clone, Debug)]
pub(crate) struct At {
    #[command(flatten)]
    pub(crate) caller: Caller,
    /// What the names of the platform's chaincodes end in
    #[arg(long, value_name = "ENDING", default_value = "", allow_hyphen_values = true)]
    pub(crate) set: String,
    #[command(flatten)]
    pub(crate) place: Where,
}

impl At {
    pub(crate) async fn open(&self) -> Result<Session, Failure> {
        let known = Known::read(&self.place)?;
        let network = known.open(&self.caller).await?;
        let set = ContractSet::with_ending(&self.set);
        let names = Names::of(&set).map_err(|error| {
            Failure::usage(format!("no name ends in {:?}", self.set)).because(error)
        })?;
        Ok(Session { known, names, network, set })
    }
}

/// A platform on a channel, as somebody.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) known: Known,
    names: Names,
    network: Network,
    pub(crate) set: ContractSet,
}

#[derive(Debug)]
struct Names {
    clock: ChaincodeName,
    devices: ChaincodeName,
    tasks: ChaincodeName,
    tokens: ChaincodeName,
    users: ChaincodeName,
}

impl Names {
    fn of(set: &ContractSet) -> Result<Self, fabric_protos::id::InvalidId> {
        Ok(Self {
            clock: set.clock.parse()?,
            devices: set.devices.parse()?,
            tasks: set.tasks.parse()?,
            tokens: set.tokens.parse()?,
            users: set.users.parse()?,
        })
    }
}

impl Session {
    /// The channel, to be called through.
    pub(crate) fn network(&self) -> Network {
        self.network.clone()
    }

    pub(crate) fn clock<'a>(&self, network: &'a mut Network) -> ClockClient<'a, Network> {
        ClockClient::new(network, self.names.clock.clone())
    }

    pub(crate) fn devices<'a>(&self, network: &'a mut Network) -> DevicesClient<'a, Network> {
        DevicesClient::new(network, self.names.devices.clone())
    }

    pub(crate) fn tasks<'a>(&self, network: &'a mut Network) -> TasksClient<'a, Network> {
        TasksClient::new(network, self.names.tasks.clone())
    }

    pub(crate) fn tokens<'a>(&self, network: &'a mut Network) -> TokensClient<'a, Network> {
        TokensClient::new(network, self.names.tokens.clone())
    }

    pub(crate) fn users<'a>(&self, network: &'a mut Network) -> UsersClient<'a, Network> {
        UsersClient::new(network, self.names.users.clone())
    }

    /// The name of the manager of tasks, which is a part of what devices sign and seal for.
    pub(crate) fn tasks_name(&self) -> &ChaincodeName {
        &self.names.tasks
    }

    /// The present epoch.
    pub(crate) async fn epoch(&self, network: &mut Network) -> Result<u64, CallFailure> {
        Ok(self.clock(network).latest().await?.number)
    }

    /// The account of somebody; the caller's, if nobody is named.
    pub(crate) async fn account(&self, party: Option<&Party>) -> Result<AccountId, Failure> {
        let mut network = match party {
            Some(Party::Account(account)) => return Ok(account.clone()),
            Some(Party::Name(name)) => {
                let member = self.known.member(Some(name))?;
                let channel = self.network.channel().clone();
                self.known.gateway(member).await?.network(channel)
            }
            None => self.network(),
        };
        // Whoever's key is here can say whose it is by now.
        Ok(self.users(&mut network).caller().await.or_refused()?.account)
    }

    /// The address of somebody's key.
    pub(crate) fn address(&self, party: &Party) -> Result<AccountId, Failure> {
        match party {
            Party::Account(account) => Ok(account.clone()),
            Party::Name(name) => address(&self.known, self.known.member(Some(name))?),
        }
    }

    /// Has a call submitted, again if another transaction came before it.
    pub(crate) async fn submit<T>(
        &self,
        output: Output,
        call: impl AsyncFn(Network) -> Result<Committed<T>, CallFailure>,
    ) -> Result<Done<T>, Failure> {
        again::submit(output, async || call(self.network()).await).await
    }
}

/// The address of a member's key.
fn address(known: &Known, member: Member<'_>) -> Result<AccountId, Failure> {
    let path = known.locate(&member.user.certificate);
    let unreadable = || format!("{} holds no certificate", path.display());
    let pem = fs::read(&path).or_fail_with("NO_IDENTITY", unreadable)?;
    let certificate = Certificate::from_pem(&pem).or_fail_with("NO_IDENTITY", unreadable)?;
    certificate.address().parse().or_fail_with("NO_IDENTITY", unreadable)
}

/// Somebody: an account, or the name of an identity in the network's folder.
#[derive(Clone, Debug)]
pub(crate) enum Party {
    /// The account, or the address of a key.
    Account(AccountId),
    /// `name@domain`.
    Name(String),
}

impl FromStr for Party {
    type Err = BadAccount;

    fn from_str(text: &str) -> Result<Self, BadAccount> {
        if text.contains('@') {
            Ok(Self::Name(text.to_owned()))
        } else {
            text.parse().map(Self::Account)
        }
    }
}
