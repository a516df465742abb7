//! Every operation of a platform, one after the other.

use pervade_devices::record::NewDevice;
use pervade_tasks::record::{Kind, NewTask, TaskType, Votes};
use serde_json::{Value, json};

use crate::meter::{Costs, Metered};
use crate::stage::{Actor, Call, Enrolment};
use crate::world::{
    AllTerms, BLOCK_HASH, CLOCK, ORG1, ORG2, ORGS, Thing, World, assigned, plain, public, whole,
};

/// Binds a set, and does every other operation so many times.
pub(crate) fn measure<S: Metered>(world: World<S>, rounds: usize, costs: &mut Costs) {
    let mut bench = Bench { world, costs };
    bench.bind();
    for round in 0..rounds {
        bench.round(round);
    }
}

struct Bench<'a, S> {
    world: World<S>,
    costs: &'a mut Costs,
}

impl<S: Metered> Bench<'_, S> {
    fn note(&mut self, operation: &'static str, call: &Call<'_>) -> Value {
        let (answer, share) = self.world.stage.metered(call);
        self.costs.note(operation, share);
        answer.unwrap_or_else(|code| panic!("{operation}: {code}"))
    }

    /// A set is bound, once.
    fn bind(&mut self) {
        let (founder, set, terms) =
            (self.world.founder.clone(), self.world.set.clone(), AllTerms::default());
        let clock = Call::new(&founder, &set.clock, "bind").arg(CLOCK).arg(1).arg(BLOCK_HASH);
        self.note("bind the clock", &clock.init());
        let managers = [
            ("bind users", &set.users, json!(terms.users)),
            ("bind tokens", &set.tokens, json!(terms.tokens)),
            ("bind devices", &set.devices, json!(terms.devices)),
            ("bind tasks", &set.tasks, json!(terms.tasks)),
        ];
        for (operation, name, terms) in managers {
            let call = Call::new(&founder, name, "bind").arg(&set).arg(terms);
            self.note(operation, &call.init());
        }
    }

    /// Every other operation once, by people of its own.
    fn round(&mut self, round: usize) {
        let set = self.world.set.clone();
        let mut enrol = |name: &str, msp| {
            self.world.stage.enrol(&format!("{name}-{round}"), Enrolment::client(msp))
        };
        let (ann, bob) = (enrol("ann", ORG1), enrol("bob", ORG2));
        let actor = enrol("device", ORG2);
        let camera = Thing { id: actor.name.parse().unwrap(), actor };
        let bank = self.world.bank.clone();
        for user in [&ann, &bob] {
            self.note("register a user", &Call::new(user, &set.users, "register"));
            let issue = Call::new(&bank, &set.tokens, "issue").arg(user.account());
            self.note("issue money", &issue.arg(whole(400)));
            let buy = Call::new(user, &set.tokens, "purchase").arg(whole(200)).arg(whole(400));
            self.note("buy tokens", &buy);
        }
        let pay = Call::new(&ann, &set.tokens, "pay").arg(bob.account()).arg(whole(1));
        self.note("pay", &pay.arg("delivery:1"));
        let key = camera.actor.prove(&self.world.installation(&bob, &camera, 0));
        let new = NewDevice { id: camera.id.clone(), key };
        self.note("register a device", &Call::new(&bob, &set.devices, "register").arg(new));
        let price = Call::new(&bob, &set.devices, "set_price").arg(&camera.id).arg(whole(2));
        self.world.stage.submit(&price).unwrap();
        self.tasks((&ann, &bob, &camera));
        self.judged((&ann, &bob, &camera), round);
        self.late((&ann, &bob, &camera));
    }

    fn create(&mut self, operation: &'static str, ann: &Actor, new: &NewTask) -> String {
        let call = Call::new(ann, &self.world.set.tasks, "create").arg(new).arg(self.world.epoch);
        self.note(operation, &call)["id"].as_str().unwrap().to_owned()
    }

    fn accept(&mut self, bob: &Actor, camera: &Thing, task: &str) {
        let call = Call::new(bob, &self.world.set.tasks, "accept").arg(task).arg(&camera.id);
        self.note("accept a task", &call.arg(self.world.epoch));
    }

    fn complete(&mut self, operation: &'static str, camera: &Thing, task: &str) {
        let result = self.world.result(camera, task, &[]);
        let call = self.world.completion(camera, task, &result);
        self.note(operation, &call);
    }

    fn of_task(
        &mut self,
        operation: &'static str,
        (who, function): (&Actor, &'static str),
        task: &str,
    ) {
        let call = Call::new(who, &self.world.set.tasks, function).arg(task).arg(self.world.epoch);
        self.note(operation, &call);
    }

    fn tasks(&mut self, (ann, bob, camera): (&Actor, &Actor, &Thing)) {
        if self.world.epoch == 0 {
            let (founder, tasks) = (self.world.founder.clone(), self.world.set.tasks.clone());
            self.note(
                "define a type of task",
                &Call::new(&founder, &tasks, "define_type").arg(plain()),
            );
        }
        let task = self.create("create a task", ann, &public(whole(4), 40));
        self.accept(bob, camera, &task);
        self.complete("complete a task", camera, &task);
        let instant = NewTask { kind: Kind::Instant, ..assigned(bob, camera, whole(2), 40) };
        let task = self.create("create a task for a device at once", ann, &instant);
        self.complete("complete a task", camera, &task);
        let task = self.create("create a task", ann, &public(whole(4), 40));
        self.accept(bob, camera, &task);
        self.of_task("decline a task", (bob, "decline"), &task);
        self.of_task("release a task", (ann, "release"), &task);
    }

    /// A task whose result two of three oracles judge.
    fn judged(&mut self, (ann, bob, camera): (&Actor, &Actor, &Thing), round: usize) {
        let oracles: Vec<Actor> = ORGS
            .iter()
            .map(|org| self.world.stage.enrol(&format!("oracle-{round}"), Enrolment::client(org)))
            .collect();
        let name = format!("judged-{round}");
        let votes =
            Votes { needed: 2, oracles: oracles.iter().map(Actor::account).collect(), window: 5 };
        self.world.define(&TaskType { name: name.clone(), votes: Some(votes), ..plain() }).unwrap();
        let new = NewTask { type_name: name, ..public(whole(4), 40) };
        let task = self.create("create a task", ann, &new);
        self.accept(bob, camera, &task);
        self.complete("submit a result that oracles judge", camera, &task);
        let tasks = self.world.set.tasks.clone();
        let pending: Value = self.world.ask(&tasks, "task", &[&task]).unwrap();
        let statement = pending["pending"]["statement_sha256"].as_str().unwrap();
        for oracle in oracles.iter().take(2) {
            let call = Call::new(oracle, &tasks, "vote").arg(&task).arg(true).arg(statement);
            self.note("vote on a result", &call);
        }
        self.of_task("settle a task", (bob, "settle"), &task);
    }

    /// A task that nobody performs.
    fn late(&mut self, (ann, bob, camera): (&Actor, &Actor, &Thing)) {
        let task = self.create("create a task", ann, &public(whole(4), 3));
        self.accept(bob, camera, &task);
        let ticker = self.world.ticker.clone();
        for _ in 0..4 {
            self.world.stage.pass(6);
            self.world.epoch += 1;
            let call = Call::new(&ticker, &self.world.set.clock, "tick").arg(self.world.epoch);
            self.note("tick", &call.arg(1).arg(BLOCK_HASH));
        }
        let call = Call::new(bob, &self.world.set.tasks, "expire").arg(&task);
        self.note("expire a task", &call);
    }
}
