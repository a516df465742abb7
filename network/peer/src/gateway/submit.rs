use fabric_protos::common::Status;
use fabric_protos::gateway::{ErrorDetail, SubmitRequest, SubmitResponse};
use tonic::Code;

use super::failure::{Failure, Invalid};
use super::{GatewayService, NotOrdered};
use crate::limits::BROADCAST_TIMEOUT;

/// Sends a signed transaction to the orderer.
pub(super) async fn submit(
    gateway: &GatewayService,
    request: SubmitRequest,
) -> Result<SubmitResponse, Failure> {
    let envelope = request.prepared_transaction;
    let envelope = envelope.ok_or(Failure::Invalid(Invalid::NoPreparedTransaction))?;
    if envelope.signature.is_empty() {
        return Err(Failure::Invalid(Invalid::NotSigned));
    }
    let channel = gateway.channels().named(&request.channel_id).ok_or_else(|| {
        Failure::NoChannel { channel: request.channel_id, code: Code::FailedPrecondition }
    })?;
    let answer = tokio::select! {
        answer = gateway.broadcast.broadcast(envelope) => answer,
        () = gateway.clock().sleep(BROADCAST_TIMEOUT) => return Err(Failure::OrdererTimeout),
    };
    let Err(refused) = answer else { return Ok(SubmitResponse {}) };
    if is_the_clients_fault(&refused) {
        return Err(Failure::Refused { source: refused });
    }
    let config = channel.config();
    let address = config.orderer_endpoints().first().copied().unwrap_or_default().to_owned();
    let msp_id = config.orderer_organizations().first().map(|owner| owner.msp_id.to_string());
    let msp_id = msp_id.unwrap_or_default();
    let detail = ErrorDetail { address, msp_id, message: refused.to_string() };
    Err(Failure::NoOrderer { detail })
}

fn is_the_clients_fault(refused: &NotOrdered) -> bool {
    match refused.status {
        Status::BadRequest
        | Status::Forbidden
        | Status::NotFound
        | Status::RequestEntityTooLarge => true,
        Status::Unknown
        | Status::Success
        | Status::InternalServerError
        | Status::NotImplemented
        | Status::ServiceUnavailable => false,
    }
}
