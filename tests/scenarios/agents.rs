//! Devices and keepers at work on a platform.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use pervade_content::{ContentStore, LocalStore};
use pervade_device::{
    Agent, Assignments, DeviceKey, End, Folder, Handler, HandlerError, Identity, Journal, Ledger,
    Oneself, Order, Origin, Parts, Product, Remote, Serial, Step, Witnesses,
};
use pervade_devices::DevicesClient;
use pervade_devices::record::{DeviceId, InstallStatement, NewDevice};
use pervade_identity::EcdsaSigner;
use pervade_keeper::{Job, JobOutcome, Keeper, Remote as KeptLedger, Report, Turn};
use pervade_link::{LedgerError, Receipt};
use pervade_peer_client::Network;
use pervade_platform::{AccountId, Outcome, PageSize};
use pervade_ports::system::{SystemFiles, SystemRng};
use pervade_ports::{BoxFuture, Rng, RngError};
use pervade_sealing::{ReaderKey, SealContext, Sealed, TaskPublic, open};
use pervade_tasks::TasksClient;
use pervade_tasks::record::{ResultObject, SavedResult, Task, Verdict};
use pervade_users::UsersClient;
use tempfile::TempDir;
use tokio::sync::Notify;

use crate::platform::{Platform, VALVE, certify, new_task, whole};
use crate::world::{BOTH, ORG1, ORG2, msp};

/// W-03, W-04, W-71, W-72, W-86, N-08: a device does a task from the ledger alone. It is stopped
/// at every step and started again: the actuator acts once and one result is on the ledger, which
/// the creator reads.
#[tokio::test(flavor = "multi_thread")]
async fn a_device_does_its_task_once_wherever_it_is_stopped() {
    let platform = Platform::start().await;
    let (mut ann, _) = platform.user(ORG1, "ann").await;
    let (mut bob, owner) = platform.user(ORG2, "bob").await;
    let device = Installed::by(&platform, (&mut bob, owner)).await;
    let reader = ReaderKey::generate(&SystemRng).unwrap();
    let task = commissioned(&platform, &reader, (&mut ann, &mut bob), &device).await;

    for stop in [
        Stop::BeforeWork,
        Stop::AfterWork,
        Stop::AfterStoring,
        Stop::BeforeSubmitting,
        Stop::AfterSubmitting,
    ] {
        device.run_until(&platform, stop).await;
    }
    device.agent(&platform, None).await.sweep().await;

    assert_eq!(*device.actuator.effects.lock().unwrap(), 1, "it acted once");
    assert_eq!(*device.actuator.asked.lock().unwrap(), 3, "the order was given again");
    let entries = Journal::open(device.journal()).unwrap().entries().unwrap();
    let done = Step::Done { end: End::Committed { receipt: None } };
    assert_eq!(entries.iter().map(|entry| &entry.step).collect::<Vec<_>>(), [&done]);

    let mut tasks = TasksClient::new(&mut ann, platform.named(&platform.set.tasks));
    let verdicts = tasks.verdicts(task.clone(), PageSize::MAX, String::new()).await.unwrap();
    assert_eq!(verdicts.values.len(), 1, "one result came");
    assert_eq!(tasks.summary(task.clone()).await.unwrap().outcome, Outcome::Completed);
    let saved = tasks.result(task.clone()).await.unwrap();
    let file = device.store().get(saved.result.cid.parse().unwrap(), 1_000).await.unwrap();
    let sealed = Sealed::from_bytes(file).unwrap();
    let origin = device.origin(&platform);
    let context = SealContext::new(origin.channel, origin.contract, task).unwrap();
    let task_key: TaskPublic = saved.result.task_key.parse().unwrap();
    let opened = open(&sealed, &reader, &task_key, &context).unwrap();
    assert_eq!(**opened, *b"the valve is open by 40 %");
}

