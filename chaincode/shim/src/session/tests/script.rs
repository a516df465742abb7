//! A peer that reads scripts, and what it says and hears in few words.

use super::*;

/// Sends a script's messages and writes down the answers.
pub(super) struct Peer {
    pub(super) session: Session,
    /// Since the stream was opened.
    now: Duration,
    pub(super) transcript: Vec<String>,
    /// The script's name of each transaction, by identifier.
    names: BTreeMap<String, String>,
}

impl Peer {
    pub(super) fn new() -> Self {
        Self::with_limits(Limits::default())
    }

    pub(super) fn with_limits(limits: Limits) -> Self {
        let chaincode = Chaincode::new("store".parse().unwrap()).with(Store::default());
        let (session, opening) = Session::with_limits(Arc::new(chaincode), "store:1", limits);
        let (now, transcript, names) = (Duration::ZERO, Vec::new(), BTreeMap::new());
        let mut peer = Self { session, now, transcript, names };
        peer.write_down(opening);
        peer
    }

    pub(super) fn ready() -> Self {
        let mut peer = Self::new();
        peer.run(READY);
        peer.transcript.clear();
        peer
    }

    #[track_caller]
    pub(super) fn check(&self, answers: Expect) {
        answers.assert_eq(&self.transcript.join("\n"));
    }

    /// Lets time pass since the stream was opened.
    pub(super) fn expire(&mut self, seconds: u64) {
        self.now = Duration::from_secs(seconds);
        let answers = self.session.expire(self.now);
        self.write_down(answers);
    }

    /// As the session's own, at another time than its opening.
    pub(super) fn step(
        &mut self,
        message: ChaincodeMessage,
    ) -> Result<Vec<ChaincodeMessage>, SessionError> {
        Ok(match self.session.accept(message, self.now)? {
            Next::Nothing => Vec::new(),
            Next::Send(message) => vec![message],
            Next::Run(work) => self.session.settle(work.run()).into_iter().collect(),
        })
    }

    pub(super) fn run(&mut self, script: &str) {
        for line in script.lines() {
            let line = line.trim().strip_prefix("<- ").expect("the peer's line");
            let message = self.message(line);
            match self.step(message) {
                Ok(answers) => self.write_down(answers),
                Err(error) => {
                    let text = self.with_names(error.to_string());
                    self.transcript.push(format!("closed: {text}"));
                }
            }
        }
    }

    pub(super) fn message(&mut self, line: &str) -> ChaincodeMessage {
        let mut words = line.splitn(3, ' ');
        let verb = words.next().unwrap();
        let (channel, tx) = words.next().unwrap_or("/").split_once('/').unwrap();
        let rest = words.next().unwrap_or_default();
        let call = call(tx, rest);
        self.names.insert(call.tx_id(), tx.to_owned());
        let proposal = (verb != "UNSIGNED").then(|| call.proposal());
        let (kind, payload) = match verb {
            "TRANSACTION" | "UNSIGNED" => (Type::Transaction, input(rest)),
            "INIT" => (Type::Init, input(rest)),
            "GARBLED" => (Type::Transaction, vec![0xff]),
            "PAGE" => (Type::Response, page(rest)),
            "ANNOUNCES" => (Type::Ready, announced(rest)),
            "METADATA" => (Type::Response, metadata(rest)),
            "CHANGES" => (Type::Response, changes(rest)),
            "CALLED" => {
                let (status, said) = rest.split_once(' ').unwrap();
                let (message, payload) = if status == "200" { ("", said) } else { (said, "") };
                let response = Response {
                    status: status.parse().unwrap(),
                    message: message.to_owned(),
                    payload: payload.into(),
                };
                (Type::Response, nested(Type::Completed, response.encode_to_vec()))
            }
            "UNCALLED" => (Type::Response, nested(Type::Error, rest.into())),
            other => (Type::from_str_name(other).expect("a message type"), rest.into()),
        };
        ChaincodeMessage {
            r#type: kind.into(),
            payload,
            txid: if tx.is_empty() { String::new() } else { call.tx_id() },
            channel_id: channel.to_owned(),
            proposal,
            ..Default::default()
        }
    }

