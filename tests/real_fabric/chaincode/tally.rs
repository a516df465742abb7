//! What a story came to, in words that do not depend on where it was told.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use fabric_protos::kvrwset::{KvrwSet, RangeQueryInfo};
use libtest_mimic::Failed;
use pervade_identity::Certificate;
use pervade_ledger::rwset::{CollectionSet, ReadWriteSet};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::Ended;
use super::script::{Call, User};

/// Each call and how it ended.
///
/// Names that differ from network to network are told by what they are: transactions,
/// identities, and digests over either. Versions are told as present or absent, because the
/// chaincodes' definitions take other blocks on each.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    told: Vec<(String, Vec<String>)>,
    /// What calls were answered, by name.
    answers: BTreeMap<String, Vec<u8>>,
    /// As it is there → as it is told.
    names: Vec<(String, String)>,
    transactions: usize,
}

impl Tally {
    /// Learns how a user is called.
    pub(crate) fn meet(&mut self, user: User, certificate: &Certificate) {
        let address = certificate.address();
        let digest = hex::encode(Sha256::digest(certificate.der()));
        self.names.push((digest, format!("(certificate of {user})")));
        self.names.push((address.clone(), format!("(address of {user})")));
        self.answers.insert(format!("address {user}"), address.into_bytes());
    }

    /// An argument with what stands in `<name>` or `<name:field>` filled in: the answer of that
    /// name, or a field of it.
    pub(crate) fn fill(&self, argument: &str) -> Result<Vec<u8>, Failed> {
        let mut filled = argument.to_owned();
        for (name, answer) in &self.answers {
            let text = String::from_utf8_lossy(answer);
            filled = filled.replace(&format!("<{name}>"), &text);
            let Ok(Value::Object(fields)) = serde_json::from_slice(answer) else { continue };
            for (field, value) in fields {
                let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                filled = filled.replace(&format!("<{name}:{field}>"), &value);
            }
        }
        Ok(filled.into_bytes())
    }

    /// Notes how a call ended.
    pub(crate) fn note(&mut self, call: &Call, ended: Ended) -> Result<(), Failed> {
        let mut lines = Vec::new();
        match ended {
            Ended::Refused(words) => lines.push(format!("refused: {words}")),
            Ended::Evaluated(payload) => {
                self.learn(call, &payload);
                lines.push(format!("is {}", printable(&payload)));
            }
            Ended::Ordered(ordered) => {
                self.transactions = self.transactions.saturating_add(1);
                let told = format!("(transaction {})", self.transactions);
                self.names.push((ordered.tx_id, told));
                self.learn(call, &ordered.payload);
                lines.push(format!(
                    "{}: {}",
                    ordered.code.as_str_name(),
                    printable(&ordered.payload)
                ));
                lines.extend(render(&ordered.rwset));
            }
        }
        let mut lines: Vec<String> = lines.iter().map(|line| self.translate(line)).collect();
        // Keys are in the order of names that differ.
        if let Some(rest) = lines.get_mut(1..) {
            rest.sort();
        }
        let Call { user, chaincode, function, .. } = call;
        self.told.push((format!("{user} {chaincode} {function}"), lines));
        Ok(())
    }

    /// How many calls ended how.
    pub(crate) fn summary(&self) -> String {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for (_, lines) in &self.told {
            let first = lines.first().map_or("", |line| line.as_str());
            let word = first.split([':', ' ']).next().unwrap_or_default();
            let word = if word == "is" { "evaluated" } else { word };
            *counts.entry(word).or_default() += 1;
        }
        let counts: Vec<_> = counts.iter().map(|(word, count)| format!("{count} {word}")).collect();
        format!("{} calls: {}", self.told.len(), counts.join(", "))
    }

    /// Where two tallies of one story differ.
    pub(crate) fn differences(&self, here: &str, other: &Self, there: &str) -> Vec<String> {
        let pairs = self.told.iter().zip(&other.told).enumerate();
        let differing = pairs.filter(|(_, ((_, one), (_, two)))| one != two);
        differing
            .map(|(number, ((call, one), (_, two)))| {
                let only = |lines: &[String], others: &[String]| {
                    let own = lines.iter().filter(|line| !others.contains(line)).take(LINES_SHOWN);
                    own.map(|line| format!("\n      {line}")).collect::<String>()
                };
                format!(
                    "call {number}, {call}:\n   on {here} only:{}\n   on {there} only:{}",
                    only(one, two),
                    only(two, one)
                )
            })
            .collect()
    }

