use std::sync::Arc;

use fabric_protos::Message;
use fabric_protos::gateway::{EvaluateRequest, EvaluateResponse};
use fabric_protos::proposal::{ParsedProposal, parse_proposal};
use fabric_protos::protos::{ChaincodeAction, ProposalResponse, ProposalResponsePayload, Response};
use tonic::Code;

use super::GatewayService;
use super::failure::{Failure, Invalid, NoPlan, Stage, detail, endorsed};
use super::plan::ask;
use crate::peer::Peer;

/// Runs a proposal on one peer and returns the chaincode's answer.
pub(super) async fn evaluate(
    gateway: &GatewayService,
    request: EvaluateRequest,
) -> Result<EvaluateResponse, Failure> {
    let signed = request.proposed_transaction.filter(|signed| !signed.proposal_bytes.is_empty());
    let signed = signed.ok_or(Failure::Invalid(Invalid::NoProposal))?;
    let proposal =
        parse_proposal(&signed).map_err(|source| Failure::Invalid(Invalid::Proposal(source)))?;
    if proposal.channel_header.channel_id.is_empty() {
        return Err(Failure::Invalid(Invalid::NoProposalChannel));
    }
    let candidates = candidates(gateway, &proposal, &request.target_organizations)?;
    let mut details = Vec::new();
    let mut code = Code::Unavailable;
    for peer in candidates {
        let refusal = match endorsed(ask(gateway, &peer, &signed).await) {
            Ok(answer) => return Ok(EvaluateResponse { result: Some(result(answer)) }),
            Err(refusal) => refusal,
        };
        code = refusal.code;
        details.push(detail(&peer, refusal.message.clone()));
        if !refusal.retry {
            let stage = Stage::Evaluated(refusal.message);
            return Err(Failure::Endorsers { code, stage, details });
        }
    }
    Err(Failure::Endorsers { code, stage: Stage::EvaluatedByNobody, details })
}

/// Peers that may be asked: the gateway's own organisation first. Transient data stays there
/// unless the client names others.
fn candidates(
    gateway: &GatewayService,
    proposal: &ParsedProposal,
    targets: &[String],
) -> Result<Vec<Arc<Peer>>, Failure> {
    let own = gateway.local.organization();
    let is_protected = !proposal.transient.is_empty() && targets.is_empty();
    let (channel, chaincode) = (&proposal.channel_header.channel_id, &proposal.chaincode);
    let mut peers = gateway.peers.endorsers(channel, chaincode, &gateway.local);
    peers.retain(|peer| match targets {
        [] => !is_protected || peer.organization() == own,
        targets => targets.iter().any(|target| target == peer.organization().as_str()),
    });
    peers.sort_by_key(|peer| peer.organization() != own);
    if !peers.is_empty() {
        return Ok(peers);
    }
    let (chaincode, channel) = (chaincode.clone(), channel.clone());
    Err(Failure::NoPlan(match is_protected {
        true => NoPlan::NoTrustedEvaluator { chaincode, channel },
        false => NoPlan::NoEvaluator { chaincode, channel },
    }))
}

/// The chaincode's answer, with the payload that was endorsed.
fn result(answer: ProposalResponse) -> Response {
    let mut response = answer.response.unwrap_or_default();
    let action = ProposalResponsePayload::decode(answer.payload.as_slice())
        .and_then(|payload| ChaincodeAction::decode(payload.extension.as_slice()));
    if let Ok(ChaincodeAction { response: Some(endorsed), .. }) = action {
        response.payload = endorsed.payload;
    }
    response
}
