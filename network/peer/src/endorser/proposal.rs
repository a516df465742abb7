//! What a peer checks about a proposal before anything runs, in Fabric's order and words.

use fabric_protos::Message;
use fabric_protos::common::{HeaderType, SignatureHeader};
use fabric_protos::msp::SerializedIdentity;
use fabric_protos::proposal::{self, ParsedProposal};
use fabric_protos::protos::SignedProposal;
use pervade_identity::{Certificate, Identity, Membership};
use pervade_ports::Timestamp;
use thiserror::Error;

use crate::limits::TIME_WINDOW;

/// A proposal taken apart, with the signed bytes; nothing about it is believed yet.
pub(crate) struct UnpackedProposal {
    /// The bytes that were signed, and the signature.
    pub(crate) signed: SignedProposal,
    /// The parts.
    pub(crate) parsed: ParsedProposal,
}

/// Takes a proposal apart.
pub(crate) fn unpack(signed: SignedProposal) -> Result<UnpackedProposal, ProposalError> {
    let parsed =
        proposal::parse_proposal(&signed).map_err(|source| ProposalError::Malformed { source })?;
    Ok(UnpackedProposal { signed, parsed })
}

impl UnpackedProposal {
    /// Name of the channel, empty for a call that concerns the peer as a whole.
    pub(crate) fn channel(&self) -> &str {
        &self.parsed.channel_header.channel_id
    }

    /// Refuses an expired client and a proposal from another time.
    pub(crate) fn check_time(&self, now: Timestamp) -> Result<(), ProposalError> {
        let expiry = expiry(&self.parsed.signature_header.creator);
        if expiry.is_some_and(|expiry| now.seconds() > expiry) {
            return Err(ProposalError::Expired);
        }
        let proposed = self.parsed.channel_header.timestamp.unwrap_or_default();
        let nanos = u32::try_from(proposed.nanos).unwrap_or_default();
        let proposed = Timestamp::new(proposed.seconds, nanos);
        if proposed.distance(now) > TIME_WINDOW {
            return Err(ProposalError::Timestamp {
                proposed: proposed.seconds(),
                now: now.seconds(),
            });
        }
        Ok(())
    }

    /// Refuses a header that breaks a rule, and a client that is unknown or did not sign.
    pub(crate) fn check(&self, membership: &Membership) -> Result<Identity, ProposalError> {
        self.check_header().map_err(|source| ProposalError::Header { source })?;
        let channel = self.channel().to_owned();
        let Ok(creator) = membership.deserialize(&self.parsed.signature_header.creator) else {
            return Err(ProposalError::UnknownCreator { channel });
        };
        let verified = membership.validate(&creator).is_ok()
            && creator.verify(&self.signed.proposal_bytes, &self.signed.signature).is_ok();
        if verified {
            return Ok(creator);
        }
        Err(ProposalError::AccessDenied { channel, msp: creator.msp_id().to_string() })
    }

