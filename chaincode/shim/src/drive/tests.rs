//! Contracts that hang, and everybody else meanwhile.

#![expect(clippy::await_holding_lock, reason = "a gate is held while a contract waits at it")]

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use fabric_protos::Message;
use fabric_protos::protos::chaincode_message::Type;
use fabric_protos::protos::{ChaincodeInput, ChaincodeMessage, Response};
use futures::StreamExt as _;
use pervade_chaincode::testing::TestCall;
use pervade_chaincode::{Chaincode, LedgerError, ReadTransaction, contract};
use tokio::sync::{mpsc, oneshot};
use tokio_stream::wrappers::ReceiverStream;

use super::{Ended, Leaving, open};
use crate::{Limits, Session, StreamOptions};

/// Passes at once while its gate is open, and hangs while a test holds it.
#[derive(Clone, Default)]
struct Gate(Arc<Mutex<()>>);

impl Gate {
    fn hold(&self) -> MutexGuard<'_, ()> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[contract(name = "gate", default)]
impl Gate {
    #[evaluate]
    async fn pass(&self, _tx: &ReadTransaction) -> Result<(), LedgerError> {
        drop(self.hold());
        Ok(())
    }

    #[evaluate]
    async fn go_round(&self, _tx: &ReadTransaction) -> Result<(), LedgerError> {
        Ok(())
    }

    #[evaluate]
    async fn fall(&self, _tx: &ReadTransaction) -> Result<(), LedgerError> {
        panic!("as contracts do at times")
    }

