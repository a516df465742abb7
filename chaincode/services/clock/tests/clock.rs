//! The clock by the real rules of a channel, and a contract with a deadline beside it.

#![expect(
    clippy::panic,
    clippy::tests_outside_test_module,
    clippy::unwrap_used,
    reason = "all of this is test"
)]

use expect_test::{Expect, expect};
use fabric_protos::Message as _;
use fabric_protos::msp::SerializedIdentity;
use pervade_chaincode::testing::{TestCall, TestLedger};
use pervade_chaincode::{CallError, Chaincode, ChaincodeName, ClientError, Transaction, contract};
use pervade_clock::rules::{Marker, Terms};
use pervade_clock::{BOUND, ClockClient, MAY_BIND, MAY_TICK};
use pervade_simulator::{Deployment, Endorsed, Failure, Member, Simulator};
use serde_json::json;

/// W-13, W-14, W-15, W-17: bound once, by who may, before all else.
#[test]
fn terms_are_bound_once() {
    let mut world = World::new();
    let tick = world.tick(1);
    expect![
        "peer: chaincode 'clock' has not been initialized for this version, must call as init first"
    ]
    .assert_eq(&world.told(tick));
    let outsider = world.simulator.client("Org1MSP", "outsider").unwrap();
    let refused = world.bind(&outsider, &Terms::USUAL);
    expect!["PERMISSION_DENIED: platform.init is not the signer's"].assert_eq(&world.told(refused));
    let founder = world.founder.clone();
    let hasty = Terms { interval_ms: 1_000, ..Terms::USUAL };
    let refused = world.bind(&founder, &hasty);
    expect!["BAD_TERMS: interval_ms is outside its bounds"].assert_eq(&world.told(refused));
    let bound = world.bind(&founder, &Terms::USUAL);
    expect!["bound"].assert_eq(&world.told(bound));
    let again = world.bind(&founder, &Terms::USUAL);
    expect!["peer: chaincode 'clock' is already initialized but called as init"]
        .assert_eq(&world.told(again));
    assert_eq!(world.latest().number, 0, "epoch 0 begins with the terms");
}

/// W-15, D-05: a later version of the definition begins with the same terms or not at all.
#[test]
fn terms_outlive_an_upgrade() {
    let world = World::new();
    let identity = SerializedIdentity::decode(world.founder.identity()).unwrap();
    let mut ledger = TestLedger::new().with(pervade_clock::chaincode(named("clock")));
    let bind = |terms: &Terms| {
        let call = TestCall::new("clock", "bind").arg(json!(terms).to_string()).arg("7");
        let call = call.arg("ab".repeat(32)).init().arriving_at(0);
        call.creator("Org1MSP", identity.id_bytes.clone())
    };
    assert!(ledger.submit(&bind(&Terms::USUAL)).is_success());
    assert_eq!(ledger.writes_of(&bind(&Terms::USUAL)), [], "the same terms change nothing");
    let other = Terms { interval_ms: 15_000, ..Terms::USUAL };
    let refused = ledger.submit(&bind(&other));
    assert_eq!(refused.message, "ALREADY_INITIALIZED: the clock's terms are bound already");
}

/// D-01: one epoch after the other, each in its time, each naming the one before.
#[test]
fn epochs_follow_in_time() {
    let mut world = World::bound();
    world.says(1, expect!["TOO_EARLY: the epoch lasts until 1800000014000"]);
    world.pass(14);
    world.says(2, expect!["NO_EPOCH: there is no epoch 1"]);
    world.says(1, expect!["ticked"]);
    world.says(1, expect!["nothing"]);
    world.pass(15);
    world.says(2, expect!["ticked"]);
    let (one, two) = (world.marker(1), world.marker(2));
    assert_eq!((one.number, two.number), (1, 2), "numbered");
    let sha256 = |marker: &Marker| {
        use sha2::Digest as _;
        let written = pervade_chaincode::canonical::to_vec(marker).unwrap();
        hex::encode(sha2::Sha256::digest(written))
    };
    assert_eq!(two.previous, sha256(&one), "chained");
    for epoch in 3..40 {
        world.pass(15);
        world.says(epoch, expect!["ticked"]);
    }
    assert_eq!(world.latest().number, 39, "found without knowing where");
}

