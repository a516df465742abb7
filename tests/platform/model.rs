//! Random steps of many users, against a plain model of what should come of them.
//!
//! `PERVADE_STEPS` says how many steps there are, `PERVADE_SEED` repeats a run.

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::io::{self, Write as _};

use pervade_chaincode::CompositeKey;
use pervade_platform::Amount;
use pervade_tasks::record::{Kind, NewTask, TaskType};
use pervade_tests::random::{self, Random};
use serde_json::Value;

use crate::simulated::Simulated;
use crate::stage::Actor;
use crate::world::{AllTerms, ORG1, PLAIN, Thing, World, chaincodes, plain, public};

/// W-48, W-51, W-53, D-19: whatever users do, in whatever order, the ledger and the model say the same after every
/// step; tokens are neither made nor lost, escrows are exact, and nothing is below zero.
#[test]
fn random_steps_come_to_what_the_model_says() {
    let steps: u64 = env::var("PERVADE_STEPS").map_or(2_000, |text| text.parse().unwrap());
    let seed = random::seed().unwrap();
    writeln!(io::stderr(), "{}={seed}, {steps} steps", random::SEED).unwrap();
    let mut tally = BTreeMap::<String, u64>::new();
    let mut done = 0;
    while done < steps {
        // What ended stays on the ledger for ever: a new platform now and then keeps it small.
        let steps_here = STEPS_OF_A_PLATFORM.min(steps - done);
        Walk::new(Random::new(seed.wrapping_add(done))).walk(steps_here, &mut tally);
        done += steps_here;
    }
    let told: Vec<String> = tally.iter().map(|(code, times)| format!("{code} {times}")).collect();
    writeln!(io::stderr(), "{}", told.join(", ")).unwrap();
    let expected =
        ["done", "INSUFFICIENT_TOKENS", "LOW_REPUTATION", "TASK_EXPIRED", "BACKLOG_FULL"];
    assert!(steps < 2_000 || expected.iter().all(|code| tally.contains_key(*code)), "{tally:?}");
}

const STEPS_OF_A_PLATFORM: u64 = 5_000;

const USERS: usize = 6;
const DEVICES: usize = 8;
/// Base units of a token.
const ONE: u64 = Amount::WHOLE;
const FEE: u64 = ONE;
const KEEPER_FEE: u64 = 50_000;
const DEPOSIT: u64 = 5 * ONE;
const BEGINNING: u64 = 200;
const WINDOW_MIN: u64 = 2;
const DECLINE_WINDOW: u64 = 3;
const ACCEPTANCE: u64 = 2;
const BACKLOG: usize = 2;
const FULL_REWARD: u64 = 8;
const LIKED: &str = "liked";

/// A platform, its model, and what happens next.
struct Walk {
    random: Random,
    world: World<Simulated>,
    users: Vec<Actor>,
    devices: Vec<Thing>,
    model: Model,
    ended: Option<String>,
}

/// What there should be.
#[derive(Clone, Debug, Default)]
struct Model {
    tokens: Vec<u64>,
    reputation: Vec<u64>,
    active: Vec<bool>,
    backlog: Vec<BTreeSet<String>>,
    tasks: BTreeMap<String, Known>,
    pairs: BTreeMap<(usize, usize), u64>,
    epoch: u64,
}

#[derive(Clone, Debug)]
struct Known {
    creator: usize,
    /// Respondent and device, named or accepted.
    by: Option<(usize, usize)>,
    is_public: bool,
    reward: u64,
    minimum: u64,
    expires: u64,
    liked: bool,
    /// Epoch, stake and points of the acceptance.
    accepted: Option<(u64, u64, (u64, u64))>,
    submitted: Option<u64>,
}

#[derive(Clone, Debug)]
enum Step {
    Tick,
    Create {
        who: usize,
        limit: u64,
        reward: u64,
        minimum: u64,
        liked: bool,
        to: Option<(usize, usize)>,
    },
    Accept {
        who: usize,
        task: String,
        device: usize,
    },
    Complete {
        device: usize,
        task: String,
    },
    Decline {
        who: usize,
        task: String,
    },
    Release {
        who: usize,
        task: String,
    },
    Expire {
        who: usize,
        task: String,
    },
    Settle {
        who: usize,
        task: String,
    },
    Reject {
        who: usize,
        task: String,
    },
    Pay {
        who: usize,
        to: usize,
        amount: u64,
    },
    SetActive {
        who: usize,
        device: usize,
        active: bool,
    },
}

