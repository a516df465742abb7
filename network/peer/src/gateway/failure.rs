//! Every way in which a gateway call fails, and what the client is told.

use std::fmt;

use fabric_protos::gateway::ErrorDetail;
use fabric_protos::google_rpc::Status;
use fabric_protos::protos::ProposalResponse;
use fabric_protos::{Any, Message};
use thiserror::Error;
use tonic::Code;

use super::NotOrdered;
use crate::access::AccessDenied;
use crate::endorser::ProposalError;
use crate::peer::Peer;

/// A gateway call that failed.
#[derive(Debug, Error)]
pub(super) enum Failure {
    /// The request says too little or nothing that can be read.
    #[error("{0}")]
    Invalid(Invalid),
    /// The client may not ask this.
    #[error("{source}")]
    Denied {
        #[source]
        source: AccessDenied,
    },
    /// There is no such channel.
    #[error("channel does not exist: {channel}")]
    NoChannel { channel: String, code: Code },
    /// No peer may be asked.
    #[error("{0}")]
    NoPlan(NoPlan),
    /// Endorsers were asked, and did not give what was needed.
    #[error("{stage}")]
    Endorsers { code: Code, stage: Stage, details: Vec<ErrorDetail> },
    /// The orderer refused the envelope.
    #[error("{source}")]
    Refused {
        #[source]
        source: NotOrdered,
    },
    /// The orderer could not take the envelope.
    #[error("no orderers could successfully process transaction")]
    NoOrderer { detail: ErrorDetail },
    /// The orderer did not answer in time.
    #[error("submit timeout expired while broadcasting to ordering service")]
    OrdererTimeout,
    /// The ledger could not be read, or stopped.
    #[error("{source}")]
    Ledger {
        #[source]
        source: crate::channel::ChannelReadError,
    },
    /// Too many calls wait for transactions to be committed.
    #[error("too many requests wait for a commit")]
    TooManyWaiting,
    /// As many calls as are let in are running already.
    #[error("too many requests for gateway.Gateway, exceeding concurrency limit ({limit})")]
    Busy { limit: usize },
}

/// What is wrong with a request.
#[derive(Debug, Error)]
pub(super) enum Invalid {
    #[error("failed to unpack transaction proposal: {0}")]
    Proposal(#[source] fabric_protos::proposal::ProposalError),
    #[error("failed to unpack transaction proposal: a signed proposal is required")]
    NoProposal,
    #[error("failed to unpack transaction proposal: no channel id provided")]
    NoProposalChannel,
    #[error("the proposed transaction must contain a signed proposal")]
    NoProposedTransaction,
    #[error("a prepared transaction is required")]
    NoPreparedTransaction,
    #[error("prepared transaction must be signed")]
    NotSigned,
    #[error("a {0} request is required")]
    NoRequest(&'static str),
    #[error("invalid {what} request: {source}")]
    Request {
        what: &'static str,
        #[source]
        source: prost::DecodeError,
    },
    #[error("no identity provided")]
    NoIdentity,
    #[error("no channel ID provided")]
    NoChannelId,
    #[error("transaction ID should not be empty")]
    NoTransactionId,
    #[error("invalid start position type: {0}")]
    StartPosition(&'static str),
}

/// Why nobody can be asked to endorse or evaluate.
#[derive(Debug, Error)]
pub(super) enum NoPlan {
    #[error("failed to find any endorsing peers for org(s): {}", organizations.join(", "))]
    NoPeersOf { organizations: Vec<String> },
    #[error("no peers available to evaluate chaincode {chaincode} in channel {channel}")]
    NoEvaluator { chaincode: String, channel: String },
    #[error(
        "no endorsers found in the gateway's organization; retry specifying target \
         organization(s) to protect transient data: no peers available to evaluate chaincode \
         {chaincode} in channel {channel}"
    )]
    NoTrustedEvaluator { chaincode: String, channel: String },
    #[error(
        "no endorsers found in the gateway's organization; retry specifying endorsing \
         organization(s) to protect transient data"
    )]
    NoTrustedEndorser,
    #[error(
        "no combination of peers can be derived which satisfy the endorsement policy: {reason}"
    )]
    Unsatisfiable { reason: super::plan::Unsatisfiable },
    #[error(
        "requires endorsement from organisation(s) that are not in the distribution policy of \
         the private data collection(s): [{}]; retry specifying trusted endorsing organizations \
         to protect transient data", collections.join(" ")
    )]
    OutsideCollection { collections: Vec<String> },
}