/// D-01: tickers, and no one else, at about the time that the endorsers know.
#[test]
fn who_ticks_and_when() {
    let mut world = World::bound();
    world.pass(15);
    let user = world.simulator.client("Org1MSP", "user").unwrap();
    let refused = world.tick_as(&user, 1);
    expect!["PERMISSION_DENIED: platform.ticker is not the signer's"]
        .assert_eq(&world.told(refused));
    // A ticker that lies about the time, forwards and backwards.
    world.simulator.set_time(START + 15 + 11);
    world.simulator.set_peers_time(START + 15);
    world.says(1, expect!["CLIENT_TIME: the proposal's time is too far from the peer's"]);
    world.simulator.set_peers_time(START + 15 + 11 + 61);
    world.says(1, expect!["CLIENT_TIME: the proposal's time is too far from the peer's"]);
    world.simulator.set_peers_time(START + 15 + 11);
    world.says(1, expect!["ticked"]);
    // Another organisation's ticker may take the next turn.
    world.pass(40);
    let other = world.simulator.client_with("Org2MSP", "ticker", &[(MAY_TICK, "true")]).unwrap();
    let ticked = world.tick_as(&other, 2);
    expect!["ticked"].assert_eq(&world.told(ticked));
}

/// D-01: no organisation alone makes time pass.
#[test]
fn a_majority_endorses_a_tick() {
    let mut world = World::bound();
    world.pass(15);
    let ticker = world.ticker.clone();
    let alone = world
        .simulator
        .as_(&ticker)
        .endorsed_by(&["Org1MSP"])
        .submit("tick", World::seen(1))
        .map(|_| ());
    let Err(Failure::Rejected(rejected)) = alone else { panic!("{alone:?}") };
    assert_eq!(rejected.code.as_str_name(), "ENDORSEMENT_POLICY_FAILURE");
    world.says(1, expect!["ticked"]);
}

/// D-01: two tickers at once do no harm.
#[test]
fn the_same_tick_twice_counts_once() {
    let mut world = World::bound();
    world.pass(15);
    let ticker = world.ticker.clone();
    let ticks: Vec<Endorsed> = (0..2)
        .map(|_| world.simulator.as_(&ticker).endorse("tick", World::seen(1)).unwrap())
        .collect();
    let verdicts = world.simulator.commit(ticks).unwrap();
    let codes: Vec<String> = verdicts
        .iter()
        .map(|verdict| match verdict {
            Ok(_) => "valid".to_owned(),
            Err(rejected) => rejected.code.as_str_name().to_owned(),
        })
        .collect();
    assert_eq!(codes, ["valid", "MVCC_READ_CONFLICT"]);
    assert_eq!(world.latest().number, 1);
}

/// N-03, W-76, W-78: before, at and after the deadline; and endorsed before it, submitted after.
#[test]
fn a_transaction_held_back_past_its_deadline_is_invalid() {
    let mut world = World::bound();
    let user = world.simulator.client("Org1MSP", "user").unwrap();
    let pledge = |world: &mut World| {
        let promise = world.simulator.as_(&user).to("promises");
        promise.submit("keep", ["1"]).map(|_| ())
    };
    assert!(pledge(&mut world).is_ok(), "in epoch 0, due by the end of epoch 1");
    world.pass(15);
    world.says(1, expect!["ticked"]);
    assert!(pledge(&mut world).is_ok(), "in epoch 1");
    let held = world.simulator.as_(&user).to("promises").endorse("keep", ["1"]).unwrap();
    world.pass(15);
    world.says(2, expect!["ticked"]);
    let verdicts = world.simulator.commit([held]).unwrap();
    let rejected = verdicts.first().unwrap().as_ref().unwrap_err();
    assert_eq!(rejected.code.as_str_name(), "MVCC_READ_CONFLICT", "endorsed early, came late");
    let Err(Failure::Refused(refused)) = pledge(&mut world) else { panic!("not refused") };
    assert_eq!(refused.message, "LATE: epoch 1 is over");
    let broken = world.simulator.as_(&user).to("promises").submit("break", ["1"]);
    assert!(broken.is_ok(), "lateness is the same for everyone");
}

/// A contract with a deadline.
struct Promises;

