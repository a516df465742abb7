//! The scenario set: what people and devices do with a platform, wherever it runs.
//!
//! Every story leaves an account of what it was told. The simulator's is read here; other stages
//! have to give the same.

use std::collections::BTreeMap;

use pervade_platform::Amount;
use pervade_tasks::record::{Average, Kind, Limit, NewTask, TaskType, Votes};
use pervade_tokens::record::Balance;
use serde_json::{Value, json};

use crate::stage::{Actor, Call, Enrolment, Stage, Told};
use crate::world::{
    ORG1, ORG2, ORG3, PLAIN, Thing, World, assigned, plain, public, raw_cid, signed, whole,
};

/// What was done, and how it ended, line by line.
#[derive(Debug, Default)]
pub(crate) struct Account(Vec<String>);

impl Account {
    fn note(&mut self, what: &str, told: impl Into<Told>) {
        let told = told.into();
        self.0.push(format!("{what}: {}", told.map_or_else(|code| code, |_| "done".to_owned())));
    }

    fn say(&mut self, what: &str, found: impl ToString) {
        self.0.push(format!("{what}: {}", found.to_string()));
    }

    pub(crate) fn text(&self) -> String {
        self.0.join("\n")
    }
}

/// A story, by name.
pub(crate) type Story<S> = (&'static str, fn(&mut World<S>) -> Account);

/// All of them. Each brings its own people; they share a set.
pub(crate) fn all<S: Stage>() -> Vec<Story<S>> {
    vec![
        ("a_task_for_anyone", a_task_for_anyone),
        ("a_task_for_oneself", a_task_for_oneself),
        ("a_task_at_once", a_task_at_once),
        ("deadlines", deadlines),
        ("stepping_back", stepping_back),
        ("readings_that_cannot_be", readings_that_cannot_be),
        ("judged_by_oracles", judged_by_oracles),
        ("judged_by_the_creator", judged_by_the_creator),
        ("results_of_others", results_of_others),
        ("money", money),
        ("a_lost_key", a_lost_key),
    ]
}

/// Defines the types that stories use.
pub(crate) fn define_types<S: Stage>(world: &mut World<S>) {
    world.define(&plain()).unwrap();
}

/// W-03, W-45, W-46, W-48, W-56, W-63, W-66, W-68…72, W-74, W-79, W-80, W-116: from one organisation's
/// wish to another's device and back.
fn a_task_for_anyone<S: Stage>(world: &mut World<S>) -> Account {
    let mut account = Account::default();
    let (ann, bob) = (world.user("ann", ORG1, 100), world.user("bob", ORG2, 50));
    let camera = world.device(&bob, "camera-of-bob");
    let task = world.create(&ann, &public(whole(10), 20)).unwrap();
    account.say("ann has, after she created a task of 10", world.tokens(&ann.account()));
    account.say("it is open", is_open(world, &task));
    account.note("bob accepts", world.accept(&bob, &task, &camera.id));
    account.say("bob has, after deposit and stake", world.tokens(&bob.account()));
    account.say("it is open", is_open(world, &task));
    account.say("in the camera's backlog", backlog(world, &camera).contains(&task));
    account.note("bob accepts again", world.accept(&bob, &task, &camera.id));
    account.note("ann releases", world.with_epoch(&ann, "release", &task));
    let result = world.result(&camera, &task, &[]);
    account.note("the camera completes", world.complete(&camera, &task, &result));
    account.note("the camera completes again", world.complete(&camera, &task, &result));
    account.say("ann has", world.tokens(&ann.account()));
    account.say("bob has", world.tokens(&bob.account()));
    account.say("in escrow", escrow(world, &task));
    account.say("ann's reputation", world.reputation(&ann.account()));
    account.say("bob's reputation", world.reputation(&bob.account()));
    account.say("in the camera's backlog", backlog(world, &camera).contains(&task));
    let tasks = world.set.tasks.clone();
    let saved: Value = world.ask(&tasks, "result", &[&task]).unwrap();
    account.say("the result is the camera's", saved["result"] == json!(result));
    let gone = world.ask::<Value>(&tasks, "task", &[&task]);
    account.note("the task is asked for", gone);
    let users = world.set.users.clone();
    let found: Value =
        world.ask(&users, "notifications", &[ann.account().as_str(), "10", ""]).unwrap();
    account.say("ann is notified", found.to_string().contains(&task));
    account
}

/// W-62, W-65, D-20, D-21: one's own device, on record, without a reputation from it.
fn a_task_for_oneself<S: Stage>(world: &mut World<S>) -> Account {
    let mut account = Account::default();
    let cid = world.user("cid", ORG1, 100);
    let valve = world.device(&cid, "valve-of-cid");
    let free = assigned(&cid, &valve, Amount::ZERO, 20);
    for (what, new) in [("nothing", free), ("10", assigned(&cid, &valve, whole(10), 20))] {
        let task = world.create(&cid, &new).unwrap();
        account.note(&format!("cid accepts for {what}"), world.accept(&cid, &task, &valve.id));
        let result = world.result(&valve, &task, &[]);
        account.note("the valve completes", world.complete(&valve, &task, &result));
    }
    account.say("cid has", world.tokens(&cid.account()));
    account.say("cid's reputation", world.reputation(&cid.account()));
    let unpaid = public(Amount::ZERO, 20);
    account.note(
        "cid creates a public task for nothing",
        world.create(&cid, &unpaid).map(Value::from),
    );
    let doomed = world.create(&cid, &assigned(&cid, &valve, whole(1), 3)).unwrap();
    world.accept(&cid, &doomed, &valve.id).unwrap();
    world.ticks(4);
    account.note("it expires", world.on(&cid, "expire", &doomed));
    let tasks = world.set.tasks.clone();
    let summary: Value = world.ask(&tasks, "summary", &[&doomed]).unwrap();
    account.say("on record as", summary["outcome"].clone());
    account
}

/// WC-04: a device at its price, without being asked.
fn a_task_at_once<S: Stage>(world: &mut World<S>) -> Account {
    let mut account = Account::default();
    let (dan, eve) = (world.user("dan", ORG1, 100), world.user("eve", ORG3, 100));
    let probe = world.device(&eve, "probe-of-eve");
    let new = NewTask { kind: Kind::Instant, ..assigned(&eve, &probe, whole(4), 20) };
    account.note("dan orders without a price", world.create(&dan, &new).map(Value::from));
    let devices = world.set.devices.clone();
    let call = Call::new(&eve, &devices, "set_price").arg(&probe.id).arg(whole(4));
    account.note("eve sets a price", world.stage.submit(&call));
    let cheap = NewTask { reward: whole(3), ..new.clone() };
    account.note("dan orders below it", world.create(&dan, &cheap).map(Value::from));
    let task = world.create(&dan, &new).unwrap();
    account.say("eve has, staked", world.tokens(&eve.account()));
    account.say("in the probe's backlog", backlog(world, &probe).contains(&task));
    let result = world.result(&probe, &task, &[]);
    account.note("the probe completes", world.complete(&probe, &task, &result));
    account.say("dan has", world.tokens(&dan.account()));
    account.say("eve has", world.tokens(&eve.account()));
    account
}

/// W-49, W-72, W-75, W-76, W-78, W-81, D-19, D-23, N-03: before, at and after the very epoch.
fn deadlines<S: Stage>(world: &mut World<S>) -> Account {
    let mut account = Account::default();
    let (fay, gus) = (world.user("fay", ORG1, 200), world.user("gus", ORG2, 100));
    let keeper = world.user("keeper", ORG3, 0);
    let meter = world.device(&gus, "meter-of-gus");
    for limit in [0, 2, 1_001] {
        let told = world.create(&fay, &public(whole(4), limit)).map(Value::from);
        account.note(&format!("a limit of {limit}"), told);
    }
    let [unwanted, late, on_time, held] =
        [(); 4].map(|()| world.create(&fay, &public(whole(4), 4)).unwrap());
    for task in [&on_time, &held] {
        account.note("gus accepts", world.accept(&gus, task, &meter.id));
    }
    account.note("early to expire", world.on(&keeper, "expire", &unwanted));
    world.ticks(3);
    account.note("with too little left", world.accept(&gus, &late, &meter.id));
    world.tick();
    let result = world.result(&meter, &on_time, &[]);
    account.note("in the last epoch", world.complete(&meter, &on_time, &result));
    let result = world.result(&meter, &held, &[]);
    let call = world.completion(&meter, &held, &result);
    let kept = world.hold(&call);
    account.note("not over yet", world.on(&keeper, "expire", &held));
    world.tick();
    account.note("endorsed before, sent after", world.stage.let_go(kept));
    account.note("after it", world.complete(&meter, &held, &result));
    account.note("gus accepts after it", world.accept(&gus, &unwanted, &meter.id));
    account.say("fay has", world.tokens(&fay.account()));
    account.note("the keeper ends the accepted one", world.on(&keeper, "expire", &held));
    account.note("and again", world.on(&keeper, "expire", &held));
    account.say("fay has, with gus's stake", world.tokens(&fay.account()));
    let stranger = world.stage.enrol("stranger", Enrolment::client(ORG2));
    account.note("a stranger ends another", world.on(&stranger, "expire", &unwanted));
    account.note("fay releases what is over", world.with_epoch(&fay, "release", &late));
    account.say("fay has", world.tokens(&fay.account()));
    account.say("gus has", world.tokens(&gus.account()));
    account.say("the keeper has", world.tokens(&keeper.account()));
    let devices = world.set.devices.clone();
    let standing: Value = world.ask(&devices, "standing", &[meter.id.as_str()]).unwrap();
    account.say(
        "the meter's record",
        format!("{} done, {} expired", standing["completed"], standing["expired"]),
    );
    account
}

/// W-47, D-23: a respondent may step back for a while, for a price; nobody else may for them.
fn stepping_back<S: Stage>(world: &mut World<S>) -> Account {
    let mut account = Account::default();
    let (hal, ivy) = (world.user("hal", ORG1, 100), world.user("ivy", ORG2, 100));
    let lamp = world.device(&ivy, "lamp-of-ivy");
    let task = world.create(&hal, &public(whole(10), 30)).unwrap();
    account.note("ivy accepts", world.accept(&ivy, &task, &lamp.id));
    account.note("hal declines for her", world.with_epoch(&hal, "decline", &task));
    account.note("ivy declines", world.with_epoch(&ivy, "decline", &task));
    account.say("hal has", world.tokens(&hal.account()));
    account.say("ivy has", world.tokens(&ivy.account()));
    account.say("it is open", is_open(world, &task));
    account.note("ivy accepts again", world.accept(&ivy, &task, &lamp.id));
    world.ticks(4);
    account.note("ivy declines late", world.with_epoch(&ivy, "decline", &task));
    let other = world.create(&hal, &public(whole(10), 30)).unwrap();
    account.note("ivy releases hal's", world.with_epoch(&ivy, "release", &other));
    account.note("hal releases it", world.with_epoch(&hal, "release", &other));
    account.note("ivy accepts the released", world.accept(&ivy, &other, &lamp.id));
    account.say("hal has", world.tokens(&hal.account()));
    account
}

/// W-96…98, D-26: limits, the device's own average, and what becomes of a device that is often wrong.
fn readings_that_cannot_be<S: Stage>(world: &mut World<S>) -> Account {
    let mut account = Account::default();
    let (jan, kim) = (world.user("jan", ORG1, 200), world.user("kim", ORG2, 100));
    let probe = world.device(&kim, "probe-of-kim");
    let name = format!("air{}", world.set.tasks.trim_start_matches("tasks"));
    let average = Average { floor: 50, tolerance_permille: 4_000, warmup: 2, weight_permille: 250 };
    let air = TaskType {
        averages: BTreeMap::from([("temperature".to_owned(), average)]),
        limits: BTreeMap::from([("temperature".to_owned(), Limit { min: -400, max: 850 })]),
        name: name.clone(),
        ..plain()
    };
    account.note("the type is defined", world.define(&air));
    let accepted = |world: &mut World<S>| {
        let new = NewTask { type_name: name.clone(), ..public(whole(2), 30) };
        let task = world.create(&jan, &new).unwrap();
        world.accept(&kim, &task, &probe.id).map(|_| task)
    };
    let measure = |world: &mut World<S>, task: &str, readings: &[(&str, i64)]| {
        let result = world.result(&probe, task, readings);
        let told = world.complete(&probe, task, &result);
        let verdict = told.map(|found| format!("{} by {}", found["confirmed"], found["check"]));
        verdict.unwrap_or_else(|code| code)
    };
    for value in [210, 215, 205] {
        let task = accepted(world).unwrap();
        account.say(&format!("{value}"), measure(world, &task, &[("temperature", value)]));
    }
    let task = accepted(world).unwrap();
    account.say("nothing", measure(world, &task, &[]));
    let both = [("humidity", 3), ("temperature", 210)];
    account.say("something else", measure(world, &task, &both));
    for value in [851, 700, -300] {
        account.say(&format!("{value}"), measure(world, &task, &[("temperature", value)]));
    }
    account.note("kim accepts another", accepted(world).map(Value::from));
    account.say("210, after all", measure(world, &task, &[("temperature", 210)]));
    let devices = world.set.devices.clone();
    let device: Value = world.ask(&devices, "device", &[probe.id.as_str()]).unwrap();
    account.say("suspect", device["suspect"].clone());
    account.say("its deposit", device["deposit"].clone());
    account
}

/// W-84, W-85, D-24 d: recorded votes of two of three oracles.
fn judged_by_oracles<S: Stage>(world: &mut World<S>) -> Account {
    let mut account = Account::default();
    let (lea, max) = (world.user("lea", ORG1, 100), world.user("max", ORG2, 100));
    let oracles: Vec<Actor> = [ORG1, ORG2, ORG3]
        .into_iter()
        .map(|org| world.stage.enrol(&format!("oracle of {org}"), Enrolment::client(org)))
        .collect();
    let camera = world.device(&max, "camera-of-max");
    let name = format!("seen{}", world.set.tasks.trim_start_matches("tasks"));
    let addresses = oracles.iter().map(Actor::account).collect();
    let votes = Some(Votes { needed: 2, oracles: addresses, window: 5 });
    world.define(&TaskType { name: name.clone(), votes, ..plain() }).unwrap();
    let new = NewTask { type_name: name, ..public(whole(10), 10) };
    for (title, votes) in [("confirmed", [true, false, true]), ("refused", [false, true, false])] {
        let task = world.create(&lea, &new).unwrap();
        world.accept(&max, &task, &camera.id).unwrap();
        let result = world.result(&camera, &task, &[]);
        account.note("the camera submits", world.complete(&camera, &task, &result));
        let statement = statement_sha256(world, &task);
        account.note("lea votes", world.vote(&lea, &task, true, &statement));
        for (oracle, confirmed) in oracles.iter().zip(votes) {
            account.note(
                &format!("{} votes {confirmed}", oracle.name),
                world.vote(oracle, &task, confirmed, &statement),
            );
        }
        if let Some(first) = oracles.first() {
            account.note("the first votes again", world.vote(first, &task, true, &statement));
            account.note("on another result", world.vote(first, &task, true, &"00".repeat(32)));
        }
        account.note(&format!("settled, {title}"), world.with_epoch(&max, "settle", &task));
        account.say("max has", world.tokens(&max.account()));
        let tasks = world.set.tasks.clone();
        account.note("the task", world.ask::<Value>(&tasks, "task", &[&task]));
    }
    account
}

/// D-24 e: the creator's window, and silence.
fn judged_by_the_creator<S: Stage>(world: &mut World<S>) -> Account {
    let mut account = Account::default();
    let (nat, oz) = (world.user("nat", ORG1, 200), world.user("oz", ORG2, 100));
    let camera = world.device(&oz, "camera-of-oz");
    let name = format!("liked{}", world.set.tasks.trim_start_matches("tasks"));
    world.define(&TaskType { acceptance: Some(2), name: name.clone(), ..plain() }).unwrap();
    let new = NewTask { type_name: name, ..public(whole(10), 3) };
    let submitted = |world: &mut World<S>| {
        let task = world.create(&nat, &new).unwrap();
        world.accept(&oz, &task, &camera.id).unwrap();
        let result = world.result(&camera, &task, &[]);
        world.complete(&camera, &task, &result).unwrap();
        task
    };
    let liked = submitted(world);
    account.note("oz settles early", world.with_epoch(&oz, "settle", &liked));
    account.note("nat settles", world.with_epoch(&nat, "settle", &liked));
    account.say("oz has", world.tokens(&oz.account()));
    let disliked = submitted(world);
    account.note("oz rejects", world.with_epoch(&oz, "reject", &disliked));
    account.note("nat rejects", world.with_epoch(&nat, "reject", &disliked));
    account.say("nat has", world.tokens(&nat.account()));
    account.say("oz has", world.tokens(&oz.account()));
    let ignored = submitted(world);
    world.ticks(4);
    account.note("it cannot expire any more", world.on(&oz, "expire", &ignored));
    account.note("nat rejects late", world.with_epoch(&nat, "reject", &ignored));
    account.note("oz settles", world.with_epoch(&oz, "settle", &ignored));
    account.say("oz has", world.tokens(&oz.account()));
    account.say("nat's reputation", world.reputation(&nat.account()));
    account.say("oz's reputation", world.reputation(&oz.account()));
    account
}

/// W-89, W-91, W-94, WC-02, attack 5: what is no result of this device for this task.
fn results_of_others<S: Stage>(world: &mut World<S>) -> Account {
    let mut account = Account::default();
    let (pia, quy) = (world.user("pia", ORG1, 100), world.user("quy", ORG2, 100));
    let (camera, other) =
        (world.device(&quy, "camera-of-quy"), world.device(&quy, "second-of-quy"));
    let [first, second] = [(); 2].map(|()| world.create(&pia, &public(whole(4), 30)).unwrap());
    for task in [&first, &second] {
        world.accept(&quy, task, &camera.id).unwrap();
    }
    let good = world.result(&camera, &first, &[]);
    let owner = Thing { actor: quy.clone(), id: camera.id.clone() };
    account.note("the owner completes", world.complete(&owner, &first, &good));
    account.note("another device completes", world.complete(&other, &first, &good));
    let forged = world.result(&other, &first, &[]);
    account.note("signed by another device", world.complete(&camera, &first, &forged));
    account.note("for the other task", world.complete(&camera, &second, &good));
    let task =
        serde_json::from_value(world.ask(&world.set.tasks.clone(), "task", &[&first]).unwrap())
            .unwrap();
    let honest = world.statement(&task, &[]);
    let mut wrong = honest.clone();
    wrong.creator_key = "00".repeat(32);
    account.note("for another reader", world.complete(&camera, &first, &signed(&camera, wrong)));
    let mut wrong = honest.clone();
    wrong.channel = "elsewhere".to_owned();
    account.note("for another channel", world.complete(&camera, &first, &signed(&camera, wrong)));
    let mut altered = good.clone();
    altered.size += 1;
    account.note("of another size", world.complete(&camera, &first, &altered));
    let mut altered = good.clone();
    altered.ciphertext_sha256 = "00".repeat(32);
    account.note("of another file", world.complete(&camera, &first, &altered));
    let mut altered = good.clone();
    altered.cid = raw_cid(&[7; 32]);
    account.note("elsewhere", world.complete(&camera, &first, &altered));
    for (what, cid) in [
        ("no identifier", ""),
        ("an old identifier", "QmPZ9gcCEpqKTo6aq61g2nXGUhM4iCL3ewB6LDXZCtioEB"),
    ] {
        let mut wrong = honest.clone();
        cid.clone_into(&mut wrong.cid);
        account.note(what, world.complete(&camera, &first, &signed(&camera, wrong)));
    }
    let mut wrong = honest;
    wrong.task_key = "no key".to_owned();
    account.note("no key", world.complete(&camera, &first, &signed(&camera, wrong)));
    account.note("the camera completes", world.complete(&camera, &first, &good));
    account.note("the same again", world.complete(&camera, &first, &good));
    account
}

/// W-42, W-50, W-53, W-54, WC-07…09, D-10, D-28: money and tokens.
fn money<S: Stage>(world: &mut World<S>) -> Account {
    let mut account = Account::default();
    let (ray, sue) = (world.user("ray", ORG1, 10), world.user("sue", ORG2, 0));
    let bank = world.bank.clone();
    let tokens = world.set.tokens.clone();
    let does = |world: &mut World<S>, who: &Actor, function: &'static str, arguments: &[String]| {
        world.calls(who, &tokens, function, arguments)
    };
    let text = |amount: Amount| amount.units().to_string();
    let to_sue = sue.account().to_string();
    let money = [to_sue.clone(), text(whole(20))];
    account.note("ray issues money", does(world, &ray, "issue", &money));
    account.note("the bank does", does(world, &bank, "issue", &money));
    let prices = [
        ("too little", 19, 10),
        ("too much", 21, 10),
        ("exactly", 18, 9),
        ("without money", 18, 9),
    ];
    for (what, payment, amount) in prices {
        let arguments = [text(whole(amount)), text(whole(payment))];
        account
            .note(&format!("sue buys, paying {what}"), does(world, &sue, "purchase", &arguments));
    }
    account.note("sue redeems 4", does(world, &sue, "redeem", &[text(whole(4))]));
    account.note("sue redeems 6", does(world, &sue, "redeem", &[text(whole(6))]));
    let pay = [to_sue.clone(), text(whole(3)), "delivery:123".to_owned()];
    account.note("ray pays sue", does(world, &ray, "pay", &pay));
    let nobody = ["0".repeat(64), text(whole(1)), "x".to_owned()];
    account.note("ray pays nobody", does(world, &ray, "pay", &nobody));
    let device = world.stage.enrol("a device of ray's", Enrolment::client(ORG1));
    let from_ray = ray.account().to_string();
    let payment = json!({ "amount": whole(2), "reference": "power", "to": to_sue });
    let spend = [from_ray, payment.to_string()];
    account.note("a device spends", does(world, &device, "spend", &spend));
    let allow = [device.account().to_string(), text(whole(3))];
    account.note("ray allows it 3", does(world, &ray, "allow", &allow));
    account.note("the device spends 2", does(world, &device, "spend", &spend));
    account.note("and 2 more", does(world, &device, "spend", &spend));
    for (name, who) in [("ray", &ray), ("sue", &sue)] {
        let found: Balance = world.ask(&tokens, "balance", &[who.account().as_str()]).unwrap();
        account.say(name, format!("{} tokens, {} money", found.tokens, found.money));
    }
    world.register(&bank).unwrap();
    let back = [bank.account().to_string(), text(whole(3)), String::new()];
    account.note("sue pays the bank", does(world, &sue, "pay_money", &back));
    account.note("sue retires money", does(world, &sue, "retire", &[text(whole(1))]));
    account.note("the bank does", does(world, &bank, "retire", &[text(whole(3))]));
    account
}

