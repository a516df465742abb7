use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use fabric_protos::common::{ChannelHeader, Envelope, Header, HeaderType, Payload};
use fabric_protos::id::TxId;
use fabric_protos::kvrwset::{KvWrite, KvrwSet};
use fabric_protos::proposal::{self, ProposalSpec};
use fabric_protos::protos::{
    ChaincodeAction, ChaincodeId, Endorsement, ProposalResponse, Response, TxValidationCode,
};
use fabric_protos::{Message as _, Timestamp};
use pervade_ledger::block;
use pervade_ledger::private::PrivateWrites;
use pervade_ledger::rwset::{NamespaceSet, ReadWriteSet};
use pervade_ledger::simulate::{SimulationResult, Simulator};
use pervade_ledger::state::{PrivateView as _, StateView as _, UpdateBatch};
use pervade_ledger::transaction::{assemble, indexed_tx_id};
use pervade_ports::system::SystemFiles;

use super::{AppendError, ChannelStore, Commit, OpenError};
use crate::block_file::{Access, OpenBlocksError};
use crate::checkpoint::CheckpointError;
use crate::damage::DamageKind;
use crate::replay::replay;
use crate::state::StateSnapshot;

const BLOCKS: [&str; 4] = ["k=1 l=1", "k=2, m=1", "!l, k=9, k=3", "n=1"];

#[test]
fn a_closed_and_a_killed_ledger_are_read_back_equal() {
    for is_closed in [true, false] {
        let folder = tempfile::tempdir().unwrap();
        let store = fill(folder.path());
        let before = Facts::of(&store);
        if is_closed {
            store.checkpoint().unwrap();
        }
        drop(store);
        assert_eq!(Facts::of(&open(folder.path())), before, "closed: {is_closed}");
    }
}

#[test]
fn the_checkpoint_may_be_behind_the_blocks() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    append(&store, BLOCKS[0]);
    append(&store, BLOCKS[1]);
    store.checkpoint().unwrap();
    append(&store, BLOCKS[2]);
    append(&store, BLOCKS[3]);
    let before = Facts::of(&store);
    drop(store);
    assert_eq!(Facts::of(&open(folder.path())), before);
}

/// Every byte of the checkpoint: whichever is wrong, the ledger is rebuilt as it was.
#[test]
fn a_damaged_checkpoint_is_rebuilt() {
    let folder = tempfile::tempdir().unwrap();
    let store = fill(folder.path());
    store.checkpoint().unwrap();
    let before = Facts::of(&store);
    drop(store);
    let path = folder.path().join("state.checkpoint");
    let good = fs::read(&path).unwrap();
    for at in 0..good.len() {
        let mut bytes = good.clone();
        bytes[at] ^= 1 << (at % 8);
        fs::write(&path, bytes).unwrap();
        assert_eq!(Facts::of(&open(folder.path())), before, "byte {at}");
    }
    for len in [0, 1, 43, 44, good.len() - 1] {
        fs::write(&path, &good[..len]).unwrap();
        assert_eq!(Facts::of(&open(folder.path())), before, "{len} bytes");
    }
}

#[test]
fn a_checkpoint_of_another_release_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    fill(folder.path()).checkpoint().unwrap();
    let path = folder.path().join("state.checkpoint");
    let mut bytes = fs::read(&path).unwrap();
    bytes[11] = 2;
    let digest = crate::checkpoint::digest_of(2, &bytes[44..]);
    bytes[12..44].copy_from_slice(&digest);
    fs::write(&path, bytes).unwrap();
    let error = ChannelStore::open(Arc::new(SystemFiles), folder.path(), Access::ReadWrite);
    let Err(OpenError::Checkpoint(CheckpointError::UnknownVersion { version, .. })) = error else {
        panic!("{error:?}")
    };
    assert_eq!(version, 2);
}