    pub(super) fn write_down(&mut self, answers: Vec<ChaincodeMessage>) {
        for answer in answers {
            let line = self.with_names(format!("-> {}", render(&answer)));
            self.transcript.push(line);
        }
    }

    pub(super) fn with_names(&self, text: String) -> String {
        self.names.iter().fold(text, |text, (tx_id, name)| text.replace(tx_id, name))
    }
}

pub(super) fn call(tx: &str, line: &str) -> TestCall {
    let function = line.split(' ').next().unwrap_or_default();
    TestCall::new("store", function).nonce(tx).on_channel("ch")
}

pub(super) fn input(line: &str) -> Vec<u8> {
    let args = line.split(' ').filter(|word| !word.is_empty());
    let args = args.map(|word| word.as_bytes().to_vec()).collect();
    ChaincodeInput { args, ..Default::default() }.encode_to_vec()
}

pub(super) fn page(line: &str) -> Vec<u8> {
    let bookmark = line.split(' ').find_map(|word| word.strip_prefix("bookmark="));
    let metadata = bookmark.map(|bookmark| {
        let bookmark = bookmark.to_owned();
        QueryResponseMetadata { fetched_records_count: 2, bookmark }.encode_to_vec()
    });
    let records = line.split(' ').filter(|word| !word.starts_with("bookmark="));
    let entry = |key: &str| {
        let entry = Kv { namespace: "store".into(), key: key.into(), value: b"v".to_vec() };
        entry.encode_to_vec()
    };
    QueryResponse { metadata: metadata.unwrap_or_default(), ..query_response(records, entry) }
        .encode_to_vec()
}

pub(super) fn metadata(line: &str) -> Vec<u8> {
    let entries = line.split(' ').map(|word| {
        let (name, value) = word.split_once('=').unwrap();
        StateMetadata { metakey: name.into(), value: value.into() }
    });
    StateMetadataResult { entries: entries.collect() }.encode_to_vec()
}

/// The words for a private collection; none for public state.
pub(super) fn within(collection: &str) -> String {
    if collection.is_empty() { String::new() } else { format!(" in {collection}") }
}

/// Most writes and most keys of a request; `no` for none.
pub(super) fn announced(line: &str) -> Vec<u8> {
    let (writes, keys) = line.split_once(' ').unwrap();
    ChaincodeAdditionalParams {
        use_write_batch: writes != "no",
        max_size_write_batch: writes.parse().unwrap_or(7),
        use_get_multiple_keys: keys != "no",
        max_size_get_multiple_keys: keys.parse().unwrap_or(7),
    }
    .encode_to_vec()
}

/// `tx=value` is a write, `tx` alone a deletion.
pub(super) fn changes(line: &str) -> Vec<u8> {
    let change = |word: &str| {
        let (tx_id, value) = word.split_once('=').unwrap_or((word, ""));
        KeyModification {
            tx_id: tx_id.into(),
            value: value.into(),
            timestamp: Some(Timestamp { seconds: 7, nanos: 0 }),
            is_delete: value.is_empty(),
        }
        .encode_to_vec()
    };
    query_response(line.split(' '), change).encode_to_vec()
}

pub(super) fn query_response<'a>(
    words: impl Iterator<Item = &'a str>,
    record: impl Fn(&str) -> Vec<u8>,
) -> QueryResponse {
    let (more, records): (Vec<_>, Vec<_>) = words.partition(|word| word.starts_with("more="));
    let iterator = more.first().and_then(|word| word.strip_prefix("more="));
    QueryResponse {
        results: records
            .into_iter()
            .map(|word| QueryResultBytes { result_bytes: record(word) })
            .collect(),
        has_more: iterator.is_some(),
        id: iterator.unwrap_or("i").to_owned(),
        metadata: Vec::new(),
    }
}

