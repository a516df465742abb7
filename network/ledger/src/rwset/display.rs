//! Read-write sets as text, for whoever compares them.

use std::fmt;

use fabric_protos::kvrwset::range_query_info::ReadsInfo;
use fabric_protos::kvrwset::{HashedRwSet, KvRead, KvrwSet, RangeQueryInfo, Version};

use super::{CollectionSet, NamespaceSet, ReadWriteSet, deletes, deletes_hashed};

/// One line for what is public in each namespace, and one for each of its collections after it. What was read
/// stands with its version (`block.transaction`, `-` if it was not there); values that are not
/// plain text, and everything private, stand as hexadecimal digits.
impl fmt::Display for ReadWriteSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for NamespaceSet { name, public, collections } in &self.namespaces {
            if collections.is_empty() || *public != KvrwSet::default() {
                writeln!(f, "{name}: {}", Public(public))?;
            }
            for CollectionSet { name: collection, hashed, .. } in collections {
                writeln!(f, "{name}/{collection}: {}", Hashed(hashed))?;
            }
        }
        Ok(())
    }
}

struct Public<'a>(&'a KvrwSet);

impl fmt::Display for Public<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts: Vec<String> =
            self.0.reads.iter().map(|read| format!("read {}", seen(read))).collect();
        parts.extend(self.0.range_queries_info.iter().map(range));
        parts.extend(self.0.writes.iter().map(|write| match deletes(write) {
            true => format!("delete {}", key(&write.key)),
            false => format!("write {}={}", key(&write.key), value(&write.value)),
        }));
        for write in &self.0.metadata_writes {
            let names: Vec<_> = write.entries.iter().map(|entry| entry.name.as_str()).collect();
            parts.push(format!("metadata {} [{}]", key(&write.key), names.join(" ")));
        }
        f.write_str(&parts.join(", "))
    }
}

struct Hashed<'a>(&'a HashedRwSet);

impl fmt::Display for Hashed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let reads = self.0.hashed_reads.iter();
        let mut parts: Vec<String> = reads
            .map(|read| format!("read {}@{}", hex::encode(&read.key_hash), version(read.version)))
            .collect();
        parts.extend(self.0.hashed_writes.iter().map(|write| {
            let key = hex::encode(&write.key_hash);
            match (write.is_purge, deletes_hashed(write)) {
                (true, _) => format!("purge {key}"),
                (false, true) => format!("delete {key}"),
                (false, false) => format!("write {key}={}", hex::encode(&write.value_hash)),
            }
        }));
        for write in &self.0.metadata_writes {
            let names: Vec<_> = write.entries.iter().map(|entry| entry.name.as_str()).collect();
            parts.push(format!("metadata {} [{}]", hex::encode(&write.key_hash), names.join(" ")));
        }
        f.write_str(&parts.join(", "))
    }
}

fn range(range: &RangeQueryInfo) -> String {
    let end = if range.itr_exhausted { "ended" } else { "left" };
    let found = match &range.reads_info {
        None => String::new(),
        Some(ReadsInfo::RawReads(reads)) => {
            reads.kv_reads.iter().map(|read| format!(" {}", seen(read))).collect()
        }
        Some(ReadsInfo::ReadsMerkleHashes(summary)) => {
            summary.max_level_hashes.iter().map(|hash| format!(" #{}", hex::encode(hash))).collect()
        }
    };
    format!("range {}..{} {end}{found}", key(&range.start_key), key(&range.end_key))
}

fn seen(read: &KvRead) -> String {
    format!("{}@{}", key(&read.key), version(read.version))
}

fn version(version: Option<Version>) -> String {
    version.map_or_else(
        || "-".to_owned(),
        |version| format!("{}.{}", version.block_num, version.tx_num),
    )
}

/// Keys may hold U+0000 between the parts of a composite one.
fn key(key: &str) -> String {
    key.escape_debug().to_string()
}

fn value(value: &[u8]) -> String {
    match std::str::from_utf8(value) {
        Ok(text) if !text.chars().any(char::is_control) => text.to_owned(),
        _ => format!("0x{}", hex::encode(value)),
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use crate::simulate::Simulator;
    use crate::testing::MemoryState;

    #[test]
    fn a_set_is_shown_in_lines() {
        let state = MemoryState::at(5);
        let mut simulator = Simulator::new(&state);
        simulator.get("cc", "a").unwrap();
        simulator.put("cc", "\0car\0red\0", b"v".to_vec()).unwrap();
        simulator.put("cc", "bytes", vec![0, 255]).unwrap();
        simulator.delete("cc", "gone").unwrap();
        let range = simulator.range("cc", "x", "").unwrap();
        simulator.next(range).unwrap();
        simulator.purge_private("cc", "secrets", "k").unwrap();
        let set = super::ReadWriteSet::decode(&simulator.finish().public).unwrap();
        expect![[r"
            cc: read a@-, range x.. ended, write \0car\0red\0=v, write bytes=0x00ff, delete gone
            cc/secrets: purge 8254c329a92850f6d539dd376f4816ee2764517da5e0235514af433164480d7a
        "]]
        .assert_eq(&set.to_string());
    }
}
