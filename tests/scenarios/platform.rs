//! A platform's five contracts on a network, and those who use them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use fabric_protos::id::ChaincodeName;
use pervade_clock::ClockClient;
use pervade_clock::rules::Terms;
use pervade_devices::DevicesClient;
use pervade_devices::record::DeviceTerms;
use pervade_embedded::InProcess;
use pervade_identity::{EcdsaSigner, PrivateKey};
use pervade_peer_client::{Definition, Gateway, Network, Ports};
use pervade_platform::{AccountId, Amount, ContractSet};
use pervade_ports::system::{SystemClock, SystemRng};
use pervade_ports::{BoxFuture, Clock, Timestamp};
use pervade_registrar::{Enrollment, certificate_request};
use pervade_tasks::TasksClient;
use pervade_tasks::record::{Limit, NewTask, TaskTerms, TaskType};
use pervade_tokens::TokensClient;
use pervade_tokens::record::{FeeTo, TokenTerms};
use pervade_users::UsersClient;
use pervade_users::record::UserTerms;

use crate::world::{BOTH, ORG1, ORG2, World, chaincode, committed, device, msp};

pub(crate) const VALVE: &str = "valve";

/// A platform whose clock has begun, with an organisation's bank and one type of task.
pub(crate) struct Platform {
    pub(crate) clock: Driven,
    pub(crate) set: ContractSet,
    pub(crate) world: World,
    bank: Network,
}

impl Platform {
    pub(crate) async fn start() -> Self {
        let (world, set, clock) =
            (World::start().await, ContractSet::with_ending(""), Driven::default());
        for name in names(&set) {
            deploy(&world, &name).await;
        }
        let founder = ["platform.init", "platform.types", "bank.issuer"];
        let bank = enrol(&world, ORG1, "founder", &founder);
        let bank = connect(&world, bank, ORG1, &clock).await;
        let platform = Self { clock, set, world, bank };
        platform.bind().await;
        platform
    }

    async fn bind(&self) {
        let (mut founder, set) = (self.bank.clone(), &self.set);
        let [clock, devices, tasks, tokens, users] = names(set);
        let hash = "00".repeat(32);
        ClockClient::new(&mut founder, clock).bind(CLOCK, 0, hash).await.unwrap();
        let mut users = UsersClient::new(&mut founder, users);
        users.bind(set.clone(), UserTerms::USUAL).await.unwrap();
        users.register().await.unwrap();
        let terms = TokenTerms {
            bank: ORG1.to_owned(),
            cap: whole(1_000),
            fee_to: FeeTo::Stock,
            price: whole(1),
            symbol: "PVD".to_owned(),
        };
        TokensClient::new(&mut founder, tokens).bind(set.clone(), terms).await.unwrap();
        let mut devices = DevicesClient::new(&mut founder, devices);
        devices.bind(set.clone(), DEVICES).await.unwrap();
        let mut tasks = TasksClient::new(&mut founder, tasks);
        tasks.bind(set.clone(), TASKS).await.unwrap();
        tasks.define_type(valve()).await.unwrap();
    }

    /// A member of an organisation, through its own peer.
    pub(crate) async fn member(&self, org: &str, name: &str, roles: &[&str]) -> Network {
        let signer = enrol(&self.world, org, name, roles);
        connect(&self.world, signer, org, &self.clock).await
    }

    /// Whoever signs, through the peer of an organisation.
    pub(crate) async fn through(&self, org: &str, signer: &Arc<EcdsaSigner>) -> Network {
        connect(&self.world, Arc::clone(signer), org, &self.clock).await
    }

    /// A registered user of an organisation, with tokens.
    pub(crate) async fn user(&self, org: &str, name: &str) -> (Network, AccountId) {
        let mut user = self.member(org, name, &[]).await;
        let mut users = UsersClient::new(&mut user, self.named(&self.set.users));
        let account = users.register().await.unwrap().value.account;
        let (mut bank, tokens) = (self.bank.clone(), self.named(&self.set.tokens));
        let mut issuing = TokensClient::new(&mut bank, tokens.clone());
        issuing.issue(account.clone(), whole(100)).await.unwrap();
        let mut buying = TokensClient::new(&mut user, tokens);
        buying.purchase(whole(100), whole(100)).await.unwrap();
        (user, account)
    }

    /// The number of the present epoch.
    pub(crate) async fn epoch(&self) -> u64 {
        let mut founder = self.bank.clone();
        let mut clock = ClockClient::new(&mut founder, self.named(&self.set.clock));
        clock.latest().await.unwrap().number
    }

    pub(crate) fn named(&self, name: &str) -> ChaincodeName {
        chaincode(name)
    }
}

/// The set's contracts, in the order of their names.
fn names(set: &ContractSet) -> [ChaincodeName; 5] {
    [&set.clock, &set.devices, &set.tasks, &set.tokens, &set.users].map(|name| chaincode(name))
}

