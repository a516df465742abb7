//! Devices by the real rules of a channel, with managers beside them. What deposits do is shown
//! where all managers are together.

#![expect(
    clippy::panic,
    clippy::tests_outside_test_module,
    clippy::unwrap_used,
    reason = "all of this is test"
)]

use std::collections::BTreeMap;

use expect_test::{Expect, expect};
use pervade_chaincode::{
    CallError, Chaincode, ChaincodeName, ClientError, ContractError, Transaction, canonical,
    contract,
};
use pervade_devices::DevicesClient;
use pervade_devices::record::{
    Assigned, Assignment, Device, DevicePage, DeviceTerms, InstallStatement, LifePage, NewDevice,
    Nickname, Report, Reported, Slot, Standing,
};
use pervade_platform::{Amount, ContractSet, KeyProof, MAY_BIND, Outcome, PublicKey};
use pervade_simulator::{Deployment, Failure, Member, Simulator};
use pervade_users::record::UserTerms;
use serde_json::{Value, json};

/// W-13, W-15, W-17: bound once, by who may, before all else.
#[test]
fn the_manager_is_bound_once() {
    let mut world = World::unbound();
    let ann = world.client("ann");
    world.says(&ann, ("register", vec![world.new_device(&ann, "device-01")]), expect!["peer"]);
    let refused = world.bind(&ann, &terms());
    expect!["PERMISSION_DENIED"].assert_eq(&refused);
    let founder = world.founder.clone();
    let refused = world.bind(&founder, &DeviceTerms { backlog: 9, ..terms() });
    expect!["BAD_TERMS"].assert_eq(&refused);
    expect!["done"].assert_eq(&world.bind(&founder, &terms()));
    expect!["peer"].assert_eq(&world.bind(&founder, &terms()));
}

/// W-28, W-32, W-34, W-35, W-36: a registered user's, by a name that nobody used before.
#[test]
fn a_device_is_its_owners() {
    let mut world = World::new();
    let (ann, bob) = (world.user("ann"), world.user("bob"));
    let nobody = world.client("nobody");
    let device = world.new_device(&nobody, "device-01");
    world.says(&nobody, ("register", vec![device]), expect!["USER_NOT_REGISTERED"]);

    let registered = world.register(&ann, "device-01");
    assert_eq!(registered.owner.as_str(), ann.certificate().address());
    assert_eq!((registered.active, registered.suspect, registered.installs), (true, false, 1));
    let found: Device = world.ask("device", &["device-01"]);
    assert_eq!(found, registered);
    let of_account: Device = world.ask("of_account", &[registered.account.as_str()]);
    assert_eq!(of_account, registered);

    let again = world.new_device(&bob, "device-01");
    world.says(&bob, ("register", vec![again]), expect!["DEVICE_ID_TAKEN"]);
    for wrong in ["short", "with space", &"x".repeat(65), "ümlaut-device"] {
        let device = world.new_device(&bob, "device-02").replace("device-02", wrong);
        world.says(&bob, ("register", vec![device]), expect!["ARGUMENT"]);
    }
    world.register(&ann, "device-03");
    let owner = registered.owner.as_str();
    let page: DevicePage = world.ask("list", &[owner, "1", ""]);
    let next: DevicePage = world.ask("list", &[owner, "1", &page.bookmark]);
    let ids = [page, next].map(|page| page.devices.first().map(|device| device.id.to_string()));
    assert_eq!(ids, [Some("device-01".to_owned()), Some("device-03".to_owned())]);
}

