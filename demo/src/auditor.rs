//! The auditor: questions over the graph, and the proof of one answer.

use std::fs;
use std::time::Duration;

use pervade_audit::process::Worker;
use pervade_audit::protocol::{ErrorCode, Reply, Request};
use pervade_audit::questions::{QUESTIONS, Question};
use pervade_audit::{Answer, Located, Term};
use pervade_channel_config::ChannelConfig;
use pervade_interop_ledger::{Proof, Proven};
use pervade_ledger::block;
use pervade_peer_client::Network;
use tokio::process::Command;

use crate::account::{Teller, milliseconds, now};
use crate::devices::Recorded;
use crate::error::{DemoError, While as _};
use crate::network::World;

/// An auditor with a worker of their own.
#[derive(Debug)]
pub(crate) struct Auditor {
    worker: Worker,
    network: Network,
}

/// Longest that any one request may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Most rows of an answer that the account shows.
const ROWS_SHOWN: usize = 12;

impl Auditor {
    pub(crate) async fn start(world: &World, command: Command) -> Result<Self, DemoError> {
        let worker = Worker::start(command, PATIENCE).doing("start the audit worker")?;
        let signer = world.auditor()?;
        let network = world.place.connect(signer).await?;
        Ok(Self { worker, network })
    }

    /// Asks every saved question, once the graph holds the last recording.
    pub(crate) async fn ask(
        &mut self,
        recorded: &[Recorded],
        teller: &mut Teller<'_>,
    ) -> Result<(), DemoError> {
        let last = recorded.iter().map(|recorded| recorded.block).max().unwrap_or_default();
        let began = now();
        self.reach(last + 1).await?;
        teller.say(format!(
            "the graph holds {} blocks, {} ms after the last commit",
            last + 1,
            milliseconds(began.elapsed())
        ));
        for question in QUESTIONS {
            let answer = self.query(question.sparql).await?;
            show(question, &answer, teller);
        }
        Ok(())
    }

    /// Proves the first row of the first question.
    pub(crate) async fn prove(
        &mut self,
        world: &World,
        teller: &mut Teller<'_>,
    ) -> Result<(), DemoError> {
        let Some(warm) = QUESTIONS.first() else { return Ok(()) };
        let answer = self.query(warm.sparql).await?;
        let Some(quad) = answer.quad(0) else {
            return Err(DemoError::unexpected("the first question has no row to prove"));
        };
        let located = self.locate(&quad).await?;
        let proof = self.proof(&quad, &located).await?;
        let proven = proof.verify(&trusted(world)?).doing("verify the proof")?;
        tell_proof(&proven, teller);
        let path = world.place.folder.join("proof.json");
        let text = serde_json::to_vec_pretty(&proof).doing("write the proof")?;
        fs::write(&path, text).doing("write the proof")?;
        teller.say(format!("written to {}, verified from its bytes alone", path.display()));
        teller.figure("proof_verified", true);
        Ok(())
    }

    /// How many quads the graph has, and their digest, once it holds so many blocks.
    pub(crate) async fn digest(&mut self, height: u64) -> Result<String, DemoError> {
        self.reach(height).await?;
        let reply = self.request(&Request::Digest).await?;
        let Reply::Digest { sha256, .. } = reply else { return Err(unexpected(&reply)) };
        Ok(sha256)
    }

    /// The kind of error a query is refused with; `None` if it is answered.
    pub(crate) async fn refusal(&mut self, sparql: &str) -> Result<Option<ErrorCode>, DemoError> {
        let request = Request::Query { sparql: sparql.to_owned() };
        let reply = self.request(&request).await?;
        let Reply::Error { code, .. } = reply else { return Ok(None) };
        Ok(Some(code))
    }

    async fn proof(&self, quad: &str, located: &Located) -> Result<Proof, DemoError> {
        let block = self.block(located.block).await?;
        let config = block::last_config_index(&block).doing("read the block's metadata")?;
        let configuration = self.block(config.unwrap_or_default()).await?;
        Proof::new(quad, &located.graph, located.transaction, &block, &configuration)
            .doing("put the proof together")
    }

    async fn block(&self, number: u64) -> Result<fabric_protos::common::Block, DemoError> {
        let mut blocks = self.network.block_range(number, number).await.doing("ask for a block")?;
        let block = blocks.next().await.doing("receive a block")?;
        block.ok_or_else(|| DemoError::unexpected(format!("block {number} did not come")))
    }

    async fn reach(&mut self, height: u64) -> Result<(), DemoError> {
        let reply = self.request(&Request::Reach { height }).await?;
        let Reply::Height { .. } = reply else { return Err(unexpected(&reply)) };
        Ok(())
    }

    async fn query(&mut self, sparql: &str) -> Result<Answer, DemoError> {
        let reply = self.request(&Request::Query { sparql: sparql.to_owned() }).await?;
        let Reply::Answer(answer) = reply else { return Err(unexpected(&reply)) };
        Ok(answer)
    }

    async fn locate(&mut self, quad: &str) -> Result<Located, DemoError> {
        let reply = self.request(&Request::Locate { quad: quad.to_owned() }).await?;
        let Reply::Located(located) = reply else { return Err(unexpected(&reply)) };
        Ok(located)
    }

    async fn request(&mut self, request: &Request) -> Result<Reply, DemoError> {
        self.worker.ask(request).await.doing("ask the audit worker")
    }
}

fn unexpected(reply: &Reply) -> DemoError {
    let Reply::Error { message, .. } = reply else {
        return DemoError::unexpected("the audit worker answered another question");
    };
    DemoError::unexpected(message.clone())
}

/// The configuration an auditor of the channel starts from: its genesis block.
fn trusted(world: &World) -> Result<ChannelConfig, DemoError> {
    ChannelConfig::from_block(&world.genesis()?).doing("read the genesis block")
}

fn show(question: &Question, answer: &Answer, teller: &mut Teller<'_>) {
    teller.say(format!("? {}", question.title));
    for row in answer.rows.iter().take(ROWS_SHOWN) {
        let cells = answer.columns.iter().filter(|column| *column != "graph");
        let cells: Vec<String> = cells
            .filter_map(|column| Some(format!("{column} {}", short(row.get(column)?))))
            .collect();
        teller.say(format!("  {}", cells.join(" · ")));
    }
    if answer.rows.len() > ROWS_SHOWN {
        teller.say(format!("  … and {} more", answer.rows.len() - ROWS_SHOWN));
    }
    teller.figure(&format!("{}_rows", question.name), answer.rows.len());
}

/// Long identifiers keep their beginning and end.
fn short(term: &Term) -> String {
    let text = term.text();
    if !text.is_ascii() || text.len() <= TEXT_SHOWN {
        return text.to_owned();
    }
    let (head, tail) = (text.get(..TEXT_SHOWN - 10), text.get(text.len() - 8..));
    format!("{}…{}", head.unwrap_or_default(), tail.unwrap_or_default())
}

/// Longest text of one cell.
const TEXT_SHOWN: usize = 44;

fn tell_proof(proven: &Proven, teller: &mut Teller<'_>) {
    teller.say(format!("proof of  {}", proven.quad.trim_end()));
    for step in &proven.steps {
        teller.say(format!("  ✓ {}: {}", step.link, step.found));
    }
    teller.figure("proven_transaction", proven.tx_id.as_str());
    teller.figure("proven_block", proven.block);
}
