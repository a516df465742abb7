//! The transactions of one stream, from their first message to their last.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::mem;
use std::time::Duration;

use fabric_protos::protos::ChaincodeMessage;
use fabric_protos::protos::chaincode_message::Type;
use pervade_chaincode::host::Outcome;
use pervade_chaincode::{ContractError, Fault, Status};
use pervade_denials::Denied;

use super::SessionError;
use super::denial::unknown;
use super::key::{Content, Key};
use super::work::{Paused, Ran, Task, discard};

/// The transactions that are running, and those given up that the peer still owes a reply.
#[derive(Debug, Default)]
pub(super) struct Transactions {
    running: HashMap<Key, Running>,
    last_ticket: u64,
}

/// An answer that ends a transaction, and what is to be told if it was refused.
pub(super) type Answered = (ChaincodeMessage, Option<Denied>);

/// A transaction: when it began, and where it stands.
#[derive(Debug)]
struct Running {
    /// Tells this run from an earlier or later one under the same key.
    ticket: u64,
    began: Duration,
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    /// The contract runs.
    Working,
    /// The contract waits for a reply.
    Asking(Paused),
    /// The run was given up while the peer owed it a reply. The peer drops, without a word, what
    /// a transaction asks before it has answered the question before; so whatever is next
    /// begins with that reply.
    GivenUp { next: Option<Content> },
}

impl Transactions {
    pub(super) fn len(&self) -> usize {
        self.running.len()
    }

    pub(super) fn holds(&self, key: &Key) -> bool {
        self.running.contains_key(key)
    }

    /// Whether the same transaction runs on another channel: then this one was called by it.
    pub(super) fn runs_elsewhere(&self, key: &Key) -> bool {
        self.running.keys().any(|running| running.tx_id == key.tx_id)
    }

    /// Begins a transaction. One that runs under the same key was given up by the peer, which
    /// never has two of them; if the peer owes that one a reply, this one begins later.
    pub(super) fn begin(&mut self, key: Key, proposed: Content, now: Duration) -> Option<Task> {
        let ticket = self.ticket();
        let entry = self.running.entry(key.clone());
        let slot = match entry {
            Entry::Vacant(vacant) => {
                vacant.insert(Running { ticket, began: now, stage: Stage::Working });
                return Some(Task::begin(key, ticket, proposed));
            }
            Entry::Occupied(occupied) => occupied.into_mut(),
        };
        (slot.ticket, slot.began) = (ticket, now);
        match mem::replace(&mut slot.stage, Stage::Working) {
            Stage::Working => Some(Task::begin(key, ticket, proposed)),
            Stage::Asking(paused) => {
                discard(paused);
                slot.stage = Stage::GivenUp { next: Some(proposed) };
                None
            }
            Stage::GivenUp { .. } => {
                slot.stage = Stage::GivenUp { next: Some(proposed) };
                None
            }
        }
    }

    /// Brings a reply to the transaction that waits for it.
    pub(super) fn go_on(
        &mut self,
        key: Key,
        kind: Type,
        replied: Content,
        now: Duration,
    ) -> Result<Option<Task>, SessionError> {
        let Some(slot) = self.running.get_mut(&key) else {
            let Key { channel, tx_id } = key;
            return Err(SessionError::NotRunning { channel, tx_id });
        };
        match mem::replace(&mut slot.stage, Stage::Working) {
            Stage::Working => {
                let Key { channel, tx_id } = key;
                Err(SessionError::NotAsked { channel, tx_id })
            }
            Stage::Asking(paused) if is_given_up(kind, &replied.payload) => {
                self.running.remove(&key);
                discard(paused);
                Ok(None)
            }
            Stage::Asking(paused) => {
                Ok(Some(Task::go_on(key, slot.ticket, paused, (kind, replied.payload))))
            }
            Stage::GivenUp { next: Some(proposed) } => {
                slot.began = now;
                Ok(Some(Task::begin(key, slot.ticket, proposed)))
            }
            Stage::GivenUp { next: None } => {
                self.running.remove(&key);
                Ok(None)
            }
        }
    }

    /// What is to be sent for a run's result; nothing if the run was given up.
    pub(super) fn settle(&mut self, ran: Ran) -> Option<Answered> {
        let Ran { ticket, mut message, paused, denied } = ran;
        let (channel, tx_id) = (mem::take(&mut message.channel_id), mem::take(&mut message.txid));
        let key = Key { channel, tx_id };
        match (self.running.get_mut(&key), paused) {
            (Some(slot), Some(paused)) if slot.ticket == ticket => {
                slot.stage = Stage::Asking(paused);
            }
            (Some(slot), None) if slot.ticket == ticket => {
                self.running.remove(&key);
            }
            (_, paused) => {
                discard(paused);
                return None;
            }
        }
        let Key { channel, tx_id } = key;
        Some((ChaincodeMessage { channel_id: channel, txid: tx_id, ..message }, denied))
    }

    /// Answers and gives up what began before `latest`.
    pub(super) fn expire(&mut self, latest: Duration, deadline: Duration) -> Vec<Answered> {
        let mut answers = Vec::new();
        self.running.retain(|key, slot| {
            if slot.began > latest || matches!(slot.stage, Stage::GivenUp { .. }) {
                return true;
            }
            let late = LateError { deadline };
            let outcome = Outcome::failure(&ContractError::of(&late));
            let denied = match &slot.stage {
                Stage::Asking(paused) => paused.denied(key, &outcome),
                // Who called what is known to the thread alone that hangs.
                Stage::Working | Stage::GivenUp { .. } => Some(unknown(key, &outcome)),
            };
            answers.push((key.clone().completed(outcome), denied));
            match mem::replace(&mut slot.stage, Stage::Working) {
                Stage::Asking(paused) => {
                    discard(paused);
                    slot.stage = Stage::GivenUp { next: None };
                    true
                }
                // Its thread cannot be stopped. Nobody waits for its result any more.
                Stage::Working | Stage::GivenUp { .. } => false,
            }
        });
        answers
    }

    fn ticket(&mut self) -> u64 {
        self.last_ticket = self.last_ticket.wrapping_add(1);
        self.last_ticket
    }
}

/// Whether a reply says that the peer has ended the transaction: its time was up, as a rule.
fn is_given_up(kind: Type, payload: &[u8]) -> bool {
    /// Fabric's peers say so in these words.
    const NO_CONTEXT: &[u8] = b"no ledger context";
    kind == Type::Error && payload.ends_with(NO_CONTEXT)
}

/// A transaction took too long.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the call took longer than {} s", deadline.as_secs())]
struct LateError {
    deadline: Duration,
}

impl Fault for LateError {
    fn status(&self) -> Status {
        // Gateway timeout, which has no name of its own here.
        Status::new(504).unwrap_or(Status::INTERNAL)
    }

    fn code(&self) -> &'static str {
        "DEADLINE"
    }
}