/// W-33, W-94, attack 4: whoever names a device holds its key, and nobody else does.
#[test]
fn a_device_has_a_key_of_its_own() {
    let mut world = World::new();
    let (ann, bob) = (world.user("ann"), world.user("bob"));
    world.register(&ann, "device-01");
    let stolen = world.new_device(&ann, "device-02");
    world.says(&bob, ("register", vec![stolen]), expect!["BAD_KEY"]);
    let mut altered: Value = serde_json::from_str(&world.new_device(&bob, "device-02")).unwrap();
    altered["key"]["signature"] = json!("00");
    world.says(&bob, ("register", vec![altered.to_string()]), expect!["BAD_KEY"]);
    altered["key"]["public_key"] = json!("04");
    world.says(&bob, ("register", vec![altered.to_string()]), expect!["ARGUMENT"]);
    let device_01 = world.client("device-01");
    let taken = world.signed(&bob, "device-04", &device_01, 0);
    world.says(&bob, ("register", vec![taken]), expect!["DEVICE_KEY_TAKEN"]);
    let own = world.signed(&bob, "device-04", &bob.clone(), 0);
    world.says(&bob, ("register", vec![own]), expect!["DEVICE_KEY_TAKEN"]);
}

/// W-08, W-22, W-37: what is the owner's to decide is nobody else's.
#[test]
fn only_the_owner_decides() {
    let mut world = World::new();
    let (ann, bob) = (world.user("ann"), world.user("bob"));
    world.register(&ann, "device-01");
    let id = || "device-01".to_owned();
    let calls = |world: &World| {
        let key = world.proof(&ann, "device-01", &world.client("other-key"), 1);
        [
            ("set_active", vec![id(), "false".to_owned()]),
            ("set_price", vec![id(), "1000000".to_owned()]),
            ("describe", vec![id(), "true".to_owned(), "{}".to_owned()]),
            ("deregister", vec![id()]),
            ("reinstall", vec![id(), key]),
        ]
    };
    for call in calls(&world) {
        world.says(&bob, call, expect!["NOT_DEVICE_OWNER"]);
    }
    for (function, mut arguments) in calls(&world) {
        if let Some(first) = arguments.first_mut() {
            "device-99".clone_into(first);
        }
        world.says(&ann, (function, arguments), expect!["DEVICE_UNKNOWN"]);
    }
    world.says(&ann, ("set_active", vec![id(), "false".to_owned()]), expect!["done"]);
    world.says(&ann, assignment(&ann, "device-01", "t1"), expect!["PERMISSION_DENIED"]);
    world.tasks_says(&ann, assignment(&ann, "device-01", "t1"), expect!["DEVICE_INACTIVE"]);
    world.says(&ann, ("set_active", vec![id(), "true".to_owned()]), expect!["done"]);
    world.tasks_says(&ann, assignment(&ann, "device-01", "t1"), expect!["done"]);
}

/// W-36, W-69, W-70, attack 12: a backlog without holes, and with an end.
#[test]
fn a_backlog_has_places() {
    let mut world = World::new();
    let (ann, bob) = (world.user("ann"), world.user("bob"));
    world.register(&ann, "device-01");
    let refused = assignment(&bob, "device-01", "t0");
    world.tasks_says(&bob, refused, expect!["NOT_DEVICE_OWNER"]);
    let unknown = assignment(&ann, "device-99", "t0");
    world.tasks_says(&ann, unknown, expect!["DEVICE_UNKNOWN"]);
    let slots: Vec<u32> = (0..4).map(|n| world.assigned(&ann, &format!("t{n}")).slot).collect();
    let mut sorted = slots.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, [0, 1, 2, 3], "each has a place");
    world.tasks_says(&ann, assignment(&ann, "device-01", "t4"), expect!["BACKLOG_FULL"]);
    let backlog: Vec<Slot> = world.ask("backlog", &["device-01"]);
    assert_eq!(backlog.len(), 4);
    let busy = ("deregister", vec!["device-01".to_owned()]);
    world.says(&ann, busy, expect!["DEVICE_BUSY"]);

    let freed = slots.get(1).copied().unwrap();
    world.reported(&ann, &report("t1", freed, Some(Outcome::Completed), false, 1));
    assert_eq!(world.assigned(&ann, "t4").slot, freed, "the place that is free");
}

