use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use fabric_protos::Message;
use fabric_protos::protos::chaincode_message::Type;
use fabric_protos::protos::{
    ChaincodeEvent, ChaincodeId, ChaincodeInput, ChaincodeMessage, ChaincodeSpec, GetState,
    GetStateByRange, PutState, QueryResponse, QueryStateNext, Response,
};
use fabric_protos::queryresult::Kv;
use pervade_ports::BoxFuture;
use tokio::sync::mpsc;

use crate::{ChaincodeLink, Launch, LaunchError};

/// A chaincode whose arguments are its program:
///
/// | arguments | what it does |
/// |---|---|
/// | `put KEY VALUE`, `get KEY`, `fill N` | state; `fill` writes N keys |
/// | `range START END` | returns the keys, joined |
/// | `private COLLECTION KEY VALUE`, `reveal COLLECTION KEY` | private state |
/// | `event NAME PAYLOAD` | sets an event and writes a key |
/// | `call CHAINCODE ARGS…` | calls another chaincode and returns its answer |
/// | `status N TEXT`, `error TEXT` | fails, with a status or without |
/// | `where` | writes and returns its peer's address, so that endorsements differ |
/// | `twice KEY` | asks a second time before the first answer |
/// | `illegal`, `die`, `hang` | breaks the protocol, ends the stream, says nothing |
pub(crate) struct Scripted {
    package_id: String,
    address: String,
    /// How often it was launched.
    pub(crate) launched: Arc<AtomicUsize>,
}

impl Scripted {
    pub(crate) fn new(package_id: &str, address: &str) -> Self {
        let (package_id, address) = (package_id.to_owned(), address.to_owned());
        Self { package_id, address, launched: Arc::default() }
    }
}

impl Launch for Scripted {
    fn launch(&self) -> BoxFuture<'_, Result<ChaincodeLink, LaunchError>> {
        self.launched.fetch_add(1, Ordering::Relaxed);
        let (to_chaincode, from_peer) = mpsc::channel(4);
        let (to_peer, from_chaincode) = mpsc::channel(4);
        let script = Script { to_peer, from_peer, address: self.address.clone() };
        tokio::spawn(script.run(self.package_id.clone()));
        Box::pin(async { Ok(ChaincodeLink { to_chaincode, from_chaincode }) })
    }
}

/// The chaincode's end of one stream; it works on one transaction at a time.
pub(crate) struct Script {
    pub(crate) to_peer: mpsc::Sender<ChaincodeMessage>,
    pub(crate) from_peer: mpsc::Receiver<ChaincodeMessage>,
    pub(crate) address: String,
}

/// The stream is over.
struct Over;

