//! Blocks: how they are linked, what their metadata slots hold, and when one is well formed.

use fabric_protos::Message;
use fabric_protos::common::{
    Block, BlockData, BlockHeader, BlockMetadata, BlockMetadataIndex, ChannelHeader, Envelope,
    Header, HeaderType, LastConfig, Metadata, OrdererBlockMetadata, Payload, SignatureHeader,
};
use fabric_protos::protos::TxValidationCode;
use pervade_identity::policy::SignedData;
use sha2::{Digest, Sha256};
use thiserror::Error;

/// How many metadata slots a block has.
pub const METADATA_SLOTS: usize = 5;

/// Most transactions that one block may hold; far above what any orderer cuts.
pub const TRANSACTIONS_MAX: usize = 1 << 20;

/// The bytes of a header that are hashed and signed: the DER form of
/// `SEQUENCE { INTEGER number, OCTET STRING previous_hash, OCTET STRING data_hash }`.
#[must_use]
pub fn header_bytes(header: &BlockHeader) -> Vec<u8> {
    let mut fields = Vec::new();
    der_element(DER_INTEGER, &der_unsigned(header.number), &mut fields);
    der_element(DER_OCTET_STRING, &header.previous_hash, &mut fields);
    der_element(DER_OCTET_STRING, &header.data_hash, &mut fields);
    let mut sequence = Vec::with_capacity(fields.len() + 4);
    der_element(DER_SEQUENCE, &fields, &mut sequence);
    sequence
}

const DER_INTEGER: u8 = 0x02;
const DER_OCTET_STRING: u8 = 0x04;
const DER_SEQUENCE: u8 = 0x30;

/// The shortest big-endian form that does not read as a negative number.
fn der_unsigned(number: u64) -> Vec<u8> {
    let bytes = number.to_be_bytes();
    let mut shortest: Vec<u8> = bytes.into_iter().skip_while(|byte| *byte == 0).collect();
    if shortest.first().is_none_or(|first| first & 0x80 != 0) {
        shortest.insert(0, 0);
    }
    shortest
}

fn der_element(tag: u8, content: &[u8], out: &mut Vec<u8>) {
    out.push(tag);
    let length = content.len() as u64;
    if let Ok(short @ 0..=0x7f) = u8::try_from(length) {
        out.push(short);
    } else {
        let significant = length.to_be_bytes().into_iter().skip_while(|byte| *byte == 0);
        let significant: Vec<u8> = significant.collect();
        let count = u8::try_from(significant.len()).unwrap_or(8);
        out.push(0x80 | count);
        out.extend(significant);
    }
    out.extend_from_slice(content);
}

/// The hash that the next block names as its previous one.
#[must_use]
pub fn header_hash(header: &BlockHeader) -> [u8; 32] {
    Sha256::digest(header_bytes(header)).into()
}

/// The hash of a block's data: SHA-256 over all envelopes, one after the other.
///
/// The hash does not see where one envelope ends and the next begins; [`check_structure`] sees to
/// it that only one division of the same bytes is accepted.
#[must_use]
pub fn data_hash(envelopes: &[Vec<u8>]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    envelopes.iter().for_each(|envelope| hasher.update(envelope));
    hasher.finalize().into()
}

/// The next block of a chain, with empty metadata slots. `previous_hash` is empty for block 0.
#[must_use]
pub fn next(number: u64, previous_hash: Vec<u8>, envelopes: Vec<Vec<u8>>) -> Block {
    let data_hash = data_hash(&envelopes).to_vec();
    Block {
        header: Some(BlockHeader { number, previous_hash, data_hash }),
        data: Some(BlockData { data: envelopes }),
        metadata: Some(BlockMetadata { metadata: vec![Vec::new(); METADATA_SLOTS] }),
    }
}

/// The block's number; 0 if it has no header.
#[must_use]
pub fn number(block: &Block) -> u64 {
    block.header.as_ref().map_or(0, |header| header.number)
}

