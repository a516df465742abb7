//! A network as Fabric's own Node client uses it: `tests/official/calls.mjs`.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use fabric_protos::Message as _;
use fabric_protos::common::Block;
use fabric_protos::protos::TxValidationCode;
use libtest_mimic::Failed;
use pervade_identity::Certificate;
use pervade_ledger::block;
use pervade_ledger::rwset::ReadWriteSet;
use pervade_ledger::transaction::{Unpacked, indexed_tx_id, unpack};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::time::timeout;

use super::script::{Call, User};
use super::{Ended, Ground, Ordered};
use crate::node;

/// How long a call may take. Generous: it only has to end those that hang.
const PATIENCE: Duration = Duration::from_secs(90);

/// How a user reaches a peer, as the script reads it.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Access {
    pub(crate) mspid: String,
    pub(crate) endpoint: String,
    #[serde(rename = "override")]
    pub(crate) host: String,
    pub(crate) tls_root: PathBuf,
    pub(crate) cert: PathBuf,
    pub(crate) key: PathBuf,
}

/// The running script.
pub(crate) struct Driver {
    users: BTreeMap<User, Access>,
    _script: Child,
    told: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Answer {
    Refused { refused: String },
    Block { bytes: String },
    Ordered { payload: String, tx: String, block: u64, code: i32 },
    Evaluated { payload: String },
}

impl Driver {
    pub(crate) async fn start(
        channel: &str,
        users: BTreeMap<User, Access>,
    ) -> Result<Self, Failed> {
        let mut command = Command::from(node::script("calls.mjs"));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut script = command.spawn()?;
        let told = script.stdin.take().ok_or("no standard input")?;
        let answers = script.stdout.take().ok_or("no standard output")?;
        let answers = BufReader::new(answers).lines();
        let mut driver = Self { users, _script: script, told, answers };
        let users: BTreeMap<String, &Access> =
            driver.users.iter().map(|(user, access)| (user.to_string(), access)).collect();
        let first = json!({"channel": channel, "users": users}).to_string();
        driver.tell(&first).await?;
        Ok(driver)
    }

    async fn tell(&mut self, line: &str) -> Result<(), Failed> {
        Ok(self.told.write_all(format!("{line}\n").as_bytes()).await?)
    }

    async fn ask(&mut self, question: serde_json::Value) -> Result<Answer, Failed> {
        self.tell(&question.to_string()).await?;
        let line = timeout(PATIENCE, self.answers.next_line()).await??;
        Ok(serde_json::from_str(&line.ok_or("the script has ended")?)?)
    }

    /// What a transaction in a block read and writes.
    async fn rwset(&mut self, number: u64, tx_id: &str) -> Result<ReadWriteSet, Failed> {
        let Answer::Block { bytes } = self.ask(json!({"block": number})).await? else {
            return Err(format!("no block {number}").into());
        };
        let block = Block::decode(STANDARD.decode(bytes)?.as_slice())?;
        let of = |envelope: &&Vec<u8>| {
            indexed_tx_id(envelope).is_some_and(|found| found.as_str() == tx_id)
        };
        let envelope = block::envelopes(&block).iter().find(of).ok_or("not in its block")?;
        results(envelope)
    }
}

impl Ground for Driver {
    fn certificate(&mut self, user: User) -> Result<Certificate, Failed> {
        let file = &self.users.get(&user).ok_or("no such user")?.cert;
        Ok(Certificate::from_pem(&fs::read(file)?)?)
    }

    async fn call(&mut self, call: &Call, args: Vec<Vec<u8>>) -> Result<Ended, Failed> {
        let transient = call.transient.iter();
        let transient: BTreeMap<_, _> =
            transient.map(|(name, value)| (name, STANDARD.encode(value))).collect();
        let asked = json!({
            "user": call.user.to_string(),
            "chaincode": call.chaincode,
            "function": call.function,
            "args": args.iter().map(|arg| STANDARD.encode(arg)).collect::<Vec<_>>(),
            "transient": transient,
            "organizations": call.organizations,
            "evaluate": call.evaluate,
        });
        match self.ask(asked).await? {
            Answer::Refused { refused } => Ok(Ended::Refused(contracts_words(&refused))),
            Answer::Evaluated { payload } => Ok(Ended::Evaluated(STANDARD.decode(payload)?)),
            Answer::Block { .. } => Err("a block, and nobody asked for one".into()),
            Answer::Ordered { payload, tx, block, code } => {
                let rwset = self.rwset(block, &tx).await?;
                let payload = STANDARD.decode(payload)?;
                let code = TxValidationCode::try_from(code)?;
                Ok(Ended::Ordered(Box::new(Ordered { payload, tx_id: tx, code, rwset })))
            }
        }
    }
}

/// The words without what the gateway puts before them.
fn contracts_words(refused: &str) -> String {
    refused.strip_prefix("chaincode response ").unwrap_or(refused).to_owned()
}

fn results(envelope: &[u8]) -> Result<ReadWriteSet, Failed> {
    match unpack(envelope) {
        Ok(Unpacked::Endorser(transaction)) => Ok(transaction.rwset),
        _ => Err("no endorsed transaction".into()),
    }
}
