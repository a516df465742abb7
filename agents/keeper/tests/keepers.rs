//! Keepers of one ledger, of which some die.

#![expect(clippy::tests_outside_test_module, clippy::unwrap_used, reason = "all of this is test")]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use expect_test::{Expect, expect};
use pervade_clock::rules::{Marker, Seen, Terms, first, following};
use pervade_keeper::{Head, Keeper, Ledger, Turn};
use pervade_link::{LedgerError, Receipt};
use pervade_platform::Amount;
use pervade_ports::{BoxFuture, Clock, Timestamp};
use pervade_tasks::record::{Action, Due};

/// The ledger, and how many transactions it took.
struct Chain {
    due: BTreeMap<String, Due>,
    /// What the next calls that write are answered.
    excuse: Option<LedgerError>,
    latest: Marker,
    transactions: Vec<String>,
}

#[derive(Clone)]
struct World {
    chain: Arc<Mutex<Chain>>,
    now_ms: Arc<Mutex<u64>>,
}

impl World {
    /// A ledger in epoch 0, which began at 100 s.
    fn new() -> Self {
        let seen = Seen { block_hash: "00".repeat(32), height: 7, time_ms: 100_000 };
        let latest = first("00".repeat(32), seen).unwrap();
        let (due, transactions) = (BTreeMap::new(), Vec::new());
        let chain = Chain { due, excuse: None, latest, transactions };
        Self { chain: Arc::new(Mutex::new(chain)), now_ms: Arc::new(Mutex::new(100_000)) }
    }

    fn keeper(&self, rank: u32) -> Keeper {
        Keeper::new(Arc::new(self.clone()), Arc::new(self.clone()), Turn::of_rank(rank))
    }

    fn owe(&self, task: &str, epoch: u64, action: Action) {
        let due = Due { action, epoch, id: task.to_owned() };
        self.chain.lock().unwrap().due.insert(task.to_owned(), due);
    }

    fn pass(&self, time: Duration) {
        *self.now_ms.lock().unwrap() += u64::try_from(time.as_millis()).unwrap();
    }

    fn transactions(&self) -> String {
        self.chain.lock().unwrap().transactions.join(", ")
    }

    fn write<T>(
        &self,
        told: String,
        write: impl FnOnce(&mut Chain) -> Result<T, LedgerError>,
    ) -> Result<(T, Receipt), LedgerError> {
        let mut chain = self.chain.lock().unwrap();
        if let Some(excuse) = &chain.excuse {
            return Err(excuse.clone());
        }
        let done = write(&mut chain)?;
        chain.transactions.push(told);
        Ok((done, Receipt { block: 8, tx_id: "t".to_owned() }))
    }

    fn end(&self, task: &str, action: Action) -> Result<Receipt, LedgerError> {
        let told = format!("{action:?} {task}").to_lowercase();
        let end = |chain: &mut Chain| {
            if task.starts_with("bad") {
                return Err(refusal("STATE_DAMAGED"));
            }
            chain.due.remove(task).map(|_| ()).ok_or_else(|| refusal("TASK_UNKNOWN"))
        };
        Ok(self.write(told, end)?.1)
    }
}

fn refusal(code: &str) -> LedgerError {
    LedgerError::Refused { code: code.to_owned(), message: "no".to_owned() }
}

impl Clock for World {
    fn now(&self) -> Timestamp {
        let now_ms = *self.now_ms.lock().unwrap();
        let nanos = u32::try_from(now_ms % 1_000).unwrap() * 1_000_000;
        Timestamp::new(i64::try_from(now_ms / 1_000).unwrap(), nanos)
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        self.pass(duration);
        Box::pin(tokio::task::yield_now())
    }
}

