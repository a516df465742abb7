//! Values with a type and a key of their own on the ledger.

use std::fmt;
use std::marker::PhantomData;

use crate::{
    Argument, CompositeKey, CompositeKeyError, Fault, KeyPolicy, LedgerError, Range,
    ReadTransaction, Status, Transaction, canonical,
};

pub use key::{KeyOf, KeyPart, KeyPrefix, PartOf};

mod key;
mod private;

/// A structure that lies on the ledger, under a composite key made of its type and some of its
/// fields, as canonical JSON.
///
/// ```
/// use pervade_chaincode::{ReadTransaction, State, StateError, Transaction, contract};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Serialize, Deserialize, State)]
/// #[state(type = "asset", key(id))]
/// struct Asset {
///     id: String,
///     owner: String,
///     value: u64,
/// }
///
/// struct Assets;
///
/// #[contract(name = "assets", default)]
/// impl Assets {
///     #[submit]
///     async fn give(
///         &self,
///         tx: &mut Transaction,
///         id: String,
///         to: String,
///     ) -> Result<(), StateError> {
///         let mut asset: Asset = tx.load(&id).await?;
///         asset.owner = to;
///         tx.save(&asset).await
///     }
///
///     #[evaluate]
///     async fn read(&self, tx: &ReadTransaction, id: String) -> Result<Asset, StateError> {
///         tx.load(&id).await
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no place on the ledger",
    note = "derive `State` for it, and say where it lies: `#[state(type = \"…\", key(field, …))]`"
)]
pub trait State: Argument {
    /// The object type in the composite key.
    const TYPE: &'static str;

    /// The code of the error when a value is missing.
    const MISSING: &'static str;

    /// The code of the error when a value exists that is to be created.
    const EXISTS: &'static str;

    /// The parts of this value's key.
    fn key_parts(&self) -> Vec<String>;

    /// The key that this value lies under.
    ///
    /// # Errors
    /// If a part holds U+0000 or U+10FFFF.
    fn key(&self) -> Result<CompositeKey, CompositeKeyError> {
        CompositeKey::new(Self::TYPE, self.key_parts())
    }
}

impl ReadTransaction {
    /// The committed value of a key; `None` if there is none.
    ///
    /// # Errors
    /// If the key cannot be built, the value is not of this type, or the ledger refuses.
    pub async fn find<T: State>(&self, key: impl KeyOf<T>) -> Result<Option<T>, StateError> {
        let key = Place::of::<T>(key.parts())?;
        key.found(self.get(&key.key).await?)
    }

    /// The committed value of a key, which is to be there.
    ///
    /// # Errors
    /// If there is none, and as [`find`](Self::find).
    pub async fn load<T: State>(&self, key: impl KeyOf<T>) -> Result<T, StateError> {
        let key = Place::of::<T>(key.parts())?;
        key.loaded(self.get(&key.key).await?)
    }

    /// Whether a key has a committed value.
    ///
    /// # Errors
    /// If the key cannot be built, or the ledger refuses.
    pub async fn exists<T: State>(&self, key: impl KeyOf<T>) -> Result<bool, StateError> {
        let key = Place::of::<T>(key.parts())?;
        Ok(self.get(&key.key).await?.is_some())
    }

    /// The committed values whose keys begin with the given parts, in the order of their keys:
    /// `tx.list::<Offer>(())` for all, `tx.list::<Offer>((&asset,))` for those of an asset.
    ///
    /// # Errors
    /// If the key cannot be built.
    pub fn list<T: State>(&self, prefix: impl KeyPrefix<T>) -> Result<States<T>, StateError> {
        let prefix = Place::of::<T>(prefix.parts())?;
        Ok(States::new(self.composite(&prefix.key)))
    }

    /// At most `size` committed values whose keys begin with the given parts, beginning at a
    /// bookmark; the empty one is the start. Submit functions have no pages, see
    /// [`composite_page`](Self::composite_page).
    ///
    /// # Errors
    /// If the key cannot be built, a value is not of this type, or the ledger refuses.
    pub async fn list_page<T: State>(
        &mut self,
        prefix: impl KeyPrefix<T>,
        size: u32,
        bookmark: &str,
    ) -> Result<StatePage<T>, StateError> {
        let prefix = Place::of::<T>(prefix.parts())?;
        let page = self.composite_page(&prefix.key, size, bookmark).await?;
        let values = page.entries.iter().map(|entry| read(&entry.key, &entry.value));
        Ok(StatePage { values: values.collect::<Result<_, _>>()?, bookmark: page.bookmark })
    }
}

impl Transaction {
    /// Writes a value under its key, whether there is one or not.
    ///
    /// # Errors
    /// If the key cannot be built, or the ledger refuses.
    pub async fn save<T: State>(&mut self, value: &T) -> Result<(), StateError> {
        let key = Place::of::<T>(value.key_parts())?;
        let written = key.write(value)?;
        Ok(self.put(&key.key, written).await?)
    }

    /// Writes a value under its key, where there is none.
    ///
    /// # Errors
    /// If there is one, and as [`save`](Self::save).
    pub async fn create<T: State>(&mut self, value: &T) -> Result<(), StateError> {
        let key = Place::of::<T>(value.key_parts())?;
        if self.get(&key.key).await?.is_some() {
            return Err(key.exists::<T>());
        }
        let written = key.write(value)?;
        Ok(self.put(&key.key, written).await?)
    }

