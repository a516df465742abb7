//! What a device seals, as its reader, others and the store see it.

#![expect(clippy::tests_outside_test_module, clippy::unwrap_used, reason = "all of this is test")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use fabric_protos::id::{ChaincodeName, ChannelId};
use pervade_content::{ContentStore as _, LocalStore};
use pervade_ports::system::SystemFiles;
use pervade_ports::{Rng, RngError};
use pervade_sealing::{ReaderKey, Refused, SealContext, Sealed, TaskKey, open, seal};
use proptest::prelude::{ProptestConfig, proptest};
use sha2::{Digest as _, Sha256};

/// W-91, W-103: the creator opens what the device sealed, and sees that no other key did.
#[test]
fn the_reader_opens_what_the_device_sealed() {
    let world = World::of(1);
    for data in [b"".as_slice(), b"21.5 Cel", &[7; 100_000]] {
        let sealed = world.seal(data);
        assert_eq!(sealed.as_bytes().len(), data.len() + Sealed::ADDED_BYTES);
        let opened = open(&sealed, &world.reader, &world.task.public(), &world.context).unwrap();
        assert_eq!(opened.as_slice(), data);
    }
}

/// W-91, W-105: another creator's key, or a third party's, opens nothing.
#[test]
fn another_reader_opens_nothing() {
    let (world, other) = (World::of(1), World::of(2));
    let sealed = world.seal(b"data");
    let task = world.task.public();
    assert_eq!(open(&sealed, &other.reader, &task, &world.context), Err(Refused));
}

/// W-91, W-94: a file that another key sealed is not taken for the device's.
#[test]
fn another_sender_is_refused() {
    let (world, other) = (World::of(1), World::of(2));
    let forged =
        seal(b"data", &world.reader.public(), &other.task, &world.context, &other.rng).unwrap();
    let refused = open(&forged, &world.reader, &world.task.public(), &world.context);
    assert_eq!(refused, Err(Refused));
}

/// D-25: a file for another task, contract or channel does not open, whoever sealed it.
#[test]
fn a_swapped_task_is_refused() {
    let world = World::of(1);
    let sealed = world.seal(b"data");
    for (channel, contract, task) in
        [("ch", "tasks", "8"), ("ch", "task", "s7"), ("ch", "jobs", "7"), ("other", "tasks", "7")]
    {
        let context = context(channel, contract, task);
        let refused = open(&sealed, &world.reader, &world.task.public(), &context);
        assert_eq!(refused, Err(Refused), "{channel} {contract} {task}");
    }
}

/// W-90, W-91, W-92: each task has its own keys, and those of one open nothing of another.
#[test]
fn keys_of_one_task_open_nothing_of_another() {
    let rng = Seeded::of(1);
    let keys = || (ReaderKey::generate(&rng).unwrap(), TaskKey::generate(&rng).unwrap());
    let tasks = [("7", keys()), ("8", keys())];
    let mut publics: Vec<_> = tasks
        .iter()
        .flat_map(|(_, (reader, task))| [reader.public().to_string(), task.public().to_string()])
        .collect();
    publics.sort();
    publics.dedup();
    assert_eq!(publics.len(), 4, "four different keys");
    for (name, (reader, task)) in &tasks {
        let context = context("ch", "tasks", name);
        let sealed = seal(b"data", &reader.public(), task, &context, &rng).unwrap();
        for (other, (other_reader, other_task)) in &tasks {
            let opens = |reader, task: &TaskKey| open(&sealed, reader, &task.public(), &context);
            let is_same = name == other;
            assert_eq!(opens(other_reader, task).is_ok(), is_same, "reader of {other}");
            assert_eq!(opens(reader, other_task).is_ok(), is_same, "device of {other}");
        }
    }
}

/// W-93: a fresh key for the data each time, agreed on with the reader's key.
#[test]
fn the_same_data_is_sealed_differently_each_time() {
    let world = World::of(1);
    let [first, second] = [world.seal(b"data"), world.seal(b"data")];
    let parts = |sealed: &Sealed| {
        let (head, rest) = sealed.as_bytes().split_at(7);
        let (enc, ciphertext) = rest.split_at(32);
        (head.to_vec(), enc.to_vec(), ciphertext.to_vec())
    };
    let (first, second) = (parts(&first), parts(&second));
    assert_eq!(first.0, b"PVSEAL\x01");
    assert_eq!(second.0, first.0);
    assert_ne!(second.1, first.1, "what the key is agreed on by");
    assert_ne!(second.2, first.2, "the ciphertext");
}

