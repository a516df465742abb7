//! The ledger through a gateway.

use fabric_protos::Message as _;
use fabric_protos::common::BlockchainInfo;
use fabric_protos::id::{ChaincodeName, InvalidId};
use pervade_clock::ClockClient;
use pervade_clock::rules::{Marker, Terms};
use pervade_link::{LedgerError, Receipt};
use pervade_peer_client::Network;
use pervade_platform::{Amount, ContractSet, PageSize};
use pervade_ports::BoxFuture;
use pervade_tasks::TasksClient;
use pervade_tasks::record::Due;
use pervade_users::UsersClient;

use crate::ledger::{Head, Ledger};

/// A set of contracts on a channel, through a gateway.
#[derive(Debug)]
pub struct Remote {
    clock: ChaincodeName,
    /// What every peer knows about its blocks.
    ledger: ChaincodeName,
    network: Network,
    tasks: ChaincodeName,
    users: ChaincodeName,
}

impl Remote {
    /// A set of contracts on a channel.
    ///
    /// # Errors
    /// The set names what cannot be a chaincode.
    pub fn new(network: Network, set: &ContractSet) -> Result<Self, InvalidId> {
        Ok(Self {
            clock: set.clock.parse()?,
            ledger: LEDGER.parse()?,
            network,
            tasks: set.tasks.parse()?,
            users: set.users.parse()?,
        })
    }
}

/// Fabric's system chaincode for questions about the ledger.
const LEDGER: &str = "qscc";

impl Ledger for Remote {
    fn latest(&self) -> BoxFuture<'_, Result<Marker, LedgerError>> {
        let mut network = self.network.clone();
        Box::pin(
            async move { Ok(ClockClient::new(&mut network, self.clock.clone()).latest().await?) },
        )
    }

    fn terms(&self) -> BoxFuture<'_, Result<Terms, LedgerError>> {
        let mut network = self.network.clone();
        Box::pin(
            async move { Ok(ClockClient::new(&mut network, self.clock.clone()).terms().await?) },
        )
    }

    fn due(&self, epoch: u64) -> BoxFuture<'_, Result<Vec<Due>, LedgerError>> {
        let mut network = self.network.clone();
        Box::pin(async move {
            let mut tasks = TasksClient::new(&mut network, self.tasks.clone());
            Ok(tasks.due(epoch, PageSize::MAX, String::new()).await?.values)
        })
    }

    fn head(&self) -> BoxFuture<'_, Result<Head, LedgerError>> {
        Box::pin(async move {
            let channel = self.network.channel().as_str().as_bytes();
            let contract = self.network.contract(self.ledger.clone());
            let told = contract.evaluate("GetChainInfo", &[channel]).await;
            let told = told.map_err(|error| unread(&error))?;
            let info = BlockchainInfo::decode(told.as_slice()).map_err(|error| unread(&error))?;
            // A channel has a first block.
            let height = info.height.saturating_sub(1);
            Ok(Head { block_hash: hex::encode(info.current_block_hash), height })
        })
    }

    fn tick(
        &self,
        number: u64,
        head: Head,
    ) -> BoxFuture<'_, Result<(Marker, Receipt), LedgerError>> {
        let mut network = self.network.clone();
        Box::pin(async move {
            let mut clock = ClockClient::new(&mut network, self.clock.clone());
            Ok(Receipt::of(clock.tick(number, head.height, head.block_hash).await?))
        })
    }

    fn expire<'a>(&'a self, task: &'a str) -> BoxFuture<'a, Result<Receipt, LedgerError>> {
        let mut network = self.network.clone();
        Box::pin(async move {
            let mut tasks = TasksClient::new(&mut network, self.tasks.clone());
            Ok(Receipt::of(tasks.expire(task.to_owned()).await?).1)
        })
    }

    fn settle<'a>(
        &'a self,
        task: &'a str,
        epoch: u64,
    ) -> BoxFuture<'a, Result<Receipt, LedgerError>> {
        let mut network = self.network.clone();
        Box::pin(async move {
            let mut tasks = TasksClient::new(&mut network, self.tasks.clone());
            Ok(Receipt::of(tasks.settle(task.to_owned(), epoch).await?).1)
        })
    }

    fn fee<'a>(&'a self, task: &'a str) -> BoxFuture<'a, Result<Option<Amount>, LedgerError>> {
        let mut network = self.network.clone();
        Box::pin(async move {
            let mut tasks = TasksClient::new(&mut network, self.tasks.clone());
            let found = tasks.task(task.to_owned()).await.map_err(LedgerError::from);
            Ok(LedgerError::none_for(found, &[TASK_UNKNOWN])?.map(|task| task.keeper_fee))
        })
    }

    fn has_account(&self) -> BoxFuture<'_, Result<bool, LedgerError>> {
        let mut network = self.network.clone();
        Box::pin(async move {
            let mut users = UsersClient::new(&mut network, self.users.clone());
            Ok(!users.signer_account().await?.is_empty())
        })
    }
}

const TASK_UNKNOWN: &str = "TASK_UNKNOWN";

fn unread(error: &dyn std::error::Error) -> LedgerError {
    LedgerError::NoAnswer { why: error.to_string() }
}
