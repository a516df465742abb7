//! What a stream sends.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use fabric_protos::protos::ChaincodeMessage;
use futures::Stream;
use tonic::Status;

use super::state::Wakes;
use super::{Driver, Ended, Shared};

/// What a stream sends; dropped, it ends the stream. A stream that the peer broke ends with a
/// status that says how.
pub(crate) struct Leaving {
    driver: Driver,
    taken: VecDeque<ChaincodeMessage>,
    has_told: bool,
}

impl Leaving {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self { driver: Driver(shared), taken: VecDeque::new(), has_told: false }
    }
}

impl Stream for Leaving {
    type Item = Result<ChaincodeMessage, Status>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        if let Some(message) = this.taken.pop_front() {
            return Poll::Ready(Some(Ok(message)));
        }
        let mut state = this.driver.0.state();
        let wakes = state.leave(&mut this.taken, context.waker());
        let ended = state.ended().cloned();
        drop(state);
        this.driver.wake(wakes);
        match (this.taken.pop_front(), ended) {
            (Some(message), _) => Poll::Ready(Some(Ok(message))),
            (None, None) => Poll::Pending,
            (None, Some(Ended::Broken(error))) if !this.has_told => {
                this.has_told = true;
                Poll::Ready(Some(Err(Status::failed_precondition(error.to_string()))))
            }
            (None, Some(_)) => Poll::Ready(None),
        }
    }
}

impl Drop for Leaving {
    fn drop(&mut self) {
        let mut state = self.driver.0.state();
        state.end(Ended::Closed);
        let wakes: Wakes = state.wakes();
        drop(state);
        self.driver.wake(wakes);
    }
}
