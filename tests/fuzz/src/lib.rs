//! The contract that fuzzed sessions run, and the messages that they hear.

use std::collections::BTreeMap;

use arbitrary::Arbitrary;
use fabric_protos::Message as _;
use fabric_protos::protos::chaincode_message::Type;
use fabric_protos::protos::{
    ChaincodeAdditionalParams, ChaincodeInput, ChaincodeMessage, GetStateMultipleResult,
    QueryResponse, QueryResultBytes, Response, StateMetadata, StateMetadataResult,
};
use fabric_protos::queryresult::Kv;
use pervade_chaincode::testing::TestCall;
use pervade_chaincode::{
    ChaincodeName, KeyPolicy, LedgerError, ReadTransaction, Role, Transaction, contract,
};

/// A message of a peer that may be hostile.
#[derive(Arbitrary, Clone, Debug)]
pub struct Sent {
    /// Which transaction it is about.
    pub transaction: u8,
    /// What it is.
    pub content: Content,
}

/// What a message is.
#[derive(Arbitrary, Clone, Debug)]
pub enum Content {
    /// A call of a function of the contract.
    Call(u8),
    /// The same as initialisation.
    Init(u8),
    /// A reply, perhaps to what was asked.
    Reply(Payload),
    /// An error's text.
    Error(Vec<u8>),
    /// Anything else.
    Other { kind: i8, payload: Vec<u8>, proposed: bool },
}

/// What a reply carries.
#[derive(Arbitrary, Clone, Debug)]
pub enum Payload {
    /// Nothing in particular.
    Bytes(Vec<u8>),
    /// Entries of a range.
    Entries { count: u8, more: bool },
    /// Values of keys.
    Values(u8),
    /// Metadata of a key.
    Metadata(Vec<u8>),
    /// The answer of a called chaincode.
    Answer { completed: bool, status: i16 },
}

/// What a peer announces, and all that it sends.
#[derive(Arbitrary, Clone, Debug)]
pub struct Stream {
    /// Most writes in a batch.
    pub batch: Option<u16>,
    /// Most keys in one read.
    pub keys: Option<u16>,
    /// Whether it registers the chaincode as it should.
    pub registers: bool,
    /// What follows.
    pub sent: Vec<Sent>,
}

/// Functions of the contract.
const CALLS: [&[&str]; 14] = [
    &["value", "k"],
    &["write", "k", "v"],
    &["write_many", "3"],
    &["write_many", "250"],
    &["read_many", "5"],
    &["keys", "2"],
    &["keys", "300"],
    &["page", "7"],
    &["past", "k"],
    &["hide", "k"],
    &["own", "k"],
    &["ask_other"],
    &["panics"],
    &["nothing_of_that_name"],
];

impl Stream {
    /// The messages before any transaction.
    pub fn opening(&self) -> Vec<ChaincodeMessage> {
        let announced = ChaincodeAdditionalParams {
            use_write_batch: self.batch.is_some(),
            max_size_write_batch: self.batch.unwrap_or_default().into(),
            use_get_multiple_keys: self.keys.is_some(),
            max_size_get_multiple_keys: self.keys.unwrap_or_default().into(),
        };
        let message = |kind: Type, payload| ChaincodeMessage {
            r#type: kind.into(),
            payload,
            ..ChaincodeMessage::default()
        };
        if !self.registers {
            return Vec::new();
        }
        let ready = message(Type::Ready, announced.encode_to_vec());
        vec![message(Type::Registered, Vec::new()), ready]
    }
}

impl Sent {
    /// The message as it travels.
    pub fn message(&self) -> ChaincodeMessage {
        let channel = if self.transaction & 4 == 0 { "one" } else { "other" };
        let [name, args @ ..] = self.call() else { return ChaincodeMessage::default() };
        let call = TestCall::new("fuzzed", name)
            .nonce([self.transaction & 3])
            .on_channel(channel);
        let call = args.iter().fold(call, |call, arg| call.arg(*arg));
        let args = [name].into_iter().chain(args).map(|arg| arg.as_bytes().to_vec()).collect();
        let input = ChaincodeInput { args, ..ChaincodeInput::default() }.encode_to_vec();
        let (kind, payload, is_proposed) = match &self.content {
            Content::Call(_) => (Type::Transaction.into(), input, true),
            Content::Init(_) => (Type::Init.into(), input, true),
            Content::Reply(payload) => (Type::Response.into(), payload.encode(), false),
            Content::Error(text) => (Type::Error.into(), text.clone(), false),
            Content::Other { kind, payload, proposed } => {
                (i32::from(*kind), payload.clone(), *proposed)
            }
        };
        ChaincodeMessage {
            r#type: kind,
            payload,
            txid: call.tx_id(),
            channel_id: channel.to_owned(),
            proposal: is_proposed.then(|| call.proposal()),
            ..ChaincodeMessage::default()
        }
    }

    fn call(&self) -> &'static [&'static str] {
        match self.content {
            Content::Call(number) | Content::Init(number) => {
                CALLS[usize::from(number) % CALLS.len()]
            }
            Content::Reply(_) | Content::Error(_) | Content::Other { .. } => CALLS[0],
        }
    }
}

