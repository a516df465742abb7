//! One ledger of one channel, shared by every logical peer of the process and by the orderer.

mod commit;
mod history;
mod private;
mod waiting;

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::sync::{Arc, Mutex, RwLock};

use fabric_protos::common::Block;
use fabric_protos::id::{ChannelId, TxId};
use pervade_channel_config::{Access, ChannelConfig, ConfigError};
use pervade_identity::Identity;
use pervade_identity::policy::{PolicyUnmet, SignedData};
use pervade_ledger::block;
use pervade_ports::Vfs;
use pervade_storage::{ChannelStore, OpenError, ReadError, StateSnapshot, TxPosition};
use thiserror::Error;
use tokio::sync::watch;

pub use commit::CommitError;
pub use waiting::TooManyWaiting;

pub(crate) use private::PrivateKey;

use crate::access::AccessDenied;
use crate::{lock, read, write};
use private::Transient;
use waiting::Waiting;

/// One channel's ledger, and the configuration in force on it.
pub struct Channel {
    id: ChannelId,
    store: ChannelStore,
    config: RwLock<Arc<ChannelConfig>>,
    /// Held while a block is judged and stored: the commit hash of the last one.
    last_commit_hash: Mutex<Option<Vec<u8>>>,
    height: watch::Sender<u64>,
    waiting: Waiting,
    /// Private data of transactions that are not committed yet.
    transient: Mutex<Transient>,
    /// Numbers of the blocks below the length, by the hash of their header; filled when asked for.
    hashes: Mutex<BTreeMap<[u8; 32], u64>>,
}

impl Channel {
    /// Opens the ledger in a folder, which the caller owns. An empty one begins with `genesis`;
    /// one that holds blocks must begin with that very block.
    ///
    /// Blocks on the disk.
    ///
    /// # Errors
    /// If the ledger cannot be opened or its last configuration cannot be read, or if it began
    /// with another genesis block.
    pub fn open(
        vfs: Arc<dyn Vfs>,
        folder: &Path,
        genesis: &Block,
    ) -> Result<Self, OpenChannelError> {
        let store = ChannelStore::open(vfs, folder, pervade_storage::Access::ReadWrite)
            .map_err(|source| OpenChannelError::Store { source })?;
        let height = store.height();
        let newest = match height.checked_sub(1) {
            None => None,
            Some(number) => Some(stored(&store, number).map_err(unreadable)?),
        };
        let config = match &newest {
            None => ChannelConfig::from_block(genesis),
            Some(newest) => {
                check_genesis(&store, genesis)?;
                let last = block::last_config_index(newest).ok().flatten().unwrap_or_default();
                ChannelConfig::from_block(&*stored(&store, last).map_err(unreadable)?)
            }
        };
        let config = config.map_err(|source| OpenChannelError::Config { source })?;
        let last_commit_hash = newest.and_then(|newest| block::commit_hash(&newest).ok().flatten());
        let channel = Self {
            id: config.channel_id().clone(),
            store,
            config: RwLock::new(Arc::new(config)),
            last_commit_hash: Mutex::new(last_commit_hash),
            height: watch::Sender::new(height),
            waiting: Waiting::default(),
            transient: Mutex::default(),
            hashes: Mutex::default(),
        };
        if height == 0 {
            let genesis = channel.commit(genesis.clone());
            genesis.map_err(|source| OpenChannelError::Genesis { source })?;
        }
        Ok(channel)
    }

    /// The channel's name.
    #[must_use]
    pub fn id(&self) -> &ChannelId {
        &self.id
    }

    /// The configuration in force after the last block.
    #[must_use]
    pub fn config(&self) -> Arc<ChannelConfig> {
        Arc::clone(&read(&self.config))
    }

    /// How many blocks there are: the number of the next one.
    #[must_use]
    pub fn height(&self) -> u64 {
        *self.height.borrow()
    }

    /// The height as it grows. Heights may be skipped; whoever follows reads the blocks in between.
    #[must_use]
    pub fn follow_height(&self) -> watch::Receiver<u64> {
        self.height.subscribe()
    }

    /// Waits until the block with this number is there.
    pub async fn committed(&self, number: u64) {
        // The sender lives as long as the channel, so that waiting cannot fail.
        let mut height = self.height.subscribe();
        _ = height.wait_for(|height| *height > number).await;
    }

    /// A block.
    ///
    /// # Errors
    /// If it is not there, or cannot be read.
    pub fn block(&self, number: u64) -> Result<Arc<Block>, ChannelReadError> {
        stored(&self.store, number)
    }

    /// The block whose header has this hash; the first time, every block is looked at.
    ///
    /// # Errors
    /// If there is none, or a block cannot be read.
    pub fn block_by_hash(&self, hash: &[u8]) -> Result<Arc<Block>, ChannelReadError> {
        let mut hashes = lock(&self.hashes);
        let seen = u64::try_from(hashes.len()).unwrap_or(u64::MAX);
        for number in seen..self.height() {
            let header = self.block(number)?.header.clone().unwrap_or_default();
            hashes.insert(block::header_hash(&header), number);
        }
        let hash = <[u8; 32]>::try_from(hash).map_err(|_| ChannelReadError::NoSuchHash)?;
        let number = hashes.get(&hash).copied().ok_or(ChannelReadError::NoSuchHash)?;
        drop(hashes);
        self.block(number)
    }