/// The block's envelopes, as they were ordered.
#[must_use]
pub fn envelopes(block: &Block) -> &[Vec<u8>] {
    block.data.as_ref().map_or(&[], |data| &data.data)
}

/// Checks everything about a block that needs no configuration and no state: its number, its link
/// to the previous block, the hash of its data, and that every envelope is its own only encoding.
///
/// The last rule keeps two divisions of the same bytes into envelopes from sharing a hash
/// (CVE-2023-46132). A block that holds one configuration envelope is exempt from it, as no other
/// envelope can be in such a block. The orderer's signature is not looked at: see
/// [`orderer_signatures`].
///
/// # Errors
/// The first rule that is broken, in the order above.
pub fn check_structure(
    block: &Block,
    expected_number: u64,
    previous_hash: &[u8],
) -> Result<(), BlockError> {
    let header = block.header.as_ref().ok_or(BlockError::NoHeader)?;
    if header.number != expected_number {
        return Err(BlockError::Number { expected: expected_number, found: header.number });
    }
    if header.previous_hash != previous_hash {
        return Err(BlockError::PreviousHash { block: header.number });
    }
    let envelopes = envelopes(block);
    if envelopes.is_empty() {
        return Err(BlockError::Empty { block: header.number });
    }
    if envelopes.len() > TRANSACTIONS_MAX {
        return Err(BlockError::TooLong { block: header.number, transactions: envelopes.len() });
    }
    if header.data_hash != data_hash(envelopes) {
        return Err(BlockError::DataHash { block: header.number });
    }
    if is_config(block) {
        return Ok(());
    }
    for (transaction, envelope) in envelopes.iter().enumerate() {
        check_envelope(envelope).map_err(|what| BlockError::Envelope {
            block: header.number,
            transaction,
            what,
        })?;
    }
    Ok(())
}

/// Checks that an envelope is its own only encoding and has a payload and a signature.
///
/// # Errors
/// What is wrong with it.
pub fn check_envelope(bytes: &[u8]) -> Result<(), EnvelopeFault> {
    let envelope = Envelope::decode(bytes).map_err(|_| EnvelopeFault::Unreadable)?;
    if envelope.payload.is_empty() {
        return Err(EnvelopeFault::NoPayload);
    }
    if envelope.signature.is_empty() {
        return Err(EnvelopeFault::NoSignature);
    }
    if envelope.encode_to_vec() != bytes {
        return Err(EnvelopeFault::OtherEncoding);
    }
    Ok(())
}

/// Why a block cannot follow a chain.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum BlockError {
    /// There is no header.
    #[error("the block has no header")]
    NoHeader,
    /// Another block was due.
    #[error("block {expected} is due, not block {found}")]
    Number {
        /// The number that is due.
        expected: u64,
        /// The number in the header.
        found: u64,
    },
    /// The block follows another chain.
    #[error("block {block} does not follow the block before it")]
    PreviousHash {
        /// Its number.
        block: u64,
    },
    /// There are no transactions.
    #[error("block {block} is empty")]
    Empty {
        /// Its number.
        block: u64,
    },
    /// There are more than [`TRANSACTIONS_MAX`] transactions.
    #[error("block {block} holds {transactions} transactions")]
    TooLong {
        /// Its number.
        block: u64,
        /// How many transactions it holds.
        transactions: usize,
    },
    /// The data is not what the header names.
    #[error("the data of block {block} does not have the hash in its header")]
    DataHash {
        /// Its number.
        block: u64,
    },
    /// An envelope is malformed in a way that could hide another division of the data.
    #[error("transaction {transaction} of block {block} {what}")]
    Envelope {
        /// The block's number.
        block: u64,
        /// Index of the transaction.
        transaction: usize,
        /// What is wrong.
        what: EnvelopeFault,
    },
}

/// Why an envelope must not be in a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum EnvelopeFault {
    /// Not an envelope.
    #[error("cannot be read")]
    Unreadable,
    /// The payload is empty.
    #[error("has no payload")]
    NoPayload,
    /// The signature is empty.
    #[error("has no signature")]
    NoSignature,
    /// It has trailing bytes, unknown fields, or a field twice.
    #[error("is not encoded in the one accepted form")]
    OtherEncoding,
}

