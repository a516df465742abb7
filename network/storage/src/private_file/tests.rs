use std::fs;
use std::path::Path;
use std::sync::Arc;

use fabric_protos::Message as _;
use fabric_protos::kvrwset::{KvWrite, KvrwSet};
use fabric_protos::rwset::{CollectionPvtReadWriteSet, NsPvtReadWriteSet, TxPvtReadWriteSet};
use pervade_ledger::private::PrivateWrites;
use pervade_ports::system::SystemFiles;

use super::{Kept, OpenPrivateError, PrivateFile};
use crate::block_file::Access;
use crate::damage::DamageKind;

#[test]
fn what_was_kept_is_read_back() {
    let folder = tempfile::tempdir().unwrap();
    let (file, kept) = open(folder.path(), 0).unwrap();
    assert_eq!(kept, []);
    assert!(!folder.path().join("private.values").exists(), "nothing private, no file");
    file.append(&[(3, &of("one"))]).unwrap();
    file.append(&[(7, &of("two")), (8, &of("three"))]).unwrap();
    assert_eq!(file.read(7).unwrap(), Some(of("two")));
    assert_eq!(file.read(5).unwrap(), None);
    drop(file);
    let (_, kept) = open(folder.path(), 9).unwrap();
    assert_eq!(kept, [(3, of("one")), (7, of("two")), (8, of("three"))]);
}

/// A record is on disk before its block; one whose block never came is nobody's.
#[test]
fn records_of_blocks_that_never_came_are_cut() {
    let folder = tempfile::tempdir().unwrap();
    let (file, _) = open(folder.path(), 0).unwrap();
    file.append(&[(3, &of("one"))]).unwrap();
    file.append(&[(4, &of("never"))]).unwrap();
    drop(file);
    let (file, kept) = open(folder.path(), 4).unwrap();
    assert_eq!(kept, [(3, of("one"))]);
    file.append(&[(4, &of("other"))]).unwrap();
    drop(file);
    assert_eq!(open(folder.path(), 5).unwrap().1, [(3, of("one")), (4, of("other"))]);
}

#[test]
fn a_block_that_was_not_stored_gives_its_record_up() {
    let folder = tempfile::tempdir().unwrap();
    let (file, _) = open(folder.path(), 0).unwrap();
    file.append(&[(3, &of("one"))]).unwrap();
    file.append(&[(4, &of("never"))]).unwrap();
    file.give_up_from(4);
    assert_eq!(file.read(4).unwrap(), None);
    file.append(&[(4, &of("other"))]).unwrap();
    drop(file);
    assert_eq!(open(folder.path(), 5).unwrap().1, [(3, of("one")), (4, of("other"))]);
}

/// Every length of an append that a power cut may leave, and the block it was for never came.
#[test]
fn an_unfinished_append_of_any_length_is_cut() {
    let folder = tempfile::tempdir().unwrap();
    let (file, _) = open(folder.path(), 0).unwrap();
    file.append(&[(3, &of("one"))]).unwrap();
    let path = folder.path().join("private.values");
    let start = fs::read(&path).unwrap().len();
    file.append(&[(4, &of("torn"))]).unwrap();
    let good = fs::read(&path).unwrap();
    for len in start..good.len() {
        fs::write(&path, &good[..len]).unwrap();
        assert_eq!(open(folder.path(), 4).unwrap().1, [(3, of("one"))], "{len} bytes");
    }
}

/// Every byte: what is wrong is found, because nothing else could tell.
#[test]
fn a_flipped_bit_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let (file, _) = open(folder.path(), 0).unwrap();
    file.append(&[(3, &of("one")), (4, &of("two"))]).unwrap();
    let path = folder.path().join("private.values");
    let good = fs::read(&path).unwrap();
    for at in 0..good.len() {
        let mut bytes = good.clone();
        bytes[at] ^= 1 << (at % 8);
        fs::write(&path, bytes).unwrap();
        let error = open(folder.path(), 5).map(|_| ()).unwrap_err();
        if at < 16 {
            assert!(matches!(error, OpenPrivateError::Header { .. }), "byte {at}: {error:?}");
            continue;
        }
        let OpenPrivateError::Damaged(damage) = error else { panic!("byte {at}: {error:?}") };
        let bit = u8::try_from(at % 8).unwrap();
        assert_eq!(damage.offset, at as u64);
        assert_eq!(damage.what, DamageKind::FlippedBit { bit });
    }
}

#[test]
fn bytes_that_are_owed_are_missed() {
    let folder = tempfile::tempdir().unwrap();
    let (file, _) = open(folder.path(), 0).unwrap();
    file.append(&[(3, &of("one")), (4, &of("two"))]).unwrap();
    let path = folder.path().join("private.values");
    let good = fs::read(&path).unwrap();
    for short in [1, 20, 60] {
        fs::write(&path, &good[..good.len() - short]).unwrap();
        let error = open(folder.path(), 5).map(|_| ()).unwrap_err();
        assert!(matches!(error, OpenPrivateError::Damaged(_)), "{short}: {error:?}");
    }
}

#[test]
fn what_is_replaced_leaves_no_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let (file, _) = open(folder.path(), 0).unwrap();
    file.append(&[(3, &of("one")), (4, &of("secret"))]).unwrap();
    let mut kept = file.read_all().unwrap();
    for (block, writes) in &mut kept {
        assert_eq!(writes.forget(|_, _| *block == 4), *block == 4);
    }
    file.replace(&kept).unwrap();
    file.append(&[(5, &of("three"))]).unwrap();
    let bytes = fs::read(folder.path().join("private.values")).unwrap();
    assert!(!bytes.windows(6).any(|window| window == b"secret"));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "one file");
    drop(file);
    let (_, kept) = open(folder.path(), 6).unwrap();
    assert_eq!((kept[0].clone(), kept[2].clone()), ((3, of("one")), (5, of("three"))));
    assert_eq!(kept[1].1.updates(4).len(), 0);
}

/// Blocks 3, 4 and 5 write private data.
fn open(folder: &Path, height: u64) -> Result<(PrivateFile, Vec<Kept>), OpenPrivateError> {
    let access = (Access::ReadWrite, height);
    PrivateFile::open(Arc::new(SystemFiles), folder, access, &|block| (3..=5).contains(&block))
}

fn of(value: &str) -> PrivateWrites {
    let write = KvWrite { key: "k".into(), value: value.into(), ..KvWrite::default() };
    let rwset = KvrwSet { writes: vec![write], ..KvrwSet::default() }.encode_to_vec();
    let collection = CollectionPvtReadWriteSet { collection_name: "c".into(), rwset };
    let namespace =
        NsPvtReadWriteSet { namespace: "cc".into(), collection_pvt_rwset: vec![collection] };
    let set = TxPvtReadWriteSet { ns_pvt_rwset: vec![namespace], ..TxPvtReadWriteSet::default() };
    let purge = ("cc".to_owned(), "c".to_owned(), vec![7; 32]);
    PrivateWrites { sets: [(2, set)].into(), purges: [(1, purge)].into() }
}
