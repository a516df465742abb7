//! A platform in memory: the whole set, bound, with a clock that the test ticks.

use std::collections::BTreeMap;

use pervade_chaincode::{ChaincodeName, CompositeKey, ContractError, EventEnvelope, canonical};
use pervade_clock::rules::Terms as ClockTerms;
use pervade_devices::record::{DeviceId, DeviceTerms, InstallStatement, NewDevice};
use pervade_platform::{AccountId, Amount, ContractSet, KeyProof, PublicKey};
use pervade_simulator::{Committed, Deployment, Endorsed, Failure, Member, Simulator};
use pervade_tasks::record::{ResultObject, Statement, Task, TaskTerms};
use pervade_tokens::record::{Balance, FeeTo, TokenTerms};
use pervade_users::record::UserTerms;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// A platform.
pub(crate) struct World {
    pub(crate) simulator: Simulator,
    pub(crate) founder: Member,
    bank: Member,
    ticker: Member,
    cap: Amount,
    epoch: u64,
    now: i64,
    /// What the last transaction emitted: the chaincode, the type, and what it carries.
    pub(crate) events: Vec<(String, String, Value)>,
}

/// The terms of all managers.
pub(crate) struct Terms {
    pub(crate) devices: DeviceTerms,
    pub(crate) tasks: TaskTerms,
    pub(crate) tokens: TokenTerms,
    pub(crate) users: UserTerms,
}

impl Default for Terms {
    fn default() -> Self {
        Self {
            devices: DeviceTerms {
                backlog: 2,
                deposit: whole(5),
                fault_limit: 3,
                fault_window: 100,
                slash: whole(2),
            },
            tasks: TaskTerms {
                decline_forfeit_permille: 100,
                decline_window: 3,
                fee: whole(1),
                keeper_fee: units(100_000),
                limit_max: 1_000,
                reward_min: whole(1),
                window_min: 2,
            },
            tokens: TokenTerms {
                bank: "Org3MSP".to_owned(),
                cap: whole(100_000),
                fee_to: FeeTo::Stock,
                price: whole(1),
                symbol: "PVD".to_owned(),
            },
            users: UserTerms::USUAL,
        }
    }
}

pub(crate) fn whole(tokens: u64) -> Amount {
    Amount::whole(tokens).unwrap()
}

pub(crate) fn units(units: u64) -> Amount {
    Amount::new(units).unwrap()
}

/// The code of a refusal, or the verdict of a transaction that came too late.
pub(crate) type Told<T> = Result<T, String>;

/// A call, with arguments as they travel.
pub(crate) struct Call<'a> {
    who: &'a Member,
    function: &'a str,
    arguments: Vec<String>,
}

/// A call of `chaincode:function`.
pub(crate) fn call<'a>(who: &'a Member, function: &'a str) -> Call<'a> {
    Call { who, function, arguments: Vec::new() }
}

impl Call<'_> {
    /// With another argument: text as it is, the rest as JSON.
    pub(crate) fn with(mut self, argument: impl Serialize) -> Self {
        let argument = serde_json::to_value(argument).unwrap();
        self.arguments.push(match argument.as_str() {
            Some(text) => text.to_owned(),
            None if argument.is_null() => String::new(),
            None => canonical::to_string(&argument).unwrap(),
        });
        self
    }
}

impl World {
    pub(crate) fn with(terms: &Terms) -> Self {
        let mut world = Self::unbound(terms.tokens.cap);
        world.bind_all(terms);
        world
    }

