//! A ledger with one task, gateways to it, an actuator, and a device.

use std::collections::{BTreeMap, VecDeque};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use fabric_protos::id::MspId;
use futures::{StreamExt as _, stream};
use pervade_content::{ContentStore, LocalStore};
use pervade_device::{
    Agent, Assignments, Folder, Handler, HandlerError, Journal, Ledger, Note, Oneself, Order,
    Origin, Parts, Product, Witnesses,
};
use pervade_devices::record::DeviceId;
use pervade_identity::{PrivateKey, SignError, Signer};
use pervade_link::{LedgerError, Receipt};
use pervade_platform::{AccountId, Amount, PublicKey};
use pervade_ports::system::SystemRng;
use pervade_ports::{BoxFuture, Clock, Timestamp};
use pervade_sealing::ReaderKey;
use pervade_tasks::record::{Check, Kind, ResultObject, SavedResult, Task, Verdict};

use crate::disk::Disk;

/// Power for a number of steps: each step on the world takes some before it happens and some after,
/// so that it can go just before the effect or just before anybody hears of it.
#[derive(Clone, Default)]
pub(crate) struct Power(Option<Arc<Mutex<usize>>>);

impl Power {
    /// Power that goes after so many halves of steps.
    pub(crate) fn of(halves: usize) -> Self {
        Self(Some(Arc::new(Mutex::new(halves))))
    }

    /// Takes a step, if there is power for it; whether anybody hears of it is another question.
    pub(crate) fn spend<T>(&self, step: impl FnOnce() -> T) -> Option<T> {
        self.half()?;
        let done = step();
        self.half()?;
        Some(done)
    }

    pub(crate) fn is_gone(&self) -> bool {
        self.0.as_ref().is_some_and(|left| *left.lock().unwrap() == 0)
    }

    fn half(&self) -> Option<()> {
        let Some(left) = &self.0 else { return Some(()) };
        let mut left = left.lock().unwrap();
        *left = left.checked_sub(1)?;
        Some(())
    }
}

/// The ledger itself.
#[derive(Default)]
pub(crate) struct Chain {
    pub(crate) completions: usize,
    /// How many submissions another transaction comes before.
    pub(crate) conflicts: usize,
    pub(crate) result: Option<SavedResult>,
    pub(crate) submissions: Vec<ResultObject>,
    pub(crate) task: Option<Task>,
}

pub(crate) const EPOCH: u64 = 5;

/// One gateway to a ledger.
pub(crate) struct Gateway {
    pub(crate) chain: Arc<Mutex<Chain>>,
    /// What it answers to submissions before it does what it should.
    pub(crate) excuses: Mutex<VecDeque<LedgerError>>,
    /// What it does to the tasks that it shows.
    pub(crate) forges: fn(Option<Task>) -> Option<Task>,
    /// Whether it says that a submission is on the ledger, which it throws away.
    pub(crate) discards: bool,
    /// What it says is the present epoch.
    pub(crate) epoch: u64,
    pub(crate) organization: String,
    /// What is found about results.
    pub(crate) verdict: Option<bool>,
    pub(crate) power: Power,
}

impl Gateway {
    pub(crate) fn honest(chain: &Arc<Mutex<Chain>>, power: Power) -> Self {
        Self {
            chain: Arc::clone(chain),
            excuses: Mutex::default(),
            forges: |task| task,
            discards: false,
            epoch: EPOCH,
            organization: String::new(),
            verdict: Some(true),
            power,
        }
    }

    fn step<T>(&self, step: impl FnOnce(&mut Chain) -> T) -> Result<T, LedgerError> {
        let done = self.power.spend(|| step(&mut self.chain.lock().unwrap()));
        done.ok_or_else(|| LedgerError::NoAnswer { why: "the power is gone".to_owned() })
    }

    fn completed(
        &self,
        chain: &mut Chain,
        id: &str,
        result: &ResultObject,
    ) -> Result<(Verdict, Receipt), LedgerError> {
        chain.submissions.push(result.clone());
        if let Some(left) = chain.conflicts.checked_sub(1) {
            chain.conflicts = left;
            return Err(conflict());
        }
        if let Some(excuse) = self.excuses.lock().unwrap().pop_front() {
            return Err(excuse);
        }
        let Some(task) = chain.task.clone().filter(|task| task.id == id) else {
            return Err(refusal("TASK_UNKNOWN"));
        };
        let confirmed = self.verdict;
        if !self.discards && confirmed == Some(true) {
            chain.completions += 1;
            chain.task = None;
            chain.result = Some(saved(&task, result));
        }
        let verdict = Verdict {
            check: Check::Signature,
            confirmed,
            epoch: EPOCH,
            metric: None,
            statement_sha256: String::new(),
            task: task.id,
            tx_id: "t".to_owned(),
        };
        Ok((verdict, receipt()))
    }
}