#[test]
fn blocks_that_the_checkpoint_knows_are_missed() {
    let folder = tempfile::tempdir().unwrap();
    fill(folder.path()).checkpoint().unwrap();
    fs::remove_file(folder.path().join("blocks-000000.seg")).unwrap();
    let error = ChannelStore::open(Arc::new(SystemFiles), folder.path(), Access::ReadWrite);
    let Err(OpenError::Blocks(OpenBlocksError::Damaged(damage))) = error else {
        panic!("{error:?}")
    };
    assert_eq!((damage.block, damage.what), (0, DamageKind::Missing));
}

#[test]
fn the_checkpoint_of_another_chain_is_not_believed() {
    let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let store = fill(folder.path());
    store.checkpoint().unwrap();
    let before = Facts::of(&store);
    let foreign = open(other.path());
    for block in ["z=1", "z=2", "z=3", "z=4"] {
        append(&foreign, block);
    }
    foreign.checkpoint().unwrap();
    drop(store);
    let name = "state.checkpoint";
    fs::copy(other.path().join(name), folder.path().join(name)).unwrap();
    assert_eq!(Facts::of(&open(folder.path())), before);
}

#[test]
fn a_reader_beside_the_writer_sees_the_same_ledger() {
    let folder = tempfile::tempdir().unwrap();
    let store = fill(folder.path());
    let reader = ChannelStore::open(Arc::new(SystemFiles), folder.path(), Access::ReadOnly);
    assert_eq!(Facts::of(&reader.unwrap()), Facts::of(&store));
}

#[test]
fn only_the_next_block_is_taken() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let first = commit(&store, "k=1");
    append(&store, "k=1");
    let before = Facts::of(&store);
    let refused = store.append(vec![first.clone()]);
    assert!(matches!(refused, Err(AppendError::OutOfOrder { height: 1, found: 0 })));
    let mut unlinked = commit(&store, "k=2");
    unlinked.block.header.as_mut().unwrap().previous_hash = vec![7; 32];
    let refused = store.append(vec![unlinked]);
    assert!(matches!(refused, Err(AppendError::NotLinked { number: 1 })));
    let mut unjudged = commit(&store, "k=2");
    block::set_verdicts(&mut unjudged.block, &[]);
    let refused = store.append(vec![unjudged]);
    assert!(matches!(refused, Err(AppendError::NotJudged { number: 1, .. })));
    assert_eq!(Facts::of(&store), before, "a refused block changes nothing");
}

#[test]
fn transactions_and_writers_are_found() {
    let folder = tempfile::tempdir().unwrap();
    let store = fill(folder.path());
    let found = |block: u64, index: usize| {
        let envelope = store.block(block).unwrap().unwrap().data.clone().unwrap().data;
        store.by_tx_id(&indexed_tx_id(&envelope[index]).unwrap()).unwrap()
    };
    let position = found(2, 1);
    assert_eq!((position.block, position.index), (2, 1));
    assert_eq!(position.code, TxValidationCode::Valid);
    assert_eq!(store.blocks_writing("cc", "k"), [0, 1, 2]);
    assert_eq!(store.blocks_writing("cc", "l"), [0, 2]);
    assert_eq!(store.by_tx_id(&TxId::new("0".repeat(64)).unwrap()), None);
}

/// A channel's first block holds a configuration that nobody signed.
#[test]
fn private_values_are_read_back_and_are_no_part_of_the_state() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    append_private(&store, hide("k", "one"));
    append_private(&store, hide("l", "two"));
    let early = store.snapshot();
    append_private(&store, hide("k", "three"));
    append_private(&store, |simulator| simulator.delete_private("cc", "c", "l").unwrap());
    assert_eq!(kept(&store), "k=three");
    assert_eq!(early.private("cc", "c", "l").unwrap(), Some(b"two".to_vec()), "as it was then");
    let digest = store.state_digest();
    let writes = store.private_writes(1).unwrap().unwrap();
    assert_eq!(writes.sets.len(), 1);
    drop((early, store));
    let store = open(folder.path());
    assert_eq!((kept(&store).as_str(), store.state_digest()), ("k=three", digest));
    assert_eq!(store.private_writes(1).unwrap(), Some(writes));
    // A peer that never had them has the same state.
    drop(store);
    fs::remove_file(folder.path().join("private.values")).unwrap();
    let store = open(folder.path());
    assert_eq!((kept(&store).as_str(), store.state_digest()), ("", digest));
}

