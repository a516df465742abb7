mod private;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use pervade_ledger::private::Expiries;
use pervade_ledger::state::{
    PrivateKey, StateError, StateView, Update, UpdateBatch, Version, Versioned,
};

/// The values of one channel after its last block, with snapshots of earlier heights.
///
/// Every key keeps its versions back to the oldest snapshot that somebody still holds, so a
/// simulation reads one height for as long as it likes while blocks are committed beside it.
#[derive(Debug, Default)]
pub(crate) struct State {
    shared: Arc<Shared>,
}

/// The state as it was after one block, unchanged for as long as it is held.
#[derive(Debug)]
pub struct StateSnapshot {
    shared: Arc<Shared>,
    height: u64,
}

/// A state in memory alone, for whoever goes over a ledger's blocks again.
#[derive(Debug, Default)]
pub struct ReplayedState(State);

impl ReplayedState {
    /// The state before the first block.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The state as it is now.
    #[must_use]
    pub fn snapshot(&self) -> StateSnapshot {
        self.0.snapshot()
    }

    /// Applies what block `number` changes.
    pub fn apply(&mut self, number: u64, batch: UpdateBatch) {
        self.0.apply(number, batch, BTreeMap::new());
    }

    /// SHA-256 over height and state in canonical order: equal for equal ledgers.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        crate::checkpoint::state_digest(&self.snapshot())
    }
}

#[derive(Debug, Default)]
struct Shared {
    tables: RwLock<Tables>,
    /// How many snapshots of each height are held.
    held: Mutex<BTreeMap<u64, usize>>,
}

#[derive(Debug, Default)]
struct Tables {
    height: u64,
    public: BTreeMap<String, BTreeMap<String, Cell>>,
    hashed: BTreeMap<(String, String), BTreeMap<Vec<u8>, Cell>>,
    /// Plaintexts of private values; the digest of the state is without them.
    private: BTreeMap<(String, String), BTreeMap<String, Cell>>,
    expiries: Expiries,
    /// Keys with versions that only snapshots need.
    crowded: BTreeSet<Place>,
    /// The oldest height that versions were last kept for.
    kept_from: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Public { namespace: String, key: String },
    Hashed { collection: (String, String), key_hash: Vec<u8> },
    Private { collection: (String, String), key: String },
}

/// The versions of one key, oldest first.
#[derive(Debug, Default)]
struct Cell(Vec<Entry>);

#[derive(Debug)]
struct Entry {
    version: Version,
    content: Option<Content>,
}

#[derive(Debug)]
struct Content {
    value: Vec<u8>,
    metadata: Option<Vec<u8>>,
}

impl State {
    pub(crate) fn height(&self) -> u64 {
        self.shared.read().height
    }

    /// The state as it is now.
    pub(crate) fn snapshot(&self) -> StateSnapshot {
        // Registered under the read lock: a commit must not forget this height in between.
        let tables = self.shared.read();
        let height = tables.height;
        *self.shared.held().entry(height).or_default() += 1;
        drop(tables);
        StateSnapshot { shared: Arc::clone(&self.shared), height }
    }

    /// Applies the batch of block `number` with the private values that belong to it, drops what
    /// expires with the block, and raises the height.
    pub(crate) fn apply(
        &self,
        number: u64,
        batch: UpdateBatch,
        private: BTreeMap<PrivateKey, Update>,
    ) {
        let mut tables = self.shared.write();
        for ((namespace, key), update) in batch.public {
            tables.put(Place::Public { namespace, key }, update);
        }
        tables.note_expiries(number, batch.hashed.keys());
        for ((namespace, collection, key_hash), update) in batch.hashed {
            tables.put(Place::Hashed { collection: (namespace, collection), key_hash }, update);
        }
        for ((namespace, collection, key), update) in private {
            tables.put(Place::Private { collection: (namespace, collection), key }, update);
        }
        tables.expire(number);
        tables.height = number + 1;
        let oldest = self.shared.held().keys().next().copied();
        tables.forget_before(oldest.unwrap_or(number + 1));
    }

    /// Sets the height of a state that is being loaded.
    pub(crate) fn set_height(&self, height: u64) {
        self.shared.write().height = height;
    }

    /// Adds one entry of a state that is being loaded.
    pub(crate) fn load(&self, entry: Loaded) {
        let mut tables = self.shared.write();
        let Versioned { value, metadata, version } = entry.value;
        let content = Some(Content { value, metadata });
        tables.cell(&entry.place.into_place()).0 = vec![Entry { version, content }];
    }
}

/// Gets namespace, collection, key hash and value.
pub(crate) type HashedVisitor<'a> = dyn FnMut(&str, &str, &[u8], &Versioned) + 'a;

/// Where a loaded entry belongs.
#[derive(Debug)]
pub(crate) enum LoadedPlace {
    Public { namespace: String, key: String },
    Hashed { namespace: String, collection: String, key_hash: Vec<u8> },
}

