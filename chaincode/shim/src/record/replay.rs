//! Runs a recording against a chaincode.

use std::collections::{HashMap, VecDeque};
use std::io::{self, Read};
use std::sync::Arc;

use fabric_protos::Message as _;
use fabric_protos::protos::chaincode_message::Type;
use fabric_protos::protos::{ChaincodeId, ChaincodeMessage};
use pervade_chaincode::Chaincode;

use super::hide::Hider;
use super::{MAGIC, ReadError, Sender, Shown, read};
use crate::{Session, SessionError};

/// Sends a chaincode what the peer sent, and compares what it says with what it said then, each
/// transaction for itself. Returns how many messages were compared.
///
/// Where a recording has no secrets, a chaincode that reads some sees other values and may well
/// do something else.
///
/// # Errors
/// At the first difference, and if the recording cannot be read.
pub fn replay(chaincode: &Arc<Chaincode>, mut input: impl Read) -> Result<u64, ReplayError> {
    let mut magic = [0; MAGIC.len()];
    input.read_exact(&mut magic).map_err(|error| {
        let is_short = error.kind() == io::ErrorKind::UnexpectedEof;
        if is_short { ReadError::NotRecorded } else { ReadError::File(error) }
    })?;
    if magic != MAGIC {
        return Err(ReadError::NotRecorded.into());
    }
    let mut replayed = Replay {
        session: None,
        now: Hider::new(Shown::default()),
        then: Hider::new(Shown::default()),
        said: HashMap::new(),
        compared: 0,
    };
    while let Some((sender, message)) = read(&mut input)? {
        match sender {
            Sender::Peer => replayed.send(message)?,
            Sender::Chaincode => replayed.compare(chaincode, message)?,
        }
    }
    Ok(replayed.compared)
}

struct Replay {
    session: Option<Session>,
    /// What was recorded may have no secrets, so none are compared, on either side.
    now: Hider,
    then: Hider,
    /// Said by the chaincode and not yet compared, by channel and transaction.
    said: HashMap<(String, String), VecDeque<ChaincodeMessage>>,
    compared: u64,
}

impl Replay {
    fn send(&mut self, message: ChaincodeMessage) -> Result<(), ReplayError> {
        let session = self.session.as_mut().ok_or(ReadError::NotRecorded)?;
        let answers = session.step(message)?;
        answers.into_iter().for_each(|answer| self.say(answer));
        Ok(())
    }

    fn say(&mut self, message: ChaincodeMessage) {
        let message = self.now.hide(Sender::Chaincode, message);
        let key = (message.channel_id.clone(), message.txid.clone());
        self.said.entry(key).or_default().push_back(message);
    }

    fn compare(
        &mut self,
        chaincode: &Arc<Chaincode>,
        recorded: ChaincodeMessage,
    ) -> Result<(), ReplayError> {
        if self.session.is_none() {
            let register = ChaincodeId::decode(recorded.payload.as_slice());
            let package_id = register.map_err(ReadError::Message)?.name;
            let (session, opening) = Session::new(Arc::clone(chaincode), &package_id);
            self.session = Some(session);
            opening.into_iter().for_each(|message| self.say(message));
        }
        let key = (recorded.channel_id.clone(), recorded.txid.clone());
        let said = self.said.get_mut(&key).and_then(VecDeque::pop_front);
        self.compared = self.compared.saturating_add(1);
        let recorded = self.then.hide(Sender::Chaincode, recorded);
        match said {
            Some(said) if said == recorded => Ok(()),
            said => Err(ReplayError::Differs {
                number: self.compared,
                tx_id: recorded.txid.clone(),
                recorded: told(&recorded),
                replayed: said.as_ref().map_or_else(|| "nothing".to_owned(), told),
            }),
        }
    }
}

/// A message in few words, without what it carries.
fn told(message: &ChaincodeMessage) -> String {
    let kind = Type::try_from(message.r#type).map_or("(unknown)", |kind| kind.as_str_name());
    format!("{kind} with {} bytes", message.payload.len())
}

/// Why a recording was not replayed to its end.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReplayError {
    /// The recording cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// What the peer sent then is no proper stream.
    #[error("the recorded peer breaks the protocol")]
    Protocol(#[from] SessionError),
    /// The chaincode said something else than it did.
    #[error("message {number}, transaction {tx_id:?}: recorded {recorded}, replayed {replayed}")]
    Differs {
        /// The message's number among the chaincode's, from 1.
        number: u64,
        /// Its transaction.
        tx_id: String,
        /// What was said then.
        recorded: String,
        /// What is said now.
        replayed: String,
    },
}