impl Script {
    pub(crate) async fn run(mut self, package_id: String) {
        let id = ChaincodeId { name: package_id, ..Default::default() };
        let register = ChaincodeMessage {
            r#type: Type::Register.into(),
            payload: id.encode_to_vec(),
            ..Default::default()
        };
        if self.to_peer.send(register).await.is_err() {
            return;
        }
        while let Some(message) = self.from_peer.recv().await {
            if message.r#type() == Type::Transaction && self.work(message).await.is_err() {
                return;
            }
        }
    }

    async fn work(&mut self, transaction: ChaincodeMessage) -> Result<(), Over> {
        let input = ChaincodeInput::decode(transaction.payload.as_slice()).unwrap();
        let args: Vec<_> =
            input.args.iter().map(|arg| String::from_utf8(arg.clone()).unwrap()).collect();
        let args: Vec<_> = args.iter().map(String::as_str).collect();
        let mut event = None;
        let response = match args.as_slice() {
            ["error", text] => {
                return self.say(&transaction, Type::Error, text.as_bytes().to_vec()).await;
            }
            ["status", status, text] => Response {
                status: status.parse().unwrap(),
                message: (*text).to_owned(),
                payload: Vec::new(),
            },
            ["event", name, payload] => {
                event = Some(ChaincodeEvent {
                    chaincode_id: "a lie".to_owned(),
                    tx_id: "another".to_owned(),
                    event_name: (*name).to_owned(),
                    payload: payload.as_bytes().to_vec(),
                });
                ok(self.put(&transaction, "event", name).await?)
            }
            args => self.run_function(&transaction, args).await?,
        };
        let completed = ChaincodeMessage {
            r#type: Type::Completed.into(),
            payload: response.encode_to_vec(),
            chaincode_event: event,
            ..reply_to(&transaction)
        };
        self.to_peer.send(completed).await.map_err(|_| Over)
    }

    async fn run_function(
        &mut self,
        transaction: &ChaincodeMessage,
        args: &[&str],
    ) -> Result<Response, Over> {
        Ok(match args {
            ["put", key, value] => ok(self.put(transaction, key, value).await?),
            ["get", key] => ok(self.get(transaction, "", key).await?),
            ["fill", count] => {
                for number in 0..count.parse::<u32>().unwrap() {
                    self.put(transaction, &format!("key{number:04}"), "x").await?;
                }
                ok(Vec::new())
            }
            ["range", start, end] => ok(self.range(transaction, start, end).await?),
            ["private", collection, key, value] => {
                let put = put_state(collection, key, value);
                ok(self.ask(transaction, Type::PutState, put).await?)
            }
            ["reveal", collection, key] => ok(self.get(transaction, collection, key).await?),
            ["call", chaincode, args @ ..] => self.call(transaction, chaincode, args).await?,
            ["where"] => {
                let address = self.address.clone();
                self.put(transaction, "where", &address).await?;
                ok(address.into_bytes())
            }
            ["twice", key] => {
                let get = GetState { key: (*key).to_owned(), ..Default::default() };
                self.say(transaction, Type::GetState, get.encode_to_vec()).await?;
                ok(self.get(transaction, "", key).await?)
            }
            ["illegal"] => {
                self.say(transaction, Type::Ready, Vec::new()).await?;
                std::future::pending().await
            }
            ["hang"] => std::future::pending().await,
            _ => return Err(Over),
        })
    }

    async fn put(
        &mut self,
        transaction: &ChaincodeMessage,
        key: &str,
        value: &str,
    ) -> Result<Vec<u8>, Over> {
        self.ask(transaction, Type::PutState, put_state("", key, value)).await
    }

    async fn get(
        &mut self,
        transaction: &ChaincodeMessage,
        collection: &str,
        key: &str,
    ) -> Result<Vec<u8>, Over> {
        let get = GetState { key: key.to_owned(), collection: collection.to_owned() };
        self.ask(transaction, Type::GetState, get.encode_to_vec()).await
    }

    async fn range(
        &mut self,
        transaction: &ChaincodeMessage,
        start: &str,
        end: &str,
    ) -> Result<Vec<u8>, Over> {
        let range = GetStateByRange {
            start_key: start.to_owned(),
            end_key: end.to_owned(),
            ..Default::default()
        };
        let mut answer =
            self.ask(transaction, Type::GetStateByRange, range.encode_to_vec()).await?;
        let mut batches = Vec::new();
        loop {
            let batch = QueryResponse::decode(answer.as_slice()).unwrap();
            batches.push(batch.results.len().to_string());
            let last = batch.results.last().map(|last| last.result_bytes.clone());
            if !batch.has_more {
                let last = Kv::decode(last.unwrap_or_default().as_slice()).unwrap().key;
                return Ok(format!("{} up to {last}", batches.join("+")).into_bytes());
            }
            let next = QueryStateNext { id: batch.id };
            answer = self.ask(transaction, Type::QueryStateNext, next.encode_to_vec()).await?;
        }
    }

    async fn call(
        &mut self,
        transaction: &ChaincodeMessage,
        chaincode: &str,
        args: &[&str],
    ) -> Result<Response, Over> {
        let args = args.iter().map(|arg| arg.as_bytes().to_vec()).collect();
        let spec = ChaincodeSpec {
            chaincode_id: Some(ChaincodeId { name: chaincode.to_owned(), ..Default::default() }),
            input: Some(ChaincodeInput { args, ..Default::default() }),
            ..Default::default()
        };
        self.say(transaction, Type::InvokeChaincode, spec.encode_to_vec()).await?;
        let answer = self.from_peer.recv().await.ok_or(Over)?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        if answer.r#type() == Type::Error {
            return Ok(Response {
                status: 500,
                message: text(&answer.payload),
                ..Default::default()
            });
        }
        let nested = ChaincodeMessage::decode(answer.payload.as_slice()).unwrap();
        if nested.r#type() == Type::Error {
            return Ok(Response {
                status: 500,
                message: text(&nested.payload),
                ..Default::default()
            });
        }
        Ok(Response::decode(nested.payload.as_slice()).unwrap())
    }

    /// Asks the peer and waits; a refusal becomes the answer's text.
    async fn ask(
        &mut self,
        transaction: &ChaincodeMessage,
        kind: Type,
        payload: Vec<u8>,
    ) -> Result<Vec<u8>, Over> {
        self.say(transaction, kind, payload).await?;
        Ok(self.from_peer.recv().await.ok_or(Over)?.payload)
    }

    async fn say(
        &mut self,
        transaction: &ChaincodeMessage,
        kind: Type,
        payload: Vec<u8>,
    ) -> Result<(), Over> {
        let message = ChaincodeMessage { r#type: kind.into(), payload, ..reply_to(transaction) };
        self.to_peer.send(message).await.map_err(|_| Over)
    }
}

fn reply_to(transaction: &ChaincodeMessage) -> ChaincodeMessage {
    ChaincodeMessage {
        txid: transaction.txid.clone(),
        channel_id: transaction.channel_id.clone(),
        ..Default::default()
    }
}

fn put_state(collection: &str, key: &str, value: &str) -> Vec<u8> {
    PutState {
        key: key.to_owned(),
        value: value.as_bytes().to_vec(),
        collection: collection.to_owned(),
    }
    .encode_to_vec()
}

fn ok(payload: Vec<u8>) -> Response {
    Response { status: 200, message: String::new(), payload }
}
