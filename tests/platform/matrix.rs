//! Every function of the platform, called by everybody.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use expect_test::expect_file;
use pervade_tasks::record::TaskType;
use serde_json::{Value, json};

use crate::simulated::Simulated;
use crate::stage::{Actor, Call, Enrolment, Stage as _, Told};
use crate::world::{
    AllTerms, BLOCK_HASH, CLOCK, ORG1, ORG2, ORGS, PLAIN, Thing, World, assigned, chaincodes,
    plain, public, whole,
};

/// W-08, W-16, W-21, W-22, W-73, W-99, W-100: what each function says to each of them. What is refused
/// changes nothing.
#[test]
fn every_function_for_everybody() {
    let mut scene = Scene::new();
    let (mut table, mut tried) = (scene.heading(), BTreeSet::new());
    for (chaincode, function, arguments) in scene.calls() {
        let mut row = format!("{:32}", format!("{chaincode}.{function}"));
        for actor in scene.actors() {
            let told = scene.told(&actor, (&chaincode, function), &arguments);
            write!(row, " {told:20}").unwrap();
        }
        table.push_str(row.trim_end());
        table.push('\n');
        tried.insert((chaincode, function.to_owned()));
    }
    assert_eq!(scene.functions(), tried, "no function is left out");
    expect_file!["matrix.txt"].assert_eq(&table);
}

struct Scene {
    world: World<Simulated>,
    stranger: Actor,
    user: Actor,
    owner: Actor,
    camera: Thing,
    other: Actor,
    admin: Actor,
    /// Open to all.
    open: String,
    /// Accepted by the owner, for the camera.
    accepted: String,
    /// Given to the owner and the camera.
    named: String,
    /// Completed by the camera.
    done: String,
}

impl Scene {
    fn new() -> Self {
        let stage = Simulated::new(&ORGS, chaincodes(""));
        let mut world = World::found(stage, "", &AllTerms::default());
        world.define(&plain()).unwrap();
        let stranger = world.stage.enrol("stranger", Enrolment::client(ORG1));
        let admin = world.stage.enrol("admin", Enrolment::admin(ORG2));
        let user = world.user("user", ORG1, 500);
        let owner = world.user("owner", ORG2, 100);
        let other = world.user("other", ORG2, 100);
        let camera = world.device(&owner, "camera-01");
        world.device(&other, "camera-02");
        let task = public(whole(4), 50);
        let [open, accepted, done] = [(); 3].map(|()| world.create(&user, &task).unwrap());
        let named = world.create(&user, &assigned(&owner, &camera, whole(4), 50)).unwrap();
        for task in [&accepted, &done] {
            world.accept(&owner, task, &camera.id).unwrap();
        }
        let result = world.result(&camera, &done, &[]);
        world.complete(&camera, &done, &result).unwrap();
        Self { world, stranger, user, owner, camera, other, admin, open, accepted, named, done }
    }

    fn actors(&self) -> [Actor; 7] {
        let Self { stranger, user, owner, camera, other, admin, .. } = self;
        let founder = &self.world.founder;
        [stranger, user, owner, other, &camera.actor, admin, founder].map(Clone::clone)
    }

    fn heading(&self) -> String {
        let actors = [
            "unregistered",
            "registered",
            "with the device",
            "with another",
            "the device",
            "its administrator",
            "founder",
        ];
        let cells: Vec<String> = actors.iter().map(|actor| format!("{actor:20}")).collect();
        format!("{:32} {}\n", "", cells.join(" ").trim_end())
    }

    /// Every function with arguments that somebody may give it: about the owner's camera and the user's tasks.
    fn calls(&mut self) -> Vec<(String, &'static str, Vec<String>)> {
        let mut calls = Vec::new();
        for (chaincode, listed) in [
            ("clock", self.of_clock()),
            ("users", self.of_users()),
            ("tokens", self.of_tokens()),
            ("devices", self.of_devices()),
            ("tasks", self.of_tasks()),
        ] {
            calls.extend(
                listed.into_iter().map(|(function, args)| (chaincode.to_owned(), function, args)),
            );
        }
        calls
    }

    fn of_clock(&self) -> Vec<(&'static str, Vec<String>)> {
        let seen = [one(), BLOCK_HASH.to_owned()];
        vec![
            ("bind", [&[json!(CLOCK).to_string()][..], &seen].concat()),
            ("tick", [&[one()][..], &seen].concat()),
            ("has_begun", vec![one()]),
            ("marker", vec!["0".to_owned()]),
            ("latest", vec![]),
            ("terms", vec![]),
        ]
    }

