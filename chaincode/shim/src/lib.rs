//! Speaks the peer's chaincode stream, over gRPC or in process.
