//! One module per package; the code in `generated/` is written by the test `regenerate`.

/// Package `gateway`.
pub(crate) mod gateway {
    include!("generated/gateway.rs");
}

/// Package `grpc.health.v1`.
pub(crate) mod health {
    include!("generated/grpc.health.v1.rs");
}

/// Package `orderer`.
pub(crate) mod orderer {
    include!("generated/orderer.rs");
}

/// Package `protos`.
pub(crate) mod protos {
    include!("generated/protos.rs");
}
