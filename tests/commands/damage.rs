//! Bits that flip on disk, as `pervade verify` tells of them.

use std::fs;
use std::path::Path;

use pervade_ports::system::SystemFiles;
use pervade_storage::scan::{Found, records};

use crate::program::{Running, Said, verified};

/// T-02: a bit that flips in the block files is named by file, block and byte, and the command fails.
#[test]
fn verify_names_block_and_byte() {
    let folder = tempfile::tempdir().unwrap();
    let network = Running::in_folder(folder.path());
    network.json(&["chaincode", "deploy", "registry", "--in-process"]).done();
    let data = network.data.clone();
    network.stop();
    verified(&data);
    let ledger = folder.path().join("channels/mychannel");
    for found in records(&SystemFiles, &ledger).unwrap() {
        let Found::Block(record) = found.unwrap() else { panic!("the ledger is intact") };
        let length = u64::try_from(record.body.len()).unwrap();
        for offset in [record.offset, record.body_offset() + length * 2 / 3] {
            flip_bit(&record.file, offset);
            let said = Said::by(&["verify", "--json", "--data", &data]);
            flip_bit(&record.file, offset);
            let (code, message) = said.failed();
            assert_eq!(code, "BROKEN", "{message}");
            let named = format!("block {}, byte {offset}: bit 3 is flipped", record.number);
            assert!(message.contains(&named), "{named}: {message}");
            assert!(message.contains(record.file.to_str().unwrap()), "{message}");
        }
    }
    // The approvals of a definition are private data of the organisations.
    let private = ledger.join("private.values");
    for offset in [0, 60, fs::metadata(&private).unwrap().len() - 1] {
        flip_bit(&private, offset);
        let (code, message) = Said::by(&["verify", "--json", "--data", &data]).failed();
        flip_bit(&private, offset);
        assert_eq!(code, "BROKEN", "{message}");
        assert!(message.contains(private.to_str().unwrap()), "byte {offset}: {message}");
    }
    verified(&data);
}

fn flip_bit(file: &Path, offset: u64) {
    let mut bytes = fs::read(file).unwrap();
    bytes[usize::try_from(offset).unwrap()] ^= 1 << 3;
    fs::write(file, bytes).unwrap();
}
