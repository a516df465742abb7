//! Bits that flip on disk: found, or without effect.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use fabric_protos::common::Block;
use futures::{StreamExt as _, stream};
use pervade_identity::{Certificate, PrivateKey};
use pervade_ports::system::SystemFiles;
use pervade_storage::DamageKind;
use pervade_storage::scan::{Found, damages, records};
use tempfile::TempDir;

use crate::fleet::Fleet;
use crate::world::{BOTH, World};

/// T-02: each of 200 bits that flip in the block files is found at its byte, in its block.
#[tokio::test(flavor = "multi_thread")]
async fn a_flipped_bit_in_the_blocks_is_named_by_block_and_byte() {
    let base = recorded().await;
    let ledger = base.path().join("channels/mychannel");
    let places = places(&ledger);
    let mut chance = Chance::new();
    for flip in 0..FLIPS {
        let (file, start, end, block) = &places[chance.below(places.len())];
        let (offset, bit) = (start + chance.below(end - start), chance.bit());
        flip_bit(file, offset, bit);
        let (found, _) = damages(&SystemFiles, &ledger).unwrap();
        flip_bit(file, offset, bit);
        let named = found.iter().any(|damage| {
            damage.file == *file
                && damage.offset == u64::try_from(offset).unwrap()
                && damage.block == *block
                && damage.what == DamageKind::FlippedBit { bit }
        });
        let seed = chance.seed;
        assert!(
            named,
            "seed {seed}, flip {flip}: block {block}, byte {offset}, bit {bit}: {found:?}"
        );
        assert_eq!(found.len(), 1, "seed {seed}, flip {flip}: nothing else is blamed: {found:?}");
    }
    assert_eq!(damages(&SystemFiles, &ledger).unwrap().0, [], "as before the flips");
}

/// Each of 200 bits that flip anywhere else in the network's folder is named when the network is
/// started, or makes no difference to blocks, state, graph, or any key.
#[tokio::test(flavor = "multi_thread")]
async fn a_flipped_bit_elsewhere_is_named_or_harmless() {
    let base = recorded().await;
    let before = Shown::in_network(World::start_in(base.path()).await).await;
    let (all, mut chance) = (files(base.path()), Chance::new());
    let flips: Vec<Flip> = (0..FLIPS)
        .map(|_| {
            let file = &all[chance.below(all.len())];
            let length = usize::try_from(fs::metadata(file).unwrap().len()).unwrap();
            let file = file.strip_prefix(base.path()).unwrap().to_owned();
            Flip { file, offset: chance.below(length), bit: chance.bit() }
        })
        .collect();
    let tries = flips.iter().map(|flip| start_with(flip, base.path(), &before));
    let tried: Vec<Result<Noticed, String>> =
        stream::iter(tries).buffer_unordered(AT_ONCE).collect().await;
    let failures: Vec<&String> = tried.iter().filter_map(|one| one.as_ref().err()).collect();
    assert!(failures.is_empty(), "seed {}: {failures:#?}", chance.seed);
    let named = tried.iter().filter(|one| **one == Ok(Noticed::AndNamed)).count();
    assert!(named > 0 && named < FLIPS, "{named} of {FLIPS} were named, the rest without effect");
}

/// One bit of one file.
#[derive(Debug)]
struct Flip {
    /// Relative to the network's folder.
    file: PathBuf,
    offset: usize,
    bit: u8,
}

/// What became of a flipped bit.
#[derive(Debug, PartialEq)]
enum Noticed {
    /// The network did not start, and named the file.
    AndNamed,
    /// It makes no difference.
    NotAtAll,
}

/// Starts a copy of a network in which one bit is flipped.
async fn start_with(flip: &Flip, base: &Path, before: &Shown) -> Result<Noticed, String> {
    let copy = scratch();
    copy_folder(base, copy.path());
    flip_bit(&copy.path().join(&flip.file), flip.offset, flip.bit);
    match World::try_start_in(copy.path()).await {
        Ok(world) => {
            check_keys(base, copy.path(), flip);
            let same = Shown::in_network(world).await == *before;
            if same { Ok(Noticed::NotAtAll) } else { Err(format!("{flip:?} was not noticed")) }
        }
        Err(error) => {
            let (said, name) = (with_causes(&error), flip.file.file_name().unwrap());
            let is_named = said.contains(name.to_str().unwrap());
            if is_named { Ok(Noticed::AndNamed) } else { Err(format!("{flip:?}: {said}")) }
        }
    }
}

/// How many bits are flipped, one at a time.
const FLIPS: usize = 200;

/// How many networks run at the same time.
const AT_ONCE: usize = 4;

