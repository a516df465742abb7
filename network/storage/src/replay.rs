use fabric_protos::common::Block;
use pervade_ledger::private::PrivateWrites;
use pervade_ledger::state::StateView;
use pervade_ledger::validate::{self, Replayed};

use crate::channel::Commit;

/// What a stored block changed, by the verdicts recorded in it; `None` if it is no judged block.
pub(crate) fn replay(block: Block, state: &dyn StateView) -> Option<Commit> {
    match validate::replay(&block, state) {
        Ok(Replayed { batch, tx_ids }) => {
            Some(Commit { block, batch, tx_ids, private: PrivateWrites::default() })
        }
        Err(error) => {
            tracing::error!(block = pervade_ledger::block::number(&block), %error, "cannot replay");
            None
        }
    }
}
