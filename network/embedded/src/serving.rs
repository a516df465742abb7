//! Listeners, TLS, and the services behind them.

mod atomic_broadcast;
mod listener;
mod tls;

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use pervade_peer::deliver::Source;
use pervade_peer::{DeliverService, EndorserService, GatewayService};
use pervade_rpc::MESSAGE_BYTES_MAX;
use pervade_rpc::atomic_broadcast::atomic_broadcast_server::AtomicBroadcastServer;
use pervade_rpc::deliver::deliver_server::DeliverServer;
use pervade_rpc::endorser::endorser_server::EndorserServer;
use pervade_rpc::gateway::gateway_server::GatewayServer;
use tokio::net::TcpListener;
use tonic::transport::server::Router;

use crate::organizations::TlsCredentials;
use atomic_broadcast::AtomicBroadcastService;
use listener::{connections, server};

pub use tls::TlsError;

pub(crate) use atomic_broadcast::Orderers;
pub(crate) use listener::{ACCEPT_PAUSE, Rim, stopped};

/// The services of one peer.
pub(crate) struct PeerServices {
    pub(crate) gateway: GatewayService,
    pub(crate) endorser: EndorserService,
    pub(crate) deliver: DeliverService,
}

/// Binds a port; `None` takes any that is free.
pub(crate) async fn bind(address: IpAddr, port: Option<u16>) -> io::Result<TcpListener> {
    TcpListener::bind(SocketAddr::new(address, port.unwrap_or(0))).await
}

/// Serves one peer on a listener.
pub(crate) fn serve_peer(
    services: PeerServices,
    listener: TcpListener,
    tls: &TlsCredentials,
    rim: &Rim,
) -> Result<(), TlsError> {
    let PeerServices { gateway, endorser, deliver } = services;
    let router = server()
        .add_service(
            GatewayServer::new(gateway)
                .max_decoding_message_size(MESSAGE_BYTES_MAX)
                .max_encoding_message_size(MESSAGE_BYTES_MAX),
        )
        .add_service(
            EndorserServer::new(endorser)
                .max_decoding_message_size(MESSAGE_BYTES_MAX)
                .max_encoding_message_size(MESSAGE_BYTES_MAX),
        )
        .add_service(
            DeliverServer::new(deliver)
                .max_decoding_message_size(MESSAGE_BYTES_MAX)
                .max_encoding_message_size(MESSAGE_BYTES_MAX),
        );
    serve(router, listener, tls, rim)
}

/// Serves the orderer on a listener.
pub(crate) fn serve_orderer(
    (orderers, source): (Orderers, Source),
    listener: TcpListener,
    tls: &TlsCredentials,
    rim: &Rim,
) -> Result<(), TlsError> {
    let service = AtomicBroadcastServer::new(AtomicBroadcastService::new(orderers, source))
        .max_decoding_message_size(MESSAGE_BYTES_MAX)
        .max_encoding_message_size(MESSAGE_BYTES_MAX);
    serve(server().add_service(service), listener, tls, rim)
}

fn serve(
    router: Router,
    listener: TcpListener,
    tls: &TlsCredentials,
    rim: &Rim,
) -> Result<(), TlsError> {
    let incoming = connections(listener, tls::server_config(tls)?, rim);
    let end = stopped(rim);
    let spawn = Arc::clone(&rim.spawn);
    spawn.spawn(
        "node",
        Box::pin(async move {
            if let Err(error) = router.serve_with_incoming_shutdown(incoming, end).await {
                tracing::error!(%error, "a node's server ended");
            }
        }),
    );
    Ok(())
}
