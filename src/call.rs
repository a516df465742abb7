//! `pervade submit` and `pervade evaluate`.

use std::fmt;
use std::fs;
use std::io::{self, Read as _};
use std::path::PathBuf;
use std::time::Instant;

use clap::Args;
use fabric_protos::id::{ChaincodeName, MspId};
use pervade_peer_client::{Network, Outcome, ProposalBuilder};
use serde::Serialize;

use crate::connect::{Caller, Known, Where};
use crate::failure::{Failure, OrFail as _};
use crate::output::Output;

/// A call of one function.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Call {
    /// The chaincode's name
    chaincode: ChaincodeName,
    /// The function, `name` or `contract:name`
    function: String,
    /// Its arguments; `@FILE` is that file's content, `@-` what is read from standard input, and
    /// `@@` begins an argument with one `@`
    #[arg(value_name = "ARG", allow_negative_numbers = true)]
    args: Vec<String>,
    /// One more argument, after the others: this file's content
    #[arg(long, value_name = "FILE")]
    arg_file: Vec<PathBuf>,
    /// A value that endorsers see and the ledger does not
    #[arg(long, value_name = "KEY=VALUE|KEY=@FILE")]
    transient: Vec<String>,
    /// Ask exactly these organisations to endorse, instead of what the gateway plans
    #[arg(long = "org", value_name = "MSPID")]
    organizations: Vec<MspId>,
    #[command(flatten)]
    caller: Caller,
    #[command(flatten)]
    place: Where,
}

const EXAMPLES: &str = "\
Examples:
  pervade submit registry publish \"$(pervade package show schemas/decentlab/dl-5tm)\" --as Admin@org1.example.com
  pervade submit basic set colour blue --as User1@org2.example.com
  pervade submit basic set picture @photo.jpg --org Org1MSP --org Org2MSP
  pervade submit secrets keep lab --transient secret=@secret.json
  pervade evaluate registry list decentlab
  pervade evaluate qscc GetChainInfo mychannel --json";

impl Call {
    /// Endorses, submits, waits for the verdict.
    pub(crate) async fn submit(self, output: Output) -> Result<(), Failure> {
        let network = Known::read(&self.place)?.open(&self.caller).await?;
        let contract = network.contract(self.chaincode.clone());
        let proposal = self.proposal(&network)?;
        let begun = Instant::now();
        let outcome = contract
            .submit_proposal(proposal)
            .await
            .or_fail_with("NOT_SUBMITTED", || format!("{} was not submitted", self.function))?;
        let latency_ms = begun.elapsed().as_millis();
        output.report(&Submitted::from_outcome(outcome, latency_ms)?)
    }

    /// Asks one peer.
    pub(crate) async fn evaluate(self, output: Output) -> Result<(), Failure> {
        let network = Known::read(&self.place)?.open(&self.caller).await?;
        let refused = || format!("{} was not evaluated", self.function);
        let signed = self.proposal(&network)?.build().and_then(|proposal| proposal.sign());
        let answer = signed.or_fail_with("NOT_EVALUATED", refused)?.evaluate().await;
        let answer = answer.or_fail_with("NOT_EVALUATED", refused)?;
        output.report(&Evaluated { result: Bytes::new(answer) })
    }

    fn proposal(&self, network: &Network) -> Result<ProposalBuilder, Failure> {
        let contract = network.contract(self.chaincode.clone());
        let mut builder = contract.proposal(&self.function);
        for arg in &self.args {
            builder = builder.arg(value(arg)?);
        }
        for path in &self.arg_file {
            builder = builder.arg(file(path.as_os_str().to_string_lossy().as_ref())?);
        }
        for pair in &self.transient {
            let (key, text) = pair.split_once('=').ok_or_else(|| {
                Failure::usage(format!("--transient {pair} is not KEY=VALUE or KEY=@FILE"))
            })?;
            builder = builder.transient(key, value(text)?);
        }
        if !self.organizations.is_empty() {
            let names = self.organizations.iter().map(MspId::as_str);
            builder = builder.organizations(names);
        }
        Ok(builder)
    }
}

