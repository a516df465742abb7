//! Calls as a client makes them.

use std::collections::BTreeMap;

use fabric_protos::id::MspId;
use pervade_identity::Identity;
use pervade_ledger::answer::Occasion;

use crate::deploy::VERSION;
use crate::endorse::{Endorsed, Proposed};
use crate::members::Member;
use crate::outcome::{Committed, Failure, Fault, Refused};
use crate::peer::Simulated;
use crate::simulator::Simulator;

pub use typed::Answered;

mod typed;

/// Someone who is about to call a chaincode.
///
/// Calls the chaincode that was deployed first unless [another](Self::to) is named, with the
/// endorsement of every organisation unless [fewer](Self::endorsed_by) are asked.
#[derive(Debug)]
pub struct Client<'a> {
    simulator: &'a mut Simulator,
    member: Member,
    chaincode: Option<String>,
    transient: BTreeMap<String, Vec<u8>>,
    endorsers: Option<Vec<String>>,
    occasion: Occasion,
}

impl<'a> Client<'a> {
    pub(crate) fn new(simulator: &'a mut Simulator, member: &Member) -> Self {
        let member = member.clone();
        let transient = BTreeMap::new();
        let occasion = Occasion::Transaction;
        Self { simulator, member, chaincode: None, transient, endorsers: None, occasion }
    }

    /// Calls this chaincode.
    #[must_use]
    pub fn to(mut self, chaincode: &str) -> Self {
        self.chaincode = Some(chaincode.to_owned());
        self
    }

    /// Sends data that only endorsers see.
    #[must_use]
    pub fn transient(mut self, name: &str, value: impl Into<Vec<u8>>) -> Self {
        self.transient.insert(name.to_owned(), value.into());
        self
    }

    /// Has the chaincode initialise itself, as one must that was deployed with
    /// [`init_required`](crate::Deployment::init_required), once and before all else.
    #[must_use]
    pub fn init(mut self) -> Self {
        self.occasion = Occasion::Init;
        self
    }

    /// Asks only the peers of these organisations, whether the policy is content with them or not.
    #[must_use]
    pub fn endorsed_by(mut self, organizations: &[&str]) -> Self {
        self.endorsers = Some(organizations.iter().map(|name| (*name).to_owned()).collect());
        self
    }

    /// Has a call endorsed and commits it in a block of its own. `function` is
    /// `contract:function`, or a function of the default contract.
    ///
    /// # Errors
    /// If it is not endorsed, its runs differ, or it has no effect in its block.
    pub fn submit(self, function: &str, args: impl Arguments) -> Result<Committed, Failure> {
        let (simulator, endorsed) = self.endorse_on(function, args)?;
        simulator.commit_one(endorsed)
    }

    /// Has a call endorsed and leaves it for [`Simulator::commit`].
    ///
    /// # Errors
    /// If it is not endorsed, or its runs differ.
    pub fn endorse(self, function: &str, args: impl Arguments) -> Result<Endorsed, Failure> {
        Ok(self.endorse_on(function, args)?.1)
    }

    /// Runs a call at the peer of the client's own organisation, or at the first one that
    /// [`endorsed_by`](Self::endorsed_by) names, and returns what it returns. Writes are lost.
    ///
    /// # Errors
    /// If it fails, or its runs differ.
    pub fn evaluate(mut self, function: &str, args: impl Arguments) -> Result<Vec<u8>, Failure> {
        let proposed = self.propose(function, args)?;
        let creator = self.creator()?;
        let endorsers = self.endorsers()?;
        let at = match &self.endorsers {
            Some(_) => endorsers.first().ok_or(Fault::NoOrganizations)?,
            None => creator.msp_id(),
        };
        Ok(self.run_twice(&proposed, &creator, at)?.response.payload)
    }

    fn endorse_on(
        mut self,
        function: &str,
        args: impl Arguments,
    ) -> Result<(&'a mut Simulator, Endorsed), Failure> {
        let proposed = self.propose(function, args)?;
        let creator = self.creator()?;
        let endorsers = self.endorsers()?;
        let (first, others) = endorsers.split_first().ok_or(Fault::NoOrganizations)?;
        let mut agreed = self.run_twice(&proposed, &creator, first)?;
        for other in others {
            let run = self.simulator.run(&proposed, &creator, other);
            let simulated = proposed.successful(run)?;
            agreed = proposed.successful(proposed.agreed(Ok(agreed), &Ok(simulated))?)?;
        }
        let endorsed = self.simulator.endorse(&proposed, agreed, &endorsers, VERSION)?;
        Ok((self.simulator, endorsed))
    }

    fn run_twice(
        &self,
        proposed: &Proposed,
        creator: &Identity,
        at: &MspId,
    ) -> Result<Simulated, Failure> {
        let first = self.simulator.run(proposed, creator, at);
        let second = self.simulator.run(proposed, creator, at);
        Ok(proposed.successful(proposed.agreed(first, &second)?)?)
    }

    fn propose(&mut self, function: &str, args: impl Arguments) -> Result<Proposed, Fault> {
        let first = self.simulator.first().map(ToString::to_string);
        let chaincode = self.chaincode.clone().or(first).ok_or(Fault::NothingDeployed)?;
        let mut all = vec![function.as_bytes().to_vec()];
        all.extend(args.into_arguments());
        let transient = std::mem::take(&mut self.transient);
        self.simulator.propose_for(&self.member, &chaincode, (all, transient), self.occasion)
    }

    /// The client, if the channel knows it.
    fn creator(&self) -> Result<Identity, Refused> {
        let membership = self.simulator.ledger().config().membership();
        let identity = membership.deserialize(self.member.identity());
        let identity = identity.map_err(|_| Proposed::denied(None))?;
        let organization = identity.msp_id();
        membership.validate(&identity).map_err(|_| Proposed::denied(Some(organization)))?;
        Ok(identity)
    }

    fn endorsers(&self) -> Result<Vec<MspId>, Fault> {
        let members = self.simulator.members();
        match &self.endorsers {
            Some(names) => {
                let ids = names.iter().map(|name| members.id(name));
                Ok(ids.collect::<Result<_, _>>()?)
            }
            None => Ok(members.organizations().cloned().collect()),
        }
    }
}

/// A call's arguments: `()` for none, or texts or bytes in an array or a vector.
pub trait Arguments {
    /// The arguments as they travel.
    fn into_arguments(self) -> Vec<Vec<u8>>;
}

impl Arguments for () {
    fn into_arguments(self) -> Vec<Vec<u8>> {
        Vec::new()
    }
}

impl<T: Into<Vec<u8>>, const N: usize> Arguments for [T; N] {
    fn into_arguments(self) -> Vec<Vec<u8>> {
        self.into_iter().map(Into::into).collect()
    }
}

impl<T: Into<Vec<u8>>> Arguments for Vec<T> {
    fn into_arguments(self) -> Vec<Vec<u8>> {
        self.into_iter().map(Into::into).collect()
    }
}
