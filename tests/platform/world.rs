//! A platform on a stage: the set, those who run it, and the people and devices of a story.

use std::collections::BTreeMap;

use pervade_chaincode::Chaincode;
use pervade_clock::rules::Terms as ClockTerms;
use pervade_devices::record::{DeviceId, DeviceTerms, InstallStatement, NewDevice};
use pervade_platform::{AccountId, Amount, ContractSet};
use pervade_tasks::record::{Kind, NewTask, ResultObject, Statement, Task, TaskTerms, TaskType};
use pervade_tokens::record::{Balance, FeeTo, TokenTerms};
use pervade_users::record::UserTerms;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::stage::{Actor, Call, Enrolment, Held, Stage, Told};

pub(crate) const ORG1: &str = "Org1MSP";
pub(crate) const ORG2: &str = "Org2MSP";
pub(crate) const ORG3: &str = "Org3MSP";
pub(crate) const ORGS: [&str; 3] = [ORG1, ORG2, ORG3];

/// A bound set, and the stage it plays on.
pub(crate) struct World<S> {
    pub(crate) stage: S,
    pub(crate) set: ContractSet,
    pub(crate) founder: Actor,
    pub(crate) ticker: Actor,
    pub(crate) bank: Actor,
    /// The present epoch.
    pub(crate) epoch: u64,
}

/// A device: its own key, and what the ledger calls it.
#[derive(Clone, Debug)]
pub(crate) struct Thing {
    pub(crate) actor: Actor,
    pub(crate) id: DeviceId,
}

/// Terms that a test may change before the set is bound.
#[derive(Clone, Debug)]
pub(crate) struct AllTerms {
    pub(crate) users: UserTerms,
    pub(crate) tokens: TokenTerms,
    pub(crate) devices: DeviceTerms,
    pub(crate) tasks: TaskTerms,
}

impl Default for AllTerms {
    fn default() -> Self {
        Self {
            users: UserTerms {
                full_reward_tasks: 8,
                initial_reputation: 1,
                literal_reputation: false,
            },
            tokens: TokenTerms {
                bank: ORG1.to_owned(),
                cap: whole(1_000_000),
                fee_to: FeeTo::Stock,
                price: whole(2),
                symbol: "PVD".to_owned(),
            },
            devices: DeviceTerms {
                backlog: 4,
                deposit: whole(5),
                fault_limit: 3,
                fault_window: 100,
                slash: whole(2),
            },
            tasks: TaskTerms {
                decline_forfeit_permille: 100,
                decline_window: 3,
                fee: whole(1),
                keeper_fee: Amount::new(50_000).unwrap(),
                limit_max: 1_000,
                reward_min: whole(1),
                window_min: 2,
            },
        }
    }
}

/// So many whole tokens.
pub(crate) fn whole(tokens: u64) -> Amount {
    Amount::whole(tokens).unwrap()
}

/// What an identity must say of those who run a platform.
const FOUNDER: &[(&str, &str)] = &[("platform.init", "true"), ("platform.types", "true")];
const TICKER: &[(&str, &str)] = &[("platform.ticker", "true")];
const BANK: &[(&str, &str)] = &[("bank.issuer", "true")];

/// The clock's terms; tickers may be far from endorsers' time, so that a story need not wait.
pub(crate) const CLOCK: ClockTerms =
    ClockTerms { ahead_ms: 120_000, behind_ms: 120_000, interval_ms: 10_000, tolerance_ms: 5_000 };

/// A block's hash that a ticker claims to have seen.
pub(crate) const BLOCK_HASH: &str =
    "abababababababababababababababababababababababababababababababab";

impl<S: Stage> World<S> {
    /// Binds the set whose names have this ending.
    pub(crate) fn found(stage: S, ending: &str, terms: &AllTerms) -> Self {
        let mut world = Self::unbound(stage, ending);
        world.bind_all(terms).unwrap();
        world
    }

