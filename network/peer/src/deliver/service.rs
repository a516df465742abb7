use std::collections::BTreeMap;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use fabric_protos::common::{Block, Envelope};
use fabric_protos::protos::deliver_response::Type;
use fabric_protos::protos::{BlockAndPrivateData, DeliverResponse};
use futures::{Stream, StreamExt};
use pervade_ports::Clock;
use pervade_rpc::deliver::deliver_server::Deliver;
use tokio::sync::Semaphore;
use tonic::{Request, Response, Status, Streaming};

use super::{BlockForm, Delivery, Guard, Source, filtered_block, serve};
use crate::access::resource;
use crate::channel::Channels;
use crate::limits::DELIVER_STREAMS_MAX;

/// A peer's three ways of following blocks.
#[derive(Clone)]
pub struct DeliverService {
    channels: Arc<Channels>,
    clock: Arc<dyn Clock>,
    streams: Arc<Semaphore>,
}

impl DeliverService {
    /// Serves `channels`.
    #[must_use]
    pub fn new(channels: Arc<Channels>, clock: Arc<dyn Clock>) -> Self {
        Self { channels, clock, streams: Arc::new(Semaphore::new(DELIVER_STREAMS_MAX)) }
    }

    fn follow(
        &self,
        guard: &'static str,
        requests: Streaming<Envelope>,
        shape: impl Fn(Arc<Block>) -> Type + Send + 'static,
    ) -> Result<Response<Responses>, Status> {
        let permit = Arc::clone(&self.streams).try_acquire_owned().map_err(|_| {
            Status::resource_exhausted(format!(
                "too many requests for protos.Deliver, exceeding concurrency limit \
                 ({DELIVER_STREAMS_MAX})"
            ))
        })?;
        let source = Source {
            channels: Arc::clone(&self.channels),
            guard: Guard::Resource(guard),
            form: BlockForm::Committed,
            clock: Arc::clone(&self.clock),
        };
        let deliveries = serve(source, readable(requests)).map(move |delivery| {
            let _open = &permit;
            let r#type = Some(match delivery {
                Delivery::Block(block) => shape(block),
                Delivery::End(status) => Type::Status(status.into()),
            });
            Ok(DeliverResponse { r#type })
        });
        Ok(Response::new(Box::pin(deliveries)))
    }
}

impl fmt::Debug for DeliverService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeliverService").field("channels", &self.channels).finish_non_exhaustive()
    }
}

type Responses = Pin<Box<dyn Stream<Item = Result<DeliverResponse, Status>> + Send>>;

/// The requests of a stream up to its end or its first fault.
fn readable(requests: Streaming<Envelope>) -> impl Stream<Item = Envelope> + Send {
    requests
        .take_while(|request| futures::future::ready(request.is_ok()))
        .filter_map(|request| futures::future::ready(request.ok()))
}

#[tonic::async_trait]
impl Deliver for DeliverService {
    type DeliverStream = Responses;

    async fn deliver(
        &self,
        request: Request<Streaming<Envelope>>,
    ) -> Result<Response<Responses>, Status> {
        self.follow(resource::BLOCK_EVENTS, request.into_inner(), |block| {
            Type::Block(Arc::unwrap_or_clone(block))
        })
    }

    type DeliverFilteredStream = Responses;

    async fn deliver_filtered(
        &self,
        request: Request<Streaming<Envelope>>,
    ) -> Result<Response<Responses>, Status> {
        self.follow(resource::FILTERED_BLOCK_EVENTS, request.into_inner(), |block| {
            Type::FilteredBlock(filtered_block(&block))
        })
    }

    type DeliverWithPrivateDataStream = Responses;

    async fn deliver_with_private_data(
        &self,
        request: Request<Streaming<Envelope>>,
    ) -> Result<Response<Responses>, Status> {
        self.follow(resource::BLOCK_EVENTS, request.into_inner(), |block| {
            let block = Some(Arc::unwrap_or_clone(block));
            let private_data_map = BTreeMap::new();
            Type::BlockAndPrivateData(BlockAndPrivateData { block, private_data_map })
        })
    }
}
