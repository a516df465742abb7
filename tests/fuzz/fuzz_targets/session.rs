//! A hostile peer's messages, in any order.

#![no_main]

use std::sync::Arc;

use fabric_protos::Message as _;
use fabric_protos::protos::chaincode_message::Type;
use fabric_protos::protos::{ChaincodeMessage, GetStateMultiple, WriteBatchState};
use libfuzzer_sys::fuzz_target;
use pervade_chaincode::Chaincode;
use pervade_fuzz::{Fuzzed, Heard, Stream};
use pervade_shim::Session;

fuzz_target!(|stream: Stream| {
    let messages: Vec<ChaincodeMessage> = stream.sent.iter().map(|sent| sent.message()).collect();
    let (heard, taken) = run(&stream, messages.iter());
    let (again, _) = run(&stream, messages.iter());
    assert_eq!(heard, again, "a session is a function of what it hears");
    // Messages of the stream itself would be heard by each alone as well.
    let taken = &messages[..taken];
    for (transaction, all) in &heard {
        let own = taken.iter().filter(|message| name(message) == *transaction);
        let (alone, _) = run(&stream, own);
        let alone = alone.get(transaction);
        assert_eq!(alone, Some(all), "another transaction has changed what {transaction:?} hears");
    }
});

/// What a session says, and how many of the messages it took before it closed the stream.
fn run<'a>(
    stream: &Stream,
    messages: impl Iterator<Item = &'a ChaincodeMessage>,
) -> (Heard, usize) {
    let chaincode = Chaincode::new("fuzzed".parse().expect("a name")).with(Fuzzed);
    let (mut session, opening) = Session::new(Arc::new(chaincode), "fuzzed:1");
    assert_eq!(opening.len(), 1, "a stream opens with REGISTER");
    for message in stream.opening() {
        assert_eq!(session.step(message).expect("as it should be"), [], "nothing to say yet");
    }
    let mut heard = Heard::new();
    let mut taken = 0;
    for message in messages {
        let Ok(said) = session.step(message.clone()) else { break };
        taken += 1;
        assert!(said.len() <= 1, "one request at a time");
        for answer in said {
            assert_eq!(name(&answer), name(message), "a step is about one transaction");
            check(stream, message, &answer);
            heard.entry(name(message)).or_default().push(answer);
        }
    }
    (heard, taken)
}

/// What a chaincode may say to this peer.
fn check(stream: &Stream, message: &ChaincodeMessage, answer: &ChaincodeMessage) {
    let kind = Type::try_from(answer.r#type).expect("a type that peers know");
    match kind {
        Type::Keepalive => assert_eq!(answer, message, "an echo"),
        Type::WriteBatchState => {
            let most = stream.batch.expect("batches were announced");
            let batch = WriteBatchState::decode(&*answer.payload).expect("a batch");
            assert!(!batch.rec.is_empty(), "no empty batch");
            assert!(batch.rec.len() <= usize::from(most.max(1)), "within what was announced");
        }
        Type::GetStateMultiple => {
            let most = stream.keys.expect("multiple reads were announced");
            let asked = GetStateMultiple::decode(&*answer.payload).expect("keys");
            assert!(asked.keys.len() <= usize::from(most.max(1)), "within what was announced");
        }
        Type::Register | Type::Registered | Type::Ready | Type::Init | Type::Transaction
        | Type::Response | Type::Undefined => panic!("a chaincode does not say {kind:?}"),
        _ => {}
    }
}

fn name(message: &ChaincodeMessage) -> (String, String) {
    (message.channel_id.clone(), message.txid.clone())
}
