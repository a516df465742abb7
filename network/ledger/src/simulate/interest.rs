//! What a simulation tells about the endorsements its transaction needs.

use std::collections::{BTreeMap, BTreeSet};

use fabric_protos::Message;
use fabric_protos::common::SignaturePolicyEnvelope;
use fabric_protos::protos::{ChaincodeCall, ChaincodeInterest};

/// Per namespace, what was touched and under which policies the writes fall.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Interest {
    namespaces: BTreeMap<String, NamespaceInterest>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct NamespaceInterest {
    /// Whether the chaincode's own policy applies; not if all writes fall under keys' policies.
    chaincode_policy: bool,
    wrote: bool,
    /// Policies of single keys, encoded, one per write.
    key_policies: Vec<Vec<u8>>,
    /// Collections whose policy applies.
    collections: BTreeSet<String>,
    /// Collections of which values were read in plaintext.
    private_reads: BTreeSet<String>,
}

impl Interest {
    /// Records a write; `collection` is empty for a public key, `policy` the key's own one.
    pub(super) fn wrote(&mut self, namespace: &str, collection: &str, policy: Option<Vec<u8>>) {
        let interest = self.namespaces.entry(namespace.to_owned()).or_default();
        interest.wrote = true;
        match policy {
            Some(policy) => interest.key_policies.push(policy),
            None if collection.is_empty() => interest.chaincode_policy = true,
            None => _ = interest.collections.insert(collection.to_owned()),
        }
    }

    pub(super) fn read_private(&mut self, namespace: &str, collection: &str) {
        let interest = self.namespaces.entry(namespace.to_owned()).or_default();
        interest.private_reads.insert(collection.to_owned());
    }

    /// Namespaces that were only read fall under their chaincode's policy.
    pub(super) fn touched<'a>(&mut self, namespaces: impl Iterator<Item = &'a str>) {
        for namespace in namespaces {
            let interest = self.namespaces.entry(namespace.to_owned()).or_default();
            interest.chaincode_policy |= !interest.wrote;
        }
    }

    /// The namespaces that were read or written, in order.
    pub fn namespaces(&self) -> impl Iterator<Item = &str> {
        self.namespaces.keys().map(String::as_str)
    }

    /// The message that goes with a proposal's response. System chaincodes are left out.
    #[must_use]
    pub fn to_message(&self, is_system: impl Fn(&str) -> bool) -> ChaincodeInterest {
        let applications = self.namespaces.iter().filter(|(name, _)| !is_system(name));
        let chaincodes = applications.flat_map(|(name, interest)| interest.calls(name)).collect();
        ChaincodeInterest { chaincodes }
    }
}

impl NamespaceInterest {
    /// One call for the public part, unless no policy concerns it, and one per collection.
    fn calls(&self, name: &str) -> Vec<ChaincodeCall> {
        let call = || ChaincodeCall { name: name.to_owned(), ..ChaincodeCall::default() };
        let mut calls = Vec::new();
        if self.chaincode_policy || !self.key_policies.is_empty() {
            let policy = |bytes: &Vec<u8>| SignaturePolicyEnvelope::decode(bytes.as_slice()).ok();
            calls.push(ChaincodeCall {
                key_policies: self.key_policies.iter().filter_map(policy).collect(),
                disregard_namespace_policy: !self.chaincode_policy,
                ..call()
            });
        }
        for collection in self.collections.union(&self.private_reads) {
            calls.push(ChaincodeCall {
                collection_names: vec![collection.clone()],
                no_private_reads: !self.private_reads.contains(collection),
                ..call()
            });
        }
        calls
    }
}
