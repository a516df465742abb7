//! Read-write sets: mostly what an honest execution would give, and sometimes not.

use fabric_protos::{
    Message,
    kvrwset::{
        HashedRwSet, KvMetadataEntry, KvMetadataWrite, KvMetadataWriteHash, KvRead, KvReadHash,
        KvWrite, KvWriteHash, KvrwSet, QueryReads, RangeQueryInfo, Version,
        range_query_info::ReadsInfo,
    },
};
use libtest_mimic::Failed;
use pervade_identity::policy;
use pervade_ledger::{
    rwset::{CollectionSet, NamespaceSet, RangeReads, ReadWriteSet, VALIDATION_PARAMETER, sha256},
    state::{StateView, Versioned},
};
use pervade_tests::random::Random;

/// Few enough that transactions meet.
const KEYS: &[&str] = &["a", "b", "c", "d", "e", "f"];

/// Policies that a key may come to have, beside its chaincode's.
const POLICIES: &[&str] = &[
    "OR('Org1MSP.peer')",
    "OR('Org2MSP.peer')",
    "AND('Org1MSP.peer', 'Org2MSP.peer')",
    "OR('Org1MSP.client')",
];

/// Namespaces with private collections, and those collections. A write to any other stops Fabric's
/// peers for good, whatever its verdict: no block may hold it if they are to follow.
const COLLECTED: &[&str] = &["registry", "recording", "_lifecycle"];
const COLLECTIONS: [&str; 2] = ["_implicit_org_Org1MSP", "_implicit_org_Org2MSP"];

/// Any read-write set of a call. Metadata is written in those alone that have one namespace, and
/// only if the transaction is in form: else Fabric's peers wait for ever where a later transaction
/// of the same block writes the key.
pub(super) fn any(
    random: &mut Random,
    (chaincode, in_form): (&str, bool),
    state: &dyn StateView,
) -> Result<ReadWriteSet, Failed> {
    let others: &[&str] = match random.below(12) {
        0 => &["_lifecycle"],
        1 => &["recording"],
        2 => &["registry"],
        _ => &[],
    };
    let metadata = in_form && others.is_empty() && random.happens(25);
    let mut maker = Maker { random, state, metadata };
    let mut namespaces = vec![maker.namespace(chaincode)?];
    for other in others {
        namespaces.push(maker.namespace(other)?);
    }
    // Endorsers sort namespaces; some here are left as they came, or stand twice.
    if maker.random.happens(80) {
        namespaces.sort_by(|one, other| one.name.cmp(&other.name));
        namespaces.dedup_by(|one, other| one.name == other.name);
    }
    Ok(ReadWriteSet { namespaces })
}

/// A read-write set of what no chaincode guards, and nothing else: Fabric's peers check namespaces
/// in random order, so a block with two reasons to refuse a transaction would divide them.
pub(super) fn unguarded(
    random: &mut Random,
    state: &dyn StateView,
) -> Result<ReadWriteSet, Failed> {
    let name = random.one_of(&["lscc", "qscc", "nowhere", ""]).copied().unwrap_or_default();
    let mut maker = Maker { random, state, metadata: false };
    Ok(ReadWriteSet { namespaces: vec![maker.namespace(name)?] })
}

struct Maker<'a> {
    random: &'a mut Random,
    state: &'a dyn StateView,
    /// Whether keys get metadata.
    metadata: bool,
}

