use fabric_protos::Message as _;
use fabric_protos::common::{
    ChannelHeader, ConfigEnvelope, Envelope, HeaderType, Payload, SignatureHeader, Status,
};
use fabric_protos::id::ChannelId;
use pervade_channel_config::{ChannelConfig, UpdateError};
use pervade_identity::SignError;
use pervade_identity::policy::PolicyUnmet;
use pervade_identity::policy::SignedData;
use pervade_ledger::block::{EnvelopeFault, check_envelope};
use pervade_ports::Timestamp;
use thiserror::Error;

/// An envelope that may be ordered.
#[derive(Clone, Debug)]
pub(crate) struct Accepted {
    pub(crate) kind: Kind,
    /// The envelope as it was sent.
    pub(crate) envelope: Envelope,
}

/// What becomes of an accepted envelope.
#[derive(Clone, Debug)]
pub(crate) enum Kind {
    /// It goes into a block as it is.
    Transaction,
    /// The configuration that it leads to goes into a block of its own.
    Update(Box<ConfigEnvelope>),
}

/// The policy that a sender must meet.
const WRITERS: &str = "/Channel/Writers";

/// Why an envelope was not ordered.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BroadcastError {
    /// It is no envelope that a block may hold.
    #[error("the envelope {0}")]
    Envelope(#[from] EnvelopeFault),
    /// Its payload or headers cannot be read.
    #[error("the {part} cannot be read")]
    Malformed {
        /// Which part.
        part: &'static str,
    },
    /// Its header names what cannot be ordered here.
    #[error("{channel:?} is not ordered here, or not with header type {kind}")]
    NotOrderedHere {
        /// The channel in the header.
        channel: String,
        /// The type in the header.
        kind: i32,
    },
    /// It is larger than the configuration allows.
    #[error("message payload is {bytes} bytes and exceeds maximum allowed {limit} bytes")]
    TooLarge {
        /// Its size.
        bytes: usize,
        /// The limit.
        limit: u32,
    },
    /// Its creator's certificate has ended, or cannot be read.
    #[error("broadcast client identity expired")]
    Expired,
    /// Its creator may not write to the channel.
    #[error("permission denied: {0}")]
    Forbidden(#[source] PolicyUnmet),
    /// The update of the configuration is refused.
    #[error("error applying config update to existing channel")]
    Update(#[source] Box<UpdateError>),
    /// The orderer could not sign the configuration.
    #[error("the orderer could not sign")]
    Signing(#[from] SignError),
    /// Too many envelopes wait.
    #[error("the orderer has as many envelopes as it can hold")]
    Busy,
    /// The orderer is shutting down.
    #[error("the orderer is shutting down")]
    Stopped,
    /// The block with the envelope was not stored; the reason is in the orderer's log.
    #[error("the block was not stored")]
    NotStored,
}

impl BroadcastError {
    /// The status that a sender is told.
    #[must_use]
    pub fn status(&self) -> Status {
        match self {
            Self::Envelope(_)
            | Self::Malformed { .. }
            | Self::NotOrderedHere { .. }
            | Self::TooLarge { .. }
            | Self::Expired => Status::BadRequest,
            Self::Update(_) => Status::BadRequest,
            Self::Forbidden(_) => Status::Forbidden,
            Self::Signing(_) => Status::InternalServerError,
            Self::Busy | Self::Stopped | Self::NotStored => Status::ServiceUnavailable,
        }
    }

    /// The whole reason in one line, with what lies under it.
    #[must_use]
    pub fn info(&self) -> String {
        let first: &dyn std::error::Error = self;
        let below = std::iter::successors(first.source(), |error| error.source());
        below.fold(self.to_string(), |text, error| {
            let more = error.to_string();
            if text.ends_with(&more) { text } else { format!("{text}: {more}") }
        })
    }
}

/// Checks an envelope under the configuration in force, cheapest rules first.
pub(crate) fn check(
    envelope: Envelope,
    channel: &ChannelId,
    config: &ChannelConfig,
    now: Timestamp,
) -> Result<Accepted, BroadcastError> {
    check_envelope(&envelope.encode_to_vec())?;
    let headers = Headers::read(&envelope)?;
    if headers.channel.channel_id != channel.as_str() {
        return Err(headers.not_here());
    }
    match headers.kind() {
        Some(HeaderType::ConfigUpdate) => check_update(envelope, &headers, config, now),
        // A configuration is the orderer's to make; the other kind is of a channel that is no more.
        Some(HeaderType::Config | HeaderType::OrdererTransaction) => Err(headers.not_here()),
        // What else it may be is for the committers to judge.
        Some(
            HeaderType::EndorserTransaction
            | HeaderType::Message
            | HeaderType::DeliverSeekInfo
            | HeaderType::ChaincodePackage,
        )
        | None => {
            check_sender(&envelope, &headers, config, now)?;
            Ok(Accepted { kind: Kind::Transaction, envelope })
        }
    }
}

fn check_update(
    envelope: Envelope,
    headers: &Headers,
    config: &ChannelConfig,
    now: Timestamp,
) -> Result<Accepted, BroadcastError> {
    check_sender(&envelope, headers, config, now)?;
    let next = config
        .propose_update(&envelope)
        .map_err(|error| BroadcastError::Update(Box::new(error)))?;
    Ok(Accepted { kind: Kind::Update(Box::new(next)), envelope })
}

/// Size, expiry, time and signature.
fn check_sender(
    envelope: &Envelope,
    headers: &Headers,
    config: &ChannelConfig,
    now: Timestamp,
) -> Result<(), BroadcastError> {
    let (bytes, limit) = (size(envelope), config.batch().absolute_max_bytes);
    if u32::try_from(bytes).is_ok_and(|bytes| bytes > limit) || u32::try_from(bytes).is_err() {
        return Err(BroadcastError::TooLarge { bytes, limit });
    }
    let identity = config.membership().deserialize(&headers.creator);
    // An identity of an unknown organisation is the policy's to refuse.
    if identity.is_ok_and(|identity| identity.certificate().not_after() < now.seconds()) {
        return Err(BroadcastError::Expired);
    }
    let signed = SignedData {
        data: &envelope.payload,
        identity: &headers.creator,
        signature: &envelope.signature,
    };
    config.evaluate(WRITERS, &[signed]).map_err(BroadcastError::Forbidden)
}

/// Bytes of an envelope as the batch rules count them.
pub(crate) fn size(envelope: &Envelope) -> usize {
    envelope.payload.len() + envelope.signature.len()
}

struct Headers {
    channel: ChannelHeader,
    creator: Vec<u8>,
}

impl Headers {
    fn read(envelope: &Envelope) -> Result<Self, BroadcastError> {
        let malformed = |part| BroadcastError::Malformed { part };
        let payload =
            Payload::decode(envelope.payload.as_slice()).map_err(|_| malformed("payload"))?;
        let header = payload.header.ok_or(malformed("header"))?;
        let channel = ChannelHeader::decode(header.channel_header.as_slice())
            .map_err(|_| malformed("channel header"))?;
        let signature = SignatureHeader::decode(header.signature_header.as_slice())
            .map_err(|_| malformed("signature header"))?;
        Ok(Self { channel, creator: signature.creator })
    }

    fn kind(&self) -> Option<HeaderType> {
        HeaderType::try_from(self.channel.r#type).ok()
    }

    fn not_here(&self) -> BroadcastError {
        let channel = self.channel.channel_id.chars().take(ChannelId::LENGTH_MAX).collect();
        BroadcastError::NotOrderedHere { channel, kind: self.channel.r#type }
    }
}