impl Walk {
    fn new(random: Random) -> Self {
        let stage = Simulated::new(&[ORG1], chaincodes(""));
        let mut terms = AllTerms::default();
        terms.devices.backlog = u32::try_from(BACKLOG).unwrap();
        let mut world = World::found(stage, "", &terms);
        world.define(&plain()).unwrap();
        let liked = TaskType { acceptance: Some(ACCEPTANCE), name: LIKED.to_owned(), ..plain() };
        world.define(&liked).unwrap();
        let users: Vec<Actor> =
            (0..USERS).map(|at| world.user(&format!("user-{at}"), ORG1, BEGINNING)).collect();
        let devices: Vec<Thing> = (0..DEVICES)
            .map(|at| world.device(&users[at % USERS], &format!("device-{at}")))
            .collect();
        let mut model = Model {
            tokens: vec![BEGINNING * ONE; USERS],
            reputation: vec![1; USERS],
            active: vec![true; DEVICES],
            backlog: vec![BTreeSet::new(); DEVICES],
            ..Model::default()
        };
        (0..DEVICES).for_each(|at| model.tokens[at % USERS] -= DEPOSIT);
        Self { random, world, users, devices, model, ended: None }
    }

    fn walk(&mut self, steps: u64, tally: &mut BTreeMap<String, u64>) {
        for number in 0..steps {
            let step = self.next();
            let told = self.take(&step).map_err(|code| code.clone());
            let mut after = self.model.clone();
            let id = told.as_ref().ok().cloned().unwrap_or_default();
            let expected = after.take(&step, &id);
            let code = told.err().unwrap_or_else(|| "done".to_owned());
            let predicted = expected.err().map_or_else(|| "done".to_owned(), str::to_owned);
            assert_eq!(code, predicted, "step {number}: {step:?}\n{:#?}", self.model);
            if code == "done" {
                let before = std::mem::replace(&mut self.model, after);
                let gone = before.tasks.into_keys().find(|id| !self.model.tasks.contains_key(id));
                self.ended = gone.or(self.ended.take());
            }
            *tally.entry(code).or_default() += 1;
            self.compare(number, &step);
        }
    }

    fn next(&mut self) -> Step {
        let who = self.random.below(USERS);
        let creator = |known: &Known| Some(known.creator);
        match self.random.below(100) {
            0..5 => Step::Tick,
            5..33 => self.creation(who),
            33..55 => self.acceptance(who),
            55..68 => {
                let task = self.task(|known, epoch| known.is_under_way() && epoch <= known.expires);
                let by = self.model.tasks.get(&task).and_then(|known| known.by);
                let by = by.filter(|_| self.random.happens(90));
                let device = by.map_or_else(|| self.random.below(DEVICES), |by| by.1);
                Step::Complete { device, task }
            }
            68..72 => {
                let task = self.task(|known, _| known.is_under_way());
                let who = self.part(&task, who, |known| known.by.map(|by| by.0));
                Step::Decline { who, task }
            }
            72..75 => {
                let task = self.task(|known, _| known.accepted.is_none());
                Step::Release { who: self.part(&task, who, creator), task }
            }
            75..84 => {
                let is_due =
                    |known: &Known, epoch| known.submitted.is_none() && epoch > known.expires;
                Step::Expire { who, task: self.task(is_due) }
            }
            84..90 => {
                let task = self.task(|known, _| known.submitted.is_some());
                Step::Settle { who: self.part(&task, who, creator), task }
            }
            90..92 => {
                let task = self.task(|known, _| known.submitted.is_some());
                Step::Reject { who: self.part(&task, who, creator), task }
            }
            92..97 => {
                let (to, amount) = (self.random.below(USERS), self.random.number() % (20 * ONE));
                Step::Pay { who, to, amount }
            }
            _ => {
                let device = self.random.below(DEVICES);
                let who = if self.random.happens(80) { device % USERS } else { who };
                Step::SetActive { who, device, active: self.random.happens(80) }
            }
        }
    }

    fn acceptance(&mut self, who: usize) -> Step {
        let is_open =
            |known: &Known, epoch| known.accepted.is_none() && epoch + WINDOW_MIN <= known.expires;
        let task = self.task(is_open);
        let named = self.model.tasks.get(&task).and_then(|known| known.by);
        if let Some((who, device)) = named.filter(|_| self.random.happens(80)) {
            return Step::Accept { who, task, device };
        }
        let device = self.random.below(DEVICES);
        let who = if self.random.happens(90) { device % USERS } else { who };
        Step::Accept { who, task, device }
    }