/// W-59, W-98: what a device did stays known, and faults make it suspect until it is installed again.
#[test]
fn a_device_has_a_standing() {
    let mut world = World::new();
    let ann = world.user("ann");
    world.register(&ann, "device-01");
    let outcomes = [Outcome::Completed, Outcome::Expired, Outcome::Failed, Outcome::Declined];
    for outcome in outcomes {
        let slot = world.assigned(&ann, "t").slot;
        world.reported(&ann, &report("t", slot, Some(outcome), false, 1));
    }
    let standing: Standing = world.ask("standing", &["device-01"]);
    let Standing { completed, declined, expired, failed, .. } = standing;
    assert_eq!([completed, declined, expired, failed], [1, 1, 1, 1]);

    let slot = world.assigned(&ann, "t").slot;
    let suspect =
        [5, 6, 7].map(|epoch| world.reported(&ann, &report("t", slot, None, true, epoch)).suspect);
    assert_eq!(suspect, [false, false, true], "at the third fault");
    world.tasks_says(&ann, assignment(&ann, "device-01", "u"), expect!["DEVICE_SUSPECT"]);
    let id = "device-01".to_owned();
    let key = world.proof(&ann, &id, &world.client("new-key"), 1);
    world.says(&ann, ("reinstall", vec![id.clone(), key.clone()]), expect!["DEVICE_BUSY"]);
    world.reported(&ann, &report("t", slot, Some(Outcome::Expired), false, 8));
    world.says(&ann, ("reinstall", vec![id, key]), expect!["done"]);
    world.tasks_says(&ann, assignment(&ann, "device-01", "u"), expect!["done"]);
    let life: LifePage = world.ask("life", &["device-01", "100", ""]);
    let events: Vec<Value> = life.entries.iter().map(|entry| json!(entry.event)).collect();
    assert!(
        events.contains(&json!("suspect")) && events.contains(&json!("reinstalled")),
        "{events:?}"
    );
}

/// W-10: a device that was installed under a key of its owner's that was lost gets nothing until it
/// is installed again; its own old key is of no use then.
#[test]
fn a_lost_key_asks_for_reinstallation() {
    let mut world = World::new();
    let ann = world.user("ann");
    let before = world.register(&ann, "device-01");
    let stale = Assignment { owner_generation: 1, ..wanted(&ann, "device-01", "t1") };
    let call = ("assign", vec![json!(stale).to_string()]);
    world.tasks_says(&ann, call, expect!["DEVICE_KEY_STALE"]);

    let id = "device-01".to_owned();
    let replayed = world.proof(&ann, &id, &world.client("device-01"), 0);
    world.says(&ann, ("reinstall", vec![id.clone(), replayed]), expect!["DEVICE_KEY_TAKEN"]);
    let early = world.proof(&ann, &id, &world.client("new-key"), 0);
    world.says(&ann, ("reinstall", vec![id.clone(), early]), expect!["BAD_KEY"]);
    let key = world.proof(&ann, &id, &world.client("new-key"), 1);
    world.says(&ann, ("reinstall", vec![id, key]), expect!["done"]);
    let after: Device = world.ask("device", &["device-01"]);
    assert_eq!(after.account.as_str(), world.client("new-key").certificate().address());
    let refused = world.try_ask("of_account", &[before.account.as_str()]);
    assert_eq!(refused, Err("DEVICE_UNKNOWN".to_owned()), "the old key is nobody's");
    let of_account: Device = world.ask("of_account", &[after.account.as_str()]);
    assert_eq!(of_account, after);
}

