//! The orderer's service: envelopes in, blocks out.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Arc;

use fabric_protos::Message as _;
use fabric_protos::common::{Envelope, Status};
use fabric_protos::id::ChannelId;
use fabric_protos::orderer::{BroadcastResponse, DeliverResponse, deliver_response};
use futures::{Stream, StreamExt};
use pervade_ledger::transaction;
use pervade_ordering::Orderer;
use pervade_peer::deliver::{self, Delivery, Source};
use pervade_peer::{Broadcast, NotOrdered};
use pervade_ports::BoxFuture;
use pervade_rpc::atomic_broadcast::atomic_broadcast_server::AtomicBroadcast;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tonic::{Request, Response, Streaming};

/// The orderers of all channels.
#[derive(Clone, Debug, Default)]
pub(crate) struct Orderers(Arc<BTreeMap<ChannelId, Arc<Orderer>>>);

impl Orderers {
    pub(crate) fn new(orderers: BTreeMap<ChannelId, Arc<Orderer>>) -> Self {
        Self(Arc::new(orderers))
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &Arc<Orderer>> {
        self.0.values()
    }

    /// Has an envelope ordered on the channel that it names.
    pub(crate) async fn order(&self, envelope: Envelope) -> Result<(), NotOrdered> {
        let refuse = |status, info: &str| NotOrdered { status, info: info.to_owned() };
        let header = transaction::channel_header(&envelope.encode_to_vec())
            .ok_or_else(|| refuse(Status::BadRequest, "could not determine channel ID"))?;
        let orderer = ChannelId::new(header.channel_id)
            .ok()
            .and_then(|channel| self.0.get(&channel))
            .ok_or_else(|| refuse(Status::BadRequest, "channel does not exist"))?;
        let result = orderer.broadcast(envelope).await;
        result.map_err(|error| NotOrdered { status: error.status(), info: error.info() })
    }
}

impl Broadcast for Orderers {
    fn broadcast(&self, envelope: Envelope) -> BoxFuture<'_, Result<(), NotOrdered>> {
        Box::pin(self.order(envelope))
    }
}

/// Envelopes of one stream that wait for their blocks at the same time.
const STREAM_ENVELOPES_MAX: usize = 256;

/// Streams that one orderer serves at the same time.
const STREAMS_MAX: usize = 2_500;

/// `orderer.AtomicBroadcast` over the orderers of all channels.
pub(crate) struct AtomicBroadcastService {
    orderers: Orderers,
    source: Source,
    streams: Arc<Semaphore>,
}

impl AtomicBroadcastService {
    pub(crate) fn new(orderers: Orderers, source: Source) -> Self {
        Self { orderers, source, streams: Arc::new(Semaphore::new(STREAMS_MAX)) }
    }

    /// One more stream, for as long as the permit is held.
    fn admit(&self) -> Result<OwnedSemaphorePermit, tonic::Status> {
        Arc::clone(&self.streams).try_acquire_owned().map_err(|_| {
            tonic::Status::resource_exhausted(format!("more than {STREAMS_MAX} streams are open"))
        })
    }
}

type BoxStream<T> = Pin<Box<dyn Stream<Item = Result<T, tonic::Status>> + Send>>;

#[tonic::async_trait]
impl AtomicBroadcast for AtomicBroadcastService {
    type BroadcastStream = BoxStream<BroadcastResponse>;
    type DeliverStream = BoxStream<DeliverResponse>;

    async fn broadcast(
        &self,
        request: Request<Streaming<Envelope>>,
    ) -> Result<Response<Self::BroadcastStream>, tonic::Status> {
        let permit = self.admit()?;
        let orderers = self.orderers.clone();
        let answers = request
            .into_inner()
            .map(move |envelope| {
                let orderers = orderers.clone();
                async move { Ok(answer(orderers.order(envelope?).await)) }
            })
            .buffered(STREAM_ENVELOPES_MAX);
        // The stream ends after the first answer that is not a success.
        let answers = answers.scan(false, move |ended, answer: Result<BroadcastResponse, _>| {
            let _open = &permit;
            let before = *ended;
            *ended = answer.as_ref().map_or(true, |answer| answer.status() != Status::Success);
            futures::future::ready((!before).then_some(answer))
        });
        Ok(Response::new(Box::pin(answers)))
    }

    async fn deliver(
        &self,
        request: Request<Streaming<Envelope>>,
    ) -> Result<Response<Self::DeliverStream>, tonic::Status> {
        let permit = self.admit()?;
        let requests =
            request.into_inner().take_while(|envelope| futures::future::ready(envelope.is_ok()));
        let requests = requests.filter_map(|envelope| futures::future::ready(envelope.ok()));
        let deliveries = deliver::serve(self.source.clone(), requests);
        let responses = deliveries.map(move |delivery| {
            let _open = &permit;
            let content = match delivery {
                Delivery::Block(block) => deliver_response::Type::Block(block.as_ref().clone()),
                Delivery::End(status) => deliver_response::Type::Status(status.into()),
            };
            Ok(DeliverResponse { r#type: Some(content) })
        });
        Ok(Response::new(Box::pin(responses)))
    }
}

fn answer(result: Result<(), NotOrdered>) -> BroadcastResponse {
    match result {
        Ok(()) => BroadcastResponse { status: Status::Success.into(), info: String::new() },
        Err(NotOrdered { status, info }) => BroadcastResponse { status: status.into(), info },
    }
}