    pub(crate) fn unbound(cap: Amount) -> Self {
        let mut simulator =
            Simulator::with_organizations(&["Org1MSP", "Org2MSP", "Org3MSP"]).unwrap();
        simulator.set_time(START);
        let named = |name: &str| name.parse::<ChaincodeName>().unwrap();
        for chaincode in [
            pervade_clock::chaincode(named("clock")),
            pervade_devices::chaincode(named("devices")),
            pervade_tasks::chaincode(named("tasks")),
            pervade_tokens::chaincode(named("tokens")),
            pervade_users::chaincode(named("users")),
        ] {
            simulator.deploy(Deployment::new(chaincode).init_required()).unwrap();
        }
        let client = |name, attributes: &[(&str, &str)]| {
            simulator.client_with("Org3MSP", name, attributes).unwrap()
        };
        let founder =
            client("founder", &[("platform.init", "true"), (pervade_tasks::MAY_DEFINE, "true")]);
        let bank = client("bank", &[(pervade_tokens::MAY_ISSUE, "true")]);
        let ticker = client("ticker", &[("platform.ticker", "true")]);
        Self { simulator, founder, bank, ticker, cap, epoch: 0, now: START, events: Vec::new() }
    }

    fn bind_all(&mut self, terms: &Terms) {
        let founder = self.founder.clone();
        let set = ContractSet::with_ending("");
        let clock = call(&founder, "clock:bind").with(&CLOCK).with(7).with(BLOCK_HASH);
        self.bind(clock).unwrap();
        let bind = |function, terms: Value| call(&founder, function).with(&set).with(terms);
        self.bind(bind("users:bind", json!(terms.users))).unwrap();
        self.bind(bind("tokens:bind", json!(terms.tokens))).unwrap();
        self.bind(bind("devices:bind", json!(terms.devices))).unwrap();
        self.bind(bind("tasks:bind", json!(terms.tasks))).unwrap();
    }

    /// Has a chaincode initialised.
    pub(crate) fn bind(&mut self, call: Call<'_>) -> Told<()> {
        let (chaincode, function) = call.function.split_once(':').unwrap();
        let client = self.simulator.as_(call.who).to(chaincode).init();
        client.submit(function, call.arguments).map(drop).map_err(told)
    }

    /// Has a call committed.
    pub(crate) fn submit<T: DeserializeOwned>(&mut self, call: Call<'_>) -> Told<T> {
        let (chaincode, function) = call.function.split_once(':').unwrap();
        let client = self.simulator.as_(call.who).to(chaincode);
        let committed = client.submit(function, call.arguments).map_err(told)?;
        Ok(self.took_place(&committed))
    }

    /// Has a call endorsed, to be sent later.
    pub(crate) fn hold(&mut self, call: Call<'_>) -> Endorsed {
        let (chaincode, function) = call.function.split_once(':').unwrap();
        let client = self.simulator.as_(call.who).to(chaincode);
        client.endorse(function, call.arguments).unwrap()
    }

    /// Sends what was held, in one block.
    pub(crate) fn send(&mut self, held: impl IntoIterator<Item = Endorsed>) -> Vec<Told<()>> {
        let verdicts = self.simulator.commit(held).unwrap().into_iter();
        let told = verdicts.map(|verdict| match verdict {
            Ok(_) => Ok(()),
            Err(rejected) => Err(rejected.code.as_str_name().to_owned()),
        });
        let told = told.collect();
        self.assert_conserved();
        told
    }

    fn took_place<T: DeserializeOwned>(&mut self, committed: &Committed) -> T {
        let envelope =
            committed.event.as_ref().map(|event| EventEnvelope::decode(&event.payload).unwrap());
        let events = envelope.iter().flat_map(EventEnvelope::events);
        let told = events.map(|event| {
            let by = event.chaincode().map_or_else(String::new, ToString::to_string);
            (by, event.type_name().to_owned(), event.payload().clone())
        });
        self.events = told.collect();
        self.assert_conserved();
        read(&committed.result)
    }

    /// W-53: accounts, deposits, escrows and stock are the cap.
    fn assert_conserved(&self) {
        let mut sum = 0;
        for key in self.simulator.keys("tokens") {
            let Ok((kind, _)) = CompositeKey::split(key) else { continue };
            let value: Value =
                serde_json::from_slice(self.simulator.value("tokens", key).unwrap()).unwrap();
            sum += match kind {
                "tokens" | "tokens-note" | "stock" | "stock-note" => value.as_u64().unwrap(),
                "deposit" | "escrow" => value["amount"].as_u64().unwrap(),
                _ => 0,
            };
        }
        assert_eq!(sum, self.cap.units(), "all tokens are somewhere, and once");
    }

