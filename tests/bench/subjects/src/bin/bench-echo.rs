//! A bidirectional stream that sends back what it receives: the least that any chaincode library
//! over gRPC can cost.
//!
//! Serves one address, named by `CHAINCODE_SERVER_ADDRESS`, in plain text.

use fabric_protos::protos::ChaincodeMessage;
use pervade_rpc::MESSAGE_BYTES_MAX;
use pervade_rpc::chaincode::chaincode_server::{Chaincode, ChaincodeServer};
use tokio::net::TcpListener;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status, Streaming};

struct Echo;

#[tonic::async_trait]
impl Chaincode for Echo {
    type ConnectStream = Streaming<ChaincodeMessage>;

    async fn connect(
        &self,
        request: Request<Streaming<ChaincodeMessage>>,
    ) -> Result<Response<Self::ConnectStream>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let address = std::env::var("CHAINCODE_SERVER_ADDRESS")?;
    let listener = TcpListener::bind(address).await?;
    let service = ChaincodeServer::new(Echo)
        .max_decoding_message_size(MESSAGE_BYTES_MAX)
        .max_encoding_message_size(MESSAGE_BYTES_MAX);
    Server::builder()
        .add_service(service)
        .serve_with_incoming(TcpIncoming::from(listener).with_nodelay(Some(true)))
        .await?;
    Ok(())
}
