//! gRPC service stubs over Fabric's messages, with Fabric's own method paths.
//!
//! Each service has a module with its client and its server. Whoever builds either raises tonic's
//! small default limit to [`MESSAGE_BYTES_MAX`], in both directions:
//!
//! ```
//! use pervade_rpc::{MESSAGE_BYTES_MAX, gateway::gateway_client::GatewayClient, tls};
//!
//! # async fn connect(roots: &[u8]) -> Result<(), Box<dyn std::error::Error>> {
//! let channel = tls::endpoint("localhost:7051", roots, Some("peer0.org1.example.com"))?;
//! let gateway = GatewayClient::new(channel.connect_lazy())
//!     .max_decoding_message_size(MESSAGE_BYTES_MAX)
//!     .max_encoding_message_size(MESSAGE_BYTES_MAX);
//! # Ok(())
//! # }
//! ```

pub mod tls;

/// Most bytes of one gRPC message, either way: Fabric's limit of 100 MiB.
pub const MESSAGE_BYTES_MAX: usize = 100 * 1024 * 1024;

/// `gateway.Gateway`: endorse, submit and watch through one peer.
pub mod gateway {
    pub use crate::generated::gateway::{gateway_client, gateway_server};
}

/// `protos.Endorser`: one peer's answer to a proposal.
pub mod endorser {
    pub use crate::generated::protos::{endorser_client, endorser_server};
}

/// `protos.Deliver`: blocks from a peer.
pub mod deliver {
    pub use crate::generated::protos::{deliver_client, deliver_server};
}

/// `orderer.AtomicBroadcast`: envelopes in, blocks out.
pub mod atomic_broadcast {
    pub use crate::generated::orderer::{atomic_broadcast_client, atomic_broadcast_server};
}

/// `protos.Chaincode`: the stream of a chaincode that a peer dials.
pub mod chaincode {
    pub use crate::generated::protos::{chaincode_client, chaincode_server};
}

/// `protos.ChaincodeSupport`: the stream of a chaincode that dials its peer.
pub mod chaincode_support {
    pub use crate::generated::protos::{chaincode_support_client, chaincode_support_server};
}

/// `grpc.health.v1.Health`: gRPC's standard health check, with its messages.
pub mod health {
    pub use crate::generated::health::{
        HealthCheckRequest, HealthCheckResponse, health_check_response, health_client,
        health_server,
    };
}

#[expect(
    missing_docs,
    unused_qualifications,
    clippy::allow_attributes,
    clippy::allow_attributes_without_reason,
    clippy::doc_markdown,
    clippy::excessive_nesting,
    clippy::exhaustive_enums,
    clippy::must_use_candidate,
    clippy::too_many_lines,
    reason = "written by a generator"
)]
mod generated;

#[cfg(test)]
mod tests {
    use std::{env, fs, path::Path};

    /// Every file under `proto/`.
    const FILES: [&str; 4] =
        ["gateway_service.proto", "health.proto", "orderer_service.proto", "peer_services.proto"];

    /// Packages whose messages `fabric_protos` holds.
    const PACKAGES: [&str; 4] = ["common", "gateway", "orderer", "protos"];

    /// Fails if the committed code differs from what the definitions yield; with
    /// `PERVADE_REGENERATE=1` in the environment, writes it instead.
    #[test]
    fn regenerate() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let committed = root.join("src/generated");
        let scratch = tempfile::tempdir().unwrap();
        let target =
            if env::var_os("PERVADE_REGENERATE").is_some() { &committed } else { scratch.path() };
        let mut definitions =
            protox::compile(FILES, [root.join("proto"), root.join("../protos/proto")]).unwrap();
        definitions.file.retain(|file| FILES.contains(&file.name()));
        PACKAGES
            .iter()
            // Without tonic's own `connect`: it would clash with the method of `Chaincode`.
            .fold(tonic_prost_build::configure().build_transport(false), |builder, package| {
                builder.extern_path(format!(".{package}"), format!("::fabric_protos::{package}"))
            })
            .out_dir(target)
            .compile_fds(definitions)
            .unwrap();
        assert_eq!(sources(target), sources(&committed), "run with PERVADE_REGENERATE=1");
    }

    fn sources(folder: &Path) -> Vec<(String, String)> {
        let mut sources: Vec<_> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .map(|path| {
                let name = path.file_name().unwrap().to_str().unwrap().to_owned();
                (name, fs::read_to_string(path).unwrap())
            })
            .collect();
        sources.sort();
        sources
    }
}