/// The code of a platform.
pub(crate) fn in_process() -> Vec<(&'static str, InProcess)> {
    let code = |name: &'static str, make: fn(ChaincodeName) -> pervade_chaincode::Chaincode| {
        let version = name.to_owned();
        (name, InProcess { version, chaincode: Arc::new(make(chaincode(name))) })
    };
    vec![
        code("clock", pervade_clock::chaincode),
        code("devices", pervade_devices::chaincode),
        code("tasks", pervade_tasks::chaincode),
        code("tokens", pervade_tokens::chaincode),
        code("users", pervade_users::chaincode),
    ]
}

async fn deploy(world: &World, name: &ChaincodeName) {
    let package = world.install(name.as_str());
    let definition = Definition { init_required: true, ..Definition::first(name.clone(), "1.0") };
    for org in BOTH {
        let lifecycle = world.admin(org).await.lifecycle();
        committed(lifecycle.approve(&definition, Some(&package)).await.unwrap());
    }
    let lifecycle = world.admin(ORG2).await.lifecycle();
    committed(lifecycle.commit(&definition).await.unwrap());
}

/// A member with a new key, whose certificate says what it may do.
fn enrol(world: &World, org: &str, name: &str, roles: &[&str]) -> Arc<EcdsaSigner> {
    let key = PrivateKey::generate().unwrap();
    let certificate = certify(world, org, name, &key, roles);
    Arc::new(EcdsaSigner::new(msp(org), &certificate, key).unwrap())
}

/// An organisation's certificate for a key, which says what its holder may do.
pub(crate) fn certify(
    world: &World,
    org: &str,
    name: &str,
    key: &PrivateKey,
    roles: &[&str],
) -> Vec<u8> {
    let attributes = roles.iter().map(|role| ((*role).to_owned(), "true".to_owned()));
    let attributes = attributes.collect::<BTreeMap<_, _>>();
    let request = certificate_request(name, key).unwrap();
    let enrollment = Enrollment { attributes, ..device(name) };
    world.network.enroll(&msp(org), &request, &enrollment).unwrap()
}

async fn connect(world: &World, signer: Arc<EcdsaSigner>, org: &str, clock: &Driven) -> Network {
    let ports = Ports { clock: Arc::new(clock.clone()), rng: Arc::new(SystemRng) };
    let channel = world.dial(world.peer(org)).await;
    Gateway::new(channel, signer, ports).network(world.channel.clone())
}

pub(crate) fn whole(tokens: u64) -> Amount {
    Amount::whole(tokens).unwrap()
}

/// Epochs of ten seconds. Clients' clocks may be two minutes off, so that tests need not wait.
const CLOCK: Terms = Terms {
    ahead_ms: Terms::SKEW_MS_MAX,
    behind_ms: Terms::SKEW_MS_MAX,
    interval_ms: 10_000,
    tolerance_ms: 500,
};

const DEVICES: DeviceTerms =
    DeviceTerms { backlog: 4, deposit: WHOLE, fault_limit: 3, fault_window: 100, slash: WHOLE };

const TASKS: TaskTerms = TaskTerms {
    decline_forfeit_permille: 100,
    decline_window: 3,
    fee: WHOLE,
    keeper_fee: WHOLE,
    limit_max: 1_000,
    reward_min: WHOLE,
    window_min: 2,
};

const WHOLE: Amount = match Amount::whole(1) {
    Ok(amount) => amount,
    Err(_) => Amount::ZERO,
};

/// A type of task whose one reading has limits.
fn valve() -> TaskType {
    TaskType {
        acceptance: None,
        averages: BTreeMap::new(),
        limits: BTreeMap::from([("percent".to_owned(), Limit { min: 0, max: 100 })]),
        name: VALVE.to_owned(),
        version: TaskType::VERSION,
        votes: None,
    }
}

/// A public task of that type, for ten tokens.
pub(crate) fn new_task(encryption_key: String, limit: u64) -> NewTask {
    NewTask {
        device: None,
        encryption_key,
        kind: pervade_tasks::record::Kind::Public,
        limit,
        minimum_reputation: 0,
        parameters: r#"{"percent":40}"#.to_owned(),
        respondent: None,
        reward: whole(10),
        type_name: VALVE.to_owned(),
    }
}

/// A clock that the test moves. It begins as far behind as the platform's clock lets anybody be.
#[derive(Clone)]
pub(crate) struct Driven(Arc<AtomicI64>);

impl Default for Driven {
    fn default() -> Self {
        Self(Arc::new(AtomicI64::new(-110)))
    }
}

impl Driven {
    /// Moves the clock by so many seconds.
    pub(crate) fn pass(&self, seconds: i64) {
        self.0.fetch_add(seconds, Ordering::SeqCst);
    }
}

impl Clock for Driven {
    fn now(&self) -> Timestamp {
        let now = SystemClock.now();
        Timestamp::new(now.seconds() + self.0.load(Ordering::SeqCst), now.nanos())
    }

    /// Short pauses are waited for; the longer ones of a poll never end.
    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        if duration > Duration::from_secs(60) {
            return Box::pin(std::future::pending());
        }
        SystemClock.sleep(duration.min(Duration::from_millis(100)))
    }
}