impl Payload {
    fn encode(&self) -> Vec<u8> {
        match self {
            Self::Bytes(bytes) => bytes.clone(),
            Self::Entries { count, more } => entries(*count, *more).encode_to_vec(),
            Self::Values(count) => {
                let values = (0..*count).map(|number| vec![number; 2]).collect();
                GetStateMultipleResult { values }.encode_to_vec()
            }
            Self::Metadata(value) => {
                let metakey = KeyPolicy::METADATA_NAME.to_owned();
                let entries = vec![StateMetadata { metakey, value: value.clone() }];
                StateMetadataResult { entries }.encode_to_vec()
            }
            Self::Answer { completed, status } => {
                let answer = Response { status: (*status).into(), ..Response::default() };
                let kind = if *completed { Type::Completed } else { Type::Error };
                let nested = ChaincodeMessage {
                    r#type: kind.into(),
                    payload: answer.encode_to_vec(),
                    ..ChaincodeMessage::default()
                };
                nested.encode_to_vec()
            }
        }
    }
}

fn entries(count: u8, has_more: bool) -> QueryResponse {
    let entry = |number: u8| {
        let key = format!("k{number:03}");
        let entry = Kv { namespace: "fuzzed".to_owned(), key, value: vec![number] };
        QueryResultBytes { result_bytes: entry.encode_to_vec() }
    };
    QueryResponse {
        results: (0..count).map(entry).collect(),
        has_more,
        id: "iterator".to_owned(),
        ..QueryResponse::default()
    }
}

/// Asks the ledger everything that there is to ask.
pub struct Fuzzed;

#[contract(name = "fuzzed", default)]
impl Fuzzed {
    #[evaluate]
    async fn value(&self, tx: &ReadTransaction, key: String) -> Result<Vec<u8>, LedgerError> {
        Ok(tx.get(key).await?.unwrap_or_default())
    }

    #[submit]
    async fn write(
        &self,
        tx: &mut Transaction,
        key: String,
        value: String,
    ) -> Result<(), LedgerError> {
        tx.get(&key).await?;
        tx.put(&key, value.into_bytes()).await?;
        tx.delete("gone").await?;
        tx.set_event("written", key.into_bytes())
    }

    #[submit]
    async fn write_many(&self, tx: &mut Transaction, count: u32) -> Result<(), LedgerError> {
        for number in 0..count {
            tx.put(format!("k{number}"), vec![1]).await?;
        }
        Ok(())
    }

    #[evaluate]
    async fn read_many(&self, tx: &ReadTransaction, count: u32) -> Result<u64, LedgerError> {
        let keys: Vec<String> = (0..count).map(|number| format!("k{number}")).collect();
        let values = tx.get_many(&keys).await?;
        Ok(values.iter().flatten().map(|value| value.len() as u64).sum())
    }

    #[evaluate]
    async fn keys(&self, tx: &ReadTransaction, most: u32) -> Result<String, LedgerError> {
        let mut range = tx.range("", "")?;
        let mut keys = Vec::new();
        for _ in 0..most {
            let Some(entry) = range.next().await? else { break };
            keys.push(entry.key);
        }
        drop(range);
        tx.get("after").await?;
        Ok(keys.join(" "))
    }

    #[evaluate]
    async fn page(&self, tx: &mut ReadTransaction, size: u32) -> Result<String, LedgerError> {
        let page = tx.range_page("", "", size, "").await?;
        Ok(page.bookmark)
    }

    #[evaluate]
    async fn past(&self, tx: &ReadTransaction, key: String) -> Result<u64, LedgerError> {
        let mut past = tx.history(key)?;
        let mut count = 0;
        while count < 500 && past.next().await?.is_some() {
            count += 1;
        }
        Ok(count)
    }

    #[submit]
    async fn hide(&self, tx: &mut Transaction, key: String) -> Result<(), LedgerError> {
        let mut secrets = tx.private("secrets");
        secrets.hash(&key).await?;
        secrets.put(&key, vec![2]).await?;
        secrets.purge(&key).await
    }

    #[submit]
    async fn own(&self, tx: &mut Transaction, key: String) -> Result<bool, LedgerError> {
        let had = tx.key_policy(&key).await?.is_some();
        let policy = KeyPolicy::signed_by("OrgMSP".parse().expect("a name"), Role::Peer);
        tx.put(&key, vec![3]).await?;
        tx.set_key_policy(&key, &policy).await?;
        Ok(had)
    }

    #[submit]
    async fn ask_other(&self, tx: &mut Transaction) -> Result<Vec<u8>, Told> {
        let other = ChaincodeName::new("other").expect("a name");
        tx.put("before", vec![4]).await.map_err(|error| Told(error.to_string()))?;
        let called = tx.call(&other, "f", Vec::new()).await;
        called.map_err(|error| Told(error.to_string()))
    }

    #[evaluate]
    async fn panics(&self, tx: &ReadTransaction) -> Result<(), LedgerError> {
        tx.get("k").await?;
        std::panic::resume_unwind(Box::new("as it was told"))
    }
}

/// Why a call of another chaincode failed.
#[derive(Debug)]
struct Told(String);

impl std::fmt::Display for Told {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Told {}

impl pervade_chaincode::Fault for Told {
    fn status(&self) -> pervade_chaincode::Status {
        pervade_chaincode::Status::BAD_REQUEST
    }

    fn code(&self) -> &str {
        "TOLD"
    }
}

/// What a session said, by transaction.
pub type Heard = BTreeMap<(String, String), Vec<ChaincodeMessage>>;