    #[evaluate]
    async fn ask(&self, tx: &ReadTransaction) -> Result<(), LedgerError> {
        tx.get("k").await.map(drop)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_contract_that_hangs_holds_up_nobody() {
    let gate = Gate::default();
    let mut peer = Peer::ready(&gate, Limits::default()).await;
    let held = gate.hold();
    peer.call("hung", "pass").await;
    peer.call("free", "go_round").await;
    assert_eq!(peer.next().await, "free 200");
    drop(held);
    assert_eq!(peer.next().await, "hung 200");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_quick_function_that_hangs_for_once_holds_up_nobody_for_long() {
    let gate = Gate::default();
    let mut peer = Peer::ready(&gate, Limits::default()).await;
    for _ in 0..100 {
        for function in ["pass", "go_round"] {
            peer.call("before", function).await;
            assert_eq!(peer.next().await, "before 200");
        }
    }
    let held = gate.hold();
    peer.call("hung", "pass").await;
    for _ in 0..100 {
        peer.call("free", "go_round").await;
        assert_eq!(peer.next().await, "free 200");
    }
    drop(held);
    assert_eq!(peer.next().await, "hung 200");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_panic_fails_its_transaction_alone() {
    let mut peer = Peer::ready(&Gate::default(), Limits::default()).await;
    for _ in 0..10 {
        peer.call("fallen", "fall").await;
        assert_eq!(peer.next().await, "fallen 500");
    }
    peer.call("free", "go_round").await;
    assert_eq!(peer.next().await, "free 200");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_transactions_at_once_are_all_answered() {
    const MANY: usize = 10_000;
    let mut peer = Peer::ready(&Gate::default(), Limits::default()).await;
    for number in 0..MANY {
        peer.call(&number.to_string(), "ask").await;
    }
    for _ in 0..MANY {
        peer.receive().await.unwrap();
    }
    for number in 0..MANY {
        peer.reply(&number.to_string()).await;
    }
    for _ in 0..MANY {
        assert_eq!(peer.receive().await.unwrap().r#type, i32::from(Type::Completed));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_that_is_asked_to_end_ends_with_its_transactions() {
    let mut peer = Peer::ready(&Gate::default(), Limits::default()).await;
    peer.call("running", "ask").await;
    peer.receive().await.unwrap();
    peer.shut_down();
    // Until it is heard, a transaction may still begin.
    loop {
        peer.call("late", "go_round").await;
        if peer.next().await == "late DRAINING" {
            break;
        }
    }
    peer.reply("running").await;
    assert_eq!(peer.next().await, "running 200");
    assert!(peer.receive().await.is_none(), "the stream is closed");
    assert!(matches!(peer.ended.await, Ok(Ended::Drained)), "and the driver says why");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn grace_is_given_for_a_time() {
    let limits = Limits { grace: Duration::from_millis(1), ..Limits::default() };
    let gate = Gate::default();
    let mut peer = Peer::ready(&gate, limits).await;
    let held = gate.hold();
    peer.call("hung", "pass").await;
    peer.call("free", "go_round").await;
    assert_eq!(peer.next().await, "free 200");
    peer.shut_down();
    assert!(peer.receive().await.is_none(), "the stream is closed");
    drop(held);
}

struct Peer {
    outgoing: mpsc::Sender<ChaincodeMessage>,
    incoming: Leaving,
    shutdown: Option<oneshot::Sender<()>>,
    ended: oneshot::Receiver<Ended>,
}

impl Peer {
    async fn ready(gate: &Gate, limits: Limits) -> Self {
        let chaincode = Arc::new(Chaincode::new("gate".parse().unwrap()).with(gate.clone()));
        let session = Session::with_limits(chaincode, "gate:1", limits.clone());
        let options = StreamOptions { limits, ..StreamOptions::new("gate:1") };
        let (driver, incoming) = open(session, &options);
        let (outgoing, messages) = mpsc::channel(16);
        let (shutdown, asked) = oneshot::channel::<()>();
        let (tell, ended) = oneshot::channel();
        let asked = async { asked.await.unwrap_or_default() };
        let running = driver.run(Box::pin(ReceiverStream::new(messages)), asked);
        tokio::spawn(async move { tell.send(running.await) });
        let mut peer = Self { outgoing, incoming, shutdown: Some(shutdown), ended };
        peer.receive().await.unwrap();
        for kind in [Type::Registered, Type::Ready] {
            let message = ChaincodeMessage { r#type: kind.into(), ..Default::default() };
            peer.outgoing.send(message).await.unwrap();
        }
        peer
    }

    async fn call(&self, name: &str, function: &str) {
        let call = TestCall::new("gate", function).nonce(name);
        let input = ChaincodeInput { args: vec![function.into()], ..Default::default() };
        let message = ChaincodeMessage {
            payload: input.encode_to_vec(),
            proposal: Some(call.proposal()),
            ..message(Type::Transaction, name)
        };
        self.outgoing.send(message).await.unwrap();
    }

    async fn reply(&self, name: &str) {
        self.outgoing.send(message(Type::Response, name)).await.unwrap();
    }

    fn shut_down(&mut self) {
        self.shutdown.take().unwrap().send(()).unwrap();
    }

    async fn receive(&mut self) -> Option<ChaincodeMessage> {
        self.incoming.next().await.map(Result::unwrap)
    }

    /// The next answer: the call's name and how it ended.
    async fn next(&mut self) -> String {
        let message = self.receive().await.unwrap();
        let names = ["before", "fallen", "free", "hung", "late", "running"];
        let name = names.into_iter().find(|name| tx_id(name) == message.txid).unwrap();
        if message.r#type == i32::from(Type::Completed) {
            let status = Response::decode(message.payload.as_slice()).unwrap().status;
            return format!("{name} {status}");
        }
        let text = String::from_utf8(message.payload).unwrap();
        format!("{name} {}", text.split(':').next().unwrap())
    }
}

fn message(kind: Type, name: &str) -> ChaincodeMessage {
    ChaincodeMessage {
        r#type: kind.into(),
        txid: tx_id(name),
        channel_id: "mychannel".to_owned(),
        ..Default::default()
    }
}

fn tx_id(name: &str) -> String {
    TestCall::new("gate", "").nonce(name).tx_id()
}