    fn check_header(&self) -> Result<(), HeaderError> {
        let header = &self.parsed.channel_header;
        let kinds = [HeaderType::EndorserTransaction.into(), HeaderType::Config.into()];
        if !kinds.contains(&header.r#type) {
            let name = HeaderType::try_from(header.r#type).ok().map(|kind| kind.as_str_name());
            let name = name.map_or_else(|| header.r#type.to_string(), str::to_owned);
            return Err(HeaderError::Type { name });
        }
        if header.epoch != 0 {
            return Err(HeaderError::Epoch);
        }
        let SignatureHeader { creator, nonce } = &self.parsed.signature_header;
        if nonce.is_empty() {
            return Err(HeaderError::NoNonce);
        }
        if creator.is_empty() {
            return Err(HeaderError::NoCreator);
        }
        let expected = self.parsed.computed_tx_id();
        if header.tx_id != expected.as_str() {
            let given = header.tx_id.clone();
            return Err(HeaderError::TxId { given, expected: expected.to_string() });
        }
        if self.signed.signature.is_empty() {
            return Err(HeaderError::NoSignature);
        }
        Ok(())
    }
}

/// When an identity's certificate ends, Unix seconds; `None` if it is no certificate, which is for
/// later checks to refuse.
pub(crate) fn expiry(serialized: &[u8]) -> Option<i64> {
    let identity = SerializedIdentity::decode(serialized).ok()?;
    Certificate::from_pem(&identity.id_bytes).ok().map(|certificate| certificate.not_after())
}

/// A time in Unix seconds as people write it, in UTC.
fn rfc3339(seconds: i64) -> String {
    let (days, of_day) = (seconds.div_euclid(DAY_SECONDS), seconds.rem_euclid(DAY_SECONDS));
    // Counted from 1 March 0000, so that a leap day is the last of its year.
    let days = days.saturating_add(719_468);
    let (era, of_era) = (days.div_euclid(ERA_DAYS), days.rem_euclid(ERA_DAYS));
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = (month_from_march + 2) % 12 + 1;
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    let (hour, minute, second) = (of_day / 3_600, of_day / 60 % 60, of_day % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

const DAY_SECONDS: i64 = 24 * 60 * 60;
/// Days of 400 years, after which the calendar repeats.
const ERA_DAYS: i64 = 146_097;

/// A header that breaks a rule of proposals.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum HeaderError {
    /// Neither an endorser transaction nor a configuration.
    #[error("invalid header type {name}")]
    Type {
        /// The type's name, or its number.
        name: String,
    },
    /// Epochs are not in use.
    #[error("epoch is non-zero")]
    Epoch,
    /// Without a nonce the transaction id could be repeated.
    #[error("nonce is empty")]
    NoNonce,
    /// Nobody proposes.
    #[error("creator is empty")]
    NoCreator,
    /// The transaction id is not the digest of nonce and creator.
    #[error("incorrectly computed txid '{given}' -- expected '{expected}'")]
    TxId {
        /// As the header has it.
        given: String,
        /// As it is computed.
        expected: String,
    },
    /// The proposal is not signed.
    #[error("empty signature bytes")]
    NoSignature,
}

/// A proposal that a peer refuses before it runs anything. The texts are Fabric's, and
/// deliberately say little about why a client is refused.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ProposalError {
    /// The client's certificate has expired.
    #[error("proposal client identity expired")]
    Expired,
    /// The proposal's time is too far from the peer's.
    #[error(
        "request unauthorized due to incorrect timestamp {}, peer time {}, \
         peer.authentication.timewindow 15m0s", rfc3339(*proposed), rfc3339(*now)
    )]
    Timestamp {
        /// The proposal's time, Unix seconds.
        proposed: i64,
        /// The peer's time, Unix seconds.
        now: i64,
    },
    /// The proposal cannot be taken apart.
    #[error("{source}")]
    Malformed {
        /// Why.
        #[source]
        source: proposal::ProposalError,
    },
    /// The header breaks a rule.
    #[error("error validating proposal: {source}")]
    Header {
        /// Which.
        #[source]
        source: HeaderError,
    },
    /// The client's identity cannot be read, or its organisation is not on the channel.
    #[error(
        "error validating proposal: access denied: channel [{channel}] creator org unknown, \
         creator is malformed"
    )]
    UnknownCreator {
        /// The channel's name.
        channel: String,
    },
    /// The client's certificate is not trusted, was revoked, or did not sign this proposal.
    #[error("error validating proposal: access denied: channel [{channel}] creator org [{msp}]")]
    AccessDenied {
        /// The channel's name.
        channel: String,
        /// The client's organisation.
        msp: String,
    },
    /// The transaction is on the ledger already.
    #[error("duplicate transaction found [{tx_id}]. Creator [{creator}]")]
    Duplicate {
        /// The transaction's id.
        tx_id: String,
        /// The client's serialised identity in hexadecimal digits.
        creator: String,
    },
    /// The channel's policy does not let this client propose.
    #[error("{source}")]
    Policy {
        /// Which policy, and why not.
        #[source]
        source: crate::access::AccessDenied,
    },
    /// As many proposals as the peer takes at a time are running already.
    #[error("too many requests for endorser service, exceeding concurrency limit ({limit})")]
    Busy {
        /// The limit.
        limit: usize,
    },
    /// The peer did not answer in time.
    #[error("context deadline exceeded")]
    Unanswered,
}

impl ProposalError {
    /// Whether the proposal was refused at the door, before it was even taken apart, so that a
    /// gateway may try another peer.
    #[must_use]
    pub fn is_at_the_door(&self) -> bool {
        match self {
            Self::Expired | Self::Timestamp { .. } | Self::Busy { .. } | Self::Unanswered => true,
            Self::Malformed { .. }
            | Self::Header { .. }
            | Self::UnknownCreator { .. }
            | Self::AccessDenied { .. }
            | Self::Duplicate { .. }
            | Self::Policy { .. } => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::rfc3339;

    #[test]
    fn times_are_written_as_in_the_calendar() {
        assert_eq!(rfc3339(0), "1970-01-01T00:00:00Z");
        assert_eq!(rfc3339(951_827_696), "2000-02-29T12:34:56Z");
        assert_eq!(rfc3339(1_785_585_630), "2026-08-01T12:00:30Z");
        assert_eq!(rfc3339(-1), "1969-12-31T23:59:59Z");
    }
}