    /// Those who run a platform that is not bound yet.
    pub(crate) fn unbound(mut stage: S, ending: &str) -> Self {
        let enrolment = Enrolment::client(ORG1);
        let founder = stage.enrol(&format!("founder{ending}"), enrolment.with(FOUNDER));
        let ticker = stage.enrol(&format!("ticker{ending}"), enrolment.with(TICKER));
        let bank = stage.enrol(&format!("bank{ending}"), enrolment.with(BANK));
        let set = ContractSet::with_ending(ending);
        Self { stage, set, founder, ticker, bank, epoch: 0 }
    }

    pub(crate) fn bind_all(&mut self, terms: &AllTerms) -> Result<(), String> {
        let set = self.set.clone();
        let founder = self.founder.clone();
        let clock = Call::new(&founder, &set.clock, "bind").arg(&CLOCK).arg(1).arg(BLOCK_HASH);
        self.stage.submit(&clock.init())?;
        let bind = |name: &str, terms: Value| {
            Call::new(&founder, name, "bind").arg(&set).arg(terms).init()
        };
        self.stage.submit(&bind(&set.users, json!(terms.users)))?;
        self.stage.submit(&bind(&set.tokens, json!(terms.tokens)))?;
        self.stage.submit(&bind(&set.devices, json!(terms.devices)))?;
        self.stage.submit(&bind(&set.tasks, json!(terms.tasks)))?;
        Ok(())
    }

    /// Lets an epoch begin.
    pub(crate) fn tick(&mut self) {
        self.stage.pass(6);
        let ticker = self.ticker.clone();
        let told = self.tick_as(&ticker, self.epoch + 1);
        assert_eq!(
            told.map(|marker| marker["number"].clone()),
            Ok(json!(self.epoch + 1)),
            "ticked"
        );
        self.epoch += 1;
    }

    /// Lets several epochs begin.
    pub(crate) fn ticks(&mut self, epochs: u64) {
        (0..epochs).for_each(|_| self.tick());
    }

    pub(crate) fn tick_as(&mut self, who: &Actor, number: u64) -> Told {
        let call = Call::new(who, &self.set.clock, "tick").arg(number).arg(1).arg(BLOCK_HASH);
        self.stage.submit(&call)
    }

    /// A new user with some tokens.
    pub(crate) fn user(&mut self, name: &str, msp: &str, tokens: u64) -> Actor {
        let user = self.stage.enrol(name, Enrolment::client(msp));
        self.register(&user).unwrap();
        self.fund(&user, whole(tokens));
        user
    }

    pub(crate) fn register(&mut self, who: &Actor) -> Told {
        self.stage.submit(&Call::new(who, &self.set.users, "register"))
    }

    /// Has the bank issue the money for so many tokens, and the user buy them.
    pub(crate) fn fund(&mut self, user: &Actor, tokens: Amount) {
        if tokens.is_zero() {
            return;
        }
        let cost = tokens.cost_at(whole(2)).unwrap();
        let bank = self.bank.clone();
        let issue = Call::new(&bank, &self.set.tokens, "issue").arg(user.account()).arg(cost);
        self.stage.submit(&issue).unwrap();
        let purchase = Call::new(user, &self.set.tokens, "purchase").arg(tokens).arg(cost);
        self.stage.submit(&purchase).unwrap();
    }

    /// A new device of a user's, with a key of its own.
    pub(crate) fn device(&mut self, owner: &Actor, id: &str) -> Thing {
        let actor = self.stage.enrol(id, Enrolment::client(&owner.msp));
        let thing = Thing { actor, id: id.parse().unwrap() };
        self.install(owner, &thing).unwrap();
        thing
    }

    pub(crate) fn install(&mut self, owner: &Actor, thing: &Thing) -> Told {
        let key = thing.actor.prove(&self.installation(owner, thing, 0));
        let device = NewDevice { id: thing.id.clone(), key };
        self.stage.submit(&Call::new(owner, &self.set.devices, "register").arg(&device))
    }

    /// What a device signs when it is installed.
    pub(crate) fn installation(
        &self,
        owner: &Actor,
        thing: &Thing,
        installs: u32,
    ) -> InstallStatement {
        InstallStatement {
            channel: self.stage.channel(),
            contract: self.set.devices.clone(),
            device: thing.id.clone(),
            installs,
            owner: owner.account(),
            purpose: InstallStatement::PURPOSE.to_owned(),
        }
    }

