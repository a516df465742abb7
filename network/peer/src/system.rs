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
        let creator = &self.call.proposal.creator;
        let role = match channel.map(Channel::config) {
            Some(config) => match config.access(resource) {
                Some(Access::LocalAdmins) => MspRoleType::Admin,
                Some(Access::LocalMembers) => MspRoleType::Member,
                Some(Access::Channel(path)) => {
                    return channel
                        .map_or(Ok(()), |channel| channel.check_policy_by(path, creator));
                }
                None => return Err(AccessDenied::NoRule { resource: resource.to_owned() }),
            },
            None if resource == cscc::GET_CHANNELS => MspRoleType::Member,
            None => MspRoleType::Admin,
        };
        access::check_local(&self.local.membership, &self.local.organization, role, creator)
    }
}

#[cfg(test)]
mod tests {
    use fabric_protos::Message;
    use fabric_protos::common::{Block, BlockchainInfo, Config};
    use fabric_protos::lifecycle::{
        CheckCommitReadinessArgs, CheckCommitReadinessResult, QueryApprovedChaincodeDefinitionArgs,
        QueryApprovedChaincodeDefinitionResult, QueryChaincodeDefinitionArgs,
    };
    use fabric_protos::protos::{ProcessedTransaction, Response};

    use crate::testing::{CHANNEL, Member, Network};

    #[tokio::test]
    async fn qscc_finds_blocks_and_transactions() {
        let network = Network::with_chaincodes(&["basic"]).await;
        let done = network.submit("basic", "put k v").await.unwrap();
        let number = done.status.block_number;
        let user = &network.org1.user;
        let ask = async |args: &[&[u8]]| {
            let args = [&[args[0], CHANNEL.as_bytes()], &args[1..]].concat();
            call(&network, user, "qscc", &args).await
        };
        let info = ask(&[b"GetChainInfo"]).await.payload;
        let info = BlockchainInfo::decode(info.as_slice()).unwrap();
        assert_eq!(info.height, number + 1);
        let by_number = ask(&[b"GetBlockByNumber", number.to_string().as_bytes()]).await.payload;
        let by_hash = ask(&[b"GetBlockByHash", &info.current_block_hash]).await.payload;
        let by_tx_id = ask(&[b"GetBlockByTxID", done.tx_id.as_str().as_bytes()]).await.payload;
        let block = Block::decode(by_number.as_slice()).unwrap();
        assert_eq!(block, *network.channel.block(number).unwrap());
        assert_eq!([&by_hash, &by_tx_id], [&by_number, &by_number]);
        let found = ask(&[b"GetTransactionByID", done.tx_id.as_str().as_bytes()]).await.payload;
        let found = ProcessedTransaction::decode(found.as_slice()).unwrap();
        assert_eq!(found.validation_code, 0);
        let missing = ask(&[b"GetBlockByNumber", b"99"]).await;
        assert_eq!(
            missing.message,
            "Failed to get block number 99, error no such block number [99] in index"
        );
        let nested =
            network.evaluate("basic", "call qscc GetChainInfo mychannel").await.unwrap_err();
        assert!(nested.message().contains("Rejecting invoke of QSCC from another chaincode"));
    }

    #[tokio::test]
    async fn cscc_tells_channels_and_configurations() {
        let network = Network::start();
        let channel = CHANNEL.as_bytes();
        let (org1, org2) = (&network.org1.user, &network.org2.user);
        let config = call(&network, org2, "cscc", &[b"GetChannelConfig", channel]).await.payload;
        assert_eq!(Config::decode(config.as_slice()).unwrap(), *network.channel.config().config());
        let block = call(&network, org2, "cscc", &[b"GetConfigBlock", channel]).await.payload;
        assert_eq!(Block::decode(block.as_slice()).unwrap().header, network.genesis.header);
        assert_eq!(call(&network, org1, "cscc", &[b"GetChannels"]).await.status, 200);
        let refused = call(&network, org2, "cscc", &[b"GetChannels"]).await;
        assert!(refused.message.starts_with("access denied for [GetChannels]: "), "{refused:?}");
    }

    #[tokio::test]
    async fn definitions_are_for_administrators_and_approvals_for_their_own_organisation() {
        let network = Network::with_chaincodes(&["basic"]).await;
        let (admin, user) = (&network.org1.admin, &network.org1.user);
        let approved =
            QueryApprovedChaincodeDefinitionArgs { name: "basic".to_owned(), sequence: 1 }
                .encode_to_vec();
        let ask: &[&[u8]] = &[b"QueryApprovedChaincodeDefinition", &approved];
        let found = call(&network, admin, "_lifecycle", ask).await.payload;
        let found = QueryApprovedChaincodeDefinitionResult::decode(found.as_slice()).unwrap();
        assert_eq!(found.version, "1.0");
        let refused = call(&network, user, "_lifecycle", ask).await;
        assert!(
            refused.message.starts_with("Failed to authorize invocation due to failed ACL check: ")
        );
        let undefined = QueryChaincodeDefinitionArgs { name: "other".to_owned() }.encode_to_vec();
        let undefined: &[&[u8]] = &[b"QueryChaincodeDefinition", &undefined];
        assert_eq!(call(&network, user, "_lifecycle", undefined).await.status, 404);
        let next = CheckCommitReadinessArgs {
            name: "basic".to_owned(),
            version: "2.0".to_owned(),
            sequence: 2,
            ..Default::default()
        }
        .encode_to_vec();
        let ready = call(&network, user, "_lifecycle", &[b"CheckCommitReadiness", &next]).await;
        let ready = CheckCommitReadinessResult::decode(ready.payload.as_slice()).unwrap();
        let approvals: Vec<_> = ready.approvals.into_iter().collect();
        assert_eq!(approvals, [("Org1MSP".to_owned(), false), ("Org2MSP".to_owned(), false)]);
    }

    /// The first peer's answer.
    async fn call(network: &Network, member: &Member, chaincode: &str, args: &[&[u8]]) -> Response {
        let args: Vec<_> = args.iter().map(|arg| arg.to_vec()).collect();
        let proposed = network.propose(member, chaincode, &args);
        let answer = network.peer().process_proposal(proposed.signed).await.unwrap();
        answer.response.unwrap()
    }
}
