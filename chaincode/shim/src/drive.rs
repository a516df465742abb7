//! Runs a session between two ends of a stream.

use std::collections::VecDeque;

use fabric_protos::protos::ChaincodeMessage;
use futures::{Stream, StreamExt};
use tokio::sync::mpsc;
use tracing::{debug, warn};

use crate::{Session, SessionError};

/// How a stream ended.
#[derive(Debug)]
pub(crate) enum Ended {
    /// Either end closed it.
    Closed,
    /// The peer broke the protocol.
    Broken(SessionError),
}

/// Messages that wait for the peer to take them before reading stops. More than every running
/// transaction's one: a peer that reads nothing cannot make us keep more than this.
const BACKLOG_MAX: usize = 16_384;

/// Runs a session until either end closes or the peer breaks the protocol.
///
/// Reading goes on while the peer is slow to take what was written; otherwise two ends that both
/// wait for the other to read would wait forever.
pub(crate) async fn drive(
    mut session: Session,
    opening: Vec<ChaincodeMessage>,
    mut incoming: impl Stream<Item = ChaincodeMessage> + Unpin,
    outgoing: mpsc::Sender<ChaincodeMessage>,
) -> Ended {
    let mut backlog = VecDeque::from(opening);
    let ended = loop {
        tokio::select! {
            biased;
            permit = outgoing.reserve(), if !backlog.is_empty() => {
                let Ok(permit) = permit else { break Ended::Closed };
                if let Some(message) = backlog.pop_front() {
                    permit.send(message);
                }
            }
            message = incoming.next(), if backlog.len() < BACKLOG_MAX => {
                let Some(message) = message else { break Ended::Closed };
                match session.step(message) {
                    Ok(messages) => backlog.extend(messages),
                    Err(error) => {
                        warn!(%error, in_flight = session.in_flight(), "closing the stream");
                        break Ended::Broken(error);
                    }
                }
            }
        }
    };
    debug!(in_flight = session.in_flight(), "the chaincode stream has ended");
    ended
}