/// A folder whose network was stopped after every vendor's device had recorded.
async fn recorded() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let fleet = Fleet::on(World::start_in(folder.path()).await).await;
    for device in &fleet.devices {
        device.record(&fleet.world, device.payload()).await;
    }
    fleet.world.network.shutdown().await;
    folder
}

/// A folder in memory, where there is one: nothing in it has to survive.
fn scratch() -> TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }.unwrap()
}

/// What a network shows of its ledger.
#[derive(PartialEq)]
struct Shown {
    blocks: Vec<Arc<Block>>,
    state: [u8; 32],
    graph: (u64, [u8; 32]),
}

impl Shown {
    async fn in_network(world: World) -> Self {
        let (blocks, state, graph) = (world.blocks(), world.state_digest(), world.graph());
        for org in BOTH {
            world.admin(org).await.lifecycle().committed().await.unwrap();
        }
        world.network.shutdown().await;
        Self { blocks, state, graph: graph.digest().unwrap() }
    }
}

/// Every key signs what the certificate of before verifies, and every certificate is the same.
fn check_keys(before: &Path, after: &Path, flip: &Flip) {
    for file in files(before) {
        let relative = file.strip_prefix(before).unwrap();
        let is_certificate =
            file.extension().is_some_and(|extension| extension == "pem" || extension == "crt");
        if is_certificate {
            let read = |path: &Path| Certificate::from_pem(&fs::read(path).unwrap()).unwrap();
            let same = read(&file).der() == read(&after.join(relative)).der();
            assert!(same, "{flip:?}: {} is another", relative.display());
        }
        let Some(certificate) = certificate_of(&file) else { continue };
        let certificate = Certificate::from_pem(&fs::read(certificate).unwrap()).unwrap();
        let key = PrivateKey::from_pem(&fs::read(after.join(relative)).unwrap()).unwrap();
        let signature = key.sign(b"anything").unwrap();
        let verified = certificate.public_key().unwrap().verify_message(b"anything", &signature);
        assert!(verified.is_ok(), "{flip:?}: {} is another key", relative.display());
    }
}

/// The certificate that belongs to a key; `None` if the file is no key.
fn certificate_of(file: &Path) -> Option<PathBuf> {
    if file.extension().is_some_and(|extension| extension == "key") {
        return Some(file.with_extension("crt"));
    }
    let folder = file.parent()?;
    let folder = match file.file_name()?.to_str()? {
        "priv_sk" if folder.ends_with("keystore") => folder.with_file_name("signcerts"),
        "priv_sk" => folder.to_owned(),
        _ => return None,
    };
    files(&folder).into_iter().find(|file| file.extension().is_some_and(|it| it == "pem"))
}

/// Every stretch of a channel's segment files: its file, where it begins and ends, and the block
/// that damage there is damage of.
fn places(ledger: &Path) -> Vec<(PathBuf, usize, usize, u64)> {
    let mut places: Vec<(PathBuf, usize, usize, u64)> = Vec::new();
    let number = |offset| usize::try_from(offset).unwrap();
    for found in records(&SystemFiles, ledger).unwrap() {
        let Found::Block(record) = found.unwrap() else { panic!("the ledger is intact") };
        let start = number(record.offset);
        if places.last().is_none_or(|(file, ..)| *file != record.file) {
            places.push((record.file.clone(), 0, start, record.number));
        }
        let end = number(record.body_offset()) + record.body.len();
        places.push((record.file, start, end, record.number));
    }
    places
}

/// Every file below a folder that holds bytes, except the block files.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.is_file() && path.extension().is_none_or(|extension| extension != "seg") {
            found.push(path);
        }
    }
    found.retain(|file| fs::metadata(file).unwrap().len() > 0);
    found.sort();
    found
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy_folder(&path, &target);
        } else if path.is_file() {
            fs::copy(&path, &target).unwrap();
        }
    }
}

fn flip_bit(file: &Path, offset: usize, bit: u8) {
    let mut bytes = fs::read(file).unwrap();
    bytes[offset] ^= 1 << bit;
    fs::write(file, bytes).unwrap();
}

fn with_causes(error: &dyn Error) -> String {
    let causes = std::iter::successors(error.source(), |error| (*error).source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

/// Numbers that follow from a seed; `PERVADE_SEED` gives another one.
struct Chance {
    seed: u64,
    state: u64,
}

impl Chance {
    fn new() -> Self {
        let seed = std::env::var("PERVADE_SEED").ok().and_then(|seed| seed.parse().ok());
        let seed = seed.unwrap_or(20_180_917);
        Self { seed, state: seed }
    }

    /// A number below a bound, by `SplitMix64`.
    fn below(&mut self, bound: usize) -> usize {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.state ^ (self.state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % u64::try_from(bound).unwrap()).unwrap()
    }

    fn bit(&mut self) -> u8 {
        u8::try_from(self.below(8)).unwrap()
    }
}
