//! Envelopes around configurations and updates: how they are opened and closed.

use fabric_protos::{
    Message, Timestamp,
    common::{ChannelHeader, Envelope, Header, HeaderType, Payload, SignatureHeader},
    id::{ChannelId, InvalidId},
};
use thiserror::Error;

/// An envelope that does not hold what it should.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum WrappingError {
    /// A part is not the message it should be.
    #[error("the {part} cannot be decoded")]
    Malformed {
        /// Which part.
        part: &'static str,
        /// Where the bytes went wrong.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A part is absent.
    #[error("there is no {part}")]
    Missing {
        /// Which part.
        part: &'static str,
    },
    /// The header names another kind of content.
    #[error("the header's type is {found}, not {expected:?}")]
    Type {
        /// The type found, by its number.
        found: i32,
        /// The type expected.
        expected: HeaderType,
    },
    /// The header's channel is no channel name.
    #[error("the header names no channel")]
    Channel(#[source] InvalidId),
}

/// Decodes one part, or says which part it was.
pub(crate) fn decode<M: Message + Default>(
    part: &'static str,
    bytes: &[u8],
) -> Result<M, WrappingError> {
    M::decode(bytes).map_err(|source| WrappingError::Malformed { part, source: source.into() })
}

/// The channel an envelope is for and its content, if the header is of the type expected.
pub(crate) fn open<M: Message + Default>(
    envelope: &Envelope,
    expected: HeaderType,
) -> Result<(ChannelId, M), WrappingError> {
    let payload: Payload = decode("payload", &envelope.payload)?;
    let header = payload.header.ok_or(WrappingError::Missing { part: "header" })?;
    let channel: ChannelHeader = decode("channel header", &header.channel_header)?;
    if channel.r#type != i32::from(expected) {
        return Err(WrappingError::Type { found: channel.r#type, expected });
    }
    let channel = ChannelId::new(channel.channel_id).map_err(WrappingError::Channel)?;
    Ok((channel, decode("payload's data", &payload.data)?))
}

/// What the channel header of an envelope says, but for the time.
#[derive(Debug)]
pub(crate) struct Heading<'a> {
    pub(crate) kind: HeaderType,
    pub(crate) version: i32,
    pub(crate) channel: &'a ChannelId,
    pub(crate) tx_id: String,
}

/// Who says something, when, and with which random bytes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Origin<'a> {
    pub(crate) creator: &'a [u8],
    pub(crate) nonce: &'a [u8],
    pub(crate) timestamp: Timestamp,
}

/// The payload of an envelope, yet to be signed.
pub(crate) fn payload(heading: Heading<'_>, origin: &Origin<'_>, data: Vec<u8>) -> Vec<u8> {
    let channel_header = ChannelHeader {
        r#type: heading.kind.into(),
        version: heading.version,
        timestamp: Some(origin.timestamp),
        channel_id: heading.channel.to_string(),
        tx_id: heading.tx_id,
        ..ChannelHeader::default()
    };
    let signature_header =
        SignatureHeader { creator: origin.creator.to_vec(), nonce: origin.nonce.to_vec() };
    let header = Header {
        channel_header: channel_header.encode_to_vec(),
        signature_header: signature_header.encode_to_vec(),
    };
    Payload { header: Some(header), data }.encode_to_vec()
}