    /// Deletes what lies under a key, if anything does.
    ///
    /// # Errors
    /// If the key cannot be built, or the ledger refuses.
    pub async fn remove<T: State>(&mut self, key: impl KeyOf<T>) -> Result<(), StateError> {
        let key = Place::of::<T>(key.parts())?;
        Ok(self.delete(&key.key).await?)
    }

    /// Decides who must endorse later changes of what lies under a key; see
    /// [`set_key_policy`](Self::set_key_policy).
    ///
    /// # Errors
    /// If the key cannot be built, or the ledger refuses.
    pub async fn set_policy_of<T: State>(
        &mut self,
        key: impl KeyOf<T>,
        policy: &KeyPolicy,
    ) -> Result<(), StateError> {
        let key = Place::of::<T>(key.parts())?;
        Ok(self.set_key_policy(&key.key, policy).await?)
    }
}

/// Values being listed. Dropped before its end, the range is closed at the peer.
pub struct States<T> {
    range: Range,
    of: PhantomData<fn() -> T>,
}

impl<T: State> States<T> {
    pub(crate) fn new(range: Range) -> Self {
        Self { range, of: PhantomData }
    }

    /// The next value in the order of the keys, or `None` after the last.
    ///
    /// # Errors
    /// If the value is not of this type, or the ledger refuses.
    pub async fn next(&mut self) -> Result<Option<T>, StateError> {
        let entry = self.range.next().await?;
        entry.map(|entry| read(&entry.key, &entry.value)).transpose()
    }

    /// At most so many of the values that are left.
    ///
    /// # Errors
    /// As [`next`](Self::next).
    pub async fn at_most(mut self, most: usize) -> Result<Vec<T>, StateError> {
        let mut values = Vec::new();
        while values.len() < most {
            let Some(value) = self.next().await? else { break };
            values.push(value);
        }
        Ok(values)
    }
}

impl<T> fmt::Debug for States<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("States").field(&self.range).finish()
    }
}

/// A page of values.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, Argument)]
#[expect(clippy::exhaustive_structs, reason = "complete by definition")]
pub struct StatePage<T> {
    /// The values, in the order of their keys.
    pub values: Vec<T>,
    /// What to ask for the next page with; empty after the last.
    pub bookmark: String,
}

/// Why a value could not be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StateError {
    /// There is no such value.
    #[error("{kind} {key:?} does not exist")]
    Missing {
        /// The object type.
        kind: &'static str,
        /// [`State::MISSING`].
        code: &'static str,
        /// The parts of the key, joined by `/`.
        key: String,
    },
    /// There is such a value already.
    #[error("{kind} {key:?} exists")]
    Exists {
        /// The object type.
        kind: &'static str,
        /// [`State::EXISTS`].
        code: &'static str,
        /// The parts of the key, joined by `/`.
        key: String,
    },
    /// The key cannot be built.
    #[error("the key of {kind}: {source}")]
    Key {
        /// The object type.
        kind: &'static str,
        /// Why.
        #[source]
        source: CompositeKeyError,
    },
    /// The ledger failed, or the value is not what its type says.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

impl Fault for StateError {
    fn status(&self) -> Status {
        match self {
            Self::Missing { .. } => Status::NOT_FOUND,
            Self::Exists { .. } => Status::CONFLICT,
            Self::Key { .. } => Status::BAD_REQUEST,
            Self::Ledger(error) => error.status(),
        }
    }

    fn code(&self) -> &str {
        match self {
            Self::Missing { code, .. } | Self::Exists { code, .. } => code,
            Self::Key { .. } => "KEY",
            Self::Ledger(error) => error.code(),
        }
    }
}

/// A key with the parts that it was built of.
pub(crate) struct Place {
    pub(crate) key: CompositeKey,
    parts: Vec<String>,
}

impl Place {
    pub(crate) fn of<T: State>(parts: Vec<String>) -> Result<Self, StateError> {
        let key = CompositeKey::new(T::TYPE, &parts)
            .map_err(|source| StateError::Key { kind: T::TYPE, source })?;
        Ok(Self { key, parts })
    }

    /// What lies here.
    pub(crate) fn found<T: State>(&self, value: Option<Vec<u8>>) -> Result<Option<T>, StateError> {
        value.map(|value| read(self.key.as_str(), &value)).transpose()
    }

    /// What is to lie here.
    pub(crate) fn loaded<T: State>(&self, value: Option<Vec<u8>>) -> Result<T, StateError> {
        self.found(value)?.ok_or_else(|| StateError::Missing {
            kind: T::TYPE,
            code: T::MISSING,
            key: self.parts.join("/"),
        })
    }

    pub(crate) fn exists<T: State>(self) -> StateError {
        StateError::Exists { kind: T::TYPE, code: T::EXISTS, key: self.parts.join("/") }
    }

    pub(crate) fn write<T: State>(&self, value: &T) -> Result<Vec<u8>, StateError> {
        let json = |source| LedgerError::Json { key: self.key.as_str().to_owned(), source };
        Ok(canonical::to_vec(value).map_err(json)?)
    }
}

pub(crate) fn read<T: State>(key: &str, value: &[u8]) -> Result<T, StateError> {
    let json = |source| LedgerError::Json { key: key.to_owned(), source };
    Ok(serde_json::from_slice(value).map_err(json)?)
}
