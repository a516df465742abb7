//! gRPC's standard health check, for whoever runs the service.

use futures::StreamExt as _;
use futures::stream::BoxStream;
use pervade_rpc::health::health_check_response::ServingStatus;
use pervade_rpc::health::health_server::Health as HealthService;
use pervade_rpc::health::{HealthCheckRequest, HealthCheckResponse};
use tokio::sync::watch;
use tokio_stream::wrappers::WatchStream;
use tonic::{Request, Response, Status};

use crate::session::Taking;

/// Answers for the whole server, which is the empty name, and for the chaincode service.
#[derive(Debug)]
pub(crate) struct Health {
    taking: watch::Receiver<Taking>,
}

/// The services that there are to ask about.
const NAMES: [&str; 2] = ["", "protos.Chaincode"];

impl Health {
    pub(crate) fn new(taking: watch::Receiver<Taking>) -> Self {
        Self { taking }
    }
}

#[tonic::async_trait]
impl HealthService for Health {
    type WatchStream = BoxStream<'static, Result<HealthCheckResponse, Status>>;

    async fn check(
        &self,
        request: Request<HealthCheckRequest>,
    ) -> Result<Response<HealthCheckResponse>, Status> {
        if !NAMES.contains(&request.get_ref().service.as_str()) {
            return Err(Status::not_found("there is no such service here"));
        }
        Ok(Response::new(told(*self.taking.borrow())))
    }

    async fn watch(
        &self,
        request: Request<HealthCheckRequest>,
    ) -> Result<Response<Self::WatchStream>, Status> {
        if !NAMES.contains(&request.get_ref().service.as_str()) {
            let unknown = ServingStatus::ServiceUnknown.into();
            let once = futures::stream::iter([Ok(HealthCheckResponse { status: unknown })]);
            return Ok(Response::new(once.chain(futures::stream::pending()).boxed()));
        }
        let told = WatchStream::new(self.taking.clone()).map(|taking| Ok(told(taking)));
        Ok(Response::new(told.boxed()))
    }
}

fn told(taking: Taking) -> HealthCheckResponse {
    let status = match taking {
        Taking::All => ServingStatus::Serving,
        Taking::None => ServingStatus::NotServing,
    };
    HealthCheckResponse { status: status.into() }
}