/// W-05, W-07, W-70, W-71: a device that listens does a task as soon as it is accepted, and no
/// other device does. Nobody reads the backlog.
#[tokio::test(flavor = "multi_thread")]
async fn a_device_that_listens_does_its_tasks_as_they_come() {
    let platform = Platform::start().await;
    let (mut ann, _) = platform.user(ORG1, "ann").await;
    let (mut bob, owner) = platform.user(ORG2, "bob").await;
    let ours = Installed::by(&platform, (&mut bob, owner.clone())).await;
    let other = Installed::by(&platform, (&mut bob, owner)).await;
    let running = [&ours, &other].map(|device| device.agent(&platform, None));
    let running = futures::future::join_all(running).await;
    let running: Vec<_> =
        running.into_iter().map(|agent| tokio::spawn(async move { agent.run().await })).collect();
    let reader = ReaderKey::generate(&SystemRng).unwrap();
    // Both listen by now: they read a backlog that is empty.
    tokio::time::sleep(Duration::from_secs(1)).await;

    let task = commissioned(&platform, &reader, (&mut ann, &mut bob), &ours).await;
    let mut tasks = TasksClient::new(&mut ann, platform.named(&platform.set.tasks));
    let mut outcome = None;
    for _ in 0..200 {
        tokio::time::sleep(Duration::from_millis(100)).await;
        outcome = tasks.summary(task.clone()).await.ok().map(|summary| summary.outcome);
        if outcome.is_some() {
            break;
        }
    }
    assert_eq!(outcome, Some(Outcome::Completed));
    assert_eq!(*ours.actuator.effects.lock().unwrap(), 1);
    assert_eq!(*other.actuator.asked.lock().unwrap(), 0, "it is not the other's");
    running.iter().for_each(tokio::task::JoinHandle::abort);
}

/// W-31: a device whose id is taken makes another and is registered.
#[tokio::test(flavor = "multi_thread")]
async fn a_taken_id_gives_way_to_another() {
    let platform = Platform::start().await;
    let (mut bob, owner) = platform.user(ORG2, "bob").await;
    let serial = Serial::new("10000000e3a5b7c9").unwrap();
    let mut register = async |folder: &Folder, identity: &Identity| {
        let key = DeviceKey::open(folder).unwrap();
        let device = new_device(&platform, &key, identity, &owner);
        let name = platform.named(&platform.set.devices);
        let registered = DevicesClient::new(&mut bob, name).register(device).await;
        registered.map(|_| ()).map_err(|error| LedgerError::from(error).code().unwrap().to_owned())
    };
    let homes = [0, 1].map(|_| tempfile::tempdir().unwrap());
    let [one, two] = homes.each_ref().map(|home| folder(home.path()));
    let first = Identity::open(&one, &serial, &Worn).unwrap();
    let second = Identity::open(&two, &serial, &Worn).unwrap();
    assert_eq!(first.id(), second.id(), "the collision is forced");
    assert_eq!(register(&one, &first).await, Ok(()));
    assert_eq!(register(&two, &second).await, Err("DEVICE_ID_TAKEN".to_owned()));
    let renewed = Identity::renew(&two, &serial, &SystemRng).unwrap();
    assert_eq!(register(&two, &renewed).await, Ok(()));
}

/// D-01, D-02, W-72, W-75: of two keepers one is stopped. The other goes on with the clock, and
/// a task that nobody performs ends within two epochs of its last.
#[tokio::test(flavor = "multi_thread")]
async fn a_task_expires_though_one_keeper_is_stopped() {
    let platform = Platform::start().await;
    let (mut ann, _) = platform.user(ORG1, "ann").await;
    let mut keepers = Vec::new();
    for (rank, org) in (0..).zip(BOTH) {
        let mut network = platform.member(org, "keeper", &["platform.ticker"]).await;
        let users = platform.named(&platform.set.users);
        UsersClient::new(&mut network, users).register().await.unwrap();
        let ledger = Arc::new(KeptLedger::new(network, &platform.set).unwrap());
        let clock = Arc::new(platform.clock.clone());
        keepers.push(Keeper::new(ledger, clock, Turn::of_rank(rank)));
    }
    let reader = ReaderKey::generate(&SystemRng).unwrap();
    let mut tasks = TasksClient::new(&mut ann, platform.named(&platform.set.tasks));
    let new = new_task(reader.public().to_string(), 3);
    let task = tasks.create(new, platform.epoch().await).await.unwrap().value;

    let both = kept(&platform, &mut keepers, 12).await;
    let ticks = |reports: &[Report]| reports.iter().filter(|report| is_tick(report)).count();
    assert_eq!(ticks(&both), 1, "one transaction began the epoch, of two keepers: {both:?}");
    let mut second = keepers.pop().unwrap();
    drop(keepers);
    let mut ended_in = None;
    while ended_in.is_none() {
        let reports = kept(&platform, std::slice::from_mut(&mut second), 2).await;
        let epoch = platform.epoch().await;
        assert!(epoch <= task.expires + 2, "it is overdue");
        ended_in = reports.iter().any(|report| is_end(report, &task.id)).then_some(epoch);
    }
    assert_eq!(ended_in, Some(task.expires + 1), "in the first epoch in which it can");
    assert_eq!(tasks.summary(task.id).await.unwrap().outcome, Outcome::Expired);
    assert_eq!(second.earned(), whole(1), "the keeper's fee");
}

/// Lets so many seconds pass for keepers; what they told.
async fn kept(platform: &Platform, keepers: &mut [Keeper], seconds: usize) -> Vec<Report> {
    let mut reports = Vec::new();
    for _ in 0..seconds {
        platform.clock.pass(1);
        for keeper in keepers.iter_mut() {
            reports.extend(keeper.round().await);
        }
    }
    reports
}

