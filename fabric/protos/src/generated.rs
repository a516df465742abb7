//! One module per package; the code in `generated/` is written by the test `regenerate`.

/// Envelopes, blocks, channel configuration, policies and principals: package `common`.
pub mod common {
    include!("generated/common.rs");
}

/// Proposals, transactions, chaincode and its stream, deliver: package `protos`.
pub mod protos {
    include!("generated/protos.rs");
}

/// Identities and membership definitions: package `msp`.
pub mod msp {
    include!("generated/msp.rs");
}

/// Broadcast, deliver and the orderer's channel values: package `orderer`.
pub mod orderer {
    include!("generated/orderer.rs");
}

/// Metadata of Raft ordering: package `etcdraft`.
pub mod etcdraft {
    include!("generated/etcdraft.rs");
}

/// Messages of the gateway service: package `gateway`.
pub mod gateway {
    include!("generated/gateway.rs");
}

/// Arguments, results and records of `_lifecycle`: package `lifecycle`.
pub mod lifecycle {
    include!("generated/lifecycle.rs");
}

/// Records of query results: package `queryresult`.
pub mod queryresult {
    include!("generated/queryresult.rs");
}

/// Read-write sets by namespace: package `rwset`.
pub mod rwset {
    include!("generated/rwset.rs");
}

/// Reads and writes of key-value state: package `kvrwset`.
pub mod kvrwset {
    include!("generated/kvrwset.rs");
}

/// gRPC's rich error status: package `google.rpc`.
pub mod google_rpc {
    include!("generated/google.rpc.rs");
}
