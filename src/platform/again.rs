//! Calls that are tried again, because another transaction came first.

use std::time::Duration;

use fabric_protos::protos::TxValidationCode;
use pervade_chaincode::ClientError;
use pervade_peer_client::{Committed, TypedCallError};

use super::refusal::{CallFailure, OrRefused as _, peers_differ};
use super::report::Done;
use crate::failure::Failure;
use crate::output::Output;

/// Has a call submitted, a few times if another transaction comes before it.
pub(super) async fn submit<T>(
    output: Output,
    call: impl AsyncFn() -> Result<Committed<T>, CallFailure>,
) -> Result<Done<T>, Failure> {
    for retries in 0..RETRIES_MAX {
        match call().await {
            Err(failure) if may_go_better(&failure) => {
                output.note("another transaction came before this one: it is tried again");
                tokio::time::sleep(PAUSE).await;
            }
            other => return other.map(|done| Done::new(done, retries)).or_refused(),
        }
    }
    call().await.map(|done| Done::new(done, RETRIES_MAX)).or_refused()
}

/// How often a call is tried again.
const RETRIES_MAX: u32 = 3;

/// How long peers get to see the other transaction.
const PAUSE: Duration = Duration::from_millis(100);

/// Whether the call took no effect for a reason that passes: it read what another transaction has
/// changed, or some peer had not seen that change yet.
fn may_go_better(failure: &CallFailure) -> bool {
    let ClientError::Call(error) = failure else { return false };
    let TypedCallError::Rejected { code, .. } = error else { return peers_differ(error) };
    matches!(code, TxValidationCode::MvccReadConflict | TxValidationCode::PhantomReadConflict)
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use expect_test::{Expect, expect};
    use fabric_protos::id::TxId;

    use super::*;

    /// Runs a call that ends with these verdicts, one after the other; tells how often it was tried and
    /// what came of it.
    async fn check(verdicts: &[TxValidationCode], expected: Expect) {
        let tries = Cell::new(0);
        let call = async || {
            let verdict = verdicts.get(tries.get()).copied();
            tries.set(tries.get() + 1);
            let tx_id = TxId::new("7".repeat(64)).unwrap();
            match verdict {
                None => Ok(Committed { tx_id, block: 9, value: "done" }),
                Some(code) => {
                    Err(ClientError::Call(TypedCallError::Rejected { tx_id, block: 9, code }))
                }
            }
        };
        let told = submit(Output::Json, call).await;
        let told =
            told.map_or_else(|failure| failure.code().to_owned(), |done| done.result.to_owned());
        expected.assert_eq(&format!("{told} after {}", tries.get()));
    }

    /// A conflict passes; the fourth is told, and any other verdict at once.
    #[tokio::test]
    async fn conflicts_are_tried_again_a_few_times() {
        let (read, phantom) =
            (TxValidationCode::MvccReadConflict, TxValidationCode::PhantomReadConflict);
        check(&[], expect!["done after 1"]).await;
        check(&[read, phantom, read], expect!["done after 4"]).await;
        check(&[read; 4], expect!["MVCC_READ_CONFLICT after 4"]).await;
        let other = TxValidationCode::EndorsementPolicyFailure;
        check(&[other], expect!["ENDORSEMENT_POLICY_FAILURE after 1"]).await;
    }
}