    fn of_users(&mut self) -> Vec<(&'static str, Vec<String>)> {
        let owner = self.owner.account().to_string();
        let terms = AllTerms::default();
        let successor = self.world.stage.enrol("successor", Enrolment::client(ORG2));
        let proof = |purpose: &str| {
            json!(successor.prove(&json!({
                "account": owner, "channel": self.world.stage.channel(), "contract": "users",
                "old": owner, "purpose": purpose,
            })))
            .to_string()
        };
        let engagement = json!({ "creator": owner, "respondent": owner, "minimum": 0 });
        let settlement = json!({ "entries": [], "epoch": 0, "task": self.open });
        let anchor = json!({ "entries": 1, "log": "tasks", "sha256": "00".repeat(32) });
        let page = || vec![owner.clone(), "10".to_owned(), String::new()];
        vec![
            ("bind", vec![json!(self.world.set).to_string(), json!(terms.users).to_string()]),
            ("register", vec![]),
            ("rotate", vec![proof("rotate")]),
            ("replace_key", vec![owner.clone(), proof("replace")]),
            ("declare_group", vec![owner.clone(), "group-1".to_owned()]),
            ("anchor", vec![anchor.to_string()]),
            ("caller", vec![]),
            ("signer_account", vec![]),
            ("user", vec![owner.clone()]),
            ("is_key", vec![owner.clone()]),
            ("engage", vec![engagement.to_string()]),
            ("settle", vec![settlement.to_string()]),
            ("reputation", vec![owner.clone()]),
            ("gather", vec![owner.clone()]),
            ("list", vec!["10".to_owned(), String::new()]),
            ("notifications", page()),
            ("history", page()),
            ("key_log", page()),
            ("anchors", [ORG1, "tasks", "10", ""].map(str::to_owned).to_vec()),
            ("terms", vec![]),
        ]
    }

    fn of_tokens(&self) -> Vec<(&'static str, Vec<String>)> {
        let (owner, user) = (self.owner.account().to_string(), self.user.account().to_string());
        let terms = AllTerms::default().tokens;
        let robbery = json!([{ "amount": whole(1), "from": { "account": user }, "to": { "account": owner } }]);
        let payment = json!({ "amount": whole(1), "reference": "x", "to": owner });
        let paid = || vec![owner.clone(), amount(1), "x".to_owned()];
        vec![
            ("bind", vec![json!(self.world.set).to_string(), json!(terms).to_string()]),
            ("apply", vec![robbery.to_string()]),
            ("issue", vec![owner.clone(), amount(1)]),
            ("retire", vec![amount(1)]),
            ("purchase", vec![amount(1), amount(2)]),
            ("redeem", vec![amount(1)]),
            ("pay", paid()),
            ("pay_money", paid()),
            ("allow", vec![self.camera.actor.account().to_string(), amount(1)]),
            ("spend", vec![user.clone(), payment.to_string()]),
            ("gather", vec![owner.clone()]),
            ("gather_pools", vec![]),
            ("balance", vec![owner.clone()]),
            ("escrow", vec![self.open.clone()]),
            ("deposit", vec![self.camera.id.to_string()]),
            ("allowance", vec![user, owner.clone()]),
            ("supply", vec![]),
            ("price", vec![]),
            ("terms", vec![]),
            ("transfer", vec![self.open.clone()]),
            ("transfers", vec![owner, "10".to_owned(), String::new()]),
        ]
    }

    fn of_devices(&mut self) -> Vec<(&'static str, Vec<String>)> {
        let id = || self.camera.id.to_string();
        let owner = self.owner.account().to_string();
        let new = Thing {
            actor: self.world.stage.enrol("camera-03", Enrolment::client(ORG2)),
            id: "camera-03".parse().unwrap(),
        };
        let proof = json!(new.actor.prove(&self.world.installation(&self.owner, &new, 0)));
        let again = Thing { actor: new.actor.clone(), id: self.camera.id.clone() };
        let reinstalled = json!(new.actor.prove(&self.world.installation(&self.owner, &again, 1)));
        let assignment = json!({ "device": id(), "owner_generation": 0, "respondent": owner, "task": self.open });
        let report =
            json!({ "device": id(), "epoch": 0, "faulty": true, "slot": 0, "task": self.open });
        vec![
            (
                "bind",
                vec![
                    json!(self.world.set).to_string(),
                    json!(AllTerms::default().devices).to_string(),
                ],
            ),
            ("register", vec![json!({ "id": "camera-03", "key": proof }).to_string()]),
            ("reinstall", vec![id(), reinstalled.to_string()]),
            ("set_active", vec![id(), "false".to_owned()]),
            ("set_price", vec![id(), amount(1)]),
            ("describe", vec![id(), "true".to_owned(), "{}".to_owned()]),
            ("name_device", vec![id()]),
            ("deregister", vec![id()]),
            ("assign", vec![assignment.to_string()]),
            ("report", vec![report.to_string()]),
            ("device", vec![id()]),
            ("of_account", vec![self.camera.actor.account().to_string()]),
            ("standing", vec![id()]),
            ("backlog", vec![id()]),
            ("list", vec![owner, "10".to_owned(), String::new()]),
            ("discover", ["quantity", "x", "10", ""].map(str::to_owned).to_vec()),
            ("attributes", vec![id()]),
            ("life", vec![id(), "10".to_owned(), String::new()]),
            ("nickname", vec![id()]),
            ("terms", vec![]),
        ]
    }