fn is_tick(report: &Report) -> bool {
    matches!(report, Report::Job(told) if matches!(told.job, Job::Tick { .. }))
}

fn is_end(report: &Report, task: &str) -> bool {
    let Report::Job(told) = report else { return false };
    let is_done = matches!(told.outcome, JobOutcome::Done { .. });
    is_done && told.job == Job::Expire { task: task.to_owned() }
}

/// A task that ann created and bob accepted with a device.
async fn commissioned(
    platform: &Platform,
    reader: &ReaderKey,
    (ann, bob): (&mut Network, &mut Network),
    device: &Installed,
) -> String {
    let name = platform.named(&platform.set.tasks);
    let (new, epoch) = (new_task(reader.public().to_string(), 100), platform.epoch().await);
    let created = TasksClient::new(ann, name.clone()).create(new, epoch).await.unwrap();
    let task = created.value.id;
    let mut accepting = TasksClient::new(bob, name);
    accepting.accept(task.clone(), device.id.clone(), epoch).await.unwrap();
    task
}

fn folder(path: &Path) -> Folder {
    Folder::open(Arc::new(SystemFiles), path.to_owned()).unwrap()
}

fn new_device(
    platform: &Platform,
    key: &DeviceKey,
    identity: &Identity,
    owner: &AccountId,
) -> NewDevice {
    let id: DeviceId = identity.id().parse().unwrap();
    let statement = InstallStatement {
        channel: platform.world.channel.to_string(),
        contract: platform.set.devices.clone(),
        device: id.clone(),
        installs: 0,
        owner: owner.clone(),
        purpose: InstallStatement::PURPOSE.to_owned(),
    };
    NewDevice { id, key: key.prove(&statement).unwrap() }
}

/// A source of randomness that always gives the same.
struct Worn;

impl Rng for Worn {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), RngError> {
        bytes.fill(7);
        Ok(())
    }
}

/// A device that its owner has registered, with its folder, its actuator and the store.
struct Installed {
    actuator: Arc<Actuator>,
    home: TempDir,
    id: DeviceId,
    oneself: Oneself,
    signer: Arc<EcdsaSigner>,
}

impl Installed {
    async fn by(platform: &Platform, (bob, owner): (&mut Network, AccountId)) -> Self {
        let home = tempfile::tempdir().unwrap();
        let folder = folder(home.path());
        let serial = Serial::new("10000000e3a5b7c9").unwrap();
        let identity = Identity::open(&folder, &serial, &SystemRng).unwrap();
        let key = DeviceKey::open(&folder).unwrap();
        let new = new_device(platform, &key, &identity, &owner);
        let (id, account) = (new.id.clone(), new.key.public_key.address());
        let name = platform.named(&platform.set.devices);
        DevicesClient::new(bob, name).register(new).await.unwrap();
        let certificate = certify(&platform.world, ORG2, identity.id(), key.private_key(), &[]);
        key.keep_certificate(&certificate).unwrap();
        let signer = Arc::new(key.into_signer(msp(ORG2)).unwrap());
        let oneself = Oneself::new(id.clone(), account);
        Self { actuator: Arc::default(), home, id, oneself, signer }
    }

    fn journal(&self) -> Folder {
        folder(self.home.path()).inner("journal").unwrap()
    }

    fn store(&self) -> LocalStore {
        let folder = self.home.path().join("content");
        LocalStore::open(Arc::new(SystemFiles), folder).unwrap()
    }

    fn origin(&self, platform: &Platform) -> Origin {
        let channel = platform.world.channel.clone();
        Origin { channel, contract: platform.named(&platform.set.tasks) }
    }

    /// The device's process, through the gateways of both organisations, which stops where it is
    /// told to.
    async fn agent(&self, platform: &Platform, gate: Option<&Arc<Gate>>) -> Agent {
        let gate = gate.cloned().unwrap_or_default();
        let mut ledgers: Vec<Arc<dyn Ledger>> = Vec::new();
        for org in BOTH {
            let network = platform.through(org, &self.signer).await;
            let whose = (org.to_owned(), org.to_owned());
            let remote = Remote::new(whose, network, &platform.set, self.oneself.clone());
            let gate = Arc::clone(&gate);
            ledgers.push(Arc::new(Gated { gate, inner: remote.unwrap() }));
        }
        let inner = Arc::clone(&self.actuator);
        let handler: Arc<dyn Handler> = Arc::new(Gated { gate: Arc::clone(&gate), inner });
        Agent::new(Parts {
            clock: Arc::new(platform.clock.clone()),
            handlers: BTreeMap::from([(VALVE.to_owned(), handler)]),
            journal: Journal::open(self.journal()).unwrap(),
            oneself: self.oneself.clone(),
            observer: Arc::new(|_| ()),
            origin: self.origin(platform),
            poll: Duration::from_secs(3_600),
            rng: Arc::new(SystemRng),
            signer: Arc::clone(&self.signer) as _,
            store: Arc::new(Gated { gate, inner: self.store() }),
            witnesses: Witnesses::usual(ledgers).unwrap(),
        })
    }

