//! Looks after a stream while transactions run.

use std::time::{Duration, Instant};

use tracing::warn;

use super::Driver;
use super::state::Look;

/// How long a quick function may hold up the reading task; also the time between two looks.
const STUCK: Duration = Duration::from_millis(20);

/// Looks between two searches for transactions whose time is up: they take a second at most.
const LOOKS_PER_SEARCH: u32 = 50;

impl Driver {
    /// Looks until the stream ends; sleeps while no transaction runs.
    pub(super) async fn watch(self) {
        for look in 1_u32.. {
            tokio::time::sleep(STUCK).await;
            match self.look(look.is_multiple_of(LOOKS_PER_SEARCH)) {
                Look::Busy => {}
                Look::Nothing => self.0.watched.notified().await,
                Look::Stuck { reader } => {
                    warn!("a function that was quick so far is slow; reading goes on without it");
                    tokio::spawn(self.clone().read(reader));
                }
            }
        }
    }

    fn look(&self, searches: bool) -> Look {
        let now = Instant::now();
        let mut state = self.0.state();
        let seen = state.look(now, STUCK);
        if searches {
            state.expire(now - self.0.opened);
        }
        let wakes = state.wakes();
        drop(state);
        self.wake(wakes);
        seen
    }
}