pub(super) fn nested(kind: Type, payload: Vec<u8>) -> Vec<u8> {
    ChaincodeMessage { r#type: kind.into(), payload, ..Default::default() }.encode_to_vec()
}

#[expect(clippy::wildcard_enum_match_arm, reason = "all others carry text or nothing")]
pub(super) fn render(message: &ChaincodeMessage) -> String {
    let kind = Type::try_from(message.r#type).unwrap();
    let bytes = message.payload.as_slice();
    let said = match kind {
        Type::Register => ChaincodeId::decode(bytes).unwrap().name,
        Type::GetState | Type::GetPrivateDataHash => {
            let get = GetState::decode(bytes).unwrap();
            get.key + &within(&get.collection)
        }
        Type::DelState => {
            let delete = DelState::decode(bytes).unwrap();
            delete.key + &within(&delete.collection)
        }
        Type::PurgePrivateData => {
            let purge = PurgePrivateState::decode(bytes).unwrap();
            purge.key + &within(&purge.collection)
        }
        Type::GetStateMetadata => GetStateMetadata::decode(bytes).unwrap().key,
        Type::PutStateMetadata => {
            let put = PutStateMetadata::decode(bytes).unwrap();
            let metadata = put.metadata.unwrap();
            format!("{} {} of {} bytes", put.key, metadata.metakey, metadata.value.len())
        }
        Type::PutState => {
            let put = PutState::decode(bytes).unwrap();
            let value = String::from_utf8(put.value).unwrap();
            format!("{}={value}{}", put.key, within(&put.collection))
        }
        Type::WriteBatchState => {
            let writes = WriteBatchState::decode(bytes).unwrap().rec.into_iter();
            let writes =
                writes.map(|write| write.key + "=" + str::from_utf8(&write.value).unwrap());
            writes.collect::<Vec<_>>().join(" ")
        }
        Type::GetStateByRange => {
            let range = GetStateByRange::decode(bytes).unwrap();
            let QueryMetadata { page_size, bookmark } =
                QueryMetadata::decode(range.metadata.as_slice()).unwrap();
            let page = format!(" page of {page_size} from {bookmark:?}");
            let page = if page_size == 0 { "" } else { &page };
            let within = within(&range.collection);
            format!("{:?}..{:?}{page}{within}", range.start_key, range.end_key)
        }
        Type::GetHistoryForKey => GetHistoryForKey::decode(bytes).unwrap().key,
        Type::QueryStateNext => QueryStateNext::decode(bytes).unwrap().id,
        Type::QueryStateClose => QueryStateClose::decode(bytes).unwrap().id,
        Type::InvokeChaincode => {
            let call = ChaincodeSpec::decode(bytes).unwrap();
            let arguments = call.input.unwrap().args.concat();
            format!("{} {}", call.chaincode_id.unwrap().name, String::from_utf8(arguments).unwrap())
        }
        Type::Completed => completed(message),
        _ => String::from_utf8_lossy(bytes).into_owned(),
    };
    let place = match (message.channel_id.as_str(), message.txid.as_str()) {
        ("", "") => String::new(),
        (channel, tx) => format!(" {channel}/{tx}"),
    };
    format!("{}{place} {said}", kind.as_str_name()).trim_end().to_owned()
}

pub(super) fn completed(message: &ChaincodeMessage) -> String {
    let response = Response::decode(message.payload.as_slice()).unwrap();
    let said = String::from_utf8(response.payload).unwrap() + &response.message;
    let event = message.chaincode_event.as_ref();
    let event = event.map(|event| {
        let payload = String::from_utf8_lossy(&event.payload);
        format!(" event {}({payload}) of {}", event.event_name, event.tx_id)
    });
    format!("{} {said}{}", response.status, event.unwrap_or_default())
}
