//! `qscc`: looks at a channel's blocks and transactions.

use fabric_protos::Message;
use fabric_protos::common::{Block, BlockchainInfo, Envelope};
use fabric_protos::id::TxId;
use fabric_protos::protos::ProcessedTransaction;
use pervade_ledger::block;

use super::{QSCC, Refusal, SystemCall};
use crate::channel::Channel;

/// Answers a call; the channel is an argument.
pub(super) fn invoke(called: &SystemCall<'_>) -> Result<Vec<u8>, Refusal> {
    let count = called.args.len();
    if count < 2 {
        return Err(Refusal::new(format!("Incorrect number of arguments, {count}")));
    }
    let (function, name) = (called.function(), called.text(1));
    let original = &called.call.proposal.chaincode;
    if original != QSCC {
        return Err(Refusal::new(format!(
            "Rejecting invoke of QSCC from another chaincode because of potential for deadlocks, \
             original invocation for '{original}'"
        )));
    }
    if function != "GetChainInfo" && count < 3 {
        return Err(Refusal::new(format!("missing 3rd argument for {function}")));
    }
    let channel = called.channels.named(&name);
    let channel = channel.ok_or_else(|| Refusal::new(format!("Invalid chain ID, {name}")))?;
    called.check(Some(&channel), &format!("qscc/{function}")).map_err(|denied| {
        Refusal::new(format!("access denied for [{function}][{name}]: [{denied}]"))
    })?;
    match function.as_str() {
        "GetChainInfo" => chain_info(&channel),
        "GetBlockByNumber" => block_by_number(&channel, &called.text(2)),
        "GetBlockByHash" => block_by_hash(&channel, called.argument(2)),
        "GetTransactionByID" => transaction_by_id(&channel, &called.text(2)),
        "GetBlockByTxID" => block_by_tx_id(&channel, &called.text(2)),
        _ => Err(Refusal::new(format!("Requested function {function} not found."))),
    }
}

fn chain_info(channel: &Channel) -> Result<Vec<u8>, Refusal> {
    let height = channel.height();
    let newest = channel.block(height.saturating_sub(1));
    let newest = newest
        .map_err(|error| Refusal::new(format!("Failed to get block info with error {error}")))?;
    let header = newest.header.clone().unwrap_or_default();
    let info = BlockchainInfo {
        height,
        current_block_hash: block::header_hash(&header).to_vec(),
        previous_block_hash: header.previous_hash,
        bootstrapping_snapshot_info: None,
    };
    Ok(info.encode_to_vec())
}

fn block_by_number(channel: &Channel, number: &str) -> Result<Vec<u8>, Refusal> {
    let number: u64 = number.parse().map_err(|_| {
        let parse = format!("strconv.ParseUint: parsing \"{number}\": invalid syntax");
        Refusal::new(format!("Failed to parse block number with error {parse}"))
    })?;
    // The largest number stands for the newest block, as in Fabric's block store.
    let wanted = if number == u64::MAX { channel.height().saturating_sub(1) } else { number };
    let found = channel.block(wanted).map_err(|error| {
        Refusal::new(format!("Failed to get block number {number}, error {error}"))
    })?;
    Ok(found.encode_to_vec())
}

fn block_by_hash(channel: &Channel, hash: &[u8]) -> Result<Vec<u8>, Refusal> {
    let found = channel.block_by_hash(hash).map_err(|error| {
        let hash = hex::encode(hash);
        Refusal::new(format!("Failed to get block hash {hash}, error {error}"))
    })?;
    Ok(found.encode_to_vec())
}

fn transaction_by_id(channel: &Channel, tx_id: &str) -> Result<Vec<u8>, Refusal> {
    let refused =
        |reason| Refusal::new(format!("Failed to get transaction with id {tx_id}, error {reason}"));
    let (found, index) = block_of(channel, tx_id).map_err(refused)?;
    let envelope = block::envelopes(&found).get(index);
    let envelope = envelope.and_then(|envelope| Envelope::decode(envelope.as_slice()).ok());
    let envelope = envelope.ok_or_else(|| refused("the transaction cannot be read".to_owned()))?;
    let validation_code = block::verdicts(&found).get(index).copied().map_or(0, i32::from);
    let transaction =
        ProcessedTransaction { transaction_envelope: Some(envelope), validation_code };
    Ok(transaction.encode_to_vec())
}

fn block_by_tx_id(channel: &Channel, tx_id: &str) -> Result<Vec<u8>, Refusal> {
    let (found, _) = block_of(channel, tx_id).map_err(|reason| {
        Refusal::new(format!("Failed to get block for txID {tx_id}, error {reason}"))
    })?;
    Ok(found.encode_to_vec())
}

/// The block that holds a transaction, and where in it.
fn block_of(channel: &Channel, tx_id: &str) -> Result<(std::sync::Arc<Block>, usize), String> {
    let position = TxId::new(tx_id).ok().and_then(|tx_id| channel.transaction(&tx_id));
    let position = position.ok_or_else(|| format!("no such transaction ID [{tx_id}] in index"))?;
    let found = channel.block(position.block).map_err(|error| error.to_string())?;
    Ok((found, usize::try_from(position.index).unwrap_or(usize::MAX)))
}
