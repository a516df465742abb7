//! A connection to one gateway, and the channels reached through it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use fabric_protos::id::{ChaincodeName, ChannelId, MspId};
use pervade_identity::{Membership, Signer};
use pervade_ports::{Clock, Rng};
use pervade_rpc::MESSAGE_BYTES_MAX;
use pervade_rpc::deliver::deliver_client::DeliverClient;
use pervade_rpc::gateway::gateway_client::GatewayClient;
use tonic::transport::Channel;

use crate::Contract;

/// One gateway, as one identity uses it. Cheap to clone.
#[derive(Clone)]
pub struct Gateway {
    pub(crate) gateway: GatewayClient<Channel>,
    pub(crate) deliver: DeliverClient<Channel>,
    pub(crate) signer: Arc<dyn Signer>,
    pub(crate) ports: Ports,
    pub(crate) patience: Patience,
    pub(crate) trust: Option<Arc<Membership>>,
}

/// What the client needs of the world.
#[derive(Clone)]
pub struct Ports {
    /// Time of day, for the proposal's timestamp.
    pub clock: Arc<dyn Clock>,
    /// Random bytes, for nonces.
    pub rng: Arc<dyn Rng>,
}

/// How long each step may take. The defaults are those of Fabric's own clients.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "complete by definition: one per step")]
pub struct Patience {
    /// Until an evaluation's answer.
    pub evaluate: Duration,
    /// Until all endorsements are there.
    pub endorse: Duration,
    /// Until the orderer has the envelope.
    pub submit: Duration,
    /// Until the verdict.
    pub commit_status: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            evaluate: Duration::from_secs(5),
            endorse: Duration::from_secs(15),
            submit: Duration::from_secs(5),
            commit_status: Duration::from_secs(60),
        }
    }
}

impl Gateway {
    /// Uses `channel`, opened by the caller, as the identity of `signer`.
    #[must_use]
    pub fn new(channel: Channel, signer: Arc<dyn Signer>, ports: Ports) -> Self {
        let gateway = GatewayClient::new(channel.clone())
            .max_decoding_message_size(MESSAGE_BYTES_MAX)
            .max_encoding_message_size(MESSAGE_BYTES_MAX);
        let deliver = DeliverClient::new(channel)
            .max_decoding_message_size(MESSAGE_BYTES_MAX)
            .max_encoding_message_size(MESSAGE_BYTES_MAX);
        Self { gateway, deliver, signer, ports, patience: Patience::default(), trust: None }
    }

    /// The same gateway with other waiting times.
    #[must_use]
    pub fn with_patience(self, patience: Patience) -> Self {
        Self { patience, ..self }
    }

    /// The same gateway; every endorser must also be a member of these organisations.
    ///
    /// Without it an endorsement must still be a good signature of the certificate it carries.
    #[must_use]
    pub fn with_trust(self, membership: Arc<Membership>) -> Self {
        Self { trust: Some(membership), ..self }
    }

    /// A channel, by name.
    #[must_use]
    pub fn network(&self, channel: ChannelId) -> Network {
        Network { gateway: self.clone(), channel, endorsers: Vec::new() }
    }
}

impl fmt::Debug for Gateway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gateway")
            .field("organization", self.signer.msp_id())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Ports {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ports").finish_non_exhaustive()
    }
}

/// One channel, through one gateway.
#[derive(Clone, Debug)]
pub struct Network {
    pub(crate) gateway: Gateway,
    pub(crate) channel: ChannelId,
    /// Whom typed clients ask to endorse; whom the gateway plans, if nobody is named.
    pub(crate) endorsers: Vec<MspId>,
}

impl Network {
    /// The same channel, on which typed clients ask exactly these organisations to endorse,
    /// instead of what the gateway plans. It plans nothing where others than a collection's members would see what is
    /// private.
    #[must_use]
    pub fn with_endorsers(self, endorsers: Vec<MspId>) -> Self {
        Self { endorsers, ..self }
    }

    /// The channel's name.
    #[must_use]
    pub fn channel(&self) -> &ChannelId {
        &self.channel
    }

    /// A chaincode on this channel, by name.
    #[must_use]
    pub fn contract(&self, chaincode: ChaincodeName) -> Contract {
        Contract::new(self.clone(), chaincode)
    }
}
