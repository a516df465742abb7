//! One module per package; the code in `generated/` is written by the test `regenerate`.

/// Package `gateway`.
pub mod gateway {
    include!("generated/gateway.rs");
}

/// Package `grpc.health.v1`.
pub mod health {
    include!("generated/grpc.health.v1.rs");
}

/// Package `orderer`.
pub mod orderer {
    include!("generated/orderer.rs");
}

/// Package `protos`.
pub mod protos {
    include!("generated/protos.rs");
}