    /// The last block that holds a configuration.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn config_block(&self) -> Result<Arc<Block>, ChannelReadError> {
        let newest = self.block(self.height().saturating_sub(1))?;
        let last = block::last_config_index(&newest).ok().flatten().unwrap_or_default();
        self.block(last)
    }

    /// The committed state as it is now.
    #[must_use]
    pub fn snapshot(&self) -> StateSnapshot {
        self.store.snapshot()
    }

    /// The ledger on disk.
    #[must_use]
    pub fn store(&self) -> &ChannelStore {
        &self.store
    }

    /// Where a transaction is and what became of it; `None` if it is not on the ledger.
    #[must_use]
    pub fn transaction(&self, tx_id: &TxId) -> Option<TxPosition> {
        self.store.by_tx_id(tx_id)
    }

    /// Waits until a transaction is committed, and says what became of it.
    ///
    /// # Errors
    /// If too many wait already.
    pub async fn status(&self, tx_id: &TxId) -> Result<TxPosition, TooManyWaiting> {
        // The place in the queue is taken before the ledger is asked, so that no commit between
        // the two is missed.
        let mut place = self.waiting.join(tx_id)?;
        if let Some(position) = self.transaction(tx_id) {
            return Ok(position);
        }
        Ok(place.position().await)
    }

    /// Refuses who may not use a resource that the channel guards.
    ///
    /// # Errors
    /// If the channel's policy for the resource is not met, or there is none.
    pub fn check(&self, resource: &str, signed: &SignedData<'_>) -> Result<(), AccessDenied> {
        self.check_policy(guard(&self.config(), resource)?, signed)
    }

    /// Refuses who does not satisfy the policy at a path of the configuration in force.
    ///
    /// # Errors
    /// If the policy is not met, or there is none.
    pub fn check_policy(&self, path: &str, signed: &SignedData<'_>) -> Result<(), AccessDenied> {
        let signed = SignedData { ..*signed };
        self.config().evaluate(path, &[signed]).map_err(self.denied(path))
    }

    /// As [`check`](Self::check), for someone whose signature has been verified.
    pub(crate) fn check_identity(
        &self,
        resource: &str,
        who: &Identity,
    ) -> Result<(), AccessDenied> {
        self.check_policy_by(guard(&self.config(), resource)?, who)
    }

    /// As [`check_policy`](Self::check_policy), for someone whose signature has been verified.
    pub(crate) fn check_policy_by(&self, path: &str, who: &Identity) -> Result<(), AccessDenied> {
        let who = std::slice::from_ref(who);
        self.config().evaluate_identities(path, who).map_err(self.denied(path))
    }

    fn denied(&self, path: &str) -> impl FnOnce(PolicyUnmet) -> AccessDenied {
        let (channel, policy) = (self.id.clone(), path.to_owned());
        move |source| AccessDenied::Channel { channel, policy, source }
    }
}

impl fmt::Debug for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let height = self.height();
        f.debug_struct("Channel")
            .field("id", &self.id)
            .field("height", &height)
            .finish_non_exhaustive()
    }
}

/// The policy that guards a resource of the channel.
fn guard<'c>(config: &'c ChannelConfig, resource: &str) -> Result<&'c str, AccessDenied> {
    match config.access(resource) {
        Some(Access::Channel(path)) => Ok(path),
        Some(Access::LocalAdmins | Access::LocalMembers) => {
            Err(AccessDenied::Elsewhere { resource: resource.to_owned() })
        }
        None => Err(AccessDenied::NoRule { resource: resource.to_owned() }),
    }
}

fn stored(store: &ChannelStore, number: u64) -> Result<Arc<Block>, ChannelReadError> {
    let block = store.block(number);
    let block = block.map_err(|source| ChannelReadError::Store { number, source })?;
    block.ok_or(ChannelReadError::NoSuchBlock { number })
}

fn unreadable(source: ChannelReadError) -> OpenChannelError {
    OpenChannelError::Unreadable { source }
}

fn check_genesis(store: &ChannelStore, genesis: &Block) -> Result<(), OpenChannelError> {
    let first = stored(store, 0).map_err(unreadable)?;
    if first.header == genesis.header { Ok(()) } else { Err(OpenChannelError::OtherGenesis) }
}

/// The channels of one process, by name.
#[derive(Debug, Default)]
pub struct Channels(RwLock<BTreeMap<ChannelId, Arc<Channel>>>);

impl Channels {
    /// Adds a channel, in place of one with the same name.
    pub fn add(&self, channel: Arc<Channel>) {
        write(&self.0).insert(channel.id().clone(), channel);
    }