/// Whether the block holds one configuration transaction and nothing else.
#[must_use]
pub fn is_config(block: &Block) -> bool {
    let [envelope] = envelopes(block) else { return false };
    header_type(envelope) == Some(HeaderType::Config)
}

fn header_type(envelope: &[u8]) -> Option<HeaderType> {
    let envelope = Envelope::decode(envelope).ok()?;
    let payload = Payload::decode(envelope.payload.as_slice()).ok()?;
    let Header { channel_header, .. } = payload.header?;
    let header = ChannelHeader::decode(channel_header.as_slice()).ok()?;
    HeaderType::try_from(header.r#type).ok()
}

/// What one orderer signed over a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrdererSignature {
    /// The signed bytes: metadata value, signature header, header.
    pub data: Vec<u8>,
    /// The orderer, as an encoded `msp.SerializedIdentity`.
    pub identity: Vec<u8>,
    /// The signature.
    pub signature: Vec<u8>,
}

impl OrdererSignature {
    /// The form in which a policy judges it.
    #[must_use]
    pub fn signed_data(&self) -> SignedData<'_> {
        SignedData { data: &self.data, identity: &self.identity, signature: &self.signature }
    }
}

/// The orderers' signatures over a block; a policy judges them. Empty for a genesis block.
///
/// # Errors
/// If the slot cannot be read.
pub fn orderer_signatures(block: &Block) -> Result<Vec<OrdererSignature>, MetadataError> {
    let header = block.header.as_ref().map(header_bytes).unwrap_or_default();
    let metadata = read_slot(block, BlockMetadataIndex::Signatures)?;
    let mut signatures = Vec::with_capacity(metadata.signatures.len());
    for signature in metadata.signatures {
        let signer = SignatureHeader::decode(signature.signature_header.as_slice())
            .map_err(|_| MetadataError { slot: BlockMetadataIndex::Signatures })?;
        signatures.push(OrdererSignature {
            data: [metadata.value.as_slice(), &signature.signature_header, &header].concat(),
            identity: signer.creator,
            signature: signature.signature,
        });
    }
    Ok(signatures)
}

/// The metadata of the `SIGNATURES` slot before it is signed.
#[must_use]
pub fn orderer_metadata(last_config: u64, consenter_metadata: Vec<u8>) -> Vec<u8> {
    OrdererBlockMetadata {
        last_config: Some(LastConfig { index: last_config }),
        consenter_metadata,
    }
    .encode_to_vec()
}

/// The bytes that an orderer signs over a block.
#[must_use]
pub fn orderer_signed_bytes(
    value: &[u8],
    signature_header: &[u8],
    header: &BlockHeader,
) -> Vec<u8> {
    [value, signature_header, &header_bytes(header)].concat()
}

/// Writes the orderer's slots: its signed metadata and, as older readers expect, the last
/// configuration block once more on its own.
///
/// # Errors
/// If the metadata holds no last configuration.
pub fn set_orderer_metadata(block: &mut Block, metadata: &Metadata) -> Result<(), MetadataError> {
    let last_config = last_config_of(&metadata.value)
        .ok_or(MetadataError { slot: BlockMetadataIndex::Signatures })?;
    let last_config = LastConfig { index: last_config }.encode_to_vec();
    let last_config = Metadata { value: last_config, signatures: Vec::new() };
    write_slot(block, BlockMetadataIndex::Signatures, metadata.encode_to_vec());
    write_slot(block, BlockMetadataIndex::LastConfig, last_config.encode_to_vec());
    Ok(())
}