    fn of_tasks(&mut self) -> Vec<(&'static str, Vec<String>)> {
        let (open, accepted) = (self.open.clone(), self.accepted.clone());
        let camera = self.camera.clone();
        let result = json!(self.world.result(&camera, &accepted, &[])).to_string();
        let other_type = TaskType { name: "other".to_owned(), ..plain() };
        let now = || "0".to_owned();
        let id = || camera.id.to_string();
        let page = |of: String| vec![of, "10".to_owned(), String::new()];
        let account = self.owner.account().to_string();
        vec![
            (
                "bind",
                vec![
                    json!(self.world.set).to_string(),
                    json!(AllTerms::default().tasks).to_string(),
                ],
            ),
            ("define_type", vec![json!(other_type).to_string()]),
            ("create", vec![json!(public(whole(1), 10)).to_string(), now()]),
            ("accept", vec![open.clone(), id(), now()]),
            ("accept", vec![self.named.clone(), id(), now()]),
            ("decline", vec![accepted.clone(), now()]),
            ("release", vec![open.clone(), now()]),
            ("release", vec![accepted.clone(), now()]),
            ("expire", vec![accepted.clone()]),
            ("complete", vec![accepted.clone(), result, now()]),
            ("settle", vec![accepted.clone(), now()]),
            ("reject", vec![accepted.clone(), now()]),
            ("vote", vec![accepted.clone(), "true".to_owned(), "00".repeat(32)]),
            ("task", vec![accepted.clone()]),
            ("task", vec![self.done.clone()]),
            ("result", vec![self.done.clone()]),
            ("summary", vec![self.done.clone()]),
            ("verdicts", page(self.done.clone())),
            ("open", page(PLAIN.to_owned())),
            ("due", page("100".to_owned())),
            ("by_creator", page(account.clone())),
            ("by_respondent", page(account)),
            ("by_device", page(id())),
            ("votes", page(accepted)),
            ("averages", page(id())),
            ("task_type", vec![PLAIN.to_owned()]),
            ("types", vec!["10".to_owned(), String::new()]),
            ("terms", vec![]),
        ]
    }

    /// What the call is told. It is endorsed and not sent, so that all are asked on one state; one that is
    /// refused is sent as well.
    fn told(
        &mut self,
        who: &Actor,
        (chaincode, function): (&str, &'static str),
        arguments: &[String],
    ) -> String {
        let call = Call::new(who, chaincode, function);
        let mut call = arguments.iter().fold(call, |call, argument| call.arg(argument));
        if function == "name_device" {
            call = call.transient("nickname", json!({ "name": "x", "salt": "0123456789abcdef" }));
        }
        if function == "bind" {
            // Whether the peer lets an initialisation through is not the contract's to say.
            let before = self.world.state();
            let told = self.world.stage.submit(&call.init());
            assert_eq!(self.world.state(), before, "nothing is bound again");
            let words = told.err().unwrap_or_default();
            assert!(words.contains("already initialized"), "{words}");
            return "BOUND".to_owned();
        }
        let told: Told = match self.world.stage.hold(&call) {
            Ok(_) => Ok(Value::Null),
            Err(_) => {
                let before = self.world.state();
                let told = self.world.stage.submit(&call);
                assert_eq!(self.world.state(), before, "{chaincode}.{function} changes nothing");
                told
            }
        };
        // Functions that only read have no pages in a submission.
        let told = match told {
            Err(code) if !code.chars().all(|c| c.is_ascii_uppercase() || c == '_') => {
                self.world.stage.evaluate(&call)
            }
            told => told,
        };
        told.map_or_else(|code| code, |_| "done".to_owned())
    }

    /// Every function that the chaincodes say they have.
    fn functions(&mut self) -> BTreeSet<(String, String)> {
        let mut functions = BTreeSet::new();
        for chaincode in ["clock", "devices", "tasks", "tokens", "users"] {
            let metadata: Value =
                self.world.ask(chaincode, "org.hyperledger.fabric:GetMetadata", &[]).unwrap();
            let listed = metadata["contracts"][chaincode]["transactions"].as_array().unwrap();
            functions.extend(listed.iter().map(|function| {
                (chaincode.to_owned(), function["name"].as_str().unwrap().to_owned())
            }));
        }
        functions
    }
}

fn one() -> String {
    "1".to_owned()
}

fn amount(wholes: u64) -> String {
    whole(wholes).units().to_string()
}