/// A process may be killed after a block that purges, and before the values are wiped.
#[test]
fn what_was_not_wiped_in_time_is_wiped_when_the_ledger_is_opened() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    append_private(&store, hide("k", "a secret"));
    let before = store.private.read_all().unwrap();
    append_private(&store, |simulator| simulator.purge_private("cc", "c", "k").unwrap());
    let on_disk = || {
        let bytes = fs::read(folder.path().join("private.values")).unwrap();
        bytes.windows(8).any(|window| window == b"a secret")
    };
    assert!(!on_disk());
    let purge = store.private.read_all().unwrap().pop().unwrap();
    store.private.replace(&[before[0].clone(), purge]).unwrap();
    drop(store);
    assert!(on_disk());
    assert_eq!(kept(&open(folder.path())), "");
    assert!(!on_disk());
}

#[test]
fn a_ledger_that_begins_with_a_configuration_is_rebuilt() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let kind = i32::from(HeaderType::Config);
    let channel_header = ChannelHeader { r#type: kind, ..ChannelHeader::default() };
    let channel_header = channel_header.encode_to_vec();
    let header = Some(Header { channel_header, signature_header: Vec::new() });
    let payload = Payload { header, data: Vec::new() }.encode_to_vec();
    let envelope = Envelope { payload, signature: Vec::new() }.encode_to_vec();
    let tx_ids = vec![indexed_tx_id(&envelope)];
    let mut genesis = block::next(0, Vec::new(), vec![envelope]);
    block::set_verdicts(&mut genesis, &[TxValidationCode::Valid]);
    let batch = UpdateBatch::default();
    store
        .append(vec![Commit { block: genesis, batch, tx_ids, private: PrivateWrites::default() }])
        .unwrap();
    append(&store, "k=1");
    let before = Facts::of(&store);
    drop(store);
    assert_eq!(Facts::of(&open(folder.path())), before);
}

/// Everything that must be the same after a restart.
#[derive(Debug, PartialEq)]
struct Facts {
    height: u64,
    tip: Option<[u8; 32]>,
    blocks: Vec<Vec<u8>>,
    state: [u8; 32],
    k: Option<(Vec<u8>, u64)>,
    writers: Vec<u64>,
    positions: usize,
}

impl Facts {
    fn of(store: &ChannelStore) -> Self {
        let k = store.snapshot().get("cc", "k").unwrap();
        Self {
            height: store.height(),
            tip: store.tip_hash(),
            blocks: (0..).map_while(|number| store.block_bytes(number).unwrap()).collect(),
            state: store.state_digest(),
            k: k.map(|found| (found.value, found.version.block)),
            writers: store.blocks_writing("cc", "k"),
            positions: store.index.read().unwrap().transactions.len(),
        }
    }
}

fn fill(folder: &Path) -> ChannelStore {
    let store = open(folder);
    BLOCKS.iter().for_each(|block| append(&store, block));
    store
}

fn open(folder: &Path) -> ChannelStore {
    ChannelStore::open(Arc::new(SystemFiles), folder, Access::ReadWrite).unwrap()
}

fn append(store: &ChannelStore, transactions: &str) {
    store.append(vec![commit(store, transactions)]).unwrap();
}

/// A block of one transaction that does something to private keys of the collection `c`.
fn append_private(store: &ChannelStore, act: impl FnOnce(&mut Simulator<StateSnapshot>)) {
    let mut simulator = Simulator::new(store.snapshot());
    act(&mut simulator);
    let SimulationResult { public, private, .. } = simulator.finish();
    let rwset = ReadWriteSet::decode(&public).unwrap();
    let envelopes = vec![endorsed(&proposed(store.height(), 0), &rwset)];
    let previous = store.tip_hash().map(Vec::from).unwrap_or_default();
    let mut block = block::next(store.height(), previous, envelopes);
    block::set_verdicts(&mut block, &[TxValidationCode::Valid]);
    let writes = PrivateWrites::of_block(&block, |_| private.clone().into_iter().collect());
    let commit = replay(block, &store.snapshot()).unwrap();
    store.append(vec![Commit { private: writes, ..commit }]).unwrap();
}