    /// All that lies on the ledger.
    pub(crate) fn state(&self) -> Vec<(String, Vec<u8>)> {
        let of = |name: &'static str| {
            let keys = self.simulator.keys(name).into_iter();
            keys.map(move |key| (key, self.simulator.value(name, key).unwrap().to_vec()))
                .map(move |(key, value)| (format!("{name} {key}"), value))
        };
        SET.into_iter().flat_map(of).collect()
    }

    /// How many entries of a type a chaincode has.
    pub(crate) fn entries(&self, chaincode: &str, kind: &str) -> usize {
        let keys = self.simulator.keys(chaincode).into_iter();
        keys.filter(|key| CompositeKey::split(key).is_ok_and(|(found, _)| found == kind)).count()
    }

    /// Asks.
    pub(crate) fn evaluate<T: DeserializeOwned>(&mut self, call: Call<'_>) -> Told<T> {
        let (chaincode, function) = call.function.split_once(':').unwrap();
        let client = self.simulator.as_(call.who).to(chaincode);
        client.evaluate(function, call.arguments).map(|answer| read(&answer)).map_err(told)
    }

    /// Asks with text arguments, as the founder.
    pub(crate) fn ask<T: DeserializeOwned>(&mut self, function: &str, arguments: &[&str]) -> T {
        let founder = self.founder.clone();
        let asked = arguments.iter().fold(call(&founder, function), |call, text| call.with(text));
        self.evaluate(asked).unwrap()
    }

    /// The present epoch.
    pub(crate) fn epoch(&self) -> u64 {
        self.epoch
    }

    /// Lets the next epoch begin.
    pub(crate) fn tick(&mut self) {
        self.now += 10;
        self.simulator.set_time(self.now);
        self.simulator.set_peers_time(self.now);
        let ticker = self.ticker.clone();
        let tick = call(&ticker, "clock:tick").with(self.epoch + 1).with(7).with(BLOCK_HASH);
        let (chaincode, function) = tick.function.split_once(':').unwrap();
        let client = self.simulator.as_(tick.who).to(chaincode);
        client.submit(function, tick.arguments).unwrap();
        self.epoch += 1;
    }

    /// Lets epochs begin until the given one.
    pub(crate) fn until(&mut self, epoch: u64) {
        while self.epoch < epoch {
            self.tick();
        }
    }
}

/// People and things.
impl World {
    /// A user with 100 tokens.
    pub(crate) fn user(&mut self, msp: &str, name: &str) -> Member {
        self.user_with(msp, name, 100)
    }

    pub(crate) fn user_with(&mut self, msp: &str, name: &str, tokens: u64) -> Member {
        let user = self.simulator.client(msp, name).unwrap();
        let _: Value = self.submit(call(&user, "users:register")).unwrap();
        if tokens > 0 {
            let (bank, amount) = (self.bank.clone(), whole(tokens));
            let issued = call(&bank, "tokens:issue").with(account(&user)).with(amount);
            let _: Value = self.submit(issued).unwrap();
            let bought = call(&user, "tokens:purchase").with(amount).with(amount);
            let _: Value = self.submit(bought).unwrap();
        }
        user
    }

    /// A device of a user's, with a key of its own.
    pub(crate) fn device(&mut self, owner: &Member, id: &str) -> Thing {
        let msp = owner.signer().msp_id().to_string();
        let thing = Thing {
            id: id.parse().unwrap(),
            member: self.simulator.client(&msp, &format!("key of {id}")).unwrap(),
        };
        let statement = InstallStatement {
            channel: CHANNEL.to_owned(),
            contract: "devices".to_owned(),
            device: thing.id.clone(),
            installs: 0,
            owner: account(owner),
            purpose: InstallStatement::PURPOSE.to_owned(),
        };
        let signature = sign(&thing.member, &statement);
        let point = hex::encode(thing.member.certificate().public_key_point());
        let key = KeyProof { public_key: PublicKey::try_from(point).unwrap(), signature };
        let new = NewDevice { id: thing.id.clone(), key };
        let _: Value = self.submit(call(owner, "devices:register").with(new)).unwrap();
        thing
    }

