use fabric_protos::common::Block;
use pervade_ledger::state::StateView;

use crate::channel::Commit;

/// What a stored block changed, by the verdicts recorded in it; `None` if it is no judged block.
pub(crate) fn replay(block: Block, state: &dyn StateView) -> Option<Commit> {
    let _ = (block, state);
    todo!()
}
