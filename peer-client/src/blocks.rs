//! Whole blocks as a peer delivers them.

use fabric_protos::common::{
    Block, ChannelHeader, Envelope, Header, HeaderType, Payload, SignatureHeader, Status,
};
use fabric_protos::protos::{BlockAndPrivateData, DeliverResponse, deliver_response};
use fabric_protos::{Message as _, Timestamp, orderer};
use pervade_identity::SignError;
use thiserror::Error;

use crate::gateway::Network;
use crate::seek::specified;
use crate::{Refusal, Start};

impl Network {
    /// Follows the channel's blocks, without end.
    pub async fn blocks(&self, start: &Start) -> Result<BlockStream, BlocksError> {
        self.deliver(start, specified(u64::MAX)).await
    }

    /// The blocks from `first` to `last`, both included; waits for those not yet there.
    pub async fn block_range(&self, first: u64, last: u64) -> Result<BlockStream, BlocksError> {
        self.deliver(&Start::Block(first), specified(last)).await
    }

    /// Follows the channel's blocks, without end, each with the private data in it that the caller
    /// may see and the peer has.
    pub async fn blocks_with_private_data(
        &self,
        start: &Start,
    ) -> Result<PrivateBlockStream, BlocksError> {
        let envelope = self.seek_envelope(start, specified(u64::MAX))?;
        let requests = futures::stream::iter([envelope]).chain_pending();
        let mut client = self.gateway.deliver.clone();
        let stream = client
            .deliver_with_private_data(requests)
            .await
            .map_err(|status| BlocksError::Refused(Refusal::from_status(&status)))?;
        Ok(PrivateBlockStream { stream: stream.into_inner() })
    }

    async fn deliver(
        &self,
        start: &Start,
        stop: orderer::SeekPosition,
    ) -> Result<BlockStream, BlocksError> {
        let envelope = self.seek_envelope(start, stop)?;
        let requests = futures::stream::iter([envelope]).chain_pending();
        let mut client = self.gateway.deliver.clone();
        let stream = client
            .deliver(requests)
            .await
            .map_err(|status| BlocksError::Refused(Refusal::from_status(&status)))?;
        Ok(BlockStream { stream: stream.into_inner() })
    }

    fn seek_envelope(
        &self,
        start: &Start,
        stop: orderer::SeekPosition,
    ) -> Result<Envelope, BlocksError> {
        let now = self.gateway.ports.clock.now();
        let channel_header = ChannelHeader {
            r#type: HeaderType::DeliverSeekInfo.into(),
            timestamp: Some(Timestamp {
                seconds: now.seconds(),
                nanos: i32::try_from(now.nanos()).unwrap_or_default(),
            }),
            channel_id: self.channel.as_str().to_owned(),
            ..Default::default()
        };
        let creator = self.gateway.signer.identity().to_vec();
        let seek = orderer::SeekInfo {
            start: Some(start.position()),
            stop: Some(stop),
            behavior: orderer::seek_info::SeekBehavior::BlockUntilReady.into(),
            ..Default::default()
        };
        let payload = Payload {
            header: Some(Header {
                channel_header: channel_header.encode_to_vec(),
                signature_header: SignatureHeader { creator, nonce: Vec::new() }.encode_to_vec(),
            }),
            data: seek.encode_to_vec(),
        }
        .encode_to_vec();
        let signature = self.gateway.signer.sign(&payload).map_err(BlocksError::Sign)?;
        Ok(Envelope { payload, signature })
    }
}

/// Keeps the request side open: a peer ends a deliver stream whose client has hung up.
trait ChainPending: futures::Stream + Sized {
    fn chain_pending(self) -> impl futures::Stream<Item = Self::Item> {
        futures::StreamExt::chain(self, futures::stream::pending())
    }
}

impl<S: futures::Stream> ChainPending for S {}

/// A stream of blocks, in order and without gaps.
#[derive(Debug)]
pub struct BlockStream {
    stream: tonic::Streaming<DeliverResponse>,
}

impl BlockStream {
    /// The next block; `None` once the last one asked for has been given.
    pub async fn next(&mut self) -> Result<Option<Block>, BlocksError> {
        match next(&mut self.stream).await? {
            None => Ok(None),
            Some(deliver_response::Type::Block(block)) => Ok(Some(block)),
            Some(_) => Err(BlocksError::NotABlock),
        }
    }
}

/// A stream of blocks with private data, in order and without gaps.
#[derive(Debug)]
pub struct PrivateBlockStream {
    stream: tonic::Streaming<DeliverResponse>,
}

impl PrivateBlockStream {
    /// The next block with its private data by the transaction's index.
    pub async fn next(&mut self) -> Result<Option<BlockAndPrivateData>, BlocksError> {
        match next(&mut self.stream).await? {
            None => Ok(None),
            Some(deliver_response::Type::BlockAndPrivateData(block)) => Ok(Some(block)),
            Some(_) => Err(BlocksError::NotABlock),
        }
    }
}

/// What a peer sends next; `None` at the end of what was asked for.
async fn next(
    stream: &mut tonic::Streaming<DeliverResponse>,
) -> Result<Option<deliver_response::Type>, BlocksError> {
    let message = stream.message().await;
    let message = message.map_err(|status| BlocksError::Refused(Refusal::from_status(&status)))?;
    match message.and_then(|response| response.r#type) {
        Some(deliver_response::Type::Status(status)) if status == i32::from(Status::Success) => {
            Ok(None)
        }
        Some(deliver_response::Type::Status(status)) => Err(BlocksError::Ended { status }),
        other => Ok(other),
    }
}

/// A stream of blocks could not be had, or broke.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BlocksError {
    /// The request could not be signed.
    #[error("the seek request could not be signed")]
    Sign(#[source] SignError),
    /// The peer refused, or the connection broke.
    #[error("blocks refused: {0}")]
    Refused(Refusal),
    /// The peer ended the stream with another status than success.
    #[error("the peer ended the stream with status {status}")]
    Ended {
        /// One of `common.Status`.
        status: i32,
    },
    /// The peer sent something else than a block.
    #[error("the peer sent something else than a block")]
    NotABlock,
}