/// How far a call got with its endorsers.
#[derive(Debug)]
pub(super) enum Stage {
    /// One evaluating peer gave the final word, and it was this.
    Evaluated(String),
    /// Every evaluating peer failed.
    EvaluatedByNobody,
    /// No first endorser.
    First,
    /// Not enough endorsers after the first.
    Collecting,
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self {
            Self::Evaluated(message) => {
                return write!(f, "evaluate call to endorser returned error: {message}");
            }
            Self::EvaluatedByNobody => "failed to evaluate transaction",
            Self::First => "failed to endorse transaction",
            Self::Collecting => "failed to collect enough transaction endorsements",
        };
        write!(f, "{what}, see attached details for more info")
    }
}

impl Failure {
    fn code(&self) -> Code {
        match self {
            Self::Invalid(_) => Code::InvalidArgument,
            Self::Denied { .. } => Code::PermissionDenied,
            Self::NoPlan(NoPlan::NoPeersOf { .. }) => Code::Unavailable,
            Self::NoPlan(_) => Code::FailedPrecondition,
            Self::Endorsers { code, .. } | Self::NoChannel { code, .. } => *code,
            Self::NoOrderer { .. } => Code::Unavailable,
            Self::OrdererTimeout => Code::DeadlineExceeded,
            Self::Refused { .. } | Self::Ledger { .. } => Code::Aborted,
            Self::TooManyWaiting | Self::Busy { .. } => Code::ResourceExhausted,
        }
    }

    fn details(&self) -> Vec<Any> {
        let details = match self {
            Self::Endorsers { details, .. } => details.as_slice(),
            Self::NoOrderer { detail } => std::slice::from_ref(detail),
            Self::Invalid(_)
            | Self::Denied { .. }
            | Self::NoChannel { .. }
            | Self::NoPlan(_)
            | Self::Refused { .. }
            | Self::OrdererTimeout
            | Self::Ledger { .. }
            | Self::TooManyWaiting
            | Self::Busy { .. } => &[],
        };
        let wrap = |detail: &ErrorDetail| Any {
            type_url: "type.googleapis.com/gateway.ErrorDetail".to_owned(),
            value: detail.encode_to_vec(),
        };
        details.iter().map(wrap).collect()
    }
}

impl From<Failure> for tonic::Status {
    /// The status with its details, as `google.rpc.Status` in `grpc-status-details-bin`.
    fn from(failure: Failure) -> Self {
        let (code, message, details) = (failure.code(), failure.to_string(), failure.details());
        if details.is_empty() {
            return Self::new(code, message);
        }
        let status = Status { code: code.into(), message: message.clone(), details };
        Self::with_details(code, message, status.encode_to_vec().into())
    }
}

/// What one endorser's answer means for a gateway.
pub(super) struct Refusal {
    /// What the client is told if nobody else helps.
    pub(super) code: Code,
    /// The endorser's words.
    pub(super) message: String,
    /// Whether another peer may answer otherwise.
    pub(super) retry: bool,
}

/// Tells an endorsement from the ways in which an endorser fails.
pub(super) fn endorsed(
    answer: Result<ProposalResponse, ProposalError>,
) -> Result<ProposalResponse, Refusal> {
    let answer = answer.map_err(|error| {
        let at_the_door = error.is_at_the_door();
        let code = if at_the_door { Code::Unavailable } else { Code::FailedPrecondition };
        Refusal { code, message: error.to_string(), retry: at_the_door }
    })?;
    let response = answer.response.clone().unwrap_or_default();
    if (200..400).contains(&response.status) {
        return Ok(answer);
    }
    if answer.payload.is_empty() && response.status == 500 {
        // The peer's own failure, not the chaincode's.
        return Err(Refusal { code: Code::Aborted, message: response.message, retry: true });
    }
    let message = format!("chaincode response {}, {}", response.status, response.message);
    Err(Refusal { code: Code::Unknown, message, retry: false })
}

/// An endorser's failure as the client is told of it.
pub(super) fn detail(peer: &Peer, message: impl Into<String>) -> ErrorDetail {
    ErrorDetail {
        address: peer.address().to_owned(),
        msp_id: peer.organization().to_string(),
        message: message.into(),
    }
}
