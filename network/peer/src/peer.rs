//! One logical peer.

use std::fmt;
use std::sync::{Arc, RwLock};

use fabric_protos::id::MspId;
use fabric_protos::protos::{ProposalResponse, SignedProposal};
use pervade_identity::{Membership, Msp, Signer};
use pervade_ports::{Clock, Spawn};
use pervade_rpc::endorser::endorser_server;
use tonic::{Request, Response, Status};

use crate::chaincode::{InstallError, Launch, Support, SupportParts, find};
use crate::channel::Channels;
use crate::endorser::{Endorser, ProposalError};
use crate::system::{self, LocalPeer};
use crate::{read, write};

/// One logical peer: an identity, an address, and chaincodes of its own. It shares its channels
/// with the other peers of the process.
pub struct Peer {
    address: String,
    organization: MspId,
    signer: Arc<dyn Signer>,
    channels: Arc<Channels>,
    clock: Arc<dyn Clock>,
    support: Arc<Support>,
    endorser: Endorser,
}

/// What a peer is made of.
#[expect(clippy::exhaustive_structs, reason = "written out by whoever makes a peer")]
pub struct PeerSettings {
    /// `host:port` under which clients know the peer.
    pub address: String,
    /// The peer's identity.
    pub signer: Arc<dyn Signer>,
    /// The peer's own organisation, which administers it.
    pub organization: Msp,
    /// The channels that the peer takes part in.
    pub channels: Arc<Channels>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// What runs the peer's tasks.
    pub spawn: Arc<dyn Spawn>,
}

impl fmt::Debug for PeerSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PeerSettings")
            .field("address", &self.address)
            .field("organization", self.organization.id())
            .finish_non_exhaustive()
    }
}

impl Peer {
    /// A peer without chaincodes.
    #[must_use]
    pub fn new(settings: PeerSettings) -> Arc<Self> {
        let PeerSettings { address, signer, organization, channels, clock, spawn } = settings;
        let id = organization.id().clone();
        let membership = Membership::new([organization]);
        let local = Arc::new(LocalPeer::new(id.clone(), membership, Arc::clone(&clock)));
        let support = Arc::new(Support::new(SupportParts {
            organization: id.clone(),
            channels: Arc::clone(&channels),
            local: Arc::clone(&local),
            clock: Arc::clone(&clock),
            spawn,
        }));
        let endorser =
            Endorser::new(Arc::clone(&channels), local, Arc::clone(&support), Arc::clone(&signer));
        Arc::new(Self { address, organization: id, signer, channels, clock, support, endorser })
    }

    /// Installs a chaincode package, in place of one with the same id, whose stream is ended. The
    /// chaincode is launched when it is first invoked, and again after its stream has ended.
    ///
    /// # Errors
    /// If the peer has too many packages already.
    pub fn install(
        &self,
        package_id: &str,
        label: &str,
        launcher: Arc<dyn Launch>,
    ) -> Result<(), InstallError> {
        self.support.install(package_id, label, launcher)
    }

    /// Ids and labels of the installed packages, in the order of the ids.
    #[must_use]
    pub fn installed(&self) -> Vec<(String, String)> {
        self.support.installed()
    }

    /// Judges one proposal, and endorses it if its chaincode says so.
    ///
    /// # Errors
    /// If the proposal is refused before anything runs. What goes wrong later is a response with
    /// status 500.
    pub async fn process_proposal(
        &self,
        signed: SignedProposal,
    ) -> Result<ProposalResponse, ProposalError> {
        self.endorser.process(signed).await
    }

    /// Whether the peer could run a chaincode: one of the system's, or one that is committed,
    /// approved by the peer's organisation and installed.
    #[must_use]
    pub fn runs(&self, channel: &str, chaincode: &str) -> bool {
        let Some(channel) = self.channels.named(channel) else { return false };
        system::is_system(chaincode)
            || find(&self.support, &channel, &channel.snapshot(), chaincode).is_ok()
    }

    /// `host:port` under which clients know the peer.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The peer's organisation.
    #[must_use]
    pub fn organization(&self) -> &MspId {
        &self.organization
    }

    /// The peer's identity as messages carry it.
    #[must_use]
    pub fn identity(&self) -> &[u8] {
        self.signer.identity()
    }

    /// The channels that the peer takes part in.
    #[must_use]
    pub fn channels(&self) -> &Arc<Channels> {
        &self.channels
    }

    /// Ends the streams of the peer's chaincodes.
    pub fn shut_down(&self) {
        self.support.end();
    }

    pub(crate) fn clock(&self) -> &dyn Clock {
        self.clock.as_ref()
    }
}

impl fmt::Debug for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Peer")
            .field("address", &self.address)
            .field("organization", &self.organization)
            .finish_non_exhaustive()
    }
}

/// The logical peers of one network, in the order in which they were added.
#[derive(Debug, Default)]
pub struct Peers(RwLock<Vec<Arc<Peer>>>);

impl Peers {
    /// Adds a peer.
    pub fn add(&self, peer: Arc<Peer>) {
        write(&self.0).push(peer);
    }

    /// Takes out the peer with this address, as if it could no longer be reached.
    pub fn remove(&self, address: &str) {
        write(&self.0).retain(|peer| peer.address != address);
    }

    /// All peers.
    #[must_use]
    pub fn all(&self) -> Vec<Arc<Peer>> {
        read(&self.0).clone()
    }

    /// The peers that could run a chaincode, `first` before the others.
    pub(crate) fn endorsers(
        &self,
        channel: &str,
        chaincode: &str,
        first: &Arc<Peer>,
    ) -> Vec<Arc<Peer>> {
        let mut peers = self.all();
        peers.retain(|peer| peer.runs(channel, chaincode));
        peers.sort_by_key(|peer| !Arc::ptr_eq(peer, first));
        peers
    }
}

/// The endorser service of one peer.
#[derive(Clone, Debug)]
pub struct EndorserService(Arc<Peer>);

impl EndorserService {
    /// Serves `peer`.
    #[must_use]
    pub fn new(peer: Arc<Peer>) -> Self {
        Self(peer)
    }
}

#[tonic::async_trait]
impl endorser_server::Endorser for EndorserService {
    async fn process_proposal(
        &self,
        request: Request<SignedProposal>,
    ) -> Result<Response<ProposalResponse>, Status> {
        let answer = self.0.process_proposal(request.into_inner()).await;
        answer.map(Response::new).map_err(|refused| Status::unknown(refused.to_string()))
    }
}