/// WC-06: found by what its owner says of it, as long as it can be asked.
#[test]
fn devices_are_found_by_attributes() {
    let mut world = World::new();
    let ann = world.user("ann");
    let describe = |id: &str, discoverable: bool, attributes: &[(&str, &str)]| {
        let attributes: BTreeMap<_, _> = attributes.iter().copied().collect();
        ("describe", vec![id.to_owned(), discoverable.to_string(), json!(attributes).to_string()])
    };
    for id in ["device-01", "device-02"] {
        world.register(&ann, id);
        let attributes = [("quantity", "temperature"), ("place", id)];
        world.says(&ann, describe(id, true, &attributes), expect!["done"]);
    }
    let found = |world: &mut World, name: &str, value: &str| {
        let page: DevicePage = world.ask("discover", &[name, value, "10", ""]);
        page.devices.into_iter().map(|device| device.id.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(found(&mut world, "quantity", "temperature"), ["device-01", "device-02"]);
    assert_eq!(found(&mut world, "place", "device-02"), ["device-02"]);
    world.says(&ann, describe("device-02", true, &[("place", "roof")]), expect!["done"]);
    assert_eq!(found(&mut world, "quantity", "temperature"), ["device-01"]);
    assert_eq!(found(&mut world, "place", "device-02"), <[&str; 0]>::default());
    world.says(&ann, describe("device-02", false, &[("place", "roof")]), expect!["done"]);
    assert_eq!(found(&mut world, "place", "roof"), <[&str; 0]>::default());
    let inactive = ("set_active", vec!["device-01".to_owned(), "false".to_owned()]);
    world.says(&ann, inactive, expect!["done"]);
    assert_eq!(found(&mut world, "quantity", "temperature"), <[&str; 0]>::default());
    world.says(&ann, describe("device-01", true, &[("name", "Ann's")]), expect!["BAD_ATTRIBUTE"]);
}

/// W-101, D-30: a device's name is for its owner's organisation; the ledger has a digest.
#[test]
fn a_name_stays_in_the_organisation() {
    let mut world = World::new();
    let ann = world.user("ann");
    world.register(&ann, "device-01");
    let nickname =
        Nickname { name: "Ann's kitchen".to_owned(), salt: "0123456789abcdef".to_owned() };
    let call = world.simulator.as_(&ann).to("devices");
    let call = call.transient("nickname", json!(nickname).to_string());
    call.submit("name_device", ["device-01"]).unwrap();
    let device: Device = world.ask("device", &["device-01"]);
    assert_eq!(device.name_commitment.map(|text| text.len()), Some(64));
    for key in world.simulator.keys("devices") {
        let value = world.simulator.value("devices", key).unwrap();
        let text = String::from_utf8_lossy(value).into_owned();
        assert!(!text.contains("kitchen") && !key.contains("kitchen"), "{key}: {text}");
    }
    let told = world.simulator.as_(&ann).to("devices").evaluate("nickname", ["device-01"]).unwrap();
    assert_eq!(serde_json::from_slice::<Value>(&told).unwrap(), json!(nickname));
    let other = world.simulator.client("Org2MSP", "other").unwrap();
    let told = world.simulator.as_(&other).to("devices").evaluate("nickname", ["device-01"]);
    assert!(told.is_err(), "another organisation's peer does not have it");
}

/// A removed device is gone, its history and its name are not.
#[test]
fn a_removed_device_leaves_its_name_used() {
    let mut world = World::new();
    let (ann, bob) = (world.user("ann"), world.user("bob"));
    world.register(&ann, "device-01");
    world.says(&ann, ("deregister", vec!["device-01".to_owned()]), expect!["done"]);
    assert_eq!(world.try_ask("device", &["device-01"]), Err("DEVICE_UNKNOWN".to_owned()));
    let again = world.new_device(&bob, "device-01");
    world.says(&bob, ("register", vec![again]), expect!["DEVICE_ID_TAKEN"]);
    let life: LifePage = world.ask("life", &["device-01", "10", ""]);
    assert_eq!(life.entries.len(), 2, "installed and removed");
}

/// W-16, F-2: nobody gives a device a task but the bound manager of tasks.
#[test]
fn only_the_manager_of_tasks_assigns() {
    let mut world = World::new();
    let ann = world.user("ann");
    world.register(&ann, "device-01");
    let (function, arguments) = assignment(&ann, "device-01", "t1");
    world.says(&ann, (function, arguments.clone()), expect!["PERMISSION_DENIED"]);
    let report = json!(report("t1", 0, Some(Outcome::Completed), false, 1)).to_string();
    world.says(&ann, ("report", vec![report.clone()]), expect!["PERMISSION_DENIED"]);
    let founder = world.founder.clone();
    world.says(&founder, (function, arguments.clone()), expect!["PERMISSION_DENIED"]);
    let foreign = world.simulator.as_(&ann).to("foreign").submit(function, arguments);
    expect!["PERMISSION_DENIED"].assert_eq(&told(foreign.map(|_| ())));
    let foreign = world.simulator.as_(&ann).to("foreign").submit("report", [report]);
    expect!["PERMISSION_DENIED"].assert_eq(&told(foreign.map(|_| ())));
}

/// Passes on to the manager of devices what it is asked, under whatever name it is deployed.
struct Passes;

#[contract(name = "passes", default)]
impl Passes {
    #[submit]
    async fn assign(
        &self,
        tx: &mut Transaction,
        assignment: Assignment,
    ) -> Result<Assigned, ClientError<CallError>> {
        DevicesClient::new(tx, named("devices")).assign(assignment).await
    }

    #[submit]
    async fn report(
        &self,
        tx: &mut Transaction,
        report: Report,
    ) -> Result<Reported, ClientError<CallError>> {
        DevicesClient::new(tx, named("devices")).report(report).await
    }
}

fn named(name: &str) -> ChaincodeName {
    name.parse().unwrap()
}

fn terms() -> DeviceTerms {
    let nothing = Amount::ZERO;
    DeviceTerms { backlog: 4, deposit: nothing, fault_limit: 3, fault_window: 10, slash: nothing }
}

fn wanted(owner: &Member, device: &str, task: &str) -> Assignment {
    Assignment {
        device: device.parse().unwrap(),
        owner_generation: 0,
        respondent: owner.certificate().address().parse().unwrap(),
        task: task.to_owned(),
    }
}

type Asked = (&'static str, Vec<String>);

fn assignment(owner: &Member, device: &str, task: &str) -> Asked {
    ("assign", vec![json!(wanted(owner, device, task)).to_string()])
}

fn report(task: &str, slot: u32, outcome: Option<Outcome>, faulty: bool, epoch: u64) -> Report {
    let device = "device-01".parse().unwrap();
    Report { device, epoch, faulty, outcome, slot, task: task.to_owned() }
}

struct World {
    simulator: Simulator,
    founder: Member,
}

impl World {
    fn unbound() -> Self {
        let mut simulator = Simulator::with_organizations(&["Org1MSP", "Org2MSP"]).unwrap();
        let managers = [
            pervade_users::chaincode(named("users")),
            pervade_devices::chaincode(named("devices")),
            pervade_tokens::chaincode(named("tokens")),
        ];
        for manager in managers {
            simulator.deploy(Deployment::new(manager).init_required()).unwrap();
        }
        simulator.deploy(Chaincode::new(named("tasks")).with(Passes)).unwrap();
        simulator.deploy(Chaincode::new(named("foreign")).with(Passes)).unwrap();
        let founder = simulator.client_with("Org1MSP", "founder", &[(MAY_BIND, "true")]).unwrap();
        let mut world = Self { simulator, founder };
        let terms =
            UserTerms { full_reward_tasks: 8, initial_reputation: 1, literal_reputation: false };
        let set = json!(ContractSet::with_ending("")).to_string();
        let founder = world.founder.clone();
        let call = world.simulator.as_(&founder).to("users").init();
        call.submit("bind", [set, json!(terms).to_string()]).unwrap();
        world
    }

    fn new() -> Self {
        let mut world = Self::unbound();
        let founder = world.founder.clone();
        assert_eq!(world.bind(&founder, &terms()), "done", "bound");
        world
    }

    fn bind(&mut self, who: &Member, terms: &DeviceTerms) -> String {
        let arguments = [json!(ContractSet::with_ending("")), json!(terms)];
        let call = self.simulator.as_(who).to("devices").init();
        told(call.submit("bind", arguments.map(|argument| argument.to_string())).map(|_| ()))
    }

    fn client(&self, name: &str) -> Member {
        self.simulator.client("Org1MSP", name).unwrap()
    }

    fn user(&mut self, name: &str) -> Member {
        let user = self.client(name);
        self.simulator.as_(&user).to("users").submit("register", ()).unwrap();
        user
    }

    /// A device whose key is that of the member of the same name.
    fn new_device(&self, owner: &Member, id: &str) -> String {
        self.signed(owner, id, &self.client(id), 0)
    }

    fn signed(&self, owner: &Member, id: &str, holder: &Member, installs: u32) -> String {
        let key = serde_json::from_str(&self.proof(owner, id, holder, installs)).unwrap();
        json!(NewDevice { id: id.parse().unwrap(), key }).to_string()
    }

    fn proof(&self, owner: &Member, id: &str, holder: &Member, installs: u32) -> String {
        let statement = InstallStatement {
            channel: "mychannel".to_owned(),
            contract: "devices".to_owned(),
            device: id.parse().unwrap(),
            installs,
            owner: owner.certificate().address().parse().unwrap(),
            purpose: InstallStatement::PURPOSE.to_owned(),
        };
        let signature = holder.signer().sign(&canonical::to_vec(&statement).unwrap()).unwrap();
        let point = hex::encode(holder.certificate().public_key_point());
        let public_key = PublicKey::try_from(point).unwrap();
        json!(KeyProof { public_key, signature: hex::encode(signature) }).to_string()
    }

    fn register(&mut self, owner: &Member, id: &str) -> Device {
        let device = self.new_device(owner, id);
        let call = self.simulator.as_(owner).to("devices").submit("register", [device]);
        serde_json::from_slice(&call.unwrap().result).unwrap()
    }

    fn assigned(&mut self, owner: &Member, task: &str) -> Assigned {
        let (function, arguments) = assignment(owner, "device-01", task);
        let call = self.simulator.as_(owner).to("tasks").submit(function, arguments).unwrap();
        let event = call.event.map(|event| String::from_utf8_lossy(&event.payload).into_owned());
        let is_told = event.is_some_and(|event| event.contains("\"type\":\"assigned\""));
        assert!(is_told, "the device is told");
        serde_json::from_slice(&call.result).unwrap()
    }

    fn reported(&mut self, owner: &Member, report: &Report) -> Reported {
        let call = self.simulator.as_(owner).to("tasks");
        let call = call.submit("report", [json!(report).to_string()]).unwrap();
        serde_json::from_slice(&call.result).unwrap()
    }

    #[track_caller]
    fn says(&mut self, who: &Member, (function, arguments): Asked, expected: Expect) {
        let call = self.simulator.as_(who).to("devices").submit(function, arguments);
        expected.assert_eq(&told(call.map(|_| ())));
    }

    #[track_caller]
    fn tasks_says(&mut self, who: &Member, (function, arguments): Asked, expected: Expect) {
        let call = self.simulator.as_(who).to("tasks").submit(function, arguments);
        expected.assert_eq(&told(call.map(|_| ())));
    }

    fn try_ask(&mut self, function: &str, arguments: &[&str]) -> Result<Vec<u8>, String> {
        let founder = self.founder.clone();
        let arguments: Vec<String> = arguments.iter().map(|text| (*text).to_owned()).collect();
        let answer = self.simulator.as_(&founder).to("devices").evaluate(function, arguments);
        answer.map_err(|failure| told(Err(failure)))
    }

    fn ask<T: serde::de::DeserializeOwned>(&mut self, function: &str, arguments: &[&str]) -> T {
        serde_json::from_slice(&self.try_ask(function, arguments).unwrap()).unwrap()
    }
}

/// The code of a refusal; `peer` if it is the peer's and not the contract's.
fn told(outcome: Result<(), Failure>) -> String {
    match outcome {
        Ok(()) => "done".to_owned(),
        Err(Failure::Refused(refused)) => {
            ContractError::split_text(&refused.message).0.unwrap_or("peer").to_owned()
        }
        Err(other) => panic!("{other}"),
    }
}