/// W-10, D-29: a user whose key is lost keeps the account, and installs the devices again.
fn a_lost_key<S: Stage>(world: &mut World<S>) -> Account {
    let mut account = Account::default();
    let (tom, una) = (world.user("tom", ORG2, 100), world.user("una", ORG1, 100));
    let admin = world.stage.enrol("Registrar", Enrolment::admin(ORG2));
    let foreign = world.stage.enrol("Registrar", Enrolment::admin(ORG1));
    let lock = world.device(&tom, "lock-of-tom");
    let successor = world.stage.enrol("tom's new key", Enrolment::client(ORG2));
    let users = world.set.users.clone();
    let statement = json!({
        "account": tom.account(), "channel": world.stage.channel(), "contract": users,
        "old": tom.account(), "purpose": "replace",
    });
    let replaces = |world: &mut World<S>, who: &Actor, statement: &Value| {
        let proof = json!(successor.prove(statement)).to_string();
        world.calls(who, &users, "replace_key", &[tom.account().into(), proof])
    };
    account.note("tom replaces it himself", replaces(world, &tom, &statement));
    account.note("another organisation does", replaces(world, &foreign, &statement));
    account.note("without the new key's word", replaces(world, &admin, &json!({})));
    account.note("his organisation does", replaces(world, &admin, &statement));
    let task = world.create(&una, &public(whole(4), 30)).unwrap();
    account.note("the old key accepts", world.accept(&tom, &task, &lock.id));
    account.note("the new key accepts", world.accept(&successor, &task, &lock.id));
    let again = Thing {
        actor: world.stage.enrol("lock again", Enrolment::client(ORG2)),
        id: lock.id.clone(),
    };
    let key = again.actor.prove(&world.installation(&tom, &again, 1));
    let devices = world.set.devices.clone();
    let call = Call::new(&successor, &devices, "reinstall").arg(&lock.id).arg(&key);
    account.note("the lock is installed again", world.stage.submit(&call));
    account.note("the new key accepts", world.accept(&successor, &task, &lock.id));
    let result = world.result(&lock, &task, &[]);
    account.note("the old lock completes", world.complete(&lock, &task, &result));
    let result = world.result(&again, &task, &[]);
    account.note("the lock completes", world.complete(&again, &task, &result));
    account.say("tom's account has", world.tokens(&tom.account()));
    account
}

fn is_open<S: Stage>(world: &mut World<S>, task: &str) -> bool {
    let tasks = world.set.tasks.clone();
    let open: Value = world.ask(&tasks, "open", &[PLAIN, "100", ""]).unwrap();
    open.to_string().contains(task)
}

fn backlog<S: Stage>(world: &mut World<S>, thing: &Thing) -> Vec<String> {
    let devices = world.set.devices.clone();
    let slots: Value = world.ask(&devices, "backlog", &[thing.id.as_str()]).unwrap();
    let slots = slots.as_array().cloned().unwrap_or_default();
    slots.iter().filter_map(|slot| slot["task"].as_str().map(str::to_owned)).collect()
}

fn escrow<S: Stage>(world: &mut World<S>, task: &str) -> Value {
    let tokens = world.set.tokens.clone();
    world.ask(&tokens, "escrow", &[task]).unwrap()
}

/// What oracles vote on.
fn statement_sha256<S: Stage>(world: &mut World<S>, task: &str) -> String {
    let tasks = world.set.tasks.clone();
    let found: Value = world.ask(&tasks, "task", &[task]).unwrap();
    found["pending"]["statement_sha256"].as_str().unwrap().to_owned()
}
