use fabric_protos::common::{Block, Metadata, MetadataSignature, SignatureHeader};
use fabric_protos::{Message as _, etcdraft};
use pervade_identity::{SignError, Signer};
use pervade_ledger::block;
use pervade_ports::{Rng, RngError};
use thiserror::Error;

/// The end of a chain: what the next block must name.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "complete by definition")]
pub struct Tip {
    /// Blocks so far, so the number of the next.
    pub height: u64,
    /// Hash of the last block's header; empty before the first block.
    pub hash: Vec<u8>,
    /// Number of the last configuration block.
    pub last_config: u64,
}

/// Bytes of a signature header's nonce, as Fabric's nodes choose it.
pub(crate) const NONCE_BYTES: usize = 24;

/// The one orderer's number in its consensus group.
const CONSENTER: u64 = 1;

/// A block that could not be signed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SealError {
    /// No random bytes for the nonce.
    #[error(transparent)]
    Random(#[from] RngError),
    /// The orderer's key could not be used.
    #[error(transparent)]
    Sign(#[from] SignError),
    /// The block's metadata could not be written.
    #[error(transparent)]
    Metadata(#[from] block::MetadataError),
}

/// Makes the next block of a chain and signs it.
pub(crate) fn seal(
    tip: &Tip,
    envelopes: Vec<Vec<u8>>,
    signer: &dyn Signer,
    rng: &dyn Rng,
) -> Result<Block, SealError> {
    let mut next = block::next(tip.height, tip.hash.clone(), envelopes);
    let last_config = if block::is_config(&next) { tip.height } else { tip.last_config };
    let value = block::orderer_metadata(last_config, consenter_metadata(tip.height));
    let mut nonce = vec![0; NONCE_BYTES];
    rng.fill(&mut nonce)?;
    let signature_header =
        SignatureHeader { creator: signer.identity().to_vec(), nonce }.encode_to_vec();
    let header = next.header.clone().unwrap_or_default();
    let signature =
        signer.sign(&block::orderer_signed_bytes(&value, &signature_header, &header))?;
    let signature = MetadataSignature { signature_header, signature, ..Default::default() };
    block::set_orderer_metadata(&mut next, &Metadata { value, signatures: vec![signature] })?;
    Ok(next)
}

/// What a Raft orderer notes in each block: its group, and the entry that holds the block.
fn consenter_metadata(number: u64) -> Vec<u8> {
    let value = etcdraft::BlockMetadata {
        consenter_ids: vec![CONSENTER],
        next_consenter_id: CONSENTER + 1,
        raft_index: number,
    };
    Metadata { value: value.encode_to_vec(), signatures: Vec::new() }.encode_to_vec()
}