/// An argument as it was meant: itself, or a file's content.
fn value(text: &str) -> Result<Vec<u8>, Failure> {
    match text.strip_prefix('@') {
        None => Ok(text.as_bytes().to_vec()),
        Some(rest) if rest.starts_with('@') => Ok(rest.as_bytes().to_vec()),
        Some("-") => {
            let mut bytes = Vec::new();
            let read = io::stdin().lock().take(ARGUMENT_BYTES_MAX + 1).read_to_end(&mut bytes);
            read.or_fail("NO_FILE", "cannot read standard input")?;
            bounded(bytes, "standard input")
        }
        Some(path) => file(path),
    }
}

fn file(path: &str) -> Result<Vec<u8>, Failure> {
    let unreadable = || format!("cannot read {path}");
    let file = fs::File::open(path).or_fail_with("NO_FILE", unreadable)?;
    let mut bytes = Vec::new();
    file.take(ARGUMENT_BYTES_MAX + 1)
        .read_to_end(&mut bytes)
        .or_fail_with("NO_FILE", unreadable)?;
    bounded(bytes, path)
}

fn bounded(bytes: Vec<u8>, what: &str) -> Result<Vec<u8>, Failure> {
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > ARGUMENT_BYTES_MAX {
        let text = format!("{what} is longer than {ARGUMENT_BYTES_MAX} bytes");
        return Err(Failure::new("TOO_LONG", text));
    }
    Ok(bytes)
}

/// Longest argument that is read from a file, in bytes.
const ARGUMENT_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// Bytes that are text most of the time.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Bytes {
    Text(String),
    Binary { base64: String },
}

impl Bytes {
    fn new(bytes: Vec<u8>) -> Self {
        use base64::Engine as _;
        String::from_utf8(bytes).map_or_else(
            |error| Self::Binary {
                base64: base64::engine::general_purpose::STANDARD.encode(error.into_bytes()),
            },
            Self::Text,
        )
    }
}

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Text(text) => text,
            Self::Binary { base64 } => base64,
        })
    }
}

#[derive(Debug, Serialize)]
struct Evaluated {
    result: Bytes,
}

impl fmt::Display for Evaluated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.result.fmt(f)
    }
}

#[derive(Debug, Serialize)]
struct Submitted {
    transaction: String,
    block: u64,
    latency_ms: u128,
    result: Bytes,
}

impl Submitted {
    fn from_outcome(outcome: Outcome, latency_ms: u128) -> Result<Self, Failure> {
        match outcome {
            Outcome::Committed { tx_id, block, result } => Ok(Self {
                transaction: tx_id.to_string(),
                block,
                latency_ms,
                result: Bytes::new(result),
            }),
            Outcome::Rejected { tx_id, block, code } => {
                let code = code.as_str_name();
                let text = format!("transaction {tx_id} was rejected in block {block}: {code}");
                Err(Failure::new(code, text))
            }
            Outcome::Unknown { tx_id, refusal } => {
                let text = format!("nobody can say yet what became of transaction {tx_id}");
                Err(Failure::new("UNKNOWN", text).because(refusal))
            }
        }
    }
}

impl fmt::Display for Submitted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { transaction, block, latency_ms, result } = self;
        let result = result.to_string();
        if !result.is_empty() {
            writeln!(f, "{result}")?;
        }
        write!(f, "transaction {transaction} committed in block {block} after {latency_ms} ms")
    }
}

#[cfg(test)]
mod tests {
    use super::{Bytes, value};

    #[test]
    fn an_argument_is_itself_or_a_files_content() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.json");
        std::fs::write(&path, b"{}").unwrap();
        check("blue", b"blue");
        check("", b"");
        check("@@home", b"@home");
        check(&format!("@{}", path.display()), b"{}");
        assert!(value("@/nowhere/at/all").is_err(), "a missing file is no argument");
    }

    #[test]
    fn results_that_are_no_text_are_base64() {
        let json = |bytes: &[u8]| serde_json::to_string(&Bytes::new(bytes.to_vec())).unwrap();
        assert_eq!(json(b"blue"), r#""blue""#);
        assert_eq!(json(&[0xff, 0x00]), r#"{"base64":"/wA="}"#);
    }

    #[track_caller]
    fn check(arg: &str, bytes: &[u8]) {
        assert_eq!(value(arg).unwrap(), bytes);
    }
}
