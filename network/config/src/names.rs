//! The names of the groups, values and policies that Fabric's configuration is made of.

pub(crate) const CHANNEL: &str = "Channel";
pub(crate) const APPLICATION: &str = "Application";
pub(crate) const ORDERER: &str = "Orderer";

pub(crate) const ACLS: &str = "ACLs";
pub(crate) const ANCHOR_PEERS: &str = "AnchorPeers";
pub(crate) const BATCH_SIZE: &str = "BatchSize";
pub(crate) const BATCH_TIMEOUT: &str = "BatchTimeout";
pub(crate) const BLOCK_DATA_HASHING_STRUCTURE: &str = "BlockDataHashingStructure";
pub(crate) const CAPABILITIES: &str = "Capabilities";
pub(crate) const CHANNEL_RESTRICTIONS: &str = "ChannelRestrictions";
pub(crate) const CONSENSUS_TYPE: &str = "ConsensusType";
pub(crate) const CONSORTIUM: &str = "Consortium";
pub(crate) const ENDPOINTS: &str = "Endpoints";
pub(crate) const HASHING_ALGORITHM: &str = "HashingAlgorithm";
pub(crate) const KAFKA_BROKERS: &str = "KafkaBrokers";
pub(crate) const MSP: &str = "MSP";
pub(crate) const ORDERER_ADDRESSES: &str = "OrdererAddresses";
pub(crate) const ORDERERS: &str = "Orderers";

pub(crate) const ADMINS: &str = "Admins";
pub(crate) const BLOCK_VALIDATION: &str = "BlockValidation";
pub(crate) const ENDORSEMENT: &str = "Endorsement";
pub(crate) const LIFECYCLE_ENDORSEMENT: &str = "LifecycleEndorsement";
pub(crate) const READERS: &str = "Readers";
pub(crate) const WRITERS: &str = "Writers";

/// The one consensus type that real orderers of today and this network share.
pub(crate) const ETCDRAFT: &str = "etcdraft";
/// The one width a block's data may be hashed with: no tree at all.
pub(crate) const HASHING_WIDTH: u32 = u32::MAX;
/// Hash functions a configuration may name.
pub(crate) const HASHING_ALGORITHMS: [&str; 2] = ["SHA256", "SHA3_256"];
