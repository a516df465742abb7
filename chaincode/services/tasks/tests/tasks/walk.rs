//! A long random walk through tasks of all kinds, in which everything stays where it belongs.

use std::collections::BTreeMap;

use pervade_chaincode::CompositeKey;
use pervade_simulator::Member;
use pervade_tasks::record::{Due, Kind, NewTask, Open, Task};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::judges::oracles;
use crate::stage::{Stage, accepted, define, of_type, voted};
use crate::world::{Terms, Thing, Told, account, call, units};

/// W-45, W-53, W-64, W-79, D-02, D-19: after every step each task has its reward, its stake and the
/// keeper's fee in escrow, and nobody else has anything there; each locked task has its place in
/// a backlog, each open one its place in the list, and each is due once. (That all tokens are
/// somewhere is counted after every transaction of any test.)
#[test]
fn everything_stays_where_it_belongs() {
    for seed in 1..=2 {
        let mut walk = Walk::new(seed);
        for step in 0..400 {
            let told = walk.step();
            *walk.done.entry(told.clone()).or_default() += 1;
            walk.check(&format!("seed {seed}, step {step}: {told}"));
        }
        let ended = walk.stage.world.entries("tasks", "summary");
        assert!(ended > 20, "seed {seed} ended {ended} tasks: {:?}", walk.done);
    }
}

struct Walk {
    stage: Stage,
    people: Vec<Member>,
    things: Vec<(Member, Thing)>,
    oracles: Vec<Member>,
    done: BTreeMap<String, u32>,
    chance: Chance,
}

impl Walk {
    fn new(seed: u64) -> Self {
        let mut terms = Terms::default();
        // So that the walk does not end for want of devices.
        terms.devices.fault_limit = 12;
        let mut stage = Stage::with(&terms);
        define(&mut stage.world, &accepted()).unwrap();
        let oracles = oracles(&mut stage.world);
        define(&mut stage.world, &voted(&oracles)).unwrap();
        let cleo = stage.world.user("Org3MSP", "cleo");
        let cleos = stage.world.device(&cleo, "thermometer-3");
        let (ben, bens) = (stage.ben.clone(), stage.device.clone());
        for (owner, device) in [(&ben, &bens), (&cleo, &cleos)] {
            let price = call(owner, "devices:set_price").with(&device.id).with(units(2_000_001));
            let _: Value = stage.world.submit(price).unwrap();
        }
        let people = vec![stage.ann.clone(), ben.clone(), cleo.clone()];
        let things = vec![(ben, bens), (cleo, cleos)];
        Self { stage, people, things, oracles, done: BTreeMap::new(), chance: Chance(seed) }
    }

    /// Does something, whether it is allowed or not; tells what came of it.
    fn step(&mut self) -> String {
        let tasks: Vec<Task> = self.all("task");
        match self.chance.below(8) {
            0 => {
                self.stage.world.tick();
                return "tick".to_owned();
            }
            1 | 2 if tasks.len() < 6 => return self.create(),
            _ => {}
        }
        let Some(task) = self.chance.one_of(&tasks) else { return self.create() };
        let deeds: &[fn(&mut Self, &Task) -> String] = match (task.locked, &task.pending) {
            (false, _) => &[Self::accept, Self::accept, Self::end],
            (true, None) => &[Self::deliver, Self::deliver, Self::end],
            (true, Some(_)) => &[Self::vote, Self::judge, Self::end],
        };
        let deed = self.chance.one_of(deeds).unwrap();
        deed(self, &task)
    }

    fn judge(&mut self, task: &Task) -> String {
        let function = self.chance.one_of(&["settle", "settle", "reject"]).unwrap();
        self.on(function, task)
    }

    fn end(&mut self, task: &Task) -> String {
        let function = self.chance.one_of(&["decline", "release", "expire"]).unwrap();
        self.on(function, task)
    }

    fn create(&mut self) -> String {
        let who = self.chance.one_of(&self.people).unwrap();
        let (owner, device) = self.chance.one_of(&self.things).unwrap();
        let kind = [Kind::Public, Kind::Assigned, Kind::Instant][self.chance.below(3)];
        let type_name = ["temperature", "accepted", "voted"][self.chance.below(3)];
        let new = NewTask {
            device: (kind != Kind::Public).then(|| device.id.clone()),
            kind,
            limit: 5 + u64::try_from(self.chance.below(6)).unwrap(),
            respondent: (kind != Kind::Public).then(|| account(&owner)),
            reward: units(2_000_001),
            ..of_type(type_name)
        };
        told("create", self.stage.create_as(&who, &new).map(drop))
    }

