//! A channel in memory where tests of managers happen, told in words that stay the same.

use std::collections::BTreeMap;

use pervade_chaincode::{EventEnvelope, canonical};
use pervade_simulator::{Committed, Deployment, Failure, Member, Simulator};
use serde_json::Value;

/// Three organisations, the chaincodes of a test, and whoever takes part.
///
/// What is told names accounts and transactions in angle brackets, by the names of their people and
/// in the order of their coming; what is asked may name them so as well.
pub(crate) struct World {
    pub(crate) simulator: Simulator,
    names: BTreeMap<String, String>,
}

impl World {
    pub(crate) fn new(deployments: Vec<Deployment>) -> Self {
        let organizations = ["Org1MSP", "Org2MSP", "Org3MSP"];
        let mut simulator = Simulator::with_organizations(&organizations).unwrap();
        for deployment in deployments {
            simulator.deploy(deployment).unwrap();
        }
        Self { simulator, names: BTreeMap::new() }
    }

    /// Somebody whose certificate has the value `true` for these attributes.
    pub(crate) fn client(&mut self, msp: &str, name: &str, attributes: &[&str]) -> Member {
        let attributes: Vec<_> = attributes.iter().map(|name| (*name, "true")).collect();
        let member = self.simulator.client_with(msp, name, &attributes).unwrap();
        self.named(name, member)
    }

    pub(crate) fn admin(&mut self, msp: &str, name: &str) -> Member {
        let member = self.simulator.admin(msp, name).unwrap();
        self.named(name, member)
    }

    fn named(&mut self, name: &str, member: Member) -> Member {
        self.names.insert(account(&member), format!("<{name}>"));
        member
    }

    /// Has `chaincode:function` called with a list of arguments: text as it is, `null` as nothing, the
    /// rest as JSON. Tells the answer and what was emitted, or why there is none.
    pub(crate) fn submit(&mut self, who: &Member, function: &str, arguments: Value) -> String {
        let (chaincode, function) = function.split_once(':').unwrap();
        let arguments = self.texts(&arguments);
        let mut client = self.simulator.as_(who).to(chaincode);
        if function == "bind" {
            client = client.init();
        }
        let outcome = client.submit(function, arguments);
        if let Ok(committed) = &outcome {
            let number = self.names.len();
            self.names.insert(committed.tx_id.to_string(), format!("<tx{number}>"));
        }
        self.told(outcome.map(|committed| committed_text(&committed)))
    }

    /// Asks, likewise.
    pub(crate) fn evaluate(&mut self, who: &Member, function: &str, arguments: Value) -> String {
        let (chaincode, function) = function.split_once(':').unwrap();
        let arguments = self.texts(&arguments);
        let client = self.simulator.as_(who).to(chaincode);
        let outcome = client.evaluate(function, arguments);
        self.told(outcome.map(|answer| String::from_utf8(answer).unwrap()))
    }

    fn texts(&self, arguments: &Value) -> Vec<String> {
        let text = |argument: &Value| match argument.as_str() {
            Some(text) => text.to_owned(),
            None if argument.is_null() => String::new(),
            None => canonical::to_string(argument).unwrap(),
        };
        let texts = arguments.as_array().unwrap().iter().map(text);
        let named =
            |text: String| self.names.iter().fold(text, |text, (id, name)| text.replace(name, id));
        texts.map(named).collect()
    }

    fn told(&self, outcome: Result<String, Failure>) -> String {
        let text = match outcome {
            Ok(text) => text,
            // What a peer says of itself has the transaction's identifier before it.
            Err(Failure::Refused(refused)) => match refused.message.split_once("invocation: ") {
                Some((_, peer)) => format!("peer: {peer}"),
                None => refused.message,
            },
            Err(Failure::Rejected(rejected)) => rejected.code.as_str_name().to_owned(),
            Err(other) => panic!("{other}"),
        };
        self.names.iter().fold(text, |text, (id, name)| text.replace(id, name))
    }
}

/// The address of somebody's key.
pub(crate) fn account(member: &Member) -> String {
    member.certificate().address()
}

fn committed_text(committed: &Committed) -> String {
    let mut text = String::from_utf8(committed.result.clone()).unwrap();
    let Some(event) = &committed.event else { return text };
    let envelope = EventEnvelope::decode(&event.payload).unwrap();
    for event in envelope.events() {
        let by = event.chaincode().map_or_else(String::new, |by| format!("{by}:"));
        text += &format!("\n{by}{} {}", event.type_name(), event.payload());
    }
    text
}
