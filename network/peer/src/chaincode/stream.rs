//! The peer's side of one chaincode stream.
//!
//! A message that is not allowed in the stream's state ends the stream, and with it every
//! transaction that runs on it; the process goes on.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, Weak};

use fabric_protos::Message;
use fabric_protos::id::MspId;
use fabric_protos::protos::chaincode_message::Type;
use fabric_protos::protos::{ChaincodeAdditionalParams, ChaincodeId, ChaincodeMessage};
use pervade_ledger::answer::{Ask, Iterators};
use pervade_ports::Clock;
use thiserror::Error;
use tokio::sync::{mpsc, oneshot, watch};

use super::call::{Call, Support};
use super::link::ChaincodeLink;
use super::requests;
use crate::limits::{CHAINCODE_QUEUE_MAX, EXECUTE_TIMEOUT, GET_MULTIPLE_MAX, WRITE_BATCH_MAX};
use crate::lock;

/// One chaincode's stream, from its registration to its end.
pub(crate) struct ChaincodeStream {
    package_id: String,
    organization: MspId,
    outbound: mpsc::Sender<ChaincodeMessage>,
    running: Mutex<BTreeMap<ContextKey, Arc<Running>>>,
    phase: watch::Sender<Phase>,
}

/// A channel and a transaction: the same transaction may run twice on one stream, once per channel.
type ContextKey = (String, String);

/// How far a stream has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Nothing was said yet.
    Created,
    /// Registered; transactions may run.
    Ready,
    /// Over for good.
    Ended,
}

/// One transaction that a chaincode works on.
pub(crate) struct Running {
    /// What was called, on which state.
    pub(crate) call: Call,
    /// The peer's organisation.
    pub(crate) organization: MspId,
    /// Open range queries.
    pub(crate) iterators: Mutex<Iterators>,
    /// Set while a request of the chaincode is being answered.
    busy: AtomicBool,
    outcome: Mutex<Option<oneshot::Sender<ChaincodeMessage>>>,
}

impl ChaincodeStream {
    /// Begins a stream over `link`; returns at once, [`Self::ready`] tells when it may be used.
    pub(crate) fn open(
        package_id: String,
        link: ChaincodeLink,
        support: &Arc<Support>,
    ) -> Arc<Self> {
        let (outbound, queue) = mpsc::channel(CHAINCODE_QUEUE_MAX);
        let stream = Arc::new(Self {
            package_id,
            organization: support.organization().clone(),
            outbound,
            running: Mutex::default(),
            phase: watch::Sender::new(Phase::Created),
        });
        let ended = stream.phase.subscribe();
        let writer = write_all(queue, link.to_chaincode, ended);
        support.spawn("chaincode stream, to the chaincode", Box::pin(writer));
        let reader = Arc::clone(&stream).read_all(link.from_chaincode, Arc::downgrade(support));
        support.spawn("chaincode stream, from the chaincode", Box::pin(reader));
        stream
    }

    /// Waits until transactions may run, or the stream is over.
    pub(crate) async fn ready(&self) -> Phase {
        let mut phase = self.phase.subscribe();
        match phase.wait_for(|phase| *phase != Phase::Created).await {
            Ok(phase) => *phase,
            Err(_) => Phase::Ended,
        }
    }

    /// Whether the stream is over.
    pub(crate) fn has_ended(&self) -> bool {
        *self.phase.borrow() == Phase::Ended
    }

    /// Ends the stream; every transaction on it fails.
    pub(crate) fn end(&self) {
        self.phase.send_replace(Phase::Ended);
        lock(&self.running).clear();
    }