    fn accept(&mut self, task: &Task) -> String {
        let (owner, device) = self.chance.one_of(&self.things).unwrap();
        told("accept", self.stage.accept_as(&owner, &task.id, &device).map(drop))
    }

    fn deliver(&mut self, task: &Task) -> String {
        let things = self.things.clone();
        let has = |thing: &&(Member, Thing)| Some(&thing.1.id) == task.device.as_ref();
        let Some((_, device)) = things.iter().find(has) else { return "nobody".to_owned() };
        let reading = self.chance.one_of(&[20, 21, 22, 23, 86]).unwrap();
        let result = self.stage.world.result(device, &task.id, &[("celsius", reading)]);
        told("complete", self.stage.send(&device.member, &task.id, &result).map(drop))
    }

    fn vote(&mut self, task: &Task) -> String {
        let Some(pending) = &task.pending else { return "nothing to vote on".to_owned() };
        let oracle = self.chance.one_of(&self.oracles).unwrap();
        let confirmed = self.chance.below(3) > 0;
        let vote = call(&oracle, "tasks:vote").with(&task.id).with(confirmed);
        told(
            "vote",
            self.stage.world.submit::<Value>(vote.with(&pending.statement_sha256)).map(drop),
        )
    }

    fn on(&mut self, function: &str, task: &Task) -> String {
        let who = self.chance.one_of(&self.people).unwrap();
        let epoch = self.stage.world.epoch();
        let name = format!("tasks:{function}");
        let mut call = call(&who, &name).with(&task.id);
        if function != "expire" {
            call = call.with(epoch);
        }
        told(function, self.stage.world.submit::<Value>(call).map(drop))
    }

    /// All entries of a type.
    fn all<T: DeserializeOwned>(&self, kind: &str) -> Vec<T> {
        self.read("tasks", kind)
    }

    fn read<T: DeserializeOwned>(&self, chaincode: &str, kind: &str) -> Vec<T> {
        let simulator = &self.stage.world.simulator;
        let is_one = |key: &&str| CompositeKey::split(key).is_ok_and(|(found, _)| found == kind);
        let keys = simulator.keys(chaincode).into_iter().filter(is_one);
        keys.map(|key| serde_json::from_slice(simulator.value(chaincode, key).unwrap()).unwrap())
            .collect()
    }

    #[track_caller]
    fn check(&self, after: &str) {
        let tasks: Vec<Task> = self.all("task");
        let by_id = |entries: Vec<Value>, id: &str, value: &str| -> BTreeMap<String, Value> {
            let entry =
                |entry: Value| (entry[id].as_str().unwrap().to_owned(), entry[value].clone());
            entries.into_iter().map(entry).collect()
        };
        let staked = tasks.iter().map(|task| {
            let staked = [task.reward, task.stake, task.keeper_fee].map(|amount| amount.units());
            (task.id.clone(), json!(staked.iter().sum::<u64>()))
        });
        let escrows = by_id(self.read("tokens", "escrow"), "task", "amount");
        assert_eq!(escrows, staked.collect(), "escrows after {after}");

        let locked = tasks.iter().filter(|task| task.locked);
        let locked = locked.map(|task| (task.id.clone(), json!(task.device)));
        let slots = by_id(self.read("devices", "slot"), "task", "device");
        assert_eq!(slots, locked.collect(), "backlogs after {after}");

        let open: Vec<Open> = self.all("open");
        let is_open = |task: &&Task| task.kind == Kind::Public && !task.locked;
        let mut wanted: Vec<_> = tasks.iter().filter(is_open).map(|task| &task.id).collect();
        let mut listed: Vec<_> = open.iter().map(|entry| &entry.id).collect();
        wanted.sort();
        listed.sort();
        assert_eq!(listed, wanted, "the list after {after}");

        let due: Vec<Due> = self.all("due");
        let mut due: Vec<_> = due.into_iter().map(|due| (due.id, due.epoch)).collect();
        due.sort();
        let wanted = tasks.iter().map(|task| {
            let last = task.pending.as_ref().map_or(task.expires, |pending| pending.closes);
            (task.id.clone(), last + 1)
        });
        assert_eq!(due, wanted.collect::<Vec<_>>(), "what is due after {after}");
    }
}

/// Numbers that look random and are the same for the same seed.
struct Chance(u64);

impl Chance {
    /// A number below `end`, by a linear congruence.
    fn below(&mut self, end: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % end
    }

    fn one_of<T: Clone>(&mut self, list: &[T]) -> Option<T> {
        if list.is_empty() { None } else { Some(list[self.below(list.len())].clone()) }
    }
}

fn told(what: &str, outcome: Told<()>) -> String {
    format!("{what}: {}", outcome.err().unwrap_or_else(|| "done".to_owned()))
}
