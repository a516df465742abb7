//! Which listed tasks may still be accepted.

use pervade_chaincode::ReadTransaction;
use pervade_platform::Bound;

use crate::TaskError;
use crate::managers::is_over;
use crate::record::{Open, TaskTerms};

/// Those tasks that may be accepted in the present epoch.
pub(crate) async fn still_open(
    tx: &mut ReadTransaction,
    bound: &Bound<TaskTerms>,
    listed: Vec<Open>,
) -> Result<Vec<Open>, TaskError> {
    // Epochs have no gaps, so that a few questions answer for all.
    let (mut over, mut not_over) = (None, u64::MAX);
    let mut open = Vec::with_capacity(listed.len());
    for entry in listed {
        let last = entry.acceptable;
        if over.is_none_or(|over| last > over) && last < not_over {
            if is_over(tx, bound, last).await? {
                over = Some(last);
            } else {
                not_over = last;
            }
        }
        if over.is_none_or(|over| last > over) {
            open.push(entry);
        }
    }
    Ok(open)
}
