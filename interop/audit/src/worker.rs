//! The loop inside the worker: blocks in, requests in, replies out.

use fabric_protos::protos::BlockAndPrivateData;
use thiserror::Error;
use tokio::io::{
    AsyncBufRead, AsyncBufReadExt as _, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _,
};
use tokio::sync::mpsc;

use crate::Graph;
use crate::door::{self, Refused};
use crate::protocol::{ErrorCode, LINE_BYTES_MAX, Reply, Request};

/// Most blocks that wait between the source and the graph.
pub const BLOCKS_WAITING_MAX: usize = 64;

/// Serves until the requests end. With a block comes its private data, as far as whoever follows
/// may see it.
///
/// Blocks are applied in the order they come, between requests; a request is answered at the
/// height the graph has then, and [`Request::Reach`] waits for a height.
pub async fn serve(
    graph: Graph,
    blocks: mpsc::Receiver<BlockAndPrivateData>,
    requests: impl AsyncBufRead + Unpin,
    replies: impl AsyncWrite + Unpin,
) -> Result<(), ServeError> {
    let mut worker = Loop { graph, blocks, broken: None };
    worker.run(requests, replies).await
}

/// The worker could not go on.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ServeError {
    /// Requests or replies broke off.
    #[error("the worker lost its caller")]
    Pipe(#[source] std::io::Error),
}

struct Loop {
    graph: Graph,
    blocks: mpsc::Receiver<BlockAndPrivateData>,
    /// Why no further block is applied, once one did not fit.
    broken: Option<String>,
}

impl Loop {
    async fn run(
        &mut self,
        mut requests: impl AsyncBufRead + Unpin,
        mut replies: impl AsyncWrite + Unpin,
    ) -> Result<(), ServeError> {
        let mut line = Vec::new();
        loop {
            // A line that arrives in parts keeps what it has across turns of the loop.
            let limit = u64::try_from(LINE_BYTES_MAX - line.len()).unwrap_or_default();
            let mut limited = (&mut requests).take(limit);
            tokio::select! {
                read = limited.read_until(b'\n', &mut line) => {
                    if read.map_err(ServeError::Pipe)? == 0 {
                        return Ok(());
                    }
                    let reply = self.reply(&line).await;
                    line.clear();
                    write(&mut replies, &reply).await?;
                }
                block = self.blocks.recv(), if self.follows() => {
                    self.take(block);
                }
            }
        }
    }

    fn follows(&self) -> bool {
        self.broken.is_none()
    }

    fn take(&mut self, delivered: Option<BlockAndPrivateData>) {
        match delivered {
            None => self.broken = Some("the source of blocks has ended".to_owned()),
            Some(BlockAndPrivateData { block, private_data_map }) => {
                let block = block.unwrap_or_default();
                if let Err(error) = self.graph.apply_with(&block, &private_data_map) {
                    self.broken = Some(with_causes(&error));
                }
            }
        }
    }

    async fn reply(&mut self, line: &[u8]) -> Reply {
        let request = match serde_json::from_slice(line) {
            Ok(request) => request,
            Err(error) => return refuse(ErrorCode::BadRequest, &error),
        };
        match request {
            Request::Reach { height } => self.reach(height).await,
            Request::Query { sparql } => self.query(&sparql),
            Request::Locate { quad } => self.locate(&quad),
            Request::Payload { graph } => self.payload(&graph),
            Request::Digest => self.digest(),
        }
    }

    async fn reach(&mut self, height: u64) -> Reply {
        while self.graph.height() < height && self.follows() {
            let block = self.blocks.recv().await;
            self.take(block);
        }
        match &self.broken {
            Some(why) if self.graph.height() < height => {
                Reply::Error { code: ErrorCode::SourceEnded, message: why.clone() }
            }
            _ => Reply::Height { height: self.graph.height() },
        }
    }

    fn query(&self, sparql: &str) -> Reply {
        let admitted = match door::admit(sparql) {
            Ok(admitted) => admitted,
            Err(Refused::Syntax(error)) => {
                let message = format!("not SPARQL: {}", short(&error.to_string()));
                return Reply::Error { code: ErrorCode::QueryRefused, message };
            }
            Err(refused) => return refuse(ErrorCode::QueryRefused, &refused),
        };
        match self.graph.query(admitted) {
            Ok(answer) => Reply::Answer(answer),
            Err(error) => refuse(ErrorCode::QueryFailed, &error),
        }
    }

    fn locate(&self, quad: &str) -> Reply {
        match self.graph.locate(quad) {
            Ok(Some(located)) => Reply::Located(located),
            Ok(None) => Reply::Error {
                code: ErrorCode::UnknownQuad,
                message: "no payload on this channel holds this quad".to_owned(),
            },
            Err(error) => refuse(ErrorCode::BadRequest, &error),
        }
    }

    fn payload(&self, graph: &str) -> Reply {
        match self.graph.payload(graph) {
            Some(located) => Reply::Located(located),
            None => Reply::Error {
                code: ErrorCode::UnknownQuad,
                message: "no payload on this channel has this graph".to_owned(),
            },
        }
    }

    fn digest(&self) -> Reply {
        match self.graph.digest() {
            Ok((quads, digest)) => {
                let sha256 = digest.iter().map(|byte| format!("{byte:02x}")).collect();
                Reply::Digest { height: self.graph.height(), quads, sha256 }
            }
            Err(error) => refuse(ErrorCode::QueryFailed, &error),
        }
    }
}

fn refuse(code: ErrorCode, error: &dyn std::error::Error) -> Reply {
    Reply::Error { code, message: with_causes(error) }
}

/// Most characters of the parser's message, which lists every token it could have gone on with.
const SYNTAX_CHARS_MAX: usize = 120;

/// A message's beginning, on one line.
fn short(message: &str) -> String {
    let line = message.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(SYNTAX_CHARS_MAX) {
        Some((end, _)) => format!("{}…", line.get(..end).unwrap_or_default()),
        None => line,
    }
}

fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

async fn write(replies: &mut (impl AsyncWrite + Unpin), reply: &Reply) -> Result<(), ServeError> {
    let mut line = serde_json::to_vec(reply).map_err(|error| ServeError::Pipe(error.into()))?;
    line.push(b'\n');
    replies.write_all(&line).await.map_err(ServeError::Pipe)?;
    replies.flush().await.map_err(ServeError::Pipe)
}

#[cfg(test)]
mod tests {
    use super::{SYNTAX_CHARS_MAX, short};

    #[test]
    fn a_parsers_message_stays_on_one_short_line() {
        assert_eq!(short("error at 1:11:\n  expected\tone"), "error at 1:11: expected one");
        assert_eq!(short(&"é ".repeat(200)).chars().count(), SYNTAX_CHARS_MAX + 1);
    }
}
