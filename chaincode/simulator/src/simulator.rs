//! The channel, its peers and its clients, driven by a test.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use fabric_protos::id::{ChaincodeName, ChannelId, MspId};
use fabric_protos::lifecycle::CommitChaincodeDefinitionArgs;
use fabric_protos::proposal::ProposalSpec;
use fabric_protos::protos::{ChaincodeInput, Response};
use fabric_protos::{Message, Timestamp};
use pervade_chaincode::host::{SUCCESS, Terms};
use pervade_channel_config::ChannelConfig;
use pervade_identity::{Identity, Role};
use pervade_ledger::answer::Occasion;
use pervade_ledger::lifecycle::{self, Context, LifecycleError};
use pervade_ledger::simulate;
use pervade_ledger::state::StateView as _;

use crate::client::Client;
use crate::deploy::{self, Deployment, LifecycleAccess, SYSTEM_VERSION};
use crate::endorse::{Endorsed, Proposed, Run};
use crate::ledger::Ledger;
use crate::members::{Member, MemberError, Members};
use crate::outcome::{Committed, Failure, Fault, Rejected};
use crate::peer::{self, Deployed, Peer, Seat};

/// A channel with one peer for each organisation, all in memory.
///
/// Time stands still: proposals claim second 1 700 000 000 until a test says otherwise, and
/// nonces are counted. The same test sees the same transaction identifiers in every run.
pub struct Simulator {
    members: Members,
    ledger: Ledger,
    chaincodes: BTreeMap<ChaincodeName, Deployed>,
    /// The chaincode that was deployed first.
    first: Option<ChaincodeName>,
    /// Other channels of the same peers.
    elsewhere: BTreeMap<ChannelId, Self>,
    terms: Terms,
    proposals: u64,
    now: Timestamp,
    peers_now: Option<Timestamp>,
}

impl fmt::Debug for Simulator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Simulator")
            .field("height", &self.height())
            .field("chaincodes", &self.chaincodes.keys())
            .finish_non_exhaustive()
    }
}

/// When everything happens, unless a test says otherwise.
const START: Timestamp = Timestamp { seconds: 1_700_000_000, nanos: 0 };

/// What Fabric's peers announce to their chaincodes from release 3.1 on.
const TERMS: Terms = Terms { write_batch_max: 1_000, get_many_max: 1_000 };

impl Simulator {
    /// A channel of `Org1MSP` and `Org2MSP`.
    ///
    /// # Errors
    /// If the channel cannot be made, which would be a fault of the simulator.
    pub fn new() -> Result<Self, Fault> {
        Self::with_organizations(&["Org1MSP", "Org2MSP"])
    }

    /// A channel of these organisations.
    ///
    /// # Errors
    /// If a name is no MSP identifier, or there is none.
    pub fn with_organizations(names: &[&str]) -> Result<Self, Fault> {
        let members = Members::new(names)?;
        let genesis = members.genesis(START);
        let config = ChannelConfig::from_block(&genesis).map_err(MemberError::Channel)?;
        let ledger = Ledger::new(&genesis, config);
        Ok(Self {
            members,
            ledger,
            chaincodes: BTreeMap::new(),
            first: None,
            elsewhere: BTreeMap::new(),
            terms: TERMS,
            proposals: 0,
            now: START,
            peers_now: None,
        })
    }

    /// A client of an organisation; the same one for the same name.
    ///
    /// # Errors
    /// If the organisation does not take part, or the name fits in no certificate.
    pub fn client(&self, organization: &str, name: &str) -> Result<Member, Fault> {
        self.client_with(organization, name, &[])
    }

    /// A client whose certificate has these attributes; otherwise as [`client`](Self::client).
    ///
    /// # Errors
    /// As [`client`](Self::client).
    pub fn client_with(
        &self,
        organization: &str,
        name: &str,
        attributes: &[(&str, &str)],
    ) -> Result<Member, Fault> {
        Ok(self.members.enroll(name, Role::Client, organization, attributes)?)
    }

    /// An administrator of an organisation; otherwise as [`client`](Self::client).
    ///
    /// # Errors
    /// As [`client`](Self::client).
    pub fn admin(&self, organization: &str, name: &str) -> Result<Member, Fault> {
        Ok(self.members.enroll(name, Role::Admin, organization, &[])?)
    }