pub(crate) fn refusal(code: &str) -> LedgerError {
    LedgerError::Refused { code: code.to_owned(), message: String::new() }
}

pub(crate) fn conflict() -> LedgerError {
    LedgerError::NoEffect { verdict: "MVCC_READ_CONFLICT".to_owned() }
}

pub(crate) fn receipt() -> Receipt {
    Receipt { block: 7, tx_id: "t".to_owned() }
}

fn saved(task: &Task, result: &ResultObject) -> SavedResult {
    SavedResult {
        creator_key: task.encryption_key.clone(),
        device: task.device.clone().unwrap(),
        device_key: task.device_key.clone().unwrap(),
        epoch: EPOCH,
        result: result.clone(),
        task: task.id.clone(),
    }
}

impl Ledger for Gateway {
    fn name(&self) -> &'static str {
        "gateway"
    }

    fn organization(&self) -> &str {
        &self.organization
    }

    fn epoch(&self) -> BoxFuture<'_, Result<u64, LedgerError>> {
        Box::pin(async { self.step(|_| self.epoch) })
    }

    fn backlog(&self) -> BoxFuture<'_, Result<Vec<String>, LedgerError>> {
        Box::pin(async {
            let shown = self.step(|chain| (self.forges)(chain.task.clone()))?;
            Ok(shown.map(|task| task.id).into_iter().collect())
        })
    }

    fn task<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<Option<Task>, LedgerError>> {
        Box::pin(async move {
            let shown = self.step(|chain| (self.forges)(chain.task.clone()))?;
            Ok(shown.filter(|task| task.id == id))
        })
    }

    fn result<'a>(
        &'a self,
        id: &'a str,
    ) -> BoxFuture<'a, Result<Option<SavedResult>, LedgerError>> {
        Box::pin(async move {
            let saved = self.step(|chain| chain.result.clone())?;
            Ok(saved.filter(|saved| saved.task == id))
        })
    }

    fn complete<'a>(
        &'a self,
        id: &'a str,
        result: &'a ResultObject,
        epoch: u64,
    ) -> BoxFuture<'a, Result<(Verdict, Receipt), LedgerError>> {
        Box::pin(async move {
            if epoch != EPOCH {
                return Err(refusal("BAD_EPOCH"));
            }
            self.step(|chain| self.completed(chain, id, result))?
        })
    }

    fn assignments(&self) -> BoxFuture<'_, Result<Assignments, LedgerError>> {
        let told = stream::once(async {
            tokio::task::yield_now().await;
            Ok(id(TASK))
        });
        let told = told.chain(stream::pending());
        Box::pin(async { Ok::<Assignments, _>(told.boxed()) })
    }
}

/// An actuator that keeps, by task, that it has acted. It is not on the device's power.
#[derive(Default)]
pub(crate) struct Actuator {
    acted: Mutex<BTreeMap<String, i64>>,
    pub(crate) asked: Mutex<usize>,
    pub(crate) effects: Mutex<usize>,
}

impl Actuator {
    fn act(&self, order: &Order) -> Product {
        *self.asked.lock().unwrap() += 1;
        let mut acted = self.acted.lock().unwrap();
        let reading = *acted.entry(order.task.clone()).or_insert_with(|| {
            *self.effects.lock().unwrap() += 1;
            21
        });
        let readings = BTreeMap::from([("celsius".to_owned(), reading)]);
        Product { file: SECRET.to_vec(), readings }
    }
}

pub(crate) const SECRET: &[u8] = b"the valve was opened for room 7";

struct Wire {
    actuator: Arc<Actuator>,
    power: Power,
}

impl Handler for Wire {
    fn handle<'a>(&'a self, order: &'a Order) -> BoxFuture<'a, Result<Product, HandlerError>> {
        let told = self.power.spend(|| self.actuator.act(order));
        Box::pin(async { told.ok_or(HandlerError::NoFile) })
    }
}

/// Everything that outlives a device's process.
pub(crate) struct World {
    pub(crate) actuator: Arc<Actuator>,
    pub(crate) chain: Arc<Mutex<Chain>>,
    pub(crate) disk: Disk,
    pub(crate) key: Arc<PrivateKey>,
    pub(crate) notes: Arc<Mutex<Vec<String>>>,
    pub(crate) reader: ReaderKey,
}

