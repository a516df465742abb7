//! The chaincodes that every peer has: `_lifecycle`, `qscc` and `cscc`.

mod cscc;
mod lifecycle;
mod qscc;

use std::sync::Arc;

use fabric_protos::common::msp_role::MspRoleType;
use fabric_protos::id::{ChaincodeName, MspId};
use fabric_protos::protos::Response;
use pervade_channel_config::Access;
use pervade_identity::Membership;
use pervade_ports::{Clock, Timestamp};

pub(crate) use lifecycle::StateAccess;

use crate::access::{self, AccessDenied};
use crate::chaincode::{Call, Support};
use crate::channel::{Channel, Channels};

/// What endorsements name as the version of a system chaincode.
pub(crate) const VERSION: &str = "syscc";

const QSCC: &str = "qscc";
const CSCC: &str = "cscc";

/// Whether a chaincode is one of the system's.
pub(crate) fn is_system(name: &str) -> bool {
    name == ChaincodeName::LIFECYCLE || is_query_only(name)
}

/// Whether a chaincode is one of the system's that looks at whole ledgers and has no state.
pub(crate) fn is_query_only(name: &str) -> bool {
    name == QSCC || name == CSCC
}

/// What a peer is for its own organisation.
pub(crate) struct LocalPeer {
    organization: MspId,
    membership: Membership,
    clock: Arc<dyn Clock>,
}

impl LocalPeer {
    pub(crate) fn new(organization: MspId, membership: Membership, clock: Arc<dyn Clock>) -> Self {
        Self { organization, membership, clock }
    }

    pub(crate) fn membership(&self) -> &Membership {
        &self.membership
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }
}

/// One call of a system chaincode.
pub(crate) struct SystemCall<'a> {
    /// The call, as for any chaincode.
    pub(crate) call: &'a Call,
    /// The arguments, function first.
    pub(crate) args: &'a [Vec<u8>],
    /// All channels of the peer.
    pub(crate) channels: &'a Channels,
    /// The peer's own organisation.
    pub(crate) local: &'a LocalPeer,
    /// The peer's chaincodes.
    pub(crate) support: &'a Support,
}

/// Answers a call of a system chaincode.
pub(crate) fn invoke(called: &SystemCall<'_>) -> Response {
    let answer = match called.call.name.as_str() {
        QSCC => qscc::invoke(called),
        CSCC => cscc::invoke(called),
        _ => lifecycle::invoke(called),
    };
    match answer {
        Ok(payload) => Response { status: 200, message: String::new(), payload },
        Err(Refusal { status, message }) => Response { status, message, payload: Vec::new() },
    }
}

/// How a system chaincode refuses. The texts are Fabric's, which its tools show.
struct Refusal {
    status: i32,
    message: String,
}

impl Refusal {
    fn new(message: impl Into<String>) -> Self {
        Self { status: 500, message: message.into() }
    }
}

impl SystemCall<'_> {
    fn function(&self) -> String {
        self.text(0)
    }

    fn argument(&self, index: usize) -> &[u8] {
        self.args.get(index).map_or(&[], Vec::as_slice)
    }

    fn text(&self, index: usize) -> String {
        String::from_utf8_lossy(self.argument(index)).into_owned()
    }

    /// Refuses who may not use a resource: by the peer's own organisation where the resource is
    /// the peer's, by the channel's policy where it is the channel's.
    fn check(&self, channel: Option<&Channel>, resource: &str) -> Result<(), AccessDenied> {
        let signed = self.call.proposal.signed_data();
        let role = match channel.map(Channel::config) {
            Some(config) => match config.access(resource) {
                Some(Access::LocalAdmins) => MspRoleType::Admin,
                Some(Access::LocalMembers) => MspRoleType::Member,
                Some(Access::Channel(path)) => {
                    return channel.map_or(Ok(()), |channel| channel.check_policy(path, &signed));
                }
                None => return Err(AccessDenied::NoRule { resource: resource.to_owned() }),
            },
            None if resource == cscc::GET_CHANNELS => MspRoleType::Member,
            None => MspRoleType::Admin,
        };
        access::check_local(&self.local.membership, &self.local.organization, role, &signed)
    }
}