    fn creation(&mut self, who: usize) -> Step {
        let device = self.random.below(DEVICES);
        let to = match self.random.below(10) {
            0..6 => None,
            6..8 => Some((device % USERS, device)),
            8 => Some((who, device)),
            _ => {
                let own = (0..DEVICES).find(|device| device % USERS == who).unwrap_or_default();
                Some((who, own))
            }
        };
        Step::Create {
            who,
            limit: *self.random.one_of(&[2, 3, 4, 6, 9]).unwrap(),
            reward: *self.random.one_of(&[0, ONE, ONE + 1, 3 * ONE + 333_333, 40 * ONE]).unwrap(),
            minimum: *self.random.one_of(&[0, 0, 1, 3, 30]).unwrap(),
            liked: self.random.happens(30),
            to,
        }
    }

    /// A task that the step is for, mostly; now and then another one, one that has ended, or one that
    /// never was.
    fn task(&mut self, fits: fn(&Known, u64) -> bool) -> String {
        let unknown = || "0".repeat(64);
        if self.random.happens(3) {
            return self.ended.clone().unwrap_or_else(unknown);
        }
        let is_any = self.random.happens(15);
        let known = self.model.tasks.iter();
        let fitting = known.filter(|(_, known)| is_any || fits(known, self.model.epoch));
        let mut fitting: Vec<&String> = fitting.map(|(id, _)| id).collect();
        if fitting.is_empty() {
            fitting = self.model.tasks.keys().collect();
        }
        self.random.one_of(&fitting).map_or_else(unknown, |id| (*id).clone())
    }

    fn part(&mut self, task: &str, other: usize, part: fn(&Known) -> Option<usize>) -> usize {
        let found = self.model.tasks.get(task).and_then(part);
        found.filter(|_| self.random.happens(85)).unwrap_or(other)
    }

    /// Has the step done on the ledger; tells the task's id where one is created.
    fn take(&mut self, step: &Step) -> Result<String, String> {
        let Self { world, users, devices, .. } = self;
        let told = match step {
            Step::Tick => {
                world.tick();
                return Ok(String::new());
            }
            Step::Create { who, limit, reward, minimum, liked, to } => {
                let amount = Amount::new(*reward).unwrap();
                let new = NewTask {
                    device: to.map(|(_, device)| devices[device].id.clone()),
                    kind: if to.is_some() { Kind::Assigned } else { Kind::Public },
                    minimum_reputation: *minimum,
                    respondent: to.map(|(user, _)| users[user].account()),
                    type_name: if *liked { LIKED } else { PLAIN }.to_owned(),
                    ..public(amount, *limit)
                };
                return world.create(&users[*who], &new);
            }
            Step::Accept { who, task, device } => {
                world.accept(&users[*who], task, &devices[*device].id)
            }
            Step::Complete { device, task } => {
                let thing = &devices[*device];
                let result = match world.ask::<Value>("tasks", "task", &[task]) {
                    Ok(_) => world.result(thing, task, &[]),
                    Err(code) => return Err(code),
                };
                world.complete(thing, task, &result)
            }
            Step::Decline { who, task } => world.with_epoch(&users[*who], "decline", task),
            Step::Release { who, task } => world.with_epoch(&users[*who], "release", task),
            Step::Expire { who, task } => world.on(&users[*who], "expire", task),
            Step::Settle { who, task } => world.with_epoch(&users[*who], "settle", task),
            Step::Reject { who, task } => world.with_epoch(&users[*who], "reject", task),
            Step::Pay { who, to, amount } => {
                let to = users[*to].account().to_string();
                world.calls(&users[*who], "tokens", "pay", &[to, amount.to_string(), String::new()])
            }
            Step::SetActive { who, device, active } => {
                let id = devices[*device].id.to_string();
                world.calls(&users[*who], "devices", "set_active", &[id, active.to_string()])
            }
        };
        told.map(|_| String::new())
    }