    /// The channel with this name.
    #[must_use]
    pub fn get(&self, id: &ChannelId) -> Option<Arc<Channel>> {
        read(&self.0).get(id).cloned()
    }

    /// The channel that a message names.
    #[must_use]
    pub fn named(&self, name: &str) -> Option<Arc<Channel>> {
        self.get(&ChannelId::new(name).ok()?)
    }

    /// All channels, by name.
    #[must_use]
    pub fn all(&self) -> Vec<Arc<Channel>> {
        read(&self.0).values().cloned().collect()
    }
}

/// Why a channel could not be opened.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum OpenChannelError {
    /// The store did not open.
    #[error("the channel's store cannot be opened")]
    Store {
        /// Why.
        #[source]
        source: OpenError,
    },
    /// A block that is needed cannot be read.
    #[error("the channel's last configuration cannot be found")]
    Unreadable {
        /// Which, and why.
        #[source]
        source: ChannelReadError,
    },
    /// The configuration is not a good one.
    #[error("the channel's configuration cannot be put in force")]
    Config {
        /// Why.
        #[source]
        source: ConfigError,
    },
    /// The genesis block could not be stored.
    #[error("the genesis block cannot be committed")]
    Genesis {
        /// Why.
        #[source]
        source: CommitError,
    },
    /// The ledger began with another genesis block.
    #[error("the ledger in the folder began with another genesis block")]
    OtherGenesis,
}

/// Why something could not be read from a channel's ledger.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ChannelReadError {
    /// There is no block with the number.
    #[error("no such block number [{number}] in index")]
    NoSuchBlock {
        /// The number.
        number: u64,
    },
    /// No block's header has the hash.
    #[error("no such block hash in index")]
    NoSuchHash,
    /// The block cannot be read.
    #[error("block {number} cannot be read: {source}")]
    Store {
        /// The number.
        number: u64,
        /// Why.
        #[source]
        source: ReadError,
    },
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use fabric_protos::Message;
    use fabric_protos::protos::TxValidationCode;
    use pervade_ledger::block;
    use pervade_ports::system::SystemFiles;

    use super::{Channel, OpenChannelError};
    use crate::testing::{Network, commit_next};

    #[tokio::test]
    async fn a_channel_opened_again_is_the_same_and_goes_on() {
        let network = Network::with_chaincodes(&["basic"]).await;
        network.submit("basic", "put k v").await.unwrap();
        let late = network.endorse_by(network.proposal("basic", "put k w"), &[]).await.unwrap();
        let signature = network.org1.user.signer.sign(&late.payload).unwrap();
        let late = fabric_protos::common::Envelope { signature, ..late }.encode_to_vec();
        let (folder, genesis) = (network.folder, network.genesis);
        let (height, digest) = (network.channel.height(), network.channel.store().state_digest());
        drop((network.peers, network.gateway, network.channels, network.channel));

        let channel = Channel::open(Arc::new(SystemFiles), folder.path(), &genesis).unwrap();
        assert_eq!((channel.height(), channel.store().state_digest()), (height, digest));
        let last = channel.block(height - 1).unwrap();
        assert!(block::commit_hash(&last).unwrap().is_some());
        assert_eq!(commit_next(&channel, vec![late]), [TxValidationCode::Valid]);
    }

    #[tokio::test]
    async fn another_channels_ledger_is_not_opened() {
        let [one, other] = [Network::start(), Network::start()];
        let (folder, genesis) = (one.folder, other.genesis);
        drop((one.peers, one.gateway, one.channels, one.channel));
        let opened = Channel::open(Arc::new(SystemFiles), folder.path(), &genesis);
        assert!(matches!(opened, Err(OpenChannelError::OtherGenesis)));
    }

    #[tokio::test]
    async fn a_large_block_is_judged_as_its_transactions_are_one_by_one() {
        let network = Network::with_chaincodes(&["basic"]).await;
        let mut envelopes = Vec::new();
        for number in 0..40 {
            let words = format!("put key{number} v");
            let organizations: &[&str] = if number % 4 == 3 { &["Org1MSP"] } else { &[] };
            let proposed = network.proposal("basic", &words);
            let mut envelope = network.endorse_by(proposed, organizations).await.unwrap();
            envelope.signature = network.org1.user.signer.sign(&envelope.payload).unwrap();
            envelopes.push(envelope.encode_to_vec());
        }
        let verdicts = commit_next(&network.channel, envelopes);
        let expected: Vec<_> = (0..40)
            .map(|number| match number % 4 {
                3 => TxValidationCode::EndorsementPolicyFailure,
                _ => TxValidationCode::Valid,
            })
            .collect();
        assert_eq!(verdicts, expected);
    }

    #[tokio::test]
    async fn a_block_that_does_not_follow_changes_nothing() {
        let network = Network::start();
        let next = block::next(7, Vec::new(), vec![b"x".to_vec()]);
        assert!(network.channel.commit(next).is_err());
        assert_eq!(network.channel.height(), 1);
    }
}
