use std::collections::BTreeMap;

use expect_test::{Expect, expect};
use fabric_protos::Message;
use fabric_protos::kvrwset::KvrwSet;
use fabric_protos::kvrwset::range_query_info::ReadsInfo;

use super::{SimulateError, SimulationResult, Simulator};
use crate::rwset::{ReadWriteSet, VALIDATION_PARAMETER, sha256};
use crate::state::{Update, UpdateBatch, Version};
use crate::testing::MemoryState;

/// What a Fabric 3.1.5 peer signed for the same calls on the same state.
#[test]
fn reads_and_writes_are_laid_out_as_fabric_does() {
    check_bytes(
        "_lifecycle namespaces/fields/ops/Sequence 2, ops a 5, ops c 5",
        |transaction| {
            transaction.get("_lifecycle", "namespaces/fields/ops/Sequence")?;
            transaction.get("ops", "a")?;
            transaction.put("ops", "a", b"9".to_vec())?;
            transaction.delete("ops", "c")?;
            transaction.get("ops", "zz")?;
            Ok(())
        },
        "12340a0a5f6c6966656379636c6512260a240a1e6e616d657370616365732f6669656c64732f6f70732f53\
         657175656e63651202080212250a036f7073121e0a070a0161120208050a040a027a7a1a060a01611a0139\
         1a050a01631001",
    );
}

/// As above: private deletions and hashed reads in two collections, and a public write.
#[test]
fn collections_are_laid_out_as_fabric_does() {
    check_bytes(
        "ops/c2 q 11",
        |transaction| {
            transaction.delete_private("ops", "c1", "p")?;
            transaction.get_private_hash("ops", "c2", "q")?;
            transaction.put("ops", "mix", b"1".to_vec())
        },
        "1291010a036f7073120a1a080a036d69781a01311a4e0a026331122612240a20148de9c5a7a44d19e56cd9\
         ae1a554bf67847afb0c58f6e12fa29ac7ddfca994010011a20ac8b00c3646f9a6a65e4f7148ff09929bf85\
         7de0e305c4ed5b4d918e32c013401a2e0a02633212280a260a208e35c2cd3bf6641bdb0e2050b76932cbb2\
         e6034a0ddacc1d9bea82a6ba57f7cf1202080b",
    );
}

/// As above: 123 keys seen to the end, and 101 of them seen before the caller stopped.
#[test]
fn long_ranges_are_summarised_as_fabric_does() {
    let mut keys: Vec<_> = (1000..1120).map(|number| format!("ops k{number} 6")).collect();
    keys.extend(["ops a 7", "ops b 5", "ops r1 8"].map(str::to_owned));
    let state = state(&keys.join(", "));
    let mut transaction = Simulator::new(&state);
    let early = transaction.range("ops", "k", "").unwrap();
    for _ in 0..101 {
        transaction.next(early).unwrap().unwrap();
    }
    let whole = transaction.range("ops", "\u{1}", "").unwrap();
    while transaction.next(whole).unwrap().is_some() {}
    let set = public_set(&transaction.finish());
    let [early, whole] = set.range_queries_info.as_slice() else { panic!("two ranges") };
    assert_eq!((early.end_key.as_str(), early.itr_exhausted), ("k1100", false));
    assert_eq!((whole.end_key.as_str(), whole.itr_exhausted), ("", true));
    let hashes = |info: &Option<ReadsInfo>| match info {
        Some(ReadsInfo::ReadsMerkleHashes(summary)) => {
            summary.max_level_hashes.iter().map(hex::encode).collect::<Vec<_>>()
        }
        other => panic!("no summary: {other:?}"),
    };
    let expected = [
        "a24b877486198bd8ef483a224ffdefeaeed22743ec8abb01a9cab760fc84791b",
        "93f2b0a9090d790da8413eb9ae4d6427078d7f371363d0ac025e6efff20f3da7",
    ];
    assert_eq!(hashes(&early.reads_info), expected);
    let expected = [
        "7aad69ac54f9e0b76ba421e0a43a1425c4e9a7259b803abce23bbb1c9876e4d4",
        "5101e2d23ee5156456f143d0c7505533cd0337f23c535e36899f16f1491a8abc",
        "9e10a743ca82d7c2a135bacf4332105d9666e91e87d4a48fd0c282892eeb53ea",
    ];
    assert_eq!(hashes(&whole.reads_info), expected);
}