impl Maker<'_> {
    fn namespace(&mut self, name: &str) -> Result<NamespaceSet, Failed> {
        let mut public = KvrwSet::default();
        for key in self.keys(3) {
            let found = self.state.get(name, &key)?;
            let version = self.version(found.as_ref());
            public.reads.push(KvRead { key, version });
        }
        if self.random.happens(25) {
            public.range_queries_info.push(self.range(name)?);
        }
        for key in self.keys(3) {
            public.writes.push(self.write(key));
        }
        if self.metadata {
            // Whoever writes metadata has read the key: else Fabric's peers stop where an earlier
            // transaction of the block deletes it.
            for key in self.keys(3) {
                let found = self.state.get(name, &key)?;
                let version = self.version(found.as_ref());
                public.reads.push(KvRead { key: key.clone(), version });
                public.metadata_writes.push(KvMetadataWrite { key, entries: self.metadata()? });
            }
        }
        let mut collections = Vec::new();
        if COLLECTED.contains(&name) && self.random.happens(20) {
            // The peer is a member of the first organisation's collection, and looks for its data
            // for seconds.
            let [first, second] = COLLECTIONS;
            let one = if self.random.happens(10) { first } else { second };
            collections.push(self.collection(name, one)?);
        }
        Ok(NamespaceSet { name: name.to_owned(), public, collections })
    }

    /// Some keys; mostly each once and in order.
    fn keys(&mut self, end: usize) -> Vec<String> {
        let count = self.random.below(end);
        let any = |random: &mut Random| random.one_of(KEYS).copied().unwrap_or("a").to_owned();
        let mut keys: Vec<String> = (0..count).map(|_| any(self.random)).collect();
        if self.random.happens(95) {
            keys.sort();
            keys.dedup();
        }
        if self.random.happens(2) {
            keys.push(String::new());
        }
        keys
    }

    /// Mostly the version in force.
    fn version(&mut self, found: Option<&Versioned>) -> Option<Version> {
        let version = found.map(|found| Version {
            block_num: found.version.block,
            tx_num: found.version.transaction,
        });
        match self.random.below(20) {
            0 => None,
            1 => Some(Version { block_num: 3, tx_num: 1 }),
            2 => version.map(|version| Version { tx_num: version.tx_num + 1, ..version }),
            _ => version,
        }
    }

    fn write(&mut self, key: String) -> KvWrite {
        let value = self.random.bytes(4);
        match self.random.below(10) {
            0 => KvWrite { key, is_delete: true, value: Vec::new() },
            1 => KvWrite { key, is_delete: false, value: Vec::new() },
            2 => KvWrite { key, is_delete: true, value },
            _ => KvWrite { key, is_delete: false, value },
        }
    }

    fn metadata(&mut self) -> Result<Vec<KvMetadataEntry>, Failed> {
        let name = VALIDATION_PARAMETER.to_owned();
        let text = self.random.one_of(POLICIES).copied().unwrap_or_default();
        let value = policy::parse(text)?.encode_to_vec();
        // A policy that cannot be read would halt Fabric's peers, so there is none here.
        Ok(match self.random.below(8) {
            0 => Vec::new(),
            1 => vec![KvMetadataEntry { name: "note".to_owned(), value: vec![1] }],
            2 => vec![KvMetadataEntry { name, value: Vec::new() }],
            3 => vec![
                KvMetadataEntry { name: "note".to_owned(), value: vec![1] },
                KvMetadataEntry { name, value },
            ],
            _ => vec![KvMetadataEntry { name, value }],
        })
    }

    /// A range read as an honest execution records it, or nearly so.
    fn range(&mut self, namespace: &str) -> Result<RangeQueryInfo, Failed> {
        let [start, end] = [self.random.below(4), 3 + self.random.below(4)];
        let [start_key, end_key] =
            [start, end].map(|at| KEYS.get(at).copied().unwrap_or_default().to_owned());
        let found = self.state.range(namespace, &start_key, &end_key, usize::MAX)?;
        let mut reads: Vec<KvRead> = Vec::new();
        for (key, versioned) in found {
            // Fabric's peers do not survive an entry without version.
            let version = self.version(Some(&versioned)).or(Some(Version::default()));
            reads.push(KvRead { key, version });
        }
        let mut itr_exhausted = true;
        let mut end_key = end_key;
        if self.random.happens(30) && !reads.is_empty() {
            reads.truncate(1 + self.random.below(reads.len()));
            end_key = reads.last().map(|read| read.key.clone()).unwrap_or_default();
            itr_exhausted = false;
        }
        let reads_info = match self.random.below(6) {
            0 => {
                let mut summary = RangeReads::with_degree(2)?;
                reads.into_iter().for_each(|read| summary.add(read));
                Some(ReadsInfo::ReadsMerkleHashes(summary.summary()))
            }
            1 if reads.is_empty() => None,
            _ => Some(ReadsInfo::RawReads(QueryReads { kv_reads: reads })),
        };
        Ok(RangeQueryInfo { start_key, end_key, itr_exhausted, reads_info })
    }

    fn collection(&mut self, namespace: &str, name: &str) -> Result<CollectionSet, Failed> {
        let mut hashed = HashedRwSet::default();
        for key in self.keys(3) {
            let key_hash = sha256(key.as_bytes());
            let found = self.state.get_hashed(namespace, name, &key_hash)?;
            let version = self.version(found.as_ref());
            hashed.hashed_reads.push(KvReadHash { key_hash, version });
        }
        for key in self.keys(3) {
            let value_hash = sha256(&self.random.bytes(4));
            let key_hash = sha256(key.as_bytes());
            hashed.hashed_writes.push(match self.random.below(10) {
                0 => KvWriteHash {
                    key_hash,
                    is_delete: true,
                    value_hash: Vec::new(),
                    is_purge: false,
                },
                1 => KvWriteHash {
                    key_hash,
                    is_delete: true,
                    value_hash: Vec::new(),
                    is_purge: true,
                },
                2 => KvWriteHash {
                    key_hash,
                    is_delete: false,
                    value_hash: sha256(&[]),
                    is_purge: false,
                },
                _ => KvWriteHash { key_hash, is_delete: false, value_hash, is_purge: false },
            });
        }
        if self.metadata {
            for key in self.keys(2) {
                let key_hash = sha256(key.as_bytes());
                let found = self.state.get_hashed(namespace, name, &key_hash)?;
                let version = self.version(found.as_ref());
                hashed.hashed_reads.push(KvReadHash { key_hash: key_hash.clone(), version });
                let entries = self.metadata()?;
                hashed.metadata_writes.push(KvMetadataWriteHash { key_hash, entries });
            }
        }
        Ok(CollectionSet { name: name.to_owned(), hashed, private_hash: self.random.bytes(32) })
    }
}