    /// Has the chaincode work on one transaction, and returns its last word.
    pub(crate) async fn execute(
        &self,
        call: Call,
        message: ChaincodeMessage,
        clock: &dyn Clock,
    ) -> Result<ChaincodeMessage, ExecuteError> {
        let key = (message.channel_id.clone(), message.txid.clone());
        let (outcome, mut finished) = oneshot::channel();
        let _entry = self.begin(key, call, outcome)?;
        let mut phase = self.phase.subscribe();
        self.send(message).map_err(|_| ExecuteError::Terminated)?;
        tokio::select! {
            biased;
            outcome = &mut finished => outcome.map_err(|_| ExecuteError::Terminated),
            _ = phase.wait_for(|phase| *phase == Phase::Ended) => Err(ExecuteError::Terminated),
            () = clock.sleep(EXECUTE_TIMEOUT) => Err(ExecuteError::Timeout),
        }
    }

    fn begin(
        &self,
        key: ContextKey,
        call: Call,
        outcome: oneshot::Sender<ChaincodeMessage>,
    ) -> Result<Entry<'_>, ExecuteError> {
        let mut running = lock(&self.running);
        if running.contains_key(&key) {
            return Err(ExecuteError::Exists { channel: key.0, tx_id: key.1 });
        }
        let context = Running {
            call,
            organization: self.organization.clone(),
            iterators: Mutex::default(),
            busy: AtomicBool::new(false),
            outcome: Mutex::new(Some(outcome)),
        };
        running.insert(key.clone(), Arc::new(context));
        Ok(Entry { stream: self, key })
    }

    async fn read_all(
        self: Arc<Self>,
        mut from_chaincode: mpsc::Receiver<ChaincodeMessage>,
        support: Weak<Support>,
    ) {
        let mut phase = self.phase.subscribe();
        loop {
            let message = tokio::select! {
                message = from_chaincode.recv() => message,
                _ = phase.wait_for(|phase| *phase == Phase::Ended) => None,
            };
            let (Some(message), Some(support)) = (message, support.upgrade()) else { break };
            if let Err(fault) = self.handle(message, &support) {
                tracing::warn!(package = self.package_id, %fault, "chaincode stream ended");
                break;
            }
        }
        self.end();
    }

    fn handle(
        self: &Arc<Self>,
        message: ChaincodeMessage,
        support: &Arc<Support>,
    ) -> Result<(), StreamFault> {
        let kind =
            Type::try_from(message.r#type).map_err(|_| StreamFault::UnknownType(message.r#type))?;
        let phase = *self.phase.borrow();
        match (phase, kind) {
            (_, Type::Keepalive) => Ok(()),
            (Phase::Created, Type::Register) => self.register(&message),
            (Phase::Ready, Type::Completed | Type::Error) => {
                self.finish(message);
                Ok(())
            }
            (Phase::Ready, Type::InvokeChaincode) => self.answer(None, message, support),
            (Phase::Ready, kind) if let Some(ask) = Ask::of(kind) => {
                self.answer(Some(ask), message, support)
            }
            (phase, kind) => Err(StreamFault::Unexpected { kind, phase }),
        }
    }

    fn register(&self, message: &ChaincodeMessage) -> Result<(), StreamFault> {
        let given = ChaincodeId::decode(message.payload.as_slice())
            .map_err(|source| StreamFault::Registration { source })?;
        if given.name != self.package_id {
            return Err(StreamFault::OtherPackage { given: given.name });
        }
        self.send(ChaincodeMessage { r#type: Type::Registered.into(), ..Default::default() })?;
        let terms = ChaincodeAdditionalParams {
            use_write_batch: true,
            max_size_write_batch: WRITE_BATCH_MAX,
            use_get_multiple_keys: true,
            max_size_get_multiple_keys: GET_MULTIPLE_MAX,
        };
        let payload = terms.encode_to_vec();
        self.send(ChaincodeMessage { r#type: Type::Ready.into(), payload, ..Default::default() })?;
        self.phase.send_replace(Phase::Ready);
        Ok(())
    }

    /// Hands a chaincode's last word to whoever waits for it. One for a transaction that is not
    /// running, or was finished before, is dropped.
    fn finish(&self, message: ChaincodeMessage) {
        let key = (message.channel_id.clone(), message.txid.clone());
        let context = lock(&self.running).get(&key).cloned();
        let waiting = context.and_then(|context| lock(&context.outcome).take());
        if waiting.is_none_or(|waiting| waiting.send(message).is_err()) {
            tracing::debug!(tx = key.1, "outcome of a transaction that is not running");
        }
    }

    /// Answers a request; nothing asked means that another chaincode is called.
    fn answer(
        self: &Arc<Self>,
        ask: Option<Ask>,
        message: ChaincodeMessage,
        support: &Arc<Support>,
    ) -> Result<(), StreamFault> {
        let key = (message.channel_id.clone(), message.txid.clone());
        let Some(context) = lock(&self.running).get(&key).cloned() else {
            return self.send(requests::no_context(&message));
        };
        if context.busy.swap(true, Ordering::AcqRel) {
            tracing::warn!(tx = key.1, "request dropped: the one before it is not answered yet");
            return Ok(());
        }
        let Some(ask) = ask else {
            let stream = Arc::clone(self);
            let nested = Arc::clone(support);
            let task = async move {
                let reply = requests::invoke_chaincode(&context.call, &message, &nested).await;
                stream.reply(&context, reply);
            };
            support.spawn("chaincode called by chaincode", Box::pin(task));
            return Ok(());
        };
        let reply = requests::answer(ask, &context, &message);
        context.busy.store(false, Ordering::Release);
        self.send(reply)
    }

    fn reply(&self, context: &Running, reply: ChaincodeMessage) {
        context.busy.store(false, Ordering::Release);
        if self.send(reply).is_err() {
            self.end();
        }
    }

    fn send(&self, message: ChaincodeMessage) -> Result<(), StreamFault> {
        self.outbound.try_send(message).map_err(|_| StreamFault::NotReading)
    }
}

/// Takes a transaction off its stream when nobody waits for it any more.
struct Entry<'a> {
    stream: &'a ChaincodeStream,
    key: ContextKey,
}

impl Drop for Entry<'_> {
    fn drop(&mut self) {
        lock(&self.stream.running).remove(&self.key);
    }
}

async fn write_all(
    mut queue: mpsc::Receiver<ChaincodeMessage>,
    to_chaincode: mpsc::Sender<ChaincodeMessage>,
    mut phase: watch::Receiver<Phase>,
) {
    let write = async {
        while let Some(message) = queue.recv().await {
            if to_chaincode.send(message).await.is_err() {
                break;
            }
        }
    };
    tokio::select! {
        () = write => {}
        _ = phase.wait_for(|phase| *phase == Phase::Ended) => {}
    }
}

/// A chaincode did not finish its work on a transaction.
#[derive(Debug, Error)]
pub(crate) enum ExecuteError {
    /// The chaincode did not answer in time; it is not told, and its later requests fail.
    #[error("timeout expired while executing transaction")]
    Timeout,
    /// The stream ended while the transaction ran.
    #[error("chaincode stream terminated")]
    Terminated,
    /// The transaction runs on this stream already.
    #[error("txid: {tx_id}({channel}) exists")]
    Exists {
        /// The channel's name.
        channel: String,
        /// The transaction's id.
        tx_id: String,
    },
}

/// What a chaincode did that ends its stream.
#[derive(Debug, Error)]
enum StreamFault {
    #[error("message of unknown type {0}")]
    UnknownType(i32),
    #[error("{} while {phase:?}", kind.as_str_name())]
    Unexpected { kind: Type, phase: Phase },
    #[error("registration does not parse")]
    Registration {
        #[source]
        source: prost::DecodeError,
    },
    #[error("registered as {given:?}, which is not the package that was launched")]
    OtherPackage { given: String },
    #[error("the chaincode does not take its messages")]
    NotReading,
}
