use std::collections::VecDeque;
use std::io::{self, Read};

use bytes::Bytes;

use crate::id::{Codec, ContentId};
use crate::node::{self, Link};

/// The identifier of a file.
#[must_use]
pub fn address(file: &[u8]) -> ContentId {
    address_in(Layout::KUBO, file)
}

/// Most bytes in a block.
pub const BLOCK_BYTES_MAX: usize = Layout::KUBO.chunk;

fn address_in(layout: Layout, file: &[u8]) -> ContentId {
    let mut tree = Tree::new(layout);
    for chunk in file.chunks(layout.chunk) {
        tree.add(leaf(chunk));
        tree.nodes.clear();
    }
    tree.finish().unwrap_or_else(|| leaf(&[]).id)
}

/// One block of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Block {
    /// Its identifier.
    pub id: ContentId,
    /// What it holds: at most [`BLOCK_BYTES_MAX`] bytes.
    pub bytes: Bytes,
}

/// The blocks of a file, each after those it links to, so that the last one is the file's root
/// and its identifier the file's.
///
/// The file is read as it is asked for. What is kept at a time is one chunk and the links that
/// no node holds yet, at most 174 for each level of the tree.
#[derive(Debug)]
pub struct Blocks<R> {
    reader: R,
    tree: Tree,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Start,
    Reading,
    End,
}

impl<R: Read> Blocks<R> {
    /// Cuts what a reader holds.
    pub fn of(reader: R) -> Self {
        Self::within(Layout::KUBO, reader)
    }

    fn within(layout: Layout, reader: R) -> Self {
        Self { reader, tree: Tree::new(layout), state: State::Start }
    }

    fn chunk(&mut self) -> io::Result<Vec<u8>> {
        let length = self.tree.layout.chunk;
        let mut chunk = Vec::with_capacity(length);
        let limit = u64::try_from(length).unwrap_or(u64::MAX);
        self.reader.by_ref().take(limit).read_to_end(&mut chunk)?;
        Ok(chunk)
    }

    fn advance(&mut self) -> io::Result<()> {
        let chunk = self.chunk()?;
        let is_empty_file = chunk.is_empty() && self.state == State::Start;
        let is_last = chunk.len() < self.tree.layout.chunk;
        if !chunk.is_empty() || is_empty_file {
            let link = leaf(&chunk);
            self.tree.add(link);
            self.tree.nodes.push_back(Block { id: link.id, bytes: chunk.into() });
        }
        self.state = State::Reading;
        if is_last {
            self.state = State::End;
            self.tree.finish();
        }
        Ok(())
    }
}

impl<R: Read> Iterator for Blocks<R> {
    type Item = io::Result<Block>;

    fn next(&mut self) -> Option<Self::Item> {
        while self.tree.nodes.is_empty() && self.state != State::End {
            if let Err(error) = self.advance() {
                self.state = State::End;
                return Some(Err(error));
            }
        }
        self.tree.nodes.pop_front().map(Ok)
    }
}

/// How files are cut and tied together.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Layout {
    /// Bytes in a leaf.
    pub(crate) chunk: usize,
    /// Links in a node.
    pub(crate) width: usize,
}

impl Layout {
    pub(crate) const KUBO: Self = Self { chunk: 262_144, width: 174 };

    /// Levels of nodes above the leaves.
    pub(crate) fn height(self, size: u64) -> u32 {
        let mut height = 0;
        while self.capacity(height) < size {
            height += 1;
        }
        height
    }

    /// Most bytes of a file under a block at this height.
    pub(crate) fn capacity(self, height: u32) -> u64 {
        let [chunk, width] = [self.chunk, self.width].map(|n| u64::try_from(n).unwrap_or(u64::MAX));
        chunk.saturating_mul(width.saturating_pow(height))
    }
}

/// The levels of a tree as far as they are not tied yet, leaves first.
#[derive(Debug)]
struct Tree {
    layout: Layout,
    levels: Vec<Vec<Link>>,
    nodes: VecDeque<Block>,
}

impl Tree {
    fn new(layout: Layout) -> Self {
        Self { layout, levels: Vec::new(), nodes: VecDeque::new() }
    }

    fn add(&mut self, leaf: Link) {
        self.add_at(0, leaf);
    }

    /// A full level is tied only when another link comes, so that the last node is not in vain.
    fn add_at(&mut self, mut level: usize, mut link: Link) {
        while let Some(links) = self.levels.get_mut(level) {
            if links.len() < self.layout.width {
                links.push(link);
                return;
            }
            let full = std::mem::replace(links, vec![link]);
            link = self.tie(&full);
            level += 1;
        }
        self.levels.push(vec![link]);
    }

    /// Ties what is left, level by level: all leaves have the same depth.
    fn finish(&mut self) -> Option<ContentId> {
        let mut level = 0;
        while let Some(links) = self.levels.get_mut(level) {
            let links = std::mem::take(links);
            level += 1;
            match links.as_slice() {
                [root] if level == self.levels.len() => return Some(root.id),
                _ => {
                    let node = self.tie(&links);
                    self.add_at(level, node);
                }
            }
        }
        None
    }

    fn tie(&mut self, links: &[Link]) -> Link {
        let bytes = node::encode(links);
        let id = ContentId::of(Codec::DagPb, &bytes);
        let own = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        self.nodes.push_back(Block { id, bytes: bytes.into() });
        let size = links.iter().map(|link| link.size).sum();
        Link { id, size, total: own + links.iter().map(|link| link.total).sum::<u64>() }
    }
}

fn leaf(chunk: &[u8]) -> Link {
    let size = u64::try_from(chunk.len()).unwrap_or(u64::MAX);
    Link { id: ContentId::of(Codec::Raw, chunk), size, total: size }
}