    /// Starts the device's process and stops it at a point, which it must reach.
    async fn run_until(&self, platform: &Platform, stop: Stop) {
        let gate = Arc::new(Gate { reached: Notify::new(), stop: Some(stop) });
        let agent = self.agent(platform, Some(&gate)).await;
        tokio::select! {
            () = agent.sweep() => panic!("it was to be stopped: {stop:?}"),
            () = gate.reached.notified() => {}
        }
    }
}

/// Where a device is stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stop {
    BeforeWork,
    AfterWork,
    AfterStoring,
    BeforeSubmitting,
    AfterSubmitting,
}

/// Stops whoever comes to a point, for ever.
#[derive(Default)]
struct Gate {
    reached: Notify,
    stop: Option<Stop>,
}

impl Gate {
    async fn pass(&self, here: Stop) {
        if self.stop == Some(here) {
            self.reached.notify_one();
            std::future::pending::<()>().await;
        }
    }
}

/// Something with a gate before and after it.
struct Gated<T> {
    gate: Arc<Gate>,
    inner: T,
}

impl Handler for Gated<Arc<Actuator>> {
    fn handle<'a>(&'a self, order: &'a Order) -> BoxFuture<'a, Result<Product, HandlerError>> {
        Box::pin(async move {
            self.gate.pass(Stop::BeforeWork).await;
            let product = self.inner.act(order);
            self.gate.pass(Stop::AfterWork).await;
            Ok(product)
        })
    }
}

impl ContentStore for Gated<LocalStore> {
    fn put(
        &self,
        file: bytes::Bytes,
    ) -> BoxFuture<'_, Result<pervade_content::ContentId, pervade_content::StoreError>> {
        Box::pin(async move {
            let id = self.inner.put(file).await;
            self.gate.pass(Stop::AfterStoring).await;
            id
        })
    }

    fn get(
        &self,
        id: pervade_content::ContentId,
        limit: u64,
    ) -> BoxFuture<'_, Result<Vec<u8>, pervade_content::StoreError>> {
        self.inner.get(id, limit)
    }
}

impl Ledger for Gated<Remote> {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn organization(&self) -> &str {
        self.inner.organization()
    }

    fn epoch(&self) -> BoxFuture<'_, Result<u64, LedgerError>> {
        self.inner.epoch()
    }

    fn backlog(&self) -> BoxFuture<'_, Result<Vec<String>, LedgerError>> {
        self.inner.backlog()
    }

    fn task<'a>(&'a self, task: &'a str) -> BoxFuture<'a, Result<Option<Task>, LedgerError>> {
        self.inner.task(task)
    }

    fn result<'a>(
        &'a self,
        task: &'a str,
    ) -> BoxFuture<'a, Result<Option<SavedResult>, LedgerError>> {
        self.inner.result(task)
    }

    fn complete<'a>(
        &'a self,
        task: &'a str,
        result: &'a ResultObject,
        epoch: u64,
    ) -> BoxFuture<'a, Result<(Verdict, Receipt), LedgerError>> {
        Box::pin(async move {
            self.gate.pass(Stop::BeforeSubmitting).await;
            let completed = self.inner.complete(task, result, epoch).await;
            self.gate.pass(Stop::AfterSubmitting).await;
            completed
        })
    }

    fn assignments(&self) -> BoxFuture<'_, Result<Assignments, LedgerError>> {
        self.inner.assignments()
    }
}

/// An actuator that keeps, by task, that it has acted.
#[derive(Default)]
struct Actuator {
    acted: Mutex<BTreeMap<String, ()>>,
    asked: Mutex<usize>,
    effects: Mutex<usize>,
}

impl Actuator {
    fn act(&self, order: &Order) -> Product {
        assert_eq!(order.parameters, r#"{"percent":40}"#, "as the ledger says");
        *self.asked.lock().unwrap() += 1;
        let mut acted = self.acted.lock().unwrap();
        acted.entry(order.task.clone()).or_insert_with(|| {
            *self.effects.lock().unwrap() += 1;
        });
        let readings = BTreeMap::from([("percent".to_owned(), 40)]);
        Product { file: b"the valve is open by 40 %".to_vec(), readings }
    }
}
