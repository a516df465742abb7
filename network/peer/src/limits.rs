//! Every limit of a peer that the outside can press against, in one place. The size of a message is
//! limited where services are built, by [`pervade_rpc::MESSAGE_BYTES_MAX`].

use std::time::Duration;

/// Gateway calls of one peer that run at the same time; further ones are refused.
pub const GATEWAY_CALLS_MAX: usize = 500;

/// Proposals of one peer that are simulated at the same time; further ones are refused.
pub const PROPOSALS_MAX: usize = 2_500;

/// Deliver streams of one peer that are open at the same time; further ones are refused.
pub const DELIVER_STREAMS_MAX: usize = 2_500;

/// How far a proposal's or a deliver request's time may be from the peer's.
pub const TIME_WINDOW: Duration = Duration::from_secs(15 * 60);

/// How long one chaincode may work on one transaction.
pub const EXECUTE_TIMEOUT: Duration = Duration::from_secs(30);

/// How long a chaincode may take from its start until it has registered.
pub const LAUNCH_TIMEOUT: Duration = Duration::from_secs(30);

/// How long the gateway waits for one endorser.
pub const ENDORSEMENT_TIMEOUT: Duration = Duration::from_secs(30);

/// How long the gateway waits for the orderer.
pub const BROADCAST_TIMEOUT: Duration = Duration::from_secs(30);

/// Messages that wait for a chaincode to take them. More than one per running transaction never
/// happens, so a chaincode that lets this fill up has stopped reading.
pub const CHAINCODE_QUEUE_MAX: usize = 2 * PROPOSALS_MAX;

/// Packages that one peer may have installed.
pub const PACKAGES_MAX: usize = 1_000;

/// Chaincodes that call each other in one transaction, the outermost included.
pub const CALL_DEPTH_MAX: usize = 16;

/// Writes that a chaincode may send in one message, as announced to it.
pub const WRITE_BATCH_MAX: u32 = 1_000;

/// Keys that a chaincode may ask for in one message, as announced to it.
pub const GET_MULTIPLE_MAX: u32 = 1_000;

pub use pervade_ledger::answer::{OPEN_ITERATORS_MAX, QUERY_BATCH, QUERY_RESULTS_MAX};

/// Callers that wait for the commit of transactions on one channel.
pub const STATUS_WAITERS_MAX: usize = 100_000;

/// Organisations whose combinations the gateway tries when it looks for endorsers.
pub const PLAN_ORGANIZATIONS_MAX: usize = 12;

/// Different sets of endorsers that the gateway keeps for one transaction.
pub const PLAN_LAYOUTS_MAX: usize = 64;

/// Transactions from which on a block is judged by more than one thread.
pub const PARALLEL_JUDGEMENT_MIN: usize = 16;

/// Transactions that were endorsed and not committed of which a channel keeps the private data.
pub const TRANSIENT_MAX: usize = 10_000;

/// Bytes of private data that a channel keeps of such transactions.
pub const TRANSIENT_BYTES_MAX: usize = 256 * 1024 * 1024;

/// Blocks after which private data of a transaction is given up that has not been committed.
pub const TRANSIENT_BLOCKS: u64 = 20_000;