    /// Deploys a chaincode under its own name: every organisation approves it, then it is
    /// committed. Takes two blocks.
    ///
    /// # Errors
    /// If its definition is refused, for example because the name is taken.
    pub fn deploy(&mut self, deployment: impl Into<Deployment>) -> Result<(), Failure> {
        let deployment = deployment.into();
        let definition = deployment.definition()?;
        let organizations: Vec<_> = self.members.organizations().cloned().collect();
        let mut approvals = Vec::with_capacity(organizations.len());
        for organization in &organizations {
            approvals.push(self.approve(organization, &definition)?);
        }
        for verdict in self.commit(approvals)? {
            verdict.map_err(|rejected| Failure::Rejected(Box::new(rejected)))?;
        }
        let committed = self.commit_definition(&organizations, &definition)?;
        self.commit_one(committed)?;
        let init_required = deployment.is_init_required();
        let chaincode = Arc::new(deployment.chaincode);
        let name = chaincode.name().clone();
        self.first.get_or_insert_with(|| name.clone());
        self.chaincodes.insert(name, Deployed { chaincode, init_required });
        Ok(())
    }

    /// Gives the peers another channel, under this name. Chaincodes here may call those that are
    /// deployed there, and read; what they write there is lost, as on every peer.
    ///
    /// # Errors
    /// If the name is none of a channel.
    pub fn join(&mut self, channel: &str, other: Self) -> Result<(), Fault> {
        self.elsewhere.insert(ChannelId::new(channel)?, other);
        Ok(())
    }

    /// What the peers announce to their chaincodes from now on: whether and how far they take
    /// several requests in one. The default is that of Fabric 3.1; [`Terms::SINGLE`] is that of
    /// the releases before. What a transaction reads and writes is the same either way.
    pub fn announce(&mut self, terms: Terms) {
        self.terms = terms;
    }