impl Ledger for World {
    fn latest(&self) -> BoxFuture<'_, Result<Marker, LedgerError>> {
        Box::pin(async { Ok(self.chain.lock().unwrap().latest.clone()) })
    }

    fn terms(&self) -> BoxFuture<'_, Result<Terms, LedgerError>> {
        Box::pin(async { Ok(Terms::USUAL) })
    }

    fn due(&self, epoch: u64) -> BoxFuture<'_, Result<Vec<Due>, LedgerError>> {
        Box::pin(async move {
            let chain = self.chain.lock().unwrap();
            Ok(chain.due.values().filter(|due| due.epoch <= epoch).cloned().collect())
        })
    }

    fn head(&self) -> BoxFuture<'_, Result<Head, LedgerError>> {
        Box::pin(async { Ok(Head { block_hash: "ab".repeat(32), height: 9 }) })
    }

    fn tick(
        &self,
        number: u64,
        head: Head,
    ) -> BoxFuture<'_, Result<(Marker, Receipt), LedgerError>> {
        let time_ms = *self.now_ms.lock().unwrap();
        let Head { block_hash, height } = head;
        let seen = Seen { block_hash, height, time_ms };
        Box::pin(async move {
            self.write(format!("epoch {number}"), |chain| {
                if chain.latest.number >= number {
                    return Ok(chain.latest.clone());
                }
                let next = following(&Terms::USUAL, &chain.latest, "00".repeat(32), seen);
                chain.latest = next.map_err(|_| refusal("TOO_EARLY"))?;
                Ok(chain.latest.clone())
            })
        })
    }

    fn expire<'a>(&'a self, task: &'a str) -> BoxFuture<'a, Result<Receipt, LedgerError>> {
        Box::pin(async move { self.end(task, Action::Expire) })
    }

    fn settle<'a>(
        &'a self,
        task: &'a str,
        _epoch: u64,
    ) -> BoxFuture<'a, Result<Receipt, LedgerError>> {
        Box::pin(async move { self.end(task, Action::Settle) })
    }

    fn fee<'a>(&'a self, task: &'a str) -> BoxFuture<'a, Result<Option<Amount>, LedgerError>> {
        Box::pin(async move {
            let is_there = self.chain.lock().unwrap().due.contains_key(task);
            Ok(is_there.then(|| Amount::whole(2).unwrap()))
        })
    }

    fn has_account(&self) -> BoxFuture<'_, Result<bool, LedgerError>> {
        Box::pin(async { Ok(true) })
    }
}

async fn round(keeper: &mut Keeper, expected: Expect) {
    let told: Vec<_> = keeper.round().await.iter().map(ToString::to_string).collect();
    expected.assert_eq(&told.join("\n"));
}