#[test]
fn a_transaction_does_not_see_its_own_writes() {
    let state = state("cc k 1");
    let mut transaction = Simulator::new(&state);
    transaction.put("cc", "k", b"mine".to_vec()).unwrap();
    transaction.put("cc", "new", b"mine".to_vec()).unwrap();
    assert_eq!(transaction.get("cc", "k").unwrap(), Some(b"k".to_vec()));
    assert_eq!(transaction.get("cc", "new").unwrap(), None);
    let range = transaction.range("cc", "", "").unwrap();
    assert_eq!(transaction.next(range).unwrap().unwrap().0, "k");
    assert_eq!(transaction.next(range).unwrap(), None);
}

#[test]
fn the_last_write_of_a_key_counts() {
    check(
        |transaction| {
            transaction.put("cc", "k", b"1".to_vec())?;
            transaction.delete("cc", "k")?;
            transaction.put("cc", "l", b"1".to_vec())?;
            transaction.put("cc", "l", b"2".to_vec())
        },
        expect!["cc: delete k, write l=2"],
    );
}

#[test]
fn a_range_is_recorded_as_far_as_it_was_pulled() {
    let pull = |times: usize| {
        move |transaction: &mut Simulator<&MemoryState>| {
            let range = transaction.range("cc", "a", "d")?;
            for _ in 0..times {
                transaction.next(range)?;
            }
            Ok(())
        }
    };
    check(pull(0), expect!["cc: range a.. left"]);
    check(pull(1), expect!["cc: range a..a left a@1"]);
    check(pull(2), expect!["cc: range a..c left a@1 c@1"]);
    check(pull(3), expect!["cc: range a..d ended a@1 c@1"]);
    check(pull(9), expect!["cc: range a..d ended a@1 c@1"]);
}

#[test]
fn the_same_range_is_recorded_once() {
    check(
        |transaction| {
            for _ in 0..2 {
                let range = transaction.range("cc", "x", "")?;
                transaction.next(range)?;
            }
            Ok(())
        },
        expect!["cc: range x.. ended"],
    );
}

#[test]
fn several_chaincodes_write_side_by_side() {
    check(
        |transaction| {
            transaction.put("other", "k", b"1".to_vec())?;
            transaction.get("cc", "a")?;
            transaction.put("cc", "a", b"2".to_vec())
        },
        expect!["cc: read a@1, write a=2; other: write k=1"],
    );
}

#[test]
fn pages_are_for_transactions_that_write_nothing() {
    let state = state("cc a 1, cc b 1, cc c 1");
    let mut reader = Simulator::new(&state);
    let page = reader.page("cc", ("", ""), 2).unwrap();
    assert_eq!((page.entries.len(), page.bookmark.as_str()), (2, "c"));
    let page = reader.page("cc", (&page.bookmark, ""), 2).unwrap();
    assert_eq!((page.entries.len(), page.bookmark.as_str()), (1, ""));
    let refused = reader.put("cc", "k", Vec::new()).unwrap_err();
    assert!(matches!(refused, SimulateError::WriteAfterPage), "{refused:?}");
    let mut writer = Simulator::new(&state);
    writer.put("cc", "k", Vec::new()).unwrap();
    let refused = writer.page("cc", ("", ""), 2).unwrap_err();
    assert!(matches!(refused, SimulateError::PageAfterWrite), "{refused:?}");
}

#[test]
fn the_private_write_set_is_bound_by_its_hash() {
    let state = state("");
    let mut transaction = Simulator::new(&state);
    transaction.put_private("cc", "c", "k", b"secret".to_vec()).unwrap();
    transaction.get_private_hash("cc", "d", "k").unwrap();
    let result = transaction.finish();
    let plain = &result.private.unwrap().ns_pvt_rwset[0].collection_pvt_rwset;
    assert_eq!((plain.len(), plain[0].collection_name.as_str()), (1, "c"));
    let writes = KvrwSet::decode(plain[0].rwset.as_slice()).unwrap().writes;
    assert_eq!(writes[0].value, b"secret");
    let set = ReadWriteSet::decode(&result.public).unwrap();
    let [c, d] = set.namespaces[0].collections.as_slice() else { panic!("two collections") };
    assert_eq!(c.private_hash, sha256(&plain[0].rwset));
    assert!(d.private_hash.is_empty(), "nothing was written to d");
    assert!(!result.public.windows(6).any(|bytes| bytes == b"secret"), "only hashes are public");
}

