//! What a manager is told before all else, once.

use pervade_chaincode::{
    Argument, ChaincodeName, Fault, IdentityError, LedgerError, ReadTransaction, Transaction,
    TypedEvent, canonical,
};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::MAY_BIND;

/// The chaincodes of a platform, by the names under which the channel defines them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Argument)]
#[serde(deny_unknown_fields)]
#[expect(clippy::exhaustive_structs, reason = "a record format")]
pub struct ContractSet {
    /// Counts epochs.
    pub clock: String,
    /// Manages devices.
    pub devices: String,
    /// Manages tasks.
    pub tasks: String,
    /// Manages tokens.
    pub tokens: String,
    /// Manages users.
    pub users: String,
}

impl ContractSet {
    /// The set whose names end in the same way: `clock`, `devices` and so on for an empty ending.
    #[must_use]
    pub fn with_ending(ending: &str) -> Self {
        let name = |word: &str| format!("{word}{ending}");
        Self {
            clock: name("clock"),
            devices: name("devices"),
            tasks: name("tasks"),
            tokens: name("tokens"),
            users: name("users"),
        }
    }

    /// Whether these can be five chaincodes.
    fn check(&self) -> Result<(), BindError> {
        let names = [&self.clock, &self.devices, &self.tasks, &self.tokens, &self.users];
        for (at, name) in names.into_iter().enumerate() {
            let is_taken = names.into_iter().take(at).any(|earlier| earlier == name);
            if is_taken || ChaincodeName::new(name).is_err() {
                return Err(BindError::BadName { name: shortened(name) });
            }
        }
        Ok(())
    }
}

/// As much of a name as is worth repeating.
fn shortened(name: &str) -> String {
    name.chars().take(64).collect()
}

/// One of the set that others may ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Manager {
    /// The manager of devices.
    Devices,
    /// The manager of tasks.
    Tasks,
}

/// What a manager is bound to: the names of its set, and terms of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::exhaustive_structs, reason = "a record format")]
pub struct Bound<T> {
    /// The set.
    pub set: ContractSet,
    /// The manager's terms.
    pub terms: T,
}

impl<T> Bound<T> {
    /// The name of the bound clock.
    ///
    /// # Errors
    /// If what is on the ledger is none.
    pub fn clock(&self) -> Result<ChaincodeName, BoundError> {
        named(&self.set.clock)
    }

    /// The name of the bound manager of devices.
    ///
    /// # Errors
    /// If what is on the ledger is none.
    pub fn devices(&self) -> Result<ChaincodeName, BoundError> {
        named(&self.set.devices)
    }

    /// The name of the bound manager of tokens.
    ///
    /// # Errors
    /// If what is on the ledger is none.
    pub fn tokens(&self) -> Result<ChaincodeName, BoundError> {
        named(&self.set.tokens)
    }

    /// The name of the bound manager of users.
    ///
    /// # Errors
    /// If what is on the ledger is none.
    pub fn users(&self) -> Result<ChaincodeName, BoundError> {
        named(&self.set.users)
    }

    /// Which of the given managers the client addressed.
    ///
    /// # Errors
    /// If it addressed another chaincode, this one included.
    pub fn require_manager(
        &self,
        tx: &ReadTransaction,
        allowed: &[Manager],
    ) -> Result<Manager, BoundError> {
        let outermost = tx.outermost_chaincode().as_str();
        let found = allowed.iter().find(|manager| self.name_of(**manager) == outermost);
        found.copied().ok_or(BoundError::PermissionDenied)
    }

    fn name_of(&self, manager: Manager) -> &str {
        match manager {
            Manager::Devices => &self.set.devices,
            Manager::Tasks => &self.set.tasks,
        }
    }
}

fn named(name: &str) -> Result<ChaincodeName, BoundError> {
    ChaincodeName::new(name).map_err(|_| BoundError::NotInitialized)
}

/// Emitted when a manager is bound.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::exhaustive_structs, reason = "an event format")]
pub struct BindEvent {
    /// SHA-256 of what it is bound to, as it is written, in hexadecimal.
    pub sha256: String,
}

impl TypedEvent for BindEvent {
    const TYPE: &'static str = "bound";
}

const KEY: &str = "bound";

/// Binds the manager that runs, once, by somebody with [`MAY_BIND`]. A later version of the definition may be
/// initialised with the same binding, and with no other. Says whether it was bound just now.
///
/// # Errors
/// If the signer may not, the names cannot be a set's, or another binding is there.
pub async fn bind<T>(tx: &mut Transaction, bound: &Bound<T>) -> Result<bool, BindError>
where
    T: Serialize + DeserializeOwned + PartialEq,
{
    let identity = tx.creator().client_identity()?;
    if identity.attribute(MAY_BIND) != Some("true") {
        return Err(BindError::PermissionDenied);
    }
    bound.set.check()?;
    if let Some(earlier) = tx.get_json::<Bound<T>>(KEY).await? {
        return if earlier == *bound { Ok(false) } else { Err(BindError::AlreadyInitialized) };
    }
    let written = canonical::to_vec(bound);
    let written = written.map_err(|source| LedgerError::Json { key: KEY.to_owned(), source })?;
    let sha256 = hex::encode(Sha256::digest(&written));
    tx.put(KEY, written).await?;
    tx.emit(&BindEvent { sha256 })?;
    Ok(true)
}

/// What the manager that runs is bound to.
///
/// # Errors
/// If nobody has bound it.
pub async fn bound<T: DeserializeOwned>(tx: &ReadTransaction) -> Result<Bound<T>, BoundError> {
    tx.get_json(KEY).await?.ok_or(BoundError::NotInitialized)
}

/// Why a manager is not bound.
#[derive(Debug, thiserror::Error, Fault)]
#[non_exhaustive]
pub enum BindError {
    /// The signer's certificate does not say that it may.
    #[error("{MAY_BIND} is not the signer's")]
    #[fault(status = FORBIDDEN)]
    PermissionDenied,
    /// It is bound already, to something else.
    #[error("the manager is bound already")]
    #[fault(status = CONFLICT)]
    AlreadyInitialized,
    /// Not the name of a chaincode, or that of two.
    #[error("{name:?} cannot be the name of one of the set")]
    #[fault(status = BAD_REQUEST)]
    BadName {
        /// The name.
        name: String,
    },
    /// The signer's certificate cannot be read.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// The ledger failed.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

/// Why a call does not go on.
#[derive(Debug, thiserror::Error, Fault)]
#[non_exhaustive]
pub enum BoundError {
    /// Nobody has bound the manager.
    #[error("the manager is not bound yet")]
    #[fault(status = CONFLICT)]
    NotInitialized,
    /// The function is for managers of the set.
    #[error("only managers of the set may ask for this")]
    #[fault(status = FORBIDDEN)]
    PermissionDenied,
    /// The ledger failed.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}