/// D-02, W-72: a keeper ends what is due, tells what it earned, and finds nothing left to do.
#[tokio::test]
async fn a_keeper_does_what_is_due() {
    let world = World::new();
    let mut keeper = world.keeper(0);
    round(&mut keeper, expect![""]).await;
    world.owe("a", 0, Action::Expire);
    world.owe("b", 0, Action::Settle);
    world.owe("c", 2, Action::Expire);
    round(
        &mut keeper,
        expect![[r#"
        end task a: done in block 8, for 2, 2 in all
        settle task b: done in block 8, for 2, 4 in all"#]],
    )
    .await;
    round(&mut keeper, expect![""]).await;
    world.pass(Duration::from_millis(14_500));
    round(&mut keeper, expect!["begin epoch 1: done in block 8"]).await;
    world.pass(Duration::from_millis(14_500));
    round(&mut keeper, expect!["begin epoch 2: done in block 8"]).await;
    round(&mut keeper, expect!["end task c: done in block 8, for 2, 6 in all"]).await;
    assert_eq!(keeper.earned(), Amount::whole(6).unwrap());
}

/// D-02: as long as all keepers live, each job costs one transaction.
#[tokio::test]
async fn several_keepers_cost_one_transaction_a_job() {
    let world = World::new();
    world.owe("a", 3, Action::Expire);
    let mut keepers = [world.keeper(0), world.keeper(1), world.keeper(2)];
    for _ in 0..60 {
        world.pass(Duration::from_secs(1));
        for keeper in keepers.iter_mut().rev() {
            keeper.round().await;
        }
    }
    assert_eq!(world.transactions(), "epoch 1, epoch 2, epoch 3, expire a, epoch 4");
}

/// D-01, D-02: when a keeper dies, the next one ends what is due within two epochs.
#[tokio::test]
async fn the_next_keeper_takes_over() {
    let world = World::new();
    world.owe("a", 2, Action::Expire);
    let (mut first, mut second) = (world.keeper(0), world.keeper(1));
    for _ in 0..20 {
        world.pass(Duration::from_secs(1));
        first.round().await;
        second.round().await;
    }
    assert_eq!(world.transactions(), "epoch 1");
    drop(first);
    let mut ended_in = None;
    for _ in 0..60 {
        world.pass(Duration::from_secs(1));
        second.round().await;
        let chain = world.chain.lock().unwrap();
        if chain.due.is_empty() {
            ended_in = ended_in.or(Some(chain.latest.number));
        }
    }
    assert_eq!(ended_in, Some(2), "in the very epoch from which it could be done");
}

/// D-02: a job that somebody else did first is done.
#[tokio::test]
async fn a_job_that_another_did_is_done() {
    let world = World::new();
    world.owe("a", 0, Action::Expire);
    let mut keeper = world.keeper(0);
    for (excuse, expected) in [
        (refusal("TASK_UNKNOWN"), expect!["end task a: already done (TASK_UNKNOWN: no)"]),
        (refusal("TASK_PENDING"), expect!["end task a: already done (TASK_PENDING: no)"]),
        (
            LedgerError::NoEffect { verdict: "MVCC_READ_CONFLICT".to_owned() },
            expect!["end task a: already done (no effect: MVCC_READ_CONFLICT)"],
        ),
        (
            LedgerError::NoEffect { verdict: "ENDORSEMENT_POLICY_FAILURE".to_owned() },
            expect!["end task a: failed: no effect: ENDORSEMENT_POLICY_FAILURE"],
        ),
        (refusal("PERMISSION_DENIED"), expect!["end task a: failed: PERMISSION_DENIED: no"]),
    ] {
        world.chain.lock().unwrap().excuse = Some(excuse);
        round(&mut keeper, expected).await;
    }
    assert_eq!(keeper.earned(), Amount::ZERO, "for nothing it did not do");
}

/// D-02: tasks that cannot be ended keep no others waiting, and the clock goes on.
#[tokio::test]
async fn what_cannot_be_done_keeps_nothing_waiting() {
    let world = World::new();
    for number in 0..40 {
        world.owe(&format!("bad{number}"), 0, Action::Expire);
    }
    world.owe("good", 0, Action::Expire);
    let mut keeper = world.keeper(0);
    for _ in 0..3 {
        keeper.round().await;
    }
    assert_eq!(world.transactions(), "expire good");
    world.pass(Duration::from_millis(14_500));
    keeper.round().await;
    assert_eq!(world.transactions(), "expire good, epoch 1");
}

/// D-01: a tick that found the epoch begun changes nothing, and is nobody's.
#[tokio::test]
async fn a_tick_that_changes_nothing_is_another_ones() {
    let world = World::new();
    world.pass(Duration::from_millis(14_500));
    let stale = Stale(world.clone(), world.chain.lock().unwrap().latest.clone());
    let mut other = world.keeper(0);
    round(&mut other, expect!["begin epoch 1: done in block 8"]).await;
    world.pass(Duration::from_millis(1));
    let mut keeper = Keeper::new(Arc::new(stale), Arc::new(world), Turn::of_rank(0));
    round(&mut keeper, expect!["begin epoch 1: already done (the epoch has begun)"]).await;
}

/// D-01: when ticks are refused, people hear of it, and what can be done is done.
#[tokio::test]
async fn a_clock_that_stands_still_is_told_of() {
    let world = World::new();
    let mut keeper = world.keeper(0);
    world.chain.lock().unwrap().excuse = Some(refusal("PERMISSION_DENIED"));
    world.pass(Duration::from_millis(43_501));
    round(
        &mut keeper,
        expect![[r#"
        the clock stands still in epoch 0
        begin epoch 1: failed: PERMISSION_DENIED: no"#]],
    )
    .await;
    world.chain.lock().unwrap().excuse = None;
    round(&mut keeper, expect!["begin epoch 1: done in block 8"]).await;
    round(&mut keeper, expect!["the clock runs again: epoch 1"]).await;
}

/// A gateway that lags behind: it shows an earlier epoch.
struct Stale(World, Marker);

impl Ledger for Stale {
    fn latest(&self) -> BoxFuture<'_, Result<Marker, LedgerError>> {
        Box::pin(async { Ok(self.1.clone()) })
    }

    fn terms(&self) -> BoxFuture<'_, Result<Terms, LedgerError>> {
        self.0.terms()
    }

    fn due(&self, epoch: u64) -> BoxFuture<'_, Result<Vec<Due>, LedgerError>> {
        self.0.due(epoch)
    }

    fn head(&self) -> BoxFuture<'_, Result<Head, LedgerError>> {
        self.0.head()
    }

    fn tick(
        &self,
        number: u64,
        head: Head,
    ) -> BoxFuture<'_, Result<(Marker, Receipt), LedgerError>> {
        self.0.tick(number, head)
    }

    fn expire<'a>(&'a self, task: &'a str) -> BoxFuture<'a, Result<Receipt, LedgerError>> {
        self.0.expire(task)
    }

    fn settle<'a>(
        &'a self,
        task: &'a str,
        epoch: u64,
    ) -> BoxFuture<'a, Result<Receipt, LedgerError>> {
        self.0.settle(task, epoch)
    }

    fn fee<'a>(&'a self, task: &'a str) -> BoxFuture<'a, Result<Option<Amount>, LedgerError>> {
        self.0.fee(task)
    }

    fn has_account(&self) -> BoxFuture<'_, Result<bool, LedgerError>> {
        self.0.has_account()
    }
}
