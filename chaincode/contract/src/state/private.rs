//! Values with a key of their own in private collections.

use super::Place;
use crate::{KeyOf, KeyPrefix, Private, PrivateQueries, PrivateReader, State, StateError, States};

impl PrivateReader<'_> {
    /// As [`ReadTransaction::find`](crate::ReadTransaction::find), in the collection.
    ///
    /// # Errors
    /// As there.
    pub async fn find<T: State>(&self, key: impl KeyOf<T>) -> Result<Option<T>, StateError> {
        let key = Place::of::<T>(key.parts())?;
        key.found(self.get(&key.key).await?)
    }

    /// As [`ReadTransaction::load`](crate::ReadTransaction::load), in the collection.
    ///
    /// # Errors
    /// As there.
    pub async fn load<T: State>(&self, key: impl KeyOf<T>) -> Result<T, StateError> {
        let key = Place::of::<T>(key.parts())?;
        key.loaded(self.get(&key.key).await?)
    }

    /// The SHA-256 of what lies under a key, which peers outside the collection have as well;
    /// `None` if nothing does.
    ///
    /// # Errors
    /// If the key cannot be built, or the ledger refuses.
    pub async fn hash_of<T: State>(
        &self,
        key: impl KeyOf<T>,
    ) -> Result<Option<Vec<u8>>, StateError> {
        let key = Place::of::<T>(key.parts())?;
        Ok(self.hash(&key.key).await?)
    }
}

impl Private<'_> {
    /// As [`ReadTransaction::find`](crate::ReadTransaction::find), in the collection.
    ///
    /// # Errors
    /// As there.
    pub async fn find<T: State>(&self, key: impl KeyOf<T>) -> Result<Option<T>, StateError> {
        self.reader().find(key).await
    }

    /// As [`ReadTransaction::load`](crate::ReadTransaction::load), in the collection.
    ///
    /// # Errors
    /// As there.
    pub async fn load<T: State>(&self, key: impl KeyOf<T>) -> Result<T, StateError> {
        self.reader().load(key).await
    }

    /// As [`PrivateReader::hash_of`].
    ///
    /// # Errors
    /// As there.
    pub async fn hash_of<T: State>(
        &self,
        key: impl KeyOf<T>,
    ) -> Result<Option<Vec<u8>>, StateError> {
        self.reader().hash_of(key).await
    }

    /// As [`Transaction::save`](crate::Transaction::save), in the collection.
    ///
    /// # Errors
    /// As there.
    pub async fn save<T: State>(&mut self, value: &T) -> Result<(), StateError> {
        let key = Place::of::<T>(value.key_parts())?;
        let written = key.write(value)?;
        Ok(self.put(&key.key, written).await?)
    }

    /// As [`Transaction::create`](crate::Transaction::create), in the collection. Peers outside
    /// the collection refuse it, because it reads.
    ///
    /// # Errors
    /// As there.
    pub async fn create<T: State>(&mut self, value: &T) -> Result<(), StateError> {
        let key = Place::of::<T>(value.key_parts())?;
        if self.get(&key.key).await?.is_some() {
            return Err(key.exists::<T>());
        }
        let written = key.write(value)?;
        Ok(self.put(&key.key, written).await?)
    }

    /// As [`Transaction::remove`](crate::Transaction::remove), in the collection.
    ///
    /// # Errors
    /// As there.
    pub async fn remove<T: State>(&mut self, key: impl KeyOf<T>) -> Result<(), StateError> {
        let key = Place::of::<T>(key.parts())?;
        Ok(self.delete(&key.key).await?)
    }
}

impl PrivateQueries<'_> {
    /// As [`ReadTransaction::list`](crate::ReadTransaction::list), in the collection.
    ///
    /// # Errors
    /// As there.
    pub fn list<T: State>(&mut self, prefix: impl KeyPrefix<T>) -> Result<States<T>, StateError> {
        let prefix = Place::of::<T>(prefix.parts())?;
        Ok(States::new(self.composite(&prefix.key)?))
    }
}