/// Number of the configuration block that is in force after the block: its own, if it is one.
/// `None` for a genesis block without metadata.
///
/// # Errors
/// If the slot cannot be read.
pub fn last_config_index(block: &Block) -> Result<Option<u64>, MetadataError> {
    let slot = BlockMetadataIndex::Signatures;
    let metadata = read_slot(block, slot)?;
    if metadata.value.is_empty() {
        return Ok(None);
    }
    last_config_of(&metadata.value).map(Some).ok_or(MetadataError { slot })
}

fn last_config_of(value: &[u8]) -> Option<u64> {
    OrdererBlockMetadata::decode(value).ok()?.last_config.map(|last| last.index)
}

/// Writes one verdict per transaction into the block.
pub fn set_verdicts(block: &mut Block, verdicts: &[TxValidationCode]) {
    write_slot(block, BlockMetadataIndex::TransactionsFilter, verdict_bytes(verdicts));
}

/// Verdicts as the block holds them: one byte each.
#[must_use]
pub fn verdict_bytes(verdicts: &[TxValidationCode]) -> Vec<u8> {
    let not_validated = 254;
    verdicts.iter().map(|code| u8::try_from(i32::from(*code)).unwrap_or(not_validated)).collect()
}

/// The verdicts that a committer wrote into the block; empty before it is judged. Unknown codes
/// read as `NotValidated`.
#[must_use]
pub fn verdicts(block: &Block) -> Vec<TxValidationCode> {
    let code = |byte: &u8| {
        TxValidationCode::try_from(i32::from(*byte)).unwrap_or(TxValidationCode::NotValidated)
    };
    slot(block, BlockMetadataIndex::TransactionsFilter).iter().map(code).collect()
}

/// Writes the commit hash, which [`crate::commit_hash::next`] computes.
pub fn set_commit_hash(block: &mut Block, hash: &[u8; 32]) {
    let metadata = Metadata { value: hash.to_vec(), signatures: Vec::new() };
    write_slot(block, BlockMetadataIndex::CommitHash, metadata.encode_to_vec());
}

/// The commit hash that a committer wrote into the block; `None` in block 0 and before commit.
///
/// # Errors
/// If the slot cannot be read.
pub fn commit_hash(block: &Block) -> Result<Option<Vec<u8>>, MetadataError> {
    let value = read_slot(block, BlockMetadataIndex::CommitHash)?.value;
    Ok(Some(value).filter(|value| !value.is_empty()))
}

/// A metadata slot does not hold what it should.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the block's metadata slot {slot:?} cannot be read")]
pub struct MetadataError {
    /// The slot.
    pub slot: BlockMetadataIndex,
}

fn read_slot(block: &Block, index: BlockMetadataIndex) -> Result<Metadata, MetadataError> {
    Metadata::decode(slot(block, index)).map_err(|_| MetadataError { slot: index })
}

fn slot(block: &Block, index: BlockMetadataIndex) -> &[u8] {
    let slots = block.metadata.as_ref().map_or(&[][..], |metadata| &metadata.metadata);
    slot_number(index).and_then(|index| slots.get(index)).map_or(&[], Vec::as_slice)
}

fn write_slot(block: &mut Block, index: BlockMetadataIndex, content: Vec<u8>) {
    let slots = &mut block.metadata.get_or_insert_default().metadata;
    if slots.len() < METADATA_SLOTS {
        slots.resize(METADATA_SLOTS, Vec::new());
    }
    if let Some(slot) = slot_number(index).and_then(|index| slots.get_mut(index)) {
        *slot = content;
    }
}

fn slot_number(index: BlockMetadataIndex) -> Option<usize> {
    usize::try_from(i32::from(index)).ok()
}

#[cfg(test)]
mod tests {
    use fabric_protos::Message;
    use fabric_protos::common::{Block, BlockHeader, Envelope, Metadata};
    use fabric_protos::protos::TxValidationCode;
    use proptest::prelude::{Just, Strategy, prop, proptest};

    use super::{
        BlockError, EnvelopeFault, check_envelope, check_structure, commit_hash, data_hash,
        header_bytes, header_hash, last_config_index, next, orderer_metadata, set_commit_hash,
        set_orderer_metadata, set_verdicts, verdicts,
    };

