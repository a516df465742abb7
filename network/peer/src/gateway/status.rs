use fabric_protos::Message;
use fabric_protos::gateway::{
    CommitStatusRequest, CommitStatusResponse, SignedCommitStatusRequest,
};
use fabric_protos::id::TxId;
use pervade_identity::policy::SignedData;
use tonic::Code;

use super::GatewayService;
use super::failure::{Failure, Invalid};
use crate::access::resource;

/// Returns a transaction's verdict, whichever it is, once it is committed.
pub(super) async fn commit_status(
    gateway: &GatewayService,
    signed: SignedCommitStatusRequest,
) -> Result<CommitStatusResponse, Failure> {
    let request = unpack(&signed).map_err(Failure::Invalid)?;
    let channel = gateway.channels().named(&request.channel_id).ok_or_else(|| {
        Failure::NoChannel { channel: request.channel_id, code: Code::PermissionDenied }
    })?;
    let who = SignedData {
        data: &signed.request,
        identity: &request.identity,
        signature: &signed.signature,
    };
    channel.check(resource::COMMIT_STATUS, &who).map_err(|source| Failure::Denied { source })?;
    let Ok(tx_id) = TxId::new(request.transaction_id) else {
        // No transaction will ever have such an id.
        return std::future::pending().await;
    };
    let position = channel.status(&tx_id).await.map_err(|_| Failure::TooManyWaiting)?;
    Ok(CommitStatusResponse { result: position.code.into(), block_number: position.block })
}

fn unpack(signed: &SignedCommitStatusRequest) -> Result<CommitStatusRequest, Invalid> {
    if signed.request.is_empty() {
        return Err(Invalid::NoRequest("commit status"));
    }
    let request = CommitStatusRequest::decode(signed.request.as_slice())
        .map_err(|source| Invalid::Request { what: "status", source })?;
    if request.identity.is_empty() {
        return Err(Invalid::NoIdentity);
    }
    if request.channel_id.is_empty() {
        return Err(Invalid::NoChannelId);
    }
    if request.transaction_id.is_empty() {
        return Err(Invalid::NoTransactionId);
    }
    Ok(request)
}
