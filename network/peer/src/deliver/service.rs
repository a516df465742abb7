use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use fabric_protos::common::{self, Block, Envelope};
use fabric_protos::id::MspId;
use fabric_protos::protos::deliver_response::Type;
use fabric_protos::protos::{BlockAndPrivateData, DeliverResponse};
use futures::{Stream, StreamExt};
use pervade_ledger::block;
use pervade_ports::Clock;
use pervade_rpc::deliver::deliver_server::Deliver;
use tokio::sync::Semaphore;
use tonic::{Request, Response, Status, Streaming};

use super::{BlockForm, Delivery, Guard, Reader, Source, filtered_block, serve_as};
use crate::access::resource;
use crate::channel::Channels;
use crate::limits::DELIVER_STREAMS_MAX;

/// A peer's three ways of following blocks.
#[derive(Clone)]
pub struct DeliverService {
    channels: Arc<Channels>,
    /// The peer's organisation.
    organization: MspId,
    clock: Arc<dyn Clock>,
    streams: Arc<Semaphore>,
}

impl DeliverService {
    /// Serves `channels` as a peer of an organisation, which holds the private data of the
    /// collections that the organisation is a member of.
    #[must_use]
    pub fn new(channels: Arc<Channels>, organization: MspId, clock: Arc<dyn Clock>) -> Self {
        Self {
            channels,
            organization,
            clock,
            streams: Arc::new(Semaphore::new(DELIVER_STREAMS_MAX)),
        }
    }

    fn follow(
        &self,
        guard: &'static str,
        requests: Streaming<Envelope>,
        shape: impl Fn(&Reader<'_>, Arc<Block>) -> Result<Type, common::Status> + Send + 'static,
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
        let deliveries = serve_as(source, readable(requests), shape).map(move |delivery| {
            let _open = &permit;
            let r#type = Some(match delivery {
                Delivery::Block(block) => block,
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
        self.follow(resource::BLOCK_EVENTS, request.into_inner(), |_, block| {
            Ok(Type::Block(Arc::unwrap_or_clone(block)))
        })
    }

    type DeliverFilteredStream = Responses;

    async fn deliver_filtered(
        &self,
        request: Request<Streaming<Envelope>>,
    ) -> Result<Response<Responses>, Status> {
        self.follow(resource::FILTERED_BLOCK_EVENTS, request.into_inner(), |_, block| {
            Ok(Type::FilteredBlock(filtered_block(&block)))
        })
    }

    type DeliverWithPrivateDataStream = Responses;

    async fn deliver_with_private_data(
        &self,
        request: Request<Streaming<Envelope>>,
    ) -> Result<Response<Responses>, Status> {
        let organization = self.organization.clone();
        self.follow(resource::BLOCK_EVENTS, request.into_inner(), move |reader, block| {
            let number = block::number(&block);
            let private_data_map = reader
                .channel
                .private_data(number, &organization, reader.creator)
                .map_err(|error| {
                    tracing::warn!(%error, number, "private data cannot be delivered");
                    common::Status::ServiceUnavailable
                })?;
            let block = Some(Arc::unwrap_or_clone(block));
            Ok(Type::BlockAndPrivateData(BlockAndPrivateData { block, private_data_map }))
        })
    }
}
