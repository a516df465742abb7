//! gRPC service stubs over Fabric's messages.
