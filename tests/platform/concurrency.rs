//! Many at once on an embedded network: nobody waits for anybody whose business is another.

use std::collections::BTreeMap;
use std::io::{self, Write as _};
use std::time::Instant;

use fabric_protos::id::ChaincodeName;
use futures::future::join_all;
use pervade_peer_client::{CallError, EndorseError, Network, Outcome, ProposalBuilder};
use serde_json::Value;

use crate::embedded::{Embedded, embedded};
use crate::remote::Remote;
use crate::stage::{Actor, Call, Enrolment, Stage as _, read};
use crate::world::{AllTerms, ORGS, Thing, World, chaincodes, plain, public, whole};

/// Two hundred creators and two hundred devices at once: no transaction loses a race that is none. What
/// was measured is printed.
///
/// Buying tokens is a race that is one, for the stock: whoever loses it buys again.
#[test]
fn many_at_once_do_not_race() {
    let mut world = World::found(embedded(chaincodes("")), "", &AllTerms::default());
    world.define(&plain()).unwrap();
    let mut crowd = Crowd::enrol(&mut world);
    let mut lost = 0;
    for (what, calls) in crowd.preparations(&world) {
        let (_, again) = at_once(&world.stage, what, calls);
        if what == "buy" {
            let mut again = again;
            while !again.is_empty() {
                again = at_once(&world.stage, "buy again", again).1;
            }
        } else {
            lost += again.len();
        }
    }
    let (created, again) = at_once(&world.stage, "create", crowd.creations(&world));
    lost += again.len();
    let tasks: Vec<String> =
        created.iter().map(|task| task["id"].as_str().unwrap().to_owned()).collect();
    lost += at_once(&world.stage, "accept", crowd.acceptances(&world, &tasks)).1.len();
    let completions = crowd.completions(&mut world, &tasks);
    lost += at_once(&world.stage, "complete", completions).1.len();
    assert_eq!(lost, 0, "transactions that lost a race");
}

/// How many of each there are.
const MANY: usize = 200;

struct Crowd {
    creators: Vec<Actor>,
    owners: Vec<Actor>,
    devices: Vec<Thing>,
}

impl Crowd {
    fn enrol(world: &mut World<Remote<Embedded>>) -> Self {
        let mut enrol = |kind: &str| -> Vec<Actor> {
            let names = (0..MANY).map(|at| (format!("{kind}-{at:03}"), ORGS[at % ORGS.len()]));
            names.map(|(name, org)| world.stage.enrol(&name, Enrolment::client(org))).collect()
        };
        let (creators, owners, devices) = (enrol("creator"), enrol("owner"), enrol("device"));
        let devices = devices
            .into_iter()
            .map(|actor| Thing { id: actor.name.parse().unwrap(), actor })
            .collect();
        Self { creators, owners, devices }
    }

    /// Everybody registers, is issued money, buys tokens; owners register their devices.
    fn preparations(&self, world: &World<Remote<Embedded>>) -> [(&'static str, Vec<Call<'_>>); 4] {
        let set = &world.set;
        let users = || self.creators.iter().chain(&self.owners);
        let bank: &'static Actor = Box::leak(Box::new(world.bank.clone()));
        let register = users().map(|user| Call::new(user, &set.users, "register")).collect();
        let issue = users()
            .map(|user| Call::new(bank, &set.tokens, "issue").arg(user.account()).arg(whole(40)));
        let buy = users()
            .map(|user| Call::new(user, &set.tokens, "purchase").arg(whole(20)).arg(whole(40)));
        let install = self.owners.iter().zip(&self.devices).map(|(owner, device)| {
            let key = device.actor.prove(&world.installation(owner, device, 0));
            let new = serde_json::json!({ "id": device.id, "key": key });
            Call::new(owner, &set.devices, "register").arg(new)
        });
        [
            ("register", register),
            ("issue", issue.collect()),
            ("buy", buy.collect()),
            ("install", install.collect()),
        ]
    }

    fn creations(&self, world: &World<Remote<Embedded>>) -> Vec<Call<'_>> {
        let creation = |creator| {
            let call = Call::new(creator, &world.set.tasks, "create");
            call.arg(public(whole(2), 50)).arg(world.epoch)
        };
        self.creators.iter().map(creation).collect()
    }

    fn acceptances(&self, world: &World<Remote<Embedded>>, tasks: &[String]) -> Vec<Call<'_>> {
        let parties = self.owners.iter().zip(&self.devices).zip(tasks);
        let acceptance = |((owner, device), task): ((_, &Thing), _)| {
            let call = Call::new(owner, &world.set.tasks, "accept");
            call.arg(task).arg(&device.id).arg(world.epoch)
        };
        parties.map(acceptance).collect()
    }

    fn completions(
        &mut self,
        world: &mut World<Remote<Embedded>>,
        tasks: &[String],
    ) -> Vec<Call<'_>> {
        let results: Vec<_> = self
            .devices
            .iter()
            .zip(tasks)
            .map(|(device, task)| world.result(device, task, &[]))
            .collect();
        let parties = self.devices.iter().zip(tasks).zip(&results);
        parties.map(|((device, task), result)| world.completion(device, task, result)).collect()
    }
}

/// Makes all the calls at once; tells the answers, and the calls that lost a race.
fn at_once<'a>(
    stage: &Remote<Embedded>,
    what: &str,
    calls: Vec<Call<'a>>,
) -> (Vec<Value>, Vec<Call<'a>>) {
    let began = Instant::now();
    let outcomes = stage.runtime.block_on(join_all(calls.iter().map(made)));
    let took = began.elapsed();
    let count = outcomes.len();
    let (mut answers, mut lost) = (Vec::new(), Vec::new());
    for (call, outcome) in calls.into_iter().zip(outcomes) {
        match outcome {
            Ok(Outcome::Committed { result, .. }) => answers.push(read(&result)),
            Ok(Outcome::Rejected { code, .. }) => lost.push((call, code.as_str_name().to_owned())),
            // Two endorsers that were asked before and after a block do not agree.
            Err(CallError::Endorse(EndorseError::Refused(refusal)))
                if refusal.code.number() == ABORTED =>
            {
                lost.push((call, "endorsers at two heights".to_owned()));
            }
            other => panic!("{what}: {other:?}"),
        }
    }
    let rate = count * 1_000 / usize::try_from(took.as_millis()).unwrap().max(1);
    let mut why = BTreeMap::<&str, usize>::new();
    lost.iter().for_each(|(_, reason)| *why.entry(reason).or_default() += 1);
    let (took, races) = (took.as_millis(), lost.len());
    let mut aside = io::stderr();
    writeln!(aside, "{what}: {count} in {took} ms, {rate}/s, {races} lost a race {why:?}").unwrap();
    (answers, lost.into_iter().map(|(call, _)| call).collect())
}

/// As gRPC numbers it.
const ABORTED: i32 = 10;

async fn made(call: &Call<'_>) -> Result<Outcome, CallError> {
    let network = call.who.member.downcast_ref::<Network>().unwrap();
    let contract = network.contract(ChaincodeName::new(&*call.chaincode).unwrap());
    let proposal: ProposalBuilder = contract.proposal(call.function);
    let proposal = call
        .arguments
        .iter()
        .fold(proposal, |proposal, argument| proposal.arg(argument.as_bytes()));
    contract.submit_proposal(proposal).await
}
