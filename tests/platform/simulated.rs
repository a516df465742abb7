//! The simulator as a stage.

use std::rc::Rc;

use pervade_chaincode::Chaincode;
use pervade_identity::{SignError, Signer};
use pervade_simulator::{Client, Deployment, Endorsed, Failure, Member, Simulator};

use crate::stage::{Actor, Call, Enrolment, Held, Stage, Told, code, read};

/// A channel in memory.
pub(crate) struct Simulated {
    pub(crate) simulator: Simulator,
    now: i64,
}

impl Simulated {
    /// A channel of three organisations where these are deployed, each with its initialisation
    /// required.
    pub(crate) fn new(organizations: &[&str], chaincodes: Vec<Chaincode>) -> Self {
        let mut simulator = Simulator::with_organizations(organizations).unwrap();
        simulator.set_time(START);
        for chaincode in chaincodes {
            simulator.deploy(Deployment::new(chaincode).init_required()).unwrap();
        }
        Self { simulator, now: START }
    }

    /// Has those who call claim a time so far ahead of what the peers know.
    pub(crate) fn claim(&mut self, seconds: i64) {
        self.simulator.set_time(self.now + seconds);
        self.simulator.set_peers_time(self.now);
    }

    fn client<'a>(&'a mut self, call: &Call<'_>) -> Client<'a> {
        let member = call.who.member.downcast_ref::<Member>().unwrap();
        let mut client = self.simulator.as_(member).to(&call.chaincode);
        if let Some((name, value)) = &call.transient {
            client = client.transient(name, value.clone());
        }
        if call.is_init { client.init() } else { client }
    }
}

const START: i64 = 1_800_000_000;

impl Stage for Simulated {
    fn channel(&self) -> String {
        "mychannel".to_owned()
    }

    fn enrol(&mut self, name: &str, who: Enrolment<'_>) -> Actor {
        let member = if who.is_admin {
            self.simulator.admin(who.msp, name).unwrap()
        } else {
            self.simulator.client_with(who.msp, name, who.attributes).unwrap()
        };
        let signer = Rc::new(Signing(member.clone()));
        Actor::new(name, &member.certificate().clone(), signer, Rc::new(member))
    }

    fn submit(&mut self, call: &Call<'_>) -> Told {
        let committed = self.client(call).submit(call.function, call.arguments.clone());
        committed.map(|committed| read(&committed.result)).map_err(told)
    }

    fn evaluate(&mut self, call: &Call<'_>) -> Told {
        let answer = self.client(call).evaluate(call.function, call.arguments.clone());
        answer.map(|answer| read(&answer)).map_err(told)
    }

    fn hold(&mut self, call: &Call<'_>) -> Result<Held, String> {
        let endorsed = self.client(call).endorse(call.function, call.arguments.clone());
        endorsed.map(|endorsed| Box::new(endorsed) as Held).map_err(told)
    }

    fn let_go(&mut self, held: Held) -> Told {
        let endorsed = *held.downcast::<Endorsed>().unwrap();
        let verdict = self.simulator.commit([endorsed]).unwrap().remove(0);
        let committed = verdict.map_err(|rejected| rejected.code.as_str_name().to_owned())?;
        Ok(read(&committed.result))
    }

    fn pass(&mut self, seconds: i64) {
        self.now += seconds;
        self.simulator.set_time(self.now);
        self.simulator.set_peers_time(self.now);
    }

    fn state(&self, chaincodes: &[String]) -> Option<Vec<(String, Vec<u8>)>> {
        let entries = chaincodes.iter().flat_map(|name| {
            self.simulator.keys(name).into_iter().map(move |key| {
                let value = self.simulator.value(name, key).unwrap_or_default();
                (format!("{name} {key}"), value.to_vec())
            })
        });
        Some(entries.collect())
    }
}

/// The code of a refusal, or the verdict.
fn told(failure: Failure) -> String {
    match &failure {
        Failure::Refused(refused) => code(&refused.message),
        Failure::Rejected(rejected) => rejected.code.as_str_name().to_owned(),
        Failure::Diverged(_) | Failure::Fault(_) => panic!("{failure}"),
    }
}

struct Signing(Member);

impl Signer for Signing {
    fn identity(&self) -> &[u8] {
        self.0.identity()
    }

    fn msp_id(&self) -> &fabric_protos::id::MspId {
        self.0.signer().msp_id()
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        self.0.signer().sign(message)
    }
}
