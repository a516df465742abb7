//! Following a channel: blocks from anywhere on it, and then as they come.
//!
//! [`serve`] is the whole protocol; a peer's three services and an orderer's one differ in the
//! policy that guards them and in what they make of a block.

mod seek;
mod service;
pub(crate) mod transaction;

use std::fmt;
use std::pin::pin;
use std::sync::Arc;

use fabric_protos::Message;
use fabric_protos::common::{
    Block, BlockMetadata, BlockMetadataIndex, ChannelHeader, Envelope, Payload, SignatureHeader,
    Status,
};
use fabric_protos::orderer::SeekInfo;
use fabric_protos::orderer::seek_info::{SeekBehavior, SeekContentType};
use futures::{Stream, StreamExt};
use pervade_identity::policy::SignedData;
use pervade_ledger::block;
use pervade_ports::{Clock, Timestamp};

pub use service::DeliverService;
pub use transaction::filtered_block;

use crate::access::AccessDenied;
use crate::channel::{Channel, Channels};
use crate::endorser::expiry;
use crate::limits::TIME_WINDOW;
use seek::Span;

/// What a reader of blocks must satisfy.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_enums, reason = "complete by definition")]
pub enum Guard {
    /// The rule of a peer's resource, such as `event/Block`.
    Resource(&'static str),
    /// The policy at a path of the configuration, such as `/Channel/Readers`.
    Policy(&'static str),
}

/// Which form of a block a reader gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "complete by definition")]
pub enum BlockForm {
    /// As the orderer made it, before any peer judged it.
    Ordered,
    /// With verdicts and commit hash.
    Committed,
}

/// Where blocks come from, and who may have them.
#[derive(Clone)]
pub struct Source {
    /// The channels that are served.
    pub channels: Arc<Channels>,
    /// Who may read.
    pub guard: Guard,
    /// What a reader gets.
    pub form: BlockForm,
    /// What requests' times and certificates' ends are compared with.
    pub clock: Arc<dyn Clock>,
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Source")
            .field("channels", &self.channels)
            .field("guard", &self.guard)
            .field("form", &self.form)
            .finish_non_exhaustive()
    }
}

/// One step of a deliver stream.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_enums, reason = "complete by definition")]
pub enum Delivery<B = Arc<Block>> {
    /// The next block, or what is made of it for its reader.
    Block(B),
    /// The end of what was asked for; the stream goes on only after [`Status::Success`].
    End(Status),
}

/// Answers seek requests one after the other, until the reader stops asking or a request fails.
///
/// A reader is judged when it asks, again after each change of the configuration, and is sent away
/// when its certificate ends.
pub fn serve<R>(source: Source, requests: R) -> impl Stream<Item = Delivery> + Send
where
    R: Stream<Item = Envelope> + Send,
{
    serve_as(source, requests, |_, block| Ok(block))
}

/// As [`serve`], with something made of each block for its reader.
pub(crate) fn serve_as<R, B, F>(
    source: Source,
    requests: R,
    shape: F,
) -> impl Stream<Item = Delivery<B>> + Send
where
    R: Stream<Item = Envelope> + Send,
    B: Send,
    F: Fn(&Reader<'_>, Arc<Block>) -> Result<B, Status> + Send,
{
    async_stream::stream! {
        let mut requests = pin!(requests);
        while let Some(request) = requests.next().await {
            let status = match Session::open(&source, request) {
                Ok(mut session) => loop {
                    let next = session.next().await;
                    match next.and_then(|next| next.map(|it| session.made(&shape, it)).transpose()) {
                        Ok(Some(block)) => yield Delivery::Block(block),
                        Ok(None) => break Status::Success,
                        Err(status) => break status,
                    }
                },
                Err(status) => status,
            };
            yield Delivery::End(status);
            if status != Status::Success {
                break;
            }
        }
    }
}

/// Who reads a block, and of which channel it is.
pub(crate) struct Reader<'a> {
    pub(crate) channel: &'a Channel,
    /// The reader's serialised identity, which has been let in.
    pub(crate) creator: &'a [u8],
}

/// One seek request that was let in.
struct Session {
    source: Source,
    channel: Arc<Channel>,
    request: Envelope,
    creator: Vec<u8>,
    /// When the reader's certificate ends, Unix seconds.
    expiry: Option<i64>,
    /// Sequence of the configuration under which the reader was judged last.
    judged: Option<u64>,
    seek: SeekInfo,
    span: Span,
}

impl Session {
    fn open(source: &Source, request: Envelope) -> Result<Self, Status> {
        let payload = decode::<Payload>(&request.payload)?;
        let header = payload.header.ok_or(Status::BadRequest)?;
        let channel_header = decode::<ChannelHeader>(&header.channel_header)?;
        let creator = decode::<SignatureHeader>(&header.signature_header)?.creator;
        check_time(&channel_header, source.clock.now())?;
        let channel = source.channels.named(&channel_header.channel_id);
        let channel = channel.ok_or(Status::NotFound)?;
        let seek = decode::<SeekInfo>(&payload.data)?;
        let mut session = Self {
            source: source.clone(),
            expiry: expiry(&creator),
            channel,
            request,
            creator,
            judged: None,
            span: Span::default(),
            seek,
        };
        session.judge()?;
        session.span = Span::of(&session.seek, session.channel.height())?;
        Ok(session)
    }