    /// Headers of one channel of a Fabric 3.1.5 network, each with the hash that the next names.
    ///
    #[test]
    fn headers_hash_as_fabric_hashes_them() {
        for (number, previous, data, hash) in [
            (
                0,
                "",
                "6ad13d6457c6813d6aa704f67c9e8b7476041ee964e9d43ea178a32b71be4da3",
                "29fa631cc7f4ac5c43dfc3fec241b361841028b67a28110ad318112912570302",
            ),
            (
                1,
                "29fa631cc7f4ac5c43dfc3fec241b361841028b67a28110ad318112912570302",
                "3dd2ff8a081161d29e62648067b01f66dc02b824765d711ed17a03e02e1f38ab",
                "a086b5a8a34a20eb6e8ee6534b29eef7136e313170ab5c650fe0473d489c7801",
            ),
            (
                5,
                "3bce09f49031a6f7fb1239e3cafd58af726dd0e34c8c89a1880c9306fc57575a",
                "dab446bf1295a6e779a9af3a16ac0c1e0d33c4090bac6b13ec53e02c45579bef",
                "f442ffc6a211aadb37a48b3300ff494bd266b53fb30e481d1838a722fdf702b6",
            ),
        ] {
            let [previous_hash, data_hash] =
                [previous, data].map(|hash| hex::decode(hash).unwrap());
            let header = BlockHeader { number, previous_hash, data_hash };
            assert_eq!(hex::encode(header_hash(&header)), hash, "block {number}");
        }
    }

    /// DER's integers are as short as can be and never look negative (X.690, 8.3).
    #[test]
    fn numbers_take_their_shortest_form() {
        for (number, der) in [
            (0, "3007020100 0400 0400"),
            (127, "300702017f 0400 0400"),
            (128, "300802020080 0400 0400"),
            (256, "300802020100 0400 0400"),
            (u64::MAX, "300f020900ffffffffffffffff 0400 0400"),
        ] {
            let header = BlockHeader { number, ..BlockHeader::default() };
            assert_eq!(hex::encode(header_bytes(&header)), der.replace(' ', ""));
        }
    }

    #[test]
    fn long_content_has_a_long_length() {
        let header = BlockHeader { data_hash: vec![7; 300], ..BlockHeader::default() };
        let der = hex::encode(header_bytes(&header));
        assert!(
            der.starts_with("308201350201000400 0482012c07".replace(' ', "").as_str()),
            "{der}"
        );
    }

    #[test]
    fn a_block_follows_the_one_before_it() {
        let good = example();
        assert_eq!(check_structure(&good, 1, b"before"), Ok(()));
        check(&good, |_| {}, 2, BlockError::Number { expected: 2, found: 1 });
        check(&good, |block| block.header = None, 1, BlockError::NoHeader);
        let previous = BlockError::PreviousHash { block: 1 };
        check(&good, |block| block.header.as_mut().unwrap().previous_hash.push(0), 1, previous);
        check(&good, |block| block.data = None, 1, BlockError::Empty { block: 1 });
        let changed = |block: &mut Block| block.data.as_mut().unwrap().data.swap(0, 1);
        check(&good, changed, 1, BlockError::DataHash { block: 1 });
        let fault = |transaction, what| BlockError::Envelope { block: 1, transaction, what };
        let unsigned = rehashed(|envelopes| envelopes[1] = envelope(b"x", b""));
        check(&unsigned, |_| {}, 1, fault(1, EnvelopeFault::NoSignature));
        let split = rehashed(|envelopes| {
            let tail = envelopes[0].split_off(4);
            envelopes.insert(1, tail);
        });
        assert!(check_structure(&split, 1, b"before").is_err(), "an envelope must not be split");
    }

