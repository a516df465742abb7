//! Reading what a key was.

use std::collections::VecDeque;
use std::fmt;

use crate::host::{Changes, Ledger, Reply, Request};
use crate::{ClaimedTime, LedgerError};

/// One committed change of a key.
#[derive(Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "complete by definition")]
pub struct Change {
    /// The transaction that made it.
    pub tx_id: String,
    /// What the key became; `None` if it was deleted.
    pub value: Option<Vec<u8>>,
    /// The time that the transaction's client claimed.
    pub claimed_time: ClaimedTime,
}

impl Change {
    /// Whether the change deleted the key.
    #[must_use]
    pub fn is_delete(&self) -> bool {
        self.value.is_none()
    }
}

impl fmt::Debug for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = self.value.as_deref().map(String::from_utf8_lossy);
        write!(f, "{}={value:?} at {}", self.tx_id, self.claimed_time.seconds)
    }
}

/// A key's changes being read, newest first. Dropped before its end, it is closed at the peer.
#[derive(Debug)]
pub struct History {
    ledger: Ledger,
    position: Position,
    changes: VecDeque<Change>,
}

impl History {
    pub(super) fn new(ledger: Ledger, key: String) -> Self {
        Self { ledger, position: Position::Start { key }, changes: VecDeque::new() }
    }

    /// The next older change, or `None` after the oldest.
    ///
    /// # Errors
    /// If the ledger refuses; the history then yields nothing more.
    pub async fn next(&mut self) -> Result<Option<Change>, LedgerError> {
        loop {
            if let Some(change) = self.changes.pop_front() {
                return Ok(Some(change));
            }
            let request = match std::mem::replace(&mut self.position, Position::End) {
                Position::Start { key } => Request::History { key },
                Position::Open { iterator } => Request::NextChanges { iterator },
                Position::End => return Ok(None),
            };
            self.read(request).await?;
        }
    }

    async fn read(&mut self, request: Request) -> Result<(), LedgerError> {
        let name = request.name();
        let Reply::Changes(Changes { changes, more }) = self.ledger.request(request).await? else {
            return Err(LedgerError::UnexpectedReply { request: name });
        };
        self.changes = changes.into();
        if let Some(iterator) = more {
            self.position = Position::Open { iterator };
        }
        Ok(())
    }
}

impl Drop for History {
    fn drop(&mut self) {
        if let Position::Open { iterator } = std::mem::replace(&mut self.position, Position::End) {
            self.ledger.tell(Request::CloseIterator { iterator });
        }
    }
}

#[derive(Debug)]
enum Position {
    Start { key: String },
    Open { iterator: String },
    End,
}