/// W-86, W-88, W-102: what a store and the way to it see is ciphertext; the reader alone has the
/// data again.
#[tokio::test]
async fn the_store_holds_ciphertext() {
    let world = World::of(1);
    let data = b"temperature 21.5 Cel in hall 4\n".repeat(20_000);
    let folder = tempfile::tempdir().unwrap();
    let store = LocalStore::open(Arc::new(SystemFiles), folder.path().to_owned()).unwrap();
    let id = store.put(world.seal(&data).into_bytes().into()).await.unwrap();
    let blocks: Vec<_> = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| std::fs::read(entry.unwrap().path()).unwrap())
        .collect();
    assert_eq!(blocks.len(), 4, "three chunks and their root");
    for block in blocks {
        assert!(!block.windows(8).any(|window| data.starts_with(window)), "no piece of the data");
    }
    let limit = u64::try_from(Sealed::BYTES_MAX).unwrap();
    let sealed = Sealed::from_bytes(store.get(id, limit).await.unwrap()).unwrap();
    let opened = open(&sealed, &world.reader, &world.task.public(), &world.context).unwrap();
    assert!(*opened == data, "the data");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, failure_persistence: None, ..ProptestConfig::default() })]

    /// W-91, W-103: a file that was altered in any byte, or cut anywhere, does not open.
    #[test]
    fn an_altered_file_does_not_open(seed: u64, data in proptest::collection::vec(0..=255_u8, 0..40), flip in 1..=255_u8) {
        let world = World::of(seed);
        let whole = world.seal(&data).into_bytes();
        let opens = |bytes: Vec<u8>| {
            let sealed = Sealed::from_bytes(bytes).ok()?;
            open(&sealed, &world.reader, &world.task.public(), &world.context).ok()
        };
        assert_eq!(opens(whole.clone()).as_deref(), Some(&data), "the file itself");
        for (position, _) in whole.iter().enumerate() {
            let mut altered = whole.clone();
            altered.iter_mut().skip(position).take(1).for_each(|byte| *byte ^= flip);
            assert_eq!(opens(altered), None, "byte {position} of seed {seed}");
            let cut = whole.iter().copied().take(position).collect();
            assert_eq!(opens(cut), None, "cut at {position} of seed {seed}");
        }
        assert_eq!(opens([whole.as_slice(), &[0]].concat()), None, "one byte more");
    }
}

/// A task: who reads its result and who seals it.
struct World {
    rng: Seeded,
    reader: ReaderKey,
    task: TaskKey,
    context: SealContext,
}

impl World {
    fn of(seed: u64) -> Self {
        let rng = Seeded::of(seed);
        let (reader, task) = (ReaderKey::generate(&rng).unwrap(), TaskKey::generate(&rng).unwrap());
        Self { rng, reader, task, context: context("ch", "tasks", "7") }
    }

    fn seal(&self, data: &[u8]) -> Sealed {
        seal(data, &self.reader.public(), &self.task, &self.context, &self.rng).unwrap()
    }
}

fn context(channel: &str, contract: &str, task: &str) -> SealContext {
    let channel = ChannelId::new(channel).unwrap();
    SealContext::new(channel, ChaincodeName::new(contract).unwrap(), task).unwrap()
}

/// Bytes that a seed repeats.
struct Seeded {
    seed: u64,
    drawn: AtomicU64,
}

impl Seeded {
    fn of(seed: u64) -> Self {
        Self { seed, drawn: AtomicU64::new(0) }
    }
}

impl Rng for Seeded {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), RngError> {
        for chunk in bytes.chunks_mut(32) {
            let count = self.drawn.fetch_add(1, Ordering::SeqCst);
            let block = Sha256::digest([self.seed.to_be_bytes(), count.to_be_bytes()].concat());
            chunk.iter_mut().zip(block).for_each(|(byte, drawn)| *byte = drawn);
        }
        Ok(())
    }
}