impl LoadedPlace {
    fn into_place(self) -> Place {
        match self {
            Self::Public { namespace, key } => Place::Public { namespace, key },
            Self::Hashed { namespace, collection, key_hash } => {
                Place::Hashed { collection: (namespace, collection), key_hash }
            }
        }
    }
}

/// One entry of a stored state.
#[derive(Debug)]
pub(crate) struct Loaded {
    pub(crate) place: LoadedPlace,
    pub(crate) value: Versioned,
}

impl StateSnapshot {
    /// Every public entry in order of namespace and key.
    pub(crate) fn for_each_public(&self, visit: &mut dyn FnMut(&str, &str, &Versioned)) {
        let tables = self.shared.read();
        for (namespace, keys) in &tables.public {
            for (key, cell) in keys {
                if let Some(value) = cell.at(self.height) {
                    visit(namespace, key, &value);
                }
            }
        }
    }

    /// Every entry of private collections in order of namespace, collection and key hash.
    pub(crate) fn for_each_hashed(&self, visit: &mut HashedVisitor<'_>) {
        let tables = self.shared.read();
        for ((namespace, collection), keys) in &tables.hashed {
            for (key_hash, cell) in keys {
                if let Some(value) = cell.at(self.height) {
                    visit(namespace, collection, key_hash, &value);
                }
            }
        }
    }
}

impl StateView for StateSnapshot {
    fn get(&self, namespace: &str, key: &str) -> Result<Option<Versioned>, StateError> {
        let tables = self.shared.read();
        let cell = tables.public.get(namespace).and_then(|keys| keys.get(key));
        Ok(cell.and_then(|cell| cell.at(self.height)))
    }

    fn range(
        &self,
        namespace: &str,
        start: &str,
        end: &str,
        limit: usize,
    ) -> Result<Vec<(String, Versioned)>, StateError> {
        if !end.is_empty() && start >= end {
            return Ok(Vec::new());
        }
        let tables = self.shared.read();
        let Some(keys) = tables.public.get(namespace) else { return Ok(Vec::new()) };
        let upper = if end.is_empty() { Bound::Unbounded } else { Bound::Excluded(end) };
        let cells = keys.range::<str, _>((Bound::Included(start), upper));
        let visible = cells.filter_map(|(key, cell)| Some((key.clone(), cell.at(self.height)?)));
        Ok(visible.take(limit).collect())
    }

    fn get_hashed(
        &self,
        namespace: &str,
        collection: &str,
        key_hash: &[u8],
    ) -> Result<Option<Versioned>, StateError> {
        let tables = self.shared.read();
        let keys = tables.hashed.get(&(namespace.to_owned(), collection.to_owned()));
        let cell = keys.and_then(|keys| keys.get(key_hash));
        Ok(cell.and_then(|cell| cell.at(self.height)))
    }

    fn height(&self) -> u64 {
        self.height
    }
}

impl Drop for StateSnapshot {
    fn drop(&mut self) {
        let mut held = self.shared.held();
        if let Some(count) = held.get_mut(&self.height) {
            *count -= 1;
            if *count == 0 {
                held.remove(&self.height);
            }
        }
    }
}

impl Shared {
    fn read(&self) -> RwLockReadGuard<'_, Tables> {
        self.tables.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Tables> {
        self.tables.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn held(&self) -> std::sync::MutexGuard<'_, BTreeMap<u64, usize>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Tables {
    fn put(&mut self, place: Place, update: Update) {
        let (version, content) = entry(update);
        let cell = self.cell(&place);
        cell.0.push(Entry { version, content });
        if !cell.is_single() {
            self.crowded.insert(place);
        }
    }

    fn cell(&mut self, place: &Place) -> &mut Cell {
        match place {
            Place::Public { namespace, key } => {
                self.public.entry(namespace.clone()).or_default().entry(key.clone()).or_default()
            }
            Place::Hashed { collection, key_hash } => self
                .hashed
                .entry(collection.clone())
                .or_default()
                .entry(key_hash.clone())
                .or_default(),
            Place::Private { collection, key } => {
                self.private.entry(collection.clone()).or_default().entry(key.clone()).or_default()
            }
        }
    }

    /// Drops versions that no reader at `oldest` or later can see.
    fn forget_before(&mut self, oldest: u64) {
        if oldest == self.kept_from {
            return;
        }
        self.kept_from = oldest;
        for place in std::mem::take(&mut self.crowded) {
            let cell = self.cell(&place);
            cell.forget_before(oldest);
            if cell.0.is_empty() {
                self.remove(&place);
            } else if !cell.is_single() {
                self.crowded.insert(place);
            }
        }
    }

    fn remove(&mut self, place: &Place) {
        match place {
            Place::Public { namespace, key } => {
                if let Some(keys) = self.public.get_mut(namespace) {
                    keys.remove(key);
                }
            }
            Place::Hashed { collection, key_hash } => {
                if let Some(keys) = self.hashed.get_mut(collection) {
                    keys.remove(key_hash);
                }
            }
            Place::Private { collection, key } => {
                if let Some(keys) = self.private.get_mut(collection) {
                    keys.remove(key);
                }
            }
        }
    }
}

fn entry(update: Update) -> (Version, Option<Content>) {
    let version = update.version();
    match update {
        Update::Put { value, metadata, .. } => (version, Some(Content { value, metadata })),
        Update::Delete { .. } => (version, None),
    }
}

impl Cell {
    /// The value that a reader at this height sees.
    fn at(&self, height: u64) -> Option<Versioned> {
        let entry = self.0.iter().rev().find(|entry| entry.version.block < height)?;
        let Content { value, metadata } = entry.content.as_ref()?;
        let (value, metadata) = (value.clone(), metadata.clone());
        Some(Versioned { value, metadata, version: entry.version })
    }