impl World {
    /// A ledger with one task for the device.
    pub(crate) fn new() -> Self {
        let (key, reader) =
            (PrivateKey::generate().unwrap(), ReaderKey::generate(&SystemRng).unwrap());
        let world = Self {
            actuator: Arc::default(),
            chain: Arc::default(),
            disk: Disk::default(),
            key: Arc::new(key),
            notes: Arc::default(),
            reader,
        };
        world.chain.lock().unwrap().task = Some(world.task(TASK));
        world
    }

    pub(crate) fn task(&self, number: u64) -> Task {
        let key = self.public_key();
        Task {
            accepted: Some(4),
            created: 3,
            creator: account('c'),
            device: Some(device()),
            device_account: Some(key.address()),
            device_key: Some(key),
            encryption_key: self.reader.public().to_string(),
            expires: 20,
            id: id(number),
            keeper_fee: Amount::ZERO,
            kind: Kind::Public,
            locked: true,
            minimum_reputation: 0,
            parameters: "{}".to_owned(),
            pending: None,
            points: None,
            respondent: Some(account('b')),
            reward: Amount::ZERO,
            slot: Some(0),
            stake: Amount::ZERO,
            type_name: "valve".to_owned(),
        }
    }

    pub(crate) fn public_key(&self) -> PublicKey {
        PublicKey::try_from(hex::encode(self.key.public_key().point())).unwrap()
    }

    pub(crate) fn store(&self, power: &Power) -> Option<Arc<dyn ContentStore>> {
        let disk = Arc::new(self.disk.with(power.clone()));
        Some(Arc::new(LocalStore::open(disk, PathBuf::from("/content")).ok()?))
    }

    /// A device's process with this much power; none if it does not come to run.
    pub(crate) fn agent(&self, power: &Power, ledgers: Vec<Gateway>) -> Option<Agent> {
        let disk = Arc::new(self.disk.with(power.clone()));
        let journal = Journal::open(Folder::open(disk, PathBuf::from("/home")).ok()?).ok()?;
        let wire = Wire { actuator: Arc::clone(&self.actuator), power: power.clone() };
        // Each is of another organisation, unless the test says whose it is.
        let ledgers = ledgers.into_iter().enumerate().map(|(number, mut ledger)| {
            if ledger.organization.is_empty() {
                ledger.organization = format!("org{number}");
            }
            Arc::new(ledger) as Arc<dyn Ledger>
        });
        let notes = Arc::clone(&self.notes);
        Some(Agent::new(Parts {
            clock: Arc::new(Impatient),
            handlers: BTreeMap::from([("valve".to_owned(), Arc::new(wire) as Arc<dyn Handler>)]),
            journal,
            oneself: Oneself::new(device(), self.public_key().address()),
            observer: Arc::new(move |note: &Note| notes.lock().unwrap().push(note.to_string())),
            origin: origin(),
            poll: Duration::from_secs(3_600),
            rng: Arc::new(SystemRng),
            signer: Arc::new(Hand(Arc::clone(&self.key))),
            store: self.store(power)?,
            witnesses: Witnesses::usual(ledgers.collect()).unwrap(),
        }))
    }

    /// The notes so far, without what they say about the task.
    pub(crate) fn told(&self) -> Vec<String> {
        let notes = std::mem::take(&mut *self.notes.lock().unwrap());
        notes.iter().map(|note| note.split_once(": ").unwrap().1.to_owned()).collect()
    }
}

pub(crate) fn device() -> DeviceId {
    "dddddddd".parse().unwrap()
}
pub(crate) const TASK: u64 = 7;

pub(crate) fn id(number: u64) -> String {
    format!("{number:064x}")
}

pub(crate) fn account(letter: char) -> AccountId {
    letter.to_string().repeat(64).parse().unwrap()
}

pub(crate) fn origin() -> Origin {
    Origin { channel: "ch".parse().unwrap(), contract: "tasks".parse().unwrap() }
}

/// The device's key, as it signs results.
struct Hand(Arc<PrivateKey>);

impl Signer for Hand {
    fn identity(&self) -> &[u8] {
        &[]
    }

    fn msp_id(&self) -> &MspId {
        unreachable!("results do not name an organisation")
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        self.0.sign(message).map_err(|source| SignError::Key { source })
    }
}

/// A clock on which short pauses are over at once, and the pause of a poll never is.
struct Impatient;

impl Clock for Impatient {
    fn now(&self) -> Timestamp {
        Timestamp::default()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        if duration > Duration::from_secs(60) {
            return Box::pin(std::future::pending());
        }
        Box::pin(std::future::ready(()))
    }
}