    /// Whether the ledger has what the model has.
    fn compare(&mut self, number: u64, step: &Step) {
        let at = || format!("step {number}: {step:?}");
        let mut total = 0;
        let (mut escrows, mut held) = (BTreeMap::new(), BTreeMap::<String, u64>::new());
        let simulator = &self.world.stage.simulator;
        for key in simulator.keys("tokens") {
            let Ok((kind, parts)) = CompositeKey::split(key) else { continue };
            let value: Value =
                serde_json::from_slice(simulator.value("tokens", key).unwrap()).unwrap();
            match kind {
                "stock" | "stock-note" => total += value.as_u64().unwrap(),
                "tokens" | "tokens-note" => {
                    *held.entry(parts[0].to_owned()).or_default() += value.as_u64().unwrap();
                }
                "deposit" => total += value["amount"].as_u64().unwrap(),
                "escrow" => {
                    escrows.insert(parts[0].to_owned(), value["amount"].as_u64().unwrap());
                }
                _ => {}
            }
        }
        let expected = self.model.tasks.iter().map(|(id, known)| (id.clone(), known.escrow()));
        assert_eq!(escrows, expected.collect(), "escrows after {}", at());
        let accounts = self.users.iter().map(|user| user.account().to_string());
        let expected: BTreeMap<_, _> = accounts.zip(self.model.tokens.iter().copied()).collect();
        held.retain(|_, amount| *amount > 0);
        let expected: BTreeMap<_, _> =
            expected.into_iter().filter(|(_, amount)| *amount > 0).collect();
        assert_eq!(held, expected, "balances after {}", at());
        total += held.values().sum::<u64>() + escrows.values().sum::<u64>();
        assert_eq!(total, 1_000_000 * ONE, "tokens after {}", at());
        if number.is_multiple_of(REPUTATION_EVERY) {
            let users = self.users.clone();
            let told: Vec<u64> =
                users.iter().map(|user| self.world.reputation(&user.account())).collect();
            assert_eq!(told, self.model.reputation, "reputations after {}", at());
        }
    }
}

/// How often reputations are compared, which have to be asked for.
const REPUTATION_EVERY: u64 = 50;

impl Known {
    fn is_under_way(&self) -> bool {
        self.accepted.is_some() && self.submitted.is_none()
    }

    fn escrow(&self) -> u64 {
        self.reward + KEEPER_FEE + self.accepted.map_or(0, |(_, stake, _)| stake)
    }
}

type Expected = Result<(), &'static str>;

impl Model {
    /// What should come of a step. A step that is refused may leave the model changed.
    fn take(&mut self, step: &Step, id: &str) -> Expected {
        match step.clone() {
            Step::Tick => {
                self.epoch += 1;
                Ok(())
            }
            Step::Create { who, limit, reward, minimum, liked, to } => {
                let expires = self.epoch + limit;
                let is_public = to.is_none();
                let known = Known {
                    creator: who,
                    by: to,
                    is_public,
                    reward,
                    minimum,
                    expires,
                    liked,
                    accepted: None,
                    submitted: None,
                };
                self.create(id, limit, known)
            }
            Step::Accept { who, task, device } => self.accept(who, &task, device),
            Step::Complete { device, task } => self.complete(&task, device),
            Step::Decline { who, task } => self.decline(who, &task),
            Step::Release { who, task } => self.release(who, &task),
            Step::Expire { who, task } => {
                let known = self.known(&task)?;
                require(known.submitted.is_none(), "TASK_PENDING")?;
                require(self.epoch > known.expires, "TASK_NOT_EXPIRED")?;
                self.end(&task, (None, who))
            }
            Step::Settle { who, task } => {
                let known = self.known(&task)?;
                let submitted = known.submitted.ok_or("TASK_NOT_PENDING")?;
                require(who == known.creator || self.epoch > submitted + ACCEPTANCE, "TOO_EARLY")?;
                self.end(&task, (Some(true), who))
            }
            Step::Reject { who, task } => {
                let known = self.known(&task)?;
                require(known.creator == who, "NOT_CREATOR")?;
                let submitted = known.submitted.ok_or("TASK_NOT_PENDING")?;
                require(self.epoch <= submitted + ACCEPTANCE, "TOO_LATE")?;
                self.end(&task, (Some(false), known.creator))
            }
            Step::Pay { who, to, amount } => {
                require(amount > 0, "NO_AMOUNT")?;
                self.pay(who, amount)?;
                self.tokens[to] += amount;
                Ok(())
            }
            Step::SetActive { who, device, active } => {
                require(device % USERS == who, "NOT_DEVICE_OWNER")?;
                self.active[device] = active;
                Ok(())
            }
        }
    }

    fn create(&mut self, id: &str, limit: u64, known: Known) -> Expected {
        require(limit > WINDOW_MIN, "BAD_TIME_LIMIT")?;
        let is_own = known.by.is_some_and(|(user, _)| user == known.creator);
        require(known.reward >= ONE || (is_own && known.reward == 0), "BAD_REWARD")?;
        if let Some((user, device)) = known.by {
            require(device % USERS == user, "NOT_DEVICE_OWNER")?;
            require(self.active[device], "DEVICE_INACTIVE")?;
        }
        self.pay(known.creator, known.reward + KEEPER_FEE + FEE)?;
        self.tasks.insert(id.to_owned(), known);
        Ok(())
    }

