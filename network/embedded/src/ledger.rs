//! One channel's ledger as the orderer sees it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use fabric_protos::common::Block;
use pervade_channel_config::ChannelConfig;
use pervade_ledger::block;
use pervade_ordering::{CommitError, Ledger, Tip};
use pervade_peer::Channel;
use pervade_ports::BoxFuture;

/// Lets an orderer extend a channel. Judging and storing run where blocking is allowed.
pub(crate) struct ChannelLedger {
    channel: Arc<Channel>,
    /// Whether a checkpoint is being written.
    checkpointing: Arc<AtomicBool>,
}

impl ChannelLedger {
    pub(crate) fn new(channel: Arc<Channel>) -> Self {
        Self { channel, checkpointing: Arc::default() }
    }

    /// Writes a checkpoint beside the next blocks if one is due.
    fn checkpoint(&self) {
        if self.checkpointing.swap(true, Ordering::AcqRel) {
            return;
        }
        let (channel, busy) = (Arc::clone(&self.channel), Arc::clone(&self.checkpointing));
        drop(tokio::task::spawn_blocking(move || {
            if let Err(error) = channel.store().checkpoint_if_due() {
                tracing::warn!(channel = %channel.id(), %error, "no checkpoint was written");
            }
            busy.store(false, Ordering::Release);
        }));
    }
}

impl Ledger for ChannelLedger {
    fn config(&self) -> Arc<ChannelConfig> {
        self.channel.config()
    }

    fn tip(&self) -> Tip {
        let height = self.channel.height();
        let hash = self.channel.store().tip_hash();
        let newest = height.checked_sub(1).and_then(|number| self.channel.block(number).ok());
        let last_config = newest.and_then(|newest| block::last_config_index(&newest).ok());
        Tip {
            height,
            hash: hash.map(Vec::from).unwrap_or_default(),
            last_config: last_config.flatten().unwrap_or_default(),
        }
    }

    fn commit(&self, block: Block) -> BoxFuture<'_, Result<(), CommitError>> {
        let channel = Arc::clone(&self.channel);
        Box::pin(async move {
            let work = tokio::task::spawn_blocking(move || channel.commit(block));
            let committed = work.await.map_err(CommitError::new)?;
            committed.map_err(CommitError::new)?;
            self.checkpoint();
            Ok(())
        })
    }
}
