//! The contracts in the simulator.

use fabric_protos::id::ChaincodeName;
use fabric_protos::protos::TxValidationCode;
use libtest_mimic::Failed;
use pervade_chaincode::Chaincode;
use pervade_identity::Certificate;
use pervade_simulator::{Client, Deployment, Failure, Member, Simulator};

use super::script::{Call, User};
use super::{Ended, Ground, Ordered};
use crate::ours::told;
use crate::probe;

/// What is deployed everywhere, with its policy if it is not the channel's.
pub(crate) fn chaincodes() -> Result<Vec<(Chaincode, Option<&'static str>)>, Failed> {
    let registry = ChaincodeName::new("registry")?;
    let recording = ChaincodeName::new("recording")?;
    Ok(vec![
        (pervade_asset_transfer::chaincode(), None),
        (pervade_private_sale::chaincode(), Some("OR('Org1MSP.peer', 'Org2MSP.peer')")),
        (pervade_token_ledger::chaincode(), None),
        (probe::chaincode(), None),
        (pervade_registry::chaincode(registry.clone()), None),
        (pervade_recording::chaincode(recording, registry), None),
    ])
}

/// The simulator with everything deployed.
pub(crate) struct Simulated(Simulator);

impl Simulated {
    pub(crate) fn start() -> Result<Self, Failed> {
        let mut simulator = told(Simulator::new())?;
        for (chaincode, policy) in chaincodes()? {
            let deployment = Deployment::new(chaincode);
            let deployment = match policy {
                Some(policy) => deployment.policy(policy),
                None => deployment,
            };
            told(simulator.deploy(deployment))?;
        }
        Ok(Self(simulator))
    }

    fn member(&self, user: User) -> Result<Member, Failed> {
        let simulator = &self.0;
        told(if user.is_admin() {
            simulator.admin(user.msp_id(), "Admin")
        } else {
            simulator.client(user.msp_id(), "User1")
        })
    }

    fn client(&mut self, call: &Call) -> Result<Client<'_>, Failed> {
        let member = self.member(call.user)?;
        let mut client = self.0.as_(&member).to(call.chaincode);
        if let Some((name, value)) = &call.transient {
            client = client.transient(name, value.as_bytes());
        }
        if !call.organizations.is_empty() {
            client = client.endorsed_by(&call.organizations);
        }
        Ok(client)
    }

    fn submit(&mut self, call: &Call, args: Vec<Vec<u8>>) -> Result<Ordered, Failure> {
        let client = self.client(call).map_err(|_| pervade_simulator::Fault::NothingDeployed)?;
        let endorsed = client.endorse(call.function, args)?;
        let (payload, rwset) = (endorsed.result().to_vec(), endorsed.read_write_set().clone());
        let tx_id = endorsed.tx_id().to_string();
        let verdict = self.0.commit([endorsed])?.pop();
        let code = match verdict {
            Some(Err(rejected)) => rejected.code,
            _ => TxValidationCode::Valid,
        };
        Ok(Ordered { payload, tx_id, code, rwset })
    }
}

impl Ground for Simulated {
    fn certificate(&mut self, user: User) -> Result<Certificate, Failed> {
        Ok(self.member(user)?.certificate().clone())
    }

    async fn call(&mut self, call: &Call, args: Vec<Vec<u8>>) -> Result<Ended, Failed> {
        let ended = if call.evaluate {
            self.client(call)?.evaluate(call.function, args).map(Ended::Evaluated)
        } else {
            self.submit(call, args).map(|ordered| Ended::Ordered(Box::new(ordered)))
        };
        match ended {
            Ok(ended) => Ok(ended),
            Err(Failure::Refused(refused)) => {
                Ok(Ended::Refused(format!("{}, {}", refused.status, refused.message)))
            }
            Err(other) => told(Err(other)),
        }
    }
}
