//! Hyperledger Fabric's messages, generated from our own definitions.
//!
//! The definitions under `proto/` agree with Fabric's in packages, names, numbers and types, and
//! therefore in every byte on the wire. Maps are `BTreeMap`s, so that encoding is deterministic.
//! [`id`] holds checked forms of the names that messages carry as strings, [`proposal`] the rules of
//! a proposal's bytes, hash and transaction identifier.

pub mod id;
pub mod proposal;

pub use generated::{
    common, etcdraft, gateway, google_rpc, kvrwset, lifecycle, msp, orderer, protos, queryresult,
    rwset,
};
pub use prost::{DecodeError, Message, Name};
pub use prost_types::{Any, Timestamp};

#[expect(
    missing_docs,
    clippy::exhaustive_enums,
    clippy::doc_markdown,
    clippy::must_use_candidate,
    clippy::use_self,
    reason = "written by a generator"
)]
mod generated;

#[cfg(test)]
mod tests {
    use std::{env, fs, path::Path};

    /// Every file under `proto/`.
    const FILES: [&str; 19] = [
        "common/block.proto",
        "common/config.proto",
        "common/envelope.proto",
        "common/policy.proto",
        "etcdraft.proto",
        "gateway.proto",
        "google_rpc.proto",
        "ledger/kvrwset.proto",
        "ledger/queryresult.proto",
        "ledger/rwset.proto",
        "lifecycle.proto",
        "msp.proto",
        "orderer.proto",
        "peer/chaincode.proto",
        "peer/channel.proto",
        "peer/deliver.proto",
        "peer/proposal.proto",
        "peer/shim.proto",
        "peer/transaction.proto",
    ];

    /// Fails if the committed code differs from what the definitions yield; with
    /// `PERVADE_REGENERATE=1` in the environment, writes it instead.
    #[test]
    fn regenerate() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let committed = root.join("src/generated");
        let scratch = tempfile::tempdir().unwrap();
        let target =
            if env::var_os("PERVADE_REGENERATE").is_some() { &committed } else { scratch.path() };
        let definitions = protox::compile(FILES, [root.join("proto")]).unwrap();
        prost_build::Config::new()
            .btree_map(["."])
            .enable_type_names()
            .type_name_domain(["."], "type.googleapis.com")
            .out_dir(target)
            .compile_fds(definitions)
            .unwrap();
        assert_eq!(sources(target), sources(&committed), "run with PERVADE_REGENERATE=1");
    }

    fn sources(folder: &Path) -> Vec<(String, String)> {
        let mut sources: Vec<_> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .map(|path| {
                let name = path.file_name().unwrap().to_str().unwrap().to_owned();
                (name, fs::read_to_string(path).unwrap())
            })
            .collect();
        sources.sort();
        sources
    }
}