    /// Defines a type of task.
    pub(crate) fn define(&mut self, task_type: &TaskType) -> Told {
        let founder = self.founder.clone();
        self.stage.submit(&Call::new(&founder, &self.set.tasks, "define_type").arg(task_type))
    }

    /// Has a task created; tells its id.
    pub(crate) fn create(&mut self, creator: &Actor, task: &NewTask) -> Result<String, String> {
        let call = Call::new(creator, &self.set.tasks, "create").arg(task).arg(self.epoch);
        let created = self.stage.submit(&call)?;
        Ok(created["id"].as_str().unwrap().to_owned())
    }

    pub(crate) fn accept(&mut self, who: &Actor, task: &str, device: &DeviceId) -> Told {
        let call = Call::new(who, &self.set.tasks, "accept").arg(task).arg(device).arg(self.epoch);
        self.stage.submit(&call)
    }

    /// Calls a function of a task with the present epoch: `decline`, `release`, `settle`, `reject`.
    pub(crate) fn with_epoch(&mut self, who: &Actor, function: &'static str, task: &str) -> Told {
        let call = Call::new(who, &self.set.tasks, function).arg(task).arg(self.epoch);
        self.stage.submit(&call)
    }

    /// Calls a function of a task: `expire`.
    pub(crate) fn on(&mut self, who: &Actor, function: &'static str, task: &str) -> Told {
        self.stage.submit(&Call::new(who, &self.set.tasks, function).arg(task))
    }

    pub(crate) fn vote(
        &mut self,
        who: &Actor,
        task: &str,
        confirmed: bool,
        statement: &str,
    ) -> Told {
        let call = Call::new(who, &self.set.tasks, "vote").arg(task).arg(confirmed).arg(statement);
        self.stage.submit(&call)
    }

    /// A result of the device's for the task, signed.
    pub(crate) fn result(
        &mut self,
        thing: &Thing,
        task: &str,
        readings: &[(&str, i64)],
    ) -> ResultObject {
        let task: Task = self.ask(&self.set.tasks.clone(), "task", &[task]).unwrap();
        let statement = self.statement(&task, readings);
        signed(thing, statement)
    }

    /// What a device would say of a file for the task.
    pub(crate) fn statement(&self, task: &Task, readings: &[(&str, i64)]) -> Statement {
        let file = format!("sealed for {}", task.id);
        let digest: [u8; 32] = Sha256::digest(&file).into();
        Statement {
            channel: self.stage.channel(),
            cid: raw_cid(&digest),
            ciphertext_sha256: hex::encode(digest),
            contract: self.set.tasks.clone(),
            creator_key: task.encryption_key.clone(),
            readings: readings.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect(),
            size: u64::try_from(file.len()).unwrap(),
            task: task.id.clone(),
            task_key: hex::encode(Sha256::digest(format!("key for {}", task.id))),
        }
    }

    pub(crate) fn complete(&mut self, thing: &Thing, task: &str, result: &ResultObject) -> Told {
        let call = self.completion(thing, task, result);
        self.stage.submit(&call)
    }

