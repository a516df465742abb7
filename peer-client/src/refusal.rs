//! What a gateway answers when it does not do what it was asked.

use std::fmt;

use fabric_protos::{Message as _, gateway, google_rpc};

/// A gateway's refusal: a gRPC status and, per peer that was asked, its own words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The gRPC status.
    pub code: StatusCode,
    /// What the gateway said.
    pub message: String,
    /// What each peer said, as far as the gateway told.
    pub details: Vec<PeerDetail>,
}

/// One peer's part in a refusal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerDetail {
    /// `host:port` of the peer.
    pub address: String,
    /// The peer's organisation.
    pub msp_id: String,
    /// What it said.
    pub message: String,
}

/// A [gRPC status code](https://grpc.github.io/grpc/core/md_doc_statuscodes.html) by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct StatusCode(i32);

impl StatusCode {
    /// The caller's time ran out before the answer came.
    pub const DEADLINE_EXCEEDED: Self = Self(4);
    /// The system is not in the state the call needs; trying again does not help.
    pub const FAILED_PRECONDITION: Self = Self(9);
    /// The call was given up on the way.
    pub const ABORTED: Self = Self(10);
    /// Nobody there, or not for the moment.
    pub const UNAVAILABLE: Self = Self(14);

    /// The code's number.
    #[must_use]
    pub fn number(self) -> i32 {
        self.0
    }
}

impl Refusal {
    pub(crate) fn from_status(status: &tonic::Status) -> Self {
        Self {
            code: StatusCode(i32::from(status.code())),
            message: status.message().to_owned(),
            details: details(status.details()),
        }
    }

    /// Whether the request may have taken effect although no answer came.
    pub(crate) fn leaves_doubt(&self) -> bool {
        self.code == StatusCode::DEADLINE_EXCEEDED
            || self.code == StatusCode::UNAVAILABLE
            || self.code == UNKNOWN
            || self.code == CANCELLED
    }
}

/// The words of all peers, or the gateway's own where it named none.
impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        for detail in &self.details {
            write!(f, "; {} ({}): {}", detail.address, detail.msp_id, detail.message)?;
        }
        Ok(())
    }
}

impl std::error::Error for Refusal {}

const CANCELLED: StatusCode = StatusCode(1);
const UNKNOWN: StatusCode = StatusCode(2);

/// Most peers' details read from one refusal.
const DETAILS_MAX: usize = 100;

fn details(trailer: &[u8]) -> Vec<PeerDetail> {
    let Ok(status) = google_rpc::Status::decode(trailer) else { return Vec::new() };
    status
        .details
        .iter()
        .take(DETAILS_MAX)
        .filter_map(|any| gateway::ErrorDetail::decode(any.value.as_slice()).ok())
        .map(|detail| PeerDetail {
            address: detail.address,
            msp_id: detail.msp_id,
            message: detail.message,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use fabric_protos::{Any, Message as _, gateway, google_rpc};

    use super::Refusal;

    #[test]
    fn the_words_of_each_peer_are_kept() {
        let detail = gateway::ErrorDetail {
            address: "peer0:7051".to_owned(),
            msp_id: "Org1MSP".to_owned(),
            message: "no".to_owned(),
        };
        let any = Any {
            type_url: "type.googleapis.com/gateway.ErrorDetail".to_owned(),
            value: detail.encode_to_vec(),
        };
        let status =
            google_rpc::Status { code: 10, message: "failed".to_owned(), details: vec![any] };
        let status = tonic::Status::with_details(
            tonic::Code::Aborted,
            "failed",
            status.encode_to_vec().into(),
        );
        let refusal = Refusal::from_status(&status);
        assert_eq!(refusal.to_string(), "failed; peer0:7051 (Org1MSP): no");
    }

    #[test]
    fn a_garbled_trailer_leaves_the_gateways_own_words() {
        let status = tonic::Status::with_details(tonic::Code::Aborted, "failed", vec![0xff].into());
        assert_eq!(Refusal::from_status(&status).to_string(), "failed");
    }
}