    pub(crate) fn tokens(&mut self, who: &Member) -> Amount {
        let account = account(who);
        self.ask::<Balance>("tokens:balance", &[account.as_str()]).tokens
    }

    pub(crate) fn escrow(&mut self, task: &str) -> Amount {
        self.ask("tokens:escrow", &[task])
    }

    pub(crate) fn reputation(&mut self, who: &Member) -> u64 {
        let account = account(who);
        self.ask("users:reputation", &[account.as_str()])
    }

    /// What the device would send for the task, signed.
    pub(crate) fn result(
        &mut self,
        thing: &Thing,
        task: &str,
        readings: &[(&str, i64)],
    ) -> ResultObject {
        let task: Task = self.ask("tasks:task", &[task]);
        let mut result = ResultObject {
            cid: "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku".to_owned(),
            ciphertext_sha256: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
                .to_owned(),
            readings: readings.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect(),
            signature: String::new(),
            size: 7,
            task_key: "d1".repeat(32),
        };
        result.signature = sign(&thing.member, &Statement::of(CHANNEL, "tasks", &task, &result));
        result
    }

    /// The metrics by which a device's readings are kept.
    pub(crate) fn means(&mut self, thing: &Thing) -> BTreeMap<String, (i64, u64, u32)> {
        let page: Value = self.ask("tasks:averages", &[thing.id.as_str(), "100", ""]);
        let means = page["values"].as_array().unwrap().iter().map(|mean| {
            let number = |field: &str| mean[field].as_i64().unwrap();
            let count = u32::try_from(number("count")).unwrap();
            let deviation = u64::try_from(number("deviation_milli")).unwrap();
            (mean["metric"].as_str().unwrap().to_owned(), (number("mean_milli"), deviation, count))
        });
        means.collect()
    }
}

/// A device: what it is called, and who signs for it.
#[derive(Clone)]
pub(crate) struct Thing {
    pub(crate) id: DeviceId,
    pub(crate) member: Member,
}

/// The address of somebody's key.
pub(crate) fn account(member: &Member) -> AccountId {
    member.certificate().address().parse().unwrap()
}

/// Somebody's signature over a statement, in hexadecimal.
pub(crate) fn sign(member: &Member, statement: &impl Serialize) -> String {
    hex::encode(member.signer().sign(&canonical::to_vec(statement).unwrap()).unwrap())
}

fn read<T: DeserializeOwned>(answer: &[u8]) -> T {
    let text = || Value::String(String::from_utf8_lossy(answer).into_owned());
    let value = match answer {
        [] => Value::Null,
        answer => serde_json::from_slice(answer).unwrap_or_else(|_| text()),
    };
    serde_json::from_value(value).unwrap()
}

fn told(failure: Failure) -> String {
    match failure {
        Failure::Refused(ref refused) => {
            ContractError::split_text(&refused.message).0.unwrap_or(&refused.message).to_owned()
        }
        Failure::Rejected(ref rejected) => rejected.code.as_str_name().to_owned(),
        Failure::Diverged(_) | Failure::Fault(_) => panic!("{failure}"),
    }
}

const SET: [&str; 5] = ["clock", "devices", "tasks", "tokens", "users"];

const CHANNEL: &str = "mychannel";

const START: i64 = 1_800_000_000;

const BLOCK_HASH: &str = "abababababababababababababababababababababababababababababababab";

const CLOCK: ClockTerms =
    ClockTerms { ahead_ms: 10_000, behind_ms: 60_000, interval_ms: 10_000, tolerance_ms: 0 };