    /// Whether nothing in it could ever be forgotten.
    fn is_single(&self) -> bool {
        matches!(self.0.as_slice(), [Entry { content: Some(_), .. }])
    }

    fn forget_before(&mut self, oldest: u64) {
        let visible = self.0.iter().rposition(|entry| entry.version.block < oldest);
        self.0.drain(..visible.unwrap_or(0));
        let first_is_gone = self
            .0
            .first()
            .is_some_and(|entry| entry.content.is_none() && entry.version.block < oldest);
        if first_is_gone {
            self.0.remove(0);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::fmt::Write as _;

    use expect_test::{Expect, expect};
    use pervade_ledger::state::{StateView as _, Update, UpdateBatch, Version};

    use super::{State, StateSnapshot};

    #[test]
    fn the_last_write_is_read() {
        check(&["k=1 l=1", "k=2"], expect!["k=2@1 l=1@0"]);
    }

    #[test]
    fn a_deleted_key_is_gone_and_can_come_back() {
        check(&["k=1", "k"], expect![""]);
        check(&["k=1", "k", "k=3"], expect!["k=3@2"]);
    }

    #[test]
    fn a_snapshot_stays_while_blocks_follow() {
        let state = State::default();
        commit(&state, 0, "k=1 l=1");
        let early = state.snapshot();
        commit(&state, 1, "k=2 l m=2");
        let middle = state.snapshot();
        commit(&state, 2, "k m");
        assert_eq!(render(&early), "k=1@0 l=1@0");
        assert_eq!(render(&middle), "k=2@1 m=2@1");
        assert_eq!(render(&state.snapshot()), "");
        drop(early);
        commit(&state, 3, "");
        assert_eq!(render(&middle), "k=2@1 m=2@1");
    }

    #[test]
    fn nothing_is_kept_that_no_snapshot_needs() {
        let state = State::default();
        commit(&state, 0, "k=1 l=1");
        let early = state.snapshot();
        commit(&state, 1, "k=2 l");
        commit(&state, 2, "k=3");
        assert_eq!(entries(&state), 5, "k has three versions, l a value and a deletion");
        drop(early);
        commit(&state, 3, "");
        assert_eq!(entries(&state), 1, "only the last k is left");
    }

    #[test]
    fn ranges_are_half_open_and_limited() {
        let state = State::default();
        commit(&state, 0, "a=1 b=1 c=1 d=1");
        let view = state.snapshot();
        let keys = |start, end, limit| {
            let found = view.range("ns", start, end, limit).unwrap();
            found.into_iter().map(|(key, _)| key).collect::<String>()
        };
        assert_eq!(keys("b", "d", 10), "bc");
        assert_eq!(keys("", "", 3), "abc");
        assert_eq!(keys("c", "", 10), "cd");
        assert_eq!(keys("c", "b", 10), "");
    }

    #[track_caller]
    fn check(blocks: &[&str], after: Expect) {
        let state = State::default();
        for (number, block) in (0..).zip(blocks) {
            commit(&state, number, block);
        }
        after.assert_eq(&render(&state.snapshot()));
    }

    /// Commits `key=value` as a write and a bare `key` as a deletion.
    fn commit(state: &State, block: u64, changes: &str) {
        let version = Version { block, transaction: 0 };
        let mut batch = UpdateBatch::default();
        for change in changes.split_whitespace() {
            let (key, update) = match change.split_once('=') {
                None => (change, Update::Delete { version }),
                Some((key, value)) => {
                    (key, Update::Put { value: value.into(), metadata: None, version })
                }
            };
            batch.public.insert(("ns".to_owned(), key.to_owned()), update);
        }
        state.apply(block, batch, BTreeMap::new());
    }

    fn render(view: &StateSnapshot) -> String {
        let mut text = String::new();
        for (key, found) in view.range("ns", "", "", usize::MAX).unwrap() {
            let value = String::from_utf8(found.value).unwrap();
            write!(text, "{key}={value}@{} ", found.version.block).unwrap();
        }
        text.trim_end().to_owned()
    }

    fn entries(state: &State) -> usize {
        state.shared.read().public["ns"].values().map(|cell| cell.0.len()).sum()
    }
}