    fn learn(&mut self, call: &Call, payload: &[u8]) {
        let Some(name) = call.name else { return };
        self.answers.insert(name.to_owned(), payload.to_vec());
        if name.starts_with("account") {
            let account = String::from_utf8_lossy(payload).into_owned();
            self.names.push((account, format!("({name})")));
        }
    }

    fn translate(&self, line: &str) -> String {
        let mut line = line.to_owned();
        for (there, told) in &self.names {
            line = line.replace(there, told);
        }
        without_graph(&line)
    }
}

/// Lines of one call's difference that are shown.
const LINES_SHOWN: usize = 12;

/// The digest of a recorded graph is over names that differ: who recorded, and in which
/// transaction.
fn without_graph(line: &str) -> String {
    const FIELD: &str = "\"graph_sha256\":\"";
    match line.split_once(FIELD) {
        Some((before, rest)) => {
            let after = rest.split_once('"').map_or("", |(_, after)| after);
            format!("{before}{FIELD}(digest)\"{after}")
        }
        None => line.to_owned(),
    }
}

fn printable(bytes: &[u8]) -> String {
    std::str::from_utf8(bytes).map_or_else(|_binary| hex::encode(bytes), str::to_owned)
}

fn render(rwset: &ReadWriteSet) -> Vec<String> {
    let mut lines = Vec::new();
    for namespace in &rwset.namespaces {
        let name = &namespace.name;
        public(name, &namespace.public, &mut lines);
        for collection in &namespace.collections {
            private(&format!("{name} {}", collection.name), collection, &mut lines);
        }
    }
    lines
}

fn public(name: &str, set: &KvrwSet, lines: &mut Vec<String>) {
    for read in &set.reads {
        let found = if read.version.is_some() { "present" } else { "absent" };
        lines.push(format!("{name}: read {:?}, {found}", read.key));
    }
    for write in &set.writes {
        let value = if write.is_delete { "deleted".to_owned() } else { printable(&write.value) };
        lines.push(format!("{name}: write {:?}, {value}", write.key));
    }
    for write in &set.metadata_writes {
        let entries = write.entries.iter();
        let entries: Vec<_> =
            entries.map(|entry| format!("{} {}", entry.name, hex::encode(&entry.value))).collect();
        lines.push(format!("{name}: metadata {:?}, {}", write.key, entries.join(", ")));
    }
    lines.extend(set.range_queries_info.iter().map(|query| format!("{name}: {}", range(query))));
}

fn range(query: &RangeQueryInfo) -> String {
    let mut text = format!("range {:?} to {:?}", query.start_key, query.end_key);
    if query.itr_exhausted {
        text.push_str(", to its end");
    }
    // A summary is a tree over keys and versions; that there is one, and how deep, is told.
    match &query.reads_info {
        Some(fabric_protos::kvrwset::range_query_info::ReadsInfo::RawReads(reads)) => {
            let keys: Vec<_> = reads.kv_reads.iter().map(|read| read.key.as_str()).collect();
            write!(text, ", {} read: {}", keys.len(), keys.join(" ")).unwrap_or_default();
        }
        Some(fabric_protos::kvrwset::range_query_info::ReadsInfo::ReadsMerkleHashes(tree)) => {
            let (degree, level) = (tree.max_degree, tree.max_level);
            let hashes = tree.max_level_hashes.len();
            write!(text, ", {hashes} hashes at level {level} of {degree}").unwrap_or_default();
        }
        None => {}
    }
    text
}

fn private(name: &str, set: &CollectionSet, lines: &mut Vec<String>) {
    for read in &set.hashed.hashed_reads {
        let found = if read.version.is_some() { "present" } else { "absent" };
        lines.push(format!("{name}: read {}, {found}", hex::encode(&read.key_hash)));
    }
    for write in &set.hashed.hashed_writes {
        let what = match (write.is_purge, write.is_delete) {
            (true, _) => "purged".to_owned(),
            (_, true) => "deleted".to_owned(),
            _ => hex::encode(&write.value_hash),
        };
        lines.push(format!("{name}: write {}, {what}", hex::encode(&write.key_hash)));
    }
    for write in &set.hashed.metadata_writes {
        lines.push(format!("{name}: metadata {}", hex::encode(&write.key_hash)));
    }
    if !set.private_hash.is_empty() {
        lines.push(format!("{name}: all private {}", hex::encode(&set.private_hash)));
    }
}