fn hide(key: &'static str, value: &'static str) -> impl FnOnce(&mut Simulator<StateSnapshot>) {
    move |simulator| simulator.put_private("cc", "c", key, value.into()).unwrap()
}

/// What is kept of private keys, as `key=value`.
fn kept(store: &ChannelStore) -> String {
    let found = store.snapshot().private_range(("cc", "c"), ("", ""), 9).unwrap();
    let found = found
        .into_iter()
        .map(|(key, value)| format!("{key}={}", String::from_utf8(value).unwrap()));
    found.collect::<Vec<_>>().join(" ")
}

/// The next block; transactions are separated by commas, `k=v` writes and `!k` deletes.
fn commit(store: &ChannelStore, transactions: &str) -> Commit {
    let envelopes: Vec<_> = transactions
        .split(',')
        .enumerate()
        .map(|(index, writes)| transaction(store.height(), index, writes))
        .collect();
    let previous = store.tip_hash().map(Vec::from).unwrap_or_default();
    let verdicts = vec![TxValidationCode::Valid; envelopes.len()];
    let mut block = block::next(store.height(), previous, envelopes);
    block::set_verdicts(&mut block, &verdicts);
    replay(block, &store.snapshot()).unwrap()
}

fn transaction(height: u64, index: usize, writes: &str) -> Vec<u8> {
    let write = |word: &str| match word.split_once('=') {
        Some((key, value)) => {
            KvWrite { key: key.into(), value: value.into(), ..KvWrite::default() }
        }
        None => KvWrite {
            key: word.trim_start_matches('!').into(),
            is_delete: true,
            ..KvWrite::default()
        },
    };
    let writes = writes.split_whitespace().map(write).collect();
    let public = KvrwSet { writes, ..KvrwSet::default() };
    let set = NamespaceSet { name: "cc".into(), public, collections: Vec::new() };
    endorsed(&proposed(height, index), &ReadWriteSet { namespaces: vec![set] })
}

fn proposed(height: u64, index: usize) -> fabric_protos::protos::Proposal {
    let channel = "mychannel".parse().unwrap();
    let (proposal, _) = proposal::build(ProposalSpec {
        channel: Some(&channel),
        chaincode: "cc",
        args: vec![b"f".to_vec()],
        transient: BTreeMap::new(),
        creator: b"somebody",
        nonce: format!("{height}.{index}").as_bytes(),
        timestamp: Timestamp { seconds: 1, nanos: 0 },
    });
    proposal
}

fn endorsed(proposal: &fabric_protos::protos::Proposal, rwset: &ReadWriteSet) -> Vec<u8> {
    let header = Header::decode(proposal.header.as_slice()).unwrap();
    let hash = proposal::proposal_hash(
        &header.channel_header,
        &header.signature_header,
        &proposal.payload,
    );
    let response = Some(Response { status: 200, ..Response::default() });
    let chaincode =
        ChaincodeId { name: "cc".into(), version: "1".into(), ..ChaincodeId::default() };
    let action = ChaincodeAction {
        results: rwset.encode(),
        response: response.clone(),
        chaincode_id: Some(chaincode),
        ..ChaincodeAction::default()
    };
    let response = ProposalResponse {
        payload: proposal::response_payload(&hash, action.encode_to_vec()),
        response,
        endorsement: Some(Endorsement { endorser: b"peer".into(), signature: b"s".into() }),
        ..ProposalResponse::default()
    };
    let mut envelope = assemble(proposal, &[response]).unwrap();
    envelope.signature = b"signature".to_vec();
    envelope.encode_to_vec()
}