    /// Calls made by someone.
    pub fn as_(&mut self, member: &Member) -> Client<'_> {
        Client::new(self, member)
    }

    /// Orders endorsed transactions into one block, in this order, and commits it. The result
    /// has one verdict for each.
    ///
    /// # Errors
    /// If the block cannot be judged, which would be a fault of the simulator.
    pub fn commit(
        &mut self,
        endorsed: impl IntoIterator<Item = Endorsed>,
    ) -> Result<Vec<Result<Committed, Rejected>>, Fault> {
        let endorsed: Vec<_> = endorsed.into_iter().collect();
        let envelopes = endorsed.iter().map(|endorsed| endorsed.envelope.clone()).collect();
        let private = endorsed.iter().map(|endorsed| endorsed.private.clone()).collect();
        let (block, judged) = self.ledger.commit(envelopes, private)?;
        let verdicts = endorsed.into_iter().zip(judged.verdicts).zip(judged.reasons);
        let verdicts = verdicts.map(|((endorsed, code), reason)| {
            let Endorsed { tx_id, result, event, .. } = endorsed;
            match reason {
                None => Ok(Committed { tx_id, block, result, event }),
                Some(reason) => Err(Rejected { tx_id, code, reason }),
            }
        });
        Ok(verdicts.collect())
    }

    /// Sets the time that proposals claim from now on, in seconds since 1970.
    pub fn set_time(&mut self, seconds: i64) {
        self.now = Timestamp { seconds, nanos: 0 };
    }

    /// Sets the peers' clocks, in seconds since 1970. Until then they show what proposals claim.
    pub fn set_peers_time(&mut self, seconds: i64) {
        self.peers_now = Some(Timestamp { seconds, nanos: 0 });
    }

    /// A committed value.
    #[must_use]
    pub fn value(&self, chaincode: &str, key: &str) -> Option<&[u8]> {
        self.ledger.state().value(chaincode, key)
    }

    /// The committed keys of a chaincode, in order.
    #[must_use]
    pub fn keys(&self, chaincode: &str) -> Vec<&str> {
        self.ledger.state().keys(chaincode)
    }

    /// How many blocks there are, the genesis block included.
    #[must_use]
    pub fn height(&self) -> u64 {
        self.ledger.state().height()
    }

    pub(crate) fn commit_one(&mut self, endorsed: Endorsed) -> Result<Committed, Failure> {
        match self.commit([endorsed])?.pop() {
            Some(Ok(committed)) => Ok(committed),
            Some(Err(rejected)) => Err(Failure::Rejected(Box::new(rejected))),
            None => Err(Fault::NoVerdict.into()),
        }
    }

    /// The chaincode that is called unless another one is named.
    pub(crate) fn first(&self) -> Option<&ChaincodeName> {
        self.first.as_ref()
    }

    pub(crate) fn members(&self) -> &Members {
        &self.members
    }

    pub(crate) fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// A proposal signed by a client, with a nonce of its own.
    pub(crate) fn propose(
        &mut self,
        client: &Member,
        chaincode: &str,
        args: Vec<Vec<u8>>,
        transient: BTreeMap<String, Vec<u8>>,
    ) -> Result<Proposed, Fault> {
        self.propose_for(client, chaincode, (args, transient), Occasion::Transaction)
    }

    /// As [`propose`](Self::propose), perhaps to have the chaincode initialise itself.
    pub(crate) fn propose_for(
        &mut self,
        client: &Member,
        chaincode: &str,
        (args, transient): (Vec<Vec<u8>>, BTreeMap<String, Vec<u8>>),
        occasion: Occasion,
    ) -> Result<Proposed, Fault> {
        self.proposals = self.proposals.saturating_add(1);
        let nonce = [[0; 16].as_slice(), &self.proposals.to_be_bytes()].concat();
        let spec = ProposalSpec {
            channel: Some(self.members.channel()),
            chaincode,
            args,
            transient,
            creator: client.identity(),
            nonce: &nonce,
            timestamp: self.now,
        };
        Proposed::new(client, spec, occasion)
    }

    /// One run of a proposal at the peer of an organisation.
    pub(crate) fn run(&self, proposed: &Proposed, creator: &Identity, at: &MspId) -> Run {
        let seen = peer::Proposed {
            signed: &proposed.signed,
            tx_id: &proposed.tx_id,
            creator,
            arrival: self.peers_now.unwrap_or(self.now),
        };
        let input = ChaincodeInput { ..proposed.parsed.input.clone() };
        Peer::new(self.seat(at), seen).run(&proposed.parsed.chaincode, input)
    }

    /// This channel as the peer of an organisation sees it.
    pub(crate) fn seat<'a>(&'a self, organization: &'a MspId) -> Seat<'a> {
        Seat {
            organization,
            channel: self.members.channel(),
            ledger: &self.ledger,
            chaincodes: &self.chaincodes,
            terms: self.terms,
            elsewhere: &self.elsewhere,
        }
    }

    /// The transaction of proposal and simulation, endorsed by the peers of organisations.
    pub(crate) fn endorse(
        &self,
        proposed: &Proposed,
        simulated: peer::Simulated,
        organizations: &[MspId],
        version: &str,
    ) -> Result<Endorsed, Fault> {
        let signers = organizations.iter().map(|organization| self.members.peer(organization));
        let signers = signers.collect::<Result<Vec<_>, _>>()?;
        proposed.endorsed_by(&signers, simulated, version)
    }

    fn approve(
        &mut self,
        organization: &MspId,
        definition: &CommitChaincodeDefinitionArgs,
    ) -> Result<Endorsed, Fault> {
        let argument = deploy::approval(definition);
        let args = deploy::call("ApproveChaincodeDefinitionForMyOrg", &argument);
        let proposed = self.propose_lifecycle(organization, args)?;
        let simulated = self.run_lifecycle(organization, |context, ledger| {
            Ok(lifecycle::approve(&argument, context, ledger)?.encode_to_vec())
        })?;
        self.endorse(&proposed, simulated, std::slice::from_ref(organization), SYSTEM_VERSION)
    }

    /// The commit of a definition, which each organisation's peer must have approved.
    fn commit_definition(
        &mut self,
        organizations: &[MspId],
        definition: &CommitChaincodeDefinitionArgs,
    ) -> Result<Endorsed, Fault> {
        let submitter = organizations.first().ok_or(Fault::NoOrganizations)?;
        let args = deploy::call("CommitChaincodeDefinition", definition);
        let proposed = self.propose_lifecycle(submitter, args)?;
        let simulated = self.run_lifecycle(submitter, |context, ledger| {
            Ok(lifecycle::commit(definition, context, ledger)?.encode_to_vec())
        })?;
        self.endorse(&proposed, simulated, organizations, SYSTEM_VERSION)
    }

    fn propose_lifecycle(
        &mut self,
        organization: &MspId,
        args: Vec<Vec<u8>>,
    ) -> Result<Proposed, Fault> {
        let admin = self.admin(organization.as_str(), "admin")?;
        self.propose(&admin, lifecycle::NAMESPACE, args, BTreeMap::new())
    }

    fn run_lifecycle(
        &self,
        organization: &MspId,
        function: impl FnOnce(&Context<'_>, &mut LifecycleAccess<'_>) -> Result<Vec<u8>, LifecycleError>,
    ) -> Result<peer::Simulated, Fault> {
        let simulator = simulate::Simulator::new(self.ledger.state());
        let mut access = LifecycleAccess { simulator, organization };
        let context = Context { config: self.ledger.config(), organization };
        let payload = function(&context, &mut access)?;
        let response = Response { status: SUCCESS, message: String::new(), payload };
        Ok(peer::Simulated { response, event: None, result: access.simulator.finish() })
    }
}
