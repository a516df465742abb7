//! What most stories begin with: a type, a creator, a respondent with a device.

use std::collections::BTreeMap;

use pervade_platform::Amount;
use pervade_simulator::Member;
use pervade_tasks::record::{
    Average, Kind, Limit, NewTask, ResultObject, Task, TaskType, Verdict, Votes,
};
use serde_json::Value;

use crate::world::{Call, Terms, Thing, Told, World, account, call, whole};

/// A platform with tasks of type `temperature`, a creator, and a respondent with a device.
pub(crate) struct Stage {
    pub(crate) world: World,
    pub(crate) ann: Member,
    pub(crate) ben: Member,
    pub(crate) device: Thing,
}

impl Stage {
    /// Ann and Ben have 100 tokens each; Ben has paid the deposit for a device.
    pub(crate) fn new() -> Self {
        Self::with(&Terms::default())
    }

    pub(crate) fn with(terms: &Terms) -> Self {
        let mut world = World::with(terms);
        define(&mut world, &task_type()).unwrap();
        let (ann, ben) = (world.user("Org1MSP", "ann"), world.user("Org2MSP", "ben"));
        let device = world.device(&ben, "thermometer-1");
        Self { world, ann, ben, device }
    }

    /// A stage whose tasks have another type.
    pub(crate) fn of_type(task_type: &TaskType) -> Self {
        let mut stage = Self::new();
        define(&mut stage.world, task_type).unwrap();
        stage
    }

    /// Has Ann create a task; tells its id.
    pub(crate) fn create(&mut self, new: &NewTask) -> Told<String> {
        let ann = self.ann.clone();
        self.create_as(&ann, new)
    }

    pub(crate) fn create_as(&mut self, who: &Member, new: &NewTask) -> Told<String> {
        let epoch = self.world.epoch();
        let created = call(who, "tasks:create").with(new).with(epoch);
        self.world.submit::<Task>(created).map(|task| task.id)
    }

    /// Has Ben accept a task with his device.
    pub(crate) fn accept(&mut self, task: &str) -> Told<Task> {
        let (ben, device) = (self.ben.clone(), self.device.clone());
        self.accept_as(&ben, task, &device)
    }

    pub(crate) fn accept_as(&mut self, who: &Member, task: &str, device: &Thing) -> Told<Task> {
        let accepted = self.acceptance(who, task, device);
        self.world.submit(accepted)
    }

    pub(crate) fn acceptance<'a>(&self, who: &'a Member, task: &str, device: &Thing) -> Call<'a> {
        call(who, "tasks:accept").with(task).with(&device.id).with(self.world.epoch())
    }

    /// A task of Ann's for anyone, accepted by Ben.
    pub(crate) fn accepted(&mut self, new: &NewTask) -> String {
        let task = self.create(new).unwrap();
        self.accept(&task).unwrap();
        task
    }

    /// Has Ben's device send a result with these readings.
    pub(crate) fn complete(&mut self, task: &str, readings: &[(&str, i64)]) -> Told<Verdict> {
        let device = self.device.clone();
        let result = self.world.result(&device, task, readings);
        self.send(&device.member, task, &result)
    }

    pub(crate) fn send(
        &mut self,
        who: &Member,
        task: &str,
        result: &ResultObject,
    ) -> Told<Verdict> {
        let epoch = self.world.epoch();
        self.world.submit(call(who, "tasks:complete").with(task).with(result).with(epoch))
    }

    /// Calls a function that takes a task and the present epoch.
    pub(crate) fn now<T: serde::de::DeserializeOwned>(
        &mut self,
        who: &Member,
        function: &str,
        task: &str,
    ) -> Told<T> {
        let epoch = self.world.epoch();
        self.world.submit(call(who, function).with(task).with(epoch))
    }

    pub(crate) fn release(&mut self, task: &str) -> Told<Value> {
        let ann = self.ann.clone();
        self.now(&ann, "tasks:release", task)
    }

    pub(crate) fn expire_as(&mut self, who: &Member, task: &str) -> Told<Value> {
        self.world.submit(call(who, "tasks:expire").with(task))
    }

    /// What Ann, Ben and the task's escrow have.
    pub(crate) fn purses(&mut self, task: &str) -> String {
        let (ann, ben) = (self.ann.clone(), self.ben.clone());
        let (ann, ben) = (self.world.tokens(&ann), self.world.tokens(&ben));
        format!("ann {ann}, ben {ben}, escrow {}", self.world.escrow(task))
    }

    /// How the task ended.
    pub(crate) fn outcome(&mut self, task: &str) -> String {
        let summary: Value = self.world.ask("tasks:summary", &[task]);
        format!("{} in {}", summary["outcome"].as_str().unwrap(), summary["ended"])
    }

    /// The types of the events that the last transaction emitted, with the chaincode before them.
    pub(crate) fn events(&self) -> String {
        let told =
            self.world.events.iter().map(|(by, kind, _)| {
                if by.is_empty() { kind.clone() } else { format!("{by}:{kind}") }
            });
        told.collect::<Vec<_>>().join(", ")
    }
}

pub(crate) fn define(world: &mut World, task_type: &TaskType) -> Told<Value> {
    let founder = world.founder.clone();
    world.submit(call(&founder, "tasks:define_type").with(task_type))
}

/// Readings of `celsius` between -40 and 85.
pub(crate) fn task_type() -> TaskType {
    TaskType {
        acceptance: None,
        averages: BTreeMap::new(),
        limits: BTreeMap::from([("celsius".to_owned(), Limit { min: -40, max: 85 })]),
        name: "temperature".to_owned(),
        version: TaskType::VERSION,
        votes: None,
    }
}

/// As `temperature`, and near the device's average.
pub(crate) fn watched() -> TaskType {
    let average = Average { floor: 2, tolerance_permille: 3_000, warmup: 2, weight_permille: 200 };
    let averages = BTreeMap::from([("celsius".to_owned(), average)]);
    TaskType { averages, name: "watched".to_owned(), ..task_type() }
}

/// As `temperature`, and two of three oracles confirm it within two epochs.
pub(crate) fn voted(oracles: &[Member]) -> TaskType {
    let votes = Votes { needed: 2, oracles: oracles.iter().map(account).collect(), window: 2 };
    TaskType { name: "voted".to_owned(), votes: Some(votes), ..task_type() }
}

/// As `temperature`, and the creator may reject it within two epochs.
pub(crate) fn accepted() -> TaskType {
    TaskType { acceptance: Some(2), name: "accepted".to_owned(), ..task_type() }
}

/// For anyone, 5 epochs, 4 tokens.
pub(crate) fn public() -> NewTask {
    NewTask {
        device: None,
        encryption_key: "c1".repeat(32),
        kind: Kind::Public,
        limit: 5,
        minimum_reputation: 0,
        parameters: "{\"unit\":\"celsius\"}".to_owned(),
        respondent: None,
        reward: whole(4),
        type_name: "temperature".to_owned(),
    }
}

pub(crate) fn paying(reward: Amount) -> NewTask {
    NewTask { reward, ..public() }
}

pub(crate) fn of_type(name: &str) -> NewTask {
    NewTask { type_name: name.to_owned(), ..public() }
}

/// For a respondent's device alone.
pub(crate) fn named(kind: Kind, respondent: &Member, device: &Thing) -> NewTask {
    NewTask {
        device: Some(device.id.clone()),
        kind,
        respondent: Some(account(respondent)),
        ..public()
    }
}