    #[test]
    fn an_envelope_has_one_encoding() {
        let good = envelope(b"payload", b"signature");
        assert_eq!(check_envelope(&good), Ok(()));
        assert_eq!(check_envelope(&envelope(b"", b"s")), Err(EnvelopeFault::NoPayload));
        assert_eq!(check_envelope(&envelope(b"p", b"")), Err(EnvelopeFault::NoSignature));
        assert_eq!(check_envelope(b"\xff"), Err(EnvelopeFault::Unreadable));
        let unknown_field = [good.as_slice(), &[0x18, 1]].concat();
        let twice = [good.as_slice(), &envelope(b"", b"other")].concat();
        let swapped = [envelope(b"", b"signature"), envelope(b"payload", b"")].concat();
        for other in [unknown_field, twice, swapped] {
            assert_eq!(check_envelope(&other), Err(EnvelopeFault::OtherEncoding));
        }
    }

    proptest! {
        /// CVE-2023-46132: the data hash does not see boundaries, so the check must.
        #[test]
        fn equal_data_hash_means_equal_boundaries(
            (envelopes, at, cut) in envelopes().prop_flat_map(|envelopes| {
                let at = 0..envelopes.len();
                (Just(envelopes), at, 1..12_usize)
            })
        ) {
            let mut split = envelopes.clone();
            let cut = cut.min(split[at].len() - 1);
            let tail = split[at].split_off(cut);
            split.insert(at + 1, tail);
            let mut merged = envelopes.clone();
            let first = at.min(envelopes.len() - 2);
            let second = merged.remove(first + 1);
            merged[first].extend(second);
            for other in [split, merged] {
                assert_eq!(data_hash(&other), data_hash(&envelopes), "the hash sees no boundaries");
                let block = next(1, b"before".to_vec(), other);
                assert!(check_structure(&block, 1, b"before").is_err(), "other boundaries");
            }
        }
    }

    #[test]
    fn slots_hold_what_was_written() {
        let mut block = example();
        assert_eq!((verdicts(&block), commit_hash(&block)), (vec![], Ok(None)));
        let codes = [TxValidationCode::Valid, TxValidationCode::InvalidOtherReason];
        set_verdicts(&mut block, &codes);
        assert_eq!(block.metadata.as_ref().unwrap().metadata[2], [0, 255]);
        assert_eq!(verdicts(&block), codes);
        set_commit_hash(&mut block, &[7; 32]);
        assert_eq!(commit_hash(&block), Ok(Some(vec![7; 32])));
        assert_eq!(last_config_index(&block), Ok(None));
        let value = orderer_metadata(29, Vec::new());
        set_orderer_metadata(&mut block, &Metadata { value, signatures: vec![] }).unwrap();
        assert_eq!(last_config_index(&block), Ok(Some(29)));
        let slots = &block.metadata.as_ref().unwrap().metadata;
        assert_eq!(hex::encode(&slots[0]), "0a040a02081d");
        assert_eq!(hex::encode(&slots[1]), "0a02081d");
    }

    fn example() -> Block {
        next(1, b"before".to_vec(), vec![envelope(b"a", b"s"), envelope(b"b", b"s")])
    }

    fn rehashed(change: impl FnOnce(&mut Vec<Vec<u8>>)) -> Block {
        let mut envelopes = example().data.unwrap().data;
        change(&mut envelopes);
        next(1, b"before".to_vec(), envelopes)
    }

    fn envelope(payload: &[u8], signature: &[u8]) -> Vec<u8> {
        Envelope { payload: payload.to_vec(), signature: signature.to_vec() }.encode_to_vec()
    }

    fn envelopes() -> impl Strategy<Value = Vec<Vec<u8>>> {
        let bytes = || prop::collection::vec(0..=255_u8, 1..9);
        let envelope = (bytes(), bytes())
            .prop_map(|(payload, signature)| Envelope { payload, signature }.encode_to_vec());
        prop::collection::vec(envelope, 2..5)
    }

    #[track_caller]
    fn check(good: &Block, change: impl FnOnce(&mut Block), number: u64, error: BlockError) {
        let mut block = good.clone();
        change(&mut block);
        assert_eq!(check_structure(&block, number, b"before"), Err(error));
    }
}
