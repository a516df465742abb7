//! What the package has and we leave out on purpose.

/// Messages, or whole packages, and why we do without them. A name covers all beneath it.
const LEFT_OUT: &[(&str, &str)] = &[
    ("discovery", "service discovery is for the legacy clients; the gateway took its place"),
    ("gossip", "spoken among peers only"),
    ("transientstore", "a peer's own storage"),
    ("orderer.smartbft", "BFT ordering is not offered"),
    ("orderer.ClusterNodeServiceStepRequest", CLUSTER),
    ("orderer.ClusterNodeServiceStepResponse", CLUSTER),
    ("orderer.ConsensusRequest", CLUSTER),
    ("orderer.NodeAuthRequest", CLUSTER),
    ("orderer.NodeConsensusRequest", CLUSTER),
    ("orderer.NodeTransactionOrderRequest", CLUSTER),
    ("orderer.StepRequest", CLUSTER),
    ("orderer.StepResponse", CLUSTER),
    ("orderer.SubmitRequest", CLUSTER),
    ("orderer.SubmitResponse", CLUSTER),
    ("orderer.TransactionOrderResponse", CLUSTER),
    ("common.ApplicationPolicy", TWIN),
    ("common.CollectionConfig", TWIN),
    ("common.CollectionConfigPackage", TWIN),
    ("common.CollectionPolicyConfig", TWIN),
    ("common.StaticCollectionConfig", TWIN),
    ("msp.IdemixMSPConfig", IDEMIX),
    ("msp.IdemixMSPSignerConfig", IDEMIX),
    ("msp.SerializedIdemixIdentity", IDEMIX),
    ("protos.CDSData", LEGACY),
    ("protos.ChaincodeData", LEGACY),
    ("protos.LifecycleEvent", LEGACY),
    ("protos.SignedChaincodeDeploymentSpec", LEGACY),
    ("protos.ChaincodeEndorsement", RESOURCES),
    ("protos.ChaincodeIdentifier", RESOURCES),
    ("protos.ChaincodeValidation", RESOURCES),
    ("protos.ConfigTree", RESOURCES),
    ("protos.VSCCArgs", RESOURCES),
    ("protos.QueryPendingSnapshotsResponse", SNAPSHOT),
    ("protos.SignedSnapshotRequest", SNAPSHOT),
    ("protos.SnapshotQuery", SNAPSHOT),
    ("protos.SnapshotRequest", SNAPSHOT),
];

/// Messages whose bytes differ though they mean the same, and why.
const ENCODED_DIFFERENTLY: &[(&str, &str)] = &[(
    "common.Capabilities",
    "Fabric writes the value of a map's entry even if it is empty, as each capability is; we do not",
)];

const CLUSTER: &str = "spoken among orderers only";
const TWIN: &str = "deprecated twin of a message in package protos";
const IDEMIX: &str = "identities are X.509";
const LEGACY: &str = "of the lifecycle before Fabric 2";
const RESOURCES: &str = "of resource configuration, which Fabric never used";
const SNAPSHOT: &str = "ledger snapshots are not offered";

/// Why we leave a message or enum out, if we do.
pub(super) fn left_out(name: &str) -> Option<&'static str> {
    LEFT_OUT.iter().find(|(listed, _)| covers(listed, name)).map(|(_, reason)| *reason)
}

/// Why the bytes of a message differ, if they may.
pub(super) fn encoded_differently(name: &str) -> Option<&'static str> {
    ENCODED_DIFFERENTLY.iter().find(|(listed, _)| *listed == name).map(|(_, reason)| *reason)
}

/// All names of what is left out.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    LEFT_OUT.iter().map(|(name, _)| *name)
}

/// Whether a listed name is the other or stands above it.
pub(super) fn covers(listed: &str, name: &str) -> bool {
    name.strip_prefix(listed).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}