    pub(crate) fn completion<'a>(
        &self,
        thing: &'a Thing,
        task: &str,
        result: &ResultObject,
    ) -> Call<'a> {
        let call = Call::new(&thing.actor, &self.set.tasks, "complete");
        call.arg(task).arg(result).arg(self.epoch)
    }

    /// Has a function of a chaincode called.
    pub(crate) fn calls(
        &mut self,
        who: &Actor,
        chaincode: &str,
        function: &'static str,
        arguments: &[String],
    ) -> Told {
        let call = Call::new(who, chaincode, function);
        self.stage.submit(&arguments.iter().fold(call, |call, argument| call.arg(argument)))
    }

    /// Has the call endorsed now, and sent later.
    pub(crate) fn hold(&mut self, call: &Call<'_>) -> Held {
        self.stage.hold(call).unwrap()
    }

    /// Asks as the founder.
    pub(crate) fn ask<T: DeserializeOwned>(
        &mut self,
        chaincode: &str,
        function: &str,
        arguments: &[&str],
    ) -> Result<T, String> {
        let founder = self.founder.clone();
        let call = Call::new(&founder, chaincode, function);
        let call = arguments.iter().fold(call, |call, argument| call.arg(argument));
        Ok(serde_json::from_value(self.stage.evaluate(&call)?).unwrap())
    }

    /// Tokens of an account.
    pub(crate) fn tokens(&mut self, account: &AccountId) -> Amount {
        let set = self.set.clone();
        self.ask::<Balance>(&set.tokens, "balance", &[account.as_str()]).unwrap().tokens
    }

    pub(crate) fn reputation(&mut self, account: &AccountId) -> u64 {
        let set = self.set.clone();
        self.ask(&set.users, "reputation", &[account.as_str()]).unwrap()
    }

    /// All that lies under the names of the set, where the stage can tell.
    pub(crate) fn state(&self) -> Option<Vec<(String, Vec<u8>)>> {
        let ContractSet { clock, devices, tasks, tokens, users } = self.set.clone();
        self.stage.state(&[clock, devices, tasks, tokens, users])
    }
}

/// A statement with the device's signature, as a result.
pub(crate) fn signed(thing: &Thing, statement: Statement) -> ResultObject {
    let signature = thing.actor.sign(&statement);
    let Statement { cid, ciphertext_sha256, readings, size, task_key, .. } = statement;
    ResultObject { cid, ciphertext_sha256, readings, signature, size, task_key }
}

/// The content identifier of a file of one block: CID version 1, raw, SHA-256.
pub(crate) fn raw_cid(digest: &[u8; 32]) -> String {
    let bytes = [&[1, 0x55, 0x12, 32][..], digest].concat();
    let mut text = "b".to_owned();
    let (mut bits, mut count) = (0_u32, 0_u32);
    for byte in bytes {
        bits = bits << 8 | u32::from(byte);
        count += 8;
        while count >= 5 {
            count -= 5;
            text.push(char::from(BASE32[(bits >> count & 31) as usize]));
        }
        bits &= (1 << count) - 1;
    }
    if count > 0 {
        text.push(char::from(BASE32[(bits << (5 - count) & 31) as usize]));
    }
    text
}

const BASE32: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

/// The five chaincodes of a set.
pub(crate) fn chaincodes(ending: &str) -> Vec<Chaincode> {
    let ContractSet { clock, devices, tasks, tokens, users } = ContractSet::with_ending(ending);
    vec![
        pervade_clock::chaincode(clock.parse().unwrap()),
        pervade_users::chaincode(users.parse().unwrap()),
        pervade_tokens::chaincode(tokens.parse().unwrap()),
        pervade_devices::chaincode(devices.parse().unwrap()),
        pervade_tasks::chaincode(tasks.parse().unwrap()),
    ]
}

/// A task that anyone may perform.
pub(crate) fn public(reward: Amount, limit: u64) -> NewTask {
    NewTask {
        device: None,
        encryption_key: "5e".repeat(32),
        kind: Kind::Public,
        limit,
        minimum_reputation: 0,
        parameters: "{}".to_owned(),
        respondent: None,
        reward,
        type_name: PLAIN.to_owned(),
    }
}

/// A task for a known device.
pub(crate) fn assigned(to: &Actor, thing: &Thing, reward: Amount, limit: u64) -> NewTask {
    NewTask {
        device: Some(thing.id.clone()),
        kind: Kind::Assigned,
        respondent: Some(to.account()),
        ..public(reward, limit)
    }
}

/// The type whose results need form and signature alone.
pub(crate) const PLAIN: &str = "plain";

/// A type that judges nothing but form and signature.
pub(crate) fn plain() -> TaskType {
    TaskType {
        acceptance: None,
        averages: BTreeMap::new(),
        limits: BTreeMap::new(),
        name: PLAIN.to_owned(),
        version: 1,
        votes: None,
    }
}
