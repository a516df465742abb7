//! Where a stream of blocks or events begins.

use fabric_protos::id::TxId;
use fabric_protos::orderer;

/// Where a stream begins.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "complete by definition")]
pub enum Start {
    /// With the next block to be committed.
    Next,
    /// With this block.
    Block(u64),
    /// With this block, leaving out everything up to and including a transaction.
    After(u64, TxId),
}

impl Start {
    pub(crate) fn position(&self) -> orderer::SeekPosition {
        match self {
            Self::Next => {
                seek(orderer::seek_position::Type::NextCommit(orderer::SeekNextCommit {}))
            }
            Self::Block(number) | Self::After(number, _) => specified(*number),
        }
    }

    pub(crate) fn after_transaction(&self) -> String {
        match self {
            Self::Next | Self::Block(_) => String::new(),
            Self::After(_, tx_id) => tx_id.as_str().to_owned(),
        }
    }
}

pub(crate) fn specified(number: u64) -> orderer::SeekPosition {
    seek(orderer::seek_position::Type::Specified(orderer::SeekSpecified { number }))
}

fn seek(position: orderer::seek_position::Type) -> orderer::SeekPosition {
    orderer::SeekPosition { r#type: Some(position) }
}
