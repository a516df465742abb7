//! Streams that are written down, and run again.

use std::sync::Arc;

use fabric_protos::Message as _;
use fabric_protos::protos::chaincode_message::Type;
use fabric_protos::protos::{ChaincodeInput, ChaincodeMessage};
use pervade_chaincode::testing::TestCall;
use pervade_chaincode::{Chaincode, LedgerError, Transaction, contract};

use super::{Recorder, Recording, Sender, Shown, replay};
use crate::Session;

/// Copies a private value into another collection, and answers with it and a word of its own.
struct Copier(&'static str);

#[contract(name = "copier", default)]
impl Copier {
    #[submit]
    async fn copy(&self, tx: &mut Transaction) -> Result<String, LedgerError> {
        let value = tx.private("from").get("k").await?.unwrap_or_default();
        tx.private("to").put("k", value.clone()).await?;
        tx.put("done", self.0.as_bytes().to_vec()).await?;
        Ok(format!("{} {}", self.0, String::from_utf8_lossy(&value)))
    }
}

#[test]
fn a_recording_runs_again_and_another_chaincode_is_told_apart() {
    let recording = recorded(Shown { transient: true, private: true });
    assert_eq!(replay(&chaincode("yes"), recording.as_slice()).unwrap(), 5);
    let difference = replay(&chaincode("no!!"), recording.as_slice()).unwrap_err().to_string();
    assert!(difference.starts_with("message 4, transaction"), "{difference}");
    assert!(difference.contains("PUT_STATE"), "{difference}");
}

#[test]
fn secrets_are_left_out_unless_they_are_asked_for() {
    check(Shown { transient: false, private: false }, false, false);
    check(Shown { transient: true, private: false }, true, false);
    check(Shown { transient: false, private: true }, false, true);
}

#[test]
fn a_recording_without_secrets_runs_as_far_as_none_is_needed() {
    let recording = recorded(Shown::default());
    assert_eq!(replay(&chaincode("yes"), recording.as_slice()).unwrap(), 5);
}

#[test]
fn what_is_no_recording_is_refused() {
    let recording = recorded(Shown::default());
    for broken in [&b""[..], b"PERVREC\x02", &[&recording[..8], &[9; 9]].concat()] {
        assert!(replay(&chaincode("yes"), broken).is_err(), "{broken:?}");
    }
    // One that was interrupted is good up to there.
    let most = recording.len() - 1;
    assert_eq!(replay(&chaincode("yes"), &recording[..most]).unwrap(), 4);
}

#[track_caller]
fn check(shown: Shown, has_transient: bool, has_private: bool) {
    let recording = recorded(shown);
    let has = |word: &[u8]| recording.windows(word.len()).any(|window| window == word);
    assert_eq!(has(b"of the proposal"), has_transient, "transient data under {shown:?}");
    assert_eq!(has(b"of the collection"), has_private, "private values under {shown:?}");
}

fn chaincode(word: &'static str) -> Arc<Chaincode> {
    Arc::new(Chaincode::new("copier".parse().unwrap()).with(Copier(word)))
}

/// One transaction from its registration to its end, as a file.
fn recorded(shown: Shown) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let recording = Recording { file: folder.path().join("stream"), shown };
    let mut recorder = Recorder::open(&recording).unwrap();
    let (mut session, opening) = Session::new(chaincode("yes"), "copier:1");
    for message in opening {
        recorder.note(Sender::Chaincode, &message);
    }
    let call = TestCall::new("copier", "copy").transient("secret", b"of the proposal");
    let input = ChaincodeInput { args: vec![b"copy".to_vec()], ..Default::default() };
    let value = b"of the collection".to_vec();
    for (kind, payload) in [
        (Type::Registered, Vec::new()),
        (Type::Ready, Vec::new()),
        (Type::Transaction, input.encode_to_vec()),
        (Type::Response, value),
        (Type::Response, Vec::new()),
        (Type::Response, Vec::new()),
    ] {
        let begins = kind == Type::Transaction;
        let message = ChaincodeMessage {
            r#type: kind.into(),
            payload,
            txid: call.tx_id(),
            channel_id: "mychannel".to_owned(),
            proposal: begins.then(|| call.proposal()),
            ..Default::default()
        };
        recorder.note(Sender::Peer, &message);
        for answer in session.step(message).unwrap() {
            recorder.note(Sender::Chaincode, &answer);
        }
    }
    drop(recorder);
    std::fs::read(recording.file).unwrap()
}