    fn accept(&mut self, who: usize, task: &str, device: usize) -> Expected {
        let mut known = self.known(task)?;
        require(known.accepted.is_none(), "TASK_LOCKED")?;
        require(self.epoch <= known.expires - WINDOW_MIN, "TASK_EXPIRED")?;
        require(known.by.is_none_or(|by| by == (who, device)), "NOT_DESIGNATED")?;
        require(self.reputation[who] >= known.minimum, "LOW_REPUTATION")?;
        require(device % USERS == who, "NOT_DEVICE_OWNER")?;
        require(self.active[device], "DEVICE_INACTIVE")?;
        require(self.backlog[device].len() < BACKLOG, "BACKLOG_FULL")?;
        let stake = known.reward.div_ceil(2);
        self.pay(who, stake)?;
        let together = self.pairs.entry((known.creator, who)).or_default();
        *together += 1;
        let is_rewarded = *together <= FULL_REWARD || together.is_power_of_two();
        let points = if known.creator != who && is_rewarded { (1, 2) } else { (0, 0) };
        known.by = Some((who, device));
        known.accepted = Some((self.epoch, stake, points));
        self.backlog[device].insert(task.to_owned());
        self.tasks.insert(task.to_owned(), known);
        Ok(())
    }

    fn complete(&mut self, task: &str, device: usize) -> Expected {
        let mut known = self.known(task)?;
        let is_deliverer = known.accepted.is_some() && known.by.is_some_and(|by| by.1 == device);
        require(is_deliverer, "NOT_DELIVERER")?;
        require(known.submitted.is_none(), "TASK_PENDING")?;
        require(self.epoch <= known.expires, "TASK_EXPIRED")?;
        if known.liked {
            known.submitted = Some(self.epoch);
            self.tasks.insert(task.to_owned(), known);
            return Ok(());
        }
        self.end(task, (Some(true), known.creator))
    }

    fn decline(&mut self, who: usize, task: &str) -> Expected {
        let mut known = self.known(task)?;
        let (Some((epoch, stake, _)), Some((respondent, device))) = (known.accepted, known.by)
        else {
            return Err("NOT_RESPONDENT");
        };
        require(respondent == who, "NOT_RESPONDENT")?;
        require(known.submitted.is_none(), "TASK_PENDING")?;
        require(self.epoch <= known.expires.min(epoch + DECLINE_WINDOW), "TOO_LATE")?;
        let forfeit = stake / 10;
        self.tokens[known.creator] += forfeit;
        self.tokens[who] += stake - forfeit;
        self.backlog[device].remove(task);
        if !known.is_public {
            self.tokens[known.creator] += known.reward + KEEPER_FEE;
            self.tasks.remove(task);
            return Ok(());
        }
        (known.accepted, known.by) = (None, None);
        self.tasks.insert(task.to_owned(), known);
        Ok(())
    }

    fn release(&mut self, who: usize, task: &str) -> Expected {
        let known = self.known(task)?;
        require(known.creator == who, "NOT_CREATOR")?;
        require(known.submitted.is_none(), "TASK_PENDING")?;
        require(known.accepted.is_none() || self.epoch > known.expires, "TASK_NOT_EXPIRED")?;
        self.end(task, (None, who))
    }

    /// Ends a task: with a result that is good or not, or without one. The keeper is who brought the end.
    fn end(&mut self, task: &str, (good, keeper): (Option<bool>, usize)) -> Expected {
        let known = self.known(task)?;
        self.tasks.remove(task);
        self.tokens[keeper] += KEEPER_FEE;
        let Some(((_, stake, points), (respondent, device))) = known.accepted.zip(known.by) else {
            self.tokens[known.creator] += known.reward;
            return Ok(());
        };
        self.backlog[device].remove(task);
        match good {
            Some(true) => {
                self.tokens[respondent] += known.reward + stake;
                self.reputation[known.creator] += points.0;
                self.reputation[respondent] += points.1;
            }
            Some(false) => {
                self.tokens[known.creator] += known.reward;
                self.tokens[respondent] += stake;
            }
            None => self.tokens[known.creator] += known.reward + stake,
        }
        Ok(())
    }

    fn pay(&mut self, who: usize, amount: u64) -> Expected {
        let left = self.tokens[who].checked_sub(amount).ok_or("INSUFFICIENT_TOKENS")?;
        self.tokens[who] = left;
        Ok(())
    }

    fn known(&self, task: &str) -> Result<Known, &'static str> {
        self.tasks.get(task).cloned().ok_or("TASK_UNKNOWN")
    }
}

fn require(is_so: bool, code: &'static str) -> Expected {
    if is_so { Ok(()) } else { Err(code) }
}