#[test]
fn keys_with_policies_are_named_for_the_plan() {
    let mut state = state("cc a 1");
    let policy = fabric_protos::common::SignaturePolicyEnvelope::default().encode_to_vec();
    let metadata = BTreeMap::from([(VALIDATION_PARAMETER.to_owned(), policy)]);
    let mut guarded = UpdateBatch::default();
    let mut first = Simulator::new(&state);
    first.put_metadata("cc", "a", metadata).unwrap();
    let write = &public_set(&first.finish()).metadata_writes[0];
    let update = Update::Put {
        value: b"a".to_vec(),
        metadata: Some(crate::rwset::encode_metadata(&write.entries)),
        version: Version { block: 2, transaction: 0 },
    };
    guarded.public.insert(("cc".to_owned(), "a".to_owned()), update);
    state.apply(&guarded);
    let interest = |call: &dyn Fn(&mut Simulator<&MemoryState>)| {
        let mut transaction = Simulator::new(&state);
        call(&mut transaction);
        let message = transaction.finish().interest.to_message(|name| name == "_lifecycle");
        let calls = message.chaincodes.iter().map(|call| {
            let disregard = if call.disregard_namespace_policy { "!" } else { "" };
            let keys = "k".repeat(call.key_policies.len());
            format!("{disregard}{}{}{keys}", call.name, call.collection_names.join("/"))
        });
        calls.collect::<Vec<_>>().join(" ")
    };
    let put = |transaction: &mut Simulator<&MemoryState>, key| {
        transaction.put("cc", key, b"1".to_vec()).unwrap();
    };
    assert_eq!(interest(&|transaction| put(transaction, "a")), "!cck");
    assert_eq!(interest(&|transaction| put(transaction, "b")), "cc");
    assert_eq!(interest(&|t| [put(t, "a"), put(t, "b")].into_iter().for_each(drop)), "cck");
    assert_eq!(interest(&|t| drop(t.get("cc", "a"))), "cc");
    assert_eq!(interest(&|t| drop(t.get("_lifecycle", "a"))), "");
    assert_eq!(interest(&|t| drop(t.put_private("cc", "c", "k", vec![1]))), "ccc");
}

#[track_caller]
fn check(
    call: impl FnOnce(&mut Simulator<&MemoryState>) -> Result<(), SimulateError>,
    recorded: Expect,
) {
    let state = state("cc a 1, cc c 1");
    let mut transaction = Simulator::new(&state);
    call(&mut transaction).unwrap();
    let set = ReadWriteSet::decode(&transaction.finish().public).unwrap();
    let namespaces: Vec<_> =
        set.namespaces.iter().map(|set| format!("{}: {}", set.name, render(&set.public))).collect();
    recorded.assert_eq(&namespaces.join("; "));
}

#[track_caller]
fn check_bytes(
    before: &str,
    call: impl FnOnce(&mut Simulator<&MemoryState>) -> Result<(), SimulateError>,
    expected: &str,
) {
    let state = state(before);
    let mut transaction = Simulator::new(&state);
    call(&mut transaction).unwrap();
    assert_eq!(hex::encode(transaction.finish().public), expected);
}

fn public_set(result: &SimulationResult) -> KvrwSet {
    ReadWriteSet::decode(&result.public).unwrap().namespaces.remove(0).public
}

fn render(set: &KvrwSet) -> String {
    let read = |read: &fabric_protos::kvrwset::KvRead| {
        let version = read.version.map_or("-".to_owned(), |version| version.block_num.to_string());
        format!("{}@{version}", read.key)
    };
    let mut parts: Vec<String> =
        set.reads.iter().map(|found| format!("read {}", read(found))).collect();
    for range in &set.range_queries_info {
        let end = if range.itr_exhausted { "ended" } else { "left" };
        let mut part = format!("range {}..{} {end}", range.start_key, range.end_key);
        if let Some(ReadsInfo::RawReads(reads)) = &range.reads_info {
            reads.kv_reads.iter().for_each(|found| part.push_str(&format!(" {}", read(found))));
        }
        parts.push(part);
    }
    parts.extend(set.writes.iter().map(|write| {
        let value = String::from_utf8_lossy(&write.value);
        if write.is_delete {
            format!("delete {}", write.key)
        } else {
            format!("write {}={value}", write.key)
        }
    }));
    parts.join(", ")
}

/// `namespace key block`, `namespace/collection key block`; a value is its key.
fn state(keys: &str) -> MemoryState {
    let mut state = MemoryState::at(20);
    let mut batch = UpdateBatch::default();
    for key in keys.split(", ").filter(|key| !key.is_empty()) {
        let [namespace, key, block] =
            <[&str; 3]>::try_from(key.split(' ').collect::<Vec<_>>()).unwrap();
        let version = Version { block: block.parse().unwrap(), transaction: 0 };
        let update = Update::Put { value: key.as_bytes().to_vec(), metadata: None, version };
        match namespace.split_once('/') {
            None => _ = batch.public.insert((namespace.into(), key.into()), update),
            Some((namespace, collection)) => {
                let key = sha256(key.as_bytes());
                batch.hashed.insert((namespace.into(), collection.into(), key), update);
            }
        }
    }
    state.apply_as_is(&batch);
    state
}