#[derive(Debug, thiserror::Error, pervade_chaincode::Fault)]
enum Broken {
    #[error("epoch {epoch} is over")]
    #[fault(status = CONFLICT)]
    Late { epoch: u64 },
    #[error("epoch {epoch} is not over")]
    #[fault(status = CONFLICT)]
    Early { epoch: u64 },
    #[error(transparent)]
    Clock(#[from] ClientError<CallError>),
    #[error(transparent)]
    Ledger(#[from] pervade_chaincode::LedgerError),
}

#[contract(name = "promises", default)]
impl Promises {
    #[submit]
    async fn keep(&self, tx: &mut Transaction, epoch: u64) -> Result<(), Broken> {
        if ClockClient::new(tx, named("clock")).has_begun(epoch + 1).await? {
            return Err(Broken::Late { epoch });
        }
        let key = format!("kept {}", tx.tx_id().as_str());
        Ok(tx.put(key, b"kept".to_vec()).await?)
    }

    #[submit(name = "break")]
    async fn break_it(&self, tx: &mut Transaction, epoch: u64) -> Result<(), Broken> {
        if !ClockClient::new(tx, named("clock")).has_begun(epoch + 1).await? {
            return Err(Broken::Early { epoch });
        }
        Ok(tx.put("broken", b"late".to_vec()).await?)
    }
}

fn named(name: &str) -> ChaincodeName {
    name.parse().unwrap()
}

const START: i64 = 1_800_000_000;

struct World {
    simulator: Simulator,
    founder: Member,
    ticker: Member,
    now: i64,
}

impl World {
    fn new() -> Self {
        let organizations = ["Org1MSP", "Org2MSP", "Org3MSP"];
        let mut simulator = Simulator::with_organizations(&organizations).unwrap();
        simulator.set_time(START);
        let clock = pervade_clock::chaincode(named("clock"));
        simulator.deploy(Deployment::new(clock).init_required()).unwrap();
        let promises = Chaincode::new(named("promises")).with(Promises);
        simulator.deploy(promises).unwrap();
        let founder = simulator.client_with("Org1MSP", "founder", &[(MAY_BIND, "true")]).unwrap();
        let ticker = simulator.client_with("Org1MSP", "ticker", &[(MAY_TICK, "true")]).unwrap();
        Self { simulator, founder, ticker, now: START }
    }

    fn bound() -> Self {
        let mut world = Self::new();
        let founder = world.founder.clone();
        let bound = world.bind(&founder, &Terms::USUAL);
        assert_eq!(world.told(bound), BOUND, "the terms are bound");
        world
    }

    fn bind(&mut self, who: &Member, terms: &Terms) -> Result<Option<String>, Failure> {
        let args = [json!(terms).to_string(), "7".to_owned(), "ab".repeat(32)];
        let call = self.simulator.as_(who).to("clock").init().submit("bind", args);
        call.map(|committed| committed.event.map(|event| event.name))
    }

    fn seen(number: u64) -> [String; 3] {
        [number.to_string(), "7".to_owned(), "cd".repeat(32)]
    }

    fn tick(&mut self, number: u64) -> Result<Option<String>, Failure> {
        let ticker = self.ticker.clone();
        self.tick_as(&ticker, number)
    }

    fn tick_as(&mut self, who: &Member, number: u64) -> Result<Option<String>, Failure> {
        let call = self.simulator.as_(who).to("clock").submit("tick", Self::seen(number));
        call.map(|committed| committed.event.map(|event| event.name))
    }

    fn told(&self, outcome: Result<Option<String>, Failure>) -> String {
        match outcome {
            Ok(event) => event.unwrap_or_else(|| "nothing".to_owned()),
            // What a peer says of itself has the transaction's id before it.
            Err(Failure::Refused(refused)) => match refused.message.split_once("invocation: ") {
                Some((_, peer)) => format!("peer: {peer}"),
                None => refused.message,
            },
            Err(other) => panic!("{other}"),
        }
    }

    #[track_caller]
    fn says(&mut self, number: u64, expected: Expect) {
        let outcome = self.tick(number);
        expected.assert_eq(&self.told(outcome));
    }

    fn pass(&mut self, seconds: i64) {
        self.now += seconds;
        self.simulator.set_time(self.now);
        self.simulator.set_peers_time(self.now);
    }

    fn latest(&mut self) -> Marker {
        let ticker = self.ticker.clone();
        let latest = self.simulator.as_(&ticker).to("clock").evaluate("latest", ()).unwrap();
        serde_json::from_slice(&latest).unwrap()
    }

    fn marker(&mut self, number: u64) -> Marker {
        let ticker = self.ticker.clone();
        let number = number.to_string();
        let marker = self.simulator.as_(&ticker).to("clock").evaluate("marker", [number]).unwrap();
        serde_json::from_slice(&marker).unwrap()
    }
}