#[cfg(test)]
pub(crate) mod testing {
    use super::{Block, Blocks, Layout};

    /// Deep trees of few bytes.
    pub(crate) const SMALL: Layout = Layout { chunk: 4, width: 3 };

    pub(crate) fn blocks(layout: Layout, file: &[u8]) -> Vec<Block> {
        Blocks::within(layout, file).map(Result::unwrap).collect()
    }

    /// Bytes that no two neighbouring chunks share.
    pub(crate) fn pattern(length: usize) -> Vec<u8> {
        (0..=250).cycle().take(length).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::io::{self, Read};

    use super::testing::{SMALL, blocks, pattern};
    use super::{Blocks, Layout, address, address_in};

    // The identifiers were computed with Kubo's own code (boxo 0.43.0) and with js-ipfs's
    // (`ipfs-unixfs-importer` 17.1.1), set to the same chunks, width, raw leaves and layout.

    /// W-86, W-89: a file's identifier is the one that IPFS gives it.
    #[test]
    fn identifiers_are_those_of_ipfs() {
        for (file, id) in [
            ("", "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku"),
            ("hello world", "bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e"),
            ("hello world\n", "bafkreifjjcie6lypi6ny7amxnfftagclbuxndqonfipmb64f2km2devei4"),
        ] {
            assert_eq!(address(file.as_bytes()).to_string(), id, "{file}");
        }
        for (length, id) in [
            (1, "bafkreidogqfzz75tpkmjzjke425xqcrmpcib2p5tg44hnbirumdbpl5adu"),
            (262_143, "bafkreiagptg6ztonoojy4wflk3wwusl5xt4vcy6uult4wa7oemsjtxhjsu"),
            (262_144, "bafkreibruh455iawsviqslif5c7uurdcfdemh22mtnytyzvnzn75kpejxy"),
            (262_145, "bafybeiexg2oqkfnj56l7fcmawswqbijt5shq4b5rg6a546uwpkqqzwjioi"),
            (174 * 262_144, "bafybeihpe5snhzneq7xs53nivmsopto5lrogo3wjynauqylqeym5a3irbm"),
            (174 * 262_144 + 1, "bafybeib4y7ghw2rq7bracc4xwtxrbzo7cfvagdpte2tmrkgwl6dyard3cm"),
            (62_914_560, "bafybeihyujmxuj24ggnk2n4qfnza5w7e2j4potza7rz2zcisz4wzbveffe"),
        ] {
            assert_eq!(address(&pattern(length)).to_string(), id, "{length} bytes");
        }
    }

    /// W-86: the same of deeper trees, with chunks of 4 bytes and nodes of 3 links.
    #[test]
    fn leaves_of_a_tree_are_equally_deep() {
        for (length, id, count) in [
            (3, "bafkreifojmzibzlof6xyh5auu3r5vpu5l67brf3fitaf73isdlglqw2t7q", 1),
            (4, "bafkreiafj3pmdubbd5re73imxsu5j6kabmheshcdoqvpfrnqvpv7bsmq3a", 1),
            (5, "bafybeidoaxjtfzmllhcway5ubogf3onacj5hcjxkps6ltqkicxj5degtta", 3),
            (12, "bafybeiescpchc5ia7pu7ztozfeiu6k4yith5dbt3r43xshnyudv7krmtae", 4),
            (13, "bafybeigioqx7mhmr5omwrkizhlha6jprh2gzlqmazplk4cj2ezmbx6lhei", 7),
            (36, "bafybeiazbw7qde46yxbdyyv4rzu3cbrk2cf7f3h7vtbpbzhooueqfws6ti", 13),
            (37, "bafybeidiwnloirt3sptf4j5vz6iif5pod6yee4z23t57sftychzrp2n4ge", 17),
            (108, "bafybeifkinfsm2fujjoekag7yheqoh2modzg4md4d3wlotmykqz3giqbay", 40),
            (109, "bafybeihqjgih5vr3po3xckv2yf67fsl7qf6mgclby5ik7to5zm6knpzbli", 45),
            (325, "bafybeiea6zonyssmc3ljjmeoytmr5w2lfnbn3zqyhgc7httkybm4mdcgzi", 127),
        ] {
            assert_eq!(address_in(SMALL, &pattern(length)).to_string(), id, "{length} bytes");
            let blocks = blocks(SMALL, &pattern(length));
            assert_eq!(blocks.len(), count, "{length} bytes");
            assert_eq!(blocks.last().unwrap().id.to_string(), id, "the root is last");
            assert!(blocks.iter().all(|block| block.id.is_of(&block.bytes)), "{length} bytes");
        }
    }

    #[test]
    fn a_reader_may_give_little_at_a_time() {
        struct Drips<'a>(&'a [u8]);
        impl Read for Drips<'_> {
            fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
                let length = bytes.len().min(3);
                self.0.read(&mut bytes[..length])
            }
        }
        let file = pattern(300_000);
        let found: Vec<_> = Blocks::of(Drips(&file)).map(Result::unwrap).collect();
        assert_eq!(found, blocks(Layout::KUBO, &file));
    }

    #[test]
    fn what_cannot_be_read_has_no_root() {
        struct Torn(usize);
        impl Read for Torn {
            fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
                let length = bytes.len().min(self.0);
                self.0 -= length;
                if length == 0 { Err(io::ErrorKind::BrokenPipe.into()) } else { Ok(length) }
            }
        }
        let mut blocks = Blocks::of(Torn(300_000));
        assert_eq!(blocks.next().unwrap().unwrap().bytes.len(), 262_144);
        assert_eq!(blocks.next().unwrap().unwrap_err().kind(), io::ErrorKind::BrokenPipe);
        assert!(blocks.next().is_none(), "no node is made of what was there");
    }
}