    fn made<B>(
        &self,
        shape: impl Fn(&Reader<'_>, Arc<Block>) -> Result<B, Status>,
        block: Arc<Block>,
    ) -> Result<B, Status> {
        shape(&Reader { channel: &self.channel, creator: &self.creator }, block)
    }

    /// The next block of the span; `None` after its last one.
    async fn next(&mut self) -> Result<Option<Arc<Block>>, Status> {
        let Some(number) = self.span.next() else { return Ok(None) };
        let ready = number < self.channel.height();
        if !ready && self.seek.behavior() == SeekBehavior::FailIfNotReady {
            return Err(Status::NotFound);
        }
        self.channel.committed(number).await;
        let block = self.channel.block(number).map_err(|error| {
            tracing::warn!(%error, number, "block cannot be delivered");
            Status::ServiceUnavailable
        })?;
        self.judge()?;
        self.span.sent();
        Ok(Some(self.shape(block)))
    }

    /// Sends the reader away if its certificate has ended, or if it does not satisfy the guard
    /// under the configuration in force.
    fn judge(&mut self) -> Result<(), Status> {
        if self.expiry.is_some_and(|expiry| self.source.clock.now().seconds() > expiry) {
            return Err(Status::Forbidden);
        }
        let sequence = self.channel.config().sequence();
        if self.judged == Some(sequence) {
            return Ok(());
        }
        self.judged = Some(sequence);
        self.check().map_err(|error| {
            tracing::debug!(%error, "reader refused");
            Status::Forbidden
        })
    }

    fn check(&self) -> Result<(), AccessDenied> {
        let signed = SignedData {
            data: &self.request.payload,
            identity: &self.creator,
            signature: &self.request.signature,
        };
        match self.source.guard {
            Guard::Resource(resource) => self.channel.check(resource, &signed),
            Guard::Policy(path) => self.channel.check_policy(path, &signed),
        }
    }

    fn shape(&self, block: Arc<Block>) -> Arc<Block> {
        let headers_only =
            self.seek.content_type() == SeekContentType::HeaderWithSig && !block::is_config(&block);
        if !headers_only && self.source.form == BlockForm::Committed {
            return block;
        }
        let mut block = Arc::unwrap_or_clone(block);
        if headers_only {
            block.data = None;
        }
        if self.source.form == BlockForm::Ordered {
            block.metadata = block.metadata.map(as_ordered);
        }
        Arc::new(block)
    }
}

/// Takes out what peers add to a block.
fn as_ordered(mut metadata: BlockMetadata) -> BlockMetadata {
    for slot in [BlockMetadataIndex::TransactionsFilter, BlockMetadataIndex::CommitHash] {
        let slot = usize::try_from(i32::from(slot)).unwrap_or_default();
        if let Some(value) = metadata.metadata.get_mut(slot) {
            value.clear();
        }
    }
    metadata
}

fn check_time(header: &ChannelHeader, now: Timestamp) -> Result<(), Status> {
    let given = header.timestamp.ok_or(Status::BadRequest)?;
    let given = Timestamp::new(given.seconds, u32::try_from(given.nanos).unwrap_or_default());
    if given.distance(now) > TIME_WINDOW { Err(Status::BadRequest) } else { Ok(()) }
}

fn decode<M: Message + Default>(bytes: &[u8]) -> Result<M, Status> {
    M::decode(bytes).map_err(|_| Status::BadRequest)
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::sync::Arc;

    use fabric_protos::common::{
        ChannelHeader, Envelope, Header, Payload, SignatureHeader, Status,
    };
    use fabric_protos::orderer::seek_info::SeekBehavior;
    use fabric_protos::orderer::seek_position::Type;
    use fabric_protos::orderer::{SeekInfo, SeekOldest, SeekPosition, SeekSpecified};
    use fabric_protos::{Message, Timestamp};
    use futures::{StreamExt, stream};
    use pervade_ledger::block;
    use pervade_ports::Clock;
    use pervade_ports::system::SystemClock;

    use super::{BlockForm, Delivery, Guard, Source, filtered_block, serve};
    use crate::testing::{CHANNEL, Member, Network, Organization};

    #[tokio::test]
    async fn a_reader_gets_what_is_there_and_then_what_comes() {
        let network = Network::with_chaincodes(&["basic"]).await;
        let height = network.channel.height();
        let request = seek(&network.org2.user, height - 1, height, SeekBehavior::BlockUntilReady);
        let (delivered, done) =
            tokio::join!(deliver(&network, request), network.submit("basic", "put k v"));
        assert_eq!(done.unwrap().status.block_number, height);
        assert_eq!(delivered, format!("{} {height} Success", height - 1));
    }

    #[tokio::test]
    async fn a_reader_that_will_not_wait_is_told() {
        let network = Network::start();
        let request = seek(&network.org1.user, 0, 5, SeekBehavior::FailIfNotReady);
        assert_eq!(deliver(&network, request).await, "0 NotFound");
        let request = seek(&network.org1.user, 7, 9, SeekBehavior::BlockUntilReady);
        assert_eq!(deliver(&network, request).await, "NotFound");
    }

    #[tokio::test]
    async fn who_may_not_read_is_sent_away() {
        let network = Network::start();
        let stranger = Organization::new("StrangerMSP", 3);
        let request = seek(&stranger.user, 0, 0, SeekBehavior::FailIfNotReady);
        assert_eq!(deliver(&network, request).await, "Forbidden");
        let mut request = seek(&network.org1.user, 0, 0, SeekBehavior::FailIfNotReady);
        request.signature = network.org2.user.signer.sign(&request.payload).unwrap();
        assert_eq!(deliver(&network, request).await, "Forbidden");
        let request = Envelope { payload: vec![1, 2, 3], signature: Vec::new() };
        assert_eq!(deliver(&network, request).await, "BadRequest");
    }

    #[tokio::test]
    async fn a_reader_who_is_revoked_while_reading_is_sent_away() {
        let network = Network::start();
        let request = seek(&network.org1.user, 0, 9, SeekBehavior::BlockUntilReady);
        let mut deliveries = pin!(serve(source(&network), stream::iter([request])));
        assert!(matches!(deliveries.next().await, Some(Delivery::Block(_))));
        network.revoke(&network.org1.user);
        let end = deliveries.next().await;
        assert!(matches!(end, Some(Delivery::End(Status::Forbidden))), "{end:?}");
        assert!(deliveries.next().await.is_none());
    }

    #[tokio::test]
    async fn an_orderers_block_has_no_verdicts() {
        let network = Network::with_chaincodes(&["basic"]).await;
        let mut source = source(&network);
        source.form = BlockForm::Ordered;
        let request = seek(&network.org1.user, 1, 1, SeekBehavior::FailIfNotReady);
        let delivered: Vec<_> = serve(source, stream::iter([request])).collect().await;
        let [Delivery::Block(ordered), Delivery::End(_)] = delivered.as_slice() else {
            panic!("not one block: {delivered:?}");
        };
        assert!(block::verdicts(ordered).is_empty());
        assert_eq!(block::commit_hash(ordered).unwrap(), None);
        assert_eq!(ordered.header, network.channel.block(1).unwrap().header);
        assert!(block::last_config_index(ordered).unwrap().is_some());
    }

    #[tokio::test]
    async fn a_filtered_block_names_events_without_their_payloads() {
        let network = Network::with_chaincodes(&["basic"]).await;
        let done = network.submit("basic", "event made one").await.unwrap();
        let filtered = filtered_block(&network.channel.block(done.status.block_number).unwrap());
        assert_eq!(filtered.channel_id, CHANNEL);
        let [transaction] = filtered.filtered_transactions.as_slice() else { panic!("not one") };
        assert_eq!(transaction.txid, done.tx_id.as_str());
        let text = format!("{:?}", transaction.data);
        assert!(text.contains("\"made\"") && text.contains("payload: []"), "{text}");
    }

    /// Block numbers and the status at the end.
    async fn deliver(network: &Network, request: Envelope) -> String {
        let deliveries = serve(source(network), stream::iter([request]));
        let words = deliveries.map(|delivery| match delivery {
            Delivery::Block(full) => block::number(&full).to_string(),
            Delivery::End(status) => format!("{status:?}"),
        });
        words.collect::<Vec<_>>().await.join(" ")
    }

    fn source(network: &Network) -> Source {
        Source {
            channels: Arc::clone(&network.channels),
            guard: Guard::Policy("/Channel/Readers"),
            form: BlockForm::Committed,
            clock: Arc::new(SystemClock),
        }
    }

    fn seek(member: &Member, start: u64, stop: u64, behavior: SeekBehavior) -> Envelope {
        let position = |number| SeekPosition {
            r#type: Some(match number {
                0 => Type::Oldest(SeekOldest {}),
                number => Type::Specified(SeekSpecified { number }),
            }),
        };
        let seek = SeekInfo {
            start: Some(position(start)),
            stop: Some(position(stop)),
            behavior: behavior.into(),
            ..Default::default()
        };
        let timestamp = Timestamp { seconds: SystemClock.now().seconds(), nanos: 0 };
        let channel_header = ChannelHeader {
            timestamp: Some(timestamp),
            channel_id: CHANNEL.to_owned(),
            ..Default::default()
        };
        let creator = member.signer.identity().to_vec();
        let signature_header = SignatureHeader { creator, nonce: Vec::new() };
        let header = Header {
            channel_header: channel_header.encode_to_vec(),
            signature_header: signature_header.encode_to_vec(),
        };
        let payload = Payload { header: Some(header), data: seek.encode_to_vec() }.encode_to_vec();
        let signature = member.signer.sign(&payload).unwrap();
        Envelope { payload, signature }
    }
}
