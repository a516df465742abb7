//! The story's time, and those who keep it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use pervade_keeper::{Keeper, Remote, Turn};
use pervade_ports::system::SystemClock;
use pervade_ports::{BoxFuture, Clock, Timestamp};

use crate::account::Teller;
use crate::error::{DemoError, While as _};
use crate::tasks::ground::Ground;
use crate::tasks::people::{Cast, tasks};

/// A clock that begins behind and runs ahead of the day's, so that a story of minutes is told in seconds:
/// endorsers let tickers be two minutes off.
pub(crate) struct StoryClock(AtomicI64);

/// How far it may be off.
const SHIFT_SECONDS: i64 = 110;

impl StoryClock {
    pub(crate) fn new() -> Self {
        Self(AtomicI64::new(-SHIFT_SECONDS))
    }

    async fn pass(&self, seconds: i64) {
        self.0.fetch_add(seconds, Ordering::SeqCst);
        while self.0.load(Ordering::SeqCst) > SHIFT_SECONDS {
            tokio::time::sleep(Duration::from_secs(1)).await;
            self.0.fetch_sub(1, Ordering::SeqCst);
        }
    }
}

impl Clock for StoryClock {
    fn now(&self) -> Timestamp {
        let now = SystemClock.now();
        Timestamp::new(now.seconds() + self.0.load(Ordering::SeqCst), now.nanos())
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        SystemClock.sleep(duration)
    }
}

/// Two keepers of two organisations. The first is dead.
pub(crate) struct Keepers {
    second: Keeper,
}

impl Keepers {
    pub(crate) async fn appoint(ground: &Ground, cast: &Cast) -> Result<Self, DemoError> {
        let remote = Remote::new(cast.keeper.network.clone(), &ground.set).doing("be a keeper")?;
        let clock: Arc<dyn Clock> = Arc::<StoryClock>::clone(&ground.clock);
        Ok(Self { second: Keeper::new(Arc::new(remote), clock, Turn::of_rank(1)) })
    }

    /// Lets time pass until the second keeper, when it is its turn, has ended the task.
    pub(crate) async fn expire(
        &mut self,
        ground: &Ground,
        task: &str,
        teller: &mut Teller<'_>,
    ) -> Result<(), DemoError> {
        let mut network =
            ground.connect(Arc::new(ground.place.user(&ground.organizations[0], "User1")?)).await?;
        for _ in 0..ROUNDS_MAX {
            ground.clock.pass(SECONDS_A_ROUND).await;
            for report in self.second.round().await {
                teller.say(format!("keeper of {}: {report}", ground.organizations[2]));
            }
            if let Ok(summary) = tasks(&mut network)?.summary(task.to_owned()).await {
                teller.say(format!(
                    "the task ended as {}: its creator gets reward and stake",
                    summary.outcome
                ));
                teller.figure("expired_in_epoch", summary.ended);
                return Ok(());
            }
        }
        Err(DemoError::unexpected("no keeper ended the task"))
    }
}

const SECONDS_A_ROUND: i64 = 5;
const ROUNDS_MAX: u32 = 60;
